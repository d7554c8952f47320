"""A home as bytes, word for word and always the same bytes: what the ledger keeps of an accepted configuration."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import orjson
from pydantic import TypeAdapter

from hub.config.settings import HubSettings
from rules.home import Home


def home_json(home: Home) -> bytes:
    """The home as JSON; equal homes give equal bytes."""
    return orjson.dumps(home, _plain, orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)


def home_from_json(stored: bytes) -> Home:
    """The home that `home_json` wrote. A step of help is told from another by what it must have."""
    return _adapter().validate_json(stored)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no part of a home")


def settings_json(settings: HubSettings) -> bytes:
    """The machine's settings as JSON, to go on with where `home.yaml` is refused after a restart."""
    return _settings_adapter().dump_json(settings)


def settings_from_json(stored: bytes) -> HubSettings:
    """The settings that `settings_json` wrote."""
    return _settings_adapter().validate_json(stored)


@cache
def _settings_adapter() -> TypeAdapter[HubSettings]:
    return TypeAdapter(HubSettings)


@cache
def _adapter() -> TypeAdapter[Home]:
    return TypeAdapter(Home)

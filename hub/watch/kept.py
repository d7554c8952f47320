"""The home as the watcher knows it: read from the home's own files, or, where they are refused, from the copy it keeps.

The copy lies beside the ledger and is not the ledger: the watcher needs neither the hub nor its disk's health to start.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from hub.config.accounts import WATCHER
from hub.config.problems import ConfigurationRefused
from hub.config.read import read_home
from hub.config.settings import HubSettings, WatcherSettings, data_folder
from hub.config.stored import home_from_json, home_json, settings_from_json, settings_json
from hub.ordinary import opened_anew, read_ordinary
from rules.home import Home

log = logging.getLogger("handrail.watch")

FILE = "watcher.copy"
LARGEST_BYTES = 1 << 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An accepted home, and where its things are."""

    home: Home
    settings: HubSettings

    @property
    def watcher(self) -> WatcherSettings:
        """The watcher's own settings; without a section of its own, the account that `handrail new` draws for it."""
        own = self.settings.watcher or WatcherSettings(broker=replace(self.settings.broker, username=None))
        if own.broker.username is not None or self.settings.broker.username is None:
            return own
        secret = self.settings.folder / "secrets" / f"{WATCHER}.password"
        return replace(own, broker=replace(own.broker, username=WATCHER, password_file=secret))


def read(folder: Path) -> Kept:
    """The home's files, or the copy of those that were accepted last; raises `ConfigurationRefused` without either."""
    try:
        kept = read_files(folder)
    except ConfigurationRefused as refused:
        copy = _read_copy(data_folder(folder) / FILE)
        if copy is None:
            raise
        log.error("%s: the watcher goes on with the files it read last", refused.problems[0])
        return copy
    keep(kept)
    return kept


def read_files(folder: Path) -> Kept:
    """The home's files alone; raises `ConfigurationRefused`."""
    reading = read_home(folder)
    return Kept(home=reading.home, settings=reading.settings)


def keep(kept: Kept) -> None:
    """Write the copy, whole or not at all. Without it the watcher works, so a full disk is only said."""
    path = kept.settings.data / FILE
    new = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(opened_anew(new), "wb") as file:
            file.write(home_json(kept.home) + b"\n" + settings_json(kept.settings) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        log.warning("the copy %s cannot be written: %s", path, error.strerror)


def _read_copy(path: Path) -> Kept | None:
    try:
        home, settings, _ = read_ordinary(path, LARGEST_BYTES).split(b"\n")
        return Kept(home=home_from_json(home), settings=settings_from_json(settings))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, ValidationError) as error:
        log.warning("the copy %s cannot be used: %s", path, error)
        return None

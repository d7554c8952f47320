"""What a value template is given and what may come of it, without the engine that evaluates it.

The engine (`templates.py`) is loaded with the first template that a device sends, because loading it takes a twentieth
of a hub's start and most homes have no such device.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson


class NotAValue(ValueError):
    """A template was evaluated and gave nothing that can be used."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """A template that is not evaluated, and why."""

    reason: str


NO_JSON = object()
"""The payload is not JSON."""


def json_of(payload: bytes) -> object:
    """The payload as JSON, or `NO_JSON`."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return NO_JSON

"""What a discovered device is made of: where each of its values is read, and what a command to it needs.

Devices of an ecosystem with topics of its own need none of this. Of a device that is only known by its introduction,
these records are the whole knowledge; they are kept with its `Description`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from devices.events import Kind, Value


class How(StrEnum):
    """How a payload becomes a value."""

    WORDS = "words"
    NUMBER = "number"
    TEXT = "text"
    FALL = "fall"
    SPOKEN = "spoken"
    """In words of its own (`devices.spoken`)."""
    PRESS = "press"
    """`words` are the payloads that are a press, each with its gesture; without words any payload is one."""
    EVENT = "event"
    """JSON with an `event_type`, one of `words`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One value on one topic."""

    topic: str
    how: How
    kind: Kind
    template: str = ""
    words: Mapping[str, Value] = dataclasses.field(default_factory=dict)
    field: str | None = None
    unit: str | None = None
    scale: float = 1.0
    offset: float = 0.0
    momentary: bool = False
    """An active state that nobody takes back: each is a press."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One thing a device introduced, by one message or by a part of one."""

    source: str
    """The topic that introduced it, and behind a blank the component's own name where one message introduces many."""
    component: str
    name: str
    kind: Kind
    reads: tuple[Read, ...] = ()
    settings: Mapping[str, str | bool | int | float] = dataclasses.field(default_factory=dict)
    """What a command needs, by Home Assistant's long names."""
    unclear: str = ""
    checks_in_s: int | None = None
    """How long its value holds: it promises to speak again before."""

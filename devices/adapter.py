"""What every ecosystem's adapter is: a pure translation, both ways, and a description of what introduces itself.

An adapter holds no state. What devices have told about themselves (`Description`) is kept by the caller and handed in,
so that the same message with the same knowledge always decodes alike, today and in a replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from devices.commands import Command
from devices.events import Event, Kind


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message, as it came or as it shall go."""

    topic: str
    payload: bytes
    retain: bool = False
    qos: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One value a device has: its name in the ecosystem, the kind it is, and the words for its two states."""

    name: str
    kind: Kind
    on: str | bool | int | float | None = None
    off: str | bool | int | float | None = None
    unit: str | None = None
    active_values: tuple[str, ...] = ()
    """For enumerations: the values that mean the alarm is on (`fall_alarm`, `maybe_fall`)."""
    scale: float = 1.0
    """Multiply the ecosystem's number by this to get the kind's unit."""
    clear: bool = True
    """False where the sense of the two states is not documented: the value is then `None`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a device told about itself."""

    device: str
    name: str
    ecosystem: str
    kinds: tuple[Kind, ...]
    kind: Kind
    """What it mainly is: the most serious of `kinds`."""
    topics: tuple[str, ...] = ()
    """The topics (or MQTT filters) its messages come on."""
    model: str = ""
    vendor: str = ""
    text: str = ""
    properties: tuple[Property, ...] = ()
    commands: tuple[str, ...] = ()
    """The command words it takes: `turn_on`, `brightness`, `sound`, `lock`, …"""
    can_call: bool = False
    """It can report an emergency or a call, so its topics are urgent; also where only its text says so."""
    unclear: str = ""
    """Why this device is not fully understood; its emergencies still count."""
    checks_in_s: int | None = None
    """It says of itself that it speaks at least this often; None where it does not say. Its silence is then told
    sooner than its class would be."""
    gateway: str = ""
    """The address of the one gateway it is heard through, where the ecosystem ties it to one."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What one message meant: events, introductions, removals, or the reason why it could not be read."""

    events: tuple[Event, ...] = ()
    learned: tuple[Description, ...] = ()
    forgotten: tuple[str, ...] = ()
    error: str | None = None


NOTHING = Decoded()


@dataclass(frozen=True, slots=True)
class Refused:
    """A command the device cannot carry out, with the reason in plain words."""

    reason: str


Known = Mapping[str, Description]


class Adapter(Protocol):
    """One ecosystem: pure, total, and quick (at most 5 ms for a message of 64 KiB)."""

    @property
    def name(self) -> str:
        """The ecosystem's own name."""
        ...

    @property
    def filters(self) -> tuple[str, ...]:
        """The MQTT filters that cover everything this ecosystem says."""
        ...

    @property
    def urgent_filters(self) -> tuple[str, ...]:
        """Filters that are urgent as a whole, because all devices share a topic."""
        ...

    @property
    def repeat_window_ms(self) -> int:
        """How long this ecosystem may go on repeating one press."""
        ...

    def decode(self, message: Message, known: Known) -> Decoded:
        """Read one message of this ecosystem. Never raises: what cannot be read is `Decoded(error=reason)`."""
        ...

    def encode(self, command: Command, known: Known) -> tuple[Message, ...] | Refused:
        """The messages that carry out a command, or why the device cannot do it."""
        ...

    def topics_of(self, device: str) -> tuple[str, ...]:
        """The topics a device of this address reports presses on, known or not: what the urgent lane subscribes to."""
        ...


@dataclass(frozen=True, slots=True)
class Recording:
    """A line of `tests/devices/recordings/`: what was on the wire, and what it means."""

    topic: str
    payload: str
    retain: bool
    expect: tuple[Mapping[str, object], ...]
    why: str = field(default="")

"""Wishes that can be sent to a device, in the imperative; an adapter turns them into its ecosystem's messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOn:
    """Switch a light or a socket on. `None` leaves the device's own last setting."""

    device: str
    brightness_pct: float | None = None
    color_temp_k: int | None = None
    transition_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOff:
    """Switch a light or a socket off."""

    device: str
    transition_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Let a siren or sounder sound for `duration_s` seconds; 0 silences it."""

    device: str
    duration_s: float
    level: str = "emergency"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCover:
    """Move a blind, shutter or curtain: one of `move` and `position_pct` (0 closed, 100 open)."""

    device: str
    move: Literal["open", "close", "stop"] | None = None
    position_pct: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Lock a door."""

    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlock:
    """Unlock a door, so that help can come in."""

    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTemperature:
    """Let a thermostat heat to `celsius` degrees."""

    device: str
    celsius: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Speak a sentence."""

    device: str
    text: str


Command = TurnOn | TurnOff | Sound | SetCover | Lock | Unlock | SetTemperature | Say

WORDED: dict[type, str] = {
    TurnOn: "be switched on",
    TurnOff: "be switched off",
    Sound: "make a sound",
    SetCover: "be opened or closed",
    Lock: "be locked",
    Unlock: "be unlocked",
    SetTemperature: "be set to a temperature",
    Say: "speak",
}
"""What a device cannot do that refuses a command, in words that fit behind `cannot`."""

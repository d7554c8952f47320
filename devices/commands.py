"""Wishes that can be sent to a device, in the imperative; an adapter turns them into its ecosystem's messages."""

from __future__ import annotations

from dataclasses import dataclass


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


Command = TurnOn | TurnOff | Sound

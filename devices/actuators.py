"""What a device may be told, by what it is for; and a command made of the words of a request.

What a device is for stands above what it can: a relay module that hangs on a pull cord is never switched, whatever its
adapter would send. What it can is its ecosystem's to say (`Adapter.encode`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from devices.adapter import Adapter, Known, Message, Refused
from devices.commands import (
    WORDED,
    Command,
    Lock,
    Say,
    SetCover,
    SetTemperature,
    Sound,
    TurnOff,
    TurnOn,
    Unlock,
)
from devices.part_commands import encoded
from devices.registry import Placed, Purpose

Argument = str | int | float

COMMANDS: Mapping[str, type[Command]] = {
    "turn_on": TurnOn,
    "turn_off": TurnOff,
    "sound": Sound,
    "set_cover": SetCover,
    "lock": Lock,
    "unlock": Unlock,
    "set_temperature": SetTemperature,
    "say": Say,
}
"""The command words of a request (`command.do`)."""
_WORDS = frozenset({"text", "level", "move"})
"""Arguments that are words; all others are numbers."""

_SWITCHED: frozenset[type[Command]] = frozenset({TurnOn, TurnOff})
_LOCKED: frozenset[type[Command]] = frozenset({Lock, Unlock})
_ANYTHING: frozenset[type[Command]] = frozenset(COMMANDS.values())
TOLD: Mapping[Purpose, frozenset[type[Command]]] = {
    Purpose.LIGHT: _SWITCHED,
    Purpose.SWITCH: _SWITCHED,
    Purpose.SIREN: frozenset({Sound}),
    Purpose.SOUNDER: frozenset({Sound, Say}),
    Purpose.SPEAKER: frozenset({Sound, Say}),
    Purpose.COVER: frozenset({SetCover}),
    Purpose.THERMOSTAT: frozenset({SetTemperature}),
    Purpose.LOCK: _LOCKED,
    Purpose.DOOR: _LOCKED,  # a lock that says whether its door is open is placed for that
    Purpose.OTHER: _ANYTHING,  # nobody has said what it is for: whatever it can
}
"""What a device may be told that was placed for this; all others are heard alone."""


def command_of(device: str, said: Mapping[str, Argument]) -> Command | str:
    """The command that the words of a request mean (`do`, and its arguments by their names), or what is wrong.

    Their types and bounds were checked where the request was read; here it is only that nothing can break a step.
    """
    kind = COMMANDS.get(str(said.get("do", "")))
    if kind is None:
        return f"say which command: {', '.join(COMMANDS)}"
    names = {field.name for field in fields(kind)} - {"device"}
    given = {name: value for name, value in said.items() if name != "do"}
    if unknown := sorted(set(given) - names):
        return f"{said['do']} takes no {unknown[0]}"
    if wrong := next((name for name, value in given.items() if isinstance(value, str) is not (name in _WORDS)), None):
        return f"{said['do']}: {wrong} is no {'word' if wrong in _WORDS else 'number'}"
    try:
        return kind(device=device, **given)  # type: ignore[arg-type]
    except TypeError:
        return f"{said['do']} wants {', '.join(sorted(names))}"


def cannot_be_told(placed: Placed, command: Command) -> str:
    """Why a device may not be told this, by what it is for; empty where it may."""
    if type(command) in TOLD.get(placed.purpose, frozenset()):
        return ""
    return f"{placed.name} is for {placed.purpose.replace('_', ' ')}: it cannot {WORDED[type(command)]}"


def sounded(adapter: Adapter, command: Sound, known: Known) -> tuple[Message, ...] | Refused:
    """The messages of an alert's sound. A siren that is only a relay has no word for a sound: it is switched on, and
    off again when the sound is no longer needed, which for an alert is said (`duration_s` 0).
    """
    sent = encoded(adapter, command, known)
    if not isinstance(sent, Refused):
        return sent
    switch = TurnOn(device=command.device) if command.duration_s else TurnOff(device=command.device)
    switched = encoded(adapter, switch, known)
    return sent if isinstance(switched, Refused) else switched


def in_words(command: Command) -> str:
    """A command as the log says it, behind `to`: `be switched on, 30 %, 2700 K`."""
    words = WORDED[type(command)]
    if isinstance(command, TurnOn):
        shades = (_of(command.brightness_pct, "%"), _of(command.color_temp_k, "K"), _within(command.transition_s))
        return ", ".join(filter(None, (words, *shades)))
    if isinstance(command, TurnOff):
        return ", ".join(filter(None, (words, _within(command.transition_s))))
    if isinstance(command, Sound):
        return f"sound for {command.duration_s:g} s" if command.duration_s else "be silent"
    if isinstance(command, SetCover):
        return command.move or f"stand at {_of(command.position_pct, '%')}"
    if isinstance(command, SetTemperature):
        return f"be set to {command.celsius:g} °C"
    return f"say: {command.text}" if isinstance(command, Say) else words


def _of(number: float | None, unit: str) -> str:
    return "" if number is None else f"{number:g} {unit}"


def _within(seconds: float | None) -> str:
    return "" if seconds is None else f"within {seconds:g} s"

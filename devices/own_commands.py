"""Commands in Handrail's own plain form: JSON on `handrail-device/<name>/set`.

    {"do": "turn_on", "brightness_pct": 30, "color_temp_k": 2700, "transition_s": 2}
    {"do": "turn_off", "transition_s": 2}
    {"do": "sound", "duration_s": 30, "level": "emergency"}
    {"do": "set_cover", "move": "open"}
    {"do": "set_cover", "position_pct": 40}
    {"do": "lock"}
    {"do": "unlock"}
    {"do": "set_temperature", "celsius": 21}
    {"do": "say", "text": "Tea is ready."}

Keys that are not said are left to the device. It answers with the state it now has, as a fact.
"""

from __future__ import annotations

import math

import orjson

from devices.adapter import Description, Message, Refused
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

OFFERED = (
    *("turn_on", "turn_off", "brightness", "color_temp", "transition", "sound"),
    *("open_close", "position", "lock", "unlock", "set_temperature", "say"),
)
"""What a device may offer in `commands` of its `about`."""

COLDEST_C, WARMEST_C = 4, 35

Body = dict[str, object]


def encode(topic: str, command: Command, description: Description | None) -> tuple[Message, ...] | Refused:
    """The message that carries out a command; a device that has not introduced itself is told, and may ignore it."""
    offered = OFFERED if description is None else description.commands
    name = description.name if description is not None else command.device
    if isinstance(command, TurnOn):
        body = _turn_on(command, offered, name)
    elif isinstance(command, TurnOff):
        body = {"do": "turn_off"} if "turn_off" in offered else Refused(f"{name} cannot be switched off")
        if not isinstance(body, Refused):
            body = _with_transition(body, command.transition_s, offered)
    elif isinstance(command, Sound):
        body = _sound(command, offered, name)
    else:
        body = _other(command, offered, name)
    return body if isinstance(body, Refused) else (Message(topic=topic, payload=orjson.dumps(body)),)


def _turn_on(command: TurnOn, offered: tuple[str, ...], name: str) -> Body | Refused:
    if "turn_on" not in offered:
        return Refused(f"{name} cannot be switched on")
    body: Body = {"do": "turn_on"}
    if command.brightness_pct is not None:
        if "brightness" not in offered:
            return Refused(f"{name} cannot be dimmed")
        if not 0 < command.brightness_pct <= 100:
            return Refused(f"a brightness of {command.brightness_pct} % is not between 0 and 100")
        body["brightness_pct"] = command.brightness_pct
    if command.color_temp_k is not None:
        if "color_temp" not in offered:
            return Refused(f"{name} cannot change its colour temperature")
        if not 1000 <= command.color_temp_k <= 20_000:
            return Refused(f"a colour temperature of {command.color_temp_k} K is not between 1000 and 20000")
        body["color_temp_k"] = command.color_temp_k
    return _with_transition(body, command.transition_s, offered)


def _with_transition(body: Body, transition_s: float | None, offered: tuple[str, ...]) -> Body | Refused:
    """A lamp that cannot fade is switched at once: light is what was wanted."""
    if transition_s is None:
        return body
    if not math.isfinite(transition_s) or transition_s < 0:
        return Refused(f"a transition of {transition_s} s is not possible")
    if "transition" in offered:
        body["transition_s"] = transition_s
    return body


def _sound(command: Sound, offered: tuple[str, ...], name: str) -> Body | Refused:
    if not math.isfinite(command.duration_s) or command.duration_s < 0:
        return Refused(f"a sound of {command.duration_s} s is not possible")
    if "sound" not in offered:
        return Refused(f"{name} makes no sound")
    return {"do": "sound", "duration_s": command.duration_s, "level": command.level}


def _other(
    command: SetCover | Lock | Unlock | SetTemperature | Say, offered: tuple[str, ...], name: str
) -> Body | Refused:
    """What is sent as it was said, once its values are possible."""
    refused = Refused(f"{name} cannot {WORDED[type(command)]}")
    if isinstance(command, SetCover):
        return _cover(command, offered, name)
    if isinstance(command, SetTemperature):
        if "set_temperature" not in offered:
            return refused
        possible = COLDEST_C <= command.celsius <= WARMEST_C
        said: Body = {"do": "set_temperature", "celsius": command.celsius}
        return said if possible else Refused(f"{command.celsius} °C is not between {COLDEST_C} and {WARMEST_C}")
    if isinstance(command, Say):
        if "say" not in offered:
            return refused
        return {"do": "say", "text": command.text} if command.text.strip() else Refused("there is nothing to say")
    word = "lock" if isinstance(command, Lock) else "unlock"
    return {"do": word} if word in offered else refused


def _cover(command: SetCover, offered: tuple[str, ...], name: str) -> Body | Refused:
    if command.position_pct is not None:
        if "position" not in offered:
            return Refused(f"{name} cannot be told where to stand")
        if not 0 <= command.position_pct <= 100:
            return Refused(f"a position of {command.position_pct} % is not between 0 and 100")
        return {"do": "set_cover", "position_pct": command.position_pct}
    if "open_close" not in offered:
        return Refused(f"{name} cannot be opened or closed")
    if command.move not in ("open", "close", "stop"):
        return Refused("a cover is told to open, to close, to stop, or where to stand")
    return {"do": "set_cover", "move": command.move}

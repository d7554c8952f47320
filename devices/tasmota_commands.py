"""Commands as a Tasmota takes them: one word on `cmnd/<topic>/<command>`, or several in a `Backlog0`."""

from __future__ import annotations

import math

from devices.adapter import Description, Known, Message, Refused
from devices.commands import WORDED, Command, SetCover, TurnOff, TurnOn
from devices.events import Kind
from devices.topics import publishable

WARMEST_MIREDS, COLDEST_MIREDS = 500, 153
SLOWEST = 40
"""`Speed2` counts half seconds."""


def encode(home: str, command: Command, known: Known) -> tuple[Message, ...] | Refused:
    """The messages that carry out a command, or why the device cannot do it."""
    device = command.device
    topic = device.removeprefix(f"{home}/")
    if topic == device or not topic or topic.endswith("/") or not publishable(f"cmnd/{topic}/POWER1"):
        return Refused(f"{device} is not a Tasmota's address, {home}/<topic>")
    if isinstance(command, (TurnOn, TurnOff)):
        return _switch(topic, command, known.get(device))
    if isinstance(command, SetCover):
        return _cover(topic, command, known.get(device))
    return Refused(f"{device} is a Tasmota and cannot {WORDED[type(command)]}; a siren on its relay is switched on")


def _base(topic: str, described: Description | None) -> str:
    """Where its commands go: the order of its full topic, as far as that is known."""
    stat = described.topics[0].removesuffix("/+") if described is not None and described.topics else f"stat/{topic}"
    return "/".join("cmnd" if level == "stat" else level for level in stat.split("/"))


def _switch(topic: str, command: TurnOn | TurnOff, described: Description | None) -> tuple[Message, ...] | Refused:
    base = _base(topic, described)
    parts = described.properties if described is not None else ()
    lights = [prop.name for prop in parts if prop.kind is Kind.LIGHT]
    names = lights or [prop.name for prop in parts if prop.kind is Kind.SWITCH]
    if described is not None and described.model and not names:
        return Refused(f"{described.name} has nothing that can be switched")
    # One light among several is dimmed by its channel (SetOption68): `Dimmer` is all of them together.
    level = next((prop.name for prop in parts if prop.name.startswith("Channel")), "Dimmer")
    wishes = _light(command, level)
    if isinstance(wishes, Refused):
        return wishes
    if wishes and names and not lights:
        return Refused(f"{described.name if described else topic} can be switched, not dimmed or coloured")
    wants_colour = isinstance(command, TurnOn) and command.color_temp_k is not None
    if wants_colour and described is not None and described.commands and "color_temp" not in described.commands:
        return Refused(f"{described.name} cannot change its colour temperature")
    word = "ON" if isinstance(command, TurnOn) else "OFF"
    outputs = names or ["POWER1"]
    if not wishes:
        return tuple(Message(topic=f"{base}/{name}", payload=word.encode()) for name in outputs)
    several = [*wishes, *(f"{name} {word}" for name in outputs)]
    return (Message(topic=f"{base}/Backlog0", payload="; ".join(several).encode()),)


def _cover(topic: str, command: SetCover, described: Description | None) -> tuple[Message, ...] | Refused:
    names = [prop.name for prop in described.properties if prop.kind is Kind.COVER] if described is not None else []
    if described is not None and described.model and not names:
        return Refused(f"{described.name} is not a shutter")
    place = command.position_pct
    if place is not None and not 0 <= place <= 100:
        return Refused(f"a position of {place} % is not between 0 and 100")
    if place is None and command.move is None:
        return Refused("a cover is told to open, to close, to stop, or where to stand")
    base, sent = _base(topic, described), []
    for name in names or ["Shutter1"]:
        number = name.removeprefix("Shutter")
        if place is not None:
            sent.append(Message(topic=f"{base}/ShutterPosition{number}", payload=str(round(place)).encode()))
        else:
            sent.append(Message(topic=f"{base}/Shutter{str(command.move).capitalize()}{number}", payload=b""))
    return tuple(sent)


def _light(command: TurnOn | TurnOff, level: str) -> list[str] | Refused:
    """What a light is to do besides on and off; `level` dims it. `Speed2` is for this change alone."""
    wishes: list[str] = []
    if command.transition_s is not None:
        if not math.isfinite(command.transition_s) or command.transition_s < 0:
            return Refused(f"a transition of {command.transition_s} s is not possible")
        wishes.append(f"Speed2 {min(SLOWEST, max(1, round(command.transition_s * 2)))}")
    if isinstance(command, TurnOff):
        return wishes
    if command.brightness_pct is not None:
        if not 0 < command.brightness_pct <= 100:
            return Refused(f"a brightness of {command.brightness_pct} % is not between 0 and 100; turn it off")
        wishes.append(f"{level} {max(1, round(command.brightness_pct))}")
    if command.color_temp_k is not None:
        if not 1000 <= command.color_temp_k <= 20_000:
            return Refused(f"a colour temperature of {command.color_temp_k} K is not between 1000 and 20000")
        wishes.append(f"CT {min(WARMEST_MIREDS, max(COLDEST_MIREDS, round(1_000_000 / command.color_temp_k)))}")
    return wishes

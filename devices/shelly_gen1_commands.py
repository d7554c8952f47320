"""Commands as a first-generation Shelly takes them: `relay/0/command` with a word, `light/0/set` with JSON."""

from __future__ import annotations

import math

import orjson

from devices.adapter import Description, Known, Message, Refused
from devices.commands import WORDED, Command, SetCover, SetTemperature, TurnOff, TurnOn
from devices.topics import publishable

LIGHTS = ("light/", "white/", "color/")
LONGEST_TRANSITION_S = 5.0
COLDEST_C, WARMEST_C = 4, 31


def encode(base: str, command: Command, known: Known) -> tuple[Message, ...] | Refused:
    """The messages that carry out a command, or why the device cannot do it."""
    device = command.device
    path = device.removeprefix(f"{base}/")
    if path == device or not path or "/" in path or not publishable(f"{device}/relay/0/command"):
        return Refused(f"{device} is not a Shelly below {base}/")
    if isinstance(command, (TurnOn, TurnOff)):
        return _switch(command, known.get(device))
    if isinstance(command, SetCover):
        return _cover(command, known.get(device))
    if isinstance(command, SetTemperature):
        return _warm(command, known.get(device))
    return Refused(f"{device} is a Shelly of the first generation and cannot {WORDED[type(command)]}")


def _switch(command: TurnOn | TurnOff, described: Description | None) -> tuple[Message, ...] | Refused:
    wants_light = command.transition_s is not None or (
        isinstance(command, TurnOn) and (command.brightness_pct is not None or command.color_temp_k is not None)
    )
    names = [prop.name for prop in described.properties] if described is not None else []
    told = [name for name in names if name != "starts" and not name.startswith("input_event/")]
    if described is None or not (told or described.model):
        outputs = ["light/0"] if wants_light else ["relay/0"]
    else:
        lights = [name for name in names if name.startswith(LIGHTS)]
        outputs = lights or [name for name in names if name.startswith("relay/")]
        if not outputs:
            return Refused(f"{described.name} has nothing that can be switched")
        if wants_light and not lights:
            return Refused(f"{described.name} can be switched, not dimmed or coloured")
    body = _body(command)
    if isinstance(body, Refused):
        return body
    return tuple(
        Message(topic=f"{command.device}/{output}/set", payload=orjson.dumps(body))
        if output.startswith(LIGHTS)
        else Message(topic=f"{command.device}/{output}/command", payload=str(body["turn"]).encode())
        for output in outputs
    )


def _cover(command: SetCover, described: Description | None) -> tuple[Message, ...] | Refused:
    """A roller takes a word on `command`, a position in percent on `command/pos`."""
    names = [prop.name for prop in described.properties] if described is not None else []
    rollers = [name for name in names if name.startswith("roller/")]
    if described is not None and described.model and any(name.startswith((*LIGHTS, "sensor/")) for name in names):
        return Refused(f"{described.name} is not a roller shutter")
    place = command.position_pct
    if place is not None:
        if not 0 <= place <= 100:
            return Refused(f"a position of {place} % is not between 0 and 100")
        tail, said = "command/pos", str(round(place))
    elif command.move is not None:
        tail, said = "command", command.move
    else:
        return Refused("a cover is told to open, to close, to stop, or where to stand")
    return tuple(
        Message(topic=f"{command.device}/{roller}/{tail}", payload=said.encode()) for roller in rollers or ["roller/0"]
    )


def _warm(command: SetTemperature, described: Description | None) -> tuple[Message, ...] | Refused:
    """The radiator valve's target."""
    if described is not None and described.model and not any(prop.name == "info" for prop in described.properties):
        return Refused(f"{described.name} is not a radiator valve")
    if not COLDEST_C <= command.celsius <= WARMEST_C:
        return Refused(f"{command.celsius} °C is not between {COLDEST_C} and {WARMEST_C}")
    topic = f"{command.device}/thermostat/0/command/target_t"
    return (Message(topic=topic, payload=f"{command.celsius:g}".encode()),)


def _body(command: TurnOn | TurnOff) -> dict[str, object] | Refused:
    body: dict[str, object] = {"turn": "on" if isinstance(command, TurnOn) else "off"}
    if isinstance(command, TurnOn):
        if command.brightness_pct is not None:
            if not 0 < command.brightness_pct <= 100:
                return Refused(f"a brightness of {command.brightness_pct} % is not between 0 and 100; turn it off")
            level = max(1, round(command.brightness_pct))
            body.update(brightness=level, gain=level)  # white lights have a brightness, coloured ones a gain
        if command.color_temp_k is not None:
            if not 1000 <= command.color_temp_k <= 20_000:
                return Refused(f"a colour temperature of {command.color_temp_k} K is not between 1000 and 20000")
            body["temp"] = min(6500, max(2700, command.color_temp_k))
    if command.transition_s is not None:
        if not math.isfinite(command.transition_s) or command.transition_s < 0:
            return Refused(f"a transition of {command.transition_s} s is not possible")
        body["transition"] = round(min(LONGEST_TRANSITION_S, command.transition_s) * 1000)
    return body

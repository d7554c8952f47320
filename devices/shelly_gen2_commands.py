"""Commands as a Shelly of the second generation takes them: an RPC frame on `<prefix>/rpc`."""

from __future__ import annotations

import math

import orjson

from devices.adapter import Description, Known, Message, Refused
from devices.commands import WORDED, Command, SetCover, SetTemperature, TurnOff, TurnOn
from devices.topics import publishable

METHODS = {
    "switch": "Switch.Set",
    "light": "Light.Set",
    "rgb": "RGB.Set",
    "rgbw": "RGBW.Set",
    "cct": "CCT.Set",
    "rgbcct": "RGBCCT.Set",
}
ASKED_BY = "shelly/handrail"
"""Devices answer on `shelly/handrail/rpc`, which the adapter hears and nobody minds."""
MOST_LEVELS = 2
COLDEST_C, WARMEST_C = 4, 35


def encode(home: str, command: Command, known: Known) -> tuple[Message, ...] | Refused:
    """The messages that carry out a command, or why the device cannot do it."""
    device = command.device
    prefix = device.removeprefix(f"{home}/")
    if prefix == device or not prefix or prefix.endswith("/") or not publishable(f"{prefix}/rpc"):
        return Refused(f"{device} is not a Shelly's address, {home}/<topic prefix>")
    if prefix.startswith("blu/") or ":" in prefix.rpartition("/")[2]:
        return Refused(f"{device} is a BLU device: it speaks and is not told anything")
    if prefix.count("/") >= MOST_LEVELS and not prefix.startswith(f"{home}/"):
        return Refused(f"the topic prefix {prefix} has more than {MOST_LEVELS} levels; let it begin with {home}/")
    if isinstance(command, (TurnOn, TurnOff)):
        return _switch(prefix, command, known.get(device))
    if isinstance(command, SetCover):
        return _cover(prefix, command, known.get(device))
    if isinstance(command, SetTemperature):
        return _warm(prefix, command, known.get(device))
    return Refused(f"{device} is a Shelly and cannot {WORDED[type(command)]}")


def _switch(prefix: str, command: TurnOn | TurnOff, described: Description | None) -> tuple[Message, ...] | Refused:
    wants_light = command.transition_s is not None or (
        isinstance(command, TurnOn) and (command.brightness_pct is not None or command.color_temp_k is not None)
    )
    names = [prop.name for prop in described.properties] if described is not None else []
    outputs = [name for name in names if name.partition(":")[0] in METHODS]
    lights = [name for name in outputs if not name.startswith("switch:")]
    if described is None or not names:
        outputs = ["light:0" if wants_light else "switch:0"]
    elif not outputs:
        return Refused(f"{described.name} has nothing that can be switched")
    elif wants_light and not lights:
        return Refused(f"{described.name} can be switched, not dimmed or coloured")
    else:
        outputs = lights or outputs
    wants_colour = isinstance(command, TurnOn) and command.color_temp_k is not None
    if wants_colour and names and not any(name.startswith(("cct:", "rgbcct:")) for name in outputs):
        return Refused(f"{prefix} cannot change its colour temperature")
    wish = _params(command)
    if isinstance(wish, Refused):
        return wish
    return tuple(_ask(prefix, METHODS[output.partition(":")[0]], output, wish) for output in outputs)


def _ask(prefix: str, method: str, component: str, wish: dict[str, object]) -> Message:
    params = {"id": int(component.partition(":")[2]), **wish}
    frame = {"id": 1, "src": ASKED_BY, "method": method, "params": params}
    return Message(topic=f"{prefix}/rpc", payload=orjson.dumps(frame))


def _parts(described: Description | None, component: str) -> list[str] | None:
    """The components of this sort that it has, or `None` where it has introduced itself and has none."""
    if described is None or not described.properties:
        return [f"{component}:0"]
    return [prop.name for prop in described.properties if prop.name.startswith(f"{component}:")] or None


def _cover(prefix: str, command: SetCover, described: Description | None) -> tuple[Message, ...] | Refused:
    covers = _parts(described, "cover")
    if covers is None:
        return Refused(f"{prefix} is not a cover")
    wish: dict[str, object] = {}
    if command.position_pct is not None:
        if not 0 <= command.position_pct <= 100:
            return Refused(f"a position of {command.position_pct} % is not between 0 and 100")
        method, wish = "Cover.GoToPosition", {"pos": round(command.position_pct)}
    elif command.move is not None:
        method = f"Cover.{command.move.capitalize()}"
    else:
        return Refused("a cover is told to open, to close, to stop, or where to stand")
    return tuple(_ask(prefix, method, cover, wish) for cover in covers)


def _warm(prefix: str, command: SetTemperature, described: Description | None) -> tuple[Message, ...] | Refused:
    thermostats = _parts(described, "thermostat")
    if thermostats is None:
        return Refused(f"{prefix} is not a thermostat")
    if not COLDEST_C <= command.celsius <= WARMEST_C:
        return Refused(f"{command.celsius} °C is not between {COLDEST_C} and {WARMEST_C}")
    wish: dict[str, object] = {"config": {"target_C": command.celsius}}
    return tuple(_ask(prefix, "Thermostat.SetConfig", thermostat, wish) for thermostat in thermostats)


def _params(command: TurnOn | TurnOff) -> dict[str, object] | Refused:
    wish: dict[str, object] = {"on": isinstance(command, TurnOn)}
    if isinstance(command, TurnOn):
        if command.brightness_pct is not None:
            if not 0 < command.brightness_pct <= 100:
                return Refused(f"a brightness of {command.brightness_pct} % is not between 0 and 100; turn it off")
            wish["brightness"] = max(1, round(command.brightness_pct))
        if command.color_temp_k is not None:
            if not 1000 <= command.color_temp_k <= 20_000:
                return Refused(f"a colour temperature of {command.color_temp_k} K is not between 1000 and 20000")
            wish["ct"] = min(6500, max(2700, command.color_temp_k))
    if command.transition_s is not None:
        if not math.isfinite(command.transition_s) or not 0 <= command.transition_s <= 10_800:
            return Refused(f"a transition of {command.transition_s} s is not between 0 and 10800")
        wish["transition_duration"] = command.transition_s
    return wish

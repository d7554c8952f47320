"""Commands as Zigbee2MQTT takes them: JSON on `<base>/<friendly name>/set`."""

from __future__ import annotations

import math

import orjson

from devices.adapter import Description, Known, Message, Property, Refused
from devices.commands import (
    WORDED,
    Command,
    Lock,
    SetCover,
    SetTemperature,
    Sound,
    TurnOff,
    TurnOn,
    Unlock,
)
from devices.events import Kind
from devices.topics import publishable
from devices.zigbee2mqtt_inventory import CONTROLS, SETPOINTS

FULL_BRIGHTNESS = 254
LOUDNESS = {"emergency": "very_high", "urgent": "high", "call": "medium"}
LONGEST_SOUND_S = 1800
COLDEST_C, WARMEST_C = 4, 35

UNKNOWN_OUTPUTS = [Property(name="state", kind=Kind.SWITCH, on="ON", off="OFF")]
"""What is switched of a device that has not introduced itself."""

Payload = dict[str, object]


def encode(base: str, command: Command, known: Known) -> tuple[Message, ...] | Refused:
    """The messages that carry out a command, or why the device cannot do it."""
    device = command.device
    if not device.startswith(f"{base}/") or device.endswith("/") or not publishable(f"{device}/set"):
        return Refused(f"{device} is not a Zigbee2MQTT device of {base}")
    description = known.get(device)
    if isinstance(command, TurnOn):
        payload = _turn_on(command, description)
    elif isinstance(command, TurnOff):
        payload = _turn_off(command, description)
    elif isinstance(command, Sound):
        payload = _sound(command, description)
    elif isinstance(command, SetCover):
        payload = _cover(command, description)
    elif isinstance(command, (Lock, Unlock)):
        payload = _lock(command, description)
    elif isinstance(command, SetTemperature):
        payload = _warm(command, description)
    else:
        payload = Refused(f"{device} is a Zigbee device and cannot {WORDED[type(command)]}")
    if isinstance(payload, Refused):
        return payload
    return (Message(topic=f"{device}/set", payload=orjson.dumps(payload)),)


def _name(description: Description) -> str:
    return f"{description.name} ({description.vendor} {description.model})" if description.model else description.name


def _outputs(description: Description | None) -> list[Property]:
    """What is switched: every light of the device, or, where it has none, every switch."""
    if description is None:
        return UNKNOWN_OUTPUTS
    states = [prop for prop in description.properties if prop.name == "state" or prop.name.startswith("state_")]
    lights = [prop for prop in states if prop.kind is Kind.LIGHT]
    return lights or [prop for prop in states if prop.kind is Kind.SWITCH]


def _turn_on(command: TurnOn, description: Description | None) -> Payload | Refused:
    outputs = _outputs(description)
    if description is not None:
        refusal = _cannot(command, description, outputs)
        if refusal is not None:
            return refusal
    payload: Payload = {prop.name: "ON" if prop.on is None else prop.on for prop in outputs}
    ends = [prop.name.removeprefix("state") for prop in outputs]
    if command.brightness_pct is not None:
        if not 0 < command.brightness_pct <= 100:
            return Refused(
                f"a brightness of {command.brightness_pct} % is not between 0 and 100; to darken, turn it off"
            )
        level = max(1, round(command.brightness_pct * FULL_BRIGHTNESS / 100))
        payload.update((f"brightness{end}", level) for end in ends)
    if command.color_temp_k is not None:
        if not 1000 <= command.color_temp_k <= 20_000:
            return Refused(f"a colour temperature of {command.color_temp_k} K is not between 1000 and 20000")
        payload.update((f"color_temp{end}", round(1_000_000 / command.color_temp_k)) for end in ends)
    return _with_transition(payload, command.transition_s)


def _turn_off(command: TurnOff, description: Description | None) -> Payload | Refused:
    outputs = _outputs(description)
    if description is not None and ("turn_off" not in description.commands or not outputs):
        return Refused(f"{_name(description)} cannot be switched off")
    payload: Payload = {prop.name: "OFF" if prop.off is None else prop.off for prop in outputs}
    return _with_transition(payload, command.transition_s)


def _with_transition(payload: Payload, transition_s: float | None) -> Payload | Refused:
    if transition_s is None:
        return payload
    if not math.isfinite(transition_s) or not 0 <= transition_s <= 6553:
        return Refused(f"a transition of {transition_s} s is not between 0 and 6553")
    payload["transition"] = transition_s
    return payload


def _cannot(command: TurnOn, description: Description, outputs: list[Property]) -> Refused | None:
    """Why the known device cannot be turned on this way."""
    if "turn_on" not in description.commands or not outputs:
        return Refused(f"{_name(description)} cannot be switched on")
    if command.brightness_pct is not None and "brightness" not in description.commands:
        return Refused(f"{_name(description)} cannot be dimmed")
    if command.color_temp_k is not None and "color_temp" not in description.commands:
        return Refused(f"{_name(description)} cannot change its colour temperature")
    return None


def _cover(command: SetCover, description: Description | None) -> Payload | Refused:
    """Zigbee2MQTT has 0 closed and 100 open, as we do; a motor built in the wrong way round is set right there."""
    offered = ("open_close", "position") if description is None else description.commands
    name = command.device if description is None else _name(description)
    place = command.position_pct
    if place is not None:
        if "position" not in offered:
            return Refused(f"{name} cannot be told where to stand")
        if not 0 <= place <= 100:
            return Refused(f"a position of {place} % is not between 0 and 100")
        return {prop: round(place) for prop in _parts(description, "position", Kind.COVER)}
    if "open_close" not in offered:
        return Refused(f"{name} cannot be opened or closed")
    if command.move not in ("open", "close", "stop"):
        return Refused("a cover is told to open, to close, to stop, or where to stand")
    return {prop: command.move.upper() for prop in _parts(description, "state", Kind.COVER)}


def _lock(command: Lock | Unlock, description: Description | None) -> Payload | Refused:
    word = "lock" if isinstance(command, Lock) else "unlock"
    if description is not None and word not in description.commands:
        return Refused(f"{_name(description)} cannot {WORDED[type(command)]}")
    return {prop: word.upper() for prop in _parts(description, "state", Kind.LOCK)}


def _parts(description: Description | None, name: str, kind: Kind) -> list[str]:
    """The properties of this name and kind, one for each endpoint."""
    found = [prop.name for prop in description.properties if prop.kind is kind] if description is not None else []
    return [prop for prop in found if prop == name or prop.startswith(f"{name}_")] or [name]


def _warm(command: SetTemperature, description: Description | None) -> Payload | Refused:
    """A boiler has a set point for its water as well, and nobody means that one."""
    if description is None:
        return Refused(f"{command.device} has not introduced itself, so that nobody knows what its set point is called")
    names = [word for word in description.commands if word.startswith(SETPOINTS) and not word.endswith("_water")]
    if not names:
        return Refused(f"{_name(description)} cannot be set to a temperature")
    if not COLDEST_C <= command.celsius <= WARMEST_C:
        return Refused(f"{command.celsius} °C is not between {COLDEST_C} and {WARMEST_C}")
    return dict.fromkeys(names, command.celsius)


def _sound(command: Sound, description: Description | None) -> Payload | Refused:
    if not math.isfinite(command.duration_s) or command.duration_s < 0:
        return Refused(f"a sound of {command.duration_s} s is not possible")
    duration_s = min(LONGEST_SOUND_S, math.ceil(command.duration_s))
    if description is None:
        return _warning(
            Property(name="warning", kind=Kind.OTHER, on="emergency", off="stop"), command.level, duration_s
        )
    has = {prop.name: prop for prop in description.properties}
    control = next((has[name] for name in CONTROLS if name in has), None)
    if "sound" not in description.commands or control is None:
        return Refused(f"{_name(description)} makes no sound")
    if control.name == "warning":
        return _warning(control, command.level, duration_s)
    if control.name == "trigger_alarm" and not duration_s:
        stop = has.get("stop_alarm")
        return (
            {"stop_alarm": stop.on}
            if stop is not None
            else Refused(f"{_name(description)} cannot be silenced from here")
        )
    payload: Payload = {}
    length = next((has[name] for name in ("alarm_duration", "duration") if name in has), None)
    if length is not None and duration_s:
        payload[length.name] = duration_s
    payload[control.name] = control.on if duration_s else control.off
    return payload


def _warning(control: Property, level: str, duration_s: int) -> Payload:
    """The IAS warning of a siren: loudness by the level of the alert, the strobe for those who hear badly."""
    if not duration_s:
        return {control.name: {"mode": control.off, "level": "low", "strobe": False, "duration": 0}}
    loudness = LOUDNESS.get(level, "low")
    if control.active_values and loudness not in control.active_values:
        loudness = control.active_values[-1]
    strobe = level in ("emergency", "urgent")
    return {control.name: {"mode": control.on, "level": loudness, "strobe": strobe, "duration": duration_s}}

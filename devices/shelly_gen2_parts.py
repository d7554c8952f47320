"""What the components of a Shelly of the second generation or later say, one by one (`switch:0`, `smoke:0`, …)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from devices.adapter import Description
from devices.events import Event, Kind, Value
from devices.said import bit_of, fact, heard, number_of, online, reading

COMPONENT = re.compile(r"([a-z][a-z0-9_]*):(\d{1,6})")
KINDS: dict[str, Kind] = {
    "switch": Kind.SWITCH,
    "light": Kind.LIGHT,
    "rgb": Kind.LIGHT,
    "rgbw": Kind.LIGHT,
    "cct": Kind.LIGHT,
    "rgbcct": Kind.LIGHT,
    "cover": Kind.COVER,
    "smoke": Kind.SMOKE,
    "flood": Kind.WATER_LEAK,
    "temperature": Kind.TEMPERATURE,
    "humidity": Kind.HUMIDITY,
    "devicepower": Kind.BATTERY,
    "thermostat": Kind.TEMPERATURE,
    "blutrv": Kind.TEMPERATURE,
    "presencezone": Kind.OCCUPANCY,
    "pm1": Kind.POWER,
    "em1": Kind.POWER,
    "em": Kind.POWER,
    "input": Kind.OTHER,
    "bthomedevice": Kind.OTHER,
    "bthomesensor": Kind.OTHER,
}
"""Components that say something about the home; all others are the device's own affairs."""
POWER_OF = {"pm1": "apower", "em1": "act_power", "em": "total_act_power"}
LIGHTS = frozenset({"light", "rgb", "rgbw", "cct", "rgbcct"})
COVER: dict[object, Value] = {"open": "open", "closed": "closed", "opening": "open", "closing": "closed"}
SECOND = frozenset({*LIGHTS, *POWER_OF}) - {"light"}
"""Components whose first may stand beside the first of another that says the same kind."""
CHILDREN = frozenset({"bthomedevice", "blutrv"})
"""Components that are devices of their own behind this one."""
GESTURES = frozenset(
    {"btn_down", "single_push", "double_push", "triple_push", "long_push", "hold_press", "long_double_push"}
    | {"long_triple_push", "rotate_left", "rotate_right"}
)
"""Events that are somebody's hand. `btn_up` is the end of one."""
PRESSED = frozenset({"input", "button", "bthomedevice", "bthomesensor", "bthomecontrol", "blutrv"})
ALARMS: dict[str, bool] = {"alarm": True, "alarm_off": False}

Status = Mapping[str, object]


def field_of(component: str, number: str) -> str | None:
    """None for the first of its sort, `switch:1` for the others."""
    return None if number == "0" else f"{component}:{number}"


def events_of(
    device: str, name: str, status: Status, stamp: str | None, at_ms: int | None, described: Description | None
) -> list[Event]:
    """What a component's status says; a part of it, as NotifyStatus sends it, says what it has."""
    return _apart(_said(device, name, status, stamp, at_ms), name, described)


def _said(device: str, name: str, status: Status, stamp: str | None, at_ms: int | None) -> list[Event]:
    matched = COMPONENT.fullmatch(name)
    if matched is None:
        return _unnumbered(device, name, status)
    component, number = matched.groups()
    if component not in KINDS:
        return []
    field = field_of(component, number)
    if component in CHILDREN:
        return _child(f"{device}/{name}", component, status)
    if component == "switch" or component in LIGHTS:
        return _output(device, KINDS[component], status, field)
    if component == "cover":
        return _cover(device, status, field)
    if component in POWER_OF:
        key = POWER_OF[component]
        return [reading(device, Kind.POWER, status[key], field=field)] if status.get(key) is not None else []
    if component == "input":
        return _input(device, name, status)
    return _sensor(device, component, status, field, stamp, at_ms)


def _apart(events: list[Event], name: str, described: Description | None) -> list[Event]:
    """A device with two firsts, a relay beside a meter's clamp or a coloured light beside a white one: what the second
    says bears its name, or it would be taken for the first one's."""
    component, _, number = name.partition(":")
    if number != "0" or component not in SECOND or described is None:
        return events
    first = "light:0" if component in LIGHTS else "switch:0"
    if not any(prop.name == first for prop in described.properties):
        return events
    return [replace(event, field=name) if event.field is None else event for event in events]


def _unnumbered(device: str, name: str, status: Status) -> list[Event]:
    """The presence sensor as a whole; everything else without a number is the device's own affair."""
    if name != "presence":
        return []
    count = number_of(status.get("num_objects"))
    return [fact(device, Kind.OCCUPANCY, count > 0)] if count is not None else []


def _output(device: str, kind: Kind, status: Status, field: str | None) -> list[Event]:
    """Its temperature is the one inside the device, and stays there."""
    found: list[Event] = []
    on = status.get("output")
    if isinstance(on, bool):
        found.append(fact(device, kind, "on" if on else "off", field=field))
    if status.get("apower") is not None:
        found.append(reading(device, Kind.POWER, status["apower"], field=field))
    return found


def _cover(device: str, status: Status, field: str | None) -> list[Event]:
    found: list[Event] = []
    place, state = number_of(status.get("current_pos")), status.get("state")
    if place is not None and 0 <= place <= 100:
        found.append(fact(device, Kind.COVER, place, field=field))
    elif isinstance(state, str) and state in COVER:
        found.append(fact(device, Kind.COVER, COVER[state], field=field))
    if status.get("apower") is not None:
        found.append(reading(device, Kind.POWER, status["apower"], field=field))
    return found


def _input(device: str, name: str, status: Status) -> list[Event]:
    """A switch or a contact is wired to it, and only the home knows which; null is a button between presses."""
    state, share = status.get("state"), number_of(status.get("percent"))
    if isinstance(state, bool):
        return [fact(device, Kind.OTHER, state, field=name)]
    return [Event(device=device, kind=Kind.OTHER, value=share, unit="%", field=name)] if share is not None else []


def _child(device: str, component: str, status: Status) -> list[Event]:
    found: list[Event] = []
    if component == "blutrv" and status.get("current_C") is not None:
        found.append(reading(device, Kind.TEMPERATURE, status["current_C"]))
    if component == "blutrv" and isinstance(up := status.get("connected"), bool):
        found.append(online(device, up))
    if status.get("battery") is not None:
        found.append(reading(device, Kind.BATTERY, status["battery"]))
    return found or [heard(device)]


def _sensor(
    device: str, component: str, status: Status, field: str | None, stamp: str | None, at_ms: int | None
) -> list[Event]:
    if component in ("smoke", "flood"):
        alarm = status.get("alarm", NOTHING_SAID)
        if alarm is NOTHING_SAID:
            return []
        return [fact(device, KINDS[component], bit_of(alarm), field=field, stamp=stamp, at_ms=at_ms)]
    if component == "presencezone":
        inside = bit_of(status.get("value", status.get("state")))
        return [fact(device, Kind.OCCUPANCY, inside, field=field)] if inside is not None else []
    if component == "devicepower":
        battery = status.get("battery")
        if not isinstance(battery, dict) or "percent" not in battery:
            return []
        return [reading(device, Kind.BATTERY, battery["percent"], field=field)]
    key = {"temperature": "tC", "humidity": "rh", "thermostat": "current_C"}.get(component, "")
    if key not in status:
        return []
    return [reading(device, KINDS[component], status[key], field="thermostat" if component == "thermostat" else field)]


NOTHING_SAID = object()

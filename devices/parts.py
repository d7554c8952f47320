"""A part of a device that was placed by itself: which of its device's events are its own.

The address of a part is its device's and, behind `#`, what the ecosystem calls it. What it is told: `part_commands.py`.

| ecosystem | an output | an input |
|---|---|---|
| Shelly with RPC | `switch:0`, `light:1`, `cover:0`, `thermostat:0` | `input:0` |
| Shelly, first generation | `relay:0`, `light:1`, `white:2`, `roller:0` | `input:0` |
| Tasmota | `POWER1`, `Shutter1` | `Button1`; `input:1` of a switch |
| Zigbee2MQTT | `state_l1`, `state_left` | the `field`; of an action its button: of `2_single` it is `2` |
| Shelly BLU, Theengs | | `button:1`, `button2` |
| Homie | `<node>/<property>` | the `field` |
| Home Assistant's discovery, ESPHome | the `field`; `light`, … where it has none | the `field`; a trigger's subtype |
| LoRaWAN | `switch_1`, `socket_status` | the `field` |

The first output of a device has no field in its events, nor has the first button: what they are is its kind's to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from devices.events import Event, Kind
from devices.gestures import button_of
from devices.homie_description import is_ordinary
from devices.zigbee2mqtt_properties import plain

FIRST: Mapping[str, str] = {"shelly": "input:0", "shellies": "input:0", "tasmota": "Button1"}
"""What a gesture on the first button of a device is of, which no ecosystem gives a field."""
STATES = frozenset({Kind.SWITCH, Kind.LIGHT, Kind.COVER, Kind.LOCK})
"""What an output says of itself."""
LIT = frozenset({Kind.LIGHT, Kind.POWER})
NUMBERED: Mapping[str, Mapping[str, frozenset[Kind]]] = {
    "shelly": {
        "switch": frozenset({Kind.SWITCH, Kind.POWER}),
        **dict.fromkeys(("light", "rgb", "rgbw", "cct", "rgbcct"), LIT),
        "cover": frozenset({Kind.COVER, Kind.POWER}),
        "thermostat": frozenset({Kind.TEMPERATURE}),
    },
    "shellies": {
        "relay": frozenset({Kind.SWITCH, Kind.POWER}),
        **dict.fromkeys(("light", "white", "color"), LIT),
        "roller": frozenset({Kind.COVER, Kind.POWER}),
    },
}
"""Shelly's outputs, and what the first of each sort says without saying which it is."""
WHITE = "light:0"
TASMOTA = re.compile(r"POWER[1-9]\d?|Shutter[1-9]\d?")
ZIGBEE = re.compile(r"state(?:_\w+)?")
INTRODUCED = frozenset({"homeassistant", "esphome"})


def whole_and_part(address: str) -> tuple[str, str]:
    """The address of the device, and the name of the part; empty where it is the whole."""
    whole, _, part = address.partition("#")
    return whole, part


def is_output(address: str) -> bool | None:
    """Whether a part is told, by its name alone; None where the name does not say."""
    whole, part = whole_and_part(address)
    base = whole.partition("/")[0]
    if base in NUMBERED:
        component, _, number = part.partition(":")
        return component in NUMBERED[base] and number.isdecimal()
    if base == "tasmota":
        return TASMOTA.fullmatch(part) is not None
    if base == "zigbee2mqtt":
        return ZIGBEE.fullmatch(part) is not None
    return None


def part_of(event: Event) -> str:
    """The part of its device that reported an event, in the ecosystem's own name: `input:1`; empty where it has none.

    What is wired to an input is one part, whether its state is told (`input:1`, `button:1`) or a gesture on it.
    """
    if event.field is None:
        if event.kind is not Kind.BUTTON:
            return ""
        return FIRST.get(event.device.partition("/")[0], "") or button_of(event)
    base, _, _ = event.device.partition("/")
    return event.field.replace("button:", "input:", 1) if base == "shellies" else event.field


def part_among(event: Event, names: Sequence[str]) -> str:
    """Which of these parts reported an event; empty where none did, and where two of them may have."""
    own = part_of(event)
    if own in names:
        return own
    found = [name for name in names if _may_say(name, event)]
    if WHITE in found:  # what stands beside it says its name (`shelly_gen2_parts`)
        return WHITE
    return found[0] if len(found) == 1 else ""


def _may_say(name: str, event: Event) -> bool:
    """Whether an event that names no part, or a value of one (`power_l1`), is of this output."""
    base, field, kind = event.device.partition("/")[0], event.field, event.kind
    if base in NUMBERED:
        component, _, number = name.partition(":")
        is_first = field is None or (component == "thermostat" and field == component)
        return is_first and number == "0" and kind in NUMBERED[base].get(component, ())
    if kind not in STATES and kind is not Kind.POWER:
        return False
    if base == "tasmota":
        return field is None and name == {Kind.COVER: "Shutter1", Kind.POWER: ""}.get(kind, "POWER1")
    if base in INTRODUCED:
        return name == kind.value if field is None else _stands(name, event)
    if base == "homie":
        return field is None and kind in STATES and is_ordinary(name, kind)
    return ZIGBEE.fullmatch(name) is not None and _end(field or "") == name.removeprefix("state")


def _stands(name: str, event: Event) -> bool:
    """Where a cover stands is a value beside whether it is open."""
    position = "position" if name == Kind.COVER.value else f"{name}_position"
    return event.kind is Kind.COVER and event.field == position


def _end(name: str) -> str:
    """What Zigbee2MQTT hangs onto a name: the endpoint."""
    return name[len(plain(name)) :]

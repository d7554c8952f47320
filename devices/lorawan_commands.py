"""Downlinks: what a maker's codec takes as its input, where that is documented; everything else is refused.

| value it has sent                            | maker           | port | sent                             |
|----------------------------------------------|-----------------|------|----------------------------------|
| `socket_status`                              | Milesight       | 85   | `{"socket_status": "on"}`        |
| `switch_1` … `switch_8`                      | Milesight       | 85   | `{"switch_1": "on"}`             |
| `relayState`                                 | MClimate        | 1    | `{"setRelayState": 1}`           |
| `targetTemperature`                          | MClimate        | 1    | `{"setTargetTemperature": 21.5}` |
| … with `motorPosition`, `valveOpenness`, …   | MClimate Vicki  | 1    | `{"setTargetTemperature": 22}`   |
| `target_temperature`, `temperature_target`   | Milesight       |      | refused: see below               |

The network server lets the device's own codec make bytes of it: `encodeDownlink` of the device profile (ChirpStack, in
`object`) or of the payload formatter (The Things Stack, in `decoded_payload`). What it takes is its maker's to say:
nothing is common to all. A Vicki takes whole degrees, and minds them in its automatic mode. Milesight's valves and
thermostats take a set point only together with a tolerance or a mode, by model, and whoever sends one sets the other as
well. No codec of a blind, a lock or a siren was found that documents what it takes.

A battery device listens only after it has spoken; the sockets and switches above always do.
Sources: the codecs that MClimate and Milesight publish (docs.mclimate.eu, Milesight-IoT/SensorDecoders), ChirpStack's
`integration.proto`, The Things Stack's documentation "Payload Formatters, Downlink".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from devices.adapter import Description, Known, Property, Refused
from devices.commands import WORDED, Command, SetTemperature, TurnOff, TurnOn
from devices.events import Kind

Scalar = str | int | float


@dataclass(frozen=True, slots=True)
class Form:
    """How one output is switched."""

    port: int
    name: str
    on: Scalar
    off: Scalar


@dataclass(frozen=True, slots=True)
class Downlink:
    """What is sent, before a network server wraps it."""

    port: int
    body: dict[str, Scalar]


FORMS: Mapping[str, Form] = {
    "socket_status": Form(85, "socket_status", "on", "off"),
    **{f"switch_{number}": Form(85, f"switch_{number}", "on", "off") for number in range(1, 9)},
    "relay_state": Form(1, "setRelayState", 1, 0),
}


SETPOINT = "targetTemperature"
"""What MClimate calls a set point; its property is counted in whole degrees where the device is a Vicki."""
VALVE = frozenset({"motorPosition", "motorRange", "valveOpenness"})
"""What only a Vicki sends: its codec puts the set point in one byte."""
WITH_MORE: Mapping[str, str] = {"target_temperature": "Milesight", "temperature_target": "Milesight"}
"""Set points that the maker's codec takes only together with other settings, which would be set as well."""
COLDEST_C, WARMEST_C = 5, 30
FINEST_C = 0.1


def setpoint(said: Mapping[str, object]) -> Property | None:
    """The set point that an uplink shows, by the name its maker gives it."""
    if SETPOINT in said:
        return Property(name=SETPOINT, kind=Kind.TEMPERATURE, scale=1.0 if VALVE & said.keys() else FINEST_C)
    found = next((name for name in WITH_MORE if name in said), None)
    return Property(name=found, kind=Kind.TEMPERATURE, clear=False) if found is not None else None


def downlink(command: Command, known: Known) -> Downlink | Refused:
    """The downlink that carries out a command, or why there is none."""
    description = known.get(command.device)
    if description is None:
        return Refused(f"{command.device} has not been heard yet, so that nobody knows what it can be told")
    forms = [FORMS[prop.name] for prop in description.properties if prop.name in FORMS]
    if isinstance(command, TurnOn):
        if command.brightness_pct is not None or command.color_temp_k is not None:
            return Refused(f"{description.name} can be switched, not dimmed or coloured")
        on = True
    elif isinstance(command, TurnOff):
        on = False
    elif isinstance(command, SetTemperature):
        return _warm(command, description)
    else:
        return Refused(_own(description, WORDED[type(command)]))
    if not forms:
        return Refused(f"{description.name}: no output of it is known that a downlink can switch")
    return Downlink(port=forms[0].port, body={form.name: form.on if on else form.off for form in forms})


def _warm(command: SetTemperature, description: Description) -> Downlink | Refused:
    """A set point, as fine as its codec takes it."""
    points = [prop for prop in description.properties if prop.name == SETPOINT or prop.name in WITH_MORE]
    point = next((prop for prop in points if prop.name == SETPOINT), None)
    if point is None and points:
        maker = WITH_MORE[points[0].name]
        said = f"{maker}'s codec takes a set point only with a tolerance or a mode, and would change that as well"
        return Refused(f"{description.name}: {said}; set it at the network server")
    if point is None:
        return Refused(_own(description, WORDED[SetTemperature]))
    if not COLDEST_C <= command.celsius <= WARMEST_C:
        return Refused(f"{command.celsius} °C is not between {COLDEST_C} and {WARMEST_C}")
    celsius = math.floor(command.celsius + 0.5) if point.scale == 1.0 else round(command.celsius, 1)
    return Downlink(port=1, body={"setTargetTemperature": celsius})


def _own(description: Description, what: str) -> str:
    """Why a command is refused that only the maker's codec could know."""
    maker = " ".join(filter(None, (description.vendor, description.model))) or "its maker"
    return f"{description.name} cannot {what}: what the codec of {maker} takes for that is documented nowhere"

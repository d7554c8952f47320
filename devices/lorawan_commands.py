"""Downlinks: what a maker's codec takes as its input, where that is documented; everything else is refused.

| value it has sent       | maker     | port | sent                      |
|-------------------------|-----------|------|---------------------------|
| `socket_status`         | Milesight | 85   | `{"socket_status": "on"}` |
| `switch_1` … `switch_8` | Milesight | 85   | `{"switch_1": "on"}`      |
| `relayState`            | MClimate  | 1    | `{"setRelayState": 1}`    |

A battery device listens only after it has spoken; the sockets and switches above always do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from devices.adapter import Known, Refused
from devices.commands import Command, TurnOff, TurnOn

Scalar = str | int


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
    else:
        return Refused(f"{description.name}: no form of this command is documented for its codec")
    if not forms:
        return Refused(f"{description.name}: no output of it is known that a downlink can switch")
    return Downlink(port=forms[0].port, body={form.name: form.on if on else form.off for form in forms})

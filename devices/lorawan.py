"""An uplink of a LoRaWAN device, whichever network server handed it on: its events, and who the device says it is.

LoRaWAN numbers the frames of a device, so that a frame that comes twice is known, and two presses are two however
close. The number begins anew when the device joins again or its battery was changed, and some nodes begin with each
press; so the session and the minute belong to the name of a press: one frame number a minute later is another press.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from devices.adapter import Decoded, Description, Known, Property
from devices.events import EMERGENCY_KINDS, Event, Kind
from devices.lorawan_commands import FORMS, SETPOINT, setpoint
from devices.lorawan_makers import Fact
from devices.lorawan_payload import facts, says_both, unit_of
from devices.names import says_it_calls
from devices.zigbee2mqtt_inventory import serious_first

REPEAT_WINDOW_MS = 2000
"""The network server drops the copies that several gateways hear; a frame that was sent again comes within seconds."""
LOOKS_LIKE = ("short", "long", "double")
SAME_AS_SOS = "Milesight sells this button as an SOS button too, with the same codes: its presses count as emergencies"
BOTH_AT_ONCE = "it may say an alarm and its end at once: an alarm is an emergency until somebody says what it is for"
MOST_GATEWAYS = 8
GATEWAY_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
HEARD_BY = "heard by"
"""The property in which the gateways that ever heard a device are kept."""
SAYS_SO = "only its name or model says that it calls for help"


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplink:
    """What a network server says of one frame."""

    device: str
    ecosystem: str
    topics: tuple[str, ...]
    said: Mapping[str, object]
    name: str
    vendor: str = ""
    model: str = ""
    text: str = ""
    stamp: str | None = None
    at_ms: int | None = None
    press_id: str | None = None
    battery_pct: float | None = None
    """Of the radio's own status, where the payload has none."""
    heard_by: tuple[str, ...] = ()
    """The addresses of the gateways that heard it."""


def decode(uplink: Uplink, known: Known) -> Decoded:
    """The events of one uplink, and the device's description where it is news."""
    found = facts(uplink.said)
    if uplink.battery_pct is not None and not any(fact.kind is Kind.BATTERY for fact in found):
        found.append(Fact(Kind.BATTERY, uplink.battery_pct))
    if not found:
        found.append(Fact(Kind.OTHER, "heard", field="uplink"))
    events: list[Event] = []
    for fact in found:
        if fact.edge:
            events.append(_event(uplink, replace(fact, value=False)))
        events.append(_event(uplink, fact))
    described = describe(uplink, found, known.get(uplink.device))
    learned = () if described == known.get(uplink.device) else (described,)
    return Decoded(events=tuple(events), learned=learned)


def _event(uplink: Uplink, fact: Fact) -> Event:
    return Event(
        device=uplink.device,
        kind=fact.kind,
        value=fact.value,
        unit=unit_of(fact.kind, fact.value),
        field=fact.field,
        press=fact.press,
        stamp=uplink.stamp,
        at_ms=uplink.at_ms,
        press_id=uplink.press_id if fact.press else None,
        repeat_window_ms=REPEAT_WINDOW_MS if fact.press else 0,
    )


def describe(uplink: Uplink, found: list[Fact], before: Description | None) -> Description:
    """Who the device is, from what it has said so far: it never introduces itself but by speaking."""
    kinds = frozenset(before.kinds if before is not None else ()) | {fact.kind for fact in found}
    ordered = serious_first(kinds)
    outputs = {prop.name: prop for prop in before.properties} if before is not None else {}
    heard_by = outputs.pop(HEARD_BY, Property(name=HEARD_BY, kind=Kind.OTHER))
    gateways = tuple(dict.fromkeys((*heard_by.active_values, *uplink.heard_by)))[:MOST_GATEWAYS]
    for fact in found:
        name = fact.field or "socket_status" if fact.kind is Kind.SWITCH else ""
        if fact.kind is Kind.SWITCH and fact.field is None:
            name = "relay_state" if "relayState" in uplink.said else "socket_status"
        if name in FORMS:
            outputs.setdefault(name, Property(name=name, kind=Kind.SWITCH, on="on", off="off"))
    point = setpoint(uplink.said)
    if point is not None:
        outputs[point.name] = point
    unclear = before.unclear if before is not None else ""
    if not kinds & EMERGENCY_KINDS and not unclear:
        unclear = _looks_like_a_call(uplink, found)
    return Description(
        device=uplink.device,
        name=uplink.name,
        ecosystem=uplink.ecosystem,
        kinds=ordered,
        kind=ordered[0] if ordered else Kind.OTHER,
        topics=uplink.topics,
        model=uplink.model,
        vendor=uplink.vendor,
        text=uplink.text,
        properties=(*outputs.values(), *([replace(heard_by, active_values=gateways)] if gateways else ())),
        commands=(
            *(("turn_on", "turn_off") if not FORMS.keys().isdisjoint(outputs) else ()),
            *(("set_temperature",) if SETPOINT in outputs else ()),
        ),
        gateway=gateways[0] if len(gateways) == 1 else "",
        can_call=bool(kinds & EMERGENCY_KINDS) or bool(unclear),
        unclear="" if kinds & EMERGENCY_KINDS else unclear,
    )


def gateways_of(rows: object, *keys: str) -> tuple[str, ...]:
    """The ids of the gateways in the list of who received a frame; `keys` lead to the id in each row."""
    found: list[str] = []
    for row in rows[:MOST_GATEWAYS] if isinstance(rows, list) else ():
        name: object = row
        for key in keys:
            name = name.get(key) if isinstance(name, dict) else None
        if isinstance(name, str) and GATEWAY_ID.fullmatch(name):
            found.append(name)
    return tuple(found)


def _looks_like_a_call(uplink: Uplink, found: list[Fact]) -> str:
    """Why a device that does not say what it means counts as one that calls, until it is placed."""
    if says_it_calls(uplink.name, uplink.model, uplink.text):
        return SAYS_SO
    if says_both(uplink.said):
        return BOTH_AT_ONCE
    is_ws101 = any(
        fact.kind is Kind.BUTTON and fact.field is None and str(fact.value).startswith(LOOKS_LIKE) for fact in found
    ) and not ("buttonPress" in uplink.said or "pressEvent" in uplink.said)
    return SAME_AS_SOS if is_ws101 or "ws101" in f"{uplink.model} {uplink.text}".lower() else ""

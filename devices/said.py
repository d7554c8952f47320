"""What several ecosystems say the same way: text and JSON payloads, numbers that may be words, readings within reason.

Adapters of devices that speak MQTT themselves (Shelly, Tasmota, Theengs) build their events with these.
"""

from __future__ import annotations

import math
import re

import orjson

from devices.adapter import Description, Property
from devices.events import EMERGENCY_KINDS, UNITS, Event, Kind, Value
from devices.zigbee2mqtt_inventory import SAYS_IT_CALLS, serious_first

LONGEST_TEXT = 200
BOUNDS: dict[Kind, tuple[float, float]] = {
    Kind.TEMPERATURE: (-200.0, 500.0),
    Kind.HUMIDITY: (0.0, 100.0),
    Kind.BATTERY: (0.0, 100.0),
    Kind.POWER: (-1e9, 1e9),
}
"""Outside of these a number is no reading: -1 percent, 999 °C, 163 % humidity."""
NOT_JSON = object()
BITS: dict[object, bool] = {
    True: True,
    False: False,
    "1": True,
    "0": False,
    "true": True,
    "false": False,
    "on": True,
    "off": False,
}
"""A two-valued word or number; `1` and `0` are equal to `True` and `False`."""


def json_of(payload: bytes) -> object:
    """The payload read as JSON, or `NOT_JSON`."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return NOT_JSON


def text_of(payload: bytes) -> str | None:
    """The payload as a short line of text, or `None` where it is none."""
    try:
        return payload[: LONGEST_TEXT * 4].decode().strip()[:LONGEST_TEXT]
    except UnicodeDecodeError:
        return None


def number_of(value: object) -> float | int | None:
    """A finite number, also where it is written as text; a truth value is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if not isinstance(value, (int, float)):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:
        return None


def bit_of(value: object) -> bool | None:
    """A two-valued field, however it was written."""
    if isinstance(value, str):
        value = value.lower()
    return BITS.get(value) if isinstance(value, (str, bool, int, float)) else None


def within(kind: Kind, value: object) -> float | int | None:
    """A number in the kind's unit, or `None` where it is no reading."""
    number = number_of(value)
    if number is None:
        return None
    low, high = BOUNDS[kind]
    return number if low <= number <= high else None


def reading(
    device: str,
    kind: Kind,
    value: object,
    *,
    field: str | None = None,
    stamp: str | None = None,
    at_ms: int | None = None,
) -> Event:
    """A measured number in the kind's unit; what is no reading has the value `None`."""
    return Event(
        device=device, kind=kind, value=within(kind, value), unit=UNITS[kind], field=field, stamp=stamp, at_ms=at_ms
    )


def fact(
    device: str,
    kind: Kind,
    value: Value,
    *,
    field: str | None = None,
    stamp: str | None = None,
    at_ms: int | None = None,
) -> Event:
    """A state."""
    return Event(device=device, kind=kind, value=value, field=field, stamp=stamp, at_ms=at_ms)


def online(device: str, is_online: bool) -> Event:
    """Whether a device can be reached."""
    return Event(device=device, kind=Kind.AVAILABILITY, value="online" if is_online else "offline")


def link(device: str, is_online: bool, *, sleeps: bool) -> Event:
    """What a device's last will says. One that sleeps on a battery goes each time it has spoken: then its link is down,
    under an address of its own, and nobody is called for the device."""
    return online(f"{device}/link" if sleeps and not is_online else device, is_online)


def heard(device: str) -> Event:
    """A device that spoke and said nothing of ours: it is there, which is what its supervision waits for."""
    return Event(device=device, kind=Kind.OTHER, value="heard", field="heard")


def says_it_calls(*texts: str) -> str:
    """The first of these texts that says sos, panic, call button or the like; empty where none does."""
    return next((text for text in texts if SAYS_IT_CALLS.search(re.sub(r"[-_/.]", " ", text))), "")


def introduced(
    *,
    device: str,
    name: str,
    ecosystem: str,
    properties: tuple[Property, ...],
    topics: tuple[str, ...],
    kinds: frozenset[Kind] = frozenset(),
    model: str = "",
    vendor: str = "",
    text: str = "",
    commands: tuple[str, ...] = (),
    unclear: str = "",
    gateway: str = "",
    checks_in_s: int | None = None,
) -> Description:
    """A device by what it has, and whether it may call: by its kinds, or because only a name or model says so."""
    found = kinds | {prop.kind for prop in properties}
    ordered = serious_first(frozenset(found))
    calls = bool(found & EMERGENCY_KINDS)
    is_wired = any(prop.name.startswith("input:") or prop.name == "alarm" for prop in properties)
    said = "" if calls or not (is_wired or Kind.BUTTON in found) else says_it_calls(name, model, text, device)
    return Description(
        device=device,
        name=name,
        ecosystem=ecosystem,
        kinds=ordered,
        kind=ordered[0] if ordered else Kind.OTHER,
        topics=topics,
        model=model,
        vendor=vendor,
        text=text,
        properties=properties,
        commands=commands,
        can_call=calls or bool(said),
        unclear=unclear or (f"only its name says that it calls: {said}" if said else ""),
        gateway=gateway,
        checks_in_s=checks_in_s,
    )

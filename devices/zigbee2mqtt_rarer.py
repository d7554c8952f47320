"""What Zigbee2MQTT's rarer properties are: those whose name alone is not enough, and those that are told in words.

Everything is decided by names, values and the words of the model's description, never by a list of models.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from devices.adapter import Property
from devices.discovery_kinds import names_emergency
from devices.events import Kind
from devices.spoken import WORST_FIRST, about, alarming, falls, hazard
from devices.zigbee2mqtt_properties import BINARY, EMERGENCY_ACTIONS, Scalar, fall, plain

DETECTOR = re.compile(r"\b(?:alarm|detector|sensor)\b", re.IGNORECASE)
DETECTS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.SMOKE, re.compile(r"\b(?:fire|heat|smoke)\b", re.IGNORECASE)),
    (Kind.CO, re.compile(r"\bcarbon monoxide\b|\bCO\b")),
    (Kind.GAS, re.compile(r"\b(?:combustible|natural|propane|methane)? ?gas\b", re.IGNORECASE)),
    (Kind.WATER_LEAK, re.compile(r"\b(?:water[ -]?leak(?:age)?|leak(?:age)?|flood)\b", re.IGNORECASE)),
    (Kind.VIBRATION, re.compile(r"\bvibration\b", re.IGNORECASE)),
)
"""What a model's description says that it detects, the most serious first."""
ALARMS = frozenset({"alarm", "alarm_status", "alarm_state"})
"""Names that say that there is an alarm and not of what: that the description says."""
LEAK = re.compile(r"(?:^|_)leak(?:_detect(?:ed|ion)?)?$|^water_sensor$")
OCCUPIED = re.compile(r"occupancy$|^occupancy_(?:in|out|or|and|status)$", re.IGNORECASE)
MOVED = re.compile(r"^motion_(?:status|state|up|down|detected)$")
CONTACT = re.compile(r"(?:^|_)contact$")
FALLING = frozenset({"fall", "falling", "fallen", "fall_down", "fall_alarm"})
"""Words for a person who fell, of a value that is no gesture."""
OPEN_WORDS, CLOSED_WORDS = re.compile(r"open", re.IGNORECASE), re.compile(r"close", re.IGNORECASE)


def detects(text: str, names: Iterable[str]) -> Kind | None:
    """What an alarm of this device is about that does not say so itself: by its description, where no other of its
    properties is that alarm already."""
    if not DETECTOR.search(text):
        return None
    kind = next((kind for kind, words in DETECTS if words.search(text)), None)
    has = {BINARY.get(plain(name)) or (Kind.WATER_LEAK if LEAK.search(plain(name)) else None) for name in names}
    return None if kind in has else kind


def rarer_binary(name: str, prop: str, on: Scalar | None, off: Scalar | None, kind: Kind | None) -> Property | None:
    """A read-only value of two, no diagnosis; `kind` is what the device's description says that it detects."""
    base = plain(name)
    found = hazard(name) or hazard(f"{base}_state")
    if found is not None:
        return Property(name=prop, kind=found, on=on, off=off)
    if LEAK.search(base):
        return Property(name=prop, kind=Kind.WATER_LEAK, on=on, off=off)
    if OCCUPIED.search(base):
        return Property(name=prop, kind=Kind.OCCUPANCY, on=on, off=off)
    if MOVED.search(base):
        return Property(name=prop, kind=Kind.MOTION, on=on, off=off)
    if names_emergency(base):
        return Property(name=prop, kind=Kind.EMERGENCY, on=on, off=off)
    if base == "heat":
        return Property(name=prop, kind=Kind.SMOKE, on=on, off=off)
    if kind is not None and base in ALARMS:
        return Property(name=prop, kind=kind, on=on, off=off)
    if CONTACT.search(base):
        says = isinstance(on, str) and isinstance(off, str)
        if says and OPEN_WORDS.search(str(off)) and CLOSED_WORDS.search(str(on)):
            on, off = off, on
        elif not (says and OPEN_WORDS.search(str(on)) and CLOSED_WORDS.search(str(off))):
            # A truth value that is on when it is closed has been documented both ways round.
            return Property(name=prop, kind=Kind.CONTACT, on=on, off=off, clear=on is False and off is True)
        return Property(name=prop, kind=Kind.CONTACT, on=on, off=off)
    return None


def rarer_enum(name: str, prop: str, values: Sequence[str], kind: Kind | None) -> Property | None:
    """A read-only value of several words; `kind` as above. Its words are read as words (`devices.spoken`)."""
    base = plain(name)
    if not FALLING.isdisjoint(values) or (falls(name) and any(fall(value) is True for value in values)):
        return Property(name=prop, kind=Kind.FALL)
    if name in ALARMS:
        found = kind
    elif any(alarming(value) and "water_leak" in value for value in values):
        found = Kind.WATER_LEAK
    else:
        found = about(base) or about(name) or hazard(f"{base}_state") or hazard(name)
    calling = tuple(value for value in values if value.lower() in EMERGENCY_ACTIONS)
    if calling and found not in WORST_FIRST:
        return Property(name=prop, kind=Kind.EMERGENCY, active_values=calling)
    if found is Kind.CONTACT:
        return Property(name=prop, kind=found) if {"open", "closed"} <= set(values) and base == "door_state" else None
    if found is None or found is Kind.MOTION or not any(alarming(value) for value in values):
        return None
    return Property(name=prop, kind=found)

"""What the values of a Zigbee2MQTT device mean: from what it exposes, or, where it has not introduced itself, by name.

`Property` is the knowledge that is kept; `Reader` is the same knowledge in the form the hot path wants it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from devices.adapter import Property
from devices.events import NOT_YET, UNITS, Kind, Value, canonical
from devices.names import OFF, words_of
from devices.spoken import WORST_FIRST, about, hazard

Scalar = str | bool | int | float

EMERGENCY_ACTIONS = frozenset({"emergency", "panic", "sos"})
"""The only three actions that name an emergency. `fall` (of a cube) is a thing that fell: a gesture like any other."""

IGNORED = frozenset(
    {"linkquality", "last_seen", "elapsed", "update", "update_available", "device", "voltage", "requestKey"}
    | {"action_group", "action_rate", "action_transition_time", "action_step_size", "action_transaction"}
    | {"brightness", "color", "color_temp", "color_mode", "color_options", "level_config", "color_temp_startup"}
    | {"power_on_behavior", "power_outage_count", "trigger_count", "occupancy_timeout", "sensitivity", "identify"}
)
"""Names that are bookkeeping or a setting on every device: no fact about the home."""

BINARY: dict[str, Kind] = {
    "contact": Kind.CONTACT,
    "occupancy": Kind.OCCUPANCY,
    "presence": Kind.OCCUPANCY,
    "motion": Kind.MOTION,
    "pir_detection": Kind.MOTION,
    "bed": Kind.BED,
    "in_bed": Kind.BED,
    "on_bed": Kind.BED,
    "bed_occupied": Kind.BED,
    "bed_occupancy": Kind.BED,
    "bed_presence": Kind.BED,
    "bed_state": Kind.BED,
    "bed_status": Kind.BED,
    "water_leak": Kind.WATER_LEAK,
    "leak": Kind.WATER_LEAK,
    "smoke": Kind.SMOKE,
    "gas": Kind.GAS,
    "carbon_monoxide": Kind.CO,
    "vibration": Kind.VIBRATION,
    "tamper": Kind.TAMPER,
    "sos": Kind.EMERGENCY,
    "panic": Kind.EMERGENCY,
    "emergency": Kind.EMERGENCY,
    "fall": Kind.FALL,
    "fall_detected": Kind.FALL,
    "fire": Kind.SMOKE,
}
"""Two-valued properties that mean the same on every device. A fire alarm is told as smoke: the walk is the same."""

ENUMS: dict[str, Kind] = {"fall_status": Kind.FALL, "fall_down_status": Kind.FALL, "pressure_state": Kind.OCCUPANCY}

NUMBERS: dict[str, Kind] = {
    "temperature": Kind.TEMPERATURE,
    "local_temperature": Kind.TEMPERATURE,
    "humidity": Kind.HUMIDITY,
    "power": Kind.POWER,
    "battery": Kind.BATTERY,
}

IN_WORDS = frozenset(
    {Kind.EMERGENCY, Kind.SMOKE, Kind.GAS, Kind.CO, Kind.WATER_LEAK, Kind.CONTACT, Kind.OCCUPANCY, Kind.VIBRATION}
)
"""Kinds of a property that is neither one of two values nor a number: it says what it says in words."""

FALLEN = frozenset(
    {"fall", "falling", "fallen", "fall_alarm", "fall_detected", "fall_down", "alarm", "detected", "real", "confirmed"}
    | {"true", "on", "yes", "1"}
)
"""Words of a fall detector that mean that somebody fell, and those with one of `FELL` and no word of an end in them."""
FELL = frozenset({"fall", "falls", "falling", "fallen", "fell"})
DOUBTS = frozenset({"suspected", "suspect", "possible", "possibly", "maybe", "probable", "probably"})
RISKS = frozenset({"warning", "risk"})
UNDECIDED_FALL = frozenset({"maybe_fall"}) | NOT_YET
UNKNOWN_WORDS = frozenset({"unknown", "unavailable", "invalid", "error"})
ON_WORDS: frozenset[Scalar] = frozenset(
    {"ON", "on", "true", "True", "yes", "detected", "occupied", "present", "in_bed", "low", "Low"} | {True}
)
OFF_WORDS: frozenset[Scalar] = frozenset(
    {"OFF", "off", "false", "False", "no", "none", "clear", "normal", "empty", "unoccupied", "out_of_bed"} | {False}
)

SIREN = re.compile(r"alarm_[a-z]")
"""`smoke_alarm_state` and its like may be a siren that somebody switched on: there the inventory must say more."""
ENDPOINT = re.compile(
    r"(?:_alarm)?(?:_(?:\d{1,3}|[lL]\d{1,2}|left|right|top|bottom|center|middle|(?:ep|ch|th|p|wire_|zone_)\d{1,2}))?$"
)
"""What Zigbee2MQTT hangs onto a name: the endpoint, and for IAS zones which of two alarms it is."""


class How(IntEnum):
    """How a value becomes an event."""

    WORDS = 0
    NUMBER = 1
    PRESS = 2
    TEXT = 3
    FALL = 4
    SPOKEN = 5
    """By `words` where there are any, else in words of its own (`devices.spoken`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One property, ready to be read: everything that does not depend on the value is worked out beforehand."""

    how: How
    kind: Kind
    field: str | None = None
    unit: str | None = None
    words: Mapping[Scalar, Value] | None = None
    scale: float = 1.0
    fahrenheit: bool = False


def plain(name: str) -> str:
    """The name without endpoint or alarm number: `occupancy_1` → `occupancy`, `smoke_alarm_2` → `smoke`."""
    return ENDPOINT.sub("", name, count=1)


def field_of(name: str) -> str | None:
    """The field an event carries: none for a kind's ordinary name, the whole name where there may be several."""
    ordinary = name in BINARY or name in NUMBERS or name in ("state", "action")
    return None if ordinary and name not in ("presence", "local_temperature", "pir_detection") else name


def is_ignored(name: str) -> bool:
    """Whether the name is bookkeeping or a setting, with or without an endpoint."""
    return name in IGNORED or plain(name) in IGNORED


def guess(name: str) -> Property | None:
    """What a property most likely is, of a device that has not introduced itself."""
    if is_ignored(name):
        return None
    base = plain(name)
    if base in ("action", "click"):
        return Property(name=name, kind=Kind.BUTTON)
    if name == "lock_state":
        return Property(name=name, kind=Kind.LOCK, on="locked", off="unlocked")
    if base == "battery_low":
        return Property(name=name, kind=Kind.BATTERY, on=True, off=False)
    if base in ENUMS:
        active = ("sit", "sedentary") if base == "pressure_state" else ()
        return Property(name=name, kind=ENUMS[base], active_values=active)
    if base == "contact":
        return Property(name=name, kind=Kind.CONTACT, on=False, off=True)
    if base in BINARY:
        return Property(name=name, kind=BINARY[base], on=True, off=False)
    if base in NUMBERS and not name.endswith("_alarm"):
        return Property(name=name, kind=NUMBERS[base], unit=UNITS[NUMBERS[base]])
    return None


@lru_cache(maxsize=4096)
def guessed_reader(name: str, described: bool) -> Reader | None:
    """The reader of a value by its name. What no name tells is kept as `other`, unless the device has described itself
    and left it out."""
    prop = guess(name) or (None if described else _alarm(name))
    if prop is not None:
        return reader(prop)
    return None if described or is_ignored(name) else Reader(how=How.TEXT, kind=Kind.OTHER, field=name)


def _alarm(name: str) -> Property | None:
    """A value that nobody described and whose name says what it is about: `smoke_state`, `co_alarm`, `pull_cord`."""
    kind = hazard(name) or about(name)
    if kind is None and hazard(f"{name}_state") in (Kind.SMOKE, Kind.WATER_LEAK):
        kind = hazard(f"{name}_state")
    if kind is None or is_ignored(name) or (kind is not Kind.EMERGENCY and SIREN.search(name)):
        return None
    if kind in WORST_FIRST and kind is not Kind.FALL:
        return Property(name=name, kind=kind, on=True, off=False)
    return Property(name=name, kind=kind) if kind in (Kind.FALL, Kind.OCCUPANCY, Kind.VIBRATION) else None


def reader(prop: Property) -> Reader:
    """The reader of a property."""
    kind, field = prop.kind, field_of(prop.name)
    if kind is Kind.BUTTON:
        return Reader(how=How.PRESS, kind=kind)
    if kind is Kind.FALL and prop.on is None:
        return Reader(how=How.FALL, kind=kind, field=field)
    if prop.active_values and kind is not Kind.OTHER:
        words: dict[Scalar, Value] = {word: canonical(kind, False) for word in OFF_WORDS}
        words.update((word, canonical(kind, True)) for word in prop.active_values)
        return Reader(how=How.WORDS, kind=kind, field=field, words=words)
    if not prop.clear:
        return Reader(how=How.WORDS, kind=kind, field=field, words={})
    if prop.on is not None or prop.off is not None:
        how = How.SPOKEN if kind in WORST_FIRST else How.WORDS
        return Reader(how=how, kind=kind, field=field, words=_words(prop))
    if kind is Kind.OTHER:
        return Reader(how=How.TEXT, kind=kind, field=prop.name, unit=prop.unit)
    if kind in IN_WORDS:
        return Reader(how=How.SPOKEN, kind=kind, field=prop.name)
    unit = UNITS.get(kind, prop.unit)
    return Reader(
        how=How.NUMBER, kind=kind, field=field, unit=unit, scale=prop.scale, fahrenheit=prop.unit in ("°F", "F")
    )


def _words(prop: Property) -> dict[Scalar, Value]:
    """Each value the property may say, and what it means; what is missing means nothing that can be derived."""
    kind = prop.kind
    if kind is Kind.OTHER:
        meanings: tuple[Value, Value] = (True, False)
    elif kind is Kind.BATTERY:
        meanings = ("low", "ok")
    else:
        meanings = (canonical(kind, True), canonical(kind, False))
    words: dict[Scalar, Value] = {}
    if kind is Kind.LOCK:
        words.update({"not_fully_locked": meanings[1]})
    elif kind not in (Kind.CONTACT, Kind.COVER):
        words.update((word, meanings[0]) for word in ON_WORDS)
        words.update((word, meanings[1]) for word in OFF_WORDS)
    if prop.off is not None:
        words[prop.off] = meanings[1]
    if prop.on is not None:
        words[prop.on] = meanings[0]
    return words


def number(value: object, how: Reader) -> Value:
    """A number in the kind's unit; a value that is no reading (`-1` percent, `nan`, a word) is `None`."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    if how.kind is Kind.BATTERY and not 0 <= value <= 100:
        return None
    if how.fahrenheit:
        return round((value - 32) / 1.8, 2)
    return value if how.scale == 1.0 else round(value * how.scale, 6)


def fall(value: object) -> Value:
    """What a fall detector's word means: fallen, not fallen, its doubt verbatim, or nothing that can be derived."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    word = value.strip().lower()
    said = set(words_of(word))
    if word in UNDECIDED_FALL:
        return word
    if word in FALLEN:
        return True
    if not word or word in UNKNOWN_WORDS:
        return None
    if said & DOUBTS:
        return word
    if said & RISKS:
        return "fall_warning"
    return bool(said & FELL) and not said & OFF

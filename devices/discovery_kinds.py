"""What a discovered thing is: by Home Assistant's device class, and by its own name where it has none.

Sources: Home Assistant's documentation "Binary sensor" and "Sensor" (device classes, and which state means what). In a
binary sensor `on` is open, detected, low, unlocked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from devices.events import EMERGENCY_KINDS, UNITS, Kind
from devices.names import guess, words_of
from devices.zigbee2mqtt_properties import BINARY as BINARY_NAMES
from devices.zigbee2mqtt_properties import plain

BINARY: Mapping[str, Kind] = {
    "battery": Kind.BATTERY,
    "carbon_monoxide": Kind.CO,
    "connectivity": Kind.AVAILABILITY,
    "door": Kind.CONTACT,
    "garage_door": Kind.CONTACT,
    "gas": Kind.GAS,
    "lock": Kind.LOCK,
    "moisture": Kind.WATER_LEAK,
    "motion": Kind.MOTION,
    "occupancy": Kind.OCCUPANCY,
    "opening": Kind.CONTACT,
    "presence": Kind.OCCUPANCY,
    "safety": Kind.EMERGENCY,
    "smoke": Kind.SMOKE,
    "tamper": Kind.TAMPER,
    "vibration": Kind.VIBRATION,
    "window": Kind.CONTACT,
}
"""Classes of binary sensors that are a kind of ours; all others are `other`."""
ON_IS_INACTIVE = frozenset({Kind.LOCK})
"""A lock that is `on` is unlocked."""

NUMBERS: Mapping[str, Kind] = {
    "battery": Kind.BATTERY,
    "humidity": Kind.HUMIDITY,
    "power": Kind.POWER,
    "temperature": Kind.TEMPERATURE,
}
POWER_SCALE: Mapping[str, float] = {"W": 1.0, "kW": 1000.0, "MW": 1e6, "mW": 0.001, "": 1.0}
DEGREES: Mapping[str, tuple[float, float]] = {
    "°C": (1.0, 0.0),
    "C": (1.0, 0.0),
    "": (1.0, 0.0),
    "°F": (1 / 1.8, -32 / 1.8),
    "F": (1 / 1.8, -32 / 1.8),
    "K": (1.0, -273.15),
}

SAYS_IT_CALLS = re.compile(
    r"\b(?:sos|panic|emergency|distress|notruf|hilferuf|pendant)(?:button|call|alarm|key)?\d{0,3}\b|\bpull[ -]?cord\b"
    r"|\b(?:alarm|help|call|nurse|assistance)[ -](?:button|bell|cord|point|call|pull)\b|\b(?:personal|nurse) alarm\b",
    re.IGNORECASE,
)
"""What the name or model of a device that calls for help says."""
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
EMERGENCY = re.compile(
    r"(?:^|_)(?:sos|panic|emergency|distress|duress|notruf|hilferuf)(?:button|call|alarm|key|taste|knopf)?\d{0,3}(?:_|$)"
)
NOT_ITSELF = frozenset(
    {"battery", "low", "led", "light", "enable", "enabled", "mode", "test", "mute", "silence", "signal", "linkquality"}
    | {
        "rssi",
        "lqi",
        "volume",
        "siren",
        "heating",
        "heat",
        "exit",
        "brake",
        "count",
        "counter",
        "last",
        "number",
        "off",
    }
    | {"cancel", "clear", "cleared", "reset", "release", "released", "duration", "delay", "cloud", "connected", "fault"}
    | {"connection", "online", "status", "problem", "tamper", "temperature", "version", "update", "contact", "stop"}
)
"""Words that make of an emergency something about it: its battery, its test, its end."""
PRESSED = frozenset({"button", "press", "pressed", "push", "call", "key", "cord", "pull", "pulled", "bell", "alarm"})
TOLD_AT_ONCE = EMERGENCY_KINDS | {Kind.WATER_LEAK}
SAYS_SO = frozenset(
    {"alarm", "alert", "warning", "detected", "detection", "detector", "status", "state", "event", "sensor", "leak"}
    | {"active", "triggered"}
)
"""What may stand beside the name of a hazard that is meant; with any other word it may be something about it."""
CALLED = frozenset({"button", "press", "pressed", "call", "alarm", "requested", "request", "needed"})
HAZARDS: tuple[tuple[frozenset[str], frozenset[str], Kind], ...] = (
    (frozenset({"fall", "fallen"}), SAYS_SO | {"person", "resident", "human", "down", "radar", "bed"}, Kind.FALL),
    (frozenset({"mandown"}), SAYS_SO, Kind.FALL),
    (frozenset({"co", "carbonmonoxide"}), SAYS_SO, Kind.CO),
    (frozenset({"gas"}), SAYS_SO | {"natural", "combustible", "methane", "lpg"}, Kind.GAS),
    (frozenset({"fire"}), SAYS_SO | {"smoke"}, Kind.SMOKE),
    (frozenset({"pendant"}), CALLED, Kind.EMERGENCY),
    (frozenset({"help", "assistance"}), CALLED, Kind.EMERGENCY),
    (frozenset({"call"}), CALLED | {"nurse", "resident", "bell", "point", "cord", "system"}, Kind.EMERGENCY),
)
"""Names of hazards that have no class in Home Assistant, or whose maker gave none."""
PLACES = frozenset(
    {"room", "bathroom", "bedroom", "toilet", "wc", "shower", "hall", "corridor", "lounge", "kitchen", "living"}
    | {"floor", "ground", "first", "second", "left", "right", "annexe", "zone", "the", "of"}
)
"""Where a thing is says nothing of what it is."""
OPENS = frozenset({"door", "window", "opening", "gate"})
MOVES = frozenset({"motion", "pir", "movement"})
THERE = frozenset({"occupancy", "occupied", "presence", "present"})
LIES = frozenset({"bed", "mattress"})
IN_BED = frozenset({"in", "on", "mat", "pad", "sensor", "status", "state", "person", *THERE})
WET = frozenset({"leak", "flood", "leakage"})
OF_THE_NODE = frozenset({"status", "connection", "connectivity", "online", "availability", "connected", "state", "api"})
"""How a device calls the one thing that says whether it is there itself."""
SPEAKS = re.compile(r"\b(?:speak|speaker|speech|say|tts|voice|announce|announcement)\b", re.IGNORECASE)


@lru_cache(maxsize=1024)
def slug(name: str) -> str:
    """A name as an identifier: `SOS Button`, `SOSButton` → `sos_button`."""
    return re.sub(r"[^a-z0-9]+", "_", HUMP.sub("_", name[:400]).casefold()).strip("_")


def says_it_calls(*names: str) -> re.Match[str] | None:
    """Where one of these names says that the device calls for help."""
    return SAYS_IT_CALLS.search(" ".join(HUMP.sub(" ", name[:400]) for name in names).replace("_", " "))


def names_emergency(name: str) -> bool:
    """Whether a name says that the thing itself is an emergency, and not its battery or its end."""
    return EMERGENCY.search(name) is not None and NOT_ITSELF.isdisjoint(name.split("_"))


def binary_kind(device_class: str, name: str, says_it_calls: bool) -> Kind:
    """What a binary sensor is; `name` is its own, as `slug` writes it."""
    if device_class in ("", "None", "safety", "problem", "running", "sound") and names_emergency(name):
        return Kind.EMERGENCY
    if device_class in BINARY:
        return BINARY[device_class]
    if device_class not in ("", "None"):
        return Kind.OTHER
    base = plain(name)
    if base in BINARY_NAMES and BINARY_NAMES[base] is not Kind.CONTACT:
        return BINARY_NAMES[base]
    words = set(name.split("_"))
    if says_it_calls and words & PRESSED and not words & NOT_ITSELF:
        return Kind.EMERGENCY
    return _by_words(words)


def hazard(words: frozenset[str]) -> Kind | None:
    """What a name that is nothing but a hazard's means; a fire and a heat alarm are told as smoke."""
    words = frozenset(word for word in words if not word.isdigit()) - PLACES
    if {"carbon", "monoxide"} <= words:
        words = words - {"carbon", "monoxide"} | {"co"}
    if {"man", "down"} <= words:
        words = words - {"man", "down"} | {"mandown"}
    if "heat" in words and words & {"alarm", "detector", "detected"} and words <= SAYS_SO | {"heat"}:
        return Kind.SMOKE
    return next((kind for names, beside, kind in HAZARDS if words & names and words <= names | beside), None)


def alarm_of(device: str) -> Kind:
    """What the bare *alarm* of a device is, by what the device is called: of a smoke detector it is smoke."""
    found = guess(" ".join(word for word in words_of(device) if word != "sensor" and not word.isdigit()) + " alarm")
    return found.kind if found is not None and found.kind in TOLD_AT_ONCE else Kind.OTHER


def _by_words(words: set[str]) -> Kind:
    if "battery" in words and "low" in words:
        return Kind.BATTERY
    kind_of = hazard(frozenset(words))
    if kind_of is not None:
        return kind_of
    if words & (NOT_ITSELF - {"status"}):
        return Kind.OTHER
    if words & LIES and (words & THERE or words <= LIES | IN_BED):
        return Kind.BED
    for found, kind in ((OPENS, Kind.CONTACT), (MOVES, Kind.MOTION), (THERE, Kind.OCCUPANCY), (WET, Kind.WATER_LEAK)):
        if words & found:
            return kind
    return next((Kind(word) for word in ("vibration", "smoke") if word in words), Kind.OTHER)


def number_of(device_class: str, name: str, unit: str) -> tuple[Kind, str | None, float, float]:
    """What a sensor's number is: kind, unit, and what makes our unit of it: times this, plus that."""
    kind = NUMBERS.get(device_class)
    if kind is None and device_class in ("", "None") and unit:
        kind = NUMBERS.get(plain(name))
    if kind is Kind.TEMPERATURE and unit in DEGREES:
        scale, offset = DEGREES[unit]
        return kind, UNITS[kind], scale, offset
    if kind is Kind.POWER and unit in POWER_SCALE:
        return kind, UNITS[kind], POWER_SCALE[unit], 0.0
    if kind in (Kind.BATTERY, Kind.HUMIDITY) and unit in ("%", ""):
        return kind, UNITS[kind], 1.0, 0.0
    return Kind.OTHER, unit or None, 1.0, 0.0

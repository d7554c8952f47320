"""What a discovered thing is: by Home Assistant's device class, and by its own name where it has none.

Sources: Home Assistant's documentation "Binary sensor" and "Sensor" (device classes, and which state means what). In a
binary sensor `on` is open, detected, low, unlocked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from devices.events import UNITS, Kind
from devices.names import guess, words_of
from devices.spoken import UNSURE, WORST_FIRST, about, alarming, falls, hazard
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
NOT_A_CALL_FOR_HELP = (
    NOT_ITSELF
    | UNSURE
    | {
        *(
            "memory",
            "history",
            "trouble",
            "bypass",
            "bypassed",
            "level",
            "lights",
            "lighting",
            "lamp",
            "operation",
            "load",
        ),
        *(
            "shutoff",
            "generator",
            "power",
            "supply",
            "heater",
            "boiler",
            "overheat",
            "overcurrent",
            "overvoltage",
            "door",
        ),
        *(
            "undervoltage",
            "contacts",
            "phone",
            "vehicle",
            "window",
            "gate",
            "supported",
            "available",
            "charge",
            "charging",
        ),
        *("reserve", "soc", "backup", "shutdown", "cooling", "ventilation", "fan", "pump", "valve", "water", "escape"),
        *("route", "service", "services"),
    }
)
"""The same, and what else is called after an emergency: its generator, its lighting, its door."""
SAFETY_OF = frozenset(
    {
        "rain",
        "weather",
        "storm",
        "wind",
        "frost",
        "freeze",
        "ice",
        "hail",
        "lightning",
        "warranty",
        "bounds",
        "geofence",
    }
    | {
        "armed",
        "overload",
        "overheat",
        "overheating",
        "overcurrent",
        "overvoltage",
        "undervoltage",
        "voltage",
        "current",
    }
    | {"pressure", "filter", "security", "firewall", "backup", "printer", "vehicle", "car", "child", "lock", "cover"}
    | {"ready", "protection", "airspace", "sky", "roof"}
)
"""Of a thing with one of these words the class `safety` says that it is not safe, and not that somebody calls."""
PRESSED = frozenset({"button", "press", "pressed", "push", "call", "key", "cord", "pull", "pulled", "bell", "alarm"})
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
    return EMERGENCY.search(name) is not None and NOT_A_CALL_FOR_HELP.isdisjoint(name.split("_"))


def binary_kind(device_class: str, name: str, says_it_calls: bool, *names: str) -> Kind:
    """What a binary sensor is; `name` is all that it is called by, as `slug` writes it, `names` each for itself."""
    if device_class in VAGUE:
        if names_emergency(name):
            return Kind.EMERGENCY
        found = _by_name((name, *names))
        if found is not None:
            return found
    if device_class == "safety":
        return _of_safety(name, says_it_calls, names)
    if device_class in BINARY:
        return BINARY[device_class]
    if device_class not in ("", "none"):
        return Kind.OTHER
    named = _named((name, *names))
    if named is not None:
        return named
    words = set(name.split("_"))
    if says_it_calls and words & PRESSED and not words & NOT_A_CALL_FOR_HELP:
        return Kind.EMERGENCY
    return _by_words(name)


def happened(said: str) -> Kind | None:
    """What happened by the word for it (`sos`, `fall_detected`, `smoke_alarm`); `None` where it is a gesture.

    `fall` alone is one: a cube's, which somebody dropped.
    """
    name = slug(said[:64])
    if names_emergency(name):
        return Kind.EMERGENCY
    if falls(name) and name != "fall":
        return Kind.FALL
    kind = about(name)
    return kind if kind in WORST_FIRST and alarming(name) else None


VAGUE = frozenset({"", "none", "safety", "problem", "running", "sound", "heat"})
"""Classes that do not say of what: there a name that does is believed."""


def _by_name(names: tuple[str, ...]) -> Kind | None:
    """An alarm that one of these names is, and nothing but that."""
    if any(map(falls, names)):
        return Kind.FALL
    found = (about(f"{name}_alarm") if name else None for name in names)
    return next((kind for kind in found if kind in WORST_FIRST and kind is not Kind.EMERGENCY), None)


def alarm_of(device: str) -> Kind:
    """What the bare *alarm* of a device is, by what the device is called: of a smoke detector it is smoke."""
    found = guess(" ".join(word for word in words_of(device) if word != "sensor" and not word.isdigit()) + " alarm")
    return found.kind if found is not None and found.kind in WORST_FIRST else Kind.OTHER


def _named(names: tuple[str, ...]) -> Kind | None:
    """The kind that one of these names is the ordinary name of; `contact` alone does not say which way round."""
    found = (BINARY_NAMES.get(plain(name)) for name in names)
    return next((kind for kind in found if kind is not None and kind is not Kind.CONTACT), None)


def _of_safety(name: str, says_it_calls: bool, names: tuple[str, ...]) -> Kind:
    """`safety` is what people give a panic button, and what they give a thing that is not safe."""
    words = set(name.split("_"))
    if says_it_calls and words & PRESSED:
        return Kind.EMERGENCY
    kind = _named((name, *names)) or _by_words(name)
    if kind is not Kind.OTHER:
        return kind
    return Kind.OTHER if words & (NOT_ITSELF | UNSURE | SAFETY_OF) else Kind.EMERGENCY


def _by_words(name: str) -> Kind:
    words = set(name.split("_"))
    if "battery" in words and "low" in words:
        return Kind.BATTERY
    called = hazard(name)
    if called is not None and not (called is Kind.EMERGENCY and "status" in words):
        return called
    if words & ((NOT_ITSELF | UNSURE) - {"status"}):
        return Kind.OTHER
    if words & LIES and (words & THERE or words <= LIES | IN_BED):
        return Kind.BED
    for found, kind in ((OPENS, Kind.CONTACT), (MOVES, Kind.MOTION), (THERE, Kind.OCCUPANCY), (WET, Kind.WATER_LEAK)):
        if words & found:
            return kind
    return next((Kind(word) for word in ("vibration", "smoke") if word in words), Kind.OTHER)


SCENES = ("scene_state", "central_scene")
SCENE_WORDS: Mapping[str, str] = {
    "0": "single",
    "1": "release",
    "2": "hold",
    "3": "double",
    "4": "triple",
    "KeyPressed": "single",
    "KeyReleased": "release",
    "KeyHeldDown": "hold",
    "KeyPressed2x": "double",
}
"""Z-Wave's central scenes, which its gateways introduce as sensors: what each says that a button was given."""
IS_SO: Mapping[str, bool] = dict.fromkeys(("active", "activated", "triggered", "alert"), True)
"""Words of something that is called a fall; of a movement they say nothing of one."""
FALLEN = frozenset({"falling", "fall_alarm", "fall_detected"})


def in_words(name: str, names: tuple[str, ...], options: object) -> Kind | None:
    """What a sensor is about that tells it in words; `name` and `names` as of a binary sensor."""
    listed = {said for said in options if isinstance(said, str)} if isinstance(options, list) else set()
    if any(map(falls, names)) or listed & FALLEN:
        return Kind.FALL
    if names_emergency(name):
        return Kind.EMERGENCY
    found = next((kind for kind in map(about, names) if kind is not None), None) or hazard(name)
    if found is None and any(map(alarming, listed)):
        found = _by_name(names)
    return found


def number_of(device_class: str, name: str, unit: str) -> tuple[Kind, str | None, float, float]:
    """What a sensor's number is: kind, unit, and what makes our unit of it: times this, plus that."""
    kind = NUMBERS.get(device_class)
    if kind is None and device_class in ("", "none") and (unit or name == "battery"):
        kind = NUMBERS.get(plain(name))
    if kind is Kind.TEMPERATURE and unit in DEGREES:
        scale, offset = DEGREES[unit]
        return kind, UNITS[kind], scale, offset
    if kind is Kind.POWER and unit in POWER_SCALE:
        return kind, UNITS[kind], POWER_SCALE[unit], 0.0
    if kind in (Kind.BATTERY, Kind.HUMIDITY) and unit in ("%", ""):
        return kind, UNITS[kind], 1.0, 0.0
    return Kind.OTHER, unit or None, 1.0, 0.0

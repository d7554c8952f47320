"""What a device says in words of its own: `Smoke detected`, `alarm`, `water_leakage_yes`, `Window/door is open`.

Where a value is a word and not one of two announced ones, its name tells what it is about (`co_state`, `smoke alarm
sensor status`) and its words tell whether it is so. Where a thing is says nothing of what it is; a name with another
word in it that is not known here is about something else: the maintenance of a detector, the silence of its siren. A
test, a silenced siren and a doubt are no alarm and no end of one.

Sources: the enumerations that Zigbee2MQTT exposes; the Z-Wave Alliance's list of notification types, as Z-Wave JS UI
publishes it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from devices.events import Kind, Value
from devices.names import OF_A_CALL, OFF, ON, UNKNOWN, opening, words_of

WORST_FIRST = (Kind.EMERGENCY, Kind.FALL, Kind.SMOKE, Kind.CO, Kind.GAS, Kind.WATER_LEAK)
"""What a word can say that nobody may wait for, the most serious first."""

NAMED: dict[str, Kind] = {
    **dict.fromkeys(("sos", "panic", "emergency"), Kind.EMERGENCY),
    **dict.fromkeys(("smoke", "fire"), Kind.SMOKE),
    **dict.fromkeys(("co", "carbon", "monoxide"), Kind.CO),
    "gas": Kind.GAS,
    **dict.fromkeys(("leak", "leakage", "flood", "flooding", "water"), Kind.WATER_LEAK),
    "motion": Kind.MOTION,
    "presence": Kind.OCCUPANCY,
    "occupancy": Kind.OCCUPANCY,
    **dict.fromkeys(("door", "window", "contact"), Kind.CONTACT),
}
"""What one word of a name says that the value is about."""
STATES = frozenset({"state", "status", "alarm", "alert", "detected", "detection", "event"})
"""One of these must stand beside it: `gas` alone may be what a meter counts, `smoke` how dense it is."""
BESIDE = STATES | {
    "sensor",
    "detector",
    "notification",
    "access",
    "control",
    "home",
    "security",
    "simple",
    "combustible",
    "warning",
}
"""All that may stand beside it; any other word makes it something else (`water level`, `gas valve`, `co test`)."""
OF_THE_AIR = frozenset({"natural", "methane", "lpg", "active", "triggered"})
"""The same of smoke, carbon monoxide and gas alone: the water of a boiler is active."""
SAYS_SO = STATES | {"sensor", "detector", "warning", "active", "triggered"}
"""A name of these alone says that there is an alarm, and not of what."""
PLACES = frozenset(
    {"room", "bathroom", "bedroom", "toilet", "wc", "shower", "hall", "corridor", "lounge", "kitchen", "living"}
    | {"floor", "ground", "first", "second", "left", "right", "annexe", "zone", "the", "of", "dining", "office", "flat"}
    | {"sink", "basin", "bath", "tub", "laundry", "cellar", "basement", "attic", "stairs", "landing", "ward", "wing"}
)
"""Where a thing is says nothing of what it is."""
CARBON_DIOXIDE = re.compile(r"co[ _-]?[2₂]", re.IGNORECASE)
MORE_ON = frozenset({"carbon", "monoxide", "danger", "critical", "warning", "police", "medical", "help"})
UNSURE = UNKNOWN | {
    *("silenced", "silence", "muted", "mute", "hush", "hushed", "paused", "pre", "replace", "replacement"),
    *("maintenance", "inspection", "life", "fault", "failure", "failed", "malfunction", "dust", "dirty", "checking"),
    *("battery", "tamper", "tampered", "sabotage", "intrusion", "burglar", "burglary"),
    *("detecting", "learning", "calibrating", "preheating", "warming", "warmup"),
}
"""A word that speaks of the detector and its battery, of its siren sounding for thieves, or of an alarm that somebody
silenced: nothing that can be derived."""


@lru_cache(maxsize=4096)
def about(name: str) -> Kind | None:
    """What a value in words is about, by its name; `None` where the name does not tell or says more."""
    if CARBON_DIOXIDE.search(name):
        return None
    words = _bare(name)
    kinds = [NAMED[word] for word in words if word in NAMED]
    if not kinds:
        return None
    kind = Kind.GAS if kinds[0] is Kind.WATER_LEAK and Kind.GAS in kinds else kinds[0]
    leaks_gas = kind is Kind.GAS and "leak" in words
    beside = BESIDE | OF_THE_AIR if kind in (Kind.SMOKE, Kind.CO, Kind.GAS) else BESIDE
    if not (leaks_gas or STATES.intersection(words)) or any(word not in NAMED and word not in beside for word in words):
        return None
    if kind is Kind.WATER_LEAK and set(words) <= {"water", "state", "status", "event"}:
        return None  # the state of the water: hot, shut off, running
    return kind


def _bare(name: str) -> list[str]:
    """The words of a name without those that say where it is."""
    return [word for word in words_of(name) if not word.isdigit() and word not in PLACES]


FALLS = frozenset({"fall", "falls", "falling", "fallen", "fell"})
FALLS_BESIDE = FALLS | {
    *("detect", "detected", "detection", "detector", "sensor", "status", "state", "alarm", "alert", "event", "down"),
    *("information", "info", "person", "people", "human", "body", "resident", "bed", "radar"),
    *("warning", "active", "triggered", "man", "mandown"),
}
"""What may stand beside it where a person fell: the falls of leaves, prices and doors have other words too."""


@lru_cache(maxsize=4096)
def falls(name: str) -> bool:
    """Whether a name says that somebody falls, or that a man is down."""
    words = set(_bare(name))
    return bool(words & FALLS or "mandown" in words or {"man", "down"} <= words) and words <= FALLS_BESIDE


CALLING = frozenset({"sos", "panic", "emergency", "distress", "duress", "call", "help", "assistance", "pendant"})
OF_CALLING = OF_A_CALL | frozenset(
    {"duress", "assistance", "nurse", "resident", "personal", "bell", "point", "system", "requested", "needed"}
)
"""What may stand beside it where somebody calls: a call that somebody is *in* is made by telephone."""
PERSONAL = ({"pull", "cord"}, {"pulled", "cord"}, {"alarm", "cord"}, {"alarm", "button"}, {"personal", "alarm"})
HOT = frozenset({"alarm", "detector", "detected"})


@lru_cache(maxsize=4096)
def hazard(name: str) -> Kind | None:
    """The hazard or call that a name says, and nothing but that; a heat alarm is told as smoke."""
    if falls(name):
        return Kind.FALL
    words = set(_bare(name))
    if (words & CALLING or any(map(words.issuperset, PERSONAL))) and words <= OF_CALLING:
        return Kind.EMERGENCY
    if "heat" in words and words & HOT and words <= SAYS_SO | {"heat"}:
        return Kind.SMOKE
    kind = about(name)
    return kind if kind in WORST_FIRST and kind is not Kind.EMERGENCY else None


@lru_cache(maxsize=4096)
def alarming(said: str) -> bool | None:
    """Whether a word says that it is so; `None` where it does not say."""
    words = set(words_of(said))
    if not words or words & UNSURE or said.strip().isdigit():
        return None
    if words & OFF:
        return False
    return True if words & (ON | MORE_ON) else None


def spoken(kind: Kind, said: object) -> Value:
    """The value of a kind that a device told in words of its own, or by a truth value."""
    if isinstance(said, bool):
        return said if kind is not Kind.CONTACT else None
    if not isinstance(said, str) or len(said) > 200:
        return None
    return opening(said, None) if kind is Kind.CONTACT else alarming(said)

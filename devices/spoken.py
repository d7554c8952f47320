"""What a device says in words of its own: `Smoke detected`, `alarm`, `water_leakage_yes`, `Window/door is open`.

Where a value is a word and not one of two announced ones, its name tells what it is about (`co_state`, `smoke alarm
sensor status`) and its words tell whether it is so. A name with a word in it that is not known here is about something
else: the maintenance of a detector, the silence of its siren. A test, a silenced siren and a doubt are no alarm and no
end of one.

Sources: the enumerations that Zigbee2MQTT exposes; the Z-Wave Alliance's list of notification types, as Z-Wave JS UI
publishes it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from devices.events import Kind, Value
from devices.names import OFF, ON, UNKNOWN, opening, words_of

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
}
"""All that may stand beside it; any other word makes it something else (`water level`, `gas valve`, `co test`)."""
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
    words = [word for word in words_of(name) if not word.isdigit()]
    kinds = [NAMED[word] for word in words if word in NAMED]
    if not kinds or not STATES.intersection(words) or any(word not in NAMED and word not in BESIDE for word in words):
        return None
    if kinds[0] is Kind.WATER_LEAK and set(words) <= {"water", "state", "status", "event"}:
        return None  # the state of the water: hot, shut off, running
    return kinds[0]


FALLS = frozenset({"fall", "falls", "falling", "fallen", "fell"})
FALLS_BESIDE = FALLS | {
    *("detect", "detected", "detection", "detector", "sensor", "status", "state", "alarm", "alert", "event", "down"),
    *("information", "info", "person", "people", "human", "body"),
}
"""What may stand beside it where a person fell: the falls of leaves, prices and doors have other words too."""


@lru_cache(maxsize=4096)
def falls(name: str) -> bool:
    """Whether a name says that somebody falls."""
    words = {word for word in words_of(name) if not word.isdigit()}
    return bool(words & FALLS) and words <= FALLS_BESIDE


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

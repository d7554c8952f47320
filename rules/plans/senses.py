"""What a plan can sense: the words people write, the kind of event behind each, and which devices say it.

A sense is not a device. A plan says `{bed: empty}`, and the bed sensor of the room is found by what it was placed for.
Nothing that calls for help is a sense: staff are told of it at once, and no rule may stand before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from devices.events import TWO_WORDS, UNITS, Kind
from devices.registry import CALLS, Purpose

_ANY = (
    *(Purpose.OTHER, Purpose.MOTION, Purpose.DOOR, Purpose.BED, Purpose.SWITCH, Purpose.LIGHT),
    *(Purpose.SOUNDER, Purpose.SIREN),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sense:
    """One thing that a plan can sense."""

    sense: str
    """The word in a plan: `bed`, `temperature_c`."""
    kind: Kind
    purposes: tuple[Purpose, ...]
    """What its devices were placed for; the first is looked for first."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What may be written, and the value it stands for; empty where it is a number."""
    any_word: bool = False
    """Any other small word is a value too: the gesture of a button."""
    is_need: bool = True
    """What happens there may mean that somebody needs help: a rule that watches it must end with staff."""

    @property
    def is_number(self) -> bool:
        """Whether it has bounds instead of words."""
        return not self.words


def _words(kind: Kind) -> dict[str, str]:
    return {word: word for word in TWO_WORDS[kind]}


_SEEN = {"detected": "detected", "clear": "clear"}
_ALL = (
    Sense(sense="bed", kind=Kind.BED, purposes=(Purpose.BED,), words=_words(Kind.BED)),
    Sense(sense="door", kind=Kind.CONTACT, purposes=(Purpose.DOOR,), words=_words(Kind.CONTACT)),
    Sense(sense="motion", kind=Kind.MOTION, purposes=(Purpose.MOTION,), words=_SEEN),
    Sense(sense="contact", kind=Kind.CONTACT, purposes=(Purpose.OTHER,), words=_words(Kind.CONTACT)),
    Sense(sense="occupancy", kind=Kind.OCCUPANCY, purposes=(Purpose.OTHER,), words=_SEEN),
    Sense(sense="vibration", kind=Kind.VIBRATION, purposes=(Purpose.OTHER,), words=_SEEN),
    Sense(
        sense="button",
        kind=Kind.BUTTON,
        purposes=(Purpose.OTHER, Purpose.SWITCH),
        words={"pressed": ""},
        any_word=True,
    ),
    Sense(sense="light", kind=Kind.LIGHT, purposes=(Purpose.LIGHT,), words=_words(Kind.LIGHT), is_need=False),
    Sense(sense="switch", kind=Kind.SWITCH, purposes=(Purpose.SWITCH,), words=_words(Kind.SWITCH), is_need=False),
    Sense(
        sense="cover",
        kind=Kind.COVER,
        purposes=(Purpose.OTHER, Purpose.SWITCH),
        words=_words(Kind.COVER),
        is_need=False,
    ),
    Sense(sense="lock", kind=Kind.LOCK, purposes=(Purpose.OTHER, Purpose.DOOR), words=_words(Kind.LOCK)),
    Sense(sense="temperature_c", kind=Kind.TEMPERATURE, purposes=_ANY),
    Sense(sense="humidity_pct", kind=Kind.HUMIDITY, purposes=_ANY),
    Sense(sense="power_w", kind=Kind.POWER, purposes=(Purpose.SWITCH, Purpose.OTHER, Purpose.LIGHT), is_need=False),
    Sense(sense="battery_pct", kind=Kind.BATTERY, purposes=_ANY, is_need=False),
)
SENSES: Mapping[str, Sense] = {one.sense: one for one in _ALL}
_OPPOSITE = {"detected": "clear", "clear": "detected"} | {
    word: other for pair in TWO_WORDS.values() for word, other in (pair, pair[::-1])
}


def senses_of(kind: str, purpose: Purpose) -> Sense | None:
    """The sense by which a device of this purpose says this kind; None where it is none."""
    found = [one for one in _ALL if one.kind == kind and purpose in one.purposes]
    return found[0] if found and purpose not in CALLS else None


def opposite(kind: str, value: str) -> str:
    """The other word of a kind that has two; `""` where there is no other one."""
    known = {word for one in _ALL if one.kind == kind and not one.any_word for word in one.words.values()}
    return _OPPOSITE.get(value, "") if value in known else ""


def plainly_is(kind: str, value: str) -> str:
    """What a value of a kind means, as a clause's end: `is empty`, `is open`, `notices movement`."""
    if value == "":
        return _ANYTHING.get(kind, "says anything")
    return _CLAUSE.get((kind, value), f"is {value}")


_ANYTHING = {Kind.BUTTON.value: "is pressed", Kind.CONTACT.value: "is opened or closed", Kind.BED.value: "is used"}
_CLAUSE = {
    (Kind.MOTION.value, "detected"): "notices movement",
    (Kind.MOTION.value, "clear"): "notices no movement",
    (Kind.OCCUPANCY.value, "detected"): "notices somebody",
    (Kind.OCCUPANCY.value, "clear"): "notices nobody",
    (Kind.VIBRATION.value, "detected"): "is shaken",
    (Kind.VIBRATION.value, "clear"): "is still",
    (Kind.BUTTON.value, "single"): "is pressed once",
    (Kind.BUTTON.value, "double"): "is pressed twice",
    (Kind.BUTTON.value, "hold"): "is held down",
}
UNIT_OF: Mapping[str, str] = {kind.value: unit for kind, unit in UNITS.items()}

"""How single values are written in a plan: the words of a sense, an answer and what it means, by day and by night."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from hub.config.problems import nearest, one_of
from hub.config.words import wrong
from rules.plans.senses import SENSES

_GESTURE = re.compile(r"[a-z0-9_]{1,40}")
HOW = ("full", "aided", "reduced", "none")
MEANINGS = ("settles", "tells", "kept")
CARER = ("present", "absent")
StateOrNot = tuple[str, bool]
"""A word of a sense, and whether it must not be so."""


def word_of(sense: str, written: object) -> str:
    """The word of a sense, as it is written; raises pydantic's error with the nearest one."""
    known = SENSES[sense]
    if isinstance(written, str) and (written in known.words or (known.any_word and _GESTURE.fullmatch(written))):
        return written
    more = " or a gesture such as single, double or hold" if known.any_word else ""
    meant = nearest(written, known.words) if isinstance(written, str) else ""
    raise wrong(one_of(known.words) + more, meant)


def _word(sense: str) -> BeforeValidator:
    return BeforeValidator(lambda written: word_of(sense, written))


def _schema_of(sense: str) -> dict[str, Any]:
    known = SENSES[sense]
    return {"type": "string", **({"examples": list(known.words)} if known.any_word else {"enum": list(known.words)})}


def _enum(sense: str) -> WithJsonSchema:
    return WithJsonSchema(_schema_of(sense))


def _or_not(sense: str) -> BeforeValidator:
    def read(written: object) -> StateOrNot:
        if isinstance(written, dict) and set(written) == {"not"}:
            return word_of(sense, written["not"]), True
        if isinstance(written, dict):
            raise wrong(f"{one_of(SENSES[sense].words)}, or {{not: …}}")
        return word_of(sense, written), False

    return BeforeValidator(read)


def _enum_or_not(sense: str) -> WithJsonSchema:
    one = _schema_of(sense)
    negated = {"type": "object", "properties": {"not": one}, "required": ["not"], "additionalProperties": False}
    return WithJsonSchema({"anyOf": [one, negated]})


Bed = Annotated[str, _word("bed"), _enum("bed")]
Door = Annotated[str, _word("door"), _enum("door")]
Motion = Annotated[str, _word("motion"), _enum("motion")]
Contact = Annotated[str, _word("contact"), _enum("contact")]
Occupancy = Annotated[str, _word("occupancy"), _enum("occupancy")]
Vibration = Annotated[str, _word("vibration"), _enum("vibration")]
Button = Annotated[str, _word("button"), _enum("button")]
LightWord = Annotated[str, _word("light"), _enum("light")]
SwitchWord = Annotated[str, _word("switch"), _enum("switch")]
CoverWord = Annotated[str, _word("cover"), _enum("cover")]
LockWord = Annotated[str, _word("lock"), _enum("lock")]

BedOrNot = Annotated[StateOrNot, _or_not("bed"), _enum_or_not("bed")]
DoorOrNot = Annotated[StateOrNot, _or_not("door"), _enum_or_not("door")]
MotionOrNot = Annotated[StateOrNot, _or_not("motion"), _enum_or_not("motion")]
ContactOrNot = Annotated[StateOrNot, _or_not("contact"), _enum_or_not("contact")]
OccupancyOrNot = Annotated[StateOrNot, _or_not("occupancy"), _enum_or_not("occupancy")]
LightOrNot = Annotated[StateOrNot, _or_not("light"), _enum_or_not("light")]
SwitchOrNot = Annotated[StateOrNot, _or_not("switch"), _enum_or_not("switch")]
CoverOrNot = Annotated[StateOrNot, _or_not("cover"), _enum_or_not("cover")]
LockOrNot = Annotated[StateOrNot, _or_not("lock"), _enum_or_not("lock")]


def _choice(names: Iterable[str]) -> tuple[Callable[[object], str], WithJsonSchema]:
    known = list(names)

    def read(written: object) -> str:
        if isinstance(written, str) and written in known:
            return written
        raise wrong(one_of(known), nearest(written, known) if isinstance(written, str) else "")

    return read, WithJsonSchema({"type": "string", "enum": known})


_read_sense, _sense_schema = _choice(SENSES)
SenseName = Annotated[str, BeforeValidator(_read_sense), _sense_schema]


def _sign(written: object) -> tuple[str, str, str]:
    """Of something that is not heard: its sense, the word (`""` for any) and the device (`""` for the room's)."""
    if isinstance(written, str):
        sense = _read_sense(written)
        return sense, next((word for word, value in SENSES[sense].words.items() if value == "detected"), ""), ""
    if isinstance(written, dict):
        device = written.get("device", "")
        named = [key for key in written if key != "device"]
        if len(named) == 1 and isinstance(device, str):
            sense = _read_sense(named[0])
            return sense, word_of(sense, written[named[0]]), device
    raise wrong("a sense such as motion, or one with its word and device: {motion: detected, device: NAME}")


Sign = Annotated[
    tuple[str, str, str],
    BeforeValidator(_sign),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "enum": [name for name, one in SENSES.items() if not one.is_number]},
                {
                    "type": "object",
                    "properties": {
                        **{name: _schema_of(name) for name, one in SENSES.items() if not one.is_number},
                        "device": {"type": "string"},
                    },
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


def _answer(written: object) -> tuple[str, str]:
    if isinstance(written, str) and written.strip():
        return " ".join(written.split())[:60], "kept"
    if isinstance(written, dict) and len(written) == 1:
        ((answer, means),) = written.items()
        if means in MEANINGS:
            return str(answer)[:60], str(means)
        raise wrong(f"what an answer means: {one_of(MEANINGS)}", nearest(str(means), MEANINGS))
    raise wrong("an answer in a few words, or {yes please: settles}")


Answer = Annotated[
    tuple[str, str],
    BeforeValidator(_answer),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": 1,
                    "additionalProperties": {"type": "string", "enum": list(MEANINGS)},
                },
            ]
        }
    ),
]


def _by_day_and_night(written: object) -> tuple[str, str]:
    if isinstance(written, str) and written in HOW:
        # Aids are out by night: what is aided by day is at best reduced then.
        return written, "reduced" if written == "aided" else written
    if isinstance(written, dict) and set(written) == {"day", "night"} and all(how in HOW for how in written.values()):
        return str(written["day"]), str(written["night"])
    words = [written] if isinstance(written, str) else list(written.values()) if isinstance(written, dict) else []
    meant = next((near for word in words if word not in HOW and (near := nearest(str(word), HOW))), "")
    raise wrong(f"{one_of(HOW)}, or {{day: …, night: …}}", meant)


_HOW_SCHEMA = {"type": "string", "enum": list(HOW)}
HowByDayAndNight = Annotated[
    tuple[str, str],
    BeforeValidator(_by_day_and_night),
    WithJsonSchema(
        {
            "anyOf": [
                _HOW_SCHEMA,
                {
                    "type": "object",
                    "properties": {"day": _HOW_SCHEMA, "night": _HOW_SCHEMA},
                    "required": ["day", "night"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


def _by(written: object) -> str:
    if isinstance(written, str) and written in _AGREES:
        return written
    meant = nearest(written, _AGREES) if isinstance(written, str) else ""
    raise wrong(f"{one_of(_AGREES)}: relatives are consulted, kinship alone authorises nothing", meant)


_AGREES = ("resident", "attorney", "deputy", "best_interests")
AgreedBy = Annotated[str, BeforeValidator(_by), WithJsonSchema({"type": "string", "enum": list(_AGREES)})]


def _level(written: object) -> str:
    if isinstance(written, str) and written in _LEVELS:
        return written
    if written in ("emergency", "call"):
        raise wrong(f"{one_of(_LEVELS)}: an emergency and a call are a person's own, no plan makes one")
    raise wrong(one_of(_LEVELS), nearest(written, _LEVELS) if isinstance(written, str) else "")


_LEVELS = ("urgent", "check", "request", "technical")
PlanLevel = Annotated[str, BeforeValidator(_level), WithJsonSchema({"type": "string", "enum": list(_LEVELS)})]


def _position(written: object) -> int:
    if written in ("open", "closed"):
        return 100 if written == "open" else 0
    if isinstance(written, str) and re.fullmatch(r"[0-9]{1,3}", written) and int(written) <= 100:
        return int(written)
    raise wrong("open, closed, or a position from 0 to 100", nearest(str(written), ("open", "closed")))


Position = Annotated[
    int,
    BeforeValidator(_position),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "enum": ["open", "closed"]}, {"type": "integer", "minimum": 0, "maximum": 100}]}
    ),
]

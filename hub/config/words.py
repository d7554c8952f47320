"""How single values are written in a home's files: durations with their unit, hours of the day, names, yes and no."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from devices.topics import publishable

_UNITS_S = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("day", "days"), 86_400),
}
_DURATION = re.compile(r"([0-9]{1,6})\s*([a-z]*)")
_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_IDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_PHONE = re.compile(r"(?=.*[0-9])[A-Za-z0-9+(][A-Za-z0-9+() ./-]{1,39}")
_DATE = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")

DURATION_WORDS = "a number with its unit, as in 30 s, 10 min or 2 h"
HOURS_WORDS = "two times of day, as in 22:00-07:00"
IDENT_WORDS = "letters, digits, - _ and . (it becomes part of an MQTT topic)"


def wrong(expected: str, meant: str = "") -> PydanticCustomError:
    """The value is not what is expected here; `complain.py` adds where and which value. `meant`: the nearest word."""
    return PydanticCustomError("handrail", "{expected}", {"expected": expected, "meant": meant})


def _duration(written: object) -> int:
    found = _DURATION.fullmatch(written.strip().lower()) if isinstance(written, str) else None
    if found is None or found[2] not in _UNITS_S:
        raise wrong(DURATION_WORDS)
    return int(found[1]) * _UNITS_S[found[2]]


def _whole(written: object) -> int:
    if isinstance(written, str) and re.fullmatch(r"-?[0-9]{1,9}", written):
        return int(written)
    raise wrong("a whole number")


def _truth(written: object) -> bool:
    if written in ("true", "false"):
        return written == "true"
    raise wrong("true or false")


def _hours(written: object) -> tuple[str, str]:
    parts = [part.strip() for part in re.split(r"[-–]", written)] if isinstance(written, str) else []
    if len(parts) != 2 or not all(_CLOCK.fullmatch(part) for part in parts):
        raise wrong(HOURS_WORDS)
    if parts[0] == parts[1]:
        raise wrong(f"{HOURS_WORDS}, that differ (leave it out for all day)")
    return parts[0], parts[1]


def _hours_or_always(written: object) -> tuple[str, str]:
    try:
        return ("00:00", "24:00") if written == "always" else _hours(written)
    except PydanticCustomError as error:
        raise wrong(f"{HOURS_WORDS}, or always") from error


def _text(written: object) -> str:
    if isinstance(written, str) and written.strip():
        return " ".join(written.split())
    raise wrong("some words")


def _ident(written: object) -> str:
    if isinstance(written, str) and _IDENT.fullmatch(written):
        return written
    raise wrong(IDENT_WORDS)


def _slug(written: object) -> str:
    if isinstance(written, str) and _SLUG.fullmatch(written):
        return written
    raise wrong("small letters, digits and -, at most 63 of them, as in sunny-court")


def _date(written: object) -> str:
    if isinstance(written, str) and _DATE.fullmatch(written) and _exists(written):
        return written
    raise wrong("a date, as in 2026-10-02")


def _exists(day: str) -> bool:
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True


def _clock(written: object) -> str:
    if isinstance(written, str) and _CLOCK.fullmatch(written):
        return written
    raise wrong('a time of day, as in "19:30"')


def _dates(written: object) -> tuple[str, str]:
    parts = [part.strip() for part in written.split("..")] if isinstance(written, str) else []
    if len(parts) == 2 and len(parts[0]) == len(parts[1]):
        # A day of every year may be the 29th of February.
        whole = [part if len(part) > 5 else f"2024-{part}" for part in parts]
        if all(_DATE.fullmatch(part) and _exists(part) for part in whole):
            if len(parts[0]) > 5 and parts[0] > parts[1]:
                raise wrong("a first date that is not after the last one")
            return parts[0], parts[1]
    raise wrong("two dates, as in 2026-12-01..2027-02-28, or 12-01..02-28 for every year")


def _number(written: object) -> float:
    if isinstance(written, str) and re.fullmatch(r"-?[0-9]{1,7}(\.[0-9]{1,4})?", written):
        return float(written)
    raise wrong("a number")


def _phone(written: object) -> str:
    if isinstance(written, str) and _PHONE.fullmatch(written.strip()):
        return " ".join(written.split())
    raise wrong("a number that a person dials, as in +44 7700 900123 or ext. 12")


def _address(written: object) -> str:
    if isinstance(written, str) and written.strip("/ ") == written:
        whole, mark, part = written.partition("#")
        is_part = bool(part.strip() == part and publishable(part)) if mark else True
        if is_part and publishable(f"{whole}/x"):
            return written
    raise wrong("the ecosystem's own address, as in zigbee2mqtt/Room 12 pendant, without + and #")


def _said(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


Duration = Annotated[int, BeforeValidator(_duration), _said("[0-9]+ ?(s|sec|seconds?|min|minutes?|h|hours?|days?)")]
Truth = Annotated[bool, BeforeValidator(_truth)]
Hours = Annotated[tuple[str, str], BeforeValidator(_hours), _said(f"{_CLOCK.pattern} ?[-–] ?{_CLOCK.pattern}")]
HoursOrAlways = Annotated[
    tuple[str, str],
    BeforeValidator(_hours_or_always),
    _said(f"({_CLOCK.pattern} ?[-–] ?{_CLOCK.pattern}|always)"),
]
Text = Annotated[str, BeforeValidator(_text), Field(max_length=500)]
Ident = Annotated[str, BeforeValidator(_ident), _said(_IDENT.pattern)]
Slug = Annotated[str, BeforeValidator(_slug), _said(_SLUG.pattern)]
ClockTime = Annotated[str, BeforeValidator(_clock), _said(_CLOCK.pattern)]
Dates = Annotated[
    tuple[str, str],
    BeforeValidator(_dates),
    _said(r"([0-9]{4}-)?[0-9]{2}-[0-9]{2} ?\.\. ?([0-9]{4}-)?[0-9]{2}-[0-9]{2}"),
]
Number = Annotated[float, BeforeValidator(_number)]
Date = Annotated[str, BeforeValidator(_date), _said(_DATE.pattern)]
Phone = Annotated[str, BeforeValidator(_phone), Field(max_length=40)]
Address = Annotated[str, BeforeValidator(_address), Field(max_length=300)]
Whole = Annotated[int, BeforeValidator(_whole)]
Port = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=65535)]
Percent = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=100)]

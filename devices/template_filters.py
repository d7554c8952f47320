"""The filters, tests and functions that a device's value template may use: Home Assistant's common ones, each linear in
what it is given and none that asks what time it is."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as sre_parser  # type: ignore[attr-defined]

import orjson
from jinja2 import Undefined, UndefinedError

from devices.stamps import EPOCH, iso_ms

MOST_TEXT = 65_536
"""Characters that a template may make."""
LONGEST_PATTERN = 100
LONGEST_SUBJECT = 128
MOST_REPEATS = 2
NONE = object()


def _defined(value: object) -> object:
    if isinstance(value, Undefined):
        raise UndefinedError("the message does not have the value")
    return value


def _number(value: object) -> float | None:
    """A finite number, or none."""
    if isinstance(value, (list, dict, Undefined)) or (isinstance(value, str) and len(value) > 400):
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _or(default: object, value: object, wanted: str) -> object:
    if default is NONE:
        raise ValueError(f"{str(value)[:40]!r} is no {wanted}")
    return default


def to_float(value: object, default: object = NONE) -> object:
    """A number with decimals."""
    number = _number(value)
    return _or(default, value, "number") if number is None else number


def to_int(value: object, default: object = NONE, base: object = 10) -> object:
    """A whole number; decimals are cut off, as `int` does."""
    if base != 10 and isinstance(value, str) and isinstance(base, int) and len(value) <= 64:
        try:
            return int(value, base)
        except ValueError:
            return _or(default, value, "number")
    number = _number(value)
    return _or(default, value, "number") if number is None else int(number)


def to_bool(value: object, default: object = NONE) -> object:
    """True or false, by the usual words."""
    word = str(value).strip().lower()
    if word in ("true", "yes", "on", "enable", "1"):
        return True
    if word in ("false", "no", "off", "disable", "0"):
        return False
    return _or(default, value, "word for yes or no")


def rounded(value: object, precision: object = 0, method: object = "common", default: object = NONE) -> object:
    """Rounded to so many decimals."""
    number = _number(value)
    if number is None:
        return _or(default, value, "number")
    digits = max(-10, min(10, precision)) if isinstance(precision, int) else 0
    if method in ("floor", "ceil"):
        by = 10.0**digits
        number = (math.floor if method == "floor" else math.ceil)(number * by) / by
    elif method == "half":
        number = round(number * 2) / 2
    else:
        number = round(number, digits)
    return int(number) if digits == 0 else number


def chosen(value: object, if_true: object = True, if_false: object = False, if_none: object = NONE) -> object:
    """`iif`: one of two, or of three."""
    if if_none is not NONE and value is None:
        return if_none
    return if_true if value else if_false


def default(value: object, otherwise: object = "", boolean: object = False) -> object:
    """What stands in for a value that is missing."""
    return otherwise if isinstance(value, Undefined) or (boolean and not value) else value


def replaced(value: object, old: object = "", new: object = "", count: object = -1) -> str:
    """A text with another in place of one, unless that would make it too long."""
    text, was, becomes = str(_defined(value)), str(old), str(new)
    most = count if isinstance(count, int) else -1
    times = text.count(was) if was else len(text) + 1
    times = min(times, most) if most >= 0 else times
    if len(text) + times * max(0, len(becomes) - len(was)) > MOST_TEXT:
        raise ValueError("the text is too long")
    return text.replace(was, becomes, most)


def joined(value: object, by: object = "") -> str:
    """A list as one text."""
    parts = [str(part) for part in value] if isinstance(value, (list, tuple, str)) else []
    if sum(map(len, parts)) + len(parts) * len(str(by)) > MOST_TEXT:
        raise ValueError("the text is too long")
    return str(by).join(parts)


def truncated(value: object, length: object = 255, *_: object) -> str:
    """The beginning of a text."""
    return str(_defined(value))[: length if isinstance(length, int) and 0 <= length <= MOST_TEXT else 255]


def to_json(value: object, *_: object, **__: object) -> str:
    """As JSON."""
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError as error:
        raise ValueError(str(error)) from error


def from_json(value: object, default: object = NONE) -> object:
    """From JSON."""
    try:
        return orjson.loads(str(_defined(value)))
    except orjson.JSONDecodeError:
        return _or(default, value, "JSON")


def _pattern(pattern: object) -> re.Pattern[str]:
    """A regular expression whose matching cannot take long: few repetitions, none inside another."""
    text = str(pattern)
    if len(text) > LONGEST_PATTERN:
        raise ValueError("the regular expression is too long")
    if _repeats(sre_parser.parse(text), False) > MOST_REPEATS:
        raise ValueError("the regular expression could take too long")
    return re.compile(text)


def _repeats(parsed: object, inside: bool) -> int:
    found = 0
    for operation, argument in parsed:  # type: ignore[attr-defined]
        if operation in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            low, high, inner = argument
            found += 1 if high == sre.MAXREPEAT else 0
            found += 100 if inside or (high != sre.MAXREPEAT and high > 32) or low > 32 else _repeats(inner, True)
        elif operation is sre.SUBPATTERN:
            found += _repeats(argument[-1], inside)
        elif operation is sre.BRANCH:
            found += 100 if inside else sum(_repeats(branch, inside) for branch in argument[1])
        elif operation not in (sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY, sre.AT, sre.CATEGORY, sre.RANGE):
            found += 100
    return found


def _subject(value: object) -> str:
    text = str(_defined(value))
    if len(text) > LONGEST_SUBJECT:
        raise ValueError("the text is too long for a regular expression")
    return text


def regex_match(value: object, pattern: object = "", *_: object) -> bool:
    """Whether a text begins so."""
    return _pattern(pattern).match(_subject(value)) is not None


def regex_search(value: object, pattern: object = "", *_: object) -> bool:
    """Whether a text holds this."""
    return _pattern(pattern).search(_subject(value)) is not None


def regex_replace(value: object, pattern: object = "", new: object = "", *_: object) -> str:
    """A text with every place replaced."""
    becomes = str(new)
    if len(becomes) > LONGEST_SUBJECT:
        raise ValueError("the text is too long")
    return _pattern(pattern).sub(becomes, _subject(value))


def regex_findall(value: object, pattern: object = "", *_: object) -> list[object]:
    """Every place."""
    return list(_pattern(pattern).findall(_subject(value)))


def regex_findall_index(value: object, pattern: object = "", index: object = 0, *_: object) -> object:
    """One of the places."""
    return regex_findall(value, pattern)[index if isinstance(index, int) else 0]


def as_timestamp(value: object, default: object = NONE) -> object:
    """A stamp as Unix seconds."""
    number = _number(value)
    if number is not None:
        return number
    ms = iso_ms(str(value))
    return _or(default, value, "time") if ms is None else ms / 1000


def timestamp_utc(value: object, default: object = NONE) -> object:
    """Unix seconds as a stamp in UTC; where Home Assistant would write local time, this is UTC too."""
    number = _number(value)
    if number is None or not -62_135_596_800 <= number <= 253_402_300_799:
        return _or(default, value, "time")
    return datetime.fromtimestamp(number, UTC).isoformat()


def timestamp_custom(value: object, form: object = "%Y-%m-%d %H:%M:%S", *_: object) -> object:
    """Unix seconds in a form of one's own."""
    number = _number(value)
    text = str(form)
    if number is None or not 0 <= number <= 253_402_300_799 or not re.fullmatch(r"(?:%[A-Za-z]|[^%]){1,40}", text):
        raise ValueError("no time that can be written so")
    return (EPOCH.replace(tzinfo=UTC) if number == 0 else datetime.fromtimestamp(number, UTC)).strftime(text)


def _of(act: Callable[[float], float]) -> Callable[..., object]:
    def function(value: object, default: object = NONE) -> object:
        number = _number(value)
        if number is None:
            return _or(default, value, "number")
        return act(number)

    return function


def _of_two(act: Callable[[float, float], float]) -> Callable[..., object]:
    def function(value: object, by: object, default: object = NONE) -> object:
        one, two = _number(value), _number(by)
        if one is None or two is None:
            return _or(default, value, "number")
        return act(one, two)

    return function


def _ends(act: Callable[..., object]) -> Callable[..., object]:
    def function(*values: object, **_: object) -> object:
        given = values[0] if len(values) == 1 and isinstance(values[0], (list, tuple)) else values
        numbers = [number for number in map(_number, given) if number is not None]
        if not numbers:
            raise ValueError("no numbers")
        return act(numbers)

    return function


def _bits(act: Callable[[int, int], int]) -> Callable[[object, object], object]:
    def function(value: object, other: object) -> object:
        one, two = to_int(value), to_int(other)
        return act(one, two) if isinstance(one, int) and isinstance(two, int) else 0

    return function


def _text(act: Callable[[str], str]) -> Callable[[object], object]:
    def function(value: object) -> object:
        return act(str(_defined(value)))

    return function


def _first(value: object, at: int = 0) -> object:
    if isinstance(value, (list, tuple, str)) and value:
        return value[at]
    raise ValueError("nothing there")


def _last(value: object) -> object:
    return _first(value, -1)


def _length(value: object) -> int:
    return len(value) if isinstance(value, (list, tuple, str, dict)) else 0


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple, str, dict)) else []


def _summed(value: object) -> object:
    return sum(number for number in map(_number, _listed(value)) if number is not None)


def is_number(value: object) -> bool:
    """Whether it is a number, or the digits of one."""
    return not isinstance(value, bool) and _number(value) is not None


def contains(value: object, part: object) -> bool:
    """Whether a list or a text holds this."""
    return part in value if isinstance(value, (list, tuple, dict)) else str(part) in str(_defined(value))


FILTERS: Mapping[str, Callable[..., object]] = {
    "float": to_float,
    "int": to_int,
    "bool": to_bool,
    "round": rounded,
    "iif": chosen,
    "is_defined": _defined,
    "default": default,
    "d": default,
    "string": _text(str),
    "lower": _text(str.lower),
    "upper": _text(str.upper),
    "trim": _text(str.strip),
    "title": _text(str.title),
    "capitalize": _text(str.capitalize),
    "replace": replaced,
    "join": joined,
    "truncate": truncated,
    "tojson": to_json,
    "to_json": to_json,
    "from_json": from_json,
    "regex_match": regex_match,
    "regex_search": regex_search,
    "regex_replace": regex_replace,
    "regex_findall": regex_findall,
    "regex_findall_index": regex_findall_index,
    "as_timestamp": as_timestamp,
    "timestamp_utc": timestamp_utc,
    "timestamp_local": timestamp_utc,
    "timestamp_custom": timestamp_custom,
    "is_number": is_number,
    "contains": contains,
    "abs": _of(abs),
    "multiply": _of_two(lambda a, b: a * b),
    "add": _of_two(lambda a, b: a + b),
    "sqrt": _of(math.sqrt),
    "max": _ends(max),
    "min": _ends(min),
    "average": _ends(lambda n: sum(n) / len(n)),
    "sum": _summed,
    "bitwise_and": _bits(lambda a, b: a & b),
    "bitwise_or": _bits(lambda a, b: a | b),
    "first": _first,
    "last": _last,
    "length": _length,
    "count": _length,
    "list": _listed,
}
TESTS: Mapping[str, Callable[..., bool]] = {
    "is_number": is_number,
    "contains": contains,
    "match": regex_match,
    "search": regex_search,
}
GLOBALS: Mapping[str, Callable[..., object]] = {
    "float": to_float,
    "int": to_int,
    "bool": to_bool,
    "iif": chosen,
    "is_number": is_number,
    "as_timestamp": as_timestamp,
    "max": _ends(max),
    "min": _ends(min),
    "timestamp_utc": timestamp_utc,
}

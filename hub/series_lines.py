"""Events as lines of the InfluxDB line protocol: numbers are fields, words are tags.

One line an event: `event,kind=…,device=…,resident=…,place=…,field=…,state=… value=… <nanoseconds>`. A number stands in
`value`; of a word the tag `state` holds the word and `value` counts it: 1, or for a state with two words 1 and 0. There
is no field of text, because VictoriaMetrics, which takes the same lines, keeps every text as 0.

Every event is there once, however often it is written:

- InfluxDB overwrites what has equal tags and an equal time stamp. The stamp is the event's millisecond, and below it
  the event's place in the ledger: the same event overwrites itself, and no other.
- VictoriaMetrics cuts stamps to milliseconds, and keeps one of the samples of a series in a millisecond when it runs
  with `-dedup.minScrapeInterval=1ms` (without that it keeps every repetition). A queue that empties after a gap brings
  several facts of one device in a millisecond, so all but the first carry the tag `nth` (2, 3, …). A tag with the
  sequence itself would make a series of every event.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from devices.events import TWO_WORDS, Kind
from hub.abc import Point

MEASUREMENT = "event"
TEXT = "text"
"""The `state` of free text: kept in the ledger, and here only counted."""

_LONGEST_WORD = 40
_LONGEST_TAG = 200
_ESCAPED = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\\": "/", "\n": r"\ ", "\r": r"\ ", "\t": r"\ "})
_TWO_WORDS = {kind.value: words for kind, words in TWO_WORDS.items()}


def lines_of(points: Sequence[Point]) -> list[str]:
    """The lines of points in the order of the ledger; `nth` counts within this sequence.

    So that a repetition counts the same, the sequence must hold all events of each millisecond it touches.
    """
    lines: list[str] = []
    counts: dict[str, int] = {}
    millisecond = None
    for point in points:
        if point.wall_ms != millisecond:
            counts.clear()
            millisecond = point.wall_ms
        state, value = _state_and_value(point)
        series = _series(point, state)
        counts[series] = nth = counts.get(series, 0) + 1
        again = f",nth={nth}" if nth > 1 else ""
        stamp = point.wall_ms * 1_000_000 + point.seq % 1_000_000
        lines.append(f"{series}{again} value={value!r} {stamp}")
    return lines


def _series(point: Point, state: str) -> str:
    tags = (
        ("device", point.name or point.device),
        ("field", point.field),
        ("kind", point.kind),
        ("place", point.place),
        ("resident", point.resident),
        ("state", state),
    )
    return MEASUREMENT + "".join(f",{tag}={_escape(value)}" for tag, value in tags if value and value.strip())


def _escape(value: str) -> str:
    return value[:_LONGEST_TAG].translate(_ESCAPED)


def _state_and_value(point: Point) -> tuple[str, float]:
    value = point.value
    if value is None:
        return "unknown", 1.0
    if isinstance(value, bool):
        return str(value).lower(), float(value)
    if isinstance(value, str):
        words = _TWO_WORDS.get(point.kind)
        if words is not None and value in words:
            return value, float(value == words[0])
        return _word(point.kind, value), 1.0
    try:
        number = float(value)
    except OverflowError:
        return "too_large", 1.0
    return ("", number) if math.isfinite(number) else ("not_a_number", 1.0)


def _word(kind: str, value: str) -> str:
    """A word as a tag. What may say anything (versions, times, sentences) would make a series each time it changes."""
    free = kind == Kind.OTHER.value and any(letter.isdigit() for letter in value)
    return TEXT if free or len(value) > _LONGEST_WORD or not value.strip() else value

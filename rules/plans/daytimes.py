"""Times of day on the wall clock, as moments: a local `HH:MM` of a date, the next one, the one before.

An hour that comes twice counts once, the first time. A time that never comes is the moment after the gap.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta, tzinfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FURTHEST = 8
"""Days looked ahead or back: a weekday comes within seven."""


def wall_ms_of(day: date, clock: str, zone: tzinfo) -> int:
    """The moment of a local time of day on a date, in Unix milliseconds."""
    hour, minute = (int(part) for part in clock.split(":"))
    first = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
    seconds = int(first.timestamp())
    there = datetime.fromtimestamp(seconds, UTC).astimezone(zone)
    if (there.hour, there.minute) != (hour, minute):
        seconds = _end_of_gap(int(first.replace(fold=1).timestamp()), seconds, zone)
    return seconds * 1000


def _end_of_gap(before: int, after: int, zone: tzinfo) -> int:
    """The second at which the clock leaps, between a second before and one behind it."""
    then = datetime.fromtimestamp(after, UTC).astimezone(zone).utcoffset()
    while after - before > 1:
        middle = (before + after) // 2
        if datetime.fromtimestamp(middle, UTC).astimezone(zone).utcoffset() == then:
            after = middle
        else:
            before = middle
    return after


def next_day(here: datetime, clock: str, *, days: Collection[str] = ()) -> tuple[date, int]:
    """The next date on which a time of day comes, and its moment: behind `here`, on one of `days` (none: any)."""
    zone = here.tzinfo or UTC
    now_ms = int(here.timestamp() * 1000)
    for ahead in range(-1, FURTHEST + 1):
        day = here.date() + timedelta(days=ahead)
        if days and WEEKDAYS[day.weekday()] not in days:
            continue
        moment = wall_ms_of(day, clock, zone)
        if moment > now_ms:
            return day, moment
    day = here.date() + timedelta(days=FURTHEST)
    return day, wall_ms_of(day, clock, zone)


def last_ms(here: datetime, clock: str) -> int:
    """The moment at which a time of day came last, in Unix milliseconds; `here` itself counts."""
    zone = here.tzinfo or UTC
    now_ms = int(here.timestamp() * 1000)
    today = wall_ms_of(here.date(), clock, zone)
    return today if today <= now_ms else wall_ms_of(here.date() - timedelta(days=1), clock, zone)


def day_of(here: datetime, since: str, by: str) -> str:
    """The date of the `by` that ends the span which a moment lies in; the span may cross midnight."""
    crosses = since > by
    clock = f"{here.hour:02d}:{here.minute:02d}"
    return (here.date() + timedelta(days=1 if crosses and clock >= since else 0)).isoformat()

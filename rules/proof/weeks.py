"""The minutes that are looked at: whole weeks that hold a change of the clocks, cut where anything could differ.

Nothing depends on a minute but through who is on the rota and whether a rule has its hours, and both are spans of the
clock on the wall. So a week is cut at each beginning and end of such a span and at the change of the clocks, and every
minute between two cuts is as the first of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from itertools import pairwise
from typing import Generic, TypeVar

from rules.rota import DAYS

T = TypeVar("T")
MINUTE_MS = 60_000
_DAY = timedelta(days=1)
MORE_DAYS = 3
"""A run that begins in the last minute of a week may end so many days later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Seven days from a Monday, in the home's time zone."""

    monday: date
    timezone: tzinfo
    change: str = ""
    """`forward` or `back`, where the clocks change in it."""


@dataclass(frozen=True, slots=True)
class Span(Generic[T]):
    """Minutes that are alike: from and before, Unix milliseconds, and what holds in them."""

    from_ms: int
    before_ms: int
    holds: T


@cache
def weeks_of(timezone: tzinfo, year: int) -> tuple[Week, ...]:
    """The weeks of a year in which the clocks change; where they never do, the first whole week."""
    found: dict[date, Week] = {}
    day = date(year, 1, 1)
    while day.year == year:
        before, after = (_offset(timezone, one) for one in (day, day + _DAY))
        if before != after:
            monday = day - timedelta(days=day.weekday())
            found[monday] = Week(monday=monday, timezone=timezone, change="forward" if after > before else "back")
        day += _DAY
    first = date(year, 1, 1) + timedelta(days=-date(year, 1, 1).weekday() % 7)
    return tuple(found.values()) or (Week(monday=first, timezone=timezone),)


def _offset(timezone: tzinfo, day: date) -> timedelta:
    return datetime(day.year, day.month, day.day, tzinfo=timezone).utcoffset() or timedelta()


def spans(week: Week, clocks: Iterable[str], look: Callable[[datetime], T], *, days: int = 7) -> list[Span[T]]:
    """The week as spans in which `look` says the same; `clocks` are the local times `HH:MM` at which it may change."""
    cuts = _cuts(week, sorted({"00:00", *clocks}), days)
    found: list[Span[T]] = []
    for here, after in pairwise(cuts):
        holds = look(local(week.timezone, here))
        if found and found[-1].holds == holds:
            found[-1] = Span(found[-1].from_ms, after, holds)
        else:
            found.append(Span(here, after, holds))
    return found


def jumps(week: Week) -> list[int]:
    """The moments of a week at which its clocks change."""
    days = [week.monday + timedelta(days=number) for number in range(8)]
    midnights = [_moments(week, day, "00:00")[0] for day in days]
    return [jump for midnight, next_one in pairwise(midnights) for jump in _jumps(week, midnight, next_one)]


def _cuts(week: Week, clocks: list[str], days: int) -> list[int]:
    """Every moment at which the clock on the wall shows one of these times, and each at which it jumps."""
    first, last = (_moments(week, week.monday + timedelta(days=day), "00:00")[0] for day in (0, days))
    found = {first, last}
    for day in (week.monday + timedelta(days=number) for number in range(days)):
        midnight, next_one = (_moments(week, one, "00:00")[0] for one in (day, day + _DAY))
        found.update(_jumps(week, midnight, next_one))
        for clock in clocks:
            found.update(moment for moment in _moments(week, day, clock) if first <= moment <= last)
    return sorted(found)


def _moments(week: Week, day: date, clock: str) -> list[int]:
    """The moments at which a local time comes on a day: one, two in the hour that comes twice; for one that never
    comes, two near by, which cut nothing that matters."""
    hour, minute = int(clock[:2]) % 24, int(clock[3:])
    naive = datetime(day.year, day.month, day.day, hour, minute, tzinfo=week.timezone)
    return sorted({int(naive.replace(fold=fold).timestamp() * 1000) for fold in (0, 1)})


def _jumps(week: Week, from_ms: int, before_ms: int) -> list[int]:
    """The minute in which the clock jumps between two moments, if it does."""

    def ahead(moment_ms: int) -> timedelta:
        return local(week.timezone, moment_ms).utcoffset() or timedelta()

    at_first = ahead(from_ms)
    if ahead(before_ms) == at_first:
        return []
    minutes = range(from_ms, before_ms + 1, MINUTE_MS)
    return [minutes[bisect_right(minutes, False, key=lambda moment: ahead(moment) != at_first)]]


def local(timezone: tzinfo, moment_ms: int) -> datetime:
    """The local time of a moment."""
    return datetime.fromtimestamp(moment_ms // 1000, UTC).astimezone(timezone)


def named(week: Week, moment_ms: int) -> str:
    """A moment as people say it: `sun 2026-10-25 01:30`, with the clock's offset where the hour comes twice."""
    here = local(week.timezone, moment_ms)
    twice = here.replace(fold=0).utcoffset() != here.replace(fold=1).utcoffset()
    which = f" (the {'second' if here.fold else 'first'} time)" if twice else ""
    return f"{DAYS[here.weekday()]} {here:%Y-%m-%d %H:%M}{which}"

"""Times of day that do not come on every day, because the clocks are changed: what each means is said with its line.

A time that never comes is kept at the moment after the gap, so it is a warning. Hours that lie wholly in the gap are no
hours at all on that day: a rule that ends with staff would not watch then, and that is refused.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from hub.config.plan.context import At, Checking

_A_YEAR = 2026
"""Any year: the rules of a time zone say a Sunday, and the hour is the same each year."""
_DAY = "on the day in spring when clocks go forward"


@lru_cache(maxsize=512)
def _is_missing(timezone: str, clock: str) -> bool:
    """Whether this time of day is missing on a day of the year."""
    zone = ZoneInfo(timezone)
    day = datetime(_A_YEAR, 1, 1, int(clock[:2]), int(clock[3:]), tzinfo=zone)
    for _ in range(365):
        if day.astimezone(UTC).astimezone(zone).time() != day.time():
            return True
        day += timedelta(days=1)
    return False


def never_comes(timezone: str, clock: str) -> str:
    """Why this time of day is missing on a day of the year; `""` where it comes every day."""
    return f"{clock} does not exist {_DAY}: then it is the moment after" if _is_missing(timezone, clock) else ""


@lru_cache(maxsize=512)
def _never_open(timezone: str, start: str, end: str) -> bool:
    """Whether every minute between two times of day is missing on a day of the year."""
    first, last = (int(clock[:2]) * 60 + int(clock[3:]) for clock in (start, end))
    minutes = range(first, last if last > first else last + 24 * 60)
    return all(_is_missing(timezone, f"{minute // 60 % 24:02d}:{minute % 60:02d}") for minute in minutes)


def check_hours(check: Checking, hours: tuple[str, str] | None, at: At, *, tells: bool) -> None:
    """Hours that are cut short, or never come, on the day on which the clocks go forward."""
    if hours is None:
        return
    zone, (start, end) = check.house.timezone, hours
    if _never_open(zone, start, end):
        said = f"the hours {start}-{end} do not exist {_DAY}"
        if tells:
            check.no(at, f"{said}: nobody would be told", "hours that are longer, on either side")
        else:
            check.warn(at, f"{said}: nothing is done then")
    elif _is_missing(zone, start):
        check.warn(at, f"{start} does not exist {_DAY}: the hours begin the moment after")
    elif _is_missing(zone, end):
        check.warn(at, f"{end} does not exist {_DAY}: the hours end when it is passed over")

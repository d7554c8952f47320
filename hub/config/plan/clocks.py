"""Times of day that do not come on every day, because the clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_A_YEAR = 2026
"""Any year: the rules of a time zone say a Sunday, and the hour is the same each year."""


@lru_cache(maxsize=512)
def never_comes(timezone: str, clock: str) -> str:
    """Why this time of day is missing on a day of the year; `""` where it comes every day."""
    zone = ZoneInfo(timezone)
    day = datetime(_A_YEAR, 1, 1, int(clock[:2]), int(clock[3:]), tzinfo=zone)
    for _ in range(365):
        there = day.astimezone(UTC).astimezone(zone)
        if there.time() != day.time():
            return f"{clock} does not exist on the day in spring when clocks go forward: then it is the moment after"
        day += timedelta(days=1)
    return ""

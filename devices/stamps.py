"""A device's own time stamp, read as a point in time where it is one. Pure: nothing here asks what time it is."""

from __future__ import annotations

import math
from datetime import UTC, datetime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST_MS = 946_684_800_000
"""2000-01-01. A smaller number is a file offset, a counter or a device that never learnt the time."""
LATEST_MS = 4_102_444_800_000
"""2100-01-01. A larger number is not a time in milliseconds."""


def plausible_ms(number: float) -> int | None:
    """A number of milliseconds since 1970, if it can be the time of an event."""
    if not math.isfinite(number) or not EARLIEST_MS <= number <= LATEST_MS:
        return None
    return round(number)


def iso_ms(text: str) -> int | None:
    """An ISO 8601 stamp as Unix milliseconds; one without a zone says nothing certain and gives `None`."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return None
        return plausible_ms((moment - EPOCH).total_seconds() * 1000)
    except (ValueError, OverflowError):
        return None


def number_ms(value: object, unit_ms: float) -> int | None:
    """A number, or the digits of one, counted in units of `unit_ms` milliseconds."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return plausible_ms(float(value) * unit_ms)
    except (ValueError, OverflowError):
        return None

"""The rota: who should be there at a moment. It only warns, and fills the paper list where nobody has signed on."""

from __future__ import annotations

from datetime import datetime

from rules.home import Carer
from rules.turn import clock_of

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def is_on_rota(carer: Carer, here: datetime) -> bool:
    """Whether a shift of this person covers the moment, which is in the home's local time."""
    clock, today, yesterday = clock_of(here), DAYS[here.weekday()], DAYS[(here.weekday() - 1) % 7]
    for shift in carer.shifts:
        if shift.start < shift.end:
            if today in shift.days and shift.start <= clock < shift.end:
                return True
        elif (today in shift.days and clock >= shift.start) or (yesterday in shift.days and clock < shift.end):
            return True
    return False

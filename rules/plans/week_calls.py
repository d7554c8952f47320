"""How often a resident called and how long they waited, for the review: by level, and nights week by week.

What a resident waited is counted from the first press of a need until somebody was there. A wish for company is
leisure: who does not want that counted is not counted in it. A call for help always is: the wait is the home's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median_low
from zoneinfo import ZoneInfo

from rules.alerting.levels import Level
from rules.alerting.raising import COMPANY
from rules.hearing.nights import OWN_CALLS
from rules.home import Home, Resident
from rules.plans.explain_words import MONTHS
from rules.state import Alert, Ending
from rules.turn import clock_of, plainly

WEEKS = 4
_LEVELS = {
    Level.EMERGENCY: "Emergencies",
    Level.URGENT: "Urgent",
    Level.CALL: "Calls",
    Level.CHECK: "Checks, asked for by a rule",
    Level.REQUEST: "Requests",
}
_ROW = "{:<27}{:>9}{:>9}   {}"


def sentences(resident: Resident, alerts: Sequence[Alert]) -> Iterator[str]:
    """One for each level: how often, the usual wait and the longest; empty where nothing was told."""
    mine = [one for one in alerts if one.resident == resident.resident and _counts(one)]
    company = [one for one in mine if one.cause == COMPANY]
    mine = [one for one in mine if one.cause != COMPANY]
    for level, word in _LEVELS.items():
        its = [one for one in mine if one.level is level]
        if its:
            yield f"{word}: {_said(its)}."
    if company and resident.counts_leisure:
        yield f"Wishes for company: {_said(company)}."
    missed = [row for one in alerts for row in one.missed if row.resident == resident.resident]
    if missed:
        yield f"Made while Handrail was down, and seen to afterwards: {len(missed)}."
    if not (mine or missed or (company and resident.counts_leisure)):
        yield "Nothing was told to staff."
    else:
        yield "Waited is from the first press until somebody was there; where nobody said so, until it was closed."


def _counts(alert: Alert) -> bool:
    return alert.level in _LEVELS and alert.test is None and alert.ending is not Ending.TESTED and not alert.missed


def _said(alerts: Sequence[Alert]) -> str:
    presses = sum(one.presses for one in alerts)
    often = f"{len(alerts)}" + (f" (pressed {presses} times)" if presses > len(alerts) else "")
    waits = sorted(wait for one in alerts if (wait := waited_ms(one)) is not None)
    parts = [often]
    if len(waits) == 1:
        parts.append(f"waited {plainly(waits[0])}")
    elif waits:
        parts.append(f"waited {plainly(median_low(waits))} (median), {plainly(waits[-1])} at the longest")
    mistakes = sum(one.ending is Ending.MISTAKE for one in alerts)
    if mistakes:
        parts.append(f"{mistakes} set off by mistake")
    if len(waits) < len(alerts):
        parts.append(f"{len(alerts) - len(waits)} not seen to yet")
    return ", ".join(parts)


def waited_ms(alert: Alert) -> int | None:
    """From the first press of this need until somebody was there, else until it was closed; None before."""
    until_ms = alert.attended_wall_ms or alert.closed_wall_ms
    return max(0, until_ms - alert.waiting_since_wall_ms) if until_ms is not None else None


# -- nights -------------------------------------------------------------------------------------------------------


def nights(resident: Resident, home: Home, alerts: Sequence[Alert], now_wall_ms: int) -> Iterator[str]:
    """The resident's own calls of the last weeks, by night and by day, the newest week first."""
    zone = ZoneInfo(home.timezone)
    today = datetime.fromtimestamp(now_wall_ms / 1000, UTC).astimezone(zone).date()
    found = [
        (*_when(home, zone, one.raised_wall_ms), waited_ms(one))
        for one in alerts
        if one.resident == resident.resident and one.kind in OWN_CALLS and _counts(one)
    ]
    if not found:
        return
    yield _ROW.format("Own calls in the week", "by night", "by day", "longest wait")
    for number in range(WEEKS):
        first, last = today - timedelta(days=7 * number + 6), today - timedelta(days=7 * number)
        its = [row for row in found if first <= row[0] <= last]
        longest = max((wait for *_, wait in its if wait is not None), default=None)
        by_night = sum(is_night for _, is_night, _ in its)
        wait = plainly(longest) if longest is not None else "-"
        yield _ROW.format(f"{_short(first)} to {_short(last)}", by_night, len(its) - by_night, wait)
    most = Counter(day for day, is_night, _ in found if is_night).most_common()
    if most and most[0][1] > 1:
        night = max(day for day, count in most if count == most[0][1])
        yield f"Most in one night: {most[0][1]}, in the night of {_short(night)}."


def _when(home: Home, zone: ZoneInfo, wall_ms: int) -> tuple[date, bool]:
    """The date a call belongs to, of a night that of its evening, and whether it was by night."""
    here = datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone(zone)
    begins, ends, clock = home.times.night_from, home.times.night_to, clock_of(here)
    if begins <= ends:
        return here.date(), begins <= clock < ends
    return here.date() - timedelta(days=clock < ends), clock >= begins or clock < ends


def _short(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]}"

"""The manager's list of every morning: what the night left to be looked at, in one technical alert and one log line.

Alerts closed without a proof of presence and why, residents whose frequent calls ask for a review, the strangers'
devices that are marked *not ours*, and the walk tests that are overdue. A morning with nothing to list is silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from textwrap import shorten

from devices.events import Kind
from rules import presence, raising, reach
from rules.effects import Did
from rules.levels import Level
from rules.raising import Found
from rules.state import Alert, AlertState, Ending
from rules.turn import Turn
from rules.walks import overdue

DAY_MS = 86_400_000
MOST = 20
"""So many of a sort are named; the rest are counted, and stand in the log."""
LONGEST = 80
"""A reason is shown this far; the log has it whole."""


def arm(turn: Turn) -> None:
    """Set the timer of the next morning: the end of the home's night, by its own clock."""
    here = turn.local(turn.now.wall_ms)
    hour, minute = (int(part) for part in turn.setting.home.times.night_to.split(":"))
    next_one = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if next_one <= here:
        next_one = _day_later(next_one)
    turn.arm("morning", "all", turn.now.elapsed_ms + int(next_one.timestamp() * 1000) - turn.now.wall_ms)


def _day_later(moment: datetime) -> datetime:
    """The same local time a day later, also where the clocks change in between."""
    return (moment.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=moment.tzinfo)


def due(turn: Turn) -> None:
    """Write the list, tell the person in charge, and wait for the next morning."""
    arm(turn)
    found = [*_unproved(turn), *_reviews(turn), *_strangers(turn), *_tests(turn)]
    if not found:
        return
    words = "; ".join(found)
    turn.log(Did.LISTED, words)
    cause = Found(
        level=Level.TECHNICAL,
        kind=Kind.OTHER,
        cause="morning",
        reason=f"for the manager, of the last day: {words}",
        device="the manager's list",
    )
    raising.raise_alert(turn, cause)


def _unproved(turn: Turn) -> Iterator[str]:
    closed = [
        alert
        for alert in turn.state.alerts
        if alert.state is AlertState.CLOSED
        and presence.is_unshown(alert)
        and alert.ending is not Ending.BACK
        and turn.now.wall_ms - (alert.closed_wall_ms or 0) <= DAY_MS
    ]
    if closed:
        each = [_why(turn, alert) for alert in sorted(closed, key=lambda alert: alert.id)]
        yield f"closed without a proof of presence: {_some(each)}"


def _why(turn: Turn, alert: Alert) -> str:
    reason = shorten(alert.unproved_reason or "no reason given", LONGEST, placeholder=" …")
    return f"{alert.id} ({reach.name(turn, alert.closed_by)}: {reason})"


def _reviews(turn: Turn) -> Iterator[str]:
    last_night = (turn.local(turn.now.wall_ms).date() - timedelta(days=1)).isoformat()
    often = sorted(
        f"{turn.setting.name_of(person.resident)} ({person.calls} calls)"
        for person in turn.state.people
        if person.night == last_night and person.calls >= turn.setting.home.times.frequent_from
    )
    if often:
        yield f"to be looked at together: {_some(often)}"


def _strangers(turn: Turn) -> Iterator[str]:
    marked = sorted(stranger.device for stranger in turn.state.strangers if stranger.not_ours)
    if marked:
        yield f"marked not ours: {_some(marked)}"


def _tests(turn: Turn) -> Iterator[str]:
    home = turn.setting.home
    late = overdue(home.devices, turn.state.walks.rows, home.times, turn.now.wall_ms)
    if late:
        yield f"walk tests overdue: {_some([row.words for row in late])}"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more

"""The manager's list of every morning: what the night left to be looked at, in one technical alert and one log line.

Alerts closed without a proof of presence since the list before and why, residents whose frequent calls ask for a
review, the strangers' devices that are marked *not ours*, and the walk tests that are overdue. A morning with nothing
to list is silent. What "since" means is asked in elapsed time: a day of 25 hours, a hub that was down and a clock that
was set lose nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from textwrap import shorten

from devices.events import Kind
from rules.alerting import raising, reach
from rules.alerting.levels import MANAGERS_LIST, Level
from rules.alerting.raising import Found
from rules.asking import presence
from rules.effects import Did
from rules.hearing import nights
from rules.hearing.walks import overdue
from rules.plans import reviews
from rules.proof.watch import CAUSE as TOLD_LATE
from rules.proof.watch import FOR_THE_MANAGER
from rules.state import Alert, AlertState, Ending
from rules.turn import Turn

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
TIMER = "morning/all"
MOST = 20
"""So many of a sort are named; the rest are counted, and stand in the log."""
REFUSED = "hub:configuration"
"""The cause of the alert that lasts while the home's files, or a plan, are refused."""
LONGEST = 80
"""A reason is shown this far; the log has it whole."""


def arm(turn: Turn) -> None:
    """Set the timer of the next morning: the end of the home's night, by its own clock. One that is due stays."""
    waiting = turn.state.timers.get(TIMER)
    if waiting is not None and waiting.due_ms <= turn.now.elapsed_ms:
        return
    turn.arm("morning", "all", turn.now.elapsed_ms + _next_ms(turn, turn.now.wall_ms) - turn.now.wall_ms)


def _next_ms(turn: Turn, wall_ms: int) -> int:
    """The first morning behind a moment."""
    here = turn.local(wall_ms)
    next_one = _morning_of(turn, here)
    return _wall_ms(next_one if next_one > here else _days_later(next_one, 1))


def clock_stepped(turn: Turn, step_ms: int, known_ms: int) -> None:
    """Somebody set the clock: the list comes at its time by the new one, at once where that time was passed over: since
    `known_ms`, where the clock was wrong from then to now."""
    waiting = turn.state.timers.get(TIMER)
    if known_ms and turn.state.setting is not None:
        is_over = _next_ms(turn, known_ms) <= turn.now.wall_ms
    else:
        is_over = waiting is not None and waiting.due_ms - turn.now.elapsed_ms <= max(0, step_ms)
    if is_over:
        turn.disarm("morning", "all")
        due(turn)
    elif turn.state.setting is not None:
        arm(turn)


def _morning_of(turn: Turn, day: datetime) -> datetime:
    """The end of the night on a local day."""
    hour, minute = (int(part) for part in turn.setting.home.times.night_to.split(":"))
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)


def _days_later(moment: datetime, days: int) -> datetime:
    """The same local time so many days later, also where the clocks change in between."""
    return (moment.replace(tzinfo=None) + timedelta(days=days)).replace(tzinfo=moment.tzinfo)


def _wall_ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def due(turn: Turn) -> None:
    """Write the list, tell the person in charge and the manager, and wait for the next morning."""
    arm(turn)
    found = [*_told_late(turn), *_refused(turn), *_unproved(turn), *_reviews(turn), *_strangers(turn), *_tests(turn)]
    found += [f"{title}: {_some(names)}" for title, names in reviews.found(turn)]
    turn.set_meta(replace(turn.meta, listed_ms=turn.now.elapsed_ms))
    if not found:
        return
    words = "; ".join(found)
    turn.log(Did.LISTED, words)
    cause = Found(
        level=Level.TECHNICAL,
        kind=Kind.OTHER,
        cause=MANAGERS_LIST,
        reason=f"for the manager, of the last day: {words}",
        device="the manager's list",
    )
    raising.raise_alert(turn, cause)


def _told_late(turn: Turn) -> Iterator[str]:
    """Whoever was on shift has had the alert, marked late; whoever answers for the home reads it by day."""
    words = []
    for alert in turn.state.alerts:
        if alert.state is AlertState.CLOSED and (alert.closed_ms or 0) <= turn.meta.listed_ms:
            continue
        if alert.cause == TOLD_LATE and alert.raised_ms > turn.meta.listed_ms:
            words += [alert.reason.removeprefix(FOR_THE_MANAGER), *alert.also]
        elif alert.late and alert.episode is None and alert.level is not Level.TECHNICAL:
            words.append(f"{alert.id} ({shorten(alert.reason, LONGEST, placeholder=' …')})")
    if words:
        yield f"told later than was proved: {_some(words)}"


def _refused(turn: Turn) -> Iterator[str]:
    if any(alert.cause == REFUSED for alert in turn.open_alerts()):
        yield "a change to the home's files was refused, and the one before goes on: `handrail check HOME` says why"


def _unproved(turn: Turn) -> Iterator[str]:
    closed = [
        alert
        for alert in turn.state.alerts
        if alert.state is AlertState.CLOSED
        and presence.is_unshown(alert)
        and alert.ending not in (Ending.BACK, Ending.CLOSED_SINCE)
        and (alert.closed_ms or 0) > turn.meta.listed_ms
    ]
    if closed:
        each = [_why(turn, alert) for alert in sorted(closed, key=lambda alert: alert.id)]
        yield f"closed without a proof of presence: {_some(each)}"


def _why(turn: Turn, alert: Alert) -> str:
    reason = shorten(alert.unproved_reason or "no reason given", LONGEST, placeholder=" …")
    return f"{alert.id} ({reach.name(turn, alert.closed_by)}: {reason})"


def _reviews(turn: Turn) -> Iterator[str]:
    last_night = _night_that_ended(turn)
    often = sorted(
        f"{turn.setting.name_of(person.resident)} ({person.calls} calls)"
        for person in turn.state.people
        if person.night == last_night and person.calls >= turn.setting.home.times.frequent_from
    )
    if often:
        yield f"to be looked at together: {_some(often)}"


def _night_that_ended(turn: Turn) -> str:
    """The night before the last morning; its last hour may be the one that never comes."""
    here = turn.local()
    morning = _morning_of(turn, here)
    ended_ms = _wall_ms(morning if morning <= here else _days_later(morning, -1))
    return nights.night_of(turn, ended_ms - MINUTE_MS) or nights.night_of(turn, ended_ms - HOUR_MS - MINUTE_MS)


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

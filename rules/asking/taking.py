"""What staff do with an alert: claim it, attend, ask somebody to wait, close it."""

from __future__ import annotations

from dataclasses import replace

from devices.events import Kind
from rules.alerting import alerts, reach
from rules.alerting.levels import Level
from rules.alerting.life import Doing, after
from rules.asking import presence
from rules.effects import Did
from rules.hearing import supervision
from rules.inputs import Asked
from rules.plans import episodes
from rules.state import Alert, AlertState, Ending, Promise
from rules.turn import Turn, plainly

ENDINGS = {ending.value: ending for ending in Ending if ending not in (Ending.BACK, Ending.CLOSED_SINCE, Ending.TESTED)}
ASSIST = "assist:"
"""The name of the device a colleague called from who asked for help on a handset begins with this."""

Said = tuple[bool, str]


def claim(turn: Turn, request: Asked, alert: Alert) -> Said:
    """ "I am going": the others fall silent, the alert stays visible and ticking. A colleague in need is claimed by
    nobody alone: staff assist rings on until somebody is there."""
    if alert.claimed_by == request.by and alert.state is AlertState.CLAIMED:
        return True, "you are going already"
    if _is_own_cry(alert, request.by):
        return False, "you called for help yourself: a colleague comes"
    is_assist = alert.kind == Kind.STAFF_ASSIST
    before = alert.claimed_by if alert.state is AlertState.CLAIMED else None
    alert = replace(
        alert,
        version=alert.version + 1,
        state=after(alert.state, Doing.CLAIM) or AlertState.CLAIMED,
        claimed_by=request.by,
        claimed_wall_ms=turn.now.wall_ms,
        promise=None,
        quiet=not is_assist,
        burst_ms=None,
    )
    alerts.stop_clocks(turn, alert, but="ladder" if is_assist else "")
    turn.arm("claim", alert.id, turn.now.elapsed_ms + alerts.ladder_of(turn, alert).attend_within_s * 1000)
    instead = f" instead of {reach.name(turn, before)}" if before else ""
    turn.log(Did.CLAIMED, f"{reach.name(turn, request.by)} is going{instead}", alert=alert, by=request.by)
    _taken(turn, alert)
    return True, "you are going"


def attend(turn: Turn, request: Asked, alert: Alert) -> Said:
    """A carer is where the person is."""
    if _is_own_cry(alert, request.by):
        return False, "you called for help yourself: a colleague comes"
    shown = presence.shown_for(turn, request, alert)
    alert = replace(
        presence.noted(alert, shown, request.reason),
        version=alert.version + 1,
        state=after(alert.state, Doing.ATTEND) or AlertState.ATTENDED,
        claimed_by=alert.claimed_by or request.by,
        claimed_wall_ms=alert.claimed_wall_ms or turn.now.wall_ms,
        attended_by=request.by,
        attended_wall_ms=turn.now.wall_ms,
        promise=None,
        quiet=True,
        burst_ms=None,
    )
    alerts.stop_clocks(turn, alert)
    turn.arm("unclosed", alert.id, turn.now.elapsed_ms + turn.setting.home.times.unclosed_s * 1000)
    waited = plainly(turn.now.elapsed_ms - alert.waiting_since_ms)
    why = f"{reach.name(turn, request.by)} is there after {waited}{presence.at_attend(alert, shown)}"
    turn.log(Did.ATTENDED, why, alert=alert, by=request.by)
    _taken(turn, alert)
    what, _, where = request.proof.partition(":")
    there = where if shown and what == "screen" else alert.place
    episodes.carer_came(turn, there, f"{reach.name(turn, request.by)} is there")
    return True, "you are there"


def _taken(turn: Turn, alert: Alert) -> None:
    """Somebody took it: it is shown, its sounders fall silent, the room sees who is coming."""
    turn.show(alert)
    if alert.quiet:
        reach.hush(turn, alert)
    turn.show_room(alert.room)


def _is_own_cry(alert: Alert, person: str) -> bool:
    return alert.kind == Kind.STAFF_ASSIST and alert.device == f"{ASSIST}{person}"


def promise(turn: Turn, request: Asked, alert: Alert) -> Said:
    """Told to wait is a state, with its own clock; never for emergencies, never an ending."""
    if alert.level is Level.EMERGENCY:
        return False, "nobody is asked to wait in an emergency"
    longest = turn.setting.home.times.promise_longest_s
    if not 0 < request.until_s <= longest:
        return False, f"the longest time somebody may be asked to wait is {plainly(longest * 1000)}"
    if alert.promised_before or alert.promises > 1:
        return False, "this was put off already: go, or let somebody else"
    again = alert.promises > 0
    if again and not request.reason.strip():
        return False, "say why it takes longer"
    until = turn.now.elapsed_ms + request.until_s * 1000
    until_wall = turn.now.wall_ms + request.until_s * 1000
    alert = replace(
        alert,
        version=alert.version + 1,
        state=after(alert.state, Doing.PROMISE) or AlertState.PROMISED,
        promise=Promise(by=request.by, until_ms=until, until_wall_ms=until_wall, extended=again),
        promises=alert.promises + 1,
        quiet=True,
        burst_ms=None,
        claimed_by=None,
        claimed_wall_ms=None,
        attended_by=None,
        attended_wall_ms=None,
        proved=False,
        unproved_reason=None,
    )
    alerts.stop_clocks(turn, alert)
    turn.arm("promise", alert.id, until)
    more = f", put off once: {request.reason}" if again else ""
    why = f"{reach.name(turn, request.by)} will be back within {plainly(request.until_s * 1000)}{more}"
    turn.log(Did.PROMISED, why, alert=alert, by=request.by)
    _taken(turn, alert)
    return True, "promised"


def close(turn: Turn, request: Asked, alert: Alert) -> Said:
    """The end, with how it ended. What was missed while down is answered one by one.

    Presence that was not shown needs a reason, given when attending or now; the word of *other* is one.
    """
    ending = ENDINGS.get(request.ending)
    if ending is None:
        return False, f"say how it ended: {', '.join(ENDINGS)}"
    if ending is Ending.OTHER and not request.reason.strip():
        return False, "say in a word how it ended"
    if any(row.answered_by is None for row in alert.missed):
        return _close_missed(turn, request, alert, ending)
    shown = presence.shown_for(turn, request, alert)
    alert = presence.noted(alert, shown, request.reason)
    if presence.lacks_reason(alert):
        return False, presence.SAY_WHY
    if request.resident and alert.resident is None and request.resident in turn.setting.residents:
        alert = replace(alert, resident=request.resident)
    why = f"{_ended(turn, request, ending)}{presence.at_close(alert, shown)}"
    closed = alerts.end(turn, alert, ending, why, by=request.by, word=request.reason or None)
    supervision.closed_by_staff(turn, closed)
    return True, "closed"


def _ended(turn: Turn, request: Asked, ending: Ending, which: str = "") -> str:
    one = f"{which}: " if which else ""
    word = f" ({request.reason})" if request.reason else ""
    return f"{reach.name(turn, request.by)}: {one}{ending.value.replace('_', ' ')}{word}"


def _close_missed(turn: Turn, request: Asked, alert: Alert, ending: Ending) -> Said:
    """Each is shown by itself, where it is; one reason does for all of those that nothing showed."""
    asked_for = request.resident or request.device
    waiting = [row for row in alert.missed if row.answered_by is None]
    mine = [row for row in waiting if asked_for and asked_for in (row.resident, row.device)]
    if not mine:
        names = ", ".join(turn.setting.name_of(row.resident) or row.device for row in waiting)
        return False, f"each is answered by itself; still open: {names}"
    found = [presence.shown_for_missed(turn, request, row) for row in mine]
    shown = found[0] if all(found) else None
    if shown is None:
        alert = presence.noted(alert, None, request.reason)
        if presence.lacks_reason(alert):
            return False, presence.SAY_WHY
    rows = tuple(
        replace(row, answered_by=request.by, proved=shown is not None) if row in mine else row for row in alert.missed
    )
    proved = all(row.answered_by and row.proved for row in rows)
    alert = replace(alert, version=alert.version + 1, missed=rows, proved=proved)
    answered = f"{_ended(turn, request, ending, asked_for)}{presence.at_close(alert, shown)}"
    if all(row.answered_by for row in rows):
        alerts.end(turn, alert, ending, f"{answered}; all of them were answered", by=request.by)
        return True, "closed"
    turn.log(Did.ANSWERED, answered, alert=alert, by=request.by, resident=request.resident or None)
    turn.show(alert)
    return True, "answered; others are still open"

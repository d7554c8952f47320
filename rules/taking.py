"""What staff do with an alert: claim it, attend, ask somebody to wait, close it."""

from __future__ import annotations

from dataclasses import replace

from devices.events import Kind
from rules import alerts, reach, supervision
from rules.effects import Did
from rules.inputs import Asked
from rules.levels import Level
from rules.life import Doing, after
from rules.state import Alert, AlertState, Ending, Promise
from rules.turn import Turn, plainly

ENDINGS = {ending.value: ending for ending in Ending if ending is not Ending.BACK}
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
    shown = _proof(turn, request, alert)
    alert = replace(
        alert,
        version=alert.version + 1,
        state=after(alert.state, Doing.ATTEND) or AlertState.ATTENDED,
        claimed_by=alert.claimed_by or request.by,
        claimed_wall_ms=alert.claimed_wall_ms or turn.now.wall_ms,
        attended_by=request.by,
        attended_wall_ms=turn.now.wall_ms,
        proved=shown is not None,
        promise=None,
        quiet=True,
        burst_ms=None,
    )
    alerts.stop_clocks(turn, alert)
    turn.arm("unclosed", alert.id, turn.now.elapsed_ms + turn.setting.home.times.unclosed_s * 1000)
    waited = plainly(turn.now.elapsed_ms - alert.waiting_since_ms)
    proof = shown or f"presence not shown, for the manager's list (reason: {request.reason or 'none given'})"
    why = f"{reach.name(turn, request.by)} is there after {waited}; {proof}"
    turn.log(Did.ATTENDED, why, alert=alert, by=request.by)
    _taken(turn, alert)
    return True, "you are there"


def _taken(turn: Turn, alert: Alert) -> None:
    """Somebody took it: it is shown, its sounders fall silent, the room sees who is coming."""
    turn.show(alert)
    if alert.quiet:
        reach.hush(turn, alert)
    turn.show_room(alert.room)


def _is_own_cry(alert: Alert, person: str) -> bool:
    return alert.kind == Kind.STAFF_ASSIST and alert.device == f"{ASSIST}{person}"


def _proof(turn: Turn, request: Asked, alert: Alert) -> str | None:
    """Presence is proved by any tag, call point or screen where the person is; without one it is said and listed.

    Where a pendant's wearer is, nobody knows: any place of the home will do for them, and is written down.
    """
    what, _, where = request.proof.partition(":")
    here = {alert.place, alert.room} if alert.place is not None else None
    if what == "screen" and where in turn.setting.places:
        fits = here is None or where in here
        return f"shown by the screen of {turn.setting.place_name(where)}" if fits else None
    placed = turn.setting.registry.by_name(where) if what in ("device", "tag") else None
    if placed is None:
        return None
    return f"shown by {where}" if here is None or placed.place in here else None


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
    )
    alerts.stop_clocks(turn, alert)
    turn.arm("promise", alert.id, until)
    more = f", put off once: {request.reason}" if again else ""
    why = f"{reach.name(turn, request.by)} will be back within {plainly(request.until_s * 1000)}{more}"
    turn.log(Did.PROMISED, why, alert=alert, by=request.by)
    _taken(turn, alert)
    return True, "promised"


def close(turn: Turn, request: Asked, alert: Alert) -> Said:
    """The end, with how it ended. What was missed while down is answered one by one."""
    ending = ENDINGS.get(request.ending)
    if ending is None:
        return False, f"say how it ended: {', '.join(ENDINGS)}"
    if ending is Ending.OTHER and not request.reason.strip():
        return False, "say in a word how it ended"
    if any(row.answered_by is None for row in alert.missed):
        return _close_missed(turn, request, alert, ending)
    if request.resident and alert.resident is None and request.resident in turn.setting.residents:
        alert = replace(alert, resident=request.resident)
    word = f" ({request.reason})" if request.reason else ""
    why = f"{reach.name(turn, request.by)}: {ending.value.replace('_', ' ')}{word}{_unproved(alert)}"
    closed = alerts.end(turn, alert, ending, why, by=request.by, word=request.reason or None)
    supervision.closed_by_staff(turn, closed)
    return True, "closed"


def _unproved(alert: Alert) -> str:
    if alert.state is not AlertState.ATTENDED:
        return "; closed without having attended, for the manager's list"
    return "" if alert.proved else "; presence was not shown, for the manager's list"


def _close_missed(turn: Turn, request: Asked, alert: Alert, ending: Ending) -> Said:
    asked_for = request.resident or request.device
    rows = [
        replace(row, answered_by=request.by)
        if asked_for and asked_for in (row.resident, row.device) and row.answered_by is None
        else row
        for row in alert.missed
    ]
    if rows == list(alert.missed):
        waiting = [row for row in alert.missed if row.answered_by is None]
        names = ", ".join(turn.setting.name_of(row.resident) or row.device for row in waiting)
        return False, f"each is answered by itself; still open: {names}"
    alert = replace(alert, version=alert.version + 1, missed=tuple(rows))
    who = reach.name(turn, request.by)
    word = f" ({request.reason})" if request.reason else ""
    answered = f"{who}: {asked_for}: {ending.value.replace('_', ' ')}{word}"
    if all(row.answered_by for row in rows):
        alerts.end(turn, alert, ending, f"{answered}; all of them were answered", by=request.by)
        return True, "closed"
    turn.log(Did.ANSWERED, answered, alert=alert, by=request.by, resident=request.resident or None)
    turn.show(alert)
    return True, "answered; others are still open"

"""What is asked for over MQTT: who may ask for what, and that each request is answered, and done once.

`client` decides role and place (DESIGN §7): only the dashboards' account may name a person, a room's client is that
room, and any other account may only call. What a request does is in `taking` (an alert), `rooms` (a resident's own
screen), `floor` (staff and the house), `whereabouts` and `visits` (a resident and their plan), `commanding` (a device).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from rules.alerting import reach
from rules.alerting.life import Doing, after, why_not
from rules.asking import (
    choosing,
    commanding,
    company,
    floor,
    rooms,
    taking,
)
from rules.hearing import walking
from rules.inputs import Asked
from rules.plans import reconnecting, visits, whereabouts
from rules.state import Alert, AlertState, Answered
from rules.turn import Turn, plainly

DASHBOARDS = "dashboards"
ANSWERED_MS = 20 * 3_600_000
"""Requests for an alert closed longer ago than this are answered alike, whether it is still in memory or not."""

Said = tuple[bool, str]

FOR_ALERT: Mapping[str, tuple[Doing, Callable[[Turn, Asked, Alert], Said]]] = {
    "claim": (Doing.CLAIM, taking.claim),
    "attend": (Doing.ATTEND, taking.attend),
    "promise": (Doing.PROMISE, taking.promise),
    "close": (Doing.CLOSE, taking.close),
}
"""What may be done with an alert; `rules/alerting/life.py` says from which state."""

OTHERS: Mapping[str, Callable[[Turn, Asked], Said]] = {
    "ok": rooms.ok,
    "answer": rooms.answer,
    "call": rooms.call,
    "assist": rooms.assist,
    "company": company.company,
    "choose": choosing.choose,
    "sign_on": floor.sign_on,
    "sign_off": floor.sign_off,
    "not_ours": floor.not_ours,
    "ours": floor.ours,
    "command": commanding.command,
    "mode": floor.mode,
    "walk": walking.walk,
    "tested": walking.tested,
    "away": whereabouts.away,
    "back": whereabouts.back,
    "gone": whereabouts.gone,
    "visit": visits.visit,
    "not_now": visits.not_now,
    "looked": visits.looked,
    "change_of_condition": visits.change_of_condition,
    "reconnected": reconnecting.reconnected,
}

OF_A_ROOM = frozenset({"ok", "answer", "call", "assist", "company", "choose", "visit", "not_now", "command"})
OF_ANYBODY = frozenset({"call"})


def asked(turn: Turn, request: Asked) -> None:
    """Answer a request. The same id again gets the same answer, and nothing is done twice."""
    key = f"{request.client}/{request.id}"
    before = turn.state.answers.get(key)
    if before is not None:
        turn.answer(request.id, before.ok, before.reason)
        return
    ok, reason = _decide(turn, request)
    if turn.meta.unkept:
        reason = f"{reason}; the hub cannot write it down just now"
    turn.state.answers.put(
        key, Answered(id=request.id, ok=ok, reason=reason, at_ms=turn.now.elapsed_ms, client=request.client)
    )
    turn.answer(request.id, ok, reason)


def _decide(turn: Turn, request: Asked) -> Said:
    known = {*FOR_ALERT, *OTHERS}
    if request.do == "unreadable":
        return False, f"the request cannot be read: {request.reason}"
    if request.do not in known:
        return False, f"unknown request {request.do!r}; known are: {', '.join(sorted(known))}"
    if request.client != DASHBOARDS:
        allowed = OF_A_ROOM if request.client.startswith(rooms.ROOM) else OF_ANYBODY
        if request.do not in allowed:
            return False, f"{request.client} may only ask for: {', '.join(sorted(allowed))}"
        request = replace(request, by="")
    if request.do in FOR_ALERT:
        return _for_alert(turn, request)
    return OTHERS[request.do](turn, request)


def _for_alert(turn: Turn, request: Asked) -> Said:
    alert = turn.state.alerts.get(request.alert)
    if alert is None or (alert.closed_ms is not None and turn.now.elapsed_ms - alert.closed_ms > ANSWERED_MS):
        return False, f"there is no alert {request.alert!r}, or it ended long ago"
    if alert.state is AlertState.CLOSED:
        who = reach.name(turn, alert.closed_by) if alert.closed_by else "the hub"
        ending = alert.ending.value.replace("_", " ") if alert.ending else "closed"
        ago = plainly(turn.now.elapsed_ms - (alert.closed_ms or 0))
        return False, f"{who} closed it {ago} ago: {ending}"
    if not floor.is_staff(turn, request.by):
        who = f"nobody called {request.by!r} is known or signed on: sign on first"
        return False, who if request.by else "say who: by"
    if alert.test is not None:
        alert = walking.tell(turn, alert, f"{reach.name(turn, request.by)} takes it for a call")
    doing, carry_out = FOR_ALERT[request.do]
    if after(alert.state, doing) is None:
        there = f"{reach.name(turn, alert.attended_by)} is there already"
        return False, there if alert.attended_by else why_not(alert.state, doing)
    return carry_out(turn, request, alert)

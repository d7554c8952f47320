"""What people ask for: claim, attend, promise, close, ok, call, assist, sign on. Each is answered, and done once.

`client` decides role and place (DESIGN §7): only the dashboards' account may name a person, a room's client is that
room, and any other account may only call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from devices.commands import TurnOff, TurnOn
from devices.events import Kind
from rules import alerts, episodes, reach
from rules.alerts import Found
from rules.effects import Did
from rules.home import Role
from rules.inputs import Asked
from rules.levels import Level
from rules.state import Alert, AlertState, Answered, Ending, OnShift, Promise, Stranger
from rules.turn import Turn, plainly

DASHBOARDS = "dashboards"
ROOM = "room-"
ENDINGS = {ending.value: ending for ending in Ending if ending is not Ending.BACK}

Said = tuple[bool, str]


def asked(turn: Turn, request: Asked) -> None:
    """Answer a request. The same id again gets the same answer, and nothing is done twice."""
    before = turn.state.answers.get(request.id)
    if before is not None:
        turn.answer(request.id, before.ok, before.reason)
        return
    ok, reason = _decide(turn, request)
    turn.state.answers.put(
        request.id, Answered(id=request.id, ok=ok, reason=reason, at_ms=turn.now.elapsed_ms)
    )
    turn.answer(request.id, ok, reason)


def _decide(turn: Turn, request: Asked) -> Said:
    is_room = request.client.startswith(ROOM)
    if request.client != DASHBOARDS:
        allowed = {"ok", "call", "assist"} if is_room else {"call"}
        if request.do not in allowed:
            return False, f"{request.client} may only ask for: {', '.join(sorted(allowed))}"
    if request.do in FOR_ALERT:
        return _for_alert(turn, request)
    doing = OTHERS.get(request.do)
    if doing is None:
        known = ", ".join(sorted({*FOR_ALERT, *OTHERS}))
        return False, f"unknown request {request.do!r}; known are: {known}"
    return doing(turn, request)


def _for_alert(turn: Turn, request: Asked) -> Said:
    alert = turn.state.alerts.get(request.alert)
    if alert is None:
        return False, f"there is no alert {request.alert!r}"
    if alert.state is AlertState.CLOSED:
        who = reach.names(turn, (alert.closed_by,)) if alert.closed_by else "the hub"
        ending = alert.ending.value.replace("_", " ") if alert.ending else "closed"
        ago = plainly(turn.now.elapsed_ms - (alert.closed_ms or 0))
        return False, f"{who} closed it {ago} ago: {ending}"
    if not is_staff(turn, request.by):
        return False, f"nobody called {request.by!r} is known or signed on: sign on first" if request.by else "say who: by"
    return FOR_ALERT[request.do](turn, request, alert)


def is_staff(turn: Turn, person: str) -> bool:
    return person in turn.setting.staff or person in turn.state.shift


# -- an alert's life ----------------------------------------------------------------------------------------------


def _claim(turn: Turn, request: Asked, alert: Alert) -> Said:
    """"I am going": the others fall silent, the alert stays visible and ticking. A colleague in need is claimed by
    nobody alone: staff assist rings on until somebody is there."""
    if alert.state is AlertState.ATTENDED:
        return False, f"{reach.names(turn, (alert.attended_by or '',))} is there already"
    assist = alert.kind == Kind.STAFF_ASSIST
    alert = replace(
        alert,
        version=alert.version + 1,
        state=AlertState.CLAIMED,
        claimed_by=request.by,
        claimed_wall_ms=turn.now.wall_ms,
        promise=None,
        quiet=not assist,
    )
    turn.disarm("promise", alert.id)
    if not assist:
        turn.disarm("ladder", alert.id)
    turn.arm("claim", alert.id, turn.now.elapsed_ms + alerts.ladder_of(turn, alert).attend_within_s * 1000)
    turn.log(Did.CLAIMED, f"{reach.names(turn, (request.by,))} is going", alert=alert, by=request.by)
    turn.show(alert)
    if not assist:
        reach.hush(turn, alert)
    turn.show_room(alert.room)
    return True, "you are going"


def _attend(turn: Turn, request: Asked, alert: Alert) -> Said:
    """A carer is where the person is."""
    proof = _proof(turn, request, alert)
    alert = replace(
        alert,
        version=alert.version + 1,
        state=AlertState.ATTENDED,
        claimed_by=alert.claimed_by or request.by,
        claimed_wall_ms=alert.claimed_wall_ms or turn.now.wall_ms,
        attended_by=request.by,
        attended_wall_ms=turn.now.wall_ms,
        promise=None,
        quiet=True,
    )
    for what in ("ladder", "claim", "promise"):
        turn.disarm(what, alert.id)
    turn.arm("unclosed", alert.id, turn.now.elapsed_ms + turn.setting.home.times.unclosed_s * 1000)
    waited = plainly(turn.now.elapsed_ms - alert.waiting_since_ms)
    why = f"{reach.names(turn, (request.by,))} is there after {waited}; {proof}"
    turn.log(Did.ATTENDED, why, alert=alert, by=request.by)
    turn.show(alert)
    reach.hush(turn, alert)
    turn.show_room(alert.room)
    return True, "you are there"


def _proof(turn: Turn, request: Asked, alert: Alert) -> str:
    """Presence is proved by any tag, call point or screen where the person is; without one it is said and listed."""
    what, _, where = request.proof.partition(":")
    if what == "screen" and where in turn.setting.places:
        return f"shown by the screen of {turn.setting.place_name(where)}"
    if what in ("device", "tag") and turn.setting.registry.by_name(where):
        return f"shown by {where}"
    reason = request.reason or "none given"
    return f"presence not shown, for the manager's list (reason: {reason})"


def _promise(turn: Turn, request: Asked, alert: Alert) -> Said:
    """Told to wait is a state, with its own clock; never for emergencies, never an ending."""
    if alert.level is Level.EMERGENCY:
        return False, "nobody is asked to wait in an emergency"
    longest = turn.setting.home.times.promise_longest_s
    if not 0 < request.until_s <= longest:
        return False, f"the longest time somebody may be asked to wait is {plainly(longest * 1000)}"
    running = alert.promise is not None or alert.promised_before
    if running and (alert.promise is None or alert.promise.extended):
        return False, "this was put off already: go, or let somebody else"
    if running and not request.reason:
        return False, "say why it takes longer"
    until = turn.now.elapsed_ms + request.until_s * 1000
    promise = Promise(
        by=request.by, until_ms=until, until_wall_ms=turn.now.wall_ms + request.until_s * 1000, extended=running
    )
    alert = replace(
        alert, version=alert.version + 1, state=AlertState.TOLD, promise=promise, quiet=True,
        claimed_by=None, claimed_wall_ms=None, attended_by=None, attended_wall_ms=None,
    )
    for what in ("ladder", "claim", "unclosed"):
        turn.disarm(what, alert.id)
    turn.arm("promise", alert.id, until)
    more = f", put off once: {request.reason}" if running else ""
    why = f"{reach.names(turn, (request.by,))} will be back within {plainly(request.until_s * 1000)}{more}"
    turn.log(Did.PROMISED, why, alert=alert, by=request.by)
    turn.show(alert)
    reach.hush(turn, alert)
    turn.show_room(alert.room)
    return True, "promised"


def _close(turn: Turn, request: Asked, alert: Alert) -> Said:
    """The end, with how it ended. What was missed while down is answered one by one."""
    ending = ENDINGS.get(request.ending)
    if ending is None:
        return False, f"say how it ended: {', '.join(ENDINGS)}"
    if ending is Ending.OTHER and not request.reason:
        return False, "say in a word how it ended"
    if alert.missed and any(row.answered_by is None for row in alert.missed):
        return _close_missed(turn, request, alert, ending)
    if request.resident and alert.resident is None and request.resident in turn.setting.residents:
        alert = replace(alert, resident=request.resident)
    who = reach.names(turn, (request.by,))
    where = "" if alert.state is AlertState.ATTENDED else "; closed without having attended, for the manager's list"
    word = f" ({request.reason})" if request.reason else ""
    why = f"{who}: {ending.value.replace('_', ' ')}{word}{where}"
    alerts.end(turn, alert, ending, why, by=request.by, word=request.reason or None)
    return True, "closed"


def _close_missed(turn: Turn, request: Asked, alert: Alert, ending: Ending) -> Said:
    asked_for = request.resident or request.device
    rows = [
        replace(row, answered_by=request.by)
        if asked_for and asked_for in (row.resident, row.device) and row.answered_by is None
        else row
        for row in alert.missed
    ]
    if rows == list(alert.missed):
        open_ones = [turn.setting.name_of(row.resident) or row.device for row in alert.missed if row.answered_by is None]
        return False, f"each is answered by itself; still open: {', '.join(open_ones)}"
    alert = replace(alert, version=alert.version + 1, missed=tuple(rows))
    who = reach.names(turn, (request.by,))
    if all(row.answered_by for row in rows):
        alerts.end(turn, alert, ending, f"{who}: all of them were answered", by=request.by)
        return True, "closed"
    turn.log(Did.ATTENDED, f"{who} answered {asked_for}", alert=alert, by=request.by, resident=request.resident or None)
    turn.show(alert)
    return True, "answered; others are still open"


# -- from a room --------------------------------------------------------------------------------------------------


def _ok(turn: Turn, request: Asked) -> Said:
    """*I'm all right*: settles help; on an emergency or a call it is shown to staff, stops no ladder, closes nothing."""
    room = request.client.removeprefix(ROOM) if request.client.startswith(ROOM) else request.room
    live = turn.setting.live_in.get(room, [])
    residents = (request.resident,) if request.resident in live else tuple(live)
    if not residents:
        return False, f"nobody lives in {room!r}"
    if len(residents) > 1:
        return False, "more than one person lives here: say who"
    settled = episodes.settle_by_ok(turn, residents)
    shown = 0
    for alert in list(turn.state.alerts):
        if alert.resident in residents and alert.state is not AlertState.CLOSED and not alert.ok_said:
            alert = replace(alert, version=alert.version + 1, ok_said=True)
            turn.log(Did.OK_SAID, "the resident says: I'm all right; staff still come", alert=alert)
            turn.show(alert)
            shown += 1
    if shown:
        return True, "thank you; somebody still comes to see you"
    return True, "thank you" if settled else "thank you; nothing was waiting for this"


def _call(turn: Turn, request: Asked) -> Said:
    """A call asked for by a client instead of a button."""
    room = request.client.removeprefix(ROOM) if request.client.startswith(ROOM) else request.room
    if room not in turn.setting.places:
        return False, f"there is no place {room!r}"
    resident = request.resident if request.resident in turn.setting.live_in.get(room, []) else None
    resident = resident or turn.setting.only_resident_of(room)
    device = f"call:{room}"
    for alert in turn.state.alerts:
        if alert.device == device and alert.state is not AlertState.CLOSED:
            more = replace(alert, version=alert.version + 1, presses=alert.presses + 1, pressed_ms=turn.now.elapsed_ms)
            turn.log(Did.PRESSED, f"call {more.presses} from this room", alert=more)
            turn.show(more)
            return True, alert.id
    who = turn.setting.name_of(resident) or turn.setting.place_name(room)
    cause = Found(
        level=Level.CALL, kind=Kind.CALL, cause=request.client, reason=f"{who} called from a screen", resident=resident,
        place=room, device=device,
    )
    return True, alerts.raise_alert(turn, cause).id


def _assist(turn: Turn, request: Asked) -> Said:
    """A colleague needs help: everybody at once, where, who; the caller's own open alerts go back to their ladders."""
    room = request.client.removeprefix(ROOM) if request.client.startswith(ROOM) else request.room
    caller = reach.names(turn, (request.by,)) if request.by else "a colleague"
    for alert in list(turn.state.alerts):
        taken = request.by and request.by in (alert.claimed_by, alert.attended_by, alert.promise.by if alert.promise else "")
        if taken and alert.state is not AlertState.CLOSED and alert.kind != Kind.STAFF_ASSIST:
            why = f"{caller} needs help themselves"
            alerts.back_to_ladder(turn, alert, Did.CLAIM_LAPSED, why, everybody=False)
    where = turn.setting.place_name(room) if room in turn.setting.places else "place not known"
    cause = Found(
        level=Level.EMERGENCY,
        kind=Kind.STAFF_ASSIST,
        cause=request.by or request.client,
        reason=f"{caller} needs help: {where}",
        place=room if room in turn.setting.places else None,
        device=f"assist:{request.by or request.client}",
        everybody=True,
        by=request.by or None,
    )
    return True, alerts.raise_alert(turn, cause).id


# -- staff and the house ------------------------------------------------------------------------------------------


def _sign_on(turn: Turn, request: Asked) -> Said:
    """Who picked up a handset is on shift; an agency carer types a name. The rota only warns."""
    name = request.by.strip()
    if not name:
        return False, "say who signs on: by"
    carer = turn.setting.staff.get(name) or next(
        (row for row in turn.setting.staff.values() if row.name.casefold() == name.casefold()), None
    )
    person = carer.id if carer else name
    row = OnShift(
        person=person,
        name=carer.name if carer else name,
        role=(carer.role if carer else Role.CARER).value,
        since_wall_ms=turn.now.wall_ms,
        client=request.client,
        known=carer is not None,
    )
    turn.state.shift.put(person, row)
    warning = "" if carer is None or carer.always or _is_on_rota(turn, person) else "; not on the rota now"
    turn.log(Did.SIGNED_ON, f"{row.name} signed on{warning}", by=person)
    return True, f"{row.name} is on shift{warning}"


def _is_on_rota(turn: Turn, person: str) -> bool:
    here = turn.local()
    clock, today = here.strftime("%H:%M"), here.strftime("%a").lower()
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    yesterday = days[(days.index(today) - 1) % 7]
    for shift in turn.setting.staff[person].shifts:
        if shift.start < shift.end:
            if today in shift.days and shift.start <= clock < shift.end:
                return True
        elif (today in shift.days and clock >= shift.start) or (yesterday in shift.days and clock < shift.end):
            return True
    return False


def _sign_off(turn: Turn, request: Asked) -> Said:
    """Put the handset back; what this person has claimed goes back to its ladder."""
    row = turn.state.shift.get(request.by)
    if row is None:
        return False, f"{request.by!r} is not signed on"
    turn.state.shift.drop(request.by)
    turn.log(Did.SIGNED_OFF, f"{row.name} signed off", by=request.by)
    for alert in list(turn.state.alerts):
        if alert.state is AlertState.CLAIMED and alert.claimed_by == request.by:
            alerts.back_to_ladder(turn, alert, Did.CLAIM_LAPSED, f"{row.name} signed off", everybody=False)
    left = len(reach.on_shift(turn))
    return True, "signed off" if left else "signed off; nobody is on shift now: every handset and sounder will ring"


def _not_ours(turn: Turn, request: Asked) -> Said:
    """A manager, or two of the staff, may mark a stranger's device not ours; it can be taken back."""
    if turn.setting.placed(request.device) or turn.setting.registry.by_name(request.device):
        return False, f"{request.device} is one of ours"
    if not is_staff(turn, request.by):
        return False, "say who: by"
    stranger = turn.state.strangers.get(request.device) or Stranger(
        device=request.device, first_wall_ms=turn.now.wall_ms
    )
    marked = (*(person for person in stranger.marked_by if person != request.by), request.by)
    carer = turn.setting.staff.get(request.by)
    holds = len(marked) >= 2 or (carer is not None and carer.role is Role.MANAGER)
    turn.state.strangers.put(request.device, replace(stranger, marked_by=marked, not_ours=holds))
    who = reach.names(turn, marked)
    turn.log(Did.NOT_OURS, f"{request.device}: marked not ours by {who}", device=request.device, by=request.by)
    return True, "it rings nobody any more" if holds else "one more of the staff, or a manager, has to say so too"


def _ours(turn: Turn, request: Asked) -> Said:
    stranger = turn.state.strangers.get(request.device)
    if stranger is None:
        return False, f"{request.device!r} was never heard"
    turn.state.strangers.put(request.device, replace(stranger, marked_by=(), not_ours=False))
    turn.log(Did.NOT_OURS, f"{request.device}: taken back, it rings again", device=request.device, by=request.by)
    return True, "it rings again"


def _command(turn: Turn, request: Asked) -> Said:
    """A light or socket switched from a screen: `reason` says on or off."""
    address = turn.setting.address_of(request.device)
    if address is None:
        return False, f"there is no device {request.device!r}"
    if request.reason not in ("on", "off"):
        return False, "say on or off"
    command = TurnOn(device=address) if request.reason == "on" else TurnOff(device=address)
    turn.carry(command, f"{request.by or request.client} asked for it", episodes.LIGHT_DROP_MS)
    return True, "asked for"


def _mode(turn: Turn, request: Asked) -> Said:
    """*fire* stops speech, reminders and non-emergency sound, nothing else; *normal* ends it."""
    if request.reason not in ("fire", "normal"):
        return False, "the mode is fire or normal"
    turn.set_meta(replace(turn.meta, mode=request.reason))
    who = reach.names(turn, (request.by,)) if request.by else request.client
    turn.log(Did.MODE_CHANGED, f"{who}: {request.reason}", by=request.by or None)
    return True, request.reason


FOR_ALERT: Mapping[str, Callable[[Turn, Asked, Alert], Said]] = {
    "claim": _claim,
    "attend": _attend,
    "promise": _promise,
    "close": _close,
}
OTHERS: Mapping[str, Callable[[Turn, Asked], Said]] = {
    "ok": _ok,
    "call": _call,
    "assist": _assist,
    "sign_on": _sign_on,
    "sign_off": _sign_off,
    "not_ours": _not_ours,
    "ours": _ours,
    "command": _command,
    "mode": _mode,
}

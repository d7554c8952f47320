"""What is asked for where somebody lives or works: *I'm all right*, a call, and help for a colleague."""

from __future__ import annotations

from dataclasses import replace

from devices.events import Kind
from rules.alerting import alerts, reach
from rules.alerting.levels import Level
from rules.alerting.raising import Found, raise_alert
from rules.asking.taking import ASSIST
from rules.effects import Did
from rules.hearing import missed, presses, walking
from rules.inputs import Asked
from rules.plans import episodes
from rules.proof.watch import called_late
from rules.setting import key_of
from rules.state import Alert
from rules.turn import LATE_MS, Turn, plainly

ROOM = "room-"

Said = tuple[bool, str]


def room_of(request: Asked) -> str:
    """A room's client is that room; others say which one they mean."""
    return request.client.removeprefix(ROOM) if request.client.startswith(ROOM) else request.room


def ok(turn: Turn, request: Asked) -> Said:
    """*I'm all right*: settles help; on an emergency or a call it is shown to staff, stops no ladder, closes nothing.

    The screen of a shared room is tied to nobody, so what is said there is shown to staff and settles nothing.
    """
    room = room_of(request)
    live = turn.setting.live_in.get(room, [])
    if not live:
        return False, f"nobody lives in {room!r}"
    alone = len(live) == 1
    if not alone and request.resident not in live:
        return False, "more than one person lives here: say who"
    resident = live[0] if alone else request.resident
    settled = episodes.settle_by_ok(turn, resident) if alone else 0
    shown = 0
    for alert in turn.open_alerts():
        if alert.resident == resident and not alert.ok_said:
            said = replace(alert, version=alert.version + 1, ok_said=True)
            turn.log(Did.OK_SAID, "the resident says: I'm all right; staff still come", alert=said)
            turn.show(said)
            shown += 1
    if shown:
        return True, "thank you; somebody still comes to see you"
    return True, "thank you" if settled else "thank you; nothing was waiting for this"


def answer(turn: Turn, request: Asked) -> Said:
    """The answer to a question that help asked. A room's client answers what its own room was asked; the screen of a
    shared room is tied to nobody, so that its answer is kept and ends no delay."""
    episode = next((row for row in turn.state.episodes if row.id == request.episode), None)
    ask = episodes.question_of(episode) if episode is not None else None
    is_room = request.client.startswith(ROOM)
    if episode is None or ask is None or (is_room and request.client != f"{ROOM}{episode.rule.place}"):
        return False, "nothing is asked any more"
    given = next((one for one in ask.answers if one.answer == request.answer), None)
    if given is None:
        return False, f"the answers are: {', '.join(one.answer for one in ask.answers)}"
    rule = episode.rule
    alone = not is_room or len(turn.setting.live_in.get(rule.place, ())) < 2
    how = "on the room's screen" if is_room else f"through {reach.name(turn, request.by) or request.client}"
    episodes.answered(turn, key_of(rule), episode, given, how, alone=alone)
    return True, "somebody is told" if given.means == "tells" else "thank you"


def call(turn: Turn, request: Asked) -> Said:
    """A call asked for by a client instead of a button. One that does not say where is told too, to everybody."""
    room = room_of(request)
    is_place = room in turn.setting.places
    live = turn.setting.live_in.get(room, [])
    resident = request.resident if request.resident in live else turn.setting.only_resident_of(room)
    device = f"call:{room}" if is_place else f"call:{request.client}"
    walking.interrupt(turn, f"{device} called")
    for alert in turn.open_alerts():
        # A wish for company comes from the same screen and is no call: who then calls for help has a call of its own.
        if alert.device == device and alert.kind == Kind.CALL and alert.resident == resident:
            presses.press_again(turn, alert, None)
            return True, alert.id
    who = turn.setting.name_of(resident) or turn.setting.place_name(room) or request.client
    where = "" if is_place else "; where is not known"
    age_ms, ago = _age(turn, request)
    cause = Found(
        level=Level.CALL,
        kind=Kind.CALL,
        cause=request.client,
        reason=f"{who} called from a screen{where}{ago}",
        resident=resident,
        place=room if is_place else None,
        device=device,
        everybody=not is_place,
        late=bool(ago),
    )
    raised = raise_alert(turn, cause)
    if ago:
        called_late(turn, who, age_ms)
    return True, raised.id


def _age(turn: Turn, request: Asked) -> tuple[int, str]:
    """How long a cry for help waited while the hub was down, and the words for it; none where it is news."""
    age_ms = missed.age_ms(turn, request)
    return age_ms, f", {plainly(age_ms)} ago while the hub was down" if age_ms > LATE_MS else ""


def assist(turn: Turn, request: Asked) -> Said:
    """A colleague needs help: everybody at once, where, who; the caller's own open alerts go back to their ladders."""
    room = room_of(request)
    who = request.by or request.client
    is_place = room in turn.setting.places
    place = room if is_place else _is_with(turn, request.by)
    caller = reach.name(turn, request.by) if request.by else "a colleague"
    walking.interrupt(turn, f"{caller} needs help")
    for alert in turn.open_alerts():
        if alert.device == f"{ASSIST}{who}" and (request.by or alert.place == place):
            presses.press_again(turn, replace(alert, place=place or alert.place), None)
            return True, alert.id
    if request.by:
        alerts.leave_all(turn, request.by, f"{caller} needs help themselves")
    where = turn.setting.place_name(place) if place else "place not known"
    last = "" if is_place or not place else ", where they attended last"
    age_ms, ago = _age(turn, request)
    cause = Found(
        level=Level.EMERGENCY,
        kind=Kind.STAFF_ASSIST,
        cause=who,
        reason=f"{caller} needs help: {where}{last}{ago}",
        place=place,
        device=f"{ASSIST}{who}",
        everybody=True,
        by=request.by or None,
        late=bool(ago),
    )
    raised = raise_alert(turn, cause)
    if ago:
        called_late(turn, caller, age_ms)
    return True, raised.id


def _is_with(turn: Turn, person: str) -> str | None:
    """The place a carer is known to be at: where they attend somebody now, or are going."""
    mine: list[Alert] = [alert for alert in turn.open_alerts() if person and person == alert.attended_by]
    mine += [alert for alert in turn.open_alerts() if person and person == alert.claimed_by]
    return next((alert.place or alert.near or alert.room for alert in mine), None)

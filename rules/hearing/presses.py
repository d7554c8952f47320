"""Presses: facts, not states (DESIGN §4). One press is one, a second press is a second, and none is ever muted."""

from __future__ import annotations

from dataclasses import replace

from devices.events import NOT_YET, Event, Kind
from devices.registry import Placed
from rules.alerting import alerts, reach
from rules.alerting.levels import LEVEL_OF, Level
from rules.alerting.raising import Found, raise_alert
from rules.effects import Did
from rules.hearing import missed, walking
from rules.proof.watch import called_late
from rules.state import Alert, Counted, Status, Stranger
from rules.turn import LATE_MS, Turn, plainly

AT_START_MS = 60_000
"""A state first heard so soon after the devices could be heard again was there before."""
INPUT = "input:"
MOST_COUNTED = 50
"""More buttons than any device has."""
SAYS = {
    Kind.EMERGENCY: "pressed for help",
    Kind.CALL: "called",
    Kind.STAFF_ASSIST: "a colleague needs help",
    Kind.FALL: "a fall was detected",
    Kind.SMOKE: "smoke was detected",
    Kind.GAS: "gas was detected",
    Kind.CO: "carbon monoxide was detected",
    Kind.WATER_LEAK: "water was detected",
}


def is_wired(event: Event) -> bool:
    """Whether what calls is the closed circuit of a module's input. Where a button hangs on it, the gesture that its
    module makes of the same press follows, and before the first gesture nobody knows that it is one."""
    return (event.field or "").startswith(INPUT)


def _key(event: Event) -> str:
    """What presses are counted under. The first input has no field in its gestures."""
    field = event.field or ""
    return f"{event.kind}:{'' if field == f'{INPUT}0' else field}"


def is_repeat(turn: Turn, status: Status, event: Event) -> str:
    """Why this is the same press in another form, or empty where it is a press of its own.

    Two presses the ecosystem tells apart are two, however close; otherwise the window that its adapter declares
    decides, by the device's own time where both have one. Where it is uncertain it is a press.
    """
    last = status.counted.get(_key(event))
    if last is None or last.value != event.value or last.kind != event.kind:
        return ""
    if event.press_id is not None and last.press_id is not None:
        return "the same press, sent again" if event.press_id == last.press_id else ""
    heard_apart = turn.now.elapsed_ms - last.heard_ms
    if event.at_ms is None or last.at_ms is None:
        apart = heard_apart
    else:
        apart = abs(event.at_ms - last.at_ms)
        if apart == 0 and event.at_ms % 1000 == 0:  # a clock of whole seconds cannot tell
            apart = heard_apart
    if apart < event.repeat_window_ms:
        return f"the same press in another form, within {event.repeat_window_ms} ms"
    return ""


def counted(turn: Turn, status: Status, event: Event) -> Status:
    """The status with this press as the last one counted."""
    key = _key(event)
    row = Counted(
        kind=event.kind, value=event.value, press_id=event.press_id, at_ms=event.at_ms, heard_ms=turn.now.elapsed_ms
    )
    rows = {**status.counted, key: row}
    if len(rows) > MOST_COUNTED:
        del rows[next(iter(rows))]
    return replace(status, counted=rows)


def repeated(status: Status, event: Event) -> Status:
    """The status after a repetition: a name or time that only this form of the press has is kept with it."""
    key = _key(event)
    last = status.counted[key]
    named = replace(
        last,
        press_id=last.press_id if last.press_id is not None else event.press_id,
        at_ms=last.at_ms if last.at_ms is not None else event.at_ms,
    )
    return status if named == last else replace(status, counted={**status.counted, key: named})


def emergency_or_call(turn: Turn, event: Event, placed: Placed | None, *, retained: bool, known: bool) -> None:
    """A kind that is told at once, whatever any plan says: raised, or added to the open alert of this device."""
    level = LEVEL_OF[event.kind]
    device = placed.name if placed else event.device
    if event.value in NOT_YET:
        return
    if placed is None and _is_not_ours(turn, event):
        return
    age = missed.age_ms(turn, event)
    found = retained or (not event.press and not known and _is_start(turn))
    if placed is not None and not (age or found) and walking.is_test(turn, event, placed):
        walking.heard(turn, placed, _found(turn, event, placed, level, age=0, found=False))
        return
    walking.interrupt(turn, f"{device} {'called' if device != turn.meta.walking else 'was pressed again'}")
    if event.press and age > missed.HOUR_MS:
        missed.add(turn, event, placed, level)
        called_late(turn, _who(turn, event, placed), age)
        return
    open_one = _open_alert(turn, device, event.kind, _whose(turn, event.kind, placed))
    if open_one is not None:
        if not retained:
            press_again(turn, open_one, event.stamp)
        return
    caller = placed.person if placed and event.kind == Kind.STAFF_ASSIST else None
    if caller is not None and caller in turn.setting.staff:
        alerts.leave_all(turn, caller, f"{reach.name(turn, caller)} needs help themselves")
    raise_alert(turn, _found(turn, event, placed, level, age=age, found=found))
    if age > LATE_MS:
        called_late(turn, _who(turn, event, placed), age)


def _who(turn: Turn, event: Event, placed: Placed | None) -> str:
    resident, place = _whose(turn, event.kind, placed)
    return turn.setting.name_of(resident) if resident else turn.setting.place_name(place) or event.device


def _is_start(turn: Turn) -> bool:
    """Whether the hub has heard its devices for a moment only."""
    return not turn.meta.linked or turn.now.elapsed_ms - turn.meta.linked_ms < AT_START_MS


def _open_alert(turn: Turn, device: str, kind: str, whose: tuple[str | None, str | None]) -> Alert | None:
    """The open alert that this press belongs to. A pendant that was given to somebody else since, or a cord that hangs
    elsewhere, calls for another person or another place: that is no further press of the old one."""
    same = (a for a in turn.open_alerts() if a.device == device and a.kind == kind and not a.missed)
    return next((a for a in same if (a.resident, a.place) == whose), None)


def _whose(turn: Turn, kind: Kind, placed: Placed | None) -> tuple[str | None, str | None]:
    """The resident and the place that a device speaks of, as far as each is known."""
    if placed is None or kind == Kind.STAFF_ASSIST:
        return None, placed.place if placed else None
    person = placed.person if placed.person not in turn.setting.staff else None
    return person or turn.setting.only_resident_of(placed.place), placed.place


def _found(turn: Turn, event: Event, placed: Placed | None, level: Level, *, age: int, found: bool) -> Found:
    """What is known of who and where. A pendant names its person and where they were last seen, never the bedroom as
    a fact; a cord in a lounge names the place."""
    says = SAYS.get(event.kind, words_of(event.kind))
    late = age > LATE_MS
    when = f", {plainly(age)} ago while the hub was down" if late else ""
    more = f"{when}{', found on at start' if found else ''}"
    if placed is None:
        return Found(
            level=level,
            kind=event.kind,
            cause=event.device,
            reason=f"a device nobody has placed, {event.device}: {says}{more}",
            device=event.device,
            stamp=event.stamp,
            everybody=True,
            late=late,
            found=found,
        )
    is_assist = event.kind == Kind.STAFF_ASSIST
    resident, place = _whose(turn, event.kind, placed)
    who = turn.setting.name_of(resident) if resident else turn.setting.place_name(placed.place) or placed.name
    if is_assist and placed.person is not None:
        who = f"{reach.name(turn, placed.person)}, {who}"
    by_whom = f"{who} {says}" if event.kind in (Kind.EMERGENCY, Kind.CALL) and resident else f"{who}: {says}"
    return Found(
        level=level,
        kind=event.kind,
        cause=placed.name,
        reason=f"{by_whom}{more}",
        resident=resident,
        place=place,
        device=placed.name,
        stamp=event.stamp,
        near=placed.place is None,
        everybody=is_assist,
        late=late,
        found=found,
    )


def words_of(kind: str) -> str:
    """A kind as a sentence names it."""
    return str(kind).replace("_", " ")


def press_again(turn: Turn, alert: Alert, stamp: str | None) -> None:
    """A later press of an open alert: counted and shown always; it rings those already told, and may climb one rung.

    Presses within ten seconds of one that rang are one with their number. After a claim the first rings the claimer.
    """
    now = turn.now.elapsed_ms
    within_s = turn.setting.home.times.press_again_s
    close = alert.burst_ms is not None and now - alert.burst_ms < within_s * 1000
    alert = replace(
        alert,
        version=alert.version + 1,
        presses=alert.presses + 1,
        pressed_ms=now,
        burst_ms=alert.burst_ms if close else now,
        stamp=stamp,
        ok_said=False,
        unrecorded=alert.unrecorded or bool(turn.meta.unkept),
    )
    why = f"press {alert.presses} of this call" + (f", within {within_s} s of one that rang" if close else "")
    turn.log(Did.PRESSED, why, alert=alert, stamp=stamp)
    taker = alerts.taker_of(alert) if alert.quiet else None
    if taker is None and alerts.may_climb_by_press(turn, alert):
        alerts.climb(turn, alert, "pressed again")
    elif close:
        turn.show(alert)
    elif taker is None:
        alerts.ring_again(turn, alert, "pressed again")
    else:
        alerts.ring_taker(turn, alert, taker, "pressed again, after it was taken")


def _is_not_ours(turn: Turn, event: Event) -> bool:
    """A stranger's device that people marked *not ours* is written down and rings nobody; any other rings everybody."""
    stranger = turn.state.strangers.get(event.device)
    if stranger is None:
        turn.state.strangers.put(event.device, Stranger(device=event.device, first_wall_ms=turn.now.wall_ms))
        return False
    if stranger.not_ours:
        turn.log(
            Did.NOT_OURS,
            f"marked not ours by {reach.names(turn, stranger.marked_by)}: written down, nobody is told",
            device=event.device,
            stamp=event.stamp,
        )
        return True
    return False

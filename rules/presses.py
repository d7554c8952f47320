"""Presses: facts, not states (DESIGN §4). One press is one, a second press is a second, and none is ever muted."""

from __future__ import annotations

from dataclasses import replace

from devices.events import Event, Kind
from devices.registry import Placed
from rules import alerts
from rules.alerts import Found
from rules.effects import Did
from rules.levels import LEVEL_OF, Level
from rules.state import Alert, AlertState, Counted, Missed, Status, Stranger
from rules.turn import Turn, plainly

HOUR_MS = 3_600_000
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


def is_repeat(turn: Turn, status: Status, event: Event) -> str:
    """Why this is the same press in another form, or empty where it is a press of its own.

    Two presses the ecosystem tells apart are two, however close; otherwise the window that its adapter declares decides,
    by the device's own time where both have one. Where it is uncertain it is a press.
    """
    last = status.counted.get(f"{event.kind}:{event.field or ''}")
    if last is None or last.value != event.value or last.kind != event.kind:
        return ""
    if event.press_id is not None and last.press_id is not None:
        return "the same press, sent again" if event.press_id == last.press_id else ""
    if event.at_ms is not None and last.at_ms is not None:
        apart = abs(event.at_ms - last.at_ms)
    else:
        apart = turn.now.elapsed_ms - last.heard_ms
    if apart < event.repeat_window_ms:
        return f"the same press in another form, within {event.repeat_window_ms} ms"
    return ""


def counted(turn: Turn, status: Status, event: Event) -> Status:
    """The status with this press as the last one counted."""
    key = f"{event.kind}:{event.field or ''}"
    row = Counted(
        kind=event.kind, value=event.value, press_id=event.press_id, at_ms=event.at_ms, heard_ms=turn.now.elapsed_ms
    )
    return replace(status, counted={**status.counted, key: row})


def emergency_or_call(turn: Turn, event: Event, placed: Placed | None, *, found: bool) -> None:
    """A kind that is told at once, whatever any plan says: raised, or added to the open alert of this device."""
    level = LEVEL_OF[event.kind]
    device = placed.name if placed else event.device
    if placed is None and _is_not_ours(turn, event):
        return
    missed = _missed(turn, event, placed, level)
    if missed:
        return
    open_one = _open_alert(turn, device, event.kind)
    if open_one is not None:
        if event.press:
            press_again(turn, open_one, event)
        return
    alerts.raise_alert(turn, _found(turn, event, placed, level, found=found))


def _open_alert(turn: Turn, device: str, kind: str) -> Alert | None:
    for alert in turn.state.alerts:
        if alert.device == device and alert.kind == kind and alert.state is not AlertState.CLOSED and not alert.missed:
            return alert
    return None


def _found(turn: Turn, event: Event, placed: Placed | None, level: Level, *, found: bool) -> Found:
    """What is known of who and where. A pendant names its person and where they were last seen, never the bedroom as
    a fact; a cord in a lounge names the place."""
    says = SAYS.get(event.kind, alerts.words_of(event.kind))
    age = _age(turn, event)
    late = f", {plainly(age)} ago while the hub was down" if age else ""
    found_text = ", found on at start" if found else ""
    if placed is None:
        return Found(
            level=level,
            kind=event.kind,
            cause=event.device,
            reason=f"a device nobody has placed, {event.device}: {says}{late}{found_text}",
            device=event.device,
            stamp=event.stamp,
            everybody=True,
            late=bool(age),
            found=found,
        )
    resident = placed.person or turn.setting.only_resident_of(placed.place)
    who = turn.setting.name_of(resident) if resident else turn.setting.place_name(placed.place) or placed.name
    by_whom = f"{who} {says}" if event.kind in (Kind.EMERGENCY, Kind.CALL) and resident else f"{who}: {says}"
    return Found(
        level=level,
        kind=event.kind,
        cause=placed.name,
        reason=f"{by_whom}{late}{found_text}",
        resident=resident,
        place=placed.place,
        device=placed.name,
        stamp=event.stamp,
        near=placed.place is None,
        everybody=event.kind == Kind.STAFF_ASSIST,
        late=bool(age),
        found=found,
    )


def press_again(turn: Turn, alert: Alert, event: Event) -> None:
    """A later press of an open alert: counted and shown always; it rings those already told, and may climb one rung."""
    now = turn.now.elapsed_ms
    close = now - alert.pressed_ms < turn.setting.home.times.press_again_s * 1000
    alert = replace(
        alert, version=alert.version + 1, presses=alert.presses + 1, pressed_ms=now, stamp=event.stamp, ok_said=False
    )
    why = f"press {alert.presses} of this call" + (", within 10 s of the one before" if close else "")
    turn.log(Did.PRESSED, why, alert=alert, stamp=event.stamp)
    if alert.state is AlertState.TOLD and not alert.quiet:
        if alerts.may_climb_by_press(turn, alert):
            alerts.climb(turn, alert, "pressed again")
        elif close:
            turn.show(alert)
        else:
            alerts.ring_again(turn, alert, alert.told, "pressed again")
        return
    taker = alert.attended_by or (alert.promise.by if alert.promise else None) or alert.claimed_by
    if taker is None or close:
        turn.show(alert)
    else:
        alerts.ring_again(turn, alert, (taker,), "pressed again, after it was taken")


# -- what came while the hub was down -----------------------------------------------------------------------------


def _age(turn: Turn, event: Event) -> int:
    """How long ago a press was made while the hub was down; 0 where it was not, or where that is unknown."""
    meta = turn.meta
    if event.at_ms is None or not meta.down_from_wall_ms:
        return 0
    if not meta.down_from_wall_ms - 1000 <= event.at_ms <= meta.started_wall_ms:
        return 0
    return max(0, turn.now.wall_ms - event.at_ms)


def _missed(turn: Turn, event: Event, placed: Placed | None, level: Level) -> bool:
    """Presses older than an hour come as one alert that lists each resident, each answered separately."""
    if not event.press or _age(turn, event) <= HOUR_MS:
        return False
    resident = (placed.person or turn.setting.only_resident_of(placed.place)) if placed else None
    device = placed.name if placed else event.device
    row = Missed(
        resident=resident, device=device, place=placed.place if placed else None, kind=event.kind, at_ms=event.at_ms or 0
    )
    alert = turn.state.alerts.get(turn.meta.missed_alert)
    if alert is None or alert.state is AlertState.CLOSED:
        cause = Found(
            level=Level.EMERGENCY,
            kind=Kind.EMERGENCY,
            cause="missed while down",
            reason="missed while down: these were pressed more than an hour ago",
            device="missed while down",
            stamp=event.stamp,
            everybody=True,
            late=True,
        )
        alert = alerts.raise_alert(turn, cause)
        turn.set_meta(replace(turn.meta, missed_alert=alert.id))
    rows = list(alert.missed)
    for place, old in enumerate(rows):
        if old.device == device and old.kind == row.kind and old.answered_by is None:
            rows[place] = replace(old, presses=old.presses + 1)
            break
    else:
        rows.append(row)
    alert = replace(alert, version=alert.version + 1, missed=tuple(rows))
    who = turn.setting.name_of(resident) or device
    turn.log(Did.PRESSED, f"{who}: {alerts.words_of(level)} missed while down", alert=alert, resident=resident,
             device=device, stamp=event.stamp)
    turn.show(alert)
    return True


# -- devices nobody has placed ------------------------------------------------------------------------------------


def _is_not_ours(turn: Turn, event: Event) -> bool:
    """A stranger's device that people marked *not ours* is written down and rings nobody; any other rings everybody."""
    stranger = turn.state.strangers.get(event.device)
    if stranger is None:
        turn.state.strangers.put(event.device, Stranger(device=event.device, first_wall_ms=turn.now.wall_ms))
        return False
    if stranger.not_ours:
        turn.log(
            Did.NOT_OURS,
            f"marked not ours by {' and '.join(stranger.marked_by)}: written down, nobody is told",
            device=event.device,
            stamp=event.stamp,
        )
        return True
    return False

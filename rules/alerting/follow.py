"""A new configuration, as open alerts feel it: nothing is closed, each goes on with today's rooms, people and ladder.

Whoever a rung means now and has not been told is told at once. Who took something and is no longer of the staff has it
no more: it goes back to its ladder, because nobody can say whether they are still in the house.
"""

from __future__ import annotations

from dataclasses import replace

from rules.alerting import alerts, reach
from rules.alerting.levels import OUTSIDE, Ladder
from rules.alerting.raising import MOST_ALSO
from rules.effects import Did
from rules.state import Alert
from rules.turn import LATE_MS, Turn


def follow_setting(turn: Turn) -> None:
    """Open alerts climb the newest ladder from where they are, among the people of today."""
    for row in sorted(turn.state.shift, key=lambda row: (row.since_wall_ms, row.person)):
        if row.known and row.person not in turn.setting.staff:
            turn.state.shift.drop(row.person)
            turn.log(Did.SIGNED_OFF, f"{row.name} is not in staff.yaml any more", by=row.person)
    for alert in turn.open_alerts():
        _go_on(turn, _taken_by_somebody_here(turn, *_where_it_is_now(turn, alert)))


def _where_it_is_now(turn: Turn, alert: Alert) -> tuple[Alert, str]:
    """The resident may live elsewhere, the zone may be gone: who goes must go to the right door. Returns the words that
    whoever was told of another room has to hear."""
    setting = turn.setting
    lives = setting.room_of(alert.resident)
    room = lives if lives in setting.places else alert.room
    zone = setting.zone_of(alert.place) or setting.zone_of(room) or alert.zone
    zone = zone if zone in setting.zones else None
    if (room, zone) == (alert.room, alert.zone):
        return alert, ""
    before = alert.room
    alert = replace(alert, version=alert.version + 1, room=room, zone=zone)
    if room == before:
        turn.show(alert)
        return alert, ""
    words = f"{setting.name_of(alert.resident)} lives in {setting.place_name(room)} now"
    alert = replace(alert, also=(*alert.also, words)[-MOST_ALSO:])
    turn.show(alert)
    turn.log(Did.PLAN_CHANGED, f"{words}, not in {setting.place_name(before)}", alert=alert)
    turn.show_room(before)
    turn.show_room(room)
    return alert, words


def _taken_by_somebody_here(turn: Turn, alert: Alert, words: str) -> Alert:
    """Back to the ladder where who took it is gone; told again, to those who heard it, where the room is another."""
    taker = alerts.taker_of(alert)
    if taker is not None and taker not in turn.setting.staff and taker not in turn.state.shift:
        return alerts.left_by_taker(turn, alert, f"{taker} took it and is not in staff.yaml any more")
    if not words:
        return alert
    if alert.quiet and taker is not None:
        return alerts.ring_taker(turn, alert, taker, words)
    return alerts.ring_again(turn, alert, words)


def _go_on(turn: Turn, alert: Alert) -> None:
    """Its clocks are those of the newest ladder, and whom it reaches now hears of it."""
    ladder = alerts.ladder_of(turn, alert)
    rung = _rung_of(turn, alert, ladder)
    if rung != alert.rung:
        alert = replace(alert, version=alert.version + 1, rung=rung)
        turn.show(alert)
    if f"ladder/{alert.id}" in turn.state.timers:
        if not alert.quiet:
            alert = _tell_who_is_new(turn, alert)
        _ladders_clock(turn, alert, ladder)
    _sooner(turn, "claim", alert, ladder.attend_within_s)
    _sooner(turn, "unclosed", alert, turn.setting.home.times.unclosed_s)


def _rung_of(turn: Turn, alert: Alert, ladder: Ladder) -> int:
    """The rung it stands on now. A ladder that calls somebody into the house later than the one before does so at its
    own time: no change of a file wakes the manager early."""
    rung = min(alert.rung, len(ladder.rungs) - 1)
    passed_ms = turn.now.elapsed_ms - alert.ladder_from_ms
    while rung > 0 and ladder.rungs[rung].after_s * 1000 > passed_ms and OUTSIDE.intersection(ladder.rungs[rung].who):
        if set(alerts.reached(turn, alert, rung).people) <= set(alert.told):
            break
        rung -= 1
    return rung


def _tell_who_is_new(turn: Turn, alert: Alert) -> Alert:
    found = alerts.reached(turn, alert)
    if not alert.told and found.people:
        return alerts.ring_again(turn, alert, "there is somebody to tell now")
    new = tuple(person for person in found.people if person not in alert.told)
    if not new:
        return alert
    alert = replace(alert, version=alert.version + 1, told=alerts.also_told(alert, new))
    turn.show(alert)
    alerts.say_told(turn, alert, new, "the configuration changed")
    reach.ring(turn, alert, new, sounders=False)
    return alert


def _ladders_clock(turn: Turn, alert: Alert, ladder: Ladder) -> None:
    """The next rung at the newest ladder's time. What fell due while nobody was there to do it stays late."""
    timer = turn.state.timers.get(f"ladder/{alert.id}")
    if timer is None:
        return
    now = turn.now.elapsed_ms
    if alert.rung + 1 >= len(ladder.rungs):
        turn.arm("ladder", alert.id, min(timer.due_ms, now + ladder.repeat_s * 1000))
        return
    alerts.arm_ladder(turn, alert)
    due = turn.state.timers.rows[timer.key].due_ms
    if due <= now and now - timer.due_ms > LATE_MS:
        turn.arm("ladder", alert.id, timer.due_ms)


def _sooner(turn: Turn, what: str, alert: Alert, within_s: int) -> None:
    timer = turn.state.timers.get(f"{what}/{alert.id}")
    if timer is not None:
        turn.arm(what, alert.id, min(timer.due_ms, turn.now.elapsed_ms + within_s * 1000))

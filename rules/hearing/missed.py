"""What was pressed while nobody could hear: its age is shown, and what is older than an hour comes as one alert that
lists each resident, each answered separately (DESIGN §4)."""

from __future__ import annotations

from dataclasses import replace

from devices.events import Event, Kind
from devices.registry import Placed
from rules.alerting import alerts
from rules.alerting.levels import Level
from rules.alerting.raising import Found, raise_alert
from rules.effects import Did
from rules.inputs import Asked
from rules.plans import standing
from rules.state import Alert, AlertState, Missed
from rules.turn import Turn

HOUR_MS = 3_600_000
SLACK_MS = 1_000
"""The hub's clock and a gateway's may be so far apart."""
QUEUED_MS = 120_000
"""What waited at the broker comes in the first moments of the connection; so long after it a press is a new one."""
OLDEST_MS = 30 * 86_400_000
"""The broker forgets what waited longer (`persistent_client_expiration`): an age beyond is a clock that is wrong."""
ONE_LIST_MS = 600_000
"""What is found so much later was missed another time: it is a list of its own, that nobody has taken yet."""
NAME = "missed while down"


def age_ms(turn: Turn, event: Event | Asked) -> int:
    """How long ago something happened while the hub or its broker was down; 0 where it did not, or that is unknown.

    A time outside of that is not believed, nor one that nothing can be as old as, nor any once the queue at the broker
    is read: a clock that is wrong, the gateway's or ours, must not make a new press an old one.
    """
    meta = turn.meta
    if event.at_ms is None or not meta.down_from_wall_ms:
        return 0
    if meta.linked and turn.now.elapsed_ms - meta.linked_ms > QUEUED_MS:
        return 0
    if not meta.down_from_wall_ms - SLACK_MS <= event.at_ms <= (meta.up_wall_ms or turn.now.wall_ms):
        return 0
    age = max(0, turn.now.wall_ms - event.at_ms)
    return age if age <= OLDEST_MS else 0


def add(turn: Turn, event: Event, placed: Placed | None, level: Level) -> None:
    """Put a press into the alert of those missed while down; those told hear of it, or the one who took it."""
    resident = (placed.person or turn.setting.only_resident_of(placed.place)) if placed else None
    device = placed.name if placed else event.device
    if event.kind is Kind.FALL:
        standing.fell(turn, resident, placed.place if placed else None)
    alert = turn.state.alerts.get(turn.meta.missed_alert)
    if alert is None or alert.state is AlertState.CLOSED or turn.now.elapsed_ms - alert.raised_ms > ONE_LIST_MS:
        _begin(turn, _row(event, placed, resident, device), level, event.stamp)
        return
    rows = list(alert.missed)
    for place, old in enumerate(rows):
        if old.device == device and old.kind == event.kind and old.answered_by is None:
            rows[place] = replace(old, presses=old.presses + 1)
            break
    else:
        rows.append(_row(event, placed, resident, device))
    is_new = len(rows) > len(alert.missed)
    now = turn.now.elapsed_ms
    close = alert.burst_ms is not None and now - alert.burst_ms < turn.setting.home.times.press_again_s * 1000
    alert = replace(
        alert,
        version=alert.version + 1,
        missed=tuple(rows),
        burst_ms=alert.burst_ms if close else now,
        unrecorded=alert.unrecorded or bool(turn.meta.unkept),
    )
    _say(turn, alert, rows[-1] if is_new else _row(event, placed, resident, device), level, event.stamp)
    taker = alerts.taker_of(alert) if alert.quiet else None
    if close or not is_new:
        turn.show(alert)
    elif taker is None:
        alerts.ring_again(turn, alert, "one more was missed while down")
    else:
        alerts.ring_taker(turn, alert, taker, "one more was missed while down")


def _begin(turn: Turn, row: Missed, level: Level, stamp: str | None) -> None:
    alert = raise_alert(
        turn,
        Found(
            level=Level.EMERGENCY,
            kind=Kind.EMERGENCY,
            cause=NAME,
            reason=f"{NAME}: these were pressed more than an hour ago",
            device=NAME,
            stamp=stamp,
            everybody=True,
            late=True,
        ),
    )
    turn.set_meta(replace(turn.meta, missed_alert=alert.id))
    alert = replace(alert, missed=(row,))
    turn.state.alerts.put(alert.id, alert)
    _say(turn, alert, row, level, None)


def _row(event: Event, placed: Placed | None, resident: str | None, device: str) -> Missed:
    return Missed(
        resident=resident,
        device=device,
        place=placed.place if placed else None,
        kind=event.kind,
        at_ms=event.at_ms or 0,
    )


def _say(turn: Turn, alert: Alert, row: Missed, level: Level, stamp: str | None) -> None:
    who = turn.setting.name_of(row.resident) or row.device
    why = f"{who}: {level.value} missed while down"
    turn.log(Did.PRESSED, why, alert=alert, resident=row.resident, device=row.device, stamp=stamp)

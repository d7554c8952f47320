"""Somebody at an outside door at night, seen by a camera there: a `check`, once for as long as they are there.

By day people come and go, and nobody is told. What moved, a car or a dog is not somebody. What the camera sees says
nothing of a resident, so no plan is asked and none is kept back.
"""

from __future__ import annotations

from devices.events import Event, Kind
from devices.records import replace
from devices.registry import Placed
from rules.alerting.levels import Level
from rules.alerting.raising import Found, raise_alert
from rules.hearing import missed
from rules.plans.starting import row, stamp
from rules.turn import Turn, plainly

STILL_MS = 600_000
"""Seen again within this it is the same visit, however often the camera says so. Longer, and its end was not heard."""


def seen(turn: Turn, placed: Placed, event: Event) -> None:
    """The camera of an outside door says whether somebody is there; it says so again and again while they are."""
    if event.kind is not Kind.MOTION or event.field is not None:
        return
    key, now = f"door/{placed.device}", turn.now.elapsed_ms
    watch = row(turn, key)
    if event.value is not True:
        turn.state.watches.drop(key)
        return
    if not _is_watched(turn):
        return  # who is still there when the night begins is told then
    turn.state.watches.put(key, replace(watch, since_ms=stamp(turn)))
    if watch.since_ms and now - watch.since_ms <= STILL_MS:
        return
    cause = f"door:{placed.place}"
    if any(alert.cause == cause for alert in turn.open_alerts()):
        return  # whoever was told of this door looks at it
    age = missed.age_ms(turn, event)
    ago = f", {plainly(age)} ago while the hub was down" if age > missed.SLACK_MS else ""
    raise_alert(
        turn,
        Found(
            level=Level.CHECK,
            kind=Kind.OCCUPANCY,
            cause=cause,
            reason=f"{turn.setting.place_name(placed.place)}: somebody is at the door{ago}",
            place=placed.place,
            device=placed.name,
            stamp=event.stamp,
            late=bool(ago),
        ),
    )


def _is_watched(turn: Turn) -> bool:
    """Whether somebody at a door is told now: at night, or when the home says."""
    times = turn.setting.home.times
    return turn.is_within(times.doors_from or times.night_from, times.doors_to or times.night_to)

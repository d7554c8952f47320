"""A device reported something: what is news, what is a press, what is merely the same thing said again."""

from __future__ import annotations

from dataclasses import replace

from devices.events import ACTIVE, EMERGENCY_KINDS, Event, Kind, is_active
from devices.registry import Placed, meaning
from rules import episodes, presses, supervision
from rules.effects import Did
from rules.inputs import Heard
from rules.levels import LEVEL_OF
from rules.state import Person, Status
from rules.turn import Turn

SHOWS_PRESENCE = frozenset({Kind.MOTION, Kind.OCCUPANCY, Kind.CONTACT, Kind.BED, Kind.BUTTON, Kind.CALL, Kind.EMERGENCY})
"""Kinds that say that somebody was where the device is."""


def heard(turn: Turn, given: Heard) -> None:
    """Take in one event: status first, then the kinds that are told at once, then supervision and rules."""
    placed = turn.setting.placed(given.event.device)
    event = meaning(given.event, placed, can_call=given.can_call)
    now = turn.now
    before = turn.state.devices.get(event.device)
    status = Status(
        device=event.device,
        heard_ms=now.elapsed_ms,
        heard_wall_ms=now.wall_ms,
        values=before.values if before else {},
        counted=before.counted if before else {},
        faults=before.faults if before else {},
    )
    if before is not None and before.faults and not given.retained:
        status = supervision.heard_again(turn, status, placed, event)
    if event.press:
        _press(turn, status, event, placed, given)
        return
    key = f"{event.kind}:{event.field}" if event.field else event.kind.value
    known = key in status.values
    was = status.values.get(key)
    news = not known or was != event.value
    if news:
        status = replace(status, values={**status.values, key: event.value})
    turn.state.devices.put(event.device, status)
    if not news:
        return
    active = is_active(event.kind, event.value)
    if event.kind in LEVEL_OF and active:
        presses.emergency_or_call(turn, event, placed, found=given.retained or not known)
        return
    supervision.watch(turn, status, placed, event, known=known, retained=given.retained)
    if given.retained or placed is None:
        return
    if active or event.kind in (Kind.CONTACT, Kind.BED):
        _seen(turn, placed, event)
    episodes.changed(turn, placed.name, event)


def _press(turn: Turn, status: Status, event: Event, placed: Placed | None, given: Heard) -> None:
    device = placed.name if placed else event.device
    if given.retained:
        turn.state.devices.put(event.device, status)
        turn.log(Did.NOT_A_PRESS, "a retained message is never a press", device=device, stamp=event.stamp)
        return
    told_at_once = event.kind in EMERGENCY_KINDS or event.kind in LEVEL_OF
    again = presses.is_repeat(turn, status, event)
    if again:
        turn.state.devices.put(event.device, status)
        return
    turn.state.devices.put(event.device, presses.counted(turn, status, event))
    if placed is not None:
        _seen(turn, placed, event)
    if told_at_once:
        presses.emergency_or_call(turn, event, placed, found=False)
    elif placed is not None:
        episodes.changed(turn, placed.name, event)


def _seen(turn: Turn, placed: Placed, event: Event) -> None:
    """Where a resident was last seen, from a device that belongs to a place and to one person."""
    if event.kind not in SHOWS_PRESENCE or placed.place is None:
        return
    resident = placed.person or turn.setting.only_resident_of(placed.place)
    if resident is None:
        return
    if event.kind is Kind.CONTACT and event.value != ACTIVE[Kind.CONTACT]:
        return
    person = turn.state.people.get(resident) or Person(resident=resident)
    if person.near != placed.place or turn.now.wall_ms - (person.near_wall_ms or 0) > 30_000:
        turn.state.people.put(resident, replace(person, near=placed.place, near_wall_ms=turn.now.wall_ms))

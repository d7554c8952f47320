"""A device reported something: what is news, what is a press, what is merely the same thing said again."""

from __future__ import annotations

from devices.events import ACTIVE, Event, Kind, Value, is_active
from devices.records import replace
from devices.registry import Placed, meaning
from rules.alerting.levels import LEVEL_OF
from rules.effects import Did
from rules.hearing import answering, doors, presses, supervision
from rules.inputs import Heard
from rules.plans import standing, triggers
from rules.state import Person, Status
from rules.turn import Turn

SHOWS_PRESENCE = frozenset(
    {Kind.MOTION, Kind.OCCUPANCY, Kind.CONTACT, Kind.BED, Kind.BUTTON, Kind.CALL, Kind.EMERGENCY}
)
"""Kinds that say that somebody was where the device is."""
SAYS_WHERE = frozenset({Kind.CONTACT, Kind.BED})
"""Of these both values do; but a door that closed says nothing that its opening has not."""
MOST_VALUES = 500
"""More than any device has: one that invents a new name for each value must not fill the memory."""
SEEN_EVERY_MS = 30_000


def heard(turn: Turn, given: Heard) -> None:
    """Take in one event: status first, then the kinds that are told at once, then supervision and rules."""
    whole = given.event.device
    event = turn.setting.registry.of_part(given.event)
    placed = turn.setting.placed(event.device)
    said = event
    if placed is not None or given.can_call:
        event = meaning(event, placed, can_call=given.can_call)
    before = turn.state.devices.get(event.device)
    silences = turn.setting.silences.get((event.device, event.kind))
    if silences is not None and not is_no_sign_of_life(before, event, given):
        triggers.heard(turn, silences, event)
    if event.press:
        _press(turn, _status(turn, before, event, given), event, said, placed, given)
        supervision.parts_heard(turn, whole, event, given.retained)
        return
    word = event.kind._value_  # the same as `value`, which Enum looks up in Python
    key = f"{word}:{event.field}" if event.field else word
    known = before is not None and key in before.values
    was = before.values[key] if before is not None and known else None
    news = not known or was != event.value
    status = _status(turn, before, event, given, key if news else None)
    if status.faults and not is_no_sign_of_life(before, event, given):
        status = supervision.heard_again(turn, status, placed, event)
    turn.state.devices.put(event.device, status)
    supervision.parts_heard(turn, whole, event, given.retained)
    if news:
        _changed(turn, status, event, placed, given, known=known)
    if placed is not None and event.device in turn.setting.outside_doors and not given.retained:
        doors.seen(turn, placed, event)


def _status(turn: Turn, before: Status | None, event: Event, given: Heard, key: str | None = None) -> Status:
    """The device's status with this event in it; `key` where its value is news."""
    now = turn.now
    if before is None:
        before = Status(device=event.device, heard_ms=0, heard_wall_ms=0)
    silent = is_no_sign_of_life(before, event, given)
    online = event.kind is Kind.AVAILABILITY and event.value == "online" and not given.retained
    return Status(
        device=event.device,
        heard_ms=before.heard_ms if silent else now.elapsed_ms,
        heard_wall_ms=before.heard_wall_ms if silent else now.wall_ms,
        values=before.values if key is None else _with(before, key, event.value),
        counted=before.counted,
        faults=before.faults,
        watched_from_ms=before.watched_from_ms,
        known_lost_ms=before.known_lost_ms,
        stamp_ms=before.stamp_ms if event.at_ms is None else event.at_ms,
        checks_in_s=before.checks_in_s,
        gateway=before.gateway,
        online_ms=now.elapsed_ms if online else before.online_ms,
    )


def is_no_sign_of_life(before: Status | None, event: Event, given: Heard) -> bool:
    """What a broker remembers was not heard now, what a gateway remembers has the stamp it had before, and that a
    device is offline is not said by the device. A press is always heard."""
    if given.retained:
        return True
    if event.press or before is None:
        return False
    if event.kind is Kind.AVAILABILITY:
        return event.value == "offline"
    return event.at_ms is not None and event.at_ms == before.stamp_ms


def _with(before: Status, key: str, value: Value) -> dict[str, Value]:
    values = {**before.values, key: value}
    if len(values) > MOST_VALUES:
        del values[next(iter(values))]
    return values


def _changed(turn: Turn, status: Status, event: Event, placed: Placed | None, given: Heard, *, known: bool) -> None:
    """A state is not what it was."""
    active = is_active(event.kind, event.value)
    if active and event.kind in LEVEL_OF:
        if presses.is_wired(event) and not given.retained:
            turn.state.devices.put(event.device, presses.counted(turn, status, event))
        presses.emergency_or_call(turn, event, placed, retained=given.retained, known=known)
        return
    supervision.watch(turn, status, placed, event)
    if placed is None:
        return
    if given.retained and not known:
        triggers.found(turn, event)
        return
    if not given.retained and (active or event.kind in SAYS_WHERE):
        _seen(turn, placed, event)
    triggers.changed(turn, placed, event)


def _press(turn: Turn, status: Status, event: Event, said: Event, placed: Placed | None, given: Heard) -> None:
    """A press, if it is one: not one the broker remembers, nor one that was counted already in another form.

    `said` is what the device told; one that answered is counted by that, so that another gesture right behind it, a
    hold, is no repetition of it."""
    device = placed.name if placed else event.device
    told_at_once = event.kind in LEVEL_OF
    again = "a retained message is never a press" if given.retained else presses.is_repeat(turn, status, event)
    one = event
    if not again and told_at_once and (again := presses.is_repeat(turn, status, said)):
        one = said
    answers = answering.given_by(turn, placed, said) if told_at_once and not again else None
    if not again:
        status = presses.counted(turn, status, event if answers is None else said)
    elif not given.retained:
        status = presses.repeated(status, one)
    if status.faults and not given.retained:
        status = supervision.heard_again(turn, status, placed, event)
    turn.state.devices.put(event.device, status)
    if again:
        if told_at_once or given.retained:
            turn.log(Did.NOT_A_PRESS, again, device=device, stamp=event.stamp)
        return
    if placed is not None:
        _seen(turn, placed, event)
    if placed is not None and answers is not None:
        answering.answer(turn, placed, said, answers)
    elif told_at_once:
        presses.emergency_or_call(turn, event, placed, retained=False, known=True)
    elif placed is not None:
        triggers.changed(turn, placed, event)


def _seen(turn: Turn, placed: Placed, event: Event) -> None:
    """Where a resident was last seen, from a device that belongs to a place and to one person."""
    standing.seen(turn, placed, event)
    if event.kind not in SHOWS_PRESENCE or placed.place is None:
        return
    resident = placed.person or turn.setting.only_resident_of(placed.place)
    if resident not in turn.setting.residents or resident is None:
        return
    if event.kind is Kind.CONTACT and event.value != ACTIVE[Kind.CONTACT]:
        return
    person = turn.state.people.get(resident) or Person(resident=resident)
    if person.near == placed.place and abs(turn.now.wall_ms - (person.near_wall_ms or 0)) <= SEEN_EVERY_MS:
        return
    if standing.is_sensed(turn, resident, placed, event.kind):
        turn.state.people.put(resident, replace(person, near=placed.place, near_wall_ms=turn.now.wall_ms))

"""A sensor that somebody may not want is heard again: who reconnected it, and why, is asked until a carer says it.

A refusal shown by use opens a review (`reviews.py`). Whoever plugs the sensor in again may overrule a resident who said
no with the plug, so it is asked every morning and the answer is kept in the log.
"""

from __future__ import annotations

from dataclasses import replace

from devices.registry import Placed
from rules.alerting import reach
from rules.asking import floor
from rules.effects import Did
from rules.inputs import Asked
from rules.plans import standing
from rules.rows import Person
from rules.turn import Turn

UNPLUGGED_FROM = 2
"""So often silent within a week, a sensor may not be wanted."""

Said = tuple[bool, str]


def often_silent(turn: Turn, person: Person) -> dict[str, int]:
    """The sensors of a resident about which a review is open, each with how often it fell silent within a week."""
    recent = [name for name, at_ms in person.unplugged if turn.now.elapsed_ms - at_ms <= standing.WEEK_MS]
    return {name: recent.count(name) for name in sorted(set(recent)) if recent.count(name) >= UNPLUGGED_FROM}


def heard(turn: Turn, placed: Placed | None) -> None:
    """A sensor that was silent is heard again: where a review about it is open, it is asked who reconnected it."""
    if placed is None:
        return
    for person in list(turn.state.people):
        if placed.name in often_silent(turn, person) and placed.name not in person.reconnected:
            standing.keep(turn, replace(person, reconnected=(*person.reconnected, placed.name)))


def asks(turn: Turn) -> list[str]:
    """For the morning's list: whom it is about, and which sensor. One that is in the house no more is forgotten."""
    found = []
    for person in sorted(turn.state.people, key=lambda row: row.resident):
        placed = tuple(name for name in person.reconnected if turn.setting.address_of(name))
        if placed != person.reconnected:
            standing.keep(turn, replace(person, reconnected=placed))
        if person.resident in turn.setting.residents:
            found += [f"{name} of {turn.setting.name_of(person.resident)}" for name in placed]
    return found


def reconnected(turn: Turn, request: Asked) -> Said:
    """A carer says who reconnected the sensor and why."""
    if not floor.is_staff(turn, request.by):
        return False, f"nobody called {request.by!r} is known or signed on" if request.by else "say who: by"
    why = request.reason.strip()
    if not why:
        return False, "say why it was reconnected: reason"
    about = [person for person in turn.state.people if request.device in person.reconnected]
    if not about:
        return False, f"nobody asks about {request.device!r}" if request.device else "say which: device"
    who = reach.name(turn, request.by)
    for person in about:
        left = tuple(name for name in person.reconnected if name != request.device)
        standing.keep(turn, replace(person, reconnected=left))
        turn.log(
            Did.RECONNECTED,
            f"{who}: {request.device} was reconnected: {why}",
            resident=person.resident,
            room=turn.setting.room_of(person.resident),
            device=request.device,
            by=request.by,
        )
    return True, "thank you; it stands in the log, and the review stays open"

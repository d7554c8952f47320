"""Nights: how often a resident called in one, and how those calls ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from devices.events import Kind
from rules.effects import Did
from rules.state import Alert, Ending, Person
from rules.turn import Turn, clock_of

OWN_CALLS = frozenset({Kind.EMERGENCY, Kind.CALL})
"""Kinds that are a resident's own call; a smoke detector's is not."""


def night_of(turn: Turn, wall_ms: int) -> str:
    """The night a moment belongs to, named by the date of its evening; empty by day."""
    times = turn.setting.home.times
    if not turn.is_within(times.night_from, times.night_to, wall_ms):
        return ""
    here = turn.local(wall_ms)
    after_midnight = times.night_from > times.night_to and clock_of(here) < times.night_to
    return (here.date() - timedelta(days=1 if after_midnight else 0)).isoformat()


def counted(turn: Turn, resident: str | None, kind: str) -> str:
    """Count this call in its night; from the sixth on, say how the earlier ones ended and ask for a review."""
    night = night_of(turn, turn.now.wall_ms)
    if resident is None or kind not in OWN_CALLS or not night:
        return ""
    person = turn.state.people.get(resident) or Person(resident=resident)
    if person.night != night:
        person = replace(person, night=night, calls=0, endings=())
    person = replace(person, calls=person.calls + 1)
    turn.state.people.put(resident, person)
    from_call = turn.setting.home.times.frequent_from
    if person.calls < from_call:
        return ""
    if person.calls == from_call:
        turn.log(
            Did.REVIEW_ASKED,
            f"{turn.setting.name_of(resident)} has called {person.calls} times this night: "
            "look at it tomorrow, together",
            resident=resident,
        )
    endings = {ending: person.endings.count(ending) for ending in dict.fromkeys(person.endings)}
    earlier = ", ".join(f"{ending.replace('_', ' ')} {count}" for ending, count in endings.items())
    return f" (call {person.calls} of this night; earlier: {earlier or 'none closed yet'})"


def ended(turn: Turn, alert: Alert) -> None:
    """Remember how a call of this night ended, for the next ones."""
    person = turn.state.people.get(alert.resident or "")
    if person is None or alert.ending in (None, Ending.TESTED) or alert.kind not in OWN_CALLS or not person.night:
        return
    if person.night in (night_of(turn, alert.raised_wall_ms), night_of(turn, turn.now.wall_ms)):
        turn.state.people.put(person.resident, replace(person, endings=(*person.endings, alert.ending.value)))

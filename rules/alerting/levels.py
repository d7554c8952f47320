"""The six levels of an alert, and the ladders that say who is told and who next (DESIGN §5).

Ladders are data: the pictures in the documentation and the checks of `handrail check` are drawn from these tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from devices.events import Kind


class Level(StrEnum):
    """How much it matters, most first."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    CALL = "call"
    CHECK = "check"
    REQUEST = "request"
    TECHNICAL = "technical"

    __hash__ = str.__hash__


ORDER: tuple[Level, ...] = tuple(Level)
RANK: Mapping[Level, int] = {level: len(ORDER) - place for place, level in enumerate(ORDER)}
GROUPED = frozenset({Level.CHECK, Level.REQUEST, Level.TECHNICAL})
"""Levels below `call`: several things of one resident are one alert. A call or more never shares one."""


class Who(StrEnum):
    """Whom a rung tells, among the people on shift now."""

    ZONE = "zone"
    """The carers of the zone where it happened."""
    SHIFT = "shift"
    """Everybody on shift."""
    LEAD = "lead"
    """The nurse or person in charge."""
    MANAGER = "manager"
    """The manager on call: outside the house."""


OUTSIDE = frozenset({Who.MANAGER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """Who is told, `after_s` seconds after the alert was raised. Rungs add up: who was told stays told."""

    after_s: int
    who: tuple[Who, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The rungs of one level; after the last one everybody told is told again every `repeat_s` seconds."""

    rungs: tuple[Rung, ...]
    repeat_s: int
    attend_within_s: int
    """After a claim: not attended within this, it rings everybody again."""


def _ladder(*rungs: tuple[int, tuple[Who, ...]], repeat_s: int, attend_within_s: int) -> Ladder:
    return Ladder(
        rungs=tuple(Rung(after_s=after, who=who) for after, who in rungs),
        repeat_s=repeat_s,
        attend_within_s=attend_within_s,
    )


LADDERS: Mapping[Level, Ladder] = {
    Level.EMERGENCY: _ladder(
        (0, (Who.ZONE,)), (45, (Who.SHIFT,)), (180, (Who.SHIFT, Who.MANAGER)), repeat_s=60, attend_within_s=120
    ),
    Level.URGENT: _ladder(
        (0, (Who.ZONE,)),
        (60, (Who.SHIFT,)),
        (240, (Who.SHIFT, Who.LEAD)),
        (600, (Who.SHIFT, Who.MANAGER)),
        repeat_s=120,
        attend_within_s=300,
    ),
    Level.CALL: _ladder(
        (0, (Who.ZONE,)), (240, (Who.SHIFT,)), (480, (Who.SHIFT, Who.LEAD)), repeat_s=240, attend_within_s=600
    ),
    Level.CHECK: _ladder(
        (0, (Who.ZONE,)), (900, (Who.SHIFT,)), (1800, (Who.SHIFT, Who.LEAD)), repeat_s=1800, attend_within_s=1800
    ),
    Level.REQUEST: _ladder((0, (Who.ZONE,)), (1800, (Who.SHIFT,)), repeat_s=3600, attend_within_s=3600),
    Level.TECHNICAL: _ladder((0, (Who.LEAD,)), (3600, (Who.SHIFT, Who.LEAD)), repeat_s=14_400, attend_within_s=14_400),
}
"""A home's defaults, in seconds; `home.yaml` may change them, and `check` refuses a ladder with a gap or an end."""

EVERYBODY_AT_ONCE = _ladder((0, (Who.SHIFT,)), (180, (Who.SHIFT, Who.MANAGER)), repeat_s=60, attend_within_s=120)
"""Staff assist, and an emergency of a device that nobody has placed."""


def everybody_first(ladder: Ladder) -> Ladder:
    """The same ladder with everybody on shift at once: a call of a device that nobody has placed."""
    first, *later = ladder.rungs
    return replace(ladder, rungs=(replace(first, who=(Who.SHIFT,)), *later))


def managers_too(ladder: Ladder) -> Ladder:
    """The same ladder with the manager from its first rung: what is theirs to read, and comes by day."""
    first, *later = ladder.rungs
    return replace(ladder, rungs=(replace(first, who=(*first.who, Who.MANAGER)), *later))


MANAGERS_LIST = "morning"
"""The cause of the alert that is the manager's list of a morning."""

LEVEL_OF: Mapping[Kind, Level] = {
    Kind.EMERGENCY: Level.EMERGENCY,
    Kind.STAFF_ASSIST: Level.EMERGENCY,
    Kind.FALL: Level.EMERGENCY,
    Kind.SMOKE: Level.EMERGENCY,
    Kind.GAS: Level.EMERGENCY,
    Kind.CO: Level.EMERGENCY,
    Kind.CALL: Level.CALL,
    Kind.WATER_LEAK: Level.URGENT,
}
"""Kinds that are told at once, whatever any plan says."""


LONGEST_DELAY_S: Mapping[Level, int] = {
    Level.URGENT: 300,
    Level.CHECK: 7_200,
    Level.REQUEST: 43_200,
    Level.TECHNICAL: 86_400,
}
"""How long help may take, all waits of a rule together, before staff are told at this level. A level that is not here
is a person's own and has no delay at all."""


def faults(ladder: Ladder) -> list[str]:
    """Why a ladder could end in silence; empty where it cannot."""
    found = []
    if not ladder.rungs:
        return ["has no rung: nobody would be told"]
    if ladder.rungs[0].after_s != 0:
        found.append(f"tells nobody for the first {ladder.rungs[0].after_s} s")
    if ladder.repeat_s <= 0:
        found.append("its last rung does not repeat")
    if ladder.attend_within_s <= 0:
        found.append("a claim would never lapse")
    found += [
        f"rung {number + 1} ({later.after_s} s) does not come after rung {number} ({earlier.after_s} s)"
        for number, (earlier, later) in enumerate(zip(ladder.rungs, ladder.rungs[1:], strict=False), start=1)
        if later.after_s <= earlier.after_s
    ]
    found += [f"rung {number} tells nobody" for number, rung in enumerate(ladder.rungs, start=1) if not rung.who]
    return found

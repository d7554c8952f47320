"""Which devices were a resident's, and when: what an export hands over, and what an erasure takes.

Theirs is what is tied to their person, and what hung in their room while they lived there alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

NEVER = 2**62
Line = dict[str, Any]
Accepted = tuple[int, int, Line]
"""One accepted configuration: its place in the sequence, when it was accepted, and the home as JSON."""


@dataclass(frozen=True, slots=True)
class Span:
    """One accepted configuration: where in the sequence and when it held, and which devices were theirs, by address."""

    from_seq: int
    to_seq: int
    wall_ms: int
    to_wall_ms: int
    plan: Line | None
    theirs: Mapping[str, str]


def homes_of(store: sqlite3.Connection) -> list[Accepted]:
    """Every configuration that was accepted, oldest first."""
    found = store.execute("SELECT seq, wall_ms, body FROM configurations ORDER BY seq").fetchall()
    return [(seq, wall_ms, orjson.loads(body)) for seq, wall_ms, body in found]


def spans_of(store: sqlite3.Connection, homes: Sequence[Accepted], resident: str) -> list[Span]:
    """The configurations with what was theirs in each; nothing is theirs once somebody said that they are gone."""
    last, last_ms = _end(store, resident)
    ends = [*((seq - 1, wall_ms) for seq, wall_ms, _ in homes[1:]), (last, last_ms)]
    return [
        Span(seq, min(end, last), wall_ms, min(end_ms, last_ms), plan_in(home, resident), theirs_in(home, resident))
        for (seq, wall_ms, home), (end, end_ms) in zip(homes, ends, strict=True)
    ]


def _end(store: sqlite3.Connection, resident: str) -> tuple[int, int]:
    """Where, and when, somebody said that they had left or died: the room is another's since then. Else never."""
    gone = "SELECT seq, wall_ms FROM log WHERE step = 'gone' AND resident = ? ORDER BY seq DESC LIMIT 1"
    found = store.execute(gone, (resident,)).fetchone()
    return (int(found[0]), int(found[1])) if found else (NEVER, NEVER)


def plan_in(home: Line, resident: str) -> Line | None:
    """Their plan in this configuration."""
    return next((row for row in home["residents"] if row["resident"] == resident), None)


def theirs_in(home: Line, resident: str) -> dict[str, str]:
    """The devices that are theirs in this configuration: our names by their addresses."""
    plan = plan_in(home, resident)
    if plan is None:
        return {}
    alone = lives_alone(home, plan["room"])
    return {
        row["device"]: row["name"]
        for row in home["devices"]
        if row.get("person") == resident or (alone and row.get("person") is None and row.get("place") == plan["room"])
    }


def lives_alone(home: Line, room: str) -> bool:
    """Whether one person lives in this room, and nobody else."""
    return [row["room"] for row in home["residents"]].count(room) == 1

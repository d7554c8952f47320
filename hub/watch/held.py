"""What the watcher holds, as one value that outlives it: what a watcher after this one must know. Pure.

Moments are those of a clock that begins anew with each machine. They are moved by the calendar, and nothing hangs on
it: what would have been later than now is now, and when a call rang last is then not known.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter, ValidationError

from hub.watch.calls import REMIND_MS
from hub.watch.records import Cry, Now, Open, State, Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the watcher tells, and what it waits for an answer to. Two are equal where the second need not be kept."""

    at: Now = field(compare=False)
    """When this was so."""
    home: str
    """The home's short name: a folder is copied for another one, too."""
    state: State
    is_said_gone: bool
    """Everybody was told that the hub is gone."""
    in_charge_wall_ms: int | None
    broker_gone_wall_ms: int | None = None
    """Everybody was told, or was being told, that nothing is heard from the broker since then."""
    bad_from_wall_ms: int
    deaf: tuple[str, ...]
    """Devices of which the hub said nothing."""
    deaf_wall_ms: int
    rows: tuple[Told, ...]
    waiting: tuple[Cry, ...]
    stands: tuple[tuple[Open, Now], ...] = field(compare=False)
    """The hub's alerts among the rows, as it showed them last, and since when."""
    presses: tuple[tuple[str, int], ...] = field(compare=False)
    """How many presses each open alert of the hub showed: what shows more has taken one."""
    lines: tuple[str, ...]
    """The last lines of the hub's log that were read. Not how far it had come: lines overtake each other, and a record
    that is begun anew counts from one again."""

    def moved(self, now: Now) -> Held:
        """The same, with moments of the clock that runs now."""
        by_ms = (now.elapsed_ms - now.wall_ms) - (self.at.elapsed_ms - self.at.wall_ms)

        def at(before_ms: int) -> int:
            return min(before_ms + by_ms, now.elapsed_ms)

        return replace(
            self,
            at=now,
            rows=tuple(replace(row, rang_ms=row.rang_ms + by_ms, due_ms=row.due_ms + by_ms) for row in self.rows),
            waiting=tuple(replace(cry, heard_ms=at(cry.heard_ms)) for cry in self.waiting),
            stands=tuple((alert, replace(heard, elapsed_ms=at(heard.elapsed_ms))) for alert, heard in self.stands),
        )


_ADAPTER = TypeAdapter(Held)


def to_bytes(held: Held) -> bytes:
    """One line that says whether the rest is whole, and the rest as JSON."""
    body = _ADAPTER.dump_json(held)
    return _sum(body) + b"\n" + body


def from_bytes(data: bytes) -> Held:
    """The same, read; raises `ValueError`, in words, for what is not whole or of another version."""
    whole, _, body = data.partition(b"\n")
    if _sum(body) != whole:
        raise ValueError("it is not whole")
    try:
        held = _ADAPTER.validate_json(body)
    except ValidationError as error:
        raise ValueError(f"it is of another version: {error.errors()[0]['msg']}") from None
    if strange := {row.level for row in held.rows} - REMIND_MS.keys():
        raise ValueError(f"it is of another version: no level is called {min(strange)}")
    return held


def _sum(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()

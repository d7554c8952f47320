"""What the ledger may forget: which rows are old enough, as small statements that any commit can take along.

Days are days that the hub has lived through, counted by a clock that nobody can set (`snapshots.lived_ms`): a machine
that starts with a calendar ten years ahead erases nothing, and a month in which the hub was off is not counted.
Inputs go only behind a snapshot, so that the rest of the past can still be folded.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

Forget = tuple[str, tuple[int | str, ...]]
"""A statement with its values; it deletes at most `PIECE` rows."""

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
PIECE = 500
LONGEST_EPISODE_MS = 30 * DAY_MS
"""No run of a rule lasts so long: one that began before is over."""
NOWHERE = (0, 0, 0, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how many days the hub keeps what it heard and did; `retention` in `home.yaml`."""

    events_days: int = 400
    log_days: int = 1_100
    rollups_days: int = 1_100
    quarantine_days: int = 90
    raw_days: int = 400


def old(store: sqlite3.Connection, keep: Retention, *, lived_ms: int, wall_ms: int) -> Iterator[Forget]:
    """Everything that may go now, in pieces, oldest first; each may be done again without harm."""
    day = _Days(store, lived_ms)
    past = day.before(keep.events_days)[0]
    if past:
        # First of all: from here on nobody folds from a snapshot whose inputs are going.
        yield "UPDATE snapshots SET digest = '', body = x'' WHERE seq < ? AND digest <> ''", (past,)
    for table, days in (
        ("events", keep.events_days),
        ("inputs", keep.events_days),
        ("log", keep.log_days),
        ("quarantine", keep.quarantine_days),
        ("raw", keep.raw_days),
    ):
        yield from _by_seq(store, table, day.before(days)[0])
    # Recorded in any year, they are as old as their import.
    taken_in = store.execute("SELECT max(seq) FROM imported WHERE after_seq <= ?", (past,)).fetchone()[0]
    yield from _by_seq(store, "imported", taken_in or 0) if past else ()
    _, _, elapsed_ms, forgotten_ms = day.before(max(keep.log_days, keep.events_days))
    over = "SELECT key FROM {} INDEXED BY {} WHERE state {} AND {} <= ? LIMIT ?"
    closed = over.format("alerts", "alerts_closed_elapsed", "= 'closed'", "closed_ms")
    ended = over.format("episodes", "episodes_over", "<> 'helping'", "started_ms")
    yield from _by_key(store, "alerts", closed, forgotten_ms)
    yield from _by_key(store, "episodes", ended, elapsed_ms - LONGEST_EPISODE_MS)
    # Hours are hours of the calendar: both what it says now and what it said then must agree that they are old.
    then_ms = min(day.before(keep.rollups_days)[1], wall_ms - keep.rollups_days * DAY_MS)
    yield from _rollups(store, then_ms // HOUR_MS)


class _Days:
    """Where the days that the hub has lived through began, by its snapshots."""

    def __init__(self, store: sqlite3.Connection, lived_ms: int) -> None:
        self._store = store
        self._lived_ms = lived_ms

    def before(self, days: int) -> tuple[int, int, int, int]:
        """The newest snapshot that is so many days old: its place, its two clocks, and what it had forgotten."""
        found = self._store.execute(
            "SELECT seq, wall_ms, elapsed_ms, forgotten_ms FROM snapshots WHERE lived_ms <= ?"
            " ORDER BY seq DESC LIMIT 1",
            (self._lived_ms - days * DAY_MS,),
        ).fetchone()
        return found or NOWHERE


def _by_seq(store: sqlite3.Connection, table: str, last: int) -> Iterator[Forget]:
    first = store.execute(f"SELECT min(seq) FROM {table}").fetchone()[0]
    for low in range(first if first is not None else last + 1, last + 1, PIECE):
        yield f"DELETE FROM {table} WHERE seq BETWEEN ? AND ?", (low, min(low + PIECE - 1, last))


def _by_key(store: sqlite3.Connection, table: str, which: str, last_ms: int) -> Iterator[Forget]:
    many = store.execute(f"SELECT count(*) FROM ({which})", (last_ms, -1)).fetchone()[0]
    for _ in range(0, many, PIECE):
        yield f"DELETE FROM {table} WHERE key IN ({which})", (last_ms, PIECE)


def _rollups(store: sqlite3.Connection, before_hour: int) -> Iterator[Forget]:
    """Device by device, because that is how they lie; a query a device reads no hour that stays."""
    after: tuple[str, str, str] = ("", "", "")
    while True:
        found = store.execute(
            "SELECT device, kind, field, hour FROM rollups WHERE (device, kind, field) > (?, ?, ?)"
            " ORDER BY device, kind, field, hour LIMIT 1",
            after,
        ).fetchone()
        if found is None:
            return
        after = found[:3]
        for low in range(found[3], before_hour, PIECE):
            bounds = (low, min(low + PIECE, before_hour))
            yield (
                "DELETE FROM rollups WHERE device = ? AND kind = ? AND field = ? AND hour >= ? AND hour < ?",
                (
                    *after,
                    *bounds,
                ),
            )

"""The past as replay reads it: everything of the ledger in the order of time, origin and sequence, page by page.

Each page is a short transaction of its own, so that no reader keeps the write-ahead log of a running hub from being
tidied.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from heapq import merge
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from hub.ledger.load import home_of
from hub.ledger.rows import adapter, input_of
from hub.ledger.stood import known, stood
from rules.home import Home
from rules.inputs import Input, Report, Started
from rules.replay.relevant import Known, Relevant

LIVE, IMPORTED = 0, 1
PAGE = 4_000
BUSY_S = 5.0
USED = "'Asked', 'Started', 'Linked', 'ClockStepped', 'Described', 'Configured'"
LIVE_PAGE = f"""SELECT wall_ms, {LIVE}, seq, elapsed_ms, device, kind, value, extra FROM events
    WHERE seq BETWEEN ? AND ?
    UNION ALL
    SELECT wall_ms, {LIVE}, seq, elapsed_ms, NULL, what, body, NULL FROM inputs
    WHERE seq BETWEEN ? AND ? AND what IN ({USED}) ORDER BY seq"""
IMPORTED_PAGE = f"""SELECT wall_ms, {IMPORTED}, seq, NULL, device, kind, value, extra FROM imported
    WHERE (wall_ms, seq) > (?, ?) ORDER BY wall_ms, seq LIMIT {PAGE}"""

STARTED = "SELECT wall_ms, body FROM inputs WHERE what = 'Started' AND seq > ? ORDER BY seq LIMIT 1"
REPORTED = """SELECT each.value FROM inputs, json_each(body, '$.reports') AS each
    WHERE seq BETWEEN ? AND ? AND what = 'Tried' AND each.value ->> 'resident' = ? ORDER BY seq DESC LIMIT 1"""
BEFORE = (
    "SELECT coalesce(max(seq), 0) FROM events WHERE seq > ? AND wall_ms < ?",
    f"SELECT coalesce(max(seq), 0) FROM inputs WHERE seq > ? AND wall_ms < ? AND what IN ({USED})",
)
LOOKED_BACK = 50_000
"""So many places of the sequence are looked through at a time."""

Row = tuple[int, int, int, int | None, str | None, str, str | int | float | None, str | None]
"""Wall time, origin, sequence, elapsed time (of the live ones), and an event; without a device another input."""


def has_imported(store: sqlite3.Connection) -> bool:
    """Whether this ledger has a table for imported events: one from before has none."""
    return store.execute("SELECT 1 FROM main.sqlite_master WHERE name = 'imported'").fetchone() is not None


def report_of(body: str | bytes) -> Report:
    """A report as the ledger keeps it, or as a child says it; raises `ValueError` where it is none."""
    return adapter(Report).validate_json(body)  # type: ignore[return-value]


class Span(NamedTuple):
    """The first and the last moment of what is there."""

    first_ms: int
    last_ms: int


class Past:
    """One ledger, read-only."""

    def __init__(self, path: Path) -> None:
        address = f"{path.absolute().as_uri()}?mode=ro"
        self._store = sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_S)
        self._has_imported = has_imported(self._store)

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    def known(self) -> Known:
        """What the whole ledger knows that decides which events count."""
        return known(self._store)

    def stood(self, at_ms: int, relevant: Relevant) -> list[Input]:
        """The inputs that bring about what stood at a moment."""
        return stood(self._store, at_ms, self._seq_at, relevant)

    def span(self) -> Span | None:
        """When the first and the last event was; None where there is none."""
        found = [self._store.execute(f"SELECT wall_ms FROM events ORDER BY seq {way} LIMIT 1") for way in ("", "DESC")]
        if self._has_imported:
            found += [
                self._store.execute(f"SELECT wall_ms FROM imported ORDER BY wall_ms {way} LIMIT 1")
                for way in ("", "DESC")
            ]
        moments = [row[0] for cursor in found for row in cursor.fetchall()]
        return Span(min(moments), max(moments)) if moments else None

    def pages(self, from_ms: int, to_ms: int) -> Iterator[list[Row]]:
        """Everything from a moment up to another."""
        live, imported = self._live(from_ms, to_ms), self._imported(from_ms, to_ms)
        first, other = next(live, None), next(imported, None)
        if first is None or other is None:
            yield from chain([page for page in (first, other) if page is not None], live, imported)
            return
        rows = merge(*(chain.from_iterable(chain([page], more)) for page, more in ((first, live), (other, imported))))
        page: list[Row] = []
        for row in rows:
            page.append(row)
            if len(page) == PAGE:
                yield page
                page = []
        yield page

    def _live(self, from_ms: int, to_ms: int) -> Iterator[list[Row]]:
        low, last = self._seq_at(from_ms), self._end()
        wall_ms = from_ms
        while low <= last:
            high = low + PAGE - 1
            page: list[Row] = []
            for row in self._store.execute(LIVE_PAGE, (low, high, low, high)).fetchall():
                if row[0] < wall_ms:
                    # The clock of the machine was set back: the sequence is the order.
                    row = (wall_ms, *row[1:])  # noqa: PLW2901
                wall_ms = row[0]
                page.append(row)
            low = high + 1
            if page and page[-1][0] >= to_ms:
                yield [row for row in page if row[0] < to_ms]
                return
            if page:
                yield page

    def heard(self, seq: int, to_ms: int) -> Iterator[list[Row]]:
        """What the hub itself heard and was asked behind a place in the sequence: all of it up to the last that was
        before a moment. Where the clock was set meanwhile it says what the clock said, but never a later moment."""
        last = max(int(self._store.execute(newest, (seq, to_ms)).fetchone()[0]) for newest in BEFORE)
        for low in range(seq + 1, last + 1, PAGE):
            span = (low, min(low + PAGE - 1, last))
            yield [
                row if row[0] < to_ms else (to_ms - 1, *row[1:])
                for row in self._store.execute(LIVE_PAGE, (*span, *span)).fetchall()
            ]

    def seq_at(self, wall_ms: int) -> int:
        """The first place in the sequence behind everything that was heard before a moment."""
        return self._seq_at(wall_ms)

    def accepted_at(self, wall_ms: int) -> Home | None:
        """The configuration that held at a moment; the first one, where none was accepted by then."""
        for which in (f"WHERE wall_ms <= {wall_ms:d} ORDER BY seq DESC", "ORDER BY seq"):
            row = self._store.execute(f"SELECT body FROM configurations {which} LIMIT 1").fetchone()
            if row is not None:
                return home_of(row[0])
        return None

    def accepted_behind(self, seq: int, to_ms: int) -> list[Home]:
        """The configurations accepted behind a place in the sequence, up to a moment."""
        rows = self._store.execute(
            "SELECT body FROM configurations WHERE seq > ? AND wall_ms < ? ORDER BY seq", (seq, to_ms)
        )
        return [home_of(row[0]) for row in rows.fetchall()]

    def down_from(self, seq: int, at_ms: int) -> int | None:
        """Since when the hub was down at a moment, by what it said at its next start; None where it was not."""
        row = self._store.execute(STARTED, (seq,)).fetchone()
        if row is None or row[0] < at_ms:
            return None
        given = input_of("Started", row[1])
        return given.down_from_ms if isinstance(given, Started) and 0 < given.down_from_ms < at_ms else None

    def reported(self, resident: str) -> Report | None:
        """What was said last of a resident's plan on trial."""
        for high in range(self._end(), 0, -LOOKED_BACK):
            row = self._store.execute(REPORTED, (high - LOOKED_BACK + 1, high, resident)).fetchone()
            if row is not None:
                return report_of(row[0])
        return None

    def _imported(self, from_ms: int, to_ms: int) -> Iterator[list[Row]]:
        after = (from_ms - 1, 2**62)
        while self._has_imported:
            page: list[Row] = self._store.execute(IMPORTED_PAGE, after).fetchall()
            if not page:
                return
            after = (page[-1][0], page[-1][2])
            if page[-1][0] >= to_ms:
                yield [row for row in page if row[0] < to_ms]
                return
            yield page

    def _end(self) -> int:
        ends = [self._store.execute(f"SELECT coalesce(max(seq), 0) FROM {name}") for name in ("events", "inputs")]
        return max(int(cursor.fetchone()[0]) for cursor in ends)

    def _seq_at(self, from_ms: int) -> int:
        """The first place in the sequence that is not before a moment: halving, because times have no index."""
        low, high = 1, self._end() + 1
        while low < high:
            middle = (low + high) // 2
            row = self._store.execute(
                "SELECT seq, wall_ms FROM events WHERE seq >= ? ORDER BY seq LIMIT 1", (middle,)
            ).fetchone()
            if row is None or row[1] >= from_ms:
                high = middle
            else:
                low = row[0] + 1
        return low

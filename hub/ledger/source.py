"""The ledger as the time series reads it: events in pages behind a cursor, on a connection and a thread of its own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from hub.abc import Point
from hub.errors import LedgerUnreadable
from hub.ledger.rows import event_of
from rules.state import State

LINES = "SELECT seq, body FROM log WHERE seq > ? AND urgent = ? ORDER BY seq LIMIT ?"
PAGE = """SELECT seq, wall_ms, device, kind, value, extra FROM events
    WHERE seq > ? AND coalesce(extra ->> 'origin', 'live') = 'live' ORDER BY seq LIMIT ?"""


class LedgerLines:
    """The log lines in the ledger, for those who send them: `(seq, bytes)` of one stream behind a place."""

    def __init__(self, path: Path, answers: Callable[[], bool] = lambda: True) -> None:
        """`answers` says whether the disk does: the event loop must not wait for one that does not."""
        self._path = path
        self._answers = answers
        self._reader: sqlite3.Connection | None = None

    def read(self, urgent: int, after: int, limit: int) -> Sequence[tuple[int, bytes]]:
        """The next lines; raises `LedgerUnreadable`."""
        if not self._answers():
            raise LedgerUnreadable("the log lines wait for the ledger")
        try:
            if self._reader is None:
                if self._path.is_fifo():
                    raise LedgerUnreadable("a pipe lies in place of the ledger")
                address = f"{self._path.absolute().as_uri()}?mode=ro"
                self._reader = sqlite3.connect(address, uri=True, isolation_level=None, timeout=1)
            rows = self._reader.execute(LINES, (after, urgent, limit)).fetchall()
        except sqlite3.Error as error:
            self.let_go()
            raise LedgerUnreadable(f"the log lines in the ledger cannot be read: {error}") from error
        return [(seq, body.encode()) for seq, body in rows]

    def let_go(self) -> None:
        """Open the file anew at the next question: another may have taken its place."""
        if self._reader is not None:
            self._reader.close()
        self._reader = None

    async def close(self) -> None:
        """Let go of the file."""
        self.let_go()


class LedgerSource:
    """`hub.abc.EventSource` over the ledger's file."""

    def __init__(self, path: Path, state: State, cursors: Mapping[str, int], save_soon: Callable[[], None]) -> None:
        self._path = path
        self._state = state
        self._cursors = dict(cursors)
        self._save_soon = save_soon
        self.moved: dict[str, int] = {}
        """The cursors that moved since the start: they go with every commit."""

    async def points_after(self, seq: int, limit: int) -> Sequence[Point]:
        """The next events; each page is a short transaction of its own."""
        return await asyncio.to_thread(self._read, seq, limit)

    def _read(self, seq: int, limit: int) -> list[Point]:
        try:
            with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=1)) as reader:
                rows = reader.execute(PAGE, (seq, limit)).fetchall()
        except sqlite3.Error as error:
            raise LedgerUnreadable(f"the ledger {self._path} cannot be read: {error}") from error
        return [self._point(*row) for row in rows]

    def _point(
        self, seq: int, wall_ms: int, device: str, kind: str, value: str | int | float | None, extra: str | None
    ) -> Point:
        event = event_of(device, kind, value, extra).event
        setting = self._state.setting
        placed = setting.placed(device) if setting else None
        return Point(
            seq=seq,
            wall_ms=wall_ms,
            device=device,
            kind=kind,
            value=event.value,
            field=event.field,
            resident=placed.person if placed else None,
            place=placed.place if placed else None,
            name=placed.name if placed else None,
        )

    @property
    def cursors(self) -> Mapping[str, int]:
        """How far each of them is."""
        return self._cursors

    def cursor(self, name: str) -> int:
        """How far a reader is."""
        return self._cursors.get(name, 0)

    def move_cursor(self, name: str, seq: int) -> None:
        """Remember how far a reader is; kept with the next commit."""
        self._cursors[name] = self.moved[name] = seq
        self._save_soon()

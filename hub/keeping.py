"""Keeps the ledger from growing for ever: a sealed snapshot for each day the hub has lived through, and behind it what
is older than the home wants to keep goes, piece by piece, with commits that nobody's press waits for."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path

from hub.elapsed import HomeClock
from hub.errors import LedgerUnreadable
from hub.ledger.load import Loaded
from hub.ledger.retention import DAY_MS, Forget, Retention, old
from hub.ledger.snapshots import Snapshot, take
from hub.ledger.write import Batch
from rules.inputs import Now

PIECES = 4
"""So many go with one commit: some milliseconds."""
APART_MS = 200
NEVER_CALM_MS = 10_000
"""Where the urgent lane is never quiet (a receiver whose every message is urgent), something goes this often."""
LOOK_EVERY_MS = 60_000
MOST_PLANNED = 20_000
"""Pieces held in memory at a time; the rest is found again behind them."""
FAULT = "checkpoint:retention"


class Keeping:
    """Takes snapshots, finds what is old, and puts pieces of it to commits."""

    def __init__(
        self,
        *,
        path: Path,
        keep: Retention,
        loaded: Loaded,
        first: Snapshot | None,
        clock: HomeClock,
        is_calm: Callable[[], bool],
        on_fault: Callable[[str, bool, str], None],
    ) -> None:
        """`first` goes with the very first commit: the machine begins anew behind it."""
        self._path = path
        self._keep = keep
        self._is_calm = is_calm
        self._on_fault = on_fault
        self._first = first
        self._pending: Snapshot | None = None
        self._plan: deque[Forget] = deque()
        self._saving: tuple[Snapshot | None, int] = (None, 0)
        self._planned_lived_ms: int | None = None
        self._piece_ms = 0
        self._failed = False
        lived_ms = loaded.elapsed_ms - loaded.cursors.get("lived_apart_ms", 0)
        self._apart_ms = clock.now().elapsed_ms - lived_ms
        self._numbers = {"lived_apart_ms": self._apart_ms, "clock_moved_ms": clock.moved_ms, **clock.cursors}
        self._saving_numbers: dict[str, int] = {}
        self._look_from_ms = 0

    def note(self, name: str, value: int) -> None:
        """Keep a number with the next commit."""
        self._numbers[name] = value

    def begin_anew(self) -> None:
        """The ledger was written anew and begins with a snapshot: what was planned for the old one is void."""
        self._first = self._pending = self._planned_lived_ms = None
        self._plan.clear()
        self._saving = (None, 0)

    @property
    def apart_ms(self) -> int:
        """What elapsed time is ahead of the time lived."""
        return self._apart_ms

    def lived_ms(self, now: Now) -> int:
        """How long the hub has been running in all its life."""
        return now.elapsed_ms - self._apart_ms

    @property
    def left(self) -> int:
        """Pieces that are old enough to go and have not gone."""
        return len(self._plan)

    # -- looking ------------------------------------------------------------------------------------------------------
    async def look(self, now: Now) -> None:
        """Once for each day lived: a snapshot, then what it lets go. Reads on a thread and holds nobody up."""
        if self._first or self._pending or self._plan or now.elapsed_ms < self._look_from_ms:
            return
        self._look_from_ms = now.elapsed_ms + LOOK_EVERY_MS
        try:
            await asyncio.to_thread(self._look, now)
        except LedgerUnreadable as error:
            if not self._failed:
                self._on_fault(FAULT, True, str(error))
            self._failed = True
        else:
            if self._failed:
                self._on_fault(FAULT, False, "the ledger can be tidied again")
            self._failed = False

    def _look(self, now: Now) -> None:
        lived_ms = self.lived_ms(now)
        try:
            with closing(
                sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, isolation_level=None, timeout=1)
            ) as store:
                newest = store.execute("SELECT max(lived_ms) FROM snapshots").fetchone()[0]
                if newest is None or lived_ms - newest >= DAY_MS:
                    self._pending = take(store)
                elif self._planned_lived_ms != newest:
                    every = old(store, self._keep, lived_ms=lived_ms, wall_ms=now.wall_ms)
                    self._plan.extend(islice(every, MOST_PLANNED))
                    if len(self._plan) < MOST_PLANNED:
                        self._planned_lived_ms = newest
        except sqlite3.Error as error:
            raise LedgerUnreadable(f"the ledger {self._path} cannot be tidied: {error}") from error

    # -- with a commit ------------------------------------------------------------------------------------------------
    def join(self, batch: Batch, now: Now) -> None:
        """Put to a commit what it can take along: the first snapshot always, the rest only while nobody calls."""
        self._saving = (None, 0)
        self._saving_numbers = dict(self._numbers)
        batch.cursors.update(self._numbers)
        if self._first is not None:
            batch.snapshots.append(self._first)
            self._saving = (self._first, 0)
        elif batch.log or not (self._is_calm() or now.elapsed_ms - self._piece_ms >= NEVER_CALM_MS):
            return
        elif self._pending is not None:
            batch.snapshots.append(self._pending)
            self._saving = (self._pending, 0)
        elif self._plan and now.elapsed_ms - self._piece_ms >= APART_MS:
            pieces = [self._plan[place] for place in range(min(PIECES, len(self._plan)))]
            batch.forget += pieces
            self._saving = (None, len(pieces))

    def committed(self, now: Now) -> bool:
        """The commit is done; whether there is more to do soon."""
        snapshot, pieces = self._saving
        for name, value in self._saving_numbers.items():
            if self._numbers.get(name) == value:
                del self._numbers[name]
        self._saving_numbers = {}
        if snapshot is not None and snapshot is self._first:
            self._first = None
        elif snapshot is not None:
            self._pending = None
            self._look_from_ms = 0
        for _ in range(pieces):
            self._plan.popleft()
            self._piece_ms = now.elapsed_ms
        self._saving = (None, 0)
        return bool(pieces and self._plan)

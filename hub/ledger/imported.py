"""Imported events in the ledger: a table of their own, written beside a running hub without being in its way.

A commit holds a few hundred rows, waits for no disk (a lost one is imported again with the same file), and is followed
by a pause, so that a press finds the ledger free within milliseconds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from itertools import islice
from pathlib import Path

from devices.events import Event
from hub.errors import LedgerUnwritable
from hub.ledger.rows import event_row
from hub.ledger.write import open_store
from rules.inputs import Heard, Now

ROWS_A_COMMIT = 200
PAUSE_S = 0.004
"""As long as a commit takes, about."""
INSERT = (
    "INSERT OR IGNORE INTO imported (wall_ms, device, kind, value, nth, extra, after_seq) VALUES (?, ?, ?, ?, ?, ?, {})"
)
REACHED = "SELECT coalesce(max(seq), 0) FROM inputs"
"""How far the hub is in its sequence: imported events grow old from here."""


def keep(
    ledger: Path,
    rows: Iterable[tuple[int, Event]],
    pause: Callable[[float], None],
    tell: Callable[[int], None] = lambda done: None,
) -> tuple[int, int]:
    """Keep these; how many are new, and how many were there already. `tell` is called with how many were read."""
    with closing(_open(ledger)) as store:
        given, done, before = _numbered(rows), 0, store.total_changes
        insert = INSERT.format(store.execute(REACHED).fetchone()[0])
        while some := list(islice(given, ROWS_A_COMMIT)):
            try:
                store.execute("BEGIN IMMEDIATE")
                store.executemany(insert, some)
                store.execute("COMMIT")
            except sqlite3.Error as error:
                if store.in_transaction:
                    store.execute("ROLLBACK")
                raise LedgerUnwritable(f"the ledger {ledger} cannot be written: {error}") from error
            done += len(some)
            tell(done)
            pause(PAUSE_S)
        added = store.total_changes - before
    return added, done - added


def _open(ledger: Path) -> sqlite3.Connection:
    try:
        ledger.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerUnwritable(f"the folder {ledger.parent} cannot be made: {error.strerror}") from error
    store = open_store(ledger)
    store.execute("PRAGMA synchronous = NORMAL")
    # The hub moves its own write-ahead log; where none runs, the pages are moved when this connection closes.
    store.execute("PRAGMA wal_autocheckpoint = 0")
    return store


def _numbered(rows: Iterable[tuple[int, Event]]) -> Iterable[tuple[object, ...]]:
    """The rows as the table has them; equal ones of one moment are counted."""
    moment, seen = 0, dict[tuple[object, ...], int]()
    for wall_ms, event in rows:
        if wall_ms != moment:
            moment = wall_ms
            seen.clear()
        _, _, _, device, kind, value, extra = event_row(0, Now(0, wall_ms), Heard(event=event))
        nth = seen.get((device, kind, value), 0)
        seen[device, kind, value] = nth + 1
        yield wall_ms, device, kind, value, nth, extra

"""What is done to the ledger from beside its writer: its write-ahead log is moved into it, and it is read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from hub.errors import LedgerUnwritable
from hub.ledger.load import remembered
from hub.ledger.sorts import sort_of
from hub.ledger.write import Writer
from rules.state import ROWS


class Checkpointer:
    """Moves the write-ahead log into the file from a connection of its own, never inside a commit. It makes no file,
    and tells the `writer` what it finds: a ledger that is gone or broken must be written anew."""

    def __init__(self, path: Path, writer: Writer | None = None) -> None:
        self._path = path
        self._writer = writer

    def checkpoint(self, *, begin_anew: bool = False) -> None:
        """Move what can be moved. To `begin_anew` at the front of the log the last of it is moved while the writer
        waits, some milliseconds: under a load without a pause the log would else only grow."""
        writer = self._writer
        if writer is not None and not writer.look():
            return
        try:
            address = f"{self._path.absolute().as_uri()}?mode=rw"
            with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=0.05)) as store:
                busy, frames, moved = store.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if begin_anew:
                    store.execute("PRAGMA wal_checkpoint(RESTART)")
                if writer is not None and not busy and frames == moved:
                    (pages,), (size,) = (store.execute(f"PRAGMA page_{what}").fetchone() for what in ("count", "size"))
                    writer.measure(pages * size)
        except sqlite3.Error as error:
            why = f"the write-ahead log of {self._path} cannot be moved into it: {error}"
            failure = LedgerUnwritable(why, sort_of(error, self._path))
            if writer is None or not writer.loses(failure):
                raise failure from error


def read_as_a_start(path: Path, writer: Writer) -> None:
    """Read what the next start would read, because nothing else does while the hub runs; the writer is told where that
    is broken. Some milliseconds, on a thread."""
    if writer.lost is not None:
        return
    try:
        address = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=1)) as store:
            for table in ROWS:
                store.execute(f"SELECT count(*), total(length(body)) FROM ({remembered(table, 'body')})").fetchall()
            for table in ("events", "inputs", "log"):
                store.execute(f"SELECT max(seq) FROM {table}").fetchall()
            store.execute("SELECT body, settings FROM configurations ORDER BY seq DESC LIMIT 1").fetchall()
    except sqlite3.Error as error:
        writer.loses(LedgerUnwritable(f"the ledger {path} cannot be read: {error}", sort_of(error, path)))

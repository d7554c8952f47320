"""A copy of the ledger as it was at one moment, taken while a hub writes it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from hub.errors import HandrailError, LedgerUnreadable

COPIED = "copied"
"""The number in a copy that says it is one: a hub that starts from it knows that the record goes on elsewhere."""


class BackupRefused(HandrailError):
    """The copy cannot be written there."""


def copy(ledger: Path, to: Path) -> int:
    """Write the copy and return how many inputs it holds up to: the newest `seq`.

    All pages in one step, because a copy by pieces begins anew with every commit of another process. That is one read
    transaction, some seconds for each GiB, during which the write-ahead log grows and no commit waits. The copy appears
    under its name once it is whole, on disk, and sound. Raises `LedgerUnreadable` and `BackupRefused`.
    """
    if to.exists():
        raise BackupRefused(f"{to} is there already: name a file that is not, so that no backup is lost for another")
    part = to.with_name(f"{to.name}.part")
    try:
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=5)) as source:
            source.execute("SELECT count(*) FROM sqlite_schema")
            seq = _copied(source, part)
        os.replace(part, to)
        _flush(to.parent)
    except sqlite3.Error as error:
        raise LedgerUnreadable(f"the ledger {ledger} cannot be copied: {error}") from error
    except OSError as error:
        raise BackupRefused(f"{to} cannot be written: {error.strerror}") from error
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    return seq


def _copied(source: sqlite3.Connection, part: Path) -> int:
    # It holds what the ledger holds: for whoever runs the hub, and nobody else of the machine.
    os.close(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(part)) as made:
        source.backup(made, pages=-1)
        made.execute("PRAGMA journal_mode = DELETE")
        (sound,) = made.execute("PRAGMA quick_check").fetchone()
        if sound != "ok":
            raise LedgerUnreadable(f"the copy is not sound: {sound}")
        made.execute("INSERT OR REPLACE INTO cursors VALUES (?, 1)", (COPIED,))
        made.commit()
        (seq,) = made.execute("SELECT coalesce(max(value), 0) FROM cursors WHERE name = 'seq'").fetchone()
    _flush(part)
    return int(seq)


def _flush(path: Path) -> None:
    place = os.open(path, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)

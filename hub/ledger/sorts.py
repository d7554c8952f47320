"""Why the ledger cannot be written, by what SQLite and the disk say: the row of FAULTS.md whose words fit."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

READ_ONLY, RIGHTS, HELD = "ledger-read-only", "ledger-rights", "ledger-held"
GONE, BROKEN = "ledger-gone", "ledger-broken"
ANEW = frozenset({GONE, BROKEN})
"""Where one of these is so, waiting does not help: the ledger is written anew."""
OTHER = ""
"""Full, a disk that fails, or nobody knows: the words of `ledger` itself."""

PRIMARY = 0xFF
DB_MOVED = 8 | 4 << 8  # SQLITE_READONLY_DBMOVED
BUSY, LOCKED, NO_MEMORY, READONLY, IO_ERROR, CORRUPT, FULL, CANT_OPEN, TOO_BIG, CONSTRAINT, NOT_A_DATABASE = (
    *(5, 6, 7, 8, 10, 11, 13, 14, 18, 19, 26),
)
MISSING = ("no such table", "no such column", "has no column named")
_ERRNO = {
    errno.EROFS: READ_ONLY,
    errno.EACCES: RIGHTS,
    errno.EPERM: RIGHTS,
    errno.ENOENT: GONE,
}


def sort_of(error: sqlite3.Error, ledger: Path) -> str:
    """The sort of an error; where SQLite only says that a file cannot be written the disk is asked. For a thread."""
    code = getattr(error, "sqlite_errorcode", 0)
    primary = code & PRIMARY
    if code == DB_MOVED:
        return GONE
    if primary in (CORRUPT, NOT_A_DATABASE) or any(words in str(error) for words in MISSING):
        return BROKEN
    if primary in (BUSY, LOCKED):
        return HELD
    if primary in (READONLY, IO_ERROR, CANT_OPEN):
        return asked(ledger.parent) or (RIGHTS if primary == READONLY else OTHER)
    return OTHER


def is_shared(error: sqlite3.Error) -> bool:
    """Whether a place in the sequence was taken already, which only another writer can have done."""
    return getattr(error, "sqlite_errorcode", 0) & PRIMARY == CONSTRAINT and ".seq" in str(error)


def is_of_a_value(error: sqlite3.Error) -> bool:
    """Whether it is about what was to be written, and no disk, file or lock: it would be so at each try."""
    code = getattr(error, "sqlite_errorcode", 0) & PRIMARY
    return code == TOO_BIG or "binding parameter" in str(error)


def asked(folder: Path) -> str:
    """What the disk says to a small file in this folder; nothing where it takes it, or is full."""
    probe = folder / ".probe"
    try:
        with probe.open("wb", buffering=0) as file:
            file.write(b"?")
            os.fsync(file.fileno())
    except OSError as error:
        return sort_of_disk(error)
    finally:
        with suppress(OSError):
            probe.unlink()
    return OTHER


def sort_of_disk(error: OSError) -> str:
    """The sort of what the operating system said."""
    return _ERRNO.get(error.errno or 0, OTHER)

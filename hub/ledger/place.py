"""Whether the open ledger is still the file at its path. SQLite does not look: it goes on with the file that it opened,
and what is committed into one that was removed is gone with the process.

Nothing here opens the file: where a process closes a file, the system takes away all its locks on it, SQLite's too.
"""

from __future__ import annotations

import os
from pathlib import Path


def files_of(path: Path) -> tuple[Path, ...]:
    """A ledger, its write-ahead log, and what goes with that."""
    return (path, *(path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm")))


class Place:
    """The files of a ledger that has just been opened."""

    def __init__(self, path: Path, names: tuple[Path, ...] | None = None) -> None:
        """`names` are the files to look at; all of a ledger's where nothing is said."""
        self._path = path
        self._files = {
            name: found for name in (files_of(path) if names is None else names) if (found := _found(name)) is not None
        }
        self._largest_bytes = 0

    def gone(self) -> str:
        """Why the file at the path is not the one that was opened, as the rest of a sentence; empty where it is. One
        question to the operating system: it goes with every commit."""
        try:
            status = os.stat(self._path)
        except OSError as error:
            return f"was removed: {error.strerror}"
        if status.st_size == 0:
            return "was emptied"
        if (status.st_dev, status.st_ino) != self._files.get(self._path):
            return "was replaced by another file"
        return ""

    def look(self) -> str:
        """The same, with the files beside it."""
        if why := self.gone():
            return why
        changed = next((path for path, was in self._files.items() if _found(path) != was), None)
        return f"lost {changed.name}: it was removed or replaced" if changed else ""

    def measure(self, said_bytes: int) -> str:
        """Whether the file is as long as it must be, after a checkpoint that moved all: it never becomes shorter
        unless somebody compacts it, and then it says so itself."""
        try:
            size = os.stat(self._path).st_size
        except OSError as error:
            return f"was removed: {error.strerror}"
        if size < min(self._largest_bytes, said_bytes):
            return "was cut short"
        self._largest_bytes = max(size, self._largest_bytes)
        return ""

    def is_at(self, path: Path) -> bool:
        """Whether the file that was opened is found at another path now."""
        return _found(path) == self._files.get(self._path)


def _found(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino

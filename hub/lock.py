"""Two hubs must never run on one ledger: an advisory lock on a file beside it, gone with the process that held it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from hub.errors import LedgerBusy, LedgerUnwritable


class Lock:
    """The lock of one ledger; held until `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = -1

    def acquire(self) -> None:
        """Take the lock, or say who has it."""
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise LedgerUnwritable(
                f"the file {self.path} cannot be opened: {error.strerror}; give the hub's user the right to write there"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._file, 20).decode(errors="replace").strip()
            self.release()
            if not isinstance(error, BlockingIOError):
                raise LedgerUnwritable(f"the file {self.path} cannot be locked: {error.strerror}") from error
            raise LedgerBusy(
                f"another hub{f' (process {holder})' if holder else ''} runs on this ledger: stop it first"
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another hub have it."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

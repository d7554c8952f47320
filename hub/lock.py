"""Two hubs must never run on one ledger: an advisory lock on a file beside it, gone with the process that held it.

A press stands before the lock: where the disk takes no file, or is held by a process that was killed and cannot end
because its disk hangs, the hub runs without it and takes it as soon as it can (`look`).
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from contextlib import suppress
from pathlib import Path

from hub.errors import LedgerBusy, LedgerUnwritable

log = logging.getLogger("handrail.lock")

ANSWERS_S = 1.0
KILLED = 1 << 8
"""SIGKILL in the masks of `/proc/PID/status`."""


class Lock:
    """The lock of one ledger; held until `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = -1
        self._own = threading.Lock()
        self._is_released = False
        """A look that is under way on its thread takes no lock for a hub that has ended."""
        self.was_there = path.exists()
        """A hub ran here before."""

    def acquire(self) -> None:
        """Take the lock, or say who has it; without one where nobody has it and the disk gives none."""
        failures: list[Exception] = []
        self._is_released = False

        def take() -> None:
            try:
                self._take()
            except (LedgerBusy, LedgerUnwritable) as error:
                failures.append(error)

        # A disk that hangs holds up this thread alone.
        taking = threading.Thread(target=take, name="lock", daemon=True)
        taking.start()
        taking.join(ANSWERS_S)
        if failures:
            raise failures[0]
        if self._file < 0:
            log.critical("%s: no lock is to be had now; the hub runs without it", self.path)

    def look(self) -> None:
        """Take the lock where it could not be had, or its file was removed; raises `LedgerBusy` where another hub has
        taken it meanwhile. Asks the disk: for a thread."""
        with suppress(OSError):
            if self._file >= 0 and os.path.samestat(os.fstat(self._file), os.stat(self.path)):
                return
        self._take()

    def _take(self) -> None:
        file = self._opened()
        if file < 0:
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(file)
            dying = _is_killed(holder)
            os.close(file)
            if not isinstance(error, BlockingIOError):
                raise LedgerUnwritable(f"the file {self.path} cannot be locked: {error.strerror}") from error
            if dying:
                return
            raise LedgerBusy(
                f"another hub{f' (process {holder})' if holder else ''} runs on this ledger: stop it first"
            ) from error
        with self._own:
            before, self._file = self._file, file
            left = self._release() if self._is_released else -1
        for old in (before, left):
            if old >= 0:
                os.close(old)
        if left >= 0:
            return
        with suppress(OSError):  # a disk that takes nothing: the lock is the lock without our number in it
            os.ftruncate(file, 0)
            os.pwrite(file, f"{os.getpid()}\n".encode(), 0)

    def _opened(self) -> int:
        """The lock's file, to be written, or at least to be read; -1 where there is none and the disk takes none,
        whatever its reason."""
        try:
            return os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            # Read-only, or a folder lies in its place: that can be locked as well.
            with suppress(OSError):
                return os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
            return -1

    def release(self) -> None:
        """Let another hub have it."""
        with self._own:
            self._is_released = True
            held = self._release()
        if held >= 0:
            os.close(held)

    def _release(self) -> int:
        held, self._file = self._file, -1
        return held


def _holder(file: int) -> str:
    try:
        return os.pread(file, 20, 0).decode(errors="replace").strip()
    except OSError:  # no file: a folder, or a pipe
        return ""


def _is_killed(holder: str) -> bool:
    """Whether a process was killed and only waits for its disk to let it end: it runs no line of ours any more."""
    try:
        said = Path(f"/proc/{int(holder)}/status").read_text()
    except (OSError, ValueError):
        return False
    fields = dict(line.split(":\t", 1) for line in said.splitlines() if ":\t" in line)
    pending = int(fields.get("SigPnd", "0"), 16) | int(fields.get("ShdPnd", "0"), 16)
    return fields.get("State", "")[:1] in ("Z", "X") or bool(pending & KILLED)

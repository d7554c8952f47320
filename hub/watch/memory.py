"""The file in which the watcher keeps what it holds, so that one that is killed forgets nothing.

Written whole or not at all, on a thread that nobody waits for: telling does not hang on a disk, and goes out meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from pathlib import Path

from hub.aside import aside
from hub.config.writing import sync_folder
from hub.ordinary import opened_anew, read_ordinary
from hub.watch.held import Held, from_bytes, to_bytes

log = logging.getLogger("handrail.watch")

LARGEST_BYTES = 1 << 26

FILE = "watcher.held"
PAUSE_S = 0.2
"""Before each writing: in a storm of presses the newest is kept, not each, and of a press that a hub that is well takes
within that time nothing is written at all, so that its own commit has the disk for itself."""
SLOW_S = 5.0
AGAIN_S = 10.0


class Memory:
    """One file; `keep` may be called as often as one likes."""

    def __init__(self, path: Path, home: str, *, pause_s: float = PAUSE_S, again_s: float = AGAIN_S) -> None:
        self._path, self._home, self._pause_s, self._again_s = path, home, pause_s, again_s
        self._newest: Held | None = None
        self._changed, self._idle = asyncio.Event(), asyncio.Event()
        self._idle.set()
        self._fails = False
        self._on_disk: Held | None = None
        self._is_clean = True
        self.was_broken = False
        """The file is there and cannot be read: what was told is not known."""

    def read(self) -> Held | None:
        """What the watcher before this one held. A file that cannot be read is removed, so that it is said once."""
        try:
            if self._half_written.exists():
                self._is_clean = False  # names are in it: the first writing takes it away
                self._changed.set()
            held = from_bytes(read_ordinary(self._path, LARGEST_BYTES))
            if held.home != self._home:
                raise ValueError(f"it is of another home, {held.home}")
            self._newest = self._on_disk = held
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.error("%s cannot be used, %s: which calls the watcher had told is not known", self._path, error)
            try:
                self._path.unlink()
            except OSError as why:
                log.error("%s cannot be removed, and is read again at the next start: %s", self._path, why.strerror)
            self.was_broken = True
        return self._newest

    def keep(self, held: Held | None) -> None:
        """From now on the next watcher finds this; None: nothing. Returns at once."""
        if held != self._newest:
            self._newest = held
            self._idle.clear()
            self._changed.set()

    async def run(self) -> None:
        """Write what changed, until cancelled."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(self._pause_s)
            self._changed.clear()
            held = self._newest
            if held == self._on_disk and self._is_clean:
                self._idle.set()
                continue
            if not await self._written(held):
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._again_s):
                        await self._changed.wait()
                self._changed.set()
                continue
            self._on_disk, self._is_clean = held, True
            if not self._changed.is_set():
                self._idle.set()

    @property
    def _half_written(self) -> Path:
        """What a watcher that is killed just now leaves beside the file."""
        return self._path.with_name(f"{FILE}.new")

    async def flushed(self, within_s: float) -> None:
        """Wait until all is written, or as long as that may take."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._idle.wait()

    async def _written(self, held: Held | None) -> bool:
        """Whether it is on the disk; said once when not, and once when it is again."""
        writing = asyncio.create_task(aside("memory", lambda: self._write(held)))
        try:
            _, late = await asyncio.wait((writing,), timeout=SLOW_S)
            if late:
                self._failed("the disk does not answer")
            await writing
        except OSError as error:
            self._failed(error.strerror or str(error))
            return False
        finally:
            writing.cancel()
        if self._fails:
            log.warning("%s is written again", self._path)
        self._fails = False
        return True

    def _failed(self, why: str) -> None:
        if not self._fails:
            log.error("%s cannot be written, %s: a watcher that is killed now forgets what it told", self._path, why)
        self._fails = True

    def _write(self, held: Held | None) -> None:
        new = self._half_written
        if held is None:
            self._path.unlink(missing_ok=True)
            new.unlink(missing_ok=True)
        else:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with open(opened_anew(new), "wb") as file:
                file.write(to_bytes(held))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        sync_folder(self._path.parent)

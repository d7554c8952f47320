"""The ledger's own files, for `harm.py --files`: taken away, emptied, scribbled over, moved, their rights taken.

Whoever mends the machine clears away what was put aside, before the small disk is full of it; here that is done before
each deed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import shutil
import subprocess
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

PAGE_BYTES = 4096
SETTLED_S = 3.0
"""Files that were put aside so long ago have no more to come."""


# -- what is done to the files ----------------------------------------------------------------------------------------
@dataclass
class Files:
    """Whoever has a shell on the machine, and the ledger in `data`."""

    data: Path
    away: Path
    """Where what was put aside is brought; the ledgers in it are read at the end."""
    rng: random.Random
    kill: Callable[[], Awaitable[None]]
    """Kill -9 of the hub, which is started again."""
    scribbled: set[int] = field(default_factory=set)
    """The files, by inode, whose pages are no longer what SQLite wrote."""

    @property
    def ledger(self) -> Path:
        """Where the hub looks for it."""
        return self.data / "ledger.db"

    def deeds(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """What `harm.py` chooses from."""
        named = {
            "ledger removed": self._remove,
            "ledger emptied": self._empty,
            "ledger scribbled over": self._scribble,
            "ledger moved": self._move,
        }
        deeds = {name: self._with_the_hub(deed) for name, deed in named.items()}
        if self._can_take_rights():
            deeds["rights taken"] = self._take_rights
        return deeds

    def _can_take_rights(self) -> bool:
        """Root ignores rights; `chattr +i` it does not."""
        try:
            return _immutable([self.data], is_so=True)
        finally:
            _immutable([self.data], is_so=False)

    def _with_the_hub(self, deed: Callable[[], None]) -> Callable[[], Awaitable[None]]:
        """While it runs; while it is dead; or it dies a moment after, mostly before it could help itself."""

        async def do() -> None:
            self.clear_away()
            when = self.rng.choice(("runs", "is dead", "dies"))
            if when == "is dead":
                await self.kill()
                await asyncio.sleep(0.05)
            with contextlib.suppress(OSError):
                deed()
            if when == "dies":
                await asyncio.sleep(self.rng.uniform(0, 3))
                await self.kill()

        return do

    def _some(self) -> list[Path]:
        """All of the ledger's files, or the ledger, or its log."""
        every = [self.data / f"ledger.db{end}" for end in ("", "-wal", "-shm")]
        return self.rng.choice((every, every, every[:1], every[1:2]))

    def _remove(self) -> None:
        for file in self._some():
            file.unlink(missing_ok=True)

    def _empty(self) -> None:
        # The shared memory is left: who truncates that kills the hub by SIGBUS, which is another deed.
        for file in self._some():
            if file.exists() and not file.name.endswith("-shm"):
                os.truncate(file, 0)

    def _scribble(self) -> None:
        for file in self._some():
            if file.exists() and not file.name.endswith("-shm"):
                self.scribbled.add(file.stat().st_ino)
                pages = file.stat().st_size // PAGE_BYTES
                every = self.rng.random() < 0.25
                with file.open("r+b", buffering=0) as there:
                    for page in range(pages) if every else self.rng.sample(range(pages), min(pages, 20)):
                        there.seek(page * PAGE_BYTES)
                        there.write(self.rng.randbytes(PAGE_BYTES))

    def _move(self) -> None:
        moved = self.data / f"moved-{time.monotonic_ns()}.db"
        for file in self._some():
            if file.exists():
                file.rename(moved.with_name(moved.name + file.name.removeprefix("ledger.db")))

    async def _take_rights(self) -> None:
        """Nothing new in the folder, and nothing written; with a hub that is killed in it, by chance."""
        taken = [self.data, *(file for file in self.data.glob("ledger.db*") if self.rng.random() < 0.5)]
        try:
            _immutable(taken, is_so=True)
            if self.rng.random() < 0.5:
                await self.kill()
            await asyncio.sleep(self.rng.uniform(1, 12))
        finally:
            _immutable(taken, is_so=False)

    def clear_away(self) -> None:
        """Bring away what was put aside, and is whole."""
        groups: dict[str, list[Path]] = defaultdict(list)
        for file in (*self.data.glob("ledger.db.broken-*"), *self.data.glob("moved-*")):
            groups[re.sub(r"-(wal|shm)$", "", file.name)].append(file)
        for name, files in groups.items():
            with contextlib.suppress(OSError):
                is_young = any(time.time() - file.stat().st_ctime < SETTLED_S for file in files)
                if is_young or name.endswith((".part", ".part-journal")):
                    continue
                to = self.away / f"{time.monotonic_ns()}"
                to.mkdir(parents=True)
                for file in files:
                    shutil.move(file, to / file.name)

    def is_scribbled(self) -> bool:
        """Whether the ledger of now is one that we wrote into."""
        return self.ledger.exists() and self.ledger.stat().st_ino in self.scribbled


def _immutable(paths: Iterable[Path], *, is_so: bool) -> bool:
    words = ["chattr", "+i" if is_so else "-i", *(str(path) for path in paths if path.exists())]
    with contextlib.suppress(OSError):
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    return False

"""The ledger's own files, for `harm.py --files`: taken away, emptied, scribbled over, moved, their rights taken; and
what can still be said of each press afterwards, when the one record of them all may be gone.

A press counts as heard where the broker showed it, as a line of the log, an alert, or a call that the watcher told, and
where a record says that it was told: the ledger of now, or one that was put aside. Whoever mends the machine clears
away what was put aside, before the small disk is full of it; here that is done before each deed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import shutil
import sqlite3
import subprocess
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiomqtt
import orjson
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

PAGE_BYTES = 4096
SETTLED_S = 3.0
"""Files that were put aside so long ago have no more to come."""
SESSION_S = 3_600
TOLD = frozenset({"raised", "pressed"})
STOOD = re.compile(r"Open when the record broke, as (\S+?):")


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


# -- what was shown on the broker -------------------------------------------------------------------------------------
@dataclass
class Seen:
    """What a screen with a session sees: lines of the log, alerts, and what the watcher tells."""

    top: str
    lines: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Stamps of presses, and the places of the lines that say they were told."""
    stamps: set[str] = field(default_factory=set)
    by_watcher: set[str] = field(default_factory=set)
    alerts: dict[str, str] = field(default_factory=dict)
    """Each alert of a person that was ever open, and its last state; `cleared` where it was taken off without one."""
    unkept: dict[str, str] = field(default_factory=dict)
    """Alerts that were told from memory and never kept, and the stamp of the press: it was not acknowledged, so that it
    comes again, and then has a line."""
    anew: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Of an alert that was told anew, its names of before."""
    faults: set[str] = field(default_factory=set)

    async def listen(self, port: int, password: str) -> None:
        """Until cancelled. Connected to the broker itself, not through what cuts the hub off."""
        kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        kept.SessionExpiryInterval = SESSION_S
        while True:
            with contextlib.suppress(aiomqtt.MqttError):
                async with aiomqtt.Client(
                    "127.0.0.1",
                    port,
                    username="dashboards",
                    password=password,
                    identifier="harm-sees",
                    protocol=aiomqtt.ProtocolVersion.V5,
                    clean_start=False,
                    properties=kept,
                    keepalive=5,
                    timeout=5,
                ) as client:
                    topics = ("log", "alert/+", "watch/alert/+")
                    await client.subscribe([(f"{self.top}/{topic}", 1) for topic in topics])
                    async for message in client.messages:
                        assert isinstance(message.payload, bytes)
                        self.saw(message.topic.value.removeprefix(f"{self.top}/"), message.payload)
            await asyncio.sleep(0.2)

    def saw(self, topic: str, payload: bytes) -> None:
        """One message."""
        what, _, name = topic.rpartition("/")
        said = orjson.loads(payload) if payload else {}
        stamp = str(said.get("stamp") or "")
        if topic == "log":
            if said["step"] in TOLD and stamp:
                self.lines[stamp].add(said["seq"])
            elif said["step"] == "closed" and said.get("alert") in self.alerts:
                self.alerts[said["alert"]] = "closed"
        elif what == "watch/alert":
            self.by_watcher.add(stamp)
        elif not payload:
            if self.alerts.get(name, "closed") != "closed":
                self.alerts[name] = "cleared"
        else:
            self.stamps.add(stamp)
            self.anew[name].update(STOOD.findall(" ".join((said["reason"], *said["also"]))))
            if str(said["cause"]).startswith("hub:"):
                self.faults.add(said["cause"].removeprefix("hub:"))
            else:
                self.alerts[name] = said["state"]
                self.unkept.pop(name, None)
                if said["unrecorded"] and "-" in name:
                    self.unkept[name] = stamp

    def is_heard(self, stamp: str) -> bool:
        """Whether anybody was shown this press."""
        return stamp in self.stamps or stamp in self.lines or stamp in self.by_watcher


# -- what the records say ---------------------------------------------------------------------------------------------
@dataclass
class Ledger:
    """What can be read of one, whatever became of it."""

    kept: set[str] = field(default_factory=set)
    lines: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    closed: set[str] = field(default_factory=set)
    anew: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def read(cls, path: Path) -> Ledger:
        """From the front to the first page that cannot be read, and from the back."""
        found = cls()
        for extra, press in _rows(path, "events", "extra, kind"):
            if press == b"emergency" and (said := _json(extra)).get("press"):
                found.kept.add(str(said.get("stamp")))
        for seq, step, body, alert in _rows(path, "log", "seq, step, body, alert"):
            said = _json(body)
            if step in (b"raised", b"pressed") and said.get("stamp") and isinstance(seq, int):
                found.lines[str(said["stamp"])].add(seq)
            name = alert.decode(errors="replace") if isinstance(alert, bytes) else ""
            if step == b"closed":
                found.closed.add(name)
            found.anew[name].update(STOOD.findall(str(said.get("reason"))))
        return found


def _rows(path: Path, table: str, columns: str) -> Iterator[tuple[object, ...]]:
    for order in ("ASC", "DESC"):
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as store:
            store.text_factory = bytes
            yield from store.execute(f"SELECT {columns} FROM {table} ORDER BY seq {order}")
            return


def _json(body: object) -> dict[str, object]:
    with contextlib.suppress(orjson.JSONDecodeError):
        said: object = orjson.loads(body) if isinstance(body, bytes) else None
        return said if isinstance(said, dict) else {}
    return {}


@dataclass
class Account:
    """All of it together."""

    seen: Seen
    now: Ledger
    before: list[Ledger]

    @classmethod
    def take(cls, files: Files, seen: Seen) -> Account:
        """After everything has ended."""
        aside = [path for path in files.away.rglob("*") if re.search(r"(\.db|broken-[^/]*)$", path.name)]
        aside = [path for path in aside if not path.name.endswith(("-wal", "-shm"))]
        return cls(seen, Ledger.read(files.ledger), [Ledger.read(path) for path in aside])

    def of(self, stamp: str) -> str:
        """What became of one press, in a word; empty where it was told and is kept."""
        is_kept = any(stamp in one.kept for one in (self.now, *self.before))
        if stamp in self.now.lines or self.seen.is_heard(stamp):
            return ""
        if any(stamp in one.lines for one in self.before):
            return "told_by_old_ledgers_alone"
        return "not_told" if is_kept else "lost"

    def is_doubled(self, stamp: str) -> bool:
        """Told twice, and one record knows of both."""
        return any(len(one.lines.get(stamp, ())) > 1 for one in (self.now, *self.before))

    def is_told_again(self, stamp: str) -> bool:
        """Told by two hubs, of which the later one had lost the record of the earlier."""
        every = self.seen.lines.get(stamp, set()).union(*(one.lines.get(stamp, ()) for one in (self.now, *self.before)))
        return len(every) > 1 and not self.is_doubled(stamp)

    def vanished(self) -> list[str]:
        """Alerts of people that were shown, and that nobody closed, shows any more, or told anew by one that has not
        vanished itself."""
        closed = self.now.closed.union(*(one.closed for one in self.before))
        was: dict[str, set[str]] = defaultdict(set)
        after: dict[str, set[str]] = defaultdict(set)
        for anew in (self.seen.anew, self.now.anew, *(one.anew for one in self.before)):
            for alert, names in anew.items():
                was[alert] |= names
                for name in names:
                    after[name].add(alert)
        there = {name for name, state in self.seen.alerts.items() if state != "cleared" or self._came_again(name)}
        there |= closed

        def leads_on(name: str) -> bool:
            found, looked = [name], set[str]()
            while found and not there & set(found):
                looked.add(one := found.pop())
                # One that was raised from memory and never kept leaves to the next hub those that it told anew.
                found += (after[one] | (was[one] if one in self.seen.unkept else set())) - looked
            return bool(found)

        return sorted(name for name in self.seen.alerts if not leads_on(name))

    def _came_again(self, name: str) -> bool:
        stamp = self.seen.unkept.get(name, "")
        return stamp in self.seen.lines or any(stamp in one.lines for one in (self.now, *self.before))

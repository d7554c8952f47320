"""A whole hub whose months pass in minutes: an event loop that never waits, and a clock that is moved from one moment
at which something happens to the next. Everything runs on one thread, so the same seed gives the same months."""

from __future__ import annotations

import asyncio
import random
import selectors
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub.bootstrap import build
from hub.errors import LedgerUnwritable
from hub.ledger.write import Batch, write
from tests.hub.core_parts import BULK, URGENT, Rig
from tests.hub.fake_broker import FakeLane

A_MOMENT_S = 0.006
"""Longer than bulk lingers for company."""
LONGEST_S = 60


class _Jumping(selectors.DefaultSelector):
    """A selector that lets time pass instead of waiting."""

    passed_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready; where nothing is, the time of the next alarm has come."""
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if not ready and timeout:
            self.passed_s += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only while nothing is to be done; threads' work is done at once."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds that passed."""
        return self._jumping.passed_s

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """The work itself, here and now."""
        done: asyncio.Future[Any] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001
            done.set_exception(error)
        return done


class VirtualClock:
    """The home's clocks: true time, and a wall clock that may be set wrong. `boot` tells reboots apart."""

    def __init__(self, start_ms: int) -> None:
        self.start_ms = start_ms
        self.wrong_ms = 0
        self.slept_ms = 0
        """For so long the machine was suspended: its wall clock and the count of its boot went on."""
        self.boots = 1
        self.knows_its_boot = True
        self._forward_ms = 0

    def elapsed_ms(self) -> int:
        """Milliseconds since the story began."""
        return self._forward_ms + int(asyncio.get_running_loop().time() * 1000)

    def true_ms(self) -> int:
        """The time of day as it really is."""
        return self.start_ms + self.slept_ms + self.elapsed_ms()

    def wall_ms(self) -> int:
        """The time of day as the hub's machine believes."""
        return self.true_ms() + self.wrong_ms

    def boot(self) -> tuple[int, int]:
        """Which boot this is, and how long it lasts."""
        return (self.boots, self.slept_ms + self.elapsed_ms()) if self.knows_its_boot else (0, 0)

    def forward(self, ms: int) -> None:
        """Let time pass."""
        self._forward_ms += max(0, ms)


async def _watch_nothing(stop: asyncio.Event) -> None:
    """Files are read when a test says so."""
    await stop.wait()


class VirtualRig(Rig):
    """A `Rig` on a virtual loop: commits are made in place, and may fail, hang before they are made, or after."""

    def __init__(self, folder: Path, start_ms: int) -> None:
        super().__init__(folder)
        self.true = VirtualClock(start_ms)
        self.fails_next = 0
        self.hangs = ""
        """`before` or `after` the next commit is made: there the hub is killed."""
        self.is_hanging = False
        self.disk: asyncio.Event | None = None
        """Where it is set, commits do not return before it happens."""
        self.is_up = False
        self.starts = 0

    async def start(self) -> None:
        """Start, or start again, and wait until it is ready."""
        self.fails_next, self.hangs, self.is_hanging, self.disk = 0, "", False, None
        self.starts += 1
        self.hub = build(self.folder, self.true, random.Random(1), connect=self._connect)
        store = self.hub.parts.writer.store
        store.execute("PRAGMA synchronous = OFF")  # the machine does not lose its current here
        self.hub.parts.pump._commit = self._commit
        self.hub.parts.reload.watch = _watch_nothing  # type: ignore[method-assign]
        self._running = asyncio.create_task(self.hub.run())
        for _ in range(LONGEST_S * 100):
            if self.hub.ready.is_set() or self._running.done():
                break
            await asyncio.sleep(A_MOMENT_S)
        assert self.hub.ready.is_set(), self._running
        self.is_up = True

    async def _commit(self, batch: Batch) -> None:
        starts = self.starts
        while self.disk is not None:
            await self.disk.wait()
            if self.starts != starts or not self.is_up:
                raise asyncio.CancelledError  # the process that waited is gone
        if self.fails_next:
            self.fails_next -= 1
            raise LedgerUnwritable("the disk is full")
        if self.hangs == "before":
            await self._hang()
        try:
            write(self.hub.parts.writer.store, batch)
        except sqlite3.OperationalError as error:
            raise LedgerUnwritable(str(error)) from error
        if self.hangs == "after":
            await self._hang()

    async def _hang(self) -> None:
        self.is_hanging = True
        await asyncio.Event().wait()

    async def kill(self) -> None:
        """As kill -9 does, wherever it is."""
        self.is_up = False
        for task in tuple(self.hub._tasks):
            task.cancel()
        await super().kill()
        await self._forget()

    async def stop(self) -> None:
        """A clean stop."""
        self.is_up = False
        self.hub.stop()
        await self._running
        await self._forget()

    async def _forget(self) -> None:
        """Let go of the lanes of the hub that is gone."""
        for session in self.broker.sessions.values():
            session.lane = None
        await asyncio.sleep(0)

    async def settle(self) -> None:
        """Until the hub has nothing to do that it can do now."""
        for _ in range(LONGEST_S * 100):
            if not self.is_up or self.is_hanging:
                return
            assert not self._running.done(), self._running.exception()
            self.hub.parts.pump._wake.set()
            await asyncio.sleep(A_MOMENT_S)
            if not self.is_busy():
                return
        raise AssertionError("the hub does not come to rest")

    def is_busy(self) -> bool:
        """Whether something waits that can be done now, with the lanes as they are."""
        parts, pump = self.hub.parts, self.hub.parts.pump
        waits = len(pump._urgent) + len(pump._bulk) > 0 or pump._save or self.fails_next > 0
        lines = [self.lanes[lane] for lane in (URGENT, BULK)]
        is_answered = self.broker.answers and all(line.up and not line.is_half_open for line in lines)
        sends = len(parts.outbox) > 0 and is_answered and self.disk is None
        return waits or sends or self.next_due_ms() <= 0

    def next_due_ms(self) -> int:
        """In how many milliseconds something of the hub's own falls due: a timer, or a copy that waited long enough."""
        parts = self.hub.parts
        due = [parts.pump._timers.next_due_ms, parts.overlap.next_overdue_ms()]
        found = [at_ms for at_ms in due if at_ms is not None]
        return min(found) - parts.clock.now().elapsed_ms if found else 2**50

    def lane(self, name: str) -> FakeLane:
        """A lane by its name."""
        return self.lanes[name]

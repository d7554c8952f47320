"""What the tests of the hub's core share: a clock that can be moved, and a whole hub on a broker in memory."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import orjson

from hub.bootstrap import build
from hub.clock import SystemClock
from hub.config.new import write_new
from hub.errors import LedgerUnwritable
from hub.hub import Hub
from hub.lanes import BULK, URGENT
from hub.ledger.write import Batch
from tests.hub.fake_broker import SLUG, FakeBroker, FakeLane, Json
from tests.parts import until

PENDANT = "zigbee2mqtt/room-001-pendant"
PRESS = b'{"action":"emergency"}'
DOOR = "zigbee2mqtt/room-001-door"


class MovedClock:
    """This machine's clock, moved by hand: `forward` for both, `step` for the wall clock alone."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._forward_ms = 0
        self._step_ms = 0

    def wall_ms(self) -> int:
        """Unix milliseconds."""
        return self._clock.wall_ms() + self._forward_ms + self._step_ms

    def elapsed_ms(self) -> int:
        """Milliseconds from somewhere."""
        return self._clock.elapsed_ms() + self._forward_ms

    def forward(self, ms: int) -> None:
        """Let time pass."""
        self._forward_ms += ms

    def step(self, ms: int) -> None:
        """Set the wall clock."""
        self._step_ms += ms


class Rig:
    """A whole hub on a broker in memory; it can be killed and started again on the same ledger."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = folder / "data" / "ledger.db"
        self.broker = FakeBroker()
        self.clock = MovedClock()
        self.lanes: dict[str, FakeLane] = {}
        self.failures = 0
        self.fails_from_start = ""
        self.hub: Hub
        self._running: asyncio.Task[None]

    def _connect(self, **how: object) -> FakeLane:
        lane = FakeLane(self.broker, **how)  # type: ignore[arg-type]
        self.lanes[lane.lane] = lane
        return lane

    async def start(self) -> None:
        """Start, or start again, and wait until it is ready."""
        await self.begin()
        assert not self._running.done(), self._running.exception()

    async def begin(self) -> None:
        """Start, or start again, and wait until it is ready or has ended."""
        self.hub = build(self.folder, self.clock, random.Random(1), connect=self._connect)
        self.hub.parts.pump._commit = self._commit
        if self.fails_from_start:
            self.fail(self.fails_from_start)
        self._running = asyncio.create_task(self.hub.run())
        await until(lambda: self.hub.ready.is_set() or self._running.done())

    async def _commit(self, batch: Batch) -> None:
        try:
            await self.hub.parts.writer.commit(batch)
        except LedgerUnwritable:
            self.failures += 1
            raise

    async def failed(self) -> None:
        """Until everything that was said so far has been in a commit that failed."""
        before = self.failures
        await until(lambda: self.failures >= before + 2)

    async def stop(self) -> None:
        """A clean stop."""
        self.hub.stop()
        async with asyncio.timeout(10):
            await self._running

    async def kill(self) -> None:
        """As kill -9 does: nothing more is committed, acknowledged or sent."""
        for lane in self.lanes.values():
            lane.connected = lane.up = False
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        writer = self.hub.parts.writer
        writer._jobs.put(None)
        writer._thread.join()
        writer.store.close()
        for close in self.hub.parts.closers:
            await close()
        self.hub._lock.release()

    def forward(self, seconds: float) -> None:
        """Let time pass, and let the hub see it."""
        self.clock.forward(int(seconds * 1000))
        self.hub.save_soon()

    def fail(self, what: str) -> None:
        """Commits fail at their `BEGIN` or `COMMIT`, as on a disk that is full."""
        operation = getattr(sqlite3, "SQLITE_TRANSACTION", 22)

        def deny(action: int, first: str | None, *_: str | None) -> int:
            return sqlite3.SQLITE_DENY if action == operation and first == what else sqlite3.SQLITE_OK

        self.hub.parts.writer.store.set_authorizer(deny)

    def mend(self) -> None:
        """Commits work again."""
        self.hub.parts.writer.store.set_authorizer(None)

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """What the ledger holds."""
        with closing(sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True)) as store:
            found: list[tuple[object, ...]] = store.execute(query, values).fetchall()
        return found

    def presses(self) -> int:
        """How many presses the machine has counted."""
        (count,) = self.rows("SELECT count(*) FROM events WHERE extra ->> 'press' = 1")[0]
        assert isinstance(count, int)
        return count

    def acknowledged(self, lane: str) -> list[bytes]:
        """The payloads this lane has acknowledged."""
        return [packet.payload for packet in self.lanes[lane].acknowledged]

    async def quiet(self) -> None:
        """Until nothing waits to be stepped, committed or acknowledged, and nothing is on its way."""
        parts, lanes = self.hub.parts, self.lanes.values()

        def heard() -> bool:
            return parts.pump.backlog == 0 and not any(lane.connected and lane.unacknowledged for lane in lanes)

        await until(lambda: heard() and len(parts.outbox) == 0)

    async def ask(self, **request: object) -> Json:
        """Ask as the screens do, and wait for the answer."""
        self.broker.say(f"handrail/{SLUG}/do/dashboards", orjson.dumps(request))
        topic = f"handrail/{SLUG}/done/{request['id']}"
        await until(lambda: self.broker.on(topic))
        return self.broker.on(topic)[-1]


@asynccontextmanager
async def rig(folder: Path, rooms: int = 2) -> AsyncIterator[Rig]:
    """A started hub of a home with these rooms."""
    write_new(folder / "home", rooms=rooms, slug=SLUG, timezone="UTC")
    made = Rig(folder / "home")
    await made.start()
    try:
        yield made
    finally:
        if not made._running.done():
            made.mend()
            await made.stop()


__all__ = ["BULK", "DOOR", "PENDANT", "PRESS", "SLUG", "URGENT", "FakeBroker", "FakeLane", "MovedClock", "Rig", "rig"]

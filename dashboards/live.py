"""What every screen follows: one picture of the night, made once and sent to all, and a beat that says it still holds.

The picture is read anew when the hub's log wakes us, and at least every two seconds should a wake-up be lost. A screen
that hears no beat, or a beat that says the hub is gone, shows NOT LIVE.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

import orjson

from dashboards import strings, views
from dashboards.memory import Memory
from dashboards.pictures import BEAT_S, RoomPictures
from dashboards.told import ToldByWatcher
from hub.ledger.read import Night, Reader, Unreadable

log = logging.getLogger("handrail.dashboards")

LOOK_S = 1.0
REST_S = 0.03
REST_FACTOR = 3
"""After a reading, rest so many times its length: a storm never takes more than a quarter of a core from the hub."""
LINK_GRACE_S = 3.0
"""A broker restarted within this is not worth waking anybody for."""
STALE_S = 9.0
"""The hub speaks every 5 s; one silent for so long is gone. With one look it stays within the promised 10 s."""
REREAD_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """Whether the screens can be relied on now, and if not, why; `wall_ms` sets their clocks."""

    wall_ms: int
    live: bool
    state: str
    why: str


class Live:
    """Keeps the newest picture and hands it to every screen that listens."""

    def __init__(self, reader: Reader, home_name: str = "") -> None:
        self._reader = reader
        self._home_name = home_name
        self._memory = Memory()
        self._night: Night | None = None
        self._wake = asyncio.Event()
        self._news = asyncio.Event()
        self._reading = asyncio.Lock()
        self._closed = False
        self._board = b""
        self._told = ToldByWatcher()
        self.rooms = RoomPictures()
        self._version = 0
        self._beat = Beat(wall_ms=0, live=False, state="absent", why=strings.HUB_ABSENT)
        self._problem = strings.HUB_ABSENT
        self._linked = False
        self._linked_s = 0.0
        self._hub_state = ""
        self._hub_why = ""
        self._hub_s = 0.0

    @property
    def reader(self) -> Reader:
        """The ledger, for pages that are drawn on demand."""
        return self._reader

    # -- what the other side says ---------------------------------------------------------------------------------

    def on_log(self) -> None:
        """The hub wrote a log line: look at once."""
        self._wake.set()

    def on_status(self, state: str, why: str) -> None:
        """The hub's heartbeat, or its last will."""
        self._hub_state, self._hub_why = state, why
        self._hub_s = asyncio.get_running_loop().time()
        self._wake.set()

    def on_alert(self, alert: str, payload: bytes) -> None:
        """An alert at the broker. The ledger has it too, unless the hub tells from memory."""
        try:
            self._memory.heard(alert, payload)
        except ValueError as error:
            log.warning("cannot read %s", error)
        self._wake.set()

    def on_room(self, room: str, payload: bytes) -> None:
        """What the screen of a room shows now."""
        self.rooms.take(room, payload)

    def on_link(self, up: bool) -> None:
        """The connection to the broker came or went."""
        self._linked = up
        if up:
            self._told.clear()
        self._linked_s = asyncio.get_running_loop().time()
        self._wake.set()

    def on_watcher(self, name: str, payload: bytes) -> None:
        """The watcher said something; what it tells does not wait for a look at the ledger."""
        before = self._told.version
        self._told.take(name, payload)
        if self._told.version != before:
            self._tell()

    # -- the work -------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Follow the ledger and the hub until cancelled."""
        loop = asyncio.get_running_loop()
        read_s = -REREAD_S
        while True:
            woken = self._wake.is_set()
            self._wake.clear()
            rest_s = 0.0
            if woken or loop.time() - read_s >= REREAD_S:
                began_s = loop.time()
                await self._read()
                read_s = loop.time()
                rest_s = max(REST_S, (read_s - began_s) * REST_FACTOR)
            self._judge()
            await asyncio.sleep(rest_s)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()

    async def refresh(self) -> None:
        """Read now, so that a screen whose request was answered sees its outcome with the answer."""
        await self._read()

    async def _read(self) -> None:
        async with self._reading:
            await self._read_once()

    async def _read_once(self) -> None:
        try:
            self._night = await asyncio.to_thread(self._read_night)
        except Unreadable as error:
            if not self._problem:
                log.error("the ledger cannot be read: %s", error)
            self._problem = strings.LEDGER.format(why=error)
        else:
            if self._problem and self._board:
                log.info("the ledger can be read again")
            self._problem = ""
        if self._night is None:
            return
        night = self._memory.over(self._night)
        body = await asyncio.to_thread(lambda: orjson.dumps(views.board(night, self._home_name)))
        if body != self._board:
            self._board = body
            self._version += 1
            self._tell()

    def _read_night(self) -> Night:
        wall_ms = self._reader.wall_ms()
        house = self._reader.home()
        return self._reader.night(wall_ms - views.TONIGHT_MS, views.midnight_ms(wall_ms, house))

    def _judge(self) -> None:
        """Say at once when the answer to "can this be relied on" has changed."""
        before = (self._beat.live, self._beat.state, self._beat.why)
        self._beat = self.beat()
        if before != (self._beat.live, self._beat.state, self._beat.why):
            self._tell()

    def beat(self) -> Beat:
        """The state of things now."""
        live, state, why = self._verdict()
        return Beat(wall_ms=self._reader.wall_ms(), live=live, state=state, why=why)

    def _verdict(self) -> tuple[bool, str, str]:
        now_s = asyncio.get_running_loop().time()
        if not self._linked and (not self._linked_s or now_s - self._linked_s > LINK_GRACE_S):
            return False, "unlinked", strings.HUB_LINK
        if self._problem:
            return False, "unreadable", self._problem
        if not self._hub_state:
            return False, "absent", strings.HUB_ABSENT
        if self._hub_state == "lost":
            return False, "lost", strings.HUB_LOST
        if now_s - self._hub_s > STALE_S:
            return False, "stale", strings.HUB_STALE
        if self._hub_state == "starting":
            return False, "starting", strings.HUB_STARTING
        if self._hub_state == "stopping":
            return False, "stopping", strings.HUB_STOPPING
        return True, self._hub_state, self._hub_why

    def _tell(self) -> None:
        self.rooms.tell()
        news, self._news = self._news, asyncio.Event()
        news.set()

    @property
    def is_closed(self) -> bool:
        """Whether the server is stopping."""
        return self._closed

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closed = True
        self._tell()

    async def stream(self) -> AsyncIterator[bytes]:
        """Server-sent events for one screen. A slow screen misses pictures in between, never the newest."""
        seen, heard = -1, -1
        yield b"retry: 1000\n\n"
        while not self._closed:
            news = self._news
            if self._version != seen and self._board:
                seen = self._version
                yield b"event: board\ndata: " + self._board + b"\n\n"
            if self._told.version != heard:
                heard = self._told.version
                yield b"event: watcher\ndata: " + self._told.picture() + b"\n\n"
            yield b"event: beat\ndata: " + orjson.dumps(self.beat()) + b"\n\n"
            try:
                async with asyncio.timeout(BEAT_S):
                    await news.wait()
            except TimeoutError:
                continue

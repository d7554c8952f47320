"""What the screens of the rooms show, as the hub says it on the broker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

import orjson

log = logging.getLogger("handrail.dashboards")

BEAT_S = 2.0
"""A beat at least this often; screens give up after a little more than three of them."""


class RoomPictures:
    """The newest words of the hub for each room, as the broker keeps them."""

    def __init__(self) -> None:
        self._shown: dict[str, bytes] = {}
        self._news = asyncio.Event()

    def take(self, room: str, payload: bytes) -> None:
        """The hub shows something in a room; empty: nothing any more."""
        if payload:
            try:
                orjson.loads(payload)
            except orjson.JSONDecodeError as error:
                log.warning("cannot read what room %s shows: %s", room, error)
                return
        self._shown[room] = payload
        self.tell()

    def tell(self) -> None:
        """Wake every screen of a room."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def stream(self, room: str, beat: Callable[[], object], is_over: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Server-sent events for the screen of one room."""
        seen: bytes | None = None
        yield b"retry: 1000\n\n"
        while not is_over():
            news = self._news
            shown = self._shown.get(room) or b"{}"
            if shown != seen:
                seen = shown
                yield b"event: room\ndata: " + shown + b"\n\n"
            yield b"event: beat\ndata: " + orjson.dumps(beat()) + b"\n\n"
            try:
                async with asyncio.timeout(BEAT_S):
                    await news.wait()
            except TimeoutError:
                continue

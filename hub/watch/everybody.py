"""Tells everybody at once: the watcher's own channels, and each member of staff over the first channel that works."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from hub.abc import Channel, Page
from hub.aside import aside
from hub.channels import address_of
from hub.errors import ChannelFailed
from rules import home

log = logging.getLogger("handrail.watch")


class Everybody:
    """Whom the watcher tells. It knows neither shifts nor ladders: while the hub is gone everybody is told."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._going: set[asyncio.Task[None]] = set()

    def tell(
        self, page: Page, own: Sequence[home.Channel], staff: Sequence[home.Carer], file: Callable[[str], Path]
    ) -> None:
        """Start telling; returns at once. No channel waits for another, but for the next one of the same person."""
        ways: list[tuple[str, Sequence[home.Channel]]] = [("the watcher's channel", (way,)) for way in own]
        ways += [(carer.name, carer.channels) for carer in staff if carer.channels]
        task = asyncio.create_task(self._tell(page, ways, file), name=f"tell {page.alert}")
        self._going.add(task)
        task.add_done_callback(self._finished)

    async def stop(self, within_s: float = 2.0) -> None:
        """Give what is on its way a moment, then end."""
        if not self._going:
            return
        _, late = await asyncio.wait(self._going, timeout=within_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._going.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            task.get_loop().call_exception_handler({"message": "a channel broke", "exception": error, "task": task})

    async def _tell(
        self, page: Page, ways: Sequence[tuple[str, Sequence[home.Channel]]], file: Callable[[str], Path]
    ) -> None:
        reached = await asyncio.gather(*(self._one(page, who, channels, file) for who, channels in ways))
        if not any(reached):
            log.error("%s reached nobody by a channel: only boards and sounders tell it", page.title)

    async def _one(self, page: Page, who: str, channels: Sequence[home.Channel], file: Callable[[str], Path]) -> bool:
        for way in channels:
            try:
                async with asyncio.timeout(way.deadline_s):
                    address = await aside("address", lambda way=way: address_of(way, file))  # type: ignore[misc]
                    await self._channel.send(address, page)
            except TimeoutError:
                log.warning("%s: no receipt within %s s", who, way.deadline_s)
            except ChannelFailed as error:
                log.warning("%s: %s", who, error)
            else:
                return True
        return False

"""Tells everybody at once: the watcher's own channels, and each member of staff over the first channel that works.

What reached nobody is said again until it reaches somebody: what takes the broker away may take the channels with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from hub.abc import Channel, Page
from hub.aside import aside
from hub.channels import address_of
from hub.errors import ChannelFailed
from rules import home

log = logging.getLogger("handrail.watch")

AGAIN_S = 10.0


class Everybody:
    """Whom the watcher tells. It knows neither shifts nor ladders: while the hub is gone everybody is told."""

    def __init__(self, channel: Channel, *, again_s: float = AGAIN_S) -> None:
        self._channel, self._again_s = channel, again_s
        self._going: set[asyncio.Task[None]] = set()
        self._newest: dict[str, Page] = {}
        self._stopping = asyncio.Event()

    def tell(
        self,
        page: Page,
        own: Sequence[home.Channel],
        staff: Sequence[home.Carer],
        file: Callable[[str], Path],
        *,
        on_reached: Callable[[], None] = lambda: None,
    ) -> None:
        """Start telling; returns at once. No channel waits for another, but for the next one of the same person. A page
        about the same takes the place of one that has reached nobody yet. `on_reached`: somebody got it, or there is
        no channel."""
        ways: list[tuple[str, Sequence[home.Channel]]] = [("the watcher's channel", (way,)) for way in own]
        ways += [(carer.name, carer.channels) for carer in staff if carer.channels]
        self._newest[page.alert] = page
        task = asyncio.create_task(self._tell(page, ways, file, on_reached), name=f"tell {page.alert}")
        self._going.add(task)
        task.add_done_callback(self._finished)

    def no_more(self, about: str) -> None:
        """It is over, or somebody heard it otherwise: what has reached nobody yet is not said again."""
        self._newest.pop(about, None)

    async def stop(self, within_s: float = 2.0) -> None:
        """Give what is on its way a moment, then end."""
        self._stopping.set()
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
        self,
        page: Page,
        ways: Sequence[tuple[str, Sequence[home.Channel]]],
        file: Callable[[str], Path],
        on_reached: Callable[[], None],
    ) -> None:
        said = False
        while True:
            reached = await asyncio.gather(*(self._one(page, who, channels, file) for who, channels in ways))
            if any(reached) or not ways:
                on_reached()
            if any(reached):
                break
            if not said:
                log.error("%s reached nobody by a channel: only boards and sounders tell it", page.title)
            said = True
            if not ways or await self._is_over(page):
                return
        if said:
            log.warning("%s has reached somebody now", page.title)
        if self._newest.get(page.alert) is page:
            del self._newest[page.alert]

    async def _is_over(self, page: Page) -> bool:
        """Whether a page that reached nobody need not be said again, after a pause."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._again_s):
                await self._stopping.wait()
        return self._stopping.is_set() or self._newest.get(page.alert) is not page

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
            except Exception as error:
                # A bug, ours or a library's, or no thread left: this person is tried another way, and it is said again.
                log.exception("%s: the channel is broken: %s", who, type(error).__name__)
            else:
                return True
        return False

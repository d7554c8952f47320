"""What was stepped and told from memory while the ledger could not be written, in order, until the ledger takes it.

An emergency does not wait for a disk: where a commit fails, or has not returned after a second, the machine goes on in
memory. Nothing of it is acknowledged, so that a hub that dies meanwhile hears it again from the broker; nothing is
thrown away, so that a ledger that comes back holds the same past that people were told.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice

from hub.errors import HandrailError
from hub.intake import Taken
from hub.ledger.write import Batch
from hub.one_by_one import blamed
from hub.steps import Group

RETRY_MS = 500

Anew = Callable[[Sequence[Batch]], Awaitable[None] | None]
"""Writes the ledger anew where that is the only way, with these groups in it, all that wait; None where it is not."""


def no_other(_waiting: Sequence[Batch]) -> None:
    """There is no other ledger: the one that is open takes commits again, or nothing does."""


class Unkept:
    """Groups that wait for the ledger, the oldest first, and the commit of the oldest one that is under way."""

    def __init__(
        self,
        *,
        on_kept: Callable[[Group, Taken], None],
        wake: Callable[[], None],
        retry_ms: int = RETRY_MS,
        anew: Anew = no_other,
    ) -> None:
        self._on_kept = on_kept
        self._anew = anew
        self._many = 1
        """How many of the oldest the commit under way keeps."""
        self._wake = wake
        self._retry_ms = retry_ms
        self._waiting: deque[tuple[Group, Taken]] = deque()
        self._keeping: asyncio.Future[None] | None = None
        self._again_ms = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, group: Group, taken: Taken) -> None:
        """One more that was told from memory."""
        self._waiting.append((group, taken))

    def under_way(self, keeping: asyncio.Future[None]) -> None:
        """The commit of the oldest has not returned yet; it may still."""
        self._many = 1
        self._keep(keeping)

    def wait(self, now_ms: int) -> None:
        """The commit of the oldest failed: the next try is a moment later."""
        self._again_ms = now_ms + self._retry_ms

    def next_ms(self, now_ms: int) -> int | None:
        """When there is something to do here: now, at a time, or (None) when the commit under way returns."""
        if not self._waiting:
            return None
        if self._keeping is not None:
            return now_ms if self._keeping.done() else None
        return max(now_ms, self._again_ms)

    def go_on(self, now_ms: int, commit: Callable[[Batch], Awaitable[None]]) -> str | None:
        """Keep what can be kept now, each in its turn. Returns why a commit failed, where one did.

        An error that is not the ledger's own is raised, as what the next run is to make of it: a bug must not look like
        a disk.
        """
        while self._waiting:
            keeping = self._keeping
            if keeping is None:
                if now_ms < self._again_ms:
                    return None
                self._begin(commit)
                continue
            if not keeping.done():
                return None
            self._keeping = None
            try:
                keeping.result()
            except HandrailError as error:
                self.wait(now_ms)
                return str(error)
            except Exception as error:
                raise blamed(self._oldest(), error) from error
            for _ in range(self._many):
                self._on_kept(*self._waiting.popleft())
        return None

    def _oldest(self) -> Taken:
        """What the commit under way was to keep."""
        return Taken(acted=[one for _, taken in islice(self._waiting, self._many) for one in taken.acted])

    def _begin(self, commit: Callable[[Batch], Awaitable[None]]) -> None:
        """Keep the oldest, or all of them where the ledger is written anew: memory is what has come of them all."""
        batches = [group.batch for group, _ in self._waiting]
        whole = self._anew(batches)
        self._many = len(batches) if whole is not None else 1
        self._keep(asyncio.ensure_future(whole if whole is not None else commit(batches[0])))

    def _keep(self, keeping: asyncio.Future[None]) -> None:
        self._keeping = keeping
        keeping.add_done_callback(self._returned)

    def _returned(self, keeping: asyncio.Future[None]) -> None:
        if not keeping.cancelled():
            keeping.exception()  # `go_on` reads it; a hub that ends before that says how much was never kept
        self._wake()


async def done_or_slow(keeping: asyncio.Future[None], slow_s: float) -> None:
    """Until a commit is done, or so long; `asyncio.wait` without what that does for many, with every commit."""
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()

    def end(_done: asyncio.Future[None] | None = None) -> None:
        if not over.done():
            over.set_result(None)

    alarm = loop.call_later(slow_s, end)
    keeping.add_done_callback(end)
    try:
        await over
    finally:
        alarm.cancel()
        keeping.remove_done_callback(end)

"""What a bug of ours met is set aside alone. Where the ledger cannot be given what came of several messages, nobody
knows which of them it was: the run ends, and for its first minute the next one takes them one by one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from hub.intake import Taken, Unbearable
from hub.ledger.write import Batch
from rules.inputs import Now

log = logging.getLogger("handrail.one_by_one")

CURSOR = "one_by_one"
MINUTE_MS = 60_000
"""What the broker sends again comes in the first seconds."""


class Unwritable(Exception):
    """What came of one of several messages cannot be written down, and it is no fault of the disk."""

    def aside(self, _seq: int, _now: Now) -> Batch:
        """What the ledger keeps of it: how the next run takes what comes again."""
        return Batch(cursors={CURSOR: 1})


def blamed(taken: Taken, error: Exception) -> Exception:
    """An error that is not the ledger's own, as what the next run is to make of it."""
    if not taken.acted:
        return error
    if len(taken.acted) > 1:
        return Unwritable(f"what came of {len(taken.acted)} messages: {error!r}")
    _, packet, owes = taken.acted[0]
    return Unbearable(packet, error, owes)


async def write_down(
    bug: Unbearable | Unwritable, commit: Callable[[Batch], Awaitable[None]], seq: int, now: Now, within_s: float
) -> None:
    """Written down alone: nothing of the group that it was in is, and all of that comes again."""
    keeping = asyncio.ensure_future(commit(bug.aside(seq, now)))
    await asyncio.wait((keeping,), timeout=within_s)
    if not keeping.done() or keeping.exception() is not None:
        log.error("what was set aside could not be written down either: the broker sends it again")


class OneByOne:
    """How many messages a group may still take."""

    def __init__(self, cursors: Mapping[str, int], now: Now) -> None:
        self.is_on = bool(cursors.get(CURSOR))
        self._ends_ms = now.elapsed_ms + MINUTE_MS

    def room(self, taken: Taken, room: int) -> int:
        """Of so many places in a group, those that there are for messages."""
        return min(room, 0 if taken.acted else 1) if self.is_on else room

    def form(self, batch: Batch, now: Now) -> None:
        """A group is formed; the one that ends the minute says so."""
        if self.is_on and now.elapsed_ms >= self._ends_ms:
            self.is_on = False
            batch.cursors[CURSOR] = 0

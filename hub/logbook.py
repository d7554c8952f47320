"""The log topic: every line of the ledger's log goes out once the commit is done, and is remembered as out when the
broker has it. Lines of alerts go by the urgent lane, so that a flood of others is never in front of them.

There is no outbox row a line: a cursor per lane says how far the broker has them. After a restart the lines behind the
cursor go out again with the same `seq`.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence

from hub.abc import Broker
from hub.errors import LedgerUnreadable

log = logging.getLogger("handrail.logbook")

Line = tuple[int, bytes]
WINDOW = 1_000
PAGE = 500
RETRY_S = 5.0


class Logbook:
    """One stream of log lines over one lane."""

    def __init__(
        self,
        *,
        topic: str,
        lane: Broker,
        cursor: int,
        read: Callable[[int, int], Sequence[Line]],
        later: Callable[[float, Callable[[], None]], object],
        on_refused: Callable[[str, str], None],
        on_taken: Callable[[str], None],
        refused: bool = False,
    ) -> None:
        """`read(after, limit)` gives the lines of this stream behind a sequence, from the ledger.

        `refused`: people were told so before this start.
        """
        self._topic = topic
        self._lane = lane
        self._read = read
        self._later = later
        self._on_refused = on_refused
        self._refused = refused
        self._on_taken = on_taken
        self.cursor = cursor
        self._sent = cursor
        self._going: deque[list[int]] = deque()
        self._behind = True
        self._generation = 0
        self._up = False

    @property
    def backlog(self) -> int:
        """Lines on their way to the broker."""
        return len(self._going)

    def offer(self, lines: Sequence[Line]) -> None:
        """Send lines a commit has just kept, or leave them to be read again where the lane cannot take them."""
        if not lines:
            return
        if self._behind or len(self._going) > WINDOW:
            self._behind = True
            self._catch_up()
            return
        for seq, payload in lines:
            if seq > self._sent:
                self._send(seq, payload)

    def lane_up(self) -> None:
        """The lane is back: everything behind the cursor goes again."""
        self._up = True
        self._begin_anew()
        self._catch_up()

    def lane_down(self) -> None:
        """Nothing goes out for now; the lines wait in the ledger."""
        self._up = False
        self._behind = True

    def _begin_anew(self) -> None:
        self._generation += 1
        self._going.clear()
        self._sent = self.cursor
        self._behind = True

    def _catch_up(self) -> None:
        while self._up and self._behind and len(self._going) < WINDOW:
            try:
                lines = self._read(self._sent, PAGE)
            except LedgerUnreadable as error:
                log.warning("%s", error)
                self._wait()
                return
            for seq, payload in lines:
                self._send(seq, payload)
            if len(lines) < PAGE:
                self._behind = False

    def _wait(self, refused: str = "") -> None:
        """What went wrong is tried again in a while, unless the lane was lost and comes back before that. It is told
        where the broker `refused`; of a ledger that cannot be read others tell."""
        self._begin_anew()
        self._up = False
        generation = self._generation

        def again() -> None:
            if generation == self._generation and self._lane.up:
                if refused:
                    self._refused = True
                    self._on_refused(self._topic, refused)
                self.lane_up()

        self._later(RETRY_S, again)

    def _send(self, seq: int, payload: bytes) -> None:
        self._sent = seq
        entry = [seq, 0]
        self._going.append(entry)
        generation = self._generation
        self._lane.publish(
            self._topic, payload, on_acknowledged=lambda ok, why: self._answered(entry, ok, why, generation)
        )

    def _answered(self, entry: list[int], ok: bool, why: str, generation: int) -> None:
        if generation != self._generation:
            return
        if not ok:
            self._wait(why)
            return
        entry[1] = 1
        while self._going and self._going[0][1]:
            self.cursor = self._going.popleft()[0]
        if self._refused:
            self._refused = False
            self._on_taken(self._topic)
        if self._behind and len(self._going) < WINDOW // 2:
            self._catch_up()

"""The log topic: every line of the ledger's log goes out once the commit is done, and is remembered as out when the
broker has it. Lines of alerts go by the urgent lane, so that a flood of others is never in front of them.

There is no outbox row a line: a cursor per lane says how far the broker has them. After a restart the lines behind the
cursor go out again with the same `seq`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from hub.abc import Broker

Line = tuple[int, bytes]
WINDOW = 2_000
PAGE = 500


class Logbook:
    """One stream of log lines over one lane."""

    def __init__(
        self, *, topic: str, lane: Broker, cursor: int, read: Callable[[int, int], Sequence[Line]]
    ) -> None:
        """`read(after, limit)` gives the lines of this stream behind a sequence, from the ledger."""
        self._topic = topic
        self._lane = lane
        self._read = read
        self.cursor = cursor
        self._sent = cursor
        self._going: deque[list[int]] = deque()
        self._behind = True
        self._newest = cursor
        self._generation = 0
        self._up = False

    @property
    def backlog(self) -> int:
        return len(self._going)

    def offer(self, lines: Sequence[Line]) -> None:
        """Send lines a commit has just kept, or leave them to be read again where the lane cannot take them."""
        if not lines:
            return
        self._newest = lines[-1][0]
        if self._behind or len(self._going) > WINDOW:
            self._behind = True
            self._catch_up()
            return
        for seq, payload in lines:
            self._send(seq, payload)

    def lane_up(self) -> None:
        """The lane is back: everything behind the cursor goes again."""
        self._up = True
        self._generation += 1
        self._going.clear()
        self._sent = self.cursor
        self._behind = True
        self._catch_up()

    def lane_down(self) -> None:
        """Nothing goes out for now; the lines wait in the ledger."""
        self._up = False
        self._behind = True

    def _catch_up(self) -> None:
        while self._up and self._behind and len(self._going) < WINDOW:
            lines = self._read(self._sent, PAGE)
            for seq, payload in lines:
                self._send(seq, payload)
            if len(lines) < PAGE:
                self._behind = False

    def _send(self, seq: int, payload: bytes) -> None:
        self._sent = seq
        entry = [seq, 0]
        self._going.append(entry)
        generation = self._generation
        self._lane.publish(
            self._topic, payload, on_acknowledged=lambda ok, _why: self._answered(entry, ok, generation)
        )

    def _answered(self, entry: list[int], ok: bool, generation: int) -> None:
        if generation != self._generation:
            return
        if not ok:
            self._behind = True
            return
        entry[1] = 1
        while self._going and self._going[0][1]:
            self.cursor = self._going.popleft()[0]
        if self._behind and len(self._going) < WINDOW // 2:
            self._catch_up()

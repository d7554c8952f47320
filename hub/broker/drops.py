"""What the broker threw away, by its own count: `$SYS/broker/publish/messages/dropped`.

It counts for all clients together and not whose messages they were (Mosquitto 2.0.11, tried): one for each message that
finds the queue of a client full, of QoS 1, and of QoS 0 where those are queued. A message of QoS 0 for a client that is
away is not counted where they are not queued. A count that is lower than it was means that the broker started again.

Mosquitto says a number of `$SYS` again when it has changed, and forgets it 60 s later. Whoever comes after that hears
no count, and the uptime, which always changes. A session that waits there for the count is not given it either (tried:
80 s after the drop nothing came). So what was dropped while we were down for longer is told with the next drop.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

log = logging.getLogger("handrail.broker")

TOPIC = "$SYS/broker/publish/messages/dropped"
UPTIME = "$SYS/broker/uptime"
QUIET_MS = 86_400_000
"""A broker that dropped nothing for so long is right again."""
MORE = 10
"""People are told again when it has become so many times as much; each message would be a line of its own."""
_COUNT, _AT = "broker_dropped", "broker_dropped_ms"
_AT_BEFORE = "broker_dropped_wall_ms"
"""Before 2026-11-23 it was kept by the calendar, which somebody may set."""


class Cursors(Protocol):
    """What outlives the hub."""

    def cursor(self, name: str) -> int:
        """A number by its name; 0 where there is none yet."""
        ...

    def move_cursor(self, name: str, seq: int) -> None:
        """Keep a number."""
        ...


class Drops:
    """Compares the broker's count with the one we saw last."""

    def __init__(self, cursors: Cursors, on_fault: Callable[..., None], elapsed_ms: Callable[[], int]) -> None:
        self._cursors, self._on_fault, self._elapsed_ms = cursors, on_fault, elapsed_ms
        self._total = self._told = 0
        self.known = False
        """The broker has said a count since we started, or that it has not changed."""

    def heard(self, payload: bytes) -> None:
        """The broker says how many it has dropped since it started."""
        if not payload.isdigit():
            log.warning("the broker's count of dropped messages cannot be read: %r", payload[:40])
            return
        self.known = True
        # One more than the count, so that 0 is "never seen": what was dropped before our first session was not ours.
        count, seen = int(payload), self._cursors.cursor(_COUNT) - 1
        if count == seen:
            return
        self._cursors.move_cursor(_COUNT, count + 1)
        grown = (count if count < seen else count - seen) if seen >= 0 else 0
        if not grown:
            return
        self._cursors.move_cursor(_AT, max(1, self._elapsed_ms()))
        self._total += grown
        if self._total >= max(1, self._told * MORE):
            self._told = self._total
            self._on_fault(
                "dropped",
                True,
                f"the broker has dropped at least {self._total} messages because the queue of a client was full; it "
                "does not say of which client",
            )

    def unchanged(self) -> None:
        """The broker says its uptime, and before it no count: that has not changed for a minute.

        Where we have never heard one it counts as 0: the first drop after our first start must be told, even if what
        was dropped before is then told with it.
        """
        if self.known:
            return
        self.known = True
        if not self._cursors.cursor(_COUNT):
            self._cursors.move_cursor(_COUNT, 1)

    def look(self) -> None:
        """Once a minute: is it over?"""
        if self._cursors.cursor(_AT_BEFORE):
            self._cursors.move_cursor(_AT_BEFORE, 0)
            self._cursors.move_cursor(_AT, max(1, self._elapsed_ms()))
        at_ms = self._cursors.cursor(_AT)
        if at_ms and self._elapsed_ms() - at_ms >= QUIET_MS:
            self._cursors.move_cursor(_AT, 0)
            self._total = self._told = 0
            self._on_fault("dropped", False, "the broker has dropped nothing for a day")

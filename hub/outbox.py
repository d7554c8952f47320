"""What must still be carried out, from the commit that wished it to the far end's word that it has it.

At least once, in order per key, the newest version alone: while one version of an alert is on its way, a newer one
replaces the one that waits. A row leaves the ledger with a commit after the far end took it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import orjson

from hub import kill_points
from hub.abc import Broker
from hub.kill_points import Point

log = logging.getLogger("handrail.outbox")

RETRY_S = 5.0


@dataclass(slots=True)
class Wish:
    """One row of the outbox: a message to publish, a person to tell, or a service of Home Assistant to ask for."""

    key: str
    seq: int
    urgent: bool
    topic: str = ""
    payload: bytes = b""
    correlation: bytes | None = None
    """What a request wants to find in its answer, any bytes."""
    retain: bool = False
    clear: bool = False
    """Clear the retained message afterwards: the alert is closed."""
    drop_ms: int | None = None
    """Elapsed time after which this is too late and dropped."""
    why: str = ""
    tell: dict[str, object] | None = None
    service: dict[str, object] | None = None
    """Which, its data, and the episode that wants it."""

    def row(self) -> tuple[str, int, int, dict[str, object]]:
        """The row as the ledger keeps it."""
        body: dict[str, object] = {"topic": self.topic, "payload": self.payload.decode(), "retain": self.retain}
        if self.correlation is not None:
            body["correlation"] = self.correlation.hex()
        if self.clear:
            body["clear"] = True
        if self.drop_ms is not None:
            body["drop_ms"] = self.drop_ms
        if self.why:
            body["why"] = self.why
        if self.tell is not None:
            body["tell"] = self.tell
        if self.service is not None:
            body["service"] = self.service
        return (self.key, self.seq, int(self.urgent), body)


def wish_of(key: str, seq: int, urgent: int, body: dict[str, object]) -> Wish:
    """A wish from its row."""
    drop, tell, correlation = body.get("drop_ms"), body.get("tell"), body.get("correlation")
    service = body.get("service")
    return Wish(
        key=key,
        seq=seq,
        urgent=bool(urgent),
        topic=str(body.get("topic", "")),
        payload=str(body.get("payload", "")).encode(),
        correlation=bytes.fromhex(correlation) if isinstance(correlation, str) else None,
        retain=bool(body.get("retain")),
        clear=bool(body.get("clear")),
        drop_ms=drop if isinstance(drop, int) else None,
        why=str(body.get("why", "")),
        tell=tell if isinstance(tell, dict) else None,
        service=service if isinstance(service, dict) else None,
    )


class Outbox:
    """Carries wishes out over the two lanes and the people's channels; `ask` takes those for Home Assistant.

    `carried` gathers what is done; whoever commits takes it out of the ledger and of this list. `page` starts telling a
    person and reports on its own.
    """

    def __init__(
        self,
        *,
        urgent: Broker,
        bulk: Broker,
        elapsed_ms: Callable[[], int],
        page: Callable[[Wish], None],
        on_dropped: Callable[[Wish], None],
        on_refused: Callable[[str, str], None],
        on_taken: Callable[[str], None],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        """`later(seconds, work)` calls back once, as the event loop's own `call_later` does. A topic that was told as
        refused is told as taken when it is."""
        self._lanes = {True: urgent, False: bulk}
        self._elapsed_ms = elapsed_ms
        self._page = page
        self._on_dropped = on_dropped
        self._on_refused = on_refused
        self._on_taken = on_taken
        self._later = later
        self._retrying = False
        self._going: dict[str, Wish] = {}
        self._next: dict[str, Wish] = {}
        self._stuck: dict[str, Wish] = {}
        self._why: dict[str, str] = {}
        self._refused: set[str] = set()
        self.carried: list[tuple[str, int]] = []
        self.ask: Callable[[Wish], None] | None = None

    def __len__(self) -> int:
        return len(self._going) + len(self._next) + len(self._stuck)

    def offer(self, wishes: Iterable[Wish]) -> None:
        """Carry out what a commit wished."""
        for wish in wishes:
            self._unstick(wish.key)
            if wish.key in self._going:
                self._next[wish.key] = wish
            else:
                self._go(wish)

    def every(self) -> list[Wish]:
        """All that is not carried out, the newest of each key."""
        return list({**self._stuck, **self._going, **self._next}.values())

    def lane_up(self, *, urgent: bool) -> None:
        """A lane is back: what was stuck on it goes out now, in order."""
        for wish in sorted((w for w in self._stuck.values() if w.urgent is urgent), key=lambda wish: wish.seq):
            self._unstick(wish.key)
            self._go(wish)

    def _unstick(self, key: str) -> None:
        self._stuck.pop(key, None)
        self._why.pop(key, None)

    def _go(self, wish: Wish) -> None:
        if wish.drop_ms is not None and self._elapsed_ms() > wish.drop_ms:
            self.carried.append((wish.key, wish.seq))
            self._taken(wish.topic)
            self._on_dropped(wish)
            return
        self._going[wish.key] = wish
        if wish.tell is not None:
            self._page(wish)
            return
        if wish.service is not None:
            assert self.ask is not None, "the outbox is wired before it is offered anything"
            self.ask(wish)
            return
        lane = self._lanes[wish.urgent]
        lane.publish(
            wish.topic,
            wish.payload,
            retain=wish.retain,
            correlation_data=wish.correlation,
            on_acknowledged=lambda ok, why: self._answered(wish, ok, why),
        )

    def _answered(self, wish: Wish, ok: bool, why: str) -> None:
        if not ok:
            self._going.pop(wish.key, None)
            self._stuck[wish.key] = self._next.pop(wish.key, wish)
            self._why[wish.key] = why
            if not self._retrying:
                self._retrying = True
                self._later(RETRY_S, self._retry)
            return
        kill_points.at(Point.PUBLISHED, wish)
        self._taken(wish.topic)
        if wish.clear and wish.payload:
            kill_points.at(Point.CLOSED, wish)
            wish.payload, wish.retain = b"", True
            self._lanes[wish.urgent].publish(
                wish.topic, b"", retain=True, on_acknowledged=lambda ok, why: self._answered(wish, ok, why)
            )
            return
        self.finished(wish)

    def _retry(self) -> None:
        """What is stuck although its lane is up was refused by the broker, and not lost with a connection: it is told,
        and tried again, because somebody may mend it while we run."""
        self._retrying = False
        for urgent, lane in self._lanes.items():
            if not lane.up:
                continue
            for key, wish in self._stuck.items():
                if wish.urgent is urgent:
                    self._refused.add(wish.topic)
                    self._on_refused(wish.topic, self._why[key])
            self.lane_up(urgent=urgent)

    def _taken(self, topic: str) -> None:
        if topic in self._refused:
            self._refused.discard(topic)
            self._on_taken(topic)

    def finished(self, wish: Wish) -> None:
        """The far end has it; the row leaves with the next commit, and a newer version goes."""
        self._going.pop(wish.key, None)
        self.carried.append((wish.key, wish.seq))
        kill_points.at(Point.CARRIED, wish)
        newer = self._next.pop(wish.key, None)
        if newer is not None:
            self._go(newer)


def compact(payload: bytes) -> bytes:
    """The same bytes in a block of their own size: orjson's come in one of four kilobytes, and thousands may wait."""
    return b"%b" % payload


def dumps(message: object) -> bytes:
    """A message as it goes over the wire."""
    return compact(orjson.dumps(message))

"""Every boundary of the hub, as Protocols: what it needs of the outside, and what stands in for it in a test.

The clock's boundary is `hub.clock.Clock`, because that file alone may read one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hub.mqtt_types import Packet

OnAcknowledged = Callable[[bool, str], None]


class Broker(Protocol):
    """One lane to the broker: delivers packets, acknowledges them when told, publishes. `hub.mqtt.Connection` is the real one."""

    @property
    def lane(self) -> str: ...

    @property
    def up(self) -> bool: ...

    @property
    def unacknowledged(self) -> int: ...

    @property
    def backlog(self) -> int: ...

    @property
    def subscriptions(self) -> tuple[str, ...]: ...

    def acknowledge(self, packets: Iterable[Packet]) -> None: ...

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        on_acknowledged: OnAcknowledged | None = None,
    ) -> None: ...

    async def subscribe(self, *filters: str) -> None: ...

    async def unsubscribe(self, *filters: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a person's channel is given: a title and a text a tired person understands, and how much it matters."""

    alert: str
    version: int
    level: str
    title: str
    text: str


class Channel(Protocol):
    """One way to reach a person besides the screens. Returns when the far end took it; raises `ChannelFailed` otherwise."""

    async def send(self, url: str, page: Page) -> None: ...


@dataclass(frozen=True, slots=True)
class Point:
    """One event for the time series, as it stands in the ledger."""

    seq: int
    wall_ms: int
    device: str
    kind: str
    value: str | bool | int | float | None
    field: str | None
    resident: str | None
    place: str | None
    name: str | None


class Series(Protocol):
    """A store of long history. `write` returns when all points are kept there; raises `SeriesUnreachable` otherwise.

    Writing the same points again must change nothing.
    """

    async def write(self, points: Sequence[Point]) -> None: ...

    async def close(self) -> None: ...


class EventSource(Protocol):
    """Where the series reads: the ledger, in pages, behind a cursor of its own."""

    def points_after(self, seq: int, limit: int) -> Awaitable[Sequence[Point]]: ...

    def cursor(self, name: str) -> int: ...

    def move_cursor(self, name: str, seq: int) -> None:
        """Remember how far we are; kept with the next commit, and asked for one soon."""
        ...

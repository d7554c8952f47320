"""Every boundary of the hub, as Protocols: what it needs of the outside, and what stands in for it in a test.

The clock's boundary is `hub.clock.Clock`, because that file alone may read one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hub.mqtt.types import Message, Packet

OnAcknowledged = Callable[[bool, str], None]


class Broker(Protocol):
    """One lane to the broker: delivers packets, acknowledges them when told, publishes.

    `hub.mqtt.connection.Connection` is the real one.
    """

    @property
    def lane(self) -> str:
        """Which lane it is: `urgent` or `bulk`."""
        ...

    @property
    def up(self) -> bool:
        """Connected and subscribed."""
        ...

    @property
    def unacknowledged(self) -> int:
        """Messages of the present connection whose PUBACK has not left."""
        ...

    @property
    def backlog(self) -> int:
        """Publishes that the broker has not acknowledged, sent or not."""
        ...

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """The filters this lane wants."""
        ...

    def acknowledge(self, packets: Iterable[Packet], *, out_of_turn: bool = False) -> None:
        """Let the PUBACKs of these leave, in order of arrival; out of turn also past older ones that must wait."""
        ...

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        correlation_data: bytes | None = None,
        on_acknowledged: OnAcknowledged | None = None,
    ) -> None:
        """Send; `on_acknowledged` is called once, after this returned, with the broker's word or the loss."""
        ...

    async def subscribe(self, *filters: str) -> None:
        """Add filters and wait for the broker; raises `SubscriptionRefused`."""
        ...

    async def unsubscribe(self, *filters: str) -> None:
        """Take filters away and wait for the broker."""
        ...


class Lane(Broker, Protocol):
    """A `Broker` with a life: it connects and comes back by itself until it is stopped."""

    async def run(self) -> None:
        """Keep connected until `stop`."""
        ...

    async def stop(self, *, last: Message | None = None, within_s: float = 2.0) -> None:
        """Publish the last words, say goodbye, and end."""
        ...

    async def ask_again(self, *, everything: bool = False) -> tuple[str, ...]:
        """Ask once more for the filters that were refused at the connect; a sentence for each that still is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a person's channel is given: a title and a text a tired person understands, and how much it matters."""

    alert: str
    version: int
    level: str
    title: str
    text: str


class Channel(Protocol):
    """One way to reach a person besides the screens.

    Returns when the far end took it; raises `ChannelFailed` otherwise.
    """

    async def send(self, url: str, page: Page) -> None:
        """Send one page."""
        ...


class Services(Protocol):
    """Services of Home Assistant that a plan may call. Both return when it answered yes, and raise otherwise
    `ServicesUnreachable`, `ServicesUnanswered`, `ServicesRefused` or `ServiceFailed`."""

    async def call(self, service: str, data: str) -> None:
        """Call one, `media_player.play_media`, with its data as JSON."""
        ...

    async def look(self) -> None:
        """Ask whether it is there and lets us in."""
        ...


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

    async def write(self, points: Sequence[Point]) -> None:
        """Keep these."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


class EventSource(Protocol):
    """Where the series reads: the ledger, in pages, behind a cursor of its own."""

    def points_after(self, seq: int, limit: int) -> Awaitable[Sequence[Point]]:
        """The next events behind a place in the sequence."""
        ...

    def cursor(self, name: str) -> int:
        """How far a reader is."""
        ...

    def move_cursor(self, name: str, seq: int) -> None:
        """Remember how far we are; kept with the next commit, and asked for one soon."""
        ...

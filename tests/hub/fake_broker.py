"""A broker in memory and the hub's lanes to it: sessions, retained messages, QoS 1 with redelivery."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import orjson

from devices.topics import matches
from hub.abc import OnAcknowledged
from hub.errors import SubscriptionRefused
from hub.mqtt.acks import Acknowledgements
from hub.mqtt.types import Message, Packet, Up

SLUG = "elm"
Json = dict[str, object]


@dataclass
class Session:
    """What a broker keeps for one client id."""

    filters: dict[str, None] = field(default_factory=dict)
    queue: deque[tuple[str, bytes, bool, int, str | None]] = field(default_factory=deque)
    inflight: dict[int, tuple[str, bytes, bool, str | None]] = field(default_factory=dict)
    last_id: int = 0
    lane: FakeLane | None = None
    paused: bool = False


class FakeBroker:
    """Sessions, retained messages, QoS 1 with redelivery; it delivers, refuses and forgets as a test wants."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.retained: dict[str, bytes] = {}
        self.published: list[tuple[str, bytes, bool]] = []
        self.refuses: set[str] = set()
        self.refuses_filters: set[str] = set()
        self.answers = True
        self.unanswered: list[OnAcknowledged] = []
        self.generation = 0

    def say(
        self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1, response_topic: str | None = None
    ) -> None:
        """A device or a screen publishes."""
        self._route(topic, payload, retain, qos, response_topic, by=None)

    def _route(self, topic: str, payload: bytes, retain: bool, qos: int, response: str | None, by: str | None) -> None:
        if retain and payload:
            self.retained[topic] = payload
        elif retain:
            self.retained.pop(topic, None)
        for client, session in self.sessions.items():
            if client != by and any(matches(name, topic) for name in session.filters):
                session.queue.append((topic, payload, False, qos, response))
                self.deliver(client)

    def deliver(self, client: str) -> None:
        """Send what waits for a client, unless its line is paused."""
        session = self.sessions[client]
        if session.lane is None or not session.lane.connected or session.paused:
            return
        arrived: list[Packet] = []
        while session.queue:
            topic, payload, retain, qos, response = session.queue.popleft()
            if qos:
                session.last_id = session.last_id % 65_535 + 1
                session.inflight[session.last_id] = (topic, payload, retain, response)
            if session.lane.is_half_open:
                continue
            packet_id = session.last_id if qos else None
            arrived.append(session.lane.packet(topic, payload, retain, packet_id, False, response))
        if arrived:
            session.lane.on_packets(arrived)

    def pause(self, lane: str) -> None:
        """Nothing is sent to this lane for now; it queues."""
        self.session(lane).paused = True

    def resume(self, lane: str) -> None:
        """What queued is sent."""
        self.session(lane).paused = False
        self.deliver(f"handrail-{SLUG}-{lane}")

    def session(self, lane: str) -> Session:
        """The session of the hub's urgent or bulk lane."""
        return self.sessions[f"handrail-{SLUG}-{lane}"]

    def answer(self) -> None:
        """Acknowledge everything that was published and not answered."""
        self.answers = True
        waiting, self.unanswered = self.unanswered, []
        for on_acknowledged in waiting:
            on_acknowledged(True, "taken by the broker")

    def on(self, topic: str) -> list[Json]:
        """The messages that the hub published on a topic, read."""
        return [orjson.loads(payload) for name, payload, _ in self.published if name == topic and payload]

    def log(self, *steps: str) -> list[Json]:
        """The log lines that went out, of these steps or all."""
        return [line for line in self.on(f"handrail/{SLUG}/log") if not steps or line["step"] in steps]


class FakeLane:
    """`hub.abc.Lane` to a `FakeBroker`; connects when told."""

    def __init__(
        self,
        broker: FakeBroker,
        *,
        lane: str,
        client_id: str,
        subscriptions: Iterable[str],
        on_packets: Callable[[list[Packet]], None],
        on_up: Callable[[Up], None],
        on_down: Callable[[str], None],
        no_longer_subscribed: Iterable[str] = (),
        will: Message | None = None,
        **_others: object,
    ) -> None:
        self.lane = lane
        self.client_id = client_id
        self.on_packets = on_packets
        self.up = False
        self.connected = False
        self.is_half_open = False
        """The line is dead and neither side knows: nothing passes, until one of them notices and it is lost."""
        self.connection = 0
        self.resumed = False
        self.acknowledged: list[Packet] = []
        self.will = will
        self._broker = broker
        self._filters: dict[str, None] = dict.fromkeys(subscriptions)
        self._no_longer = [name for name in no_longer_subscribed if name not in self._filters]
        self._on_up = on_up
        self._on_down = on_down
        self._arrivals = Acknowledgements()
        self._waiting: list[OnAcknowledged] = []
        self._refused: list[str] = []
        self._came_up = asyncio.Event()
        self._stopped = asyncio.Event()

    @property
    def unacknowledged(self) -> int:
        """What arrived and was not let go of."""
        return len(self._arrivals)

    @property
    def backlog(self) -> int:
        """What the broker has not answered."""
        return len(self._waiting)

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """The filters it wants."""
        return tuple(self._filters)

    def packet(
        self, topic: str, payload: bytes, retain: bool, packet_id: int | None, duplicate: bool, response: str | None
    ) -> Packet:
        """A message as it arrives here."""
        arrival = self._arrivals.next_arrival
        if packet_id is not None:
            self._arrivals.arrived(packet_id)
        qos = int(packet_id is not None)
        where = (self.connection, response, None, self.resumed, arrival)
        return Packet(self.lane, topic, payload, retain, qos, packet_id, duplicate, *where)

    async def run(self) -> None:
        """Connect and stay until stopped."""
        self.come_up()
        await self._stopped.wait()

    async def stop(self, *, last: Message | None = None, within_s: float = 2.0) -> None:
        """The last words, and goodbye."""
        if last is not None:
            self.publish(last.topic, last.payload, retain=last.retain)
        self.will = None
        self._end()
        self._stopped.set()
        await asyncio.sleep(0)

    def come_up(self, *, session_lost: bool = False) -> None:
        """Connect: what was not acknowledged comes again, subscriptions are made anew, what is retained is sent."""
        broker = self._broker
        if session_lost:
            broker.sessions.pop(self.client_id, None)
        self.resumed = self.client_id in broker.sessions
        session = broker.sessions.setdefault(self.client_id, Session())
        broker.generation += 1
        self.connection, self.connected, session.lane = broker.generation, True, self
        self.is_half_open = False
        self._arrivals = Acknowledgements()
        again = [
            self.packet(topic, payload, retain, packet_id, True, response)
            for packet_id, (topic, payload, retain, response) in session.inflight.items()
        ]
        if again:
            self.on_packets(again)
        broker.deliver(self.client_id)
        for name in self._no_longer:
            session.filters.pop(name, None)
        self._refused = self._subscribe(*self._filters)
        self.up = True
        self._came_up.set()
        self._on_up(
            Up(connection=self.connection, session_present=self.resumed, receive_max=65_535, max_packet_size=None,
               keep_alive_s=5, session_expiry_s=1, refused=tuple(f"refused: {name}" for name in self._refused))
        )  # fmt: skip

    def go_down(self) -> None:
        """The connection is lost."""
        self._end()
        self._on_down("the connection was lost")

    def _end(self) -> None:
        if not self.connected:
            return
        if self.will is not None:
            self._broker.published.append((self.will.topic, self.will.payload, self.will.retain))
        self.connected = False
        waiting, self._waiting = self._waiting, []
        for on_acknowledged in waiting:
            on_acknowledged(False, "connection lost")
        self.up = False
        self._came_up.clear()

    def acknowledge(self, packets: Iterable[Packet], *, out_of_turn: bool = False) -> None:
        """Let go of messages, in order of arrival or out of turn."""
        mine = [packet for packet in packets if packet.qos and packet.connection == self.connection and self.connected]
        session = self._broker.sessions[self.client_id]
        self.acknowledged += mine
        release = self._arrivals.skip if out_of_turn else self._arrivals.release
        released = release([packet.arrival for packet in mine])
        if self.is_half_open:
            return
        for at in range(2, len(released), 4):
            session.inflight.pop(int.from_bytes(released[at : at + 2], "big"), None)

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
        """Give a message to the broker; its word comes later."""
        loop, answer = asyncio.get_running_loop(), on_acknowledged or (lambda _ok, _why: None)
        if not self.connected:
            loop.call_soon(answer, False, "not connected to the broker")
        elif self.is_half_open:
            self._waiting.append(answer)
        elif topic in self._broker.refuses:
            loop.call_soon(answer, False, "not authorized")
        else:
            self._broker.published.append((topic, payload, retain))
            self._broker._route(topic, payload, retain, qos, None, by=self.client_id)
            self._waiting.append(answer)
            if self._broker.answers:
                loop.call_soon(self._taken, answer)
            else:
                self._broker.unanswered.append(lambda _ok, _why: self._taken(answer))

    def _taken(self, answer: OnAcknowledged) -> None:
        if answer in self._waiting:
            self._waiting.remove(answer)
            answer(True, "taken by the broker")

    async def subscribe(self, *filters: str) -> None:
        """Add filters; what is retained there is sent."""
        for name in filters:
            self._filters[name] = None
        while not self._came_up.is_set():
            await self._came_up.wait()
        refused = self._subscribe(*filters)
        for name in refused:
            self._filters.pop(name, None)
        if refused:
            raise SubscriptionRefused(f"refused: {refused[0]}", refused[0])

    def _subscribe(self, *filters: str) -> list[str]:
        session = self._broker.sessions[self.client_id]
        refused = [name for name in filters if name in self._broker.refuses_filters]
        for name in filters:
            if name not in refused:
                session.filters[name] = None
                for topic, payload in self._broker.retained.items():
                    if matches(name, topic):
                        session.queue.append((topic, payload, True, 1, None))
        self._broker.deliver(self.client_id)
        return refused

    async def ask_again(self, *, everything: bool = False) -> tuple[str, ...]:
        """Ask once more for what was refused at the connect, or for all."""
        self._refused = self._subscribe(*(self._filters if everything else self._refused))
        return tuple(f"refused: {name}" for name in self._refused)

    async def unsubscribe(self, *filters: str) -> None:
        """Take filters away."""
        await self._came_up.wait()
        for name in filters:
            self._filters.pop(name, None)
            self._broker.sessions[self.client_id].filters.pop(name, None)

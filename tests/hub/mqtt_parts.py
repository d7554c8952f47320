"""What the tests of the MQTT connection share: a lane that remembers, and a broker that does as it is told."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mqtt5

from hub.errors import HandrailError
from hub.mqtt.connection import BrokerAddress, Connection, Message, Packet, Up
from hub.mqtt.wire import Reader
from tests.parts import until


@dataclass(slots=True)
class Lane:
    """A connection and everything it told."""

    connection: Connection
    packets: list[Packet] = field(default_factory=list)
    wakes: list[int] = field(default_factory=list)
    ups: list[Up] = field(default_factory=list)
    downs: list[str] = field(default_factory=list)
    answers: list[tuple[bool, str]] = field(default_factory=list)
    error: BaseException | None = None

    async def more_than(self, count: int) -> None:
        """Wait until more than so many messages arrived."""
        await until(lambda: len(self.packets) > count, 20)

    @property
    def payloads(self) -> list[bytes]:
        """The payloads so far, in order of arrival."""
        return [packet.payload for packet in self.packets]

    async def is_up(self, times: int = 1) -> Up:
        """Wait until the lane came up that often, and give what the broker then agreed to."""
        await until(lambda: len(self.ups) >= times, 15)
        return self.ups[times - 1]

    async def has(self, *payloads: bytes) -> list[Packet]:
        """Wait until these payloads arrived, in any order and among others."""
        await until(lambda: set(payloads) <= set(self.payloads), 15)
        return self.packets

    def answered(self, ok: bool, why: str) -> None:
        """Given to `publish`, remembers what became of the message."""
        self.answers.append((ok, why))


@asynccontextmanager
async def lane(
    port: int,
    *,
    client_id: str = "handrail-urgent",
    subscriptions: Sequence[str] = ("#",),
    receive_max: int = 65_535,
    keep_alive_s: int = 5,
    steady_s: float = 2.0,
    on_packets: Callable[[list[Packet]], None] | None = None,
    will: Message | None = None,
    host: str = "127.0.0.1",
    no_longer_subscribed: Sequence[str] = (),
    **login: Any,
) -> AsyncIterator[Lane]:
    """A lane that runs for the length of the block and is then stopped; an error of `run` is kept."""

    def arrived(packets: list[Packet]) -> None:
        told.packets.extend(packets)
        told.wakes.append(len(packets))
        if on_packets is not None:
            on_packets(packets)

    def came_up(up: Up) -> None:
        told.ups.append(up)

    def went_down(why: str) -> None:
        told.downs.append(why)

    told = Lane(
        Connection(
            lane="urgent",
            client_id=client_id,
            address=BrokerAddress(host=host, port=port, **login),
            subscriptions=subscriptions,
            receive_max=receive_max,
            keep_alive_s=keep_alive_s,
            steady_s=steady_s,
            will=will,
            on_packets=arrived,
            on_up=came_up,
            on_down=went_down,
            rng=random.Random(1),
            no_longer_subscribed=no_longer_subscribed,
        )
    )

    async def run() -> None:
        try:
            await told.connection.run()
        except (HandrailError, RuntimeError, AssertionError) as error:
            told.error = error

    running = asyncio.create_task(run())
    try:
        yield told
    finally:
        await told.connection.stop()
        async with asyncio.timeout(10):
            await running


def kill(told: Lane) -> None:
    """End the network connection as a killed process would: no word, and whatever was not sent is not sent."""
    link = told.connection._link
    assert link is not None
    assert link._transport is not None
    link._transport.abort()


class FakeBroker:
    """Answers CONNECT and SUBSCRIBE; everything else is the test's to send, and what arrives is remembered."""

    def __init__(self) -> None:
        self.port = 0
        self.received: list[mqtt5.Packet] = []
        self.connections = 0
        self.welcome = mqtt5.ConnAckPacket()
        self.answers_connect = True
        self.answers_pings = True
        self.answers_publishes = True
        self.answers_subscriptions = True
        self.refuses: dict[str, mqtt5.SubAckReasonCode] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._server: asyncio.Server | None = None

    def of(self, kind: type[Any]) -> list[Any]:
        """What arrived of one kind of packet."""
        return [packet for packet in self.received if isinstance(packet, kind)]

    def send(self, data: bytes) -> None:
        """Bytes to the newest connection, as they are."""
        assert self._writer is not None
        self._writer.write(data)

    async def send_split(self, data: bytes, places: Sequence[int]) -> None:
        """Bytes in pieces, each of them a wake of its own on the other side."""
        assert self._writer is not None
        for start, stop in zip([0, *places], [*places, len(data)], strict=True):
            self._writer.write(data[start:stop])
            await self._writer.drain()
            await asyncio.sleep(0.001)

    def hang_up(self) -> None:
        """End the newest connection without a word."""
        assert self._writer is not None
        self._writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writer = writer
        frames = Reader(1 << 20)
        try:
            while data := await reader.read(65_536):
                for packet in frames.feed(data):
                    self.received.append(packet)
                    self._answer(packet, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    def _answer(self, packet: mqtt5.Packet, writer: asyncio.StreamWriter) -> None:
        match packet:
            case mqtt5.ConnectPacket() if self.answers_connect:
                writer.write(self.welcome.write())
            case mqtt5.SubscribePacket() if self.answers_subscriptions:
                granted = mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE
                codes = [self.refuses.get(f.pattern, granted) for f in packet.topic_filters]
                writer.write(mqtt5.SubAckPacket(packet.packet_id, codes).write())
            case mqtt5.UnsubscribePacket():
                codes_off = [mqtt5.UnsubAckReasonCode.SUCCESS] * len(packet.patterns)
                writer.write(mqtt5.UnsubAckPacket(packet.packet_id, codes_off).write())
            case mqtt5.PingReqPacket() if self.answers_pings:
                writer.write(mqtt5.PingRespPacket().write())
            case mqtt5.PublishPacket() if packet.packet_id is not None and self.answers_publishes:
                writer.write(mqtt5.PubAckPacket(packet.packet_id).write())

    async def __aenter__(self) -> "FakeBroker":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        if self._writer is not None:
            self._writer.transport.abort()


def publish_bytes(number: int, topic: str = "t", payload: bytes | None = None, duplicate: bool = False) -> bytes:
    """A QoS 1 PUBLISH as a broker sends it, with `number` as packet id and, unless told otherwise, as payload."""
    return mqtt5.PublishPacket(
        topic,
        str(number).encode() if payload is None else payload,
        qos=mqtt5.QoS.AT_LEAST_ONCE,
        packet_id=number,
        duplicate=duplicate,
    ).write()


def file_with(folder: Path, text: str) -> Path:
    """A password file."""
    path = folder / "password"
    path.write_text(text)
    return path

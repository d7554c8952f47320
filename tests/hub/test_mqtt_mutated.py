"""Bytes of the broker that were changed on their way: a clean reconnection, or a message that says something else.

Never an exception, never a hang, never a press that nobody made, and the press behind it arrives. The seed is printed;
`HANDRAIL_FUZZ_SEED` gives it again.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any, cast

import aiomqtt
import mqtt5
import pytest

from devices.adapter import Message
from devices.catalogue import Catalogue
from hub.errors import BrokerError
from hub.mqtt.link import Link
from hub.mqtt.types import Packet, Publication
from tests.hub.mqtt_parts import lane, publish_bytes
from tests.mutations import mutated, seeded
from tests.parts import Mosquitto, until
from tests.wire_proxy import DOWN, WireProxy

# The codec prints what it panics about before the reader catches it.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

STREAMS = 1_500
AT_ONCE, ROUNDS = 20, 15
NOTICED_S = 30.0
SAMPLES = [
    publish_bytes(1, "zigbee2mqtt/room-001-door", b'{"contact":false,"battery":88}'),
    mqtt5.PublishPacket("a", b"", response_topic="r/t", correlation_data=b"12", user_properties=[("a", "b")]).write(),
    publish_bytes(2, "rtl_433/attic/events", b"x" * 300),
    mqtt5.PubAckPacket(1).write(),
    mqtt5.PubAckPacket(2, reason_code=mqtt5.PubAckReasonCode.NOT_AUTHORIZED, reason_str="no").write(),
    mqtt5.SubAckPacket(4, [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]).write(),
    mqtt5.UnsubAckPacket(4, [mqtt5.UnsubAckReasonCode.SUCCESS]).write(),
    mqtt5.PingRespPacket().write(),
    mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SERVER_BUSY, reason_str="later").write(),
]
WELCOME = mqtt5.ConnAckPacket(
    session_present=True, receive_max=20, max_packet_size=9_000, server_keep_alive=3, reason_str="hello"
).write()


class NoSocket:
    """What setting an option on a socket needs."""

    def setsockopt(self, *_: object) -> None:
        """Nothing to set."""


class NoNetwork(asyncio.Transport):
    """A transport that carries nothing; closing it is told to its protocol at once."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self._link = link
        self._closing = False

    def get_extra_info(self, name: str, default: object = None) -> object:
        """A socket without anything behind it."""
        return NoSocket() if name == "socket" else default

    def write(self, data: Any) -> None:
        """Nobody reads it."""

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self._closing

    def close(self) -> None:
        """The end."""
        if not self._closing:
            self._closing = True
            self._link.connection_lost(None)

    abort = close

    def pause_reading(self) -> None:
        """There is nothing to read."""

    def resume_reading(self) -> None:
        """There is nothing to read."""


async def test_thousands_of_broken_streams_end_a_connection_or_are_messages() -> None:
    """Fed straight into the protocol: whatever ends it is an error that trying again can mend, or the broker's no."""
    rng = seeded()
    for number in range(STREAMS):
        stream = mutated(rng, b"".join(rng.sample(SAMPLES, rng.randint(1, 6))))
        welcome = WELCOME if rng.random() < 0.8 else mutated(rng, WELCOME)
        link, asking, answers, published = await _fed(rng, welcome, stream)
        about = f"stream {number}: {welcome!r} {stream!r}"
        assert link.reason is None or isinstance(link.reason, BrokerError), about
        cast(NoNetwork, link._transport).close()
        assert link.ended.done(), about
        for outcome in await asyncio.gather(*asking, return_exceptions=True):
            assert not isinstance(outcome, BaseException) or isinstance(outcome, BrokerError), about
        assert len(answers) == published, about


async def _fed(
    rng: random.Random, welcome: bytes, stream: bytes
) -> tuple[Link, list[asyncio.Task[Any]], list[str], int]:
    packets: list[Packet] = []
    answers: list[str] = []
    link = Link(lane="urgent", generation=1, where="here", client_id="c", receive_max=100, on_packets=packets.extend)
    link.connection_made(NoNetwork(link))
    asking: list[asyncio.Task[Any]] = [asyncio.create_task(link.connect(mqtt5.ConnectPacket("c")))]
    await asyncio.sleep(0)
    link.data_received(welcome)
    published = 3 if link.connected else 0
    for _ in range(published):
        link.publish(Publication("t", b"x", 1, False, lambda _ok, why: answers.append(why)))
    if link.connected:
        asking.append(asyncio.create_task(link.subscribe(["a"])))
    await asyncio.sleep(0)
    places = sorted(rng.randrange(len(stream) + 1) for _ in range(rng.randrange(3)))
    for start, stop in zip([0, *places], [*places, len(stream)], strict=True):
        link.data_received(stream[start:stop])
    for packet in packets:
        assert isinstance(packet.payload, bytes)
        assert packet.topic.encode()
    link.acknowledge(packets, out_of_turn=False)
    await asyncio.sleep(0)
    return link, asking, answers, published


async def test_hundreds_of_mutations_on_the_wire_never_stop_a_lane(mosquitto: Mosquitto) -> None:
    """Bytes flipped, put in and lost between a real broker and a lane: a press behind them arrives, none is made up."""
    rng = seeded()
    async with aiomqtt.Client("127.0.0.1", mosquitto.port) as device:
        jobs = [
            _rounds(mosquitto, device, random.Random(rng.random()), f"room-{number:03}") for number in range(AT_ONCE)
        ]
        ended = sum(await asyncio.gather(*jobs))
    assert ended > AT_ONCE * ROUNDS // 10


async def _rounds(broker: Mosquitto, device: aiomqtt.Client, rng: random.Random, room: str) -> int:
    """So many lanes after one another, each of them disturbed once; how many connections that ended."""
    ended, pressed = 0, set[bytes]()
    for turn in range(ROUNDS):
        async with WireProxy(broker.port) as wire:
            filters = (f"zigbee2mqtt/{room}-door", f"zigbee2mqtt/{room}-pendant")
            async with lane(wire.port, client_id=room, subscriptions=filters, keep_alive_s=1) as urgent:
                await urgent.is_up()
                _disturb(wire, rng)
                for contact in (b"true", b"false", b"true"):
                    await device.publish(filters[0], b'{"contact":%b,"battery":88}' % contact, qos=1)
                await until(lambda wire=wire: wire.ways[DOWN].change is None, NOTICED_S)  # type: ignore[misc]
                # What an earlier lane of this room did not get to acknowledge comes again as well.
                press = b'{"action":"emergency","last_seen":%d}' % turn
                pressed.add(press)
                await device.publish(filters[1], press, qos=1)
                await until(lambda lane=urgent, press=press: press in lane.payloads or lane.error, NOTICED_S)  # type: ignore[misc]
                assert urgent.error is None
                made_up = [packet for packet in urgent.packets if packet.payload not in pressed and _is_press(packet)]
                assert made_up == []
                urgent.connection.acknowledge(urgent.packets)
                ended += bool(urgent.downs)
    return ended


def _disturb(wire: WireProxy, rng: random.Random) -> None:
    """The next bytes of the broker are changed, once."""

    def once(data: bytes) -> bytes:
        wire.ways[DOWN].change = None
        return mutated(rng, data)

    wire.ways[DOWN].change = once


def _is_press(packet: Packet) -> bool:
    adapter = CATALOGUE.adapter_for(packet.topic)
    decoded = adapter.decode(Message(packet.topic, packet.payload), {}) if adapter is not None else None
    return decoded is not None and any(event.press for event in decoded.events)


CATALOGUE = Catalogue()

"""What every lane to a broker promises (`hub.abc.Broker`): the real one against Mosquitto, and the one of the tests."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable

import pytest
from aiomqtt import Client

from hub.abc import Broker
from hub.mqtt.types import Packet
from tests.hub import mqtt_parts
from tests.hub.fake_broker import FakeBroker, FakeLane
from tests.parts import Mosquitto, until


class Bench(ABC):
    """A lane under test and the world around it."""

    lane: Broker
    packets: list[Packet]

    @abstractmethod
    async def say(self, topic: str, payload: bytes) -> None:
        """Somebody else publishes."""

    @abstractmethod
    async def lose(self) -> None:
        """The connection is lost, and comes back."""

    @abstractmethod
    async def published(self, topic: str) -> bytes:
        """What is retained there."""


class FakeBench(Bench):
    """The one of the tests."""

    def __init__(self) -> None:
        self.broker = FakeBroker()
        self.packets = []
        self.fake = FakeLane(
            self.broker,
            lane="urgent",
            client_id="handrail-elm-urgent",
            subscriptions=("a/#",),
            on_packets=self.packets.extend,
            on_up=lambda _: None,
            on_down=lambda _: None,
        )
        self.lane = self.fake
        self.fake.come_up()

    async def say(self, topic: str, payload: bytes) -> None:  # noqa: D102
        self.broker.say(topic, payload)

    async def lose(self) -> None:  # noqa: D102
        self.fake.go_down()
        self.fake.come_up()

    async def published(self, topic: str) -> bytes:  # noqa: D102
        await until(lambda: topic in self.broker.retained)
        return self.broker.retained[topic]


class RealBench(Bench):
    """`hub.mqtt.connection.Connection` against Mosquitto."""

    def __init__(self, told: mqtt_parts.Lane, port: int) -> None:
        self.told = told
        self.port = port
        self.lane = told.connection
        self.packets = told.packets

    async def say(self, topic: str, payload: bytes) -> None:  # noqa: D102
        async with Client("127.0.0.1", self.port) as device:
            await device.publish(topic, payload, qos=1)

    async def lose(self) -> None:  # noqa: D102
        ups = len(self.told.ups)
        mqtt_parts.kill(self.told)
        await until(lambda: len(self.told.ups) > ups)

    async def published(self, topic: str) -> bytes:  # noqa: D102
        async with asyncio.timeout(5), Client("127.0.0.1", self.port) as reader:
            await reader.subscribe(topic)
            async for message in reader.messages:
                assert isinstance(message.payload, bytes)
                return message.payload
        raise AssertionError("nothing came")


@pytest.fixture(params=["fake", "real"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    """Either of them, connected."""
    if request.param == "fake":
        yield FakeBench()
        return
    mosquitto: Mosquitto = request.getfixturevalue("mosquitto")
    async with mqtt_parts.lane(mosquitto.port, subscriptions=("a/#",)) as told:
        await told.is_up()
        yield RealBench(told, mosquitto.port)


async def _answer(ask: Callable[[Callable[[bool, str], None]], None]) -> bool:
    answers: list[bool] = []
    ask(lambda ok, _why: answers.append(ok))
    assert answers == []
    await until(lambda: answers)
    return answers[0]


async def _arrived(bench: Bench, count: int) -> list[Packet]:
    await until(lambda: len(bench.packets) >= count, 15)
    return bench.packets


async def test_a_message_is_answered_after_publish_returned(bench: Bench) -> None:
    """With the broker's word, and it is there for others."""
    assert await _answer(lambda done: bench.lane.publish("b/1", b"x", retain=True, on_acknowledged=done))
    assert await bench.published("b/1") == b"x"


async def test_what_arrives_stays_unacknowledged_until_told(bench: Bench) -> None:
    """And PUBACKs leave in the order of arrival, whatever the order of the telling."""
    for number in range(3):
        await bench.say("a/1", b"%d" % number)
    first, second, third = await _arrived(bench, 3)
    assert [packet.payload for packet in (first, second, third)] == [b"0", b"1", b"2"]
    assert bench.lane.unacknowledged == 3
    bench.lane.acknowledge([third])
    assert bench.lane.unacknowledged == 3
    bench.lane.acknowledge([first, second])
    assert bench.lane.unacknowledged == 0


async def test_what_was_not_acknowledged_comes_again_and_says_so(bench: Bench) -> None:
    """With its packet id, on a session that was resumed; an acknowledgement of before the loss counts for nothing."""
    for number in range(2):
        await bench.say("a/1", b"%d" % number)
    first, second = await _arrived(bench, 2)
    bench.lane.acknowledge([first])
    await asyncio.sleep(0.05)
    await bench.lose()
    again = (await _arrived(bench, 3))[2]
    assert (again.payload, again.packet_id, again.duplicate, again.resumed) == (b"1", second.packet_id, True, True)
    assert again.connection > second.connection
    bench.lane.acknowledge([second])
    assert bench.lane.unacknowledged == 1
    bench.lane.acknowledge([again])
    assert bench.lane.unacknowledged == 0


async def test_filters_are_added_and_taken_away(bench: Bench) -> None:
    """A lane does not hear its own words."""
    await bench.lane.subscribe("c/#")
    assert bench.lane.subscriptions == ("a/#", "c/#")
    bench.lane.publish("c/own", b"own")
    await bench.say("c/1", b"heard")
    assert [packet.payload for packet in await _arrived(bench, 1)] == [b"heard"]
    await bench.lane.unsubscribe("c/#")
    await bench.say("c/1", b"not heard")
    await bench.say("a/1", b"still heard")
    assert [packet.payload for packet in await _arrived(bench, 2)] == [b"heard", b"still heard"]

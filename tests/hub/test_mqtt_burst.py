"""More at once than anybody asked for: held at the socket, read a mouthful at a time, whole and in order."""

import asyncio

import mqtt5

from tests.hub.mqtt_parts import FakeBroker, lane, publish_bytes
from tests.parts import until


async def test_a_broker_that_sends_more_than_we_asked_for_is_held_at_the_socket() -> None:
    """What waits in memory stays bounded, and everything arrives once it is acknowledged."""
    async with FakeBroker() as broker, lane(broker.port, receive_max=100) as bulk:
        await bulk.is_up()
        count = 5_000
        broker.send(b"".join(publish_bytes(n + 1, payload=b"x" * 4_000) for n in range(count)))
        await until(lambda: bulk.connection.unacknowledged > 200)
        link = bulk.connection._link
        assert link is not None
        assert not link._reading
        acknowledged = 0
        while len(bulk.packets) < count:
            assert len(bulk.packets) - acknowledged < 1_000
            bulk.connection.acknowledge(bulk.packets[acknowledged:])
            acknowledged = len(bulk.packets)
            await bulk.more_than(acknowledged)


async def test_a_burst_is_read_a_mouthful_at_a_time() -> None:
    """Everybody else has a turn after each: a press on the other connection does not wait for a quarter of a MiB."""
    turns = [0]

    async def take_turns() -> None:
        while True:
            turns[-1] += 1
            await asyncio.sleep(0)

    async with FakeBroker() as broker, lane(broker.port) as bulk:
        await bulk.is_up()
        others = asyncio.create_task(take_turns())
        broker.send(b"".join(publish_bytes(n + 1, payload=b"x" * 100) for n in range(5_000)))
        await bulk.more_than(4_999)
        others.cancel()
        assert max(bulk.wakes) <= 160
        assert turns[0] >= len(bulk.wakes)


async def test_a_burst_larger_than_any_buffer_is_taken_whole_and_in_order() -> None:
    """A hundred thousand messages, every one of them, in order."""
    async with FakeBroker() as broker, lane(broker.port) as bulk:
        await bulk.is_up()
        count = 100_000
        broker.send(b"".join(publish_bytes(n % 60_000 + 1, payload=b"%d" % n) for n in range(count)))
        done = 0
        while done < count:
            await bulk.more_than(done)
            bulk.connection.acknowledge(bulk.packets[done:])
            done = len(bulk.packets)
        assert bulk.payloads == [b"%d" % n for n in range(count)]
        await until(lambda: len(broker.of(mqtt5.PubAckPacket)) == count, 20)

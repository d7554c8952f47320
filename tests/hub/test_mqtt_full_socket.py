"""A broker that does not read: what we publish waits in line and is complete afterwards."""

import asyncio

import mqtt5

from tests.hub.mqtt_parts import FakeBroker, lane
from tests.parts import until


async def test_publishing_into_a_full_socket_waits_and_loses_nothing() -> None:
    """When the broker does not read, publishes wait in line; when it does again, all arrive."""
    async with FakeBroker() as broker, lane(broker.port) as urgent:
        await urgent.is_up()
        assert broker._writer is not None
        transport = broker._writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        for number in range(2_000):
            urgent.connection.publish("out", b"%06d" % number + b"x" * 20_000, on_acknowledged=urgent.answered)
        link = urgent.connection._link
        assert link is not None
        await until(lambda: not link._writable and len(link._queue) > 0)
        transport.resume_reading()
        await until(lambda: len(urgent.answers) == 2_000, 20)
        assert [p.payload[:6] for p in broker.of(mqtt5.PublishPacket)] == [b"%06d" % n for n in range(2_000)]

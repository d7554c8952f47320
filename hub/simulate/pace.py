"""Lets simulated time pass: what was planned for a moment is said at that moment, or so many times faster."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable

import aiomqtt

from hub.clock import Clock
from hub.mqtt.login import password_of, tls_of
from hub.mqtt.publishing import publish
from hub.mqtt.types import BrokerAddress
from hub.simulate.messages import Said

QOS = 1


async def paced(events: Iterable[Said], *, from_ms: int, speed: float, clock: Clock) -> AsyncIterator[Said]:
    """The events from a simulated moment on, each when its time has come."""
    began_ms = clock.elapsed_ms()
    for said in events:
        if said.at_ms < from_ms:
            continue
        due_ms = began_ms + (said.at_ms - from_ms) / speed
        wait_ms = due_ms - clock.elapsed_ms()
        if wait_ms > 0:
            await asyncio.sleep(wait_ms / 1000)
        yield said


def client(broker: BrokerAddress, identifier: str, will: aiomqtt.Will | None = None) -> aiomqtt.Client:
    """A connection of a simulated device or person, MQTT 3.1.1 as most gateways speak it."""
    password = password_of(broker)
    context: ssl.SSLContext | None = tls_of(broker)
    return aiomqtt.Client(
        broker.host,
        broker.port,
        username=broker.username,
        password=password.decode() if password is not None else None,
        identifier=identifier,
        tls_context=context,
        keepalive=10,
        will=will,
    )


async def say(broker: aiomqtt.Client, said: Said, clock: Clock) -> None:
    """Publish one message with the stamp of this moment."""
    await publish(broker, said.topic, said.payload(clock.wall_ms()))

"""Publishing over aiomqtt, so that whoever is told to end ends."""

from __future__ import annotations

import asyncio
import math

import aiomqtt
from paho.mqtt.properties import Properties

WITHIN_S = 10.0


async def publish(
    client: aiomqtt.Client,
    topic: str,
    payload: bytes,
    *,
    qos: int = 1,
    retain: bool = False,
    properties: Properties | None = None,
    within_s: float = WITHIN_S,
) -> None:
    """Publish, and return when the broker has it. Raises `aiomqtt.MqttError` where that takes too long.

    aiomqtt waits with `asyncio.wait_for`, and before Python 3.12 that takes a cancellation for the receipt where both
    come in one turn of the loop: a loop that publishes went on for ever. Asked to wait without an end it waits itself.
    """
    try:
        async with asyncio.timeout(within_s):
            await client.publish(topic, payload, qos=qos, retain=retain, properties=properties, timeout=math.inf)
    except TimeoutError:
        raise aiomqtt.MqttError("Operation timed out") from None

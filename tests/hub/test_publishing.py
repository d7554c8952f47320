"""Whoever publishes over aiomqtt and is told to end, ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import aiomqtt

from hub.mqtt.publishing import publish
from tests.parts import Mosquitto, until


async def test_who_is_told_to_end_in_the_moment_of_a_receipt_ends(mosquitto: Mosquitto) -> None:
    """Both in one turn of the loop: the demonstration went on publishing for ever, and never ended."""
    async with aiomqtt.Client("127.0.0.1", mosquitto.port) as client:
        stopping: list[asyncio.Task[None]] = []
        receipt = cast("Callable[..., None]", client._client.on_publish)

        def received(*about: object) -> None:
            receipt(*about)
            for task in stopping:
                task.cancel()

        client._client.on_publish = received

        async def go_on() -> None:
            while True:
                await publish(client, "a/lamp", b"on")

        talking = asyncio.create_task(go_on())
        await asyncio.sleep(0)
        stopping.append(talking)
        await until(talking.done)
        assert talking.cancelled()

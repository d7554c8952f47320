"""The watcher's connection against the real broker: what it keeps, and that it notices a broker that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import aiomqtt

from hub.mqtt.types import BrokerAddress
from hub.watch.link import BeatsFirst, Link, Said
from tests.parts import Mosquitto, until

STATUS = "handrail/elm/watch/status"
WILL = Said(topic=STATUS, payload=b"lost")


@dataclass
class Heard:
    """What the link reported."""

    links: list[bool] = field(default_factory=list)
    messages: list[tuple[str, bytes, bool]] = field(default_factory=list)
    answers: int = 0

    def on_message(self, topic: str, payload: bytes, retained: bool) -> None:
        """A message came."""
        self.messages.append((topic, payload, retained))

    def on_answer(self) -> None:
        """The broker has something that was published."""
        self.answers += 1

    def on(self, topic: str) -> list[bytes]:
        """The payloads of one topic."""
        return [payload for name, payload, _ in self.messages if name == topic]


@asynccontextmanager
async def linked(
    port: int, heard: Heard, *, client_id: str = "handrail-elm-watcher", kind: type[Link] = Link
) -> AsyncIterator[Link]:
    """A link that is up."""
    link = kind(
        address=BrokerAddress(host="127.0.0.1", port=port),
        client_id=client_id,
        filters=("zigbee2mqtt/#", STATUS),
        will=WILL,
        on_link=heard.links.append,
        on_message=heard.on_message,
        on_answer=heard.on_answer,
    )
    running = asyncio.create_task(link.run())
    try:
        await until(lambda: heard.links and heard.links[-1], 10)
        yield link
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_what_is_pressed_while_the_link_is_broken_comes_after_it(mosquitto: Mosquitto) -> None:
    """The broker keeps the session for a minute: a watcher that starts again has missed nothing of that."""
    async with aiomqtt.Client("127.0.0.1", mosquitto.port) as device:
        async with linked(mosquitto.port, Heard()):
            pass
        await device.publish("zigbee2mqtt/p12", b"pressed", qos=1)
        heard = Heard()
        async with linked(mosquitto.port, heard):
            await until(lambda: heard.on("zigbee2mqtt/p12") == [b"pressed"])
            assert not heard.messages[0][2]


async def test_a_broker_that_stands_still_is_noticed_and_found_again(mosquitto: Mosquitto) -> None:
    """It no longer answers what is published; the next connection says all anew."""
    heard = Heard()
    async with linked(mosquitto.port, heard) as link:
        link.publish(Said(topic=STATUS, payload=b"first", retain=True, expiry_s=60))
        await until(lambda: heard.on(STATUS)[-1:] == [b"first"])
        mosquitto.pause()
        link.publish(Said(topic=STATUS, payload=b"unheard"))
        await until(lambda: heard.links == [True, False], 15)
        assert not link.up
        link.publish(Said(topic=STATUS, payload=b"dropped"))
        mosquitto.resume()
        await until(lambda: heard.links == [True, False, True], 15)
        link.publish(Said(topic=STATUS, payload=b"again"))
        await until(lambda: b"again" in heard.on(STATUS))
        assert b"dropped" not in heard.on(STATUS)


class Behind(Link):
    """A link whose broker has so much to hand over that its answer does not come in time."""

    def __init__(self, **how: object) -> None:
        super().__init__(**how)  # type: ignore[arg-type]
        self.anew: list[bool] = []

    async def _subscribe(self, client: aiomqtt.Client, filters: tuple[str, ...]) -> None:
        self.anew.append(self._anew)
        if not self._anew:
            raise aiomqtt.MqttError("Operation timed out")
        await super()._subscribe(client, filters)


async def test_a_backlog_that_is_too_long_is_left_to_the_hub(mosquitto: Mosquitto) -> None:
    """A watcher that cannot read it in time begins without it, instead of never."""
    heard = Heard()
    link = Behind(
        address=BrokerAddress(host="127.0.0.1", port=mosquitto.port),
        client_id="handrail-elm-watcher",
        filters=(STATUS,),
        will=WILL,
        on_link=heard.links.append,
        on_message=heard.on_message,
        on_answer=heard.on_answer,
    )
    running = asyncio.create_task(link.run())
    await until(lambda: heard.links and heard.links[-1], 10)
    assert link.anew == [False, True]
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


class Cut(Link):
    """A link whose network is down for the first two tries."""

    tries = 0

    def _client(self) -> aiomqtt.Client:
        self.tries += 1
        if self.tries <= 2:
            raise OSError("No route to host")
        return super()._client()


async def test_a_network_that_is_down_for_a_few_tries_costs_no_press(mosquitto: Mosquitto) -> None:
    """What the broker keeps for the watcher is not thrown away because nobody answered."""
    heard = Heard()
    async with aiomqtt.Client("127.0.0.1", mosquitto.port) as device:
        async with linked(mosquitto.port, Heard()):
            pass
        await device.publish("zigbee2mqtt/p12", b"pressed", qos=1)
        async with linked(mosquitto.port, heard, kind=Cut):
            await until(lambda: heard.on("zigbee2mqtt/p12") == [b"pressed"])


async def test_heartbeats_pass_what_waits_to_be_read() -> None:
    """In a flood of devices the hub must not look silent; they keep their own order, and everything else its own: a hub
    that was lost must not look well by its word of before."""

    def message(topic: str) -> aiomqtt.Message:
        return aiomqtt.Message(topic=topic, payload=b"", qos=1, retain=False, mid=1, properties=None)

    waiting = BeatsFirst()
    first, second = "handrail/elm/status", "handrail/elm/watch/status"
    for topic in ("zigbee2mqtt/a", "handrail/elm/log", first, "zigbee2mqtt/x/status", second):
        waiting.put_nowait(message(topic))
    order = [str(waiting.get_nowait().topic) for _ in range(3)]
    waiting.put_nowait(message(first))
    order += [str(waiting.get_nowait().topic) for _ in range(3)]
    assert order == [first, second, "zigbee2mqtt/a", first, "handrail/elm/log", "zigbee2mqtt/x/status"]

"""A command that asks the hub for something, as the screens do: with their account, and an answer after the commit."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator

import aiomqtt
import orjson
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hub.errors import BrokerUnreachable, HandrailError
from hub.homes import Known
from hub.mqtt.login import password_of, tls_of
from hub.topics import Topics

ANSWER_S = 5.0
KEEPALIVE_S = 5
CLIENT = "dashboards"
Said = dict[str, object]


class HubSilent(HandrailError):
    """The hub did not answer in time."""


class Hub:
    """The hub of one home, from outside: `ask` it, and hear what it says."""

    def __init__(self, client: aiomqtt.Client, topics: Topics) -> None:
        self._client = client
        self._topics = topics
        self._waiting: dict[str, asyncio.Future[Said]] = {}
        self.lines: asyncio.Queue[Said] = asyncio.Queue()
        """The log from now on."""
        self.alerts: dict[str, Said] = {}
        """The newest word of each alert."""

    async def ask(self, **wish: str) -> tuple[bool, str]:
        """Ask, and wait for the answer that follows the commit. What is answered with silence is never done later."""
        request = f"walk-{secrets.token_hex(8)}"
        answer = self._waiting[request] = asyncio.get_running_loop().create_future()
        expiry = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        expiry.MessageExpiryInterval = int(ANSWER_S)
        try:
            async with asyncio.timeout(ANSWER_S):
                payload = orjson.dumps({"id": request, **wish})
                await self._client.publish(f"{self._topics.requests[:-1]}{CLIENT}", payload, qos=1, properties=expiry)
                said = await answer
        except TimeoutError:
            raise HubSilent("the hub does not answer: does it run, and does this home's broker let us ask?") from None
        finally:
            del self._waiting[request]
        return said.get("ok") is True, str(said.get("reason", ""))

    async def listen(self) -> None:
        """Take what comes, until cancelled."""
        async for message in self._client.messages:
            self._take(str(message.topic), bytes(message.payload or b""))

    def _take(self, topic: str, payload: bytes) -> None:
        if not payload:
            return
        said: Said = orjson.loads(payload)
        waiting = self._waiting.get(str(said.get("id")))
        alert = self._topics.alert_of(topic)
        if topic == self._topics.log:
            self.lines.put_nowait(said)
        elif alert is not None:
            self.alerts[alert] = said
        elif waiting is not None and not waiting.done():
            waiting.set_result(said)


@contextlib.asynccontextmanager
async def hub_of(home: Known) -> AsyncIterator[Hub]:
    """Connected with the screens' account. Raises `BrokerUnreachable` where that fails, or ends meanwhile."""
    address, topics = home.settings.dashboards_broker, Topics(home.slug)
    password = password_of(address)
    try:
        async with aiomqtt.Client(
            address.host,
            address.port,
            username=address.username,
            password=password.decode() if password is not None else None,
            identifier=f"handrail-{home.slug}-walk-{secrets.token_hex(4)}",
            protocol=aiomqtt.ProtocolVersion.V5,
            keepalive=KEEPALIVE_S,
            timeout=ANSWER_S,
            tls_context=tls_of(address),
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        ) as client:
            await client.subscribe([(topics.done("+"), 1), (topics.log, 1), (topics.alerts, 1)])
            hub = Hub(client, topics)
            async with asyncio.TaskGroup() as group:
                listening = group.create_task(hub.listen())
                try:
                    yield hub
                finally:
                    listening.cancel()
    except* (aiomqtt.MqttError, OSError) as failed:
        first = failed.exceptions[0]
        raise BrokerUnreachable(f"no connection to the broker at {address}: {first}") from None

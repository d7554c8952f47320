"""The watcher's own connection to the broker, kept up by itself. It shares nothing with the hub's lanes.

A session with a fixed name that the broker keeps for a minute: what is pressed while this connection is broken comes
after it, together with the hub's log lines of the same time, and what is older is of no use to a watcher.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hub.errors import CredentialsUnreadable
from hub.mqtt.login import password_of, tls_of
from hub.mqtt.publishing import publish
from hub.mqtt.types import BrokerAddress

log = logging.getLogger("handrail.watch")

KEEPALIVE_S = 3
ANSWER_S = 3.0
"""A broker that does not answer a message within this has stopped; the next connection shows."""
SESSION_S = 60
PAUSE_S = (0.25, 2.0)
AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message to be published; the broker forgets it after `expiry_s`."""

    topic: str
    payload: bytes
    retain: bool = False
    expiry_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hear:
    """More to subscribe to."""

    filters: tuple[str, ...]


class BeatsFirst(asyncio.Queue[aiomqtt.Message]):
    """Heartbeats pass what waits to be read, in their own order: in a flood of messages the hub must not look silent,
    nor a hub that was lost look well by its word of before."""

    _queue: deque[aiomqtt.Message]

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self._beats = 0

    def _put(self, item: aiomqtt.Message) -> None:
        topic = str(item.topic)
        if topic.startswith("handrail/") and topic.endswith("/status"):
            self._queue.insert(self._beats, item)
            self._beats += 1
        else:
            self._queue.append(item)

    def _get(self) -> aiomqtt.Message:
        self._beats = max(0, self._beats - 1)
        return self._queue.popleft()


class Link:
    """One connection after the other, until cancelled."""

    def __init__(
        self,
        *,
        address: BrokerAddress,
        client_id: str,
        filters: tuple[str, ...],
        will: Said,
        on_link: Callable[[bool], None],
        on_message: Callable[[str, bytes, bool], None],
        on_answer: Callable[[], None],
    ) -> None:
        """`on_answer`: the broker said that it has something we published, whether or not it passed it on."""
        self._address, self._client_id, self._filters, self._will = address, client_id, filters, will
        self._on_link, self._on_message, self._on_answer = on_link, on_message, on_answer
        self._waiting: asyncio.Queue[Said | Hear] | None = None
        self._anew = self._was_up = False

    @property
    def up(self) -> bool:
        """Connected and subscribed."""
        return self._waiting is not None

    def publish(self, said: Said) -> None:
        """Send soon; without a connection it is dropped, and the next one begins with all that holds."""
        if self._waiting is not None:
            self._waiting.put_nowait(said)

    def hear(self, *filters: str) -> None:
        """Subscribe to these as well, from now on and with each new connection."""
        more = tuple(name for name in filters if name not in self._filters)
        self._filters += more
        if more and self._waiting is not None:
            self._waiting.put_nowait(Hear(filters=more))

    async def flushed(self, within_s: float) -> None:
        """Wait until what was published has left, or as long as that may take."""
        if self._waiting is None:
            return
        try:
            async with asyncio.timeout(within_s):
                await self._waiting.join()
        except TimeoutError:
            log.warning("the broker did not take the last words")

    async def run(self) -> None:
        """Stay connected; said once when the connection goes and once when it is back."""
        pause_s, told = PAUSE_S[0], False
        while True:
            self._was_up = answered = False
            try:
                async with self._client() as client:
                    answered = True
                    await self._subscribe(client, self._filters)
                    self._was_up = True
                    if told:
                        log.warning("connected to the broker again")
                    pause_s, told = PAUSE_S[0], False
                    await self._work(client)
            except (aiomqtt.MqttError, OSError, CredentialsUnreadable) as error:
                # What waits for us may be more than we can read before the broker has to answer: begin without it. Of
                # a broker that never said anything it is not known, and there may be the call in it that counts.
                if answered:
                    self._anew = not self._was_up
                if not told:
                    log.warning("no connection to the broker at %s, trying on: %s", self._address, error)
                told = True
            await asyncio.sleep(pause_s * random.uniform(0.7, 1.3))
            pause_s = min(PAUSE_S[1], pause_s * 2)

    async def _subscribe(self, client: aiomqtt.Client, filters: tuple[str, ...]) -> None:
        granted = await client.subscribe([(name, 1) for name in filters], timeout=ANSWER_S)
        for name, code in zip(filters, cast("list[object]", granted), strict=False):
            if getattr(code, "is_failure", False):
                log.error("the broker does not let the watcher hear %s: give its account the right to read it", name)

    async def _work(self, client: aiomqtt.Client) -> None:
        waiting = self._waiting = asyncio.Queue()
        sending = asyncio.create_task(self._send(client, waiting))
        reading = asyncio.create_task(self._read(client))
        try:
            self._on_link(True)
            done, _ = await asyncio.wait((sending, reading), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._waiting = None
            for task in (sending, reading):
                task.cancel()
            await asyncio.gather(sending, reading, return_exceptions=True)
            self._on_link(False)

    async def _read(self, client: aiomqtt.Client) -> None:
        count = 0
        async for message in client.messages:
            self._on_message(str(message.topic), message.payload, message.retain)
            count += 1
            if count % AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _send(self, client: aiomqtt.Client, waiting: asyncio.Queue[Said | Hear]) -> None:
        while True:
            said = await waiting.get()
            if isinstance(said, Hear):
                await self._subscribe(client, said.filters)
                waiting.task_done()
                continue
            expiry = None
            if said.expiry_s is not None:
                expiry = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
                expiry.MessageExpiryInterval = said.expiry_s
            await publish(client, said.topic, said.payload, retain=said.retain, properties=expiry, within_s=ANSWER_S)
            waiting.task_done()
            self._on_answer()

    def _client(self) -> aiomqtt.Client:
        password = password_of(self._address)
        kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        kept.SessionExpiryInterval = SESSION_S
        return aiomqtt.Client(
            self._address.host,
            self._address.port,
            username=self._address.username,
            password=password.decode() if password is not None else None,
            identifier=self._client_id,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=self._anew,
            properties=kept,
            will=aiomqtt.Will(self._will.topic, self._will.payload, qos=1, retain=True),
            keepalive=KEEPALIVE_S,
            timeout=ANSWER_S,
            queue_type=BeatsFirst,
            tls_context=tls_of(self._address),
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )

"""The simulated gateways of `demo --all-ecosystems`: each with a connection of its own, which can be cut and mended."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterable

import aiomqtt

from hub.clock import Clock
from hub.errors import HandrailError
from hub.mqtt.publishing import publish
from hub.mqtt.types import BrokerAddress
from hub.simulate.pace import QOS, client
from hub.simulate.peer import Peer, Sent

log = logging.getLogger("handrail.demo")

AGAIN_S = 1.0


class Gateways:
    """Peers on a broker. Cut, one is gone as by a power cut: the broker says its last will, where it left one."""

    def __init__(
        self,
        peers: Iterable[Peer],
        *,
        address: Callable[[str], BrokerAddress],
        clock: Clock,
        without: Iterable[str] = (),
    ) -> None:
        """`address` is where an account reaches the broker; `without` are those that are not there from the start."""
        self.peers = {peer.name: peer for peer in peers}
        self._address = address
        self._clock = clock
        self._there = {name: asyncio.Event() for name in self.peers}
        self._lines: dict[str, aiomqtt.Client] = {}
        self._say: dict[str, asyncio.Queue[Sent]] = {name: asyncio.Queue() for name in self.peers}
        for name in self.peers.keys() - set(without):
            self._there[name].set()

    @property
    def connected(self) -> frozenset[str]:
        """Those that have said that they are there."""
        return frozenset(self._lines)

    def is_there(self, name: str) -> bool:
        """Whether it is not taken away."""
        return name not in self._there or self._there[name].is_set()

    def take(self, name: str) -> None:
        """Cut its line, without a word."""
        self._there[name].clear()
        line = self._lines.pop(name, None)
        # aiomqtt can only say goodbye, and whoever does leaves no will.
        wire = line._client.socket() if line is not None else None
        if isinstance(wire, socket.socket):
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

    def bring(self, name: str) -> None:
        """It is there again."""
        self._there[name].set()

    def press(self, name: str) -> None:
        """Somebody calls with what hangs on it."""
        for sent in self.peers[name].press(self._clock.wall_ms()):
            self._say[name].put_nowait(sent)

    async def run(self) -> None:
        """Keep them all."""
        async with asyncio.TaskGroup() as group:
            for peer in self.peers.values():
                group.create_task(self._keep(peer))

    async def _keep(self, peer: Peer) -> None:
        said = ""
        while True:
            await self._there[peer.name].wait()
            try:
                await self._live(peer)
            except* (aiomqtt.MqttError, OSError) as errors:
                log.debug("%s: %s", peer.name, errors.exceptions[0])
            except* HandrailError as errors:
                if str(errors.exceptions[0]) != said:
                    said = str(errors.exceptions[0])
                    log.warning("%s: %s", peer.name, said)
            self._lines.pop(peer.name, None)
            await asyncio.sleep(AGAIN_S if self.is_there(peer.name) else 0)

    async def _live(self, peer: Peer) -> None:
        will = peer.will
        last = aiomqtt.Will(will.topic, will.payload, QOS, will.retain) if will is not None else None
        async with client(self._address(peer.account), f"demo-{peer.name}", will=last) as line:
            for topic in peer.hears:
                await line.subscribe(topic, qos=QOS)
            for sent in peer.hello(self._clock.wall_ms()):
                await publish(line, sent.topic, sent.payload, retain=sent.retain)
            self._lines[peer.name] = line
            async with asyncio.TaskGroup() as group:
                group.create_task(self._obey(peer, line))
                group.create_task(self._tell(peer, line))

    async def _obey(self, peer: Peer, line: aiomqtt.Client) -> None:
        async for message in line.messages:
            if isinstance(message.payload, bytes):
                for sent in peer.told(str(message.topic), message.payload, self._clock.wall_ms()):
                    await publish(line, sent.topic, sent.payload, retain=sent.retain)

    async def _tell(self, peer: Peer, line: aiomqtt.Client) -> None:
        while True:
            sent = await self._say[peer.name].get()
            await publish(line, sent.topic, sent.payload, retain=sent.retain)

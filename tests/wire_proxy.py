"""A TCP proxy that stands between a client and its broker and does what a bad network does.

    async with WireProxy(broker.port) as wire:
        ... a client at wire.port ...
        wire.swallow(UP)        # half open: what the client says reaches nobody, and neither side is told
        wire.heal()             # new connections work; one that lost bytes stays dead, as in a real network

Each direction has its own misfortune: late, one byte at a time, changed, swallowed, cut after so many bytes.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

UP, DOWN = "up", "down"
"""From the client to the broker, and back."""
BOTH = (UP, DOWN)


@dataclass(slots=True)
class Way:
    """What happens to the bytes of one direction, on every connection that is there and that comes."""

    delay_s: float = 0.0
    singly: bool = False
    """One byte at a time."""
    swallowed: bool = False
    change: Callable[[bytes], bytes] | None = None
    cut_after: int | None = None
    """So many bytes are still carried, then both ends are reset."""


class WireProxy:
    """Listens on a port of its own and carries bytes to the broker's and back."""

    def __init__(self, broker_port: int) -> None:
        self.port = 0
        self.connections = 0
        self.refuses = False
        self.ways = {UP: Way(), DOWN: Way()}
        self._broker_port = broker_port
        self._carrying: set[_Wire] = set()
        self._server: asyncio.Server | None = None

    def swallow(self, *directions: str) -> None:
        """From now on the bytes of these directions are lost, those of open connections too, and nobody is told."""
        for direction in directions:
            self.ways[direction].swallowed = True
            for wire in self._carrying:
                wire.dead.add(direction)

    def heal(self) -> None:
        """The network is whole again for whoever connects anew."""
        self.refuses = False
        self.ways.update({UP: Way(), DOWN: Way()})

    def reset(self) -> None:
        """Both ends of every connection see it reset."""
        for wire in tuple(self._carrying):
            wire.reset()

    def hang_up(self) -> None:
        """Every connection is ended in order, as a broker or a firewall ends one it is tired of."""
        for wire in self._carrying:
            wire.hang_up()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.refuses:
            writer.transport.abort()
            return
        try:
            back, there = await asyncio.open_connection("127.0.0.1", self._broker_port)
        except OSError:
            writer.transport.abort()
            return
        wire = _Wire(self.ways, client=writer, broker=there)
        self._carrying.add(wire)
        try:
            await asyncio.gather(wire.carry(UP, reader, there), wire.carry(DOWN, back, writer))
        finally:
            wire.reset()
            self._carrying.discard(wire)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.reset()
        # A connection that is being made is not among those yet.
        while self._carrying:
            self.reset()
            await asyncio.sleep(0.005)


class _Wire:
    """One connection through the proxy."""

    def __init__(self, ways: dict[str, Way], *, client: asyncio.StreamWriter, broker: asyncio.StreamWriter) -> None:
        self._ways = ways
        self._ends = (client, broker)
        self.dead = {direction for direction, way in ways.items() if way.swallowed}
        for end in self._ends:
            end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def reset(self) -> None:
        for end in self._ends:
            end.transport.abort()

    def hang_up(self) -> None:
        for end in self._ends:
            end.close()

    async def carry(self, direction: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until one end is over: the other hears of it, unless what would tell it is swallowed."""
        try:
            while data := await reader.read(65_536):
                if direction not in self.dead:
                    await self._pass_on(self._ways[direction], data, writer)
        except (ConnectionError, OSError):
            pass
        if direction not in self.dead:
            writer.transport.abort() if writer.is_closing() else writer.close()

    async def _pass_on(self, way: Way, data: bytes, writer: asyncio.StreamWriter) -> None:
        if way.delay_s:
            await asyncio.sleep(way.delay_s)
        if way.change is not None:
            data = way.change(data)
        if way.cut_after is not None:
            data, way.cut_after = data[: way.cut_after], way.cut_after - min(len(data), way.cut_after)
        for piece in (data[at : at + 1] for at in range(len(data))) if way.singly else (data,):
            writer.write(piece)
            await writer.drain()
            if way.singly:
                await asyncio.sleep(0)
        if way.cut_after == 0:
            self.reset()

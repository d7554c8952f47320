"""A small HTTP server on loopback that answers as it is told and remembers what it was asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Answers:
    """What the server answers, and the bodies it was sent; `hold` keeps it from answering at all."""

    status: int = 200
    body: bytes = b"{}"
    port: int = 0
    hold: asyncio.Event | None = None
    bodies: list[bytes] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lengths = [line.split(":")[1] for line in head.splitlines() if line.lower().startswith("content-length:")]
            self.headers.append(head)
            self.bodies.append(await reader.readexactly(int(lengths[0]) if lengths else 0))
            if self.hold is not None:
                await self.hold.wait()
            head = f"HTTP/1.1 {self.status} Said\r\nContent-Length: {len(self.body)}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + self.body)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def answering(
    status: int = 200, body: bytes = b"{}", hold: asyncio.Event | None = None
) -> AsyncIterator[Answers]:
    """The server, for as long as a test needs it."""
    answers = Answers(status=status, body=body, hold=hold)
    server = await asyncio.start_server(answers.handle, "127.0.0.1", 0)
    answers.port = server.sockets[0].getsockname()[1]
    try:
        yield answers
    finally:
        if hold is not None:
            hold.set()
        server.close()

"""A small Home Assistant on loopback: its REST interface as its documentation shows it, and what goes wrong with it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from tests.parts import free_port

TOKEN = "a-long-lived-token"


@dataclass
class FakeHomeAssistant:
    """Takes services while it is up; it can refuse, say what a test wants, hang, go away and come back."""

    token: str = TOKEN
    status: int = 200
    """What it answers to a service; a wrong token is answered with 401 whatever this says."""
    said: bytes = b"[]"
    hangs: bool = False
    hangs_up: bool = False
    port: int = field(default_factory=free_port)
    calls: list[tuple[str, object]] = field(default_factory=list)
    """Each service that was asked for with a token it knows, and its data."""
    refused: int = 0
    looks: int = 0
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where it is, as `home.yaml` says it."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> FakeHomeAssistant:
        """Be there."""
        self._server = await asyncio.start_server(self._handle, "127.0.0.1", self.port)
        return self

    async def stop(self) -> None:
        """Be gone."""
        if self._server is not None:
            self._server.close()
            for writer in self._open:
                writer.close()
            self._server = None

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lengths = [line.split(":")[1] for line in head.splitlines() if line.lower().startswith("content-length:")]
            body = await reader.readexactly(int(lengths[0]) if lengths else 0)
            method, path, _ = head.splitlines()[0].split()
            status, said = self._answer(method, path, head, body)
            if self.hangs:
                await reader.read()
                return
            if not self.hangs_up:
                writer.write(f"HTTP/1.1 {status} Said\r\nContent-Length: {len(said)}\r\n\r\n".encode() + said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self._open.discard(writer)
            writer.close()

    def _answer(self, method: str, path: str, head: str, body: bytes) -> tuple[int, bytes]:
        if f"authorization: bearer {self.token}" not in head.lower():
            self.refused += 1
            return 401, b"401: Unauthorized"
        if (method, path) == ("GET", "/api/"):
            self.looks += 1
            return 200, b'{"message": "API running."}'
        self.calls.append((f"{method} {path}", orjson.loads(body)))
        return self.status, self.said


def write_token(folder: Path, token: str = TOKEN) -> Path:
    """The file of a token, as `home.yaml` names it."""
    path = folder / "home-assistant.token"
    path.write_text(f"{token}\n", encoding="utf-8")
    path.chmod(0o600)
    return path

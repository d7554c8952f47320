"""The program as somebody at a terminal starts it, and what it says on the broker."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import orjson

from tests.parts import REPOSITORY, end

DEADLINE_S = 30.0


def environment() -> dict[str, str]:
    """Ours, with this checkout as the program's source."""
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200"}


def start(*arguments: str | Path, cwd: Path | None = None) -> subprocess.Popen[bytes]:
    """Start a command; its words are kept in pipes, its standard input is empty."""
    return subprocess.Popen(
        [sys.executable, "-m", "hub.commands", *map(str, arguments)],
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finished(*arguments: str | Path, given: bytes = b"", code: int = 0) -> tuple[str, str]:
    """Run a command to its end; its output and its complaints, once the exit code is the expected one."""
    done = subprocess.run(
        [sys.executable, "-m", "hub.commands", *map(str, arguments)],
        env=environment(),
        input=given,
        capture_output=True,
        check=False,
        timeout=DEADLINE_S,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == code, f"exit {done.returncode}\n{out}\n{err}"
    return out, err


def refused(*arguments: str | Path) -> str:
    """The one line with which a command refuses, with exit code 2 and nothing on standard output."""
    out, err = finished(*arguments, code=2)
    assert out == ""
    assert err.startswith("handrail: "), err
    assert err.count("\n") == 1, err
    return err


def stopped(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
    """End a started command; its exit code and what it complained of."""
    end(process, how)
    assert process.stderr is not None
    assert process.stdout is not None
    with process.stderr, process.stdout:
        return process.returncode, process.stderr.read().decode()


class Heard:
    """Messages of one broker, in order, waited for with a deadline."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self._all: list[tuple[str, dict[str, object]]] = []

    async def until(self, topic: str, **wanted: object) -> dict[str, object]:
        """The next message whose topic begins so and whose fields are these, those that came already included."""
        async with asyncio.timeout(DEADLINE_S):
            for known, said in self._all:
                if known.startswith(topic) and wanted.items() <= said.items():
                    return said
            async for message in self.client.messages:
                said = orjson.loads(message.payload) if message.payload else {}
                self._all.append((str(message.topic), said))
                if str(message.topic).startswith(topic) and wanted.items() <= said.items():
                    return said
        raise AssertionError("the broker closed the connection")

    def forget(self) -> None:
        """What came until now is no answer to what is asked from now on."""
        self._all.clear()


@asynccontextmanager
async def listening(
    port: int,
    *filters: str,
    username: str | None = None,
    password: str | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Heard]:
    """A stranger's connection to the broker that hears these topics."""
    async with aiomqtt.Client("127.0.0.1", port, username=username, password=password, tls_context=tls) as client:
        for name in filters:
            await client.subscribe(name, qos=1)
        yield Heard(client)

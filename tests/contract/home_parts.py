"""What the contract tests share: a home that runs as a child process, and a stranger who only knows MQTT."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import orjson
from aiomqtt import Client, ProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.parts import REPOSITORY, Mosquitto, end, until

SLUG = "ashgrove"
TOP = f"handrail/{SLUG}"
DEADLINE_S = 20.0
Json = dict[str, object]


def command(*words: str | Path) -> list[str]:
    """The program as somebody types it."""
    return [sys.executable, "-m", "hub.commands", *map(str, words)]


def environment() -> dict[str, str]:
    """For a child that runs from this checkout."""
    return {**os.environ, "PYTHONPATH": str(REPOSITORY)}


class RunningHome:
    """A home folder with its hub, which a test starts, stops, kills and starts again."""

    def __init__(self, folder: Path, broker: Mosquitto, rooms: int, port: int | None = None, login: str = "") -> None:
        """`port` is where the hub is told that its broker is, when something stands between the two; `login` (`hub:p@`)
        what it logs in with."""
        self.folder = folder
        self.broker = broker
        self.process: subprocess.Popen[bytes] | None = None
        address = f"mqtt://{login}127.0.0.1:{port or broker.port}"
        words = ("new", folder, "--rooms", str(rooms), "--home", SLUG, "--broker", address)
        subprocess.run(command(*words), check=True, capture_output=True, env=environment())

    @property
    def said(self) -> str:
        """What the hub wrote to standard error, over all its starts."""
        return (self.folder.parent / "hub.log").read_text(errors="replace")

    def start(self, **more: str) -> None:
        """Start the hub, with more in its environment; it may not be ready yet."""
        with (self.folder.parent / "hub.log").open("ab") as log:
            self.process = subprocess.Popen(command("run", self.folder), stderr=log, env={**environment(), **more})

    def kill(self) -> None:
        """Kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        end(self.process)
        return self.process.returncode

    def hang_up(self) -> None:
        """SIGHUP."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def edit(self, file: str, change: Callable[[str], str]) -> None:
        """Change a file of the home."""
        path = self.folder / file
        path.write_text(change(path.read_text()))


@contextmanager
def home_with(
    folder: Path, broker: Mosquitto, rooms: int, port: int | None = None, login: str = ""
) -> Iterator[RunningHome]:
    """A home whose hub is ended when the block is."""
    home = RunningHome(folder, broker, rooms, port, login)
    try:
        yield home
    finally:
        if home.process is not None:
            end(home.process)


class Stranger:
    """Somebody with an MQTT client who has read DESIGN §7 and nothing else."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.heard: list[tuple[str, bytes, bool]] = []

    async def listen(self) -> None:
        """Keep everything that comes."""
        async for message in self._client.messages:
            payload = message.payload
            assert isinstance(payload, bytes)
            self.heard.append((str(message.topic), payload, bool(message.retain)))

    async def publish(self, topic: str, payload: bytes | str, *, qos: int = 1, retain: bool = False) -> None:
        """As a device does."""
        await self._client.publish(topic, payload, qos=qos, retain=retain)

    async def press(self, room: str, stamp: str | int | None = None) -> None:
        """The pendant of a room."""
        said: Json = {"action": "emergency"} if stamp is None else {"action": "emergency", "last_seen": stamp}
        await self.publish(f"zigbee2mqtt/room-{room}-pendant", orjson.dumps(said))

    async def ask(self, client: str, *, answer_on: str | None = None, **request: object) -> Json:
        """A request of a client, and its answer on `done`."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if answer_on is not None:
            properties.ResponseTopic = answer_on
        before = len(self.on(f"{TOP}/done/{request['id']}"))
        await self._client.publish(f"{TOP}/do/{client}", orjson.dumps(request), qos=1, properties=properties)
        await until(lambda: len(self.on(f"{TOP}/done/{request['id']}")) > before, DEADLINE_S)
        return self.on(f"{TOP}/done/{request['id']}")[-1]

    def on(self, topic: str) -> list[Json]:
        """The messages on one topic so far, read."""
        return [orjson.loads(payload) for name, payload, _ in self.heard if name == topic and payload]

    def raw(self, topic: str) -> list[bytes]:
        """The payloads on one topic so far."""
        return [payload for name, payload, _ in self.heard if name == topic]

    def log(self, *steps: str, **fields: object) -> list[Json]:
        """The log lines of these steps, with these fields."""
        return [
            line
            for line in self.on(f"{TOP}/log")
            if (not steps or line["step"] in steps) and all(line.get(name) == value for name, value in fields.items())
        ]

    async def line(self, *steps: str, **fields: object) -> Json:
        """The first such line, waited for."""
        await until(lambda: self.log(*steps, **fields), DEADLINE_S)
        return self.log(*steps, **fields)[0]

    @property
    def state(self) -> object:
        """What the newest heartbeat says."""
        beats = self.on(f"{TOP}/status")
        return beats[-1]["state"] if beats else None

    async def is_ready(self) -> None:
        """Until the hub says so anew: what was heard before is forgotten, so that an old word does not count."""
        self.heard = [heard for heard in self.heard if heard[0] != f"{TOP}/status"]
        await until(lambda: self.state == "ready", DEADLINE_S)

    async def retained(self, topic: str, port: int) -> bytes | None:
        """What a new subscriber is shown there first, nothing where a marker comes first."""
        async with Client("127.0.0.1", port, protocol=ProtocolVersion.V5) as other:
            await other.subscribe([(topic, 1), ("marker", 1)])
            await other.publish("marker", b"", qos=1)
            async for message in other.messages:
                assert isinstance(message.payload, bytes)
                return message.payload if str(message.topic) == topic else None
        return None


@asynccontextmanager
async def stranger(port: int, *filters: str, login: str | None = None) -> AsyncIterator[Stranger]:
    """Connected, and hearing all of Handrail's own topics, or what these filters say; `login` is name and password."""
    async with Client(
        "127.0.0.1",
        port,
        username=login,
        password=login,
        protocol=ProtocolVersion.V5,
        max_queued_incoming_messages=0,
    ) as client:
        somebody = Stranger(client)
        await client.subscribe([(name, 1) for name in filters or ("handrail/#",)])
        listening = asyncio.create_task(somebody.listen())
        try:
            yield somebody
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

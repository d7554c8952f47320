"""The side of the screens that speaks MQTT: it asks the hub, waits for the answer that follows the commit, and listens.

What a screen asks is published at QoS 1 and expires at its deadline: a tap that was answered with "no answer" is never
carried out behind the carer's back later. A cry for help is the exception, it is better late than never.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import secrets
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import aiomqtt
import orjson
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from pydantic import BaseModel, ValidationError

from dashboards import strings
from dashboards.settings import Settings

log = logging.getLogger("handrail.dashboards")

CLIENT = "dashboards"
DEADLINE_S = 5.0
KEEPALIVE_S = 2
"""paho notices that what we say reaches nobody after twice this and a second; with the grace of `live.py` and one look
that stays within the promised 10 s. What is no longer said to us is noticed sooner, by the missing heartbeat."""
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
LATE_IS_WELCOME = frozenset({"assist", "call"})


class NotAnswered(Exception):
    """The hub did not answer in time or cannot be reached: asking again with the same id is safe."""


def stamped(wish: Mapping[str, object], wall_ms: int) -> dict[str, object]:
    """The wish, and of one that may come late when it was made."""
    if wish["do"] not in LATE_IS_WELCOME:
        return dict(wish)
    return {**wish, "asked_at": datetime.fromtimestamp(wall_ms / 1000, UTC).isoformat(timespec="milliseconds")}


class Answer(BaseModel):
    """What the hub said to a request, after its commit."""

    id: str
    ok: bool
    reason: str = ""


class Status(BaseModel):
    """The part of the hub's heartbeat that screens show."""

    state: str
    why: str | list[str] | None = None

    def words(self) -> str:
        """Why, as one sentence."""
        return "; ".join(self.why) if isinstance(self.why, list) else (self.why or "")


class Listener(Protocol):
    """Who wants to know what the hub says unasked; `dashboards.live.Live` does."""

    def on_log(self) -> None:
        """A log line was written."""

    def on_status(self, state: str, why: str) -> None:
        """A heartbeat or last will came."""

    def on_alert(self, alert: str, payload: bytes) -> None:
        """An alert as the broker has it, or empty where it was cleared."""

    def on_room(self, room: str, payload: bytes) -> None:
        """What the screen of a room shows, or empty where it shows nothing any more."""

    def on_link(self, up: bool) -> None:
        """The connection to the broker came or went."""

    def on_watcher(self, name: str, payload: bytes) -> None:
        """The watcher said something below `watch/`."""


class Asker(Protocol):
    """Asks the hub for something and returns its answer."""

    async def ask(self, wish: Mapping[str, object]) -> Answer:
        """Ask; `wish` holds `id` and `do`. Raises `NotAnswered`."""
        ...


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one home that screens use."""

    home: str

    @property
    def do(self) -> str:
        """Where requests go."""
        return f"handrail/{self.home}/do/{CLIENT}"

    @property
    def done(self) -> str:
        """What the topics of answers begin with."""
        return f"handrail/{self.home}/done/"

    @property
    def alert(self) -> str:
        """What the topics of alerts begin with."""
        return f"handrail/{self.home}/alert/"

    @property
    def room(self) -> str:
        """What the topics of the rooms' screens begin with."""
        return f"handrail/{self.home}/room/"

    @property
    def log(self) -> str:
        """Where the hub says that something happened."""
        return f"handrail/{self.home}/log"

    @property
    def status(self) -> str:
        """Where the hub's heart beats."""
        return f"handrail/{self.home}/status"

    @property
    def watch(self) -> str:
        """What the topics of the watcher begin with."""
        return f"handrail/{self.home}/watch/"


class Bus:
    """One connection to the home's broker, kept up until cancelled."""

    def __init__(self, settings: Settings, listener: Listener, deadline_s: float = DEADLINE_S) -> None:
        self._settings = settings
        self._listener = listener
        self._deadline_s = deadline_s
        self._topics = Topics(settings.home)
        self._client: aiomqtt.Client | None = None
        self._waiting: dict[str, asyncio.Future[Answer]] = {}

    async def run(self) -> None:
        """Stay connected; said once when the connection goes and once when it is back."""
        pause_s, told = FIRST_PAUSE_S, False
        while True:
            try:
                async with self._connect() as client:
                    topics = self._topics
                    await client.subscribe(
                        [
                            (topics.done + "+", 1),
                            (topics.status, 1),
                            (topics.alert + "+", 1),
                            (topics.room + "+", 1),
                            (topics.log, 0),
                            (topics.watch + "#", 1),
                        ]
                    )
                    log.info("connected to the broker%s", " again" if told else "")
                    self._client, pause_s, told = client, FIRST_PAUSE_S, False
                    self._listener.on_link(True)
                    async for message in client.messages:
                        self._take(str(message.topic), bytes(message.payload or b""))
            except (aiomqtt.MqttError, OSError) as error:
                if not told:
                    log.warning("no connection to the broker, trying on: %s", error)
                told = True
            finally:
                if self._client is not None:
                    self._client = None
                    self._listener.on_link(False)
            await asyncio.sleep(pause_s * random.uniform(0.7, 1.3))
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)

    async def ask(self, wish: Mapping[str, object]) -> Answer:
        """Ask the hub and wait for what it answers after its commit."""
        if self._client is None:
            raise NotAnswered(strings.NOT_CONNECTED)
        request = str(wish["id"])
        answer = self._waiting.get(request) or asyncio.get_running_loop().create_future()
        self._waiting[request] = answer
        expiry = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if wish["do"] not in LATE_IS_WELCOME:
            expiry.MessageExpiryInterval = max(1, int(self._deadline_s))
        try:
            async with asyncio.timeout(self._deadline_s):
                said = orjson.dumps(dict(wish))
                # Without an end of its own: before Python 3.12 that one can swallow ours (`hub/mqtt/publishing.py`).
                await self._client.publish(self._topics.do, said, qos=1, properties=expiry, timeout=math.inf)
                return await asyncio.shield(answer)
        except (TimeoutError, aiomqtt.MqttError) as error:
            raise NotAnswered(strings.NOT_ANSWERED) from error
        finally:
            self._waiting.pop(request, None)

    def _connect(self) -> aiomqtt.Client:
        broker = self._settings.broker
        password = broker.password_file.read_text().strip() if broker.password_file else None
        return aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.username,
            password=password,
            identifier=f"handrail-{self._settings.home}-{CLIENT}-{secrets.token_hex(4)}",
            protocol=aiomqtt.ProtocolVersion.V5,
            keepalive=KEEPALIVE_S,
            timeout=DEADLINE_S,
            tls_context=ssl.create_default_context(cafile=broker.ca_file) if broker.tls else None,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )

    def _take(self, topic: str, payload: bytes) -> None:
        if topic == self._topics.log:
            self._listener.on_log()
            return
        if topic.startswith(self._topics.alert):
            self._listener.on_alert(topic.removeprefix(self._topics.alert), payload)
            return
        if topic.startswith(self._topics.room):
            self._listener.on_room(topic.removeprefix(self._topics.room), payload)
            return
        if topic.startswith(self._topics.watch):
            self._listener.on_watcher(topic[len(self._topics.watch) :], payload)
            return
        try:
            if topic == self._topics.status:
                status = Status.model_validate_json(payload)
                self._listener.on_status(status.state, status.words())
                return
            answer = Answer.model_validate_json(payload)
        except ValidationError as error:
            log.warning("cannot read %s: %s", topic, error.errors()[0]["msg"])
            return
        waiting = self._waiting.get(answer.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

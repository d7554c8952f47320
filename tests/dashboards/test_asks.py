"""The MQTT side of the screens against a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiomqtt
import orjson
import pytest

from dashboards.asks import Bus, NotAnswered
from dashboards.settings import Broker, Settings
from tests.parts import Mosquitto, until

DO = "handrail/elm-house/do/dashboards"


@dataclass
class Heard:
    """A listener that writes down what it is told."""

    logs: int = 0
    statuses: list[tuple[str, str]] = field(default_factory=list)
    links: list[bool] = field(default_factory=list)
    alerts: dict[str, bytes] = field(default_factory=dict)
    watcher: list[tuple[str, bytes]] = field(default_factory=list)

    def on_log(self) -> None:
        """A log line was written."""
        self.logs += 1

    def on_status(self, state: str, why: str) -> None:
        """A heartbeat or last will came."""
        self.statuses.append((state, why))

    def on_alert(self, alert: str, payload: bytes) -> None:
        """An alert as the broker has it."""
        self.alerts[alert] = payload

    def on_room(self, room: str, payload: bytes) -> None:
        """What the screen of a room shows."""

    def on_link(self, up: bool) -> None:
        """The connection came or went."""
        self.links.append(up)

    def on_watcher(self, name: str, payload: bytes) -> None:
        """The watcher said something."""
        self.watcher.append((name, payload))


@asynccontextmanager
async def a_bus(mosquitto: Mosquitto, heard: Heard, deadline_s: float = 5.0) -> AsyncIterator[Bus]:
    """The screens' side of the bus, connected."""
    settings = Settings(home="elm-house", ledger=Path("none"), broker=Broker(port=mosquitto.port))
    bus = Bus(settings, heard, deadline_s)
    task = asyncio.create_task(bus.run())
    try:
        await until(lambda: heard.links == [True])
        yield bus
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def a_hub(
    mosquitto: Mosquitto, answer: Callable[[aiomqtt.Client, dict[str, str]], Awaitable[None]]
) -> AsyncIterator[aiomqtt.Client]:
    """Somebody who answers what is asked."""
    async with aiomqtt.Client("127.0.0.1", mosquitto.port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        await client.subscribe(DO, qos=1)

        async def listen() -> None:
            async for message in client.messages:
                await answer(client, orjson.loads(bytes(message.payload)))

        task = asyncio.create_task(listen())
        yield client
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_what_is_asked_is_answered_after_the_hub_has(mosquitto: Mosquitto) -> None:
    """The answer of this request, not of another."""

    async def answer(client: aiomqtt.Client, wish: dict[str, str]) -> None:
        await client.publish(
            "handrail/elm-house/done/other", orjson.dumps({"id": "other", "ok": False, "reason": "no"})
        )
        done = {"id": wish["id"], "ok": True, "reason": f"{wish['do']} {wish['alert']} by {wish['by']}"}
        await client.publish(f"handrail/elm-house/done/{wish['id']}", orjson.dumps(done), qos=1)

    async with a_hub(mosquitto, answer), a_bus(mosquitto, Heard()) as bus:
        said = await bus.ask({"id": "r1", "do": "claim", "alert": "a1", "by": "ana"})
    assert (said.ok, said.reason) == (True, "claim a1 by ana")


async def test_a_request_without_an_answer_fails_at_its_deadline(mosquitto: Mosquitto) -> None:
    """In words a carer can act on."""
    async with a_bus(mosquitto, Heard(), deadline_s=0.2) as bus:
        with pytest.raises(NotAnswered, match="Go, and look"):
            await bus.ask({"id": "r1", "do": "claim", "alert": "a1", "by": "ana"})


async def test_an_unanswered_claim_expires_and_a_cry_for_help_does_not(mosquitto: Mosquitto) -> None:
    """What the screen said was not done is not done later; a colleague in need is told however late."""
    async with aiomqtt.Client(
        "127.0.0.1", mosquitto.port, protocol=aiomqtt.ProtocolVersion.V5, identifier="expiry"
    ) as hub:
        await hub.subscribe(DO, qos=1)
        async with a_bus(mosquitto, Heard(), deadline_s=1.0) as bus:
            for do in ("claim", "assist"):
                with pytest.raises(NotAnswered):
                    await bus.ask({"id": do, "do": do, "by": "ana"})
        expiries = {}
        async for message in hub.messages:
            wish = orjson.loads(bytes(message.payload))
            expiries[wish["do"]] = getattr(message.properties, "MessageExpiryInterval", None)
            if len(expiries) == 2:
                break
    assert expiries == {"claim": 1, "assist": None}


async def test_the_log_and_the_heartbeat_are_heard(mosquitto: Mosquitto) -> None:
    """A retained heartbeat too; what cannot be read is passed over."""
    heard = Heard()
    async with aiomqtt.Client("127.0.0.1", mosquitto.port) as client:
        status = orjson.dumps({"state": "ready", "uptime_s": 5, "why": ""})
        await client.publish("handrail/elm-house/status", status, retain=True)
        async with a_bus(mosquitto, heard):
            await until(lambda: heard.statuses == [("ready", "")])
            await client.publish("handrail/elm-house/status", b"\xff")
            await client.publish("handrail/elm-house/status", orjson.dumps({"state": "degraded", "why": ["a", "b"]}))
            await client.publish("handrail/elm-house/log", b"{}")
            await until(lambda: heard.logs == 1)
    assert heard.statuses[1:] == [("degraded", "a; b")]


async def test_a_broker_that_goes_is_noticed_and_found_again(mosquitto: Mosquitto) -> None:
    """While it is away a request fails at once."""
    heard = Heard()
    async with a_bus(mosquitto, heard) as bus:
        mosquitto.kill()
        await until(lambda: heard.links == [True, False])
        with pytest.raises(NotAnswered, match="No connection"):
            await bus.ask({"id": "r1", "do": "claim", "by": "ana"})
        mosquitto.start()
        await until(lambda: heard.links == [True, False, True], 15)

"""Everybody of the demonstration who speaks MQTT: simulated devices, lights that obey, carers who answer."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import aiomqtt
import orjson

from devices.registry import CALLS
from hub.clock import Clock
from hub.demo.carers import Carers
from hub.demo.home import SIMULATED, SLUG, Waits
from hub.demo.incidents import FIRST_AFTER_S, PAUSE_S, Happening, Incidents
from hub.errors import HandrailError
from hub.mqtt.publishing import publish
from hub.mqtt.types import BrokerAddress
from hub.simulate.days import days_of
from hub.simulate.messages import Said
from hub.simulate.pace import QOS, client, paced, say
from hub.topics import Topics
from rules.home import Home

log = logging.getLogger("handrail.demo")

NIGHT = date(2026, 3, 2)
NIGHT_BEGINS = time(21, 15)
BASE = "zigbee2mqtt"
MOST_OPEN = 8
"""With so many alerts on the board, nothing further is made to happen."""
AGAIN_S = 1.0
LOOK_S = 1.0


class Residents:
    """The life of the demonstration's house."""

    def __init__(
        self,
        home: Home,
        *,
        seed: int,
        speed: float,
        wait: Waits,
        clock: Clock,
        devices: BrokerAddress,
        people: BrokerAddress,
        is_there: Callable[[], bool] = lambda: True,
    ) -> None:
        """`is_there` says whether the gateway of their devices is: without it nothing they say is heard."""
        self._home = home
        self._seed = seed
        self._speed = speed
        self._clock = clock
        self._devices = devices
        self._people = people
        self._is_there = is_there
        self._rng = random.Random(f"{seed}/demo")
        self._incidents = Incidents(home, wait, self._rng)
        self._presses: asyncio.Queue[Said] = asyncio.Queue()
        self._unsaid: Said | None = None
        """What was on its way when the broker was lost: a gateway says it again."""
        self.carers = Carers(SIMULATED, random.Random(f"{seed}/carers"))

    def press(self) -> str:
        """Somebody at the terminal presses a pendant; returns its address."""
        said = self._incidents.press()
        self._presses.put_nowait(said)
        return said.topic

    def say(self, said: Said) -> None:
        """A device of the house says this."""
        self._presses.put_nowait(said)

    async def night(self) -> None:
        """The residents' own night, at its speed."""
        timezone = ZoneInfo(self._home.timezone)
        from_ms = int(datetime.combine(NIGHT, NIGHT_BEGINS, timezone).timestamp() * 1000)
        events = days_of(self._home, seed=self._seed, first=NIGHT, days=None)
        async for said in paced(events, from_ms=from_ms, speed=self._speed, clock=self._clock):
            self._presses.put_nowait(said)

    async def happenings(self) -> None:
        """Incidents, every half minute or so; what belongs to one goes on beside the next."""
        await asyncio.sleep(FIRST_AFTER_S)
        self.press()
        async with asyncio.TaskGroup() as group:
            while True:
                await asyncio.sleep(self._rng.uniform(*PAUSE_S))
                if self.carers.open_alerts < MOST_OPEN:
                    group.create_task(self._happen(self._incidents.next()))

    async def _happen(self, messages: Iterator[Happening]) -> None:
        for happening in messages:
            await asyncio.sleep(happening.after_s)
            self._presses.put_nowait(happening.said)

    async def devices(self) -> None:
        """Says what devices have to say, first that there is life in those that somebody calls with, and lets lights
        obey."""
        batteries = random.Random(f"{self._seed}/batteries")
        for placed in self._home.devices:
            if placed.purpose in CALLS and placed.device.startswith(f"{BASE}/"):
                self.say(Said(at_ms=0, topic=placed.device, body={"battery": batteries.randint(60, 99)}))
        await _talking(self._say_and_obey, "the simulated devices")

    async def _say_and_obey(self) -> None:
        async with client(self._devices, "demo-devices") as broker:
            await broker.subscribe(f"{BASE}/+/set", qos=QOS)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._say_all(broker))
                group.create_task(self._obey(broker))

    async def _say_all(self, broker: aiomqtt.Client) -> None:
        while True:
            if self._unsaid is None:
                self._unsaid = await self._presses.get()
            if self._is_there():
                await say(broker, self._unsaid, self._clock)
            self._unsaid = None

    async def _obey(self, broker: aiomqtt.Client) -> None:
        async for message in broker.messages:
            device, wanted = str(message.topic).removesuffix("/set"), _wanted(message.payload)
            if wanted is not None and self._is_there():
                await say(broker, Said(at_ms=0, topic=device, body=wanted), self._clock)

    async def answers(self) -> None:
        """The carers look at the alerts, and go."""
        await _talking(self._look_and_go, "the simulated carers")

    async def _look_and_go(self) -> None:
        topics = Topics(SLUG)
        async with client(self._people, "demo-carers") as broker:
            await broker.subscribe(topics.alerts, qos=QOS)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._look(broker, topics))
                group.create_task(self._go(broker))

    async def _look(self, broker: aiomqtt.Client, topics: Topics) -> None:
        async for message in broker.messages:
            alert = topics.alert_of(str(message.topic))
            if alert is not None:
                self.carers.see(alert, message.payload, self._clock.elapsed_ms())

    async def _go(self, broker: aiomqtt.Client) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            for wish in self.carers.wishes(self._clock.elapsed_ms()):
                await publish(broker, f"handrail/{SLUG}/do/{self._people.username or 'dashboards'}", wish)


def _wanted(payload: bytes) -> dict[str, str | int | float | bool] | None:
    """What a light is told, as it then reports it."""
    try:
        said = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(said, dict) or "state" not in said:
        return None
    return {name: value for name, value in said.items() if isinstance(value, (str, int, float, bool))}


async def _talking(talk: Callable[[], Awaitable[None]], who: str) -> None:
    """Keep a connection of the demonstration; whether the broker is there at all is watched elsewhere."""
    said = ""
    while True:
        try:
            await talk()
        except* aiomqtt.MqttError as errors:
            log.debug("%s: %s", who, errors.exceptions[0])
        except* HandrailError as errors:
            if str(errors.exceptions[0]) != said:
                said = str(errors.exceptions[0])
                log.warning("%s: %s", who, said)
        await asyncio.sleep(AGAIN_S)

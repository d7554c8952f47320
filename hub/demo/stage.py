"""Starts everything of the demonstration, watches it, and ends it: whatever happens, no process is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import orjson

from hub.children import Child, listening
from hub.clock import Clock
from hub.config.read import read_home
from hub.demo.brokers import DEVICES, HOST, PEOPLE, DemoBroker
from hub.demo.ecosystems import Tour
from hub.demo.gateways import Gateways
from hub.demo.home import SLUG, waits, write_demo
from hub.demo.residents import Residents
from hub.demo.watchdog import PATIENCE_S, Watchdog, watchdog
from hub.errors import HandrailError
from hub.homes import Known, known
from hub.screens import address, environment
from hub.simulate.ecosystems import peers
from hub.simulate.pace import client
from hub.topics import Topics

log = logging.getLogger("handrail.demo")

START_S = 20.0
WELL = frozenset({"ready", "degraded"})


class DemoEnded(HandrailError):
    """A part of the demonstration ended that cannot be started again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was asked for."""

    folder: Path
    rooms: int
    port: int
    speed: float
    seed: int
    carers: bool
    browser: bool
    all_ecosystems: bool = False
    without: tuple[str, ...] = ()
    """Simulated gateways that are not there from the start."""
    hung_s: float = PATIENCE_S
    """A hub that stands still for so long is ended and started again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What can be told once everything runs."""

    plan: Plan
    home: Known
    broker: DemoBroker
    url: str
    code: str
    hub_pid: int


class Stage:
    """The processes of one demonstration."""

    def __init__(self, plan: Plan, broker: DemoBroker, clock: Clock, tell: Callable[[Running], None]) -> None:
        self._plan = plan
        self._broker = broker
        self._clock = clock
        self._tell = tell
        self._children: list[Child] = []
        self._stop = asyncio.Event()

    async def show(self) -> None:
        """Run until somebody ends it, or a part of it ends that must not."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(name, self._stop.set)
        playing = asyncio.create_task(self._watched())
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if playing.done():
                await playing
        finally:
            stopping.cancel()
            playing.cancel()
            with contextlib.suppress(asyncio.CancelledError, HandrailError, ExceptionGroup):
                await playing
            for child in reversed(self._children):
                await child.stop()

    async def _watched(self) -> None:
        with watchdog(self._plan.hung_s) as watching:
            await self._play(watching)

    async def _play(self, watching: Watchdog) -> None:
        plan = self._plan
        code = write_demo(
            plan.folder,
            rooms=plan.rooms,
            broker=self._broker.url,
            port=plan.port,
            speed=plan.speed,
            all_ecosystems=plan.all_ecosystems,
        )
        home = known(plan.folder)
        broker = await self._start(self._broker.child(plan.folder))
        if not await listening(HOST, self._broker.port, broker, START_S):
            raise DemoEnded(f"the broker did not start: {broker.last_words()}")
        run = ["-m", "hub.commands", "run", str(plan.folder)]
        hub = await self._start(Child("hub", run, environment=watching.environment, output=plan.folder / "hub.log"))
        await self._until(self._hub_is_ready(), hub)
        screens = await self._start(
            Child(
                "dashboards", ["-m", "dashboards"], environment=environment(home), output=plan.folder / "dashboards.log"
            )
        )
        if not await listening(HOST, plan.port, screens, START_S):
            raise DemoEnded(f"the screens did not start: {screens.last_words()}")
        url = address(home)
        self._tell(Running(plan=plan, home=home, broker=self._broker, url=url, code=code, hub_pid=hub.pid or 0))
        if plan.browser:
            webbrowser.open(url)
        watcher = None
        if self._broker.has_accounts:
            command = ["-m", "hub.commands", "watch", str(plan.folder)]
            watcher = await self._start(Child("watcher", command, output=plan.folder / "watch.log"))
        await self._live(broker, hub, screens, watcher, watching)

    async def _live(self, broker: Child, hub: Child, screens: Child, watcher: Child | None, watching: Watchdog) -> None:
        plan = self._plan
        gateways = Gateways(
            peers() if plan.all_ecosystems else (),
            address=lambda account: self._broker.address(plan.folder, account),
            clock=self._clock,
            without=plan.without,
        )
        residents = Residents(
            read_home(plan.folder).home,
            seed=plan.seed,
            speed=plan.speed,
            wait=waits(plan.speed),
            clock=self._clock,
            devices=self._broker.address(plan.folder, DEVICES),
            people=self._broker.address(plan.folder, PEOPLE),
            is_there=lambda: gateways.is_there("zigbee2mqtt"),
        )
        tour = Tour(gateways, residents.say) if plan.all_ecosystems else None
        jobs = [
            broker.keep(),
            hub.keep(),
            watching.run(hub),
            screens.keep(),
            *([watcher.keep()] if watcher is not None else []),
            residents.devices(),
            residents.night(),
            residents.happenings(),
            *([gateways.run(), tour.run()] if tour is not None else []),
        ]
        if plan.carers:
            jobs.append(residents.answers())
        with self._keys(residents, tour):
            async with asyncio.TaskGroup() as group:
                for job in jobs:
                    group.create_task(job)

    async def _start(self, child: Child) -> Child:
        self._children.append(child)
        await child.start()
        return child

    async def _until(self, ready: asyncio.Task[None], child: Child) -> None:
        """Wait until it is ready; a child that ends meanwhile says why."""
        gone = asyncio.create_task(child.ended())
        try:
            done, _ = await asyncio.wait({ready, gone}, timeout=START_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            gone.cancel()
        if ready not in done:
            raise DemoEnded(f"the {child.what} did not start: {child.last_words()}")
        try:
            await ready
        except aiomqtt.MqttError as error:
            raise DemoEnded(f"the broker does not let the demonstration in: {error}") from error

    def _hub_is_ready(self) -> asyncio.Task[None]:
        async def wait() -> None:
            async with client(self._broker.address(self._plan.folder, PEOPLE), "demo-looks") as broker:
                await broker.subscribe(Topics(SLUG).status, qos=1)
                async for message in broker.messages:
                    if orjson.loads(message.payload).get("state") in WELL:
                        return

        return asyncio.create_task(wait())

    @contextlib.contextmanager
    def _keys(self, residents: Residents, tour: Tour | None) -> Iterator[None]:
        """`p` presses, `q` ends, the rest is for the simulated gateways; only where somebody sits at a terminal."""
        if not sys.stdin.isatty():
            yield
            return
        loop = asyncio.get_running_loop()

        def typed() -> None:
            line = os.read(sys.stdin.fileno(), 1024)
            if not line or line.strip().lower() == b"q":
                self._stop.set()
            elif line.strip().lower() == b"p":
                print(f"pressed: {residents.press()}", flush=True)
            elif tour is not None and line.strip():
                print(tour.typed(line.decode(errors="replace").strip()), flush=True)

        loop.add_reader(sys.stdin.fileno(), typed)
        try:
            yield
        finally:
            loop.remove_reader(sys.stdin.fileno())

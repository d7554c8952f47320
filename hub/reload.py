"""The home's files, read again while the hub runs: a change that is right holds from then on, one that is refused is
told and changes nothing (promise 7)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

import orjson

from hub.config.problems import ConfigurationRefused as Refused
from hub.config.read import Reading, read_home
from hub.config.stored import settings_json
from hub.config.watch import Stamps, changes, stamps
from hub.steps import Steps
from rules.inputs import ConfigurationRefused, Configured, Faulted, Input
from rules.state import AlertState

log = logging.getLogger("handrail.configuration")

LOOK_S = 10.0
"""How often the files are looked at without being told of a change."""
REST_S = 0.5
"""A file that did not change for so long is thought to be written."""
PATIENCE = 3
"""What is refused is told after so many times that long, if nobody writes on."""
TRIES = 10
RESTART = "restart"


class Reload:
    """Reads a home's folder and puts what came of it to the machine."""

    def __init__(self, *, folder: Path, steps: Steps, put: Callable[[Input], None]) -> None:
        self._folder = folder
        self.seen: Stamps = ()
        """The files as they were when they were read last."""
        self._noticed = asyncio.Event()
        self.look_s = LOOK_S
        self.rest_s = REST_S
        self._steps = steps
        self._put = put
        self._accepted = steps.state.setting.home if steps.state.setting else None
        self._reading = asyncio.Lock()
        self._started_with: str | None = None
        self._told = self._is_told("configuration")
        """People were told that something is refused, and must hear when it is right again."""

    async def read(self) -> None:
        """Read all files and accept or refuse them."""
        self._take(await self._read_files())

    def accept(self, reading: Reading) -> None:
        """Take a reading where it is news, or where people were told of one that was refused."""
        steps = self._steps
        was, called = steps.topics.home, reading.home.slug
        if was != called:
            self._refused((f"home.yaml: home: {called}: it was {was} when the hub started; start the hub again",))
            return
        refused = tuple(map(str, reading.refused_plans))
        for problem in refused:
            log.error("%s", problem)
        settings = settings_json(reading.settings).decode()
        if self._started_with is None:
            self._started_with = settings
            self._compare(settings)
        same = self._accepted == reading.home and settings == steps.settings
        if same and not refused and not self._told:
            return
        steps.settings = settings
        self._accepted = reading.home
        self._told = bool(refused)
        self._put(Configured(home=reading.home, refused=refused))
        self._compare(settings)

    def _compare(self, settings: str) -> None:
        """What of `home.yaml` counts from the next start is a technical alert until then, or until it is undone."""
        now, then = orjson.loads(settings), orjson.loads(self._started_with or settings)
        changed = list(dict.fromkeys(_section(name) for name in now if now[name] != then.get(name)))
        if changed:
            said = f"home.yaml: what it says of {' and '.join(changed)} was changed"
            log.warning("%s", said)
            self._put(Faulted(fault=RESTART, on=True, reason=said))
        elif self._is_told(RESTART):
            self._put(Faulted(fault=RESTART, on=False, reason="the hub runs as home.yaml says"))

    def _is_told(self, fault: str) -> bool:
        alerts = self._steps.state.alerts
        return any(alert.cause == f"hub:{fault}" and alert.state is not AlertState.CLOSED for alert in alerts)

    def refuse(self, refused: Refused) -> None:
        """The last accepted configuration goes on, and people are told why."""
        if self._started_with is None:
            self._started_with = self._steps.settings or None
        self._refused(tuple(map(str, refused.problems)))

    def _refused(self, problems: tuple[str, ...]) -> None:
        for problem in problems:
            log.error("%s", problem)
        self._told = True
        self._put(ConfigurationRefused(problems=problems))

    async def watch(self, stop: asyncio.Event) -> None:
        """Read again whenever somebody saved a file, once its writer has come to rest.

        The system's notices make it quick. That files are looked at from time to time as well makes it sure: a share
        gives no notices, and a folder that was replaced gives them no more.
        """
        async with asyncio.TaskGroup() as group:
            noticing = group.create_task(self._notice(stop))
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self.look_s):
                        await self._noticed.wait()
                if self._noticed.is_set() or await self._look() != self.seen:
                    self._noticed.clear()
                    await self._read_at_rest()
            noticing.cancel()

    async def _notice(self, stop: asyncio.Event) -> None:
        told = False
        while not stop.is_set():
            try:
                async for _names in changes(self._folder, stop):
                    told = False
                    self._noticed.set()
            except (OSError, RuntimeError) as error:
                # A folder that is gone, a system without notices, or with too many of them.
                if not told:
                    why = "its files are looked at from time to time instead"
                    log.warning("the folder %s is not watched (%s): %s", self._folder, error, why)
                told = True
            await asyncio.sleep(self.look_s)

    async def _look(self) -> Stamps:
        return await asyncio.to_thread(stamps, self._folder)

    async def _read_at_rest(self) -> None:
        """A file that is still being written is not read, and what is refused is told only if it stays so: who copies
        a folder, or saves two files that belong together, frightens nobody. Bounded: a file that never comes to rest
        is read as it is."""
        for _ in range(TRIES):
            before = await self._look()
            await asyncio.sleep(self.rest_s)
            if before != (seen := await self._look()):
                continue
            self.seen = seen
            found = await self._read_files()
            if isinstance(found, Refused) or found.refused_plans:
                await asyncio.sleep(self.rest_s * PATIENCE)
                if await self._look() != seen:
                    continue
            self._take(found)
            return
        self.seen = await self._look()
        await self.read()

    async def _read_files(self) -> Reading | Refused:
        async with self._reading:
            try:
                return await asyncio.to_thread(read_home, self._folder, self._accepted)
            except Refused as refused:
                return refused

    def _take(self, found: Reading | Refused) -> None:
        if isinstance(found, Refused):
            self.refuse(found)
        else:
            self.accept(found)


def _section(name: str) -> str:
    """The part of `home.yaml` that a setting comes from."""
    return name.replace("_", " ") if name == "home_assistant" else name.partition("_")[0]

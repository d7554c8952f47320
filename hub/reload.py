"""The home's files, read again while the hub runs: a change that is right holds from then on, one that is refused is
told and changes nothing (promise 7)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import orjson

from hub.config.problems import ConfigurationRefused as Refused
from hub.config.read import Reading, read_home
from hub.config.stored import settings_json
from hub.config.watch import changes
from hub.steps import Steps
from rules.inputs import ConfigurationRefused, Configured, Faulted, Input
from rules.state import AlertState

log = logging.getLogger("handrail.configuration")

RESTART = "restart"


class Reload:
    """Reads a home's folder and puts what came of it to the machine."""

    def __init__(self, *, folder: Path, steps: Steps, put: Callable[[Input], None]) -> None:
        self._folder = folder
        self._steps = steps
        self._put = put
        self._accepted = steps.state.setting.home if steps.state.setting else None
        self._reading = asyncio.Lock()
        self._started_with: str | None = None
        self._told = self._is_told("configuration")
        """People were told that something is refused, and must hear when it is right again."""

    async def read(self) -> None:
        """Read all files and accept or refuse them."""
        async with self._reading:
            try:
                reading = await asyncio.to_thread(read_home, self._folder, self._accepted)
            except Refused as refused:
                self.refuse(refused)
            else:
                self.accept(reading)

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
        changed = list(dict.fromkeys(name.partition("_")[0] for name in now if now[name] != then.get(name)))
        if changed:
            said = (
                f"home.yaml: what it says of {' and '.join(changed)} was changed, which counts from the next start of "
                "the hub: `systemctl restart handrail`, or end it and `handrail run` again"
            )
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
        """Read again whenever somebody saved a file; where the folder cannot be watched, SIGHUP still works."""
        try:
            async for _names in changes(self._folder, stop):
                await self.read()
        except OSError as error:
            log.warning("the folder %s is not watched (%s): send SIGHUP after a change", self._folder, error)

"""Plans on trial, every morning: a process of low priority replays the last day, and its words become an input.

Beside the live machine and not in it: what is tried can hold up no press, survives every restart because the past is in
the ledger, and needs no state of its own. It begins only while nothing waits, and is ended where something does.
Files are read on a thread: a disk can hang.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import orjson

from hub.children import Child
from hub.errors import HandrailError
from hub.hub import Hub
from hub.ledger.read import NotThereYet, Reader, Unreadable
from hub.ledger.rows import adapter
from hub.priority import COMMANDS
from hub.replay.trial import shadow_of, shadows_in
from rules.inputs import Report, Tried

log = logging.getLogger("handrail.trying")

LOOK_S = 60.0
AFTER_MS = 120_000
"""So long after the night's end: the morning's own list comes first."""
BACKLOG_MS = 1_000
LONGEST_S = 900.0
POLL_S = 0.5
CURSOR = "tried_ms"
"""The morning that was reported last, kept beside the clocks of the last commit."""
OUTPUT = "trial.out"

RunTrial = Callable[[int, Callable[[], bool]], Awaitable[tuple[Report, ...] | None]]
"""Tries what is on trial over the day that ends at a moment; None where it was told to give way."""


class Trials:
    """Looks every minute whether a morning's report is due."""

    def __init__(
        self,
        *,
        folder: Path,
        run_trial: RunTrial,
        wall_ms: Callable[[], int],
        oldest_ms: Callable[[], int],
        night_ends: Callable[[], tuple[tzinfo, str] | None],
        put: Callable[[Tried], None],
        note: Callable[[str, int], None],
        reported_ms: int,
    ) -> None:
        """`reported_ms` is the end of the day that was reported last."""
        self._folder = folder
        self._run_trial = run_trial
        self._wall_ms = wall_ms
        self._oldest_ms = oldest_ms
        self._night_ends = night_ends
        self._put = put
        self._note = note
        self.reported_ms = reported_ms

    async def look(self) -> None:
        """Report the last day, where that is due and nothing waits."""
        ends = self._night_ends()
        if ends is None or not self._is_idle():
            return
        now_ms = self._wall_ms()
        morning_ms = last_morning_ms(now_ms, *ends)
        if morning_ms <= self.reported_ms or now_ms - morning_ms < AFTER_MS:
            return
        if not await asyncio.to_thread(shadows_in, self._folder):
            return
        reports = await self._run_trial(morning_ms, self._is_idle)
        if reports is None:
            return
        self.reported_ms = morning_ms
        self._note(CURSOR, morning_ms)
        if reports:
            self._put(Tried(reports=reports))

    def _is_idle(self) -> bool:
        return self._oldest_ms() <= BACKLOG_MS


def last_morning_ms(now_ms: int, timezone: tzinfo, night_to: str) -> int:
    """The last time that the home's night ended, by its own clock."""
    here = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(timezone)
    hour, minute = (int(part) for part in night_to.split(":"))
    morning = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if morning > here:
        morning = (morning.replace(tzinfo=None) - timedelta(days=1)).replace(tzinfo=here.tzinfo)
    return int(morning.timestamp() * 1000)


def trying(hub: Hub, folder: Path) -> Callable[[], Awaitable[None]]:
    """The work of a running hub: a look every minute, once it is ready."""

    async def run() -> None:
        await hub.ready.wait()
        parts = hub.parts
        reported_ms = await asyncio.to_thread(_reported_ms, parts.writer.path)
        trials = Trials(
            folder=folder,
            run_trial=in_a_process(folder, parts.writer.path.parent / OUTPUT),
            wall_ms=lambda: parts.clock.now().wall_ms,
            oldest_ms=parts.pump.oldest_ms,
            night_ends=lambda: _night_ends(hub),
            put=hub.put,
            note=parts.keeping.note,
            reported_ms=reported_ms,
        )
        while True:
            await trials.look()
            await asyncio.sleep(LOOK_S)

    return run


def _reported_ms(ledger: Path) -> int:
    """The morning that was reported last; 0 where none was, or where it cannot be read: then it is reported again."""
    with closing(Reader(ledger)) as reader:
        try:
            return reader.cursors().get(CURSOR, 0)
        except (NotThereYet, Unreadable):
            return 0


def _night_ends(hub: Hub) -> tuple[tzinfo, str] | None:
    setting = hub.parts.steps.state.setting
    return (setting.timezone, setting.home.times.night_to) if setting is not None else None


def in_a_process(folder: Path, output: Path) -> RunTrial:
    """`handrail shadow` as a child that gives way; what it cannot do is a report of its own."""

    async def run(morning_ms: int, may_go_on: Callable[[], bool]) -> tuple[Report, ...] | None:
        words = ["-m", "hub.commands", "shadow", str(folder), "--json", "--to", str(morning_ms)]
        child = Child("trial of plans", words, output=output, nice=COMMANDS)
        try:
            await asyncio.to_thread(output.unlink, missing_ok=True)
            await child.start()
            try:
                async with asyncio.timeout(LONGEST_S):
                    while child.pid is not None:
                        if not may_go_on():
                            return None
                        await asyncio.sleep(POLL_S)
            finally:
                await child.stop()
            return _read(await asyncio.to_thread(child.last_words))
        except TimeoutError:
            why = f"it was not done after {LONGEST_S:g} s"
        except (OSError, HandrailError) as error:
            why = str(error)
        return await asyncio.to_thread(_failed, folder, why)

    return run


def _read(said: str) -> tuple[Report, ...]:
    """The reports in a child's last line; raises `HandrailError` with the line where there are none."""
    try:
        found: tuple[Report, ...] = adapter(tuple[Report, ...]).validate_python(  # type: ignore[assignment]
            orjson.loads(said)["reports"]
        )
    except (ValueError, KeyError, TypeError):
        raise HandrailError(said) from None
    return found


def _failed(folder: Path, why: str) -> tuple[Report, ...]:
    log.warning("the plans on trial were not tried: %s", why)
    names = [shadow_of(path.name).removesuffix(".yaml") for path in shadows_in(folder)]
    return tuple(
        Report(resident=name, words=f"{name}'s plan on trial could not be tried: {why}", matters=True) for name in names
    )

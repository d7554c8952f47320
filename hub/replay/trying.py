"""Plans on trial: from when each is, and every morning what it would have done, as a process of low priority says it.

Beside the live machine and not in it: what is tried can hold up no press, and survives every restart because the past
is in the ledger. When the hub saw a plan first, and up to where it has reported, are inputs like any other (`Tried`):
a restart, a backlog or a morning without a hub leaves nothing out and tells nothing twice. A child begins only while
nothing waits, and is ended where something does. Files are read on a thread: a disk can hang.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import orjson

from hub.children import Child
from hub.errors import HandrailError, LedgerUnreadable
from hub.hub import Hub
from hub.ledger.rows import adapter
from hub.priority import COMMANDS
from hub.replay.beside import said_last
from hub.replay.kept import FOLDER, tidy
from hub.replay.trial import digest_of, resident_of, shadows_in
from rules.inputs import Report, Tried

log = logging.getLogger("handrail.trying")

LOOK_S = 60.0
AFTER_MS = 120_000
"""So long after the night's end: the morning's own list comes first."""
BACKLOG_MS = 1_000
LONGEST_S = 900.0
POLL_S = 0.5
AHEAD_MS = 24 * 3_600_000
"""A plan that was reported further ahead than this was so by a wrong calendar: it would be silent until then."""
OUTPUT = "trial.out"
UNREAD = "unread"
"""Stands for the digest of a file that could never be read."""

RunTrial = Callable[[str, int, Callable[[], bool]], Awaitable[Report | None]]
"""Tries the plan of one resident up to a morning; None where it was told to give way. A report without `to_ms` says
why it could not be tried."""
NightEnds = Callable[[], tuple[tzinfo, str] | None]


class Trials:
    """Looks every minute whether a plan is on trial that was not, and whether a morning's report is due."""

    def __init__(
        self,
        *,
        folder: Path,
        data: Path,
        run_trial: RunTrial,
        wall_ms: Callable[[], int],
        oldest_ms: Callable[[], int],
        night_ends: NightEnds,
        put: Callable[[Tried], None],
        said_last: Callable[[str], Report | None],
    ) -> None:
        """`said_last` reads the ledger: what was said last of a resident's plan on trial."""
        self._folder = folder
        self._data = data
        self._run_trial = run_trial
        self._wall_ms = wall_ms
        self._oldest_ms = oldest_ms
        self._night_ends = night_ends
        self._put = put
        self._said_last = said_last
        self._said: dict[str, Report] = {}
        self._unreadable = False

    async def look(self) -> None:
        """Follow the files, and report where that is due and nothing waits."""
        ends = self._night_ends()
        if ends is None:
            return
        try:
            found = await asyncio.to_thread(self._look)
        except (OSError, LedgerUnreadable) as error:
            if not self._unreadable:
                log.warning("the plans on trial cannot be looked at: %s", error)
            self._unreadable = True
            return
        self._unreadable = False
        self._follow(found, ends[0])
        now_ms = self._wall_ms()
        morning_ms = last_morning_ms(now_ms, *ends)
        if now_ms - morning_ms < AFTER_MS:
            return
        for resident in found:
            await self._report(resident, morning_ms, ends[0])

    def _look(self) -> dict[str, str]:
        """Which file of whom is on trial. What the ledger knows of each is read once."""
        paths = {resident_of(path): path for path in shadows_in(self._folder)}
        for resident in paths.keys() - self._said.keys():
            said = self._said_last(resident)
            if said is not None:
                self._said[resident] = said
        found = {resident: self._digest(resident, path) for resident, path in paths.items()}
        moments = {each: (said.to_ms, said.tried_ms) for each, said in self._said.items() if each in found}
        tidy(self._data / FOLDER, moments)
        return found

    def _digest(self, resident: str, path: Path) -> str:
        """Which plan it is. One that cannot be read is the one it was: whoever tries it says why it cannot be."""
        try:
            return digest_of(path)
        except OSError:
            last = self._said.get(resident)
            return last.plan if last is not None and last.plan else UNREAD

    def _follow(self, found: dict[str, str], timezone: tzinfo) -> None:
        """What is on trial that was not, and what is no more. Both are kept, and told nobody."""
        now_ms = self._wall_ms()
        for resident, plan in found.items():
            was = self._said.get(resident)
            how = "begins"
            if was is not None and was.plan:
                ahead_ms = max(was.since_ms, was.to_ms, was.tried_ms) - now_ms
                if was.plan == plan and ahead_ms <= AHEAD_MS:
                    continue
                how = (
                    f"{'was changed' if was.plan != plan else 'lost its days, the clock was set back'}: it begins anew"
                )
            self._say(
                Report(
                    resident=resident,
                    words=f"{resident}'s plan on trial {how}, on {_moment(now_ms, timezone)}. It helps nobody and tells"
                    " nobody; the first report comes behind the next night",
                    matters=False,
                    plan=plan,
                    since_ms=now_ms,
                    to_ms=now_ms,
                )
            )
        for resident, was in list(self._said.items()):
            if resident not in found and was.plan:
                words = f"{resident}'s plan is on trial no more; it was since {_moment(was.since_ms, timezone)}"
                self._say(Report(resident=resident, words=words, matters=False))

    async def _report(self, resident: str, morning_ms: int, timezone: tzinfo) -> None:
        """One plan's morning, where it is still to come: everything since its report before."""
        last = self._said[resident]
        if max(last.since_ms, last.to_ms, last.tried_ms) >= morning_ms or not self._is_idle():
            return
        made = await self._run_trial(resident, morning_ms, self._is_idle)
        if made is None or (made.to_ms and made.plan != last.plan):
            return
        if not made.to_ms:
            nothing = f"nothing of it is reported since {_moment(last.to_ms, timezone)}, and the next report covers it"
            made = replace(made, words=f"{made.words}; {nothing}", matters=True, plan=last.plan, runs=())
            made = replace(made, since_ms=last.since_ms, to_ms=last.to_ms, tried_ms=morning_ms)
        self._say(made)

    def _say(self, made: Report) -> None:
        self._said[made.resident] = made
        self._put(Tried(reports=(made,)))

    def _is_idle(self) -> bool:
        return self._oldest_ms() <= BACKLOG_MS


def _moment(wall_ms: int, timezone: tzinfo) -> str:
    here = datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone(timezone)
    return f"{here.day} {here:%b %H:%M}"


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
        ledger = parts.writer.path
        trials = Trials(
            folder=folder,
            data=ledger.parent,
            run_trial=in_a_process(folder, ledger.parent / OUTPUT),
            wall_ms=lambda: parts.clock.now().wall_ms,
            oldest_ms=parts.pump.oldest_ms,
            night_ends=lambda: _night_ends(hub),
            put=hub.put,
            said_last=lambda resident: said_last(ledger, resident),
        )
        while True:
            await trials.look()
            await asyncio.sleep(LOOK_S)

    return run


def _night_ends(hub: Hub) -> tuple[tzinfo, str] | None:
    setting = hub.parts.steps.state.setting
    return (setting.timezone, setting.home.times.night_to) if setting is not None else None


def in_a_process(folder: Path, output: Path) -> RunTrial:
    """`handrail shadow` as a child that gives way; what it cannot do is a report of its own."""

    async def run(resident: str, morning_ms: int, may_go_on: Callable[[], bool]) -> Report | None:
        words = ["-m", "hub.commands", "shadow", str(folder), "--json", "--to", str(morning_ms)]
        words += ["--morning-of", resident]
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
        log.warning("%s's plan on trial was not tried: %s", resident, why)
        return Report(resident=resident, words=f"{resident}'s plan on trial could not be tried: {why}", matters=True)

    return run


def _read(said: str) -> Report:
    """The report in a child's last line; raises `HandrailError` with the line where there is none."""
    try:
        (found,) = orjson.loads(said)["reports"]
        made: Report = adapter(Report).validate_python(found)  # type: ignore[assignment]
    except (ValueError, KeyError, TypeError):
        raise HandrailError(said) from None
    return made

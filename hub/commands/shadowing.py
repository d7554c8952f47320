"""`handrail shadow`: what the plans on trial would have done; the hub runs it every morning, aside."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson

from hub.clock import SystemClock
from hub.commands.progress import progress
from hub.commands.replaying import moment_of
from hub.config.read import Reading, read_home
from hub.errors import HandrailError
from hub.homes import LEDGER, named
from hub.priority import COMMANDS, give_way
from hub.replay.beside import NoTrial, said_last, tried
from hub.replay.kept import FOLDER, OnTrial
from hub.replay.replaying import NothingToReplay, Period, Tell, newest_accepted, over_ledger, question
from hub.replay.trial import digest_of, read_with_shadow, resident_of, shadow_of, shadows_in
from rules.home import Home
from rules.inputs import Report
from rules.replay.shadow_report import report
from rules.replay.words import Words

DAY_MS = 86_400_000
NONE = "no plan is on trial: write residents/NAME.shadow.yaml, the plan with a line `shadow: true`"


def try_shadows(folder: Path, *, start: str | None, end: str | None, as_json: bool, resident: str | None = None) -> int:
    """Print a sentence for each plan on trial. `resident`: for the hub's morning, of one alone, and what it came to is
    kept for the next one."""
    give_way(COMMANDS)
    with named(folder):
        reading = read_home(folder)
    to_ms = moment_of(end, reading.home.timezone) or SystemClock().wall_ms()
    period = Period(from_ms=moment_of(start, reading.home.timezone), to_ms=to_ms)
    found = reports(folder, reading, period, resident)
    if as_json:
        sys.stdout.buffer.write(orjson.dumps({"reports": found}) + b"\n")
        return 0
    for each in found:
        sys.stdout.write(f"{each.words}\n")
    if not found:
        sys.stdout.write(f"{NONE}\n")
    return 0


def reports(folder: Path, reading: Reading, period: Period, resident: str | None = None) -> list[Report]:
    """A sentence for each plan on trial, or for one alone; one that cannot be tried says why."""
    ledger = reading.settings.data / LEDGER
    every = [path for path in shadows_in(folder) if resident is None or resident_of(path) == resident]
    return [_report(folder, path, reading.home, ledger, period, write=resident is not None) for path in every]


def _report(folder: Path, path: Path, files: Home, ledger: Path, period: Period, *, write: bool) -> Report:
    plan, resident = shadow_of(path.name), resident_of(path)
    try:
        home = read_with_shadow(folder, path).home
        whose = next(one for one in home.residents if one.resident == resident)
        before = said_last(ledger, resident)
        with progress(f"trying {plan}") as tell:
            if before is not None and before.plan == digest_of(path):
                ends = _ends(before, period)
                if ends[0] >= before.since_ms:
                    trial = OnTrial(tried=whose, plan=before.plan, since_ms=before.since_ms)
                    return tried(ledger, trial, ledger.parent / FOLDER, ends, tell, write=write)
            if write:
                raise NoTrial("the hub has not seen it as it is now")
            return _of_a_period(newest_accepted(ledger) or files, home, resident, ledger, period, tell)
    except NothingToReplay as nothing:
        return Report(resident=resident, words=f"{plan} on trial: {nothing}", matters=False)
    except HandrailError as error:
        return Report(resident=resident, words=f"{path.name} cannot be tried: {error}", matters=True)


def _ends(before: Report, period: Period) -> tuple[int, int]:
    """From the last report on, or a day, where it is not said."""
    to_ms = period.to_ms or 0
    if period.from_ms is not None:
        return period.from_ms, to_ms
    return (before.to_ms if before.to_ms < to_ms else max(before.since_ms, to_ms - DAY_MS)), to_ms


def _of_a_period(accepted: Home, home: Home, resident: str, ledger: Path, period: Period, tell: Tell) -> Report:
    """Of a plan that no hub has seen on trial in all of the period: a replay of it, as of any other plan."""
    if period.from_ms is None:
        period = Period(from_ms=(period.to_ms or 0) - DAY_MS, to_ms=period.to_ms)
    asked = question(accepted=accepted, files=accepted, tried=home, at_once=False, resident=resident, planted=True)
    return report(Words(home, over_ledger(asked, ledger, period, tell), asked.old_is), resident)

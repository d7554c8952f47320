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
from hub.replay.replaying import NothingToReplay, Period, newest_accepted, over_ledger, question
from hub.replay.trial import read_with_shadow, shadow_of, shadows_in
from rules.home import Home
from rules.inputs import Report
from rules.replay.shadow_report import report
from rules.replay.words import Words

DAY_MS = 86_400_000
NONE = "no plan is on trial: write residents/NAME.shadow.yaml, the plan with a line `shadow: true`"


def try_shadows(folder: Path, *, start: str | None, end: str | None, as_json: bool) -> int:
    """Print a sentence for each plan on trial; 1 where one cannot be tried."""
    give_way(COMMANDS)
    with named(folder):
        reading = read_home(folder)
    to_ms = moment_of(end, reading.home.timezone) or SystemClock().wall_ms()
    from_ms = moment_of(start, reading.home.timezone) or to_ms - DAY_MS
    found = reports(folder, reading, Period(from_ms=from_ms, to_ms=to_ms))
    if as_json:
        sys.stdout.buffer.write(orjson.dumps({"reports": found}) + b"\n")
        return 0
    for each in found:
        sys.stdout.write(f"{each.words}\n")
    if not found:
        sys.stdout.write(f"{NONE}\n")
    return 0


def reports(folder: Path, reading: Reading, period: Period) -> list[Report]:
    """A sentence for each plan on trial; one that cannot be tried says why."""
    ledger = reading.settings.data / LEDGER
    accepted = newest_accepted(ledger) or reading.home
    return [_report(folder, path, accepted, ledger, period) for path in shadows_in(folder)]


def _report(folder: Path, path: Path, accepted: Home, ledger: Path, period: Period) -> Report:
    plan = shadow_of(path.name)
    resident = plan.removesuffix(".yaml")
    try:
        tried = read_with_shadow(folder, path).home
        asked = question(accepted=accepted, files=accepted, tried=tried, at_once=False, resident=resident, planted=True)
        with progress(f"trying {plan}") as tell:
            answer = over_ledger(asked, ledger, period, tell)
    except NothingToReplay as nothing:
        return Report(resident=resident, words=f"{plan} on trial: {nothing}", matters=False)
    except HandrailError as error:
        return Report(resident=resident, words=f"{path.name} cannot be tried: {error}", matters=True)
    return report(Words(tried, answer, asked.old_is), resident)

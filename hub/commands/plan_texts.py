"""`handrail explain`, `week` and `schema`: a resident's plan for people, and the forms of all files for editors."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from textwrap import wrap

import orjson

from hub.called import called
from hub.clock import SystemClock
from hub.config.read import continued, read_home
from hub.config.schema import schemas, write_schemas
from hub.errors import HandrailError
from hub.homes import LEDGER, named
from hub.ledger.read import NotThereYet, Reader, Unreadable
from hub.replay.since import trials_of
from rules.home import Home, Resident
from rules.plans.explain import WIDTH, explain
from rules.plans.invited import invited
from rules.plans.week import LOOK_BACK_DAYS, Lived, week
from rules.rows import Person
from rules.setting import Setting
from rules.state import Episode

_DAY_MS = 86_400_000


class NoSuchDay(HandrailError):
    """The day cannot be understood."""


def explain_plan(folder: Path, *, resident: str) -> int:
    """Print the plan in plain English; what was accepted last, where the file is refused now."""
    home, whose = _whose(folder, resident)
    sys.stdout.write(explain(whose, home, _today(home)))
    on_trial = trials_of(folder, read_home(folder).settings.data / LEDGER, home.timezone).get(whose.resident)
    if on_trial is not None:
        said = f"Beside this plan another one, {whose.resident}.shadow.yaml, helps nobody and tells nobody: {on_trial}."
        sys.stdout.write(
            "\n".join(["", "ANOTHER PLAN", *wrap(said, WIDTH, initial_indent="  ", subsequent_indent="  "), ""])
        )
    return 0


def print_week(folder: Path, *, resident: str, first: str | None) -> int:
    """Print the resident's week and the page for the review."""
    home, whose = _whose(folder, resident)
    now_ms, today = SystemClock().wall_ms(), _today(home)
    lived = _lived(read_home(folder).settings.data / LEDGER, whose.resident, now_ms - LOOK_BACK_DAYS * _DAY_MS)
    sys.stdout.write(week(whose, home, _day(first) if first else today, lived))
    return 0


def _today(home: Home) -> date:
    now_ms = SystemClock().wall_ms()
    return datetime.fromtimestamp(now_ms // 1000, UTC).astimezone(Setting(home).timezone).date()


def print_invited(folder: Path) -> int:
    """Print who was asked to what takes place today, and what they said."""
    with named(folder):
        reading = read_home(folder)
    home, today = reading.home, _today(reading.home)
    midnight = datetime(today.year, today.month, today.day, tzinfo=Setting(home).timezone)
    since_ms = int(midnight.timestamp() * 1000)
    with closing(Reader(reading.settings.data / LEDGER)) as reader:
        try:
            ran = [one for row in home.residents for one in reader.episodes_of(row.resident, since_ms)]
        except NotThereYet:
            ran = []
    sys.stdout.write(invited(home, ran, today))
    return 0


def print_schemas(folder: Path | None) -> int:
    """Print the schemas as one JSON object; with a home, write them into its `schemas` instead."""
    if folder is None:
        sys.stdout.write(orjson.dumps(schemas(), option=orjson.OPT_INDENT_2).decode() + "\n")
        return 0
    with named(folder):
        written = write_schemas(folder)
    sys.stdout.writelines(f"{path}\n" for path in written)
    return 0


def _whose(folder: Path, name: str) -> tuple[Home, Resident]:
    with named(folder):
        reading = read_home(folder)
    with closing(Reader(reading.settings.data / LEDGER)) as reader:
        try:
            last = reader.configuration()
        except Unreadable:
            last = None
    home = continued(reading, last).home if last is not None else reading.home
    found = called(name, home.residents)
    for problem in reading.refused_plans:
        if problem.file == f"residents/{found.resident}.yaml":
            sys.stderr.write(f"handrail: this plan is refused ({problem}): what was accepted last is shown\n")
    return home, found


def _lived(ledger: Path, resident: str, since_wall_ms: int) -> Lived:
    with closing(Reader(ledger)) as reader:
        try:
            episodes: list[Episode] = reader.episodes_of(resident, since_wall_ms)
            people: list[Person] = reader.people()
            alerts = reader.alerts_of(resident, since_wall_ms)
            now_wall_ms = reader.wall_ms()
        except NotThereYet:
            return Lived(note="The hub has not run yet: nothing is known of how the plan went.")
        except Unreadable as error:
            return Lived(note=f"The ledger cannot be read ({error}): nothing is known of how the plan went.")
    person = next((one for one in people if one.resident == resident), None)
    return Lived(episodes=tuple(episodes), person=person, alerts=tuple(alerts), now_wall_ms=now_wall_ms)


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise NoSuchDay(f"--from {written}: expected a date, as in 2026-11-23") from None

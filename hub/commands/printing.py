"""`handrail sheet`: prints the paper list of a shift, also where the home's files or its ledger cannot be read."""

from __future__ import annotations

import re
import sys
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, select_autoescape

from hub.clock import SystemClock
from hub.config.problems import ConfigurationRefused
from hub.config.read import continued, read_home
from hub.config.settings import data_folder
from hub.errors import HandrailError
from hub.homes import LEDGER, named
from hub.ledger.read import NotThereYet, Reader, Unreadable
from rules.home import Home
from rules.plans.standing import present
from rules.setting import Setting
from rules.sheet import BOXES, WORDS, Sheet, how_of, sheet_of, text_of
from rules.state import OnShift, Person


class NoSuchTime(HandrailError):
    """The time of the shift cannot be understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What the ledger says, as far as it can be read."""

    home: Home | None = None
    signed_on: list[OnShift] | None = None
    note: str = ""
    people: list[Person] = field(default_factory=list)


def print_sheet(folder: Path, *, as_html: bool, at: str | None) -> int:
    """Print the list; 0 also where it is drawn from the configuration accepted last, which is then said on it."""
    wall_ms = SystemClock().wall_ms()
    with named(folder):
        home, kept, notes = _read(folder)
    for note in notes:
        sys.stderr.write(f"handrail: {note}\n")
    shift_wall_ms = None if at is None else _moment(at, Setting(home), wall_ms)
    signed_on = kept.signed_on if at is None else None
    sheet = sheet_of(home, wall_ms, signed_on, shift_wall_ms=shift_wall_ms, notes=notes)
    sys.stdout.write(page_of(sheet) if as_html else text_of(sheet))
    return 0


def _read(folder: Path) -> tuple[Home, _Kept, list[str]]:
    """The home to print, what the ledger holds, and what the reader must know of both."""
    try:
        reading = read_home(folder)
    except ConfigurationRefused as refused:
        kept = _kept(data_folder(folder) / LEDGER)
        if kept.home is None:
            raise
        said = f"the home's files are refused ({refused.problems[0]}): this is the configuration accepted last"
        return kept.home, kept, [note for note in (said, kept.note) if note]
    kept = _kept(reading.settings.data / LEDGER)
    home = continued(reading, kept.home).home if kept.home is not None else reading.home
    notes = [f"a plan is refused ({problem}): its last accepted one is used" for problem in reading.refused_plans]
    return present(home, kept.people), kept, [note for note in (*notes, kept.note) if note]


def _kept(ledger: Path) -> _Kept:
    with closing(Reader(ledger)) as reader:
        try:
            accepted, signed_on, people = reader.configuration(), reader.on_shift(), reader.people()
        except NotThereYet:
            return _Kept()
        except Unreadable as error:
            return _Kept(note=f"the ledger cannot be read ({error}): who signed on is not known")
    if accepted is None:
        return _Kept(signed_on=signed_on)
    return _Kept(home=accepted, signed_on=signed_on, people=people)


def _moment(at: str, setting: Setting, wall_ms: int) -> int:
    """The next time that the clock of the home shows `HH:MM`."""
    found = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", at.strip())
    if found is None:
        raise NoSuchTime(f"--at {at}: expected a time of day, as in 21:30")
    here = datetime.fromtimestamp(wall_ms // 1000, UTC).astimezone(setting.timezone)
    there = here.replace(hour=int(found[1]), minute=int(found[2]), second=0)
    if there < here.replace(second=0):
        there += timedelta(days=1)
    return int(there.timestamp() * 1000)


def page_of(sheet: Sheet) -> str:
    """The same as one HTML page that needs nothing beside it."""
    kept = files("rules")
    template = (kept / "sheet.html").read_text(encoding="utf-8")
    css = (kept / "sheet.css").read_text(encoding="utf-8")
    environment = Environment(autoescape=select_autoescape(default=True), trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(template).render(sheet=sheet, w=WORDS, boxes=BOXES, how_of=how_of, css=css) + "\n"

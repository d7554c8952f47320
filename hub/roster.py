"""The roster of a home, read from its files and its ledger.

Read-only, so it may be asked while the hub runs and when it does not.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from devices.adapter import Description
from hub.config.problems import ConfigurationRefused
from hub.config.read import continued, read_home
from hub.config.settings import data_folder
from hub.errors import LedgerUnreadable
from hub.homes import LEDGER, named
from hub.ledger.read import NotThereYet, Reader, Unreadable
from rules.home import Home
from rules.roster import Roster, roster
from rules.state import Status, Stranger


@dataclass(slots=True)
class _Ledger:
    home: Home | None = None
    as_of_ms: int = 0
    statuses: list[Status] = field(default_factory=list)
    known: list[Description] = field(default_factory=list)
    strangers: list[Stranger] = field(default_factory=list)


def roster_of(folder: Path) -> Roster:
    """Read the home in this folder. Where its files are refused, the configuration accepted last is used; raises
    `HomeRefused` where there is none, and `LedgerUnreadable` where the ledger cannot be read."""
    with named(folder):
        try:
            reading = read_home(folder)
        except ConfigurationRefused as refused:
            ledger = _ledger(data_folder(folder) / LEDGER)
            if ledger.home is None:
                raise
            note = f"the home's files are refused ({refused.problems[0]}): this is the configuration accepted last"
            return _roster(ledger.home, ledger, note)
        ledger = _ledger(reading.settings.data / LEDGER)
        home = continued(reading, ledger.home).home if ledger.home is not None else reading.home
    return _roster(home, ledger, "" if ledger.as_of_ms else "no hub has run here yet: nothing was ever heard")


def _ledger(path: Path) -> _Ledger:
    with closing(Reader(path)) as reader:
        try:
            return _Ledger(
                home=reader.configuration(),
                as_of_ms=reader.cursors().get("wall_ms", 0),
                statuses=reader.devices(),
                known=reader.known(),
                strangers=reader.strangers(),
            )
        except NotThereYet:
            return _Ledger()
        except Unreadable as error:
            raise LedgerUnreadable(
                f"the ledger cannot be read ({error}): try again, and see `handrail verify`"
            ) from error


def _roster(home: Home, ledger: _Ledger, note: str) -> Roster:
    return roster(
        home,
        as_of_ms=ledger.as_of_ms,
        statuses=ledger.statuses,
        descriptions=ledger.known,
        strangers=ledger.strangers,
        note=note,
    )

"""Everything that is known of a home's devices, from its files and its ledger: those placed, and those nobody placed.

Read-only, so it may be asked while the hub runs and when it does not; `as_of_ms` says how old the knowledge is.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from devices.adapter import Description
from devices.events import Kind
from devices.gateways import base_of, hears_below
from devices.registry import Placed
from hub.config.problems import ConfigurationRefused
from hub.config.read import continued, read_home
from hub.config.settings import data_folder
from hub.errors import LedgerUnreadable
from hub.homes import LEDGER, named
from hub.ledger.read import NotThereYet, Reader, Unreadable
from rules import gateways, protection
from rules.home import Home
from rules.setting import Setting
from rules.state import State, Status, Stranger


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One device: what it is, whose, and how it does."""

    address: str
    placed: Placed | None = None
    description: Description | None = None
    status: Status | None = None
    stranger: Stranger | None = None
    fails: str = ""
    """Why nobody may rely on it now, where somebody calls with it."""

    @property
    def ecosystem(self) -> str:
        """Which ecosystem it speaks."""
        return self.description.ecosystem if self.description else base_of(self.address).rstrip("/")

    @property
    def kinds(self) -> tuple[str, ...]:
        """What it reports: by its own description, or what was heard of it; the main kind first."""
        if self.description is not None and self.description.kinds:
            main = self.description.kind.value
            return (main, *(kind.value for kind in self.description.kinds if kind.value != main))
        status = self.status
        keys = [*status.counted, *status.values] if status is not None else []
        return tuple(dict.fromkeys(key.partition(":")[0] for key in keys))

    @property
    def battery(self) -> str:
        """Its battery in words; empty where it never said."""
        if self.status is None:
            return ""
        said = [value for value in protection.values_of(self.status, Kind.BATTERY) if value is not None]
        shares = [f"{value} %" for value in said if isinstance(value, int | float)]
        return (shares or [str(value) for value in said] or [""])[0]

    @property
    def heard_ms(self) -> int:
        """When it was last heard, as Unix milliseconds; 0 where it never was."""
        return self.status.heard_wall_ms if self.status is not None else 0

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with it: `silent`, `battery`, `tamper`, `offline`."""
        return tuple(sorted(self.status.faults)) if self.status is not None else ()


@dataclass(slots=True, kw_only=True)
class Roster:
    """All of it, as of one moment."""

    home: Home
    as_of_ms: int
    """The newest commit, as Unix milliseconds; 0 where no hub ever ran."""
    placed: list[Row] = field(default_factory=list)
    strangers: list[Row] = field(default_factory=list)
    gateways: list[Row] = field(default_factory=list)
    blind: list[protection.Blind] = field(default_factory=list)
    note: str = ""

    @property
    def known(self) -> dict[str, Description]:
        """What devices told about themselves, by address."""
        rows = (*self.placed, *self.strangers, *self.gateways)
        return {row.address: row.description for row in rows if row.description is not None}


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
    state, setting = State(), Setting(home)
    state.devices.rows = {status.device: status for status in ledger.statuses}
    known = {one.device: one for one in ledger.known}
    marked = {one.device: one for one in ledger.strangers}
    down = gateways.down(state, setting)
    named = {status.gateway for status in ledger.statuses if status.gateway}
    made = Roster(home=home, as_of_ms=ledger.as_of_ms, blind=protection.blind(state, setting), note=note)
    for placed in home.devices:
        fails = protection.fails(state, placed, down) if gateways.protects(placed) else ""
        status = state.devices.get(placed.device)
        made.placed.append(
            Row(
                address=placed.device,
                placed=placed,
                description=known.get(placed.module),
                status=status,
                fails=fails,
            )
        )
    for address in sorted({*known, *state.devices.rows} - {placed.device for placed in home.devices}):
        row = Row(
            address=address,
            description=known.get(address),
            status=state.devices.get(address),
            stranger=marked.get(address),
        )
        is_gateway = hears_below(address) is not None or address in named or bool(setting.parts_of(address))
        (made.gateways if is_gateway else made.strangers).append(row)
    made.strangers.sort(key=lambda row: -row.heard_ms)
    return made

"""Everything that is known of a home's devices: those placed, those nobody placed, gateways, and who is without one.

Drawn from rows of the ledger, so that the command line and the managers' page say the same; `as_of_ms` says how old
the knowledge is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from devices.adapter import Description
from devices.catalogue import adapter_for
from devices.discovery import line_of
from devices.events import Kind
from devices.gateways import base_of, hears_below
from devices.part_commands import wrong_part
from devices.purposes import TAKES
from devices.registry import Placed
from rules.hearing import gateways, protection
from rules.home import Home
from rules.setting import Setting
from rules.state import State, Status, Stranger

SAYS_IT_CALLS = "says that it calls"
"""Whether a button calls is said by whoever places it: that its words alone said so is then no doubt any more."""


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
        if self.description is not None:
            return self.description.ecosystem
        adapter = adapter_for(self.address)
        return adapter.name if adapter is not None else base_of(self.address).rstrip("/")

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
    def doubt(self) -> str:
        """Why it is not fully understood; empty where it is, and where placing it has said what was not clear."""
        unclear = self.description.unclear if self.description is not None else ""
        if self.placed is None:
            return unclear
        if self.placed.purpose in TAKES and (wrong := wrong_part(self.description, self.address)):
            return wrong
        return "" if SAYS_IT_CALLS in unclear else unclear

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


def _lines(descriptions: Iterable[Description]) -> set[str]:
    """Under which addresses nodes said that they are online before they introduced themselves under another one."""
    known = {one.device: one for one in descriptions}
    reads = (read for one in known.values() for entity in one.entities for read in entity.reads)
    said = (read.topic for read in reads if read.kind is Kind.AVAILABILITY and read.topic.endswith("/status"))
    found = {line_of(topic.removesuffix("/status")) for topic in said}
    return {address for address in found if address not in known}


def roster(
    home: Home,
    *,
    as_of_ms: int = 0,
    statuses: Iterable[Status] = (),
    descriptions: Iterable[Description] = (),
    strangers: Iterable[Stranger] = (),
    note: str = "",
) -> Roster:
    """The roster of a home with what was heard of its devices."""
    state, setting = State(), Setting(home)
    state.devices.rows = {status.device: status for status in statuses}
    named = {status.gateway for status in state.devices if status.gateway}
    known = {one.device: one for one in descriptions}
    marked = {one.device: one for one in strangers}
    down = gateways.down(state, setting)
    made = Roster(home=home, as_of_ms=as_of_ms, blind=protection.blind(state, setting), note=note)
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
    lines = _lines(known.values())
    for address in sorted({*known, *state.devices.rows} - {placed.device for placed in home.devices} - lines):
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

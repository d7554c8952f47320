"""What is kept of walk tests, a row a device: the one that runs, the last that was heard, and which are overdue.

A walk test shows that a pendant or cord is heard: a carer presses it and says that it was they (`walking.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from devices.registry import Purpose, Supervision

DAY_MS = 86_400_000
TESTABLE = frozenset({Purpose.EMERGENCY, Purpose.CALL})
"""What a resident calls with. Smoke, gas, a fall and a colleague's cry are never taken for a test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkTest:
    """An alert that is the press of a walk test: a real call at `until_ms` (elapsed), unless `by` says before that it
    was theirs."""

    by: str
    until_ms: int
    until_wall_ms: int
    heard_after_ms: int
    """From *press now* to hearing it."""
    battery: str = ""
    """`82 %`, `low`, `ok`; empty where it never said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The walk tests of one device, by our name of it."""

    device: str
    since_wall_ms: int
    """It is known since: a device never tested is overdue an interval after that."""
    by: str = ""
    """Who tests it now; empty where nobody does."""
    opened_ms: int = 0
    until_wall_ms: int = 0
    """So long its press is waited for, as screens count down."""
    alert: str = ""
    """The press of the test that runs, once it was heard."""
    tested_by: str = ""
    tested_wall_ms: int = 0
    heard_after_ms: int = 0
    battery: str = ""
    failed_by: str = ""
    failed_wall_ms: int = 0
    """The last time that it was to be pressed and nothing was heard."""

    @property
    def has_failed(self) -> bool:
        """Nothing was heard at its last test."""
        return self.failed_wall_ms > self.tested_wall_ms


class Device(Protocol):
    """A placed device, as far as its class of test goes."""

    @property
    def name(self) -> str:
        """Our name of it."""
        ...

    @property
    def purpose(self) -> Purpose:
        """What it is for."""
        ...

    @property
    def supervision(self) -> Supervision:
        """Its class."""
        ...


class Intervals(Protocol):
    """How often each class is to be tested, in days."""

    @property
    def walk_pendant_days(self) -> int:
        """Pendants."""
        ...

    @property
    def walk_pull_cord_days(self) -> int:
        """Cords and buttons on a wall."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A device whose walk test is overdue. `days` since its last one; None where it never had one."""

    device: str
    days: int | None
    has_failed: bool = False

    @property
    def words(self) -> str:
        """`room-012-pendant (31 days ago)`."""
        if self.has_failed:
            return f"{self.device} (not heard at its last test)"
        return f"{self.device} ({'never tested' if self.days is None else f'{self.days} days ago'})"


def interval_days(device: Device, times: Intervals) -> int | None:
    """How often this device is to be tested; None where it is not."""
    if device.purpose not in TESTABLE:
        return None
    every = {
        Supervision.PENDANT: times.walk_pendant_days,
        Supervision.PULL_CORD: times.walk_pull_cord_days,
    }
    return every.get(device.supervision)


def overdue(devices: Iterable[Device], walks: Mapping[str, Walk], times: Intervals, wall_ms: int) -> list[Overdue]:
    """The devices whose test is overdue, by name: its interval has passed, or nothing was heard at the last one.

    A device that the ledger has no row of yet is overdue: nobody can say when it was tested.
    """
    found = []
    for device in devices:
        days = interval_days(device, times)
        if days is None:
            continue
        walk = walks.get(device.name) or Walk(device=device.name, since_wall_ms=0)
        passed_ms = wall_ms - max(walk.tested_wall_ms, walk.since_wall_ms)
        # A day that is still to come was written by a clock that stood years ahead: nobody knows when that was.
        if walk.has_failed or passed_ms > days * DAY_MS or passed_ms < -DAY_MS:
            ago = max(0, wall_ms - walk.tested_wall_ms) // DAY_MS if walk.tested_wall_ms else None
            found.append(Overdue(device=device.name, days=ago, has_failed=walk.has_failed))
    return sorted(found, key=lambda row: row.device)


def heard_words(after_ms: int, battery: str) -> str:
    """`heard after 0.8 s, battery 82 %`."""
    said = f", battery {battery}" if battery else ", battery not known"
    return f"heard after {after_ms / 1000:.1f} s{said}"

"""What the page is sent: plain rows in words, for every screen the same.

Times are Unix milliseconds, ids are for asking, everything else is shown as it stands.
"""

from __future__ import annotations

from dataclasses import dataclass

from rules.alerting.levels import Level
from rules.state import AlertState


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedRow:
    """One of the presses made while the hub was down, answered by itself."""

    key: str
    title: str
    where: str
    at_wall_ms: int
    presses: int
    answered_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestNow:
    """A walk test's press on its card: whose test, and when it is a call unless they say that it was theirs."""

    device: str
    by: str
    by_id: str
    heard: str
    until_wall_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkNow:
    """A walk test whose press is waited for."""

    device: str
    by: str
    by_id: str
    until_wall_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One open alert as it stands on the board. Names are words to show; the fields ending in `_id` are for asking."""

    id: str
    version: int
    level: Level
    level_word: str
    state: AlertState
    title: str
    known: bool
    """The title is a person's name."""
    where: str
    places: tuple[str, ...]
    """Where this is: a screen at one of them proves presence."""
    near: str | None
    near_wall_ms: int | None
    reason: str
    also: tuple[str, ...]
    waiting_since_wall_ms: int
    presses: int
    presses_line: str
    told_line: str
    told_ids: tuple[str, ...]
    rings: int
    quiet: bool
    everybody: bool
    assist: bool
    caller_id: str | None
    """Who asked for help with staff assist: their own device keeps silent."""
    claimed_by: str | None
    claimed_id: str | None
    claimed_wall_ms: int | None
    attended_by: str | None
    attended_id: str | None
    attended_wall_ms: int | None
    promised_by: str | None
    promised_id: str | None
    promised_until_wall_ms: int | None
    may_promise: bool
    longer: bool
    """Was put off before: once more needs a reason."""
    ask_who: bool
    """Who it was is asked at the end: the alert names a place alone."""
    ask_why: bool
    """Nothing showed yet that somebody was there: closing asks why."""
    unknown_device: str | None
    marks: tuple[str, ...]
    missed: tuple[MissedRow, ...]
    test: TestNow | None
    """The press of a walk test: it rings nobody yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedRow:
    """An alert of this night that has ended."""

    id: str
    level: Level
    level_word: str
    title: str
    where: str
    ending: str
    by: str
    closed_wall_ms: int
    waited_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """Somebody to tap: staff, people on shift, residents."""

    id: str
    name: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives(Name):
    """Somebody who lives here."""

    room: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where a resident stands with the plan: `visit`, `away`, `look` or `reconnected`, in words."""

    resident: str
    name: str
    what: str
    words: str
    shown: bool
    """It stands on the board, and not with the resident alone."""
    device: str = ""
    """The sensor of which is asked who reconnected it, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StrangerRow:
    """A device that was seen and not placed."""

    device: str
    first_wall_ms: int
    not_ours: bool
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """The small print at the bottom of the page."""

    lines: tuple[str, ...]
    unread: tuple[str, ...]
    strangers: tuple[StrangerRow, ...]
    faulty: tuple[str, ...]
    overdue: tuple[str, ...] = ()
    """Walk tests that should have been made by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Where a resident was last seen, for the list shown in fire mode."""

    name: str
    room: str
    near: str
    near_wall_ms: int | None
    moves_with: str = ""
    """What has to be brought along: a wheelchair, a walker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The whole picture, the same for every screen."""

    home: str
    timezone: str
    mode: str
    cards: tuple[Card, ...]
    more: str
    """What is open beyond `CARDS_SHOWN`: the least serious, in words."""
    closed: tuple[ClosedRow, ...]
    shift: tuple[Name, ...]
    staff: tuple[Name, ...]
    residents: tuple[Lives, ...]
    promise_min: tuple[int, ...]
    seen: tuple[Seen, ...]
    notes: Notes
    walk: WalkNow | None
    stands: tuple[Stand, ...] = ()

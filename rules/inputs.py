"""Everything that can happen to the machine: facts, in the past tense. A ledger of them is the whole past of a home."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from devices.events import Event
from rules.home import Home


@dataclass(frozen=True, slots=True)
class Now:
    """The two clocks of an input: `elapsed_ms` never goes back and is what waits run on; `wall_ms` is Unix time."""

    elapsed_ms: int
    wall_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A device reported a fact."""

    event: Event
    retained: bool = False
    can_call: bool = False
    """The device has introduced itself as one that can report an emergency or a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A device told about itself what its supervision must know, or no longer says so."""

    device: str
    checks_in_s: int = 0
    gateway: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FellDue:
    """A timer's time came."""

    timer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A screen, button or other client asked for something."""

    id: str
    client: str
    do: str
    alert: str = ""
    by: str = ""
    ending: str = ""
    reason: str = ""
    until_s: int = 0
    """For a promise: how many seconds the resident is asked to wait."""
    resident: str = ""
    room: str = ""
    device: str = ""
    proof: str = ""
    """For attending: the tag, call point or screen that shows where the carer is."""
    episode: str = ""
    """For an answer: the run that asked."""
    answer: str = ""
    choice: str = ""
    """For a choice of the day: which; `answer` is what was chosen."""
    reviewed_by: str = ""
    """For being away: who looks at it when the time is over."""
    at_ms: int | None = None
    """When it was asked for, as Unix milliseconds, where that is said: it may have waited at the broker for hours."""
    confirmed: bool = False
    """For what cannot be taken back with a tap: it was asked twice."""
    command: Mapping[str, str | int | float] = field(default_factory=dict)
    """For a command: its word (`do`) and its arguments."""
    cannot: str = ""
    """For a command: why its device cannot, by what it told about itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A person's channel answered, or did not: the result of a `Tell`."""

    alert: str
    version: int
    person: str
    channel: int
    ok: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """A home's configuration was accepted."""

    home: Home
    refused: tuple[str, ...] = ()
    """Files or plans that were refused at the same time, each with its reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationRefused:
    """A changed configuration was refused; the last accepted one goes on."""

    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The hub started. `down_from_ms` is the wall time of the last commit before, 0 on a new ledger."""

    down_from_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """The connection to the broker went up or down."""

    up: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStepped:
    """The wall clock moved by `step_ms` against the monotonic one."""

    step_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A message could not be read; it is kept in quarantine."""

    topic: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Faulted:
    """Something of the hub's own went wrong or came right again (disk, series, gateway at QoS 0)."""

    fault: str
    on: bool
    reason: str
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A light, speech or sound that could not be carried out in its time was dropped: late help confuses."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Home Assistant did what a step of help asked of it, or did not: the result of a `CallService`."""

    service: str
    why: str
    ok: bool
    reason: str = ""
    episode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An open alert as the broker shows it, where that is all that is left of it."""

    level: str
    kind: str
    reason: str
    resident: str = ""
    place: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """The broker showed alerts of ours with numbers or versions that the ledger has not reached: of each, the version
    and the words."""

    shown: Mapping[str, tuple[int, str]]
    standing: Mapping[str, Standing] = field(default_factory=dict)
    """Alerts that are open as far as anybody knows, where there is no record of before: they are told anew."""
    behind: int = 0
    """And new ones get a number behind this one."""
    restored: bool = False
    """The ledger was put back from a copy: something else knows more than it holds."""
    over: tuple[str, ...] = ()
    """Alerts that were closed since the copy was made."""
    perhaps: tuple[str, ...] = ()
    """Alerts of which nobody can say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedRun:
    """One run of a rule under a plan on trial that came to its end. Times are wall times in milliseconds."""

    rule: str
    started_ms: int
    ended_ms: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one resident's plan on trial would have done since its report before. Times are wall times in ms."""

    resident: str
    words: str
    matters: bool
    """It would have come otherwise than under the plan in force, or it could not be tried."""
    plan: str = ""
    """Which file is on trial, by its digest; `""`: none is any more."""
    since_ms: int = 0
    """On trial since this moment: then the hub first saw the file as it is."""
    to_ms: int = 0
    """Everything before this moment is reported."""
    tried_ms: int = 0
    """The morning whose report this is, also where it could not be tried."""
    runs: tuple[TriedRun, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of plans on trial: one began, was run over the past aside, or is on trial no more."""

    reports: tuple[Report, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A bug of ours met something of the hub's own: it was taken back whole, and this is stepped in its place."""

    what: str
    """The name of the input that met it."""
    error: str
    timer: str = ""
    """For a timer, its key."""
    look_at: str = ""
    """It may have hidden a call: whom somebody must look at."""
    row: str = ""
    """For a row of the ledger that could not be read at a start: `TABLE/KEY`."""


Input = (
    Heard
    | Described
    | FellDue
    | Asked
    | Delivered
    | Configured
    | ConfigurationRefused
    | Started
    | Linked
    | ClockStepped
    | Unread
    | Faulted
    | Dropped
    | Served
    | Remembered
    | Tried
    | SetAside
)

"""What the machine knows: a handful of keyed tables of frozen records, and nothing else.

All of it is rows: a start reads the tables and never folds the past again. A step replaces single rows, and the tables
keep what changed, so that it is written down. Nothing here reads a clock or decides anything, and the order of rows in
a table means nothing: a start reads them back in another one, so whoever goes through them sorts by what the rows say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from devices.events import Value
from devices.records import quick
from rules.alerting.levels import Level
from rules.hearing.walks import Walk, WalkTest
from rules.home import Rule
from rules.rows import Away, Person, Watch
from rules.setting import Setting
from rules.tables import Table


class AlertState(StrEnum):
    """Where an alert is in its life; `rules/alerting/life.py` says what leads from one to the next."""

    TOLD = "told"
    CLAIMED = "claimed"
    ATTENDED = "attended"
    PROMISED = "promised"
    """Told to wait until a time; never an ending."""
    CLOSED = "closed"

    __hash__ = str.__hash__


class Ending(StrEnum):
    """How an alert ended."""

    HELPED = "helped"
    NO_HELP_NEEDED = "no_help_needed"
    MISTAKE = "mistake"
    OTHER = "other"
    BACK = "back"
    """A device that was lost is heard again: only the hub's own technical alerts end so."""
    CLOSED_SINCE = "closed_since"  # after the copy was made that the ledger was put back from: by whom is not known
    TESTED = "tested"  # the carer who began the walk test said that the press was theirs


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """ "Back by 02:20": who said so, until when (elapsed), and how often it was put off."""

    by: str
    until_ms: int
    until_wall_ms: int
    extended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """One press of those made while the hub was down, in the alert that lists them."""

    resident: str | None
    device: str
    place: str | None
    kind: str
    at_ms: int
    presses: int = 1
    answered_by: str | None = None
    proved: bool = False
    """Something showed that who answered it was there."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something staff have been told. Times ending in `_wall_ms` are Unix milliseconds, the others elapsed ones."""

    id: str
    version: int
    level: Level
    state: AlertState
    kind: str
    reason: str
    cause: str
    resident: str | None = None
    place: str | None = None
    room: str | None = None
    zone: str | None = None
    device: str | None = None
    stamp: str | None = None
    near: str | None = None
    near_wall_ms: int | None = None
    raised_ms: int
    raised_wall_ms: int
    waiting_since_ms: int
    """The first press of this need; a reopened alert keeps it."""
    waiting_since_wall_ms: int
    rung: int = 0
    ladder_from_ms: int = 0
    """Where the ladder's clock started: the raise, a lapse, a broken promise or a reopening."""
    told: tuple[str, ...] = ()
    rings: int = 1
    """Counts up each time it shall sound again."""
    quiet: bool = False
    """Taken by somebody: the others' sounders are silent."""
    presses: int = 1
    pressed_ms: int = 0
    burst_ms: int | None = None
    """When the presses began that are shown as one; None once somebody took it, so that the next press rings."""
    climbed_ms: int = 0
    claimed_by: str | None = None
    claimed_wall_ms: int | None = None
    attended_by: str | None = None
    attended_wall_ms: int | None = None
    proved: bool = False
    """A tag, call point or screen showed that the carer was there; closed without, it is on the manager's list."""
    unproved_reason: str | None = None
    """Why nothing showed it, said when attending or closing: without the one or the other it is not closed."""
    promise: Promise | None = None
    promised_before: bool = False
    """A promise was broken: there is no other."""
    promises: int = 0
    """How often somebody was asked to wait; the second time needs a reason, a third there is not."""
    ok_said: bool = False
    ending: Ending | None = None
    closed_by: str | None = None
    closed_ms: int | None = None
    closed_wall_ms: int | None = None
    word: str | None = None
    """What was said with the ending, in a word."""
    everybody: bool = False
    """Rings everybody on shift at once: staff assist, unknown device."""
    also: tuple[str, ...] = ()
    missed: tuple[Missed, ...] = ()
    late: bool = False
    found: bool = False
    unrecorded: bool = False
    episode: str | None = None
    test: WalkTest | None = None
    """The press of a walk test, which rings nobody yet; None once it is a call."""


class EpisodeState(StrEnum):
    """Where a run of a rule is."""

    HELPING = "helping"
    SETTLED = "settled"
    UNSETTLED = "unsettled"
    OFFERED = "offered"
    """A reminder or an invitation was given, and answered or not: it never tells staff."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One run of one rule; it carries the rule it began with."""

    id: str
    rule: Rule
    state: EpisodeState
    started_ms: int
    started_wall_ms: int
    step: int = 0
    ended_wall_ms: int | None = None
    alert: str | None = None
    reason: str = ""
    said: str = ""
    """What the room's screen says for this run now."""
    spoken: bool = False
    """And whether it is spoken aloud."""
    times: int = 1
    picture: str = ""
    asked_step: int | None = None
    """The step whose question waits for an answer."""
    asked_ms: int = 0
    """When it was asked (elapsed)."""
    answer: str = ""
    """What the resident answered last."""
    since_ms: int | None = None
    """Since when it lasts what the run is about (elapsed); None: since it started."""
    changed: str = ""
    """What became of the plan meanwhile: the run ends under the one it began with, and says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """Waiting is data: when (elapsed), and what then."""

    key: str
    due_ms: int
    what: str
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The last press of one device and kind that was counted, so that its repetition is not."""

    kind: str
    value: Value
    press_id: str | None
    at_ms: int | None
    heard_ms: int


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What is known of one device: when it was last heard, its values, what is wrong with it."""

    device: str
    heard_ms: int
    heard_wall_ms: int
    values: Mapping[str, Value] = field(default_factory=dict)
    counted: Mapping[str, Counted] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    """What is wrong (`silent`, `battery`, `tamper`, `offline`) and the alert that says so."""
    watched_from_ms: int = 0
    """Its silence counts from here: it was placed, or staff closed the alert of its last silence."""
    known_lost_ms: int = 0
    """Staff closed the alert that it is not heard then; until it is heard it is still lost, though nobody is rung."""
    stamp_ms: int | None = None
    """Its own time stamp of what it said last: the same stamp once more is a gateway's memory, no sign of life."""
    checks_in_s: int = 0
    """It says that it speaks at least this often; 0 where it does not."""
    gateway: str = ""
    """The gateway it is heard through, where it is tied to one."""
    online_ms: int = 0
    """When it said last that it is there, and the broker did not merely remember it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnShift:
    """Somebody who signed on."""

    person: str
    name: str
    role: str
    since_wall_ms: int
    client: str
    known: bool = True
    """False for an agency carer who typed a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A request that was answered; the same id of the same client again gets the same answer and does nothing."""

    id: str
    ok: bool
    reason: str
    at_ms: int
    client: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A device nobody has placed: who marked it not ours, and since when that holds."""

    device: str
    first_wall_ms: int
    marked_by: tuple[str, ...] = ()
    not_ours: bool = False


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """The few single values: counters, when the hub started, the link to the broker, the mode of the house."""

    alerts: int = 0
    numbered: int = -1
    """After a start, until the broker has shown its alerts: the last number of before. -1: every number is known."""
    episodes: int = 0
    started_ms: int = 0
    started_wall_ms: int = 0
    down_from_wall_ms: int = 0
    """The last time that nobody heard the devices began here: the hub or its broker was down (0: never)."""
    up_wall_ms: int = 0
    """And ended here; 0 while it lasts."""
    known_wall_ms: int = 0
    """The clock was set back, or began behind the last record: it said this before (0: it did not)."""
    linked: bool = False
    linked_ms: int = 0
    mode: str = "normal"
    missed_alert: str = ""
    walking: str = ""
    """The device of the one walk test that runs."""
    unkept: tuple[str, ...] = ()
    """The faults for which the ledger is not written now: what is raised meanwhile is told from memory."""
    listed_ms: int = 0
    """The manager's last morning list was made here (elapsed): the next one lists what was closed since."""
    forgotten_ms: int = -1
    """Alerts closed up to here (elapsed) are no longer in memory; the ledger has them."""


ROWS: dict[str, type] = {
    "alerts": Alert,
    "episodes": Episode,
    "timers": Timer,
    "devices": Status,
    "people": Person,
    "shift": OnShift,
    "answers": Answered,
    "strangers": Stranger,
    "walks": Walk,
    "watches": Watch,
    "meta": Meta,
}

TABLES = tuple(ROWS)


class State:
    """The whole of what the machine knows."""

    __slots__ = ("setting", *TABLES)

    def __init__(self) -> None:
        self.setting: Setting | None = None
        self.alerts: Table[Alert] = Table()
        self.episodes: Table[Episode] = Table(lambda episode: episode.id)
        self.timers: Table[Timer] = Table()
        self.devices: Table[Status] = Table()
        self.people: Table[Person] = Table()
        self.shift: Table[OnShift] = Table()
        self.answers: Table[Answered] = Table()
        self.strangers: Table[Stranger] = Table()
        self.walks: Table[Walk] = Table()
        self.watches: Table[Watch] = Table()
        self.meta: Table[Meta] = Table()

    def tables(self) -> dict[str, Table[object]]:
        """Each table by the name it has in the ledger."""
        return {name: getattr(self, name) for name in TABLES}

    def adopt(self) -> None:
        """What these steps changed has been handed over to be written down: it is the past now."""
        for name in TABLES:
            getattr(self, name).adopt()


def fork(state: State) -> State:
    """A copy that can be stepped by itself; rows are shared, they are frozen."""
    copy = State()
    copy.setting = state.setting
    for name in TABLES:
        getattr(copy, name).rows = dict(getattr(state, name).rows)
    return copy


__all__ = [
    "ROWS",
    "TABLES",
    "Alert",
    "AlertState",
    "Answered",
    "Away",
    "Counted",
    "Ending",
    "Episode",
    "EpisodeState",
    "Meta",
    "Missed",
    "OnShift",
    "Person",
    "Promise",
    "State",
    "Status",
    "Stranger",
    "Table",
    "Timer",
    "Walk",
    "WalkTest",
    "Watch",
    "fork",
]

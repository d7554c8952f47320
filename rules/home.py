"""A home as the machine knows it: zones, places, residents, staff, devices, ladders, rules.

Read from the home's folder by `hub/config`, validated there whole, and handed in as one value. It is plain data, so
that an accepted configuration can be kept in the ledger word for word and used again after a restart or in a replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from devices.registry import Placed
from rules.levels import LADDERS, Ladder, Level


class PlaceKind(StrEnum):
    """What sort of place it is."""

    BEDROOM = "bedroom"
    BATHROOM = "bathroom"
    CORRIDOR = "corridor"
    LOUNGE = "lounge"
    GARDEN = "garden"
    OUTSIDE_DOOR = "outside_door"
    OTHER = "other"


class Role(StrEnum):
    """What a member of staff is to the ladders."""

    CARER = "carer"
    NURSE = "nurse"
    LEAD = "lead"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """Places whose alerts sound together. The first path is a mains-powered screen or sounder that is heard there."""

    zone: str
    name: str
    screens: tuple[str, ...] = ()
    """Mains-powered screens (the board of this zone) that sound."""
    sounders: tuple[str, ...] = ()
    """Names of placed siren or sounder devices."""
    accepted_without: str = ""
    """The home's written acceptance that this zone has neither; without it `check` refuses the zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A room, bathroom, corridor, lounge or garden."""

    place: str
    name: str
    kind: PlaceKind
    zone: str
    call_point: str = ""
    """How somebody calls from here without Handrail: a nurse-call cord, a bell, a telephone. Empty: nobody has said.
    `none, because …`: there is none, and the home has accepted it."""

    @property
    def is_blind_spot(self) -> bool:
        """Whether nobody can call from here while Handrail is down."""
        return self.call_point.casefold() in ("", "none") or self.is_accepted_blind

    @property
    def is_accepted_blind(self) -> bool:
        """Whether the home has said that there is no call point here, and why."""
        first, *rest = self.call_point.casefold().replace(",", " ").split() or [""]
        return first == "none" and bool(rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One way to reach a person besides the screens: an Apprise address, read from a file so that it stays secret."""

    url_file: str = ""
    url: str = ""
    deadline_s: int = 20
    """No receipt within this counts as failed, and the next channel is tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A line of the rota. It only warns: on shift is who signed on."""

    days: tuple[str, ...]
    """`mon` … `sun`: the day on which the shift begins."""
    start: str
    """Local time `HH:MM`; a shift whose end is not after its start ends on the next day."""
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Carer:
    """A member of staff."""

    id: str
    name: str
    role: Role = Role.CARER
    zones: tuple[str, ...] = ()
    """The zones this person answers first; none means all."""
    channels: tuple[Channel, ...] = ()
    shifts: tuple[Shift, ...] = ()
    always: bool = False
    """On shift always, without signing on."""
    phone: str = ""
    """A number that colleagues may dial, for the paper list; the hub never uses it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """A help step: a light on, at this brightness."""

    device: str
    brightness_pct: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """A help step: words shown (and, where the room has a voice, spoken) in the room."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A help step: give it time. `hold` is the time a state must last before it is worth telling; otherwise it is a
    delay, which needs its agreement."""

    seconds: int
    hold: bool = False


Step = Light | Say | Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Settles:
    """What ends an episode well: a device says so, or the resident does (`ok`)."""

    device: str = ""
    kind: str = ""
    value: str = ""
    ok: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Otherwise:
    """Whom an episode ends with when it does not settle: staff, at this level, with these words."""

    level: Level
    say: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayAgreed:
    """Why staff may be told later than at once: the risk, who named it, and when."""

    risk: str
    by: str
    on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When this happens, help so; settled by this; otherwise tell staff."""

    rule: str
    why: str
    resident: str
    place: str
    device: str
    """Our name of the device that triggers it."""
    kind: str
    value: str
    during: tuple[str, str] | None = None
    """Local times `HH:MM` between which it runs; may span midnight."""
    help: tuple[Step, ...] = ()
    settled_by: tuple[Settles, ...] = ()
    otherwise: Otherwise
    delay_agreed: DelayAgreed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """Somebody who lives here."""

    resident: str
    known_as: str
    room: str
    """The place that is theirs."""
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The home's own bounds, in seconds unless the name says otherwise."""

    promise_longest_s: int = 1200
    """The longest time somebody may be asked to wait."""
    reopen_within_s: int = 600
    press_again_s: int = 10
    climb_by_press_s: int = 60
    night_from: str = "20:00"
    night_to: str = "08:00"
    frequent_from: int = 6
    """The so-manieth call of a night that shows how the earlier ones ended."""
    unclosed_s: int = 3600
    """Attended and not closed for so long: the carer is reminded."""
    battery_low_pct: int = 15
    walk_pendant_days: int = 30
    """So often a pendant is to be walk-tested, in days."""
    walk_pull_cord_days: int = 30
    """The same for a cord or button on a wall."""
    round_s: int = 900
    """While Handrail is down somebody looks into the blind spots this often; the paper list says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """One building with its hub."""

    slug: str
    name: str
    timezone: str
    zones: tuple[Zone, ...] = ()
    places: tuple[Place, ...] = ()
    residents: tuple[Resident, ...] = ()
    staff: tuple[Carer, ...] = ()
    devices: tuple[Placed, ...] = ()
    ladders: Mapping[Level, Ladder] = field(default_factory=lambda: dict(LADDERS))
    times: Times = field(default_factory=Times)

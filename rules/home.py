"""A home as the machine knows it: zones, places, residents, staff, devices, ladders, rules.

Read from the home's folder by `hub/config`, validated there whole, and handed in as one value. It is plain data, so
that an accepted configuration can be kept in the ledger word for word and used again after a restart or in a replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from devices.registry import Placed
from rules.alerting.levels import LADDERS, Ladder, Level
from rules.plans.help import Light, Say, Step, Wait
from rules.plans.plan import Abilities, Agreement, Choice, DelayAgreed, Invited, Otherwise, Rule, Settles


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


def is_none(call_point: str) -> bool:
    """Whether the home has said that there is no call point: `none`, or `none, because …`."""
    return call_point.casefold().replace(",", " ").split()[:1] == ["none"]


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
        return not self.call_point or is_none(self.call_point)

    @property
    def is_accepted_blind(self) -> bool:
        """Whether the home has said that there is no call point here, and why."""
        return is_none(self.call_point) and self.call_point.casefold() != "none"


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
class Resident:
    """Somebody who lives here."""

    resident: str
    known_as: str
    room: str
    """The place that is theirs."""
    rules: tuple[Rule, ...] = ()
    abilities: Abilities = field(default_factory=Abilities)
    agreement: Agreement | None = None
    """The plan's; None: nobody has agreed to it yet, which `check` warns of."""
    senses: Mapping[str, str] = field(default_factory=dict)
    """By sensing (`bed`, `door`, `motion`, …): `accepted`, `refused` or `withdrawn`."""
    sense_agreements: Mapping[str, Agreement] = field(default_factory=dict)
    """Of a sensing that was agreed to by itself; of the others the plan's counts."""
    goals: tuple[str, ...] = ()
    """In the resident's own words."""
    likes: tuple[str, ...] = ()
    since: str = ""
    """The local date they moved in."""
    stays_until: str = ""
    """Respite: the local date of the last day."""
    choices: tuple[Choice, ...] = ()
    """What the resident decides from day to day."""
    snooze_s: int = 1800
    """How long *not now* silences reminders and speech."""
    counts_leisure: bool = True
    """Whether what was accepted of invitations may be counted."""


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
    doors_from: str = ""
    """From when somebody at an outside door is told; empty: from the beginning of the night."""
    doors_to: str = ""
    """Until when; empty: until the end of the night."""
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
    visit_s: int = 1200
    """A carer's visit pauses the checks of a room this long at most."""
    review_grace_days: int = 14
    """So long after its review was due the delays of a plan are as agreed; then its waits are 0."""


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
    activities: tuple[Invited, ...] = ()


__all__ = [
    "Abilities",
    "Carer",
    "Channel",
    "DelayAgreed",
    "Home",
    "Invited",
    "Light",
    "Otherwise",
    "Place",
    "PlaceKind",
    "Resident",
    "Role",
    "Rule",
    "Say",
    "Settles",
    "Shift",
    "Step",
    "Times",
    "Wait",
    "Zone",
]

"""The part of an accepted configuration that screens show."""

from __future__ import annotations

from dataclasses import dataclass, field

from devices.registry import Purpose, Supervision
from rules.home import Abilities, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class HousePlace:
    """A place by its name."""

    place: str
    name: str
    zone: str = ""
    kind: str = ""
    call_point: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseResident:
    """Who lives where, and the name this person goes by."""

    resident: str
    known_as: str
    room: str
    abilities: Abilities = field(default_factory=Abilities)


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseCarer:
    """A member of staff as the screens need them: no channels, no rota."""

    id: str
    name: str
    role: Role = Role.CARER
    zones: tuple[str, ...] = ()
    always: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseDevice:
    """A placed device: the address it speaks under, and what the home calls it."""

    device: str
    name: str = ""
    person: str | None = None
    place: str | None = None
    purpose: Purpose = Purpose.OTHER
    supervision: Supervision = Supervision.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseTimes:
    """The bounds a screen must know."""

    promise_longest_s: int = 1200
    night_from: str = "20:00"
    night_to: str = "08:00"
    walk_pendant_days: int = 30
    walk_pull_cord_days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The part of an accepted configuration that screens show. What else it holds is passed over unread."""

    slug: str
    name: str
    timezone: str = "UTC"
    places: tuple[HousePlace, ...] = ()
    residents: tuple[HouseResident, ...] = ()
    staff: tuple[HouseCarer, ...] = ()
    devices: tuple[HouseDevice, ...] = ()
    times: HouseTimes = field(default_factory=HouseTimes)

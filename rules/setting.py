"""A home's configuration with the look-ups the machine needs at every event; derived, never stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from devices.registry import Placed, Registry
from rules.home import Carer, Home, Place, Resident, Rule, Wait, Zone
from rules.levels import EVERYBODY_AT_ONCE, LADDERS, Ladder, Level, everybody_first, faults


class Setting:
    """What the machine looks up: who lives where, which rule a device touches, which ladder a level climbs.

    `running` are the rules of episodes that began under an older configuration and still have to end under it.
    """

    __slots__ = (
        "_ladders",
        "home",
        "live_in",
        "places",
        "registry",
        "residents",
        "rules",
        "settlers",
        "staff",
        "timezone",
        "triggers",
        "zones",
    )

    def __init__(self, home: Home, running: Iterable[Rule] = ()) -> None:
        self.home = home
        self.timezone = _timezone(home.timezone)
        self.registry = Registry(home.devices)
        self._ladders: dict[Level, Ladder] = {}
        self.zones: dict[str, Zone] = {zone.zone: zone for zone in home.zones}
        self.places: dict[str, Place] = {place.place: place for place in home.places}
        self.residents: dict[str, Resident] = {resident.resident: resident for resident in home.residents}
        self.staff: dict[str, Carer] = {carer.id: carer for carer in home.staff}
        self.live_in: dict[str, list[str]] = {}
        for resident in home.residents:
            self.live_in.setdefault(resident.room, []).append(resident.resident)
        self.rules: dict[str, Rule] = {key_of(rule): rule for resident in home.residents for rule in resident.rules}
        self.triggers: dict[tuple[str, str], list[str]] = {}
        self.settlers: dict[tuple[str, str], list[str]] = {}
        for key, rule in self.rules.items():
            self.triggers.setdefault((rule.device, rule.kind), []).append(key)
        for rule in (*self.rules.values(), *running):
            for settles in rule.settled_by:
                if settles.device:
                    keys = self.settlers.setdefault((settles.device, settles.kind), [])
                    if key_of(rule) not in keys:
                        keys.append(key_of(rule))

    def ladder(self, level: Level, *, everybody: bool = False) -> Ladder:
        """The newest valid ladder of a level; one that would end in silence is never climbed."""
        if everybody and level is Level.EMERGENCY:
            return EVERYBODY_AT_ONCE
        valid = self._ladders.get(level)
        if valid is None:
            own = self.home.ladders.get(level)
            valid = self._ladders[level] = own if own is not None and not faults(own) else LADDERS[level]
        return everybody_first(valid) if everybody else valid

    def placed(self, address: str) -> Placed | None:
        """The placed device of an address."""
        return self.registry.by_address(address)

    def parts_of(self, address: str) -> tuple[Placed, ...]:
        """The parts of a device that were placed by themselves."""
        return self.registry.parts_of(address)

    def address_of(self, name: str) -> str | None:
        """The address of a placed device, by our own name of it."""
        placed = self.registry.by_name(name)
        return placed.device if placed else None

    def only_resident_of(self, place: str | None) -> str | None:
        """Who lives in a place, where that is one person; a shared room or a lounge names nobody."""
        live = self.live_in.get(place or "", [])
        return live[0] if len(live) == 1 else None

    def room_of(self, resident: str | None) -> str | None:
        """The room of a resident who lives here."""
        known = self.residents.get(resident or "")
        return known.room if known else None

    def zone_of(self, place: str | None) -> str | None:
        """The zone of a place of this home."""
        known = self.places.get(place or "")
        return known.zone if known else None

    def name_of(self, resident: str | None) -> str:
        """What a resident is called; the bare id where they do not live here any more."""
        known = self.residents.get(resident or "")
        return known.known_as if known else (resident or "")

    def place_name(self, place: str | None) -> str:
        """What a place is called."""
        known = self.places.get(place or "")
        return known.name if known else (place or "")


def key_of(rule: Rule) -> str:
    """One rule runs once at a time: this is the key of its run."""
    return f"{rule.resident}/{rule.rule}/{rule.device}"


def without_agreement(rule: Rule) -> Rule:
    """A delay that nobody agreed to is no delay: its waits become nothing."""
    if rule.delay_agreed is not None:
        return rule
    steps = tuple(step for step in rule.help if not isinstance(step, Wait) or step.hold)
    return rule if steps == rule.help else replace(rule, help=steps)


def _timezone(name: str) -> tzinfo:
    """The home's time zone; UTC where this machine does not know it, because a call is not refused for a clock."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC

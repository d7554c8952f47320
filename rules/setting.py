"""A home's configuration with the look-ups the machine needs at every event; derived, never stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from devices.frigate import is_camera
from devices.registry import Placed, Purpose, Registry
from rules.alerting.levels import (
    EVERYBODY_AT_ONCE,
    LADDERS,
    LONGEST_DELAY_S,
    Ladder,
    Level,
    everybody_first,
    faults,
    managers_too,
)
from rules.home import Carer, Home, Place, PlaceKind, Resident, Role, Rule, Wait, Zone
from rules.plans.help import Ask
from rules.plans.plan import Nothing, StateIs

CALLED_WITH = frozenset({Purpose.EMERGENCY, Purpose.CALL})
"""What a resident calls with."""
TAGGED = ("button", "motion", "occupancy", "vibration")
"""What a presence tag may say when somebody carries it past."""


@dataclass(slots=True)
class Cares:
    """The rules, by their keys, that an event of one device and kind may settle, start, or answer."""

    settles: list[str] = field(default_factory=list)
    starts: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    states: list[tuple[str, StateIs]] = field(default_factory=list)
    """Conditions on how long a state has lasted, each with the key of its row."""
    shows_carer: bool = False
    """It is a presence tag: a carer is where it is."""


class Setting:
    """What the machine looks up: who lives where, which rule a device touches, which ladder a level climbs.

    `running` are the rules of episodes that began under an older configuration and still have to end under it.
    """

    __slots__ = (
        "_ladders",
        "_runs",
        "cares",
        "home",
        "live_in",
        "outside_doors",
        "places",
        "registry",
        "residents",
        "rules",
        "silences",
        "staff",
        "states",
        "timezone",
        "zones",
    )

    def __init__(self, home: Home, running: Iterable[Rule] = ()) -> None:
        self.home = home
        self.timezone = _timezone(home.timezone)
        self.registry = Registry(home.devices)
        self._ladders: dict[Level, Ladder] = {}
        self._runs: dict[str, Rule] = {}
        self.zones: dict[str, Zone] = {zone.zone: zone for zone in home.zones}
        self.places: dict[str, Place] = {place.place: place for place in home.places}
        self.residents: dict[str, Resident] = {resident.resident: resident for resident in home.residents}
        self.outside_doors = frozenset(row.device for row in home.devices if self._is_outside_door(row))
        """The addresses of cameras that look whether somebody is at an outside door."""
        self.staff: dict[str, Carer] = {carer.id: carer for carer in home.staff}
        self.live_in: dict[str, list[str]] = {}
        for resident in home.residents:
            self.live_in.setdefault(resident.room, []).append(resident.resident)
        self.rules: dict[str, Rule] = {key_of(rule): rule for resident in home.residents for rule in resident.rules}
        self.cares: dict[tuple[str, str], Cares] = {}
        self.silences: dict[tuple[str, str], list[tuple[str, str]]] = {}
        """By device and kind: the rules that wait for nothing to be heard of it, each with the value that counts."""
        self.states: dict[str, StateIs] = {}
        for rule in self.rules.values():
            self._index(rule)
        for rule in (*self.rules.values(), *running):
            self._index_ends(rule)
        self._index_tags()

    def _is_outside_door(self, placed: Placed) -> bool:
        place = self.places.get(placed.place or "")
        is_door = place is not None and place.kind is PlaceKind.OUTSIDE_DOOR
        return is_door and placed.purpose is Purpose.MOTION and is_camera(placed.device)

    def _index(self, rule: Rule) -> None:
        """What may start a rule, and what its conditions have to know beforehand."""
        key = key_of(rule)
        if isinstance(rule.when, Nothing):
            for fact in rule.when.of:
                address = self.address_of(fact.device)
                if address is not None:
                    self.silences.setdefault((address, fact.kind), []).append((key, fact.value))
        elif cares := self._cares(rule.device, rule.kind):
            cares.starts.append(key)
        for condition in rule.only_if:
            if isinstance(condition, StateIs) and condition.for_s:
                name = state_key(condition)
                cares = self._cares(condition.state.device, condition.state.kind)
                if cares is not None and name not in self.states:
                    cares.states.append((name, condition))
                self.states[name] = condition

    def _index_ends(self, rule: Rule) -> None:
        """What may settle a run or answer its question."""
        key = key_of(rule)
        for settles in rule.settled_by:
            cares = self._cares(settles.device, settles.kind) if settles.device else None
            if cares is not None and key not in cares.settles:
                cares.settles.append(key)
        for step in rule.help:
            cares = self._cares(step.button, "button") if isinstance(step, Ask) and step.button else None
            if cares is not None and key not in cares.answers:
                cares.answers.append(key)

    def _index_tags(self) -> None:
        for placed in self.home.devices:
            if placed.purpose is Purpose.PRESENCE_TAG and placed.place:
                for kind in TAGGED:
                    self.cares.setdefault((placed.device, kind), Cares()).shows_carer = True

    def _cares(self, name: str, kind: str) -> Cares | None:
        address = self.address_of(name)
        return None if address is None else self.cares.setdefault((address, kind), Cares())

    def ladder(self, level: Level, *, everybody: bool = False, manager: bool = False) -> Ladder:
        """The newest valid ladder of a level; one that would end in silence is never climbed."""
        if everybody and level is Level.EMERGENCY:
            return EVERYBODY_AT_ONCE
        valid = self._ladders.get(level)
        if valid is None:
            own = self.home.ladders.get(level)
            valid = self._ladders[level] = own if own is not None and not faults(own) else LADDERS[level]
        if manager and any(carer.role is Role.MANAGER for carer in self.staff.values()):
            valid = managers_too(valid)
        return everybody_first(valid) if everybody else valid

    def as_run(self, key: str, rule: Rule) -> Rule:
        """A rule as it runs: without the delays that nobody agreed to, and within what its level may wait."""
        if rule is not self.rules.get(key):
            return within_bounds(without_agreement(rule))
        run = self._runs.get(key)
        if run is None:
            run = self._runs[key] = within_bounds(without_agreement(rule))
        return run

    def placed(self, address: str) -> Placed | None:
        """The placed device of an address."""
        return self.registry.by_address(address)

    def parts_of(self, address: str) -> tuple[Placed, ...]:
        """The parts of a device that were placed by themselves."""
        return self.registry.parts_of(address)

    def pendant_of(self, placed: Placed) -> Placed | None:
        """The pendant or cord of which this is another button, placed by itself; None where it is none."""
        whole = self.placed(placed.module) if placed.part else None
        if whole is None or whole.person is None or whole.person != placed.person:
            return None
        return whole if {whole.purpose, placed.purpose} <= CALLED_WITH else None

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


def state_key(condition: StateIs) -> str:
    """The row that knows since when a state lasts, or does not."""
    state = condition.state
    return f"state/{state.device}/{state.kind}/{state.value}{'/not' if condition.is_not else ''}"


def without_agreement(rule: Rule) -> Rule:
    """A delay that nobody agreed to is no delay: its waits become nothing. A reminder has none: it tells nobody."""
    return rule if rule.delay_agreed is not None or rule.is_reminder else at_once(rule)


def at_once(rule: Rule) -> Rule:
    """The rule with no wait before staff are told; how long a state lasts before it is worth telling (`hold`) stays."""
    steps = tuple(
        replace(step, within_s=0) if isinstance(step, Ask) and step.within_s else step
        for step in rule.help
        if not isinstance(step, Wait) or step.hold
    )
    return rule if rule.is_reminder or steps == rule.help else replace(rule, help=steps)


def within_bounds(rule: Rule) -> Rule:
    """The rule with its delays cut where together they are longer than its level may wait; `check` refuses such a plan,
    and a plan that was never checked shall not hold anybody back either."""
    if rule.otherwise is None:
        return rule
    left = LONGEST_DELAY_S.get(rule.otherwise.level, 0)
    steps = list(rule.help)
    for place, step in enumerate(steps):
        if isinstance(step, Wait) and not step.hold:
            steps[place] = replace(step, seconds=max(0, min(step.seconds, left)))
            left -= min(step.seconds, left)
        elif isinstance(step, Ask):
            steps[place] = replace(step, within_s=max(0, min(step.within_s, left)))
            left -= min(step.within_s, left)
    found = tuple(steps)
    return rule if found == rule.help else replace(rule, help=found)


def _timezone(name: str) -> tzinfo:
    """The home's time zone; UTC where this machine does not know it, because a call is not refused for a clock."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC

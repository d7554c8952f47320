"""The proof of promises 1 and 4 for one home: how late staff can be told, at the worst minute, when nobody answers.

Its constitution:

- It computes and tries nothing out. The language is finite: finite steps, every wait bounded, no loops, so the longest
  time of a run is a sum. Who is reached then is asked of the very code that tells (`reach.py`), once for each set of
  people that the rota can put on shift.
- Minutes fall into classes (`weeks.py`): all minutes with the same people and the same rules are one.
- What staff are told at once, no rule can hold back: it is raised in the step that hears it, before any rule is asked.
  What a rule could stand before is refused all the same (`faults.py`). One press is not a call at all: that of a
  pendant's second button which answers the open question of its resident (`hearing/answering.py`). It is listed.
- The machine is held against it: a property runs random plans (`tests/rules/test_proof_and_machine.py`), and a home
  that runs says when somebody was told later than this (`watch.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from devices.events import Kind
from devices.registry import CALLS
from rules.alerting import reach
from rules.alerting.levels import LEVEL_OF, Ladder, Level, Who
from rules.home import Home, Resident
from rules.inputs import Now
from rules.plans.help import Ask
from rules.plans.plan import Rule
from rules.plans.unagreed import by_of
from rules.proof import weeks
from rules.proof.hours import Hours, hours_of, windows
from rules.proof.waits import bound_s, delay_s, lasts_s
from rules.proof.weeks import Span, Week
from rules.rota import is_on_rota
from rules.setting import Setting
from rules.state import Alert, AlertState, OnShift, State
from rules.turn import Turn

AT_ONCE: tuple[Kind, ...] = tuple(LEVEL_OF)
"""The kinds that no rule can hold back: the emergency kinds, `call`, and what is urgent by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RungTold:
    """One rung of a ladder: when it is told at the latest, and the fewest people it reaches at any minute."""

    told_s: int
    """After what began it, all delays included."""
    who: tuple[Who, ...]
    """Whom it adds; who was told stays told."""
    fewest: int
    fewest_at: str
    """A minute at which it reaches so few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How late staff are told of one thing when nobody answers, at the worst minute."""

    level: Level
    first_s: int | None
    """Until somebody can hear of it; None where at some minute nobody can."""
    first_at: str
    """A minute at which it is so."""
    rungs: tuple[RungTold, ...]
    repeat_s: int
    """After the last rung everybody is told again so often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTold:
    """What is told at once, whatever any plan says."""

    kind: Kind
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTold:
    """One rule: how long what it watches lasts, how long it helps first, and how late staff are told then."""

    rule: Rule
    lasts_s: int
    delay_s: int
    bound_s: int
    """From the beginning of its run to its end."""
    told: Told | None
    """None: a reminder, which tells nobody."""
    hours: Hours | None
    """The local times between which a run may begin, whatever its resident chooses; None: at any."""
    agreed_by: str
    """Who agreed to it, as `unagreed.by_of`; `""`: nobody yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentTold:
    """Everything that can be told of one resident."""

    resident: str
    known_as: str
    kinds: tuple[KindTold, ...]
    rules: tuple[RuleTold, ...]
    answers_with: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What calls for help and may answer instead, a pendant's second button, with the rules that ask for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What holds for a home at every minute of the weeks looked at."""

    weeks: tuple[Week, ...]
    residents: tuple[ResidentTold, ...]
    places: tuple[KindTold, ...]
    """What is told at once from a place that is nobody's own, at the worst of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """A zone and level of which somebody would hear too late, or never: the minute, and who would be told."""

    zone: str
    level: Level
    first_s: int | None
    at: str
    people: tuple[str, ...]


_Set = tuple[str, ...]
_Reached = tuple[int | None, tuple[int, ...]]
"""For one set of people on shift: when the first can hear, and how many each rung reaches."""


def prove(home: Home, year: int) -> Proof:
    """Compute all of it, for the weeks of this year in which the clocks change."""
    house = _House(home, year)
    return Proof(
        weeks=house.weeks,
        residents=tuple(_resident(house, one) for one in home.residents),
        places=_kinds(house, dict.fromkeys([*(place.zone for place in home.places), None])),
    )


def unheard(home: Home, year: int) -> list[Unheard]:
    """Where somebody may call, or a rule may tell, and nobody can hear of it at once, at some minute."""
    if any(zone.screens for zone in home.zones):
        return []
    house, found = _House(home, year), list[Unheard]()
    for zone in dict.fromkeys(place.zone for place in home.places):
        for level in Level:
            told = house.told(level, zone)
            if told.first_s != 0:
                people = house.worst_people(level, zone)
                found.append(Unheard(zone=zone, level=level, first_s=told.first_s, at=told.first_at, people=people))
    return found


def _resident(house: _House, resident: Resident) -> ResidentTold:
    return ResidentTold(
        resident=resident.resident,
        known_as=resident.known_as,
        kinds=_kinds(house, house.zones_of(resident)),
        rules=tuple(_rule(house, rule) for rule in resident.rules),
        answers_with=_answers_with(house, resident),
    )


def _answers_with(house: _House, resident: Resident) -> dict[str, tuple[str, ...]]:
    calls = {device.name for device in house.home.devices if device.purpose in CALLS}
    found: dict[str, tuple[str, ...]] = {}
    for rule in resident.rules:
        for button in dict.fromkeys(step.button for step in rule.help if isinstance(step, Ask)):
            if button in calls:
                found[button] = (*found.get(button, ()), rule.rule)
    return found


def _kinds(house: _House, zones: Iterable[str | None]) -> tuple[KindTold, ...]:
    every = list(zones)
    return tuple(KindTold(kind=kind, told=house.worst_kind(kind, every)) for kind in AT_ONCE)


def _rule(house: _House, rule: Rule) -> RuleTold:
    lasts, delay, bound = lasts_s(rule), delay_s(rule), bound_s(rule)
    told = None
    if rule.otherwise is not None:
        zone = house.setting.zone_of(rule.place)
        told = house.told(rule.otherwise.level, zone, after_s=lasts + delay, starts=rule, bound_s=bound)
    agreed_by = by_of(house.setting.residents[rule.resident], rule)
    hours = house.hours_of(rule)
    return RuleTold(rule=rule, lasts_s=lasts, delay_s=delay, bound_s=bound, told=told, hours=hours, agreed_by=agreed_by)


class _House:
    """A home with what is asked of it more than once."""

    def __init__(self, home: Home, year: int) -> None:
        self.home = home
        self.setting = Setting(home)
        self.weeks = weeks.weeks_of(self.setting.timezone, year)
        self._reached: dict[tuple[_Set, Level, str | None, bool], _Reached] = {}
        self._told: dict[tuple[object, ...], Told] = {}
        self._on_shift: dict[tuple[Hours | None, int], dict[_Set, str]] = {}

    @cached_property
    def rotas(self) -> list[tuple[Week, list[Span[_Set]]]]:
        """Who is on the rota, week by week, a few days beyond each."""
        clocks = [clock for carer in self.home.staff for shift in carer.shifts for clock in (shift.start, shift.end)]
        days = 7 + weeks.MORE_DAYS
        return [(week, weeks.spans(week, clocks, self._on_rota, days=days)) for week in self.weeks]

    def _on_rota(self, here: datetime) -> _Set:
        return tuple(carer.id for carer in self.home.staff if not carer.always and is_on_rota(carer, here))

    def hours_of(self, rule: Rule) -> Hours | None:
        """When a run of it may begin, whatever its resident chooses."""
        return hours_of(rule, self.setting.residents[rule.resident].choices)

    def zones_of(self, resident: Resident) -> list[str | None]:
        """The zones in which something this resident calls with may ring."""
        zone_of = self.setting.zone_of
        own = [
            zone_of(device.place) or zone_of(resident.room)
            for device in self.home.devices
            if device.purpose in CALLS and (device.person == resident.resident or device.place == resident.room)
        ]
        return list(dict.fromkeys([zone_of(resident.room), *own]))

    def worst_kind(self, kind: Kind, zones: list[str | None]) -> Told:
        """What is told at once, in the zone where it is heard last."""
        everybody = kind is Kind.STAFF_ASSIST
        found = [self.told(LEVEL_OF[kind], zone, everybody=everybody) for zone in zones]
        return max(found, key=lambda told: (told.first_s is None, told.first_s or 0))

    def told(
        self,
        level: Level,
        zone: str | None,
        *,
        everybody: bool = False,
        after_s: int = 0,
        starts: Rule | None = None,
        bound_s: int = 0,
    ) -> Told:
        """The worst over all minutes, or over those at which a rule may tell."""
        during = self.hours_of(starts) if starts is not None else None
        key = (level, zone, everybody, after_s, during, bound_s if during else 0)
        if key not in self._told:
            self._told[key] = self._worst(level, zone, everybody, after_s, during, bound_s)
        return self._told[key]

    def _worst(
        self, level: Level, zone: str | None, everybody: bool, after_s: int, during: Hours | None, bound: int
    ) -> Told:
        ladder = self.setting.ladder(level, everybody=everybody)
        seen = self._sets(during, bound)
        reached = {people: self._reach(people, level, zone, everybody) for people in seen}
        last = max(reached, key=lambda people: (reached[people][0] is None, reached[people][0] or 0))
        heard_s = reached[last][0]
        rungs: list[RungTold] = []
        for number, rung in enumerate(ladder.rungs):
            before = {who for lower in ladder.rungs[:number] for who in lower.who}
            fewest = min(reached, key=lambda people: reached[people][1][number])
            rungs.append(
                RungTold(
                    told_s=after_s + rung.after_s,
                    who=tuple(who for who in rung.who if who not in before),
                    fewest=reached[fewest][1][number],
                    fewest_at=seen[fewest],
                )
            )
        return Told(
            level=level,
            first_s=None if heard_s is None else after_s + heard_s,
            first_at=seen[last],
            rungs=tuple(rungs),
            repeat_s=ladder.repeat_s,
        )

    def _sets(self, during: Hours | None, bound: int) -> dict[_Set, str]:
        """The people who may be on shift when it is told, by the rota, each with a minute at which they are."""
        key = (during, bound if during is not None else 0)
        if key not in self._on_shift:
            self._on_shift[key] = self._sets_of(*key)
        return self._on_shift[key]

    def _sets_of(self, during: Hours | None, bound: int) -> dict[_Set, str]:
        found: dict[_Set, str] = {}
        for week, rota in self.rotas:
            for from_ms, before_ms in windows(week, during, bound):
                for span in rota:
                    if span.from_ms < before_ms and from_ms < span.before_ms and span.holds not in found:
                        found[span.holds] = weeks.named(week, max(span.from_ms, from_ms))
        # Hours that never come in these weeks still come in others: any minute then stands for them.
        return found or self._sets(None, 0)

    def _reach(self, people: _Set, level: Level, zone: str | None, everybody: bool) -> _Reached:
        key = (people, level, zone, everybody)
        if key not in self._reached:
            ladder = self.setting.ladder(level, everybody=everybody)
            self._reached[key] = _reached(self._turn(people), ladder, level, zone, everybody)
        return self._reached[key]

    def _turn(self, people: _Set) -> Turn:
        state = State()
        state.setting = self.setting
        for person in people:
            carer = self.setting.staff[person]
            row = OnShift(person=person, name=carer.name, role=carer.role, since_wall_ms=0, client="rota")
            state.shift.put(person, row)
        return Turn(state, Now(0, 0))

    def worst_people(self, level: Level, zone: str) -> _Set:
        """Who is told at the minute at which it is heard last."""
        seen = self._sets(None, 0)
        worst = max(seen, key=lambda people: (self._none(people, level, zone), self._seconds(people, level, zone)))
        ladder = self.setting.ladder(level)
        return reach.up_to(self._turn(worst), ladder, len(ladder.rungs) - 1, zone).people

    def _none(self, people: _Set, level: Level, zone: str) -> bool:
        return self._reach(people, level, zone, everybody=False)[0] is None

    def _seconds(self, people: _Set, level: Level, zone: str) -> int:
        return self._reach(people, level, zone, everybody=False)[0] or 0


def _reached(turn: Turn, ladder: Ladder, level: Level, zone: str | None, everybody: bool) -> _Reached:
    """When the first person can hear of it, climbing rung by rung, and how many people each rung means.

    Heard is what a screen of the house shows (each shows everything), what a sounder rings, and what a person's own
    channel brings.
    """
    staff, screens = turn.setting.staff, any(one.screens for one in turn.setting.zones.values())
    heard_s, counts = None, []
    for number, rung in enumerate(ladder.rungs):
        people = reach.up_to(turn, ladder, number, zone).people
        counts.append(len(people))
        rings = reach.sounders_of(turn, _alert(level, zone, number, people, everybody))
        channels = any(person in staff and staff[person].channels for person in people)
        if heard_s is None and (screens or rings or channels):
            heard_s = rung.after_s
    return heard_s, tuple(counts)


def _alert(level: Level, zone: str | None, rung: int, told: _Set, everybody: bool) -> Alert:
    return Alert(
        id="a",
        version=1,
        level=level,
        state=AlertState.TOLD,
        kind="",
        reason="",
        cause="",
        zone=zone,
        raised_ms=0,
        raised_wall_ms=0,
        waiting_since_ms=0,
        waiting_since_wall_ms=0,
        rung=rung,
        told=told,
        everybody=everybody,
    )

"""When a rule may begin, by the clock on the wall: its hours, its time of day, every time that the resident may choose.

What a resident chooses on the screen of the room is not known when a plan is proved, so whatever may be chosen counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rules.plans.choices import are_apart, of_rule
from rules.plans.plan import AtTime, Choice, Expected, Rule
from rules.proof import weeks
from rules.proof.weeks import Week
from rules.turn import clock_of

TOGETHER_S = 60
"""Orders to one device within so long are a contest, which the machine decides by level."""
_DAY_MIN = 24 * 60
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Hours:
    """Local times `HH:MM`, from the first and before the last; may span midnight."""

    start: str
    end: str
    is_timed: bool = False
    """Begun by the clock: a time that never comes on the day the clocks go forward is kept at the moment after the
    gap."""

    def hold(self, clock: str) -> bool:
        """Whether a time of day is within."""
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


def hours_of(rule: Rule, choices: Sequence[Choice]) -> Hours | None:
    """The local times between which a run may begin; None: at any. A choice may begin what it would have skipped, at
    any minute from the first time that it allows to the last."""
    match rule.when:
        case AtTime(at=at) | Expected(by=at):
            choice = of_rule(choices, rule)
            first, last = (choice.of[0], choice.of[-1]) if choice is not None else (at, at)
            return Hours(first, _next_minute(last), is_timed=True)
    return Hours(*rule.during) if rule.during is not None else None


def windows(week: Week, hours: Hours | None, bound_s: int) -> list[tuple[int, int]]:
    """The moments of a week at which a run that began in these hours, and was not answered, tells staff."""
    if hours is None:
        whole = weeks.spans(week, (), lambda _: True)
        return [(span.from_ms, span.before_ms) for span in whole]
    start, end = hours.start, hours.end
    cut = weeks.spans(week, (start, end), lambda here: hours.hold(clock_of(here)))
    every = [(one.from_ms, one.before_ms) for one in cut if one.holds]
    if hours.is_timed:
        every += [(jump, jump + weeks.MINUTE_MS) for jump in weeks.jumps(week) if _leaps_over(week, jump, hours)]
    return [(from_ms + bound_s * 1000, before_ms + bound_s * 1000) for from_ms, before_ms in every]


def _leaps_over(week: Week, jump: int, hours: Hours) -> bool:
    """Whether the clock leaps over one of these minutes."""
    last, first = (weeks.local(week.timezone, moment) for moment in (jump - weeks.MINUTE_MS, jump))
    skipped = last.replace(tzinfo=None) + timedelta(minutes=1)
    while skipped < first.replace(tzinfo=None):
        if hours.hold(_clock(skipped)):
            return True
        skipped += timedelta(minutes=1)
    return False


def _clock(here: datetime) -> str:
    return f"{here.hour:02d}:{here.minute:02d}"


def _next_minute(clock: str) -> str:
    minute = (_seconds(clock) // 60 + 1) % _DAY_MIN
    return f"{minute // 60:02d}:{minute % 60:02d}"


# -- two rules --------------------------------------------------------------------------------------------------------


def meet(one: Rule, one_s: int, two: Rule, two_s: int, choices: Sequence[Choice]) -> bool:
    """Whether two rules of one resident, who has these choices, may give orders at about one moment: where the same
    thing starts both, or a time of day does. `one_s` and `two_s` are how long after its beginning each orders."""
    if one.when == two.when and are_apart(one, two):
        return False
    if isinstance(one.when, AtTime) and isinstance(two.when, AtTime):
        days = not one.when.days or not two.when.days or bool(set(one.when.days) & set(two.when.days))
        same = one.when.choice == two.when.choice != ""
        times = [(at, at) for at in _times(one, choices)] if same else _pairs(one, two, choices)
        return days and any(_apart_s(at + one_s, other + two_s) < TOGETHER_S for at, other in times)
    same = (one.device, one.kind, one.value, one.when) == (two.device, two.kind, two.value, two.when)
    return same and bool(one.device) and abs(one_s - two_s) < TOGETHER_S and hours_meet(one, two, choices, choices)


def _pairs(one: Rule, two: Rule, choices: Sequence[Choice]) -> list[tuple[int, int]]:
    return [(at, other) for at in _times(one, choices) for other in _times(two, choices)]


def _apart_s(at_s: int, other_s: int) -> int:
    apart_s = abs(at_s - other_s) % _DAY_S
    return min(apart_s, _DAY_S - apart_s)


def hours_meet(one: Rule, two: Rule, ones: Sequence[Choice], twos: Sequence[Choice]) -> bool:
    """Whether there is a time of day at which both may begin; `ones` and `twos` are the choices of their residents."""
    return bool(_minutes(one, ones) & _minutes(two, twos))


def _minutes(rule: Rule, choices: Sequence[Choice]) -> set[int]:
    if isinstance(rule.when, AtTime):
        return {at // 60 for at in _times(rule, choices)}
    if rule.during is None:
        return set(range(_DAY_MIN))
    start, end = (_seconds(clock) // 60 for clock in rule.during)
    return set(range(start, end)) if start <= end else {*range(start, _DAY_MIN), *range(end)}


def _times(rule: Rule, choices: Sequence[Choice]) -> set[int]:
    """Every time of day at which it may come by the clock, in seconds of the day."""
    at, choice = rule.when.at if isinstance(rule.when, AtTime) else "", of_rule(choices, rule)
    return {_seconds(clock) for clock in (choice.of if choice is not None else (at,))}


def _seconds(clock: str) -> int:
    return int(clock[:2]) * 3600 + int(clock[3:]) * 60

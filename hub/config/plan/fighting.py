"""Two rules of a plan that would set one device two ways at once: refused, with the lines of both."""

from __future__ import annotations

from collections.abc import Sequence

from hub.config.plan.choosing import choices_named
from hub.config.plan.context import Checking
from hub.config.plan.helping import sets
from rules.plans.choices import are_apart, of_rule
from rules.plans.plan import AtTime, Changes, Choice, DayIs, Held, Rule, StateIs, TimeIs

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MIN = 24 * 60


def check_fights(check: Checking, rules: Sequence[tuple[int, Rule]]) -> None:
    """`rules` are those of one plan, each with its number in the file."""
    choices = choices_named(check)
    for place, (number, rule) in enumerate(rules):
        wanted = dict(sets(rule.help))
        for other_number, other in rules[:place]:
            for device, to in sets(other.help):
                if wanted.get(device, to) != to and _may_meet(rule, other, choices):
                    line = check.document.lines.of(("rules", other_number))
                    said = f"{rule.rule} sets {device} {_set(wanted[device])}, {other.rule} on line {line} {_set(to)}"
                    check.no(
                        ("rules", number), f"{said}, at the same hours", "hours or conditions that keep them apart"
                    )
                    break


def _set(percent: int) -> str:
    return {0: "off or closed", 100: "on or open"}.get(percent, f"to {percent} %")


def _may_meet(one: Rule, two: Rule, choices: Sequence[Choice]) -> bool:
    """Whether the two may start within one minute. What starts at a time of day meets another of its kind alone: that
    it coincides with an event is chance, for which the machine has its order of levels."""
    if isinstance(one.when, AtTime) is not isinstance(two.when, AtTime):
        return False
    if one.when == two.when and are_apart(one, two):
        return False
    return (
        not _exclude(one, two)
        and bool(_minutes(one, choices) & _minutes(two, choices))
        and bool(_days(one) & _days(two))
    )


def _exclude(one: Rule, two: Rule) -> bool:
    """Whether one device keeps them apart: it cannot be in two states, nor in one and not in it."""
    states = [_states(rule) for rule in (one, two)]
    return any(
        (device, kind) == (other_device, other_kind) and (value != other) is (is_not is other_not)
        for device, kind, value, is_not in states[0]
        for other_device, other_kind, other, other_not in states[1]
        if value and other
    )


def _states(rule: Rule) -> list[tuple[str, str, str, bool]]:
    own = [(rule.device, rule.kind, rule.value, False)] if isinstance(rule.when, Changes | Held) else []
    asked = [one for one in rule.only_if if isinstance(one, StateIs)]
    return own + [(one.state.device, one.state.kind, one.state.value, one.is_not) for one in asked]


def _minutes(rule: Rule, choices: Sequence[Choice]) -> set[int]:
    """The minutes of a day in which it may start, whatever the resident chooses."""
    if isinstance(rule.when, AtTime):
        choice = of_rule(choices, rule)
        return {_minute(clock) for clock in (choice.of if choice is not None else (rule.when.at,))}
    within = [(condition.after, condition.before) for condition in rule.only_if if isinstance(condition, TimeIs)]
    found = set(range(_DAY_MIN))
    for start, end in [*within, *([rule.during] if rule.during else [])]:
        first, last = _minute(start), _minute(end)
        found &= set(range(first, last)) if first <= last else {*range(first, _DAY_MIN), *range(last)}
    return found


def _days(rule: Rule) -> set[str]:
    days = set(_DAYS)
    if isinstance(rule.when, AtTime) and rule.when.days:
        days &= set(rule.when.days)
    for condition in rule.only_if:
        if isinstance(condition, DayIs):
            days &= set(condition.days)
    return days


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])

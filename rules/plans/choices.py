"""Choices of the day: what a resident decides on the screen of the room, within what the plan allows.

When to be woken, which music, blinds open or not. A choice stays until another is made; one that the plan does not
allow any more is the usual one again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from rules.home import Resident
from rules.plans.daytimes import WEEKDAYS, next_day
from rules.plans.plan import AtTime, Choice, ChoiceIs, Rule
from rules.rows import Person
from rules.state import State
from rules.turn import Turn


def value_of(resident: Resident, choice: Choice, person: Person | None) -> str:
    """What holds now: the resident's own, or the usual one."""
    chosen = person.choices.get(choice.choice, "") if person is not None else ""
    return chosen if chosen in choice.of else choice.usual


def chosen(turn: Turn, resident: str, name: str) -> str:
    """What a resident chose; `""` where the plan has no such choice."""
    living = turn.setting.residents.get(resident)
    for choice in living.choices if living is not None else ():
        if choice.choice == name and living is not None:
            return value_of(living, choice, turn.state.people.get(resident))
    return ""


def clock_of(turn: Turn, rule: Rule, when: AtTime) -> str:
    """The time of day of a rule: the plan's, or the one that the resident chose."""
    return (chosen(turn, rule.resident, when.choice) if when.choice else "") or when.at


def of_rule(choices: Iterable[Choice], rule: Rule) -> Choice | None:
    """The choice whose time of day a rule follows; None where it follows none."""
    name = rule.when.choice if isinstance(rule.when, AtTime) else ""
    return next((choice for choice in choices if choice.choice == name), None) if name else None


def are_apart(one: Rule, two: Rule) -> bool:
    """Whether two rules of one resident never start at the same moment, because each wants something else chosen."""
    wants = [{is_.choice: is_.chosen for is_ in rule.only_if if isinstance(is_, ChoiceIs)} for rule in (one, two)]
    return any(wants[1].get(choice, chosen) != chosen for choice, chosen in wants[0].items())


def crosses(choice: Choice, clock: str) -> bool:
    """Whether a time of day that may be chosen lies behind the midnight in its span: it is of the evening before."""
    return choice.of[-1] < choice.of[0] and clock < choice.of[0]


def next_time(turn: Turn, rule: Rule, when: AtTime, since_ms: int | None = None) -> tuple[date, int]:
    """When a time of day comes next (from now, or from `since_ms` on), by what is chosen, and the date that it counts
    for: one a span, whichever of its times is chosen, so that nobody is woken twice and nothing is left out."""
    clock, days, here = clock_of(turn, rule, when), when.days, turn.local(since_ms)
    living = turn.setting.residents.get(rule.resident)
    choice = of_rule(living.choices if living is not None else (), rule)
    if choice is None or not crosses(choice, clock):
        return next_day(here, clock, days=days)
    behind = tuple(WEEKDAYS[(WEEKDAYS.index(day) + 1) % len(WEEKDAYS)] for day in days)
    day, moment = next_day(here, clock, days=behind)
    return day - timedelta(days=1), moment


def shown(state: State, room: str) -> list[dict[str, object]]:
    """The choices of those who live in a room, as its screen shows them."""
    setting = state.setting
    if setting is None:
        return []
    rows: list[dict[str, object]] = []
    for name in setting.live_in.get(room, []):
        resident = setting.residents[name]
        person = state.people.get(name)
        if person is not None and person.gone:
            continue
        for choice in resident.choices:
            now = value_of(resident, choice, person)
            rows.append(
                {"resident": name, "choice": choice.choice, "ask": choice.ask, "of": list(choice.of), "now": now}
            )
    return rows

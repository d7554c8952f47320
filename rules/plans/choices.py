"""Choices of the day: what a resident decides on the screen of the room, within what the plan allows.

When to be woken, which music, blinds open or not. A choice stays until another is made; one that the plan does not
allow any more is the usual one again.
"""

from __future__ import annotations

from rules.home import Resident
from rules.plans.plan import AtTime, Choice, Rule
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

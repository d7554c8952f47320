"""Rules that nobody has agreed to: they run, because taking a check away could end in silence, and they are seen.

A rule rests on an agreement of its own or on the plan's. Where there is neither, the manager has a dated task: to talk
it over within four weeks of the first morning on which it ran so. A wait needs its own `delay_agreed` as ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from rules.home import Resident
from rules.plans import standing
from rules.plans.explain_words import listed
from rules.plans.plan import Rule
from rules.turn import Turn

AGREE_WITHIN_DAYS = 28
STAGES = (28, 14, 7)
"""So many days before that date it is on the manager's list, once each; behind it, every morning."""
TASK = "agree@"
"""How the task stands in `Person.dated`: with its date."""


def by_of(resident: Resident, rule: Rule) -> str:
    """Who agreed to a rule: `resident`, `attorney`, `deputy` or `best_interests`; `""` where nobody has."""
    agreement = rule.agreement or resident.agreement
    return agreement.by if agreement is not None else ""


def unagreed(resident: Resident) -> list[str]:
    """The rules of a resident that nobody has agreed to, by name."""
    return [rule.rule for rule in resident.rules if not by_of(resident, rule)]


def tasks(turn: Turn, residents: list[Resident]) -> Iterator[str]:
    """For the morning's list: whose rules nobody has agreed to, and by when that is to be talked over."""
    today = standing.today(turn)
    for resident in residents:
        person = standing.person_of(turn, resident.resident)
        others = {one: stage for one, stage in person.dated.items() if not one.startswith(TASK)}
        task = next((one for one in person.dated if one.startswith(TASK)), "")
        rules = unagreed(resident)
        if not rules:
            if task:
                standing.keep(turn, replace(person, dated=others))
            continue
        # A calendar that was years ahead may have dated it.
        latest = today + timedelta(days=AGREE_WITHIN_DAYS)
        due = min(standing.date_of(task.removeprefix(TASK)) or latest, latest)
        days = (due - today).days
        stage = min((stage for stage in STAGES if days <= stage), default=0)
        last = person.dated.get(task, 0)
        what = f"{resident.known_as}, {listed(rules)}"
        if days < 0:
            yield f"{what}: overdue since {due}"
        elif stage and (not last or stage < last):
            yield f"{what}: by {due}"
        kept = {**others, f"{TASK}{due}": stage or last}
        if kept != dict(person.dated):
            standing.keep(turn, replace(person, dated=kept))

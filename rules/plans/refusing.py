"""Refusal shown by use: an offer that is dismissed again and again opens a review (`reviews.py`).

It is counted to be talked over and for nothing else, so it is counted also where the resident lets no leisure be
counted; that nobody answered says less, and is counted only where they do.
"""

from __future__ import annotations

from devices.records import replace
from rules.plans.help import AnswerTo, Ask
from rules.plans.plan import Rule
from rules.rows import Person
from rules.turn import Turn

YES = "yes"
NOT_NOW = "not now"
"""What a reminder was answered whose words the resident sent away."""


def is_taken(ask: Ask, given: AnswerTo) -> bool:
    """Whether an answer takes up what is offered: one that asks for staff, says yes, or, where none says so, the first
    or one that settles."""
    if given.means == "tells" or _says_yes(given):
        return True
    if any(_says_yes(one) for one in ask.answers):
        return False
    return given.means == "settles" or given.answer == ask.answers[0].answer


def _says_yes(one: AnswerTo) -> bool:
    words = one.answer.casefold().replace(",", " ").split()
    return words[:1] == [YES]


def answered(turn: Turn, rule: Rule, ask: Ask | None, given: AnswerTo) -> None:
    """An answer: taken up, the count begins anew; anything else is one dismissal more."""
    if ask is not None and not is_taken(ask, given):
        dismissed(turn, rule)
        return
    person = turn.state.people.get(rule.resident)
    if person is not None and rule.rule in person.refused:
        left = {name: often for name, often in person.refused.items() if name != rule.rule}
        turn.state.people.put(rule.resident, replace(person, refused=left))


def dismissed(turn: Turn, rule: Rule) -> None:
    """An offer of this rule was sent away."""
    person = turn.state.people.get(rule.resident) or Person(resident=rule.resident)
    often = {**person.refused, rule.rule: person.refused.get(rule.rule, 0) + 1}
    turn.state.people.put(rule.resident, replace(person, refused=often))

"""How long a rule takes before staff are told, when nobody answers: read off its data, in whole seconds.

Two sorts of time are kept apart. A *delay* is help before staff are told: each wait, and each question's time for an
answer; nobody may be given one without its agreement. How long a state *lasts* before it is worth telling is none: a
door that has been open for ten minutes is told after ten minutes, whoever agreed to what.
"""

from __future__ import annotations

from rules.plans.help import Ask, Step, Wait
from rules.plans.plan import Beyond, Held, Nothing, Rule


def delays(rule: Rule) -> tuple[int, ...]:
    """The delay of each step of help as it runs: what nobody agreed to is 0 in a rule that ends with staff."""
    given = rule.is_reminder or rule.delay_agreed is not None
    return tuple(_delay(step) if given else 0 for step in rule.help)


def _delay(step: Step) -> int:
    if isinstance(step, Wait):
        return 0 if step.hold else max(0, step.seconds)
    return max(0, step.within_s) if isinstance(step, Ask) else 0


def delay_s(rule: Rule) -> int:
    """How long the resident is helped before staff are told, at the longest."""
    return sum(delays(rule))


def holds(rule: Rule) -> tuple[int, ...]:
    """How long the state must last at each step of help."""
    return tuple(max(0, step.seconds) if isinstance(step, Wait) and step.hold else 0 for step in rule.help)


def lasts_s(rule: Rule) -> int:
    """How long what it watches lasts before it is worth telling: before the run begins, and as a part of it."""
    match rule.when:
        case Held(held_s=seconds) | Nothing(silent_s=seconds) | Beyond(beyond_s=seconds):
            return max(0, seconds) + sum(holds(rule))
    return sum(holds(rule))


def bound_s(rule: Rule) -> int:
    """The longest time from the beginning of a run to its end, when nobody answers and nothing settles it."""
    return delay_s(rule) + sum(holds(rule))


def offsets(rule: Rule) -> tuple[int, ...]:
    """How long after the run began each step of help is given."""
    found, passed = [], 0
    for delay, hold in zip(delays(rule), holds(rule), strict=True):
        found.append(passed)
        passed += delay + hold
    return tuple(found)

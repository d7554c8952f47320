"""A pendant's second button in a plan: which one may answer a question, and which answer it may never give.

It is placed by itself, `for: emergency` like the pendant, so that whatever knows nothing of questions takes each of its
presses for a call. A plan names it in `ask`, and that alone makes it answer, while that question is open
(`hearing/answering.py`).
"""

from __future__ import annotations

from collections.abc import Iterable

from devices.gestures import cannot_answer
from devices.registry import Placed, Purpose
from rules.alerting.levels import Level
from rules.plans.help import AnswerTo, Ask
from rules.plans.plan import Rule

MAY_ANSWER = frozenset({Purpose.EMERGENCY, Purpose.CALL})
"""What a resident calls with."""
GIVEN = 2
"""Pressed once and twice: the first and the second answer."""


def unfit(device: Placed, resident: str, devices: Iterable[Placed]) -> tuple[str, str] | None:
    """Why what calls for help cannot answer this resident's question, and what is expected there; None where it can."""
    name = f'"{device.name}"'
    if device.purpose not in MAY_ANSWER:
        return f"{name} is for {device.purpose}: staff are told at once, it answers nothing", "a button"
    if why := cannot_answer(device.device):
        return f"{name} {why}", "the second button of the pendant, placed by itself as ADDRESS#PART"
    if device.person != resident:
        whose = device.person or "nobody in particular"
        return f"{name} belongs to {whose}: its presses call for whoever makes them", f"a button of {resident}"
    whole = next((row for row in devices if row.device == device.module), None)
    if whole is None or whole.purpose not in MAY_ANSWER or whole.person != resident:
        said = f"{name} is the second button of {device.module}, whose first one does not call for {resident}"
        return said, f"{device.module} in devices.yaml as well, for: emergency, person: {resident}"
    return None


def silences(rule: Rule, ask: Ask) -> list[AnswerTo]:
    """The answers that one button could give and that would end a rule which tells staff: nobody is told then."""
    if rule.otherwise is None:
        return []
    return [answer for answer in ask.answers[:GIVEN] if answer.means == "settles"]


def is_never_given(rule: Rule, answer: AnswerTo) -> bool:
    """Whether a pendant's button never gives this answer: it would end what is urgent, and whoever lies on the floor
    and presses the wrong button would have sent staff away."""
    urgent = rule.otherwise is not None and rule.otherwise.level is Level.URGENT
    return urgent and answer.means == "settles"

"""What a plan asks of somebody who may not be able to do it: said by `check`, never refused, because people differ."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hub.config.plan.context import At, Checking
from hub.config.plan.forms import AskForm, HelpForm, OwnRuleForm
from hub.config.plan.person import abilities_of
from rules.plans import able
from rules.plans.able import FEW

FEW_ANSWERS = 2
_SENTENCES = re.compile(r"[.!?…]\s+\S")
_HARD = ("double", "hold", "long", "triple")


def warn_of_abilities(check: Checking) -> None:
    """Everything in a plan that its resident's abilities make doubtful."""
    has, name = abilities_of(check.plan.abilities), check.plan.known_as
    for at, step in _steps(check):
        if step.ask is not None:
            _asked(check, step.ask, (*at, "ask"))
        text = step.say or (step.show.words if step.show else "") or (step.ask.text if step.ask else "")
        if able.forgets(has) and _SENTENCES.search(text):
            check.warn(at, f"{name} forgets, and this is more than one sentence", "one, and the next behind a wait")
    if has.grip in FEW:
        for number, form in enumerate(check.plan.rules):
            gesture = form.when.button if isinstance(form, OwnRuleForm) and form.when else None
            if gesture and any(word in gesture for word in _HARD):
                said = f"{name}'s grip is {has.grip}: {gesture} is hard to press"
                check.warn(("rules", number, "when", "button"), said, "pressed, or another way to start")
    _nothing_reaches(check)
    if "scooter" in has.moves_with.casefold() and not _watches_power(check):
        said = f"{name} moves with a {has.moves_with}, and no rule looks whether it is charged"
        check.warn(("abilities", "moves_with"), said, "a reminder by the charger's socket, as scooter in PLANS.md")


def _steps(check: Checking) -> Iterator[tuple[At, HelpForm]]:
    for number, form in enumerate(check.plan.rules):
        for place, step in enumerate(form.help):
            yield ("rules", number, "help", place), step


def _asked(check: Checking, form: AskForm, at: At) -> None:
    has, name = abilities_of(check.plan.abilities), check.plan.known_as
    if len(form.answers) > FEW_ANSWERS and (able.forgets(has) or has.grip in FEW):
        why = "forgets" if able.forgets(has) else f"has a grip that is {has.grip}"
        said = f"{name} {why}, and {len(form.answers)} answers are many"
        check.warn((*at, "answers"), said, f"at most {FEW_ANSWERS}")
    if form.button and has.grip == "none":
        said = f"{name} cannot press {form.button}: without an answer on the screen there is none"
        check.warn((*at, "button"), said, "a question that may stay without an answer")
    elif form.button and has.grip == "reduced" and len(form.answers) > 1:
        said = f"{name}'s grip is reduced: the second answer takes two quick presses of {form.button}"
        check.warn((*at, "button"), said, "one answer that a single press gives, and the others on the screen")


def _nothing_reaches(check: Checking) -> None:
    """Where words can neither be seen nor heard, a plan that counts on them helps nobody."""
    has, name = abilities_of(check.plan.abilities), check.plan.known_as
    if not any(step.say or step.show or step.ask for _, step in _steps(check)):
        return
    deaf = [able.hearing(has, night=night) == "none" for night in (False, True)]
    blind = [able.sight(has, night=night) == "none" for night in (False, True)]
    if any(not_heard and not_seen for not_heard, not_seen in zip(deaf, blind, strict=True)):
        check.warn(("abilities",), f"{name} neither hears nor sees: no words reach {name}", "vibrate, or no words")
    elif blind[1] and not has.speech_at_night:
        said = f"{name} sees nothing and has not asked to be spoken to at night: then no words reach {name}"
        check.warn(("abilities", "sight"), said, "speech_at_night, once the words were heard, or vibrate")


def _watches_power(check: Checking) -> bool:
    own = [form for form in check.plan.rules if isinstance(form, OwnRuleForm)]
    whens = [form.when.power_w for form in own if form.when is not None]
    return any(whens) or any(one.power_w for form in own for one in form.only_if)

"""Choices of the day, compiled: a time of day becomes every quarter of an hour of its span."""

from __future__ import annotations

from hub.config.plan.context import At, Checking
from hub.config.plan.forms import ChoiceForm
from hub.config.problems import nearest, one_of
from rules.plans.plan import Choice

_STEP_MIN = 15
_DAY_MIN = 24 * 60


def choices_of(check: Checking) -> tuple[Choice, ...]:
    """What the resident decides; what cannot be is refused."""
    names = [form.choice for form in check.plan.choices]
    for number, name in enumerate(names):
        if name in names[:number]:
            check.no(("choices", number), f'a second choice named "{name}"', "another name")
    return tuple(_choice(check, form, ("choices", number)) for number, form in enumerate(check.plan.choices))


def choices_named(check: Checking) -> tuple[Choice, ...]:
    """The same, and nothing is refused: that was said already."""
    return tuple(
        Choice(choice=one.choice, ask=one.ask, of=_allowed(one), usual=one.usual) for one in check.plan.choices
    )


def choice_of(check: Checking, name: str, at: At) -> Choice | None:
    """The choice of this name; refused where the plan has none."""
    names = [form.choice for form in check.plan.choices]
    if name not in names:
        check.no(
            at, f'unknown choice "{name}"', one_of(names) if names else "choices: in this plan", nearest(name, names)
        )
        return None
    form = form_of(check, name)
    return Choice(choice=name, ask=form.ask, of=_allowed(form), usual=form.usual)


def form_of(check: Checking, name: str) -> ChoiceForm:
    """How a choice that there is was written."""
    return next(form for form in check.plan.choices if form.choice == name)


def _choice(check: Checking, form: ChoiceForm, at: At) -> Choice:
    allowed = _allowed(form)
    if (form.times is None) is (form.of is None):
        check.no(at, "this is not one choice", "times: or of:, one of them")
    elif form.usual not in allowed:
        check.no((*at, "usual"), f'"{form.usual}" cannot be chosen', one_of(allowed), nearest(form.usual, allowed))
    return Choice(choice=form.choice, ask=form.ask, of=allowed, usual=form.usual)


def _allowed(form: ChoiceForm) -> tuple[str, ...]:
    if form.times is None:
        return tuple(form.of or ())
    first, last = (int(clock[:2]) * 60 + int(clock[3:]) for clock in form.times)
    span = (last - first) % _DAY_MIN
    minutes = [(first + step) % _DAY_MIN for step in range(0, span + 1, _STEP_MIN)]
    return tuple(f"{minute // 60:02d}:{minute % 60:02d}" for minute in minutes)

"""What ends a rule well, and what it would mean to leave that out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.config.plan.context import At, Checking, sense_of
from hub.config.plan.starting import Start, fact_of, numbers_of
from hub.config.plan.starts import NumbersForm, SettledForm, StateForm
from rules.plans.plan import AtTime, Beyond, Expected, Nothing, Repeated, Settles
from rules.plans.senses import SENSES, opposite

OK = Settles(ok=True)
CARER = Settles(carer=True)


def settles_of(check: Checking, forms: Sequence[SettledForm] | None, start: Start | None, at: At) -> list[Settles]:
    """What settles a rule; where nothing is written, the opposite of what starts it, and the resident's own ok."""
    if forms is None:
        return [*unwritten(start), OK] if start is not None else []
    return [one for number, form in enumerate(forms) for one in _settles(check, form, start, (*at, number))]


def unwritten(start: Start) -> Iterator[Settles]:
    """The opposite of what started it: the other state, the number back within its bounds, or the sign that was
    missed. What happened so many times has no opposite, and a time of day none either."""
    fact, when = start.fact, start.when
    if isinstance(when, Nothing):
        for one in when.of:
            yield Settles(device=one.device, kind=one.kind, value=one.value)
    elif isinstance(when, Expected):
        yield Settles(device=fact.device, kind=fact.kind, value=fact.value)
    elif isinstance(when, Beyond):
        # With a bound on either side nothing says "in between": then the resident or a carer ends it.
        if when.above is not None and when.below is None:
            yield Settles(device=fact.device, kind=fact.kind, below=when.above)
        elif when.below is not None and when.above is None:
            yield Settles(device=fact.device, kind=fact.kind, above=when.below)
    elif not isinstance(when, AtTime | Repeated) and (other := opposite(fact.kind, fact.value)):
        yield Settles(device=fact.device, kind=fact.kind, value=other)


def _settles(check: Checking, form: SettledForm, start: Start | None, at: At) -> Iterator[Settles]:
    if form.ok:
        yield OK
    if form.carer:
        yield CARER
    senses = sense_of({name: getattr(form, name) for name in NumbersForm.model_fields})
    if not senses:
        if not form.ok and not form.carer:
            check.no(at, "this ends by nothing", "ok, carer, or a state as in {bed: occupied}")
        return
    sense = SENSES[senses[0]]
    if sense.is_number and len(senses) == 1:
        if number := numbers_of(check, form, sense, at):
            fact = number.number
            yield Settles(device=fact.device, kind=fact.kind, above=number.above, below=number.below)
        return
    said = fact_of(check, StateForm.model_validate(_states(form)), at)
    if said is None:
        return
    if start is not None and said == start.fact and not isinstance(start.when, Nothing | Expected):
        check.no(at, "this is what starts the rule: it would be over at once", "another state, ok or carer")
        return
    yield Settles(device=said.device, kind=said.kind, value=said.value)


def _states(form: SettledForm) -> dict[str, str]:
    return {name: value for name in StateForm.model_fields if (value := getattr(form, name)) is not None}

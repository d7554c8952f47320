"""What starts a rule and when it may, compiled: senses become devices, kinds and values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hub.config.plan.choosing import choice_of, form_of
from hub.config.plan.context import At, Checking, sense_of
from hub.config.plan.starts import BoundForm, ConditionForm, StateForm, WhenForm
from hub.config.problems import nearest, one_of
from rules.plans.plan import (
    CHANGES,
    AtTime,
    Beyond,
    CarerIs,
    ChoiceIs,
    Condition,
    DateIs,
    DayIs,
    Expected,
    Fact,
    Held,
    Nothing,
    NumberIs,
    Repeated,
    ResidentIs,
    StateIs,
    TimeIs,
    Trigger,
)
from rules.plans.senses import SENSES, Sense

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MIN = 24 * 60
NO_FACT = Fact(device="", kind="", value="")
_FORMS = {
    "nothing_of": ("nothing_of", "for"),
    "expected": ("expected", "since", "by"),
    "time": ("time", "on"),
    "chosen": ("chosen", "on"),
    "held_for": ("held_for",),
    "times": ("times", "within"),
}
"""By what tells a form apart: the settings that belong to it, besides a sense and its device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What starts a rule, as the machine has it, and whether it watches for what may be a need."""

    when: Trigger
    fact: Fact
    is_need: bool


def start_of(check: Checking, form: WhenForm, at: At) -> Start | None:
    """The trigger of a rule, or nothing where it is refused."""
    settings = {"for" if name == "lasts" else name: getattr(form, name) for name in WhenForm.model_fields}
    said = [name for name, value in settings.items() if value is not None]
    senses = sense_of(settings)
    names = [name for name in _FORMS if name in said]
    if len(names) > 1 or (len(names) == 1 and not _belongs(check, names[0], said, senses, at)):
        if len(names) > 1:
            check.no(at, f"{names[0]} and {names[1]} are two ways to start", "one of them, or a rule for each")
        return None
    if "nothing_of" in names:
        return _nothing(check, form, at)
    if "expected" in names:
        return _expected(check, form, at)
    if "time" in names:
        return Start(when=AtTime(at=form.time or "", days=tuple(form.on or ())), fact=NO_FACT, is_need=False)
    if "chosen" in names:
        return _chosen(check, form, at)
    if len(senses) != 1:
        said_so = f"{' and '.join(senses)} are two ways to start" if senses else "this starts by nothing"
        check.no(at, said_so, one_of((*SENSES, "nothing_of", "expected", "time")) if not senses else "one of them")
        return None
    return _of_a_sense(check, form, SENSES[senses[0]], at)


def _belongs(check: Checking, name: str, said: Sequence[str], senses: Sequence[str], at: At) -> bool:
    """Whether every setting belongs to this form, and all it needs is there."""
    own = _FORMS[name]
    with_sense = name in ("held_for", "times")
    strange = [one for one in said if one not in own and not (with_sense and one in (*senses, "device"))]
    if strange:
        check.no((*at, strange[0]), f"{strange[0]} does not belong to {name}", one_of(own))
    missing = [one for one in own if one not in said and one != "on"]
    for one in missing:
        check.no(at, f'"{one}" is missing beside {name}', ", ".join(own))
    return not strange and not missing


def _of_a_sense(check: Checking, form: WhenForm, sense: Sense, at: At) -> Start | None:
    if sense.is_number:
        return _beyond(check, form, sense, at)
    stray = [
        name for name, value in (("for", form.lasts), ("since", form.since), ("by", form.by), ("on", form.on)) if value
    ]
    if form.within and not form.times:
        stray.append("within")
    if stray:
        meant = "held_for" if stray[0] == "for" else ""
        expected = "held_for, times and within, or nothing beside it"
        check.no((*at, stray[0]), f"{stray[0]} does not belong to {sense.sense}", expected, meant)
        return None
    device = check.sensed(sense, form.device, at if form.device else (*at, sense.sense))
    if device is None:
        return None
    fact = Fact(device=device.name, kind=sense.kind.value, value=_value(sense, getattr(form, sense.sense)))
    if form.held_for is not None:
        if sense.any_word:
            check.no((*at, "held_for"), "a press lasts no time", "times and within, or the press alone")
            return None
        return Start(when=Held(held_s=form.held_for), fact=fact, is_need=sense.is_need)
    if form.times is not None and form.within is not None:
        return Start(when=Repeated(times=form.times, within_s=form.within), fact=fact, is_need=sense.is_need)
    return Start(when=CHANGES, fact=fact, is_need=sense.is_need)


def _beyond(check: Checking, form: WhenForm, sense: Sense, at: At) -> Start | None:
    bounds = _bounds(check, getattr(form, sense.sense), (*at, sense.sense))
    if form.lasts is None:
        check.no(at, f'"for" is missing beside {sense.sense}', "for how long, as in for: 30 min")
    if form.held_for is not None or form.times is not None:
        check.no(at, f"{sense.sense} is a number", "above or below, and for")
        return None
    device = check.sensed(sense, form.device, at if form.device else (*at, sense.sense))
    if device is None or bounds is None or form.lasts is None:
        return None
    above, below = bounds
    fact = Fact(device=device.name, kind=sense.kind.value)
    return Start(when=Beyond(beyond_s=form.lasts, above=above, below=below), fact=fact, is_need=sense.is_need)


def _nothing(check: Checking, form: WhenForm, at: At) -> Start | None:
    facts: list[Fact] = []
    for number, (name, word, device_name) in enumerate(form.nothing_of or ()):
        sense = SENSES[name]
        here = (*at, "nothing_of", number)
        if sense.is_number:
            check.no(here, f"{name} is a number and no sign of anybody", "motion, door, bed, …")
            continue
        if device := check.sensed(sense, device_name or None, here):
            facts.append(Fact(device=device.name, kind=sense.kind.value, value=_value(sense, word) if word else ""))
    if not facts or form.lasts is None or len(facts) != len(form.nothing_of or ()):
        return None
    return Start(when=Nothing(silent_s=form.lasts, of=tuple(facts)), fact=facts[0], is_need=True)


def _expected(check: Checking, form: WhenForm, at: At) -> Start | None:
    fact = fact_of(check, form.expected, (*at, "expected")) if form.expected is not None else None
    since, by = form.since or "", form.by or ""
    if since == by:
        check.no((*at, "by"), "since and by are the same time", "a by: that is later")
        return None
    return Start(when=Expected(since=since, by=by), fact=fact, is_need=True) if fact is not None else None


def fact_of(check: Checking, form: StateForm, at: At) -> Fact | None:
    """The one state that a form names."""
    senses = sense_of({name: getattr(form, name) for name in StateForm.model_fields})
    if len(senses) != 1:
        check.no(at, "this names no state" if not senses else f"{' and '.join(senses)} are two states", "one of them")
        return None
    sense = SENSES[senses[0]]
    device = check.sensed(sense, form.device, at if form.device else (*at, sense.sense))
    if device is None:
        return None
    return Fact(device=device.name, kind=sense.kind.value, value=_value(sense, getattr(form, sense.sense)))


def _value(sense: Sense, word: str) -> str:
    return sense.words.get(word, word)


def _bounds(check: Checking, form: BoundForm, at: At) -> tuple[float | None, float | None] | None:
    if form.above is None and form.below is None:
        check.no(at, "no bound is named", "above, below")
        return None
    if form.above is not None and form.below is not None and form.above < form.below:
        check.no(at, f"every number is above {form.above:g} or below {form.below:g}", "below: smaller than above:")
        return None
    return form.above, form.below


def numbers_of(check: Checking, form: StateForm | ConditionForm, sense: Sense, at: At) -> NumberIs | None:
    """A number with its bounds, as a condition and as an end have it."""
    bounds = _bounds(check, getattr(form, sense.sense), (*at, sense.sense))
    device = check.sensed(sense, form.device, at if form.device else (*at, sense.sense))
    if device is None or bounds is None:
        return None
    return NumberIs(number=Fact(device=device.name, kind=sense.kind.value), above=bounds[0], below=bounds[1])


# -- activities ---------------------------------------------------------------------------------------------------


def invited_to(check: Checking, name: str, before_s: int, at: At) -> Start | None:
    """The time at which a resident is reminded of an activity of the home."""
    activity = check.house.activities.get(name)
    if activity is None:
        known = check.house.activities
        check.no(at, f'unknown activity "{name}"', f"{one_of(known)}, in activities of home.yaml", nearest(name, known))
        return None
    minute = int(activity.at[:2]) * 60 + int(activity.at[3:]) - before_s // 60
    days = activity.days
    if minute < 0:
        # A quarter of an hour before five past midnight is the evening before.
        days = tuple(_DAYS[_DAYS.index(day) - 1] for day in days)
    clock = f"{minute % _DAY_MIN // 60:02d}:{minute % 60:02d}"
    return Start(when=AtTime(at=clock, days=days, activity=name), fact=NO_FACT, is_need=False)


def _chosen(check: Checking, form: WhenForm, at: At) -> Start | None:
    """The time of day that the resident chose."""
    choice = choice_of(check, form.chosen or "", (*at, "chosen"))
    if choice is None:
        return None
    if form_of(check, choice.choice).times is None:
        check.no((*at, "chosen"), f"{choice.choice} is no time of day", "a choice with times:")
        return None
    when = AtTime(at=choice.usual, days=tuple(form.on or ()), choice=choice.choice)
    return Start(when=when, fact=NO_FACT, is_need=False)


# -- conditions ---------------------------------------------------------------------------------------------------


def conditions_of(check: Checking, forms: Sequence[ConditionForm], at: At) -> list[Condition]:
    """What must be so when a rule starts."""
    return [one for number, form in enumerate(forms) for one in _condition(check, form, (*at, number))]


def _condition(check: Checking, form: ConditionForm, at: At) -> Iterator[Condition]:
    settings = {name: getattr(form, name) for name in ConditionForm.model_fields if name not in ("device", "lasts")}
    said = [name for name, value in settings.items() if value is not None]
    if len(said) != 1:
        what = f"{' and '.join(said)} are two conditions" if said else "this is no condition"
        check.no(at, what, "a line for each" if said else one_of(settings))
        return
    name = said[0]
    sense = SENSES.get(name)
    if form.lasts is not None and (sense is None or sense.is_number):
        check.no((*at, "for"), f"for does not belong to {name}", "a state, as in {bed: occupied, for: 10 min}")
    if form.device is not None and sense is None:
        check.no((*at, "device"), f"device does not belong to {name}", "nothing beside it")
    if sense is not None and sense.is_number:
        if number := numbers_of(check, form, sense, at):
            yield number
    elif sense is not None:
        yield from _state(check, form, sense, at)
    elif form.time is not None:
        yield TimeIs(after=form.time[0], before=form.time[1])
    elif form.days is not None:
        yield DayIs(days=tuple(form.days))
    elif form.dates is not None:
        yield DateIs(first=form.dates[0], last=form.dates[1])
    elif form.chosen is not None:
        yield from _is_chosen(check, form.chosen, (*at, "chosen"))
    elif form.carer is not None:
        yield CarerIs(carer=form.carer == "present")
    elif form.resident is not None:
        yield ResidentIs(away=form.resident == "away")


def _state(check: Checking, form: ConditionForm, sense: Sense, at: At) -> Iterator[StateIs]:
    word, is_not = getattr(form, sense.sense)
    device = check.sensed(sense, form.device, at if form.device else (*at, sense.sense))
    if device is not None:
        fact = Fact(device=device.name, kind=sense.kind.value, value=_value(sense, word))
        yield StateIs(state=fact, for_s=form.lasts or 0, is_not=is_not)


def _is_chosen(check: Checking, said: Mapping[str, str], at: At) -> Iterator[ChoiceIs]:
    for name, value in said.items():
        choice = choice_of(check, name, (*at, name))
        if choice is None:
            continue
        if value not in choice.of:
            what = f'"{value}" cannot be chosen for {name}'
            check.no((*at, name), what, one_of(choice.of), nearest(value, choice.of))
        yield ChoiceIs(choice=name, chosen=value)

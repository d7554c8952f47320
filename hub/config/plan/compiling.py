"""A plan's rules, from their forms to what the machine runs; what cannot be is refused with its line."""

from __future__ import annotations

from collections.abc import Sequence

from devices.registry import Placed
from hub.config.plan.clocks import check_hours, never_comes
from hub.config.plan.context import At, Checking
from hub.config.plan.ending import settles_of
from hub.config.plan.fighting import check_fights
from hub.config.plan.forms import LeftOpenForm, OtherwiseForm, OutOfBedForm, OwnRuleForm
from hub.config.plan.helping import steps_of, waited_s
from hub.config.plan.person import agreement_of
from hub.config.plan.starting import Start, conditions_of, invited_to, start_of
from hub.config.problems import nearest, one_of
from rules.alerting.levels import LONGEST_DELAY_S, Level
from rules.plans.catalogue import CATALOGUE, Chosen, Entry, Whose, agreed_steps, rule_of, said, unagreed_wait_s
from rules.plans.help import Step, Wait
from rules.plans.plan import AtMost, AtTime, DelayAgreed, Expected, Nothing, Otherwise, Rule
from rules.turn import plainly

LONGEST_REMINDER_S = LONGEST_DELAY_S[Level.REQUEST]


def rules_of(check: Checking) -> list[Rule]:
    """The compiled rules; meaningless where `check.problems` were found. What watches a withdrawn sense is left out."""
    room, places = check.plan.room, check.house.places
    if room not in places:
        check.no(("room",), f'unknown place "{room}"', one_of(places), nearest(room, places))
    names = [_name(form) for form in check.plan.rules]
    for number, name in enumerate(names):
        if name in names[:number]:
            check.no(("rules", number), f'a second rule named "{name}"', "a name: of its own")
    compiled: list[tuple[int, Rule]] = []
    for number, form in enumerate(check.plan.rules):
        check.rule = number
        rule = _own(check, number, form) if isinstance(form, OwnRuleForm) else _ready(check, number, form)
        if rule is not None and number not in check.dropped:
            compiled.append((number, rule))
    check.rule = None
    if not check.problems:
        check_fights(check, compiled)
    return [rule for _, rule in compiled]


def _name(form: LeftOpenForm | OutOfBedForm | OwnRuleForm) -> str:
    return form.rule if isinstance(form, OwnRuleForm) else form.name or form.rule


# -- rules of the catalogue ---------------------------------------------------------------------------------------


def _ready(check: Checking, number: int, form: LeftOpenForm | OutOfBedForm) -> Rule | None:
    at: At = ("rules", number)
    setting, device = ("door", form.door) if isinstance(form, LeftOpenForm) else ("bed", form.bed)
    entry = CATALOGUE[form.rule]
    steps = tuple(steps_of(check, form.help, (*at, "help")))
    delay_agreed: DelayAgreed | None = None
    if isinstance(form, LeftOpenForm):
        for index, step in enumerate(steps):
            if isinstance(step, Wait):
                check.no((*at, "help", index), "left-open waits by held_for alone", "light, say or another step")
    elif form.delay_agreed is not None:
        delay_agreed = DelayAgreed(**form.delay_agreed.model_dump())
    check.words(form.otherwise.say, (*at, "otherwise", "say"))
    check_hours(check, form.during, (*at, "during"), tells=True)
    watched = _watched(check, device, entry, (*at, setting))
    _delays(check, at, form.otherwise, steps, delay_agreed, watched)
    if isinstance(form, LeftOpenForm):
        steps += (Wait(seconds=form.held_for, hold=True),)
    if watched is None or check.problems:
        return None
    place = watched.place or check.plan.room
    chosen = Chosen(
        entry=entry,
        name=form.name or form.rule,
        why=form.why,
        device=device,
        during=form.during,
        help=steps,
        otherwise=_told(form.otherwise),
        delay_agreed=delay_agreed,
    )
    return rule_of(chosen, _whose(check, place))


def _watched(check: Checking, name: str, entry: Entry, at: At) -> Placed | None:
    fitting = [device.name for device in check.house.devices.values() if device.purpose is entry.watches]
    device = check.known(name, fitting, at)
    if device is None:
        return None
    if check.may_watch(device, fitting, at) and device.purpose is not entry.watches:
        what = f'"{name}" is for {device.purpose} and cannot be the {entry.watches} of {entry.rule}'
        check.no(at, what, *check.instead(name, fitting))
    check.theirs(device, at)
    check.accepts(entry.watches, at)
    return device


# -- rules of one's own -------------------------------------------------------------------------------------------


def _own(check: Checking, number: int, form: OwnRuleForm) -> Rule | None:
    at: At = ("rules", number)
    start = _start(check, form, at)
    conditions = conditions_of(check, form.only_if, (*at, "only_if"))
    steps = tuple(steps_of(check, form.help, (*at, "help")))
    settled_by = settles_of(check, form.settled_by, start, (*at, "settled_by"))
    agreement = agreement_of(check, form.agreement, (*at, "agreement"))
    delay_agreed = DelayAgreed(**form.delay_agreed.model_dump()) if form.delay_agreed else None
    watched = check.house.devices.get(start.fact.device) if start is not None else None
    check_hours(check, form.during, (*at, "during"), tells=form.otherwise is not None)
    for index, condition in enumerate(form.only_if):
        check_hours(check, condition.time, (*at, "only_if", index, "time"), tells=form.otherwise is not None)
    if form.otherwise is not None:
        check.words(form.otherwise.say, (*at, "otherwise", "say"))
        _delays(check, at, form.otherwise, steps, delay_agreed, watched)
        if form.settled_by == []:
            check.no((*at, "settled_by"), "nothing ends this rule well", "ok, carer, or a state as in {bed: occupied}")
    elif start is not None:
        _reminds(check, form, start, steps, at)
    if start is None or check.problems:
        return None
    place = (watched.place if watched is not None else None) or check.plan.room
    whose = _whose(check, place)
    helped = steps if form.otherwise is None else agreed_steps(steps, delay_agreed)
    return Rule(
        rule=form.rule,
        why=form.why,
        resident=check.plan.resident,
        place=place,
        device=start.fact.device,
        kind=start.fact.kind,
        value=start.fact.value,
        during=form.during,
        help=tuple(said(step, whose) for step in helped),
        settled_by=tuple(settled_by),
        otherwise=_filled(form.otherwise, whose),
        delay_agreed=delay_agreed,
        when=start.when,
        only_if=tuple(conditions),
        at_most=AtMost(starts=form.at_most.times, within_s=form.at_most.within) if form.at_most else None,
        agreement=agreement,
    )


def _start(check: Checking, form: OwnRuleForm, at: At) -> Start | None:
    if form.when is not None and form.activity is not None:
        check.no((*at, "activity"), "when and activity are two ways to start", "one of them")
        return None
    start = (
        invited_to(check, form.activity, form.before, (*at, "activity"))
        if form.activity is not None
        else start_of(check, form.when, (*at, "when"))
        if form.when is not None
        else None
    )
    if "before" in form.model_fields_set and form.activity is None:
        check.no((*at, "before"), "before belongs to an activity", "activity: in place of when:")
    if start is not None and isinstance(start.when, AtTime | Expected):
        clocks = (start.when.at,) if isinstance(start.when, AtTime) else (start.when.since, start.when.by)
        for clock in clocks:
            if said_so := never_comes(check.house.timezone, clock):
                check.warn((*at, "activity" if form.activity is not None else "when"), said_so)
    if start is not None and form.during is not None and isinstance(start.when, AtTime | Expected):
        check.no((*at, "during"), "what starts at a time of day has no hours besides", "only_if: with days or dates")
    return start


def _reminds(check: Checking, form: OwnRuleForm, start: Start, steps: Sequence[Step], at: At) -> None:
    """A rule without `otherwise` tells nobody, so it may not watch for what may be a need."""
    if start.is_need:
        watched = "nothing being heard" if isinstance(start.when, Nothing) else start.fact.device or start.fact.kind
        what = f"{form.rule} watches {watched} and tells nobody: no rule that watches for a need ends in silence"
        check.no(at, what, "otherwise:, or a start by time or activity")
    for number, step in enumerate(form.help):
        for index, (answer, means) in enumerate(step.ask.answers if step.ask is not None else ()):
            if means == "tells":
                what = f'"{answer}" tells staff, and {form.rule} does not say at which level'
                check.no((*at, "help", number, "ask", "answers", index), what, "otherwise: with level and say")
    if form.delay_agreed is not None:
        check.no((*at, "delay_agreed"), "a reminder tells nobody, so nothing is delayed", "otherwise:, or leave it out")
    if not form.help:
        check.no(at, f"{form.rule} neither helps nor tells anybody", "help: with say, show, ask, …")
    if (longest_s := waited_s(steps)) > LONGEST_REMINDER_S:
        check.no((*at, "help"), f"waits {_plain(longest_s)} in all", f"at most {_plain(LONGEST_REMINDER_S)}")


def _delays(
    check: Checking,
    at: At,
    otherwise: OtherwiseForm,
    steps: Sequence[Step],
    agreed: DelayAgreed | None,
    watched: Placed | None,
) -> None:
    """Waits before staff are told: agreed to, within the bound of their level, and begun by the resident alone."""
    waits_s, bound_s = waited_s(steps), LONGEST_DELAY_S[Level(otherwise.level)]
    if waits_s > bound_s:
        name = _name(check.plan.rules[int(at[1])])
        what = f"{name} helps for {_plain(waits_s)} before staff are told, as {otherwise.level}"
        check.no((*at, "help"), what, f"at most {_plain(bound_s)}, all its waits together")
    if unagreed_s := unagreed_wait_s(tuple(steps), agreed):
        what = f"waits {unagreed_s} s that nobody has agreed to: they are 0 until delay_agreed names risk, by and on"
        check.warn((*at, "help"), what)
    if waits_s and watched is not None and watched.person is None and check.house.shared(check.plan.room):
        what = f'"{watched.name}" is nobody\'s in a room that is shared: it may not start a delay'
        check.no(_start_of(check, at), what, f"a device with person: {check.plan.resident}")


def _start_of(check: Checking, at: At) -> At:
    form = check.plan.rules[int(at[1])]
    if isinstance(form, OwnRuleForm):
        return (*at, "when")
    return (*at, "door" if isinstance(form, LeftOpenForm) else "bed")


def _whose(check: Checking, place: str) -> Whose:
    return Whose(
        resident=check.plan.resident,
        known_as=check.plan.known_as,
        place=place,
        place_name=check.house.places[place],
    )


def _told(form: OtherwiseForm) -> Otherwise:
    return Otherwise(level=Level(form.level), say=form.say)


def _filled(form: OtherwiseForm | None, whose: Whose) -> Otherwise | None:
    if form is None:
        return None
    words = form.say.replace("{room}", whose.place_name).replace("{known_as}", whose.known_as)
    return Otherwise(level=Level(form.level), say=words)


def _plain(seconds: int) -> str:
    return plainly(seconds * 1000)

"""One rule as a paragraph: why, when, what helps, what ends it, what staff see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from devices.registry import CALLS
from rules.alerting.levels import LADDERS, Ladder, Who
from rules.home import Home, Resident
from rules.plans.explain_words import (
    DAYS,
    agreed_words,
    bound_said,
    date_said,
    days_said,
    lasting,
    light_said,
    listed,
    number_said,
    state_said,
    thing,
    things,
)
from rules.plans.help import Alarm, Ask, Cover, Light, Say, Scene, Service, Show, Step, Switch, Wait
from rules.plans.plan import (
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
    Rule,
    Settles,
    StateIs,
    TimeIs,
)
from rules.plans.unagreed import by_of

_WHO = {
    Who.ZONE: "the carers of this part of the house",
    Who.SHIFT: "everybody on shift",
    Who.LEAD: "the nurse or person in charge",
    Who.MANAGER: "the manager on call",
}
_MEANS = {"settles": "all is well, and nobody is told", "tells": "staff are told at once"}


def paragraph_of(rule: Rule, resident: Resident, home: Home) -> str:
    """Everything that the rule does, in whole sentences."""
    return " ".join(_Paragraph(rule, resident, home).sentences())


class _Paragraph:
    """One rule being put into words."""

    def __init__(self, rule: Rule, resident: Resident, home: Home) -> None:
        self._rule = rule
        self._name = resident.known_as
        self._agreed = bool(by_of(resident, rule))
        self._home = home
        self._devices: Mapping[str, str] = things(home.devices, rule.place)
        self._places = {place.place: place.name for place in home.places}

    def sentences(self) -> Iterator[str]:
        """In the order in which somebody asks."""
        rule = self._rule
        yield _sentence(rule.why)
        yield f"{_capital(self._starts())}{self._hours()}{self._conditions()}: {self._helps()}."
        if rule.otherwise is None:
            yield "Nobody on the staff is told; it is an offer, and no answer is an answer."
        else:
            yield f"It ends well when {listed([self._settles(one) for one in rule.settled_by], 'or')}."
            yield self._told()
        yield from self._agreements()

    # -- when -----------------------------------------------------------------------------------------------------

    def _starts(self) -> str:
        rule, when = self._rule, self._rule.when
        fact = Fact(device=rule.device, kind=rule.kind, value=rule.value)
        if isinstance(when, AtTime):
            return self._at_time(when)
        if isinstance(when, Held):
            return f"when {state_said(fact, self._devices)} for {lasting(when.held_s)}"
        if isinstance(when, Nothing):
            of = listed([state_said(one, self._devices) for one in when.of], "or")
            return f"when it does not happen for {lasting(when.silent_s)} that {of}"
        if isinstance(when, Expected):
            said = state_said(fact, self._devices)
            return f"at {when.by}, unless since {when.since} it happened that {said}"
        if isinstance(when, Repeated):
            within = lasting(when.within_s)
            return f"when it happens {when.times} times within {within} that {state_said(fact, self._devices)}"
        if isinstance(when, Beyond):
            bound = bound_said(rule.kind, when.above, when.below)
            of = f"the {number_said(rule.kind)} at {thing(rule.device, self._devices)}"
            return f"when {of} is {bound} for {lasting(when.beyond_s)}"
        return f"when {state_said(fact, self._devices)}"

    def _at_time(self, when: AtTime) -> str:
        activity = next((one for one in self._home.activities if one.activity == when.activity), None)
        if when.choice:
            return f"at the time chosen on the room's screen (usually {when.at}) {days_said(when.days)}"
        if activity is None:
            return f"at {when.at} {days_said(when.days)}"
        where = self._places.get(activity.place, activity.place)
        return f"at {when.at} {days_said(when.days)}, before {activity.name} ({where}, {activity.at})"

    def _hours(self) -> str:
        during = self._rule.during
        return f", between {during[0]} and {during[1]}" if during else ""

    def _conditions(self) -> str:
        said = [self._condition(one) for one in self._rule.only_if]
        return f", but only if {listed(said)}" if said else ""

    def _condition(self, one: Condition) -> str:
        if isinstance(one, StateIs):
            lasted = f" for {lasting(one.for_s)} already" if one.for_s else ""
            return state_said(one.state, self._devices, is_not=one.is_not) + lasted
        if isinstance(one, NumberIs):
            of = f"the {number_said(one.number.kind)} at {thing(one.number.device, self._devices)}"
            return f"{of} is {bound_said(one.number.kind, one.above, one.below)}"
        if isinstance(one, TimeIs):
            return f"it is between {one.after} and {one.before}"
        if isinstance(one, DayIs):
            return f"it is {listed([DAYS[day].removesuffix('s') for day in one.days], 'or')}"
        if isinstance(one, DateIs):
            every = " of any year" if len(one.first) == len("MM-DD") else ""
            return f"it is between {date_said(one.first)} and {date_said(one.last)}{every}"
        if isinstance(one, ChoiceIs):
            return f'"{one.chosen}" was chosen for {one.choice.replace("-", " ")}'
        if isinstance(one, ResidentIs):
            return f"{self._name} is {'' if one.away else 'not '}away (hospital, family)"
        assert isinstance(one, CarerIs)
        return f"{'a' if one.carer else 'no'} carer is known to be there"

    # -- help -----------------------------------------------------------------------------------------------------

    def _helps(self) -> str:
        steps = [said for step in self._rule.help if (said := self._step(step))]
        if not steps:
            return "nothing is done first" if self._rule.otherwise else "nothing is done"
        return "; then ".join(steps)

    def _step(self, step: Step) -> str:
        if isinstance(step, Say):
            return f'{self._name} is told "{step.text}"'
        if isinstance(step, Show):
            picture = f" with the picture {step.picture}" if step.picture else ""
            return f'the room\'s screen shows "{step.words}"{picture}'
        if isinstance(step, Ask):
            return self._ask(step)
        if isinstance(step, Wait):
            return self._wait(step)
        if isinstance(step, Alarm):
            return f"{step.sounder} sounds or vibrates for {lasting(step.sound_s)}"
        if isinstance(step, Scene):
            return f"the scene {step.scene}: {listed([self._set(one) for one in step.steps])}"
        if isinstance(step, Service):
            return f"the home's own system (Home Assistant) is asked for {step.service}"
        return self._set(step)

    def _wait(self, step: Wait) -> str:
        if step.seconds == 0:
            return ""
        return f"{lasting(step.seconds)} pass"

    def _set(self, step: Light | Switch | Cover) -> str:
        if isinstance(step, Light):
            warm = f", as {light_said(step.color_temp_k)}" if step.color_temp_k else ""
            light = thing(step.device, self._devices)
            return f"{light} comes on at {step.brightness_pct} %{warm}" if step.brightness_pct else f"{light} goes off"
        if isinstance(step, Switch):
            return f"{thing(step.socket, self._devices)} is switched {'on' if step.on else 'off'}"
        to = {0: "closes", 100: "opens"}.get(step.position_pct, f"goes to {step.position_pct} % open")
        return f"{thing(step.cover, self._devices)} {to}"

    def _ask(self, step: Ask) -> str:
        if not step.within_s and self._rule.otherwise is not None:
            return f'{self._name} is not asked "{step.question}", because nobody has agreed to wait for the answer'
        answers = [
            f'"{one.answer}"' + (f" ({_MEANS[one.means]})" if one.means in _MEANS else "") for one in step.answers
        ]
        button = f", on the screen or with {self._button(step)}" if step.button else ""
        waits = f"; {lasting(step.within_s)} are given for the answer" if step.within_s else ""
        return f'{self._name} is asked "{step.question}", to answer {listed(answers, "or")}{button}{waits}'

    def _button(self, step: Ask) -> str:
        """What answers; of a pendant's second button also that it calls otherwise."""
        placed = next((row for row in self._home.devices if row.name == step.button), None)
        if placed is None or placed.purpose not in CALLS:
            return step.button
        twice = " and twice for the second" if len(step.answers) > 1 else ""
        how = f"pressed once for the first answer{twice} (held, or while nothing is asked, it calls for help)"
        return f"the second button of the pendant ({step.button}), {how}"

    # -- ends -----------------------------------------------------------------------------------------------------

    def _settles(self, one: Settles) -> str:
        if one.ok:
            return f"{self._name} says: I'm all right"
        if one.carer:
            return "a carer is there"
        if one.above is not None or one.below is not None:
            of = f"the {number_said(one.kind)} at {thing(one.device, self._devices)}"
            return f"{of} is {bound_said(one.kind, one.above, one.below)}"
        return state_said(Fact(device=one.device, kind=one.kind, value=one.value), self._devices)

    def _told(self) -> str:
        otherwise = self._rule.otherwise
        assert otherwise is not None
        words = otherwise.say.replace("{for}", "(so long)").replace("{who}", self._name)
        ladder = self._home.ladders.get(otherwise.level, LADDERS[otherwise.level])
        return f'Otherwise staff see, as {_article(otherwise.level)}: "{words.rstrip(".")}." {_who_is_told(ladder)}.'

    def _agreements(self) -> Iterator[str]:
        rule = self._rule
        if rule.delay_agreed is not None and (waits_s := _waits_s(rule.help)):
            agreed = rule.delay_agreed
            by = f"was agreed by {agreed.by} on {date_said(agreed.on)}"
            yield f"That staff are told up to {lasting(waits_s)} later {by}; the risk that was named: {agreed.risk}."
        if rule.agreement is not None:
            yield f"Of this rule: {agreed_words(rule.agreement, self._name)}"
        elif not self._agreed:
            yield "Nobody has agreed to this yet."
        if rule.at_most is not None:
            limit = f"more than {rule.at_most.starts} times within {lasting(rule.at_most.within_s)}"
            rests = "it rests" if rule.is_reminder else "the manager learns of it, and it goes on"
            yield f"Should it start {limit}, {rests}."


def _waits_s(steps: Sequence[Step]) -> int:
    waits_s = sum(step.seconds for step in steps if isinstance(step, Wait) and not step.hold)
    return waits_s + sum(step.within_s for step in steps if isinstance(step, Ask))


def _who_is_told(ladder: Ladder) -> str:
    first, *later = ladder.rungs
    known = set(first.who)
    said = [f"{_capital(listed([_WHO[who] for who in first.who]))} {_are(first.who)} told at once"]
    for rung in later:
        new = [_WHO[who] for who in rung.who if who not in known]
        known |= set(rung.who)
        if new:
            said.append(f"{listed(new)} after {lasting(rung.after_s)}")
    return ", ".join(said)


def _are(who: Sequence[Who]) -> str:
    return "are" if len(who) > 1 or who[0] is Who.ZONE else "is"


def _article(level: str) -> str:
    return level if level in ("urgent", "technical") else f"a {level}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."

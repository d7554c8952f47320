"""Plans at random: rules of any form that the data has, for residents of a small home, from any source of chance.

`forms` says which forms may be drawn: `RUN_NOW` are those that the machine runs, `ALL` those that there are.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from devices.registry import Placed, Purpose
from rules.alerting.levels import Level
from rules.home import Home
from rules.plans.help import Alarm, AnswerTo, Ask, Cover, Light, Say, Scene, Service, Show, Step, Switch, Wait
from rules.plans.plan import (
    CHANGES,
    Abilities,
    AtTime,
    Beyond,
    CarerIs,
    Choice,
    ChoiceIs,
    Condition,
    DateIs,
    DayIs,
    Expected,
    Fact,
    Held,
    Nothing,
    NumberIs,
    Otherwise,
    Repeated,
    ResidentIs,
    Rule,
    Settles,
    StateIs,
    TimeIs,
    Trigger,
)
from rules.proof.faults import unproved
from tests.stories.village import AGREED, NAMES, resident_of, village

T = TypeVar("T")
TRIGGERS = ("changes", "held", "nothing", "expected", "repeated", "beyond", "time", "chosen")
STEPS = ("light", "say", "wait", "hold", "switch", "cover", "show", *("ask",) * 3, "sound", "scene", "service")
CONDITIONS = ("state", "number", "time_is", "day", "date", "resident", "carer", "choice")
ALL = frozenset({*TRIGGERS, *STEPS, *CONDITIONS, "reminder"})
RUN_NOW = ALL
LEVELS = (Level.URGENT, Level.CHECK, Level.CHECK, Level.REQUEST, Level.TECHNICAL)
CLOCKS = ("00:00", "00:30", "01:00", "01:30", "02:00", "06:00", "07:00", "12:00", "22:00", "23:59")
SECONDS = (0, 1, 5, 30, 60, 90, 300, 900, 3600)
ROOMS = tuple(NAMES)[:2]
WAKES = (
    ("00:00", "00:30", "01:00", "01:30", "02:00", "02:30"),
    ("01:00", "01:15", "01:30", "01:45"),
    ("12:00", "12:15", "12:30", "12:45", "13:00", "14:00"),
    ("21:00", "22:00", "23:00", "23:45", "00:15", "01:15", "02:00"),
    ("06:30", "07:00"),
    ("23:59",),
)
"""Times of day that may be chosen: where the clocks change, over midnight, in the day, one alone."""
ABLE = (
    Abilities(),
    Abilities(memory="reduced", hearing_day="none", hearing_night="none", speech="none"),
    Abilities(memory="none", sight_day="none", sight_night="reduced", speech_at_night=True, grip="none"),
)
"""Abilities change how words are given: whatever they are, nobody is told later."""


class Chance(Protocol):
    """Where the choices come from."""

    def pick(self, choices: Sequence[T]) -> T:
        """One of them."""

    def number(self, least: int, most: int) -> int:
        """A whole number, both ends included."""


@dataclass
class Drawn:
    """Hypothesis, which makes a failure small."""

    draw: Callable[[st.SearchStrategy[Any]], Any]

    def pick(self, choices: Sequence[T]) -> T:
        """One of them."""
        chosen: T = self.draw(st.sampled_from(list(choices)))
        return chosen

    def number(self, least: int, most: int) -> int:
        """Of that range."""
        chosen: int = self.draw(st.integers(least, most))
        return chosen


@dataclass
class Thrown:
    """A seed, which is fast."""

    dice: random.Random

    def pick(self, choices: Sequence[T]) -> T:
        """One of them."""
        return self.dice.choice(choices)

    def number(self, least: int, most: int) -> int:
        """Of that range."""
        return self.dice.randint(least, most)


def devices_of(room: str) -> tuple[Placed, ...]:
    """What a room has besides what the stories need."""
    more = {
        "motion": Purpose.MOTION,
        "plug": Purpose.SWITCH,
        "blind": Purpose.OTHER,
        "thermo": Purpose.OTHER,
        "button": Purpose.OTHER,
        "pad": Purpose.SOUNDER,
        "pendant#2": Purpose.EMERGENCY,
    }
    return tuple(
        Placed(
            device=f"zigbee2mqtt/room-{room}-{what}",
            name=f"room-{room}-{what.replace('pendant#2', 'second')}",
            person=resident_of(room),
            place=room,
            purpose=purpose,
        )
        for what, purpose in more.items()
    )


def a_home(chance: Chance, forms: frozenset[str]) -> Home:
    """A home whose plans `check` would accept: what it refuses is taken out again."""
    base = village()
    residents = tuple(
        replace(
            one,
            rules=tuple(a_rule(chance, forms, one.room, number, choices) for number in range(chance.number(1, 2))),
            abilities=chance.pick(ABLE),
            choices=choices,
        )
        if one.room in ROOMS
        else replace(one, rules=())
        for one in base.residents
        for choices in (some_choices(chance, forms) if one.room in ROOMS else (),)
    )
    devices = (*base.devices, *(device for room in ROOMS for device in devices_of(room)))
    home = replace(base, residents=residents, devices=devices)
    refused = {(found.resident, found.rule) for found in unproved(home) if not found.warning}
    return replace(
        home,
        residents=tuple(
            replace(one, rules=tuple(rule for rule in one.rules if (one.resident, rule.rule) not in refused))
            for one in home.residents
        ),
    )


def some_choices(chance: Chance, forms: frozenset[str]) -> tuple[Choice, ...]:
    """What a resident decides on the screen of the room: a time of day, and a word or two."""
    if not {"chosen", "choice"} & forms:
        return ()
    wakes = chance.pick(WAKES)
    return (
        Choice(choice="wake", ask="When shall I wake you?", of=wakes, usual=chance.pick(wakes)),
        Choice(choice="music", ask="What shall play?", of=("the radio", "nothing"), usual="nothing"),
        Choice(choice="blinds", ask="The blinds?", of=("open", "half", "closed"), usual=chance.pick(("open", "half"))),
    )


def facts_of(room: str) -> tuple[Fact, ...]:
    """What the sensors of a room may say."""
    return tuple(
        Fact(device=f"room-{room}-{device}", kind=kind, value=value)
        for device, kind, values in (
            ("bed", "bed", ("empty", "occupied")),
            ("door", "contact", ("open", "closed")),
        )
        for value in values
    )


def a_rule(chance: Chance, forms: frozenset[str], room: str, number: int, choices: tuple[Choice, ...]) -> Rule:
    """A rule of one of these forms."""
    fact = chance.pick(facts_of(room))
    when = a_trigger(chance, forms, room, fact, choices)
    if isinstance(when, AtTime):
        fact = Fact(device="", kind="", value="")
    elif isinstance(when, Beyond):
        fact = Fact(device=f"room-{room}-thermo", kind="temperature", value="")
    tells = "reminder" not in forms or chance.pick((True, True, True, False))
    chosen = isinstance(when, AtTime) and bool(when.choice)
    others = [one for one in facts_of(room) if one.kind == fact.kind and one.value != fact.value]
    settles = [Settles(device=one.device, kind=one.kind, value=one.value) for one in others]
    settles += [Settles(ok=True)] if chance.pick((True, False)) else []
    return Rule(
        rule=f"rule-{number}",
        why="chance",
        resident=resident_of(room),
        place=room,
        device=fact.device,
        kind=fact.kind,
        value=fact.value,
        when=when,
        during=None if chosen else chance.pick((None, None, None, (chance.pick(CLOCKS), chance.pick(CLOCKS)))),
        help=tuple(a_step(chance, forms, room) for _ in range(chance.number(0, 4))),
        settled_by=tuple(settles) if tells else (),
        otherwise=Otherwise(level=chance.pick(LEVELS), say="{who}, for {for}.") if tells else None,
        delay_agreed=chance.pick((None, AGREED, AGREED)),
        only_if=tuple(
            a_condition(chance, room, chance.pick(known), choices)
            for known in ([form for form in CONDITIONS if form in forms],)
            for _ in range(chance.number(0, 1) if known else 0)
        ),
    )


def a_trigger(chance: Chance, forms: frozenset[str], room: str, fact: Fact, choices: tuple[Choice, ...]) -> Trigger:
    """What starts it."""
    match chance.pick([form for form in TRIGGERS if form in forms]):
        case "held":
            return Held(held_s=chance.pick(SECONDS[1:]))
        case "nothing":
            same = [one for one in facts_of(room) if one.kind != fact.kind]
            return Nothing(silent_s=chance.pick(SECONDS[3:]), of=(fact, chance.pick(same)))
        case "expected":
            return Expected(since=chance.pick(CLOCKS), by=chance.pick(CLOCKS))
        case "repeated":
            return Repeated(times=chance.number(2, 4), within_s=chance.pick(SECONDS[3:]))
        case "beyond":
            above = chance.pick((True, False))
            return Beyond(beyond_s=chance.pick(SECONDS), above=28.0 if above else None, below=None if above else 16.0)
        case "time":
            return AtTime(at=chance.pick(CLOCKS))
        case "chosen":
            return AtTime(at=choices[0].usual, choice=choices[0].choice, days=chance.pick(((), (), ("sun", "mon"))))
    return CHANGES


def a_step(chance: Chance, forms: frozenset[str], room: str) -> Step:
    """One step of help."""
    name = f"room-{room}"
    light = Light(device=f"{name}-light", brightness_pct=chance.pick((0, 30, 100)))
    match chance.pick([form for form in STEPS if form in forms]):
        case "say":
            return Say(text=chance.pick(("Take your time.", "Is all well?")))
        case "wait":
            return Wait(seconds=chance.pick(SECONDS))
        case "hold":
            return Wait(seconds=chance.pick(SECONDS), hold=True)
        case "switch":
            return Switch(socket=f"{name}-plug", on=chance.pick((True, False)))
        case "cover":
            return Cover(cover=f"{name}-blind", position_pct=chance.pick((0, 50, 100)))
        case "show":
            return Show(words="The bathroom is on the left.")
        case "ask":
            answers = (AnswerTo(answer="yes", means="settles"), AnswerTo(answer="no", means="tells"))
            button = chance.pick(("", f"{name}-second"))
            return Ask(question="Are you well?", answers=answers, within_s=chance.pick(SECONDS), button=button)
        case "sound":
            return Alarm(sounder=f"{name}-pad", sound_s=5)
        case "scene":
            return Scene(scene="evening", steps=(light,))
        case "service":
            return Service(service="media_player.play_media")
    return light


def a_condition(chance: Chance, room: str, form: str, choices: tuple[Choice, ...]) -> Condition:
    """One condition."""
    match form:
        case "state":
            return StateIs(state=chance.pick(facts_of(room)), is_not=chance.pick((True, False)))
        case "number":
            return NumberIs(number=Fact(device=f"room-{room}-thermo", kind="temperature"), above=18.0)
        case "time_is":
            return TimeIs(after=chance.pick(CLOCKS), before=chance.pick(CLOCKS))
        case "day":
            return DayIs(days=chance.pick((("sat",), ("sun", "mon"), ("fri", "sat", "sun"))))
        case "date":
            return DateIs(first=chance.pick(("03-01", "10-25")), last=chance.pick(("03-29", "12-31")))
        case "choice":
            choice = chance.pick(choices)
            return ChoiceIs(choice=choice.choice, chosen=chance.pick(choice.of))
        case "resident":
            return ResidentIs(away=chance.pick((True, False)))
    return CarerIs(carer=chance.pick((True, False)))

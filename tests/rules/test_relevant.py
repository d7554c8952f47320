"""A replay steps only what its plans can depend on: it must answer as a replay of everything that was recorded does."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from devices.events import Event, Kind, Value
from devices.registry import Placed, Purpose
from rules.home import Home
from rules.inputs import Asked, Described, Heard, Input, Linked, Now, Started
from rules.plans.plan import AtTime, Beyond, Changes, Choice, ChoiceIs, Expected, Held, Nothing, Repeated
from rules.replay.past import Answer, Night, Replay
from rules.replay.relevant import EVERY, Known, Relevant
from rules.replay.replay import FAULTS, Ran, tell_at_once
from tests.rules.plans_at_random import ALL, ROOMS, Thrown, a_home, a_rule
from tests.stories.village import resident_of

BEGIN = Now(1_000_000, 1_774_000_000_000)
"""A week before the clocks change in London."""
MORE = int(os.environ.get("MORE", "1"))
TRIGGERS = (Changes, Held, Nothing, Expected, Repeated, Beyond, AtTime)
PASSES_S = (1, 5, 30, 60, 90, 300, 900, 3_600, 3_600, 9_000)
SAID: tuple[tuple[str, Kind, tuple[Value, ...]], ...] = (
    ("bed", Kind.BED, ("empty", "occupied")),
    ("bed", Kind.OCCUPANCY, (True, False)),
    ("door", Kind.CONTACT, ("open", "closed")),
    ("door", Kind.OTHER, (True, False)),
    ("motion", Kind.MOTION, (True, False)),
    ("thermo", Kind.TEMPERATURE, (14.5, 20.0, 29.5)),
    ("thermo", Kind.HUMIDITY, (40, 60)),
    ("plug", Kind.POWER, (0, 800)),
    ("light", Kind.LIGHT, ("on", "off")),
    ("thermo", Kind.BATTERY, (3, 80)),
    ("bed", Kind.AVAILABILITY, ("offline", "online")),
    ("motion", Kind.AVAILABILITY, ("offline", "online")),
    ("motion", Kind.BATTERY, (3, 80)),
    ("door", Kind.TAMPER, (True, False)),
)
ASKS = (
    *("ok", "ok", "answer", "answer", "answer", "choose", "choose", "not_now", "visit", "visit", "looked", "company"),
    *("call", "away", "back", "back", "change_of_condition"),
)
GATEWAYS = ("zigbee2mqtt/bridge", "shelly/bridge", "zigbee2mqtt/hall")
CLOCKS = ("06:00", "07:30", "23:00")
WAKING = Choice(choice="waking", ask="When shall we wake you?", of=CLOCKS, usual="07:30")


def a_home_with_all(dice: random.Random) -> Home:
    """Plans of any form, a choice of the day in each, a tag in each room, and a mat on an input of a relay module."""
    chance = Thrown(dice)
    home = a_home(chance, ALL)
    people = []
    for one in home.residents:
        rules = one.rules
        if one.room in ROOMS:
            by_the_clock = ALL - {"changes", "held", "nothing", "expected", "repeated", "beyond"}
            reminder = a_rule(chance, by_the_clock, one.room, 8, one.choices)
            woken = replace(reminder, rule="woken", when=AtTime(at="07:30", choice="waking"))
            early = replace(
                a_rule(chance, ALL, one.room, 9, one.choices), only_if=(ChoiceIs(choice="waking", chosen="06:00"),)
            )
            rules = (*rules, woken, early)
        people.append(replace(one, rules=rules, choices=(*one.choices, WAKING)))
    devices = []
    for placed in home.devices:
        if placed.name == f"room-{ROOMS[1]}-bed":
            placed = replace(placed, device=f"shelly/room-{ROOMS[1]}#input:1")  # noqa: PLW2901
        devices.append(placed)
    tags = [
        Placed(device=f"zigbee2mqtt/tag-{room}", name=f"tag-{room}", place=room, purpose=Purpose.PRESENCE_TAG)
        for room in ROOMS
    ]
    return replace(home, residents=tuple(people), devices=(*devices, *tags))


def a_past(dice: random.Random, inputs: int) -> Iterator[tuple[Now, Input]]:
    """Days in both rooms, with presses and requests, gateways that are lost, and a hub that is down now and then; what
    names an alert is not part of a replay."""
    now = BEGIN
    for number in range(inputs):
        ms = dice.choice(PASSES_S) * 1_000 + dice.randrange(1_000)
        before, now = now, Now(now.elapsed_ms + ms, now.wall_ms + ms)
        room = dice.choice(ROOMS)
        drawn = dice.random()
        if number == 0:
            yield now, Asked(id="on", client="dashboards", do="sign_on", by="carer-1")
        elif drawn < 0.66:
            name, kind, values = dice.choice((*SAID[:6], *SAID))
            yield now, Heard(event=_of(name, room, kind, dice.choice(values)))
        elif drawn < 0.68:
            gateway, word = dice.choice(GATEWAYS), dice.choice(("offline", "online"))
            yield now, Heard(event=Event(device=gateway, kind=Kind.AVAILABILITY, value=word))
        elif drawn < 0.70:
            yield from ((now, given) for given in _of_the_hub(dice, before, room))
        elif drawn < 0.73:
            name, kind, values = dice.choice(SAID[:6])
            for value in (*values, *values, *values):
                now = Now(now.elapsed_ms + 2_000, now.wall_ms + 2_000)
                yield now, Heard(event=_of(name, room, kind, value))
        elif drawn < 0.80:
            device, value = dice.choice(((f"room-{room}-button", "single"), (f"tag-{room}", "single")))
            event = Event(
                device=f"zigbee2mqtt/{device}", kind=Kind.BUTTON, value=value, press=True, press_id=str(number)
            )
            yield now, Heard(event=event)
        elif drawn < 0.82:
            event = Event(
                device=f"zigbee2mqtt/room-{room}-pendant",
                kind=Kind.EMERGENCY,
                value=True,
                press=True,
                press_id=str(number),
            )
            yield now, Heard(event=event)
        else:
            yield now, _asked(dice, number, room)


def _of_the_hub(dice: random.Random, before: Now, room: str) -> tuple[Input, ...]:
    """It was down since the last input, or its link is; or a device says what it hangs on."""
    return dice.choice(
        (
            (Started(down_from_ms=before.wall_ms), Linked(up=True)),
            (Linked(up=False),),
            (Linked(up=True),),
            (
                Described(device=f"zigbee2mqtt/room-{room}-motion", gateway=GATEWAYS[-1]),
                Heard(event=Event(device=GATEWAYS[-1], kind=Kind.AVAILABILITY, value="offline")),
            ),
        )
    )


def _of(name: str, room: str, kind: Kind, value: Value) -> Event:
    if name == "bed" and room == ROOMS[1]:
        device = f"shelly/room-{room}"
        if kind in (Kind.BED, Kind.OCCUPANCY):
            # A mat that closes the circuit of an input.
            return Event(device=device, kind=Kind.OTHER, value=value in ("occupied", True), field="input:1")
        return Event(device=device, kind=kind, value=value)
    return Event(device=f"zigbee2mqtt/room-{room}-{name}", kind=kind, value=value)


def _asked(dice: random.Random, number: int, room: str) -> Asked:
    do = dice.choice(ASKS)
    screen = do in ("ok", "answer", "choose", "company", "call") or (do in ("visit", "not_now") and dice.random() < 0.5)
    return Asked(
        id=f"q{number}",
        client=f"room-{room}" if screen else "dashboards",
        do=do,
        by="" if screen else "carer-1",
        resident=resident_of(room),
        room="" if screen else room,
        episode="e000001" if do == "answer" else "",
        answer=dice.choice(CLOCKS) if do == "choose" else dice.choice(("yes", "no")),
        choice="waking",
        until_s=dice.choice((3_600, 30_000)),
        reason=dice.choice(("hospital", "family")),
    )


class EachRun(Replay):
    """A replay that keeps each run of the new plans, also of nights that do not differ, and whom staff were asked about
    because something moved."""

    def __init__(self, *args: Any, **more: Any) -> None:
        self.runs: dict[str, Ran] = {}
        self.asked: set[tuple[str, int]] = set()
        super().__init__(*args, **more)

    def take(self, given: Input, now: Now, *, live: bool) -> None:
        """As ever; an alert that is closed is not known for ever."""
        super().take(given, now, live=live)
        self._look()

    def _look(self) -> None:
        alerts = self._sides[1].state.alerts
        self.asked |= {(alert.cause, alert.raised_ms) for alert in alerts if alert.cause.startswith("away:")}

    def _compare(self, before: int, *, last: bool) -> None:
        self._look()
        self.runs |= {ran.episode: ran for ran in self._ran[1]}
        super()._compare(before, last=last)


def replayed(
    home: Home, past: list[tuple[Now, Input]], *, everything: bool, planted: bool = False
) -> tuple[Answer, EachRun]:
    """The answer, of what is relevant or of all."""
    residents = frozenset(resident_of(room) for room in ROOMS)
    replay = EachRun(
        tell_at_once(home),
        home,
        residents,
        begin=BEGIN,
        count_from_ms=BEGIN.wall_ms,
        with_planted=planted,
        known=known_of(given for _, given in past),
    )
    if everything:
        # But for faults of devices whose silence no rule waits for: no replay takes those.
        devices = {given.event.device for _, given in past if isinstance(given, Heard)}
        watched = {*GATEWAYS, *waited_in(home)}
        stepped = {device: EVERY if device in watched else EVERY - FAULTS for device in devices}
        replay.relevant = Relevant(whose=replay.relevant.whose, stepped=stepped)
    for now, given in past:
        if isinstance(given, Heard) and not replay.relevant.is_(given.event.device, given.event.kind):
            replay.saw(given.event.device, now.wall_ms, given.event)
        elif everything or not isinstance(given, Described) or given.device in replay.relevant.waited:
            replay.take(given, now, live=True)
    last = past[-1][0]
    return replay.finish(Now(last.elapsed_ms + 1, last.wall_ms + 1)), replay


def without_marks(answer: Answer) -> list[Night]:
    """The nights that differ, but for which of their events matter: that is what is different here."""
    return [
        replace(night, events=tuple(replace(seen, matters=True) for seen in night.events)) for night in answer.nights
    ]


def waited_in(home: Home) -> set[str]:
    """The devices for whose silence a rule of this home waits, by the address that says it."""
    whens = [rule.when for one in home.residents for rule in one.rules]
    names = {fact.device for when in whens if isinstance(when, Nothing) for fact in when.of}
    return {placed.module for placed in home.devices if placed.name in names}


def known_of(inputs: Iterable[Input]) -> Known:
    """What a whole past knows, as the ledger would say it."""
    every = list(inputs)
    gateways = {given.device: frozenset({given.gateway}) for given in every if isinstance(given, Described)}
    away = frozenset(given.resident for given in every if isinstance(given, Asked) and given.do == "away")
    return Known(away=away, gateways=gateways)


def is_the_same(seed: int, inputs: int, *, planted: bool = False) -> Counter[str]:
    """Assert it for one home and past by chance; how often a rule of each form started."""
    dice = random.Random(seed)
    home = a_home_with_all(dice)
    past = list(a_past(dice, inputs))
    some, stepped = replayed(home, past, everything=False, planted=planted)
    with pytest.MonkeyPatch.context() as patch:
        # Of everything, calls are planted on the whole state, with all the alerts that are over.
        patch.setattr("rules.replay.planting._of_use", lambda state: state)
        whole, every = replayed(home, past, everything=True, planted=planted)
    assert stepped.runs == every.runs
    assert stepped.asked == every.asked
    assert some.by_resident == whole.by_resident
    assert (without_marks(some), some.calls) == (without_marks(whole), whole.calls)
    assert some.delayed == whole.delayed == 0
    assert some.planted == whole.planted
    if planted:
        assert whole.planted is not None
        assert whole.planted.late == []
        assert whole.planted.told_at_once + whole.planted.tests == whole.planted.planted > 1_000
    forms = {(one.resident, rule.rule): type(rule.when).__name__ for one in home.residents for rule in one.rules}
    return Counter(forms[ran.resident, ran.rule] for ran in every.runs.values())


def test_what_is_relevant_answers_as_everything_does() -> None:
    """Plans of any form, and days with all that people may ask; a rule of each form starts in them."""
    started = sum((is_the_same(seed, 300) for seed in range(14 * MORE)), Counter[str]())
    assert {form.__name__ for form in TRIGGERS} <= started.keys(), started


@pytest.mark.parametrize("seed", range(2 * MORE))
def test_calls_planted_at_every_minute_find_the_same_state(seed: int) -> None:
    """Each on a fork of what is relevant alone: told in its step, as on a fork of everything."""
    assert is_the_same(seed, 40, planted=True).total() > 0

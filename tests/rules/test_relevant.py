"""A replay steps only what its plans can depend on: it must answer as a replay of everything that was recorded does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from devices.events import Event, Kind, Value
from devices.registry import Placed, Purpose
from rules.home import Home
from rules.inputs import Asked, Heard, Input, Now
from rules.plans.plan import AtTime, Choice, ChoiceIs
from rules.replay.past import Answer, Replay
from rules.replay.relevant import EVERY, Relevant
from rules.replay.replay import tell_at_once
from tests.rules.plans_at_random import ALL, ROOMS, Thrown, a_home, a_rule
from tests.stories.village import resident_of

BEGIN = Now(1_000_000, 1_774_000_000_000)
"""A week before the clocks change in London."""
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
    ("door", Kind.TAMPER, (True, False)),
)
ASKS = (
    *("ok", "ok", "answer", "answer", "answer", "choose", "choose", "not_now", "visit", "visit", "looked", "company"),
    *("call", "away", "back", "back", "change_of_condition"),
)
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
            reminder = a_rule(
                chance, ALL - {"changes", "held", "nothing", "expected", "repeated", "beyond"}, one.room, 8
            )
            woken = replace(reminder, rule="woken", when=AtTime(at="07:30", choice="waking"))
            early = replace(a_rule(chance, ALL, one.room, 9), only_if=(ChoiceIs(choice="waking", chosen="06:00"),))
            rules = (*rules, woken, early)
        people.append(replace(one, rules=rules, choices=(WAKING,)))
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
    """Days in both rooms, with presses and requests; what names an alert is not part of a replay."""
    now = BEGIN
    for number in range(inputs):
        ms = dice.choice(PASSES_S) * 1_000 + dice.randrange(1_000)
        now = Now(now.elapsed_ms + ms, now.wall_ms + ms)
        room = dice.choice(ROOMS)
        drawn = dice.random()
        if number == 0:
            yield now, Asked(id="on", client="dashboards", do="sign_on", by="carer-1")
        elif drawn < 0.70:
            name, kind, values = dice.choice((*SAID[:6], *SAID))
            yield now, Heard(event=_of(name, room, kind, dice.choice(values)))
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


def replayed(home: Home, past: list[tuple[Now, Input]], *, everything: bool) -> tuple[Answer, Replay]:
    """The answer, of what is relevant or of all."""
    residents = frozenset(resident_of(room) for room in ROOMS)
    replay = Replay(tell_at_once(home), home, residents, begin=BEGIN, count_from_ms=BEGIN.wall_ms, with_planted=False)
    if everything:
        devices = {given.event.device: EVERY for _, given in past if isinstance(given, Heard)}
        replay.relevant = Relevant(whose=replay.relevant.whose, stepped=devices)
    for now, given in past:
        if isinstance(given, Heard) and not replay.relevant.is_(given.event.device, given.event.kind):
            replay.saw(given.event.device, now.wall_ms, given.event)
        else:
            replay.take(given, now, live=True)
    last = past[-1][0]
    return replay.finish(Now(last.elapsed_ms + 1, last.wall_ms + 1)), replay


@pytest.mark.parametrize("seed", range(8))
def test_what_is_relevant_answers_as_everything_does(seed: int) -> None:
    """Plans of any form, and days with all that people may ask."""
    dice = random.Random(seed)
    home = a_home_with_all(dice)
    past = list(a_past(dice, 120))
    (some, _), (whole, _) = (replayed(home, past, everything=everything) for everything in (False, True))
    assert whole.whole.episodes_new > 0
    assert some.by_resident == whole.by_resident
    assert (some.nights, some.calls) == (whole.nights, whole.calls)
    assert some.delayed == whole.delayed == 0

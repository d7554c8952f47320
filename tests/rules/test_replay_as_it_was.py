"""A replay of the plan that ran gives what the machine did then, also where nobody could hear for some hours."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from devices.events import Event, Kind
from devices.registry import Supervision
from rules.asking.requests import FOR_ALERT
from rules.effects import Did, Log
from rules.inputs import Asked, ClockStepped, Described, Heard, Input, Linked, Now, Started
from rules.plans.plan import AtTime, Expected, Fact, Held, Nothing, Rule
from rules.replay.past import Answer, Replay
from rules.replay.relevant import Known, relevant
from rules.replay.replay import Side, quiet
from tests.rules.plan_parts import LONDON, Night, at, home_with, rule

MARGARET = frozenset({"margaret"})
MOTION = "zigbee2mqtt/room-012-motion"
MOVES = Fact(device="room-012-motion", kind="motion", value="detected")
OPENS = Fact(device="room-012-door", kind="contact")
SILENT = rule(rule="silent", device="", kind="", value="", when=Nothing(silent_s=3 * 3600, of=(MOVES, OPENS)))
LEFT_OPEN = rule(rule="left-open", when=Held(held_s=20 * 60))
TEA = rule(rule="tea", device="", kind="", value="", when=AtTime(at="23:10"))
IN_BED = rule(
    rule="in-bed", device="room-012-bed", kind="bed", value="occupied", when=Expected(since="22:00", by="23:30")
)
FACTS = (Started, Linked, ClockStepped, Described)
HALL = "zigbee2mqtt/hall"
QUIET = ("motion detected", "wait 30")
TWICE = ["01:30 silent", "04:30 silent"]


@dataclass
class Lived(Night):
    """A night that is kept as a ledger would have it. Besides the lines of a night: `bridge offline`, `hall offline` (a
    gateway by another name), `motion_is offline`, `hangs on-hall`, `battery 80`."""

    inputs: list[tuple[Now, Input]] = field(default_factory=list)

    def take(self, given: object, *, more: bool = False) -> None:
        """As ever, and kept where a replay is given it."""
        asked = isinstance(given, Asked) and not given.alert and given.do not in FOR_ALERT
        if asked or isinstance(given, (Heard, *FACTS)):
            self.inputs.append((self.now, given))  # type: ignore[arg-type]
        super().take(given, more=more)

    def _line(self, log: Log) -> str:
        name = log.reason.partition(": ")[0]
        return f"{name}{' late' if ', late' in log.reason else ''}" if self._begins(log, name) else ""

    def _begins(self, log: Log, name: str) -> bool:
        return log.did is Did.HELPING and name in self._names()

    def _bridge(self, word: str) -> None:
        self._says_of_itself("zigbee2mqtt/bridge", word)

    def _hall(self, word: str) -> None:
        self._says_of_itself(HALL, word)

    def _motion_is(self, word: str) -> None:
        self._says_of_itself(MOTION, word)

    def _hangs(self, _: str) -> None:
        self.take(Described(device=MOTION, gateway=HALL))

    def _battery(self, percent: str) -> None:
        self.take(Heard(event=Event(device=MOTION, kind=Kind.BATTERY, value=int(percent))))

    def _says_of_itself(self, device: str, word: str) -> None:
        self.take(Heard(event=Event(device=device, kind=Kind.AVAILABILITY, value=word)))


def lived(*rules: Rule, happenings: tuple[str, ...], watched: bool = False) -> Lived:
    """That night under these rules."""
    home = home_with(*rules)
    if watched:
        placed = (
            replace(one, supervision=Supervision.BATTERY_SENSOR) if one.device == MOTION else one
            for one in home.devices
        )
        home = replace(home, devices=tuple(placed))
    night = Lived(home=home, wall_ms=at("2026-03-10 22:30"))
    night.run(happenings)
    return night


def replayed(night: Lived, *, facts: bool = True, planted: bool = False) -> Answer:
    """The same night again, beside a plan without rules; `facts`: with what the hub knew of itself."""
    first = night.inputs[0][0]
    nothing = replace(night.home, residents=tuple(replace(one, rules=()) for one in night.home.residents))
    gateways = {MOTION: frozenset({HALL})} if any(isinstance(given, Described) for _, given in night.inputs) else {}
    away = any(isinstance(given, Asked) and given.do == "away" for _, given in night.inputs)
    replay = Replay(
        nothing,
        night.home,
        MARGARET,
        begin=first,
        count_from_ms=first.wall_ms,
        with_planted=planted,
        known=Known(away=MARGARET if away else frozenset(), gateways=gateways),
    )
    for now, given in night.inputs:
        if isinstance(given, FACTS) and not facts:
            continue
        if isinstance(given, Described) and given.device not in replay.relevant.waited:
            continue
        if not isinstance(given, Heard) or replay.relevant.is_(given.event.device, given.event.kind):
            replay.take(given, now, live=True)
    return replay.finish(night.now)


def started(answer: Answer) -> list[str]:
    """When which rule started, as the night's own lines say it."""
    runs = sorted((pair.started_ms, pair.new.rule) for night in answer.nights for pair in night.pairs if pair.new)
    return [f"{datetime.fromtimestamp(at_ms / 1000, LONDON):%H:%M} {name}" for at_ms, name in runs]


@pytest.mark.parametrize(
    ("rules", "happenings", "came", "without"),
    [
        pytest.param((SILENT,), (*QUIET, "wait 170"), ["01:30 silent"], None, id="silence is told"),
        pytest.param((SILENT,), (*QUIET, "down 240", "wait 170"), [], TWICE, id="the hub was down"),
        pytest.param((SILENT,), (*QUIET, "link lost", "wait 240", "link found", "wait 170"), [], TWICE, id="no link"),
        pytest.param((SILENT,), (*QUIET, "down 240", "wait 190"), ["06:00 silent"], TWICE, id="down, then"),
        pytest.param((SILENT,), (*QUIET, "bridge offline", "wait 240"), [], None, id="its gateway was lost"),
        pytest.param(
            (SILENT,),
            ("bridge online", *QUIET, "bridge offline", "wait 60", "bridge online", "wait 200"),
            ["03:00 silent"],
            None,
            id="its gateway came back",
        ),
        pytest.param(
            (SILENT,), ("hangs on-hall", *QUIET, "hall offline", "wait 240"), [], ["01:30 silent"], id="a named gateway"
        ),
        pytest.param((SILENT,), (*QUIET, "motion_is offline", "wait 240"), [], None, id="it was lost itself"),
        pytest.param(
            (SILENT,),
            (*QUIET, "motion_is offline", "wait 60", "battery 80", "wait 200"),
            ["03:00 silent"],
            None,
            id="any word of it brings it back",
        ),
        pytest.param(
            (LEFT_OPEN,), ("door open", "down 60", "wait 5"), ["23:30 left-open late"], None, id="due while down"
        ),
        pytest.param((TEA,), ("down 90", "wait 5"), ["00:00 tea late"], None, id="a time of day while down"),
        pytest.param(
            (TEA,), ("wait 5", "clock +60", "wait 5"), ["23:35 tea late"], None, id="the clock was set past it"
        ),
        pytest.param(
            (IN_BED,), ("down 90", "bed occupied", "wait 9"), ["00:00 in-bed late"], None, id="expected while down"
        ),
    ],
)
def test_it_came_as_it_did(
    rules: tuple[Rule, ...], happenings: tuple[str, ...], came: list[str], without: list[str] | None
) -> None:
    """At the same minute as in the living machine; without what the hub knew of itself some of it comes otherwise."""
    night = lived(*rules, happenings=happenings)
    assert night.lines == came
    assert started(replayed(night)) == [line.removesuffix(" late") for line in came]
    if without is not None:
        assert started(replayed(night, facts=False)) == without


def causes(night: Lived, *, away: frozenset[str]) -> list[str]:
    """What staff were told of on one side of a replay, of the events that count where these were away."""
    counts = relevant((night.home,), MARGARET, Known(away=away))
    side = Side(quiet(night.home, MARGARET), night.inputs[0][0])
    for now, given in night.inputs:
        if not isinstance(given, Heard) or counts.is_(given.event.device, given.event.kind):
            side.take(given, now)
    side.until(night.now)
    return [alert.cause for alert in side.state.alerts]


A_DAY_SILENT = replace(SILENT, when=Nothing(silent_s=26 * 3600, of=(MOVES,)))


@pytest.mark.parametrize(
    ("happenings", "came"),
    [
        (("motion detected", "wait 1620"), []),
        (("motion detected", "wait 720", "battery 80", "wait 900"), ["00:30 silent"]),
    ],
)
def test_a_sensor_that_is_silent_for_longer_than_it_may_be_says_nothing_of_her(
    happenings: tuple[str, ...], came: list[str]
) -> None:
    """Staff were told of the sensor then, and not of her; one that still speaks of its battery is heard."""
    night = lived(A_DAY_SILENT, happenings=happenings, watched=True)
    assert night.lines == came
    assert started(replayed(night)) == came


def test_calls_are_planted_where_somebody_could_have_heard_them() -> None:
    """The minutes of the hub's down time and of the lost link are left out and counted; nothing else is."""
    night = lived(
        SILENT, happenings=("wait 60", "down 240", "wait 10", "link lost", "wait 30", "link found", "wait 20")
    )
    planted = replayed(night, planted=True).planted
    assert planted is not None
    assert (planted.minutes, planted.unheard) == (60 + 10 + 20 + 1, 240 + 30)
    assert planted.told_at_once == planted.planted > 0


def test_who_is_away_is_asked_about_as_then_where_no_rule_names_what_moved() -> None:
    """Motion in the room of somebody in hospital: staff were asked whether she is back; so they are in the replay."""
    until = 7 * 86_400
    night = Lived(home=home_with(LEFT_OPEN), wall_ms=at("2026-03-10 22:30"))
    night.run(["motion none", "motion detected", "door closed", "wait 5"])
    night.ask("away", by="carer-1", resident="margaret", reason="hospital", until_s=until)
    night.run(["wait 30", "motion none", "wait 30", "motion detected", "wait 5"])
    asked = [alert.cause for alert in night.state.alerts]
    assert asked == ["away:margaret"]
    assert causes(night, away=MARGARET) == asked
    assert causes(night, away=frozenset()) == []

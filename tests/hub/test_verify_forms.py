"""`verify` over a life in which a rule of each form ran and each request was granted: it folds to what is stored."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devices.events import Event, Kind, Value
from hub.steps import Group
from hub.verify import verify
from rules.asking.requests import FOR_ALERT, OTHERS
from rules.effects import Did
from rules.home import Home
from rules.inputs import Asked, ClockStepped, FellDue, Heard, Input, Now
from rules.plans.plan import Choice
from rules.state import AlertState
from tests.hub.test_verify import BEGAN_MS, MORE, History
from tests.rules.plan_parts import LONDON
from tests.rules.planned import PLANNED, RULES

WAKING = Choice(choice="waking", ask="When shall we wake you?", of=("06:00", "07:30"), usual="07:30")
MINUTE_MS = 60_000
REACHED = {
    *(Did.SETTLED, Did.UNSETTLED, Did.OFFERED, Did.RESTED, Did.NOISY, Did.ANSWERED_BY_RESIDENT, Did.CHOSEN),
    *(Did.CLAIMED, Did.ATTENDED, Did.PROMISED, Did.CLOSED, Did.REOPENED, Did.OK_SAID, Did.TESTED, Did.WALK_ENDED),
    *(Did.AWAY, Did.RETURNED, Did.VISIT_BEGAN, Did.VISIT_ENDED, Did.NOT_NOW, Did.DELAYS_OFF, Did.LOOKED, Did.GONE),
    *(Did.RECONNECTED, Did.COMMANDED, Did.MODE_CHANGED, Did.NOT_OURS, Did.SIGNED_OFF, Did.LISTED, Did.CLOCK_STEPPED),
}


def planned() -> Home:
    """A resident with a rule of each form and a choice of the day."""
    people = tuple(replace(one, choices=(WAKING,) if one.rules else ()) for one in PLANNED.residents)
    return replace(PLANNED, residents=people)


class Days(History):
    """A life by hand, from a Monday afternoon; timers fall due at their own moments."""

    granted: set[str]
    ahead_ms = 0

    def begin(self) -> None:
        """The hub starts, and two carers sign on, and the manager."""
        self.granted = set()
        self._start()
        for person in ("carer-1", "carer-2", "manager-1"):
            self.asks("sign_on", by=person)

    def restart(self) -> None:
        """The hub is started again."""
        self._start()

    def _start(self) -> None:
        super()._start()
        assert self._store is not None
        self._store.execute("PRAGMA synchronous = OFF")  # two thousand commits, and no test of the disk

    def passes(self, minutes: float) -> None:
        """So much time."""
        until = self._elapsed_ms + int(minutes * MINUTE_MS)
        while due := [(timer.due_ms, timer.key) for timer in self.steps.state.timers if timer.due_ms <= until]:
            at_ms, key = min(due)
            self._elapsed_ms = max(self._elapsed_ms, at_ms)
            self._take(FellDue(timer=key))
        self._elapsed_ms = max(self._elapsed_ms, until)

    def until(self, clock: str) -> None:
        """Up to this local time."""
        here = datetime.fromtimestamp((BEGAN_MS + self.ahead_ms + self._elapsed_ms) / 1000, UTC).astimezone(LONDON)
        hour, minute = (int(part) for part in clock.split(":"))
        self.passes((hour * 60 + minute - here.hour * 60 - here.minute) % (24 * 60))

    def says(self, name: str, kind: Kind, value: Value, *, press: bool = False) -> None:
        """A device of Margaret's room."""
        self._asked += 1
        event = Event(
            device=f"zigbee2mqtt/room-012-{name}",
            kind=kind,
            value=value,
            press=press,
            press_id=str(self._asked) if press else None,
        )
        self._take(Heard(event=event))

    def hears(self, device: str, kind: Kind, value: Value) -> None:
        """A press of any device."""
        self._asked += 1
        self._take(Heard(event=Event(device=device, kind=kind, value=value, press=True, press_id=str(self._asked))))

    def clock_steps(self, minutes: int) -> None:
        """Somebody sets the clock; it is the wall that moves."""
        self.ahead_ms += minutes * MINUTE_MS
        self._take(ClockStepped(step_ms=minutes * MINUTE_MS))

    def asks(self, do: str, *, client: str = "dashboards", **more: object) -> None:
        """A request, which is granted."""
        self._asked += 1
        asked = {"by": "carer-1", "resident": "margaret"} if client == "dashboards" else {}
        self._take(Asked(id=f"q{self._asked}", client=client, do=do, **(asked | more)))  # type: ignore[arg-type]
        answer = self.steps.state.answers.get(f"{client}/q{self._asked}")
        assert answer is not None, do
        assert answer.ok, f"{do}: {answer.reason}"
        self.granted.add(do)

    def closes_all(self) -> None:
        """A carer sees to everything that is open, but for the motion sensor that is lost: until it is found, nothing
        is made of its silence."""
        lost = self.steps.state.devices.rows["zigbee2mqtt/room-012-motion"].faults.values()
        for alert in list(self.steps.state.alerts):
            if alert.state is AlertState.CLOSED or alert.id in lost:
                continue
            self.asks("close", alert=alert.id, ending="helped", reason="seen to")

    def newest(self) -> str:
        """The alert that was raised last."""
        return max((alert.id for alert in self.steps.state.alerts), key=lambda one: (len(one), one))

    def _take(self, given: Input) -> None:
        now = Now(self._elapsed_ms, BEGAN_MS + self.ahead_ms + self._elapsed_ms)
        group = Group()
        self.steps.take(group, given, now)
        self._keep(group, now)
        self._elapsed_ms += 0 if isinstance(given, FellDue) else 700


def a_call_and_its_end(days: Days) -> None:
    """Claimed, attended, put off, closed; called again; a colleague, company, a stranger's button, a fire."""
    days.asks("call", client="room-012")
    call = days.newest()
    days.asks("claim", alert=call)
    days.asks("attend", alert=call)
    days.asks("promise", alert=call, until_s=300, reason="busy")
    days.asks("attend", alert=call)
    days.asks("close", alert=call, ending="helped", reason="a glass of water")
    days.asks("call", client="room-012")
    days.asks("attend", alert=call)
    days.asks("close", alert=call, ending="helped", reason="again")
    days.asks("company", client="room-012")
    days.asks("close", alert=days.newest(), ending="helped")
    days.asks("assist", room="012")
    days.asks("close", alert=days.newest(), ending="helped", reason="two of us")
    days.hears("zigbee2mqtt/stranger", Kind.EMERGENCY, True)
    days.asks("not_ours", device="zigbee2mqtt/stranger", by="manager-1")
    days.asks("ours", device="zigbee2mqtt/stranger", by="manager-1")
    days.asks("close", alert=days.newest(), ending="mistake", reason="the neighbours'")
    days.asks("mode", reason="fire")
    days.asks("mode", reason="normal")
    days.asks("command", device="room-012-light", command={"do": "turn_on"})
    days.asks("sign_off", by="carer-2")


def a_walk_test(days: Days) -> None:
    """One that is confirmed, one that is stopped."""
    days.asks("walk", device="room-012-pendant")
    days.says("pendant", Kind.EMERGENCY, True, press=True)
    days.asks("tested", device="room-012-pendant")
    days.asks("walk", device="room-012-pendant")
    days.asks("walk", device="room-012-pendant", reason="stop")


def rules_of_each_form(days: Days) -> None:
    """What changes, lasts, stays away, comes often, is too warm, is pressed; asked, answered, settled or told."""
    days.says("bed", Kind.BED, "occupied")
    days.says("bed", Kind.BED, "empty")
    days.passes(1.1)
    asking = next(row.id for row in days.steps.state.episodes if row.asked_step is not None)
    days.asks("answer", client="room-012", episode=asking, answer="yes")
    for word in ("open", "closed", "open", "closed", "open"):
        days.says("door", Kind.CONTACT, word)
    days.passes(1)
    days.says("climate", Kind.TEMPERATURE, 27)
    days.says("climate", Kind.TEMPERATURE, 29.5)
    days.passes(2)
    days.says("button", Kind.BUTTON, "single", press=True)
    days.passes(5)
    days.says("bed", Kind.BED, "occupied")
    days.says("bed", Kind.BED, "empty")
    days.asks("ok", client="room-012")
    days.passes(5)
    days.says("motion", Kind.AVAILABILITY, "offline")
    days.closes_all()


def where_she_stands(days: Days) -> None:
    """Visited, left alone, in hospital and back, looked after; a sensor somebody may not want; a choice of hers."""
    days.asks("choose", client="room-012", choice="waking", answer="06:00")
    days.asks("visit")
    days.passes(25)
    days.asks("not_now", client="room-012")
    days.asks("away", reason="hospital", until_s=36_000)
    days.says("bed", Kind.BED, "occupied")
    days.says("bed", Kind.BED, "empty")
    for word in ("closed", "open"):
        days.says("door", Kind.CONTACT, word)
    days.asks("back")
    days.asks("looked")
    days.asks("change_of_condition", reason="unsteady")
    days.asks("looked")
    for word in ("offline", "online") * 2:
        days.says("bed", Kind.AVAILABILITY, word)
        days.passes(30)
    days.asks("reconnected", device="room-012-bed", reason="she asked for it")
    days.closes_all()


def until_she_has_gone(days: Days) -> None:
    """Two nights, for what is expected or comes at a time of day; a clock that was set; then she has died."""
    days.says("bed", Kind.BED, "occupied")
    for _ in range(2):
        days.until("22:50")
        days.closes_all()
        days.until("23:10")
        days.closes_all()
    days.clock_steps(60)
    days.until("08:00")
    days.asks("gone", reason="died", confirmed=True)


def test_every_form_of_rule_and_every_request_folds_to_what_is_stored(tmp_path: Path) -> None:
    """Each is counted: a rule of each form has run, each request was granted, each step of them is in the log; the hub
    is started again in between."""
    days = Days(tmp_path / "ledger.db", planned(), 0)
    days.begin()
    for chapter in (a_walk_test, a_call_and_its_end, rules_of_each_form, where_she_stands, until_she_has_gone):
        chapter(days)
        days.restart()
    days.close()
    assert days.granted == {*OTHERS, *FOR_ALERT}
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as store:
        did = {row[0] for row in store.execute("SELECT DISTINCT step FROM log")}
        ran = {row[0] for row in store.execute("SELECT DISTINCT body ->> '$.rule.rule' FROM episodes")}
    assert {rule.rule for rule in RULES} <= ran, ran
    assert did >= REACHED, REACHED - did
    verdict = verify(tmp_path / "ledger.db")
    assert verdict.shown == []
    assert verdict.compared["episodes"] > 10


@pytest.mark.parametrize("seed", range(2))
def test_rules_and_requests_by_chance_fold_to_what_is_stored(seed: int, tmp_path: Path) -> None:
    """In any order, and with whatever words."""
    history = History(tmp_path / "ledger.db", planned(), seed)
    history.more = MORE
    history.live(330)
    history.close()
    verdict = verify(tmp_path / "ledger.db")
    assert verdict.shown == []
    assert verdict.compared["episodes"] > 20
    assert verdict.compared["watches"] > 3

"""A pendant's second button in a replay: what answered answers again, and planted calls are told at every minute."""

from __future__ import annotations

from dataclasses import replace

from devices.events import Event, Kind
from devices.registry import Placed, Purpose
from rules.home import Home
from rules.inputs import Heard, Now
from rules.plans.help import AnswerTo, Ask
from rules.replay.past import Answer, Replay
from tests.rules.nights import BED, MARGARET, NOON_MS, PENDANT, at_ms, home, up

ASK = Ask(question="Well?", answers=(AnswerTo(answer="yes", means="settles"),), within_s=600, button="second")
SECOND = Placed(device=f"{PENDANT}#2", name="second", person="margaret", purpose=Purpose.EMERGENCY)


def house(*steps: Ask) -> Home:
    """Margaret's room, where she is asked so when she gets up."""
    plain = home(up(*steps, minutes=5))
    address = {PENDANT: "zigbee2mqtt/pendant", SECOND.device: "zigbee2mqtt/pendant#2"}
    devices = (*plain.devices, SECOND)
    return replace(plain, devices=tuple(replace(one, device=address.get(one.device, one.device)) for one in devices))


def replayed(old: Home, new: Home) -> Answer:
    """One night: she gets up at three, and presses her second button four minutes later."""
    replay = Replay(old, new, MARGARET, begin=Now(1_000, NOON_MS), count_from_ms=NOON_MS, with_planted=True)
    said = [
        ("21:00", Event(device=BED, kind=Kind.BED, value="occupied")),
        ("03:00", Event(device=BED, kind=Kind.BED, value="empty")),
        ("03:04", Event(device="zigbee2mqtt/pendant", kind=Kind.BUTTON, value="2_single", press=True)),
        ("03:30", Event(device=BED, kind=Kind.BED, value="occupied")),
    ]
    for clock, event in said:
        now = Now(at_ms(clock) - NOON_MS + 1_000, at_ms(clock))
        replay.take(Heard(event=event), now, live=True)
        replay.coverage.hear(event.device, now.wall_ms)
    end_ms = NOON_MS + 86_400_000
    return replay.finish(Now(end_ms - NOON_MS + 1_000, end_ms))


def test_planted_calls_are_told_while_she_is_asked() -> None:
    """At every minute, by either button, as if nothing were asked: planted are presses that no question takes."""
    answer = replayed(house(ASK), house(ASK))
    assert answer.planted is not None
    assert answer.planted.late == []
    assert answer.planted.planted == answer.planted.told_at_once + answer.planted.tests > 3 * 1_400


def test_what_answered_answers_again_and_is_no_call() -> None:
    """Under the plan that asked; under one that does not ask, the same press is the call that it would have been."""
    same = replayed(house(ASK), house(ASK)).by_resident["margaret"]
    assert (same.told_old, same.told_new) == ((0, 0), (0, 0))

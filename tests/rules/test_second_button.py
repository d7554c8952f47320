"""A pendant's second button answers the question that is open now. In every other case a press of it calls at once."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from devices.registry import Placed, Purpose
from rules.alerting.levels import Level
from rules.effects import Did
from rules.inputs import Faulted
from rules.plans.help import AnswerTo, Ask, Wait
from rules.plans.plan import Otherwise, Rule
from tests.rules.plan_parts import AGREED, rule
from tests.rules.second_parts import ANSWERS, ASKED, ASKS, OPEN, PENDANT, SECOND, Pressed, pressed

YES, NO, CALLED = ["answered yes", "settled"], ["answered no", "told check"], ["called"]
OFFER = replace(ASKED, otherwise=None, delay_agreed=None)
URGENT = replace(ASKED, otherwise=Otherwise(level=Level.URGENT, say="{who}"))
KEPT = replace(ASKS, answers=(AnswerTo(answer="fine"),))
ONE = replace(ASKED, help=(KEPT, Wait(seconds=60)))
TWO = replace(ASKED, help=(KEPT, replace(KEPT, question="And the door?"), Wait(seconds=60)))
OTHER = rule(rule="other", device="room-012-bed", kind="bed", value="empty", help=(ASKS,), delay_agreed=AGREED)
SCREEN = replace(OTHER, help=(replace(ASKS, button=""),))
ADA = replace(OTHER, resident="ada", place="011", device="room-011-door", kind="contact", value="open")

HISTORIES: dict[str, tuple[Rule, tuple[str, ...], list[str], list[str]]] = {
    # -- it answers
    "once, while it is open": (ASKED, OPEN, ["second single"], YES),
    "twice, while it is open": (ASKED, OPEN, ["second double"], NO),
    "kept, and help goes on": (ONE, OPEN, ["second single", "wait 1"], ["answered fine", "told check"]),
    "an invitation": (OFFER, OPEN, ["second single"], YES),
    "in the last minute": (ASKED, OPEN, ["wait 4.8", "second single"], YES),
    "told twice by its gateway": (ASKED, OPEN, ["second single", "plain 2_single"], [*YES, "again"]),
    # -- it calls
    "nothing was ever asked": (ASKED, ("wait 3",), ["second single"], CALLED),
    "before it is asked": (ASKED, ("wait 3",), ["second single", "door open"], [*CALLED, "start"]),
    "before anybody can have heard it": (ASKED, ("wait 3", "door open"), ["second single"], CALLED),
    "when its time is over": (ASKED, OPEN, ["wait 5", "second single"], CALLED),
    "when it is settled": (ASKED, OPEN, ["door closed", "second single"], ["settled", *CALLED]),
    "when it was answered on the screen": (ASKED, OPEN, ["answer later", "second single"], ["answered later", *CALLED]),
    "held": (ASKED, OPEN, ["second hold"], CALLED),
    "three times": (ASKED, OPEN, ["second triple"], CALLED),
    "a gesture that nobody knows": (ASKED, OPEN, ["second brightness_step"], CALLED),
    "both buttons at once": (ASKED, OPEN, ["action both_single"], CALLED),
    "a button without its number": (ASKED, OPEN, ["action single"], CALLED),
    "another button": (ASKED, OPEN, ["action 3_single"], CALLED),
    "it says that it is an emergency": (ASKED, OPEN, ["action emergency"], CALLED),
    "twice, where there is one answer": (ONE, OPEN, ["second double"], CALLED),
    "again after the answer": (ASKED, OPEN, ["second single", "wait 0.02", "second single"], [*YES, *CALLED]),
    "held right behind the answer": (ASKED, OPEN, ["second single", "plain 2_hold"], [*YES, *CALLED]),
    "the first after the answer": (ASKED, OPEN, ["second single", "first single"], [*YES, *CALLED]),
    "a second question at once": (
        TWO,
        OPEN,
        ["second single", "wait 0.01", "second single"],
        ["answered fine", *CALLED],
    ),
    "what is urgent is not ended by it": (URGENT, OPEN, ["second single"], CALLED),
    "what is urgent is told by it": (URGENT, OPEN, ["second double"], ["answered no", "told urgent"]),
    "she has called already": (ASKED, OPEN, ["first single", "wait 1", "second single"], [*CALLED, *CALLED]),
    "there is a fire": (ASKED, OPEN, ["fire", "second single"], CALLED),
    "what waited at the broker": (ASKED, OPEN, ["while_down 2_single"], CALLED),
    "after a restart, without a time": (ASKED, OPEN, ["down 1", "plain 2_single"], CALLED),
    "after a restart, with its own time": (ASKED, OPEN, ["down 1", "second single"], YES),
    "a while after a restart": (ASKED, OPEN, ["down 1", "wait 2", "plain 2_single"], YES),
    "when the link is back, without a time": (ASKED, OPEN, ["link lost", "link found", "plain 2_single"], CALLED),
    "while the link is lost": (ASKED, OPEN, ["link lost", "second single"], CALLED),
    "its own time is before the question": (ASKED, OPEN, ["late 2_single"], CALLED),
    # -- the first button never becomes anything else
    "the first, while it is open": (ASKED, OPEN, ["first single"], CALLED),
    "the first twice": (ASKED, OPEN, ["first double"], CALLED),
}


class Late(Pressed):
    """A press of which the device itself says that it was made a minute ago."""

    def _while_down(self, said: str) -> None:
        self.goes_down()
        self.wait(minutes=1)
        self.press("room-012-pendant", action=said)
        self.wait(minutes=1)
        self.comes_back()

    def _late(self, said: str) -> None:
        self.device("room-012-pendant", action=said, last_seen=self.wall_ms - 60_000)


def without_times(night: Pressed) -> list[str]:
    """What came of it."""
    return [line.split(" ", 1)[1] for line in night.lines]


@pytest.mark.parametrize("name", HISTORIES)
def test_what_a_press_is(name: str) -> None:
    """An answer, or a call told in the same step."""
    asked, before, happenings, wanted = HISTORIES[name]
    night = pressed(asked, happenings=before)
    night.__class__ = Late
    night.run(happenings)
    assert without_times(night) == wanted
    if "called" in wanted:
        assert {alert.resident for alert in night.open if alert.kind == "emergency"} == {"margaret"}
        assert night.rung, "somebody was told"


def test_an_answer_tells_nobody_and_is_logged_with_who_and_which_button() -> None:
    """The step of the log names the resident, the button and the press's own stamp; no alert came of it."""
    night = pressed(ASKED)
    night.run(["second single"])
    night.expect_quiet()
    night.expect_nobody_told()
    [log] = night.logs(Did.ANSWERED_BY_RESIDENT)
    assert (log.resident, log.room, log.device, log.stamp) == ("margaret", "012", "room-012-second", night.stamp)
    assert log.reason == "yes, on room-012-second: Is all well?"


def test_what_is_delivered_twice_answers_once() -> None:
    """The same press with the same time is the same press, however late it comes again."""
    night = pressed(OFFER)
    stamp = night.stamp
    for _ in range(3):
        night.device("room-012-pendant", action="2_single", last_seen=stamp)
        night.run(["wait 1"])
    assert without_times(night) == [*YES, "again", "again"]
    night.expect_nobody_told()


def test_two_presses_that_their_remote_tells_apart_are_two() -> None:
    """However close: the second one comes when the question is over, and calls."""
    night = pressed(ASKED)
    night.run(["second single", "wait 0.005", "second single"])
    assert without_times(night) == [*YES, *CALLED]


@pytest.mark.parametrize("others", [(SCREEN,), (OTHER,)], ids=["on the screen", "by the same button"])
def test_where_two_questions_are_open_it_calls(others: tuple[Rule, ...]) -> None:
    """Nobody knows which of them she means."""
    night = pressed(ASKED, *others, happenings=["wait 3", "door open", "bed empty", "wait 0.1"])
    night.run(["second single"])
    assert without_times(night) == CALLED


def test_another_resident_s_question_is_none_of_hers() -> None:
    """Ada is asked next door; what Margaret presses is a call."""
    night = pressed(ASKED, happenings=["wait 3"])
    people = tuple(replace(one, rules=(ADA,)) if one.resident == "ada" else one for one in night.home.residents)
    night.configure(replace(night.home, residents=people))
    night.device("room-011-door", contact=False)
    night.run(["wait 0.1", "second single"])
    assert "called" in without_times(night)
    assert night.state.episodes.get("ada/other/room-011-door") is not None, "and Ada is still asked"


@pytest.mark.parametrize(
    "placed",
    [
        replace(SECOND, person="ada"),
        replace(SECOND, person=None, place="012"),
        replace(SECOND, device=PENDANT.replace("012", "011") + "#2"),
    ],
    ids=["somebody else's", "nobody's", "of another pendant"],
)
def test_a_button_that_is_not_hers_alone_calls(placed: Placed) -> None:
    """Also where a plan that nobody checked names it."""
    night = pressed(ASKED)
    devices = tuple(placed if one == SECOND else one for one in night.home.devices)
    night.configure(replace(night.home, devices=devices))
    night.device("room-011-pendant" if "011" in placed.device else "room-012-pendant", action="2_single")
    assert [alert.level for alert in night.open] == ["emergency"]
    night.expect_did("raised", "told")


def test_a_first_button_that_calls_for_nobody_leaves_the_second_a_call() -> None:
    """The pendant itself must be placed, and hers."""
    night = pressed(ASKED)
    night.configure(replace(night.home, devices=tuple(one for one in night.home.devices if one.device != PENDANT)))
    night.run(["second single"])
    assert "called" in without_times(night)


def test_a_second_button_that_is_for_calls_calls_as_it_was_placed() -> None:
    """Placed `for: call` it answers as well, and is a call at any other time."""
    night = pressed(ASKED, happenings=["wait 3"])
    devices = tuple(replace(one, purpose=Purpose.CALL) if one == SECOND else one for one in night.home.devices)
    night.configure(replace(night.home, devices=devices))
    night.run(["door open", "wait 0.1", "second single"])
    night.expect_quiet()
    night.run(["wait 1", "second single"])
    night.expect("told", level="call", resident="margaret")


def test_while_the_hub_cannot_write_each_press_calls() -> None:
    """An answer that is not kept would be none."""
    night = pressed(ASKED)
    night.take(Faulted(fault="ledger", on=True, reason="the disk is full"))
    night.run(["second single"])
    assert "called" in without_times(night)


@pytest.mark.parametrize("tested", ["room-012-pendant", "room-012-second"])
def test_while_a_carer_tests_the_pendant_a_press_is_the_test_or_a_call(tested: str) -> None:
    """A carer stands there and expects a TEST: it is no answer to a question that happens to be open."""
    night = pressed(ASKED, happenings=["wait 720", *OPEN[1:]])
    assert night.ask("walk", by="carer-1", device=tested).ok
    night.run(["second single"])
    assert not night.logs(Did.ANSWERED_BY_RESIDENT)
    if tested == "room-012-second":
        assert night.logs(Did.WALK_HEARD)
    else:
        assert night.logs(Did.TOLD)


def test_a_silent_pendant_is_one_matter_with_its_second_button() -> None:
    """Nothing is left that she could call with there: at night that is urgent, as if it had one button."""
    night = pressed(ASKED, happenings=["wait 3"])
    devices = tuple(one for one in night.home.devices if one.device.startswith(PENDANT))
    night.configure(replace(night.home, devices=devices))
    night.hear(f"{PENDANT}/availability", "offline")
    night.expect("told", level="urgent", resident="margaret", kind="availability")
    night.hear(f"{PENDANT}/availability", "online")
    night.expect_quiet()
    night.run(["wait 1510"])
    silent = [alert for alert in night.open if alert.cause.startswith("silent:room-012")]
    assert [(alert.cause, alert.level) for alert in silent] == [("silent:room-012-pendant", "urgent")]
    assert "Margaret has nothing else to call with" in silent[0].reason


def test_a_press_of_the_second_button_is_a_sign_of_life_of_the_pendant() -> None:
    """However seldom the first one is pressed, which is as it should be."""
    night = pressed(ASKED, happenings=["wait 3"])
    device = replace(SECOND, device="tasmota/p#Button2"), replace(SECOND, device="tasmota/p", name="pendant")
    night.configure(replace(night.home, devices=device))
    for _ in range(3):
        night.run(["wait 1200"])
        night.hear("stat/p/RESULT", {"Button2": {"Action": "SINGLE"}})
        assert [alert.cause for alert in night.open] == ["room-012-second"]
    night.run(["wait 1600"])
    assert "silent:pendant" in [alert.cause for alert in night.open]
    night.hear("stat/p/RESULT", {"Button2": {"Action": "HOLD"}})
    assert "silent:pendant" not in [alert.cause for alert in night.open]


def test_a_question_in_a_shared_room_is_hers_by_her_own_pendant() -> None:
    """Who tapped a screen there nobody knows; a pendant hangs round one neck."""
    own = replace(ASKED, device="room-012-bed", kind="bed", value="empty")
    night = pressed(own, happenings=["wait 3", "bed empty", "wait 0.1"], shared_with="ada")
    night.run(["second single"])
    assert without_times(night) == YES


def test_the_end_of_a_gesture_answers_nothing() -> None:
    """Whatever a device calls it: letting go is neither an answer nor a second call."""
    night = pressed(ASKED, happenings=["wait 3"])
    rows = (replace(SECOND, device="handrail-device/p#green"), replace(SECOND, device="handrail-device/p", name="p"))
    rest = tuple(one for one in night.home.devices if not one.device.startswith(PENDANT))
    night.configure(replace(night.home, devices=(*rest, *rows)))
    night.run(["door open", "wait 0.1"])
    night.hear("handrail-device/p", {"kind": "button", "value": "press_stop", "field": "green", "id": "1"})
    assert without_times(night) == ["start"]
    night.hear("handrail-device/p", {"kind": "button", "value": "double", "field": "green", "id": "2"})
    assert without_times(night) == ["start", *NO]


def test_asks_name_the_button() -> None:
    """The parts of this file mean what they say."""
    assert cast(Ask, ASKED.help[0]).button == SECOND.name
    assert [answer.means for answer in ANSWERS] == ["settles", "tells", "kept"]

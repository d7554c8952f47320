"""Somebody is away: rules rest, call points never, and nobody is away for ever."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from rules.alerting.levels import Level
from rules.effects import Did
from rules.home import Say, Wait
from rules.inputs import FellDue
from tests.stories.stays import Stays
from tests.stories.village import left_open


@pytest.fixture
def home() -> Stays:
    """The evening, with Margaret in bed."""
    home = Stays()
    home.lies_down()
    home.forget()
    return home


def test_while_margaret_is_in_hospital_her_rules_rest_and_her_pendant_does_not(home: Stays) -> None:
    """An empty bed is nobody's worry; a press is told at once, as ever."""
    home.away("margaret", hours=48, reviewed_by="nurse-1")
    home.gets_up()
    home.opens_door()
    home.wait(hours=1)
    assert [alert.cause for alert in home.open] == ["away:margaret"], "the door moved, and staff are asked"
    home.forget()
    home.press("012")
    assert home.alerts_of("room-012-pendant")[0].level is Level.EMERGENCY
    home.expect_told("carer-1")


def test_a_run_ends_because_she_is_away(home: Stays) -> None:
    """She was up, and the ambulance took her: the run ends with that reason, and nobody is told a quarter later."""
    home.gets_up()
    home.away("margaret", hours=24)
    home.expect_did("away", "settled")
    assert home.logs(Did.SETTLED)[0].reason == "Margaret is away (hospital)"
    assert home.screen("012")["say"] is None
    home.wait(minutes=30)
    home.expect_nobody_told()


def test_a_run_that_is_about_to_tell_staff_tells_them(home: Stays) -> None:
    """Its wait was over when she was said to be away: it is not taken back."""
    home.gets_up()
    home.wait(minutes=15)
    home.goes_down()
    home.wait(minutes=5)
    home.is_down = False
    home.away("margaret", hours=24)
    assert len(home.state.episodes) == 1
    home.take(FellDue(timer="episode/margaret/up-at-night/room-012-bed"))
    home.expect_did("raised", "told", "unsettled")


def test_activity_in_the_room_asks_once_whether_she_is_back(home: Stays) -> None:
    """One check for all of it; *back* answers it, and the plan runs again."""
    home.away("margaret", hours=24, why="family")
    home.opens_door()
    home.wait(seconds=1)
    home.expect("told", level="check", resident="margaret", place="012")
    assert "is Margaret back?" in home.alert.reason
    home.expect_told("carer-1")
    home.gets_up()
    home.lies_down()
    home.wait(minutes=5)
    home.expect_nobody_told()
    home.is_back("margaret")
    home.expect_did("returned", "closed")
    home.expect_quiet()
    home.gets_up()
    assert len(home.state.episodes) == 1


def test_a_closed_question_is_not_asked_again(home: Stays) -> None:
    """It was the cleaner: once per away."""
    home.away("margaret", hours=24, why="family")
    home.opens_door()
    home.wait(seconds=1)
    home.attend("carer-1")
    home.close("carer-1")
    home.forget()
    home.lies_down()
    home.gets_up()
    home.lies_down()
    home.wait(hours=2)
    home.expect_nobody_told()


def test_at_the_end_of_the_time_whoever_reviews_it_is_told(home: Stays) -> None:
    """Nobody is away for ever: the plan runs again, and the check names the nurse."""
    home.away("margaret", hours=10, why="family", reviewed_by="nurse-1")
    home.wait(hours=10)
    home.expect("told", level="check", resident="margaret")
    assert "Nora looks at it" in home.alert.reason
    home.expect_told("carer-1", "nurse-1")
    assert home.person().away is None
    home.expect_did("returned", "raised", "told")


def test_away_ends_on_time_though_the_hub_was_down(home: Stays) -> None:
    """Two restarts in the middle; what fell due meanwhile is told at once."""
    home.away("margaret", hours=2, why="family")
    home.down(minutes=30)
    home.gets_up()
    home.wait(minutes=5)
    assert [alert.cause for alert in home.open] == []
    home.down(minutes=120)
    assert [alert.cause for alert in home.open] == ["away:margaret"]
    assert home.person().away is None


def test_a_clock_that_is_set_never_puts_the_end_of_away_off(home: Stays) -> None:
    """Forward brings it nearer, back leaves it where it was."""
    home.away("margaret", hours=4, why="family")
    home.clock_is_moved(hours=-3)
    home.wait(hours=3.9)
    home.expect_quiet()
    home.wait(hours=0.2)
    assert home.alert.cause == "away:margaret"
    home.away("margaret", hours=4, why="family")
    home.clock_is_moved(hours=3.5)
    home.wait(minutes=31)
    assert home.person().away is None


def test_back_from_hospital_there_are_no_delays_until_somebody_has_looked(home: Stays) -> None:
    """Her first walk at night is told at once; the manager reads it each morning; after a look it is as agreed."""
    home.away("margaret", hours=48)
    home.is_back("margaret")
    home.expect_did("returned", "delays_off")
    home.gets_up()
    home.expect_did("raised", "told", "unsettled")
    home.attend("carer-1")
    home.close("carer-1")
    assert "nobody has looked yet, so no delays: Margaret (back from hospital on 2026-03-10)" in home.morning()
    home.says("looked", by="nurse-1", resident="margaret")
    home.expect_did("looked")
    home.lies_down()
    home.forget()
    home.gets_up()
    home.wait(minutes=10)
    home.expect_nobody_told()
    assert "nobody has looked" not in home.morning()


def test_back_from_the_family_delays_are_as_agreed(home: Stays) -> None:
    """A weekend with her daughter changes nothing."""
    home.away("margaret", hours=48, why="family")
    home.is_back("margaret")
    home.gets_up()
    home.wait(minutes=10)
    home.expect_nobody_told()


def test_what_is_wrong_with_being_away_is_said(home: Stays) -> None:
    """Each with what to do; a room's own screen may not say it."""
    said: dict[str, Any] = {"resident": "margaret", "reason": "hospital", "until_s": 3600, "by": "carer-1"}
    assert "may only ask for" in home.refused("away", client="room-012", **said)
    assert "nobody called 'x' lives here" in home.refused("away", **{**said, "resident": "x"})
    assert "sign on first" in home.refused("away", **{**said, "by": "x"})
    assert "reason" in home.refused("away", **{**said, "reason": " "})
    assert "until when" in home.refused("away", **{**said, "until_s": 0})
    assert "reviewed_by" in home.refused("away", **said, reviewed_by="x")
    assert "Margaret is not away" in home.refused("back", resident="margaret", by="carer-1")


def test_in_a_shared_room_only_the_one_who_is_away_rests(home: Stays) -> None:
    """Ruth is in hospital; the mat that is nobody's says nothing of her, and Edith's rule runs."""
    home.away("ruth", hours=24)
    home.device("shared-mat", occupancy=True)
    home.device("shared-mat", occupancy=False)
    home.expect_did("helping", "raised")
    assert home.alert.resident == "edith"
    home.wait(seconds=1)
    assert [alert.cause for alert in home.open] == ["up-at-night"], "nobody asks whether Ruth is back"
    home.device("ruth-bed", occupancy=True)
    home.wait(seconds=1)
    assert len(home.alerts_of("away:ruth")) == 1


def test_a_reminder_is_not_offered_to_somebody_who_is_away(home: Stays) -> None:
    """Nobody is invited to tai chi in hospital."""
    help_steps = (Say(text="Tai chi starts."), Wait(seconds=60, hold=True))
    rule = replace(left_open("012"), rule="tai-chi", help=help_steps, otherwise=None)
    home.has_plan("margaret", rule)
    home.away("margaret", hours=24)
    home.opens_door()
    assert home.screen("012")["say"] is None
    assert len(home.state.episodes) == 0


def test_away_over_the_hour_that_comes_twice_is_as_long_as_was_said(home: Stays) -> None:
    """Until ten next morning, said as hours that pass."""
    autumn = Stays(wall_ms=int(datetime(2026, 10, 24, 21, 0, tzinfo=UTC).timestamp() * 1000))
    autumn.away("margaret", hours=13, why="family")
    assert "25 Oct, 10:00" in autumn.logs(Did.AWAY, past=True)[0].reason
    autumn.wait(hours=12.9)
    assert autumn.alerts_of("away:margaret") == []
    autumn.wait(hours=0.1)
    assert len(autumn.alerts_of("away:margaret")) == 1

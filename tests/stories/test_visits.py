"""A carer is with a resident, or the resident wants to be left alone: what waits for it, and what never does."""

from dataclasses import replace

import pytest

from devices.registry import Placed, Purpose
from rules.alerting.levels import Level
from rules.effects import Did
from rules.home import Light, Otherwise, Say, Wait
from rules.plans.plan import Changes, DayIs, Held, Trigger
from rules.state import EpisodeState
from tests.stories.stays import Stays
from tests.stories.village import AGREED, left_open, out_of_bed


@pytest.fixture
def home() -> Stays:
    """The evening, with Margaret in bed."""
    home = Stays()
    home.lies_down()
    home.forget()
    return home


def test_a_visit_keeps_checks_back_and_an_empty_bed_is_told_at_its_end(home: Stays) -> None:
    """Anna helps Margaret up: no phone rings for it; twenty minutes later the bed is still empty, and it is told."""
    home.visits("012")
    home.expect_did("visit_began")
    assert home.screen("012")["visits"] == [{"resident": "margaret", "by": "Anna", "until": "2026-03-10T22:50:00.000Z"}]
    home.gets_up()
    assert home.lights() == []
    home.wait(minutes=19)
    home.expect_nobody_told()
    home.wait(minutes=1)
    home.expect_did("visit_ended", "raised", "told", "unsettled")
    assert home.alert.reason == "Margaret has been up for 20 min."
    home.expect_told("carer-1")
    assert home.screen("012")["visits"] == []


def test_a_second_tap_ends_a_visit_and_who_is_back_in_bed_is_nobodys_worry(home: Stays) -> None:
    """She is washed and in bed again: nothing is told."""
    home.visits("012")
    home.gets_up()
    home.lies_down()
    home.visits("012")
    home.expect_did("visit_ended")
    home.wait(minutes=60)
    home.expect_nobody_told()


def test_a_run_that_waits_is_kept_back_by_a_visit(home: Stays) -> None:
    """She was up for ten minutes when Anna came; the run ends with Anna there, and goes on where it still matters."""
    home.gets_up()
    home.wait(minutes=10)
    home.visits("012")
    home.expect_did("visit_began", "settled")
    home.wait(minutes=7)
    home.expect_nobody_told()
    home.visits("012")
    home.expect_did("visit_ended", "raised", "told")
    assert home.alert.reason == "Margaret has been up for 17 min."


def test_a_visit_survives_a_restart(home: Stays) -> None:
    """In the middle of it, and over its end: what is still so is told at once."""
    home.visits("012")
    home.gets_up()
    home.down(minutes=5)
    home.expect_nobody_told()
    home.down(minutes=30)
    assert home.alert.reason == "Margaret has been up for 35 min."
    assert "while the hub was down" in home.logs(Did.VISIT_ENDED, past=True)[0].reason


def test_what_is_urgent_never_waits_for_a_visit(home: Stays) -> None:
    """Nor does a call, nor an emergency."""
    urgent = out_of_bed("012", "margaret", help=(Wait(seconds=120),))
    home.has_plan("margaret", replace(urgent, otherwise=Otherwise(level=Level.URGENT, say="Up.")))
    home.visits("012")
    home.gets_up()
    home.wait(minutes=2)
    home.expect_told("carer-1")
    home.call("012")
    assert [alert.level for alert in home.open] == [Level.URGENT, Level.CALL]


def test_a_press_of_a_plain_button_is_not_kept_back(home: Stays) -> None:
    """Nothing could say at the end that it still holds."""
    button = Placed(device="zigbee2mqtt/tea", name="tea", person="margaret", place="012", purpose=Purpose.OTHER)
    home.configure(replace(home.home, devices=(*home.home.devices, button)))
    rule = replace(out_of_bed("012", "margaret"), device="tea", kind="button", value="single", during=None, help=())
    home.has_plan("margaret", rule)
    home.visits("012")
    home.press("tea", action="single")
    home.expect_did("raised", "told")


def test_a_rooms_own_screen_may_begin_a_visit(home: Stays) -> None:
    """The screen beside the door is tapped; in a shared room it has to say to whom."""
    assert home.ask("visit", client="room-012").ok
    assert home.screen("012")["visits"] != []
    assert "say who" in home.refused("visit", client="room-022")
    assert "does not live" in home.refused("visit", client="room-022", resident="margaret")
    assert home.ask("visit", client="room-022", resident="ruth").ok
    home.device("ruth-bed", occupancy=True)
    home.device("shared-mat", occupancy=True)
    home.device("ruth-bed", occupancy=False)
    home.expect_nobody_told()
    home.device("shared-mat", occupancy=False)
    assert home.alert.resident == "edith", "Edith's checks go on"


def test_a_door_that_was_opened_again_is_left_to_its_own_timer(home: Stays) -> None:
    """What is not so any more when the visit ends tells nobody."""
    home.visits("012")
    home.opens_door()
    home.device("room-012-door", contact=True)
    home.visits("012")
    home.expect_nobody_told()
    home.opens_door()
    home.wait(minutes=9)
    home.expect_nobody_told()
    home.wait(minutes=1)
    home.expect_told("carer-1")


def test_no_run_of_a_visit_ends_in_silence_when_the_plan_changes_meanwhile(home: Stays) -> None:
    """The rule that waited is gone from the plan: the log says so."""
    home.visits("012")
    home.gets_up()
    home.has_plan("margaret", left_open("012"))
    home.visits("012")
    home.expect_did("visit_ended", "dropped")


@pytest.mark.parametrize("when", [Changes(changes=True), Held(held_s=120)])
def test_what_would_not_have_begun_without_a_visit_does_not_begin_at_its_end(home: Stays, when: Trigger) -> None:
    """The plan looks at the bed at weekends alone: on a Tuesday a visit changes nothing of that."""
    weekends = replace(out_of_bed("012", "margaret", agreed=AGREED), when=when, only_if=(DayIs(days=("sat", "sun")),))
    home.has_plan("margaret", weekends)
    home.visits("012")
    home.gets_up()
    home.wait(minutes=19)
    home.visits("012")
    home.wait(minutes=60)
    home.expect_nobody_told()
    assert home.state.episodes.rows == {}


def test_a_light_still_helps_when_a_visit_ends(home: Stays) -> None:
    """Help that takes no time is given; words and waits are not."""
    steps = (Wait(seconds=600), Light(device="room-012-light"), Say(text="Is all well?"))
    home.has_plan("margaret", out_of_bed("012", "margaret", agreed=AGREED, help=steps))
    home.visits("012")
    home.gets_up()
    home.visits("012")
    assert home.lights() == ["zigbee2mqtt/room-012-light"]
    assert home.screen("012")["say"] is None
    assert [e.state for e in home.state.episodes] == []
    assert EpisodeState.UNSETTLED.value in home.did()


def test_times_of_a_visit_are_put_right_when_the_clock_is_set(home: Stays) -> None:
    """The twenty minutes are twenty minutes; what the screen shows moves with the clock."""
    home.visits("012")
    home.clock_is_moved(hours=1)
    assert home.screen("012")["visits"][0]["until"] == "2026-03-10T23:50:00.000Z"  # type: ignore[index]
    home.wait(minutes=20)
    assert home.screen("012")["visits"] == []


# -- not now -------------------------------------------------------------------------------------------------------


def test_not_now_silences_words_and_delays_nothing(home: Stays) -> None:
    """No words for half an hour; the light comes on, and staff are told after exactly what the plan says."""
    assert home.ask("not_now", client="room-012").ok
    assert home.screen("012")["not_now"] is True
    home.gets_up()
    assert home.lights() == ["zigbee2mqtt/room-012-light"]
    assert home.screen("012")["say"] is None
    home.wait(minutes=15, seconds=59)
    home.expect_nobody_told()
    home.wait(seconds=1)
    home.expect_told("carer-1")
    home.wait(minutes=15)
    assert home.screen("012")["not_now"] is False


def test_not_now_takes_words_off_the_screen_and_settles_nothing(home: Stays) -> None:
    """What is said just now is silent at once; the run goes on to its end."""
    home.gets_up()
    assert home.screen("012")["say"] == "Take your time."
    home.ask("not_now", client="room-012")
    assert home.screen("012")["say"] is None
    assert len(home.state.episodes) == 1
    home.wait(minutes=16)
    home.expect_told("carer-1")


def test_not_now_is_two_hours_at_most(home: Stays) -> None:
    """Whatever the plan says; and it comes back after a restart."""
    home.has_plan("margaret", snooze_s=8 * 3600)
    home.ask("not_now", client="room-012")
    home.down(minutes=60)
    home.gets_up()
    assert home.screen("012")["say"] is None
    home.lies_down()
    home.wait(minutes=61)
    home.gets_up()
    assert home.screen("012")["say"] == "Take your time."

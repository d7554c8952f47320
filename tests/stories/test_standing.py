"""Where a resident stands with the plan: away, visited, left alone, looked after, gone. Call points stay live."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from devices.registry import Placed, Purpose
from rules.effects import Did
from rules.home import Light, Otherwise, Say, Wait
from rules.inputs import FellDue
from rules.levels import Level
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


# -- away ------------------------------------------------------------------------------------------------------------


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


# -- a visit -----------------------------------------------------------------------------------------------------------


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


# -- delays ------------------------------------------------------------------------------------------------------


def fall_sensor(home: Stays, *, person: str | None, place: str) -> None:
    """A fall sensor is placed."""
    sensor = Placed(device="zigbee2mqtt/fall", name="fall", person=person, place=place, purpose=Purpose.FALL)
    home.configure(replace(home.home, devices=(*home.home.devices, sensor)))


def test_after_a_fall_there_are_no_delays_until_somebody_has_looked(home: Stays) -> None:
    """The fall is told at once; so is her next walk at night."""
    fall_sensor(home, person="margaret", place="012")
    home.device("fall", fall=True)
    assert home.person().delays_off == "a fall on 2026-03-10"
    home.attend("carer-1")
    home.close("carer-1")
    home.gets_up()
    home.expect_did("raised", "told", "unsettled")
    home.says("looked", by="nurse-1", resident="margaret")
    assert home.person().delays_off == ""


def test_a_fall_of_one_of_two_takes_the_delays_of_both_where_it_is_not_known_whose(home: Stays) -> None:
    """A sensor that is tied to Ruth says that it was Ruth."""
    fall_sensor(home, person="ruth", place="022")
    home.device("fall", fall=True)
    assert home.person("ruth").delays_off
    assert home.state.people.get("edith") is None
    other = Stays()
    fall_sensor(other, person=None, place="022")
    other.device("fall", fall=True)
    assert other.person("ruth").delays_off
    assert other.person("edith").delays_off


def test_a_recorded_change_of_condition_turns_delays_off(home: Stays) -> None:
    """Nora wrote it down; it needs its words."""
    assert "reason" in home.refused("change_of_condition", resident="margaret", by="nurse-1")
    home.says("change_of_condition", by="nurse-1", resident="margaret", reason="new tablets, dizzy")
    home.gets_up()
    home.expect_did("raised", "told", "unsettled")
    assert "Margaret (Nora: new tablets, dizzy)" in home.morning()


def test_a_new_resident_has_no_delays_until_somebody_has_looked(home: Stays) -> None:
    """Also when the fourteen days are over: days do not look."""
    home.has_plan("margaret", since="2026-02-24")
    home.gets_up()
    home.expect_did("raised", "told", "unsettled")
    home.attend("carer-1")
    home.close("carer-1")
    home.lies_down()
    home.wait(hours=24)
    home.gets_up()
    home.expect_did("raised", "told", "unsettled")
    home.attend("carer-1")
    home.close("carer-1")
    home.says("looked", by="nurse-1", resident="margaret")
    home.lies_down()
    home.forget()
    home.gets_up()
    home.wait(minutes=10)
    home.expect_nobody_told()
    home.has_plan("margaret", since="2026-03-08")
    assert home.person().delays_off == ""


# -- gone --------------------------------------------------------------------------------------------------------


def test_after_a_death_nothing_says_the_name_and_the_call_points_stay_live(home: Stays) -> None:
    """The run ends, the screen is silent, and a press names the room."""
    home.gets_up()
    home.has("died", "margaret")
    home.expect_did("gone", "settled")
    assert home.screen("012")["say"] is None
    home.wait(hours=2)
    home.expect_nobody_told()
    home.gets_up()
    home.lies_down()
    home.gets_up()
    assert len(home.state.episodes) == 0
    home.press("012")
    home.expect("told", level="emergency", resident=None, place="012", reason="Room 012: pressed for help")
    home.expect_told("carer-1")
    assert "Margaret" not in str(home.screen("012"))


def test_has_left_wants_to_be_confirmed(home: Stays) -> None:
    """The same once more within two minutes; another word, or later, is a first one again."""
    said = {"resident": "margaret", "reason": "left", "by": "carer-1"}
    assert "once more" in home.refused("gone", **said)
    home.refused("gone", **{**said, "reason": "died"})
    home.refused("gone", **said)
    home.wait(minutes=3)
    home.refused("gone", **said)
    assert home.ask("gone", **said).ok
    assert home.person().gone == "left"
    assert "lives here" in home.refused("gone", **said)
    assert "left or died" in home.refused("gone", resident="ada", reason="moved", by="carer-1")


def test_an_open_alert_goes_on_and_names_the_room(home: Stays) -> None:
    """The press that found her is still open: nobody reads the name on it."""
    home.press("012")
    home.has("died", "margaret")
    home.expect("told", resident=None, place="012", room="012", reason="Room 012 pressed for help")
    home.wait(seconds=12)
    home.press("012")
    assert home.alert.presses == 2
    home.wait(seconds=45)
    home.expect_told("everybody on shift")


def test_gone_comes_back_after_a_restart_and_through_a_new_configuration(home: Stays) -> None:
    """Until the plan is taken out of the folder; whoever has it then is somebody new."""
    home.has("died", "margaret")
    home.down(minutes=1)
    home.press("012")
    assert home.alert.reason == "Room 012: pressed for help"
    home.attend("carer-1")
    home.close("carer-1")
    everybody = home.home
    home.configure(everybody)
    home.gets_up()
    assert len(home.state.episodes) == 0
    without = tuple(one for one in everybody.residents if one.resident != "margaret")
    home.configure(replace(everybody, residents=without))
    home.configure(everybody)
    home.lies_down()
    home.gets_up()
    assert len(home.state.episodes) == 1


def test_of_two_in_a_room_only_the_one_who_died_is_not_named(home: Stays) -> None:
    """Edith lives on in 022, with her rule and her name."""
    home.has("died", "ruth")
    home.press("edith-pendant")
    assert home.alert.reason == "Edith pressed for help"
    home.attend("carer-2")
    home.close("carer-2")
    home.device("ruth-bed", occupancy=True)
    home.device("ruth-bed", occupancy=False)
    home.expect_quiet()
    home.device("shared-mat", occupancy=True)
    home.device("shared-mat", occupancy=False)
    assert len(home.state.episodes) == 1


# -- what a rule may do ----------------------------------------------------------------------------------------------


def test_a_reminder_is_not_offered_to_somebody_who_is_away(home: Stays) -> None:
    """Nobody is invited to tai chi in hospital."""
    help_steps = (Say(text="Tai chi starts."), Wait(seconds=60, hold=True))
    rule = replace(left_open("012"), rule="tai-chi", help=help_steps, otherwise=None)
    home.has_plan("margaret", rule)
    home.away("margaret", hours=24)
    home.opens_door()
    assert home.screen("012")["say"] is None
    assert len(home.state.episodes) == 0


def test_no_run_of_a_visit_ends_in_silence_when_the_plan_changes_meanwhile(home: Stays) -> None:
    """The rule that waited is gone from the plan: the log says so."""
    home.visits("012")
    home.gets_up()
    home.has_plan("margaret", left_open("012"))
    home.visits("012")
    home.expect_did("visit_ended", "dropped")


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


def test_away_over_the_hour_that_comes_twice_is_as_long_as_was_said(home: Stays) -> None:
    """Until ten next morning, said as hours that pass."""
    autumn = Stays(wall_ms=int(datetime(2026, 10, 24, 21, 0, tzinfo=UTC).timestamp() * 1000))
    autumn.away("margaret", hours=13, why="family")
    assert "25 Oct, 10:00" in autumn.logs(Did.AWAY, past=True)[0].reason
    autumn.wait(hours=12.9)
    assert autumn.alerts_of("away:margaret") == []
    autumn.wait(hours=0.1)
    assert len(autumn.alerts_of("away:margaret")) == 1

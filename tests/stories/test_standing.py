"""After a fall, a hospital, a move there are no delays until somebody has looked; who has gone is not named."""

from dataclasses import replace

import pytest

from devices.registry import Placed, Purpose
from tests.stories.stays import Stays


@pytest.fixture
def home() -> Stays:
    """The evening, with Margaret in bed."""
    home = Stays()
    home.lies_down()
    home.forget()
    return home


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

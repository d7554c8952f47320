"""The walk test: a carer presses a pendant by day to see that it is heard, and it stays a call until they say so."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from devices.events import Kind
from rules.effects import Did
from rules.home import Times
from rules.state import AlertState, Ending
from tests.stories.house import House
from tests.stories.village import village

MORNING_MS = int(datetime(2026, 3, 10, 10, 0, tzinfo=UTC).timestamp() * 1000)
PENDANT = "room-012-pendant"


@pytest.fixture
def home() -> House:
    """Ten in the morning; two carers and a nurse are on shift."""
    return House(wall_ms=MORNING_MS)


def begin(home: House, device: str = PENDANT, by: str = "carer-1") -> str:
    """ "Press now." """
    answer = home.ask("walk", device=device, by=by)
    assert answer.ok, answer.reason
    return answer.reason


def confirm(home: House, device: str = PENDANT, by: str = "carer-1") -> str:
    """ "That was my test." """
    answer = home.ask("tested", device=device, by=by)
    assert answer.ok, answer.reason
    return answer.reason


def begin_and_press(home: House) -> None:
    """Margaret's pendant, tested and pressed after 0.8 s."""
    home.device(PENDANT, battery=82)
    begin(home)
    home.wait(0.8)
    home.press("012")


# -- what is heard ----------------------------------------------------------------------------------------------------


def test_a_pendant_is_pressed_heard_and_confirmed(home: House) -> None:
    """Press now … heard, 0.8 s, battery 82 %; nobody is woken for it."""
    home.device(PENDANT, battery=82)
    assert begin(home) == f"press {PENDANT} now"
    home.wait(0.8)
    home.press("012")
    assert "heard after 0.8 s, battery 82 %" in home.logs(Did.WALK_HEARD)[0].reason
    assert confirm(home) == "recorded: heard after 0.8 s, battery 82 %"
    home.expect_quiet()
    home.wait(minutes=5)
    home.expect_nobody_told()
    home.expect("closed", ending=Ending.TESTED, closed_by="carer-1")


def test_it_is_recorded_with_who_and_when(home: House) -> None:
    """In the device's row, and in the log."""
    begin_and_press(home)
    confirm(home)
    row = home.state.walks.rows[PENDANT]
    assert (row.tested_by, row.tested_wall_ms, row.heard_after_ms, row.battery) == (
        "carer-1",
        home.wall_ms,
        800,
        "82 %",
    )
    assert (row.by, row.alert) == ("", "")
    [line] = home.logs(Did.TESTED, past=True)
    assert (line.by, line.device, line.resident) == ("carer-1", PENDANT, "margaret")


def test_its_press_is_shown_as_a_test_at_once(home: House) -> None:
    """On the board, in the room and in the log, as what it would be; no sounder, no phone."""
    begin_and_press(home)
    home.expect("told", level="emergency", kind="emergency", resident="margaret", quiet=True, told=())
    assert home.alert.test is not None
    assert home.alert.test.by == "carer-1"
    assert home.screen("012")["heard"] is True
    assert [call["test"] for call in home.screen("012")["calls"]] == [True]  # type: ignore[attr-defined]
    assert home.screens_shown() == {"012"}
    assert home.sounds() == []
    home.expect_nobody_told()


def test_a_call_button_and_a_lounge_cord_are_tested_too(home: House) -> None:
    """Whatever a resident calls with."""
    begin(home, "room-012-call")
    home.call("012")
    confirm(home, "room-012-call")
    begin(home, "lounge-cord")
    home.device("lounge-cord", action="emergency")
    confirm(home, "lounge-cord")
    home.expect_nobody_told()


# -- when it is a call ------------------------------------------------------------------------------------------------


def test_unconfirmed_it_is_a_call_after_thirty_seconds(home: House) -> None:
    """From the ladder's start, waiting since it was pressed."""
    begin_and_press(home)
    pressed_ms = home.elapsed_ms
    home.wait(seconds=29.9)
    home.expect_nobody_told()
    home.wait(seconds=0.1)
    home.expect_did("raised", "told")
    home.expect_told("carer-1")
    home.expect("told", test=None, quiet=False, waiting_since_ms=pressed_ms, rung=0, late=False)
    home.wait(seconds=45)
    home.expect_told("everybody on shift")


def test_too_late_a_confirmation_is_refused(home: House) -> None:
    """It rings already, and is closed like any other."""
    begin_and_press(home)
    home.wait(seconds=30)
    assert "what was pressed is a call" in home.refused("tested", device=PENDANT, by="carer-1")
    assert home.alert.state is AlertState.TOLD


def test_a_second_press_is_a_call_at_once(home: House) -> None:
    """Told in the step that hears it, with both presses."""
    begin_and_press(home)
    home.wait(seconds=3)
    home.press("012")
    home.expect_did("raised", "told", "pressed")
    home.expect_told("carer-1")
    home.expect("told", test=None, presses=2)


def test_the_same_press_in_another_form_is_no_second_press(home: House) -> None:
    """What the ecosystem repeats by itself changes nothing."""
    begin(home)
    stamp = home.stamp
    home.device(PENDANT, action="emergency", last_seen=stamp)
    home.device(PENDANT, action="emergency", last_seen=stamp)
    home.expect_nobody_told()
    assert home.alert.test is not None


def test_a_call_of_somebody_else_makes_it_a_call_too(home: House) -> None:
    """Two people press and one of them is the carer: nobody guesses who."""
    begin_and_press(home)
    home.press("021")
    assert [alert.resident for alert in home.open] == ["margaret", "george"]
    assert all(alert.told and alert.test is None for alert in home.open)


def test_a_call_of_somebody_else_ends_a_test_that_waits_for_its_press(home: House) -> None:
    """The next press of the pendant is a call at once."""
    begin(home)
    home.press("021")
    assert "walk_ended" in home.did()
    home.press("012")
    assert all(alert.test is None for alert in home.open)


@pytest.mark.parametrize(
    ("device", "says"),
    [
        ("room-012-smoke", {"smoke": True}),
        ("office-button", {"action": "single"}),
        (PENDANT, {"fall": True}),
    ],
)
def test_smoke_a_colleague_and_a_fall_are_never_a_test(home: House, device: str, says: dict[str, object]) -> None:
    """Told at once, whatever is being tested."""
    begin(home)
    home.device(device, **says)
    assert home.rung
    assert all(alert.test is None for alert in home.open)


def test_a_state_that_was_on_before_is_no_test(home: House) -> None:
    """What the broker remembers was pressed before the carer came."""
    begin(home)
    home.hear(f"zigbee2mqtt/{PENDANT}", {"sos": True}, retain=True)
    assert all(alert.test is None for alert in home.open)


def test_who_takes_it_for_a_call_makes_it_one(home: House) -> None:
    """Ben sees the card and goes; the others hear of it as of any call."""
    begin_and_press(home)
    home.claim("carer-2")
    home.expect("claimed", claimed_by="carer-2", test=None)
    home.expect_told("carer-1")


@pytest.mark.parametrize("by", ["carer-2", "", "nobody"])
def test_only_who_began_it_can_say_that_it_was_theirs(home: House, by: str) -> None:
    """Whoever else saw it did not press."""
    begin_and_press(home)
    assert "Anna, who began the test" in home.refused("tested", device=PENDANT, by=by)
    home.wait(seconds=30)
    home.expect_told("carer-1")


def test_no_room_and_no_other_client_can_begin_or_confirm_one(home: House) -> None:
    """Only the dashboards' account names a person."""
    assert "may only ask for" in home.refused("walk", client="room-012", device=PENDANT, by="carer-1")
    begin_and_press(home)
    assert "may only ask for" in home.refused("tested", client="room-012", device=PENDANT, by="carer-1")


def test_a_colleague_in_need_a_fire_and_the_end_of_a_shift_end_it(home: House) -> None:
    """Three more reasons for which nobody waits."""
    begin_and_press(home)
    home.ask("assist", by="carer-2", room="021")
    assert all(alert.test is None and alert.told for alert in home.open)
    for alert in home.open:
        home.close("nurse-1", alert=alert.id)
    begin_and_press(home)
    home.ask("mode", reason="fire", by="carer-2")
    home.expect("told", test=None)
    home.close("nurse-1")
    home.ask("mode", reason="normal", by="carer-2")
    begin_and_press(home)
    home.ask("sign_off", by="carer-1")
    home.expect("told", test=None)


def test_stopping_a_test_tells_what_was_pressed(home: House) -> None:
    """Another pendant was meant: the press that was heard may be anybody's."""
    begin(home)
    assert home.ask("walk", reason="stop", by="carer-1").reason == "stopped"
    begin_and_press(home)
    assert "told as a call" in home.ask("walk", reason="stop", by="carer-1").reason
    home.expect("told", test=None)


# -- when it may not begin --------------------------------------------------------------------------------------------


def test_at_night_every_press_is_a_call(home: House) -> None:
    """From eight to eight, as the home's times say."""
    home.wait(hours=12)
    assert "not at night" in home.refused("walk", device=PENDANT, by="carer-1")
    home.press("012")
    home.expect_told("carer-1")


def test_a_device_that_calls_already_is_not_tested(home: House) -> None:
    """Neither it, nor another of the same person."""
    home.press("012")
    assert "see to it first" in home.refused("walk", device=PENDANT, by="carer-1")
    assert "see to it first" in home.refused("walk", device="room-012-call", by="carer-1")


def test_only_one_is_tested_at_a_time(home: House) -> None:
    """In the whole house: with two, nobody could say whose press it was."""
    begin(home)
    assert "Anna tests room-012-pendant" in home.refused("walk", device="room-011-pendant", by="carer-2")
    home.wait(seconds=60)
    begin(home, "room-011-pendant", "carer-2")


@pytest.mark.parametrize(
    ("device", "by", "why"),
    [
        ("room-012-smoke", "carer-1", "only what a resident calls with"),
        ("office-button", "carer-1", "only what a resident calls with"),
        ("room-999-pendant", "carer-1", "there is no device"),
        (PENDANT, "", "say who"),
        (PENDANT, "manager-1", "not on shift"),
        (PENDANT, "Ingrid", "not on shift"),
    ],
)
def test_what_cannot_be_tested_and_who_cannot_test_is_said(home: House, device: str, by: str, why: str) -> None:
    """A reason each time."""
    assert why in home.refused("walk", device=device, by=by)


def test_an_agency_carer_who_typed_a_name_begins_none(home: House) -> None:
    """Somebody of the staff can be asked afterwards."""
    home.ask("sign_on", by="Ingrid")
    assert "not on shift" in home.refused("walk", device=PENDANT, by="Ingrid")


def test_nothing_is_tested_while_nobody_hears_the_devices(home: House) -> None:
    """Nor in a fire."""
    home.loses_broker()
    assert "does not hear" in home.refused("walk", device=PENDANT, by="carer-1")
    home.finds_broker()
    home.ask("mode", reason="fire", by="carer-1")
    assert "fire" in home.refused("walk", device=PENDANT, by="carer-1")


# -- what is forgotten, and what comes back ---------------------------------------------------------------------------


def test_a_forgotten_test_is_over_after_a_minute(home: House) -> None:
    """And the press that comes then is a call."""
    begin(home)
    home.wait(seconds=60)
    assert "not heard within 60 s" in home.logs(Did.WALK_ENDED)[0].reason
    home.press("012")
    home.expect_told("carer-1")


def test_a_restart_does_not_lose_the_press(home: House) -> None:
    """In time if it can be, else at once and late."""
    begin_and_press(home)
    home.down(minutes=0.2)
    home.expect_nobody_told()
    home.wait(seconds=18)
    home.expect_told("carer-1")
    home.expect("told", late=False)
    home.close("carer-1")
    begin_and_press(home)
    home.down(minutes=10)
    assert "carer-1" in home.rung
    home.expect("told", late=True, test=None)


def test_a_restart_ends_a_test_that_waits_for_its_press(home: House) -> None:
    """What was pressed while nobody could hear is a call, however soon."""
    begin(home)
    home.goes_down()
    home.wait(seconds=5)
    home.press("012")
    home.wait(seconds=5)
    home.comes_back()
    home.expect_told("carer-1")
    assert home.alert.test is None


def test_a_changed_file_ends_it(home: House) -> None:
    """Who lives where may be another now: told to whom it concerns today."""
    begin_and_press(home)
    home.configure(replace(village(), times=Times(night_from="21:00")))
    home.expect("told", test=None)
    home.expect_told("carer-1")


def test_a_call_soon_after_a_test_is_a_call_of_its_own(home: House) -> None:
    """It does not reopen the test, and waits since now."""
    begin(home, "room-012-call")
    home.call("012")
    confirm(home, "room-012-call")
    home.wait(minutes=2)
    home.call("012")
    home.expect_did("raised", "told")
    home.expect("told", waiting_since_ms=home.elapsed_ms, kind=Kind.CALL)


# -- the manager's list -----------------------------------------------------------------------------------------------


def listed(home: House) -> str:
    """The newest list of a morning."""
    return home.logs(Did.LISTED, past=True)[-1].reason


def test_overdue_tests_are_listed_in_the_morning() -> None:
    """Their time after they were placed, but for what was tested; the home says how long that is."""
    home = House(replace(village(), times=Times(walk_pendant_days=3, walk_pull_cord_days=2)), MORNING_MS)
    home.wait(hours=48)
    begin_and_press(home)
    confirm(home)
    home.wait(hours=24)
    assert "walk tests overdue: lounge-cord (never tested)" in listed(home)
    home.wait(hours=24)
    assert "room-011-pendant (never tested)" in listed(home)
    assert PENDANT not in listed(home)
    home.wait(hours=48)
    assert f"{PENDANT} (3 days ago)" in listed(home)


def test_a_pendant_that_was_not_heard_is_listed_the_next_morning(home: House) -> None:
    """Until it is heard."""
    begin(home)
    home.wait(hours=24)
    assert f"{PENDANT} (not heard at its last test)" in listed(home)
    begin_and_press(home)
    confirm(home)
    before = len(home.logs(Did.LISTED, past=True))
    home.wait(hours=24)
    assert len(home.logs(Did.LISTED, past=True)) == before


def test_a_confirmed_test_is_not_listed_as_closed_without_presence(home: House) -> None:
    """Nobody had to be beside a person."""
    begin_and_press(home)
    confirm(home)
    home.wait(hours=24)
    assert home.logs(Did.LISTED, past=True) == []

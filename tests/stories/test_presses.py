"""Presses: facts, not states. Each trap of DESIGN §4, with the payloads as they are on the wire."""

import pytest

from rules.effects import Did
from rules.messages import alert_message
from tests.stories.house import House

Z2M = "zigbee2mqtt/room-012-pendant"
RADIO = "rtl_433/radio/events"
FRAME = {"model": "Honeywell-Security", "channel": 8, "id": 75948, "event": 128, "contact_open": 1, "alarm": 1}


# -- what is a press, and what is one only ---------------------------------------------------------------------------


def test_an_empty_action_is_no_press(home: House) -> None:
    """Zigbee2MQTT clears the action after each press; that is nobody calling."""
    for cleared in ("", None):
        home.hear(Z2M, {"action": cleared, "battery": 90})
    home.hear(f"{Z2M}/action", "")
    home.expect_quiet()
    home.press("012")
    home.hear(Z2M, {"action": "", "last_seen": home.stamp})
    home.expect("told", presses=1)


def test_the_plain_action_topic_beside_the_json_is_the_same_press(home: House) -> None:
    """Two messages a few milliseconds apart, in either order, one press; the record says why."""
    home.press("012")
    home.wait(seconds=0.01)
    home.hear(f"{Z2M}/action", "emergency")
    home.expect("told", presses=1)
    assert home.did() == ["not_a_press"]
    home.wait(seconds=20)
    home.hear(f"{Z2M}/action", "emergency")
    home.wait(seconds=0.01)
    home.press("012")
    home.expect("told", presses=2)


def test_a_second_real_press_counts_however_close(home: House) -> None:
    """Two stamps are two presses, inside the repeat window too; without stamps the window decides."""
    home.press("012")
    home.wait(seconds=0.2)
    home.press("012")
    home.expect("told", presses=2)
    home.close("carer-1")
    home.wait(seconds=1)
    home.hear(Z2M, {"action": "emergency"})
    home.wait(seconds=0.3)
    home.hear(Z2M, {"action": "emergency"})
    home.expect("told", presses=1)
    home.wait(seconds=0.3)
    home.hear(Z2M, {"action": "emergency"})
    home.expect("told", presses=2)


def test_the_same_stamp_again_is_the_same_press(home: House) -> None:
    """Sent again by a broker or a gateway a minute later, even where its plain form came first."""
    stamp = home.stamp
    home.hear(f"{Z2M}/action", "emergency")
    home.hear(Z2M, {"action": "emergency", "last_seen": stamp})
    home.wait(seconds=40)
    home.hear(Z2M, {"action": "emergency", "last_seen": stamp})
    home.expect("told", presses=1)


def test_a_radio_repeats_its_frame_and_it_is_one_press(home: House) -> None:
    """Eight equal frames within two seconds, also from a second receiver; three seconds later it is another press."""
    for _ in range(8):
        home.hear(RADIO, FRAME)
        home.wait(seconds=0.2)
    home.hear("rtl_433/attic/events", FRAME)
    home.expect("told", resident="joan", presses=1)
    home.wait(seconds=3)
    home.hear(RADIO, FRAME)
    home.expect("told", presses=2)


def test_a_retained_action_is_never_a_press(home: House) -> None:
    """What the broker remembers from last week calls nobody; the press after it does."""
    home.hear(Z2M, {"action": "emergency", "last_seen": home.stamp}, retain=True)
    home.hear(f"{Z2M}/action", "emergency", retain=True)
    home.expect_quiet()
    assert home.did() == ["not_a_press"]
    home.wait(seconds=0.1)
    home.press("012")
    home.expect("told", presses=1)


# -- later presses -----------------------------------------------------------------------------------------------------


def test_presses_within_ten_seconds_are_one_with_their_number(home: House) -> None:
    """Each is counted and shown, nobody's phone rings for it."""
    home.press("012")
    home.forget()
    for count in (2, 3, 4):
        home.wait(seconds=3)
        home.press("012")
        home.expect("told", presses=count, rings=1)
        home.expect_did("pressed")
        assert alert_message(home.alert)["presses"] == count
    home.expect_nobody_told()


def test_pressing_all_the_time_goes_on_ringing(home: House) -> None:
    """Every nine seconds is not one press that never ends: it rings again once ten seconds are over."""
    home.call("012")
    home.forget()
    for _ in range(4):
        home.wait(seconds=9)
        home.call("012")
    assert home.rung == ["carer-1", "carer-1"]
    home.expect("told", presses=5)


def test_a_later_press_rings_those_already_told(home: House) -> None:
    """Eleven seconds later, the carers of the zone and nobody else."""
    home.press("012")
    home.forget()
    home.wait(seconds=11)
    home.press("012")
    home.expect_did("pressed", "told")
    home.expect_told("carer-1")
    home.expect("told", rung=0)


def test_presses_climb_at_most_one_rung_a_minute(home: House) -> None:
    """A call pressed on and on reaches everybody after one minute and the person in charge after two."""
    home.call("012")
    rungs = []
    for _ in range(10):
        home.wait(seconds=15)
        home.call("012")
        rungs.append(home.alert.rung)
    assert rungs == [0, 0, 0, 1, 1, 1, 1, 2, 2, 2]


def test_presses_never_reach_outside_the_house_before_their_time(home: House) -> None:
    """The manager is told after three minutes, whoever presses how often."""
    home.press("012")
    for _ in range(16):
        home.wait(seconds=11)
        home.press("012")
    assert "manager-1" not in home.rung
    home.wait(seconds=4)
    assert "manager-1" in home.rung


def test_a_press_after_a_claim_rings_the_claimer(home: House) -> None:
    """The one who is going hears it, seconds after saying so too; the others and the sirens stay silent."""
    home.press("012")
    home.claim("carer-2")
    home.forget()
    home.wait(seconds=3)
    home.press("012")
    home.expect("claimed", presses=2, quiet=True)
    home.expect_told("carer-2")
    assert home.sounds() == []
    home.wait(seconds=3)
    home.press("012")
    home.expect_nobody_told()
    home.wait(seconds=9)
    home.press("012")
    home.expect_told("carer-2")


def test_a_second_fall_of_an_open_alert_is_a_second_press(home: House) -> None:
    """A state that was over and comes again is a fact of its own."""
    home.device("room-012-smoke", smoke=False)
    home.device("room-012-smoke", smoke=True)
    home.device("room-012-smoke", smoke=True)
    home.expect("told", presses=1)
    home.device("room-012-smoke", smoke=False)
    home.wait(seconds=15)
    home.forget()
    home.device("room-012-smoke", smoke=True)
    home.expect("told", presses=2)
    home.expect_told("carer-1")


# -- frequent calling --------------------------------------------------------------------------------------------------


def test_the_sixth_call_of_a_night_shows_how_the_others_ended(home: House) -> None:
    """Never muted, never lower: told like the first, with what came of the five before, and a review asked."""
    endings = ["helped", "helped", "no_help_needed", "mistake", "helped"]
    for ending in endings:
        home.call("012")
        home.close("carer-1", ending)
        home.wait(minutes=15)
    assert "review_asked" not in home.did(past=True)
    home.forget()
    home.call("012")
    home.expect_did("review_asked", "raised", "told")
    home.expect_told("carer-1")
    home.expect("told", level="call")
    assert home.alert.reason == (
        "Margaret called (call 6 of this night; earlier: helped 3, no help needed 1, mistake 1)"
    )
    home.close("carer-1")
    home.wait(minutes=15)
    home.call("012")
    assert "call 7 of this night" in home.alert.reason
    assert home.did(past=True).count("review_asked") == 1


def test_calls_that_reopen_count_as_calls(home: House) -> None:
    """Six calls in a quarter of an hour are six, though the alert is one."""
    for _ in range(6):
        home.call("012")
        home.close("carer-1")
        home.wait(minutes=2)
    assert home.alert.presses == 6
    assert "call 6 of this night; earlier: helped 5" in home.alert.reason
    assert "review_asked" in home.did(past=True)


def test_a_new_night_and_another_resident_begin_anew(home: House) -> None:
    """Calls by day are no part of it; the night goes on over midnight and over the change of the clocks."""
    for _ in range(5):
        home.call("012")
        home.close("carer-1")
        home.wait(minutes=15)
    home.call("011")
    home.close("carer-1")
    home.wait(hours=12)
    home.call("012")
    home.close("carer-1")
    home.wait(hours=9)
    home.call("012")
    assert "of this night" not in home.alert.reason


def test_a_night_is_one_night_when_the_clocks_change() -> None:
    """The last Sunday of March has no hour after one; the last of October has it twice."""
    for wall_ms in (1_774_735_200_000, 1_792_875_600_000):  # 2026-03-28 22:00 UTC, 2026-10-24 21:00 UTC
        home = House(wall_ms=wall_ms)
        for _ in range(6):
            home.call("012")
            home.close("carer-1")
            home.wait(hours=1, minutes=20)
        assert "call 6 of this night" in home.alert.reason


# -- found at start, and what waited -----------------------------------------------------------------------------------


def test_an_alarm_found_on_at_start_is_raised_once_and_marked(home: House) -> None:
    """Smoke that a retained message tells of is told like any other, once."""
    for _ in range(2):
        home.hear("zigbee2mqtt/room-012-smoke", {"smoke": True}, retain=True)
    home.expect("told", found=True, presses=1, level="emergency")
    assert "found on at start" in home.alert.reason
    home.close("carer-1")
    home.hear("zigbee2mqtt/room-012-smoke", {"smoke": True})
    home.expect_quiet()


def test_an_alarm_that_comes_on_later_is_not_marked_found(home: House) -> None:
    """The first word of a detector an hour after the start is news."""
    home.wait(hours=1)
    home.device("room-012-smoke", smoke=True)
    home.expect("told", found=False)


def test_presses_that_waited_show_their_age(home: House) -> None:
    """Ten minutes while the hub was down: told at once when it is back, marked late."""
    home.goes_down()
    home.wait(minutes=4)
    home.press("012")
    home.wait(minutes=10)
    home.comes_back()
    home.expect("told", late=True, presses=1)
    assert home.alert.reason == "Margaret pressed for help, 10 min ago while the hub was down"
    home.expect_told("carer-1")


def test_a_press_of_unknown_age_counts_as_new(home: House) -> None:
    """No stamp, or a stamp from before the hub went down that nobody can explain."""
    home.goes_down()
    home.hear(Z2M, {"action": "emergency"})
    home.hear("zigbee2mqtt/room-011-pendant", {"action": "emergency", "last_seen": "2026-03-10T12:00:00.000Z"})
    home.wait(hours=2)
    home.comes_back()
    assert [(alert.late, alert.missed) for alert in home.open] == [(False, ()), (False, ())]


def test_a_broker_that_was_away_is_a_gap_like_any_other(home: House) -> None:
    """The hub ran on, but what was pressed meanwhile is as old as it is."""
    home.loses_broker()
    home.wait(minutes=20)
    stamp = home.stamp
    home.wait(minutes=5)
    home.hear(Z2M, {"action": "emergency", "last_seen": stamp})
    home.finds_broker()
    home.expect("told", late=True)
    assert "5 min ago" in home.alert.reason


def test_presses_older_than_an_hour_come_as_one_alert(home: House) -> None:
    """It lists each resident and each press, rings everybody, and each is answered separately."""
    home.goes_down()
    home.press("012")
    home.wait(seconds=30)
    home.press("012")
    home.press("011")
    home.press("lounge-cord")
    home.wait(hours=2)
    home.press("013")
    home.wait(minutes=5)
    home.comes_back()
    missed, new = home.open
    assert [(row.resident, row.device, row.presses) for row in missed.missed] == [
        ("margaret", "room-012-pendant", 2),
        ("ada", "room-011-pendant", 1),
        (None, "lounge-cord", 1),
    ]
    assert missed.late
    assert missed.everybody
    assert new.resident == "joan"
    home.close("carer-1", alert=new.id)
    assert "still open: Margaret, Ada, lounge-cord" in home.refused(
        "close", by="carer-1", alert=missed.id, ending="helped"
    )
    home.close("carer-1", alert=missed.id, resident="margaret")
    home.expect("told")
    home.close("carer-2", alert=missed.id, resident="ada")
    assert [row.answered_by for row in home.alert.missed] == ["carer-1", "carer-2", None]
    home.close("carer-1", alert=missed.id, device="lounge-cord")
    home.expect("closed")


def test_one_more_missed_press_rings_who_took_the_list(home: House) -> None:
    """A press that arrives late, when somebody is already going from room to room."""
    home.goes_down()
    home.press("012")
    old = home.stamp
    home.wait(hours=2)
    home.comes_back()
    home.claim("carer-1")
    home.wait(seconds=30)
    home.forget()
    home.hear("zigbee2mqtt/room-011-pendant", {"action": "emergency", "last_seen": old})
    assert len(home.alert.missed) == 2
    home.expect_told("carer-1")
    home.expect("claimed")
    home.attend("carer-1")
    assert Did.ATTENDED in [log.did for log in home.logs()]


@pytest.mark.parametrize("seconds", [0.5, 1.5])
def test_a_moment_is_not_called_late(home: House, seconds: float) -> None:
    """A hub killed and back within two seconds raises presses like any other."""
    home.goes_down()
    home.press("012")
    home.wait(seconds=seconds)
    home.comes_back()
    home.expect("told", late=False)


def test_two_presses_within_one_second_of_a_clock_without_fractions_are_two(home: House) -> None:
    """`last_seen: ISO_8601_local` counts whole seconds: the same stamp is no proof of the same press."""
    for _ in range(2):
        home.hear(Z2M, {"action": "emergency", "last_seen": "2026-11-22T03:00:00+00:00"})
        home.wait(seconds=0.7)
    home.expect("told", presses=2)

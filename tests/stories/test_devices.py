"""Supervision: a device that is silent, flat, tampered with or offline is itself an alert (DESIGN §2, §12)."""

from dataclasses import replace

import pytest

from devices.registry import Placed, Purpose, Supervision
from rules.effects import Did
from tests.faulted import assert_told
from tests.stories.house import House
from tests.stories.village import phone

DAY_H = 25
PENDANT = "zigbee2mqtt/room-012-pendant"
BRIDGE = "zigbee2mqtt/bridge/state"


def only(home: House, *names: str) -> None:
    """A home with these devices alone."""
    home.configure(replace(home.home, devices=tuple(one for one in home.home.devices if one.name in names)))


def test_a_silent_pendant_names_who_is_without_it(home: House) -> None:
    """Nothing heard for 25 hours: a check, told to the carers of the zone; not a minute sooner."""
    only(home, "room-012-pendant", "room-012-call")
    home.device("room-012-pendant", battery=90)
    home.wait(hours=DAY_H, seconds=-1)
    home.expect_quiet()
    home.wait(seconds=1)
    home.expect_did("lost", "raised", "told")
    home.expect("told", level="check", resident="margaret", device="room-012-pendant")
    assert "Margaret is without this protection" in home.alert.reason
    home.expect_told("carer-1")


def test_a_silent_pendant_that_speaks_is_back(home: House) -> None:
    """Whatever it says ends the alert, and its deadline runs again from there."""
    only(home, "room-012-pendant")
    home.wait(hours=DAY_H)
    home.expect("told")
    home.device("room-012-pendant", linkquality=80, battery=90)
    home.expect_did("back", "closed")
    home.expect("closed", ending="back", closed_by=None)
    home.wait(hours=DAY_H)
    assert [alert.id for alert in home.open] == ["a00002"]


def test_a_press_from_a_lost_pendant_is_a_press(home: House) -> None:
    """It is back, and it calls."""
    only(home, "room-012-pendant")
    home.wait(hours=DAY_H)
    home.press("012")
    home.expect_did("back", "closed", "raised", "told")
    home.expect("told", level="emergency")


def test_a_silence_that_staff_closed_is_told_again(home: House) -> None:
    """Nobody mended it: after its whole deadline once more it is an alert again."""
    only(home, "room-012-pendant")
    home.wait(hours=DAY_H)
    home.close("carer-1", "other", reason="battery ordered")
    home.wait(hours=DAY_H, seconds=-1)
    home.expect_quiet()
    home.wait(seconds=1)
    home.expect("told", id="a00002")


def test_a_device_placed_today_is_not_silent_since_yesterday(home: House) -> None:
    """Its deadline begins when it is placed, however long the hub has been listening."""
    only(home, "room-012-door")
    home.wait(hours=100)
    added = Placed(
        device="zigbee2mqtt/new", name="new", person="ada", purpose=Purpose.EMERGENCY, supervision=Supervision.PENDANT
    )
    home.configure(replace(home.home, devices=(*home.home.devices, added)))
    home.wait(hours=DAY_H, seconds=-1)
    home.expect_quiet()
    home.wait(seconds=1)
    home.expect("told", resident="ada")


def test_what_a_broker_remembers_is_not_heard(home: House) -> None:
    """A retained state proves nothing about a device that has been silent for a day."""
    only(home, "room-012-pendant")
    home.wait(hours=DAY_H - 1)
    home.hear(PENDANT, {"battery": 80}, retain=True)
    home.wait(hours=1)
    home.expect("told", device="room-012-pendant")
    home.hear(PENDANT, {"battery": 79}, retain=True)
    home.expect("told")


def test_a_gap_starts_the_deadlines_anew(home: House) -> None:
    """A night without broker, or a hub that was down, makes no device silent."""
    only(home, "room-012-pendant", "room-012-call")
    home.wait(hours=20)
    home.loses_broker()
    home.wait(hours=10)
    home.finds_broker()
    home.wait(hours=DAY_H, seconds=-1)
    home.expect_quiet()
    home.goes_down()
    home.wait(hours=2)
    home.comes_back()
    home.wait(hours=DAY_H, seconds=-1)
    home.expect_quiet()
    home.wait(seconds=1)
    home.expect("told", level="check")


def test_a_flat_battery_is_told_once(home: House) -> None:
    """Low at 15 %, once, until it is well above; a value that wavers rings nobody again."""
    home.device("room-012-pendant", battery=16)
    home.expect_quiet()
    home.device("room-012-pendant", battery=15)
    home.expect("told", level="check", kind="battery", resident="margaret")
    home.forget()
    for percent in (14, 16, 15, 18, 12):
        home.device("room-012-pendant", battery=percent)
    home.expect_nobody_told()
    home.expect("told", id="a00001")
    home.device("room-012-pendant", battery=100)
    home.expect("closed", ending="back")


def test_a_door_sensor_that_is_flat_is_technical(home: House) -> None:
    """It leaves nobody without a way to call."""
    home.device("room-012-door", battery_low=True)
    home.expect("told", level="technical")
    home.expect_told("nurse-1")


def test_tampering_is_told(home: House) -> None:
    """Also where it is the first word of a device, and until it is closed again."""
    home.device("room-012-door", tamper=True)
    home.expect("told", kind="tamper")
    home.device("room-012-door", tamper=False)
    home.expect("closed", ending="back")


def test_a_pendant_its_gateway_cannot_reach_is_told(home: House) -> None:
    """Availability says offline, then online; either by a retained message too."""
    home.hear(f"{PENDANT}/availability", {"state": "offline"}, retain=True)
    home.expect("told", level="check", resident="margaret")
    home.hear(f"{PENDANT}/availability", {"state": "online"})
    home.expect("closed", ending="back")


def test_a_whole_gateway_is_one_alert_with_everybody_it_leaves(home: House) -> None:
    """Not one alert a device, and none of them is silent while it is gone; back closes it."""
    home.hear(BRIDGE, {"state": "online"})
    home.hear(BRIDGE, {"state": "offline"})
    home.expect("told", level="urgent")
    assert "without a pendant now: Ada, Edith, George, Joan, Margaret, Ruth" in home.alert.reason
    home.expect_told("everybody on shift")
    home.wait(hours=30)
    home.expect("told", id="a00001")
    home.hear(BRIDGE, {"state": "online"})
    home.expect("closed", ending="back")
    home.wait(hours=DAY_H, seconds=-1)
    home.expect_quiet()
    home.wait(minutes=2)
    home.expect("told", level="urgent", device="zigbee2mqtt")


def test_a_gateway_found_gone_at_start_is_told(home: House) -> None:
    """Its last will is a retained message."""
    home.hear(BRIDGE, {"state": "offline"}, retain=True)
    home.expect("told", level="urgent")
    home.hear(BRIDGE, {"state": "offline"}, retain=True)
    assert home.did() == []


def test_one_of_two_radio_receivers_is_a_small_matter_and_both_are_not(home: House) -> None:
    """As long as another hears the pendants nobody is without one."""
    for host in ("attic", "cellar"):
        home.hear(f"rtl_433/{host}/availability", "online")
    home.hear("rtl_433/attic/availability", "offline")
    home.expect("told", level="technical")
    home.hear("rtl_433/cellar/availability", "offline")
    assert len(home.open) == 2
    assert "is lost, with 1 device" in home.open[1].reason
    home.hear("rtl_433/attic/availability", "online")
    assert len(home.open) == 1


@pytest.mark.fault("configuration")
def test_faults_of_the_hub_are_one_technical_alert_each(home: House) -> None:
    """A refused configuration is told, told anew where the reason changes, and over when one is accepted."""
    home.is_refused("residents/ada.yaml:3: no such room")
    home.expect_did("plan_refused", "fault", "raised", "told")
    home.expect("told", level="technical", resident=None)
    assert "residents/ada.yaml:3: no such room. Run `handrail check HOME`" in assert_told(home.alert, "configuration")
    home.forget()
    home.is_refused("residents/ada.yaml:3: no such room")
    assert home.did() == ["plan_refused"]
    home.is_refused("staff.yaml:9: twice")
    home.expect("told", id="a00001")
    assert "staff.yaml:9" in home.alert.also[0]
    home.expect_nobody_told()
    home.configure(home.home)
    home.expect("closed", ending="back")


def test_a_plan_refused_alone_is_told_and_the_rest_is_accepted(home: House) -> None:
    """The configuration holds, the refused plan is named."""
    home.take_configuration(replace(home.home, name="Village"), refused=("residents/ada.yaml:3: fights",))
    home.expect("told", level="technical")
    assert "residents/ada.yaml:3" in home.alert.also[0]
    assert home.logs(Did.PLAN_REFUSED)[0].reason == "residents/ada.yaml:3: fights"


def test_unread_messages_are_a_line_of_the_log(home: House) -> None:
    """With the topic and why; nobody is rung for one."""
    home.cannot_read("zigbee2mqtt/room-012-door", "it is not JSON")
    assert home.did() == ["quarantined"]
    home.expect_quiet()


# -- people's own channels ---------------------------------------------------------------------------------------------


def test_a_channel_that_fails_is_followed_by_the_next(home: House) -> None:
    """Anna's phone cannot be reached, her second channel is tried at once."""
    home.dead = {("carer-1", 0)}
    home.press("012")
    home.expect_did("told", "undelivered", "delivered")
    assert home.channels_told == [("carer-1", 0), ("carer-1", 1)]


def test_a_channel_without_receipt_is_followed_by_the_next(home: House) -> None:
    """Its deadline is its own; then the second has its own too, and the ladder goes on in any case."""
    home.silent = {("carer-1", 0), ("carer-1", 1)}
    home.call("012")
    home.wait(seconds=19)
    assert home.channels_told == [("carer-1", 0)]
    home.wait(seconds=1)
    assert home.channels_told == [("carer-1", 0), ("carer-1", 1)]
    home.wait(seconds=30)
    assert "there is no other, the ladder goes on" in home.logs(Did.UNDELIVERED)[-1].reason
    home.wait(minutes=4)
    home.expect_told("everybody on shift")


def test_a_result_that_comes_twice_counts_once(home: House) -> None:
    """Also one that comes after the next channel was tried, or for an alert that is over."""
    home.dead = {("carer-1", 0)}
    home.press("012")
    for _ in range(3):
        home.result("carer-1", 0, ok=False)
    assert home.channels_told == [("carer-1", 0), ("carer-1", 1)]
    home.close("carer-1")
    home.result("carer-1", 1, ok=False)
    assert home.did() == []


def test_who_need_not_go_is_not_tried_another_way(home: House) -> None:
    """Somebody claimed it meanwhile: the others' second channels stay silent."""
    home.silent = {("carer-1", 0)}
    home.press("012")
    home.wait(seconds=10)
    home.claim("carer-2")
    home.wait(seconds=10)
    assert home.channels_told == [("carer-1", 0)]
    assert "somebody took it meanwhile" in home.logs(Did.UNDELIVERED)[0].reason


def test_as_many_channels_as_a_person_has(home: House) -> None:
    """Seven, one after another; closing ends the waiting for any of them."""
    anna = replace(home.home.staff[0], channels=phone(5, 5, 5, 5, 5, 5, 5))
    home.configure(replace(home.home, staff=(anna, *home.home.staff[1:])))
    home.silent = {("carer-1", number) for number in range(7)}
    home.call("012")
    home.wait(seconds=30)
    assert [channel for _, channel in home.channels_told] == [0, 1, 2, 3, 4, 5, 6]
    home.close("carer-2")
    assert [timer.key for timer in home.state.timers if timer.what == "receipt"] == []

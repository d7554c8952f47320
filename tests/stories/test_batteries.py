"""Batteries of every sort: percent, low and ok, unknown; told once, at a bound that follows from what hangs on them."""

from devices.events import Kind
from tests.stories.house import House
from tests.stories.test_supervision import says


def test_a_sensor_s_battery_may_be_lower_than_a_pendant_s(home: House) -> None:
    """At 15 % a pendant is told; a door sensor at 10 %, because nobody calls with it."""
    home.device("room-012-door", battery=12)
    home.expect_quiet()
    home.device("room-012-door", battery=10)
    home.expect("told", level="technical", kind="battery")
    home.device("room-012-pendant", battery=15)
    assert [alert.level for alert in home.open] == ["technical", "check"]
    assert "Margaret will soon be without this protection" in home.open[1].reason


def test_a_battery_of_unknown_charge_is_neither_low_nor_good(home: House) -> None:
    """Null, -1 and 255 say nothing: they raise nothing, and they end nothing."""
    for value in (None, -1, 255):
        says(home, "zigbee2mqtt/room-012-pendant", Kind.BATTERY, value)
        home.expect_quiet()
    says(home, "zigbee2mqtt/room-012-pendant", Kind.BATTERY, 9)
    for value in (None, -1, 255):
        says(home, "zigbee2mqtt/room-012-pendant", Kind.BATTERY, value)
        home.expect("told", kind="battery")


def test_a_share_that_looks_well_does_not_outvote_the_device_s_own_word(home: House) -> None:
    """It says 50 % and low: until it takes the word back it is low."""
    home.device("room-012-pendant", battery=51, battery_low=True)
    home.expect("told", kind="battery")
    home.device("room-012-pendant", battery=50, battery_low=True)
    home.expect("told", kind="battery")


def test_a_battery_that_wavers_between_low_and_ok_rings_once(home: House) -> None:
    """It counts as good when it has said so for an hour."""
    home.device("room-012-pendant", battery_low=True)
    home.expect("told", kind="battery")
    home.forget()
    for _ in range(5):
        home.wait(minutes=10)
        home.device("room-012-pendant", battery_low=False)
        home.wait(minutes=10)
        home.device("room-012-pendant", battery_low=True)
    home.device("room-012-pendant", battery_low=False)
    home.wait(minutes=59)
    assert [alert.id for alert in home.open] == ["a00001"]
    home.wait(minutes=1)
    home.expect("closed", ending="back")

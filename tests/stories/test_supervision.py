"""Supervision of every ecosystem: how often a device checks in, one alert for a gateway that says nothing, and a device
that was heard before anybody placed it (DESIGN §2, §12)."""

from dataclasses import replace

from devices.events import Event, Kind, Value
from devices.registry import Placed, Purpose, Supervision
from rules.hearing.gateways import TOGETHER_MS
from rules.inputs import Described, Heard
from tests.stories.house import House

DAY_H = 25
CALM = 60


def battery_sensors(home: House, number: int, base: str = "zigbee2mqtt") -> list[str]:
    """A home with so many door sensors of one network and Margaret's pendant and cord; the addresses of the sensors."""
    kept = [one for one in home.home.devices if one.name in ("room-012-pendant", "room-012-call")]
    doors = [
        Placed(
            device=f"{base}/door-{n}",
            name=f"door-{n}",
            place="lounge",
            purpose=Purpose.DOOR,
            supervision=Supervision.BATTERY_SENSOR,
        )
        for n in range(number)
    ]
    home.configure(replace(home.home, devices=(*kept, *doors)))
    return [door.device for door in doors]


def says(home: House, device: str, kind: Kind, value: Value, *, retained: bool = False) -> None:
    """Any ecosystem's device reports a state, whatever its dialect."""
    home.take(Heard(event=Event(device=device, kind=kind, value=value), retained=retained))


def only(home: House, *names: str) -> None:
    """A home with these devices alone."""
    home.configure(replace(home.home, devices=tuple(one for one in home.home.devices if one.name in names)))


def placed(device: str, **what: object) -> Placed:
    """A pendant of Ada's, unless said otherwise."""
    said = {"name": "new", "person": "ada", "purpose": Purpose.EMERGENCY, "supervision": Supervision.PENDANT, **what}
    return Placed(device=device, **said)  # type: ignore[arg-type]


# -- deadlines ---------------------------------------------------------------------------------------------------------


def test_each_class_has_its_own_deadline(home: House) -> None:
    """A mains sensor after two hours; a battery sensor, a cord and a lamp after 25; what is not watched never."""
    for supervision, hours in (
        (Supervision.MAINS_SENSOR, 2),
        (Supervision.BATTERY_SENSOR, DAY_H),
        (Supervision.PULL_CORD, DAY_H),
        (Supervision.ACTUATOR, DAY_H),
    ):
        house = House()
        one = placed("tasmota/x", person=None, place="lounge", purpose=Purpose.OTHER, supervision=supervision)
        house.configure(replace(house.home, devices=(one,)))
        says(house, "tasmota/x", Kind.TEMPERATURE, 21.5)
        house.wait(hours=hours, seconds=-1)
        house.expect_quiet()
        house.wait(seconds=1)
        house.expect("told", device="new")
    only(home, "room-012-call")
    home.wait(hours=500)
    home.expect_quiet()


def test_a_device_that_says_how_often_it_checks_in_is_missed_after_three(home: House) -> None:
    """Every quarter of an hour: silent after 45 minutes, whichever is stricter, its word or its class."""
    only(home, "room-012-pendant", "room-012-call")
    home.take(Described(device="zigbee2mqtt/room-012-pendant", checks_in_s=900))
    home.device("room-012-pendant", battery=90)
    home.wait(minutes=45, seconds=-1)
    home.expect_quiet()
    home.wait(seconds=1)
    home.expect("told", level="check", resident="margaret")
    assert "nothing heard for 45 min" in home.alert.reason


def test_a_device_that_checks_in_once_a_week_keeps_the_deadline_of_its_class(home: House) -> None:
    """What it says may make a deadline stricter, never looser."""
    only(home, "room-012-pendant", "room-012-call")
    home.take(Described(device="zigbee2mqtt/room-012-pendant", checks_in_s=7 * 86_400))
    home.device("room-012-pendant", battery=90)
    home.wait(hours=DAY_H)
    home.expect("told")


def test_a_state_that_a_gateway_remembers_is_no_sign_of_life(home: House) -> None:
    """Zigbee2MQTT says everything again when it starts, with the stamps of yesterday: that is not the device."""
    only(home, "room-012-pendant", "room-012-call")
    then = home.stamp
    home.device("room-012-pendant", battery=90, last_seen=then)
    home.wait(hours=20)
    home.device("room-012-pendant", battery=90, last_seen=then)
    home.wait(hours=5)
    home.expect("told", device="room-012-pendant")
    home.device("room-012-pendant", battery=90, last_seen=then)
    home.expect("told")
    home.device("room-012-pendant", battery=90, last_seen=home.stamp)
    home.expect("closed", ending="back")


def test_a_device_heard_long_before_it_was_placed_is_not_silent_at_once(home: House) -> None:
    """It introduced itself three weeks ago and lay in a drawer: its deadline begins when it is placed."""
    only(home, "room-012-call")
    says(home, "shelly/drawer", Kind.BATTERY, 80)
    home.wait(hours=500)
    home.configure(replace(home.home, devices=(*home.home.devices, placed("shelly/drawer"))))
    home.wait(hours=DAY_H, seconds=-1)
    home.expect_quiet()
    home.wait(seconds=1)
    home.expect("told", resident="ada")


def test_what_was_wrong_before_a_device_was_placed_is_told_when_it_is(home: House) -> None:
    """A flat battery of a stranger's button matters to nobody; of a resident's pendant it does."""
    only(home, "room-012-call")
    says(home, "shelly/drawer", Kind.BATTERY, 4)
    home.expect_quiet()
    home.configure(replace(home.home, devices=(*home.home.devices, placed("shelly/drawer"))))
    home.expect("told", level="check", kind="battery", resident="ada")


# -- who is left -------------------------------------------------------------------------------------------------------


def test_the_last_thing_somebody_calls_with_is_urgent_at_night(home: House) -> None:
    """Margaret has a cord beside her pendant: one lost is a check, the other as well is urgent and says so."""
    only(home, "room-012-pendant", "room-012-call")
    says(home, "zigbee2mqtt/room-012-pendant", Kind.AVAILABILITY, "offline")
    home.expect("told", level="check", resident="margaret")
    says(home, "zigbee2mqtt/room-012-call", Kind.TAMPER, True)
    urgent = home.open[-1]
    assert (urgent.level, urgent.kind) == ("urgent", "tamper")
    assert "Margaret is without this protection; Margaret has nothing else to call with" in urgent.reason


def test_by_day_the_last_one_is_a_check(home: House) -> None:
    """People are about, and somebody looks in."""
    only(home, "room-012-pendant")
    home.wait(hours=12)
    home.forget()
    says(home, "zigbee2mqtt/room-012-pendant", Kind.AVAILABILITY, "offline")
    home.expect("told", level="check")
    home.expect_told("carer-1")


def test_a_device_that_is_silent_and_then_offline_is_one_alert(home: House) -> None:
    """The gateway noticed what we knew; closed by staff it is told again after its deadline."""
    only(home, "room-012-pendant", "room-012-call")
    home.wait(hours=DAY_H)
    says(home, "zigbee2mqtt/room-012-pendant", Kind.AVAILABILITY, "offline")
    home.expect("told", id="a00001")
    home.close("carer-1", "other", reason="battery ordered")
    home.wait(hours=DAY_H)
    home.expect("told", id="a00002")


def test_the_only_cord_of_a_shared_room_leaves_both(home: House) -> None:
    """It belongs to the room and to nobody by name: whoever has nothing else is named."""
    cord = placed("zigbee2mqtt/cord", name="cord", person=None, place="022")
    home.configure(replace(home.home, devices=(cord,)))
    home.device("cord", tamper=True)
    home.expect("told", level="urgent", place="022")
    assert "Ruth and Edith have nothing else to call with" in home.alert.reason


def test_a_silence_that_joined_another_matter_is_told_again_too(home: House) -> None:
    """Her battery was low, then it was silent, in one alert: closing that mends neither."""
    only(home, "room-012-pendant", "room-012-call")
    home.device("room-012-pendant", battery=9)
    home.wait(hours=DAY_H)
    home.expect("told", id="a00001")
    assert any("nothing heard" in more for more in home.alert.also)
    home.close("carer-1", "other", reason="battery ordered")
    home.wait(hours=DAY_H)
    home.expect("told", kind="availability", resident="margaret")


# -- gateways ----------------------------------------------------------------------------------------------------------


def test_a_gateway_that_dies_without_a_word_is_one_alert(home: House) -> None:
    """Forty sensors that spoke at any hour: the first that is overdue shows that nobody has been heard for a day."""
    doors = battery_sensors(home, 40)
    home.device("room-012-pendant", battery=90)
    for door in doors:
        home.wait(minutes=20)
        says(home, door, Kind.CONTACT, "closed")
    home.wait(hours=48)
    home.expect("told", id="a00001", level="urgent", device="zigbee2mqtt", kind="availability")
    assert "all 42 devices" in home.alert.reason or "41 of 42 devices" in home.alert.reason
    assert "without a pendant now: Margaret" in home.alert.reason


def test_when_a_silent_gateway_is_back_one_word_of_any_device_ends_it(home: House) -> None:
    """And the deadlines of all others start anew: nobody is blamed for what nobody could hear."""
    doors = battery_sensors(home, 40)
    home.wait(hours=DAY_H)
    home.expect("told", device="zigbee2mqtt")
    says(home, doors[0], Kind.CONTACT, "open")
    home.expect("closed", ending="back", closed_by=None)
    home.wait(hours=DAY_H, seconds=-1)
    home.expect_quiet()


def test_one_silent_pendant_among_many_that_speak_alarms_by_itself(home: House) -> None:
    """Its gateway is well, so it is the pendant, and Margaret is named."""
    doors = battery_sensors(home, 40)
    home.device("room-012-pendant", battery=90)
    for _ in range(26):
        home.wait(hours=1)
        for door in doors:
            says(home, door, Kind.TEMPERATURE, home.elapsed_ms % 97)
    lost = [alert for alert in home.open if alert.device == "room-012-pendant"]
    assert [(alert.level, alert.resident) for alert in lost] == [("check", "margaret")]


def test_two_devices_alone_are_never_a_gateway(home: House) -> None:
    """Of a network of two each is told by itself."""
    battery_sensors(home, 1)
    home.device("room-012-pendant", battery=90)
    home.wait(hours=DAY_H)
    assert sorted(alert.device or "" for alert in home.open) == ["door-0", "room-012-pendant"]


def test_the_home_s_network_is_gone_and_each_plug_says_so_by_its_own_will(home: House) -> None:
    """The first two are told by themselves; with the third it is one alert, and the two are told with it."""
    plugs = battery_sensors(home, 12, base="shelly")
    for plug in plugs:
        home.wait(seconds=4)
        says(home, plug, Kind.AVAILABILITY, "offline")
    home.expect("told", level="technical", device="shelly")
    assert "all 12 devices" in home.alert.reason
    home.forget()
    home.wait(minutes=20)
    home.expect("told", id="a00003")


def test_a_plug_that_stays_away_when_the_network_is_back_keeps_the_alert(home: House) -> None:
    """What still says that it is offline is not forgotten with the rest."""
    plugs = battery_sensors(home, 5, base="shelly")
    for plug in plugs:
        says(home, plug, Kind.AVAILABILITY, "offline")
    for plug in plugs[:4]:
        says(home, plug, Kind.AVAILABILITY, "online")
    home.expect("told", device="shelly")
    assert "1 of 5 devices" in home.alert.reason
    says(home, plugs[4], Kind.AVAILABILITY, "online")
    home.expect("closed", ending="back")


def test_a_pendant_lost_with_the_sensors_makes_their_alert_urgent(home: House) -> None:
    """It rings anew, because now somebody is without a way to call."""
    battery_sensors(home, 4)
    for door in ("door-0", "door-1", "door-2"):
        says(home, f"zigbee2mqtt/{door}", Kind.AVAILABILITY, "offline")
    home.expect("told", level="technical")
    home.forget()
    says(home, "zigbee2mqtt/room-012-pendant", Kind.AVAILABILITY, "offline")
    home.expect("told", level="urgent", device="zigbee2mqtt")
    assert "without a pendant now: Margaret" in home.alert.reason
    home.expect_told("everybody on shift")


def test_a_device_lost_an_hour_later_is_not_hidden_in_the_open_alert(home: House) -> None:
    """The network's alert is open and taken; a pendant that goes afterwards is an alert of its own."""
    plugs = battery_sensors(home, 4)
    for plug in plugs:
        says(home, plug, Kind.AVAILABILITY, "offline")
    home.claim("nurse-1")
    home.wait(minutes=TOGETHER_MS / 60_000)
    says(home, "zigbee2mqtt/room-012-pendant", Kind.AVAILABILITY, "offline")
    assert [alert.device for alert in home.open] == ["zigbee2mqtt", "room-012-pendant"]


def test_an_alert_of_many_that_staff_closed_is_told_again(home: House) -> None:
    """Closing says that somebody knows, not that it is mended."""
    battery_sensors(home, 4)
    home.wait(hours=DAY_H)
    home.close("nurse-1", "other", reason="the shop is called")
    home.wait(hours=DAY_H, seconds=-1)
    home.expect_quiet()
    home.wait(seconds=1)
    home.expect("told", device="zigbee2mqtt")


def test_a_gateway_that_staff_closed_and_that_is_still_gone_is_told_again(home: House) -> None:
    """Nobody below it can be heard, so nobody else would say so."""
    home.hear("zigbee2mqtt/bridge/state", {"state": "offline"})
    home.close("nurse-1", "other", reason="the shop is called")
    home.wait(hours=4, seconds=-1)
    home.expect_quiet()
    home.wait(seconds=1)
    home.expect("told", level="urgent", device="zigbee2mqtt/bridge")
    home.hear("zigbee2mqtt/bridge/state", {"state": "online"})
    home.expect("closed", ending="back")


def test_the_gateway_that_says_so_at_last_takes_the_alert_of_its_devices_over(home: House) -> None:
    """One alert, not two for one thing."""
    battery_sensors(home, 4)
    home.wait(hours=DAY_H)
    home.expect("told", device="zigbee2mqtt")
    home.hear("zigbee2mqtt/bridge/state", {"state": "offline"})
    assert [alert.device for alert in home.open] == ["zigbee2mqtt/bridge"]


def test_a_gateway_that_comes_and_goes_leaves_the_deadlines_of_others_alone(home: House) -> None:
    """Joan's radio pendant is not on the Zigbee bridge, and its silence is told in its time."""
    joan = placed("rtl_433/Honeywell-Security/8/75948", name="garden-pendant", person="joan")
    home.configure(replace(home.home, devices=(*(d for d in home.home.devices if d.name == "room-012-pendant"), joan)))
    for _ in range(DAY_H):
        home.hear("zigbee2mqtt/bridge/state", {"state": "offline"})
        home.hear("zigbee2mqtt/bridge/state", {"state": "online"})
        home.wait(hours=1)
    home.expect("told", resident="joan", device="garden-pendant")


def test_a_device_that_named_its_gateway_goes_and_comes_with_it(home: House) -> None:
    """A button behind a plug: the plug's own last will takes it away, and its name says whom it leaves."""
    plug = placed("shelly/plug", name="plug", person=None, place="lounge", purpose=Purpose.SWITCH)
    button = placed("shelly/blu/1", name="ada-button")
    home.configure(replace(home.home, devices=(plug, button)))
    home.take(Described(device="shelly/blu/1", gateway="shelly/plug"))
    says(home, "shelly/plug", Kind.AVAILABILITY, "offline", retained=True)
    home.expect("told", level="urgent", device="plug")
    assert "with 1 device; without a pendant now: Ada" in home.alert.reason
    home.wait(hours=30)
    home.expect("told", id="a00001")
    says(home, "shelly/plug", Kind.AVAILABILITY, "online")
    home.expect("closed", ending="back")
    home.wait(hours=DAY_H)
    assert {alert.device for alert in home.open} >= {"ada-button"}


def test_what_a_gateway_calls_offline_when_it_is_back_is_told_then(home: House) -> None:
    """Said while the gateway was gone it was no news about the device; now it is."""
    only(home, "room-012-pendant", "room-012-call")
    home.hear("zigbee2mqtt/bridge/state", {"state": "offline"})
    home.hear("zigbee2mqtt/room-012-pendant/availability", {"state": "offline"})
    home.expect("told", device="zigbee2mqtt/bridge")
    home.hear("zigbee2mqtt/bridge/state", {"state": "online"})
    home.expect("told", device="room-012-pendant", level="check")


def test_a_receiver_that_said_long_ago_that_it_is_there_still_counts(home: House) -> None:
    """Forty days later the other one fails: nobody is without a pendant."""
    home.configure(replace(home.home, devices=(placed("rtl_433/Secplus/1", supervision=Supervision.NONE),)))
    for host in ("attic", "cellar"):
        home.hear(f"rtl_433/{host}/availability", "online", retain=True)
    home.wait(hours=40 * 24)
    home.hear("rtl_433/cellar/availability", "offline")
    home.expect("told", level="technical")
    assert "another one still hears its 1 device" in home.alert.reason

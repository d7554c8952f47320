"""Who cannot call for help now, and why: the list behind `handrail devices --blind`."""

from dataclasses import replace

from devices.registry import Placed, Purpose, Supervision
from rules.hearing.protection import blind
from tests.stories.house import House

EVERYBODY = ("Ada", "Margaret", "Joan", "George", "Ruth", "Edith")


def who(home: House) -> dict[str, str]:
    """Everybody and every place on the list, each with why."""
    assert home.state.setting is not None
    found = blind(home.state, home.state.setting)
    return {one.name: "; ".join(f"{device.name} {device.why}" for device in one.devices) for one in found}


def all_speak(home: House) -> None:
    """Every pendant and cord is heard."""
    for placed in home.home.devices:
        if placed.device.startswith("zigbee2mqtt"):
            home.device(placed.name, battery=90)


def test_who_was_never_heard_is_not_known_to_be_heard(home: House) -> None:
    """On the first morning everybody is on the list, and the lounge with its cord; one word is enough to leave it."""
    assert tuple(who(home)) == (*EVERYBODY, "Lounge")
    home.device("room-012-pendant", battery=90)
    assert "Margaret" not in who(home)
    all_speak(home)
    assert who(home) == {}


def test_one_of_two_is_enough_and_none_of_two_is_not(home: House) -> None:
    """Margaret has a pendant and a cord; both are named with what is wrong with each."""
    all_speak(home)
    home.hear("zigbee2mqtt/room-012-pendant/availability", "offline")
    assert who(home) == {}
    home.device("room-012-call", battery=3)
    assert who(home) == {"Margaret": "room-012-pendant offline; room-012-call battery 3 %"}
    home.hear("zigbee2mqtt/room-012-pendant/availability", "online")
    assert who(home) == {}


def test_opened_counts_and_a_place_is_named_by_its_cord(home: House) -> None:
    """The lounge's only cord was opened."""
    all_speak(home)
    home.device("lounge-cord", tamper=True)
    assert who(home) == {"Lounge": "lounge-cord opened or moved"}


def test_nobody_placed_anything_for_somebody_who_moved_in(home: House) -> None:
    """Nothing to call with is a reason too."""
    home.configure(replace(home.home, devices=tuple(row for row in home.home.devices if row.person != "ada")))
    all_speak(home)
    assert who(home) == {"Ada": ""}


def test_a_gateway_that_is_gone_takes_everybody_but_who_has_another(home: House) -> None:
    """Joan's second pendant is on the radio and was heard."""
    all_speak(home)
    home.hear("rtl_433/attic/events", {"model": "Honeywell-Security", "channel": 8, "id": 75948, "battery_ok": 1})
    home.hear("zigbee2mqtt/bridge/state", {"state": "offline"})
    found = who(home)
    assert tuple(found) == (*(name for name in EVERYBODY if name != "Joan"), "Lounge")
    assert "room-012-pendant its gateway is gone (zigbee2mqtt)" in found["Margaret"]


def test_staff_who_closed_an_alert_have_mended_nothing(home: House) -> None:
    """The pendant is on the list until it speaks, though nobody is rung."""
    all_speak(home)
    kept = [row for row in home.home.devices if row.name == "room-012-pendant"]
    home.configure(replace(home.home, residents=home.home.residents[1:2], devices=tuple(kept)))
    home.wait(hours=25)
    assert who(home) == {"Margaret": "room-012-pendant silent"}
    home.close("carer-1", "other", reason="battery ordered")
    assert who(home) == {"Margaret": "room-012-pendant silent, as staff know"}
    home.device("room-012-pendant", battery=89)
    assert who(home) == {}


def test_a_gateway_names_whom_it_leaves_and_not_who_still_has_a_pendant(home: House) -> None:
    """A call button beside a pendant of another gateway is no pendant; whose only one it was is named for it."""
    rows = (
        Placed(device="homie/cord-1", name="margarets", person="margaret", purpose=Purpose.EMERGENCY),
        Placed(device="zigbee2mqtt/call-1", name="call-1", person="margaret", purpose=Purpose.CALL),
        Placed(device="zigbee2mqtt/call-2", name="call-2", person="ada", purpose=Purpose.CALL),
        Placed(device="zigbee2mqtt/joans", name="joans", person="joan", purpose=Purpose.EMERGENCY),
    )
    home.configure(replace(home.home, devices=rows))
    home.hear("homie/cord-1/$state", "ready")
    home.hear("zigbee2mqtt/bridge/state", {"state": "offline"})
    said = "with 3 devices; without a pendant now: Joan; without a call button now: Ada"
    assert home.alert.reason.endswith(said)


def test_what_is_off_the_network_is_said_as_it_is(home: House) -> None:
    """A lamp on Wi-Fi has no gateway to say so, and watches over nobody."""
    lamp = Placed(device="tasmota/lamp-5", name="lamp-5", place="012", purpose=Purpose.LIGHT,
                  supervision=Supervision.ACTUATOR)  # fmt: skip
    home.configure(replace(home.home, devices=(lamp,)))
    home.hear("tele/lamp-5/LWT", "Online")
    home.hear("tele/lamp-5/LWT", "Offline")
    assert home.alert.reason == "lamp-5: it is off the network; Room 012 is without it"


def test_what_is_back_in_an_alert_of_two_matters_is_said_to_be_back(home: House) -> None:
    """The alert stays for the other one; that line was true, and what is so now stands behind it."""
    pendant = Placed(device="tasmota/cord-5", name="cord-5", person="margaret", purpose=Purpose.EMERGENCY)
    home.configure(replace(home.home, devices=(*home.home.devices, pendant)))
    home.hear("tele/cord-5/LWT", "Online")
    home.device("room-012-pendant", battery=9)
    home.hear("tele/cord-5/LWT", "Offline")
    lost = "cord-5: it is off the network; Margaret is without this protection"
    assert home.alert.also == (lost,)
    rings = home.alert.rings
    home.hear("tele/cord-5/LWT", "Online")
    assert home.alert.also == (f"{lost} (heard again)",)
    assert home.alert.reason.startswith("room-012-pendant: its battery is 9 %")
    assert home.alert.rings == rings
    home.device("room-012-pendant", battery=90)
    assert home.alert.reason.endswith("(its battery is 90 %)")


def test_a_network_takes_what_its_own_gateways_hear_with_it(home: House) -> None:
    """A cord on a module behind Zigbee2MQTT goes with it; a Homie device that is called bridge is no such network."""
    cord = Placed(device="zigbee2mqtt/relay#l1", name="cord", place="012", purpose=Purpose.EMERGENCY)
    other = Placed(device="homie/cord-1", name="other", person="joan", purpose=Purpose.EMERGENCY)
    home.configure(replace(home.home, devices=(cord, other)))
    home.hear("zigbee2mqtt/bridge/state", {"state": "offline"})
    assert home.alert.reason == "The gateway zigbee2mqtt/bridge is lost, with 1 device; without a cord now: Room 012"
    home.hear("zigbee2mqtt/bridge/state", {"state": "online"})
    home.hear("homie/bridge/$state", "ready")
    home.hear("homie/bridge/$state", "lost")
    home.expect_quiet()
    home.hear("homie/cord-1/$state", "lost")
    home.expect("told", device="other")

"""Placing: what a device is for is said when it is placed, and stands above what it looks like (DESIGN §6)."""

from dataclasses import replace

import pytest

from devices.registry import Placed, Purpose
from tests.stories.house import House

BUTTON = "zigbee2mqtt/SOS button"
STRANGER = "zigbee2mqtt/New button"


def introduces_itself(home: House, text: str = "SOS button", *, name: str = "SOS button") -> None:
    """A button that knows three gestures and no word for an emergency; only its model's description tells."""
    exposes = [{"type": "enum", "name": "action", "property": "action", "access": 1, "values": ["single", "double"]}]
    definition = {"model": "X1", "vendor": "Maker", "description": text, "exposes": exposes}
    listed = [{"friendly_name": name, "ieee_address": "0x01", "type": "EndDevice", "definition": definition}]
    home.hear("zigbee2mqtt/bridge/devices", listed, retain=True)


def place(home: House, purpose: Purpose, person: str | None = None, where: str | None = None) -> None:
    """Somebody writes it into devices.yaml."""
    row = Placed(device=BUTTON, name="sos", person=person, place=where, purpose=purpose)
    home.configure(replace(home.home, devices=(*home.home.devices, row)))


@pytest.mark.parametrize("gesture", ["single", "double", "hold"])
def test_until_it_is_placed_an_sos_button_is_an_emergency_by_any_gesture(home: House, gesture: str) -> None:
    """Everybody on shift is told, because nobody knows whose it is."""
    introduces_itself(home)
    home.device("SOS button", action=gesture)
    home.expect("told", level="emergency", resident=None, device=BUTTON)
    home.expect_told("everybody on shift")


def test_a_plain_button_nobody_placed_rings_nobody(home: House) -> None:
    """Its description says that it is a button, and no more."""
    introduces_itself(home, "Wireless mini switch", name="New button")
    home.device("New button", action="single")
    home.expect_quiet()


@pytest.mark.parametrize("gesture", ["single", "double", "hold"])
def test_placed_as_a_call_button_it_calls(home: House, gesture: str) -> None:
    """Whose it is and where it hangs are said with it: Margaret, in the lounge."""
    introduces_itself(home)
    place(home, Purpose.CALL, "margaret", "lounge")
    home.device("SOS button", action=gesture)
    home.expect("told", level="call", kind="call", resident="margaret", place="lounge", device="sos")


def test_placed_as_an_emergency_it_names_its_person_and_not_a_room_as_a_fact(home: House) -> None:
    """A pendant goes where its wearer goes."""
    introduces_itself(home)
    place(home, Purpose.EMERGENCY, "margaret")
    home.device("SOS button", action="single")
    home.expect("told", level="emergency", resident="margaret", place=None)


def test_placed_in_a_place_of_nobody_it_names_the_place(home: House) -> None:
    """A cord in the lounge is everybody's."""
    introduces_itself(home)
    place(home, Purpose.EMERGENCY, where="lounge")
    home.device("SOS button", action="single")
    home.expect("told", level="emergency", resident=None, place="lounge")


def test_placed_as_a_light_switch_its_looks_ring_nobody(home: House) -> None:
    """What it is for stands above its description."""
    introduces_itself(home)
    place(home, Purpose.SWITCH, where="lounge")
    home.device("SOS button", action="single")
    home.expect_quiet()


def test_its_own_word_for_an_emergency_is_one_whatever_it_was_placed_as(home: House) -> None:
    """A switch that says *emergency* means it; placed to call with, the home's word stands: it is a call."""
    place(home, Purpose.SWITCH, where="lounge")
    home.device("SOS button", action="emergency")
    home.expect("told", level="emergency", place="lounge")
    other = House()
    place(other, Purpose.CALL, "margaret")
    other.device("SOS button", action="emergency")
    other.expect("told", level="call", resident="margaret")


def test_placed_as_staff_assist_it_brings_everybody(home: House) -> None:
    """The colleague's place is named."""
    introduces_itself(home)
    place(home, Purpose.STAFF_ASSIST, where="lounge")
    home.device("SOS button", action="double")
    home.expect("told", level="emergency", kind="staff_assist", place="lounge")
    home.expect_told("everybody on shift")


def test_placing_it_while_its_alert_is_open_closes_nothing(home: House) -> None:
    """The press of a stranger's button stays told; the next one is the resident's own."""
    introduces_itself(home)
    home.device("SOS button", action="single")
    place(home, Purpose.EMERGENCY, "margaret")
    home.wait(seconds=20)
    home.device("SOS button", action="single")
    assert [(alert.resident, alert.device) for alert in home.open] == [(None, BUTTON), ("margaret", "sos")]

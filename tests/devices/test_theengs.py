"""Theengs and OpenMQTTGateway: several gateways, one device; most of what they hear is nobody's."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.adapter import Decoded, Description, Message, Refused
from devices.commands import TurnOn
from devices.events import Event, Kind
from devices.theengs import Theengs

ADAPTER = Theengs()
Known = dict[str, Description]


def hear(topic: str, payload: object, known: Known | None = None) -> Decoded:
    """What a message says; what it introduces is known from here on."""
    body = payload.encode() if isinstance(payload, str) else json.dumps(payload).encode()
    decoded = ADAPTER.decode(Message(topic, body), known if known is not None else {})
    if known is not None:
        known.update((item.device, item) for item in decoded.learned)
    return decoded


def packet(gateway: str = "attic", known: Known | None = None, /, **said: object) -> Decoded:
    """A decoded Bluetooth packet."""
    return hear(f"home/{gateway}/BTtoMQTT/B43522FE10AA", {"id": "B4:35:22:FE:10:AA", "rssi": -60, **said}, known)


def kinds(events: tuple[Event, ...]) -> list[tuple[Kind, object]]:
    """Kind and value of each event."""
    return [(one.kind, one.value) for one in events]


def test_two_gateways_hear_one_press_of_one_device() -> None:
    """The address does not name the gateway, and the packet number does not name the press: it counts to 255."""
    one, two = (packet(gateway, type="BTN", packet=21, button=1).events for gateway in ("attic", "cellar"))
    assert one == two
    assert one[0].press_id is None
    assert one[0].repeat_window_ms == 3000


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"brand": "Apple", "model": "Apple Watch", "type": "BODY", "track": True, "unlocked": True},
        {"type": "RMAC", "device": "Microsoft advertising beacon"},
        {"type": "THB", "encr": 1, "cipher": "ef", "ctr": "1"},
        {"type": "SCALE", "weight": 72.4, "impedance": 503},
        {"distance": 3.2, "name": "somebody's phone"},
    ],
)
def test_a_strangers_phone_is_neither_a_fact_nor_a_device(said: dict[str, object]) -> None:
    """Signal strengths, trackers and scales are noise."""
    assert packet(**said) == Decoded()


@pytest.mark.parametrize("value", [0, "", "none", False, None, [1]])
def test_a_button_that_nobody_pressed(value: object) -> None:
    """Every packet of some remotes carries all their buttons."""
    assert packet(type="BTN", button=value).events == ()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"type": "CTMO", "open": True}, [(Kind.CONTACT, "open")]),
        ({"type": "CTMO", "contact": "timeout not closed"}, [(Kind.CONTACT, "open")]),
        ({"type": "CTMO", "contact": "jammed"}, [(Kind.CONTACT, None)]),
        ({"type": "WCVR", "open": 30, "motion": True}, [(Kind.COVER, 30)]),
        ({"type": "ACEL", "motion": True}, []),
        ({"type": "CTMO", "motion": 1}, [(Kind.MOTION, True)]),
        ({"type": "UNIQ", "leak": True, "smoke": False}, [(Kind.WATER_LEAK, True), (Kind.SMOKE, False)]),
        (
            {"type": "THB", "tempc": 999, "hum": 163.8, "batt": 200},
            [(Kind.TEMPERATURE, None), (Kind.HUMIDITY, None), (Kind.BATTERY, None)],
        ),
        ({"type": "BATT", "batt": 70, "lowbatt": True}, [(Kind.BATTERY, 70)]),
        ({"type": "TRACK", "presence": "home"}, [(Kind.OCCUPANCY, True)]),
        ({"type": "ACTR", "state": "on"}, [(Kind.SWITCH, "on")]),
        ({"type": "BODY", "state": "on"}, []),
    ],
)
def test_what_a_packet_says(said: dict[str, object], expected: list[tuple[Kind, object]]) -> None:
    """By the decoder's keys, and by the type of the thing where a key means two things."""
    assert kinds(packet(**said).events) == expected


def test_buttons_and_contacts_introduce_themselves_once() -> None:
    """With what they are; a thermometer is not worth placing."""
    known: Known = {}
    packet("attic", known, type="BTN", brand="Shelly", model="ShellyBLU Button1", button=1)
    (item,) = known.values()
    assert (item.device, item.kind, item.vendor) == ("theengs/ble/B43522FE10AA", Kind.BUTTON, "Shelly")
    assert packet("attic", known, type="BTN", button=2).learned == ()
    assert packet(type="THB", tempc=20).learned == ()


def test_an_sos_button_by_name_can_call() -> None:
    """Only its name tells."""
    known: Known = {}
    packet("attic", known, type="BTN", name="SOS room 4", button=1)
    assert known["theengs/ble/B43522FE10AA"].can_call


def test_an_encrypted_button_is_listed_as_unclear() -> None:
    """Nobody shall think that it protects anybody."""
    (item,) = packet(type="BTN", model="Button1 encrypted", encr=2, cipher="ab").learned
    assert "key" in item.unclear


def test_a_pendant_heard_by_the_radio_on_the_board_is_an_emergency() -> None:
    """The same frame as rtl_433's own, with the device's path below this ecosystem."""
    frame = {"model": "X10-Security", "id": "a1b2", "event": "KR15 PANIC", "rssi": -70}
    (event,) = hear("home/attic/RTL_433toMQTT/X10-Security/a1b2", frame).events
    assert (event.kind, event.press, event.device) == (Kind.EMERGENCY, True, "theengs/rtl_433/X10-Security/a1b2")
    assert "home/+/RTL_433toMQTT/#" in ADAPTER.topics_of(event.device)


@pytest.mark.parametrize("what", ["433toMQTT", "SRFBtoMQTT", "PilighttoMQTT"])
def test_a_bare_code_is_a_button_of_its_own(what: str) -> None:
    """What it is for, the place it was given says."""
    (event,) = hear(f"home/attic/{what}", {"value": 7340289, "protocol": 1}).events
    assert (event.device, event.value, event.press) == ("theengs/433/7340289", "7340289", True)
    assert hear(f"home/attic/{what}", {"value": 0}) == Decoded()


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("home/attic/BTtoMQTT/X", "no json"),
        ("home/attic/433toMQTT", "[]"),
        ("home/attic/LWT", "maybe"),
        ("elsewhere/x", "{}"),
    ],
)
def test_what_cannot_be_read_is_a_reason(topic: str, payload: str) -> None:
    """It goes to quarantine."""
    assert hear(topic, payload).error


def test_the_base_topic_is_the_homes_choice() -> None:
    """Filters and topics follow it; addresses stay."""
    ours = Theengs("omg")
    decoded = ours.decode(Message("omg/attic/LWT", b"online"), {})
    assert decoded.events[0].device == "theengs/attic"
    assert "omg/+/BTtoMQTT/B43522FE10AA" in ours.topics_of("theengs/ble/B43522FE10AA")
    assert isinstance(ours.encode(TurnOn(device="theengs/433/1"), {}), Refused)


NAMES = "id type open contact motion button button2 presence tempc hum batt lowbatt state value model event encr cipher"
words = st.sampled_from(NAMES.split())
SAID = st.sampled_from(["open", "BTN", "A4C138010203"])
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | SAID


@given(
    said=st.dictionaries(words, leaves | st.lists(leaves, max_size=2), max_size=8),
    what=st.sampled_from(["BTtoMQTT/A4C138010203", "433toMQTT", "RTL_433toMQTT/x", "IRtoMQTT", "LWT", "SRFBtoMQTT"]),
)
def test_any_json_on_any_of_its_topics_is_read_without_an_exception(said: dict[str, object], what: str) -> None:
    """Whatever stands inside, and whatever it introduced before."""
    known: Known = {}
    for _ in range(2):
        decoded = hear(f"home/attic/{what}", said, known)
        assert all(one.device and (not one.press or one.repeat_window_ms == 3000) for one in decoded.events)

"""What a value or a name says plainly is understood in every ecosystem where makers name as they like, and no more."""

from __future__ import annotations

import orjson
import pytest

from devices.adapter import Decoded, Description, Message
from devices.catalogue import ADAPTERS
from devices.events import Event, Kind
from devices.names import guess, happened
from devices.registry import Placed, Purpose, Registry, meaning, presses_call

BY_NAME = {adapter.name: adapter for adapter in ADAPTERS}


def read(adapter: str, topic: str, said: object, known: dict[str, Description] | None = None) -> Decoded:
    """What an adapter makes of a message, JSON or text."""
    payload = said.encode() if isinstance(said, str) else orjson.dumps(said)
    return BY_NAME[adapter].decode(Message(topic, payload), known or {})


@pytest.mark.parametrize(
    ("name", "value", "means"),
    [
        ("event_type", "sos_start", (Kind.EMERGENCY, True)),
        ("event_type", "sos_stop", (Kind.EMERGENCY, False)),
        ("reportType", "Help report", (Kind.EMERGENCY, True)),
        ("alarm", "man down", (Kind.FALL, True)),
        ("event", "smoke alarm cleared", (Kind.SMOKE, False)),
        ("data_type", "SOS", (Kind.EMERGENCY, True)),
        ("status", "panic", (Kind.EMERGENCY, True)),
        ("notification", "gas leak", (Kind.GAS, True)),
        ("event", "heartbeat", None),
        ("event", "smoke alarm test", None),
        ("event", "smoke sensor fault", None),
        ("event", "emergency lighting on", None),
        ("event", "free fall", None),
        ("last_event", "SOS", None),
        ("reset_reason", "panic", None),
        ("device_type", "smoke", None),
        ("device", "SOS button", None),
        ("valve_status", "emergency", None),
        ("type", "fall", None),
    ],
)
def test_a_word_of_what_happens_is_that_and_a_word_about_something_else_is_not(
    name: str, value: str, means: tuple[Kind, bool] | None
) -> None:
    """Events, reports and states of the whole device count; settings, tests, histories and sorts of devices do not."""
    assert happened(name, value) == means


@pytest.mark.parametrize("name", ["nurse_call", "helpButton", "call_button_pressed", "duress", "medical_alarm"])
def test_a_name_that_says_that_somebody_calls_is_a_call(name: str) -> None:
    """Whatever the word for it."""
    found = guess(name)
    assert found is not None
    assert found.kind is Kind.EMERGENCY


@pytest.mark.parametrize("name", ["emergency_contact", "sos_alarm_switch", "smoke_ppm", "smoke_raw", "leak_num"])
def test_a_setting_or_an_amount_is_no_alarm(name: str) -> None:
    """Whom to ring, what is switched on, how much of it, how often."""
    found = guess(name)
    assert found is None or found.kind not in (Kind.EMERGENCY, Kind.SMOKE, Kind.WATER_LEAK)


def test_the_panic_button_of_a_car_key_calls_for_a_car_in_each_form() -> None:
    """A bit, a word and the name of a button: none of them is an emergency."""
    for said in ({"panic": 1}, {"button": "PANIC"}, {"event": "Panic"}, {"button_str": "Panic"}):
        found = read("rtl_433", "rtl_433/attic/events", {"model": "Birch-CarRemote", "id": 4, **said}).events
        assert [event.kind for event in found] == [Kind.BUTTON]
    field = read("rtl_433", "rtl_433/attic/devices/Birch-CarRemote/4/panic", "1").events
    assert [event.kind for event in field] == [Kind.BUTTON]


def test_a_transmitter_named_after_what_it_calls_for_counts_until_it_is_placed() -> None:
    """Its decoder knows nothing but its code; somebody gave it a name that says what it is."""
    said = {"model": "SOS-Cord", "num_rows": 1, "codes": ["{24}a1b2c3"]}
    first = read("rtl_433", "rtl_433/attic/events", said)
    (described,) = first.learned
    assert presses_call(described)
    (pressed,) = first.events
    assert meaning(pressed, None, can_call=True).kind is Kind.EMERGENCY
    again = read("rtl_433", "rtl_433/attic/events", said, {described.device: described})
    assert again.learned == ()


@pytest.mark.parametrize("said", [{"model": "Oak-Doorbell", "id": 7}, {"model": "Oak-Beam", "codes": ["{12}410"]}])
def test_a_transmitter_that_only_rings_calls_where_it_was_placed_to(said: dict[str, object]) -> None:
    """A bell from the market is a good call button; it says nothing but who it is."""
    (event,) = read("rtl_433", "rtl_433/attic/events", said).events
    placed = Placed(device=event.device, name="bell", purpose=Purpose.CALL)
    assert meaning(event, placed).kind is Kind.CALL


def test_what_only_its_place_names_calls_where_that_part_was_placed() -> None:
    """A two-valued thing of no known sort (`cord_7`): on is what that part was placed for."""
    (event,) = read("esphome", "node-7/binary_sensor/cord_7/state", "ON").events
    assert event.kind is Kind.OTHER
    placed = Placed(device=f"{event.device}#cord_7", name="cord", purpose=Purpose.EMERGENCY)
    part = Registry([placed]).of_part(event)
    assert (meaning(part, placed).kind, meaning(part, placed).value) == (Kind.EMERGENCY, True)
    off = Event(device=part.device, kind=Kind.OTHER, value=False, field="cord_7")
    assert meaning(off, placed).value is False


def test_a_zone_whose_name_says_sos_counts_until_it_is_placed() -> None:
    """Tasmota's bridge says of it only that an alarm is on."""
    said = {"ZbReceived": {"0x2A17": {"Device": "0x2A17", "Name": "Room 12 SOS", "ZoneStatusChange": 2}}}
    decoded = read("tasmota", "tele/zbbridge/SENSOR", said)
    (described,) = decoded.learned
    assert described.can_call
    alarm = next(event for event in decoded.events if event.field == "alarm")
    assert meaning(alarm, None, can_call=True).kind is Kind.EMERGENCY


@pytest.mark.parametrize("value", [0, "off", "false", "0"])
def test_an_end_that_is_written_wrong_is_refused_and_alarms_nobody(value: object) -> None:
    """In our own form: whoever builds it reads the reason."""
    decoded = read("handrail_device", "handrail-device/box", {"kind": "emergency", "value": value})
    assert decoded.events == ()
    assert decoded.error is not None

"""What a device is for stands above what it looks like: the table of meanings, line by line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.adapter import Description
from devices.events import EMERGENCY_KINDS, Event, Kind, Value
from devices.registry import (
    CALLS,
    DEADLINE_S,
    Placed,
    Purpose,
    Registry,
    Supervision,
    is_release,
    meaning,
    presses_call,
)

CALLERS = [(Purpose.EMERGENCY, Kind.EMERGENCY), (Purpose.CALL, Kind.CALL), (Purpose.STAFF_ASSIST, Kind.STAFF_ASSIST)]


def placed(purpose: Purpose) -> Placed:
    """A device placed for this."""
    return Placed(device="zigbee2mqtt/x", name="x", purpose=purpose)


def press(gesture: Value, kind: Kind = Kind.BUTTON, window_ms: int = 500) -> Event:
    """A press."""
    return Event(device="zigbee2mqtt/x", kind=kind, value=gesture, press=True, repeat_window_ms=window_ms)


def state(kind: Kind, value: Value, *, window_ms: int = 0, field: str | None = None) -> Event:
    """A state."""
    return Event(device="zigbee2mqtt/x", kind=kind, value=value, repeat_window_ms=window_ms, field=field)


@pytest.mark.parametrize(("purpose", "kind"), CALLERS)
@pytest.mark.parametrize(
    "gesture", ["single", "double", "hold", "on", "off", "stop", "brightness_move_up", "1_single", "12"]
)
def test_any_press_of_a_placed_button_calls(purpose: Purpose, kind: Kind, gesture: str) -> None:
    """Nobody in need looks which half of a remote they press."""
    event = meaning(press(gesture), placed(purpose))
    assert (event.kind, event.value, event.press) == (kind, True, True)


@pytest.mark.parametrize(
    "gesture", ["release", "hold_release", "brightness_stop", "on_press_release", "button_1_release", "rotate_stop"]
)
def test_the_end_of_a_gesture_is_no_second_press(gesture: str) -> None:
    """It stays the gesture it was."""
    event = press(gesture)
    assert is_release(gesture)
    assert meaning(event, placed(Purpose.EMERGENCY)) == event


@pytest.mark.parametrize(("purpose", "kind"), CALLERS)
def test_the_homes_word_stands_above_the_devices(purpose: Purpose, kind: Kind) -> None:
    """An emergency of a device placed as `call` is a call, and the other way round."""
    assert meaning(press(True, Kind.EMERGENCY), placed(purpose)).kind is kind
    assert meaning(state(Kind.EMERGENCY, False), placed(purpose)) == state(kind, False)


@pytest.mark.parametrize(("purpose", "kind"), CALLERS)
def test_a_cord_on_a_door_contact_calls_when_it_opens(purpose: Purpose, kind: Kind) -> None:
    """A radio's opening is a press each time; a gateway's remembered state is a state; closing calls nobody."""
    remembered = meaning(state(Kind.CONTACT, "open"), placed(purpose))
    radioed = meaning(state(Kind.CONTACT, "open", window_ms=2000), placed(purpose))
    closed = meaning(state(Kind.CONTACT, "closed", window_ms=2000), placed(purpose))
    assert (remembered.kind, remembered.value, remembered.press) == (kind, True, False)
    assert (radioed.kind, radioed.value, radioed.press) == (kind, True, True)
    assert (closed.kind, closed.value, closed.press) == (kind, False, False)


def test_an_alarm_that_names_nothing_is_what_the_device_is_for() -> None:
    """A set-off sensor and a bare code get their sense from the place they were given."""
    alarm = replace(press(True, Kind.OTHER), field="alarm")
    code = press("205")
    assert meaning(alarm, placed(Purpose.EMERGENCY)).kind is Kind.EMERGENCY
    assert meaning(replace(alarm, value="24H Zone", field="cmd"), placed(Purpose.SMOKE)).kind is Kind.SMOKE
    assert (meaning(alarm, placed(Purpose.DOOR)).kind, meaning(alarm, placed(Purpose.DOOR)).value) == (
        Kind.CONTACT,
        "open",
    )
    assert meaning(state(Kind.OTHER, False, field="alarm"), placed(Purpose.DOOR)).value == "closed"
    assert (meaning(code, placed(Purpose.LEAK)).kind, meaning(code, placed(Purpose.LEAK)).value) == (
        Kind.WATER_LEAK,
        True,
    )
    assert meaning(code, placed(Purpose.MOTION)).kind is Kind.MOTION
    assert meaning(press("single"), placed(Purpose.SMOKE)).kind is Kind.BUTTON


@pytest.mark.parametrize("field", ["alarm", "alarm_1", "alarm_2"])
def test_either_alarm_of_a_zigbee_zone_is_what_it_was_placed_for(field: str) -> None:
    """A cord on a zone of no sort says `alarm_1`: placed to call with, it calls; nobody placed it, and its words say
    that it calls, it is an emergency."""
    said = state(Kind.OTHER, True, field=field)
    assert meaning(said, placed(Purpose.EMERGENCY)).kind is Kind.EMERGENCY
    assert meaning(said, placed(Purpose.CALL)).kind is Kind.CALL
    assert meaning(said, placed(Purpose.SMOKE)).kind is Kind.SMOKE
    assert meaning(said, None, can_call=True).kind is Kind.EMERGENCY
    assert meaning(said, None).kind is Kind.OTHER


@pytest.mark.parametrize("purpose", [Purpose.EMERGENCY, Purpose.SMOKE])
def test_the_two_alarms_of_a_zone_are_two_values(purpose: Purpose) -> None:
    """A state repeats both: the one that is on is not ended by the one that is off, and is no news each time."""
    both = [meaning(state(Kind.OTHER, on, field=f"alarm_{n}"), placed(purpose)) for n, on in ((1, True), (2, False))]
    assert [(event.field, event.value) for event in both] == [("alarm_1", True), ("alarm_2", False)]


@pytest.mark.parametrize(
    ("said", "value"),
    [
        (state(Kind.OCCUPANCY, True), "occupied"),
        (state(Kind.OCCUPANCY, False), "empty"),
        (state(Kind.CONTACT, "closed"), "occupied"),
        (state(Kind.CONTACT, "open"), "empty"),
        (state(Kind.OCCUPANCY, None), None),
        (state(Kind.BED, "empty"), "empty"),
    ],
)
def test_whatever_lies_under_the_mattress_is_a_bed_sensor(said: Event, value: Value) -> None:
    """A pad, a strip and a mat all look like something else; what is unknown stays unknown."""
    event = meaning(said, placed(Purpose.BED))
    assert (event.kind, event.value) == (Kind.BED, value)


@pytest.mark.parametrize("kind", [Kind.MOTION, Kind.VIBRATION])
def test_nobody_moving_is_not_an_empty_bed(kind: Kind) -> None:
    """Motion and vibration are never a bed's."""
    assert meaning(state(kind, False), placed(Purpose.BED)) == state(kind, False)


def test_somebody_in_the_room_is_no_fall() -> None:
    """A fall radar's occupancy stays occupancy; its button calls for help."""
    assert meaning(state(Kind.OCCUPANCY, True), placed(Purpose.FALL)).kind is Kind.OCCUPANCY
    assert meaning(press("single"), placed(Purpose.FALL)).kind is Kind.EMERGENCY
    assert meaning(press("4711"), placed(Purpose.FALL)).kind is Kind.FALL


def test_a_wired_detector_alarms_by_opening() -> None:
    """A door contact that carries an old detector's relay."""
    assert meaning(state(Kind.CONTACT, "open"), placed(Purpose.SMOKE)) == state(Kind.SMOKE, True)
    assert meaning(state(Kind.CONTACT, None), placed(Purpose.SMOKE)) == state(Kind.CONTACT, None)


def test_a_motion_sensors_occupancy_is_motion() -> None:
    """Zigbee2MQTT calls it occupancy."""
    assert meaning(state(Kind.OCCUPANCY, True), placed(Purpose.MOTION)).kind is Kind.MOTION


def test_an_unplaced_button_calls_only_where_its_description_says_so() -> None:
    """And even then disarming is not calling."""
    assert meaning(press("single"), None).kind is Kind.BUTTON
    assert meaning(press("single"), None, can_call=True).kind is Kind.EMERGENCY
    assert meaning(press("hold_release"), None, can_call=True).kind is Kind.BUTTON
    for word in ("disarm", "arm_all_zones", "arm_away", "exit_delay", "identify"):
        assert meaning(press(word), None, can_call=True).kind is Kind.BUTTON


def test_a_keypad_with_a_word_for_an_emergency_says_it() -> None:
    """Its other presses are presses; a button that only its description calls SOS has no other word."""
    said = Description(device="d", name="d", ecosystem="e", kinds=(Kind.BUTTON,), kind=Kind.BUTTON, can_call=True)
    keypad = replace(said, kinds=(Kind.EMERGENCY, Kind.BUTTON), kind=Kind.EMERGENCY)
    assert presses_call(said)
    assert not presses_call(keypad)
    assert not presses_call(replace(said, can_call=False))


@given(
    kind=st.sampled_from(Kind),
    value=st.sampled_from([True, False, None, "open", "closed", "occupied", "single", "release", "12", 3, 4.5]),
    purpose=st.none() | st.sampled_from(Purpose),
    is_press=st.booleans(),
)
def test_no_purpose_takes_an_emergency_away(kind: Kind, value: Value, purpose: Purpose | None, is_press: bool) -> None:
    """Smoke is smoke wherever it is placed; an emergency becomes at most a call; the device and its stamps stay."""
    event = Event(device="d", kind=kind, value=value, press=is_press, stamp="s", press_id="p", repeat_window_ms=500)
    means = meaning(event, placed(purpose) if purpose else None)
    assert (means.device, means.stamp, means.press_id) == ("d", "s", "p")
    if kind in EMERGENCY_KINDS:
        assert means.kind in EMERGENCY_KINDS | {Kind.CALL}
        assert means.value == value
    if value is None and means.kind in EMERGENCY_KINDS:
        assert kind in EMERGENCY_KINDS | {Kind.OTHER, Kind.CALL}


def test_the_registry_finds_by_address_and_by_name() -> None:
    """And knows which devices belong on the urgent lane."""
    rows = [replace(placed(purpose), device=f"zigbee2mqtt/{purpose}", name=str(purpose)) for purpose in Purpose]
    registry = Registry(rows)
    found = registry.by_address("zigbee2mqtt/door")
    assert found is not None
    assert found is registry.by_name("door")
    assert registry.by_address("door") is None
    assert {row.purpose for row in registry.urgent} == CALLS


def test_every_class_but_none_has_a_deadline() -> None:
    """The silence of a watched device is an alert within a day and an hour."""
    assert set(Supervision) - set(DEADLINE_S) == {Supervision.NONE}
    assert all(0 < seconds <= 25 * 3600 for seconds in DEADLINE_S.values())


@pytest.mark.parametrize(
    ("purpose", "kind", "on", "off"),
    [
        (Purpose.EMERGENCY, Kind.EMERGENCY, True, False),
        (Purpose.CALL, Kind.CALL, True, False),
        (Purpose.SMOKE, Kind.SMOKE, True, False),
        (Purpose.BED, Kind.BED, "occupied", "empty"),
        (Purpose.DOOR, Kind.CONTACT, "closed", "open"),
        (Purpose.LIGHT, Kind.OTHER, True, False),
    ],
)
def test_a_wire_on_a_relay_module_is_what_it_was_placed_for(
    purpose: Purpose, kind: Kind, on: Value, off: Value
) -> None:
    """A closed circuit calls, alarms or occupies; a door's contact opens with the door. Each input stays itself."""
    closed, opened = (meaning(state(Kind.OTHER, bit, field="input:2"), placed(purpose)) for bit in (True, False))
    assert (closed.kind, closed.value, closed.field, closed.press) == (kind, on, "input:2", False)
    assert (opened.kind, opened.value) == (kind, off)
    assert meaning(state(Kind.OTHER, True, field="button:2"), placed(purpose)).kind is Kind.OTHER


def test_a_wire_on_a_module_that_is_named_after_a_call_is_one_until_it_is_placed() -> None:
    """While the circuit is closed; on a module of any other name it is nothing."""
    wire = state(Kind.OTHER, True, field="input:0")
    assert meaning(wire, None, can_call=True).kind is Kind.EMERGENCY
    assert meaning(replace(wire, value=False), None, can_call=True).value is False
    assert meaning(wire, None) == wire

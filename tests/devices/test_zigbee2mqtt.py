"""Zigbee2MQTT: each trap of its traffic, its inventory, and its commands there and back."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.adapter import Decoded, Description, Message, Refused
from devices.commands import Command, Sound, TurnOff, TurnOn
from devices.events import NOT_YET, Event, Kind, is_active
from devices.zigbee2mqtt import Zigbee2MQTT

ADAPTER = Zigbee2MQTT()
Expose = dict[str, object]


def binary(name: str, on: object = True, off: object = False, *, access: int = 1, prop: str = "") -> Expose:
    """A two-valued expose."""
    return {
        "type": "binary",
        "name": name,
        "property": prop or name,
        "access": access,
        "value_on": on,
        "value_off": off,
    }


def numeric(name: str, unit: str | None = None, *, access: int = 1) -> Expose:
    """A numeric expose."""
    return {"type": "numeric", "name": name, "property": name, "access": access, "unit": unit}


def enum(name: str, *values: str, access: int = 1) -> Expose:
    """An expose that is one of some words."""
    return {"type": "enum", "name": name, "property": name, "access": access, "values": list(values)}


LAMP: Expose = {
    "type": "light",
    "features": [
        binary("state", "ON", "OFF", access=7),
        numeric("brightness", access=7),
        numeric("color_temp", access=7),
    ],
}
SWITCH: Expose = {"type": "switch", "features": [binary("state", "ON", "OFF", access=7)]}
WARNING: Expose = {
    "type": "composite",
    "name": "warning",
    "property": "warning",
    "access": 2,
    "features": [
        enum("mode", "stop", "burglar", "emergency", access=2),
        enum("level", "low", "medium", "high", "very_high", access=2),
    ],
}


def describe(*exposes: Expose, text: str = "A thing", name: str = "thing") -> Description:
    """The description of a device that exposes these."""
    definition = {"model": "M1", "vendor": "Maple", "description": text, "exposes": list(exposes)}
    entry = {"friendly_name": name, "ieee_address": "0x1", "type": "EndDevice", "definition": definition}
    learned = ADAPTER.decode(Message("zigbee2mqtt/bridge/devices", orjson.dumps([entry])), {}).learned
    return learned[0]


def say(payload: object, known: Description | None = None, topic: str = "zigbee2mqtt/thing") -> tuple[Event, ...]:
    """What the device's message says."""
    body = payload if isinstance(payload, bytes) else orjson.dumps(payload)
    decoded = ADAPTER.decode(Message(topic, body), {known.device: known} if known else {})
    assert decoded.error is None
    return decoded.events


def kinds(events: tuple[Event, ...]) -> list[tuple[Kind, object]]:
    """Kind and value of each event."""
    return [(event.kind, event.value) for event in events]


def test_contact_false_is_open_except_where_the_device_says_otherwise() -> None:
    """The usual sense is known; a device with another is a contact of unknown sense, which opens nothing."""
    usual = describe(binary("contact", False, True))
    other = describe(binary("contact", True, False))
    words = describe(binary("contact", "ON", "OFF"))
    assert kinds(say({"contact": False}, usual)) == [(Kind.CONTACT, "open")]
    assert kinds(say({"contact": True}, other)) == [(Kind.CONTACT, None)]
    assert kinds(say({"contact": "ON"}, words)) == [(Kind.CONTACT, None)]
    assert not is_active(Kind.CONTACT, None)


def test_a_sleeping_pads_contact_is_never_a_door() -> None:
    """A bed sensor that calls its state `contact` gives a bed of unknown sense."""
    pad = describe(binary("contact", False, True), text="Sleeping pad monitor")
    assert kinds(say({"contact": False}, pad)) == [(Kind.BED, None)]
    assert Kind.CONTACT not in pad.kinds


def test_a_cube_that_fell_is_not_a_person_who_fell() -> None:
    """`action: fall` is a gesture."""
    assert kinds(say({"action": "fall"})) == [(Kind.BUTTON, "fall")]


def test_one_press_is_told_the_same_in_json_and_in_plain_text() -> None:
    """Both messages of one press give the same fact, so that they can be counted once."""
    json = say({"action": "emergency"})
    plain = say(b"emergency", topic="zigbee2mqtt/thing/action")
    assert json == plain


@pytest.mark.parametrize("nothing", ["", None, False])
def test_an_empty_action_is_nothing(nothing: object) -> None:
    """What follows a press is not a press."""
    assert say({"action": nothing}) == ()


@pytest.mark.parametrize("action", ["emergency", "panic", "sos"])
def test_three_actions_are_an_emergency(action: str) -> None:
    """The three words that upstream uses."""
    (event,) = say({"action": action})
    assert (event.kind, event.value, event.press) == (Kind.EMERGENCY, True, True)


@pytest.mark.parametrize("action", ["Emergency", "emergency_1", "arm_all_zones", "panic_off", "single"])
def test_every_other_action_is_a_gesture(action: str) -> None:
    """Nothing that merely looks like one of the three is one."""
    (event,) = say({"action": action})
    assert (event.kind, event.value) == (Kind.BUTTON, action)


def test_an_sos_state_is_a_state_and_not_a_press() -> None:
    """A binary `sos` goes on and off again."""
    button = describe(binary("sos"), binary("battery_low"))
    on, _ = say({"sos": True, "battery_low": False}, button)
    (off,) = say({"sos": False}, button)
    assert (on.kind, on.value, on.press) == (Kind.EMERGENCY, True, False)
    assert off.value is False
    assert button.can_call


def test_a_state_carries_the_time_the_device_was_seen() -> None:
    """`last_seen` is kept verbatim and read as a time where it is one."""
    (event,) = say({"contact": True, "last_seen": "2026-11-22T03:00:00+01:00"})
    assert event.stamp == "2026-11-22T03:00:00+01:00"
    assert event.at_ms == 1795312800000
    assert event.press_id is None


def test_logging_that_quotes_an_emergency_is_silent() -> None:
    """The log repeats every payload, an emergency's too."""
    line = {
        "level": "info",
        "message": "MQTT publish: topic 'zigbee2mqtt/p', payload '{\"action\":\"sos\"}'",
        "action": "sos",
    }
    assert say(line, topic="zigbee2mqtt/bridge/logging") == ()


@pytest.mark.parametrize("tail", ["set", "get", "left/set", "set/state", "get/state"])
def test_a_command_passing_by_is_no_state(tail: str) -> None:
    """Wishes travel on the same tree as facts."""
    assert say({"state": "ON", "action": "sos"}, topic=f"zigbee2mqtt/room 4/lamp/{tail}") == ()


def test_a_null_battery_is_nothing_and_an_impossible_one_is_unknown() -> None:
    """Null until first reported; -1 and 200 are no percentages."""
    assert say({"battery": None}) == ()
    assert kinds(say({"battery": -1})) == [(Kind.BATTERY, None)]
    assert kinds(say({"battery": 200})) == [(Kind.BATTERY, None)]
    assert kinds(say({"battery": "87.00"})) == [(Kind.BATTERY, 87.0)]


def test_a_name_with_slashes_and_spaces_is_one_device() -> None:
    """The address is the whole name, on each of its topics."""
    topic = "zigbee2mqtt/wing a/room 12/pendant"
    heard = [
        say({"action": "sos"}, topic=topic),
        say(b"sos", topic=f"{topic}/action"),
        say({"state": "online"}, topic=f"{topic}/availability"),
        say(b"true", topic=f"{topic}/smoke"),
    ]
    assert {event.device for events in heard for event in events} == {topic}


def test_a_fall_warning_is_shown_and_never_active() -> None:
    """Only the alarm and a possible fall count; a device that is still thinking does not."""
    radar = describe(enum("fall_status", "normal", "fall_warning", "fall_alarm", "unknown"))
    (alarm,) = say({"fall_status": "fall_alarm"}, radar)
    (warning,) = say({"fall_status": "fall_warning"}, radar)
    (maybe,) = say({"fall_down_status": "maybe_fall"})
    assert is_active(Kind.FALL, alarm.value)
    assert warning.value in NOT_YET
    assert not is_active(Kind.FALL, warning.value)
    assert is_active(Kind.FALL, maybe.value)


def test_who_can_call_is_known_from_words_or_from_the_description() -> None:
    """An action, a state or the model's text; a lamp that hangs is no pendant."""
    keypad = describe(enum("action", "disarm", "panic"))
    cord = describe(enum("action", "single"), text="Bathroom pull cord")
    sos = describe(enum("action", "single", "hold"), text="SOS button")
    smoke = describe(binary("smoke"))
    lamp = describe(LAMP, text="Emergency lighting driver")
    remote = describe(enum("action", "on", "off"), text="Four button remote")
    assert [item.can_call for item in (keypad, cord, sos, smoke, lamp, remote)] == [
        True,
        True,
        True,
        True,
        False,
        False,
    ]
    assert cord.unclear
    assert not keypad.unclear
    assert keypad.kind is Kind.EMERGENCY


def test_an_inventory_forgets_who_left() -> None:
    """What was known and is not in the list any more is named; other ecosystems are left alone."""
    old, other = describe(binary("contact"), name="old"), describe(binary("contact"), name="x")
    known = {old.device: old, "rtl_433/M/1": other}
    decoded = ADAPTER.decode(Message("zigbee2mqtt/bridge/devices", b"[]"), known)
    assert decoded == Decoded(forgotten=("zigbee2mqtt/old",))


def test_a_new_description_replaces_the_old_one_at_once() -> None:
    """The prepared readers follow the description that is handed in, not the one that came first."""
    door = describe(binary("contact", False, True))
    odd = describe(binary("contact", True, False))
    assert [kinds(say({"contact": False}, item)) for item in (door, odd, door)] == [
        [(Kind.CONTACT, "open")],
        [(Kind.CONTACT, None)],
        [(Kind.CONTACT, "open")],
    ]


def test_two_zigbee_networks_are_two_adapters() -> None:
    """The base topic is a setting."""
    upstairs = Zigbee2MQTT("home/zigbee up")
    (event,) = upstairs.decode(Message("home/zigbee up/cord", b'{"action":"sos"}'), {}).events
    assert event.device == "home/zigbee up/cord"
    assert upstairs.decode(Message("zigbee2mqtt/cord", b"{}"), {}).error


def sent(command: Command, known: Description | None = None) -> dict[str, object]:
    """The JSON that a command sends."""
    answer = ADAPTER.encode(command, {known.device: known} if known else {})
    assert not isinstance(answer, Refused)
    (message,) = answer
    assert message.topic == f"{command.device}/set"
    payload = orjson.loads(message.payload)
    assert isinstance(payload, dict)
    return payload


def test_commands_to_a_lamp_are_in_its_own_units() -> None:
    """Percent become 254ths, kelvin become mired."""
    lamp = describe(LAMP)
    on = TurnOn(device=lamp.device, brightness_pct=30, color_temp_k=2700, transition_s=2)
    assert sent(on, lamp) == {"state": "ON", "brightness": 76, "color_temp": 370, "transition": 2}
    assert sent(TurnOn(device=lamp.device, brightness_pct=0.1), lamp)["brightness"] == 1
    assert sent(TurnOff(device=lamp.device), lamp) == {"state": "OFF"}


def test_a_lamp_nobody_described_is_switched_all_the_same() -> None:
    """A home fresh from `new` has no inventory."""
    assert sent(TurnOn(device="zigbee2mqtt/room-001-light", brightness_pct=50)) == {"state": "ON", "brightness": 127}
    assert sent(TurnOff(device="zigbee2mqtt/room-001-light")) == {"state": "OFF"}


def test_a_device_with_several_gangs_switches_them_all() -> None:
    """One wish, every output."""
    gangs: list[Expose] = [
        {"type": "switch", "endpoint": end, "features": [binary("state", "ON", "OFF", access=7, prop=f"state_{end}")]}
        for end in ("left", "right")
    ]
    assert sent(TurnOn(device="zigbee2mqtt/thing"), describe(*gangs)) == {"state_left": "ON", "state_right": "ON"}


def test_a_siren_is_told_in_the_way_it_understands() -> None:
    """A warning, a switch with its duration, a trigger; and silence."""
    warning = describe(WARNING)
    switch = describe(binary("alarm", access=7), numeric("alarm_duration", "s", access=7))
    trigger = describe(enum("trigger_alarm", "trigger", access=2), enum("stop_alarm", "stop", access=2))
    loud = Sound(device="zigbee2mqtt/thing", duration_s=30)
    quiet = Sound(device="zigbee2mqtt/thing", duration_s=0)
    assert sent(loud, warning) == {
        "warning": {"mode": "emergency", "level": "very_high", "strobe": True, "duration": 30}
    }
    stop = sent(quiet, warning)["warning"]
    assert isinstance(stop, dict)
    assert stop["mode"] == "stop"
    assert sent(loud, switch) == {"alarm_duration": 30, "alarm": True}
    assert sent(quiet, switch) == {"alarm": False}
    assert sent(loud, trigger) == {"trigger_alarm": "trigger"}
    assert sent(quiet, trigger) == {"stop_alarm": "stop"}


@pytest.mark.parametrize(
    ("command", "exposes", "because"),
    [
        (TurnOn(device="zigbee2mqtt/thing"), [binary("contact")], "cannot be switched on"),
        (TurnOff(device="zigbee2mqtt/thing"), [binary("contact")], "cannot be switched off"),
        (TurnOn(device="zigbee2mqtt/thing", brightness_pct=30), [SWITCH], "cannot be dimmed"),
        (TurnOn(device="zigbee2mqtt/thing", color_temp_k=3000), [SWITCH], "colour temperature"),
        (Sound(device="zigbee2mqtt/thing", duration_s=5), [LAMP], "makes no sound"),
        (TurnOn(device="zigbee2mqtt/thing", brightness_pct=0), [LAMP], "between 0 and 100"),
        (TurnOn(device="elsewhere/thing"), [LAMP], "not a Zigbee2MQTT device"),
    ],
)
def test_what_a_device_cannot_do_is_refused_with_a_reason(
    command: Command, exposes: list[Expose], because: str
) -> None:
    """The reason is shown to the one who wrote the plan."""
    known = describe(*exposes)
    answer = ADAPTER.encode(command, {known.device: known})
    assert isinstance(answer, Refused)
    assert because in answer.reason


@given(on=st.booleans(), brightness=st.none() | st.floats(min_value=0.1, max_value=100), described=st.booleans())
def test_a_command_and_the_state_it_leads_to_say_the_same(on: bool, brightness: float | None, described: bool) -> None:
    """There and back: what is sent is what the device then reports, and that reads as the wish."""
    lamp = describe(LAMP)
    device = lamp.device
    command: Command = TurnOn(device=device, brightness_pct=brightness) if on else TurnOff(device=device)
    reported = {"brightness": 254, **sent(command, lamp if described else None)}
    events = say(reported, lamp if described else None)
    assert kinds(events) == [(Kind.LIGHT, "on" if on else "off")]

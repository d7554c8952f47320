"""rtl_433: two topic forms, repeated frames, and fields that do not say what they seem to say."""

from __future__ import annotations

import orjson
import pytest

from devices.adapter import Message, Refused
from devices.commands import TurnOn
from devices.events import Event, Kind
from devices.rtl_433 import Rtl433

ADAPTER = Rtl433()


def frame(_host: str = "attic", **fields: object) -> tuple[Event, ...]:
    """What a whole frame says."""
    decoded = ADAPTER.decode(Message(f"rtl_433/{_host}/events", orjson.dumps(fields)), {})
    assert decoded.error is None
    return decoded.events


def field(path: str, value: str, host: str = "attic") -> tuple[Event, ...]:
    """What one field on its own topic says."""
    decoded = ADAPTER.decode(Message(f"rtl_433/{host}/devices/{path}", value.encode()), {})
    assert decoded.error is None
    return decoded.events


def kinds(events: tuple[Event, ...]) -> list[tuple[Kind, object]]:
    """Kind and value of each event."""
    return [(event.kind, event.value) for event in events]


def test_two_receivers_hear_one_device() -> None:
    """The address does not name the host that heard it."""
    attic = frame("attic", model="X10-Security", id="beef", event="KR18 PANIC")
    cellar = frame("cellar", model="X10-Security", id="beef", event="KR18 PANIC")
    assert attic == cellar


def test_both_topic_forms_tell_the_same_press() -> None:
    """A frame and its field differ in nothing that would count one press twice."""
    (whole,) = frame(model="X10-Security", id="beef", event="KR18 PANIC")
    (part,) = field("X10-Security/beef/event", "KR18 PANIC")
    assert whole == part
    (cmd,) = frame(model="Generic-Remote", id=7, cmd=12)
    assert (cmd,) == field("Generic-Remote/7/cmd", "12")


@pytest.mark.parametrize(
    ("fields", "device"),
    [
        ({"model": "A", "channel": 8, "id": 5}, "rtl_433/A/8/5"),
        ({"model": "A", "subtype": "contact", "id": "0f"}, "rtl_433/A/contact/0f"),
        ({"model": "A B (x)/+#"}, "rtl_433/A_B__x____"),
        ({"id": 5}, "rtl_433/5"),
        ({"model": 3.5}, "rtl_433/unnamed"),
    ],
)
def test_the_address_is_the_path_rtl_433_gives_the_device(fields: dict[str, object], device: str) -> None:
    """Channel and subtype only where the model has them; other characters are underscores."""
    decoded = ADAPTER.decode(Message("rtl_433/attic/events", orjson.dumps(fields)), {})
    assert {event.device for event in decoded.events} == {device}


def test_a_heartbeat_is_no_opening() -> None:
    """It repeats the contact's state, is no press, and nothing in it may be repeated as one."""
    events = frame(model="Honeywell-Security", id=1, channel=8, state="open", contact_open=1, alarm=1, heartbeat=1)
    assert (Kind.CONTACT, "open") in kinds(events)
    assert not any(event.press or event.repeat_window_ms for event in events)


def test_the_contact_follows_contact_open_and_not_the_reed() -> None:
    """`reed_open` may disagree with the contact that is used."""
    events = frame(model="Honeywell-Security", id=1, channel=8, state="closed", contact_open=0, reed_open=1)
    assert kinds(events) == [(Kind.CONTACT, "closed")]


def test_a_panic_button_that_decodes_as_a_contact_is_no_emergency_by_itself() -> None:
    """What it is for is said when it is placed."""
    assert kinds(frame(model="SimpliSafe Sensor", device="1AB", state=1, extradata="Contact Open")) == [
        (Kind.CONTACT, "open")
    ]


@pytest.mark.parametrize("said", ["KR15 PANIC", "KR15A PANIC-3SECOND", "Keypad Panic Button", "SOS", "Emergency"])
def test_words_that_call_for_help(said: str) -> None:
    """Whichever decoder says it, in whichever field."""
    (event,) = frame(model="Any-Pendant", id=1, event=said)
    assert (event.kind, event.value, event.press) == (Kind.EMERGENCY, True, True)


@pytest.mark.parametrize("said", ["Panic test", "PANIC CANCELLED", "Test alarm", "Fire alarm off", "Alarm muted"])
def test_words_that_take_it_back_call_nobody(said: str) -> None:
    """A test, a cancelled panic and a muted alarm are shown, not told."""
    assert not {Kind.EMERGENCY, Kind.SMOKE} & {event.kind for event in frame(model="Any-Pendant", id=1, event=said)}


def test_the_panic_of_a_car_key_is_a_button() -> None:
    """It calls for a car, in a car park that any receiver hears."""
    assert kinds(frame(model="Audiovox-CarRemote", id=1, event="Panic")) == [(Kind.BUTTON, "panic")]


def test_low_battery_and_tamper_are_no_press_of_a_button() -> None:
    """Decoders that put everything into `cmd` do not call by running flat."""
    assert kinds(frame(model="Chuango-Security", id=1, cmd="Low Battery", cmd_id=13)) == [(Kind.BATTERY, "low")]
    assert kinds(frame(model="Chuango-Security", id=1, cmd="Tamper", cmd_id=3)) == [(Kind.TAMPER, True)]
    assert kinds(field("Chuango-Security/1/cmd", "Low Battery")) == [(Kind.BATTERY, "low")]


def test_a_smoke_detector_is_heard_in_whole_frames_only() -> None:
    """A frame of it means smoke, unless it is learning; one field alone means nothing."""
    (event,) = frame(model="Smoke-GS558", id=1, learn=0, code="aa")
    assert (event.kind, event.value, event.press) == (Kind.SMOKE, True, True)
    assert Kind.SMOKE not in {event.kind for event in frame(model="Smoke-GS558", id=1, learn=1, code="aa")}
    assert field("Smoke-GS558/1/learn", "0") == ()
    assert Kind.SMOKE not in {event.kind for event in field("Smoke-GS558/1/code", "aa")}


def test_a_battery_is_a_word_or_a_share_of_full() -> None:
    """0 and 1 are words, what lies between is a percentage, and a decoder that never knows is not asked."""
    assert kinds(frame(model="A", id=1, battery_ok=0)) == [(Kind.BATTERY, "low")]
    assert kinds(frame(model="A", id=1, battery_ok=1.0)) == [(Kind.BATTERY, "ok")]
    assert kinds(frame(model="A", id=1, battery_ok=0.26)) == [(Kind.BATTERY, 26.0)]
    assert Kind.BATTERY not in {e.kind for e in frame(model="Jasco/GE Choice Alert", id=1, battery_ok=0, status=1)}


def test_what_nobody_can_name_is_kept() -> None:
    """A bare code is a press of something; a frame without even that was heard."""
    (code,) = frame(model="Flex", code="a1")
    (bare,) = frame(model="Tyre", id="fe", pressure_kPa=210)
    assert (code.kind, code.value, code.press) == (Kind.OTHER, "a1", True)
    assert (bare.kind, bare.value, bare.press) == (Kind.OTHER, "heard", False)


def test_it_only_listens() -> None:
    """No command can be carried out."""
    assert isinstance(ADAPTER.encode(TurnOn(device="rtl_433/A/1"), {}), Refused)


@pytest.mark.parametrize("payload", [b"no json", b"[]", b"\xff\xfe", b'"text"'])
def test_a_frame_that_is_none_is_a_reason(payload: bytes) -> None:
    """It goes to quarantine with the reason."""
    assert ADAPTER.decode(Message("rtl_433/attic/events", payload), {}).error

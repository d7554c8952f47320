"""Shelly, first generation: gestures that are repeated, readings that are none, and commands there and back."""

from __future__ import annotations

import orjson
import pytest

from devices.adapter import Decoded, Description, Message, Refused
from devices.commands import Command, SetCover, SetTemperature, Sound, TurnOff, TurnOn
from devices.events import Event, Kind
from devices.shelly_gen1 import ShellyGen1

ADAPTER = ShellyGen1()
BUTTON = "shellies/shellybutton1-3494546A01B2"
Known = dict[str, Description]


def hear(topic: str, payload: object, known: Known | None = None) -> Decoded:
    """What a message says; what it introduces is known from here on."""
    body = payload.encode() if isinstance(payload, str) else orjson.dumps(payload)
    decoded = ADAPTER.decode(Message(topic, body), known or {})
    if known is not None:
        known.update((item.device, item) for item in decoded.learned)
    return decoded


def announced(name: str, model: str, **more: object) -> Known:
    """A device that has announced itself."""
    known: Known = {}
    hear("shellies/announce", {"id": name, "model": model, **more}, known)
    return known


def gesture(known: Known, event: str, count: int, number: int = 0) -> tuple[Event, ...]:
    """What an input's event says."""
    return hear(f"{BUTTON}/input_event/{number}", {"event": event, "event_cnt": count}, known).events


def test_the_first_press_after_a_power_cut_is_not_the_first_press_before_it() -> None:
    """Counts begin anew with each start; the same count is another press then."""
    known: Known = {}
    (before,) = gesture(known, "S", 1)
    (repeated,) = gesture(known, "S", 1)
    assert gesture(known, "", 0) == ()
    (after,) = gesture(known, "S", 1)
    assert before.press_id == repeated.press_id
    assert after.press_id != before.press_id


def test_a_start_that_is_told_with_every_update_is_one_start() -> None:
    """The empty event comes every thirty seconds until somebody presses."""
    known: Known = {}
    gesture(known, "S", 4)
    for _ in range(3):
        gesture(known, "", 0)
    (first,) = gesture(known, "S", 1)
    gesture(known, "", 0, number=1)
    (again,) = gesture(known, "S", 1)
    assert first.press_id == again.press_id == "1/1"


def test_what_is_known_changes_with_a_start_and_a_first_press_only() -> None:
    """The ledger is not written to by every press."""
    known: Known = {}
    changed = [bool(hear(f"{BUTTON}/input_event/0", {"event": "S", "event_cnt": n}, known).learned) for n in (1, 1, 2)]
    assert changed == [True, False, False]


@pytest.mark.parametrize("said", [{}, {"event": None}, {"event": "", "event_cnt": 9}, {"event": " "}, {"event": 3}])
def test_an_empty_event_is_no_press(said: object) -> None:
    """After a start, and of a switch that has no gestures."""
    assert hear(f"{BUTTON}/input_event/0", said) == Decoded()


def test_an_sos_button_by_name_can_call_and_a_plain_one_cannot() -> None:
    """Only the name that somebody gave it tells."""
    plain = announced("shellybutton1-3494546A01B2", "SHBTN-2")[BUTTON]
    named = announced("room-12-sos-cord", "SHBTN-2")["shellies/room-12-sos-cord"]
    assert plain.kinds[0] is Kind.BUTTON
    assert not plain.can_call
    assert named.can_call
    assert "sos" in named.unclear


@pytest.mark.parametrize(
    ("name", "model", "kind", "calls"),
    [
        ("shellysmoke-1", "SHSM-01", Kind.SMOKE, True),
        ("shellygas-1", "SHGS-1", Kind.GAS, True),
        ("shellyflood-1", "SHWT-1", Kind.WATER_LEAK, False),
        ("shellydw2-1", "SHDW-2", Kind.CONTACT, False),
        ("hall", "SHMOS-01", Kind.MOTION, False),
        ("shellyix3-1", "SHIX3-1", Kind.BUTTON, False),
        ("shelly1pm-1", "SHSW-PM", Kind.SWITCH, False),
        ("shellydimmer2-1", "SHDM-2", Kind.LIGHT, False),
        ("somewhat", "SH-NEW-9", Kind.OTHER, False),
    ],
)
def test_a_device_is_introduced_by_its_announcement(name: str, model: str, kind: Kind, calls: bool) -> None:
    """By id or model number; the serious ones are urgent from then on."""
    (item,) = announced(name, model).values()
    assert (item.device, item.kind, item.can_call) == (f"shellies/{name}", kind, calls)
    assert f"shellies/{name}/sensor/+" in item.topics


def test_a_later_generation_that_announces_itself_here_is_heard_elsewhere() -> None:
    """A script for old controllers lets it."""
    assert announced("shellyplus1-a8032abe54dc", "SNSW-001X16EU", gen=2) == {}


@pytest.mark.parametrize("payload", ["no json", "[]", '{"id": 3}', '{"id": "a/b"}'])
def test_an_announcement_that_is_none_is_a_reason(payload: str) -> None:
    """It goes to quarantine."""
    assert hear("shellies/announce", payload).error


def test_an_info_lists_what_an_announcement_does_not() -> None:
    """Two relays that drive a shutter are a shutter."""
    known = announced("shellyswitch25-1", "SHSW-25")
    known = {name: item for name, item in known.items() if item.kind is not Kind.COVER}
    hear("shellies/x/info", {"rollers": [{"state": "stop"}], "relays": [{}, {}]}, known)
    assert known["shellies/x"].kind is Kind.COVER
    assert "turn_on" not in known["shellies/x"].commands


@pytest.mark.parametrize(
    ("topic", "said"),
    [("sensor/temperature", "999"), ("sensor/state", "unknown"), ("sensor/battery", "-1"), ("sensor/vibration", "-1")],
)
def test_what_is_no_reading_has_no_value(topic: str, said: str) -> None:
    """999 degrees, an unknown door, a battery of minus one."""
    (event,) = hear(f"shellies/x/{topic}", said).events
    assert event.value is None


def test_a_self_test_of_a_gas_detector_is_no_gas() -> None:
    """Nor is what it does not know."""
    assert [hear("shellies/g/sensor/gas", said).events[0].value for said in ("test", "unknown", "mild")] == [
        None,
        None,
        True,
    ]


@pytest.mark.parametrize(
    ("model", "command", "topic", "answer"),
    [
        ("SHSW-1", TurnOn(device="shellies/d"), "shellies/d/relay/0", "on"),
        ("SHSW-1", TurnOff(device="shellies/d"), "shellies/d/relay/0", "off"),
        ("SHDM-2", TurnOn(device="shellies/d", brightness_pct=30, transition_s=2), "shellies/d/light/0", "on"),
        ("SHRGBW2", TurnOff(device="shellies/d"), "shellies/d/color/0", "off"),
    ],
)
def test_what_is_told_is_what_the_answer_says(model: str, command: Command, topic: str, answer: str) -> None:
    """There and back: the wish is nothing as it passes by, and the device's answer is the state that was wanted."""
    known = announced("d", model)
    sent = ADAPTER.encode(command, known)
    assert not isinstance(sent, Refused)
    assert all(message.topic.startswith(f"{topic}/") and hear(message.topic, "on") == Decoded() for message in sent)
    (event,) = hear(topic, answer).events
    assert event.kind in (Kind.SWITCH, Kind.LIGHT)
    assert event.value == answer


def test_a_light_is_told_all_at_once() -> None:
    """Brightness, warmth and transition in one message."""
    wish = TurnOn(device="shellies/l", brightness_pct=12.4, color_temp_k=2000, transition_s=60)
    (message,) = ADAPTER.encode(wish, announced("l", "SHBDUO-1"))  # type: ignore[misc]
    assert message.topic == "shellies/l/light/0/set"
    said = orjson.loads(message.payload)
    assert (said["turn"], said["brightness"], said["temp"], said["transition"]) == ("on", 12, 2700, 5000)


def test_a_roller_moves_and_stands() -> None:
    """By word and by percent, and its answers are a cover's."""
    move = ADAPTER.encode(SetCover(device="shellies/r", move="close"), {})
    stand = ADAPTER.encode(SetCover(device="shellies/r", position_pct=40), {})
    assert move == (Message("shellies/r/roller/0/command", b"close"),)
    assert stand == (Message("shellies/r/roller/0/command/pos", b"40"),)
    assert [event.value for event in hear("shellies/r/roller/0", "close").events] == ["closed"]
    assert [event.value for event in hear("shellies/r/roller/0/pos", "40").events] == [40]


def test_a_radiator_valve_is_set() -> None:
    """Its target, within what it can do."""
    known = announced("shellytrv-1", "SHTRV-01")
    (message,) = ADAPTER.encode(SetTemperature(device="shellies/shellytrv-1", celsius=21.5), known)  # type: ignore[misc]
    assert (message.topic, message.payload) == ("shellies/shellytrv-1/thermostat/0/command/target_t", b"21.5")


@pytest.mark.parametrize(
    ("model", "command"),
    [
        ("SHSW-1", TurnOn(device="shellies/d", brightness_pct=30)),
        ("SHBTN-2", TurnOn(device="shellies/d")),
        ("SHDM-2", TurnOn(device="shellies/d", brightness_pct=0)),
        ("SHDM-2", TurnOn(device="shellies/d", transition_s=float("nan"))),
        ("SHDM-2", SetCover(device="shellies/d", move="open")),
        ("SHSW-25", SetCover(device="shellies/d")),
        ("SHSW-25", SetCover(device="shellies/d", position_pct=101)),
        ("SHSW-1", SetTemperature(device="shellies/d", celsius=20)),
        ("SHTRV-01", SetTemperature(device="shellies/d", celsius=float("nan"))),
        ("SHSW-1", Sound(device="shellies/d", duration_s=5)),
        ("SHSW-1", TurnOn(device="shellies/d/relay")),
    ],
)
def test_what_it_cannot_do_is_refused_with_the_reason(model: str, command: Command) -> None:
    """In words that staff can read."""
    answer = ADAPTER.encode(command, announced("d", model))
    assert isinstance(answer, Refused)
    assert answer.reason


@pytest.mark.parametrize("topic", ["status", "info", "input_event/0"])
@pytest.mark.parametrize("payload", ["no json", "[]", "3"])
def test_what_should_be_an_object_and_is_none_is_a_reason(topic: str, payload: str) -> None:
    """It goes to quarantine."""
    assert hear(f"shellies/x/{topic}", payload).error

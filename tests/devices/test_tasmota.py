"""Tasmota: both orders of its topics, presses and wishes, what its bridges hear, and commands there and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.adapter import Decoded, Description, Message, Refused
from devices.catalogue import Catalogue
from devices.commands import Command, SetCover, Sound, TurnOff, TurnOn
from devices.events import Event, Kind
from devices.tasmota import Tasmota

ADAPTER = Tasmota()
Known = dict[str, Description]


def hear(topic: str, payload: object, known: Known | None = None, *, retain: bool = False) -> Decoded:
    """What a message says; what it introduces is known from here on."""
    body = payload.encode() if isinstance(payload, str) else json.dumps(payload).encode()
    decoded = ADAPTER.decode(Message(topic, body, retain=retain), known if known is not None else {})
    if known is not None:
        known.update((item.device, item) for item in decoded.learned)
    return decoded


def discovered(**more: object) -> Known:
    """A Tasmota that has introduced itself."""
    config = {"dn": "Lamp", "md": "Generic", "t": "lamp", "ft": "%prefix%/%topic%/", "tp": ["cmnd", "stat", "tele"]}
    known: Known = {}
    hear("tasmota/discovery/5CCF7F000001/config", {**config, "rl": [1], "btn": [0], "so": {"73": 0}, **more}, known)
    return known


def kinds(events: tuple[Event, ...]) -> list[tuple[Kind, object]]:
    """Kind and value of each event."""
    return [(one.kind, one.value) for one in events]


@pytest.mark.parametrize(
    ("topic", "device"),
    [
        ("stat/cord/RESULT", "tasmota/cord"),
        ("cord/stat/RESULT", "tasmota/cord"),
        ("stat/wing a/cord/RESULT", "tasmota/wing a/cord"),
        ("wing a/cord/stat/RESULT", "tasmota/wing a/cord"),
        ("annexe/stat/cord/RESULT", "tasmota/annexe/cord"),
        ("tasmota/cord/stat/RESULT", "tasmota/tasmota/cord"),
    ],
)
def test_a_press_is_heard_in_either_order_of_the_topic(topic: str, device: str) -> None:
    """Each is one device, found by the catalogue, and subscribed to before it has spoken."""
    found = Catalogue().adapter_for(topic)
    assert found is not None
    assert found.name == "tasmota"
    (event,) = hear(topic, {"Button1": {"Action": "SINGLE"}}).events
    assert (event.device, event.kind, event.value, event.press) == (device, Kind.BUTTON, "SINGLE", True)


@pytest.mark.parametrize("topic", ["cmnd/plug/POWER", "plug/cmnd/POWER", "cmnd/plug/Backlog0", "cmnd/plug/STATE"])
def test_a_wish_passing_by_is_no_state(topic: str) -> None:
    """It may be refused, or nobody may be there."""
    assert hear(topic, "ON") == Decoded()
    assert hear(topic, {"POWER": "ON", "Button1": {"Action": "SINGLE"}}) == Decoded()


def test_a_wish_that_the_broker_remembers_is_how_the_device_stands() -> None:
    """It is obeyed with each connection; only what switches is read of it."""
    assert kinds(hear("cmnd/doorbell/POWER2", "ON", retain=True).events) == [(Kind.SWITCH, "on")]
    assert hear("cmnd/doorbell/POWER", "TOGGLE", retain=True) == Decoded()
    assert hear("cmnd/doorbell/Dimmer", "30", retain=True) == Decoded()


def test_what_it_says_every_few_minutes_shows_that_it_is_there() -> None:
    """A cord that nobody pulls is heard all the same; what a broker remembers shows nothing."""
    state = {"Time": "2026-11-22T02:14:07", "Uptime": "0T01:00:00", "Wifi": {"RSSI": 70}}
    assert kinds(hear("tele/cord/STATE", state).events) == [(Kind.OTHER, "heard")]
    assert hear("tele/cord/STATE", state, retain=True) == Decoded()


@pytest.mark.parametrize(
    "payload",
    ["CHOD,DHW", "", "{cut", '{"SetOption3":"ON"}', '{"Var1":"more"}', '{"Time":"x","ANALOG":{"A0":1024}}', "[]", "1"],
)
def test_settings_measurements_of_nothing_and_a_scripts_words_are_nothing(payload: str) -> None:
    """Nobody shall look through them in quarantine."""
    assert hear("stat/boiler/RESULT", payload) == Decoded()


def test_a_result_that_was_cut_within_a_press_is_a_reason() -> None:
    """A press may have been lost: that goes to quarantine."""
    assert hear("stat/cord/RESULT", '{"Button1":{"Action":"SING').error


def test_the_end_of_a_hold_is_no_press() -> None:
    """`CLEAR` follows `HOLD`."""
    (event,) = hear("stat/cord/RESULT", {"Button1": {"Action": "CLEAR"}}).events
    assert (event.kind, event.press) == (Kind.OTHER, False)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"Contact": 1}, [(Kind.CONTACT, "open")]),
        ({"Contact": 0}, [(Kind.CONTACT, "closed")]),
        ({"Contact": "?"}, [(Kind.CONTACT, None)]),
        ({"Fire": 1}, [(Kind.SMOKE, True)]),
        ({"CO": 0}, [(Kind.CO, False)]),
        ({"PersonalAlarm": 1}, [(Kind.EMERGENCY, True)]),
        ({"0501!04": ""}, [(Kind.EMERGENCY, True)]),
        ({"0501!03": ""}, [(Kind.BUTTON, "fire")]),
        ({"Power": 1}, [(Kind.SWITCH, "on")]),
        ({"Power": 2, "0006!02": ""}, [(Kind.BUTTON, "toggle")]),
        ({"BatteryPercentage": 200}, [(Kind.BATTERY, None)]),
        ({"LinkQuality": 20, "Endpoint": 1}, [(Kind.OTHER, "heard")]),
    ],
)
def test_what_a_zigbee_bridge_hears(data: dict[str, object], expected: list[tuple[Kind, object]]) -> None:
    """Each device is one of its own, named by its name where it has one."""
    said = {"ZbReceived": {"0x2B01": {"Device": "0x2B01", "Name": "bath/door", **data}}}
    *events, bridge = hear("tele/bridge/SENSOR", said).events
    assert kinds(tuple(events)) == expected
    assert {event.device for event in events} == {"tasmota/bridge/bath_door"}
    assert (bridge.device, bridge.value) == ("tasmota/bridge", "heard")


def test_what_a_bridge_hears_is_introduced_and_lost_with_it() -> None:
    """They name it as their gateway, so its own will is enough."""
    known: Known = {}
    hear("tele/zb/SENSOR", {"ZbReceived": {"0x1": {"Name": "SOS bath", "Click": "single"}}}, known)
    assert known["tasmota/zb/SOS bath"].can_call
    hear("tele/zb/SENSOR", {"ZbReceived": {"0x2": {"Fire": 0}}}, known)
    assert known["tasmota/zb/0x2"].can_call
    assert {known[name].gateway for name in ("tasmota/zb/SOS bath", "tasmota/zb/0x2")} == {"tasmota/zb"}
    assert [event.device for event in hear("tele/zb/LWT", "Offline", known).events] == ["tasmota/zb"]
    assert [event.device for event in hear("tele/plug/LWT", "Online", known).events] == ["tasmota/plug"]


def test_each_radio_code_is_a_device_and_is_not_introduced() -> None:
    """A neighbour's gate is heard too: what a code is for is said when it is placed."""
    known: Known = {}
    (event,) = hear("tele/rf/RESULT", {"RfReceived": {"Data": "0xA1B2C8", "RfKey": "None"}}, known).events
    assert (event.device, event.value, event.press) == ("tasmota/rf/rf/0xa1b2c8", "0xa1b2c8", True)
    assert known == {}
    assert "tele/rf/+" in ADAPTER.topics_of(event.device)


def test_a_cord_introduces_itself_with_its_buttons_told_apart_from_its_relay() -> None:
    """Only with SetOption73 does a button say that it was pressed."""
    cord = discovered(dn="SOS cord", t="cord", rl=[0], btn=[1], so={"73": 1})["tasmota/cord"]
    plain = discovered(dn="SOS cord", t="cord", rl=[0], btn=[1])["tasmota/cord"]
    assert cord.can_call
    assert cord.topics == ("stat/cord/+", "tele/cord/+")
    assert not plain.can_call
    assert discovered(dn="SOS cord", t="cord", rl=[0], swc=[-1, 2])["tasmota/cord"].can_call


def test_a_tasmota_with_words_of_its_own_says_so() -> None:
    """It cannot be heard, and the list of devices says why."""
    assert discovered(tp=["befehl", "stand", "mess"])["tasmota/lamp"].unclear
    assert not discovered()["tasmota/lamp"].unclear


def test_a_device_in_deep_sleep_is_not_gone() -> None:
    """Its will is told each time; the device wakes by itself."""
    known = discovered(dslp=1)
    assert [event.device for event in hear("tele/lamp/LWT", "Offline", known).events] == ["tasmota/lamp/link"]
    assert [event.device for event in hear("tele/lamp/LWT", "Online", known).events] == ["tasmota/lamp"]


def test_an_empty_introduction_takes_the_device_back() -> None:
    """By its hardware address."""
    known = discovered()
    assert hear("tasmota/discovery/5CCF7F000001/config", "", known).forgotten == ("tasmota/lamp",)
    assert hear("tasmota/discovery/5CCF7F000002/config", "", known).forgotten == ()


@pytest.mark.parametrize("payload", ["no json", "{}", '{"t":""}', "[]"])
def test_an_introduction_that_is_none_is_a_reason(payload: str) -> None:
    """It goes to quarantine."""
    assert hear("tasmota/discovery/5CCF7F000001/config", payload).error


def sent(command: Command, known: Known) -> list[tuple[str, bytes]]:
    """What is sent for a command; each message is nothing as it passes by."""
    messages = ADAPTER.encode(command, known)
    assert not isinstance(messages, Refused), messages
    assert all(hear(message.topic, message.payload.decode()) == Decoded() for message in messages)
    return [(message.topic, message.payload) for message in messages]


@pytest.mark.parametrize(
    ("order", "topic"),
    [
        ("%prefix%/%topic%/", "cmnd/lamp/POWER1"),
        ("%topic%/%prefix%/", "lamp/cmnd/POWER1"),
        ("home/%prefix%/%topic%/", "home/cmnd/lamp/POWER1"),
    ],
)
def test_a_command_goes_where_the_device_listens(order: str, topic: str) -> None:
    """There and back: in its own order, and its answer is the state that was wanted."""
    known = discovered(ft=order)
    (device,) = known
    assert sent(TurnOn(device=device), known) == [(topic, b"ON")]
    (event,) = hear(topic.replace("cmnd", "stat").replace("POWER1", "RESULT"), {"POWER": "ON"}, known).events
    assert (event.device, event.kind, event.value) == (device, Kind.SWITCH, "on")


def test_the_other_order_is_remembered_of_a_device_that_nobody_introduced() -> None:
    """Its will, which the broker keeps, says how it is spoken to."""
    known: Known = {}
    hear("fan/tele/LWT", "Online", known)
    assert sent(TurnOff(device="tasmota/fan"), known) == [("fan/cmnd/POWER1", b"OFF")]
    assert sent(TurnOff(device="tasmota/fan"), {}) == [("cmnd/fan/POWER1", b"OFF")]


def test_every_output_and_every_wish_of_a_light() -> None:
    """Two relays are two messages; a light is told all at once."""
    two = discovered(rl=[1, 1])
    assert [topic for topic, _ in sent(TurnOff(device="tasmota/lamp"), two)] == ["cmnd/lamp/POWER1", "cmnd/lamp/POWER2"]
    light = discovered(rl=[2], lt_st=5)
    wish = TurnOn(device="tasmota/lamp", brightness_pct=30, color_temp_k=2700, transition_s=1.5)
    assert sent(wish, light) == [("cmnd/lamp/Backlog0", b"Speed2 3; Dimmer 30; CT 370; POWER1 ON")]
    (event,) = hear("stat/lamp/RESULT", {"POWER": "ON"}, light).events
    assert event.kind is Kind.LIGHT
    shutter = discovered(rl=[3, 3])
    assert sent(SetCover(device="tasmota/lamp", move="open"), shutter) == [("cmnd/lamp/ShutterOpen1", b"")]
    assert sent(SetCover(device="tasmota/lamp", position_pct=40), shutter) == [("cmnd/lamp/ShutterPosition1", b"40")]


@pytest.mark.parametrize(
    ("more", "command"),
    [
        ({"rl": [1]}, TurnOn(device="tasmota/lamp", brightness_pct=30)),
        ({"rl": [0]}, TurnOn(device="tasmota/lamp")),
        ({"rl": [2], "lt_st": 1}, TurnOn(device="tasmota/lamp", color_temp_k=2700)),
        ({"rl": [2]}, TurnOn(device="tasmota/lamp", brightness_pct=0)),
        ({"rl": [2]}, TurnOn(device="tasmota/lamp", transition_s=-1)),
        ({"rl": [1]}, SetCover(device="tasmota/lamp", move="open")),
        ({"rl": [3, 3]}, SetCover(device="tasmota/lamp")),
        ({"rl": [3, 3]}, SetCover(device="tasmota/lamp", position_pct=-1)),
        ({"rl": [1]}, Sound(device="tasmota/lamp", duration_s=3)),
        ({}, TurnOn(device="stat/lamp")),
    ],
)
def test_what_it_cannot_do_is_refused_with_the_reason(more: dict[str, object], command: Command) -> None:
    """In words that staff can read."""
    refused = ADAPTER.encode(command, discovered(**more))
    assert isinstance(refused, Refused)
    assert refused.reason


NAMES = (
    "POWER POWER2 Button1 Switch1 Shutter1 Action Position ZbReceived RfReceived IrReceived Data Name Contact Click"
    " ZoneStatus Temperature Humidity ENERGY Power TempUnit StatusSNS ATC-a1b2c3 Btn mac 0501!02 0006!01 t ft tp rl so"
)
words = st.sampled_from(NAMES.split())
SAID = st.sampled_from(["ON", "SINGLE", "F", ""])
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | SAID
trees = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=5))


@given(
    tree=st.dictionaries(words, trees, max_size=6),
    leaf=st.sampled_from(["RESULT", "SENSOR", "STATE", "STATUS8", "POWER", "LWT", "UPTIME"]),
    prefix=st.sampled_from(["stat/x", "x/tele", "cmnd/x", "tasmota/discovery/0A"]),
    retain=st.booleans(),
)
def test_any_json_on_any_of_its_topics_is_read_without_an_exception(
    tree: dict[str, object], leaf: str, prefix: str, retain: bool
) -> None:
    """Whatever stands inside, and whatever it introduced before."""
    known: Known = {}
    for topic in (f"{prefix}/{leaf}", f"{prefix}/config"):
        for _ in range(2):
            decoded = hear(topic, tree, known, retain=retain)
            assert decoded.error is None or decoded == Decoded(error=decoded.error)
            assert all(one.device and (not one.press or one.repeat_window_ms) for one in decoded.events)

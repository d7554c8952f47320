"""A pendant's second button: which button each ecosystem says that it was, and how it was pressed."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.adapter import Message
from devices.catalogue import Catalogue
from devices.events import Event, Kind
from devices.gestures import TELLS_HOW, answer_of, cannot_answer
from devices.known import KnownDevices
from devices.registry import Placed, Purpose, Registry, meaning

CATALOGUE = Catalogue()
ONCE, TWICE, CALLS = 0, 1, None
Z2M, GATEWAY, NODE = "zigbee2mqtt/remote", "shelly/blugw", "esphome/pendant"
BLU = f"{GATEWAY}/bthomedevice:200"
AUTO = "homeassistant/device_automation/p1"
DEVICE = {"ids": "p1", "name": "p1"}


def trigger(number: int, kind: str) -> tuple[str, Mapping[str, object]]:
    """A device trigger as Home Assistant's discovery introduces it."""
    config = {
        "automation_type": "trigger",
        "topic": "pendant/action",
        "type": kind,
        "subtype": f"button_{number}",
        "payload": f"{number}-{kind}",
        "device": DEVICE,
    }
    return f"{AUTO}/{number}_{kind}/config", config


TRIGGERS = tuple(
    trigger(number, kind)
    for number in (1, 2)
    for kind in ("button_short_press", "button_double_press", "button_long_press")
)
EVENT_ENTITY = (
    "homeassistant/event/p2/button_2/config",
    {
        "unique_id": "p2b2",
        "object_id": "button_2",
        "name": "Button 2",
        "state_topic": "p2/button_2",
        "event_types": ["single", "double", "long"],
        "device": {"ids": "p2", "name": "p2"},
    },
)


def rpc(event: str, idx: int, component: str = "bthomedevice:200") -> dict[str, object]:
    """A gesture that a Shelly's gateway heard of one button of a BLU remote."""
    row = {"component": component, "event": event, "idx": idx, "ts": 1_773_181_800.5}
    return {"src": "blugw", "method": "NotifyEvent", "params": {"ts": 1_773_181_800.5, "events": [row]}}


def script(*buttons: int) -> dict[str, object]:
    """The same of a script on an older gateway: one number for each button, 0 for one that nobody pressed."""
    data = {"address": "b0:c7:de:11:22:33", "button": list(buttons)}
    row = {"component": "script:1", "event": "shelly-blu", "data": data, "ts": 1_773_181_800.5}
    return {"src": "blugw", "method": "NotifyEvent", "params": {"ts": 1_773_181_800.5, "events": [row]}}


def own(**said: object) -> dict[str, object]:
    """Our own plain form."""
    return {"kind": "button", **said}


SAID: list[tuple[str, str, object, int | None]] = [
    # -- Zigbee2MQTT
    (f"{Z2M}#2", Z2M, {"action": "2_single", "last_seen": "2026-03-10T22:31:00.000Z"}, ONCE),
    (f"{Z2M}#2", f"{Z2M}/action", "2_double", TWICE),
    (f"{Z2M}#2", Z2M, {"action": "2_hold"}, CALLS),
    (f"{Z2M}#2", Z2M, {"action": "2_triple"}, CALLS),
    (f"{Z2M}#button_2", Z2M, {"action": "button_2_single"}, ONCE),
    (f"{Z2M}#button_2", Z2M, {"action": "button_2_quadruple"}, CALLS),
    (f"{Z2M}#right", Z2M, {"action": "single_right"}, ONCE),
    (f"{Z2M}#right", Z2M, {"action": "right_double"}, TWICE),
    (f"{Z2M}#right", Z2M, {"action": "hold_right"}, CALLS),
    (f"{Z2M}#dots_2", Z2M, {"action": "dots_2_initial_press"}, CALLS),
    # -- Shelly BLU: RC Button 4 and Wall Switch 4
    (f"{BLU}#button:1", "blugw/events/rpc", rpc("single_push", 1), ONCE),
    (f"{BLU}#button:1", "blugw/events/rpc", rpc("double_push", 1), TWICE),
    (f"{BLU}#button:1", "blugw/events/rpc", rpc("long_push", 1), CALLS),
    (f"{BLU}#button:1", "blugw/events/rpc", rpc("triple_push", 1), CALLS),
    ("shelly/blu/b0c7de112233#button:1", "blugw/events/rpc", script(0, 1, 0, 0), ONCE),
    ("shelly/blu/b0c7de112233#button:1", "blugw/events/rpc", script(0, 254, 0, 0), CALLS),
    # -- BTHome through Theengs
    (
        "theengs/ble/B0C7DE112233#button2",
        "home/g/BTtoMQTT/B0C7DE112233",
        {"id": "B0:C7:DE:11:22:33", "button2": 1},
        ONCE,
    ),
    (
        "theengs/ble/B0C7DE112233#button2",
        "home/g/BTtoMQTT/B0C7DE112233",
        {"id": "B0:C7:DE:11:22:33", "button2": 2},
        TWICE,
    ),
    (
        "theengs/ble/B0C7DE112233#button2",
        "home/g/BTtoMQTT/B0C7DE112233",
        {"id": "B0:C7:DE:11:22:33", "button2": 4},
        CALLS,
    ),
    # -- Home Assistant's discovery, with triggers and with an event
    ("homeassistant/p1#button_2", "pendant/action", "2-button_short_press", ONCE),
    ("homeassistant/p1#button_2", "pendant/action", "2-button_double_press", TWICE),
    ("homeassistant/p1#button_2", "pendant/action", "2-button_long_press", CALLS),
    ("homeassistant/p2#button_2", "p2/button_2", {"event_type": "single"}, ONCE),
    ("homeassistant/p2#button_2", "p2/button_2", {"event_type": "long"}, CALLS),
    # -- ESPHome without discovery
    (f"{NODE}#green", "pendant/event/green/state", {"event_type": "double"}, TWICE),
    (f"{NODE}#green", "pendant/event/green/state", {"event_type": "press"}, CALLS),
    # -- Tasmota
    ("tasmota/pendant#Button2", "stat/pendant/RESULT", {"Button2": {"Action": "SINGLE"}}, ONCE),
    ("tasmota/pendant#Button2", "stat/pendant/RESULT", {"Button2": {"Action": "DOUBLE"}}, TWICE),
    ("tasmota/pendant#Button2", "stat/pendant/RESULT", {"Button2": {"Action": "HOLD"}}, CALLS),
    # -- our own form
    (
        "handrail-device/pendant#input:1",
        "handrail-device/pendant",
        own(value="single", field="input:1", id="1"),
        ONCE,
    ),
    (
        "handrail-device/pendant#input:1",
        "handrail-device/pendant",
        own(value="hold", field="input:1", id="2"),
        CALLS,
    ),
]
KEPT = KnownDevices()


def known() -> KnownDevices:
    """What introduced itself."""
    if not KEPT:
        for topic, config in (*TRIGGERS, EVENT_ENTITY):
            adapter = CATALOGUE.adapter_for(topic, KEPT)
            assert adapter is not None
            decoded = adapter.decode(Message(topic, json.dumps(config).encode(), retain=True), KEPT)
            KEPT.update((item.device, item) for item in decoded.learned)
    return KEPT


def heard(address: str, topic: str, payload: object) -> Event:
    """The press in a message, as of the part, where the pendant and its second button are placed."""
    whole = address.partition("#")[0]
    rows = [Placed(device=one, name=one, person="margaret", purpose=Purpose.EMERGENCY) for one in (whole, address)]
    body = payload.encode() if isinstance(payload, str) else json.dumps(payload).encode()
    adapter = CATALOGUE.adapter_for(topic, known())
    assert adapter is not None, topic
    decoded = adapter.decode(Message(topic, body), known())
    assert decoded.error is None, decoded.error
    [event] = [Registry(rows).of_part(event) for event in decoded.events if event.press]
    called = meaning(event, Registry(rows).by_address(event.device))
    assert (called.kind, called.value) == (Kind.EMERGENCY, True), "without a question each gesture calls"
    return event


@pytest.mark.parametrize(("address", "topic", "payload", "answer"), SAID)
def test_the_second_button_is_known_by_its_own_name(
    address: str, topic: str, payload: object, answer: int | None
) -> None:
    """And whether it was pressed once, twice or otherwise; whatever it is, it calls where nothing is asked."""
    event = heard(address, topic, payload)
    assert event.device == address
    assert answer_of(event) == answer
    assert cannot_answer(address) == ""


@pytest.mark.parametrize(
    ("part", "topic", "payload"),
    [
        (f"{Z2M}#2", Z2M, {"action": "1_single"}),
        (f"{Z2M}#2", Z2M, {"action": "single"}),
        (f"{Z2M}#2", Z2M, {"action": "12_single"}),
        (f"{Z2M}#2", Z2M, {"action": "brightness_step_2"}),
        (f"{Z2M}#2", Z2M, {"action": "2"}),
        (f"{Z2M}#right", Z2M, {"action": "single_both"}),
        (f"{Z2M}#right", Z2M, {"action": "arrow_right_click_2"}),
        (f"{BLU}#button:1", "blugw/events/rpc", rpc("single_push", 0)),
        (f"{BLU}#button:1", "blugw/events/rpc", rpc("single_push", 2)),
        ("shelly/blu/b0c7de112233#button:1", "blugw/events/rpc", script(1, 0, 0, 0)),
        ("homeassistant/p1#button_2", "pendant/action", "1-button_short_press"),
        ("tasmota/pendant#Button2", "stat/pendant/RESULT", {"Button1": {"Action": "SINGLE"}}),
    ],
)
def test_any_other_button_is_the_whole_pendant_s(part: str, topic: str, payload: object) -> None:
    """The first one, both at once, a word that names none: each calls, and is no gesture of the second."""
    event = heard(part, topic, payload)
    assert event.device == part.partition("#")[0]
    assert answer_of(event) is CALLS


@pytest.mark.parametrize(
    ("address", "why"),
    [
        (Z2M, "is no part of a device"),
        (f"{Z2M}#1", "is the first button"),
        (f"{Z2M}#button_1", "is the first button"),
        (f"{Z2M}#left", "is the first button"),
        (f"{BLU}#button:0", "is the first button"),
        (f"{BLU}#input:0", "is a wired input"),
        ("tasmota/pendant#Button1", "is the first button"),
        ("theengs/ble/B0C7DE112233#button", "is the first button"),
        ("theengs/ble/B0C7DE112233#button1", "is the first button"),
        ("homeassistant/p1#sos", "is the first button"),
        ("homeassistant/p1#help_2", "is the first button"),
        ("shelly/i4#input:1", "is a wired input"),
        ("tasmota/hall#input:2", "is a wired input"),
        ("shellies/ix3#input:1", "is heard by shellies"),
        ("rtl_433/Remote/4#2", "is heard by rtl_433"),
        ("homie/5/pendant#buttons/two", "is heard by homie"),
        ("v3/house@care/devices/keypad#button_2", "is heard by v3"),
        ("application/7c1d/device/70b3d50000000006#button_2", "is heard by application"),
    ],
)
def test_what_cannot_answer_says_why(address: str, why: str) -> None:
    """The first button never becomes anything else; nor what does not say how it was pressed."""
    assert cannot_answer(address).startswith(why)


@given(
    st.sampled_from([*TELLS_HOW, "rtl_433", "shellies", "homie"]),
    st.sampled_from(["2", "button_2", "button:1", "right", "green"]),
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(3, 300),
        st.text(max_size=12).filter(lambda said: "s" not in said.casefold() and "d" not in said.casefold()),
        st.sampled_from(
            ["hold", "long", "2_hold", "single_hold", "hold_single", "double_release", "singles", "1_single"]
        ),
    ),
)
def test_no_other_word_is_an_answer(base: str, part: str, said: str | int | bool | None) -> None:
    """Whatever a device may say: only the words of the table are."""
    event = Event(device=f"{base}/pendant#{part}", kind=Kind.BUTTON, value=said, press=True)
    assert answer_of(event) is CALLS

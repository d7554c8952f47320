"""What every adapter promises, run against each of them and against the blueprint for the next."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.adapter import Adapter, Decoded, Message, Refused
from devices.blueprint import Blueprint
from devices.catalogue import ADAPTERS, Catalogue
from devices.commands import Command, Lock, Say, SetCover, SetTemperature, Sound, TurnOff, TurnOn, Unlock
from devices.events import BETWEEN, TWO_WORDS, Event, Kind
from devices.known import KnownDevices
from devices.topics import matches, publishable

RECORDINGS = Path(__file__).parent / "recordings"
EVERY: tuple[Adapter, ...] = (*ADAPTERS, Blueprint())
TAILS = (
    *("bridge/devices", "bridge/state", "bridge/event", "bridge/logging", "a", "a/action", "a/availability", "a/set"),
    *("a/contact", "a b/c", "attic/events", "attic/devices/Model/1/event", "attic/availability", "attic/devices"),
    *("attic/states", "x/pressed", "x/door", "", "/", "//"),
    *("a/up", "a/join", "a/down/failed", "a/event/up", "a/event/status", "a/event/log", "a/command/down"),
    *("a/$state", "5/a/$description", "a/n/p", "a/n/p/$datatype", "a/n/p/$format", "5/a/n/sos", "5/a/$alert/x"),
    *("events", "available", "cam/person", "cam/motion", "cam/status/detect", "a/about", "a/available"),
)
each_adapter = pytest.mark.parametrize("adapter", EVERY, ids=lambda adapter: adapter.name)

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
NAMES = (
    "action contact battery state last_seen fall_status sos model id event alarm cmd temperature_F battery_ok subtype"
    " time friendly_name definition exposes features type property name access values value_on occupancy_1 position"
    " learn channel heartbeat"
    " uplink_message decoded_payload object deviceInfo end_device_ids f_cnt fCnt header notification system payload"
    " messages measurements measurementValue events alarm_type fall_alarm alarm_status detection_status button_event"
    " batteryLevel after label camera frame_time kind kinds value unit at nodes datatype settable Device Alarm"
)
names = st.sampled_from(NAMES.split()) | st.text(max_size=8)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=6), max_leaves=20
)
payloads = st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode())


def base(adapter: Adapter) -> str:
    """The topic an adapter's filter stands on."""
    return adapter.filters[0].removesuffix("/#").replace("+", "house")


def rows(adapter: Adapter) -> list[dict[str, object]]:
    """The recorded lines of an ecosystem."""
    return [orjson.loads(line) for line in (RECORDINGS / f"{adapter.name}.jsonl").read_bytes().splitlines()]


def message_of(row: dict[str, object]) -> Message:
    """A recorded line as the adapter gets it."""
    return Message(str(row["topic"]), str(row["payload"]).encode(), retain=row["retain"] is True)


def sane(decoded: Decoded) -> None:
    """Every event keeps to the closed vocabulary, and an error comes with nothing else."""
    if decoded.error is not None:
        assert decoded.error
        assert not decoded.events
        assert not decoded.learned
    for event in decoded.events:
        assert isinstance(event, Event)
        assert event.device
        words = TWO_WORDS.get(event.kind)
        if words is not None and isinstance(event.value, str):
            assert event.value in words or (event.kind is Kind.AVAILABILITY and event.value in BETWEEN)
        assert event.value is None or isinstance(event.value, (str, bool, int, float))
        assert not event.press or event.repeat_window_ms > 0


@each_adapter
@given(tail=st.sampled_from(TAILS) | st.text(max_size=30), payload=payloads, retain=st.booleans())
def test_any_bytes_on_any_topic_give_events_or_nothing_or_a_reason(
    adapter: Adapter, tail: str, payload: bytes, retain: bool
) -> None:
    """An adapter never raises, whatever arrives, and decodes the same message with the same knowledge alike."""
    message = Message(f"{base(adapter)}/{tail}", payload, retain=retain)
    decoded = adapter.decode(message, {})
    sane(decoded)
    assert adapter.decode(message, {}) == decoded
    known = {item.device: item for item in decoded.learned}
    for item in decoded.learned:
        sane(adapter.decode(Message(item.device, payload), known))


@each_adapter
def test_every_recorded_topic_is_covered_by_the_adapters_filters(adapter: Adapter) -> None:
    """The broker delivers everything the adapter can read, and the catalogue finds the adapter for it."""
    catalogue = Catalogue(EVERY)
    known = KnownDevices()
    for row in rows(adapter):
        topic = str(row["topic"])
        assert any(matches(topic_filter, topic) for topic_filter in (*adapter.filters, *known.on_topic))
        assert catalogue.adapter_for(topic, known) is adapter
        known.update((item.device, item) for item in adapter.decode(message_of(row), known).learned)


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.name)
def test_a_press_comes_on_a_topic_that_one_filter_alone_covers(adapter: Adapter) -> None:
    """A broker delivers a message once for each filter that fits, and a second copy on the bulk lane has no twin: it
    would be acted on two seconds late."""
    filters, known = Catalogue().filters(), KnownDevices()
    for row in rows(adapter):
        decoded = adapter.decode(message_of(row), known)
        known.update((item.device, item) for item in decoded.learned)
        if any(event.press for event in decoded.events):
            fit = [name for name in filters if matches(name, str(row["topic"]))]
            assert len(fit) <= 1, (row["topic"], fit)


@each_adapter
def test_urgent_filters_are_a_part_of_the_filters(adapter: Adapter) -> None:
    """What is urgent as a whole is heard by the bulk lane too."""
    for urgent in adapter.urgent_filters:
        assert any(matches(topic_filter, urgent.replace("+", "x")) for topic_filter in adapter.filters)


NEVER_PRESSED = frozenset({"frigate"})
"""Ecosystems without anything that somebody could press."""


@each_adapter
def test_a_press_says_how_long_it_may_be_repeated_and_where_it_is_heard(adapter: Adapter) -> None:
    """Each recorded press carries the adapter's window, and its topic is one the urgent lane subscribes to."""
    assert adapter.repeat_window_ms > 0
    presses = 0
    known = KnownDevices()
    for row in rows(adapter):
        topic = str(row["topic"])
        decoded = adapter.decode(message_of(row), known)
        known.update((item.device, item) for item in decoded.learned)
        for event in decoded.events:
            if event.press:
                presses += 1
                assert event.repeat_window_ms == adapter.repeat_window_ms
                introduced = known[event.device].topics if event.device in known else ()
                filters = adapter.topics_of(event.device) or introduced
                assert any(matches(topic_filter, topic) for topic_filter in filters)
    assert bool(presses) is (adapter.name not in NEVER_PRESSED)


@each_adapter
@pytest.mark.parametrize(
    "command",
    [
        TurnOn(device="?"),
        TurnOn(device="?", brightness_pct=30),
        TurnOn(device="?", brightness_pct=-1),
        TurnOn(device="?", color_temp_k=0),
        TurnOff(device="?"),
        TurnOff(device="?", transition_s=float("inf")),
        Sound(device="?", duration_s=10),
        Sound(device="?", duration_s=float("nan")),
        SetCover(device="?", move="close"),
        SetCover(device="?", position_pct=float("nan")),
        SetCover(device="?"),
        Lock(device="?"),
        Unlock(device="?"),
        SetTemperature(device="?", celsius=21),
        SetTemperature(device="?", celsius=float("inf")),
        Say(device="?", text=""),
        Say(device="?", text="Somebody is coming."),
    ],
)
@pytest.mark.parametrize("device", ["lamp", "a/b c", "lamp#", "+", "", "nul\0"])
def test_a_command_becomes_publishable_messages_or_a_reason(adapter: Adapter, command: Command, device: str) -> None:
    """Nothing is sent that a broker would refuse, and what cannot be done is said in words."""
    for address in (f"{base(adapter)}/{device}", device):
        answer = adapter.encode(replace(command, device=address), {})
        if isinstance(answer, Refused):
            assert answer.reason
            continue
        assert answer
        for message in answer:
            assert publishable(message.topic)
            assert any(matches(topic_filter, message.topic) for topic_filter in adapter.filters)
            assert not message.retain
            passing_by = adapter.decode(message, {})
            assert passing_by.error is None
            assert all(event.kind is Kind.OTHER for event in passing_by.events)


@each_adapter
def test_a_strange_address_has_no_topics(adapter: Adapter) -> None:
    """An address with a wildcard in it, or one for which a broker hangs up, is never subscribed to, and another
    ecosystem's is not ours."""
    for strange in ("a\x01b", "\ufffe", "a/" * 201 + "x", "x" * 65_530):
        assert adapter.topics_of(f"{base(adapter)}/{strange}") == ()
    assert adapter.topics_of(f"{base(adapter)}/a/#") == ()
    assert adapter.topics_of(f"{base(adapter)}/+") == ()
    assert adapter.topics_of("somebody/elses") == ()


@each_adapter
def test_a_foreign_topic_is_a_reason(adapter: Adapter) -> None:
    """A message that strayed to the wrong adapter is refused with a reason."""
    assert adapter.decode(Message("somebody/elses/topic", b"{}"), {}).error


def test_the_catalogue_knows_who_reads_what() -> None:
    """Topics and addresses of the shipped ecosystems find their adapter; others find none."""
    catalogue = Catalogue()
    for topic, name in (
        ("v3/house@care/devices/pendant-1/up", "lorawan_tts"),
        ("application/7c1d/device/70b3d5/event/up", "lorawan_chirpstack"),
        ("homie/5/room-14/bed/occupied", "homie"),
        ("frigate/side_door/person", "frigate"),
        ("handrail-device/cord-012", "handrail_device"),
    ):
        adapter = catalogue.adapter_for(topic)
        assert adapter is not None
        assert adapter.name == name
    assert {"zigbee2mqtt", "rtl_433", "shelly_gen1", "tasmota", "homeassistant_discovery", "esphome"} <= {
        adapter.name for adapter in ADAPTERS
    }
    found = catalogue.adapter_for("zigbee2mqtt/room 1/door")
    assert found is ADAPTERS[0]
    assert catalogue.adapter_for("rtl_433/attic/events") is ADAPTERS[1]
    introduced = catalogue.adapter_for("homeassistant/sensor/x/config")
    assert introduced is not None
    assert introduced.name == "homeassistant_discovery"
    assert catalogue.adapter_for("nobody/x") is None
    assert {"zigbee2mqtt/#", "rtl_433/#", "homeassistant/#", "esphome/#", "shellies/#"} <= set(catalogue.filters())
    assert "rtl_433/+/events" in catalogue.urgent_filters()
    assert catalogue.topics_of("zigbee2mqtt/room-001-pendant") == (
        "zigbee2mqtt/room-001-pendant",
        "zigbee2mqtt/room-001-pendant/+",
    )
    assert catalogue.topics_of("nobody/x") == ()


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/+", "a/b/c", False),
        ("a/+/c", "a/b/c", True),
        ("a/+", "a/", True),
        ("a", "a/b", False),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("a/b/c", "a/b", False),
    ],
)
def test_filters_match_as_a_broker_matches_them(topic_filter: str, topic: str, expected: bool) -> None:
    """The rules of MQTT 5, section 4.7."""
    assert matches(topic_filter, topic) is expected

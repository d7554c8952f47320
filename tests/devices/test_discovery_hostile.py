"""Introductions that are too large, too deep, hostile or nonsense: refused with the reason, and emergencies count."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.adapter import Description, Message
from devices.events import EMERGENCY_KINDS, Kind
from devices.known import KnownDevices
from hub.ledger.rows import adapter as stored
from tests.devices.discovery_home import ADAPTER, DEV, Home, Json


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        ("ON", [(Kind.EMERGENCY, True, False)]),
        ({"sos": True, "battery": 80}, [(Kind.EMERGENCY, True, False)]),
        ({"action": "sos"}, [(Kind.EMERGENCY, True, False)]),
        ({"sos": False, "battery": 80}, []),
        ({"battery": 80}, []),
    ],
)
def test_a_template_that_is_not_evaluated_makes_a_device_unclear_and_its_emergencies_count(
    payload: object, wanted: list[object]
) -> None:
    """They are looked for in the payload as it came."""
    home = Home()
    hostile = "{% for i in range(10**9) %}{% endfor %}{{ value_json.sos }}"
    row = home.introduce("binary_sensor", "sos", dev={"ids": "u"}, stat_t="u/s", val_tpl=hostile)
    assert "not evaluated" in row.unclear
    assert row.can_call
    assert home.said("u/s", payload) == wanted


@pytest.mark.parametrize(
    "payload",
    [
        b'{"name":"' + b"x" * 2**20 + b'"}',
        b'{"a":' * 100 + b"1" + b"}" * 100,
        b"[" * 5000 + b"]" * 5000,
        orjson.dumps({"a": [[]] * 5000}),
        orjson.dumps({"dev": DEV, "cmps": {str(n): {"p": "sensor"} for n in range(500)}}),
        b"\xff\xfe",
        b"[]",
        b"no json",
    ],
)
def test_an_introduction_that_is_too_large_too_deep_or_none_is_refused(payload: bytes) -> None:
    """With the reason, and nothing is learned."""
    decoded = ADAPTER.decode(Message("homeassistant/device/x/config", payload), KnownDevices())
    assert decoded.error
    assert not decoded.learned


@pytest.mark.parametrize(
    "topic", ["handrail/home/do/x", "$SYS/broker/uptime", "homeassistant/sensor/y/config", "a/+", "a/#", "", "nul\0"]
)
def test_a_device_may_not_name_a_topic_that_is_not_a_devices(topic: str) -> None:
    """Neither to be heard there nor to be told there: the hub has rights that a gateway has not."""
    home = Home()
    decoded = home.hear("homeassistant/switch/x/config", {"dev": DEV, "stat_t": topic, "cmd_t": topic})
    assert not home.known.on_topic
    assert all(not row.topics and not row.commands for row in decoded.learned)


keys = st.sampled_from(
    [
        "stat_t",
        "cmd_t",
        "val_tpl",
        "dev",
        "ids",
        "name",
        "dev_cla",
        "pl_on",
        "pl_off",
        "cmps",
        "p",
        "avty",
        "t",
        "topic",
        "~",
        "evt_typ",
        "schema",
        "bri_scl",
        "pos_open",
        "atype",
        "stype",
        "pl",
        "type",
        "device",
        "components",
        "unit_of_meas",
        "avty_t",
        "sup_clrm",
        "ent_cat",
        "off_dly",
    ]
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["a/b", "~/x"])
settings = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=6), max_leaves=25
)
components = st.sampled_from(
    ["binary_sensor", "sensor", "device", "event", "device_automation", "light", "cover", "lock", "climate", "siren"]
)


@given(component=components, config=st.dictionaries(keys, settings, max_size=8), payload=st.binary(max_size=60))
def test_any_introduction_and_any_state_after_it_give_events_or_a_reason(
    component: str, config: Json, payload: bytes
) -> None:
    """Nothing is raised, the same decodes alike, and what was learned can be kept and read back."""
    home = Home()
    body = json.dumps(config).encode()
    topic = f"homeassistant/{component}/x/config"
    assert home.hear(topic, body) == ADAPTER.decode(Message(topic, body), KnownDevices())
    for row in home.known.values():
        assert stored(Description).validate_json(stored(Description).dump_json(row)) == row
    for heard in list(home.known.on_topic):
        for said in (payload, b"ON", b'{"event_type":"sos"}', b"1"):
            decoded = ADAPTER.decode(Message(heard, said), home.known)
            assert decoded == ADAPTER.decode(Message(heard, said), dict(home.known))
            assert all(event.repeat_window_ms > 0 for event in decoded.events if event.press)
            assert sum(event.press and event.kind in EMERGENCY_KINDS for event in decoded.events) <= 1

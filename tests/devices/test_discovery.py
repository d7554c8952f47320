"""Home Assistant's discovery as an input: what introduces itself, what goes, what is nobody's, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from devices.adapter import Description, Message
from devices.blueprint import Blueprint
from devices.catalogue import Catalogue
from devices.discovery import Discovery
from devices.events import Kind
from devices.known import KnownDevices
from devices.registry import presses_call
from hub.ledger.rows import adapter as stored
from tests.devices.discovery_home import DEV, Home, Json

CATALOGUE = Catalogue()


def test_a_device_is_one_device_however_many_messages_introduce_it() -> None:
    """Each adds its part; the device is the most serious of them."""
    home = Home()
    home.introduce("sensor", "d1_t", dev=DEV, stat_t="d1/s", val_tpl="{{ value_json.t }}", dev_cla="temperature")
    row = home.introduce("binary_sensor", "d1_smoke", dev=DEV, stat_t="d1/smoke", dev_cla="smoke")
    assert list(home.known) == ["homeassistant/d1"]
    assert (row.kind, row.kinds, row.can_call) == (Kind.SMOKE, (Kind.SMOKE, Kind.TEMPERATURE), True)
    assert (row.name, row.vendor, row.model) == ("Room 12 box", "Somebody", "Box")
    assert set(row.topics) == {"d1/s", "d1/smoke"}
    assert stored(Description).validate_json(stored(Description).dump_json(row)) == row


def test_the_same_introduction_again_changes_nothing() -> None:
    """The broker keeps introductions and shows them at each connection."""
    home = Home()
    first = home.introduce("binary_sensor", "x", dev=DEV, stat_t="d1/x", dev_cla="door")
    assert home.introduce("binary_sensor", "x", dev=DEV, stat_t="d1/x", dev_cla="door") == first


@pytest.mark.parametrize(
    ("device_class", "on", "off", "kind", "values"),
    [
        ("door", "ON", "OFF", Kind.CONTACT, ("open", "closed")),
        ("garage_door", "1", "0", Kind.CONTACT, ("open", "closed")),
        ("lock", "ON", "OFF", Kind.LOCK, ("unlocked", "locked")),
        ("battery", "ON", "OFF", Kind.BATTERY, ("low", "ok")),
        ("moisture", "wet", "dry", Kind.WATER_LEAK, (True, False)),
        ("carbon_monoxide", "ON", "OFF", Kind.CO, (True, False)),
        ("gas", "ON", "OFF", Kind.GAS, (True, False)),
        ("motion", "ON", "OFF", Kind.MOTION, (True, False)),
        ("presence", "ON", "OFF", Kind.OCCUPANCY, (True, False)),
        ("tamper", True, False, Kind.TAMPER, (True, False)),
        ("vibration", 1, 0, Kind.VIBRATION, (True, False)),
        ("safety", "ON", "OFF", Kind.EMERGENCY, (True, False)),
        ("heat", "ON", "OFF", Kind.OTHER, (True, False)),
        ("problem", "ON", "OFF", Kind.OTHER, (True, False)),
    ],
)
def test_a_binary_sensor_says_its_sense_in_our_words(
    device_class: str, on: object, off: object, kind: Kind, values: tuple[object, object]
) -> None:
    """By its device class, with the payloads that it announced."""
    home = Home()
    home.introduce("binary_sensor", "x", dev=DEV, stat_t="d1/x", dev_cla=device_class, pl_on=on, pl_off=off)
    assert home.said("d1/x", str(on)) == [(kind, values[0], False)]
    assert home.said("d1/x", str(off)) == [(kind, values[1], False)]
    for nothing in ("", "unavailable", "unknown", "None", "something else"):
        assert home.said("d1/x", nothing) == []


@pytest.mark.parametrize(
    ("device_class", "unit", "said", "wanted"),
    [
        ("temperature", "°C", "21.4", (Kind.TEMPERATURE, 21.4)),
        ("temperature", "°F", "70.5", (Kind.TEMPERATURE, 21.389)),
        ("temperature", "K", "294.15", (Kind.TEMPERATURE, 21.0)),
        ("humidity", "%", "48", (Kind.HUMIDITY, 48)),
        ("power", "kW", "1.5", (Kind.POWER, 1500.0)),
        ("battery", "%", "82", (Kind.BATTERY, 82)),
        ("battery", "%", "-1", None),
        ("battery", "mV", "2900", (Kind.OTHER, "2900")),
        ("temperature", "°C", "nan", None),
        ("temperature", "°C", "999e999", None),
        ("illuminance", "lx", "12", (Kind.OTHER, "12")),
    ],
)
def test_a_sensor_is_read_in_our_units(
    device_class: str, unit: str, said: str, wanted: tuple[Kind, object] | None
) -> None:
    """And what is no reading is nothing."""
    home = Home()
    home.introduce("sensor", "x", dev=DEV, stat_t="d1/x", dev_cla=device_class, unit_of_meas=unit)
    assert [(kind, value) for kind, value, _ in home.said("d1/x", said)] == ([wanted] if wanted else [])


@pytest.mark.parametrize(
    ("object_id", "name", "kind"),
    [
        ("sos", None, Kind.EMERGENCY),
        ("room12_sos_button", "SOS Button", Kind.EMERGENCY),
        ("x", "Panic", Kind.EMERGENCY),
        ("sos_battery_low", None, Kind.BATTERY),
        ("sos_led", None, Kind.OTHER),
        ("x", "SOSButton", Kind.EMERGENCY),
        ("panicbutton2", None, Kind.EMERGENCY),
        ("x", "Call button", Kind.EMERGENCY),
        ("alarm_bell_battery", None, Kind.OTHER),
        ("panic_test", None, Kind.OTHER),
        ("emergency_heating", None, Kind.OTHER),
        ("bed_occupied", None, Kind.BED),
        ("kitchen_leak", None, Kind.WATER_LEAK),
        ("fall_detected", None, Kind.FALL),
        ("front_door", None, Kind.CONTACT),
        ("hall_motion", None, Kind.MOTION),
        ("whatever", None, Kind.OTHER),
    ],
)
def test_without_a_class_the_name_says_what_it_is(object_id: str, name: str | None, kind: Kind) -> None:
    """An emergency by words that say so, never by a likeness."""
    home = Home()
    row = home.introduce("binary_sensor", object_id, dev={"ids": "r"}, name=name, stat_t="r/x")
    assert row.kind is kind


def test_a_button_that_only_its_name_says_to_be_an_sos_calls_until_it_is_placed() -> None:
    """Its presses are plain, and count as emergencies; the device says why."""
    home = Home()
    dev: Json = {"ids": "b", "name": "Room 3 SOS"}
    row = home.introduce("device_automation", "b1", atype="trigger", t="b/e", pl="1", type="x", stype="single", dev=dev)
    assert (row.can_call, presses_call(row)) == (True, True)
    assert "SOS" in row.unclear
    assert home.said("b/e", "1") == [(Kind.BUTTON, "single_x", True)]


def test_a_state_that_nobody_takes_back_is_a_press() -> None:
    """`off_delay`: the sender never says OFF, so each ON is one."""
    home = Home()
    home.introduce("binary_sensor", "sos", dev={"ids": "p"}, stat_t="p/s", off_dly=3)
    assert home.said("p/s", "ON") == home.said("p/s", "ON") == [(Kind.EMERGENCY, True, True)]


def test_one_message_is_one_press_also_where_two_devices_name_its_topic() -> None:
    """A device that was set up anew under another identifier leaves its old introduction at the broker."""
    home = Home()
    for name in ("old", "new"):
        home.introduce(
            "device_automation", f"{name}_t", atype="trigger", t="k/1", pl="sos", stype="sos", dev={"ids": name}
        )
    assert home.said("k/1", "sos") == [(Kind.EMERGENCY, True, True)]


def test_a_device_that_introduces_itself_anew_takes_its_presses_along() -> None:
    """The same topic introduces it under a new identifier: the old address calls no more and says why."""
    home = Home()
    home.introduce("binary_sensor", "sos", dev={"ids": "old"}, stat_t="p/s")
    home.introduce("binary_sensor", "sos", dev={"ids": "new"}, stat_t="p/s")
    (event,) = home.hear("p/s", "ON").events
    assert event.device == "homeassistant/new"
    assert "anew" in home.known["homeassistant/old"].unclear
    assert not home.known["homeassistant/old"].can_call


def test_an_empty_payload_forgets_what_it_introduced() -> None:
    """One part, then the whole device."""
    home = Home()
    home.introduce("sensor", "t", dev=DEV, stat_t="d1/t", dev_cla="temperature")
    home.introduce("binary_sensor", "w", dev=DEV, stat_t="d1/w", dev_cla="window")
    home.hear("homeassistant/binary_sensor/w/config", b"")
    assert home.known["homeassistant/d1"].kinds == (Kind.TEMPERATURE,)
    assert home.hear("homeassistant/sensor/t/config", b"").forgotten == ("homeassistant/d1",)
    assert not home.known
    assert not home.known.on_topic
    assert home.hear("d1/t", "21").error


def test_a_part_that_calls_stays_while_its_device_does() -> None:
    """An emptied introduction must not cost a press."""
    home = Home()
    home.introduce("sensor", "t", dev=DEV, stat_t="d1/t", dev_cla="temperature")
    home.introduce("binary_sensor", "sos", dev=DEV, stat_t="d1/sos")
    home.hear("homeassistant/binary_sensor/sos/config", b"")
    assert home.said("d1/sos", "ON") == [(Kind.EMERGENCY, True, False)]
    assert "withdrawn" in home.known["homeassistant/d1"].unclear


def test_a_component_of_a_device_message_is_removed_by_its_platform_alone() -> None:
    """As Home Assistant documents it; what is only left out stays."""
    home = Home()
    topic = "homeassistant/device/d1/config"
    parts: Json = {
        "t": {"p": "sensor", "device_class": "temperature", "stat_t": "d1/t"},
        "h": {"p": "sensor", "device_class": "humidity", "stat_t": "d1/h"},
    }
    home.hear(topic, {"dev": DEV, "o": {"name": "x"}, "cmps": parts})
    assert home.kinds("d1") == {Kind.TEMPERATURE, Kind.HUMIDITY}
    home.hear(topic, {"dev": DEV, "o": {"name": "x"}, "cmps": {"t": {"p": "sensor"}}})
    assert home.kinds("d1") == {Kind.HUMIDITY}
    assert home.hear(topic, b"").forgotten == ("homeassistant/d1",)


def test_a_device_that_changes_its_kind_is_unclear_and_its_emergencies_still_count() -> None:
    """It was an SOS button and now says that it is a door."""
    home = Home()
    home.introduce("binary_sensor", "sos", dev=DEV, stat_t="d1/a")
    row = home.introduce("binary_sensor", "sos", name="Door", dev=DEV, stat_t="d1/b", dev_cla="door")
    assert "now says" in row.unclear
    assert row.can_call
    assert home.said("d1/a", "ON") == [(Kind.EMERGENCY, True, False)]
    assert home.said("d1/b", "ON") == [(Kind.CONTACT, "open", False)]


def test_what_is_understood_since_an_update_is_no_change_of_the_device() -> None:
    """It was kept as `other`, and introduces itself as it always did: nothing of it is doubtful."""
    home = Home()
    row = home.introduce("binary_sensor", "fall", name="Fall", dev=DEV, stat_t="d1/fall")
    (part,) = row.entities
    before = replace(part, kind=Kind.OTHER, reads=tuple(replace(read, kind=Kind.OTHER) for read in part.reads))
    home.known[row.device] = replace(row, kinds=(Kind.OTHER,), kind=Kind.OTHER, entities=(before,))
    row = home.introduce("binary_sensor", "fall", name="Fall", dev=DEV, stat_t="d1/fall")
    assert (row.kind, row.can_call, row.unclear) == (Kind.FALL, True, "")
    assert home.said("d1/fall", "ON") == [(Kind.FALL, True, False)]


def test_what_lies_on_topics_of_another_ecosystem_stays_its_own() -> None:
    """Zigbee2MQTT introduces its devices here too: named, and never a second device."""
    home = Home()
    settings: Json = {"dev": DEV, "stat_t": "zigbee2mqtt/p", "val_tpl": "{{ value_json.sos }}", "dev_cla": "safety"}
    decoded = home.hear("homeassistant/binary_sensor/p/sos/config", settings)
    assert [(row.kind, row.device) for row in decoded.introduced] == [(Kind.EMERGENCY, "zigbee2mqtt/p")]
    assert not decoded.learned
    found = CATALOGUE.adapter_for("zigbee2mqtt/p", home.known)
    assert found is not None
    assert found.name == "zigbee2mqtt"


def test_the_catalogue_finds_a_discovered_topic_by_what_is_known() -> None:
    """And nobody reads it before."""
    home = Home()
    assert CATALOGUE.adapter_for("d1/x", home.known) is None
    home.introduce("binary_sensor", "x", dev=DEV, stat_t="d1/x", dev_cla="door")
    found = CATALOGUE.adapter_for("d1/x", home.known)
    assert found is not None
    assert found.name == "homeassistant_discovery"
    assert CATALOGUE.adapter_for("homeassistant/d1") is found


def test_of_several_availability_topics_each_is_a_value_of_its_own() -> None:
    """Where any of them is enough, that one is gone says nothing."""
    for mode, words in (("all", ["offline", "online"]), ("any", [None, "online"])):
        home = Home()
        both: list[object] = [{"t": "gw/lwt"}, {"t": "d/lwt"}]
        home.introduce("binary_sensor", "x", dev=DEV, stat_t="d/x", dev_cla="door", avty=both, avty_mode=mode)
        for said, word in zip(("offline", "online"), words, strict=True):
            events = home.hear("gw/lwt", said).events
            assert [(event.value, event.field) for event in events] == ([(word, "gw/lwt")] if word else [])


def test_what_is_said_of_all_devices_of_a_gateway_is_said_of_the_gateway_once() -> None:
    """They name it; one lost gateway is one fact and not forty."""
    home = Home()
    for n in ("a", "b"):
        dev: Json = {"ids": n, "via_device": "gw 1"}
        home.introduce("binary_sensor", n, dev=dev, stat_t=f"{n}/x", dev_cla="door", avty_t="gw/lwt", exp_aft=3600)
    assert {(row.gateway, row.checks_in_s) for row in home.known.values()} == {("homeassistant/gw_1", 3600)}
    events = home.hear("gw/lwt", "offline").events
    assert [(event.device, event.value) for event in events] == [("homeassistant/gw_1", "offline")]


class Formal(Blueprint):
    """An ecosystem whose topics have a form and no name of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.name = "shelly_gen9"
        self.filters = ("+/status/+",)


@pytest.mark.parametrize(("maker", "learned"), [("Somebody", 1), ("Shelly", 0)])
def test_a_form_that_others_use_too_does_not_take_a_homemade_device_away(maker: str, learned: int) -> None:
    """Only where the introduction bears the ecosystem's name is it that ecosystem's."""
    discovery = Discovery((Formal(),))
    config = {"name": "SOS", "stat_t": "bath/status/sos", "dev": {"ids": "b", "mf": maker}}
    decoded = discovery.decode(Message("homeassistant/binary_sensor/b/config", orjson.dumps(config)), KnownDevices())
    assert len(decoded.introduced) == 1
    assert len(decoded.learned) == learned

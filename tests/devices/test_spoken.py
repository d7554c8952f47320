"""Values that are told in words: what they are about, and whether it is so."""

from __future__ import annotations

import pytest

from devices.adapter import Message
from devices.events import Kind, is_active
from devices.spoken import about, hazard, spoken
from devices.zigbee2mqtt import Zigbee2MQTT
from devices.zigbee2mqtt_properties import fall


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("smoke_state", Kind.SMOKE),
        ("notification_Smoke_Alarm_Sensor_status", Kind.SMOKE),
        ("fireAlarmStatus", Kind.SMOKE),
        ("co_state", Kind.CO),
        ("CO Alarm sensor status", Kind.CO),
        ("gas_sensor_state", Kind.GAS),
        ("water_leakage_state", Kind.WATER_LEAK),
        ("Water Alarm Sensor status", Kind.WATER_LEAK),
        ("emergency_alarm_status", Kind.EMERGENCY),
        ("Access Control Door state", Kind.CONTACT),
        ("presence_state", Kind.OCCUPANCY),
    ],
)
def test_a_name_says_what_its_words_are_about(name: str, kind: Kind) -> None:
    """However it is written."""
    assert about(name) is kind


@pytest.mark.parametrize(
    "name",
    [
        *(
            "co2_state",
            "CO2 alarm status",
            "co-2 state",
            "gas",
            "smoke",
            "smoke_value",
            "smoke_unit",
            "gas_valve_state",
        ),
        *(
            "smoke_alarm_maintenance_status",
            "smoke_alarm_silenced",
            "water_state",
            "water_level_status",
            "water_status",
        ),
        *("emergency_shutoff_state", "siren_state", "alarm_state", "alarm", "fallback_state", "gas_sensitivity"),
        *("smoke_alarm_test_status", "door_lock_status", "window_detection_mode", ""),
    ],
)
def test_a_name_that_says_more_is_about_something_else(name: str) -> None:
    """A setting, an amount, the health of the detector."""
    assert about(name) is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("Person fall", Kind.FALL), ("man_down", Kind.FALL), ("Fall count", None), ("Fallback mode", None)),
        *(("Kitchen gas alarm", Kind.GAS), ("gas_leak", Kind.GAS), ("Sink leak alarm", Kind.WATER_LEAK)),
        *(("Heat alarm", Kind.SMOKE), ("heat_mode", None), ("Heat pump alarm", None)),
        *(("Pull cord bathroom", Kind.EMERGENCY), ("Call room 12", Kind.EMERGENCY), ("personal_alarm", Kind.EMERGENCY)),
        *(("In call", None), ("Call count", None), ("sos_battery_low", None), ("Emergency door", None)),
    ],
)
def test_a_name_of_nothing_but_a_hazard_or_a_call_is_that(name: str, kind: Kind | None) -> None:
    """Where it is says nothing of what it is; any other word makes it something about it."""
    assert hazard(name) is kind


@pytest.mark.parametrize(
    ("said", "value"),
    [
        *(("alarm", True), ("Smoke detected (location provided)", True), ("water_leakage_yes", True), (True, True)),
        *(("Carbon monoxide detected", True), ("TRIGGERED", True), ("Panic alert", True)),
        *(("normal", False), ("idle", False), ("Clear Smoke", False), ("no_alarm", False), ("water_leakage_no", False)),
        *(("Smoke alarm test", False), (False, False)),
        *(("warning", True), ("low battery alarm", None), ("sabotage", None), ("No smoke detected", False)),
        *(("Alarm silenced", None), ("pre_alarm", None), ("detecting", None), ("Replacement required", None)),
        *(("unknown", None), ("1", None), ("12.5", None), ("", None), (1, None), ("dust in device alarm", None)),
    ],
)
def test_a_word_says_whether_it_is_so_or_nothing(said: object, value: bool | None) -> None:
    """A test and the health of a detector are no alarm; what is in doubt is no end of one either."""
    assert spoken(Kind.SMOKE, said) is value


def test_a_door_is_open_or_closed_in_words() -> None:
    """Never by a truth value: of those nobody says which is open."""
    assert spoken(Kind.CONTACT, "Window/door is open") == "open"
    assert spoken(Kind.CONTACT, "Window/door is closed") == "closed"
    assert spoken(Kind.CONTACT, True) is None


def test_a_smoke_detector_that_has_only_words_can_call() -> None:
    """Its topics are urgent as those of every other one."""
    exposes = b'[{"type":"enum","name":"smoke_state","property":"smoke_state","access":1,"values":["alarm","normal"]}]'
    entry = (
        b'[{"friendly_name":"k","definition":{"model":"m","description":"Smoke detector","exposes":' + exposes + b"}}]"
    )
    (device,) = Zigbee2MQTT().decode(Message("zigbee2mqtt/bridge/devices", entry), {}).learned
    assert device.can_call
    assert device.kind is Kind.SMOKE


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        *((b'{"sos_button":1}', (Kind.EMERGENCY, True)), (b'{"pull_cord":"pulled"}', (Kind.EMERGENCY, True))),
        *((b'{"smoke_state":1}', (Kind.SMOKE, True)), (b'{"smoke":"Smoke alarm test"}', (Kind.SMOKE, False))),
        *((b'{"flood":"detected"}', (Kind.WATER_LEAK, True)), (b'{"gas":"silenced"}', (Kind.GAS, None))),
        *((b'{"co":12}', (Kind.OTHER, 12)), (b'{"person_fall":"detected"}', (Kind.FALL, True))),
    ],
)
def test_what_nobody_described_is_read_by_its_name_and_its_words(payload: bytes, wanted: tuple[Kind, object]) -> None:
    """Until the inventory comes; an amount of something is none of it."""
    (event,) = Zigbee2MQTT().decode(Message("zigbee2mqtt/k", payload), {}).events
    assert (event.kind, event.value) == wanted


def test_a_call_in_words_counts_beside_a_cord() -> None:
    """A box with a cord says `sos` in its events: that is another call, and not the cord once more."""
    exposes = (
        b'[{"type":"binary","name":"pull_cord","property":"pull_cord","access":1,"value_on":true,"value_off":false},'
        b'{"type":"enum","name":"event","property":"event","access":1,"values":["none","sos"]}]'
    )
    entry = b'[{"friendly_name":"k","definition":{"model":"m","exposes":' + exposes + b"}}]"
    adapter = Zigbee2MQTT()
    known = {row.device: row for row in adapter.decode(Message("zigbee2mqtt/bridge/devices", entry), {}).learned}
    events = adapter.decode(Message("zigbee2mqtt/k", b'{"pull_cord":false,"event":"sos"}'), known).events
    assert [(event.kind, event.value) for event in events] == [(Kind.EMERGENCY, False), (Kind.EMERGENCY, True)]


@pytest.mark.parametrize(
    ("said", "fell"),
    [
        *(("Fall detected", True), ("falling", True), ("Real", True), ("Suspected", True), ("maybe_fall", True)),
        *(("True", True), ("1", True), ("Person fell", True), ("possible fall", True)),
        *(("No fall", False), ("not_fallen", False), ("fall_cleared", False), ("None", False), ("normal", False)),
        *(("on_the_bed", False), ("sitting", False), ("low_posture", False), ("False", False), ("0", False)),
        *(("fall_warning", False), ("Fall risk high", False), ("unknown", False), ("", False)),
    ],
)
def test_a_fall_is_told_in_many_words(said: str, fell: bool) -> None:
    """A doubt counts; a risk, a bed and the end of one do not."""
    assert is_active(Kind.FALL, fall(said)) is fell


@pytest.mark.parametrize(
    ("expose", "said", "wanted"),
    [
        (b'"type":"binary","name":"sos_button","value_on":true,"value_off":false', b"true", (Kind.EMERGENCY, True)),
        (b'"type":"binary","name":"panic_pressed","value_on":"YES","value_off":"NO"', b'"YES"', (Kind.EMERGENCY, True)),
        (b'"type":"binary","name":"sos_button_test","value_on":true,"value_off":false', b"true", (Kind.OTHER, True)),
        (b'"type":"binary","name":"fall_alert","value_on":true,"value_off":false', b"true", (Kind.FALL, True)),
        (b'"type":"enum","name":"fall_state","values":["none","suspected","real"]', b'"real"', (Kind.FALL, True)),
        (b'"type":"enum","name":"fall_state","values":["none","suspected","real"]', b'"none"', (Kind.FALL, False)),
        (b'"type":"enum","name":"sos_status","values":["normal","alarm"]', b'"alarm"', (Kind.EMERGENCY, True)),
        (
            b'"type":"binary","name":"emergency_overheat","category":"diagnostic","value_on":true,"value_off":false',
            b"true",
            None,
        ),
    ],
)
def test_a_converter_that_somebody_wrote_is_read_by_its_names(
    expose: bytes, said: bytes, wanted: tuple[Kind, object] | None
) -> None:
    """Zigbee2MQTT takes converters of one's own; nobody keeps to a list of names there."""
    name = expose.partition(b'"name":"')[2].partition(b'"')[0]
    entry = b'[{"friendly_name":"k","definition":{"model":"m","exposes":[{%s,"property":"%s","access":1}]}}]'
    adapter = Zigbee2MQTT()
    learned = adapter.decode(Message("zigbee2mqtt/bridge/devices", entry % (expose, name)), {}).learned
    known = {row.device: row for row in learned}
    events = adapter.decode(Message("zigbee2mqtt/k", b'{"%s":%s}' % (name, said)), known).events
    assert [(event.kind, event.value) for event in events] == ([wanted] if wanted else [])

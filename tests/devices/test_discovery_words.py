"""Discovered things that say in words what they are, or whose class is too vague: believed by their own names."""

from __future__ import annotations

import orjson
import pytest

from devices.events import Kind
from tests.devices.discovery_home import DEV, Home, Json

NODE: Json = {"identifiers": ["zw_node7"], "name": "node_7", "manufacturer": "Z-Wave JS"}


def mapped(states: dict[int, str]) -> str:
    """How a Z-Wave gateway writes what its numbers mean."""
    listed = ",".join(f'{number}: "{words}"' for number, words in states.items())
    return "{{ {" + listed + "}[value_json.value] | default('idle') }}"


@pytest.mark.parametrize(
    ("object_id", "states", "said"),
    [
        (
            "notification_smoke_alarm_sensor_status",
            {0: "idle", 1: "Smoke detected (location provided)", 2: "Smoke detected"},
            {2: (Kind.SMOKE, True), 1: (Kind.SMOKE, True), 0: (Kind.SMOKE, False)},
        ),
        (
            "notification_smoke_alarm_alarm_status",
            {0: "idle", 3: "Smoke alarm test", 6: "Alarm silenced"},
            {3: (Kind.SMOKE, False), 6: (Kind.OTHER, "Alarm silenced"), 0: (Kind.SMOKE, False)},
        ),
        ("notification_co_alarm_sensor_status", {0: "idle", 2: "Carbon monoxide detected"}, {2: (Kind.CO, True)}),
        ("notification_water_alarm_sensor_status", {0: "idle", 2: "Leak detected"}, {2: (Kind.WATER_LEAK, True)}),
        ("notification_emergency_alarm_status", {0: "idle", 7: "Panic alert"}, {7: (Kind.EMERGENCY, True)}),
        (
            "notification_access_control_door_state",
            {22: "Door is open", 23: "Door is closed"},
            {22: (Kind.CONTACT, "open"), 23: (Kind.CONTACT, "closed")},
        ),
    ],
)
def test_a_z_wave_notification_is_heard_in_its_words(
    object_id: str, states: dict[int, str], said: dict[int, tuple[Kind, object]]
) -> None:
    """Its gateway introduces it as a sensor of text without a class."""
    home = Home()
    home.introduce("sensor", object_id, dev=NODE, stat_t="zw/7/n", val_tpl=mapped(states))
    for number, wanted in said.items():
        heard = [(kind, value) for kind, value, _ in home.said("zw/7/n", orjson.dumps({"value": number}))]
        assert heard == [wanted]


def test_a_z_wave_scene_is_a_press() -> None:
    """It is introduced as a sensor; its end counts as one."""
    home = Home()
    home.introduce("sensor", "scene_state_scene_001", dev=NODE, stat_t="zw/7/s", val_tpl="{{ value_json.value }}")
    assert home.said("zw/7/s", b'{"value":0}') == [(Kind.BUTTON, "single", True)]
    assert home.said("zw/7/s", b'{"value":1}') == [(Kind.BUTTON, "release", True)]
    assert home.said("zw/7/s", b'{"time":1}') == []


@pytest.mark.parametrize(
    ("name", "device_class", "kind"),
    [
        # `safety` is what people give a panic button, and what they give a thing that is not safe.
        *(("Bathroom 12", "safety", Kind.EMERGENCY), ("Button", "safety", Kind.EMERGENCY)),
        *(("Tamper", "safety", Kind.TAMPER), ("Carbon monoxide", "safety", Kind.CO), ("CO alarm", "safety", Kind.CO)),
        *(("Warranty active", "safety", Kind.OTHER), ("Rain alert", "safety", Kind.OTHER)),
        *(("Overload", "safety", Kind.OTHER), ("Child lock", "safety", Kind.OTHER)),
        *(("Partition 1 ready", "safety", Kind.OTHER), ("Freeze protection", "safety", Kind.OTHER)),
        *(("Self test", "safety", Kind.OTHER), ("Fall", "safety", Kind.FALL)),
        *(("Alarm CO", "problem", Kind.CO), ("Alarm smoke", "problem", Kind.SMOKE), ("Smoke", "heat", Kind.SMOKE)),
        *(("Problem", "problem", Kind.OTHER), ("Smoke alarm fault", "problem", Kind.OTHER)),
        *(("CO alarm", None, Kind.CO), ("CO2 alarm", None, Kind.OTHER), ("Tamper", None, Kind.TAMPER)),
        *(("Falling information", None, Kind.FALL), ("Fall detection", None, Kind.FALL)),
        *(("Rainfall", None, Kind.OTHER), ("Fallback mode", None, Kind.OTHER), ("Leaf fall", None, Kind.OTHER)),
        *(("Smoke detector", None, Kind.SMOKE), ("Smoke detector malfunction", None, Kind.OTHER)),
        *(("Smoke alarm silenced", None, Kind.OTHER), ("Emergency lighting", None, Kind.OTHER)),
        *(("Emergency generator", None, Kind.OTHER), ("Panic alarm memory", None, Kind.OTHER)),
        *(("Water alarm", None, Kind.WATER_LEAK), ("Panic alarm", None, Kind.EMERGENCY)),
    ],
)
def test_a_vague_class_gives_way_to_a_name(name: str, device_class: str | None, kind: Kind) -> None:
    """And no alarm is raised where the name says that it is something else."""
    home = Home()
    object_id = name.lower().replace(" ", "_")
    home.introduce("binary_sensor", object_id, name=name, dev=DEV, stat_t="d1/x", dev_cla=device_class)
    assert home.said("d1/x", "ON") == [(kind, True, False)]
    assert home.said("d1/x", "OFF") == [(kind, False, False)]


@pytest.mark.parametrize(
    ("name", "said", "wanted"),
    [
        ("SOS button", "pressed", (Kind.EMERGENCY, True, False)),
        ("SOS button", "single", (Kind.EMERGENCY, True, True)),
        ("SOS", "1", (Kind.EMERGENCY, True, False)),
        ("SOS", "0", (Kind.EMERGENCY, False, False)),
        ("SOS count", "3", (Kind.OTHER, "3", False)),
        ("Last emergency", "yesterday", (Kind.OTHER, "yesterday", False)),
        ("Emergency level", "1", (Kind.OTHER, "1", False)),
        ("Falling state", "falling", (Kind.FALL, True, False)),
        ("Fallback mode", "alarm", (Kind.OTHER, "alarm", False)),
        ("Smoke state", "Clear Smoke", (Kind.SMOKE, False, False)),
        ("Smoke detector alarm status", "PRIMARY_ALARM", (Kind.SMOKE, True, False)),
        ("Smoke detector alarm status", "IDLE_OFF", (Kind.SMOKE, False, False)),
        ("Smoke detector alarm status", "INTRUSION_ALARM", (Kind.OTHER, "INTRUSION_ALARM", False)),
        ("Gas", "1", (Kind.OTHER, "1", False)),
        ("Gas status", "1", (Kind.OTHER, "1", False)),
        ("CO2 status", "alarm", (Kind.OTHER, "alarm", False)),
        ("Battery", "64", (Kind.BATTERY, 64, False)),
    ],
)
def test_a_sensor_of_text_is_read_by_its_name_and_its_words(
    name: str, said: str, wanted: tuple[Kind, object, bool]
) -> None:
    """A counter, a date and a siren that sounds for thieves are no alarm; what does not say is kept as it was said."""
    home = Home()
    home.introduce("sensor", name.lower().replace(" ", "_"), name=name, dev=DEV, stat_t="d1/x")
    assert home.said("d1/x", said) == [wanted]


def test_a_switch_that_is_called_panic_tells_of_a_panic_alarm() -> None:
    """It is on while the alarm is, whoever raised it; a siren's switch is a switch."""
    home = Home()
    home.introduce("switch", "p", name="Panic - police", dev=DEV, stat_t="d1/p", cmd_t="d1/p/set")
    home.introduce("switch", "s", name="Siren", dev=DEV, stat_t="d1/s", cmd_t="d1/s/set")
    assert home.said("d1/p", "ON") == [(Kind.EMERGENCY, True, False), (Kind.SWITCH, "on", False)]
    assert home.said("d1/p", "OFF") == [(Kind.EMERGENCY, False, False), (Kind.SWITCH, "off", False)]
    assert home.said("d1/s", "ON") == [(Kind.SWITCH, "on", False)]
    assert home.known["homeassistant/d1"].can_call


LOOPS = "{% for word in [1] %}{{ value_json.action }}{% endfor %}"


def test_a_press_is_found_where_its_template_is_not_evaluated() -> None:
    """By what such messages call it; what is not announced is none, unless it calls for help."""
    home = Home()
    home.introduce("sensor", "action", dev=DEV, stat_t="d1/a", val_tpl=LOOPS)
    assert home.said("d1/a", b'{"action":"panic"}') == [(Kind.EMERGENCY, True, True)]
    assert home.said("d1/a", b'{"action":"single"}') == [(Kind.BUTTON, "single", True)]
    assert home.said("d1/a", b'{"action":""}') == []
    assert home.said("d1/a", b'{"battery":80}') == []
    home.introduce("event", "e", name="Button", dev=DEV, stat_t="d1/e", val_tpl=LOOPS, evt_typ=["single", "sos"])
    assert home.said("d1/e", b'{"action":"sos"}') == [(Kind.EMERGENCY, True, True)]
    assert home.said("d1/e", b'{"action":"single"}') == [(Kind.BUTTON, "single", True)]
    assert home.said("d1/e", b'{"action":"other"}') == []


def test_a_call_for_help_counts_behind_two_hundred_other_parts() -> None:
    """A remote introduces each of its gestures by itself; the last may be the one that matters."""
    home = Home()
    for number in range(205):
        home.introduce(
            "device_automation", f"t{number}", dev=DEV, t="d1/b", pl=f"g{number}", type="action", atype="trigger"
        )
    home.introduce("device_automation", "sos", dev=DEV, t="d1/b", pl="sos", type="action", stype="sos", atype="trigger")
    assert home.said("d1/b", "g204") == []
    assert home.said("d1/b", "sos") == [(Kind.EMERGENCY, True, True)]


@pytest.mark.parametrize("said", ["disarmed", "arming", "armed_vacation", "armed_custom_bypass"])
def test_a_panic_panel_is_quiet_in_all_its_other_states(said: str) -> None:
    """So that an alarm that was raised ends."""
    home = Home()
    home.introduce("alarm_control_panel", "panic", name="Panic", dev=DEV, stat_t="d1/p")
    assert home.said("d1/p", "triggered") == [(Kind.EMERGENCY, True, False)]
    assert home.said("d1/p", said) == [(Kind.EMERGENCY, False, False)]


@pytest.mark.parametrize(
    ("name", "event_type", "kind"),
    [
        *(("Watch", "fall_detected", Kind.FALL), ("Watch", "sos", Kind.EMERGENCY), ("Watch", "single", Kind.BUTTON)),
        *(("Cube", "fall", Kind.BUTTON), ("Fall detector", "fall", Kind.FALL), ("Fall detector", "clear", Kind.BUTTON)),
        *(
            ("Hall", "smoke_alarm", Kind.SMOKE),
            ("Hall", "smoke_alarm_test", Kind.BUTTON),
            ("Hall", "co2_alarm", Kind.BUTTON),
        ),
        *(("SOS button", "press", Kind.EMERGENCY), ("SOS button", "release", Kind.BUTTON)),
    ],
)
def test_an_event_is_what_its_type_says_that_happened(name: str, event_type: str, kind: Kind) -> None:
    """A cube that is dropped is no person who falls."""
    home = Home()
    home.introduce("event", name.lower().replace(" ", "_"), name=name, dev=DEV, stat_t="d1/e", evt_typ=[event_type])
    ((heard, _, is_press),) = home.said("d1/e", orjson.dumps({"event_type": event_type}))
    assert (heard, is_press) == (kind, True)


@pytest.mark.parametrize(
    ("subtype", "kind"),
    [("fall_detected", Kind.FALL), ("fall", Kind.BUTTON), ("smoke_detected", Kind.SMOKE), ("panic", Kind.EMERGENCY)],
)
def test_a_trigger_is_what_its_words_say_that_happened(subtype: str, kind: Kind) -> None:
    """So it is with a trigger."""
    home = Home()
    home.introduce(
        "device_automation", "t", dev=DEV, atype="trigger", type="action", stype=subtype, t="d1/t", pl=subtype
    )
    ((heard, _, is_press),) = home.said("d1/t", subtype)
    assert (heard, is_press) == (kind, True)


@pytest.mark.parametrize(
    ("said", "calls"), [("SOS", True), ("panic alarm", True), ("low battery", False), ("SOS off", False)]
)
def test_an_alarm_that_says_sos_is_a_call(said: str, calls: bool) -> None:
    """Trackers name each of their alarms in one text."""
    home = Home()
    home.introduce("sensor", "alarm", name="Alarm", dev=DEV, stat_t="d1/a")
    wanted = (Kind.EMERGENCY, True, True) if calls else (Kind.OTHER, said, False)
    assert home.said("d1/a", said) == [wanted]


def test_a_fall_that_is_active_is_one() -> None:
    """Of something that is called a fall; of a movement, whose words know one, it says nothing of it."""
    home = Home()
    home.introduce("sensor", "f", name="Person fall", dev=DEV, stat_t="d1/f")
    home.introduce("sensor", "m", name="Movement", dev=DEV, stat_t="d1/m", options=["active", "falling"])
    assert home.said("d1/f", "active") == [(Kind.FALL, True, False)]
    assert home.said("d1/m", "active") == [(Kind.FALL, False, False)]
    assert home.said("d1/m", "falling") == [(Kind.FALL, True, False)]


def test_what_people_call_after_an_emergency_is_none() -> None:
    """The reserve of a battery, the ventilation, the services."""
    home = Home()
    for number, name in enumerate(
        ("Emergency charge", "Emergency reserve", "Emergency ventilation", "Emergency services")
    ):
        home.introduce("binary_sensor", name.lower().replace(" ", "_"), name=name, dev=DEV, stat_t=f"d1/{number}")
        assert home.said(f"d1/{number}", "ON") == [(Kind.OTHER, True, False)]


def test_an_alarm_told_twice_in_one_message_is_read_once() -> None:
    """By true and false, and by a word."""
    home = Home()
    home.introduce(
        "binary_sensor", "smoke", dev=DEV, stat_t="d1", val_tpl="{{ value_json.smoke }}", pl_on=True, pl_off=False
    )
    home.introduce("sensor", "smoke_state", dev=DEV, stat_t="d1", val_tpl="{{ value_json.smoke_state }}")
    assert home.said("d1", b'{"smoke":true,"smoke_state":"alarm"}') == [(Kind.SMOKE, True, False)]
    assert home.said("d1", b'{"smoke":false,"smoke_state":"none"}') == [(Kind.SMOKE, False, False)]

"""LoRaWAN by two network servers: who a device is, what its names mean, how it is switched, and what cannot be read."""

from __future__ import annotations

import itertools
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.adapter import Adapter, Description, Message, Refused
from devices.commands import Command, SetCover, SetTemperature, Sound, TurnOff, TurnOn, Unlock
from devices.events import Kind
from devices.lorawan_chirpstack import ChirpStack
from devices.lorawan_payload import facts
from devices.lorawan_tts import TheThingsStack
from devices.names import guess, says_it_calls, truth
from devices.registry import presses_call

TTS, CHIRP = TheThingsStack(), ChirpStack()
SERVERS = pytest.mark.parametrize("server", [TTS, CHIRP], ids=lambda server: server.name)
DEVICE: dict[Adapter, str] = {TTS: "v3/house@care/devices/d1", CHIRP: "application/7c1d/device/70b3d500000000d1"}


def uplink(server: Adapter, said: object, count: int = 1, more: dict[str, object] | None = None) -> Message:
    """One frame as this network server hands it on."""
    device = DEVICE[server]
    if server is TTS:
        up = {"f_port": 85, "f_cnt": count, "decoded_payload": said, "frm_payload": "AQ==", **(more or {})}
        body: dict[str, object] = {"end_device_ids": {"device_id": "d1"}, "uplink_message": up}
        return Message(f"{device}/up", orjson.dumps(body))
    info = {"deviceName": "d1", **(more or {})}
    return Message(
        f"{device}/event/up", orjson.dumps({"deviceInfo": info, "fCnt": count, "data": "AQ==", "object": said})
    )


def learned(server: Adapter, *frames: Message) -> dict[str, Description]:
    """What is known after these frames."""
    known: dict[str, Description] = {}
    for frame in frames:
        decoded = server.decode(frame, known)
        assert decoded.error is None
        known.update((item.device, item) for item in decoded.learned)
    return known


@SERVERS
def test_both_servers_hand_on_the_same_facts(server: Adapter) -> None:
    """What a device says does not depend on whose network it speaks by."""
    said = {"battery": 71, "magnet_status": "open", "temperature": 20.5, "button_event": {"status": "double press"}}
    events = server.decode(uplink(server, said), {}).events
    assert [(event.kind, event.value, event.press) for event in events] == [
        (Kind.BATTERY, 71, False),
        (Kind.CONTACT, "open", False),
        (Kind.TEMPERATURE, 20.5, False),
        (Kind.BUTTON, "double press", True),
    ]


@SERVERS
def test_a_device_is_what_it_has_said_so_far(server: Adapter) -> None:
    """It introduces itself by speaking; what it said before is not forgotten, and nothing new is nothing learned."""
    frames = (uplink(server, {"battery": 71}), uplink(server, {"leakage_status": "normal"}, 2))
    known = learned(server, *frames)
    (found,) = known.values()
    assert found.device == DEVICE[server]
    assert (found.name, found.kind, found.kinds) == ("d1", Kind.WATER_LEAK, (Kind.WATER_LEAK, Kind.BATTERY))
    assert not found.can_call
    assert server.decode(uplink(server, {"leakage_status": "leak"}, 3), known).learned == ()
    again = server.decode(uplink(server, {"smoke_alarm": 0}, 4), known).learned
    assert again[0].can_call


@SERVERS
def test_a_button_that_may_be_an_sos_button_counts_as_one_until_it_is_placed(server: Adapter) -> None:
    """The WS101 sends the same codes in both its forms: nobody can tell, so a person is told."""
    (found,) = learned(server, uplink(server, {"press": "short"}), uplink(server, {"battery": 80}, 2)).values()
    assert presses_call(found)
    assert "SOS" in found.unclear
    (plain,) = learned(server, uplink(server, {"button_1": "pressed", "battery": 80})).values()
    assert not plain.can_call


@pytest.mark.parametrize(
    ("server", "more"),
    [
        (TTS, {"version_ids": {"brand_id": "acme", "model_id": "panic-button"}}),
        (TTS, {"attributes": {"use": "Nurse call"}}),
        (CHIRP, {"deviceProfileName": "ACME SOS pendant"}),
        (CHIRP, {"tags": {"use": "pull cord bathroom 3"}}),
        (CHIRP, {"deviceName": "room-012-sos_button"}),
    ],
)
def test_who_says_that_it_calls_counts_as_calling(server: Adapter, more: dict[str, object]) -> None:
    """By its name, its model, its profile or a tag, whichever the network server tells."""
    (found,) = learned(server, uplink(server, {"press_event": 1}, more=more)).values()
    assert presses_call(found)
    assert found.unclear


@SERVERS
def test_an_uplink_without_a_decoded_payload_is_a_reason(server: Adapter) -> None:
    """A press may be in it: it is refused with what to do, never passed over in silence."""
    error = server.decode(uplink(server, None), {}).error
    assert error is not None
    assert "codec" in error or "formatter" in error


@SERVERS
@pytest.mark.parametrize(
    ("said", "answer", "body", "port"),
    [
        ({"socket_status": "off"}, {"socket_status": "on"}, {"socket_status": "on"}, 85),
        ({"switch_1": "off", "switch_2": "off"}, {"switch_1": "on"}, {"switch_1": "on", "switch_2": "on"}, 85),
        ({"relayState": "OFF"}, {"relayState": "ON"}, {"setRelayState": 1}, 1),
    ],
)
def test_a_switch_is_told_and_answers(
    server: Adapter, said: dict[str, object], answer: dict[str, object], body: dict[str, object], port: int
) -> None:
    """In the form its codec documents; the uplink that follows says that it was done."""
    known = learned(server, uplink(server, said))
    device = DEVICE[server]
    sent = server.encode(TurnOn(device=device, transition_s=2), known)
    assert not isinstance(sent, Refused)
    whole = orjson.loads(sent[0].payload)
    if server is TTS:
        assert sent[0].topic == f"{device}/down/push"
        whole = whole["downlinks"][0]
        assert (whole["decoded_payload"], whole["f_port"]) == (body, port)
    else:
        assert sent[0].topic == f"{device}/command/down"
        assert (whole["object"], whole["fPort"], whole["devEui"]) == (body, port, "70b3d500000000d1")
    assert server.decode(sent[0], known).events == ()
    told = server.decode(uplink(server, answer, 2), known).events
    assert [(event.kind, event.value) for event in told] == [(Kind.SWITCH, "on")]
    off = server.encode(TurnOff(device=device), known)
    assert not isinstance(off, Refused)
    assert orjson.loads(off[0].payload) != orjson.loads(sent[0].payload)


VICKI = {"targetTemperature": 19, "sensorTemperature": 18.4, "motorPosition": 120, "motorRange": 480}
WALL = {"targetTemperature": 19.5, "sensorTemperature": 18.4, "relativeHumidity": 41.2}


@SERVERS
@pytest.mark.parametrize(("said", "wanted", "taken"), [(VICKI, 20.5, 21), (VICKI, 20.0, 20), (WALL, 21.5, 21.5)])
def test_a_set_point_is_told_as_its_maker_s_codec_takes_it_and_answered(
    server: Adapter, said: dict[str, object], wanted: float, taken: float
) -> None:
    """MClimate's takes one value; of a radiator valve the codec writes one byte of whole degrees."""
    known = learned(server, uplink(server, said))
    device = DEVICE[server]
    assert "set_temperature" in known[device].commands
    sent = server.encode(SetTemperature(device=device, celsius=wanted), known)
    assert not isinstance(sent, Refused)
    whole = orjson.loads(sent[0].payload)
    body = whole["downlinks"][0]["decoded_payload"] if server is TTS else whole["object"]
    port = whole["downlinks"][0]["f_port"] if server is TTS else whole["fPort"]
    assert (body, port) == ({"setTargetTemperature": taken}, 1)
    told = server.decode(uplink(server, {**said, "targetTemperature": taken}, 2), known).events
    assert [event.value for event in told if event.field == "targetTemperature"] == [taken]
    assert isinstance(server.encode(SetTemperature(device=device, celsius=99), known), Refused)
    assert isinstance(server.encode(TurnOn(device=device), known), Refused)


@SERVERS
@pytest.mark.parametrize(
    ("said", "command", "why"),
    [
        (
            {"target_temperature": 19},
            SetTemperature(device="?", celsius=21),
            "Milesight's codec takes a set point only",
        ),
        ({"temperature_target": 19}, SetTemperature(device="?", celsius=21), "would change that as well"),
        (
            {"temperature": 19},
            SetTemperature(device="?", celsius=21),
            "cannot be set to a temperature: what the codec of",
        ),
        ({"position": 40}, SetCover(device="?", move="open"), "cannot be opened or closed: what the codec of"),
        ({"lock": "locked"}, Unlock(device="?"), "cannot be unlocked: what the codec of"),
    ],
)
def test_what_only_a_maker_s_codec_knows_is_refused_and_names_it(
    server: Adapter, said: dict[str, object], command: Command, why: str
) -> None:
    """A tolerance that nobody asked for is not set; a byte that nobody documents is not sent."""
    known = learned(server, uplink(server, said))
    refused = server.encode(replace(command, device=DEVICE[server]), known)
    assert isinstance(refused, Refused)
    assert why in refused.reason


@SERVERS
@pytest.mark.parametrize(
    ("said", "command"),
    [
        ({"magnet_status": "open"}, TurnOn(device="?")),
        ({"socket_status": "on"}, TurnOn(device="?", brightness_pct=30)),
        ({"socket_status": "on"}, Sound(device="?", duration_s=3)),
        ({"relay_contact": "on"}, TurnOff(device="?")),
    ],
)
def test_what_no_codec_documents_is_refused(server: Adapter, said: dict[str, object], command: Command) -> None:
    """With words that say why."""
    device = DEVICE[server]
    known = learned(server, uplink(server, said))
    refused = server.encode(replace(command, device=device), known)
    assert isinstance(refused, Refused)
    assert refused.reason


@pytest.mark.parametrize(
    "name",
    [
        *(
            "smokeSensorStatus",
            "smokeAlarmHush",
            "smoke_test",
            "sos_mode",
            "sos_enabled",
            "panic_count",
            "fall_threshold",
        ),
        *(
            "emergency_light",
            "free_fall",
            "gas",
            "CO",
            "co2_alarm",
            "fire_panel_fault",
            "testButtonPressed",
            "rainfall",
        ),
        *("smokeDetectionOnMagnetRemovalEnable", "fallSensitivity", "gas_resistance", "geo_trigger_sos_type"),
    ],
)
def test_a_name_that_only_sounds_like_a_hazard_is_none(name: str) -> None:
    """Settings, counters, tests, amounts, and the health of a sensor alarm nobody."""
    found = guess(name)
    assert found is None or found.kind not in {Kind.EMERGENCY, Kind.FALL, Kind.SMOKE, Kind.GAS, Kind.CO, Kind.BUTTON}


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        *((word, True) for word in ("alarm", "Motion detected", "TRUE", "On", "leak", "occupied", "1", "CASING_OPEN")),
        *(
            (word, False)
            for word in ("normal", "No motion", "non-activated", "NoLeak", "vacant", "0", "threshold release")
        ),
        *((word, None) for word in ("", "unknown", "17", "nan", "blue", "unavailable")),
    ],
)
def test_words_for_yes_and_no(words: str, meaning: bool | None) -> None:
    """A word that denies wins over one that affirms; a word that nobody knows means nothing."""
    assert truth(words) is meaning


@pytest.mark.parametrize("text", ["Room 12 pull-cord", "SOS_button", "panicButton", "nurse call 3", "Emergency"])
def test_what_sounds_like_a_call_for_help(text: str) -> None:
    """In whichever way the words are joined."""
    assert says_it_calls(text)
    assert not says_it_calls("close-calls", "bossy", "panicle")


EMERGENCIES = ("sos", "SOS", "sosAlarm", "panic", "panic_button", "emergency", "emergencyButton", "sos_event")


@pytest.mark.parametrize(
    ("name", "value"), [*itertools.product(EMERGENCIES, (True, 1, "on", "ALARM", "pressed", "held 3 s"))]
)
def test_an_unknown_makers_call_is_a_press(name: str, value: object) -> None:
    """Whatever the codec calls it, and in whatever word: a second one is a second press."""
    found = [fact for fact in facts({name: value, "battery": 50}) if fact.kind is Kind.EMERGENCY]
    assert [(fact.value, fact.press) for fact in found] == [(True, True)]


@pytest.mark.parametrize(("name", "value"), [*itertools.product(EMERGENCIES, (False, 0, "off", "none", "normal", ""))])
def test_an_unknown_makers_silence_is_no_press(name: str, value: object) -> None:
    """Off, in whatever word."""
    assert not any(fact.kind is Kind.EMERGENCY and fact.value for fact in facts({name: value}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("emergency_contact", "Jane"),
        ("sos_number", 112),
        ("sos", "unknown"),
        ("sos", "0x00"),
        ("panic", "17"),
        ("sos", 17),
    ],
)
def test_what_stands_beside_a_call_is_no_call(name: str, value: object) -> None:
    """Whom to ring, a number, a blank."""
    assert not any(fact.kind is Kind.EMERGENCY and fact.value for fact in facts({name: value}))


@pytest.mark.parametrize(
    ("name", "value", "called"),
    [
        ("event", "SOS", True),
        ("eventType", "panic_button_pressed", True),
        ("button", "sos", True),
        ("alarmType", "Emergency", True),
        ("event", "SOS cleared", False),
        ("alarm", "no emergency", False),
        ("event", "sos mode enabled", False),
        ("event", "emergency battery low", False),
        ("report_reason", "sos", True),
        ("firmware", "sos-1.2", False),
    ],
)
def test_an_event_that_is_called_so_is_a_call(name: str, value: str, called: bool) -> None:
    """The word stands in the value where the name only says that something happened."""
    found = [fact for fact in facts({name: value}) if fact.kind is Kind.EMERGENCY and fact.value]
    assert [fact.press for fact in found] == ([True] if called else [])


OF_MAKERS = (
    "Device Alarm header sos sosFlag notification notificationType eventType system lowBattery tamperDetection state"
    " detection_status events alarm_type alarm_status fall_alarm out_of_bed_alarm type event install life_remain status"
    " thermistorProperlyConnected counter messages measurements measurementValue typeName eventName payload value alarm"
    " press button_event button_1 magnet_status battery batteryVoltage temperature latitude position Smoke_Alarm"
)
scalars = st.none() | st.booleans() | st.integers(-3, 300) | st.floats(allow_nan=False) | st.text(max_size=6)
words_too = scalars | st.sampled_from(
    ["SOS_ON", "MOTION_START", "fall", "alarm", "RB02I", "open", "1, 2", "SOS event."]
)
said = st.recursive(
    words_too,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(OF_MAKERS.split()), inner, max_size=5),
    max_leaves=15,
)


@given(st.dictionaries(st.sampled_from(OF_MAKERS.split()), said, max_size=8))
def test_makers_names_with_any_values_are_read_or_passed_over(payload: dict[str, object]) -> None:
    """A codec that puts a list where a word was expected harms nothing."""
    for fact in facts(payload):
        assert fact.value is None or isinstance(fact.value, (str, bool, int, float))
        assert not fact.press or fact.value is not None


def test_a_strange_topic_is_a_reason() -> None:
    """Above the devices there is nothing to read."""
    for topic in ("v3/a/gateways/b/up", "v3//devices/x/up", "v3/a/devices//up", "v3/a/devices/x"):
        assert TTS.decode(Message(topic, b"{}"), {}).error
    for topic in ("application/a/gateway/b/event/up", "application//device/x/event/up", "application/a/device/x/event"):
        assert CHIRP.decode(Message(topic, b"{}"), {}).error

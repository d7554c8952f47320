"""Commands to discovered devices: on their own topics, in their own words, and refused with the reason."""

from __future__ import annotations

import orjson
import pytest

from devices.adapter import Message, Refused
from devices.commands import Command, Lock, Say, SetCover, SetTemperature, Sound, TurnOff, TurnOn, Unlock
from devices.discovery import Discovery
from devices.events import Kind
from devices.known import KnownDevices

ADAPTER = Discovery()
X = "homeassistant/x"
Json = dict[str, object]
JSON_LIGHT: Json = {"schema": "json", "stat_t": "x", "cmd_t": "x/set", "sup_clrm": ["color_temp"], "bri_scl": 254}
BASIC_LIGHT: Json = {"stat_t": "x", "cmd_t": "x/set", "pl_on": "1", "pl_off": "0", "bri_cmd_t": "x/bri", "bri_scl": 100}
KELVIN: Json = {"clr_temp_cmd_t": "x/ct", "clr_temp_k": True, "max_k": 4000, "min_k": 2700}
TEMPLATE_LIGHT: Json = {
    "schema": "template",
    "stat_t": "x",
    "stat_tpl": "{{ 'on' if value_json.ison else 'off' }}",
    "cmd_t": "x/set",
    "cmd_on_tpl": '{"turn":"on"{% if brightness is defined %},"b":{{ (brightness / 2.55) | round }}{% endif %}'
    '{% if transition is defined %},"ms":{{ (transition * 1000) | int }}{% endif %}}',
    "cmd_off_tpl": '{"turn":"off"}',
}
SIREN: Json = {"cmd_t": "x/set", "stat_t": "x"}
COVER: Json = {"cmd_t": "x/set", "stat_t": "x", "set_pos_t": "x/pos", "pos_open": 0, "pos_clsd": 255}
LOCK: Json = {"cmd_t": "x/set", "stat_t": "x", "pl_lock": "L", "pl_unlk": "U", "stat_locked": "L", "stat_unlocked": "U"}
CLIMATE: Json = {"temp_cmd_t": "x/temp", "curr_temp_t": "x/t", "min_temp": "5", "max_temp": "30"}


def home(component: str, **settings: object) -> KnownDevices:
    """What is known of one device with one part."""
    body = orjson.dumps({"name": "Thing", **settings, "dev": {"ids": "x", "name": "X"}})
    decoded = ADAPTER.decode(Message(f"homeassistant/{component}/x/config", body), {})
    assert decoded.error is None
    return KnownDevices((row.device, row) for row in decoded.learned)


def sent(command: Command, known: KnownDevices) -> list[tuple[str, object]]:
    """Topic and payload of each message; JSON is read."""
    answer = ADAPTER.encode(command, known)
    assert not isinstance(answer, Refused), answer.reason
    assert not any(message.retain for message in answer)
    return [(message.topic, _read(message.payload)) for message in answer]


def _read(payload: bytes) -> object:
    return orjson.loads(payload) if payload[:1] == b"{" else payload.decode()


@pytest.mark.parametrize(
    ("component", "settings", "command", "wanted"),
    [
        ("switch", {"cmd_t": "x/set", "pl_on": "1"}, TurnOn(device=X), [("x/set", "1")]),
        (
            "switch",
            {"cmd_t": "x/set", "cmd_tpl": "{{ {'do': value} | to_json }}"},
            TurnOff(device=X),
            [("x/set", {"do": "OFF"})],
        ),
        ("light", JSON_LIGHT, TurnOn(device=X), [("x/set", {"state": "ON"})]),
        (
            "light",
            JSON_LIGHT,
            TurnOn(device=X, brightness_pct=50, color_temp_k=2700, transition_s=2),
            [("x/set", {"state": "ON", "brightness": 127, "color_temp": 370, "transition": 2})],
        ),
        ("light", JSON_LIGHT, TurnOff(device=X, transition_s=3), [("x/set", {"state": "OFF", "transition": 3})]),
        ("light", BASIC_LIGHT, TurnOn(device=X, brightness_pct=30), [("x/bri", "30"), ("x/set", "1")]),
        (
            "light",
            {**BASIC_LIGHT, "on_cmd_type": "first"},
            TurnOn(device=X, brightness_pct=30),
            [("x/set", "1"), ("x/bri", "30")],
        ),
        ("light", {**BASIC_LIGHT, "on_cmd_type": "brightness"}, TurnOn(device=X, brightness_pct=1), [("x/bri", "1")]),
        ("light", {**BASIC_LIGHT, **KELVIN}, TurnOn(device=X, color_temp_k=2000), [("x/ct", "2700"), ("x/set", "1")]),
        ("light", BASIC_LIGHT, TurnOff(device=X, transition_s=3), [("x/set", "0")]),
        (
            "light",
            TEMPLATE_LIGHT,
            TurnOn(device=X, brightness_pct=100, transition_s=1.5),
            [("x/set", {"turn": "on", "b": 100, "ms": 1500})],
        ),
        ("light", TEMPLATE_LIGHT, TurnOff(device=X), [("x/set", {"turn": "off"})]),
        (
            "siren",
            SIREN,
            Sound(device=X, duration_s=9.2),
            [("x/set", {"state": "ON", "duration": 10, "volume_level": 1.0})],
        ),
        ("siren", SIREN, Sound(device=X, duration_s=0), [("x/set", {"state": "OFF"})]),
        (
            "siren",
            {**SIREN, "cmd_tpl": '{"w":{{ duration | default(10) }}}', "cmd_off_tpl": '{"w":0}'},
            Sound(device=X, duration_s=30, level="call"),
            [("x/set", {"w": 30})],
        ),
        (
            "siren",
            {**SIREN, "cmd_tpl": "1", "cmd_off_tpl": '{"w":0}'},
            Sound(device=X, duration_s=0),
            [("x/set", {"w": 0})],
        ),
        ("cover", COVER, SetCover(device=X, move="stop"), [("x/set", "STOP")]),
        ("cover", COVER, SetCover(device=X, position_pct=80), [("x/pos", "51")]),
        ("cover", {"cmd_t": "x/set"}, SetCover(device=X, position_pct=100), [("x/set", "OPEN")]),
        ("cover", {"set_pos_t": "x/pos"}, SetCover(device=X, move="close"), [("x/pos", "0")]),
        ("lock", LOCK, Lock(device=X), [("x/set", "L")]),
        ("lock", LOCK, Unlock(device=X), [("x/set", "U")]),
        ("climate", CLIMATE, SetTemperature(device=X, celsius=21.5), [("x/temp", "21.5")]),
        (
            "climate",
            {**CLIMATE, "temp_unit": "F", "max_temp": 90},
            SetTemperature(device=X, celsius=21),
            [("x/temp", "69.8")],
        ),
        (
            "notify",
            {"name": "Speaker", "cmd_t": "x/say"},
            Say(device=X, text="Help is coming."),
            [("x/say", "Help is coming.")],
        ),
    ],
)
def test_a_command_is_sent_in_the_devices_own_words(
    component: str, settings: Json, command: Command, wanted: list[tuple[str, object]]
) -> None:
    """Each message, in its order."""
    assert sent(command, home(component, **settings)) == wanted


@pytest.mark.parametrize(
    ("component", "settings", "command", "because"),
    [
        ("switch", {"cmd_t": "x/set"}, TurnOn(device=X, brightness_pct=30), "cannot be dimmed"),
        ("switch", {"cmd_t": "x/set"}, Sound(device=X, duration_s=5), "cannot make a sound"),
        (
            "switch",
            {"cmd_t": "x/set", "ent_cat": "config", "stat_t": "x"},
            TurnOn(device=X),
            "not introduced|cannot be switched",
        ),
        ("light", BASIC_LIGHT, TurnOn(device=X, color_temp_k=2700), "colour temperature"),
        ("light", JSON_LIGHT, TurnOn(device=X, brightness_pct=0), "between 0 and 100"),
        ("light", {**JSON_LIGHT, "cmd_t": None}, TurnOn(device=X), "cannot be switched on"),
        ("light", {**TEMPLATE_LIGHT, "cmd_off_tpl": "{{ now() }}"}, TurnOff(device=X), "wants a template"),
        ("siren", SIREN, Sound(device=X, duration_s=float("nan")), "not possible"),
        ("cover", COVER, SetCover(device=X), "either a move or a position"),
        ("cover", COVER, SetCover(device=X, position_pct=101), "between 0 and 100"),
        ("cover", {"cmd_t": "x/set"}, SetCover(device=X, position_pct=40), "not set to 40"),
        ("cover", {"set_pos_t": "x/p"}, SetCover(device=X, move="stop"), "cannot be told to stop"),
        ("lock", {**LOCK, "code_format": "^[0-9]+$"}, Unlock(device=X), "wants a code"),
        ("lock", LOCK, SetTemperature(device=X, celsius=20), "cannot be set to a temperature"),
        ("climate", CLIMATE, SetTemperature(device=X, celsius=40), "5 and 30"),
        ("notify", {"name": "Display", "cmd_t": "x/say"}, Say(device=X, text="x"), "cannot speak"),
        ("notify", {"name": "Speaker", "cmd_t": "x/say"}, Say(device=X, text=" "), "not spoken"),
    ],
)
def test_what_a_device_cannot_do_is_refused_with_the_reason(
    component: str, settings: Json, command: Command, because: str
) -> None:
    """And nothing is sent."""
    answer = ADAPTER.encode(command, home(component, **{"stat_t": "x", **settings}))
    assert isinstance(answer, Refused)
    assert any(words in answer.reason for words in because.split("|")), answer.reason


def test_a_cover_says_its_word_and_how_far_it_is_open() -> None:
    """Two topics, or two values of one message: neither takes the other's place."""
    known = home("cover", stat_t="x", pos_t="x/pos", pos_open=0, pos_clsd=255, cmd_t="x/set")
    said = [
        *ADAPTER.decode(Message("x", b"open"), known).events,
        *ADAPTER.decode(Message("x/pos", b"51"), known).events,
    ]
    assert [(event.value, event.unit, event.field) for event in said] == [
        ("open", None, "x"),
        (80.0, "%", "x_position"),
    ]
    words = {"val_tpl": "{{ value_json.s }}", "pos_tpl": "{{ value_json.p }}"}
    known = home("cover", stat_t="x", pos_t="x", cmd_t="x/set", **words)
    said = list(ADAPTER.decode(Message("x", b'{"s":"closed","p":0}'), known).events)
    assert [(event.value, event.field) for event in said] == [("closed", "x"), (0, "x_position")]


@pytest.mark.parametrize(
    ("component", "settings", "command", "topic", "answer", "kind", "value"),
    [
        ("light", JSON_LIGHT, TurnOn(device=X, brightness_pct=50), "x", None, Kind.LIGHT, "on"),
        ("light", JSON_LIGHT, TurnOff(device=X), "x", None, Kind.LIGHT, "off"),
        ("light", BASIC_LIGHT, TurnOn(device=X), "x", None, Kind.LIGHT, "on"),
        ("light", TEMPLATE_LIGHT, TurnOn(device=X), "x", b'{"ison":true}', Kind.LIGHT, "on"),
        ("switch", {"cmd_t": "x/set", "stat_t": "x"}, TurnOff(device=X), "x", None, Kind.SWITCH, "off"),
        ("siren", SIREN, Sound(device=X, duration_s=5), "x", None, Kind.SWITCH, "on"),
        ("siren", SIREN, Sound(device=X, duration_s=0), "x", b"OFF", Kind.SWITCH, "off"),
        ("cover", COVER, SetCover(device=X, move="open"), "x", b"open", Kind.COVER, "open"),
        ("cover", COVER, SetCover(device=X, move="close"), "x", b"closed", Kind.COVER, "closed"),
        ("lock", LOCK, Lock(device=X), "x", None, Kind.LOCK, "locked"),
        ("lock", LOCK, Unlock(device=X), "x", None, Kind.LOCK, "unlocked"),
        ("climate", CLIMATE, SetTemperature(device=X, celsius=21), "x/t", b"21.0", Kind.TEMPERATURE, 21.0),
    ],
)
def test_the_answer_to_a_command_says_that_it_was_carried_out(
    component: str, settings: Json, command: Command, topic: str, answer: bytes | None, kind: Kind, value: object
) -> None:
    """The round trip; many devices answer with what they were sent."""
    known = home(component, **settings)
    messages = ADAPTER.encode(command, known)
    assert not isinstance(messages, Refused)
    (event,) = ADAPTER.decode(Message(topic, answer or messages[-1].payload), known).events
    assert (event.kind, event.value) == (kind, value)


def test_a_device_that_has_not_introduced_itself_is_told_nothing() -> None:
    """Nobody knows how."""
    answer = ADAPTER.encode(TurnOn(device="homeassistant/y"), KnownDevices())
    assert isinstance(answer, Refused)
    assert "not introduced itself" in answer.reason


def test_a_light_is_told_before_the_sockets_of_its_device() -> None:
    """What is switched is every light, or, where there is none, every switch."""
    known = home("light", **JSON_LIGHT)
    body = orjson.dumps({"cmd_t": "x/socket", "stat_t": "x/s", "dev": {"ids": "x"}})
    known.update(
        (row.device, row) for row in ADAPTER.decode(Message("homeassistant/switch/x2/config", body), known).learned
    )
    assert sent(TurnOn(device=X), known) == [("x/set", {"state": "ON"})]

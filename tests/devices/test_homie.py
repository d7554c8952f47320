"""Homie 4 and 5: descriptions in pieces and whole, values, commands and their answers."""

from __future__ import annotations

import itertools

import orjson
import pytest

from devices.adapter import Description, Message, Refused
from devices.commands import Command, Lock, SetCover, SetTemperature, Sound, TurnOff, TurnOn, Unlock
from devices.events import Kind
from devices.homie import Homie

ADAPTER = Homie()
LAMP = "homie/lamp-3"
PIECES = {
    "light/power/$datatype": "boolean",
    "light/power/$settable": "true",
    "light/brightness/$datatype": "integer",
    "light/brightness/$format": "0:255",
    "light/brightness/$settable": "true",
}


def hear(messages: dict[str, str], known: dict[str, Description] | None = None) -> dict[str, Description]:
    """What is known after these messages."""
    known = {} if known is None else known
    for topic, payload in messages.items():
        decoded = ADAPTER.decode(Message(topic, payload.encode(), retain=True), known)
        assert decoded.error is None
        known.update((item.device, item) for item in decoded.learned)
        for device in decoded.forgotten:
            known.pop(device, None)
    return known


def told(topic: str, payload: str, known: dict[str, Description]) -> list[tuple[Kind, object]]:
    """Kind and value of what a message says."""
    return [(event.kind, event.value) for event in ADAPTER.decode(Message(topic, payload.encode()), known).events]


def sent(command: Command, known: dict[str, Description]) -> dict[str, str]:
    """Topic and payload of each message of a command."""
    messages = ADAPTER.encode(command, known)
    assert not isinstance(messages, Refused), messages.reason
    return {message.topic: message.payload.decode() for message in messages}


def whole(**nodes: dict[str, dict[str, object]]) -> str:
    """A Homie 5 description."""
    about = {name: {"properties": properties} for name, properties in nodes.items()}
    return orjson.dumps({"homie": "5.0", "version": 1, "name": "Thing", "nodes": about}).decode()


def test_the_order_of_the_pieces_does_not_matter() -> None:
    """A broker gives retained attributes in any order."""
    found = {
        frozenset(hear({f"{LAMP}/{topic}": PIECES[topic] for topic in order})[LAMP].properties)
        for order in itertools.permutations(PIECES)
    }
    assert len(found) == 1


def test_a_lamp_is_switched_dimmed_and_answers() -> None:
    """In the range its format names; the value it publishes then is the state that was asked for."""
    known = hear({f"{LAMP}/{topic}": payload for topic, payload in PIECES.items()})
    assert known[LAMP].kind is Kind.LIGHT
    assert sent(TurnOn(device=LAMP, brightness_pct=50, transition_s=2), known) == {
        f"{LAMP}/light/brightness/set": "128",
        f"{LAMP}/light/power/set": "true",
    }
    assert told(f"{LAMP}/light/power", "true", known) == [(Kind.LIGHT, "on")]
    assert sent(TurnOff(device=LAMP), known) == {f"{LAMP}/light/power/set": "false"}
    assert told(f"{LAMP}/light/power", "false", known) == [(Kind.LIGHT, "off")]
    assert isinstance(ADAPTER.encode(TurnOn(device=LAMP, color_temp_k=2700), known), Refused)
    assert isinstance(ADAPTER.encode(Sound(device=LAMP, duration_s=3), known), Refused)


def test_an_enumeration_is_switched_in_its_own_words() -> None:
    """`ON` and `OFF` where the format says so."""
    relay = {"state": {"datatype": "enum", "format": "OFF,ON", "settable": True}}
    known = hear({"homie/5/plug/$description": whole(relay=relay)})
    assert sent(TurnOn(device="homie/5/plug"), known) == {"homie/5/plug/relay/state/set": "ON"}
    assert sent(TurnOff(device="homie/5/plug"), known) == {"homie/5/plug/relay/state/set": "OFF"}
    assert told("homie/5/plug/relay/state", "OFF", known) == [(Kind.SWITCH, "off")]


def test_colour_temperature_and_siren() -> None:
    """Kelvin within what the lamp can; a siren sounds, is silenced, and is no lamp."""
    lamp = {
        "on": {"datatype": "boolean", "settable": True},
        "color-temperature": {"datatype": "integer", "unit": "K", "format": "2700:6500", "settable": True},
    }
    siren = {"on": {"datatype": "boolean", "settable": True}}
    known = hear({"homie/5/hall/$description": whole(lamp=lamp, siren=siren)})
    assert sent(TurnOn(device="homie/5/hall", color_temp_k=2000), known) == {
        "homie/5/hall/lamp/color-temperature/set": "2700",
        "homie/5/hall/lamp/on/set": "true",
    }
    assert sent(Sound(device="homie/5/hall", duration_s=30), known) == {"homie/5/hall/siren/on/set": "true"}
    assert sent(Sound(device="homie/5/hall", duration_s=0), known) == {"homie/5/hall/siren/on/set": "false"}


def test_what_may_not_be_set_is_not_set() -> None:
    """A light that is only reported, and a device that never described itself, are refused."""
    known = hear({"homie/5/eye/$description": whole(light={"on": {"datatype": "boolean"}})})
    assert isinstance(ADAPTER.encode(TurnOn(device="homie/5/eye"), known), Refused)
    assert isinstance(ADAPTER.encode(TurnOn(device="homie/5/nobody"), known), Refused)


def test_a_device_that_is_taken_away_is_forgotten() -> None:
    """Its state is emptied; another version's device of the same name is another device."""
    known = hear({"homie/5/plug/$description": whole(plug={"power": {"datatype": "float", "unit": "W"}})})
    assert set(known) == {"homie/5/plug"}
    assert hear({"homie/plug/$state": ""}, known) == known
    assert hear({"homie/5/plug/$state": ""}, known) == {}


def test_its_name_may_say_that_it_calls() -> None:
    """Until somebody says what its button is for, it counts as an emergency."""
    button = {"press": {"datatype": "enum", "format": "single,long", "retained": False}}
    plain = hear({"homie/5/thing/$description": whole(button=button)})
    assert not plain["homie/5/thing"].can_call
    known = hear({"homie/sos-cord/button/press/$datatype": "enum"})
    assert known["homie/sos-cord"].can_call
    named = hear({"homie/x7/$name": "Pull cord bath 3", "homie/x7/button/press/$datatype": "enum"})
    assert named["homie/x7"].can_call


@pytest.mark.parametrize(
    ("name", "payload", "kind", "value"),
    [
        ("door/open", "false", Kind.CONTACT, "closed"),
        ("door/closed", "true", Kind.CONTACT, "closed"),
        ("room/motion", "true", Kind.MOTION, True),
        ("room/presence", "false", Kind.OCCUPANCY, False),
        ("kitchen/gas-detected", "true", Kind.GAS, True),
        ("kitchen/carbon-monoxide", "false", Kind.CO, False),
        ("cellar/leak", "true", Kind.WATER_LEAK, True),
        ("person/fall-detected", "true", Kind.FALL, True),
        ("battery/level", "78", Kind.BATTERY, 78),
        ("climate/humidity", "41.5", Kind.HUMIDITY, 41.5),
        ("sos/state", "true", Kind.EMERGENCY, True),
        ("engine/speed", "120", Kind.OTHER, 120),
        ("co2/level", "900", Kind.OTHER, 900),
    ],
)
def test_a_value_that_nobody_described_is_read_by_its_names(name: str, payload: str, kind: Kind, value: object) -> None:
    """The first value may come before the description does."""
    found = told(f"homie/thing/{name}", payload, {})
    assert found[0][0] is kind
    assert found[0][1] == value or (isinstance(value, int) and found[0][1] == float(value))


def test_a_gesture_that_says_sos_is_a_call() -> None:
    """Each time, as a button's gestures are."""
    known = hear({"homie/5/fob/$description": whole(fob={"button": {"datatype": "enum", "format": "single,sos"}})})
    (event,) = ADAPTER.decode(Message("homie/5/fob/fob/button", b"sos"), known).events
    assert (event.kind, event.value, event.press) == (Kind.EMERGENCY, True, True)
    (undescribed,) = ADAPTER.decode(Message("homie/5/fob/fob/button", b"sos"), {}).events
    assert undescribed == event
    (event,) = ADAPTER.decode(Message("homie/5/fob/fob/button", b"single"), known).events
    assert (event.kind, event.press) == (Kind.BUTTON, True)


@pytest.mark.parametrize("payload", ["{", "[]", '"x"', '{"nodes":{"a":{"properties":{"b":7}}}}', '{"nodes":3}'])
def test_a_broken_description_is_a_reason_or_nothing(payload: str) -> None:
    """It teaches nothing wrong."""
    decoded = ADAPTER.decode(Message("homie/5/x/$description", payload.encode()), {})
    assert decoded.error or all(item.properties == () for item in decoded.learned)


ROOM = "homie/5/room-3"
FITTED = whole(
    door={"lock": {"datatype": "enum", "format": "LOCKED,UNLOCKED", "settable": True}},
    blind={
        "blind": {"datatype": "enum", "format": "open,close,stop", "settable": True},
        "position": {"datatype": "integer", "format": "0:255", "settable": True},
    },
    heating={
        "temperature": {"datatype": "float", "unit": "°C"},
        "target": {"datatype": "float", "unit": "°C", "format": "5:28", "settable": True},
    },
)


@pytest.mark.parametrize(
    ("command", "topic", "said"),
    [
        (Lock(device=ROOM), "door/lock", "LOCKED"),
        (Unlock(device=ROOM), "door/lock", "UNLOCKED"),
        (SetCover(device=ROOM, move="stop"), "blind/blind", "stop"),
        (SetCover(device=ROOM, position_pct=40), "blind/position", "102"),
        (SetTemperature(device=ROOM, celsius=21.5), "heating/target", "21.5"),
    ],
)
def test_locks_covers_and_heating_are_told_in_the_words_of_their_format(
    command: Command, topic: str, said: str
) -> None:
    """And in its range; what it offers is in its description."""
    known = hear({f"{ROOM}/$description": FITTED})
    assert sent(command, known) == {f"{ROOM}/{topic}/set": said}
    assert {"lock", "unlock", "open_close", "position", "set_temperature"} <= set(known[ROOM].commands)


@pytest.mark.parametrize(
    ("command", "because"),
    [
        (SetTemperature(device=ROOM, celsius=29), "between 5 and 28"),
        (SetCover(device=ROOM, position_pct=101), "between 0 and 100"),
        (SetCover(device=ROOM), "cannot be told to move"),
    ],
)
def test_what_is_out_of_its_range_is_refused(command: Command, because: str) -> None:
    """With the range."""
    refused = ADAPTER.encode(command, hear({f"{ROOM}/$description": FITTED}))
    assert isinstance(refused, Refused)
    assert because in refused.reason


def test_a_bit_locks_only_where_its_name_says_which_way() -> None:
    """`true` on a property called *lock* may be either."""
    known = hear(
        {
            "homie/5/a/$description": whole(lock={"locked": {"datatype": "boolean", "settable": True}}),
            "homie/5/b/$description": whole(door={"lock": {"datatype": "boolean", "settable": True}}),
        }
    )
    assert sent(Unlock(device="homie/5/a"), known) == {"homie/5/a/lock/locked/set": "false"}
    assert isinstance(ADAPTER.encode(Lock(device="homie/5/b"), known), Refused)
    for command in (SetCover(device="homie/5/b", move="open"), SetTemperature(device="homie/5/b", celsius=20)):
        assert isinstance(ADAPTER.encode(command, known), Refused)

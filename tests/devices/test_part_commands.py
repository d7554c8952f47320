"""Two outputs of one module, each placed by itself: a command goes to one of them, and its answer is that one's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from devices.adapter import Message, Refused
from devices.catalogue import Catalogue
from devices.commands import Command, Lock, SetCover, SetTemperature, Sound, TurnOff, TurnOn
from devices.events import Kind
from devices.known import KnownDevices
from devices.part_commands import alone, encoded, outputs_of, wrong_part
from devices.registry import Placed, Purpose, Registry

CATALOGUE = Catalogue()
Said = Mapping[str, object]


def body(payload: object) -> bytes:
    """A payload as it goes over the wire."""
    return payload.encode() if isinstance(payload, str) else json.dumps(payload).encode()


def introduced(said: Said) -> KnownDevices:
    """What is known after these messages."""
    known = KnownDevices()
    for topic, payload in said.items():
        adapter = CATALOGUE.adapter_for(topic, known)
        assert adapter is not None
        decoded = adapter.decode(Message(topic, body(payload), retain=True), known)
        assert decoded.error is None
        known.update((item.device, item) for item in decoded.learned)
    return known


def sent(command: Command, known: KnownDevices) -> dict[str, object]:
    """Topic and payload of each message of a command."""
    adapter = CATALOGUE.adapter_for(command.device, known)
    assert adapter is not None
    messages = encoded(adapter, command, known)
    assert not isinstance(messages, Refused), messages.reason
    found: dict[str, object] = {}
    for message in messages:
        text = message.payload.decode()
        try:
            found[message.topic] = json.loads(text)
        except json.JSONDecodeError:
            found[message.topic] = text
    return found


def refusal(command: Command, known: KnownDevices) -> str:
    """Why a command is refused."""
    adapter = CATALOGUE.adapter_for(command.device, known)
    assert adapter is not None
    refused = encoded(adapter, command, known)
    assert isinstance(refused, Refused)
    return refused.reason


def means(topic: str, payload: object, known: KnownDevices, *addresses: str) -> list[tuple[str, Kind, object]]:
    """Whose a message is where these are placed, and what it says."""
    registry = Registry(Placed(device=one, name=one, purpose=Purpose.LIGHT) for one in addresses)
    adapter = CATALOGUE.adapter_for(topic, known)
    assert adapter is not None
    decoded = adapter.decode(Message(topic, body(payload)), known)
    assert decoded.error is None
    return [(event.device, event.kind, event.value) for event in map(registry.of_part, decoded.events)]


def asked(method: str, **params: object) -> dict[str, object]:
    """A Shelly's RPC frame."""
    return {"id": 1, "src": "shelly/handrail", "method": method, "params": params}


@dataclass(frozen=True)
class Way:
    """One module: how it introduced itself, its two outputs, what each is sent and what it answers."""

    said: Said
    first: str
    second: str
    kinds: tuple[Kind, Kind]
    sent: tuple[Said, Said]
    answers: tuple[tuple[str, object], tuple[str, object]]


def zigbee(*exposes: object) -> Said:
    """The inventory with one module in it."""
    entry = {"friendly_name": "hall", "definition": {"model": "TS0002", "vendor": "Maker", "exposes": exposes}}
    return {"zigbee2mqtt/bridge/devices": [entry]}


def endpoint(sort: str, end: str, *more: object) -> dict[str, object]:
    """A switch, light or cover on an endpoint."""
    words = ["OPEN", "CLOSE", "STOP"]
    state = {"type": "binary", "name": "state", "property": f"state_{end}", "access": 7}
    state |= {"type": "enum", "values": words} if sort == "cover" else {"value_on": "ON", "value_off": "OFF"}
    return {"type": sort, "endpoint": end, "features": [state, *more]}


def brightness(end: str) -> dict[str, object]:
    """It can be dimmed."""
    return {"type": "numeric", "name": "brightness", "property": f"brightness_{end}", "access": 7}


def relay(node: str, topic: str, name: str) -> dict[str, object]:
    """One switch of a discovered device."""
    return {"name": name, "stat_t": f"{topic}/state", "cmd_t": f"{topic}/set", "dev": {"ids": [node], "name": node}}


def downlink(**said: str) -> dict[str, object]:
    """What ChirpStack is sent for a Milesight switch."""
    return {"devEui": "70b3d5", "confirmed": True, "fPort": 85, "object": said}


NODE = "application/7c/device/70b3d5"
PM2 = "shelly/shellyplus2pm-a8032abe54dc"
PREFIX = "shellyplus2pm-a8032abe54dc"
SW25 = "shellies/shellyswitch25-68C63A"
SO68 = {"dn": "Hall", "md": "PWM", "t": "hall", "ft": "%prefix%/%topic%/", "tp": ["cmnd", "stat", "tele"]}
HOMIE = {
    "homie": "5.0",
    "version": 1,
    "name": "Relays",
    "nodes": {
        side: {"name": side, "properties": {"state": {"datatype": "boolean", "settable": True}}}
        for side in ("relay-left", "relay-right")
    },
}
WAYS = {
    "shelly with rpc": Way(
        {f"{PREFIX}/status/switch:{n}": {"id": n, "output": False, "apower": 0.0} for n in (0, 1)},
        f"{PM2}#switch:0",
        f"{PM2}#switch:1",
        (Kind.SWITCH, Kind.SWITCH),
        ({f"{PREFIX}/rpc": asked("Switch.Set", id=0, on=True)}, {f"{PREFIX}/rpc": asked("Switch.Set", id=1, on=True)}),
        (
            (f"{PREFIX}/status/switch:0", {"id": 0, "output": True}),
            (
                f"{PREFIX}/events/rpc",
                {"src": PREFIX, "method": "NotifyStatus", "params": {"switch:1": {"id": 1, "output": True}}},
            ),
        ),
    ),
    "shelly of the first generation": Way(
        {"shellies/announce": {"id": "shellyswitch25-68C63A", "model": "SHSW-25"}},
        f"{SW25}#relay:0",
        f"{SW25}#relay:1",
        (Kind.SWITCH, Kind.SWITCH),
        ({f"{SW25}/relay/0/command": "on"}, {f"{SW25}/relay/1/command": "on"}),
        ((f"{SW25}/relay/0", "on"), (f"{SW25}/relay/1", "on")),
    ),
    "tasmota": Way(
        {"tasmota/discovery/5CCF7F000001/config": {**SO68, "rl": [1, 1], "btn": [0], "so": {"73": 0}}},
        "tasmota/hall#POWER1",
        "tasmota/hall#POWER2",
        (Kind.SWITCH, Kind.SWITCH),
        ({"cmnd/hall/POWER1": "ON"}, {"cmnd/hall/POWER2": "ON"}),
        (("stat/hall/RESULT", {"POWER1": "ON"}), ("stat/hall/POWER2", "ON")),
    ),
    "zigbee2mqtt": Way(
        zigbee(endpoint("switch", "left"), endpoint("light", "right", brightness("right"))),
        "zigbee2mqtt/hall#state_left",
        "zigbee2mqtt/hall#state_right",
        (Kind.SWITCH, Kind.LIGHT),
        ({"zigbee2mqtt/hall/set": {"state_left": "ON"}}, {"zigbee2mqtt/hall/set": {"state_right": "ON"}}),
        (("zigbee2mqtt/hall", {"state_left": "ON"}), ("zigbee2mqtt/hall", {"state_right": "ON"})),
    ),
    "zigbee2mqtt, not described": Way(
        {},
        "zigbee2mqtt/hall#state_l1",
        "zigbee2mqtt/hall#state_l2",
        (Kind.SWITCH, Kind.SWITCH),
        ({"zigbee2mqtt/hall/set": {"state_l1": "ON"}}, {"zigbee2mqtt/hall/set": {"state_l2": "ON"}}),
        (("zigbee2mqtt/hall", {"state_l1": "ON"}), ("zigbee2mqtt/hall", {"state_l2": "ON"})),
    ),
    "homie": Way(
        {"homie/5/relays/$description": HOMIE},
        "homie/5/relays#relay-left/state",
        "homie/5/relays#relay-right/state",
        (Kind.SWITCH, Kind.SWITCH),
        ({"homie/5/relays/relay-left/state/set": True}, {"homie/5/relays/relay-right/state/set": True}),
        (("homie/5/relays/relay-left/state", "true"), ("homie/5/relays/relay-right/state", "true")),
    ),
    "discovery": Way(
        {
            "homeassistant/switch/hall/relay_1/config": relay("hall", "h/1", "Relay 1"),
            "homeassistant/switch/hall/relay_2/config": relay("hall", "h/2", "Relay 2"),
        },
        "homeassistant/hall#relay_1",
        "homeassistant/hall#relay_2",
        (Kind.SWITCH, Kind.SWITCH),
        ({"h/1/set": "ON"}, {"h/2/set": "ON"}),
        (("h/1/state", "ON"), ("h/2/state", "ON")),
    ),
    "esphome": Way(
        {"bath/switch/fan/state": "OFF", "bath/light/mirror/state": '{"state": "OFF"}'},
        "esphome/bath#fan",
        "esphome/bath#mirror",
        (Kind.SWITCH, Kind.LIGHT),
        ({"bath/switch/fan/command": "ON"}, {"bath/light/mirror/command": {"state": "ON"}}),
        (("bath/switch/fan/state", "ON"), ("bath/light/mirror/state", '{"state": "ON"}')),
    ),
    "lorawan": Way(
        {f"{NODE}/event/up": {"fCnt": 1, "object": {"switch_1": "off", "switch_2": "off"}}},
        f"{NODE}#switch_1",
        f"{NODE}#switch_2",
        (Kind.SWITCH, Kind.SWITCH),
        ({f"{NODE}/command/down": downlink(switch_1="on")}, {f"{NODE}/command/down": downlink(switch_2="on")}),
        (
            (f"{NODE}/event/up", {"fCnt": 2, "object": {"switch_1": "on"}}),
            (f"{NODE}/event/up", {"fCnt": 2, "object": {"switch_2": "on"}}),
        ),
    ),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_command_goes_to_one_output_and_its_answer_is_that_one_s(way: Way) -> None:
    """The lamp of one room and the fan of the next hang on one module, and neither is told for the other."""
    known = introduced(way.said)
    for index, address in enumerate((way.first, way.second)):
        assert sent(TurnOn(device=address), known) == way.sent[index]
        topic, payload = way.answers[index]
        said = [one for one in means(topic, payload, known, way.first, way.second) if one[1] is not Kind.POWER]
        assert said == [(address, way.kinds[index], "on")]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_what_is_not_placed_by_part_is_the_module_s(way: Way) -> None:
    """Nobody placed the first output: what it says is no news of the second."""
    known = introduced(way.said)
    topic, payload = way.answers[0]
    whole = way.first.partition("#")[0]
    assert {device for device, _, _ in means(topic, payload, known, way.second)} == {whole}
    assert {device for device, _, _ in means(topic, payload, known, whole)} == {whole}


@pytest.mark.parametrize("way", [way for way in WAYS.values() if way.said], ids=[n for n, w in WAYS.items() if w.said])
def test_a_part_that_a_device_does_not_have_is_refused_with_the_nearest(way: Way) -> None:
    """One letter wrong is not another lamp, and not a message into the void."""
    known = introduced(way.said)
    whole, _, part = way.second.partition("#")
    wrong = wrong_part(known[whole], f"{whole}#{part}7")
    assert f"did you mean {part!r}" in wrong
    assert not wrong_part(known[whole], way.second)
    assert list(outputs_of(known[whole])) == [way.first.partition("#")[2], part]
    if not whole.startswith("shelly/"):
        assert f"did you mean {part!r}" in refusal(TurnOn(device=f"{whole}#{part}7"), known)


def test_an_output_of_an_rpc_shelly_that_was_never_switched_has_not_spoken() -> None:
    """Its components introduce themselves as they change: the second is told all the same, what is none is not."""
    known = introduced({f"{PREFIX}/status/switch:0": {"id": 0, "output": False}})
    assert sent(TurnOff(device=f"{PM2}#switch:1"), known) == {f"{PREFIX}/rpc": asked("Switch.Set", id=1, on=False)}
    assert "no part 'input:1'" in refusal(TurnOn(device=f"{PM2}#input:1"), known)


@pytest.mark.parametrize(
    "command",
    [
        SetCover(device="shellies/x#relay:1", move="open"),
        SetCover(device="tasmota/x#POWER2", move="open"),
        SetCover(device="shelly/x#switch:1", move="open"),
        TurnOn(device="tasmota/x#Shutter1"),
        TurnOn(device="shellies/x#roller:0"),
        SetTemperature(device="shellies/x#relay:1", celsius=20),
        Lock(device="shelly/x#switch:1"),
        Sound(device="tasmota/x#POWER2", duration_s=5),
        TurnOn(device="tasmota/x#POWER2", brightness_pct=30),
        TurnOn(device="rtl_433/x#1"),
        TurnOn(device="handrail-device/x#left"),
        TurnOn(device="homie/x#left/state"),
        TurnOn(device="homeassistant/x#left"),
        TurnOn(device="application/7c/device/1#switch_1"),
        TurnOn(device="zigbee2mqtt/x#power_l1"),
    ],
)
def test_what_an_output_is_not_is_refused_and_no_other_is_told_instead(command: Command) -> None:
    """Nobody knows these modules but by the name of their part; a relay is no blind, whatever else hangs there."""
    assert refusal(command, KnownDevices())


def test_a_light_among_several_of_a_tasmota_is_dimmed_by_its_channel() -> None:
    """`Dimmer` is all of them together."""
    known = introduced({"tasmota/discovery/5CCF7F000001/config": {**SO68, "rl": [1, 2, 2], "lt_st": 1}})
    dimmed = sent(TurnOn(device="tasmota/hall#POWER3", brightness_pct=30), known)
    assert dimmed == {"cmnd/hall/Backlog0": "Channel2 30; POWER3 ON"}
    assert "colour temperature" in refusal(TurnOn(device="tasmota/hall#POWER3", color_temp_k=2700), known)
    one = introduced({"tasmota/discovery/5CCF7F000001/config": {**SO68, "rl": [1, 2], "lt_st": 1}})
    assert sent(TurnOn(device="tasmota/hall#POWER2", brightness_pct=30), one) == {
        "cmnd/hall/Backlog0": "Dimmer 30; POWER2 ON"
    }


def test_one_endpoint_of_a_zigbee_module_is_dimmed_and_another_cannot_be() -> None:
    """What the whole can do is not what each of its outputs can."""
    known = introduced(zigbee(endpoint("switch", "left"), endpoint("light", "right", brightness("right"))))
    right = TurnOn(device="zigbee2mqtt/hall#state_right", brightness_pct=50)
    assert sent(right, known) == {"zigbee2mqtt/hall/set": {"state_right": "ON", "brightness_right": 127}}
    assert "cannot be dimmed" in refusal(TurnOn(device="zigbee2mqtt/hall#state_left", brightness_pct=50), known)


def test_two_blinds_on_one_zigbee_module_stand_each_where_it_was_told() -> None:
    """Their positions are values of their own endpoints, on the way back too."""
    place = {"type": "numeric", "name": "position", "access": 7}
    left, right = (endpoint("cover", end, {**place, "property": f"position_{end}"}) for end in ("left", "right"))
    known = introduced(zigbee(left, right))
    address = "zigbee2mqtt/hall#state_right"
    assert sent(SetCover(device=address, position_pct=40), known) == {"zigbee2mqtt/hall/set": {"position_right": 40}}
    assert sent(SetCover(device=address, move="stop"), known) == {"zigbee2mqtt/hall/set": {"state_right": "STOP"}}
    said = means("zigbee2mqtt/hall", {"position_left": 100, "position_right": 40}, known, address)
    assert said == [("zigbee2mqtt/hall", Kind.COVER, 100), (address, Kind.COVER, 40)]
    unknown = SetCover(device=address, position_pct=40)
    assert sent(unknown, KnownDevices()) == {"zigbee2mqtt/hall/set": {"position_right": 40}}


def test_the_power_of_an_output_is_that_output_s() -> None:
    """A kettle on the second socket is not the lamp on the first."""
    known = introduced(WAYS["shelly with rpc"].said)
    said = means(f"{PREFIX}/status/switch:1", {"id": 1, "apower": 1800.0}, known, f"{PM2}#switch:0", f"{PM2}#switch:1")
    assert said == [(f"{PM2}#switch:1", Kind.POWER, 1800.0)]
    said = means(f"{PREFIX}/status/switch:0", {"id": 0, "apower": 7.5}, known, f"{PM2}#switch:0", f"{PM2}#switch:1")
    assert said == [(f"{PM2}#switch:0", Kind.POWER, 7.5)]
    said = means("zigbee2mqtt/hall", {"power_l2": 5}, KnownDevices(), "zigbee2mqtt/hall#state_l2")
    assert said == [("zigbee2mqtt/hall#state_l2", Kind.POWER, 5)]


def test_the_first_of_two_sorts_are_told_apart() -> None:
    """A meter's clamp beside a relay, a coloured strip beside a white one: each says the same kind first."""
    known = introduced(
        {
            "em/status/switch:0": {"id": 0, "output": False},
            "em/status/em1:0": {"id": 0, "act_power": 1.0},
            "led/status/light:0": {"id": 0, "output": False},
            "led/status/rgb:0": {"id": 0, "output": False},
        }
    )
    relay_of = "shelly/em#switch:0"
    assert means("em/status/em1:0", {"id": 0, "act_power": 900.0}, known, relay_of) == [
        ("shelly/em", Kind.POWER, 900.0)
    ]
    both = ("shelly/led#light:0", "shelly/led#rgb:0")
    assert means("led/status/rgb:0", {"id": 0, "output": True}, known, *both) == [(both[1], Kind.LIGHT, "on")]
    assert means("led/status/light:0", {"id": 0, "output": True}, known, *both) == [(both[0], Kind.LIGHT, "on")]


def test_four_white_channels_of_a_first_generation_strip_are_told_on_their_own_topics() -> None:
    """Each channel is `white/N`, and so is what it is told on."""
    lights = [{"mode": "white", "ison": False}] * 4
    known = introduced({"shellies/shellyrgbw2-1/info": {"lights": lights}})
    address = "shellies/shellyrgbw2-1#white:2"
    body_of = {"turn": "on", "brightness": 40, "gain": 40}
    assert sent(TurnOn(device=address, brightness_pct=40), known) == {"shellies/shellyrgbw2-1/white/2/set": body_of}
    assert means("shellies/shellyrgbw2-1/white/2", "on", known, address) == [(address, Kind.LIGHT, "on")]


def test_cords_on_two_nodes_of_a_homie_device_are_two_cords() -> None:
    """Both properties are called `press`: what is pressed is one of them, and not the device."""
    nodes = {f"cord-{n}": {"properties": {"sos": {"datatype": "boolean", "retained": False}}} for n in (12, 13)}
    known = introduced({"homie/5/hall/$description": {"homie": "5.0", "version": 1, "nodes": nodes}})
    address = "homie/5/hall#cord-13/sos"
    assert means("homie/5/hall/cord-13/sos", "true", known, address) == [(address, Kind.EMERGENCY, True)]
    assert means("homie/5/hall/cord-12/sos", "true", known, address) == [("homie/5/hall", Kind.EMERGENCY, True)]


def test_a_homie_lamp_keeps_the_brightness_of_its_own_node() -> None:
    """Two lamps on one device are dimmed apart."""
    nodes = {
        f"lamp-{side}": {
            "properties": {
                "on": {"datatype": "boolean", "settable": True},
                "brightness": {"datatype": "integer", "format": "0:100", "settable": True},
            }
        }
        for side in ("a", "b")
    }
    known = introduced({"homie/5/hall/$description": {"homie": "5.0", "version": 1, "nodes": nodes}})
    assert sent(TurnOn(device="homie/5/hall#lamp-b/on", brightness_pct=30), known) == {
        "homie/5/hall/lamp-b/brightness/set": 30,
        "homie/5/hall/lamp-b/on/set": True,
    }


def test_what_is_known_of_a_part_is_what_that_output_can() -> None:
    """A page offers no brightness for a relay because the module has a dimmer too."""
    known = introduced(zigbee(endpoint("switch", "left"), endpoint("light", "right", brightness("right"))))
    about = alone(known["zigbee2mqtt/hall"], "zigbee2mqtt/hall#state_left")
    assert about is not None
    assert (about.kinds, "brightness" in about.commands) == ((Kind.SWITCH,), False)
    assert alone(known["zigbee2mqtt/hall"], "zigbee2mqtt/hall#nothing") is None
    assert alone(known["zigbee2mqtt/hall"], "zigbee2mqtt/hall") is known["zigbee2mqtt/hall"]

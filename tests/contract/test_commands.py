"""A device told something, from outside: a request in, the ecosystem's own message out, its answer kept."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from hub.ledger.read import Reader
from tests.contract.home_parts import DEADLINE_S, TOP, Json, RunningHome, Stranger, home_with, stranger
from tests.parts import Mosquitto, until

DEVICES = """
  - {device: room-001-blind, address: homeassistant/blind-1, for: cover, place: "001"}
  - {device: room-001-plug, address: shellies/shellyplug-s-1, for: switch, place: "001"}
  - {device: room-001-lamp, address: tasmota/lamp-1, for: light, place: "001"}
  - {device: room-001-heating, address: zigbee2mqtt/heating-1, for: thermostat, place: "001"}
  - {device: room-002-shelly, address: shelly/shelly-2, for: light, place: "002"}
  - {device: room-001-fan, address: "shelly/pm-1#switch:0", for: switch, place: "001"}
  - {device: room-002-fan, address: "shelly/pm-1#switch:1", for: switch, place: "002"}
  - {device: room-002-bell, address: handrail-device/bell-2, for: sounder, place: "002"}
  - {device: room-002-lock, address: homie/5/door-2, for: lock, place: "002"}
"""
BLIND = {
    "name": "Blind",
    "unique_id": "blind-1",
    "device": {"identifiers": ["blind-1"], "name": "Blind 1"},
    "command_topic": "blind-1/set",
    "position_topic": "blind-1/position",
    "set_position_topic": "blind-1/position/set",
}
HEATING = {
    "friendly_name": "heating-1",
    "definition": {
        "model": "V1",
        "vendor": "Valves",
        "exposes": [
            {
                "type": "climate",
                "features": [
                    {
                        "type": "numeric",
                        "name": "occupied_heating_setpoint",
                        "property": "occupied_heating_setpoint",
                        "access": 7,
                        "unit": "°C",
                    },
                    {
                        "type": "numeric",
                        "name": "local_temperature",
                        "property": "local_temperature",
                        "access": 5,
                        "unit": "°C",
                    },
                ],
            }
        ],
    },
}
DOOR = {
    "homie": "5.0",
    "version": 1,
    "name": "Door",
    "nodes": {
        "door": {"properties": {"lock": {"datatype": "enum", "format": "LOCKED,UNLOCKED", "settable": True}}},
    },
}


@dataclass(frozen=True)
class Told:
    """One command: what is asked for, what goes out on which topic, and what the device then says."""

    device: str
    command: Json
    topic: str
    sent: object
    answers: str
    said: str
    means: tuple[str, object]
    address: str


TOLD = (
    Told(
        "room-001-light",
        {"do": "turn_on", "brightness_pct": 50, "transition_s": 1},
        "zigbee2mqtt/room-001-light/set",
        {"state": "ON", "brightness": 127, "transition": 1},
        "zigbee2mqtt/room-001-light",
        '{"state": "ON", "brightness": 127}',
        ("light", "on"),
        "zigbee2mqtt/room-001-light",
    ),
    Told(
        "room-001-blind",
        {"do": "set_cover", "position_pct": 40},
        "blind-1/position/set",
        40,
        "blind-1/position",
        "40",
        ("cover", 40),
        "homeassistant/blind-1",
    ),
    Told(
        "room-001-plug",
        {"do": "turn_off"},
        "shellies/shellyplug-s-1/relay/0/command",
        "off",
        "shellies/shellyplug-s-1/relay/0",
        "off",
        ("switch", "off"),
        "shellies/shellyplug-s-1",
    ),
    Told(
        "room-001-lamp",
        {"do": "turn_on"},
        "cmnd/lamp-1/POWER1",
        "ON",
        "stat/lamp-1/POWER1",
        "ON",
        ("switch", "on"),
        "tasmota/lamp-1",
    ),
    Told(
        "room-001-heating",
        {"do": "set_temperature", "celsius": 21.5},
        "zigbee2mqtt/heating-1/set",
        {"occupied_heating_setpoint": 21.5},
        "zigbee2mqtt/heating-1",
        '{"local_temperature": 20.5}',
        ("temperature", 20.5),
        "zigbee2mqtt/heating-1",
    ),
    Told(
        "room-002-shelly",
        {"do": "turn_on"},
        "shelly-2/rpc",
        {"id": 1, "src": "shelly/handrail", "method": "Switch.Set", "params": {"id": 0, "on": True}},
        "shelly-2/status/switch:0",
        '{"id": 0, "output": true}',
        ("switch", "on"),
        "shelly/shelly-2",
    ),
    Told(
        "room-002-fan",
        {"do": "turn_on"},
        "pm-1/rpc",
        {"id": 1, "src": "shelly/handrail", "method": "Switch.Set", "params": {"id": 1, "on": True}},
        "pm-1/status/switch:1",
        '{"id": 1, "output": true}',
        ("switch", "on"),
        "shelly/pm-1#switch:1",
    ),
    Told(
        "room-002-bell",
        {"do": "sound", "duration_s": 2},
        "handrail-device/bell-2/set",
        {"do": "sound", "duration_s": 2.0, "level": "call"},
        "handrail-device/bell-2",
        '{"kind": "switch", "value": "on"}',
        ("switch", "on"),
        "handrail-device/bell-2",
    ),
    Told(
        "room-002-lock",
        {"do": "unlock"},
        "homie/5/door-2/door/lock/set",
        "UNLOCKED",
        "homie/5/door-2/door/lock",
        "UNLOCKED",
        ("lock", "unlocked"),
        "homie/5/door-2",
    ),
)


@pytest.fixture
async def me(mosquitto: Mosquitto, tmp_path: Path) -> AsyncIterator[tuple[RunningHome, Stranger]]:
    """A home with an actuator of several ecosystems, ready, and somebody who hears all that is said."""
    with home_with(tmp_path / "home", mosquitto, rooms=2) as home:
        home.edit("devices.yaml", lambda text: text.rstrip() + DEVICES)
        async with stranger(mosquitto.port, "#") as somebody:
            home.start()
            await somebody.is_ready()
            await somebody.publish("homeassistant/cover/blind-1/config", orjson.dumps(BLIND), retain=True)
            await somebody.publish("zigbee2mqtt/bridge/devices", orjson.dumps([HEATING]), retain=True)
            await somebody.publish("homie/5/door-2/$description", orjson.dumps(DOOR), retain=True)
            await until(lambda: {"homeassistant/blind-1", "homie/5/door-2"} <= known(home), DEADLINE_S)
            yield home, somebody
            assert home.stop() == 0


def known(home: RunningHome) -> set[str]:
    """The devices that have introduced themselves, by the ledger."""
    with closing(Reader(home.folder / "data" / "ledger.db")) as reader:
        return {one.device for one in reader.known()}


def states(home: RunningHome, address: str) -> list[tuple[str, object]]:
    """Kind and value of what a device said last, by the ledger."""
    with closing(Reader(home.folder / "data" / "ledger.db")) as reader:
        rows = [one.values for one in reader.devices() if one.device == address]
    return [(key.partition(":")[0], value) for row in rows for key, value in row.items()]


def sent(somebody: Stranger, topic: str) -> list[object]:
    """What went out on a topic, as JSON where it is."""
    found: list[object] = []
    for raw in somebody.raw(topic):
        try:
            found.append(orjson.loads(raw))
        except orjson.JSONDecodeError:
            found.append(raw.decode())
    return found


async def test_every_ecosystem_is_told_in_its_own_words_and_its_answer_is_kept(
    me: tuple[RunningHome, Stranger],
) -> None:
    """Request in, one message out, `done` after the commit, the state back; and the log says who asked."""
    home, somebody = me
    for number, told in enumerate(TOLD):
        answer = await somebody.ask(
            "dashboards", id=f"c{number}", do="command", device=told.device, by="carer-1", command=told.command
        )
        assert answer == {"id": f"c{number}", "ok": True, "reason": "asked for"}
        with closing(sqlite3.connect(home.folder / "data" / "ledger.db")) as ledger:
            lines = ledger.execute("SELECT body FROM log WHERE step = 'commanded'").fetchall()
        assert len(lines) == number + 1, "it was not answered before it was kept"
        await until(lambda told=told: sent(somebody, told.topic), DEADLINE_S)  # type: ignore[misc]
        line = await somebody.line("commanded", device=told.address)
        assert line["by"] == "carer-1"
        await somebody.publish(told.answers, told.said)
        # The device's own answer is what the pages show.
        await until(lambda told=told: told.means in states(home, told.address), DEADLINE_S)  # type: ignore[misc]
    assert {told.topic: sent(somebody, told.topic) for told in TOLD} == {told.topic: [told.sent] for told in TOLD}


async def test_what_is_refused_sends_nothing(me: tuple[RunningHome, Stranger]) -> None:
    """Each with its reason: who asks, what it is for, what its ecosystem cannot, what is written wrong."""
    home, somebody = me
    refused = (
        ("call-point-3", "room-001-light", {"do": "turn_on"}, "call-point-3 may only ask for: call"),
        ("room-002", "room-001-light", {"do": "turn_on"}, "room-001-light is not in Room 2"),
        ("dashboards", "room-001-light", {"do": "lock"}, "room-001-light is for light: it cannot be locked"),
        ("dashboards", "room-001-pendant", {"do": "turn_on"}, "is for emergency: it cannot be switched on"),
        ("dashboards", "room-001-blind", {"do": "set_cover", "position_pct": 140}, "less than or equal to 100"),
        ("dashboards", "room-001-heating", {"do": "set_temperature", "celsius": 99}, "less than or equal to 30"),
        ("dashboards", "room-002-bell", {"do": "say", "text": ""}, "at least 1 character"),
        ("dashboards", "room-001-plug", {"do": "turn_on", "brightness_pct": 5}, "not dimmed or coloured"),
        ("dashboards", "room-099-light", {"do": "turn_on"}, "there is no device"),
    )
    await somebody.publish("shellies/announce", '{"id": "shellyplug-s-1", "model": "SHPLG-S"}')
    await somebody.publish("shellies/shellyplug-s-1/relay/0", "on")
    await until(lambda: ("switch", "on") in states(home, "shellies/shellyplug-s-1"), DEADLINE_S)
    before = [topic for topic, _, _ in somebody.heard if not topic.startswith("handrail/")]
    for number, (client, device, command, why) in enumerate(refused):
        answer = await somebody.ask(client, id=f"r{number}", do="command", device=device, by="carer-1", command=command)
        assert answer["ok"] is False
        assert why in str(answer["reason"]), answer
    assert (await somebody.ask("dashboards", id="last", do="mode", reason="normal", by="carer-1"))["ok"]
    others = [topic for topic, _, _ in somebody.heard if not topic.startswith("handrail/")]
    assert [topic for topic in others[len(before) :] if not topic.endswith("/probe")] == []
    assert somebody.on(f"{TOP}/log")
    assert somebody.log("commanded") == []

"""Two outputs of one relay module in two rooms: placed, proved by `check`, told and heard apart, with a whole hub."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from devices.adapter import Description, Property
from devices.events import Kind
from hub.config.read import read_home
from hub.ledger.read import Reader
from rules.roster import roster
from tests.hub.config_home import replaced, write_home
from tests.hub.core_parts import Rig, rig
from tests.hub.test_commands_devices import as_json, no_to, said
from tests.parts import until

PREFIX = "shellyplus2pm-a8032abe54dc"
MODULE = f"shelly/{PREFIX}"
LAMP = 'shelly/hall#switch:1", for: light, place: "001"}'


async def told(home: Rig, ident: str, device: str, **command: object) -> dict[str, object]:
    """A carer on shift asks a device for something; the hub's answer."""
    answer: dict[str, object] = await home.ask(id=ident, do="command", device=device, by="carer-1", command=command)
    return answer


def sent(home: Rig) -> list[dict[str, object]]:
    """What went to the module, oldest first: the method and what it is told."""
    frames = [orjson.loads(payload) for topic, payload, _ in home.broker.published if topic == f"{PREFIX}/rpc"]
    return [{"method": frame["method"], **frame["params"]} for frame in frames]


def stands(home: Rig, device: str) -> dict[str, object]:
    """What the ledger knows of a device."""
    with closing(Reader(home.ledger)) as reader:
        return next((dict(row.values) for row in reader.devices() if row.device == device), {})


async def test_the_fan_of_one_room_and_the_lamp_of_the_next_hang_on_one_module(tmp_path: Path) -> None:
    """Each is placed in its room by its own name, told by itself, and shows what its own output says."""
    async with rig(tmp_path) as home:
        for number in (0, 1):
            body = orjson.dumps({"id": number, "output": False, "apower": 0.0})
            home.broker.say(f"{PREFIX}/status/switch:{number}", body)
        await home.quiet()
        assert "its outputs can be placed apart: #switch:0, #switch:1" in await said("devices", home.folder)
        where = ("devices", home.folder, "place")
        no = await asyncio.to_thread(no_to, *where, f"{MODULE}#switch:2", "--room", "002", "--as", "switch")
        assert "has no part 'switch:2'; did you mean 'switch:1'? it has switch:0, switch:1" in no
        no = await asyncio.to_thread(no_to, *where, f"{MODULE}#cover:0", "--room", "lounge", "--as", "cover")
        assert "no part 'cover:0'" in no
        await said(*where, f"{MODULE}#switch:0", "--room", "001", "--as", "light", "--name", "room-001-lamp")
        await said(*where, f"{MODULE}#switch:1", "--room", "002", "--as", "switch", "--name", "room-002-fan")
        home.hub.reload()
        await until(lambda: home.rows("SELECT 1 FROM configurations WHERE body LIKE '%#switch:1%'"))
        await home.quiet()

        assert (await home.ask(id="0", do="sign_on", by="carer-1"))["ok"]
        answer = await told(home, "1", "room-002-fan", do="turn_on")
        assert answer["ok"], answer
        await until(lambda: len(sent(home)) == 1)
        assert sent(home) == [{"method": "Switch.Set", "id": 1, "on": True}]
        state = {"switch:1": {"id": 1, "output": True, "apower": 41.0}}
        body = orjson.dumps({"src": PREFIX, "method": "NotifyStatus", "params": state})
        home.broker.say(f"{PREFIX}/events/rpc", body)
        await home.quiet()
        fan = stands(home, f"{MODULE}#switch:1")
        assert (fan["switch:switch:1"], fan["power:switch:1"]) == ("on", 41.0)
        assert "on" not in stands(home, f"{MODULE}#switch:0").values()
        assert "on" not in stands(home, MODULE).values()

        home.broker.say(f"{PREFIX}/status/switch:0", orjson.dumps({"id": 0, "output": True}))
        await home.quiet()
        assert stands(home, f"{MODULE}#switch:0")["switch"] == "on"
        refused = await told(home, "2", "room-001-lamp", do="turn_on", brightness_pct=30)
        assert (refused["ok"], "not dimmed" in str(refused["reason"])) == (False, True)
        found = await as_json("devices", home.folder)
        assert MODULE in [one["address"] for one in found["gateways"]]
        assert MODULE not in [one["address"] for one in found["not_placed"]]


def test_check_proves_a_plans_light_on_one_output(tmp_path: Path) -> None:
    """Margaret's lamp is the second relay of a module that drives the fan of the next room as well."""
    rows = f'"{LAMP}\n  - {{device: room-002-fan, address: "shelly/hall#switch:0", for: switch, place: "002"}}'
    changed = replaced("devices.yaml", 'zigbee2mqtt/room-001-light, for: light, place: "001"}', rows)
    reading = read_home(write_home(tmp_path, changed))
    assert not reading.refused_plans
    margaret = next(one for one in reading.home.residents if one.resident == "margaret")
    assert {rule.rule for rule in margaret.rules} == {"left-open", "out-of-bed"}
    lamp = next(one for one in reading.home.devices if one.name == "room-001-light")
    assert (lamp.module, lamp.part) == ("shelly/hall", "switch:1")


@pytest.mark.parametrize("name", ["room-002-fan", "room-001-light"])
def test_an_output_that_its_module_has_not_is_said_in_the_list(tmp_path: Path, name: str) -> None:
    """Written by hand the file is right; what the module said of itself is in the list of devices."""
    rows = f'"{LAMP}\n  - {{device: room-002-fan, address: "shelly/hall#switch:7", for: switch, place: "002"}}'
    changed = replaced("devices.yaml", 'zigbee2mqtt/room-001-light, for: light, place: "001"}', rows)
    home = read_home(write_home(tmp_path, changed)).home
    parts = tuple(Property(name=f"switch:{number}", kind=Kind.SWITCH) for number in (0, 1))
    hall = Description(
        device="shelly/hall", name="hall", ecosystem="shelly_gen2", kinds=(), kind=Kind.SWITCH, properties=parts
    )
    row = next(one for one in roster(home, descriptions=[hall]).placed if one.placed and one.placed.name == name)
    assert ("no part 'switch:7'" in row.doubt) is (name == "room-002-fan")

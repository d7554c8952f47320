"""Devices that are not clear: `handrail devices` lists each with the reason, and a call of theirs is told."""

from __future__ import annotations

from pathlib import Path

import orjson

from tests.hub.core_parts import Rig, rig
from tests.hub.test_commands_devices import SOS, as_json, expose, listed, said

LAMP: dict[str, object] = {
    "type": "light",
    "features": [
        {"type": "binary", "name": "state", "property": "state", "access": 7, "value_on": "ON", "value_off": "OFF"}
    ],
}
BUTTON = expose("action", "single", "double", "hold")


async def inventory(home: Rig, *devices: dict[str, object]) -> None:
    """The gateway lists its devices."""
    home.broker.say("zigbee2mqtt/bridge/devices", orjson.dumps(devices), retain=True)
    await home.quiet()


async def unclear(home: Rig, address: str) -> str:
    """Why a device is unclear, as the list says it, for people and for programs."""
    found = await as_json("devices", home.folder)
    (row,) = [one for one in found["not_placed"] if one["address"] == address]
    out = await said("devices", home.folder)
    (line,) = [one for one in out.splitlines() if one.startswith(address)]
    assert f"unclear: {row['unclear']}" in line
    assert row["can_call"] is True
    return str(row["unclear"])


async def levels(home: Rig) -> list[tuple[object, ...]]:
    """What was told of, and for which device."""
    await home.quiet()
    return home.rows("SELECT body ->> 'level', body ->> 'device' FROM alerts ORDER BY key")


async def test_a_device_that_changes_its_kind_goes_on_calling(tmp_path: Path) -> None:
    """It was an SOS button, and now says that it is a lamp: somebody may still hold the button."""
    async with rig(tmp_path) as home:
        await inventory(home, listed("Room 2 SOS", "SOS button", BUTTON))
        await inventory(home, listed("Room 2 SOS", "A lamp", LAMP))
        why = "it was button, and now says that it is light; its calls still count"
        assert await unclear(home, SOS) == why
        await inventory(home, listed("Room 2 SOS", "A lamp", LAMP))
        assert await unclear(home, SOS) == why, "said once more, it is as it was"
        home.broker.say(SOS, b'{"action":"single"}')
        assert await levels(home) == [("emergency", SOS)]


async def test_an_inventory_that_contradicts_itself_loses_no_call(tmp_path: Path) -> None:
    """One name with two devices, in either order; one value that is said to be two things."""
    async with rig(tmp_path) as home:
        lamp, button = listed("Room 2 SOS", "A lamp", LAMP), listed("Room 2 SOS", "SOS button", BUTTON)
        for both in ((lamp, button), (button, lamp)):
            await inventory(home, *both)
            reason = await unclear(home, SOS)
            assert reason.startswith("the inventory has it more than once, as ")
            assert "A lamp" in reason
            assert "SOS button" in reason
        home.broker.say(SOS, b'{"action":"double"}')
        assert await levels(home) == [("emergency", SOS)]
        binary: dict[str, object] = {
            "type": "binary",
            "property": "alarm_1",
            "access": 1,
            "value_on": True,
            "value_off": False,
        }
        twice = listed("Hall", "Detector", {**binary, "name": "tamper"}, {**binary, "name": "smoke"})
        await inventory(home, lamp, button, twice)
        assert await unclear(home, "zigbee2mqtt/Hall") == (
            "its inventory says that alarm_1 is tamper and smoke: the more serious counts"
        )
        home.broker.say("zigbee2mqtt/Hall", b'{"alarm_1":true}')
        assert ("emergency", "zigbee2mqtt/Hall") in await levels(home)


async def test_a_template_that_cannot_be_evaluated_loses_no_call(tmp_path: Path) -> None:
    """It is listed with the template's fault, and what it says is looked through for a call."""
    async with rig(tmp_path) as home:
        config = {
            "name": "SOS",
            "unique_id": "u1",
            "device": {"identifiers": ["cord-7"], "name": "Cord 7"},
            "state_topic": "cord-7/state",
            "device_class": "safety",
            "value_template": "{% for i in range(10**9) %}{% endfor %}{{ value_json.sos }}",
        }
        home.broker.say("homeassistant/binary_sensor/cord-7/config", orjson.dumps(config), retain=True)
        await home.quiet()
        assert "not evaluated" in await unclear(home, "homeassistant/cord-7")
        home.broker.say("cord-7/state", b'{"sos": true}')
        assert await levels(home) == [("emergency", "homeassistant/cord-7")]


async def test_a_placed_device_that_is_not_clear_is_listed_as_something_wrong(tmp_path: Path) -> None:
    """That it calls was said by whoever placed it; that it says it is something else now was not."""
    async with rig(tmp_path) as home:
        await inventory(home, listed("Room 2 SOS", "SOS button", BUTTON))
        await said("devices", home.folder, "place", SOS, "--room", "002", "--as", "call-button", "--name", "call-2")
        assert "Something is wrong with" not in await said("devices", home.folder)
        await inventory(home, listed("Room 2 SOS", "A lamp", LAMP))
        out = await said("devices", home.folder)
        line = next(one for one in out.splitlines() if one.startswith("call-2"))
        assert "unclear: it was button, and now says that it is light" in line

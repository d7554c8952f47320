"""Which lane hears what, and how a topic changes lane without a gap."""

from __future__ import annotations

from pathlib import Path

import orjson

from devices.catalogue import Catalogue
from hub.config.new import write_new
from hub.config.read import read_home
from hub.subscriptions import urgent_filters
from hub.topics import Topics
from rules.setting import Setting
from tests.hub.core_parts import BULK, PRESS, SLUG, URGENT, rig
from tests.parts import until

NEW = "zigbee2mqtt/new one"


def introduction(*names: str) -> bytes:
    """What Zigbee2MQTT says of pendants that nobody has placed."""
    action = {"type": "enum", "property": "action", "name": "action", "access": 1, "values": ["emergency"]}
    return orjson.dumps(
        [{"friendly_name": name, "type": "EndDevice", "definition": {"exposes": [action]}} for name in names]
    )


def test_the_urgent_lane_hears_requests_placed_callers_and_shared_topics(tmp_path: Path) -> None:
    """And no door."""
    write_new(tmp_path / "home", rooms=1, slug=SLUG)
    setting = Setting(read_home(tmp_path / "home").home)
    filters = urgent_filters(Topics(SLUG), Catalogue(), setting, {})
    assert filters[0] == f"handrail/{SLUG}/do/+"
    assert "zigbee2mqtt/room-001-pendant" in filters
    assert any(name.startswith("rtl_433") for name in filters)
    assert not any("door" in name for name in filters)


async def test_a_device_that_introduces_itself_changes_lane_and_none_of_its_presses_is_lost_or_doubled(
    tmp_path: Path,
) -> None:
    """A press before, one in between, one after."""
    async with rig(tmp_path) as home:
        home.broker.say(NEW, PRESS)
        await until(lambda: home.presses() == 1)
        home.broker.say("zigbee2mqtt/bridge/devices", introduction("new one"))
        home.forward(1)
        home.broker.say(NEW, PRESS)
        await until(lambda: NEW in home.broker.session(URGENT).filters)
        home.forward(3)
        await until(lambda: home.presses() == 2)
        home.forward(70)
        home.broker.say(NEW, PRESS)
        await until(lambda: home.presses() == 3)
        await home.quiet()
        home.forward(3)
        await home.quiet()
        assert home.presses() == 3
        await until(lambda: not home.broker.session(BULK).inflight)


async def test_a_filter_the_broker_refuses_is_told_and_its_messages_come_by_the_bulk_lane_at_once(
    tmp_path: Path,
) -> None:
    """They do not wait two seconds for a copy that never comes."""
    async with rig(tmp_path) as home:
        home.broker.refuses_filters.add(NEW)
        home.broker.say("zigbee2mqtt/bridge/devices", introduction("new one", "second one"))
        await until(lambda: "zigbee2mqtt/second one" in home.broker.session(URGENT).filters)
        await until(lambda: NEW not in home.hub.parts.subscriptions.filters[URGENT])
        await until(lambda: any("refused" in str(line["reason"]) for line in home.broker.log("fault")))
        home.broker.say(NEW, PRESS)
        await until(lambda: home.presses() == 1)


async def test_a_session_of_an_earlier_run_lets_go_of_filters_nobody_wants(tmp_path: Path) -> None:
    """What each lane's session holds is in the ledger."""
    async with rig(tmp_path) as home:
        assert "zigbee2mqtt/room-002-pendant" in home.broker.session(URGENT).filters
        await home.stop()
        devices = home.folder / "devices.yaml"
        lines = [line for line in devices.read_text().splitlines() if "room-002-pendant" not in line]
        devices.write_text("\n".join(lines) + "\n")
        await home.start()
        await until(lambda: "zigbee2mqtt/room-002-pendant" not in home.broker.session(URGENT).filters)
        wanted = set(home.hub.parts.subscriptions.filters[URGENT])
        kept = "SELECT filter FROM subscriptions WHERE lane = 'urgent'"
        await until(lambda: {name for (name,) in home.rows(kept)} == wanted)


SOS = "homemade/box/7/sos"


def discovery(state_topic: str = SOS, name: str = "sos") -> bytes:
    """A button that somebody built, on a topic of its own."""
    device = {"ids": ["box-7"], "name": "Box 7"}
    return orjson.dumps({"name": name, "dev": device, "stat_t": state_topic, "pl_on": "pressed", "off_dly": 2})


CONFIG = "homeassistant/binary_sensor/box-7/sos/config"


async def test_a_discovered_device_is_heard_by_both_lanes_on_the_topic_it_named(tmp_path: Path) -> None:
    """The bulk lane first; each press is one, also across a restart, and a device that goes is let go of."""
    async with rig(tmp_path) as home:
        home.broker.say(CONFIG, discovery(), retain=True)
        await until(lambda: SOS in home.broker.session(URGENT).filters)
        assert SOS in home.broker.session(BULK).filters
        assert "homeassistant/#" in home.broker.session(BULK).filters
        home.broker.say(SOS, b"pressed")
        await until(lambda: home.presses() == 1)
        await home.quiet()
        home.forward(3)
        await home.quiet()
        assert home.presses() == 1
        (line,) = home.broker.log("raised")
        assert line["device"] == "homeassistant/box-7"
        await home.stop()
        await home.start()
        assert SOS in home.broker.session(URGENT).filters
        home.broker.say(SOS, b"pressed")
        await until(lambda: home.presses() == 2)
        await home.quiet()
        assert len(home.rows("SELECT 1 FROM known WHERE key = 'homeassistant/box-7'")) == 1


async def test_what_was_discovered_and_goes_is_let_go_of_by_both_lanes(tmp_path: Path) -> None:
    """A sensor that calls nobody: heard by the bulk lane alone, and no longer once its introduction is emptied."""
    topic = "homeassistant/sensor/t/config"
    async with rig(tmp_path) as home:
        sensor = {"dev": {"ids": "t"}, "stat_t": "homemade/t", "dev_cla": "temperature"}
        home.broker.say(topic, orjson.dumps(sensor), retain=True)
        await until(lambda: "homemade/t" in home.broker.session(BULK).filters)
        assert "homemade/t" not in home.broker.session(URGENT).filters
        home.broker.say("homemade/t", b"21.5")
        await until(lambda: home.rows("SELECT 1 FROM events WHERE device = 'homeassistant/t' AND value = 21.5"))
        home.broker.say(topic, b"", retain=True)
        await until(lambda: "homemade/t" not in home.broker.session(BULK).filters)
        await until(lambda: not home.rows("SELECT 1 FROM known"))


async def test_a_placed_discovered_device_is_urgent_whatever_it_looks_like(tmp_path: Path) -> None:
    """A contact placed as a pull cord calls; its topic is known from its introduction."""
    async with rig(tmp_path) as home:
        cord = {"dev": {"ids": "cord"}, "stat_t": "homemade/cord", "dev_cla": "opening"}
        home.broker.say("homeassistant/binary_sensor/cord/config", orjson.dumps(cord), retain=True)
        await until(lambda: "homemade/cord" in home.broker.session(BULK).filters)
        assert "homemade/cord" not in home.broker.session(URGENT).filters
        await home.stop()
        devices = home.folder / "devices.yaml"
        row = '  - {device: cord-001, address: homeassistant/cord, for: emergency, place: "001"}'
        devices.write_text(devices.read_text().replace("devices:\n", f"devices:\n{row}\n"))
        await home.start()
        await until(lambda: "homemade/cord" in home.broker.session(URGENT).filters)
        home.broker.say("homemade/cord", b"ON")
        await until(lambda: any(line["device"] == "cord-001" for line in home.broker.log("raised")))

"""`demo --all-ecosystems`: every simulated gateway gets in with its own account, and can be taken away by name."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hub.children import free_port
from hub.clock import SystemClock
from hub.config.read import read_home
from hub.demo.ecosystems import Tour
from hub.demo.gateways import Gateways
from hub.demo.home import write_demo
from hub.mqtt.types import BrokerAddress
from hub.simulate.ecosystems import ECOSYSTEMS, LIVED_IN, peers
from hub.simulate.messages import Said
from tests.hub.program import refused, start, stopped
from tests.parts import part, until

THERE = {
    *("zigbee2mqtt/bridge", "rtl_433/attic", "homeassistant/workshop", "tasmota/lamp-5", "theengs/hall"),
    *("shellies/shellyix3-98CDAC1F0001", "shellies/shelly1-98CDAC1F0002", "shelly/shelly1g3-34cdb0770006"),
    *("application/gateway/a84041ffff1e0001", "homie/cord-11", "homie/lamp-11", "homie/5/bridge-12"),
    *("v3/care@ttn/bridge", "frigate/bridge", "handrail-device/cord-14", "handrail-device/lamp-14"),
}
SPOKEN = {"esphome/annexe-cord", "esphome/annexe-lamp", "v3/care@ttn/devices/socket-8"}


def heard(folder: Path, kind: str = "%") -> set[str]:
    """The devices that reported this kind, as the ledger has them."""
    ledger = folder / "data" / "ledger.db"
    if not (folder / "dashboards.log").exists():  # the hub is ready then, and its tables are there
        return set()
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as store:
        return {device for (device,) in store.execute("SELECT DISTINCT device FROM events WHERE kind LIKE ?", (kind,))}


async def test_every_simulated_gateway_gets_in_but_the_one_that_was_left_out(tmp_path: Path) -> None:
    """With the accounts and rights that `handrail new` writes; each says by its own sign that it is there."""
    part("mosquitto")
    folder = tmp_path / "demo"
    words = ("--no-browser", "--rooms", "2", "--port", str(free_port()), "--folder", folder)
    demo = start("demo", "--all-ecosystems", "--without", "tasmota", *words)
    try:
        await until(lambda: heard(folder, "availability") >= THERE and heard(folder) >= SPOKEN, 40)
        await until(lambda: heard(folder, "battery") >= {"zigbee2mqtt/room-002-call", "zigbee2mqtt/lounge-cord"}, 10)
        assert "tasmota/cord-5" not in heard(folder)
    finally:
        code, complaints = await asyncio.to_thread(stopped, demo, signal.SIGINT)
    assert (code, complaints) == (0, "")
    with closing(sqlite3.connect(folder / "data" / "ledger.db")) as store:
        assert store.execute("SELECT topic, reason FROM quarantine").fetchall() == []


def test_a_gateway_nobody_knows_cannot_be_left_out(tmp_path: Path) -> None:
    """In one line, with the names there are; and a plain demonstration has none."""
    said = refused("demo", "--all-ecosystems", "--without", "zwave", "--folder", tmp_path / "demo")
    assert 'there is no simulated gateway "zwave": expected one of zigbee2mqtt, rtl_433' in said
    assert "--all-ecosystems" in refused("demo", "--without", "tasmota", "--folder", tmp_path / "demo")


def test_the_home_of_every_ecosystem_is_accepted_without_a_warning(tmp_path: Path) -> None:
    """A pendant and, where the ecosystem has one, a lamp in the room of its number; a camera at the side door."""
    folder = tmp_path / "demo"
    write_demo(folder, rooms=LIVED_IN, broker="mqtt://hub@127.0.0.1:1883", port=8080, speed=20, all_ecosystems=True)
    reading = read_home(folder)
    assert (reading.refused_plans, reading.warnings) == ((), ())
    placed = {row.name: row.device for row in reading.home.devices}
    for number, one in enumerate(ECOSYSTEMS, 1):
        assert not one.caller or placed[f"room-{number:03d}-pendant"] == one.caller
        assert not one.lamp or placed[f"room-{number:03d}-light"] == one.lamp
    assert placed["side-door-camera"] == "frigate/side_door"


@pytest.fixture
def tour() -> Tour:
    """A tour whose gateways have no broker."""
    nowhere = BrokerAddress(host="127.0.0.1", port=1)
    heard: list[Said] = []
    gateways = Gateways(peers(), address=lambda _: nowhere, clock=SystemClock(), without=("tasmota",))
    return Tour(gateways, heard.append)


def test_gateways_are_taken_away_and_brought_back_by_their_names(tour: Tour) -> None:
    """What somebody types, and what is answered."""
    assert "(tasmota)" in tour.typed("list")
    assert tour.typed("bring tasmota") == "there again: tasmota"
    assert "(tasmota)" not in tour.typed("list")
    assert tour.typed("take own") == "taken away: own, a cord in Handrail's plain form"
    assert tour.typed("take tts") == "taken away: tts, The Things Stack with a cord and a socket"
    assert "(own)" in tour.typed("list")
    assert tour.typed("p shelly2") == "pressed: shelly2"
    assert tour.typed("take nothing").startswith('there is no gateway "nothing".')
    assert tour.typed("help").startswith("take NAME:")

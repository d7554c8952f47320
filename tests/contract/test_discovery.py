"""A device that somebody built introduces itself on a real broker and is pressed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import orjson

from tests.contract.home_parts import DEADLINE_S, TOP, RunningHome, home_with, stranger
from tests.parts import Mosquitto, until

SOS = "workshop/box 7/sos"
BUTTON = {"name": "SOS", "dev": {"ids": ["box-7"], "name": "Box 7"}, "~": "workshop/box 7", "stat_t": "~/sos"}


async def test_a_discovered_sos_button_on_a_foreign_topic_raises(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Introduced while the hub runs and pressed; let go and pressed again while it is down: each is told."""
    with home_with(tmp_path / "home", mosquitto, rooms=1) as home:
        async with stranger(mosquitto.port) as me:
            home.start()
            await me.is_ready()
            await me.publish("homeassistant/binary_sensor/box-7/sos/config", orjson.dumps(BUTTON), retain=True)
            await until(lambda: _lanes(home) == 2, DEADLINE_S)
            home.stop()
            home.start()
            await me.is_ready()
            await me.publish(SOS, b"ON")
            line = await me.line("raised", device="homeassistant/box-7")
            await until(lambda: me.on(f"{TOP}/alert/{line['alert']}"), DEADLINE_S)
            assert me.on(f"{TOP}/alert/{line['alert']}")[0]["level"] == "emergency"
            home.stop()
            me.heard.clear()
            for said in (b"OFF", b"ON"):
                await me.publish(SOS, said)
            home.start()
            await me.line("pressed", device="homeassistant/box-7")
            await me.is_ready()
            assert len(me.log("raised", "pressed")) == 1
        assert home.stop() == 0
        assert "Traceback" not in home.said


def _lanes(home: RunningHome) -> int:
    """How many lanes want the button's topic, as the ledger has it."""
    with closing(sqlite3.connect(f"file:{home.folder / 'data' / 'ledger.db'}?mode=ro", uri=True)) as store:
        (count,) = store.execute("SELECT count(*) FROM subscriptions WHERE filter = ?", (SOS,)).fetchone()
    return int(count)

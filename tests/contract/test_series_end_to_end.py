"""Events on their way into a time-series store: hub, broker and VictoriaMetrics, all real."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from aiomqtt import Client

from hub.config.new import write_new
from tests.hub.series_parts import VictoriaMetrics
from tests.parts import Mosquitto, end, until

ROOT = Path(__file__).resolve().parents[2]
SERIES = """
series:
  influxdb: {{url: "{url}", org: home, bucket: events}}
"""


def rows(ledger: Path) -> int:
    """How many events the ledger holds."""
    if not ledger.exists():
        return 0
    store = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
    try:
        made = store.execute("SELECT count(*) FROM sqlite_master WHERE name = 'events'").fetchone()[0]
        return int(store.execute("SELECT count(*) FROM events").fetchone()[0]) if made else 0
    finally:
        store.close()


def _home(folder: Path, broker: int, series: str) -> None:
    """A home of one room that names a store."""
    write_new(folder, rooms=1, slug="ashgrove", broker=f"mqtt://127.0.0.1:{broker}")
    with (folder / "home.yaml").open("a") as settings:
        settings.write(SERIES.format(url=series))


def _hub(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "hub.commands", "run", str(folder)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})


async def _ready(device: Client) -> None:
    """Until the hub's heartbeat says that it hears both lanes."""
    await device.subscribe("handrail/ashgrove/status")
    async for message in device.messages:
        if b'"ready"' in bytes(message.payload):
            return


async def _say(device: Client, start: int, count: int) -> None:
    for number in range(start, start + count):
        await device.publish("zigbee2mqtt/room-001-climate", f'{{"temperature":{number / 10}}}', qos=1)


async def test_every_event_is_in_the_series_once_although_it_was_away_under_load(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """The store is stopped while events pour in, and started again; the hub never waits for it."""
    (tmp_path / "vm").mkdir()
    series = VictoriaMetrics(tmp_path / "vm").start()
    folder = tmp_path / "home"
    _home(folder, mosquitto.port, series.url)
    hub = _hub(folder)
    ledger = folder / "data" / "ledger.db"
    try:
        async with Client("127.0.0.1", mosquitto.port) as device:
            async with asyncio.timeout(15):
                await _ready(device)
            await _say(device, 0, 201)
            await until(lambda: len(series.samples()) >= 100, 15)
            series.stop()
            await _say(device, 201, 400)
            await until(lambda: rows(ledger) == 601, 15)
            series.start()
            await until(lambda: len(series.samples()) >= 601, 60)
    finally:
        end(hub)
        values = sorted(value for _, _, value in series.samples())
        series.stop()
    assert values == [number / 10 for number in range(601)]

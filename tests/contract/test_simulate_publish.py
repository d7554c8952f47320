"""`simulate --publish` with real parts: a day of a home on its broker, and a hub that understands all of it."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from devices.adapter import Message
from devices.catalogue import Catalogue
from devices.events import Event
from hub.clock import SystemClock
from hub.config.read import read_home
from hub.homes import known
from hub.simulate.days import days_of
from tests.contract.home_parts import DEADLINE_S, Json, Stranger, command, environment, home_with, stranger
from tests.parts import Mosquitto, until

DAY_MS = 86_400_000
SEED = 7
Said = tuple[str, Json]


def simulate(folder: Path) -> subprocess.CompletedProcess[str]:
    """A day of the home within a second, published to its broker."""
    words = command("simulate", folder, "--publish", "--seed", str(SEED), "--speed", "100000")
    return subprocess.run(words, env=environment(), capture_output=True, text=True, check=False, timeout=60)


def simulated(folder: Path, from_ms: int, until_ms: int) -> list[Said]:
    """What the simulator would write down for that time."""
    yesterday = datetime.fromtimestamp(from_ms / 1000, UTC).date() - timedelta(days=1)
    whole = days_of(read_home(folder).home, seed=SEED, first=yesterday, days=3)
    return [(row.topic, dict(row.body)) for row in whole if from_ms <= row.at_ms < until_ms]


def published(me: Stranger) -> list[Said]:
    """What was heard of the devices, without the stamp of the moment; what the hub tells them is not theirs."""
    # The hub tries with empty messages what the broker lets it hear.
    spoken = [(topic, payload) for topic, payload, _ in me.heard if topic.startswith("zigbee2mqtt/") and payload]
    heard = [(topic, orjson.loads(payload)) for topic, payload in spoken if not topic.endswith("/set")]
    return [(topic, {name: value for name, value in body.items() if name != "last_seen"}) for topic, body in heard]


def decoded(me: Stranger) -> list[Event]:
    """The same as the adapters read it."""
    catalogue = Catalogue()
    events: list[Event] = []
    for topic, payload, _ in me.heard:
        if payload and (adapter := catalogue.adapter_for(topic)) is not None:
            read = adapter.decode(Message(topic, payload, False), {})
            assert read.error is None, (topic, payload)
            events += read.events
    return events


def kept(ledger: Path) -> int:
    """How many events the hub has written down."""
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as store:
        count: int = store.execute("SELECT count(*) FROM events").fetchone()[0]
    return count


async def test_a_published_day_is_the_simulated_one_and_a_hub_hears_all_of_it(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """Every message of the next 24 hours arrives, in its order; none is unreadable, and each press is told."""
    with home_with(tmp_path / "home", mosquitto, rooms=12) as home:
        async with stranger(mosquitto.port, "#") as me:
            home.start()
            await me.is_ready()
            before_ms = SystemClock().wall_ms()
            done = await asyncio.to_thread(simulate, home.folder)
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
            certain = simulated(home.folder, SystemClock().wall_ms(), before_ms + DAY_MS)
            assert len(certain) > 500
            await until(lambda: certain[-1] in published(me), DEADLINE_S)
            heard = published(me)
            begin = heard.index(certain[0])
            assert heard[begin : begin + len(certain)] == certain
            ledger = known(home.folder).ledger
            await until(lambda: kept(ledger) == len(decoded(me)), DEADLINE_S)
            pressed = {event.device for event in decoded(me) if event.press}
            await until(
                lambda: {f"zigbee2mqtt/{line.get('device')}" for line in me.log("raised")} >= pressed, DEADLINE_S
            )
            assert me.log("quarantined") == []


def test_a_broker_that_is_not_there_is_one_line(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """It names the broker and what to look at."""
    with home_with(tmp_path / "home", mosquitto, rooms=1) as home:
        mosquitto.stop()
        done = simulate(home.folder)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "is it running, may this account publish?" in done.stderr

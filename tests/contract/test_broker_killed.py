"""The broker is killed, emptied or put back from a copy, and so is the ledger: what was acknowledged and saved is not
lost, no press is acted on twice, and the alerts that are shown are those that are open."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from rules.hearing.remembered import LEAP, number_of
from tests.contract.home_parts import (
    DEADLINE_S,
    TOP,
    Json,
    RunningHome,
    Stranger,
    command,
    environment,
    home_with,
    stranger,
)
from tests.faulted import assert_told
from tests.hub.program import finished
from tests.parts import Mosquitto, until

LADDERS = """
ladders:
  emergency:
    rungs:
      - {after: 0 s, tell: [zone]}
      - {after: 4 s, tell: [shift]}
      - {after: 120 s, tell: [shift, manager]}
    repeat: 1 min
    attend_within: 2 min
"""
QUIET = {"heard": False, "calls": [], "say": None}


@pytest.fixture
def home(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[RunningHome]:
    """A home of five rooms, not yet started."""
    with home_with(tmp_path / "home", mosquitto, rooms=5) as running:
        yield running


def rows(home: RunningHome, query: str, *values: object) -> list[tuple[object, ...]]:
    """What the ledger holds."""
    with closing(sqlite3.connect(f"file:{home.folder}/data/ledger.db?mode=ro", uri=True)) as store:
        found: list[tuple[object, ...]] = store.execute(query, values).fetchall()
    return found


def presses(home: RunningHome) -> dict[object, object]:
    """How many messages of each device were taken for a press, whatever was made of them."""
    query = "SELECT device, count(*) FROM events WHERE extra ->> 'press' = 1 GROUP BY device"
    return {str(device).rpartition("/")[2]: count for device, count in rows(home, query)}


def verified(home: RunningHome) -> bool:
    """Whether the ledger follows from its inputs."""
    return subprocess.run(command("verify", home.folder), env=environment(), check=False).returncode == 0


async def shown(port: int) -> dict[str, Json]:
    """The alerts that somebody sees who connects now, by device."""
    async with stranger(port) as other:
        await until(lambda: other.state is not None, DEADLINE_S)
        retained = [(name, payload) for name, payload, retain in other.heard if retain and "/alert/" in name]
    alerts = [orjson.loads(payload) for _, payload in retained]
    return {alert["device"]: {**alert, "topic": name} for (name, _), alert in zip(retained, alerts, strict=True)}


async def shows(port: int, **states: str) -> dict[str, Json]:
    """Wait until these devices have an alert in these states, and no other device has one."""
    found: dict[str, Json] = {}
    async with asyncio.timeout(DEADLINE_S):
        wanted = {name.replace("_", "-"): state for name, state in states.items()}
        while {device: alert["state"] for device, alert in found.items()} != wanted:
            found = await shown(port)
    return found


async def raised(me: Stranger, room: str) -> str:
    """Press, and wait until the alert is shown; its id."""
    await me.press(room)
    alert = str((await me.line("raised", device=f"room-{room}-pendant"))["alert"])
    await until(lambda: me.on(f"{TOP}/alert/{alert}"), DEADLINE_S)
    return alert


async def test_a_broker_killed_under_a_running_hub_loses_nothing_it_had_saved_and_doubles_nothing(
    home: RunningHome,
) -> None:
    """The ladder goes on without it, the hub finds it again by itself, and the next press is heard."""
    home.edit("home.yaml", lambda text: text + LADDERS)
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        first = await raised(me, "001")
        await home.broker.saved()
    home.broker.kill()
    climbed = "SELECT body ->> 'reason' FROM log WHERE step = 'climbed' AND alert = ?"
    await until(lambda: rows(home, climbed, first), DEADLINE_S)
    assert "late" not in str(rows(home, climbed, first)[0])
    home.broker.start()
    async with stranger(home.broker.port) as me:
        await me.is_ready()
        await raised(me, "002")
        await me.line("climbed", alert=first)
    found = await shows(home.broker.port, room_001_pendant="told", room_002_pendant="told")
    assert found["room-001-pendant"]["rung"] == 1
    assert presses(home) == {"room-001-pendant": 1, "room-002-pendant": 1}
    assert await asyncio.to_thread(verified, home)
    assert "Traceback" not in home.said


@pytest.mark.parametrize("qos", [1, 0])
async def test_a_broker_killed_while_the_hub_is_down_keeps_the_presses_it_had_saved(
    home: RunningHome, qos: int
) -> None:
    """Each is one alert, also those of a gateway at QoS 0."""
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        home.kill()
        for room in ("001", "002"):
            await me.publish(f"zigbee2mqtt/room-{room}-pendant", b'{"action":"emergency"}', qos=qos)
        await me.publish("marker", b"")
        await home.broker.saved()
    home.broker.kill()
    home.broker.start()
    home.start()
    await shows(home.broker.port, room_001_pendant="told", room_002_pendant="told")
    assert presses(home) == {"room-001-pendant": 1, "room-002-pendant": 1}


async def test_what_was_acknowledged_after_the_brokers_last_save_comes_again_and_is_known(home: RunningHome) -> None:
    """The broker thinks that the hub never did: the press is acted on once, and the next equal one counts."""
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        assert home.process is not None
        home.process.send_signal(signal.SIGSTOP)
        await me.press("001")
        await home.broker.saved()
        home.process.send_signal(signal.SIGCONT)
        await me.line("raised", device="room-001-pendant")
        await until(lambda: not rows(home, "SELECT * FROM twins"), DEADLINE_S)
    home.broker.kill()
    home.broker.start()
    async with stranger(home.broker.port) as me:
        await me.is_ready()
        await raised(me, "002")
        assert presses(home) == {"room-001-pendant": 1, "room-002-pendant": 1}
        await me.press("001")
        await until(lambda: presses(home)["room-001-pendant"] == 2, DEADLINE_S)


@pytest.mark.fault("session")
async def test_a_broker_that_forgot_everything_is_told_and_shows_the_open_alerts_again(home: RunningHome) -> None:
    """Started with an empty folder: staff read what that means, the alert and the room's screen are there again."""
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        await raised(me, "001")
    home.broker.kill()
    home.broker.forget()
    home.broker.start()
    alerts = {"room_001_pendant": "told", "hub:session": "told"}
    found = await shows(home.broker.port, **alerts)
    assert_told(found["hub:session"], "session")
    assert found["hub:session"]["level"] == "technical"
    async with stranger(home.broker.port) as me:
        await until(lambda: me.on(f"{TOP}/room/001"), DEADLINE_S)
        assert me.on(f"{TOP}/room/001")[0]["heard"] is True
        await raised(me, "002")
    assert presses(home) == {"room-001-pendant": 1, "room-002-pendant": 1}


async def test_a_broker_put_back_from_a_copy_resurrects_no_alert(home: RunningHome) -> None:
    """What was closed meanwhile is cleared, what was claimed is shown as claimed, also on the rooms' screens."""
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        closed, claimed = await raised(me, "001"), await raised(me, "002")
        await home.broker.saved()
        copy = home.broker.kept.read_bytes()
        why = {"ending": "helped", "reason": "no tag or screen here"}
        assert (await me.ask("dashboards", id="1", do="close", alert=closed, by="carer-1", **why))["ok"]
        assert (await me.ask("dashboards", id="2", do="claim", alert=claimed, by="carer-1"))["ok"]
        await until(lambda: me.raw(f"{TOP}/alert/{closed}")[-1] == b"", DEADLINE_S)
    home.broker.kill()
    home.broker.put_back(copy)
    home.broker.start()
    found = await shows(home.broker.port, room_002_pendant="claimed")
    assert found["room-002-pendant"]["claimed_by"] == "carer-1"
    async with stranger(home.broker.port) as me:
        await until(lambda: any(shown.items() >= QUIET.items() for shown in me.on(f"{TOP}/room/001")[-1:]), DEADLINE_S)
        await until(lambda: "Carer 1" in str(me.on(f"{TOP}/room/002")[-1:]), DEADLINE_S)
        await raised(me, "003")
    assert presses(home) == {f"room-00{room}-pendant": 1 for room in (1, 2, 3)}
    assert await asyncio.to_thread(verified, home)


@pytest.mark.fault("restored")
async def test_a_ledger_put_back_from_a_copy_shows_no_ghost_and_uses_no_number_twice(home: RunningHome) -> None:
    """The alerts of since are cleared and staff are told which they were; whoever keeps the highest version of each id
    hears of every new alert, also of one that was pressed while the hub was down."""
    ledger, copy = home.folder / "data" / "ledger.db", home.folder / "copy.db"
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        await raised(me, "001")
        await asyncio.to_thread(finished, "backup", home.folder, copy)
        _, third = [await raised(me, room) for room in ("002", "003")]
        for number, do in enumerate(("claim", "attend")):
            assert (await me.ask("dashboards", id=str(number), do=do, alert=third, by="carer-1", proof="screen:003"))[
                "ok"
            ]
        home.kill()
        await me.press("004")
        for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
            (ledger.parent / name).unlink(missing_ok=True)
        shutil.copy(copy, ledger)
        home.start()
        await me.line("raised", device="room-004-pendant")
        await me.line("raised", device="hub:restored")
        await until(lambda: me.raw(f"{TOP}/alert/{third}")[-1] == b"", DEADLINE_S)
        assert number_of(await raised(me, "005")) > LEAP
        alerts = {"room_001_pendant": "told", "room_004_pendant": "told", "room_005_pendant": "told"}
        found = await shows(home.broker.port, **alerts, **{"hub:restored": "told"})
        assert_told(found["hub:restored"], "restored")
        assert f"{third}: " in str(found["hub:restored"]["also"])
        for topic in {name for name, _, _ in me.heard if "/alert/" in name}:
            versions = [int(str(message["version"])) for message in me.on(topic)]
            assert versions == sorted(versions)
            new = [message["version"] for message in me.on(topic) if message["device"] == "room-004-pendant"]
            assert not set(new) & {m["version"] for m in me.on(topic) if m["device"] != "room-004-pendant"}
    assert await asyncio.to_thread(verified, home)

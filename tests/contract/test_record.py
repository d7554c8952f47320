"""What happens to the record of a home as its people see it: somebody deletes it, another hub writes into it, and the
hub is killed on top of that. Three residents have called by then, and nobody has come yet."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO

import orjson
import pytest

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
from tests.parts import Mosquitto, end, until

CALLED = ("001", "002", "003")


@pytest.fixture
def home(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[RunningHome]:
    """A home of four rooms, not yet started."""
    with home_with(tmp_path / "home", mosquitto, rooms=4) as running:
        yield running


def alerts(me: Stranger) -> dict[str, Json]:
    """The newest open alert of each device, as a screen has it."""
    newest = {topic: payload for topic, payload, _ in me.heard if topic.startswith(f"{TOP}/alert/")}
    found: list[Json] = [orjson.loads(payload) for payload in newest.values() if payload]
    return {str(alert["device"]): alert for alert in found if alert["state"] != "closed"}


async def three_call(me: Stranger) -> None:
    """Three emergencies, told and kept."""
    for room in CALLED:
        await me.press(room)
        await me.line("raised", device=f"room-{room}-pendant")
    await until(lambda: {f"room-{room}-pendant" for room in CALLED} <= set(alerts(me)), DEADLINE_S)


def remove_the_record(home: RunningHome) -> None:
    """`rm ledger.db*`."""
    for file in (home.folder / "data").glob("ledger.db*"):
        file.unlink()


def says(me: Stranger, fault: str) -> None:
    """Staff and the person who mends it read the words of this row of FAULTS.md."""
    assert_told(alerts(me)[f"hub:{fault}"], fault, folder=None, aside=None)


def verified(home: RunningHome) -> None:
    """The record follows from its inputs."""
    done = subprocess.run(command("verify", home.folder), capture_output=True, env=environment(), check=False)
    assert done.returncode == 0, done.stderr


async def test_somebody_deletes_the_record_while_three_call_and_the_hub_is_killed(home: RunningHome) -> None:
    """The hub writes it anew by itself; killed and started, all three ring as they did, and a fourth is heard."""
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        await three_call(me)
        names = {device: alert["id"] for device, alert in alerts(me).items()}
        remove_the_record(home)
        await until(lambda: "hub:record-anew" in alerts(me), DEADLINE_S)
        says(me, "record-anew")
        assert (home.folder / "data" / "ledger.db").exists()
        home.kill()
        me.heard.clear()
        home.start()
        await me.press("004")
        await until(lambda: "room-004-pendant" in alerts(me), DEADLINE_S)
        await me.is_ready()
    async with stranger(home.broker.port) as me:
        await until(lambda: len(alerts(me)) >= 5, DEADLINE_S)
        assert {device: alerts(me)[device]["id"] for device in names} == names
    assert home.stop() == 0
    verified(home)


async def test_the_record_is_gone_when_the_hub_starts_and_three_still_ring(home: RunningHome) -> None:
    """Killed first, so that nothing but the broker knows of them: each is told to everybody again, and says why."""
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        await three_call(me)
        home.kill()
        remove_the_record(home)
        home.start()
        await until(lambda: "hub:record" in alerts(me), DEADLINE_S)
        says(me, "record")
        await until(
            lambda: all("go and look" in str(alerts(me)[f"room-{room}-pendant"]["reason"]) for room in CALLED),
            DEADLINE_S,
        )
        assert all(alerts(me)[f"room-{room}-pendant"]["everybody"] for room in CALLED)
        for room in CALLED:
            await until(lambda room=room: me.raw(f"{TOP}/alert/a0000{int(room)}")[-1] == b"", DEADLINE_S)  # type: ignore[misc]
    assert home.stop() == 0
    verified(home)


@pytest.mark.fault("second")
async def test_what_another_hub_wrote_is_read_and_told(home: RunningHome) -> None:
    """The hub gives way to its own record and begins again from there, in the same process; no call is lost by it."""
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        await three_call(me)
        with closing(sqlite3.connect(home.folder / "data" / "ledger.db", timeout=5)) as store:
            store.execute(
                "INSERT INTO inputs SELECT (SELECT value + 1 FROM cursors WHERE name = 'seq'), wall_ms, elapsed_ms,"
                " what, body FROM inputs WHERE what = 'Linked' ORDER BY seq DESC LIMIT 1"
            )
            store.commit()
        taken = await me.ask("dashboards", id="1", do="claim", by="carer-1", alert=alerts(me)["room-001-pendant"]["id"])
        assert taken["ok"]
        await me.press("004")
        await until(lambda: "hub:second" in alerts(me), DEADLINE_S)
        says(me, "second")
        await me.line("raised", device="room-004-pendant")
        await until(lambda: {f"room-{room}-pendant" for room in (*CALLED, "004")} <= set(alerts(me)), DEADLINE_S)
        await until(lambda: alerts(me)["room-001-pendant"]["claimed_by"] == "carer-1", DEADLINE_S)
        assert len(me.log("raised", device="room-004-pendant")) == 1
    assert home.stop() == 0
    verified(home)


def another_hub(home: RunningHome, log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Started by somebody who does not know of the first."""
    return subprocess.Popen(command("run", home.folder), stderr=log, env=environment())


async def test_a_second_hub_on_one_record_ends_one_of_them(home: RunningHome, tmp_path: Path) -> None:
    """Somebody removed the lock's file under a hub that hangs, and started another: one goes on, with all the calls."""
    with (tmp_path / "second.log").open("ab") as log:
        async with stranger(home.broker.port) as me:
            home.start()
            await me.is_ready()
            await three_call(me)
            assert home.process is not None
            home.process.send_signal(signal.SIGSTOP)
            (home.folder / "data" / "hub.lock").unlink()
            second = another_hub(home, log)
            try:
                await until(lambda: me.log("started")[1:], DEADLINE_S)
                await me.is_ready()
                home.process.send_signal(signal.SIGCONT)
                assert await _ended(home.process) != 0
                await me.press("004")
                await until(lambda: "room-004-pendant" in alerts(me), DEADLINE_S)
                await until(lambda: me.state in ("ready", "degraded"), DEADLINE_S)
                assert second.poll() is None
                assert {f"room-{room}-pendant" for room in CALLED} <= set(alerts(me))
            finally:
                end(second)
    assert "another hub" in home.said
    verified(home)


async def _ended(process: subprocess.Popen[bytes]) -> int:
    await until(lambda: process.poll() is not None, DEADLINE_S)
    return process.returncode

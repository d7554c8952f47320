"""The disk of the hub's record is full, or turns read-only, while people press: every press is told (DESIGN §4)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from tests.contract.home_parts import DEADLINE_S, TOP, Json, RunningHome, Stranger, command, environment, stranger
from tests.faulted import assert_told
from tests.parts import Mosquitto, until

FULL = "The hub cannot write to its disk. Calls are still told, but not kept: write down what you do."


def run(*words: str | Path) -> None:
    """A command of the system's; skips loudly where this user may not, or this machine cannot."""
    try:
        subprocess.run([str(word) for word in words], check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"a disk of the test's own needs root and {words[0]}: {error}")


@contextmanager
def small_disk(at: Path) -> Iterator[None]:
    """Six megabytes in memory."""
    at.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", at)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", at], check=False)


@contextmanager
def failing_disk(at: Path, image: Path) -> Iterator[Path]:
    """A disk image that turns read-only at an error, as Debian mounts its disks; gives what makes the error."""
    at.mkdir()
    with image.open("wb") as file:
        file.truncate(32 * 2**20)
    run("mkfs.ext4", "-q", image)
    run("mount", "-o", "loop,errors=remount-ro", image, at)
    try:
        source = subprocess.run(["findmnt", "-no", "SOURCE", at], check=True, capture_output=True, text=True).stdout
        trigger = Path("/sys/fs/ext4") / Path(source.strip()).name / "trigger_fs_error"
        if not os.access(trigger, os.W_OK):
            pytest.skip(f"this kernel cannot make a disk fail on purpose: no {trigger}")
        yield trigger
    finally:
        subprocess.run(["umount", "--lazy", at], check=False)


@pytest.fixture
def home(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[RunningHome]:
    """A home of four rooms, its record not on its disk yet."""
    made = RunningHome(tmp_path / "home", mosquitto, rooms=4)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop()


def fill(filler: Path) -> None:
    """Take all the room that is left."""
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(65_536))


def alerts(me: Stranger) -> dict[str, Json]:
    """The newest open alert of each device, as a screen has it."""
    newest = {topic: payload for topic, payload, _ in me.heard if topic.startswith(f"{TOP}/alert/")}
    found: list[Json] = [orjson.loads(payload) for payload in newest.values() if payload]
    return {str(alert["device"]): alert for alert in found if alert["state"] != "closed"}


def raised(me: Stranger, stamp: str) -> int:
    """How many lines of the log say so; one with a `seq` that was seen is that line again."""
    return len({line["seq"] for line in me.log("raised", stamp=stamp)})


def verified(home: RunningHome) -> str:
    """What `verify` says of the ledger of a stopped hub."""
    done = subprocess.run(
        command("verify", home.folder), capture_output=True, text=True, env=environment(), check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def until_it_cannot_write(me: Stranger) -> None:
    """Say what needs room until the hub tells that it has none."""
    for number in range(400):
        if "hub:ledger" in alerts(me):
            return
        await me.publish(f"zigbee2mqtt/x{number}", b"{" + os.urandom(30_000).hex().encode())
        await asyncio.sleep(0.01)
    await until(lambda: "hub:ledger" in alerts(me), DEADLINE_S)


@pytest.mark.fault("ledger")
async def test_a_full_disk_while_people_press(home: RunningHome) -> None:
    """Told from memory, claimed from memory; with room again each press is in the ledger once."""
    with small_disk(home.folder / "data"):
        async with stranger(home.broker.port) as me:
            home.start()
            await me.is_ready()
            await me.press("001", "before")
            await me.line("raised", stamp="before")
            filler = home.folder / "data" / "filler"
            fill(filler)
            await until_it_cannot_write(me)
            assert_told(alerts(me)["hub:ledger"], "ledger", folder=home.folder / "data")
            for room in ("002", "003", "004"):
                await me.press(room, f"during-{room}")
                await until(lambda room=room: f"room-{room}-pendant" in alerts(me), DEADLINE_S)  # type: ignore[misc]
                assert alerts(me)[f"room-{room}-pendant"]["unrecorded"]
            claimed = await me.ask(
                "dashboards", id="c1", do="claim", by="carer-1", alert=alerts(me)["room-003-pendant"]["id"]
            )
            assert claimed["ok"], claimed
            assert not me.log("raised", stamp="during-002")
            filler.unlink()
            await me.line("mended", device="hub:ledger")
            stamps = ("before", "during-002", "during-003", "during-004")
            for stamp in stamps:
                await me.line("raised", stamp=stamp)
            assert [raised(me, stamp) for stamp in stamps] == [1, 1, 1, 1]
            await me.line("claimed", by="carer-1")
            await until(lambda: not any(alert["unrecorded"] for alert in alerts(me).values()), DEADLINE_S)
            assert home.stop() == 0
        verified(home)


async def test_a_hub_that_starts_on_a_full_disk_tells_all_the_same(home: RunningHome) -> None:
    """Killed in the middle of it and started again: what it hears is told, and kept when there is room."""
    with small_disk(home.folder / "data"):
        async with stranger(home.broker.port) as me:
            home.start()
            await me.is_ready()
            fill(home.folder / "data" / "filler")
            await until_it_cannot_write(me)
            await me.press("001", "first")
            await until(lambda: "room-001-pendant" in alerts(me), DEADLINE_S)
            for room in ("002", "003"):
                home.kill()
                me.heard.clear()
                home.start()
                await until(lambda: me.state == "degraded", DEADLINE_S)
                await me.press(room, f"while-{room}")
                await until(lambda room=room: f"room-{room}-pendant" in alerts(me), DEADLINE_S)  # type: ignore[misc]
                await until(lambda: "room-001-pendant" in alerts(me), DEADLINE_S)
            (home.folder / "data" / "filler").unlink()
            await me.line("mended", device="hub:ledger")
            stamps = ("first", "while-002", "while-003")
            for stamp in stamps:
                await me.line("raised", stamp=stamp)
            assert [raised(me, stamp) for stamp in stamps] == [1, 1, 1]
            await until(lambda: not any(alert["unrecorded"] for alert in alerts(me).values()), DEADLINE_S)
            assert home.stop() == 0
        verified(home)


async def test_a_disk_that_turns_read_only_while_people_press(home: RunningHome, tmp_path: Path) -> None:
    """Told from memory; mended with the hub stopped, it hears them again, and then they are kept."""
    data = home.folder / "data"
    with failing_disk(data, tmp_path / "disk") as trigger:
        async with stranger(home.broker.port) as me:
            home.start()
            await me.is_ready()
            await me.press("001", "before")
            await me.line("raised", stamp="before")
            trigger.write_text("1")
            await me.press("002", "during")
            await until(lambda: {"room-002-pendant", "hub:ledger"} <= set(alerts(me)), DEADLINE_S)
            assert alerts(me)["hub:ledger"]["reason"] == FULL
            assert home.stop() == 0
            run("umount", data)
            run("mount", "-o", "loop", tmp_path / "disk", data)  # which replays the journal
            home.start()
            await me.line("raised", stamp="during")
            await me.press("003", "after")
            await me.line("raised", stamp="after")
            stamps = ("before", "during", "after")
            assert [raised(me, stamp) for stamp in stamps] == [1, 1, 1]
            assert home.stop() == 0
        verified(home)

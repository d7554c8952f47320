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
from tests.parts import Mosquitto, part, until

FULL = "The hub cannot write to its disk. Calls are still told, but not kept: write down what you do."


SYS_ADMIN = 1 << 21
"""The capability without which nobody may mount a disk, root of a container neither."""


def run(*words: str | Path) -> None:
    """A command of the system's. Skips loudly where this user may not mount, or this machine has no disks to mount;
    where both are given, what fails is a failure."""
    name, *arguments = map(str, words)
    try:
        subprocess.run([part(name), *arguments], check=True, capture_output=True, timeout=30)
    except subprocess.SubprocessError as error:
        said = f"a disk of the test's own: {error}: {getattr(error, 'stderr', b'')!r}"
        if os.environ.get("CI") == "true" and can_mount():
            pytest.fail(said)
        pytest.skip(said)


def can_mount() -> bool:
    """Whether this process may mount a disk, and the machine has loop devices."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return False
    rights = next((int(line.split()[1], 16) for line in lines if line.startswith("CapEff:")), 0)
    return bool(rights & SYS_ADMIN) and Path("/dev/loop-control").exists()


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
def own_disk(at: Path, image: Path) -> Iterator[None]:
    """A disk image that turns read-only at an error, as Debian mounts its disks."""
    at.mkdir()
    with image.open("wb") as file:
        file.truncate(32 * 2**20)
    run("mkfs.ext4", "-q", image)
    run("mount", "-o", "loop,errors=remount-ro", image, at)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", at], check=False)


@contextmanager
def frozen(at: Path) -> Iterator[None]:
    """Whatever writes there hangs, as on a disk that does not answer."""
    run("fsfreeze", "-f", at)
    try:
        yield
    finally:
        run("fsfreeze", "-u", at)


@contextmanager
def failing_disk(at: Path, image: Path) -> Iterator[Path]:
    """One of these, and what makes the error."""
    with own_disk(at, image):
        source = subprocess.run(["findmnt", "-no", "SOURCE", at], check=True, capture_output=True, text=True).stdout
        trigger = Path("/sys/fs/ext4") / Path(source.strip()).name / "trigger_fs_error"
        if not os.access(trigger, os.W_OK):
            pytest.skip(f"this kernel cannot make a disk fail on purpose: no {trigger}")
        yield trigger


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


def says(me: Stranger, row: str) -> None:
    """Staff and the person who mends it read the words of this row of FAULTS.md."""
    assert_told(alerts(me)["hub:ledger"], row, folder=None)


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


@pytest.mark.fault("ledger-read-only")
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
            says(me, "ledger-read-only")
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


async def test_a_hub_that_starts_on_a_read_only_disk_tells_all_the_same(home: RunningHome, tmp_path: Path) -> None:
    """Killed on it and started on it: what is open is read, what is pressed is told, and kept once that can be."""
    data = home.folder / "data"
    with own_disk(data, tmp_path / "disk"):
        async with stranger(home.broker.port) as me:
            home.start()
            await me.is_ready()
            await me.press("001", "before")
            await me.line("raised", stamp="before")
            await until(lambda: "room-001-pendant" in alerts(me), DEADLINE_S)
            name = alerts(me)["room-001-pendant"]["id"]
            home.kill()
            run("mount", "-o", "remount,ro", data)
            home.start()
            await until(lambda: "hub:ledger" in alerts(me), DEADLINE_S)
            says(me, "ledger-read-only")
            await me.press("002", "during")
            await until(lambda: "room-002-pendant" in alerts(me), DEADLINE_S)
            assert alerts(me)["room-002-pendant"]["unrecorded"]
            claimed = await me.ask("dashboards", id="c1", do="claim", by="carer-1", alert=name)
            assert claimed["ok"], claimed
            run("mount", "-o", "remount,rw", data)
            await me.line("mended", device="hub:ledger")
            await me.line("raised", stamp="during")
            await until(lambda: not any(alert["unrecorded"] for alert in alerts(me).values()), DEADLINE_S)
            assert alerts(me)["room-001-pendant"]["id"] == name
            assert alerts(me)["room-001-pendant"]["claimed_by"] == "carer-1"
            assert not list(data.glob("ledger.db.broken-*"))
            assert home.stop() == 0
        verified(home)


@pytest.mark.fault("ledger-rights")
async def test_a_hub_without_the_right_to_write_tells_all_the_same(home: RunningHome, tmp_path: Path) -> None:
    """Somebody took the right to make files from the data folder; given back, the hub goes on by itself."""
    data = home.folder / "data"
    with own_disk(data, tmp_path / "disk"):
        async with stranger(home.broker.port) as me:
            home.start()
            await me.is_ready()
            await me.press("001", "before")
            await me.line("raised", stamp="before")
            assert home.stop() == 0
            run("chattr", "+i", data)
            home.start()
            await until(lambda: "hub:ledger" in alerts(me), DEADLINE_S)
            says(me, "ledger-rights")
            await me.press("002", "during")
            await until(lambda: "room-002-pendant" in alerts(me), DEADLINE_S)
            assert alerts(me)["room-002-pendant"]["unrecorded"]
            run("chattr", "-i", data)
            await me.line("raised", stamp="during")
            await until(lambda: not any(alert["unrecorded"] for alert in alerts(me).values()), DEADLINE_S)
            assert "room-001-pendant" in alerts(me)
            assert home.stop() == 0
        verified(home)


async def test_a_disk_that_does_not_answer_while_people_press(home: RunningHome, tmp_path: Path) -> None:
    """A thread hangs in the system, and nobody else: told from memory, a further press of an open call too, and kept
    when the disk answers. Killed meanwhile and started again, the hub hears what is pressed, tells what the broker
    shows of before, and reads its record as soon as it can."""
    data = home.folder / "data"
    with own_disk(data, tmp_path / "disk"):
        async with stranger(home.broker.port) as me:
            home.start()
            await me.is_ready()
            await me.press("001", "before")
            await me.line("raised", stamp="before")
            await until(lambda: "room-001-pendant" in alerts(me), DEADLINE_S)
            name = alerts(me)["room-001-pendant"]["id"]
            with frozen(data):
                await me.press("002", "during")
                await until(lambda: {"room-002-pendant", "hub:ledger-slow"} <= set(alerts(me)), DEADLINE_S)
                await me.press("001", "again")
                await until(lambda: alerts(me)["room-001-pendant"]["presses"] == 2, DEADLINE_S)
                assert all(alerts(me)[f"room-00{room}-pendant"]["unrecorded"] for room in (1, 2))
            await me.line("mended", device="hub:ledger-slow")
            await me.line("raised", stamp="during")
            await until(lambda: not any(alert["unrecorded"] for alert in alerts(me).values()), DEADLINE_S)
            with frozen(data):
                await me.press("003", "then")
                await until(lambda: "room-003-pendant" in alerts(me), DEADLINE_S)
                assert home.process is not None
                home.process.kill()  # which ends it when the disk answers
                killed = home.process
                home.start()
                await me.press("004", "later")
                await until(lambda: "room-004-pendant" in alerts(me), DEADLINE_S)
                await until(lambda: "go and look" in str(alerts(me)["room-001-pendant"]["reason"]), DEADLINE_S)
            killed.wait()
            for stamp in ("then", "later"):
                await me.line("raised", stamp=stamp)
            await until(lambda: alerts(me).get("room-001-pendant", {}).get("id") == name, DEADLINE_S)
            await until(lambda: not any(alert["unrecorded"] for alert in alerts(me).values()), DEADLINE_S)
            assert {f"room-00{room}-pendant" for room in (1, 2, 3, 4)} <= set(alerts(me))
            assert home.stop() == 0
        verified(home)

"""`handrail walk` at a real terminal, with a real broker and hub: press now, heard, and who says that it was theirs."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from hub.clock import SystemClock
from hub.ledger.read import Reader
from tests.contract.home_parts import DEADLINE_S, RunningHome, Stranger, command, environment, home_with, stranger
from tests.parts import Mosquitto, end, until

DEVICE = "room-001-pendant"


def by_day(text: str) -> str:
    """The home's night is a minute that is half a day away, whenever this runs."""
    away = timedelta(milliseconds=SystemClock().wall_ms()) + timedelta(hours=12)
    hour = int(away.total_seconds() // 3600 % 24)
    return text + f'\ntimes: {{night: "{hour:02d}:00-{hour:02d}:01"}}\n'


@pytest.fixture
def home(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[RunningHome]:
    """A home of two rooms, by day."""
    with home_with(tmp_path / "home", mosquitto, rooms=2) as running:
        running.edit("home.yaml", by_day)
        yield running


class Terminal:
    """The command as a carer starts it, with a keyboard."""

    def __init__(self, keys: int, process: subprocess.Popen[bytes], said: Path) -> None:
        self._keys, self._said, self.process = keys, said, process

    def enter(self) -> None:
        """A carer presses Enter."""
        os.write(self._keys, b"\n")

    async def says(self, words: str) -> None:
        """Until the command has shown these words."""
        await until(lambda: words in self._said.read_text(), DEADLINE_S)

    async def ended(self) -> tuple[int, str]:
        """Its exit code and what it wrote to standard output."""
        await until(lambda: self.process.poll() is not None, DEADLINE_S)
        assert self.process.stdout is not None
        return self.process.returncode, self.process.stdout.read().decode()


def _heeds_ctrl_c() -> None:
    """Whoever runs the tests in the background has Ctrl-C ignored, and so would every program that they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def terminal(home: RunningHome, *words: str) -> Iterator[Terminal]:
    """`handrail walk HOME` with a keyboard; what it shows goes to a file."""
    keys, slave = pty.openpty()
    said = home.folder.parent / "walk.err"
    with said.open("wb") as log:
        process = subprocess.Popen(
            command("walk", home.folder, *words),
            stdin=slave,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment(),
            preexec_fn=_heeds_ctrl_c,  # noqa: PLW1509 - it calls the kernel alone
        )
    os.close(slave)
    try:
        yield Terminal(keys, process, said)
    finally:
        end(process)
        assert process.stdout is not None
        process.stdout.close()
        os.close(keys)


@asynccontextmanager
async def running(home: RunningHome) -> AsyncIterator[Stranger]:
    """Its hub is ready, and somebody listens."""
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        yield me


def finished(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """A command without a keyboard."""
    return subprocess.run(
        command(*words),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        env=environment(),
        check=False,
    )


async def test_press_now_heard_and_enter_records_it(home: RunningHome) -> None:
    """On the board it is a TEST at once, and nobody is told; the list of what is overdue reads the same ledger."""
    async with running(home) as me:
        await me.publish(f"zigbee2mqtt/{DEVICE}", orjson.dumps({"battery": 82}))
        with terminal(home, "--device", DEVICE, "--by", "carer-1", "--json") as carer:
            await carer.says(f"Press {DEVICE} now")
            await me.press("001")
            await carer.says("battery 82 %")
            line = await me.line("walk_heard")
            [shown] = me.on(f"handrail/ashgrove/alert/{line['alert']}")
            assert (shown["test"]["by"], shown["quiet"], shown["told"]) == ("carer-1", True, [])  # type: ignore[index]
            carer.enter()
            code, out = await carer.ended()
        done = orjson.loads(out)
        assert code == 0
        assert (done["result"], done["battery"], done["by"]) == ("tested", "82 %", "carer-1")
        assert 0 < done["heard_after_s"] < 20
        tested = await me.line("tested")
        assert (tested["by"], tested["device"]) == ("carer-1", DEVICE)
        assert me.log("told") == []
        assert home.stop() == 0
    with closing(Reader(home.folder / "data" / "ledger.db")) as reader:
        row = reader.night(0, 0).walks[DEVICE]
    assert (row.tested_by, row.battery, row.by) == ("carer-1", "82 %", "")
    listed = finished("walk", home.folder, "--overdue")
    assert (listed.returncode, listed.stdout) == (0, "no walk test is overdue\n")
    assert finished("verify", home.folder).returncode == 0
    with closing(sqlite3.connect(home.folder / "data" / "ledger.db")) as ledger, ledger:
        ledger.execute("UPDATE walks SET body = json_set(body, '$.since_wall_ms', 1) WHERE key LIKE '%002%'")
    listed = finished("walk", home.folder, "--overdue")
    assert (listed.returncode, listed.stdout) == (1, "room-002-pendant (never tested)\n")


async def test_a_second_press_is_a_call_and_an_early_enter_is_no_answer(home: RunningHome) -> None:
    """Enter counts once the press was heard; the command says that it is a call now."""
    async with running(home) as me:
        with terminal(home, "--device", DEVICE, "--by", "carer-1") as carer:
            await carer.says("now")
            carer.enter()
            await me.press("001", "2026-11-21T03:12:04.512Z")
            await carer.says("Enter: that was my test")
            await me.press("001", "2026-11-21T03:12:05.512Z")
            code, out = await carer.ended()
        assert code == 1
        assert out.startswith("it is a call now: ")
        assert (await me.line("raised"))["device"] == DEVICE
        assert (await me.line("told"))["alert"] == me.log("raised")[0]["alert"]


async def test_ctrl_c_stops_it_and_the_next_press_is_a_call(home: RunningHome) -> None:
    """Nobody waits for a carer who went away."""
    async with running(home) as me:
        with terminal(home, "--device", DEVICE, "--by", "carer-1") as carer:
            await carer.says("now")
            carer.process.send_signal(signal.SIGINT)
            assert (await carer.ended())[0] == 130
        await me.line("walk_ended")
        await me.press("001")
        assert (await me.line("raised"))["device"] == DEVICE
        assert me.log("walk_heard") == []


async def test_what_cannot_be_tested_is_one_line(home: RunningHome) -> None:
    """The hub's own reason; and without a keyboard nothing begins."""
    async with running(home) as me:
        with terminal(home, "--device", "room-001-door", "--by", "carer-1") as carer:
            assert (await carer.ended())[0] == 2
            await carer.says("handrail: room-001-door is for door: only what a resident calls with is tested so")
        alone = await asyncio.to_thread(finished, "walk", home.folder, "--device", DEVICE, "--by", "carer-1")
        assert (alone.returncode, alone.stderr.count("\n")) == (2, 1)
        assert "wants a terminal" in alone.stderr
        assert me.log("walk_opened") == []
    nobody = finished("walk", home.folder)
    assert "say which device" in nobody.stderr


def test_before_the_hub_ever_ran_nothing_can_be_listed(home: RunningHome) -> None:
    """That is said, in one line."""
    listed = finished("walk", home.folder, "--overdue", "--json")
    assert listed.returncode == 2
    assert "is not there yet" in listed.stderr

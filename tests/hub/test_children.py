"""A child that dies or refuses is started again for as long as it takes, and says why in one line."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import psutil
import pytest

from hub.children import LONGEST_PAUSE_S, Child
from tests.parts import until

SCRIPT = """
import pathlib, sys, time
starts, why = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
with starts.open("a") as file:
    file.write("x")
if why.exists():
    print("2026-11-23 12:00:0%d,000 ERROR" % (starts.stat().st_size % 10), why.read_text(), file=sys.stderr)
    sys.exit(2)
time.sleep(600)
"""


@asynccontextmanager
async def kept(folder: Path) -> AsyncIterator[tuple[Child, Path, Callable[[], int]]]:
    """A child that refuses while the file that is given holds a reason; how often it was started."""
    why, starts = folder / "why", folder / "starts"
    child = Child("clock", [sys.executable, "-c", SCRIPT, str(starts), str(why)], output=folder / "log" / "clock.log")
    child.first_pause_s, child.stands_s = 0.05, 3
    keeping = asyncio.create_task(child.keep())
    try:
        yield child, why, lambda: starts.stat().st_size if starts.exists() else 0
        assert not keeping.done()
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await child.stop()


async def test_a_child_that_refuses_is_tried_again_and_each_reason_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the time in its line; when it is there again that is said too, and then it is news if it ends."""

    def said() -> list[str]:
        return [record.getMessage() for record in caplog.records]

    (tmp_path / "log").mkdir()
    (tmp_path / "why").write_text("the port is taken")
    async with kept(tmp_path) as (child, why, starts):
        await until(lambda: starts() >= 3)
        assert said() == ["the clock ended (exit code 2: ERROR the port is taken): started again in 0.05 s"]
        why.write_text("the folder is gone")
        await until(lambda: len(said()) == 2)
        assert "(exit code 2: ERROR the folder is gone)" in said()[1]
        why.unlink()
        await until(lambda: len(said()) == 3)
        assert said()[2] == "the clock: started again, and stays"
        assert child.pid is not None
    assert len(said()) == 3


async def test_a_child_that_cannot_even_be_started_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """We have no file left to open; given some, it runs."""
    (tmp_path / "log").mkdir()
    with few_files():
        async with kept(tmp_path) as (child, _, starts):
            await until(lambda: "the clock ended (cannot be started: [Errno 24]" in caplog.text)
            assert starts() == 0
            more_files()
            await until(lambda: starts() == 1 and child.pid is not None)
    assert caplog.text.count("cannot be started") == 1


@pytest.mark.parametrize("instead", ["nothing", "a folder", "a pipe"])
async def test_a_child_whose_log_cannot_be_written_is_started_all_the_same(
    instead: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The words of the hub stand behind the hub: they are said beside ours, and why is said once."""
    if instead != "nothing":
        (tmp_path / "log").mkdir()
    if instead == "a folder":
        (tmp_path / "log" / "clock.log").mkdir()
    if instead == "a pipe":
        os.mkfifo(tmp_path / "log" / "clock.log")
    async with kept(tmp_path) as (child, why, starts):
        await until(lambda: starts() == 1 and child.pid is not None)
        why.write_text("the port is taken")
        child.kill()
        await until(lambda: starts() >= 3)
        why.unlink()
        await until(lambda: "started again, and stays" in caplog.text)
    assert caplog.text.count("clock.log cannot be written") == 1


async def test_a_program_whose_leash_is_killed_leaves_its_place_to_the_next(tmp_path: Path) -> None:
    """A broker that went on would hold the port for ever, and the one that is started again would be refused."""
    (tmp_path / "log").mkdir()
    async with kept(tmp_path) as (child, _, starts):
        await until(lambda: starts() == 1)
        assert child.pid is not None
        (program,) = psutil.Process(child.pid).children()
        os.kill(child.pid, signal.SIGKILL)
        await until(lambda: starts() == 2)
        assert not program.is_running()
        (program,) = psutil.Process(child.pid).children()
        os.kill(child.pid, signal.SIGKILL)
    assert not program.is_running()


@contextmanager
def few_files() -> Iterator[None]:
    """This process may open no more files than it has."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def more_files() -> None:
    """And now it may."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def test_whatever_kept_it_away_it_is_back_ten_seconds_after_that_is_over() -> None:
    """A pause that doubles without an end would be a part that is gone."""
    assert LONGEST_PAUSE_S <= 10

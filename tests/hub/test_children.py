"""A child that dies or refuses is started again for as long as it takes, and says why in one line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

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
    child.first_pause_s, child.stands_s = 0.05, 0.5
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
    """The folder of its log is not there; made, it runs."""
    async with kept(tmp_path) as (child, _, starts):
        await until(lambda: "the clock ended (cannot be started: [Errno 2]" in caplog.text)
        assert starts() == 0
        (tmp_path / "log").mkdir()
        await until(lambda: starts() == 1 and child.pid is not None)
    assert caplog.text.count("cannot be started") == 1


def test_whatever_kept_it_away_it_is_back_ten_seconds_after_that_is_over() -> None:
    """A pause that doubles without an end would be a part that is gone."""
    assert LONGEST_PAUSE_S <= 10

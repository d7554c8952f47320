"""Two hubs never run on one ledger."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from hub.bootstrap import build
from hub.errors import LedgerBusy, LedgerUnwritable
from hub.lock import Lock
from tests.hub.core_parts import rig


def test_a_second_one_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    """Until the first lets go."""
    first, second = Lock(tmp_path / "hub.lock"), Lock(tmp_path / "hub.lock")
    first.acquire()
    with pytest.raises(LedgerBusy, match=str(os.getpid())):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_what_an_ended_process_left_behind_is_no_lock(tmp_path: Path) -> None:
    """Only the file stays, with a number in it."""
    (tmp_path / "hub.lock").write_text("99999\n")
    lock = Lock(tmp_path / "hub.lock")
    lock.acquire()
    assert (tmp_path / "hub.lock").read_text() == f"{os.getpid()}\n"
    lock.release()


def test_a_place_where_nothing_can_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    """And is no other hub."""
    (tmp_path / "hub.lock").mkdir()
    with pytest.raises(LedgerUnwritable, match="cannot be opened"):
        Lock(tmp_path / "hub.lock").acquire()


async def test_a_second_hub_on_the_same_home_is_refused(tmp_path: Path) -> None:
    """And the first one goes on."""
    async with rig(tmp_path) as home:
        with pytest.raises(LedgerBusy):
            build(home.folder, home.clock, random.Random(2))
        assert (await home.ask(id="1", do="mode", reason="normal"))["ok"] is True


async def test_a_start_that_fails_lets_go_of_the_lock(tmp_path: Path) -> None:
    """The next try finds what is really wrong, and no other hub."""
    async with rig(tmp_path) as home:
        await home.stop()
        (home.folder / "data").rename(home.folder / "kept")
        (home.folder / "data").mkdir()
        (home.folder / "data" / "ledger.db").write_bytes(b"this is no ledger" * 100)
        for _ in range(2):
            with pytest.raises(LedgerUnwritable):
                build(home.folder, home.clock, random.Random(2))
        (home.folder / "data").rename(home.folder / "broken")
        (home.folder / "kept").rename(home.folder / "data")
        await home.start()

"""Two hubs never run on one ledger."""

from __future__ import annotations

import os
import random
from contextlib import closing
from pathlib import Path

import pytest

from hub.bootstrap import build
from hub.errors import LedgerBusy, LedgerTooNew, LedgerUnwritable
from hub.ledger.write import open_store
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


def test_a_lock_whose_file_was_removed_is_taken_again_and_refuses_the_next(tmp_path: Path) -> None:
    """Until somebody else was quicker: two must not run, and the one that has it goes on."""
    first, second = Lock(tmp_path / "hub.lock"), Lock(tmp_path / "hub.lock")
    first.acquire()
    (tmp_path / "hub.lock").unlink()
    first.look()
    with pytest.raises(LedgerBusy):
        second.acquire()
    (tmp_path / "hub.lock").unlink()
    second.acquire()
    with pytest.raises(LedgerBusy):
        first.look()
    second.look()
    first.release()
    second.release()


def test_where_no_lock_can_be_had_the_hub_runs_and_takes_it_later(tmp_path: Path) -> None:
    """A folder that is not there, because its disk is not."""
    lock = Lock(tmp_path / "data" / "hub.lock")
    lock.acquire()
    (tmp_path / "data").mkdir()
    lock.look()
    with pytest.raises(LedgerBusy):
        Lock(tmp_path / "data" / "hub.lock").acquire()
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
        with closing(open_store(home.ledger)) as store:
            store.execute("PRAGMA user_version = 999")
        for _ in range(2):
            with pytest.raises(LedgerTooNew):
                build(home.folder, home.clock, random.Random(2))
        (home.folder / "data").rename(home.folder / "newer")
        (home.folder / "kept").rename(home.folder / "data")
        await home.start()

"""Two hubs never run on one ledger."""

from __future__ import annotations

import asyncio
import os
import random
from contextlib import closing
from pathlib import Path

import pytest

from hub.bootstrap import build
from hub.children import free_port
from hub.config.new import write_new
from hub.errors import LedgerBusy, LedgerTooNew
from hub.ledger.write import open_store
from hub.lock import Lock
from tests.hub.core_parts import rig
from tests.hub.program import start, stopped
from tests.parts import until


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


def test_a_look_that_comes_too_late_takes_no_lock_from_the_next_hub(tmp_path: Path) -> None:
    """It runs on a thread, and a hub that begins again in this process would be refused by the one before it."""
    first, second = Lock(tmp_path / "hub.lock"), Lock(tmp_path / "hub.lock")
    first.acquire()
    first.release()
    first.look()
    second.acquire()
    second.release()


def test_a_folder_in_place_of_the_lock_keeps_out_a_second_hub_and_not_the_first(tmp_path: Path) -> None:
    """Removed, it is a file again."""
    path = tmp_path / "hub.lock"
    path.mkdir()
    first, second = Lock(path), Lock(path)
    first.acquire()
    with pytest.raises(LedgerBusy):
        second.acquire()
    path.rmdir()
    first.look()
    with pytest.raises(LedgerBusy, match="process"):
        second.acquire()
    first.release()


def test_a_file_in_place_of_the_folder_of_the_lock_ends_no_start(tmp_path: Path) -> None:
    """A press stands before the lock; when the folder is one again the lock is had."""
    (tmp_path / "data").write_text("")
    lock = Lock(tmp_path / "data" / "hub.lock")
    lock.acquire()
    lock.look()
    (tmp_path / "data").unlink()
    (tmp_path / "data").mkdir()
    lock.look()
    with pytest.raises(LedgerBusy):
        Lock(tmp_path / "data" / "hub.lock").acquire()
    lock.release()


async def test_a_watcher_whose_lock_was_removed_takes_it_again_and_ends_where_another_has_it(tmp_path: Path) -> None:
    """Two would take the broker's connection from each other, five times a second, and nobody be told."""
    write_new(tmp_path / "home", rooms=1, broker=f"mqtt://hub@127.0.0.1:{free_port()}")
    path = tmp_path / "home" / "data" / "watcher.lock"
    watcher = start("watch", tmp_path / "home")
    try:
        await until(lambda: path.exists() and path.read_text().strip() == str(watcher.pid), 20)
        path.unlink()
        await until(lambda: path.exists() and path.read_text().strip() == str(watcher.pid), 20)
        path.unlink()
        other = Lock(path)
        other.acquire()
        await until(lambda: watcher.poll() is not None, 20)
        other.release()
    finally:
        code, complaints = await asyncio.to_thread(stopped, watcher)
    assert code == 2
    assert "handrail: another watcher of" in complaints


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

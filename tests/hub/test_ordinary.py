"""A pipe or a device in place of a file of the home keeps nobody waiting: it is refused like a broken one."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboards.gate import load_key
from hub.config.problems import ConfigurationRefused
from hub.config.read import read_home
from hub.errors import CredentialsUnreadable
from hub.ledger.read import Reader, Unreadable
from hub.ledger.write import open_store
from hub.mqtt.login import password_of
from hub.mqtt.types import BrokerAddress
from hub.ordinary import read_ordinary
from hub.watch import kept
from tests.hub.core_parts import PENDANT, rig
from tests.hub.test_record_lost import pressed, shown
from tests.parts import part, until


def pipe(path: Path) -> None:
    """Nobody writes into it, so who opens it to read waits for ever."""
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def endless(path: Path) -> None:
    """Who reads all of it never ends."""
    path.unlink(missing_ok=True)
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("harm", [pipe, endless])
@pytest.mark.parametrize("name", ["home.yaml", "devices.yaml", "staff.yaml"])
async def test_a_hub_that_is_started_with_a_pipe_among_its_files_hears_presses(
    name: str, harm: Callable[[Path], None], tmp_path: Path
) -> None:
    """With what it accepted last; staff read that a change was refused, and with a file again nothing is amiss."""
    async with rig(tmp_path, rooms=1) as home:
        await home.quiet()
        right = (home.folder / name).read_bytes()
        await home.kill()
        harm(home.folder / name)
        with pytest.raises(ConfigurationRefused, match=rf"{name}: cannot be read \(no ordinary file\)"):
            read_home(home.folder)
        await home.start()
        await pressed(home, PENDANT)
        await until(lambda: "hub:configuration" in shown(home))
        (home.folder / name).unlink()
        (home.folder / name).write_bytes(right)
        home.hub.reload()
        await until(lambda: "hub:configuration" not in shown(home))


def test_a_password_that_is_a_pipe_is_refused_in_words(tmp_path: Path) -> None:
    """It is read in the loop that hears presses."""
    pipe(tmp_path / "hub.password")
    address = BrokerAddress(host="localhost", port=1883, username="hub", password_file=tmp_path / "hub.password")
    with pytest.raises(CredentialsUnreadable, match="no ordinary file; write the password into it"):
        password_of(address)


async def test_the_watcher_and_the_screens_start_beside_pipes(tmp_path: Path) -> None:
    """Neither its copy of the home nor the key of the screens keeps them waiting."""
    async with rig(tmp_path, rooms=1) as home:
        data = home.folder / "data"
        known = kept.read(home.folder)
        pipe(data / kept.FILE)
        pipe(data / f"{kept.FILE}.new")
        pipe(data / "dashboards.key")
        assert kept.read(home.folder) == known
        assert len(load_key(data / "dashboards.key")) == 32


def test_screens_read_on_once_what_took_the_place_of_the_ledger_is_gone(tmp_path: Path) -> None:
    """A pipe keeps no question waiting, and a file in place of the folder ends no screens."""
    path = tmp_path / "data" / "ledger.db"
    path.parent.mkdir()
    open_store(path).close()
    ledger = Reader(path)
    assert ledger.log_since(0) == []
    path.rename(tmp_path / "away.db")
    pipe(path)
    with pytest.raises(Unreadable, match="no ordinary file"):
        ledger.log_since(0)
    path.parent.rename(tmp_path / "kept")
    path.parent.write_text("no folder")
    with pytest.raises(Unreadable, match="Not a directory"):
        ledger.log_since(0)
    path.parent.unlink()
    path.parent.mkdir()
    (tmp_path / "away.db").rename(path)
    assert ledger.log_since(0) == []
    ledger.close()


async def test_a_command_that_the_machine_refuses_files_says_so_in_one_line(tmp_path: Path) -> None:
    """Who may open a dozen files can start no demonstration."""
    part("mosquitto")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12)); "
    run = f"{limit}import sys; from hub.commands import main; sys.exit(main())"
    words = ("demo", "--no-browser", "--rooms", "1", "--folder", str(tmp_path / "demo"))
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-c", run, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    _, complaints = await demo.communicate()
    assert complaints.decode().endswith("handrail: this machine refuses: Too many open files\n")
    assert b"Traceback" not in complaints
    assert demo.returncode == 2


def test_at_most_so_much_is_read(tmp_path: Path) -> None:
    """A file of many gigabytes is one of a few bytes."""
    (tmp_path / "file").write_bytes(b"12345")
    assert read_ordinary(tmp_path / "file", 3) == b"123"
    with pytest.raises(IsADirectoryError):
        read_ordinary(tmp_path)

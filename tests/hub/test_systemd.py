"""What systemd is told, and who gives way on this machine."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from hub.children import Child
from hub.config.new import write_new
from hub.priority import COMMANDS, FIRST, SCREENS
from hub.systemd import Systemd
from tests.hub.program import environment
from tests.parts import Mosquitto, end, until, until_now


class Manager:
    """The socket on which systemd listens, and what it heard."""

    def __init__(self, name: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(name)
        self._socket.setblocking(False)
        self._heard: list[str] = []

    @property
    def heard(self) -> list[str]:
        """Everything so far."""
        while True:
            try:
                self._heard.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return self._heard

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()


@pytest.mark.parametrize("abstract", [False, True])
async def test_started_alive_and_ending_are_said_in_this_order(tmp_path: Path, abstract: bool) -> None:
    """On a path, or on one of Linux' abstract names."""
    if abstract and sys.platform != "linux":
        pytest.skip("abstract names are Linux' own")
    name = f"handrail-{tmp_path.name}-{os.getpid()}"
    address, bound = (f"@{name}", f"\0{name}") if abstract else ((str(tmp_path / "s")), str(tmp_path / "s"))
    manager = Manager(bound)
    saying = asyncio.create_task(Systemd({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "20000"}).run())
    await until(lambda: manager.heard.count("WATCHDOG=1") >= 3)
    saying.cancel()
    await asyncio.gather(saying, return_exceptions=True)
    assert manager.heard[0] == "READY=1"
    assert manager.heard[-1] == "STOPPING=1"
    assert set(manager.heard[1:-1]) == {"WATCHDOG=1"}
    manager.close()


async def test_without_systemd_nothing_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """At a terminal, in a container; and a socket that is gone is a line in the log and no more."""
    async with asyncio.timeout(5):
        await Systemd({}).run()
    gone = Systemd({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    gone.say("READY=1")
    gone.say("WATCHDOG=1")
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_the_hub_says_that_it_has_started_that_it_lives_and_that_it_ends(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The whole program under a stand-in for systemd, also while its broker is away."""
    manager = Manager(str(tmp_path / "notify"))
    write_new(tmp_path / "home", rooms=1, broker=f"mqtt://127.0.0.1:{mosquitto.port}")
    mosquitto.stop()
    watched = {**environment(), "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
    hub = subprocess.Popen([sys.executable, "-m", "hub.commands", "run", tmp_path / "home"], env=watched)
    until_now(lambda: manager.heard.count("WATCHDOG=1") >= 3, 15)
    end(hub)
    assert hub.returncode == 0
    assert (manager.heard[0], manager.heard[-1]) == ("READY=1", "STOPPING=1")
    manager.close()


def ended_first(pid: int) -> int:
    """How soon the system ends this process when memory runs out."""
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text(encoding="ascii"))


async def test_a_child_that_gives_way_is_nice_with_all_its_threads() -> None:
    """The screens of `run --with-dashboards`."""
    child = Child("screens", ["-m", "http.server", "0", "--bind", "127.0.0.1"], nice=SCREENS)
    await child.start()
    try:
        assert child.pid is not None
        process = psutil.Process(child.pid)
        await until(lambda: process.num_threads() > 1)
        ours = os.getpriority(os.PRIO_PROCESS, 0)  # a command that an earlier test called in this process gave way too
        nice = {os.getpriority(os.PRIO_PROCESS, thread.id) for thread in process.threads()}
        assert nice == {max(SCREENS, ours)}
        assert sys.platform != "linux" or ended_first(child.pid) == FIRST
    finally:
        await child.stop()


def test_giving_way_never_takes_the_way() -> None:
    """What systemd has set lower already stays so."""
    program = "import os; from hub.priority import *; give_way(COMMANDS); give_way(SCREENS); print(os.nice(0))"
    said = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True
    )
    assert int(said.stdout) == COMMANDS


@pytest.mark.skipif(sys.platform != "linux", reason="a container is a Linux, and so are abstract names")
def test_a_hub_in_a_container_that_stands_still_is_ended_for_a_new_start(tmp_path: Path) -> None:
    """Docker shows that it is unwell and leaves it so; a hub that lives goes on, and stops when it is told to."""
    write_new(tmp_path / "home", rooms=1, broker="mqtt://127.0.0.1:1")
    program = str(Path(__file__).parents[2] / ".docker" / "watched.py")
    started = [sys.executable, program, "run", str(tmp_path / "home")]
    patience = {**environment(), "HANDRAIL_WATCHDOG_S": "3"}
    for stands_still in (False, True):
        with subprocess.Popen(started, env=patience, stderr=subprocess.PIPE, text=True) as watched:
            assert watched.stderr is not None
            # It tries its broker, so it has started.
            assert any("cannot be reached" in line for line in watched.stderr)
            (hub,) = psutil.Process(watched.pid).children()
            if stands_still:
                hub.suspend()
            else:
                watched.terminate()
            said = watched.stderr.read()
        assert watched.returncode == (128 + signal.SIGABRT if stands_still else 0)
        assert ("stood still" in said, "most recent call first" in said) == (stands_still, stands_still)
        assert not hub.is_running()

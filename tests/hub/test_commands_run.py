"""`handrail run` against a real broker: ready, stopped, killed, started again, and refused where another one runs."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.hub.program import Heard, finished, listening, refused, start, stopped
from tests.parts import Mosquitto, free_port, until

PRESS = b'{"action":"emergency","last_seen":%d}'


@pytest.fixture
def home(tmp_path: Path, mosquitto: Mosquitto) -> Path:
    """A new home whose broker runs."""
    folder = tmp_path / "court"
    finished("new", folder, "--rooms", "4", "--broker", f"mqtt://127.0.0.1:{mosquitto.port}")
    text = (folder / "home.yaml").read_text(encoding="utf-8")
    (folder / "home.yaml").write_text(text.replace("port: 8080", f"port: {free_port()}"), encoding="utf-8")
    return folder


@pytest.fixture
async def heard(mosquitto: Mosquitto) -> AsyncIterator[Heard]:
    """What the home says on its broker."""
    async with listening(mosquitto.port, "handrail/court/#") as ears:
        yield ears


async def test_a_new_home_is_ready_hears_a_press_and_stops_cleanly(home: Path, heard: Heard) -> None:
    """SIGTERM is answered with a goodbye, and with exit code 0 and not a word of complaint."""
    hub = start("run", home)
    try:
        await heard.until("handrail/court/status", state="ready")
        await heard.client.publish("zigbee2mqtt/room-003-pendant", PRESS % 1, qos=1)
        alert = await heard.until("handrail/court/alert/", state="told")
        assert (alert["level"], alert["room"], alert["stamp"]) == ("emergency", "003", "1")
        heard.forget()
    finally:
        code, complaints = await asyncio.to_thread(stopped, hub)
    assert (code, complaints) == (0, "")
    await heard.until("handrail/court/status", state="stopping")
    out, _ = finished("verify", home)
    assert "the outcome is the same" in out


async def test_a_killed_hub_goes_on_where_it_was(home: Path, heard: Heard) -> None:
    """The press of before is open, the press of meanwhile is raised, and nothing is told twice."""
    hub = start("run", home)
    try:
        await heard.until("handrail/court/status", state="ready")
        await heard.client.publish("zigbee2mqtt/room-001-pendant", PRESS % 1, qos=1)
        await heard.until("handrail/court/log", step="raised", room="001")
    finally:
        await asyncio.to_thread(stopped, hub, signal.SIGKILL)
    await heard.client.publish("zigbee2mqtt/room-002-pendant", PRESS % 2, qos=1)
    heard.forget()
    hub = start("run", home)
    try:
        raised = await heard.until("handrail/court/log", step="raised", room="002")
        assert raised["stamp"] == "2"
        await heard.client.publish(
            "handrail/court/do/dashboards", b'{"id":"q1","do":"claim","alert":"a00001","by":"carer-1"}', qos=1
        )
        assert (await heard.until("handrail/court/done/q1"))["ok"] is True
        out, _ = await asyncio.to_thread(finished, "verify", home)
        assert "compared 2 alerts" in out
        assert "the outcome is the same" in out
    finally:
        code, _ = await asyncio.to_thread(stopped, hub)
    assert code == 0


async def test_a_second_hub_is_refused(home: Path, heard: Heard) -> None:
    """One line says which process has the ledger; the first is not disturbed."""
    hub = start("run", home)
    try:
        await heard.until("handrail/court/status", state="ready")
        said = await asyncio.to_thread(refused, "run", home)
        assert "another hub" in said
        assert str(hub.pid) in said
    finally:
        code, complaints = await asyncio.to_thread(stopped, hub)
    assert (code, complaints) == (0, "")


def test_a_broker_that_does_not_let_us_in_is_one_line(home: Path, mosquitto: Mosquitto) -> None:
    """A wrong password is not tried for ever at the first start."""
    mosquitto.with_users({"hub": "right"})
    (home / "secrets").mkdir()
    (home / "secrets" / "hub.password").write_text("wrong\n", encoding="utf-8")
    text = (home / "home.yaml").read_text(encoding="utf-8")
    login = "  username: hub\n  password_file: secrets/hub.password\n"
    (home / "home.yaml").write_text(text.replace("broker:\n", f"broker:\n{login}", 1), encoding="utf-8")
    out, err = finished("run", home, code=2)
    assert out == ""
    line = err.splitlines()[-1]
    assert line.startswith("handrail: ")
    assert "refused" in line or "log-in" in line or "password" in line
    assert "Traceback" not in err


async def test_the_screens_beside_a_hub_are_served_and_end_with_it(home: Path, heard: Heard) -> None:
    """None is left when the hub is killed, and they are there again when it is."""

    def served() -> bool:
        return is_served(home, "")

    hub = start("run", home, "--with-dashboards")
    try:
        await heard.until("handrail/court/status", state="ready")
        await until(served, 20)
    finally:
        await asyncio.to_thread(stopped, hub, signal.SIGKILL)
    await until(lambda: not served(), 20)
    hub = start("run", home, "--with-dashboards")
    try:
        await until(served, 20)
    finally:
        code, _ = await asyncio.to_thread(stopped, hub)
    assert code == 0
    assert not served()


async def test_screens_that_die_are_started_again_and_the_hub_is_not_disturbed(home: Path, heard: Heard) -> None:
    """Kill -9 of their process: a press meanwhile is told as always, and the board answers and is live again."""
    hub = start("run", home, "--with-dashboards")
    try:
        await heard.until("handrail/court/status", state="ready")
        await until(lambda: is_served(home, "healthz"), 20)
        (first,) = screens_of(hub.pid)
        os.kill(first, signal.SIGKILL)
        heard.forget()
        await heard.client.publish("zigbee2mqtt/room-003-pendant", PRESS % 1, qos=1)
        await heard.until("handrail/court/log", step="raised", room="003")
        await until(lambda: screens_of(hub.pid) not in ([], [first]) and is_served(home, "healthz"), 20)
        assert hub.poll() is None
        heard.forget()
        assert (await heard.until("handrail/court/status"))["state"] == "ready"
    finally:
        code, complaints = await asyncio.to_thread(stopped, hub)
    assert code == 0
    (said,) = [line for line in complaints.splitlines() if " INFO " not in line]
    assert said.endswith("the dashboards ended (signal SIGKILL): started again in 0.5 s")
    assert not is_served(home, "")


def is_served(home: Path, page: str) -> bool:
    """Whether the home's screens answer, and say on `healthz` that they hear the hub."""
    text = (home / "home.yaml").read_text(encoding="utf-8")
    port = next(line.split()[-1] for line in text.splitlines() if line.strip().startswith("port: "))
    try:
        return httpx.get(f"http://127.0.0.1:{port}/{page}", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def screens_of(hub_pid: int) -> list[int]:
    """The ids of the processes that serve the screens of this hub."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == hub_pid and b"dashboards" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


async def test_sighup_reads_the_files_again(home: Path, heard: Heard) -> None:
    """A changed plan is told in the log."""
    hub = start("run", home)
    try:
        await heard.until("handrail/court/status", state="ready")
        staff = (home / "staff.yaml").read_text(encoding="utf-8")
        (home / "staff.yaml").write_text(staff.replace("name: Carer 1", "name: Anna"), encoding="utf-8")
        heard.forget()
        hub.send_signal(signal.SIGHUP)
        await heard.until("handrail/court/log", step="plan_changed")
    finally:
        code, _ = await asyncio.to_thread(stopped, hub)
    assert code == 0

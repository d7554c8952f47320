"""The screens as a process of their own: `python -m dashboards`."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import aiomqtt
import httpx
import orjson

from tests.parts import REPOSITORY, Mosquitto, free_port, until

if TYPE_CHECKING:
    from tests.dashboards.conftest import FakeHub


def start(settings: dict[str, object]) -> subprocess.Popen[bytes]:
    """Start the screens with these settings."""
    environment = {**os.environ, "HANDRAIL_DASHBOARDS": orjson.dumps(settings).decode(), "PYTHONPATH": str(REPOSITORY)}
    return subprocess.Popen([sys.executable, "-m", "dashboards"], env=environment, stderr=subprocess.PIPE)


def state_of(url: str) -> dict[str, object]:
    """What the process says of itself, as soon as it says anything."""
    try:
        answer: dict[str, object] = orjson.loads(httpx.get(f"{url}/healthz").content)
    except httpx.TransportError:
        return {}
    return answer


async def test_the_process_serves_is_live_and_stops_when_told(hub: FakeHub, mosquitto: Mosquitto) -> None:
    """With an open stream, it ends within seconds all the same."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = start({"home": "elm-house", "ledger": str(hub.path), "broker": {"port": mosquitto.port}, "port": port})
    try:
        async with aiomqtt.Client("127.0.0.1", mosquitto.port) as client:
            await client.publish("handrail/elm-house/status", orjson.dumps({"state": "ready"}), retain=True)
            await until(lambda: state_of(url).get("live") is True, 20)
        async with httpx.AsyncClient() as browser, browser.stream("GET", f"{url}/live") as stream:
            events = stream.aiter_lines()
            async with asyncio.timeout(10):
                while not (await anext(events)).startswith("event: board"):
                    continue
            process.terminate()
            assert await asyncio.to_thread(process.wait, 10) == 0
    finally:
        process.kill()
        process.communicate()
    assert (hub.path.parent / "dashboards.key").stat().st_mode & 0o777 == 0o600


def test_a_port_that_is_taken_is_one_line_and_exit_2(hub: FakeHub) -> None:
    """No traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start({"home": "elm-house", "ledger": str(hub.path), "port": taken.getsockname()[1]})
        _, said = process.communicate(timeout=20)
    assert process.returncode == 2
    assert b"cannot listen on" in said
    assert len(said.splitlines()) == 1


def test_settings_that_make_no_sense_are_one_line_and_exit_2() -> None:
    """The name of the setting is in it."""
    process = start({"home": "elm house", "ledger": "x"})
    _, said = process.communicate(timeout=20)
    assert process.returncode == 2
    assert b"HANDRAIL_DASHBOARDS home" in said
    assert len(said.splitlines()) == 1

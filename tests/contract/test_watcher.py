"""The watcher beside a real hub that stops answering: a real broker, two processes, a phone that keeps what it got."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import orjson

from tests.contract.home_parts import TOP, RunningHome, command, environment, home_with, stranger
from tests.hub.http_parts import Answers, answering
from tests.parts import Mosquitto, end, until

WITHIN_S = 25.0
"""Far more than it takes: what is measured is measured in bench, not here."""
SECTION = "watcher:\n  channels: [{{url: 'json://127.0.0.1:{port}/'}}]\n"


@contextmanager
def watching(home: RunningHome) -> Iterator[subprocess.Popen[bytes]]:
    """The watcher of a home, as its own process."""
    with (home.folder.parent / "watcher.log").open("ab") as log:
        process = subprocess.Popen(command("watch", home.folder), stderr=log, env=environment())
    try:
        yield process
    finally:
        end(process)


def titles(phone: Answers) -> list[str]:
    """What the phone showed, in order."""
    return [orjson.loads(body)["title"] for body in phone.bodies]


@asynccontextmanager
async def house(tmp_path: Path, mosquitto: Mosquitto) -> AsyncIterator[tuple[RunningHome, Answers]]:
    """A home whose watcher tells one phone."""
    async with answering() as phone:
        with home_with(tmp_path / "home", mosquitto, rooms=3) as home:
            home.edit("home.yaml", lambda text: text + SECTION.format(port=phone.port))
            yield home, phone


async def test_a_hub_that_stands_still_is_missed_and_the_next_press_is_told_once(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    """SIGSTOP; the next press reaches everybody through the watcher, once; SIGCONT, and the hub tells it itself."""
    async with house(tmp_path, mosquitto) as (home, phone), stranger(mosquitto.port) as outside:
        home.start()
        await outside.is_ready()
        with watching(home) as watcher:
            await until(lambda: outside.on(f"{TOP}/watch/status"), WITHIN_S)
            await outside.press("001")
            await outside.line("raised", device="room-001-pendant")
            assert home.process is not None
            home.process.send_signal(signal.SIGSTOP)
            await outside.press("002")
            await until(lambda: "EMERGENCY: Resident 002, lives in Room 2" in titles(phone), WITHIN_S)
            await until(lambda: "Handrail's hub does not answer" in titles(phone), WITHIN_S)
            await outside.press("003")
            await until(lambda: "EMERGENCY: Resident 003, lives in Room 3" in titles(phone), WITHIN_S)
            shown = {name: body for name, body, _ in outside.heard if name.startswith(f"{TOP}/watch/alert/")}
            assert {orjson.loads(body)["who"] for body in shown.values()} == {"Resident 002", "Resident 003"}
            home.process.send_signal(signal.SIGCONT)
            for room in ("002", "003"):
                await outside.line("raised", device=f"room-{room}-pendant")
            await until(lambda: titles(phone)[-1] == "Handrail's hub is back", WITHIN_S)
            assert sorted(titles(phone)) == [
                "EMERGENCY: Resident 002, lives in Room 2",
                "EMERGENCY: Resident 003, lives in Room 3",
                "Handrail's hub does not answer",
                "Handrail's hub is back",
            ]
            await until(lambda: all(outside.raw(topic)[-1] == b"" for topic in shown), WITHIN_S)
            said = outside.on(f"{TOP}/watch/status")[-1]
            assert said["state"] == "watching"
            assert said["in_charge_since"]
            assert said["gave_back_at"]
            end(watcher)
            assert watcher.returncode == 0
            await until(lambda: outside.on(f"{TOP}/watch/status")[-1]["state"] == "stopping", WITHIN_S)
        assert "the watcher was in charge from" in home.said

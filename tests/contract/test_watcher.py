"""The watcher beside a real hub that stops answering, or hearing, or does neither: a real broker, two processes, a
phone that keeps what it got."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from pathlib import Path

import orjson

from hub.clock import SystemClock
from hub.config.read import read_home
from hub.simulate.days import days_of
from hub.simulate.messages import Said
from tests.contract.home_parts import TOP, RunningHome, Stranger, command, environment, home_with, stranger
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
async def house(
    tmp_path: Path, mosquitto: Mosquitto, *, rooms: int = 3, login: str = ""
) -> AsyncIterator[tuple[RunningHome, Answers]]:
    """A home whose watcher tells one phone."""
    async with answering() as phone:
        with home_with(tmp_path / "home", mosquitto, rooms, login=login) as home:
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


# -- a hub that beats -------------------------------------------------------------------------------------------------
ALL, DEAF = "user hub\ntopic readwrite #\n", "user hub\ntopic readwrite handrail/#\ntopic write zigbee2mqtt/#\n"
READ_AGAIN = "Reloading config."
PRESSES = 200
AT_ONCE = 10
THINNED = 20
"""Of what is no press, one message in so many."""


def give_rights(home: RunningHome, mosquitto: Mosquitto) -> None:
    """The accounts and the access list that `new` wrote, and a stranger who may everything."""
    watcher = (home.folder / "secrets" / "watcher.password").read_text().strip()
    acl = (home.folder / "acl").read_text()
    assert ALL in acl
    everybody = {"hub": "p", "watcher": watcher, "stranger": "stranger"}
    mosquitto.with_users(everybody, acl=f"{acl}\nuser stranger\ntopic readwrite #\n")


async def change_rights(mosquitto: Mosquitto, before: str, after: str) -> None:
    """While the broker runs; it says nothing of it to those it concerns."""
    acl, read = mosquitto.folder / "acl", mosquitto.log.count(READ_AGAIN)
    acl.write_text(acl.read_text().replace(before, after))
    mosquitto.hang_up()
    await until(lambda: mosquitto.log.count(READ_AGAIN) > read, WITHIN_S)


async def test_a_hub_that_beats_and_hears_nothing_is_noticed_by_the_next_press(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    """The broker takes the hub's right to hear pendants away, in silence; the hub is ready all the while. The press is
    told by the watcher, once; what the hub hears again it tells itself, and the watcher says so."""
    async with house(tmp_path, mosquitto, login="hub:p@") as (home, phone):
        give_rights(home, mosquitto)
        async with stranger(mosquitto.port, login="stranger") as outside:
            home.start()
            await outside.is_ready()
            with watching(home):
                await until(lambda: outside.on(f"{TOP}/watch/status"), WITHIN_S)
                await outside.press("001")
                await outside.line("raised", device="room-001-pendant")
                await change_rights(mosquitto, ALL, DEAF)
                await outside.press("002")
                await until(lambda: len(titles(phone)) == 2, WITHIN_S)
                told = ["EMERGENCY: Resident 002, lives in Room 2", "Handrail's hub does not tell calls"]
                assert sorted(titles(phone)) == told
                assert outside.state == "ready"
                assert outside.log("raised", device="room-002-pendant") == []
                await change_rights(mosquitto, DEAF, ALL)
                await outside.press("002")
                await outside.line("raised", device="room-002-pendant")
                await until(lambda: len(titles(phone)) == 3, WITHIN_S)
                assert titles(phone)[2] == "Handrail's hub tells calls again"
                shown = [name for name, _, _ in outside.heard if name.startswith(f"{TOP}/watch/alert/")]
                await until(lambda: outside.raw(shown[0])[-1] == b"", WITHIN_S)
                assert len(set(shown)) == 1


async def test_beside_a_healthy_hub_the_watcher_says_nothing(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """Two hundred presses of the simulated home among all that its devices say, as fast as they can be said: each third
    at QoS 0, each fifth as a plain word as well, and some so close that they are one. Ten seconds after the last one
    nobody was told anything by the watcher."""
    async with house(tmp_path, mosquitto, rooms=20) as (home, phone), stranger(mosquitto.port) as outside:
        home.start()
        await outside.is_ready()
        with watching(home):
            await until(lambda: outside.on(f"{TOP}/watch/status"), WITHIN_S)
            days = list(enumerate(simulated(home)))
            for first in range(0, len(days), AT_ONCE):
                await asyncio.gather(*(say(outside, number, said) for number, said in days[first : first + AT_ONCE]))
            beats = len(outside.on(f"{TOP}/watch/status")) + 4
            await until(lambda: len(outside.on(f"{TOP}/watch/status")) >= beats, WITHIN_S)
            assert titles(phone) == []
            assert {said["state"] for said in outside.on(f"{TOP}/watch/status")} == {"watching"}
            assert len(outside.log("raised", "pressed", "not_a_press")) >= PRESSES
            assert len(outside.log("raised", "pressed")) > PRESSES // 2


async def say(outside: Stranger, number: int, said: Said) -> None:
    """As Zigbee2MQTT does, with the stamp of now."""
    payload = said.payload(SystemClock().wall_ms())
    await outside.publish(said.topic, payload, qos=0 if number % 3 == 0 else 1)
    if "action" in said.body and number % 5 == 0:
        await outside.publish(f"{said.topic}/action", str(said.body["action"]))


def simulated(home: RunningHome) -> list[Said]:
    """What the home's devices say until so many presses, thinned of all the rest."""
    found: list[Said] = []
    presses = 0
    whole = days_of(read_home(home.folder).home, seed=7, first=date(2026, 3, 2), days=None)
    for number, said in enumerate(whole):
        is_press = "action" in said.body
        presses += is_press
        if is_press or number % THINNED == 0:
            found.append(said)
        if presses == PRESSES:
            break
    return found

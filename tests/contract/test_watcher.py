"""The watcher beside a real hub that stops answering, or hearing, or does neither: a real broker, two processes, two
phones that keep what they got."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import orjson

from hub.clock import SystemClock
from hub.config.read import read_home
from hub.simulate.days import days_of
from hub.simulate.messages import Said
from tests.contract.home_parts import TOP, Json, RunningHome, Stranger, command, environment, home_with, stranger
from tests.hub.http_parts import Answers, answering
from tests.parts import Mosquitto, end, until

WITHIN_S = 25.0
"""Far more than it takes."""
TOLD_S = 15.0
"""A press is told within 10 s (`bench/stopped.py` measures it); the rest is for a machine with other work."""
SECTION = "watcher:\n  channels: [{{url: 'json://127.0.0.1:{first}/'}}, {{url: 'json://127.0.0.1:{second}/'}}]\n"
GONE, BACK = "Handrail's hub does not answer", "Handrail's hub is back"
ASKED = "CALL: Resident 002, Room 2"


@contextmanager
def watching(home: RunningHome) -> Iterator[subprocess.Popen[bytes]]:
    """The watcher of a home, as its own process."""
    with (home.folder.parent / "watcher.log").open("ab") as log:
        process = subprocess.Popen(command("watch", home.folder), stderr=log, env=environment())
    try:
        yield process
    finally:
        end(process)


@dataclass
class Phones:
    """Two people's phones."""

    each: list[Answers]

    def got(self, phone: Answers) -> list[tuple[str, str]]:
        """Title and text of what one showed, in order."""
        return [(said["title"], said["message"]) for said in map(orjson.loads, phone.bodies)]

    @property
    def titles(self) -> list[list[str]]:
        """What each of them showed, in order."""
        return [[title for title, _ in self.got(phone)] for phone in self.each]

    def all_got(self, title: str, *words: str) -> bool:
        """Whether each of them showed this, with these words in it."""
        return all(
            any(said == title and all(word in text for word in words) for said, text in self.got(phone))
            for phone in self.each
        )

    def times(self, title: str) -> set[int]:
        """How often they showed this: one number where all did as often."""
        return {shown.count(title) for shown in self.titles}


@asynccontextmanager
async def house(
    tmp_path: Path, mosquitto: Mosquitto, *, rooms: int = 3, login: str = ""
) -> AsyncIterator[tuple[RunningHome, Phones]]:
    """A home whose watcher tells two phones."""
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(answering()) for _ in range(2)]
        home = stack.enter_context(home_with(tmp_path / "home", mosquitto, rooms, login=login))
        home.edit("home.yaml", lambda text: text + SECTION.format(first=first.port, second=second.port))
        yield home, Phones([first, second])


async def knows_the_hub(outside: Stranger) -> None:
    """The watcher runs and has heard the hub's heart beat: in its own first 15 s it waits for a house that starts."""
    await until(lambda: outside.on(f"{TOP}/watch/status"), WITHIN_S)
    beats = len(outside.on(f"{TOP}/status"))
    await until(lambda: len(outside.on(f"{TOP}/status")) > beats, WITHIN_S)


def person(room: int) -> str:
    """The title of a press of theirs."""
    return f"EMERGENCY: Resident 00{room}, lives in Room {room}"


def still_told(outside: Stranger) -> list[Json]:
    """What stands on the watcher's topics just now."""
    topics = sorted({name for name, _, _ in outside.heard if name.startswith(f"{TOP}/watch/alert/")})
    return [outside.on(topic)[-1] for topic in topics if outside.raw(topic)[-1]]


async def test_a_hub_that_stands_still_is_missed_and_the_next_press_is_told_once(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    """SIGSTOP; the next press reaches everybody through the watcher, once, and so does the alert whose ladder stands
    still, and a call from a screen; SIGCONT, and the hub tells them itself."""
    async with house(tmp_path, mosquitto) as (home, phones), stranger(mosquitto.port) as outside:
        home.start()
        await outside.is_ready()
        with watching(home) as watcher:
            await knows_the_hub(outside)
            await outside.press("001")
            alert = (await outside.line("raised", device="room-001-pendant"))["alert"]
            await until(lambda: outside.on(f"{TOP}/alert/{alert}"), WITHIN_S)
            assert home.process is not None
            home.process.send_signal(signal.SIGSTOP)
            await outside.press("002")
            await until(lambda: phones.all_got(person(2)), TOLD_S)
            await until(lambda: phones.all_got(GONE), WITHIN_S)
            await until(lambda: phones.all_got(person(1), "told by the hub, nobody has taken it"), WITHIN_S)
            await outside.press("003")
            await until(lambda: phones.all_got(person(3)), TOLD_S)
            answer = await outside.ask("dashboards", id="call-0001", do="call", room="002")
            assert answer["ok"], "who called on the screen of a room is told that it was heard"
            await until(lambda: phones.all_got(ASKED), TOLD_S)
            shown = {name: body for name, body, _ in outside.heard if name.startswith(f"{TOP}/watch/alert/")}
            people = {f"Resident 00{room}" for room in (1, 2, 3)}
            assert {orjson.loads(body)["who"] for body in shown.values()} == people
            assert {orjson.loads(body)["alert"] for body in shown.values()} == {alert, None}
            home.process.send_signal(signal.SIGCONT)
            for device in ("room-002-pendant", "room-003-pendant", "call:002"):
                await outside.line("raised", "joined", device=device)
            await until(lambda: phones.all_got(BACK, "It tells the 3 calls of meanwhile once more."), WITHIN_S)
            for each in phones.titles:
                assert sorted(each) == sorted([person(1), person(2), person(3), ASKED, GONE, BACK])
            await until(lambda: all(outside.raw(topic)[-1] == b"" for topic in shown), WITHIN_S)
            said = outside.on(f"{TOP}/watch/status")[-1]
            assert said["state"] == "watching"
            assert said["in_charge_since"]
            assert said["gave_back_at"]
            end(watcher)
            assert watcher.returncode == 0
            await until(lambda: outside.on(f"{TOP}/watch/status")[-1]["state"] == "stopping", WITHIN_S)
        assert "the watcher was in charge from" in home.said


async def test_a_press_that_the_broker_lost_is_told_on_and_never_withdrawn(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    """The hub is down, the watcher has told two presses, and the broker dies before it saved the second. Both are back:
    the hub tells the one that it got, the watcher the other one, as not taken by the hub, until somebody heard it."""
    async with house(tmp_path, mosquitto) as (home, phones):
        home.start()
        with watching(home):
            async with stranger(mosquitto.port) as outside:
                await outside.is_ready()
                await knows_the_hub(outside)
                home.kill()
                await until(lambda: phones.all_got(GONE), WITHIN_S)
                await outside.press("001")
                await mosquitto.saved()
                saved = mosquitto.kept.read_bytes()
                await outside.press("002")
                await until(lambda: phones.all_got(person(1)) and phones.all_got(person(2)), TOLD_S)
            mosquitto.kill()
            mosquitto.put_back(saved)
            mosquitto.start()
            async with stranger(mosquitto.port) as outside:
                home.start()
                await outside.line("raised", device="room-001-pendant")
                lost = "It tells the call of meanwhile once more. It has not taken 1 call"
                await until(lambda: phones.all_got(BACK, lost), WITHIN_S)
                waits = "Resident 002, lives in Room 2, not taken by the hub"
                await until(lambda: phones.all_got("EMERGENCY: 1 call waits", waits), WITHIN_S)
                assert outside.log(device="room-002-pendant") == []
                assert [phones.times(person(room)) for room in (1, 2)] == [{1}, {1}]
                called = "Resident 002 pressed for help: not taken by the hub"
                await until(lambda: [told["reason"] for told in still_told(outside)] == [called], WITHIN_S)
                (told,) = still_told(outside)
                topic = f"{TOP}/watch/alert/{told['id']}"
                assert (await outside.ask("dashboards", id="r-1", do="heard", alert=told["id"], by="carer-1"))["ok"]
                await until(lambda: outside.raw(topic)[-1] == b"", WITHIN_S)
                await until(lambda: outside.on(f"{TOP}/watch/status")[-1]["state"] == "watching", WITHIN_S)


async def test_a_watcher_that_is_killed_still_holds_what_the_hub_never_got(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    """A hub that comes and goes, here by its word alone, and a press at QoS 0 while it is away; kill -9 of the watcher.
    The next one is in charge from its first word, tells nothing a second time, and ends the call when it is heard."""
    async with house(tmp_path, mosquitto) as (home, phones), stranger(mosquitto.port) as outside:
        with watching(home) as watcher:
            await until(lambda: outside.on(f"{TOP}/watch/status"), WITHIN_S)
            for state in ("ready", "lost", "ready", "lost", "ready", "lost", "ready", "lost"):
                await outside.publish(f"{TOP}/status", orjson.dumps({"state": state}))
            await until(lambda: phones.all_got("Handrail's hub comes and goes"), WITHIN_S)
            await outside.publish("zigbee2mqtt/room-001-pendant", b'{"action":"emergency"}', qos=0)
            await until(lambda: phones.all_got(person(1)), WITHIN_S)
            held = home.folder / "data" / "watcher.held"
            await until(lambda: held.exists() and b'"reached":true' in held.read_bytes(), WITHIN_S)
            watcher.kill()
            watcher.wait()
        await until(lambda: outside.on(f"{TOP}/watch/status")[-1]["state"] == "lost", WITHIN_S)
        with watching(home):
            await until(lambda: outside.on(f"{TOP}/watch/status")[-1]["state"] == "in_charge", WITHIN_S)
            assert outside.on(f"{TOP}/watch/status")[-1]["told"] == 1
            (topic,) = {name for name, _, _ in outside.heard if name.startswith(f"{TOP}/watch/alert/")}
            told = outside.on(topic)[-1]
            assert (await outside.ask("dashboards", id="r-1", do="heard", alert=told["id"], by="carer-1"))["ok"]
            await until(lambda: outside.on(topic)[-1]["heard_by"] == "carer-1", WITHIN_S)
            assert phones.times(person(1)) == {1}


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
    async with house(tmp_path, mosquitto, login="hub:p@") as (home, phones):
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
                await until(lambda: phones.all_got(person(2)), TOLD_S)
                await until(lambda: phones.all_got("Handrail's hub does not tell calls"), WITHIN_S)
                assert outside.state == "ready"
                assert outside.log("raised", device="room-002-pendant") == []
                await change_rights(mosquitto, DEAF, ALL)
                await outside.press("002")
                await outside.line("raised", device="room-002-pendant")
                await until(lambda: phones.all_got("Handrail's hub tells calls again"), WITHIN_S)
                told = [person(2), "Handrail's hub does not tell calls", "Handrail's hub tells calls again"]
                assert [sorted(each) for each in phones.titles] == [sorted(told)] * 2
                shown = [name for name, _, _ in outside.heard if name.startswith(f"{TOP}/watch/alert/")]
                await until(lambda: outside.raw(shown[0])[-1] == b"", WITHIN_S)
                assert len(set(shown)) == 1


async def test_beside_a_healthy_hub_the_watcher_says_nothing(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """Two hundred presses of the simulated home among all that its devices say, as fast as they can be said: each third
    at QoS 0, each fifth as a plain word as well, and some so close that they are one. Ten seconds after the last one
    nobody was told anything by the watcher."""
    async with house(tmp_path, mosquitto, rooms=20) as (home, phones), stranger(mosquitto.port) as outside:
        home.start()
        await outside.is_ready()
        with watching(home):
            await until(lambda: outside.on(f"{TOP}/watch/status"), WITHIN_S)
            days = list(enumerate(simulated(home)))
            for first in range(0, len(days), AT_ONCE):
                await asyncio.gather(*(say(outside, number, said) for number, said in days[first : first + AT_ONCE]))
            beats = len(outside.on(f"{TOP}/watch/status")) + 4
            await until(lambda: len(outside.on(f"{TOP}/watch/status")) >= beats, WITHIN_S)
            assert phones.titles == [[], []]
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

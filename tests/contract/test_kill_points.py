"""Promise 2, walked: the real program dies by kill -9 at every named point between a press and its delivery, is started
again, and nothing is lost, nothing doubled, and no timer forgotten."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from hub.kill_points import DIE_AT, Point
from tests.contract.home_parts import (
    DEADLINE_S,
    TOP,
    Json,
    RunningHome,
    Stranger,
    command,
    environment,
    home_with,
    stranger,
)
from tests.hub.http_parts import answering
from tests.parts import Mosquitto, until

GHOST = "a00900"
OPEN_S = 1
"""How long a door may be open in this home."""


@pytest.fixture
def home(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[RunningHome]:
    """A home with a room for each death; each resident's door is told after a second."""
    with home_with(tmp_path / "home", mosquitto, rooms=24) as running:
        for plan in (running.folder / "residents").glob("*.yaml"):
            text, found = re.subn(r"held_for: .*", f"held_for: {OPEN_S} s", plan.read_text(encoding="utf-8"), count=1)
            assert found == 1
            plan.write_text(text, encoding="utf-8")
        yield running


@dataclass
class Walk:
    """One home, its broker, somebody who listens, and what is pressed how."""

    home: RunningHome
    me: Stranger
    qos: int
    room: int = 0

    @property
    def name(self) -> str:
        """The room of this death."""
        return f"{self.room:03d}"

    @property
    def pendant(self) -> str:
        """Its pendant."""
        return f"room-{self.name}-pendant"

    def presses(self, device: str) -> int:
        """How many messages of this device the hub has taken for a press, whatever it made of them."""
        query = "SELECT count(*) FROM events WHERE device = ? AND extra ->> 'press' = 1"
        with closing(sqlite3.connect(f"file:{self.home.folder}/data/ledger.db?mode=ro", uri=True)) as store:
            return int(store.execute(query, (device,)).fetchone()[0])

    async def say(self, topic: str, **said: object) -> None:
        """A gateway publishes."""
        await self.me.publish(topic, orjson.dumps(said), qos=self.qos)

    async def press(self, device: str) -> None:
        """An emergency with a stamp of its own."""
        await self.say(f"zigbee2mqtt/{device}", action="emergency", last_seen=_stamp(self.room))

    async def press_beside_an_open_door(self) -> None:
        """The door's second runs while the hub dies."""
        await self.say(f"zigbee2mqtt/room-{self.name}-door", contact=False)
        await self.press(self.pendant)

    async def press_and_close(self) -> None:
        """A carer closes it; told and closed in one life of the hub, which ends in between."""
        await self.press_beside_an_open_door()
        raised = await self.me.line("raised", device=self.pendant)
        why = {"ending": "helped", "reason": "no tag or screen here"}
        await self.ask(id=f"close-{self.name}", do="close", alert=raised["alert"], by="carer-1", **why)

    async def press_and_claim(self) -> None:
        """A carer takes it."""
        await self.press_beside_an_open_door()
        raised = await self.me.line("raised", device=self.pendant)
        await self.ask(id=f"claim-{self.name}", do="claim", alert=raised["alert"], by="carer-1")

    async def ask(self, **request: object) -> None:
        """A request, whose answer is looked for later."""
        await self.me.publish(f"{TOP}/do/dashboards", orjson.dumps(request))

    async def introduce_and_press(self) -> None:
        """A pendant that nobody has placed introduces itself, and is pressed while its topic changes lane."""
        action = {"type": "enum", "property": "action", "name": "action", "access": 1, "values": ["emergency"]}
        exposes = [{"friendly_name": f"new-{self.name}", "type": "EndDevice", "definition": {"exposes": [action]}}]
        await self.me.publish("zigbee2mqtt/bridge/devices", orjson.dumps(exposes))
        await self.press(f"new-{self.name}")
        await self.press_beside_an_open_door()


def _stamp(room: int) -> int:
    return 1_700_000_000_000 + room * 1_000


Deed = Callable[[Walk], Awaitable[None]]
PRESS = "{stamp}"
"""What only this press says, and nothing that a start writes."""
DUE = '{"timer":"episode/resident-{room}'
DEATHS: tuple[tuple[Point, str, Deed], ...] = (
    (Point.RECEIVED, PRESS, Walk.press_beside_an_open_door),
    (Point.STEPPED, PRESS, Walk.press_beside_an_open_door),
    (Point.COMMITTING, PRESS, Walk.press_beside_an_open_door),
    (Point.COMMITTED, PRESS, Walk.press_beside_an_open_door),
    (Point.ADOPTED, PRESS, Walk.press_beside_an_open_door),
    (Point.ACKNOWLEDGED, PRESS, Walk.press_beside_an_open_door),
    (Point.PUBLISHED, PRESS, Walk.press_beside_an_open_door),
    (Point.CARRIED, PRESS, Walk.press_beside_an_open_door),
    (Point.COMMITTING, DUE, Walk.press_beside_an_open_door),
    (Point.COMMITTED, DUE, Walk.press_beside_an_open_door),
    (Point.COMMITTED, "claim-{room}", Walk.press_and_claim),
    (Point.ACKNOWLEDGED, "close-{room}", Walk.press_and_close),
    (Point.CLOSED, PRESS, Walk.press_and_close),
    (Point.WIDENED, "new-{room}", Walk.introduce_and_press),
    (Point.SUBSCRIBED, "new-{room}", Walk.introduce_and_press),
    (Point.LOOKED, GHOST, Walk.press_beside_an_open_door),
)


@pytest.mark.parametrize("qos", [1, 0])
async def test_a_hub_that_dies_anywhere_loses_nothing_doubles_nothing_and_keeps_its_timers(
    home: RunningHome, qos: int
) -> None:
    """Every point, with a press and a door left open, at QoS 1 and at the QoS 0 of a gateway that was not told. The hub
    that goes on from one death is the one that dies the next."""
    assert {point for point, _, _ in DEATHS} == set(Point) - {Point.PAGED}
    async with stranger(home.broker.port) as me:
        walk = Walk(home, me, qos)
        for point, word, deed in DEATHS:
            await _die(walk, point, word, deed)
        home.start()
        await me.is_ready()
        for room, (point, _, _) in enumerate(DEATHS, 1):
            await _nothing_lost_or_doubled(walk, f"{room:03d}", point)
        assert home.stop() == 0
    assert await asyncio.to_thread(_verify, home) == 0
    assert home.said.count(f"{DIE_AT} IS SET") == len(DEATHS)
    assert "Traceback" not in home.said


async def test_a_page_whose_receipt_was_not_kept_is_sent_again_and_counted_once(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """A person may be told twice and never not at all; the alert is one."""
    async with answering() as phone:
        with home_with(tmp_path / "home", mosquitto, rooms=1) as home:
            way = f"    always: true\n    channels: [{{url: 'json://127.0.0.1:{phone.port}/'}}]\n"
            home.edit("staff.yaml", lambda text: text.replace("    always: true\n", way, 1))
            async with stranger(mosquitto.port) as me:
                home.start(**{DIE_AT: f"{Point.PAGED}@a00001"})
                process = home.process
                assert process is not None
                await me.is_ready()
                await me.press("001")
                await until(lambda: process.poll() is not None, DEADLINE_S)
                assert len(phone.bodies) == 1
                home.start()
                await _one(me, "delivered", alert="a00001")
                await _one(me, "raised", device="room-001-pendant")
                assert len(phone.bodies) == 2
                assert orjson.loads(phone.bodies[0]) == orjson.loads(phone.bodies[1])
                assert home.stop() == 0
            assert await asyncio.to_thread(_verify, home) == 0


def _verify(home: RunningHome) -> int:
    return subprocess.run(command("verify", home.folder), env=environment(), check=False).returncode


async def _die(walk: Walk, point: Point, word: str, deed: Deed) -> None:
    walk.room += 1
    home, me = walk.home, walk.me
    word = word.replace("{room}", walk.name).replace("{stamp}", str(_stamp(walk.room)))
    if point is Point.LOOKED:
        await me.publish(f"{TOP}/alert/{GHOST}", b'{"id":"a00900","version":3,"reason":"a ghost"}', retain=True)
    home.start(**{DIE_AT: f"{point}@{word}"})
    process = home.process
    assert process is not None
    await me.is_ready()
    await deed(walk)
    await until(lambda: process.poll() is not None, DEADLINE_S)
    assert process.returncode == -9, f"{point} of {word}: it ended with {process.returncode}"


async def _nothing_lost_or_doubled(walk: Walk, room: str, point: Point) -> None:
    """One alert for the press, with one press; one for the door; what was asked was done once and answered."""
    me, pendant = walk.me, f"room-{room}-pendant"
    pressed = await _one(me, "raised", device=pendant)
    assert pressed["stamp"] == str(_stamp(int(room))), point
    door = await _one(me, "raised", device=f"room-{room}-door")
    assert _lines(me, "pressed", device=pendant) == [], point
    assert walk.presses(f"zigbee2mqtt/{pendant}") == 1, point
    for raised in (pressed, door):
        alert = str(raised["alert"])
        is_open = not me.on(f"{TOP}/done/close-{room}") or raised is door
        await until(lambda alert=alert, is_open=is_open: _is_shown(me, alert) is is_open, DEADLINE_S)  # type: ignore[misc]
        assert {message["presses"] for message in me.on(f"{TOP}/alert/{alert}")} == {1}, point
        assert len(_lines(me, "closed", alert=alert)) == int(not is_open), point
    if point in (Point.WIDENED, Point.SUBSCRIBED):
        await _one(me, "raised", device=f"zigbee2mqtt/new-{room}")
        assert walk.presses(f"zigbee2mqtt/new-{room}") == 1, point
    if point is Point.LOOKED:
        await until(lambda: me.raw(f"{TOP}/alert/{GHOST}")[-1] == b"")


def _is_shown(me: Stranger, alert: str) -> bool:
    said = me.raw(f"{TOP}/alert/{alert}")
    return bool(said) and said[-1] != b""


def _lines(me: Stranger, step: str, **fields: object) -> list[Json]:
    """The log lines of a step, each place of the sequence once."""
    return list({line["seq"]: line for line in me.log(step, **fields)}.values())


async def _one(me: Stranger, step: str, **fields: object) -> Json:
    await me.line(step, **fields)
    (line,) = _lines(me, step, **fields)
    return line

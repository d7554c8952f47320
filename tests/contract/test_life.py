"""DESIGN §4 and §7 through everything that ends or cuts off a hub: kills, stops, restarts, changed files."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import orjson
import pytest

from hub.clock import SystemClock
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
from tests.faulted import assert_told
from tests.parts import Mosquitto, until

LADDERS = """
ladders:
  emergency:
    rungs:
      - {after: 0 s, tell: [zone]}
      - {after: 4 s, tell: [shift]}
      - {after: 120 s, tell: [shift, manager]}
    repeat: 1 min
    attend_within: 2 min
"""


ANEW = "new configuration accepted: 4 residents, 20 devices, 3 staff"


def finished(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """A command that comes to an end by itself."""
    return subprocess.run(command(*words), capture_output=True, text=True, timeout=30, env=environment(), check=False)


@pytest.fixture
def home(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[RunningHome]:
    """A home of four rooms, not yet started."""
    with home_with(tmp_path / "home", mosquitto, rooms=4) as running:
        yield running


def _at(line: Json) -> float:
    return datetime.fromisoformat(str(line["at"])).timestamp()


async def test_a_killed_hub_is_lost_and_a_started_one_ready(home: RunningHome) -> None:
    """By its last will, and by its own word."""
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        home.kill()
        await until(lambda: me.state == "lost", DEADLINE_S)
        assert b'"lost"' in (await me.retained(f"{TOP}/status", home.broker.port) or b"")
        home.start()
        await me.is_ready()


async def test_a_stopped_hub_says_so_and_ends_with_0(home: RunningHome) -> None:
    """Its last will is not spoken, what it knew is there at the next start."""
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        await me.press("001")
        alert = (await me.line("raised"))["alert"]
        assert home.stop() == 0
        await until(lambda: me.state == "stopping", DEADLINE_S)
        assert b'"stopping"' in (await me.retained(f"{TOP}/status", home.broker.port) or b"")
        await me.press("002")
        home.start()
        await me.line("raised", device="room-002-pendant")
        answer = await me.ask(
            "dashboards", id="1", do="close", alert=alert, by="carer-1", ending="helped", proof="screen:001"
        )
        assert answer["ok"] is True
        assert "Traceback" not in home.said


async def test_a_second_hub_is_refused_in_one_line(home: RunningHome) -> None:
    """With exit 2, and the first goes on."""
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        second = await asyncio.to_thread(finished, "run", home.folder)
        assert second.returncode == 2
        assert len(second.stderr.strip().splitlines()) == 1
        assert "another hub" in second.stderr
        await me.press("001")
        await me.line("raised")


async def test_a_kill_in_the_middle_of_a_ladder_delays_nobody(home: RunningHome) -> None:
    """The next person is told when they would have been, and what came late says so."""
    home.edit("home.yaml", lambda text: text + LADDERS)
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        await me.press("001")
        raised = await me.line("raised", device="room-001-pendant")
        home.kill()
        home.start()
        climbed = await me.line("climbed", alert=raised["alert"])
        # The log shows the wall clock, waits run on the other one: the two round each for itself.
        assert _at(climbed) - _at(raised) >= 3.99
        assert "late" not in str(climbed["reason"])
        await me.press("002")
        second = await me.line("raised", device="room-002-pendant")
        home.kill()
        clock = SystemClock()
        over = clock.elapsed_ms() + 7_000
        await until(lambda: clock.elapsed_ms() > over, 15)
        home.start()
        late = await me.line("climbed", alert=second["alert"])
        assert "late" in str(late["reason"])
        await until(lambda: me.on(f"{TOP}/alert/{second['alert']}")[-1]["late"] is True, DEADLINE_S)


async def test_no_press_is_lost_or_doubled_by_three_kills(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Fifty presses a second, and other messages behind them; each stamp is one line of the ledger's sequence."""
    with home_with(tmp_path / "home", mosquitto, rooms=60) as home:
        async with stranger(mosquitto.port) as me:
            home.start()
            await me.is_ready()
            stamps: list[str] = []
            stop = asyncio.Event()
            pressing = asyncio.create_task(_press_on(me, stamps, stop))
            for kill in range(3):
                await until(lambda kill=kill: len(stamps) >= 60 * (kill + 1), 30)  # type: ignore[misc]
                home.kill()
                home.start()
                await me.is_ready()
            stop.set()
            await pressing
            await until(lambda: {line.get("stamp") for line in me.log("raised", "pressed")} >= set(stamps), 30)
            uses: dict[object, set[object]] = {}
            for line in me.log("raised", "pressed"):
                uses.setdefault(line.get("stamp"), set()).add(line["seq"])
            assert {stamp: len(seqs) for stamp, seqs in uses.items()} == dict.fromkeys(stamps, 1)


async def _press_on(me: Stranger, stamps: list[str], stop: asyncio.Event) -> None:
    begin = SystemClock().wall_ms()
    while not stop.is_set():
        number = len(stamps)
        stamps.append(str(begin + number * 20))
        await me.press(f"{number % 60 + 1:03d}", begin + number * 20)
        await me.publish(f"zigbee2mqtt/room-{number % 60 + 1:03d}-door", orjson.dumps({"contact": number % 2 == 0}))
        await asyncio.sleep(0.02)


async def test_the_brokers_alerts_become_the_ledgers_at_connect(home: RunningHome) -> None:
    """A ghost is cleared, one that is missing is shown again."""
    port = home.broker.port
    async with stranger(port) as me:
        home.start()
        await me.is_ready()
        await me.press("001")
        topic = f"{TOP}/alert/{(await me.line('raised'))['alert']}"
        await until(lambda: me.on(topic), DEADLINE_S)
        home.kill()
        await me.publish(topic, b"", retain=True)
        await me.publish(f"{TOP}/alert/a77777", me.raw(topic)[0], retain=True)
        me.heard.clear()
        home.start()
        await until(lambda: me.raw(f"{TOP}/alert/a77777") == [b""], DEADLINE_S)
        await until(lambda: me.on(topic), DEADLINE_S)
        assert await me.retained(f"{TOP}/alert/a77777", port) is None
        assert b'"told"' in (await me.retained(topic, port) or b"")


async def test_a_broker_that_restarts_is_found_again(home: RunningHome) -> None:
    """Presses before and after are there, and it is said once that it went and once that it is back."""
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        await me.press("001")
        first = await me.line("raised", device="room-001-pendant")
        await until(lambda: me.on(f"{TOP}/alert/{first['alert']}"), DEADLINE_S)
    home.broker.stop()
    home.broker.start()
    async with stranger(home.broker.port) as me:
        await me.is_ready()
        await me.press("002")
        await me.line("raised", device="room-002-pendant")
        await until(lambda: me.on(f"{TOP}/alert/{first['alert']}"), DEADLINE_S)
        await me.line("back")
    said = home.said
    assert said.count("urgent lane: ") <= 2
    assert "Traceback" not in said


async def test_a_changed_file_holds_and_a_refused_one_changes_nothing_also_after_a_restart(home: RunningHome) -> None:
    """By SIGHUP or by saving; the refusal is a technical alert with file and line."""
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        home.edit(
            "devices.yaml",
            lambda text: text.replace("address: zigbee2mqtt/room-001-pendant", "address: zigbee2mqtt/spare"),
        )
        home.hang_up()
        await me.line("plan_changed", reason=ANEW)
        await me.publish("zigbee2mqtt/spare", b'{"action":"emergency"}')
        assert (await me.line("raised", device="room-001-pendant"))["resident"] == "resident-001"
        good = (home.folder / "devices.yaml").read_text()
        home.edit("devices.yaml", lambda text: text.replace("for: emergency", "for: emergencies"))
        refused = await me.line("plan_refused")
        assert "devices.yaml" in str(refused["reason"])
        technical = await me.line("raised", device="hub:configuration")
        home.kill()
        home.start()
        await me.is_ready()
        await me.publish("zigbee2mqtt/spare", b'{"action":"emergency","last_seen":1700000000000}')
        await me.line("pressed", device="room-001-pendant")
        home.edit("devices.yaml", lambda _: good)
        await me.line("closed", alert=technical["alert"])


@pytest.mark.fault("qos0")
async def test_a_press_at_qos_0_is_handled_and_its_gateway_named(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """At a broker that does not raise it to 1."""
    mosquitto.with_settings("upgrade_outgoing_qos false")
    with home_with(tmp_path / "home", mosquitto, rooms=1) as home:
        async with stranger(mosquitto.port) as me:
            home.start()
            await me.is_ready()
            await me.publish("zigbee2mqtt/room-001-pendant", b'{"action":"emergency"}', qos=0)
            await me.line("raised", device="room-001-pendant")
            told = await me.line("raised", device="hub:qos0:zigbee2mqtt")
            await until(lambda: me.on(f"{TOP}/alert/{told['alert']}"), DEADLINE_S)
            assert_told(me.on(f"{TOP}/alert/{told['alert']}")[-1], "qos0", gateway="zigbee2mqtt")
            assert len(me.log("raised")) == 2


async def test_a_home_that_was_never_right_is_not_started(home: RunningHome) -> None:
    """In lines that say where, without a traceback."""
    home.edit("staff.yaml", lambda text: text.replace("role:", "roll:"))
    done = await asyncio.to_thread(finished, "run", home.folder)
    assert done.returncode != 0
    assert "staff.yaml" in done.stderr
    assert "Traceback" not in done.stderr

"""A bug of ours meets the hub's own work, a timer above all: it is set aside, a person is told at once what it was for,
and nothing else stops, also not over a restart."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from hub import steps
from hub.bootstrap import build
from rules import machine
from rules.faults import FAULTS
from rules.inputs import Configured, Linked, Started
from rules.messages import alert_message
from rules.plans import episodes, watching
from rules.state import Alert
from rules.turn import Turn
from tests.faulted import assert_told
from tests.hub.core_parts import PENDANT, PRESS, rig
from tests.hub.own_faults import bug, is_folded_alike, killed_and_back, newest, shown, with_plan
from tests.parts import until

GO = "The hub could not go on with this call: go and look."
OTHER = "zigbee2mqtt/room-002-pendant"
DOOR_2 = "zigbee2mqtt/room-002-door"


def for_room(room: str, work: Callable[[Turn, Alert, int], None]) -> Callable[[Turn, Alert, int], None]:
    """Work on alerts, with a bug that those of one room meet."""

    def either(turn: Turn, alert: Alert, overdue_ms: int) -> None:
        (bug if alert.room == room else work)(turn, alert, overdue_ms)

    return either


@pytest.mark.fault("own-work")
async def test_a_ladder_that_meets_a_bug_rings_everybody_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each minute, over a restart, while other ladders climb as ever; mended, it climbs again."""
    async with rig(tmp_path) as home:
        with monkeypatch.context() as planted:
            work = machine.ALERT_TIMERS["ladder"]
            planted.setitem(machine.ALERT_TIMERS, "ladder", for_room("001", work))
            home.broker.say(PENDANT, PRESS)
            home.broker.say(OTHER, PRESS)
            await until(lambda: home.presses() == 2)
            home.forward(46)
            await until(lambda: len(shown(home, "room-001-pendant")) == 2)
            rung = newest(home, "room-001-pendant")
            assert (rung["everybody"], rung["state"]) == (True, "told")
            assert GO in orjson.dumps(rung).decode()
            await until(lambda: newest(home, "room-002-pendant").get("rung") == 1)
            await killed_and_back(home)
            assert len(shown(home, "room-001-pendant")) == 2
            home.forward(61)
            await until(lambda: len(shown(home, "room-001-pendant")) == 3)
            await home.quiet()
        (own,) = shown(home, "hub:own-work")
        assert_told(own, "own-work")
        assert own["level"] == "technical"
        assert is_folded_alike(home)
        assert [row[0] for row in home.rows("SELECT reason FROM quarantine")] == [
            "our own fault in the hub's own work: ZeroDivisionError()"
        ] * 2
        climbs = len(home.broker.log("climbed"))
        home.forward(61)
        await until(lambda: len(home.broker.log("climbed")) > climbs and len(shown(home, "room-001-pendant")) == 4)
        await killed_and_back(home)
        assert is_folded_alike(home)


async def test_all_ladders_that_meet_a_bug_while_the_hub_is_down_ring_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each once, by one start, and the next press is told as ever."""
    async with rig(tmp_path, rooms=5) as home:
        for room in range(1, 5):
            home.broker.say(f"zigbee2mqtt/room-00{room}-pendant", PRESS)
        await until(lambda: home.presses() == 4)
        await home.quiet()
        await home.kill()
        monkeypatch.setitem(machine.ALERT_TIMERS, "ladder", bug)
        home.clock.forward(50_000)
        await home.start()
        await home.quiet()
        await until(lambda: home.rows("SELECT count(*) FROM inputs WHERE what = 'SetAside'") == [(4,)])
        await until(lambda: len(shown(home, "room-004-pendant")) > 1)
        await home.quiet()
        assert [len(shown(home, f"room-00{room}-pendant")) for room in range(1, 5)] == [2] * 4
        home.broker.say("zigbee2mqtt/room-005-pendant", PRESS)
        await until(lambda: shown(home, "room-005-pendant"))
        assert is_folded_alike(home)


async def test_a_rung_that_cannot_be_shown_rings_everybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug behind the step is one in the step."""

    def of_alert(alert: Alert) -> dict[str, object]:
        """The message, with a bug that the second rung meets."""
        if alert.rung == 1:
            raise ZeroDivisionError
        return alert_message(alert)

    async with rig(tmp_path) as home:
        monkeypatch.setattr(steps, "alert_message", of_alert)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.presses() == 1)
        home.forward(46)
        await until(lambda: newest(home, "room-001-pendant").get("everybody"))
        assert home.rows("SELECT reason FROM quarantine")[0][0] == (
            "our own fault in the hub's own work: ZeroDivisionError()"
        )
        assert is_folded_alike(home)


async def test_a_claim_whose_clock_meets_a_bug_is_no_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody may wait for somebody whom nobody waits for."""
    async with rig(tmp_path) as home:
        monkeypatch.setitem(machine.ALERT_TIMERS, "claim", bug)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.presses() == 1)
        await home.ask(id="c", do="claim", alert="a00001", by="carer-1")
        home.forward(125)
        await until(lambda: newest(home, "room-001-pendant").get("everybody"))
        rung = newest(home, "room-001-pendant")
        assert (rung["state"], rung["claimed_by"]) == ("told", None)
        assert is_folded_alike(home)


@pytest.mark.fault("stuck")
async def test_a_run_whose_wait_meets_a_bug_tells_everybody_of_the_resident(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, and the run has an end."""
    async with with_plan(tmp_path) as home:
        with monkeypatch.context() as planted:
            planted.setattr(episodes, "due", bug)
            home.broker.say("zigbee2mqtt/room-002-bed", b'{"occupancy":false}')
            await until(lambda: home.rows("SELECT * FROM episodes"))
            home.forward(901)
            await until(lambda: shown(home, "hub:stuck"))
            await killed_and_back(home)
        (told,) = shown(home, "hub:stuck")
        assert_told(told, "stuck", who="Resident 002")
        assert (told["level"], told["everybody"], told["resident"], told["room"]) == (
            "emergency",
            True,
            "resident-002",
            "002",
        )
        assert home.rows("SELECT body ->> 'state', body ->> 'alert' FROM episodes") == [("unsettled", told["id"])]
        assert is_folded_alike(home)


async def test_a_state_that_lasts_and_meets_a_bug_tells_everybody_of_the_resident(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open door: once while it lasts; when it is opened anew, the mended rule goes on."""
    waits = "SELECT * FROM timers WHERE key LIKE 'watch/%'"
    async with with_plan(tmp_path) as home:
        with monkeypatch.context() as planted:
            planted.setattr(watching, "due", bug)
            home.broker.say(DOOR_2, b'{"contact":false}')
            await until(lambda: home.rows(waits))
            home.forward(601)
            await until(lambda: shown(home, "hub:stuck"))
            await killed_and_back(home)
            assert not home.rows(waits)
        (told,) = shown(home, "hub:stuck")
        assert_told(told, "stuck", who="Resident 002")
        home.broker.say(DOOR_2, b'{"contact":true}')
        home.broker.say(DOOR_2, b'{"contact":false}')
        await until(lambda: home.rows(waits))
        home.forward(601)
        await until(lambda: home.broker.log("helping"))
        assert len({alert["id"] for alert in shown(home, "hub:stuck")}) == 1
        assert is_folded_alike(home)


async def test_work_that_comes_again_and_again_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told once to who looks after the machine; nobody is rung for it."""
    async with rig(tmp_path) as home:
        with monkeypatch.context() as planted:
            planted.setattr(machine, "_tidy", bug)
            home.forward(3_601)
            await until(lambda: shown(home, "hub:own-work:tidy"))
            await killed_and_back(home)
            home.forward(601)
            await until(lambda: home.rows("SELECT count(*) FROM inputs WHERE what = 'SetAside'") == [(2,)])
        due = home.rows("SELECT body ->> 'due_ms' FROM timers WHERE key = 'tidy/all'")
        home.forward(601)
        await until(lambda: home.rows("SELECT body ->> 'due_ms' FROM timers WHERE key = 'tidy/all'") > due)
        await home.quiet()
        assert home.rows("SELECT count(*) FROM inputs WHERE what = 'SetAside'") == [(2,)]
        assert len({alert["id"] for alert in shown(home, "hub:own-work:tidy")}) == 1
        assert is_folded_alike(home)


@pytest.mark.parametrize("kind", [Started, Linked])
async def test_what_each_start_says_to_itself_ends_no_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type
) -> None:
    """A bug there is told once, and presses are told as ever."""
    async with rig(tmp_path) as home:
        with monkeypatch.context() as planted:
            planted.setitem(machine.TAKE, kind, bug)
            await killed_and_back(home)
            await killed_and_back(home)
            home.broker.say(PENDANT, PRESS)
            await until(lambda: shown(home, "room-001-pendant"))
            await home.quiet()
        assert len(shown(home, f"hub:own-work:{kind.__name__}")) == 1
        assert is_folded_alike(home)


async def test_a_configuration_that_meets_a_bug_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one before goes on, also over a start; the mended hub takes it."""
    async with rig(tmp_path) as home:
        before = home.rows("SELECT count(*) FROM configurations")
        staff = home.folder / "staff.yaml"
        with monkeypatch.context() as planted:
            planted.setitem(machine.TAKE, Configured, bug)
            staff.write_text(staff.read_text().replace("name: Carer 2", "name: Ann"))
            home.hub.reload()
            await until(lambda: shown(home, "hub:configuration"))
            await killed_and_back(home)
            home.broker.say(PENDANT, PRESS)
            await until(lambda: shown(home, "room-001-pendant"))
            await home.quiet()
        assert [one["reason"] for one in shown(home, "hub:configuration")] == [FAULTS["configuration"].staff]
        assert home.rows("SELECT count(*) FROM configurations") == before
        await killed_and_back(home)
        await until(lambda: newest(home, "hub:configuration").get("state") == "closed")
        assert home.hub.parts.steps.state.setting is not None
        assert home.hub.parts.steps.state.setting.staff["carer-2"].name == "Ann"
        assert is_folded_alike(home)


async def test_where_telling_meets_the_bug_too_the_hub_ends_and_forgets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loudly, at each start; the timer is still there for the mended hub."""
    async with rig(tmp_path) as home:
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.presses() == 1)
        await home.quiet()
        with monkeypatch.context() as planted:
            planted.setitem(machine.ALERT_TIMERS, "ladder", bug)
            planted.setattr(Turn, "show", bug)
            for _ in range(2):
                home.clock.forward(50_000)
                home.hub.save_soon()
                await until(home._running.done)
                assert isinstance(home._running.exception(), ExceptionGroup)
                await home.kill()
                home.hub = build(home.folder, home.clock, random.Random(1), connect=home._connect)
                home._running = asyncio.create_task(home.hub.run())
            await until(home._running.done)
            await home.kill()
        assert home.rows("SELECT count(*) FROM timers WHERE key = 'ladder/a00001'") == [(1,)]
        await home.start()
        await until(lambda: home.broker.log("climbed"))

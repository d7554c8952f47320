"""While the ledger cannot be written (DESIGN §4): people are told from memory, and nothing is forgotten or acknowledged
before it is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest

from hub import pump
from hub.ledger.write import Batch
from hub.verify import verify
from tests.faulted import assert_told
from tests.hub.core_parts import BULK, DOOR, PENDANT, PRESS, SLUG, URGENT, Rig, rig
from tests.hub.fake_broker import Json
from tests.parts import until

SECOND = "zigbee2mqtt/room-002-pendant"


def shown(home: Rig, level: str = "emergency") -> list[Json]:
    """The open alerts of a level, as every screen finds them at the broker."""
    names = [name for name in home.broker.retained if name.startswith(f"handrail/{SLUG}/alert/")]
    alerts = [orjson.loads(home.broker.retained[name]) for name in names]
    return [alert for alert in alerts if alert["level"] == level]


class Hanging:
    """A disk that hangs: commits do not return until it is let go."""

    def __init__(self, home: Rig) -> None:
        self._commit = home.hub.parts.pump._commit
        self.lets_go = asyncio.Event()
        home.hub.parts.pump._commit = self._hang

    async def _hang(self, batch: Batch) -> None:
        await self.lets_go.wait()
        await self._commit(batch)


@pytest.mark.fault("ledger")
async def test_a_press_is_told_although_the_disk_is_full(tmp_path: Path) -> None:
    """From memory, marked so, unacknowledged; and when there is room again it is kept, acknowledged, and told once."""
    async with rig(tmp_path) as home:
        home.fail("COMMIT")
        home.broker.say(PENDANT, PRESS)
        await until(lambda: shown(home) and shown(home, "technical"))
        (press,), (fault,) = shown(home), shown(home, "technical")
        assert press["unrecorded"]
        assert press["state"] == "told"
        assert_told(fault, "ledger", folder=home.ledger.parent)
        assert home.acknowledged(URGENT) == []
        assert home.broker.log("raised") == []
        home.mend()
        await until(lambda: not shown(home, "technical"))
        await home.quiet()
        assert [(alert["id"], alert["unrecorded"]) for alert in shown(home)] == [(press["id"], False)]
        assert home.acknowledged(URGENT) == [PRESS]
        assert PRESS in home.acknowledged(BULK)
        assert {line["device"] for line in home.broker.log("raised")} == {"room-001-pendant", "hub:ledger"}
        assert len(home.broker.log("raised")) == 2
        assert home.presses() == 1
        assert "ledger" not in home.hub.parts.health.why
    assert verify(home.ledger).different == 0


@pytest.mark.fault("ledger-slow")
async def test_a_press_is_told_although_the_disk_hangs(tmp_path: Path) -> None:
    """A commit that has not returned after a second holds up nobody; when it does return, all is in its place."""
    async with rig(tmp_path) as home:
        await home.quiet()
        disk = Hanging(home)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: shown(home) and shown(home, "technical"))
        assert_told(shown(home, "technical")[0], "ledger-slow", folder=home.ledger.parent)
        home.broker.say(SECOND, PRESS)
        await until(lambda: len(shown(home)) == 2)
        assert all(alert["unrecorded"] for alert in shown(home))
        assert home.acknowledged(URGENT) == []
        disk.lets_go.set()
        await until(lambda: not shown(home, "technical"))
        await home.quiet()
        assert home.acknowledged(URGENT) == [PRESS, PRESS]
        assert not any(alert["unrecorded"] for alert in shown(home))
        assert home.presses() == 2
    assert verify(home.ledger).different == 0


async def test_the_night_goes_on_without_the_ledger(tmp_path: Path) -> None:
    """Ladders climb, a claim is answered and says that it is not written down, a second press is a second press."""
    async with rig(tmp_path) as home:
        home.fail("COMMIT")
        home.broker.say(PENDANT, PRESS)
        await until(lambda: shown(home))
        home.forward(46)
        await until(lambda: shown(home)[0]["rung"] == 1)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: shown(home)[0]["presses"] == 2)
        answer = await home.ask(id="1", do="claim", alert=shown(home)[0]["id"], by="carer-1")
        assert answer["ok"]
        assert answer["reason"] == "you are going; the hub cannot write it down just now"
        await until(lambda: shown(home)[0]["claimed_by"] == "carer-1")
        home.mend()
        await until(lambda: not shown(home, "technical"))
        await home.quiet()
        steps = [line["step"] for line in home.broker.log() if line.get("device") == "room-001-pendant"]
        assert [step for step in steps if step in ("raised", "climbed", "pressed")] == ["raised", "climbed", "pressed"]
        assert home.rows("SELECT body ->> 'claimed_by' FROM alerts WHERE level = 'emergency'") == [("carer-1",)]
    assert verify(home.ledger).different == 0


async def test_a_hub_that_dies_before_its_ledger_is_back_hears_the_press_again(tmp_path: Path) -> None:
    """Nothing was acknowledged; the alert told from memory is nobody's any more, and no new one has its name."""
    async with rig(tmp_path) as home:
        home.fail("COMMIT")
        home.broker.say(PENDANT, PRESS)
        await until(lambda: shown(home, "technical"))
        home.broker.say(SECOND, PRESS)
        await until(lambda: len(shown(home)) == 2)
        ghosts = {alert["id"] for alert in shown(home) if alert["device"] == "room-002-pendant"}
        await home.kill()
        await home.start()
        await until(lambda: len(home.broker.log("raised")) == 2)
        await home.quiet()
        assert sorted(str(alert["device"]) for alert in shown(home)) == ["room-001-pendant", "room-002-pendant"]
        assert not ghosts & {alert["id"] for alert in shown(home)}
        assert not any(alert["unrecorded"] for alert in shown(home))
        assert home.presses() == 2


async def test_a_hub_that_is_stopped_before_its_ledger_is_back_ends_and_hears_the_press_again(tmp_path: Path) -> None:
    """A stop waits for a disk a moment, not for ever."""
    async with rig(tmp_path) as home:
        home.fail("COMMIT")
        home.broker.say(PENDANT, PRESS)
        await until(lambda: shown(home))
        await home.stop()
        assert home.acknowledged(URGENT) == []
        await home.start()
        await until(lambda: len(home.broker.log("raised")) == 1)
        await home.quiet()
        assert home.presses() == 1


async def test_a_connection_lost_meanwhile_brings_nothing_twice(tmp_path: Path) -> None:
    """The broker sends again what was told from memory; it is known."""
    async with rig(tmp_path) as home:
        home.fail("COMMIT")
        home.broker.say(PENDANT, PRESS)
        await until(lambda: shown(home, "technical"))
        for lane in (URGENT, BULK):
            home.lanes[lane].go_down()
            home.lanes[lane].come_up()
        await until(lambda: home.lanes[URGENT].up and home.lanes[BULK].up)
        home.mend()
        await until(lambda: not shown(home, "technical"))
        await home.quiet()
        assert home.presses() == 1
        assert shown(home)[0]["presses"] == 1


async def test_what_is_no_call_is_let_go_before_it_stops_the_next_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker stops at so many unacknowledged messages: what sensors say is acknowledged and counted as lost."""
    monkeypatch.setattr(pump, "UNACKNOWLEDGED_MOST", 5)
    async with rig(tmp_path) as home:
        home.fail("COMMIT")
        home.broker.say(PENDANT, PRESS)
        await until(lambda: shown(home, "technical"))
        for battery in range(20):
            home.broker.say(PENDANT, b'{"battery":%d}' % battery)
        await until(lambda: len(home.acknowledged(URGENT)) >= 15)
        home.broker.say(SECOND, PRESS)
        await until(lambda: len(shown(home)) == 2)
        assert PRESS not in home.acknowledged(URGENT)
        home.mend()
        await until(lambda: not shown(home, "technical"))
        await home.quiet()
        assert home.presses() == 2
        assert "messages of sensors were let go meanwhile" in str(home.broker.log("mended")[-1]["reason"])


async def test_a_hub_that_starts_on_a_disk_that_fails_tells_all_the_same(tmp_path: Path) -> None:
    """Not even its own start is kept yet."""
    async with rig(tmp_path) as home:
        await home.kill()
        home.fails_from_start = "COMMIT"
        home.broker.say(PENDANT, PRESS)
        await home.start()
        await until(lambda: shown(home) and shown(home, "technical"))
        home.mend()
        await until(lambda: not shown(home, "technical"))
        await home.quiet()
        assert home.presses() == 1


async def test_a_door_that_closed_meanwhile_is_kept_in_its_order(tmp_path: Path) -> None:
    """What is no call waits for the ledger like everything else, and nothing of it is missing afterwards."""
    async with rig(tmp_path) as home:
        home.fail("BEGIN")
        for state in (b"false", b"true", b"false"):
            home.broker.say(DOOR, b'{"contact":' + state + b"}")
        await home.failed()
        home.mend()
        await until(lambda: len(home.rows("SELECT * FROM events WHERE kind = 'contact'")) == 3)
        values = home.rows("SELECT value FROM events WHERE kind = 'contact' ORDER BY seq")
        assert values == [("open",), ("closed",), ("open",)]

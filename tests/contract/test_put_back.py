"""A ledger is put back from a copy: what was closed since does not ring again, what nobody closed rings on, and
everybody reads that the record is old and what may be missing."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rules.hearing.remembered import PERHAPS, SINCE
from tests.contract.home_parts import DEADLINE_S, TOP, RunningHome, Stranger, home_with, stranger
from tests.contract.test_broker_killed import raised, rows, shows, verified
from tests.faulted import assert_told
from tests.hub.program import finished
from tests.parts import Mosquitto, until

LADDERS = """
ladders:
  emergency:
    rungs:
      - {after: 0 s, tell: [zone]}
      - {after: 2 s, tell: [shift]}
    repeat: 1 min
    attend_within: 2 min
"""
ENDED = {"ending": "helped", "reason": "no tag or screen here"}


@pytest.fixture
def home(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[RunningHome]:
    """A home of three rooms whose ladder climbs soon, not yet started."""
    with home_with(tmp_path / "home", mosquitto, rooms=3) as running:
        running.edit("home.yaml", lambda text: text + LADDERS)
        yield running


async def close(me: Stranger, alert: str) -> None:
    """Somebody was there, and its topic is cleared."""
    answer = await me.ask("dashboards", id=f"close-{alert}", do="close", alert=alert, by="carer-1", **ENDED)
    assert answer["ok"], answer
    await until(lambda: me.raw(f"{TOP}/alert/{alert}")[-1] == b"", DEADLINE_S)


async def copied(home: RunningHome, *, as_file: bool) -> Path:
    """A copy by `handrail backup`, or one that somebody makes of the files of a hub that is stopped."""
    copy = home.folder / "copy.db"
    if not as_file:
        await asyncio.to_thread(finished, "backup", home.folder, copy)
        return copy
    await asyncio.to_thread(home.stop)
    shutil.copy(home.folder / "data" / "ledger.db", copy)
    home.start()
    return copy


def put_back(home: RunningHome, copy: Path) -> None:
    """As `backup --help` says."""
    ledger = home.folder / "data" / "ledger.db"
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (ledger.parent / name).unlink(missing_ok=True)
    shutil.copy(copy, ledger)


def steps(home: RunningHome, alert: str) -> list[str]:
    """What happened to an alert, by this record."""
    return [str(step) for (step,) in rows(home, "SELECT step FROM log WHERE alert = ? ORDER BY seq", alert)]


@pytest.mark.fault("restored")
@pytest.mark.parametrize("as_file", [False, True])
async def test_an_alert_that_was_closed_after_the_copy_does_not_ring_again(home: RunningHome, as_file: bool) -> None:
    """It ends before anybody is rung, though its ladder was long due; another that nobody closed rings on; everybody
    reads which it was."""
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        await until(lambda: me.on(f"{TOP}/record"), DEADLINE_S)
        closed, still = await raised(me, "001"), await raised(me, "002")
        copy = await copied(home, as_file=as_file)
        await me.is_ready()
        await close(me, closed)
        if as_file:  # such a copy does not say that it is one: the broker has to know better, after some seconds
            seq = int(str((await me.line("closed", alert=closed))["seq"]))
            await until(lambda: any(int(str(said["seq"])) >= seq for said in me.on(f"{TOP}/record")), DEADLINE_S)
        assert await asyncio.to_thread(home.stop) == 0
        put_back(home, copy)
        before = len(steps(home, closed))
        rang = len(me.log("told", "climbed", alert=closed))
        home.start()
        await me.line("raised", device="hub:restored")
        found = await shows(home.broker.port, room_002_pendant="told", **{"hub:restored": "told"})
        assert_told(found["hub:restored"], "restored")
        assert found["hub:restored"]["everybody"] is True
        assert f"{closed}: " in str(found["hub:restored"]["also"])
        assert SINCE in str(found["hub:restored"]["also"])
        assert still not in str(found["hub:restored"]["also"])
        assert PERHAPS not in str(found["room-002-pendant"]["reason"])
        assert steps(home, closed)[before:] == ["closed"]
        assert len(me.log("told", "climbed", alert=closed)) == rang
        await until(lambda: int(str(me.on(f"{TOP}/alert/{still}")[-1]["rings"])) > 1, DEADLINE_S)
        await me.press("001")
        await shows(home.broker.port, room_001_pendant="told", room_002_pendant="told", **{"hub:restored": "told"})
    assert await asyncio.to_thread(verified, home)


@pytest.mark.fault("restored")
async def test_without_a_brokers_memory_what_is_open_in_the_copy_is_told_as_what_it_is(home: RunningHome) -> None:
    """Nobody can say whether it is over: it rings on, and staff read that it may be."""
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        closed = await raised(me, "001")
        copy = await copied(home, as_file=False)
        await close(me, closed)
        await asyncio.to_thread(home.stop)
    home.broker.kill()
    home.broker.forget()
    home.broker.start()
    put_back(home, copy)
    home.start()
    others = {"hub:restored": "told", "hub:session": "told"}
    found = await shows(home.broker.port, room_001_pendant="told", **others)
    assert_told(found["hub:restored"], "restored")
    assert str(found["room-001-pendant"]["reason"]).endswith(PERHAPS)
    assert found["room-001-pendant"]["topic"] == f"{TOP}/alert/{closed}"
    await until(lambda: "climbed" in steps(home, closed), DEADLINE_S)
    assert await asyncio.to_thread(verified, home)


@pytest.mark.fault("restored")
async def test_a_press_after_the_start_keeps_an_alert_of_the_copy_open(home: RunningHome) -> None:
    """It was made while the hub was down, and joins the alert that the copy holds: it is told, and not closed."""
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        closed = await raised(me, "001")
        copy = await copied(home, as_file=False)
        await close(me, closed)
        await asyncio.to_thread(home.stop)
        put_back(home, copy)
        await me.press("001")
        home.start()
        found = await shows(home.broker.port, room_001_pendant="told", **{"hub:restored": "told"})
        assert_told(found["hub:restored"], "restored")
        assert found["room-001-pendant"]["presses"] == 2
        assert "closed" not in steps(home, closed)


@pytest.mark.fault("restored")
async def test_the_first_press_after_the_start_takes_the_place_of_no_call_that_is_open_since(home: RunningHome) -> None:
    """A plain copy of the file, before anybody knows that it is one: the press that waited would have had the number of
    a call that still rings. Both are told: the one rings, and everybody reads of the other."""
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        await raised(me, "001")
        copy = await copied(home, as_file=True)
        await me.is_ready()
        since = await raised(me, "002")
        assert await asyncio.to_thread(home.stop) == 0
        put_back(home, copy)
        await me.press("003")
        home.start()
        await me.line("raised", device="hub:restored")
        here = {"room_001_pendant": "told", "room_003_pendant": "told", "hub:restored": "told"}
        found = await shows(home.broker.port, **here)
        assert_told(found["hub:restored"], "restored")
        assert f"{since}: Resident 002 pressed for help" in str(found["hub:restored"]["also"])
        assert found["room-003-pendant"]["topic"] != f"{TOP}/alert/{since}"
    assert await asyncio.to_thread(verified, home)


async def test_a_hub_that_is_killed_between_close_and_clear_is_not_taken_for_one_put_back(home: RunningHome) -> None:
    """The ledger is ahead of the broker then: nothing is said of a copy, also after many starts."""
    async with stranger(home.broker.port) as me:
        home.start()
        await me.is_ready()
        await until(lambda: me.on(f"{TOP}/record"), DEADLINE_S)
        still, closed = await raised(me, "001"), await raised(me, "002")
        for _ in range(2):
            home.kill()
            home.start()
            await me.is_ready()
        await me.ask("dashboards", id="1", do="close", alert=closed, by="carer-1", **ENDED)
        home.kill()
        home.start()
        await me.is_ready()
        await shows(home.broker.port, room_001_pendant="told")
        seq = int(str((await me.line("closed", alert=closed))["seq"]))
        await until(lambda: any(int(str(said["seq"])) >= seq for said in me.on(f"{TOP}/record")), DEADLINE_S)
        assert not me.log("raised", device="hub:restored")
        assert steps(home, still).count("raised") == 1

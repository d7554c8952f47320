"""The ledger's file is taken away, emptied or broken while the hub runs or before it starts: nobody who pressed is
forgotten, and everybody hears what became of the record."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from hub import record
from hub.ledger.write import open_store
from hub.verify import verify
from tests.faulted import assert_told, read_of
from tests.hub.core_parts import PENDANT, PRESS, SLUG, URGENT, Rig, rig
from tests.hub.fake_broker import Json
from tests.hub.own_faults import with_plan
from tests.parts import until

SECOND = "zigbee2mqtt/room-002-pendant"
THIRD = "zigbee2mqtt/room-003-pendant"


def shown(home: Rig) -> dict[str, Json]:
    """The open alerts by their device, as every screen finds them at the broker."""
    names = [name for name in home.broker.retained if name.startswith(f"handrail/{SLUG}/alert/")]
    alerts = [orjson.loads(home.broker.retained[name]) for name in names]
    return {str(alert["device"]): alert for alert in alerts}


async def pressed(home: Rig, *topics: str) -> None:
    """These were pressed, and stand open in the ledger."""
    for topic in topics:
        home.broker.say(topic, PRESS)
    await until(lambda: {topic.rpartition("/")[2] for topic in topics} <= set(shown(home)))
    await home.quiet()


def told(home: Rig, device: str, row: str) -> None:
    """Both sentences of this row of FAULTS.md are read there."""
    assert_told(shown(home)[device], row, folder=home.ledger.parent, aside=None)


def is_told(home: Rig, device: str, row: str) -> bool:
    """Whether they are by now."""
    return read_of(shown(home).get(device, {"reason": "", "also": [""]}), row, folder=home.ledger.parent, aside=None)


def files(home: Rig) -> list[Path]:
    """The ledger and what is beside it."""
    return [home.ledger.with_name(home.ledger.name + end) for end in ("", "-wal", "-shm")]


def remove(home: Rig) -> None:
    """`rm ledger.db*`."""
    for file in files(home):
        file.unlink(missing_ok=True)


def remove_the_log(home: Rig) -> None:
    """`rm ledger.db-wal`: SQLite goes on writing into what nobody can find."""
    files(home)[1].unlink()


def replace(home: Rig) -> None:
    """Another file is moved to its place."""
    other = home.ledger.with_name("other.db")
    open_store(other).close()
    other.replace(home.ledger)


def empty(home: Rig) -> None:
    """`truncate -s 0`."""
    os.truncate(home.ledger, 0)


def cut_short(home: Rig) -> None:
    """`truncate` in the middle, after all was moved into it."""
    os.truncate(home.ledger, home.ledger.stat().st_size // 2)


@pytest.mark.fault("record-anew")
@pytest.mark.parametrize("harm", [remove, remove_the_log, replace, empty, cut_short])
async def test_a_ledger_that_is_taken_away_is_written_anew_from_memory(
    tmp_path: Path, harm: Callable[[Rig], None]
) -> None:
    """Noticed without a press; what was open goes on after a kill, with its ladder; the record says where it begins."""
    async with rig(tmp_path, rooms=3) as home:
        await pressed(home, PENDANT, SECOND)
        if harm is cut_short:  # how long it was is known from the first checkpoint on
            await until(lambda: home.hub.parts.clock.elapsed_ms() > 2_500)
        harm(home)
        await until(lambda: "hub:record-anew" in shown(home), 8)
        await until(lambda: "hub:ledger" not in shown(home))
        anew = shown(home)["hub:record-anew"]
        assert "ledger.db.broken-" in assert_told(anew, "record-anew", folder=home.ledger.parent, aside=None)
        await pressed(home, THIRD)
        assert not any(alert["unrecorded"] for alert in shown(home).values())
        before = {device: alert["id"] for device, alert in shown(home).items()}
        await home.kill()
        await home.start()
        await home.quiet()
        assert {device: alert["id"] for device, alert in shown(home).items()} == before
        home.forward(46)
        await until(lambda: all(shown(home)[f"room-00{room}-pendant"]["rung"] == 1 for room in (1, 2, 3)))
        assert home.rows("SELECT count(*) FROM log WHERE body LIKE '%written anew from memory%'") != [(0,)]
    verdict = verify(home.ledger)
    assert verdict.different == 0
    assert verdict.snapshot_seq > 0


@pytest.mark.fault("ledger-gone")
async def test_a_press_is_told_while_the_record_is_gone_and_cannot_be_written_anew(tmp_path: Path) -> None:
    """From memory, unacknowledged, in true words; and kept once there is a place for the new one."""
    async with rig(tmp_path, rooms=2) as home:
        await pressed(home, PENDANT)
        home.ledger.parent.rename(home.folder / "away")
        home.ledger.parent.write_text("no folder")
        await until(lambda: "hub:ledger" in shown(home))
        await until(lambda: is_told(home, "hub:ledger", "ledger-gone"))
        home.broker.say(SECOND, PRESS)
        await until(lambda: "room-002-pendant" in shown(home))
        assert shown(home)["room-002-pendant"]["unrecorded"]
        assert home.acknowledged(URGENT) == [PRESS]
        home.broker.say(PENDANT, PRESS)
        await until(lambda: shown(home)["room-001-pendant"]["presses"] == 2)
        assert shown(home)["room-001-pendant"]["unrecorded"]
        home.ledger.parent.unlink()
        await until(lambda: "hub:ledger" not in shown(home))
        await home.quiet()
        assert home.acknowledged(URGENT) == [PRESS, PRESS, PRESS]
        assert not any(alert["unrecorded"] for alert in shown(home).values())
    assert verify(home.ledger).different == 0


@pytest.mark.parametrize("back", [True, False])
async def test_a_hub_that_is_started_with_a_file_in_place_of_its_data_folder_tells_presses(
    tmp_path: Path, back: bool
) -> None:
    """From memory; with the folder back it goes on where it was, and with an empty one it writes a new record."""
    async with rig(tmp_path, rooms=2) as home:
        await pressed(home, PENDANT)
        await home.kill()
        home.ledger.parent.rename(home.folder / "away")
        home.ledger.parent.write_text("no folder")
        await home.start()
        home.broker.say(SECOND, PRESS)
        await until(lambda: "room-002-pendant" in shown(home))
        assert shown(home)["room-002-pendant"]["unrecorded"]
        home.ledger.parent.unlink()
        if back:
            (home.folder / "away").rename(home.ledger.parent)
            await until(lambda: home.hub.failure is not None, 8)
            await home.kill()
            await home.start()
        await until(lambda: "hub:ledger" not in shown(home), 8)
        await home.quiet()
        assert {"room-001-pendant", "room-002-pendant"} <= set(shown(home))
        assert not any(alert["unrecorded"] for alert in shown(home).values())
    assert verify(home.ledger).different == 0


def overwrite(home: Rig) -> None:
    """Every page, in the file and in its log; of some the writer still has its own copy, and writes it again."""
    for file in files(home)[:2]:
        if file.exists():
            with file.open("r+b") as there:
                there.write(b"\xa5" * file.stat().st_size)


@pytest.mark.fault("ledger-broken")
async def test_pages_that_are_overwritten_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told in true words, put aside, and written anew; no call waits for it. Each minute the hub reads what its next
    start would."""
    monkeypatch.setattr(record, "READ_MS", 1_000)
    async with rig(tmp_path, rooms=2) as home:
        await pressed(home, PENDANT)
        overwrite(home)
        await pressed(home, SECOND)
        await until(lambda: "hub:record-anew" in shown(home), 8)
        was = [orjson.loads(payload) for topic, payload, _ in home.broker.published if payload and "/alert/" in topic]
        (first, *_) = [alert for alert in was if alert["device"] == "hub:ledger"]
        assert_told(first, "ledger-broken", folder=home.ledger.parent)
        assert list(home.ledger.parent.glob("ledger.db.broken-*"))
        await home.kill()
        await home.start()
        await home.quiet()
        assert {"room-001-pendant", "room-002-pendant"} <= set(shown(home))
    assert verify(home.ledger).different == 0


@pytest.mark.fault("ledger-held")
async def test_another_program_that_holds_the_ledger_is_named(tmp_path: Path) -> None:
    """Told from memory meanwhile; where the cause changes the words do."""
    async with rig(tmp_path, rooms=2) as home:
        await home.quiet()
        home.hub.parts.writer.store.execute("PRAGMA busy_timeout = 100")
        with closing(sqlite3.connect(home.ledger, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            home.broker.say(PENDANT, PRESS)
            await until(lambda: {"room-001-pendant", "hub:ledger"} <= set(shown(home)))
            told(home, "hub:ledger", "ledger-held")
            assert shown(home)["room-001-pendant"]["unrecorded"]
            home.fail("COMMIT")
            other.execute("ROLLBACK")
            await until(lambda: is_told(home, "hub:ledger", "ledger"))
            home.mend()
        await until(lambda: "hub:ledger" not in shown(home))
        await home.quiet()
        assert home.presses() == 1


# -- at a start -------------------------------------------------------------------------------------------------------


def no_database(home: Rig) -> None:
    """Somebody's shopping list."""
    remove(home)
    home.ledger.write_bytes(b"milk, bread and butter" * 1_000)


@pytest.mark.fault("record")
@pytest.mark.parametrize("harm", [overwrite, no_database, remove, empty])
async def test_three_emergencies_ring_on_after_their_record_broke(tmp_path: Path, harm: Callable[[Rig], None]) -> None:
    """Killed, the record broken or gone, started: all three are told to everybody again, with what happened."""
    async with rig(tmp_path, rooms=3) as home:
        await pressed(home, PENDANT, SECOND, THIRD)
        old = {str(alert["id"]) for alert in shown(home).values()}
        await home.kill()
        harm(home)
        await home.start()
        await until(lambda: "hub:record" in shown(home))
        told(home, "hub:record", "record")
        assert shown(home)["hub:record"]["everybody"]
        await until(lambda: {str(alert["id"]) for alert in shown(home).values()}.isdisjoint(old), 10)
        await home.quiet()
        for room in (1, 2, 3):
            alert = shown(home)[f"room-00{room}-pendant"]
            assert "go and look" in str(alert["reason"])
            assert (alert["level"], alert["state"], alert["everybody"]) == ("emergency", "told", True)
        await until(lambda: home.ledger.exists() and "hub:ledger" not in shown(home))
        home.broker.say(PENDANT, PRESS)
        await until(lambda: shown(home)["room-001-pendant"]["presses"] == 2)
        await home.quiet()
        if harm in (overwrite, no_database):
            assert list(home.ledger.parent.glob("ledger.db.broken-*"))
        await home.kill()
        await home.start()
        await home.quiet()
        assert {f"room-00{room}-pendant" for room in (1, 2, 3)} <= set(shown(home))
    assert verify(home.ledger).different == 0


async def test_a_record_that_was_emptied_and_is_held_open_is_begun_anew(tmp_path: Path) -> None:
    """A screen reads it all the while: the hub keeps what it hears all the same, and tells what stood there."""
    async with rig(tmp_path, rooms=2) as home:
        await pressed(home, PENDANT)
        with closing(sqlite3.connect(home.ledger)) as screen:
            assert screen.execute("SELECT count(*) FROM events").fetchone() != (0,)
            await home.kill()
            empty(home)
            await home.start()
            await until(lambda: "hub:record" in shown(home))
            assert "hub:ledger" not in shown(home)
            await pressed(home, SECOND)
        assert not any(alert["unrecorded"] for alert in shown(home).values())
        assert "go and look" in str(shown(home)["room-001-pendant"]["reason"])
        assert home.presses() == 1


async def lose_the_record(home: Rig, *devices: str) -> None:
    """Killed, the record removed, started; then each of these stands under a new name, and says that it did before."""
    old = {str(alert["id"]) for alert in shown(home).values()}
    await home.kill()
    remove(home)
    await home.start()
    await until(lambda: set(devices) <= {name for name, alert in shown(home).items() if alert["id"] not in old}, 10)
    await home.quiet()
    await until(lambda: {str(alert["id"]) for alert in shown(home).values()}.isdisjoint(old), 10)
    for name in devices:
        assert "go and look" in str(shown(home)[name]["reason"])


async def test_the_next_record_is_lost_within_the_minute(tmp_path: Path) -> None:
    """Three stood there before, and a fourth called in between: after the second loss all four ring, once each."""
    async with rig(tmp_path, rooms=4) as home:
        await pressed(home, PENDANT, SECOND, THIRD)
        await lose_the_record(home, "room-001-pendant", "room-002-pendant", "room-003-pendant")
        await pressed(home, "zigbee2mqtt/room-004-pendant")
        called = [f"room-00{room}-pendant" for room in (1, 2, 3, 4)]
        home.forward(10)
        await lose_the_record(home, *called)
        devices = [name for name in home.broker.retained if name.startswith(f"handrail/{SLUG}/alert/")]
        shows = [orjson.loads(home.broker.retained[name])["device"] for name in devices]
        assert sorted(device for device in shows if device.startswith("room-")) == called
        assert "hub:restored" not in shows


async def test_what_was_told_from_memory_and_then_kept_is_told_anew(tmp_path: Path) -> None:
    """The disk was full when two were raised, and then was not; after that the record is lost with the hub."""
    async with rig(tmp_path, rooms=2) as home:
        await home.quiet()
        home.fail("COMMIT")
        for topic, device in ((PENDANT, "room-001-pendant"), (SECOND, "room-002-pendant")):
            home.broker.say(topic, PRESS)
            await until(lambda device=device: shown(home).get(device, {}).get("unrecorded"))  # type: ignore[misc]
        home.mend()
        await until(lambda: not any(alert["unrecorded"] for alert in shown(home).values()))
        await home.quiet()
        await lose_the_record(home, "room-001-pendant", "room-002-pendant")


async def test_what_a_wait_told_from_memory_is_told_anew(tmp_path: Path) -> None:
    """The disk takes nothing while a door stands open for too long, and then the record is lost with the hub: no
    message will come again that could say it."""
    async with with_plan(tmp_path) as home:
        home.broker.say("zigbee2mqtt/room-002-door", b'{"contact":false}')
        await home.quiet()
        home.fail("COMMIT")
        home.broker.say(PENDANT, PRESS)
        await until(lambda: shown(home).get("room-001-pendant", {}).get("unrecorded"))
        home.forward(11 * 60)
        await until(lambda: shown(home).get("room-002-door", {}).get("unrecorded"))
        await lose_the_record(home, "room-002-door")


async def test_what_can_be_read_of_a_broken_record_is_not_forgotten(tmp_path: Path) -> None:
    """A table that says nothing of alerts is missing: open alerts keep their names, their claims and their ladders."""
    async with rig(tmp_path, rooms=2) as home:
        await pressed(home, PENDANT, SECOND)
        answer = await home.ask(id="1", do="claim", alert=shown(home)["room-001-pendant"]["id"], by="carer-1")
        assert answer["ok"]
        await home.quiet()
        before = {device: alert["id"] for device, alert in shown(home).items()}
        await home.kill()
        with closing(sqlite3.connect(home.ledger)) as store:
            store.execute("DROP TABLE twins")
            store.commit()
        await home.start()
        await until(lambda: "hub:record-anew" in shown(home))
        await home.quiet()
        after = {device: alert["id"] for device, alert in shown(home).items() if not device.startswith("hub:")}
        assert after == before
        assert shown(home)["room-001-pendant"]["claimed_by"] == "carer-1"
        home.forward(46)
        await until(lambda: shown(home)["room-002-pendant"]["rung"] == 1)
    assert verify(home.ledger).different == 0

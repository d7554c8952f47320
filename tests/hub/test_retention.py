"""What is old goes, a piece at a time and behind a snapshot; a wrong calendar erases nothing; the rest still folds."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.commands.importing import take_in
from hub.config.new import write_new
from hub.config.read import read_home
from hub.ledger.retention import DAY_MS, HOUR_MS, PIECE, Retention, old
from hub.ledger.rows import EventRow
from hub.ledger.snapshots import kept, take
from hub.ledger.write import Batch, open_store, write
from hub.verify import LedgerUnreadable, verify
from rules.home import Home
from rules.inputs import Now
from rules.machine import MACHINE
from tests.hub.config_home import write_home
from tests.hub.core_parts import BULK, PENDANT, PRESS, SLUG, Rig, rig
from tests.hub.test_verify import History
from tests.parts import until

YEAR_MS = 365 * DAY_MS
KEEP = "retention: {events_days: 3, log_days: 5, rollups_days: 5, quarantine_days: 2, raw_days: 2}\n"
TABLES = ("events", "inputs", "log", "quarantine", "raw", "rollups", "alerts")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A small home with both rules of the catalogue."""
    return read_home(write_home(tmp_path_factory.mktemp("home"))).home


@pytest.fixture
async def elm(tmp_path: Path) -> AsyncIterator[Rig]:
    """A hub of a home that keeps little."""
    folder = tmp_path / "home"
    write_new(folder, rooms=2, slug=SLUG, timezone="UTC")
    text = (folder / "home.yaml").read_text(encoding="utf-8")
    (folder / "home.yaml").write_text(text + KEEP, encoding="utf-8")
    made = Rig(folder)
    await made.start()
    yield made
    if not made._running.done():
        await made.stop()


async def lived(hub: Rig, days: int) -> None:
    """So many days pass, each with a press that is closed, a motion and something nobody can read."""
    for _ in range(days):
        hub.broker.say(PENDANT, PRESS)
        hub.broker.say("zigbee2mqtt/room-001-motion", b'{"occupancy":true}')
        hub.broker.say("zigbee2mqtt/room-001-motion", b"{")
        await hub.quiet()
        await until(lambda: hub.rows("SELECT key FROM alerts WHERE state <> 'closed' AND level = 'emergency'"))
        for (alert,) in hub.rows("SELECT key FROM alerts WHERE state <> 'closed'"):
            number = hub.rows("SELECT count(*) FROM inputs")[0][0]
            await hub.ask(id=f"q{number}", do="close", by="carer-1", alert=alert, ending="helped", reason="no tag here")
        hub.forward(86_400)
        await hub.quiet()
        await tidied(hub)


async def tidied(hub: Rig) -> None:
    """The hub has looked at what is old, and all of it has gone.

    A snapshot has the time of the commit before it, so the time that was let pass has to be in a commit first: a
    snapshot of the moment before it is a day older, and lets more go. It is looked until there is nothing to be kept,
    and what the newest snapshot lets go has been planned.
    """
    keeping, clock = hub.hub.parts.keeping, hub.hub.parts.clock
    passed_ms = clock.now().elapsed_ms
    await until(lambda: kept_until_ms(hub) >= passed_ms)
    for _ in range(10):
        keeping._look_from_ms = 0
        await keeping.look(clock.now())
        await until(lambda: done(hub))
        newest = int(str(hub.rows("SELECT max(lived_ms) FROM snapshots")[0][0]))
        if keeping._planned_lived_ms == newest and keeping.lived_ms(clock.now()) - newest < DAY_MS:
            return
    pytest.fail("after ten looks there is still something to be kept or to go")


def kept_until_ms(hub: Rig) -> int:
    """The elapsed time of the newest commit; another one is asked for."""
    hub.forward(0)
    return int(str(hub.rows("SELECT value FROM cursors WHERE name = 'elapsed_ms'")[0][0]))


def done(hub: Rig) -> bool:
    """Whether nothing is left to be kept or to go; time passes meanwhile."""
    hub.forward(4)
    return not hub.hub.parts.keeping.left and hub.hub.parts.keeping._pending is None


def counts(hub: Rig) -> dict[str, int]:
    """How many rows each table has."""
    return {name: int(str(hub.rows(f"SELECT count(*) FROM {name}")[0][0])) for name in TABLES}


async def test_what_is_old_goes_and_the_rest_folds_to_what_is_stored(elm: Rig) -> None:
    """Twelve days in a home that keeps three of events: each table forgets in its time, and `verify` begins later."""
    await lived(elm, 12)
    now_ms = elm.clock.wall_ms()
    for table, days in (("events", 3), ("inputs", 3), ("log", 5), ("quarantine", 2)):
        oldest = int(str(elm.rows(f"SELECT min(wall_ms) FROM {table}")[0][0]))
        assert days * DAY_MS <= now_ms - oldest < (days + 2) * DAY_MS, table
    hour = int(str(elm.rows("SELECT min(hour) FROM rollups")[0][0]))
    assert 5 * DAY_MS <= now_ms - hour * HOUR_MS < 7 * DAY_MS
    assert counts(elm)["raw"] < 6
    await elm.stop()
    verdict = verify(elm.ledger)
    assert verdict.shown == []
    assert verdict.snapshot_seq > 0
    assert verdict.settled > 0
    assert verdict.events >= 3


async def test_closed_alerts_go_with_their_log_and_open_ones_stay(elm: Rig) -> None:
    """However old it is: somebody still waits."""
    elm.broker.say("zigbee2mqtt/room-002-pendant", PRESS)
    await elm.quiet()
    (waiting,) = elm.rows("SELECT key FROM alerts")
    elm.hub.parts.keeping._keep = Retention(events_days=2, log_days=2, rollups_days=2, quarantine_days=2, raw_days=2)
    elm.hub.parts.keeping._is_calm = lambda: True
    for _ in range(14):
        elm.forward(86_400)
        await elm.quiet()
        elm.broker.say(PENDANT, PRESS)
        await elm.quiet()
        for (alert,) in elm.rows("SELECT key FROM alerts WHERE state <> 'closed' AND key <> ?", *waiting):
            await elm.ask(id=f"c{alert}", do="close", by="carer-1", alert=alert, ending="helped", reason="no tag here")
        await tidied(elm)
    stays = [key for (key,) in elm.rows("SELECT key FROM alerts ORDER BY key")]
    assert stays[0] == waiting[0]
    assert not {"a00002", "a00003", "a00004"} & set(stays)
    await elm.stop()
    assert verify(elm.ledger).shown == []


@pytest.mark.parametrize("years", [10, -10])
async def test_a_wrong_calendar_erases_nothing(elm: Rig, years: int) -> None:
    """Ten years ahead or back, set while the hub runs, and found so at a start."""
    await lived(elm, 2)
    before = counts(elm)
    elm.clock.step(years * YEAR_MS)
    await tidied(elm)
    await elm.stop()
    elm.clock.step(years * YEAR_MS)
    await elm.start()
    await tidied(elm)
    await elm.stop()
    elm.clock.step(-2 * years * YEAR_MS)
    await elm.start()
    await tidied(elm)
    after = counts(elm)
    assert {name: before[name] for name in TABLES if after[name] < before[name]} == {}
    await elm.stop()
    assert verify(elm.ledger).shown == []


async def test_imported_events_grow_old_from_the_day_of_their_import(elm: Rig, tmp_path: Path) -> None:
    """A recording of 2011 is not old on its first day, and is no longer there when the home keeps nothing so long; what
    was imported later stays."""
    first, later = tmp_path / "first.csv", tmp_path / "later.csv"
    first.write_text("ts,device,kind,value\n2011-03-02T22:00:00Z,room-001-bed,bed,occupied\n")
    later.write_text("ts,device,kind,value\n2001-03-02T22:00:00Z,room-001-bed,bed,empty\n")
    await lived(elm, 1)
    assert await asyncio.to_thread(take_in, elm.folder, first) == 0
    await lived(elm, 2)
    assert await asyncio.to_thread(take_in, elm.folder, later) == 0
    assert elm.rows("SELECT value FROM imported ORDER BY seq") == [("occupied",), ("empty",)]
    await lived(elm, 2)
    assert elm.rows("SELECT value FROM imported") == [("empty",)]
    await lived(elm, 2)
    assert elm.rows("SELECT value FROM imported") == []


async def test_nothing_goes_while_somebody_presses(elm: Rig) -> None:
    """A commit that a press waits for takes nothing along; where it is never calm, a piece goes now and then."""
    await lived(elm, 5)
    keeping, now = elm.hub.parts.keeping, elm.hub.parts.clock.now()
    keeping._plan.append(("DELETE FROM raw WHERE seq < ?", (0,)))
    pressing = Batch(log=[(1, 1, 1, "told", 1, None, None, None, b"{}")])
    keeping.join(pressing, now)
    assert pressing.forget == []
    elm.broker.say(PENDANT, PRESS)
    await elm.quiet()
    keeping._piece_ms = elm.hub.parts.clock.now().elapsed_ms
    for wait_ms, calm, pieces in ((300, False, 0), (300, True, 1), (9_000, False, 0), (1_000, False, 1)):
        elm.clock.forward(wait_ms)
        keeping._is_calm = lambda is_calm=calm: is_calm  # type: ignore[misc]
        batch = Batch()
        keeping.join(batch, elm.hub.parts.clock.now())
        assert len(batch.forget) == pieces


async def test_a_ledger_that_cannot_be_tidied_is_told(elm: Rig) -> None:
    """As a technical alert; nothing is deleted, and it is tried again."""
    keeping = elm.hub.parts.keeping
    path, keeping._path = keeping._path, elm.folder / "nowhere.db"
    keeping._look_from_ms = 0
    await keeping.look(elm.hub.parts.clock.now())
    await until(lambda: elm.broker.log("fault"))
    keeping._path, keeping._look_from_ms = path, 0
    await keeping.look(elm.hub.parts.clock.now())
    await until(lambda: elm.broker.log("mended"))


# -- snapshots ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_any_history_folds_from_a_snapshot_in_its_middle(seed: int, tmp_path: Path, home: Home) -> None:
    """The inputs before it are gone, with the alerts that had ended; the outcome is the same."""
    path = tmp_path / "ledger.db"
    history = History(path, home, seed)
    history.live(80)
    assert history._store is not None
    write(history._store, Batch(snapshots=[take(history._store)]))
    history.live(80)
    keep = Retention(events_days=0, log_days=0, rollups_days=0, quarantine_days=0, raw_days=0)
    for statement, values in old(history._store, keep, lived_ms=history._elapsed_ms, wall_ms=2**50):
        history._store.execute(statement, values)
    (snapshot,) = kept(history._store)
    left = history._store.execute("SELECT min(seq) FROM inputs").fetchone()[0]
    history.close()
    verdict = verify(path)
    assert verdict.shown == []
    assert verdict.snapshot_seq == snapshot.seq < left
    assert verdict.inputs > 100


def test_a_snapshot_that_was_changed_is_found(tmp_path: Path, home: Home) -> None:
    """Its seal is broken, and nobody folds from it."""
    path = tmp_path / "ledger.db"
    history = History(path, home, 1)
    history.live(30)
    assert history._store is not None
    write(history._store, Batch(snapshots=[take(history._store)]))
    history.live(5)
    history._store.execute("UPDATE snapshots SET wall_ms = wall_ms + 1")
    history.close()
    with pytest.raises(LedgerUnreadable, match="its seal is broken"):
        verify(path)


@pytest.mark.parametrize("other", [f"machine = {MACHINE - 1}", "timezones = '2020a'"])
async def test_a_ledger_of_another_machine_begins_with_a_snapshot(tmp_path: Path, other: str) -> None:
    """The inputs before an upgrade, of ours or of the time zones, would have another outcome today."""
    async with rig(tmp_path) as hub:
        hub.broker.say(PENDANT, PRESS)
        await hub.quiet()
        await hub.stop()
        with closing(sqlite3.connect(hub.ledger, isolation_level=None)) as store:
            store.execute(f"UPDATE snapshots SET {other}")
            store.execute("UPDATE events SET value = 0 WHERE kind = 'emergency'")
        with pytest.raises(LedgerUnreadable, match="start the hub once with this one"):
            verify(hub.ledger)
        last = hub.rows("SELECT value FROM cursors WHERE name = 'seq'")[0][0]
        await hub.start()
        hub.broker.say(PENDANT, PRESS)
        await hub.quiet()
        await hub.stop()
        verdict = verify(hub.ledger)
        assert (verdict.snapshot_seq, verdict.shown) == (last, [])


async def test_a_ledger_from_before_snapshots_begins_with_one_too(tmp_path: Path) -> None:
    """Schema 1 had none."""
    async with rig(tmp_path) as hub:
        await hub.stop()
        with closing(sqlite3.connect(hub.ledger, isolation_level=None)) as store:
            store.execute("DROP TABLE snapshots")
            store.execute("DROP TABLE walks")
            store.execute("DROP TABLE watches")
            store.execute("DROP TABLE imported")
            store.execute("DROP INDEX alerts_closed_elapsed")
            store.execute("DROP INDEX episodes_over")
            store.execute("ALTER TABLE alerts DROP COLUMN closed_ms")
            store.execute("ALTER TABLE episodes DROP COLUMN started_ms")
            store.execute("PRAGMA user_version = 1")
        await hub.start()
        hub.broker.say(PENDANT, PRESS)
        await hub.quiet()
        await hub.stop()
        verdict = verify(hub.ledger)
        assert verdict.snapshot_seq > 0
        assert verdict.shown == []


async def test_a_day_s_snapshot_waits_until_the_ledger_can_be_written(tmp_path: Path) -> None:
    """It goes with a commit; one that fails loses nothing."""
    async with rig(tmp_path) as hub:
        hub.fail("COMMIT")
        hub.forward(90_000)
        await hub.hub.parts.keeping.look(hub.hub.parts.clock.now())
        await hub.failed()
        hub.mend()
        await until(lambda: done(hub) and hub.rows("SELECT count(*) FROM snapshots")[0][0] == 2)
        hub.lanes[BULK].go_down()
        hub.lanes[BULK].come_up()
        await hub.quiet()


def test_pieces_are_small_and_cover_everything_old(tmp_path: Path) -> None:
    """Rows by the hundred a statement, so that no commit is long."""
    with closing(open_store(tmp_path / "ledger.db")) as store:
        rows: list[EventRow] = [(seq, seq, seq, "d", "motion", 1, None) for seq in range(1, 2_001)]
        write(store, Batch(events=rows, cursors={"seq": 1_800, "elapsed_ms": 1_800, "wall_ms": 1_800}))
        write(store, Batch(snapshots=[take(store)]))
        gone = []
        for statement, values in old(store, Retention(events_days=2), lived_ms=3 * DAY_MS, wall_ms=Now(0, 0).wall_ms):
            gone.append(store.execute(statement, values).rowcount)
        assert max(gone) <= PIECE
        assert store.execute("SELECT min(seq), count(*) FROM events").fetchone() == (1_801, 200)

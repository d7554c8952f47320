"""The machine that the hub runs on: what is wrong with its disk, its clock, the ledger's files is told, and mended."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.elapsed import DAY_MS, RELEASED_MS, Belief
from hub.errors import LedgerUnwritable
from hub.forecast import BUCKET_MS, Forecast, floor_bytes, hours_left
from hub.ledger.write import WAL_KEPT_BYTES
from rules.inputs import Now
from tests.faulted import assert_told
from tests.hub.core_parts import PENDANT, PRESS, SLUG, Rig, rig
from tests.hub.fake_broker import Json
from tests.parts import until

GIB = 2**30
DISK = 100 * GIB
HOUR_MS = 3_600_000


@dataclass
class Disk:
    """A disk with so many bytes free."""

    free: int

    def __call__(self, folder: Path) -> tuple[int, int, int]:
        """Total, used and free."""
        return DISK, DISK - self.free, self.free


@pytest.fixture
async def elm(tmp_path: Path) -> AsyncIterator[Rig]:
    """A started hub on a disk with room."""
    async with rig(tmp_path) as made:
        made.hub.parts.health.usage = Disk(50 * GIB)
        yield made


def told(hub: Rig, fault: str) -> list[Json]:
    """What people read of a fault on the board now: the newest version of each of its alerts."""
    newest: dict[str, Json] = {}
    for topic in {topic for topic, _, _ in hub.broker.published if topic.startswith(f"handrail/{SLUG}/alert/")}:
        for alert in hub.broker.on(topic):
            if alert["cause"] == f"hub:{fault}":
                newest[topic] = alert
    return [alert for alert in newest.values() if alert["state"] != "closed"]


async def is_told(hub: Rig, fault: str) -> None:
    """Until people read what it means for calls and what to do, and a press is told all the same."""
    await until(lambda: told(hub, fault))
    (alert,) = told(hub, fault)
    assert_told(alert, fault, folder=hub.ledger.parent)
    presses = hub.presses()
    hub.broker.say(PENDANT, PRESS)
    await until(lambda: hub.presses() == presses + 1)
    assert hub.broker.log("raised", "pressed")


async def is_mended(hub: Rig, fault: str) -> None:
    """Until the alert has ended by itself."""
    await until(lambda: not told(hub, fault) and hub.broker.log("mended"))


# -- the ledger's own files -------------------------------------------------------------------------------------------


@pytest.mark.fault("wal")
async def test_a_slow_reader_is_told_and_the_log_is_short_again_when_it_ends(elm: Rig) -> None:
    """It holds a transaction, so that no checkpoint can take what came since, and the write-ahead log grows."""
    parts = elm.hub.parts
    parts.condition.wal_most_bytes = 200_000
    assert parts.writer.store.execute("PRAGMA journal_size_limit").fetchone() == (WAL_KEPT_BYTES,)
    parts.writer.store.execute("PRAGMA journal_size_limit = 100000").fetchone()
    with closing(sqlite3.connect(f"file:{elm.ledger}?mode=ro", uri=True, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM events").fetchall()
        for number in range(60):
            elm.broker.say(
                "zigbee2mqtt/room-001-motion", b'{"occupancy":true,"x":%d,"y":"%s"}' % (number, b"y" * 2_000)
            )
            await elm.quiet()
        look(elm)
        await is_told(elm, "wal")
    await elm.hub._checkpoint()
    elm.broker.say("zigbee2mqtt/room-001-motion", b'{"occupancy":false}')
    await elm.quiet()
    look(elm)
    await is_mended(elm, "wal")


def look(hub: Rig) -> None:
    """What the heartbeat does every five seconds."""
    parts = hub.hub.parts
    parts.health.look_at_disk(hub.ledger)
    parts.condition.look_at_disk(parts.clock.now())


@pytest.mark.fault("checkpoint")
async def test_a_log_that_cannot_be_moved_into_the_ledger_is_told(elm: Rig) -> None:
    """Once, however often it fails, and over a restart too; what is pressed meanwhile is told and kept."""
    checkpointer = elm.hub.parts.checkpointer
    checkpointer._path = elm.folder
    with pytest.raises(LedgerUnwritable):
        checkpointer.checkpoint()
    for _ in range(3):
        await elm.hub._checkpoint()
    await is_told(elm, "checkpoint")
    await elm.quiet()
    await elm.stop()
    await elm.start()
    await is_mended(elm, "checkpoint")


# -- the disk ---------------------------------------------------------------------------------------------------------


@pytest.mark.fault("disk")
async def test_a_disk_that_will_be_full_within_a_day_is_told_before_and_mended_after(elm: Rig) -> None:
    """It loses a gibibyte and a half an hour; somebody makes room."""
    health = elm.hub.parts.health
    for hour in range(6):
        health.usage = Disk(40 * GIB - hour * 3 * GIB // 2)
        look(elm)
        elm.clock.forward(HOUR_MS)
    assert health.disk_free_bytes > 30 * GIB
    look(elm)
    await is_told(elm, "disk")
    health.usage = Disk(90 * GIB)
    for _ in range(40):
        elm.clock.forward(BUCKET_MS)
        look(elm)
    await is_mended(elm, "disk")


def test_growth_is_the_median_of_all_slopes() -> None:
    """Steady growth is a trend; one large file is none, nor is a disk that is emptied."""
    steady = [(hour * HOUR_MS, 100 - hour) for hour in range(6)]
    assert hours_left(steady) == pytest.approx(95)
    file_at_once = [(hour * HOUR_MS, 100 if hour < 6 else 40) for hour in range(7)]
    assert hours_left(file_at_once) is None
    assert hours_left([(hour * HOUR_MS, 40 + hour) for hour in range(6)]) is None
    assert hours_left(steady[:3]) is None
    assert hours_left([]) is None


def test_a_disk_that_is_nearly_full_is_told_however_slowly_it_goes() -> None:
    """Less than a gibibyte, or a fiftieth of a small one; over only with half as much again."""
    assert (floor_bytes(DISK), floor_bytes(8 * GIB)) == (GIB, int(8 * GIB * 0.02))
    forecast = Forecast()
    assert forecast.look(0, GIB - 1, DISK, told=False) != ""
    assert forecast.look(1, GIB + 1, DISK, told=True) != ""
    assert forecast.look(2, GIB + 1, DISK, told=False) == ""
    assert forecast.look(3, 2 * GIB, DISK, told=True) == ""


# -- the clock --------------------------------------------------------------------------------------------------------


@pytest.mark.fault("clock")
@pytest.mark.parametrize("step_ms", [HOUR_MS, -HOUR_MS, DAY_MS, -DAY_MS, 3_650 * DAY_MS, -3_650 * DAY_MS])
async def test_a_clock_that_is_set_wrong_is_told_and_mended_when_it_is_set_right(elm: Rig, step_ms: int) -> None:
    """An hour, a day, ten years, forward and back, while the hub runs."""
    elm.clock.forward(HOUR_MS)
    set_clock(elm, step_ms)
    await is_told(elm, "clock")
    set_clock(elm, -step_ms)
    await is_mended(elm, "clock")


def set_clock(hub: Rig, step_ms: int) -> None:
    """Somebody sets the wall clock, and the hub sees it."""
    parts = hub.hub.parts
    hub.clock.step(step_ms)
    parts.condition.look_at_clock(parts.clock.now(), parts.clock.stepped_ms())


async def test_a_clock_found_wrong_at_a_start_is_told_and_mended_over_the_next(elm: Rig) -> None:
    """It stands an hour before the last record; or ten years behind it, which no home was without its hub."""
    for wrong_ms in (-HOUR_MS, 3_650 * DAY_MS):
        await elm.stop()
        elm.clock.step(wrong_ms)
        await elm.start()
        await until(lambda: told(elm, "clock"))
        await elm.quiet()
        await elm.stop()
        elm.clock.step(-wrong_ms)
        await elm.start()
        await is_mended(elm, "clock")


async def test_an_hour_of_a_chart_is_the_hour_that_the_clock_said(elm: Rig) -> None:
    """What was heard under a wrong clock stands in its hours; what is heard once it is right, in the right ones."""
    right = elm.clock.wall_ms() // HOUR_MS
    for step_ms in (0, 3_650 * DAY_MS, -3_650 * DAY_MS):
        set_clock(elm, step_ms)
        elm.broker.say("zigbee2mqtt/room-001-motion", b'{"occupancy":true}')
        await elm.quiet()
    hours = elm.rows("SELECT hour, sum(count) FROM rollups WHERE device LIKE '%motion' GROUP BY hour ORDER BY hour")
    assert [(int(str(hour)) - right) // 24 for hour, _ in hours] == [0, 3_650]
    assert [count for _, count in hours] == [2, 1]


def test_a_machine_that_wakes_up_late_and_is_told_the_time_was_never_wrong() -> None:
    """No battery for its clock, eight hours without current: the first minutes put it right."""
    belief = Belief(0, Now(0, RELEASED_MS), is_fresh=True)
    assert belief.look(Now(60_000, RELEASED_MS + 8 * HOUR_MS), 8 * HOUR_MS) == ""
    assert belief.look(Now(120_000, RELEASED_MS + 9 * HOUR_MS), HOUR_MS) == ""
    late = Now(HOUR_MS, RELEASED_MS + 10 * HOUR_MS)
    assert belief.look(late, HOUR_MS) == "the clock of this machine went forward by 60 min"


def test_a_clock_before_this_program_is_wrong_and_right_as_soon_as_it_is_not() -> None:
    """1970, as on a machine that never learnt the time."""
    belief = Belief(0, Now(0, 0), is_fresh=False)
    assert "before the day this program was made" in belief.look(Now(HOUR_MS, HOUR_MS), 0)
    assert belief.look(Now(2 * HOUR_MS, RELEASED_MS + 1), RELEASED_MS) == ""


def test_after_a_steady_day_the_new_time_is_the_time() -> None:
    """Nobody is told for ever of a clock that was wrong before and is right now."""
    belief = Belief(0, Now(0, RELEASED_MS), is_fresh=False)
    now = Now(HOUR_MS, RELEASED_MS + 10 * HOUR_MS)
    assert belief.look(now, 9 * HOUR_MS)
    assert belief.look(Now(HOUR_MS + DAY_MS, now.wall_ms + DAY_MS), 0)
    assert belief.look(Now(HOUR_MS + DAY_MS + 1, now.wall_ms + DAY_MS), 0) == ""

"""A row of the ledger that cannot be read: the hub starts without it, and a person is told."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hub.bootstrap import build
from hub.errors import LedgerUnreadable
from rules.faults import FAULTS
from tests.hub.core_parts import PRESS, rig
from tests.hub.own_faults import is_folded_alike, shown, with_plan
from tests.parts import until


async def test_rows_that_cannot_be_read_end_no_start(tmp_path: Path) -> None:
    """Somebody looks at whoever had called, waits end in everybody told, and presses are told as ever."""
    async with rig(tmp_path, rooms=4) as home:
        for room in range(1, 4):
            home.broker.say(f"zigbee2mqtt/room-00{room}-pendant", PRESS)
        await until(lambda: home.presses() == 3)
        await home.quiet()
        await home.kill()
        with closing(sqlite3.connect(home.ledger)) as store:
            store.execute("UPDATE alerts SET body = json_set(body, '$.rung', 'high') WHERE key = 'a00001'")
            store.execute("UPDATE timers SET body = 'no JSON' WHERE key = 'ladder/a00002'")
            store.execute("UPDATE devices SET body = '[]' WHERE key LIKE '%room-003-pendant'")
            store.commit()
        for _ in range(2):
            await home.start()
            await home.quiet()
            await home.kill()
        await home.start()
        home.broker.say("zigbee2mqtt/room-004-pendant", PRESS)
        await until(lambda: shown(home, "room-004-pendant"))
        await home.quiet()
        (told,) = shown(home, "hub:stuck")
        assert told["reason"] == FAULTS["stuck"].staff.format(who="Resident 001")
        assert told["everybody"]
        assert [one["everybody"] for one in shown(home, "room-002-pendant")] == [False, True]
        assert [one["everybody"] for one in shown(home, "room-003-pendant")] == [False]
        topics = "SELECT topic FROM quarantine ORDER BY topic"
        assert [row[0] for row in home.rows(topics)] == [
            "hub/alerts/a00001",
            "hub/devices/zigbee2mqtt/room-003-pendant",
            "hub/timers/ladder/a00002",
        ]
        assert is_folded_alike(home)


async def test_a_run_that_cannot_be_read_is_one_that_somebody_looks_at(tmp_path: Path) -> None:
    """It may have been about to tell them."""
    async with with_plan(tmp_path) as home:
        home.broker.say("zigbee2mqtt/room-002-bed", b'{"occupancy":false}')
        await until(lambda: home.rows("SELECT * FROM episodes"))
        await home.quiet()
        await home.kill()
        with closing(sqlite3.connect(home.ledger)) as store:
            store.execute("UPDATE episodes SET body = json_set(body, '$.step', 'high')")
            store.commit()
        await home.start()
        await until(lambda: shown(home, "hub:stuck"))
        await home.quiet()
        assert shown(home, "hub:stuck")[0]["resident"] == "resident-002"
        assert is_folded_alike(home)


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        ("UPDATE meta SET body = json_set(body, '$.alerts', 'many')", "meta/meta"),
        ("UPDATE configurations SET body = '[]'", "the accepted configuration"),
    ],
)
async def test_what_nothing_can_go_on_without_is_said_in_a_sentence(tmp_path: Path, harm: str, named: str) -> None:
    """A new alert must not take an old one's name."""
    async with rig(tmp_path) as home:
        await home.stop()
        with closing(sqlite3.connect(home.ledger)) as store:
            store.execute(harm)
            store.commit()
        with pytest.raises(LedgerUnreadable, match=f"^{named} in the ledger cannot be read .*put its backup"):
            build(home.folder, home.clock, random.Random(1), connect=home._connect)

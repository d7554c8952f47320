"""A copy of the ledger, taken while the hub writes it: whole and sound, or not there."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hub.errors import LedgerUnreadable
from hub.ledger import backup
from hub.verify import verify
from tests.hub.core_parts import PENDANT, PRESS, Rig, rig
from tests.hub.program import finished, refused


def seqs(ledger: Path) -> list[int]:
    """Every event's place."""
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as store:
        return [seq for (seq,) in store.execute("SELECT seq FROM events ORDER BY seq")]


async def a_day(home: Rig) -> None:
    """So much that the copy is taken in the middle of it."""
    for number in range(1_500):
        home.broker.say("zigbee2mqtt/room-002-climate", b'{"temperature":%d}' % (number % 30))
        if not number % 100:
            await asyncio.sleep(0)


async def test_a_copy_of_a_hub_that_writes_folds_as_it_stands(tmp_path: Path) -> None:
    """It is the ledger as it was at one moment: all of it up to there, and nothing behind."""
    async with rig(tmp_path) as home:
        home.broker.say(PENDANT, PRESS)
        await home.quiet()
        writing = asyncio.create_task(a_day(home))
        to = tmp_path / "copy.db"
        upto = await asyncio.to_thread(backup.copy, home.ledger, to)
        await writing
        await home.quiet()
        assert to.stat().st_mode & 0o777 == 0o600
        assert not to.with_name("copy.db.part").exists()
        assert seqs(to) == [seq for seq in seqs(home.ledger) if seq <= upto]
        assert verify(to).shown == []


async def test_the_command_says_what_the_copy_holds(tmp_path: Path) -> None:
    """And puts none in the place of another."""
    async with rig(tmp_path) as home:
        home.broker.say(PENDANT, PRESS)
        await home.quiet()
        to = tmp_path / "copy.db"
        said, _ = await asyncio.to_thread(finished, "backup", home.folder, to)
        assert str(to) in said
        before = to.read_bytes()
        assert "is there already" in await asyncio.to_thread(refused, "backup", home.folder, to)
        assert to.read_bytes() == before


async def test_where_nothing_can_be_written_nothing_is_left(tmp_path: Path) -> None:
    """The sentence names the file."""
    async with rig(tmp_path) as home:
        to = tmp_path / "no such folder" / "copy.db"
        with pytest.raises(backup.BackupRefused, match="no such folder"):
            backup.copy(home.ledger, to)


def test_what_is_no_ledger_is_not_copied(tmp_path: Path) -> None:
    """Bytes that are no database make no backup."""
    ledger, to = tmp_path / "ledger.db", tmp_path / "copy.db"
    ledger.write_bytes(b"this was a ledger once" * 1_000)
    with pytest.raises(LedgerUnreadable, match="cannot be copied"):
        backup.copy(ledger, to)
    assert not to.exists()

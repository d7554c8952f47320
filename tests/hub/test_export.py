"""What is kept of a resident is handed over whole: what was heard, imported, decided and told, and of nobody else."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import orjson
import pytest

from hub.called import NotOneResident
from hub.commands.importing import take_in
from hub.config.staying import leave, move
from hub.errors import LedgerUnreadable
from hub.exporting import export
from hub.stays import Line
from tests.hub.core_parts import DOOR, PENDANT, PRESS, Rig, rig
from tests.hub.program import finished
from tests.parts import until

OTHER_DOOR = DOOR.replace("001", "002")


def of(ledger: Path, resident: str, what: str) -> list[Line]:
    """The lines of one sort."""
    return [line for line in export(ledger, resident) if line["what"] == what]


async def reloaded(home: Rig) -> None:
    """The changed files are accepted."""
    (before,) = home.rows("SELECT count(*) FROM configurations")
    home.hub.reload()
    await until(lambda: home.rows("SELECT count(*) FROM configurations") > [before])


async def lived(home: Rig) -> None:
    """A press, two doors, and a night of each bed imported from elsewhere."""
    home.broker.say(PENDANT, PRESS)
    home.broker.say(DOOR, b'{"contact":false}')
    home.broker.say(OTHER_DOOR, b'{"contact":false}')
    await home.quiet()
    file = home.folder / "night.csv"
    file.write_text(
        "ts,device,kind,value\n"
        "2011-03-02T22:00:00Z,room-001-bed,bed,occupied\n"
        "2011-03-02T22:00:00Z,room-002-bed,bed,occupied\n"
    )
    assert await asyncio.to_thread(take_in, home.folder, file) == 0


async def test_everything_of_one_resident_and_nothing_of_another(tmp_path: Path) -> None:
    """While the hub runs, by the name she goes by."""
    async with rig(tmp_path) as home:
        await lived(home)
        out, err = await asyncio.to_thread(finished, "export", home.folder, "--resident", "resident 001")
        assert err == ""
        lines = [orjson.loads(line) for line in out.splitlines()]
        assert {"about", "plan", "event", "imported", "alert", "run", "log"} <= {row["what"] for row in lines}
        assert lines[0]["resident"] == "resident-001"
        assert any("shared" in one for one in lines[0]["left_out"])
        (imported,) = [row for row in lines if row["what"] == "imported"]
        assert (imported["at"], imported["device"], imported["value"]) == (
            "2011-03-02T22:00:00.000Z",
            "room-001-bed",
            "occupied",
        )
        assert {(row["device"], row["kind"]) for row in lines if row["what"] == "event"} >= {
            ("room-001-pendant", "emergency"),
            ("room-001-door", "contact"),
        }
        (alert,) = [row for row in lines if row["what"] == "alert"]
        assert alert["reason"] == "Resident 001 pressed for help"
        assert "002" not in out


async def test_what_the_room_said_before_and_after_she_lived_there_is_not_hers(tmp_path: Path) -> None:
    """She moves: from then on another room is hers, and what the old one says is the next one's."""
    async with rig(tmp_path, rooms=3) as home:
        leave(home.folder, "resident-003")
        await reloaded(home)
        home.broker.say(DOOR, b'{"contact":false}')
        await home.quiet()
        plan = home.folder / "residents/resident-001.yaml"
        plan.write_text(plan.read_text().partition("rules:")[0])
        move(home.folder, "resident-001", room="003")
        await reloaded(home)
        home.broker.say(DOOR, b'{"contact":true}')
        home.broker.say(DOOR.replace("001", "003"), b'{"contact":false}')
        await home.quiet()
        said = [
            (row["device"], row["value"])
            for row in of(home.ledger, "resident-001", "event")
            if row["kind"] == "contact"
        ]
        assert said == [("room-001-door", "open"), ("room-003-door", "open")]
        assert len(of(home.ledger, "resident-001", "plan")) == 2
        home.forward(7200)
        for room in ("001", "003"):
            home.broker.say(DOOR.replace("001", room), b'{"contact":true}')
        await home.quiet()
        assert {row["device"] for row in of(home.ledger, "resident-001", "hour")} == {"room-003-door"}
        file = home.folder / "later.csv"
        rows = [f"2011-03-02T22:00:00Z,room-{room}-bed,bed,occupied\n" for room in ("001", "003")]
        file.write_text("ts,device,kind,value\n" + "".join(rows))
        assert await asyncio.to_thread(take_in, home.folder, file) == 0
        assert [row["device"] for row in of(home.ledger, "resident-001", "imported")] == ["room-003-bed"]


async def test_in_a_shared_room_only_what_is_tied_to_her_is_hers(tmp_path: Path) -> None:
    """Her pendant is; the door of both is named as left out."""
    async with rig(tmp_path) as home:
        await lived(home)
        plan = home.folder / "residents/resident-002.yaml"
        plan.write_text(plan.read_text().partition("rules:")[0])
        move(home.folder, "resident-002", room="001")
        await reloaded(home)
        home.broker.say(DOOR, b'{"contact":true}')
        home.broker.say(PENDANT.replace("001", "002"), PRESS)
        await home.quiet()
        hers = of(home.ledger, "resident-002", "event")
        assert Counter(row["kind"] for row in hers)["emergency"] == 1
        assert all(row["value"] != "closed" for row in of(home.ledger, "resident-001", "event"))
        assert "room-001-door" not in {row["device"] for row in hers}


def test_nobody_and_no_ledger_are_one_sentence(tmp_path: Path) -> None:
    """Before the hub has run; and of a name that nobody ever had."""
    with pytest.raises(LedgerUnreadable, match="there is no ledger"):
        list(export(tmp_path / "ledger.db", "margaret"))


async def test_a_name_nobody_had_is_refused(tmp_path: Path) -> None:
    """With the names there are."""
    async with rig(tmp_path) as home:
        with pytest.raises(NotOneResident, match='nobody called "margret" lives here; expected one of resident-001'):
            list(export(home.ledger, "margret"))

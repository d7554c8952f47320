"""`handrail forget`: nothing of somebody who left is on the disk any more, and everybody else's record is whole."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from hub.called import NotOneResident
from hub.commands.importing import take_in
from hub.config.new import write_new
from hub.config.read import read_home
from hub.config.staying import leave
from hub.exporting import export
from hub.forgetting.anew import Tell, erase, nobody
from hub.forgetting.refusing import refusal
from hub.forgetting.traces import NotForgotten, Traces
from hub.ledger.read import Reader
from hub.verify import verify
from tests.hub.core_parts import DOOR, PRESS, SLUG, Rig
from tests.hub.program import finished, refused
from tests.hub.test_commands_residents import at_a_terminal
from tests.hub.test_export import reloaded
from tests.parts import until

HERS = "zigbee2mqtt/margaret-pendant"
ADAS = "zigbee2mqtt/room-002-pendant"
WHO = ("--resident", "margaret")
BY = ("--by", "manager-1")
EMERGENCIES = "SELECT count(*) FROM alerts WHERE level = 'emergency'"
WORDS = (b"argaret", b"grandchildren", b"noise of the corridor at four")
PLAN = """\
resident: margaret
known_as: Margaret
room: "001"
goals: ["To hear my grandchildren on the phone"]
rules:
  - rule: left-open
    why: Margaret minds the noise of the corridor at four.
    door: room-001-door
    held_for: 10 min
    help:
      - say: Your grandchildren ring at four, {known_as}.
    otherwise: {level: check, say: "Margaret's door has been open for {for}."}
"""


def written(folder: Path) -> None:
    """A home of three rooms; in the first lives Margaret, with a pendant that is called after her."""
    write_new(folder, rooms=3, slug=SLUG, timezone="UTC")
    (folder / "residents/resident-001.yaml").unlink()
    (folder / "residents/margaret.yaml").write_text(PLAN, encoding="utf-8")
    devices = (folder / "devices.yaml").read_text(encoding="utf-8")
    devices = devices.replace("resident-001", "margaret").replace("room-001-pendant", "margaret-pendant")
    (folder / "devices.yaml").write_text(devices, encoding="utf-8")


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    """A hub of that home, which has lived there, and was stopped. Tests go on with copies of it."""
    folder = tmp_path_factory.mktemp("elm") / "home"

    async def live() -> Rig:
        written(folder)
        made = Rig(folder)
        await made.start()
        await lived(made)
        await made.stop()
        return made

    return asyncio.run(live())


@pytest.fixture
async def elm(past: Rig, tmp_path: Path) -> AsyncIterator[Rig]:
    """The same home, with that past; its hub does not run."""
    shutil.copytree(past.folder, tmp_path / "home")
    made = Rig(tmp_path / "home")
    made.clock = past.clock
    yield made
    if hasattr(made, "_running") and not made._running.done():
        await made.stop()


async def lived(home: Rig) -> None:
    """Both press and are helped; her door stays open; an import; something unreadable; a line that names both."""
    for pendant, name in ((HERS, "margaret"), (ADAS, "ada")):
        home.broker.say(pendant, PRESS)
        await home.quiet()
        await until(lambda: home.rows("SELECT key FROM alerts WHERE state <> 'closed'"))
        ((alert,),) = home.rows("SELECT key FROM alerts WHERE state <> 'closed'")
        for do in ("claim", "attend", "close"):
            said = {"reason": f"{name} was asleep"} if do == "attend" else {"ending": "helped"} if do == "close" else {}
            answer = await home.ask(id=f"{do}-{name}", do=do, by="carer-1", alert=alert, **said)
            assert answer["ok"], answer
    home.broker.say(DOOR, b'{"contact":false}')
    home.broker.say(DOOR.replace("001", "002"), b'{"contact":false}')
    home.broker.say("zigbee2mqtt/room-001-motion", b"{")
    await home.quiet()
    home.forward(660)
    await until(lambda: home.rows("SELECT 1 FROM log WHERE step = 'helping' AND resident = 'margaret'"))
    home.broker.say(DOOR, b'{"contact":true}')
    home.broker.say(DOOR.replace("001", "002"), b'{"contact":true}')
    await until(lambda: not home.rows("SELECT 1 FROM episodes WHERE state = 'helping'"))
    for (alert,) in home.rows("SELECT key FROM alerts WHERE state <> 'closed'"):
        await home.ask(id=f"c{alert}", do="close", by="carer-1", alert=alert, ending="helped", reason="looked in")
    away = {"resident": "resident-002", "reason": "tea with Margaret, 12 May", "until": 3600, "reviewed_by": "carer-1"}
    assert (await home.ask(id="a1", do="away", by="carer-1", **away))["ok"]
    assert (await home.ask(id="b1", do="back", by="carer-1", resident="resident-002"))["ok"]
    file = home.folder.parent / "night.csv"
    beds = [f"2011-03-02T22:00:00Z,room-{room}-bed,bed,occupied\n" for room in ("001", "002")]
    file.write_text("ts,device,kind,value\n" + "".join(beds))
    assert await asyncio.to_thread(take_in, home.folder, file) == 0
    await home.quiet()


async def left(home: Rig) -> None:
    """She has left, her pendant is put away, the hub has read it; then the hub stops."""
    await home.start()
    leave(home.folder, "margaret")
    devices = (home.folder / "devices.yaml").read_text(encoding="utf-8")
    kept = [line for line in devices.splitlines(keepends=True) if "margaret" not in line]
    (home.folder / "devices.yaml").write_text("".join(kept), encoding="utf-8")
    await reloaded(home)
    await home.quiet()
    await home.stop()
    for former in (home.folder / "residents/former").iterdir():
        former.unlink()


def on_disk(folder: Path) -> dict[str, bytes]:
    """Every file of the data folder."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def of(ledger: Path, resident: str) -> bytes:
    """What an export of somebody says."""
    return b"\n".join(orjson.dumps(line) for line in export(ledger, resident))


def nothing(store: sqlite3.Connection, traces: Traces) -> None:
    """Nothing stands against it."""


def erased(home: Rig, before: Callable[[sqlite3.Connection, Traces], None], tell: Tell = nobody) -> None:
    """The same without a terminal."""
    erase(home.ledger, "margaret", by="manager-1", wall_ms=home.clock.wall_ms(), before=before, tell=tell)


async def forgotten(home: Rig) -> str:
    """She is forgotten, as somebody at a terminal does it; what it said."""
    out, err = await asyncio.to_thread(finished, "forget", home.folder, *WHO, *BY, "--yes")
    assert err == ""
    return out


async def test_nothing_of_her_is_on_the_disk_and_the_others_are_whole(elm: Rig) -> None:
    """No file of the data folder has her name, her pendant's or a word of her plan; another's export is the same, byte
    for byte; `verify` agrees and says from where; who went to her is still there."""
    await left(elm)
    before = of(elm.ledger, "resident-002")
    assert any(b"argaret" in data for data in on_disk(elm.ledger.parent).values())
    out = await forgotten(elm)
    for name, data in on_disk(elm.ledger.parent).items():
        assert [word for word in WORDS if word in data] == [], name
    after = of(elm.ledger, "resident-002")
    assert before.replace(b"Margaret", b"a former resident") == after
    assert b"tea with a former resident, 12 May" in after
    assert "imported events" in out
    assert "kept: steps of staff" in out
    assert "backups of the ledger" in out
    said, _ = await asyncio.to_thread(finished, "verify", elm.folder)
    assert "began with the snapshot of" in said
    assert "the outcome is the same" in said
    steps = [step for (step,) in elm.rows("SELECT step FROM log WHERE body ->> 'reason' = 'about a former resident'")]
    assert {"claimed", "attended", "closed"} <= set(steps)
    ((line,),) = elm.rows("SELECT body FROM log WHERE step = 'forgotten'")
    assert orjson.loads(str(line))["by"] == "manager-1"
    assert elm.rows("SELECT count(*) FROM events WHERE device = ?", DOOR.replace("001", "002")) == [(2,)]
    assert elm.rows("SELECT count(*) FROM events WHERE device IN (?, ?)", DOOR, HERS) == [(0,)]
    assert "nobody called" in await asyncio.to_thread(refused, "export", elm.folder, *WHO)


async def test_the_house_goes_on_as_before(elm: Rig) -> None:
    """What was pressed while the hub was stopped is told once; a board that was open meanwhile reads on; week and
    replay work; `verify` folds what came since; the line that says so is published."""
    today = datetime.fromtimestamp(elm.clock.wall_ms() / 1000, UTC).date().isoformat()
    await left(elm)
    before = elm.rows(EMERGENCIES)[0][0]
    board = Reader(elm.ledger)
    assert board.last_seq() > 0
    await forgotten(elm)
    assert [alert.reason for alert in board.closed_since(0)].count("about a former resident") == 2
    elm.broker.say(ADAS, PRESS)
    await elm.start()
    await until(lambda: elm.broker.log("forgotten"))
    await elm.quiet()
    assert elm.rows(EMERGENCIES) == [(int(str(before)) + 1,)]
    waits = [(alert.resident, alert.presses) for alert in board.open_alerts() if alert.level == "emergency"]
    assert waits == [("resident-002", 1)]
    board.close()
    elm.forward(3_600)
    await elm.quiet()
    for words in (("week", "--resident", "resident-002"), ("replay", "--no-planted", "--from", today)):
        out, _ = await asyncio.to_thread(finished, words[0], elm.folder, *words[1:])
        assert "argaret" not in out
    await elm.stop()
    verdict = verify(elm.ledger)
    assert (verdict.shown, verdict.inputs > 5) == ([], True)
    assert not any(b"argaret" in data for data in on_disk(elm.ledger.parent).values())


async def test_it_shows_first_and_touches_nothing(elm: Rig) -> None:
    """Without --yes a table of what would go, also while the hub runs; the home's files that name her are listed."""
    await elm.start()
    before = elm.rows("SELECT count(*) FROM events")
    out, _ = await asyncio.to_thread(finished, "forget", elm.folder, *WHO, code=1)
    assert "margaret (Margaret), last in 001: what would be erased" in out
    assert "it cannot be done: margaret lives here by the home's files" in out
    assert f"{elm.folder.absolute()}/residents/margaret.yaml:1 names them" in out
    assert elm.rows("SELECT count(*) FROM events") == before


async def test_it_is_refused_while_she_is_here_or_something_of_hers_is_open(elm: Rig) -> None:
    """By the files, by what the hub accepted last, by a device that is called after her, by an open alert, without
    somebody of staff."""

    def said(by: str = "manager-1") -> str:
        with pytest.raises(NotForgotten) as why:
            erased(elm, refusal(elm.folder, read_home(elm.folder).home, by))
        return str(why.value)

    await elm.start()
    elm.broker.say(HERS, PRESS)
    await elm.quiet()
    ((alert,),) = elm.rows("SELECT key FROM alerts WHERE state <> 'closed' AND level = 'emergency'")
    await elm.stop()
    assert "lives here by the home's files" in said()
    leave(elm.folder, "margaret")
    assert "lives here by what the hub accepted last" in said()
    await elm.start()
    await elm.quiet()
    await elm.stop()
    assert 'devices.yaml has a device called "margaret-pendant"' in said()
    devices = (elm.folder / "devices.yaml").read_text(encoding="utf-8").replace("margaret-pendant", "old-pendant")
    (elm.folder / "devices.yaml").write_text(devices, encoding="utf-8")
    await elm.start()
    await elm.quiet()
    await elm.stop()
    assert f"alert {alert} of theirs is open" in said()
    await elm.start()
    await elm.ask(id="z", do="close", by="carer-1", alert=alert, ending="helped", reason="no tag here")
    await elm.quiet()
    await elm.stop()
    assert "say who erases, for the record: --by and one of carer-1" in said("somebody")
    erased(elm, refusal(elm.folder, read_home(elm.folder).home, "manager-1"))
    with pytest.raises(NotOneResident):
        erased(elm, nothing)


async def test_a_hub_that_runs_is_left_alone(elm: Rig) -> None:
    """It is refused in one line, and a press is heard as ever."""
    await left(elm)
    await elm.start()
    assert "another hub" in await asyncio.to_thread(refused, "forget", elm.folder, *WHO, *BY, "--yes")
    elm.broker.say(ADAS, PRESS)
    await until(lambda: elm.rows("SELECT 1 FROM alerts WHERE state <> 'closed'"))


@pytest.mark.parametrize("stage", ["events", "log", "snapshots", "written", "alone", "renamed"])
async def test_killed_in_the_middle_it_is_done_again(elm: Rig, stage: str) -> None:
    """Kill -9 while the ledger is written anew, before and after it takes its place: it is whole, the one or the other,
    and the next attempt has the same end."""
    await left(elm)
    before = of(elm.ledger, "resident-002")
    child = os.fork()
    if not child:
        erased(elm, nothing, lambda now, done, whole: os.kill(os.getpid(), signal.SIGKILL) if now == stage else None)
        os._exit(1)
    _, status = await asyncio.to_thread(os.waitpid, child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    assert verify(elm.ledger).shown == []
    if stage != "renamed":
        assert of(elm.ledger, "resident-002") == before
        erased(elm, nothing)
    assert verify(elm.ledger).shown == []
    assert of(elm.ledger, "resident-002") == before.replace(b"Margaret", b"a former resident")
    assert not any(b"argaret" in data for data in on_disk(elm.ledger.parent).values())
    assert list(elm.ledger.parent.glob("*.anew")) == []


async def test_at_a_terminal_the_name_is_typed(elm: Rig) -> None:
    """Another word erases nothing."""
    await left(elm)
    code, out = await asyncio.to_thread(at_a_terminal, b"margret\n", "forget", elm.folder, *WHO, *BY)
    assert (code, "nothing was erased" in out) == (2, True)
    code, out = await asyncio.to_thread(at_a_terminal, b"margaret\n", "forget", elm.folder, *WHO, *BY)
    assert (code, "erased\n" in out) == (0, True)
    assert elm.rows("SELECT count(*) FROM people WHERE key = 'margaret'") == [(0,)]

"""A home's files after a power cut, a bad save, or a disk that lost some of them: the hub goes on with what was right.

What is said of each: the hub starts, a press is told by name as before, and people hear once what is wrong (promise 7).
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from hub.config.settings import DATA_NOTE
from tests.faulted import assert_told
from tests.hub.core_parts import PENDANT, PRESS, Rig, rig
from tests.hub.fake_broker import Json
from tests.parts import until


def technical(home: Rig) -> list[Json]:
    """What people were told about the files and what has not ended."""
    query = "SELECT body FROM alerts WHERE body ->> 'cause' = 'hub:configuration' AND state <> 'closed'"
    return [orjson.loads(str(body)) for (body,) in home.rows(query)]


async def is_told_by_name(home: Rig) -> None:
    """A press of the first pendant is Resident 001's, in room 001."""
    home.broker.say(PENDANT, PRESS)
    query = "SELECT body ->> 'resident', body ->> 'room' FROM alerts WHERE level = 'emergency'"
    await until(lambda: home.rows(query) == [("resident-001", "001")])


ENDS_IN = {
    "home.yaml": b"kind: bedroom",
    "devices.yaml": b"for: light",
    "resident-001.yaml": b"brightness_pct: 30}\n    o",
}


def emptied(*names: str) -> Callable[[Path], None]:
    """A power cut leaves files of no length."""

    def do(folder: Path) -> None:
        for name in names:
            (folder / name).write_bytes(b"")

    return do


def zeroed(name: str) -> Callable[[Path], None]:
    """Or files of the right length that hold nothing but zeros."""

    def do(folder: Path) -> None:
        (folder / name).write_bytes(bytes((folder / name).stat().st_size))

    return do


def halved(name: str) -> Callable[[Path], None]:
    """Or the first part of one."""

    def do(folder: Path) -> None:
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: whole.rindex(ENDS_IN[name.rpartition("/")[2]])])

    return do


def lost(*names: str) -> Callable[[Path], None]:
    """Or none."""

    def do(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return do


def no_residents(folder: Path) -> None:
    """A folder that was not written back."""
    shutil.rmtree(folder / "residents")


def comments_alone(folder: Path) -> None:
    """A file that was cut off behind its head."""
    (folder / "devices.yaml").write_text("# Which device is whose\n")


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (lost("home.yaml"), "home.yaml: does not exist"),
        (emptied("home.yaml"), "home.yaml: is empty"),
        (halved("home.yaml"), "home.yaml"),
        (emptied("devices.yaml"), "devices.yaml: is empty"),
        (zeroed("devices.yaml"), "devices.yaml: is empty"),
        (halved("devices.yaml"), "devices.yaml"),
        (comments_alone, "devices.yaml"),
        (zeroed("staff.yaml"), "staff.yaml: is empty"),
        (emptied("home.yaml", "devices.yaml", "staff.yaml"), "home.yaml: is empty"),
        (no_residents, "devices.yaml"),
        (lost("residents/resident-001.yaml"), "devices.yaml"),
    ],
    ids=[
        *("home-lost", "home-empty", "home-half", "devices-empty", "devices-zeros", "devices-half", "devices-head"),
        *("staff-zeros", "all-empty", "residents-lost", "plan-lost"),
    ],
)
async def test_files_harmed_while_the_hub_was_down_stop_no_start(
    tmp_path: Path, harm: Callable[[Path], None], named: str
) -> None:
    """The configuration accepted last goes on; it is told once, with the file, and over when the files are back."""
    async with rig(tmp_path) as home:
        whole = tmp_path / "whole"
        shutil.copytree(home.folder, whole, ignore=shutil.ignore_patterns("data"))
        await home.kill()
        harm(home.folder)
        await home.start()
        await until(lambda: technical(home))
        (told,) = technical(home)
        assert named in assert_told(told, "configuration")
        await is_told_by_name(home)
        shutil.copytree(whole, home.folder, dirs_exist_ok=True)
        home.hub.reload()
        await until(lambda: technical(home) == [])


@pytest.mark.parametrize("harm", [emptied, zeroed, halved], ids=["empty", "zeros", "half"])
async def test_a_plan_alone_that_was_harmed_leaves_its_resident_as_they_were(
    tmp_path: Path, harm: Callable[[str], Callable[[Path], None]]
) -> None:
    """Name, room and rules of the plan accepted last; everybody else's changes hold."""
    async with rig(tmp_path) as home:
        plan = home.folder / "residents/resident-001.yaml"
        plan.write_text(plan.read_text().replace("known_as: Resident 001", "known_as: Ada"))
        home.hub.reload()
        await until(lambda: home.rows("SELECT count(*) FROM configurations") == [(2,)])
        await home.kill()
        harm("residents/resident-001.yaml")(home.folder)
        other = home.folder / "residents/resident-002.yaml"
        other.write_text(other.read_text().replace("known_as: Resident 002", "known_as: Ben"))
        await home.start()
        await until(lambda: technical(home))
        setting = home.hub.parts.steps.state.setting
        assert setting is not None
        first, second = setting.home.residents
        assert (first.known_as, first.room, second.known_as) == ("Ada", "001", "Ben")
        assert [rule.rule for rule in first.rules] == ["left-open"]
        await is_told_by_name(home)


async def test_a_good_change_made_while_the_hub_was_down_holds_from_its_start(tmp_path: Path) -> None:
    """And an alert that was open goes on, under the new name of its zone and the new ladder."""
    async with rig(tmp_path) as home:
        await is_told_by_name(home)
        await home.kill()
        path = home.folder / "home.yaml"
        text = path.read_text().replace("zone: ground", "zone: house")
        path.write_text(f"{text}\n{LADDER}")
        await home.start()
        query = "SELECT body ->> 'zone', body ->> 'state' FROM alerts WHERE level = 'emergency'"
        await until(lambda: home.rows(query) == [("house", "told")])
        assert technical(home) == []
        climbed = "SELECT count(*) FROM log WHERE step = 'climbed'"
        assert home.rows(climbed) == [(0,)]
        home.forward(301)
        await until(lambda: home.rows(climbed) == [(1,)])


LADDER = """
ladders:
  emergency:
    rungs:
      - {after: 0 s, tell: [zone]}
      - {after: 300 s, tell: [shift, manager]}
    repeat: 1 min
    attend_within: 2 min
"""


async def test_the_ledger_elsewhere_is_found_where_home_yaml_is_lost(tmp_path: Path) -> None:
    """The folder keeps a note of it, and keeps none where the ledger is in its usual place."""
    async with rig(tmp_path) as home:
        assert not (home.folder / DATA_NOTE).exists()
        await home.stop()
        path = home.folder / "home.yaml"
        path.write_text(f"{path.read_text()}\ndata: {tmp_path / 'elsewhere'}\n")
        home.ledger = tmp_path / "elsewhere/ledger.db"
        await home.start()
        await home.stop()
        path.unlink()
        await home.start()
        await until(lambda: technical(home))
        await is_told_by_name(home)


async def test_a_file_that_is_written_slowly_frightens_nobody(tmp_path: Path) -> None:
    """In pieces, with pauses, and in two files that belong together: read once it rests, and never refused."""
    async with rig(tmp_path) as home:
        home.hub.parts.reload.rest_s = 0.3
        devices, plan = home.folder / "devices.yaml", home.folder / "residents/resident-003.yaml"
        text = devices.read_text()
        more = "  - {device: third-pendant, address: zigbee2mqtt/third, for: emergency, person: resident-003}\n"
        for end in (len(text) // 3, len(text) // 2, len(text)):
            devices.write_text(text[:end])
            await asyncio.sleep(0.2)
        devices.write_text(text.replace("# More of them", f"{more}# More of them"))
        await asyncio.sleep(0.6)  # read by now, and refused: nobody is called resident-003
        plan.write_text("resident: resident-003\nknown_as: Cl")
        await asyncio.sleep(0.6)  # and now the plan alone is refused: it says no room
        plan.write_text('resident: resident-003\nknown_as: Cleo\nroom: "002"\n')
        await until(lambda: home.rows("SELECT count(*) FROM configurations") == [(2,)], 15)
        assert home.broker.log("plan_refused") == []
        assert technical(home) == []
        home.broker.say("zigbee2mqtt/third", PRESS)
        query = "SELECT body ->> 'resident' FROM alerts WHERE level = 'emergency'"
        await until(lambda: home.rows(query) == [("resident-003",)])


async def test_files_that_vanish_and_come_back_are_noticed_without_a_notice(tmp_path: Path) -> None:
    """As on a share that gives none, or in a folder that was replaced: they are looked at from time to time."""
    async with rig(tmp_path) as home:
        reload = home.hub.parts.reload
        reload.rest_s = reload.look_s = 0.05
        away = home.folder.with_name("away")
        away.mkdir()
        for name in ("home.yaml", "devices.yaml", "staff.yaml", "residents"):
            (home.folder / name).rename(away / name)
        await until(lambda: technical(home), 10)
        await is_told_by_name(home)
        for name in ("home.yaml", "devices.yaml", "staff.yaml", "residents"):
            (away / name).rename(home.folder / name)
        await until(lambda: technical(home) == [], 10)

"""`handrail explain`, `week` and `schema`: plans for people, forms for editors."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson

from hub.config.schema import NAMES
from tests.hub.core_parts import DOOR, PENDANT, PRESS, rig
from tests.hub.program import finished, refused


def new_home(folder: Path) -> Path:
    """A home of two rooms."""
    finished("new", folder / "home", "--rooms", "2")
    return folder / "home"


def test_a_plan_is_explained_as_it_stands_in_its_file(tmp_path: Path) -> None:
    """By the name of the file, or by what the resident is called; the hub need not have run."""
    home = new_home(tmp_path)
    page, err = finished("explain", home, "--resident", "resident-001")
    assert (page.splitlines()[0], err) == ("The plan of Resident 001", "")
    assert "1. Left open. An open door at night" in page
    assert finished("explain", home, "--resident", "Resident 001")[0] == page
    assert 'nobody called "resident-01" lives here; expected' in refused("explain", home, "--resident", "resident-01")
    assert 'did you mean "Resident 001"?' in refused("explain", home, "--resident", "residint 001")


def test_a_week_is_printed_before_the_hub_has_ever_run(tmp_path: Path) -> None:
    """And for any week that is asked for."""
    home = new_home(tmp_path)
    page, _ = finished("week", home, "--resident", "resident-002", "--from", "2026-11-25")
    assert page.splitlines()[0] == "My week: Resident 002, 23 November to 29 November"
    assert "The hub has not run yet" in page
    assert "expected a date" in refused("week", home, "--resident", "resident-002", "--from", "monday")


def test_nobody_is_invited_before_the_hub_has_ever_run(tmp_path: Path) -> None:
    """The list is there all the same."""
    page, _ = finished("invited", new_home(tmp_path))
    assert page == "nothing takes place today that a plan invites to\n"


async def test_the_review_knows_how_help_went_and_a_refused_plan_is_that_of_before(tmp_path: Path) -> None:
    """A door that was closed again is once settled by help; a typing error in the plan takes nothing from the page."""
    async with rig(tmp_path) as home:
        home.broker.say(DOOR, b'{"contact":false}')
        await home.quiet()
        home.broker.say(DOOR, b'{"contact":true}')
        await home.quiet()
        page, _ = await asyncio.to_thread(finished, "week", home.folder, "--resident", "resident-001")
        assert "left-open: once settled by help, never told to staff." in page
        assert (await asyncio.to_thread(finished, "week", home.folder, "--resident", "resident 001"))[0] == page
        assert "Nothing was told to staff." in page
        home.broker.say(PENDANT, PRESS)
        await home.quiet()
        await home.ask(id="q1", do="attend", by="carer-1", alert="a00001")
        page, _ = await asyncio.to_thread(finished, "week", home.folder, "--resident", "resident-001")
        assert "Emergencies: 1, waited " in page
        assert "Own calls in the week" in page
        plan = home.folder / "residents/resident-001.yaml"
        plan.write_text(plan.read_text().replace("held_for: 10 min", "held_for: 10"))
        page, err = await asyncio.to_thread(finished, "explain", home.folder, "--resident", "resident 001")
        assert "Left open" in page
        assert "held_for cannot be" in err
        assert len(err.splitlines()) == 1


def test_the_schemas_are_printed_or_written_into_a_home_anew(tmp_path: Path) -> None:
    """After an update a home gets the new ones with one word."""
    made = orjson.loads(finished("schema")[0])
    assert list(made) == list(NAMES)
    home = new_home(tmp_path)
    for path in (home / "schemas").iterdir():
        path.write_text("{}")
    finished("schema", home)
    assert {path.name: orjson.loads(path.read_bytes()) for path in (home / "schemas").iterdir()} == {
        NAMES[file]: schema for file, schema in made.items()
    }
    assert "there is no folder" in refused("schema", tmp_path / "nowhere")

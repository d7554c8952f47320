"""`handrail check`, the watching of files, the schemas and the documentation of every setting."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import orjson
import pytest
from pydantic import BaseModel

import hub.config
from hub.config.check import ASSUMPTIONS, NO_WATCHER, check_home
from hub.config.files import FILES, settings_of
from hub.config.schema import schemas
from hub.config.watch import changes
from tests.hub.config_home import HOME, STAFF, replaced, write_home


def checked(folder: Path, *, as_json: bool = False) -> tuple[int, str]:
    """The exit code, and all that was printed."""
    out = io.StringIO()
    return check_home(folder, as_json=as_json, out=out), out.getvalue()


def test_a_right_home_is_said_to_be_accepted_and_on_what_it_rests(tmp_path: Path) -> None:
    """One line with what is in it, and the assumptions."""
    code, printed = checked(write_home(tmp_path))
    first, *rest = printed.splitlines()
    assert code == 0
    assert first == ("sunny-court: 3 places, 2 residents, 3 staff, 6 devices, 1 alarm, 2 rules: accepted")
    rests = [*(f"  rests on: {assumption}" for assumption in ASSUMPTIONS), f"  rests on: {NO_WATCHER} (warning)"]
    assert rest[-len(rests) :] == rests


def test_a_home_with_a_watcher_does_not_rest_on_the_hub_alone(tmp_path: Path) -> None:
    """Nobody but the boards being told by it is said; a sounder that cannot sound and half a channel are refused."""
    home = write_home(tmp_path, {"home.yaml": HOME + "watcher: {sounders: [stairs-siren]}\n"})
    code, printed = checked(home)
    assert (code, NO_WATCHER in printed) == (0, False)
    assert "neither the watcher nor anybody in staff.yaml has a channel" in printed
    wrong = "watcher:\n  sounders: [room-001-door]\n  channels: [{deadline: 5 s}]\n"
    code, printed = checked(write_home(tmp_path, {"home.yaml": HOME + wrong}))
    assert code == 1
    assert printed.splitlines()[:2] == [
        'home.yaml:18: "room-001-door" is for door and cannot sound; expected stairs-siren',
        "home.yaml:19: this is not one channel; expected url_file, or url where nothing in it is secret",
    ]


def test_a_refused_home_is_a_line_for_each_problem(tmp_path: Path) -> None:
    """Exit code 1, and nothing is said to be accepted."""
    code, printed = checked(write_home(tmp_path, replaced("staff.yaml", "zones: [first]", "zones: [frist, grond]")))
    assert code == 1
    assert printed.splitlines() == [
        'staff.yaml:8: unknown zone "frist"; expected one of ground, first; did you mean "first"?',
        'staff.yaml:8: unknown zone "grond"; expected one of ground, first; did you mean "ground"?',
        "refused: 2 problems",
    ]


def test_a_refused_plan_is_an_error_of_its_own(tmp_path: Path) -> None:
    """The home is accepted without it, and the exit code still says that something is wrong."""
    agreed = "    delay_agreed: {risk: walks steadily, by: J. Shah, on: 2026-10-02}\n"
    changed = replaced("residents/margaret.yaml", agreed, "")
    changed |= {"residents/arthur.yaml": 'resident: arthur\nknown_as: Arthur\nroom: "02"\n'}
    code, printed = checked(write_home(tmp_path, changed))
    assert code == 1
    assert printed.splitlines()[:4] == [
        'residents/arthur.yaml:3: unknown place "02"; expected one of 001, 002, lounge; did you mean "002"?',
        "residents/margaret.yaml:18: waits 900 s that nobody has agreed to:"
        " they are 0 until delay_agreed names risk, by and on (warning)",
        "sunny-court: 3 places, 2 residents, 3 staff, 6 devices, 1 alarm, 2 rules:"
        " accepted, but for 1 plan (1 problem, 1 warning)",
        "residents/arthur.yaml is not used: the plan accepted before it stays in force, and pendants are told as ever",
    ]


def test_programs_get_the_same_as_json(tmp_path: Path) -> None:
    """One line, whether it is right or wrong."""
    code, printed = checked(write_home(tmp_path), as_json=True)
    said = orjson.loads(printed)
    assert (code, said["ok"], said["home"], said["problems"]) == (0, True, "sunny-court", [])
    code, printed = checked(
        write_home(tmp_path, replaced("staff.yaml", "zones: [first]", "zones: [frist]")), as_json=True
    )
    said = orjson.loads(printed)
    assert (code, said["ok"], said["home"]) == (1, False, None)
    assert said["problems"] == [
        {
            "file": "staff.yaml",
            "line": 8,
            "what": 'unknown zone "frist"',
            "expected": "one of ground, first",
            "nearest": "first",
        }
    ]


def settings(form: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Every setting of a form and of the forms in it, with its description."""
    for name, field in settings_of(form).items():
        yield name, field.description or ""
        for inner in forms_in(field.annotation):
            yield from settings(inner)


def forms_in(annotation: object) -> Iterator[type[BaseModel]]:
    """The forms that an annotation holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from forms_in(part)


@pytest.mark.parametrize("file", FILES)
def test_every_setting_is_described_and_stands_in_the_readme(file: str) -> None:
    """What can be written is written about, in the schema and for people."""
    readme = (Path(hub.config.__file__).parent / "README.md").read_text(encoding="utf-8")
    for name, description in settings(FILES[file]):
        assert description, f"{name} of {file} has no description"
        assert f"`{name}`" in readme, f"{name} of {file} is not in hub/config/README.md"


def test_the_schemas_are_json_and_know_every_file() -> None:
    """Editors get a schema for each file, with the names that people write and nothing else allowed."""
    made = orjson.loads(orjson.dumps(schemas()))
    assert list(made) == ["home.yaml", "devices.yaml", "staff.yaml", "residents/*.yaml"]
    device = made["devices.yaml"]["$defs"]["DeviceForm"]
    assert set(device["required"]) == {"device", "address", "for"}
    assert device["additionalProperties"] is False


async def noticed(watching: AsyncIterator[tuple[str, ...]]) -> tuple[str, ...]:
    """The next change, or failure."""
    async with asyncio.timeout(10):
        return await anext(watching)


async def test_a_saved_file_is_noticed_and_the_ledger_beside_it_is_not(tmp_path: Path) -> None:
    """Editing staff.yaml is told by name; what the hub itself writes all day wakes nobody."""
    write_home(tmp_path)
    (tmp_path / "data").mkdir()
    stop = asyncio.Event()
    watching = changes(tmp_path, stop, debounce_ms=200, step_ms=20)
    asking = asyncio.ensure_future(noticed(watching))
    # The watch is set up in a thread of its own: what is saved is saved again until it is seen.
    while not asking.done():
        (tmp_path / "data/ledger.db").write_text("rows")
        (tmp_path / "home.yaml~").write_text("an editor's own")
        (tmp_path / "staff.yaml").write_text(STAFF)
        await asyncio.wait([asking], timeout=0.2)
    assert asking.result() == ("staff.yaml",)
    stop.set()
    with pytest.raises(StopAsyncIteration):
        await noticed(watching)


async def test_a_new_resident_is_noticed(tmp_path: Path) -> None:
    """Also where the folder of residents comes into being while the hub runs."""
    write_home(tmp_path)
    for plan in (tmp_path / "residents").iterdir():
        plan.unlink()
    (tmp_path / "residents").rmdir()
    stop = asyncio.Event()
    watching = changes(tmp_path, stop, debounce_ms=200, step_ms=20)
    seen: set[str] = set()
    asking = asyncio.ensure_future(noticed(watching))
    while "residents/margaret.yaml" not in seen:
        (tmp_path / "residents").mkdir(exist_ok=True)
        (tmp_path / "residents/margaret.yaml").write_text("resident: margaret\n")
        await asyncio.wait([asking], timeout=0.2)
        if asking.done():
            seen |= set(asking.result())
            asking = asyncio.ensure_future(noticed(watching))
    stop.set()
    asking.cancel()
    await asyncio.wait([asking])

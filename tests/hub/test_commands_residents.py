"""`handrail arrives`, `moves`, `has-left`, `has-died`: the files of a real folder, with every comment where it was."""

import io
import os
import pty
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from hub.commands.app import app
from hub.config.read import read_home
from hub.errors import HandrailError
from rules.home import Resident
from tests.hub.config_home import FILES, MARGARET, write_home
from tests.hub.program import environment, finished, refused

BED_OF_HERS = {
    "devices.yaml": FILES["devices.yaml"].replace(
        'room-001-bed, for: bed, place: "001"}', 'room-001-bed, for: bed, place: "001", person: margaret}  # her mat'
    )
}


def said(*words: str | Path) -> str:
    """What a command says; in this process, which is quicker than twenty others."""
    out = io.StringIO()
    with redirect_stdout(out):
        assert app([str(word) for word in words], standalone_mode=False) == 0
    return out.getvalue()


def resident(folder: Path, name: str) -> Resident | None:
    """Somebody who lives here, by the files."""
    reading = read_home(folder)
    assert reading.refused_plans == ()
    return next((row for row in reading.home.residents if row.resident == name), None)


def refuses(folder: Path, *words: str) -> str:
    """The one sentence of a refusal, after which every file is as it was."""
    before = files(folder)
    with pytest.raises(HandrailError) as error:
        app([words[0], str(folder), *words[1:]], standalone_mode=False)
    assert files(folder) == before
    return str(error.value)


def files(folder: Path) -> dict[str, str]:
    """Every file with its text."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def shared_name(tmp_path: Path) -> Path:
    """A home in which two are called Margaret."""
    home = write_home(tmp_path / "home")
    assert "somebody else is called Margaret too" in said(
        "arrives", home, "bell", "--room", "002", "--known-as", "Margaret"
    )
    return home


@pytest.mark.parametrize(
    "words",
    [
        ("moves", "{}", "--room", "002"),
        ("has-left", "{}", "--yes"),
        ("has-died", "{}", "--yes"),
        ("explain", "--resident", "{}"),
        ("week", "--resident", "{}"),
        ("replay", "--resident", "{}"),
    ],
    ids=lambda words: words[0],
)
def test_a_name_that_two_are_called_by_is_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Both are named with their rooms and short names; nothing is guessed of somebody's plan."""
    home = shared_name(tmp_path)
    sentence = refuses(home, *(word.format("MARGARET") for word in words))
    assert (
        sentence == '"MARGARET" may mean 2 residents: bell (Margaret, room 002), margaret (Margaret, room 001); '
        "say the short name of one"
    )


def test_somebody_is_called_by_the_name_they_go_by(tmp_path: Path) -> None:
    """Carers know Margaret, not the name of a file; the short name always means the one."""
    home = write_home(tmp_path / "home")
    said("arrives", home, "penrose", "--room", "002", "--known-as", "Mr Penrose")
    assert "Mr Penrose has left" in said("has-left", home, " MR  PENROSE ", "--yes")
    assert refuses(home, "moves", "Margaret", "--room", "001") == "Margaret lives in 001 already"
    assert "The plan of Margaret" in said("explain", home, "--resident", "Margaret")
    said("arrives", home, "bell", "--room", "002", "--known-as", "Margaret")
    assert "Margaret has left" in said("has-left", home, "bell", "--yes")
    assert resident(home, "bell") is None
    assert "Margaret has died" in said("has-died", home, "Margaret", "--yes")
    assert resident(home, "margaret") is None


# -- arrives -------------------------------------------------------------------------------------------------------


def test_somebody_arrives_with_calls_alone(tmp_path: Path) -> None:
    """One file, accepted at once; what comes next can be copied from the screen."""
    home = write_home(tmp_path / "home")
    out = said("arrives", home, "bell", "--room", "002", "--known-as", "Mrs Bell", "--respite-until", "2031-12-05")
    bell = resident(home, "bell")
    assert bell is not None
    assert (bell.known_as, bell.room, bell.rules, dict(bell.senses)) == ("Mrs Bell", "002", (), {})
    assert bell.stays_until == "2031-12-05"
    assert len(bell.since) == len("2026-11-23")
    assert "Mrs Bell lives in 002, with Arthur" in out
    assert "nobody can call from 002 yet (warning)" in out
    assert f"handrail devices {home} place ADDRESS --room 002 --as pendant --person bell" in out
    assert f"handrail has-left {home} bell" in out
    assert [name for name in files(home) if "placing" in name] == []


def test_what_somebody_can_call_with_already_is_named(tmp_path: Path) -> None:
    """A cord of the room is live before any pendant."""
    cord = '  - {device: room-002-cord, address: zigbee2mqtt/cord, for: emergency, place: "002"}\n'
    home = write_home(tmp_path / "home", {"devices.yaml": FILES["devices.yaml"] + cord})
    assert "calls:   room-002-cord" in said("arrives", home, "bell", "--room", "002")
    bell = resident(home, "bell")
    assert bell is not None
    assert bell.known_as == "Bell"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("arrives", "margaret", "--room", "002"), "residents/margaret.yaml is there already"),
        (("arrives", "bell", "--room", "00"), 'unknown place "00"; expected'),
        (("arrives", "Mrs Bell", "--room", "002"), 'try mrs-bell, with --known-as "Mrs Bell"'),
        (("arrives", "bell", "--room", "002", "--respite-until", "soon"), "residents/bell.yaml:8"),
        (("moves", "margret", "--room", "002"), 'did you mean "margaret"?'),
        (("moves", "margaret", "--room", "001"), "Margaret lives in 001 already"),
        (("moves", "margaret", "--room", "003"), 'unknown place "003"'),
        (("has-left", "nobody", "--yes"), 'nobody called "nobody" lives here; expected'),
        (("has-died", "margaret"), "say --yes: there is nobody to ask"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_changes_nothing(
    words: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    """With what is right instead."""
    assert sentence in refuses(write_home(tmp_path / "home"), *words)


def test_a_home_that_is_refused_already_is_not_changed(tmp_path: Path) -> None:
    """Its own problem is said, with file and line."""
    home = write_home(tmp_path / "home", {"staff.yaml": "staff: []\n"})
    assert "staff.yaml" in refused("arrives", home, "bell", "--room", "002")
    assert not (home / "residents/bell.yaml").exists()


# -- moves -----------------------------------------------------------------------------------------------------------


def test_somebody_moves_and_takes_along_what_is_theirs(tmp_path: Path) -> None:
    """Her mat goes, the room's door and light stay; comments and quotes are where they were."""
    plan = MARGARET.replace('room: "001"\n', 'room: "001"  # by the garden\n')
    devices = "# every device\n" + BED_OF_HERS["devices.yaml"]
    places = FILES["home.yaml"] + '  - {place: "003", name: Room 3, kind: bedroom, zone: ground, call_point: bell}\n'
    home = write_home(
        tmp_path / "home", {"residents/margaret.yaml": plan, "devices.yaml": devices, "home.yaml": places}
    )
    out = said("moves", home, "margaret", "--room", "003")
    margaret = resident(home, "margaret")
    assert margaret is not None
    assert margaret.room == "003"
    placed = {row.name: row for row in read_home(home).home.devices}
    assert (placed["room-001-bed"].place, placed["room-001-bed"].person) == ("003", "margaret")
    assert placed["room-001-door"].place == "001"
    assert "along:   room-001-pendant, room-001-bed" in out
    assert "stay:    room-001-door, room-001-light" in out
    assert "the rule left-open uses room-001-door, room-001-light, which stays" in out
    warned = [str(one) for one in read_home(home).warnings]
    assert any('"room-001-door" is in room 001, and Margaret sleeps in 003' in one for one in warned)
    assert 'room: "003"  # by the garden' in (home / "residents/margaret.yaml").read_text()
    text = (home / "devices.yaml").read_text()
    assert "# her mat" in text
    assert text.startswith("# every device\ndevices:\n  - {device: room-001-pendant, ")
    assert text.splitlines()[3] == devices.splitlines()[3], "what is not hers is as it was"


def test_a_move_that_would_break_her_plan_is_refused(tmp_path: Path) -> None:
    """In a room that is shared, nobody's bed may not start a delay: said with file and line."""
    home = write_home(tmp_path / "home")
    sentence = refuses(home, "moves", "margaret", "--room", "002")
    assert "residents/margaret.yaml:" in sentence
    assert "nothing was changed" in sentence


# -- has left, has died --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["has-left", "has-died"])
def test_somebody_has_gone(command: str, tmp_path: Path) -> None:
    """The plan is kept, nobody is named, the pendant is live as the room's; the home is accepted."""
    home = write_home(tmp_path / "home", BED_OF_HERS)
    out = said(command, home, "margaret", "--yes")
    assert resident(home, "margaret") is None
    placed = {row.name: row for row in read_home(home).home.devices}
    assert (placed["room-001-pendant"].person, placed["room-001-pendant"].place) == (None, "001")
    assert (placed["room-001-bed"].person, placed["room-001-bed"].place) == (None, "001")
    assert (home / "residents/former/margaret.yaml").read_text() == MARGARET
    assert "live:    room-001-pendant; what is pressed names 001" in out
    assert "no rule any more" in out
    finished("check", home)


def test_somebody_of_the_same_name_may_come_and_go_later(tmp_path: Path) -> None:
    """Earlier plans are kept beside each other, a plan on trial with its own."""
    home = write_home(tmp_path / "home")
    said("has-left", home, "margaret", "--yes")
    said("arrives", home, "margaret", "--room", "001")
    (home / "residents/margaret.shadow.yaml").write_text("resident: margaret\n")
    said("has-died", home, "margaret", "--yes")
    kept = sorted(path.name for path in (home / "residents/former").iterdir())
    assert kept == ["margaret-2.shadow.yaml", "margaret-2.yaml", "margaret.yaml"]


def at_a_terminal(typed: bytes, *words: str | Path) -> tuple[int, str]:
    """A command whose standard input is a terminal: its exit code and what it said."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, typed)
        command = [sys.executable, "-m", "hub.commands", *map(str, words)]
        done = subprocess.run(command, env=environment(), stdin=theirs, capture_output=True, check=False, timeout=30)
    finally:
        os.close(ours)
        os.close(theirs)
    return done.returncode, (done.stdout + done.stderr).decode()


def test_has_left_asks_once_at_a_terminal(tmp_path: Path) -> None:
    """A no changes nothing."""
    home = write_home(tmp_path / "home")
    before = files(home)
    code, out = at_a_terminal(b"n\n", "has-left", home, "margaret")
    assert (code, files(home)) == (2, before)
    assert "nothing was changed" in out
    code, out = at_a_terminal(b"y\n", "has-left", home, "margaret")
    assert code == 0
    assert "Margaret (margaret, room 001) has left: end the plan" in out
    assert resident(home, "margaret") is None

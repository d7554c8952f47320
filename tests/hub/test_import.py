"""`handrail import`: recorded events into a table of their own, once, whole, or with every line that is wrong."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hub.commands.importing import take_in
from hub.config.read import read_home
from hub.homes import known
from hub.replay.recorded import when
from hub.verify import verify
from tests.hub.config_home import write_home
from tests.hub.program import finished
from tests.hub.test_verify import History

RIGHT = """\
ts,device,kind,value,annotation
2026-03-02T22:00:00Z,room-001-bed,bed,occupied,
2026-03-03T03:12:00+01:00,zigbee2mqtt/room-001-bed,bed,empty,up
1772504640,room-001-door,contact,open,
1772504640,room-001-door,contact,closed,
1772504641,room-001-pendant,emergency,,
1772504641,room-001-pendant,emergency,,two in a second
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that no hub has run in."""
    return write_home(tmp_path / "home")


def rows(home: Path) -> list[tuple[object, ...]]:
    """What the ledger holds of it."""
    with closing(sqlite3.connect(known(home).ledger)) as store:
        return store.execute("SELECT wall_ms, device, kind, value, extra FROM imported ORDER BY seq").fetchall()


def test_a_file_is_imported_once(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Names and addresses, zones and Unix times; two presses in a second are two. The same file again adds nothing."""
    file = tmp_path / "night.csv"
    file.write_text(RIGHT)
    out, err = finished("import", home, file)
    assert out == f"6 events of {file} imported; not read: annotation\n"
    assert err == ""
    there = rows(home)
    assert [row[2:4] for row in there] == [
        ("bed", "occupied"),
        ("bed", "empty"),
        ("contact", "open"),
        ("contact", "closed"),
        ("emergency", 1),
        ("emergency", 1),
    ]
    assert there[1][:2] == (1_772_503_920_000, "zigbee2mqtt/room-001-bed")
    assert there[4][4] == '{"press":1}'
    assert take_in(home, file) == 0
    assert (
        capsys.readouterr().out == f"nothing added: all 6 events of {file} were imported before; not read: annotation\n"
    )
    assert rows(home) == there


def test_what_is_wrong_is_said_with_its_line_and_nothing_is_kept(home: Path, tmp_path: Path) -> None:
    """All of it at once, with the nearest word that would be right."""
    file = tmp_path / "night.csv"
    file.write_text(
        "ts,device,kind,value\n"
        "2026-03-02T22:00:00Z,room-001-bed,bed,occupied\n"
        "2026-03-02T22:00:00,room-001-bed,bed,empty\n"
        "2026-02-30T22:00:00Z,room-001-bed,bed,empty\n"
        "1772504640,room-001-bd,bed,empty\n"
        "1772504640,room-001-bed,bedd,empty\n"
        "1772504640,room-001-bed,bed,emty\n"
        "1772504640,room-001-bed\n"
        "1772504640,room-001-bed,temperature,warm\n"
    )
    out, err = finished("import", home, file, code=2)
    assert out == ""
    lines = err.splitlines()
    assert [line.split(": ")[1].rpartition(":")[2] for line in lines[:-1]] == ["3", "4", "5", "6", "7", "8", "9"]
    assert "does not say its time zone: add Z, or its offset" in lines[0]
    assert 'unknown device "room-001-bd"' in lines[2]
    assert 'did you mean "room-001-bed"?' in lines[2]
    assert 'did you mean "bed"?' in lines[3]
    assert 'expected one of occupied, empty; did you mean "empty"?' in lines[4]
    assert "2 values; expected 4, as in the header" in lines[5]
    assert lines[-1] == f"handrail: nothing of {file} was imported: 7 problems"
    assert not known(home).ledger.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"",
            "the header has no ts and no device and no kind and no value; expected a first line ts,device,kind,value",
        ),
        (b"ts,sensor,kind,value\n", "the header has no device"),
        (b'ts,device,kind,value\n1,"x\n', "this is no CSV"),
        (b"ts,device,kind,value\n\xff\n", "not UTF-8"),
    ],
)
def test_a_file_that_is_none_is_refused(
    content: bytes, said: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a sentence."""
    file = tmp_path / "night.csv"
    file.write_bytes(content)
    assert take_in(home, file) == 2
    assert said in capsys.readouterr().err


def test_a_hundred_problems_are_twenty_lines(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who exported the wrong column sees it after twenty."""
    file = tmp_path / "night.csv"
    file.write_text("ts,device,kind,value\n" + "yesterday,room-001-bed,bed,empty\n" * 100)
    assert take_in(home, file) == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 21
    assert "20 problems, and there may be more" in err


def test_imported_events_never_reach_the_machine_of_a_hub_that_runs(tmp_path: Path) -> None:
    """Its ledger is open and being written; its past and its outcome stay what they were."""
    home = write_home(tmp_path / "home")
    (home / "data").mkdir()
    ledger = home / "data" / "ledger.db"
    history = History(ledger, read_home(home).home, seed=5)
    history.live(20)
    file = tmp_path / "night.csv"
    file.write_text(RIGHT)
    assert take_in(home, file) == 0
    history.live(20)
    history.close()
    verdict = verify(ledger)
    assert (verdict.different, verdict.imported) == (0, 6)
    assert verdict.inputs > 80


def test_times_are_read_as_people_write_them() -> None:
    """RFC 3339 in any zone, Unix seconds with or without a fraction, and milliseconds."""
    assert when("2026-03-02T22:00:00Z") == when("1772488800") == when("1772488800000") == 1_772_488_800_000
    assert when("1772488800.25") == 1_772_488_800_250
    for wrong in ("", "22:00", "2026-03-02", "-5", "1e9", "99999999999999999"):
        assert isinstance(when(wrong), str), wrong

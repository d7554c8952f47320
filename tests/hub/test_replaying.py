"""`handrail replay` over a ledger and over a file: what is read, what is left out, and what is answered."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import orjson
import pytest

from devices.adapter import Message
from devices.catalogue import Catalogue
from hub.commands.importing import take_in
from hub.commands.replaying import answered, json_of
from hub.config.read import read_home
from hub.config.stored import home_json
from hub.homes import HomeRefused
from hub.ledger.past import Past
from hub.ledger.rows import event_of, event_row, input_row
from hub.ledger.write import open_store
from hub.replay.page import page_of
from hub.replay.replaying import NothingToReplay
from hub.simulate.days import days_of
from rules.home import Home
from rules.inputs import Asked, Configured, Heard, Input, Linked, Now, Started
from rules.replay.past import Answer, Replay
from rules.replay.relevant import EVERY, Relevant
from rules.replay.words import text_of
from tests.hub.config_home import MARGARET, write_home
from tests.parts import REPOSITORY

BEGAN = date(2026, 3, 2)
TRIED = MARGARET.replace("wait: 15 min", "wait: 2 min")
NIGHT = """\
ts,device,kind,value
2026-03-02T22:30:00Z,room-001-bed,bed,occupied
2026-03-03T03:00:00Z,room-001-bed,bed,empty
2026-03-03T03:05:00Z,room-001-bed,bed,occupied
2026-03-03T04:00:00Z,room-001-bed,bed,empty
2026-03-03T04:07:00Z,room-001-pendant,emergency,
2026-03-03T04:30:00Z,room-001-bed,bed,occupied
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that no hub has run in."""
    return write_home(tmp_path / "home")


@pytest.fixture
def tried(tmp_path: Path) -> Path:
    """A folder with another plan for Margaret."""
    folder = tmp_path / "plans"
    folder.mkdir()
    (folder / "margaret.yaml").write_text(TRIED)
    return folder


def lived(folder: Path, days: int, others: tuple[tuple[int, Input], ...] = ()) -> Home:
    """A ledger that heard some simulated days, and these inputs after so many minutes; the home it accepted."""
    home = read_home(folder).home
    catalogue = Catalogue()
    (folder / "data").mkdir(exist_ok=True)
    heard: list[tuple[int, Input]] = []
    for said in days_of(home, seed=1, first=BEGAN, days=days):
        adapter = catalogue.adapter_for(said.topic)
        assert adapter is not None
        decoded = adapter.decode(Message(said.topic, said.payload()), {})
        heard += [(said.at_ms, Heard(event=event)) for event in decoded.events]
    first_ms = heard[0][0]
    heard += [(first_ms + minutes * 60_000, given) for minutes, given in others]
    with closing(open_store(folder / "data" / "ledger.db")) as store:
        store.execute("BEGIN")
        store.execute("INSERT INTO configurations VALUES (0, ?, ?, '')", (first_ms, home_json(home).decode()))
        for seq, (wall_ms, given) in enumerate(sorted(heard, key=lambda one: one[0]), 1):
            now = Now(wall_ms - first_ms + 1_000, wall_ms)
            if isinstance(given, Heard):
                store.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", event_row(seq, now, given))
            else:
                store.execute("INSERT INTO inputs VALUES (?, ?, ?, ?, ?)", input_row(seq, now, given))
        store.execute("COMMIT")
    return home


def test_a_file_is_replayed_with_both_bounds_and_told_to_a_manager(home: Path, tried: Path, tmp_path: Path) -> None:
    """Nobody runs a hub yet: the plan of the folder is tried on a recorded night, and told in words."""
    file = tmp_path / "night.csv"
    file.write_text(NIGHT)
    asked, answer = answered(home, plans=tried, events=file)
    assert asked.residents == {"margaret"}
    found = answer.by_resident["margaret"]
    assert (found.episodes_new, found.told_old, found.told_new) == (2, (0, 1), (0, 2))
    assert (answer.calls_heard, answer.delayed) == (1, 0)
    assert answer.planted is not None
    assert answer.planted.planted == answer.planted.told_at_once > 700
    short = text_of(asked.new, answer, asked.old_is)
    moments = "03:00 out-of-bed settled → told or settled; 04:00 out-of-bed told or settled → told or settled 13 min"
    assert f"Margaret, night of 2 to 3 March 2026: {moments}" in " ".join(short.split())
    assert "room-001-bed bed empty" not in short
    told = text_of(asked.new, answer, asked.old_is, nights=True)
    assert "Margaret: staff told 0 to 1 times (2 runs); with the new plan 0 to 2 times (2 runs)." in told
    assert "1 in the period, each told in the step that heard it (0 ms). Delayed: 0." in told
    assert "03:00 out-of-bed: settled at 03:05; with the new plan staff told at 03:02 (check)" in told
    assert "room-001-door was never heard" in told


def test_imported_and_live_events_are_one_past_in_the_order_of_time(home: Path, tmp_path: Path) -> None:
    """Two days that the hub heard, with an imported night in the middle."""
    lived(home, 2)
    file = tmp_path / "night.csv"
    file.write_text(NIGHT.replace("2026-03-03", "2026-03-04").replace("2026-03-02", "2026-03-03"))
    assert take_in(home, file) == 0
    with closing(Past(home / "data" / "ledger.db")) as past:
        rows = [row for page in past.pages(0, 2**60) for row in page]
    assert [row[:3] for row in rows] == sorted(row[:3] for row in rows)
    assert sum(row[1] for row in rows) == 6
    _, answer = answered(home, options=(True, False))
    assert (answer.coverage.imported, answer.coverage.live) == (6, len(rows) - 6)
    assert answer.calls_heard >= 1


def test_what_is_relevant_gives_the_answer_that_everything_gives(home: Path) -> None:
    """The events that no plan in question depends on are left out, and it changes nothing."""
    was = lived(home, 4)
    would = read_home(write_home(home, {"residents/margaret.yaml": TRIED})).home
    answers: list[Answer] = []
    for everything in (False, True):
        with closing(Past(home / "data" / "ledger.db")) as past:
            rows = [row for page in past.pages(0, 2**60) for row in page]
        begin = Now(1_000, rows[0][0])
        replay = Replay(
            was, would, frozenset({"margaret"}), begin=begin, count_from_ms=begin.wall_ms, with_planted=False
        )
        if everything:
            devices = {str(row[4]): EVERY for row in rows}
            replay.relevant = Relevant(whose=replay.relevant.whose, stepped=devices)
        for wall_ms, _, _, elapsed_ms, device, kind, value, extra in rows:
            given = event_of(str(device), kind, value, extra)
            if replay.relevant.is_(str(device), kind):
                replay.take(given, Now(elapsed_ms or 0, wall_ms), live=True)
            else:
                replay.saw(given.event.device, wall_ms, given.event)
        answers.append(replay.finish(Now((rows[-1][3] or 0) + 1, rows[-1][0] + 1)))
    some, whole = answers
    assert some.by_resident["margaret"].episodes_new > 20
    assert (some.by_resident, some.nights, some.calls) == (whole.by_resident, whole.nights, whole.calls)


def test_a_part_of_the_period_is_answered_as_in_the_whole(home: Path, tried: Path) -> None:
    """What was before leads in: who was in bed then is known to be."""
    lived(home, 5)
    _, whole = answered(home, plans=tried, options=(False, False))
    _, part = answered(home, plans=tried, period=("2026-03-04T12:00", "2026-03-06T12:00"), options=(False, False))
    assert part.coverage.nights == 2
    assert 0 < part.coverage.live < whole.coverage.live
    ends = (part.coverage.from_ms, part.coverage.to_ms)
    assert part.nights == [night for night in whole.nights if ends[0] <= night.from_ms < ends[1]]


def test_requests_and_down_times_are_part_of_the_past(home: Path, tried: Path) -> None:
    """*I'm all right* settles in a replay as it did; when nobody could hear is said before anything else."""
    down_ms = 1_772_461_800_000
    others: tuple[tuple[int, Input], ...] = (
        (30, Linked(up=False, why="gone")),
        (90, Linked(up=True)),
        (200, Started(down_from_ms=down_ms)),
        (201, Configured(home=read_home(home).home)),
        (202, Configured(home=read_home(home).home)),
        (203, Configured(home=replace(read_home(home).home, name="Moonlit Court"))),
        (300, Asked(id="1", client="room-001", do="ok")),
        (301, Asked(id="2", client="room-001", do="call")),
        (302, Asked(id="3", client="dashboards", do="close", alert="a00001", by="carer-1")),
    )
    lived(home, 1, others)
    _, answer = answered(home, plans=tried, options=(False, False))
    assert answer.coverage.changed == 1
    assert len(answer.coverage.down) == 2
    assert answer.coverage.down[0][1] - answer.coverage.down[0][0] == 3_600_000
    assert [call.said for call in answer.calls if call.device == "call:001"] == ["Margaret called from a screen"]


def test_the_same_past_gives_the_same_bytes_however_python_hashes(home: Path, tried: Path, tmp_path: Path) -> None:
    """On any PYTHONHASHSEED; and it is what the terminal's own run says."""
    file = tmp_path / "night.csv"
    file.write_text(NIGHT)
    made = []
    for seed in ("1", "2"):
        words = ["replay", home, "--plans", tried, "--events", file, "--json", "--no-planted"]
        made.append(
            subprocess.run(
                [sys.executable, "-m", "hub.commands", *map(str, words)],
                env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONHASHSEED": seed},
                capture_output=True,
                check=True,
                timeout=60,
            ).stdout
        )
    assert made[0] == made[1]
    assert made[0] == json_of(*answered(home, plans=tried, events=file, options=(False, False)))
    assert orjson.loads(made[0])["answer"]["whole"]["told_new"] == [0, 2]


def test_the_page_needs_nothing_beside_it(home: Path, tried: Path, tmp_path: Path) -> None:
    """One file: no script, no address, and the night drawn with what was heard and what either plan made of it."""
    file = tmp_path / "night.csv"
    file.write_text(NIGHT)
    asked, answer = answered(home, plans=tried, events=file)
    page = page_of(asked.new, answer, asked.old_is)
    for outside in ("<script", "http", "src=", "@import", "url("):
        assert outside not in page
    assert "Margaret, night of 2 to 3 March 2026" in page
    assert 'class="state bed"' in page
    assert "03:02: staff told, or settled" in page
    assert "Delayed: 0." in page


def test_what_cannot_be_replayed_is_said(home: Path, tmp_path: Path) -> None:
    """No past, an empty one, a file that is wrong, a plan that is refused, somebody who does not live here."""
    with pytest.raises(NothingToReplay, match="there is no ledger"):
        answered(home)
    open_store_and_close(home)
    with pytest.raises(NothingToReplay, match="holds no event yet"):
        answered(home)
    lived(write_home(tmp_path / "lived"), 1)
    with pytest.raises(NothingToReplay, match='nobody called "margret" lives here'):
        answered(tmp_path / "lived", resident="margret")
    named, _ = answered(tmp_path / "lived", resident="Margaret", options=(True, False))
    assert named.residents == {"margaret"}
    with pytest.raises(NothingToReplay, match="nothing was recorded"):
        answered(tmp_path / "lived", period=("2027-01-01", None))
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / "margaret.yaml").write_text(TRIED.replace("wait: 2 min", "wait: 2"))
    with pytest.raises(HomeRefused, match=r"^.*/wrong/margaret\.yaml:\d+: "):
        answered(tmp_path / "lived", plans=wrong)


def test_other_abilities_alone_are_another_plan(home: Path, tmp_path: Path) -> None:
    """Who hears badly is helped in another way: that is asked about, and not what telling at once would do."""
    tried, file = tmp_path / "tried", tmp_path / "night.csv"
    tried.mkdir()
    file.write_text(NIGHT)
    (tried / "margaret.yaml").write_text(MARGARET.replace("rules:\n", "abilities: {hearing: none}\nrules:\n", 1))
    asked, _ = answered(home, plans=tried, events=file)
    assert asked.old_is == "the plans of the home"
    assert asked.residents == {"margaret"}


def test_a_plan_of_nobody_here_is_refused_and_not_answered(home: Path, tmp_path: Path) -> None:
    """A slip in the file's name made somebody of its own in Margaret's room, and her plan fell without a word."""
    tried = tmp_path / "tried"
    tried.mkdir()
    (tried / "margret.yaml").write_text(TRIED)
    with pytest.raises(HomeRefused, match=r'margret\.yaml: nobody here has a plan .* did you mean "margaret\.yaml"\?'):
        answered(home, plans=tried, events=tmp_path / "night.csv")


def test_a_plan_that_makes_another_fall_is_refused(home: Path, tmp_path: Path) -> None:
    """Ada's file moved her into Margaret's room: what Margaret's plan says would not be followed any more."""
    (home / "residents" / "ada.yaml").write_text('resident: ada\nknown_as: Ada\nroom: "002"\nrules: []\n')
    tried = tmp_path / "tried"
    tried.mkdir()
    (tried / "ada.yaml").write_text('resident: ada\nknown_as: Ada\nroom: "001"\nrules: []\n')
    with pytest.raises(HomeRefused, match=r"another plan would be refused: residents/margaret\.yaml:\d+: "):
        answered(home, plans=tried, events=tmp_path / "night.csv")


def open_store_and_close(home: Path) -> None:
    """A ledger with nothing in it."""
    (home / "data").mkdir()
    open_store(home / "data" / "ledger.db").close()


def test_a_ledger_from_before_imports_is_replayed(home: Path, tried: Path) -> None:
    """It has no such table; reading changes nothing."""
    lived(home, 1)
    with closing(sqlite3.connect(home / "data" / "ledger.db", isolation_level=None)) as store:
        store.execute("DROP TABLE imported")
        store.execute("PRAGMA user_version = 3")
    _, answer = answered(home, plans=tried, options=(False, False))
    assert answer.coverage.imported == 0
    assert answer.coverage.live > 50

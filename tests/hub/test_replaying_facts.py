"""What the hub knew of itself and of its devices is read out of the ledger for a replay, also from long before."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from devices.events import Event, Kind
from hub.commands.importing import take_in
from hub.config.read import read_home
from hub.ledger.rows import event_row, input_row
from hub.ledger.write import open_store
from hub.replay.replaying import Period, Question, over_ledger
from rules.inputs import Asked, Described, Heard, Input, Linked, Now, Started
from rules.replay.past import Answer
from rules.replay.words import Words
from tests.hub.config_home import DEVICES, MARGARET, write_home

BEGAN_MS = 1_772_400_000_000
"""2026-03-01 21:20 in London."""
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY = 24 * 60
SILENT = f"""{MARGARET}  - rule: silent
    why: Somebody looks in where nothing moves.
    when: {{nothing_of: [bed, door], for: 3 h}}
    otherwise: {{level: check, say: "Nothing of {{known_as}} for {{for}}."}}
"""
BED, DOOR, HALL = "zigbee2mqtt/room-001-bed", "zigbee2mqtt/room-001-door", "zigbee2mqtt/hall"

UNWATCHED = DEVICES.replace("-bed, for: bed", "-bed, for: bed, supervision: none")


def heard(device: str, kind: Kind, value: str) -> Heard:
    """A word of a device."""
    return Heard(event=Event(device=device, kind=kind, value=value))


def away(minutes: int) -> Asked:
    """Margaret is away for so long."""
    return Asked(
        id="1", client="dashboards", do="away", by="carer-1", resident="margaret", reason="family", until_s=minutes * 60
    )


def kept(folder: Path, rows: list[tuple[float, Input]]) -> None:
    """A ledger that holds these, each so many minutes after the beginning; roll-ups of what was said of being there."""
    (folder / "data").mkdir(exist_ok=True)
    with closing(open_store(folder / "data" / "ledger.db")) as store:
        store.execute("BEGIN")
        for seq, (minutes, given) in enumerate(rows, 1):
            at_ms = int(minutes * MINUTE_MS)
            now = Now(1_000 + at_ms, BEGAN_MS + at_ms)
            if isinstance(given, Heard):
                store.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", event_row(seq, now, given))
                key = (given.event.device, given.event.kind.value, "", now.wall_ms // HOUR_MS)
                store.execute("INSERT OR REPLACE INTO rollups VALUES (?, ?, ?, ?, 1, 0, 0, 0, NULL, NULL)", key)
                store.execute("INSERT OR REPLACE INTO devices VALUES (?, '{}')", (given.event.device,))
            else:
                store.execute("INSERT INTO inputs VALUES (?, ?, ?, ?, ?)", input_row(seq, now, given))
        store.execute("COMMIT")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A home whose plan waits for silence; no hub has run in it."""
    return write_home(tmp_path / "home", {"residents/margaret.yaml": SILENT, "devices.yaml": UNWATCHED})


def replayed(folder: Path, start: float = 0, *, planted: bool = False) -> Answer:
    """The plan of that home beside one without any rule, from so many minutes after the beginning."""
    home = read_home(folder).home
    nothing = replace(home, residents=tuple(replace(one, rules=()) for one in home.residents))
    assert any(one.rules for one in home.residents)
    asked = Question(old=nothing, new=home, residents=frozenset({"margaret"}), old_is="no plan", with_planted=planted)
    period = Period(from_ms=BEGAN_MS + int(start * MINUTE_MS))
    return over_ledger(asked, folder / "data" / "ledger.db", period, lambda done, whole: None)


def starts(answer: Answer) -> list[float]:
    """When the rule that waits for silence started, in minutes after the beginning."""
    runs = [pair.new for night in answer.nights for pair in night.pairs if pair.new and pair.new.rule == "silent"]
    return sorted((ran.started_ms - BEGAN_MS) / MINUTE_MS for ran in runs)


BEGINNING: list[tuple[float, Input]] = [
    (0, Started(down_from_ms=0)),
    (0, Linked(up=True)),
    (0, heard(BED, Kind.BED, "occupied")),
]
WAS_DOWN: list[tuple[float, Input]] = [
    (300, Started(down_from_ms=BEGAN_MS + 60 * MINUTE_MS)),
    (300, Linked(up=True)),
    (470, heard(BED, Kind.BED, "empty")),
]


def test_the_hours_in_which_the_hub_was_down_are_no_silence(folder: Path) -> None:
    """Four of them: the rule did not start then, and does not in the replay; without its facts it would."""
    kept(folder, [*BEGINNING, *WAS_DOWN])
    answer = replayed(folder, planted=True)
    assert starts(answer) == []
    assert answer.coverage.down == [(BEGAN_MS + 60 * MINUTE_MS, BEGAN_MS + 300 * MINUTE_MS)]
    assert answer.planted is not None
    assert answer.planted.unheard == 240
    home = read_home(folder).home
    said = Words(home, answer, "no plan")
    assert "240 minutes in which the hub or its link was down are left out" in said.planted(answer.planted)


def test_the_same_night_without_a_down_time_is_told(folder: Path) -> None:
    """The very rows, but for the start."""
    kept(folder, [*BEGINNING, WAS_DOWN[-1]])
    assert starts(replayed(folder)) == [180, 360]


def test_imported_nights_say_that_nobody_knows_when_the_recorder_was_down(folder: Path, tmp_path: Path) -> None:
    """There all silence counts."""
    file = tmp_path / "night.csv"
    file.write_text("ts,device,kind,value\n2026-03-02T22:30:00Z,room-001-bed,bed,occupied\n")
    (folder / "data").mkdir()
    kept(folder, BEGINNING)
    assert take_in(folder, file) == 0
    home = read_home(folder).home
    said = Words(home, replayed(folder), "no plan").heard()
    assert any("does not say when it was down: there all silence counts" in line for line in said)
    assert not any("does not say" in line for line in Words(home, replayed(other(folder)), "no plan").heard())


def other(folder: Path) -> Path:
    """A home of the same files, that nothing was imported into."""
    beside = write_home(folder.parent / "other", {"residents/margaret.yaml": SILENT})
    kept(beside, BEGINNING)
    return beside


@pytest.mark.parametrize(
    ("long_before", "came"),
    [
        ([], True),
        ([heard("zigbee2mqtt/bridge", Kind.AVAILABILITY, "offline")], False),
        ([heard(BED, Kind.AVAILABILITY, "offline")], False),
        ([heard(f"{BED}-2", Kind.AVAILABILITY, "offline")], True),
        ([Described(device=BED, gateway="zigbee2mqtt/hall"), heard(HALL, Kind.AVAILABILITY, "offline")], False),
        ([heard(HALL, Kind.AVAILABILITY, "offline")], True),
        ([away(30 * DAY)], False),
        ([away(2 * DAY)], True),
        ([away(30 * DAY), Asked(id="2", client="dashboards", do="back", by="carer-1", resident="margaret")], True),
    ],
)
def test_what_was_said_weeks_before_the_period_still_stands(long_before: list[Input], came: bool, folder: Path) -> None:
    """A gateway or a sensor that is lost since, a resident who is away since: the rule did not start then either."""
    later: list[tuple[float, Input]] = [
        (minutes, heard(DOOR, Kind.CONTACT, "open")) for minutes in range(0, 20 * DAY, 60)
    ]
    last = 20 * DAY
    kept(
        folder,
        [
            *BEGINNING,
            *((1, given) for given in long_before),
            *later[1:],
            (last + 200, heard("zigbee2mqtt/room-002-door", Kind.CONTACT, "open")),
        ],
    )
    assert (starts(replayed(folder, start=19 * DAY)) != []) is came


def test_a_link_that_was_lost_before_is_lost(folder: Path) -> None:
    """Nobody hears anything until it is found."""
    kept(folder, [*BEGINNING, (1, Linked(up=False)), (10 * DAY, heard("zigbee2mqtt/x", Kind.CONTACT, "open"))])
    assert starts(replayed(folder, start=9 * DAY)) == []

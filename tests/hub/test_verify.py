"""`verify`: what any history left in the ledger follows from its inputs, and a row that was changed is found."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from devices.catalogue import Catalogue
from devices.events import Event, Kind, Value
from hub.config.read import read_home
from hub.ledger.load import load
from hub.ledger.write import Batch, open_store, write
from hub.steps import Group, Steps
from hub.topics import Topics
from hub.verify import LedgerUnreadable, Verdict, verify
from rules.home import Home
from rules.inputs import (
    Asked,
    ClockStepped,
    ConfigurationRefused,
    Configured,
    Delivered,
    Faulted,
    FellDue,
    Heard,
    Input,
    Linked,
    Now,
    Started,
    Unread,
)
from rules.state import TABLES
from tests.hub.config_home import write_home
from tests.hub.program import finished

MORE_SAID: tuple[tuple[Kind, Value, bool], ...] = (
    (Kind.TEMPERATURE, 27.0, False),
    (Kind.TEMPERATURE, 29.5, False),
    (Kind.BUTTON, "single", True),
    (Kind.BED, "empty", False),
    (Kind.CONTACT, "open", False),
)
"""What starts rules of further forms."""
BEGAN_MS = 1_790_000_000_000
PEOPLE = ("carer-1", "nurse-1", "manager-1", "Agency Alice")
DOINGS = ("claim", "attend", "promise", "close", "ok", "call", "assist", "sign_on", "sign_off", "mode", "nonsense")
MORE = ("company", "choose", "answer", "walk", "tested", "not_ours", "ours", "command", "promise", "reconnected")
STANDS = ("away", "back", "visit", "not_now", "looked", "change_of_condition", "gone")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A small home with both rules of the catalogue."""
    return read_home(write_home(tmp_path_factory.mktemp("home"))).home


class History:
    """A home's life, made up by chance, with restarts in between, in a ledger."""

    def __init__(self, ledger: Path, home: Home, seed: int) -> None:
        self._ledger = ledger
        self._home = home
        self._rng = random.Random(seed)
        self._elapsed_ms = 1_000
        self._store: sqlite3.Connection | None = None
        self._steps: Steps | None = None
        self._asked = 0
        self.more: tuple[str, ...] = ()
        """Further requests, besides those that any history has."""

    @property
    def steps(self) -> Steps:
        """The stepper of the running hub."""
        assert self._steps is not None
        return self._steps

    def live(self, groups: int) -> None:
        """So many groups, with a restart now and then."""
        for number in range(groups):
            if number == 0 or self._rng.random() < 0.04:
                self._start()
            self._commit([self._something() for _ in range(self._rng.randint(1, 6))])

    def close(self) -> None:
        """The hub stops."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _start(self) -> None:
        self.close()
        self._store = open_store(self._ledger)
        loaded = load(self._store)
        self._steps = Steps(
            state=loaded.state,
            seq=loaded.seq,
            topics=Topics(self._home.slug),
            catalogue=Catalogue(),
            known=loaded.known,
        )
        first: list[Input] = [Started(down_from_ms=loaded.wall_ms)]
        if loaded.state.setting is None:
            first.append(Configured(home=self._home))
        self._commit([*first, Linked(up=True, why="both lanes are subscribed")])

    def _commit(self, inputs: list[Input]) -> None:
        self._elapsed_ms += self._rng.choice((5, 5, 400, 400, 9_000, 9_000, 61_000, 61_000, 700_000, 20_000_000))
        now = Now(self._elapsed_ms, BEGAN_MS + self._elapsed_ms)
        steps = self.steps
        group = Group()
        due = [timer.key for timer in steps.state.timers if timer.due_ms <= now.elapsed_ms]
        for given in [*inputs, *(FellDue(timer=key) for key in due)]:
            steps.take(group, given, now)
        self._keep(group, now)

    def _keep(self, group: Group, now: Now) -> None:
        steps = self.steps
        steps.finish(group)
        group.batch.cursors |= {"seq": steps.seq, "elapsed_ms": now.elapsed_ms, "wall_ms": now.wall_ms}
        assert self._store is not None
        write(self._store, group.batch)
        steps.adopt()

    def _something(self) -> Input:
        rng = self._rng
        drawn = rng.random()
        if drawn < 0.55:
            return self._heard()
        if drawn < 0.85:
            return self._wish()
        return rng.choice(
            (
                Delivered(alert=self._alert(), version=1, person="nurse-1", channel=0, ok=rng.random() < 0.5),
                Configured(home=self._home, refused=rng.choice(((), ("residents/arthur.yaml:1: no",)))),
                ConfigurationRefused(problems=("home.yaml:1: no",)),
                Linked(up=rng.random() < 0.5, why="by chance"),
                ClockStepped(step_ms=rng.choice((-3_600_000, 3_600_000))),
                Unread(topic="zigbee2mqtt/x", reason="not JSON"),
                Faulted(fault="disk", on=rng.random() < 0.5, reason="full"),
            )
        )

    def _heard(self) -> Heard:
        rng = self._rng
        device = rng.choice([*(placed.device for placed in self._home.devices), "zigbee2mqtt/stranger"])
        kind, value, press = rng.choice(
            (
                (Kind.EMERGENCY, True, True),
                (Kind.CALL, True, True),
                (Kind.CONTACT, rng.choice(("open", "closed")), False),
                (Kind.BED, rng.choice(("occupied", "empty")), False),
                (Kind.MOTION, rng.random() < 0.5, False),
                (Kind.BATTERY, rng.choice((9, 87.5)), False),
                *(MORE_SAID if self.more else ()),
                (Kind.TAMPER, rng.random() < 0.5, False),
                (Kind.AVAILABILITY, rng.choice(("online", "offline")), False),
                (Kind.OTHER, rng.choice((None, "a word", True, 3)), False),
            )
        )
        stamp = str(self._elapsed_ms) if press else None
        event = Event(device=device, kind=kind, value=value, press=press, stamp=stamp, press_id=stamp)
        return Heard(event=event, retained=rng.random() < 0.1, can_call=rng.random() < 0.2)

    def _wish(self) -> Asked:
        rng = self._rng
        self._asked += 1
        return Asked(
            id=f"q{self._asked}",
            do=rng.choice((*DOINGS, *DOINGS, *STANDS, *self.more)),
            alert=self._alert(),
            by=rng.choice(PEOPLE),
            ending=rng.choice(("helped", "mistake", "other")),
            until_s=rng.choice((0, 300)),
            reason=rng.choice(("", "busy", "fire", "normal")),
            resident=rng.choice(("", "margaret")),
            **(self._more_of_it() if self.more else self._usual()),  # type: ignore[arg-type]
        )

    def _usual(self) -> dict[str, str]:
        """From where, and of which room."""
        client = self._rng.choice(("dashboards", "dashboards", "dashboards", "room-001", "somebody"))
        return {"client": client, "room": self._rng.choice(("001", "002", "lounge"))}

    def _more_of_it(self) -> dict[str, str]:
        """What further requests name: the run that asks, a choice, a device to be tested or taken out."""
        rng = self._rng
        asking = [row.id for row in self.steps.state.episodes if row.asked_step is not None]
        return {
            "client": rng.choice(("dashboards", "dashboards", "room-012")),
            "room": rng.choice(("012", "lounge")),
            "episode": rng.choice([*asking, "e000001"]),
            "answer": rng.choice(("yes", "no", "06:00", "07:30")),
            "choice": "waking",
            "device": rng.choice(("zigbee2mqtt/stranger", "room-012-pendant", "room-012-light", "room-012-bed")),
        }

    def _alert(self) -> str:
        known = [alert.id for alert in self.steps.state.alerts]
        return self._rng.choice([*known, "a99999"])


@pytest.fixture
def ledger(tmp_path: Path, home: Home) -> Iterator[Path]:
    """A ledger with some life in it, whose hub runs on."""
    path = tmp_path / "ledger.db"
    history = History(path, home, seed=1)
    history.live(60)
    yield path
    history.close()


def differing(verdict: Verdict) -> list[tuple[str, str]]:
    """What was found, without what it was."""
    return [(difference.table, difference.key) for difference in verdict.shown]


@pytest.mark.parametrize("seed", range(6))
def test_any_history_folds_to_what_is_stored(seed: int, tmp_path: Path, home: Home) -> None:
    """Every alert, episode, timer and person, those included that are long over; restarts change nothing."""
    history = History(tmp_path / "ledger.db", home, seed)
    history.live(150)
    history.close()
    verdict = verify(tmp_path / "ledger.db")
    assert verdict.shown == []
    assert verdict.different == 0
    assert set(verdict.compared) == set(TABLES)
    assert verdict.compared["alerts"] > 3
    assert verdict.inputs > 400


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("UPDATE alerts SET body = json_set(body, '$.presses', 99) WHERE key = 'a00001'", [("alerts", "a00001")]),
        ("DELETE FROM alerts WHERE key = 'a00001'", [("alerts", "a00001")]),
        ("INSERT INTO shift VALUES ('nobody', '{}')", [("shift", "nobody")]),
    ],
)
def test_a_row_that_was_changed_is_found(change: str, where: list[tuple[str, str]], ledger: Path) -> None:
    """Also one that is gone, and one that nothing led to."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as store:
        store.execute(change)
    assert differing(verify(ledger)) == where


def test_an_input_that_was_changed_is_found(ledger: Path) -> None:
    """The outcome no longer follows from it."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as store:
        store.execute("DELETE FROM events WHERE kind = 'emergency'")
    assert verify(ledger).different > 0


def test_imported_events_are_no_part_of_it(ledger: Path) -> None:
    """They never reached the live machine."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as store:
        seq = store.execute("SELECT max(seq) FROM (SELECT seq FROM events UNION SELECT seq FROM log)").fetchone()[0]
        row = (seq + 1, BEGAN_MS, 5, "zigbee2mqtt/room-001-pendant", "emergency", 1, '{"press":1,"origin":"import"}')
        store.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    verdict = verify(ledger)
    assert (verdict.imported, verdict.different) == (1, 0)


def test_progress_is_told_up_to_the_end(ledger: Path) -> None:
    """So that a bar can be drawn."""
    told: list[tuple[int, int]] = []
    verify(ledger, lambda done, whole: told.append((done, whole)))
    assert told
    assert told[-1][0] == told[-1][1]


def test_an_empty_ledger_has_nothing_to_verify(tmp_path: Path) -> None:
    """Which is no difference."""
    path = tmp_path / "ledger.db"
    with closing(open_store(path)) as store:
        write(store, Batch())
    assert verify(path) == Verdict(first_seq=1, compared=dict.fromkeys(TABLES, 0))


def test_a_ledger_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """With its path."""
    (tmp_path / "ledger.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(LedgerUnreadable, match=r"ledger\.db"):
        verify(tmp_path / "ledger.db")


def test_the_command_exits_1_and_shows_the_difference(tmp_path: Path, home: Home) -> None:
    """The field that differs on both sides, and nothing else of the row."""
    folder = write_home(tmp_path / "home")
    (folder / "data").mkdir()
    history = History(folder / "data" / "ledger.db", home, seed=2)
    history.live(30)
    history.close()
    out, err = finished("verify", folder)
    assert "the outcome is the same, row by row" in out
    assert err == ""
    with closing(sqlite3.connect(folder / "data" / "ledger.db", isolation_level=None)) as store:
        store.execute("UPDATE alerts SET body = json_set(body, '$.presses', 99) WHERE key = 'a00001'")
    out, _ = finished("verify", folder, code=1)
    assert '  stored {"presses":99}' in out
    assert "1 rows differ" in out

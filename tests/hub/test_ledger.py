"""The ledger: one transaction a group, rows that come back as they went in, and a file that finds its way."""

from __future__ import annotations

import sqlite3
import typing
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.events import Event, Kind
from hub.config.new import write_new
from hub.config.read import read_home
from hub.errors import LedgerTooNew, LedgerUnreadable, LedgerUnwritable
from hub.ledger.checkpoint import Checkpointer
from hub.ledger.load import load
from hub.ledger.rows import OTHER_INPUTS, body_of, event_of, event_row, input_of, input_row
from hub.ledger.snapshots import take
from hub.ledger.source import LedgerSource
from hub.ledger.write import RECEIVED_KEPT, SCHEMA, Batch, Rollup, Writer, open_store, write
from rules.inputs import (
    Asked,
    ClockStepped,
    ConfigurationRefused,
    Configured,
    Delivered,
    Described,
    Dropped,
    Faulted,
    FellDue,
    Heard,
    Input,
    Linked,
    Now,
    Remembered,
    Report,
    Served,
    SetAside,
    Started,
    Tried,
    Unread,
)
from rules.state import ROWS, Episode, EpisodeState, State
from tests.hub.core_parts import PENDANT, PRESS, rig
from tests.parts import until

NOW = Now(elapsed_ms=7, wall_ms=1_790_000_000_000)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A new ledger."""
    with closing(open_store(tmp_path / "ledger.db")) as opened:
        yield opened


def test_a_new_ledger_has_the_newest_schema_and_keeps_everything_safely(store: sqlite3.Connection) -> None:
    """Write-ahead, and on the disk when a commit returns."""
    newest = max(int(step.stem) for step in SCHEMA.glob("[0-9]*.sql"))
    settings_of = [
        store.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "journal_mode", "synchronous")
    ]
    assert settings_of == [newest, "wal", 2]


def test_a_ledger_of_version_0_is_brought_up_and_one_that_is_up_is_left_alone(tmp_path: Path) -> None:
    """What it holds stays."""
    path = tmp_path / "ledger.db"
    sqlite3.connect(path).close()
    with closing(open_store(path)) as store:
        write(store, Batch(cursors={"seq": 5}))
    with closing(open_store(path)) as store:
        assert store.execute("SELECT value FROM cursors").fetchall() == [(5,)]


def test_a_ledger_of_a_newer_handrail_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    """The sentence says what to do."""
    path = tmp_path / "ledger.db"
    with closing(open_store(path)) as store:
        store.execute("PRAGMA user_version = 999")
    with pytest.raises(LedgerTooNew, match="install a newer one"):
        open_store(path)
    with closing(sqlite3.connect(path)) as store:
        assert store.execute("PRAGMA user_version").fetchone() == (999,)


def test_a_file_that_is_no_ledger_is_refused_in_one_sentence(tmp_path: Path) -> None:
    """And not overwritten."""
    path = tmp_path / "ledger.db"
    path.write_bytes(b"a shopping list" * 100)
    with pytest.raises(LedgerUnwritable, match=r"ledger\.db"):
        open_store(path)
    assert path.read_bytes().startswith(b"a shopping list")


def test_a_batch_is_kept_whole_or_not_at_all(store: sqlite3.Connection) -> None:
    """Its last row is refused."""
    event = event_row(1, NOW, Heard(event=Event(device="d", kind=Kind.MOTION, value=True)))
    write(store, Batch(events=[event]))
    again = Batch(
        inputs=[input_row(2, NOW, FellDue(timer="t"))], twins=[(1, "urgent", "t", b"k", 0), (1, "bulk", "t", b"k", 0)]
    )
    with pytest.raises(sqlite3.IntegrityError):
        write(store, again)
    assert store.execute("SELECT count(*) FROM inputs").fetchone() == (0,)
    assert not store.in_transaction


def test_a_cursor_is_written_again_when_it_moved_and_when_its_commit_failed(store: sqlite3.Connection) -> None:
    """One that stands still costs nothing; one that was never committed is not thought to be."""
    event = event_row(1, NOW, Heard(event=Event(device="d", kind=Kind.MOTION, value=True)))
    written: dict[str, int] = {}
    write(store, Batch(events=[event], cursors={"seq": 1, "log_urgent": 7}), written)
    before = store.total_changes
    write(store, Batch(cursors={"seq": 2, "log_urgent": 7}), written)
    assert store.total_changes - before == 1
    with pytest.raises(sqlite3.IntegrityError):
        write(store, Batch(twins=[(1, "urgent", "t", b"k", 0)] * 2, cursors={"seq": 3}), written)
    write(store, Batch(cursors={"seq": 3, "log_urgent": 7}), written)
    assert dict(store.execute("SELECT name, value FROM cursors").fetchall()) == {"seq": 3, "log_urgent": 7}


# -- rows ---------------------------------------------------------------------------------------------------------

VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.integers(0, 2**53)
EVENTS = st.builds(
    Event,
    device=WORDS,
    kind=st.sampled_from(list(Kind)),
    value=VALUES,
    unit=st.none() | WORDS,
    field=st.none() | WORDS,
    press=st.booleans(),
    stamp=st.none() | WORDS,
    at_ms=st.none() | NUMBERS,
    press_id=st.none() | WORDS,
    repeat_window_ms=NUMBERS,
)


def test_an_episode_is_kept_byte_for_byte_as_any_record_is(tmp_path: Path) -> None:
    """Its rule is written once and put in; nobody can see that."""
    write_new(tmp_path / "home", rooms=1)
    rule = read_home(tmp_path / "home").home.residents[0].rules[0]
    for _ in range(2):
        helping = Episode(id="e000001", rule=rule, state=EpisodeState.HELPING, started_ms=1, started_wall_ms=2)
        assert body_of(helping).encode() == orjson.dumps(helping)
        ended = replace(helping, state=EpisodeState.SETTLED, ended_wall_ms=3, reason='é "closed"')
        assert body_of(ended).encode() == orjson.dumps(ended)
    assert body_of({"plain": 1}) == '{"plain":1}'


def _sensible(event: Event) -> bool:
    """A two-valued kind has no 0 and 1 of its own: an adapter says true or false."""
    return not (type(event.value) is int and event.value in (0, 1)) and not (
        type(event.value) is int and event.kind not in (Kind.BUTTON, Kind.OTHER, Kind.TEMPERATURE, Kind.POWER)
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(EVENTS.filter(_sensible), st.booleans(), st.booleans())
def test_an_event_comes_back_from_its_row_as_it_was(
    store: sqlite3.Connection, event: Event, retained: bool, can_call: bool
) -> None:
    """Through the file and not only through Python."""
    given_event = Heard(event=event, retained=retained, can_call=can_call)
    store.execute("DELETE FROM events")
    write(store, Batch(events=[event_row(1, NOW, given_event)]))
    row = store.execute("SELECT device, kind, value, extra FROM events").fetchone()
    back = event_of(*row)
    assert back == given_event
    assert type(back.event.value) is type(event.value)


def a_home_input(tmp_path: Path) -> Configured:
    """A whole configuration."""
    write_new(tmp_path / "home", rooms=2)
    return Configured(home=read_home(tmp_path / "home").home, refused=("residents/x.yaml:3: no",))


def test_every_other_input_comes_back_from_its_row_as_it_was(tmp_path: Path) -> None:
    """The list of inputs and the list of rows are the same."""
    inputs: list[Input] = [
        FellDue(timer="ladder/a00001"),
        Asked(id="1", client="dashboards", do="claim", until_s=5, proof="screen:001"),
        Delivered(alert="a00001", version=2, person="ana", channel=0, ok=False, reason="no receipt"),
        a_home_input(tmp_path),
        ConfigurationRefused(problems=("home.yaml:1: no",)),
        Started(down_from_ms=5),
        Linked(up=True, why="both"),
        ClockStepped(step_ms=-5),
        Unread(topic="t", reason="é"),
        Faulted(fault="disk", on=True, reason="full", about={"a": "b"}),
        Dropped(what="zigbee2mqtt/x/set", why="a light"),
        Remembered(shown={"a00007": (3, "Margaret pressed")}),
        Described(device="shelly/x", checks_in_s=900, gateway="shelly/plug"),
        Served(service="media_player.play_media", why="rule", ok=False, reason="401", episode="e000001"),
        Tried(reports=(Report(resident="margaret", words="it would have waited", matters=True),)),
        SetAside(what="FellDue", error="ZeroDivisionError()", timer="ladder/a00001", look_at="somebody"),
    ]
    named = {kind.__name__ for kind in typing.get_args(Input)} - {"Heard"}
    assert set(OTHER_INPUTS) == named == {type(row).__name__ for row in inputs}
    for row in inputs:
        _, _, _, what, body = input_row(1, NOW, row)
        assert input_of(what, body) == row


async def test_what_the_machine_knows_comes_back_from_the_ledger_as_it_was(tmp_path: Path) -> None:
    """After presses, requests and closes, every table."""
    async with rig(tmp_path, rooms=3) as home:
        for room in ("001", "002", "003"):
            home.broker.say(f"zigbee2mqtt/room-{room}-pendant", PRESS)
        home.broker.say("zigbee2mqtt/room-001-door", b'{"contact":false,"battery":3}')
        home.broker.say("zigbee2mqtt/nobody", b'{"action":"emergency"}')
        await until(lambda: home.presses() == 4)
        await home.ask(id="1", do="sign_on", by="Agency Ann")
        await home.ask(id="2", do="claim", alert="a00001", by="carer-1")
        await home.ask(id="3", do="close", alert="a00002", by="carer-1", ending="helped", proof="screen:002")
        await home.quiet()
        memory = home.hub.parts.steps.state
        with closing(sqlite3.connect(home.ledger)) as store:
            loaded = load(store)
        assert loaded.seq == home.hub.parts.steps.seq
        for name in ROWS:
            assert getattr(loaded.state, name).rows == getattr(memory, name).rows, name
        assert loaded.state.setting is not None
        assert memory.setting is not None
        assert loaded.state.setting.home == memory.setting.home


def test_the_sequence_goes_on_behind_what_has_no_row_of_its_own(store: sqlite3.Connection) -> None:
    """A copy that is owed has a place in it too, and no two of them share one."""
    write(store, Batch(twins=[(12, "bulk", "t", b"k", 0)], cursors={"seq": 12}))
    assert load(store).seq == 12


# -- roll-ups, received, known ------------------------------------------------------------------------------------


def test_roll_ups_of_several_groups_add_up(store: sqlite3.Connection) -> None:
    """Numbers with their least and most, words with how many were active."""
    key = ("d", "temperature", "", 5)
    for total, least, most in ((10.0, 4.0, 6.0), (1.0, 1.0, 1.0), (30.0, 9.0, 21.0)):
        write(store, Batch(rollups={key: Rollup(count=2, numbers=2, total=total, least=least, most=most)}))
    write(store, Batch(rollups={("d", "contact", "", 5): Rollup(count=3, active=2)}))
    write(store, Batch(rollups={key: Rollup(count=1)}))
    rows = store.execute("SELECT kind, count, active, numbers, sum, min, max FROM rollups ORDER BY kind").fetchall()
    assert rows == [("contact", 3, 2, 0, 0.0, None, None), ("temperature", 7, 0, 6, 41.0, 1.0, 21.0)]


COUNTED = """SELECT device, kind, wall_ms / 3600000, count(*), count(number), coalesce(round(sum(number), 6), 0.0),
    min(number), max(number) FROM
    (SELECT *, CASE WHEN kind IN ('temperature', 'humidity') THEN value END AS number FROM events)
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""
KEPT = "SELECT device, kind, hour, count, numbers, round(sum, 6), min, max FROM rollups ORDER BY 1, 2, 3"


async def test_roll_ups_are_what_the_events_say(tmp_path: Path) -> None:
    """Counted anew from the events, hour by hour."""
    async with rig(tmp_path) as home:
        for number in range(250):
            climate = orjson.dumps({"temperature": number / 7, "humidity": number})
            home.broker.say("zigbee2mqtt/room-001-climate", climate)
            home.broker.say("zigbee2mqtt/room-001-door", orjson.dumps({"contact": number % 3 == 0}))
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.rows("SELECT count(*) FROM events") == [(751,)])
        await home.quiet()
        assert home.rows(KEPT) == home.rows(COUNTED)
        assert home.rows("SELECT sum(active) FROM rollups WHERE kind = 'contact'") == [(250 - 84,)]


def test_old_uses_of_packet_ids_are_let_go_of(store: sqlite3.Connection) -> None:
    """The newest stay, in order."""
    for number in range(RECEIVED_KEPT + 1_200):
        write(
            store,
            Batch(received={("urgent", number % 65_535 + 1): number.to_bytes(12, "big")}, cursors={"seq": number}),
        )
    left = load(store).received
    assert RECEIVED_KEPT <= len(left) < RECEIVED_KEPT + 600
    newest = RECEIVED_KEPT + 1_199
    assert left[-1] == ("urgent", (newest + 1).to_bytes(2, "big") + newest.to_bytes(12, "big"))


def test_a_wish_that_was_carried_out_leaves_and_a_newer_one_of_its_key_stays(store: sqlite3.Connection) -> None:
    """Both in one group."""
    write(store, Batch(outbox={"alert/a": ("alert/a", 1, 1, {"v": 1}), "alert/b": ("alert/b", 2, 1, {})}))
    write(store, Batch(outbox={"alert/a": ("alert/a", 3, 1, {"v": 2})}, carried=[("alert/a", 1), ("alert/b", 2)]))
    assert [(key, seq) for key, seq, _, _ in load(store).outbox] == [("alert/a", 3)]


# -- the writer ---------------------------------------------------------------------------------------------------


async def test_the_writer_says_what_it_cannot_write_and_goes_on(tmp_path: Path) -> None:
    """A disk that refuses is a foreseen error, and the next commit works."""
    writer = Writer(tmp_path / "ledger.db")
    writer.store.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)
    with pytest.raises(LedgerUnwritable, match=r"ledger\.db"):
        await writer.commit(Batch(cursors={"a": 1}))
    writer.store.set_authorizer(None)
    await writer.commit(Batch(cursors={"a": 2}))
    assert writer.store.execute("SELECT value FROM cursors").fetchall() == [(2,)]
    writer.close()


async def test_the_writer_hands_a_bug_to_who_committed(tmp_path: Path) -> None:
    """It is no disk's fault and must not be tried again for ever."""
    writer = Writer(tmp_path / "ledger.db")
    with pytest.raises(TypeError):
        await writer.commit(Batch(rows={"meta": [("meta", object())]}))
    writer.close()


async def test_the_write_ahead_log_is_moved_from_beside_the_writer(tmp_path: Path) -> None:
    """And an unreadable file is a foreseen error."""
    writer = Writer(tmp_path / "ledger.db")
    await writer.commit(Batch(cursors={"a": 1}))
    Checkpointer(writer.path).checkpoint()
    writer.close()
    (tmp_path / "ledger.db").write_bytes(b"no ledger" * 1_000)
    with pytest.raises(LedgerUnwritable):
        Checkpointer(writer.path).checkpoint()


async def test_the_series_reads_events_in_pages_and_nothing_imported(tmp_path: Path) -> None:
    """Behind a cursor that goes with the commits."""
    path, saved = tmp_path / "ledger.db", list[bool]()
    with closing(open_store(path)) as store:
        rows = [
            event_row(seq, NOW, Heard(event=Event(device="d", kind=Kind.POWER, value=float(seq))))
            for seq in range(1, 8)
        ]
        rows[2] = (*rows[2][:6], '{"origin":"import"}')
        write(store, Batch(events=rows))
    source = LedgerSource(path, State(), {}, lambda: saved.append(True))
    page = await source.points_after(1, 4)
    assert [point.seq for point in page] == [2, 4, 5, 6]
    source.move_cursor("series", 6)
    assert (source.cursor("series"), source.moved, saved) == (6, {"series": 6}, [True])


async def test_a_ledger_the_series_cannot_read_is_a_foreseen_error(tmp_path: Path) -> None:
    """It is tried again."""
    source = LedgerSource(tmp_path / "nothing.db", State(), {}, lambda: None)
    with pytest.raises(LedgerUnreadable) as told:
        await source.points_after(0, 10)
    assert told.value.retry


def test_every_field_of_a_batch_is_written(store: sqlite3.Connection) -> None:
    """One of each, and each is found again; what is forgotten is not."""
    write(store, Batch(received={("bulk", 5): b"x" * 12}))
    batch = Batch(
        events=[event_row(1, NOW, Heard(event=Event(device="d", kind=Kind.MOTION, value=True)))],
        inputs=[input_row(2, NOW, FellDue(timer="t"))],
        log=[(3, 0, 1, "raised", 1, "a", None, None, b"{}")],
        rows={"meta": [("meta", {"alerts": 1})]},
        gone={"timers": ["t"]},
        outbox={"k": ("k", 4, 1, {})},
        carried=[("none", 1)],
        received={("urgent", 5): b"x" * 12},
        forgotten=["bulk"],
        twins=[(6, "bulk", "t", b"k", 0)],
        paired=[7],
        quarantine=[(2, 0, "t", b"\xff", "why")],
        raw=[(1, "t", b"p")],
        known={"k": {"name": "x"}, "other": None},
        configurations=[(2, 0, "{}", "{}")],
        rollups={("d", "motion", "", 1): Rollup(count=1)},
        subscriptions={"urgent": ("a", "b")},
        cursors={"seq": 6},
        snapshots=[take(store)],
        forget=[("DELETE FROM configurations WHERE seq = ?", (99,))],
    )
    assert all(getattr(batch, f.name) for f in fields(batch))
    write(store, batch)
    tables = ("events", "inputs", "log", "meta", "outbox", "received", "twins", "quarantine", "raw", "known", "rollups",
              "configurations", "cursors", "snapshots")  # fmt: skip
    assert {name: store.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables} == dict.fromkeys(
        tables, 1
    )
    assert store.execute("SELECT * FROM subscriptions ORDER BY filter").fetchall() == [("urgent", "a"), ("urgent", "b")]

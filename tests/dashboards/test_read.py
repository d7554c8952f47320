"""Reading a ledger that another process writes."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hub.ledger.read import NotThereYet, Reader, Unreadable
from rules.alerting.levels import Level
from rules.state import AlertState, Ending, Stranger

if TYPE_CHECKING:
    from tests.dashboards.conftest import FakeHub


@pytest.fixture
def reader(hub: "FakeHub") -> Iterator[Reader]:
    """Looks into that hub's ledger."""
    reader = Reader(hub.path)
    yield reader
    reader.close()


def test_a_ledger_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    """The screens may start before the hub has ever run."""
    reader = Reader(tmp_path / "ledger.sqlite")
    with pytest.raises(NotThereYet):
        reader.open_alerts()
    (tmp_path / "ledger.sqlite").touch()
    with pytest.raises(NotThereYet):
        reader.open_alerts()
    reader.close()


def test_an_alert_is_read_as_it_was_written(hub: "FakeHub", reader: Reader) -> None:
    """Open ones in the list, closed ones by their id and in the night's list."""
    written = hub.press("a1", near="lounge", near_wall_ms=5)
    assert reader.open_alerts() == [written]
    hub.change("a1", state=AlertState.CLOSED, ending=Ending.HELPED, closed_wall_ms=hub.clock.wall_ms())
    assert reader.open_alerts() == []
    closed = reader.alert("a1")
    assert closed is not None
    assert closed.ending is Ending.HELPED
    assert [alert.id for alert in reader.closed_since(0)] == ["a1"]
    assert reader.closed_since(hub.clock.wall_ms() + 1000) == []


def test_the_log_is_read_behind_a_place_and_by_alert(hub: "FakeHub", reader: Reader) -> None:
    """That is how a screen catches up."""
    before = reader.last_seq()
    hub.press("a1")
    hub.press("a2")
    assert [line.alert for line in reader.log_since(before)] == ["a1", "a2"]
    assert [line.alert for line in reader.log_since(before, limit=1)] == ["a1"]
    assert [line.alert for line in reader.log_of_alert("a2")] == ["a2"]
    assert reader.last_seq() == before + 2


def test_the_home_is_read_as_far_as_screens_show_it(reader: Reader) -> None:
    """Names of places, residents and staff; ladders and channels are passed over."""
    home = reader.home()
    assert home is not None
    assert home.timezone == "Europe/London"
    assert [row.name for row in home.staff] == ["Ana Ruiz", "Ben Okafor", "Joy Shah"]
    assert home.residents[0].room == "012"


def test_a_night_holds_all_of_it(hub: "FakeHub", reader: Reader) -> None:
    """One transaction, left again at once."""
    hub.sign_on("ana", "Kim")
    hub.press("a1", level=Level.CALL)
    hub.unread(3)
    hub.put("strangers", "rtl_433/9", Stranger(device="rtl_433/9", first_wall_ms=1))
    night = reader.night(0, 0)
    assert [row.person for row in night.shift] == ["ana", "Kim"]
    assert (night.unread, [row.topic for row in night.unread_newest][:1]) == (3, ["zigbee2mqtt/x"])
    assert [row.device for row in night.strangers] == ["rtl_433/9"]
    assert [row.reason for row in reader.quarantine_since(1001)] == ["not JSON"]
    with sqlite3.connect(hub.path) as writer:
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    writer.close()
    hub.press("a2")
    assert len(reader.open_alerts()) == 2


def test_nothing_can_be_written(reader: Reader) -> None:
    """Not even by mistake."""
    with pytest.raises(Unreadable, match=r"readonly|read-only|query_only"):
        reader._ask("DELETE FROM alerts")


def test_a_ledger_put_back_from_a_backup_is_opened_anew(hub: "FakeHub", reader: Reader) -> None:
    """Another file under the same name is another ledger."""
    hub.press("a1")
    assert len(reader.open_alerts()) == 1
    for name in (hub.path.name, f"{hub.path.name}-wal", f"{hub.path.name}-shm"):
        (hub.path.parent / name).unlink(missing_ok=True)
    type(hub)(hub.path)
    assert reader.open_alerts() == []


def test_a_row_that_makes_no_sense_is_said_so(hub: "FakeHub", reader: Reader) -> None:
    """A board that cannot read an alert must not look quiet."""
    with sqlite3.connect(hub.path) as writer:
        writer.execute("""INSERT INTO alerts (key, body) VALUES ('x', '{"state": "told"}')""")
    writer.close()
    with pytest.raises(Unreadable, match="stored Alert"):
        reader.open_alerts()


def test_what_was_told_of_one_resident_is_read_since_a_day(hub: "FakeHub", reader: Reader) -> None:
    """Open and closed, oldest first; others' are left out, older ones too."""
    now = hub.clock.wall_ms()
    hub.press("a1", "arthur")
    hub.press("a2", raised_wall_ms=now - 5_000)
    hub.press("a3", raised_wall_ms=now - 9_000, state=AlertState.CLOSED, closed_wall_ms=now)
    hub.press("a4", raised_wall_ms=now - 90_000, state=AlertState.CLOSED, closed_wall_ms=now)
    assert [alert.id for alert in reader.alerts_of("margaret", now - 60_000)] == ["a3", "a2"]


def test_open_alerts_are_found_by_their_index(hub: "FakeHub", reader: Reader) -> None:
    """Years of closed ones cost a look at the board nothing: SQLite by itself would read each of them."""
    hub.press("a1")
    asked: list[str] = []
    reader.open_alerts()
    assert reader._connection is not None
    reader._connection.set_trace_callback(asked.append)
    assert [alert.id for alert in reader.open_alerts()] == ["a1"]
    with hub.write() as db:
        (plan,) = db.execute(f"EXPLAIN QUERY PLAN {asked[-1]}").fetchall()
    assert "USING INDEX alerts_open" in plan[-1]

"""Folds a ledger anew, from its oldest usable snapshot, and compares the outcome with what is stored.

A snapshot is usable when this machine goes on from it, and from each one behind it; the first of a ledger is empty, and
then the whole past is folded. The past is stepped with the same `step` that the hub uses. Of each record the last
version is kept, finished and forgotten ones too, because the store keeps those as well; what had ended before the
snapshot is left out. A hub may be running: the stored rows are copied in one short look together with the sequence they
belong to, and the fold ends there. Imported events lie in a table of their own, and are only counted.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import merge
from pathlib import Path
from typing import NamedTuple

import orjson

from hub.errors import HandrailError
from hub.ledger.load import home_of, restored
from hub.ledger.past import has_imported
from hub.ledger.rows import event_of, input_of
from hub.ledger.snapshots import Snapshot, kept
from rules.inputs import Input, Now
from rules.machine import step
from rules.state import TABLES, Meta, State, Table

PAGE = 2_000
"""Places of the sequence read at a time: some milliseconds, so that no reader keeps the log from being tidied."""
SHOWN = 20
LONGEST_SHOWN = 300
BUSY_S = 5.0
WITH_SNAPSHOTS = 2
"""The first schema that has them."""

EVENTS = """SELECT seq, elapsed_ms, wall_ms, device, kind, value, extra FROM main.events
    WHERE seq BETWEEN ? AND ? ORDER BY seq"""
INPUTS = "SELECT seq, elapsed_ms, wall_ms, what, body FROM main.inputs WHERE seq BETWEEN ? AND ? ORDER BY seq"


class LedgerUnreadable(HandrailError):
    """There is no ledger here, or none that can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One row that is not what the inputs make of it; empty where one side has none."""

    table: str
    key: str
    stored: str
    folded: str


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What was folded, what was compared, and what differs."""

    first_seq: int = 0
    last_seq: int = 0
    first_wall_ms: int = 0
    last_wall_ms: int = 0
    inputs: int = 0
    events: int = 0
    imported: int = 0
    snapshot_seq: int = 0
    """The fold began with the snapshot of this place in the sequence; 0 where it began with nothing."""
    snapshot_wall_ms: int = 0
    settled: int = 0
    """Alerts and episodes that had ended before it: they are not compared."""
    compared: dict[str, int] = field(default_factory=dict)
    different: int = 0
    shown: list[Difference] = field(default_factory=list)


class _Past(NamedTuple):
    """One input as the ledger has it; `given` is None for what was imported."""

    seq: int
    now: Now
    given: Input | None
    is_event: bool


def verify(ledger: Path, tell: Callable[[int, int], None] = lambda done, whole: None) -> Verdict:
    """Fold and compare. `tell` is called with how far it is; raises `LedgerUnreadable`."""
    if not ledger.is_file():
        raise LedgerUnreadable(f"there is no ledger at {ledger}: the hub makes it at its first start")
    try:
        with contextlib.closing(_open(ledger)) as store:
            return _verify(store, tell)
    except sqlite3.Error as error:
        raise LedgerUnreadable(f"the ledger {ledger} cannot be read: {error}") from error


def _open(ledger: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{ledger.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=BUSY_S)


def _verify(store: sqlite3.Connection, tell: Callable[[int, int], None]) -> Verdict:
    verdict = Verdict()
    verdict.first_seq, verdict.last_seq, snapshots, verdict.imported = _copy_outcome(store)
    state = _beginning(store, verdict, snapshots)
    meta = state.meta.get("meta") or Meta()
    before = {"alerts": meta.alerts, "episodes": meta.episodes}
    tables = state.tables()
    for low in range(verdict.first_seq, verdict.last_seq + 1, PAGE):
        high = min(low + PAGE - 1, verdict.last_seq)
        for past in _page(store, low, high):
            _count(verdict, past)
            if past.given is not None:
                step(state, past.given, past.now)
        for name, table in tables.items():
            _keep(store, name, table)
        state.adopt()
        tell(high - verdict.first_seq + 1, verdict.last_seq - verdict.first_seq + 1)
    for name in TABLES:
        _settle(store, name, verdict, before.get(name, 0))
        _compare(store, name, verdict)
    return verdict


def _beginning(store: sqlite3.Connection, verdict: Verdict, snapshots: list[Snapshot]) -> State:
    """The state that the fold begins with; a snapshot that somebody changed is a difference, and is not begun with."""
    usable: Snapshot | None = None
    for snapshot in reversed(snapshots):
        if not snapshot.is_ours:
            break
        if snapshot.is_sealed:
            usable = snapshot
            continue
        verdict.different += 1
        verdict.shown.append(
            Difference(table="snapshots", key=str(snapshot.seq), stored="its seal is broken", folded="")
        )
        break
    if usable is None and snapshots:
        raise LedgerUnreadable(
            "another version of Handrail, or of the time-zone data, wrote this ledger: start the hub once with this one"
            if not verdict.different
            else f"the snapshot of place {snapshots[-1].seq} in the sequence was changed: its seal is broken"
        )
    if usable is None or usable.seq == 0:
        return State()
    verdict.snapshot_seq, verdict.snapshot_wall_ms = usable.seq, usable.wall_ms
    verdict.first_seq = max(verdict.first_seq, usable.seq + 1)
    rows, home = usable.rows(), usable.home()
    for name, held in rows.items():
        store.executemany(f"INSERT INTO temp.folded_{name} VALUES (?, ?)", held)
    return restored(rows, home_of(home) if home else None)


def _settle(store: sqlite3.Connection, name: str, verdict: Verdict, count: int) -> None:
    """Leave out of the comparison what is numbered up to `count` and was not in the snapshot: it had ended before."""
    if count:
        verdict.settled += store.execute(
            f"DELETE FROM temp.stored_{name} WHERE CAST(substr(key, 2) AS INTEGER) <= ?"
            f" AND key NOT IN (SELECT key FROM temp.folded_{name})",
            (count,),
        ).rowcount


def _copy_outcome(store: sqlite3.Connection) -> tuple[int, int, list[Snapshot], int]:
    """Copy the stored rows aside in one look, together with the first and the last input that they follow from, the
    snapshots there are, and how many events were imported."""
    store.execute("PRAGMA temp_store = FILE")
    store.execute("BEGIN")
    ends = [store.execute(f"SELECT min(seq), max(seq) FROM main.{table}").fetchone() for table in ("events", "inputs")]
    for table in TABLES:
        store.execute(f"CREATE TEMP TABLE stored_{table} AS SELECT key, body FROM main.{table}")
    version = store.execute("PRAGMA user_version").fetchone()[0]
    snapshots = kept(store) if version >= WITH_SNAPSHOTS else []
    imported = store.execute("SELECT count(*) FROM main.imported").fetchone()[0] if has_imported(store) else 0
    store.execute("COMMIT")
    for table in TABLES:
        store.execute(f"CREATE TEMP TABLE folded_{table} (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID")
        store.execute(f"CREATE UNIQUE INDEX temp.stored_{table}_by_key ON stored_{table} (key)")
    first = min((low for low, _ in ends if low is not None), default=1)
    last = max((high for _, high in ends if high is not None), default=0)
    return first, last, snapshots, imported


def _page(store: sqlite3.Connection, low: int, high: int) -> Iterable[_Past]:
    """The inputs of a stretch in their order; it is read whole before it is used, so that no reader stays open."""
    events = [
        _Past(seq, Now(elapsed_ms, wall_ms), _event(device, kind, value, extra), True)
        for seq, elapsed_ms, wall_ms, device, kind, value, extra in store.execute(EVENTS, (low, high)).fetchall()
    ]
    others = [
        _Past(seq, Now(elapsed_ms, wall_ms), input_of(what, body), False)
        for seq, elapsed_ms, wall_ms, what, body in store.execute(INPUTS, (low, high)).fetchall()
    ]
    return merge(events, others, key=lambda past: past.seq)


def _event(device: str, kind: str, value: str | int | float | None, extra: str | None) -> Input | None:
    if extra is not None and "origin" in extra and orjson.loads(extra).get("origin") == "import":
        return None
    return event_of(device, kind, value, extra)


def _count(verdict: Verdict, past: _Past) -> None:
    if past.given is None:
        verdict.imported += 1
        return
    if verdict.inputs == 0:
        verdict.first_wall_ms = past.now.wall_ms
    verdict.last_wall_ms = past.now.wall_ms
    verdict.inputs += 1
    verdict.events += past.is_event


def _keep(store: sqlite3.Connection, name: str, table: Table[object]) -> None:
    """Keep the newest version of each row that changed, as the ledger would."""
    rows = [(key, _json(row)) for key, row in table.changed.items() if row is not None]
    gone = [(key,) for key, row in table.changed.items() if row is None]
    store.executemany(f"INSERT OR REPLACE INTO temp.folded_{name} VALUES (?, ?)", rows)
    store.executemany(f"DELETE FROM temp.folded_{name} WHERE key = ?", gone)


def _json(row: object) -> str:
    return orjson.dumps(row, option=orjson.OPT_NON_STR_KEYS).decode()


def _compare(store: sqlite3.Connection, name: str, verdict: Verdict) -> None:
    """Count the rows of a table, and note those that are not the same JSON on both sides."""
    verdict.compared[name] = store.execute(f"SELECT count(*) FROM temp.stored_{name}").fetchone()[0]
    unlike = store.execute(
        f"SELECT key, s.body, f.body FROM temp.stored_{name} s LEFT JOIN temp.folded_{name} f USING (key)"
        f" WHERE f.body IS NOT s.body UNION ALL SELECT key, NULL, f.body FROM temp.folded_{name} f"
        f" WHERE key NOT IN (SELECT key FROM temp.stored_{name}) ORDER BY 1"
    )
    for key, stored, folded in unlike:
        was = orjson.loads(stored) if stored is not None else {}
        now = orjson.loads(folded) if folded is not None else {}
        if was == now and (stored is None) == (folded is None):
            continue
        verdict.different += 1
        if len(verdict.shown) < SHOWN:
            verdict.shown.append(
                Difference(table=name, key=key, stored=_only_unlike(was, now), folded=_only_unlike(now, was))
            )


def _only_unlike(one: dict[str, object], other: dict[str, object]) -> str:
    """The fields of a row that the other side has otherwise; empty where there is no row."""
    found = {name: value for name, value in one.items() if name not in other or other[name] != value}
    said = orjson.dumps(found).decode() if one else ""
    return said if len(said) <= LONGEST_SHOWN else f"{said[:LONGEST_SHOWN]}…"

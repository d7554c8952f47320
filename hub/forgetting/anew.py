"""A ledger written anew without one person, which then takes the place of the old one in a single rename.

So it is done whole or not at all: a process that is killed leaves the old ledger as it was, and beside it at most a
part of the new one, which holds nothing of theirs and which the next attempt begins anew. A file that is written anew
has no free pages and no write-ahead log in which something could be left.

Nobody may write meanwhile: the hub is stopped, and its lock is ours. Screens may read; they open the new file by
themselves.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import orjson

from hub.errors import LedgerUnreadable, LedgerUnwritable
from hub.forgetting.rows import OF_A_ROOM, Row, Rows
from hub.forgetting.traces import OF_THE_HOUSE, NotForgotten, Traces, traces_of
from hub.forgetting.words import FORMER
from hub.ledger.snapshots import COLUMNS, take
from hub.ledger.write import migrate, open_store
from rules.effects import Did, Log
from rules.messages import log_message

PART = ".anew"
"""What the new file is called until it is whole."""
BUSY_S = 10.0
HOUR_MS = 3_600_000
PAGE = 1_000
EVENTS_PAGE = 100_000
"""Places of the sequence, or rows, that are gone through at a time."""
ROOM_BYTES = 64 * 2**20
"""So much more than the ledger's own size must be free on the disk."""
NEVER_HOUR = 2**40

HOUSE = ", ".join(f"'{kind}'" for kind in sorted(OF_THE_HOUSE))
THEIRS = (
    "EXISTS (SELECT 1 FROM temp.spans s WHERE s.device = r.device AND {} BETWEEN s.low AND s.high"
    f" AND (s.own OR r.kind NOT IN ({HOUSE})))"
)
BULK: dict[str, tuple[str, str]] = {
    "events": (THEIRS.format("r.seq"), "events"),
    "imported": (THEIRS.format("r.after_seq"), "imported events"),
    "rollups": (
        THEIRS.replace("temp.spans", "temp.hours").format("r.hour"),
        "hours of events",
    ),
    "received": ("0", ""),
    "cursors": ("0", ""),
}
"""Tables that SQLite goes through by itself: which of their rows are theirs, and what those are called."""
SAID = "EXISTS (SELECT 1 FROM temp.said w WHERE instr(r.body, w.form){})"
PLAIN: dict[str, str] = {
    "inputs": "r.what NOT IN ('Asked', 'Configured') AND NOT (CASE r.what WHEN 'FellDue'"
    f" THEN {SAID.format(' AND w.is_name')} ELSE {SAID.format('')} END)",
    "log": f"r.resident IS NOT :resident AND NOT {SAID.format('')} AND r.step NOT IN (SELECT form FROM temp.of_a_room)"
    " AND (r.alert IS NULL OR r.alert NOT IN (SELECT form FROM temp.their_alerts))"
    " AND (r.episode IS NULL OR r.episode NOT IN (SELECT form FROM temp.their_runs))",
}
"""Of the tables that have millions of rows, those that are taken over as they are, and are not looked at one by one."""
WHOLE = frozenset({"subscriptions"})
"""Small ones without a key of one column."""
Tell = Callable[[str, int, int], None]


def nobody(stage: str, done: int, whole: int) -> None:
    """Tells nobody how far it is."""


def who(ledger: Path, name: str) -> Traces:
    """Whom the name means, and where they are. Raises `NotOneResident`, `LedgerUnreadable`."""
    with _readable(ledger), closing(_reader(ledger)) as reader:
        return traces_of(reader, name)


def look(ledger: Path, name: str, tell: Tell = nobody) -> tuple[Traces, Counter[str]]:
    """And how much would be erased; a hub may run meanwhile."""
    traces = who(ledger, name)
    with _readable(ledger), _beside(ledger, None) as store:
        return traces, _gone_through(store, traces, tell, keep=False)


def erase(
    ledger: Path,
    name: str,
    *,
    by: str,
    wall_ms: int,
    before: Callable[[sqlite3.Connection, Traces], None],
    tell: Tell = nobody,
) -> Counter[str]:
    """Write the ledger anew and put it in the place of the old one; `before` raises where that may not be yet, and does
    what must be done while the old one still knows whose is what.

    The caller has the hub's lock. Raises `LedgerUnwritable` where the disk does not take it; nothing was changed then.
    """
    ledger = ledger.resolve()
    part = ledger.with_name(ledger.name + PART)
    _make_room(ledger, part)
    try:
        open_store(ledger).close()  # brings an older one up to this version
        with _readable(ledger), closing(_held(ledger)) as held:
            traces = traces_of(held, name)
            before(held, traces)
            _make(ledger, part)
            with _beside(ledger, part) as store:
                store.execute("BEGIN")
                counts = _gone_through(store, traces, tell, keep=True)
                store.execute("COMMIT")
                _seal(store, by, wall_ms)
                (sound,) = store.execute("PRAGMA main.quick_check").fetchone()
                if sound != "ok":
                    raise NotForgotten(f"the new ledger is not sound ({sound}): nothing was erased; try again")
            _flush(part)
            seen = _seen(ledger)
            held.execute("ROLLBACK")
        tell("written", 1, 1)
        _put_in_place(ledger, part, seen, tell)
    except OSError as error:
        raise LedgerUnwritable(f"{part} cannot be written: {error.strerror}; nothing was erased") from error
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    return counts


# -- the old one --------------------------------------------------------------------------------------------------


@contextmanager
def _readable(ledger: Path) -> Iterator[None]:
    if not ledger.is_file():
        raise LedgerUnreadable(f"there is no ledger at {ledger}: the hub makes it at its first start")
    try:
        yield
    except sqlite3.Error as error:
        raise LedgerUnreadable(f"the ledger {ledger} cannot be written anew: {error}; nothing was erased") from error


def _reader(ledger: Path) -> sqlite3.Connection:
    address = f"{ledger.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_S)


def _held(ledger: Path) -> sqlite3.Connection:
    """A connection behind which nobody writes (`import` wants no lock of the hub's), with an empty write-ahead log."""
    store = sqlite3.connect(ledger, isolation_level=None, timeout=BUSY_S)
    try:
        busy = store.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        store.execute("BEGIN IMMEDIATE")
        if busy or _wal_bytes(ledger):
            raise NotForgotten(f"somebody reads or writes {ledger}, an export perhaps: try again when it is done")
    except BaseException:
        store.close()
        raise
    return store


def _wal_bytes(ledger: Path) -> int:
    wal = ledger.with_name(f"{ledger.name}-wal")
    return wal.stat().st_size if wal.exists() else 0


def _seen(ledger: Path) -> tuple[int, int, int, int]:
    found = ledger.stat()
    return (found.st_ino, found.st_size, found.st_mtime_ns, _wal_bytes(ledger))


# -- the new one --------------------------------------------------------------------------------------------------


def _make_room(ledger: Path, part: Path) -> None:
    part.unlink(missing_ok=True)
    if not ledger.is_file():
        return
    wanted, free = ledger.stat().st_size + ROOM_BYTES, shutil.disk_usage(ledger.parent).free
    if free < wanted:
        lacks = (wanted - free) // 2**20 + 1
        raise NotForgotten(f"the disk of {ledger.parent} has {lacks} MiB too little for a second ledger: make room")


@contextmanager
def _beside(ledger: Path, part: Path | None) -> Iterator[sqlite3.Connection]:
    """A new store, with the ledger beside it as `old`; without a file one that keeps nothing."""
    with closing(sqlite3.connect(part or ":memory:", isolation_level=None, uri=True)) as store:
        store.execute("PRAGMA temp_store = MEMORY")
        store.execute("PRAGMA journal_mode = OFF")
        store.execute("PRAGMA synchronous = OFF")  # it is flushed once, before it takes its place
        migrate(store)
        store.execute("ATTACH ? AS old", (f"{ledger.absolute().as_uri()}?mode=ro",))
        yield store


def _make(ledger: Path, part: Path) -> None:
    """An empty file with the rights of the ledger: for whoever runs the hub, and nobody else of the machine."""
    before = ledger.stat()
    made = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.fchmod(made, before.st_mode & 0o7777)
        if (os.geteuid(), os.getegid()) != (before.st_uid, before.st_gid):
            os.fchown(made, before.st_uid, before.st_gid)
    finally:
        os.close(made)


def _gone_through(store: sqlite3.Connection, traces: Traces, tell: Tell, *, keep: bool) -> Counter[str]:
    _spans(store, traces)
    rows = Rows(traces, store)
    store.create_function("without", 1, rows.without, deterministic=True)
    tables = [name for (name,) in store.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall()]
    there = {name for (name,) in store.execute("SELECT name FROM old.sqlite_master WHERE type = 'table'").fetchall()}
    for number, table in enumerate(tables):
        tell(table, number, len(tables))
        if table not in there:
            continue
        if table in BULK:
            _in_bulk(store, table, rows, keep=keep)
        else:
            _one_by_one(store, table, rows, keep=keep)
    return +rows.counts


def _spans(store: sqlite3.Connection, traces: Traces) -> None:
    """What was theirs and when, where SQLite can ask it: by places in the sequence, and by hours."""
    always = 2**62
    seqs = [(device, 0, always, 1) for device in traces.own]
    hours = [(device, 0, NEVER_HOUR, 1) for device in traces.own]
    for number, span in enumerate(traces.spans):
        low, to_hour = span.from_seq if number else 0, min(span.to_wall_ms // HOUR_MS, NEVER_HOUR)
        seqs += [(device, low, span.to_seq, 0) for device in span.theirs]
        hours += [(device, span.wall_ms // HOUR_MS, to_hour, 0) for device in span.theirs]
    words = traces.words
    store.execute("CREATE TEMP TABLE said (form TEXT, is_name INTEGER)")
    store.executemany("INSERT INTO temp.said VALUES (?, ?)", [(form, form in words.name_forms) for form in words.forms])
    for table, forms in (("their_alerts", traces.alerts), ("their_runs", traces.episodes), ("of_a_room", OF_A_ROOM)):
        store.execute(f"CREATE TEMP TABLE {table} (form TEXT PRIMARY KEY)")
        store.executemany(f"INSERT INTO temp.{table} VALUES (?)", [(str(form),) for form in forms])
    for table in PLAIN:
        store.execute(f"CREATE TEMP TABLE odd_{table} (seq INTEGER PRIMARY KEY)")
    for table, rows in (("spans", seqs), ("hours", hours)):
        store.execute(f"CREATE TEMP TABLE {table} (device TEXT, low INTEGER, high INTEGER, own INTEGER)")
        store.executemany(f"INSERT INTO temp.{table} VALUES (?, ?, ?, ?)", rows)
        store.execute(f"CREATE INDEX temp.{table}_by_device ON {table} (device, low)")


def _columns(store: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in store.execute(f"PRAGMA old.table_xinfo({table})").fetchall() if not row[6]]


def _in_bulk(store: sqlite3.Connection, table: str, rows: Rows, *, keep: bool) -> None:
    theirs, called = BULK[table]
    columns = _columns(store, table)
    named = ", ".join(columns)
    said = ", ".join(_without_names(rows, table, column) for column in columns)
    for part in _parts(store, table) if table in ("events", "imported") else ["1"]:
        if keep:
            (many,) = store.execute(f"SELECT count(*) FROM old.{table} r WHERE {part}").fetchone()
            kept = f"SELECT {said} FROM old.{table} r WHERE {part} AND NOT {theirs}"
            rows.counts[called] += many - store.execute(f"INSERT INTO main.{table} ({named}) {kept}").rowcount
        else:
            (many,) = store.execute(f"SELECT count(*) FROM old.{table} r WHERE {part} AND {theirs}").fetchone()
            rows.counts[called] += many


def _parts(store: sqlite3.Connection, table: str) -> Iterator[str]:
    """Stretches of the sequence, so that no reader is long."""
    first, last = store.execute(f"SELECT min(seq), max(seq) FROM old.{table}").fetchone()
    for low in range(first or 1, (last or 0) + 1, EVENTS_PAGE):
        yield f"r.seq BETWEEN {low} AND {low + EVENTS_PAGE - 1}"


def _without_names(rows: Rows, table: str, column: str) -> str:
    """A column as it is taken over: where a device says something in words, without the name."""
    if table not in ("events", "imported") or column not in ("value", "extra") or not rows.names:
        return f"r.{column}"
    named = " OR ".join(f"instr(r.{column}, {_literal(name)})" for name in rows.names)
    return f"CASE WHEN typeof(r.{column}) = 'text' AND ({named}) THEN without(r.{column}) ELSE r.{column} END"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _one_by_one(store: sqlite3.Connection, table: str, rows: Rows, *, keep: bool) -> None:
    columns, change = _columns(store, table), rows.changes.get(table)
    named, marks = ", ".join(columns), ", ".join("?" * len(columns))
    insert = f"INSERT INTO main.{table} ({named}) VALUES ({marks})"
    if table in PLAIN:
        said = {"resident": rows.resident} if table == "log" else {}
        for part in _parts(store, table):
            odd = f"SELECT r.seq FROM old.{table} r WHERE {part} AND NOT ({PLAIN[table]})"
            store.execute(f"INSERT INTO temp.odd_{table} {odd}", said)
        if keep:
            store.execute(
                f"INSERT INTO main.{table} ({named}) SELECT {named} FROM old.{table}"
                f" WHERE seq NOT IN (SELECT seq FROM temp.odd_{table})"
            )
    for page in _pages(store, table, columns):
        kept = page if change is None else [after for row in page if (after := change(row)) is not None]
        if keep:
            store.executemany(insert, kept)


def _pages(store: sqlite3.Connection, table: str, columns: list[str]) -> Iterator[list[Row]]:
    """The rows of a table in the order of their first column, some at a time."""
    first, named = columns[0], ", ".join(columns)
    if table in WHOLE:
        yield store.execute(f"SELECT {named} FROM old.{table}").fetchall()
        return
    odd = f"AND seq IN (SELECT seq FROM temp.odd_{table})" if table in PLAIN else ""
    query = f"SELECT {named} FROM old.{table} WHERE {first} > ? {odd} ORDER BY {first} LIMIT {PAGE}"
    after: object = "" if first == "key" else -1
    while page := store.execute(query, (after,)).fetchall():
        yield page
        after = page[-1][0]


def _seal(store: sqlite3.Connection, by: str, wall_ms: int) -> None:
    """The line that says that it was done, of nobody; and what the machine knows now, from which the rest is folded."""
    (seq,) = store.execute("SELECT coalesce(max(value), 0) + 1 FROM main.cursors WHERE name = 'seq'").fetchone()
    reason = f"everything of {FORMER} was erased, as far as it was theirs alone"
    body = orjson.dumps(log_message(seq, wall_ms, Log(did=Did.FORGOTTEN, reason=reason, by=by))).decode()
    line = (seq, wall_ms, 0, str(Did.FORGOTTEN), 0, None, None, None, body)
    store.execute("INSERT INTO main.log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", line)
    store.execute("INSERT OR REPLACE INTO main.cursors VALUES ('seq', ?)", (seq,))
    marks = ", ".join("?" * len(COLUMNS.split(", ")))
    store.execute(f"INSERT OR REPLACE INTO main.snapshots ({COLUMNS}) VALUES ({marks})", take(store).row())


# -- in its place -------------------------------------------------------------------------------------------------


def _put_in_place(ledger: Path, part: Path, seen: tuple[int, int, int, int], tell: Tell) -> None:
    """The files beside the old ledger belong to it alone and hold nothing: they go first."""
    if _seen(ledger) != seen:
        raise NotForgotten(f"something was written to {ledger} meanwhile: nothing was erased; try again")
    for beside in ("-wal", "-shm"):
        ledger.with_name(ledger.name + beside).unlink(missing_ok=True)
    tell("alone", 1, 1)
    os.replace(part, ledger)
    tell("renamed", 1, 1)
    _flush(ledger.parent)


def _flush(path: Path) -> None:
    place = os.open(path, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)

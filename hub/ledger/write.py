"""The one writer of the ledger: each group of inputs with everything it caused, in one transaction that is on disk when
it returns.

It lives in a thread of its own, because a disk can hang and the event loop must not. Each table takes one statement a
group (rows travel as one JSON array), because Python gives the interpreter lock up and wants it back at every statement:
a statement a row would make a busy event loop and a busy writer wait for each other hundreds of times a group.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

import orjson

from hub.errors import LedgerTooNew, LedgerUnwritable
from hub.ledger.rows import EventRow, InputRow
from rules.state import TABLES

log = logging.getLogger("handrail.ledger")

SCHEMA = Path(__file__).parent / "schema"
LogRow = tuple[int, int, int, str, int, str | None, str | None, str | None, object]
RollupKey = tuple[str, str, str, int]


@dataclass(slots=True)
class Rollup:
    """What one group adds to an hour of one device and kind."""

    count: int = 0
    active: int = 0
    numbers: int = 0
    total: float = 0.0
    least: float | None = None
    most: float | None = None


@dataclass(slots=True)
class Batch:
    """Everything one commit keeps: the inputs, what they changed, what is to be done."""

    events: list[EventRow] = field(default_factory=list)
    inputs: list[InputRow] = field(default_factory=list)
    log: list[LogRow] = field(default_factory=list)
    rows: dict[str, list[tuple[str, object]]] = field(default_factory=dict)
    gone: dict[str, list[str]] = field(default_factory=dict)
    outbox: dict[str, tuple[str, int, int, object]] = field(default_factory=dict)
    carried: list[tuple[str, int]] = field(default_factory=list)
    received: dict[tuple[str, int], tuple[str, int, str, str]] = field(default_factory=dict)
    twins: list[tuple[int, str, str, str, int]] = field(default_factory=list)
    paired: list[int] = field(default_factory=list)
    quarantine: list[tuple[int, int, str, bytes, str]] = field(default_factory=list)
    raw: list[tuple[int, str, bytes]] = field(default_factory=list)
    known: dict[str, object] = field(default_factory=dict)
    configurations: list[tuple[int, int, str]] = field(default_factory=list)
    rollups: dict[RollupKey, Rollup] = field(default_factory=dict)
    subscriptions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cursors: dict[str, int] = field(default_factory=dict)


def _upsert(table: str) -> str:
    return (
        f"INSERT INTO {table} (key, body) SELECT value ->> 0, value -> 1 FROM json_each(?) WHERE true "
        "ON CONFLICT (key) DO UPDATE SET body = excluded.body"
    )


def _forget(table: str) -> str:
    return f"DELETE FROM {table} WHERE key IN (SELECT value FROM json_each(?))"


EVENTS = """INSERT INTO events SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
    nullif(value -> 6, 'null') FROM json_each(?)"""
INPUTS = """INSERT INTO inputs SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
    FROM json_each(?)"""
LOG = """INSERT INTO log SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
    value ->> 6, value ->> 7, value -> 8 FROM json_each(?)"""
OUTBOX = """INSERT INTO outbox SELECT value ->> 0, value ->> 1, value ->> 2, value -> 3 FROM json_each(?) WHERE true
    ON CONFLICT (key) DO UPDATE SET seq = excluded.seq, urgent = excluded.urgent, body = excluded.body"""
CARRIED = "DELETE FROM outbox WHERE (key, seq) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))"
RECEIVED = """INSERT INTO received SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)
    WHERE true ON CONFLICT (lane, packet_id) DO UPDATE SET topic = excluded.topic, digest = excluded.digest"""
TWINS = "INSERT INTO twins SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?)"
PAIRED = "DELETE FROM twins WHERE id IN (SELECT value FROM json_each(?))"
ROLLUPS = """INSERT INTO rollups SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
    value ->> 6, value ->> 7, value ->> 8, value ->> 9 FROM json_each(?) WHERE true
    ON CONFLICT (device, kind, field, hour) DO UPDATE SET count = count + excluded.count,
    active = active + excluded.active, numbers = numbers + excluded.numbers, sum = sum + excluded.sum,
    min = coalesce(min(min, excluded.min), min, excluded.min), max = coalesce(max(max, excluded.max), max, excluded.max)"""
CURSORS = """INSERT INTO cursors SELECT value ->> 0, value ->> 1 FROM json_each(?) WHERE true
    ON CONFLICT (name) DO UPDATE SET value = excluded.value"""


def write(store: sqlite3.Connection, batch: Batch) -> None:
    """Keep one batch, whole or not at all."""
    store.execute("BEGIN IMMEDIATE")
    try:
        for statement, argument in _statements(batch):
            store.execute(statement, (argument,))
        _rare(store, batch)
        store.execute("COMMIT")
    except BaseException:
        if store.in_transaction:
            store.execute("ROLLBACK")
        raise


def _text(rows: object) -> str:
    return orjson.dumps(rows, option=orjson.OPT_NON_STR_KEYS).decode()


def _statements(batch: Batch) -> Iterable[tuple[str, str]]:
    if batch.events:
        yield EVENTS, _text(batch.events)
    if batch.inputs:
        yield INPUTS, _text(batch.inputs)
    if batch.log:
        yield LOG, _text(batch.log)
    for table, rows in batch.rows.items():
        yield _upsert(table), _text(rows)
    for table, keys in batch.gone.items():
        yield _forget(table), _text(keys)
    if batch.carried:
        yield CARRIED, _text(batch.carried)
    if batch.outbox:
        yield OUTBOX, _text(list(batch.outbox.values()))
    if batch.received:
        yield RECEIVED, _text(list(batch.received.values()))
    if batch.twins:
        yield TWINS, _text(batch.twins)
    if batch.paired:
        yield PAIRED, _text(batch.paired)
    if batch.rollups:
        yield ROLLUPS, _text([(*key, r.count, r.active, r.numbers, r.total, r.least, r.most)
                              for key, r in batch.rollups.items()])
    if batch.known:
        yield _upsert("known"), _text(list(batch.known.items()))
    if batch.cursors:
        yield CURSORS, _text(list(batch.cursors.items()))


def _rare(store: sqlite3.Connection, batch: Batch) -> None:
    if batch.quarantine:
        store.executemany("INSERT INTO quarantine VALUES (?, ?, ?, ?, ?)", batch.quarantine)
    if batch.raw:
        store.executemany("INSERT OR REPLACE INTO raw VALUES (?, ?, ?)", batch.raw)
    if batch.configurations:
        store.executemany("INSERT INTO configurations VALUES (?, ?, ?)", batch.configurations)
    for lane, filters in batch.subscriptions.items():
        store.execute("DELETE FROM subscriptions WHERE lane = ?", (lane,))
        store.executemany("INSERT INTO subscriptions VALUES (?, ?)", [(lane, name) for name in filters])


def open_store(path: Path) -> sqlite3.Connection:
    """Open the ledger's file for its writer, and bring its schema up to this version."""
    try:
        store = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
        store.execute("PRAGMA journal_mode = WAL")
        store.execute("PRAGMA synchronous = FULL")
        store.execute("PRAGMA foreign_keys = ON")
        store.execute("PRAGMA wal_autocheckpoint = 0")
        store.execute("PRAGMA cache_size = -8192")
        migrate(store)
    except sqlite3.Error as error:
        raise LedgerUnwritable(f"the ledger {path} cannot be opened: {error}") from error
    return store


def migrate(store: sqlite3.Connection) -> None:
    """Run the numbered schema files that this ledger has not seen."""
    steps = sorted(SCHEMA.glob("[0-9]*.sql"))
    have = store.execute("PRAGMA user_version").fetchone()[0]
    newest = int(steps[-1].stem)
    if have > newest:
        raise LedgerTooNew(f"this ledger is of version {have}, this Handrail knows {newest}: install a newer one")
    for step in steps:
        number = int(step.stem)
        if number > have:
            store.executescript(f"BEGIN;\n{step.read_text()}\nPRAGMA user_version = {number};\nCOMMIT;")


class Writer:
    """The writer's thread. `commit` returns when the batch is on disk and raises `LedgerUnwritable` when it is not."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = open_store(path)
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="ledger", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    async def commit(self, batch: Batch) -> None:
        """Keep a batch; the caller goes on when it is on disk."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def job() -> None:
            try:
                write(self.store, batch)
            except sqlite3.Error as error:
                failure = LedgerUnwritable(f"the ledger {self.path} cannot be written: {error}")
                failure.__cause__ = error
                loop.call_soon_threadsafe(_fail, done, failure)
            except BaseException as error:
                loop.call_soon_threadsafe(_fail, done, error)
            else:
                loop.call_soon_threadsafe(_succeed, done)

        self._jobs.put(job)
        await done

    def close(self) -> None:
        """End the thread after the last commit and close the file."""
        self._jobs.put(None)
        self._thread.join(timeout=10)
        self.store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.store.close()


def _succeed(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


def _fail(done: asyncio.Future[None], error: BaseException) -> None:
    if not done.done():
        done.set_exception(error)


class Checkpointer:
    """Moves the write-ahead log into the file from a connection of its own, never inside a commit."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def checkpoint(self) -> int:
        """Move what can be moved; returns the size of what is left, in bytes."""
        store = sqlite3.connect(self._path, isolation_level=None, timeout=1)
        try:
            store.execute("PRAGMA wal_checkpoint(PASSIVE)")
        finally:
            store.close()
        wal = self._path.with_name(self._path.name + "-wal")
        return wal.stat().st_size if wal.exists() else 0


__all__ = ["TABLES", "Batch", "Checkpointer", "LogRow", "Rollup", "Writer", "migrate", "open_store", "write"]

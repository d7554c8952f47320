"""The one writer of the ledger: each group of inputs with everything it caused, in one transaction that is on disk when
it returns.

It lives in a thread of its own, because a disk can hang and the event loop must not. Rows go many a statement, because
Python gives the interpreter lock up and wants it back at every statement: a statement a row would make a busy event
loop and a busy writer wait for each other hundreds of times a group.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from queue import SimpleQueue

from hub import kill_points
from hub.errors import HandrailError, LedgerShared, LedgerTooNew, LedgerUnwritable
from hub.kill_points import Point
from hub.ledger.place import Place, files_of
from hub.ledger.retention import Forget
from hub.ledger.rows import EventRow, InputRow, body_of
from hub.ledger.snapshots import Snapshot
from hub.ledger.sorts import ANEW, GONE, RIGHTS, asked, is_of_a_value, is_shared, sort_of
from rules.state import TABLES

log = logging.getLogger("handrail.ledger")

SCHEMA = Path(__file__).parent / "schema"
RECEIVED_KEPT = 4_000
"""Groups whose packet ids are kept. Only what was committed last and not yet acknowledged can come again."""
PRUNE_EVERY = 500
WAL_KEPT_BYTES = 64 * 2**20
"""A write-ahead log that grew behind a slow reader is cut to this once the reader is gone."""
LogRow = tuple[int, int, int, str, int, str | None, str | None, str | None, bytes]
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
    received: dict[tuple[str, int], bytes] = field(default_factory=dict)
    """The packet ids this group used, by lane: what a redelivery is compared with."""
    forgotten: list[str] = field(default_factory=list)
    """Lanes whose session the broker made anew: what their packet ids were used for before is nothing any more."""
    twins: list[tuple[int, str, str, bytes, int]] = field(default_factory=list)
    paired: list[int] = field(default_factory=list)
    quarantine: list[tuple[int, int, str, bytes, str]] = field(default_factory=list)
    raw: list[tuple[int, str, bytes]] = field(default_factory=list)
    known: dict[str, object] = field(default_factory=dict)
    """What devices told about themselves; `None` where a gateway knows one no longer."""
    configurations: list[tuple[int, int, str, str]] = field(default_factory=list)
    rollups: dict[RollupKey, Rollup] = field(default_factory=dict)
    subscriptions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cursors: dict[str, int] = field(default_factory=dict)
    snapshots: list[Snapshot] = field(default_factory=list)
    forget: list[Forget] = field(default_factory=list)
    """What is old enough to go, a small piece of it."""


CHUNKS = (64, 32, 16, 8, 7, 6, 5, 4, 3, 2, 1)
"""Rows a statement: few sizes, so that each is compiled once and kept; a group of a quiet house is one statement."""


@dataclass(frozen=True, slots=True)
class Insert:
    """An INSERT of many rows in one statement."""

    head: str
    row: str
    tail: str = ""
    made: dict[int, str] = field(default_factory=dict, compare=False, repr=False)
    """The statements by their number of rows."""

    def run(self, store: sqlite3.Connection, rows: Sequence[Sequence[object]]) -> None:
        """Insert these rows, in as few statements as their number allows."""
        at, left = 0, len(rows)
        if not left:
            return
        for size in CHUNKS:
            while left >= size:
                some = rows if left == size and not at else rows[at : at + size]
                store.execute(self.made.get(size) or self._make(size), tuple(chain.from_iterable(some)))
                at, left = at + size, left - size

    def _make(self, size: int) -> str:
        return self.made.setdefault(size, f"{self.head} VALUES {', '.join([self.row] * size)} {self.tail}")


def _row(width: int) -> str:
    return f"({', '.join('?' * width)})"


def _body(table: str) -> Insert:
    return Insert(f"INSERT INTO {table} (key, body)", _row(2), "ON CONFLICT (key) DO UPDATE SET body = excluded.body")


BODIES = {name: _body(name) for name in (*TABLES, "known")}
EVENTS = Insert("INSERT INTO events", _row(7))
INPUTS = Insert("INSERT INTO inputs", _row(5))
LOG = Insert("INSERT INTO log", _row(9))
OUTBOX = Insert(
    "INSERT INTO outbox",
    _row(4),
    "ON CONFLICT (key) DO UPDATE SET seq = excluded.seq, urgent = excluded.urgent, body = excluded.body",
)
TWINS = Insert("INSERT INTO twins", _row(5))
ROLLUPS = Insert(
    "INSERT INTO rollups",
    _row(10),
    """ON CONFLICT (device, kind, field, hour) DO UPDATE SET count = count + excluded.count,
    active = active + excluded.active, numbers = numbers + excluded.numbers, sum = sum + excluded.sum,
    min = coalesce(min(min, excluded.min), min, excluded.min),
    max = coalesce(max(max, excluded.max), max, excluded.max)""",
)
CURSORS = Insert("INSERT INTO cursors", _row(2), "ON CONFLICT (name) DO UPDATE SET value = excluded.value")
CARRIED = Insert("DELETE FROM outbox WHERE (key, seq) IN (", _row(2), ")")
PAIRED = Insert("DELETE FROM twins WHERE id IN (", "(?)", ")")
NOT_THERE = {name: Insert(f"DELETE FROM {name} WHERE key IN (", "(?)", ")") for name in TABLES}


def write(store: sqlite3.Connection, batch: Batch, written: dict[str, int] | None = None) -> None:
    """Keep one batch, whole or not at all. `written` are the cursors as this ledger's one writer last wrote them: those
    that have not moved are not written again."""
    written = {} if written is None else written
    store.execute("BEGIN IMMEDIATE")
    try:
        _common(store, batch)
        CURSORS.run(store, [item for item in batch.cursors.items() if written.get(item[0]) != item[1]])
        _rare(store, batch)
        kill_points.at(Point.COMMITTING, batch)
        store.execute("COMMIT")
        written.update(batch.cursors)
        kill_points.at(Point.COMMITTED, batch)
    except BaseException:
        if store.in_transaction:
            store.execute("ROLLBACK")
        raise


def _packed(received: Mapping[tuple[str, int], bytes]) -> dict[str, bytes]:
    """Each lane's uses in one blob: two bytes of packet id and twelve of digest a use, in order."""
    lanes: dict[str, list[bytes]] = {}
    for (lane, packet_id), digest in received.items():
        lanes.setdefault(lane, []).append(packet_id.to_bytes(2, "big") + digest)
    return {lane: b"".join(uses) for lane, uses in lanes.items()}


def _common(store: sqlite3.Connection, batch: Batch) -> None:
    """What nearly every group has. The order matters in one place: a wish that was carried out leaves before a newer
    one of its key comes, and a copy that is owed is written before the same group pairs it."""
    EVENTS.run(store, batch.events)
    INPUTS.run(store, batch.inputs)
    LOG.run(store, [(*row[:8], row[8].decode()) for row in batch.log])
    for table, rows in batch.rows.items():
        BODIES[table].run(store, [(key, body_of(row)) for key, row in rows])
    for table, keys in batch.gone.items():
        NOT_THERE[table].run(store, [(key,) for key in keys])
    CARRIED.run(store, batch.carried)
    OUTBOX.run(store, [(key, seq, urgent, body_of(body)) for key, seq, urgent, body in batch.outbox.values()])
    TWINS.run(store, batch.twins)
    PAIRED.run(store, [(ident,) for ident in batch.paired])
    ROLLUPS.run(
        store,
        [(*key, r.count, r.active, r.numbers, r.total, r.least, r.most) for key, r in batch.rollups.items()],
    )


def _rare(store: sqlite3.Connection, batch: Batch) -> None:
    seq = batch.cursors.get("seq", 0)
    if batch.forgotten:
        store.executemany("DELETE FROM received WHERE lane = ?", [(lane,) for lane in batch.forgotten])
    for lane, uses in _packed(batch.received).items():
        kept = store.execute("INSERT INTO received (lane, seq, uses) VALUES (?, ?, ?)", (lane, seq, uses))
        newest = kept.lastrowid or 0
        if newest % PRUNE_EVERY == 0:
            store.execute("DELETE FROM received WHERE id <= ?", (newest - RECEIVED_KEPT,))
    if batch.known:
        BODIES["known"].run(store, [(key, body_of(body)) for key, body in batch.known.items() if body is not None])
        gone = [(key,) for key, body in batch.known.items() if body is None]
        store.executemany("DELETE FROM known WHERE key = ?", gone)
    if batch.quarantine:
        store.executemany("INSERT INTO quarantine VALUES (?, ?, ?, ?, ?)", batch.quarantine)
    if batch.raw:
        store.executemany("INSERT OR REPLACE INTO raw VALUES (?, ?, ?)", batch.raw)
    if batch.configurations:
        store.executemany("INSERT INTO configurations VALUES (?, ?, ?, ?)", batch.configurations)
    for snapshot in batch.snapshots:
        store.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", snapshot.row())
    for statement, values in batch.forget:
        store.execute(statement, values)
    for lane, filters in batch.subscriptions.items():
        store.execute("DELETE FROM subscriptions WHERE lane = ?", (lane,))
        store.executemany("INSERT INTO subscriptions VALUES (?, ?)", [(lane, name) for name in filters])


def open_store(path: Path) -> sqlite3.Connection:
    """Open the ledger's file for its writer, and bring its schema up to this version."""
    try:
        store = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5, cached_statements=512)
        store.execute("PRAGMA journal_mode = WAL")
        store.execute("PRAGMA synchronous = FULL")
        store.execute("PRAGMA foreign_keys = ON")
        store.execute("PRAGMA wal_autocheckpoint = 0")
        store.execute(f"PRAGMA journal_size_limit = {WAL_KEPT_BYTES}")
        store.execute("PRAGMA cache_size = -2048")
        migrate(store)
    except sqlite3.Error as error:
        raise LedgerUnwritable(f"the ledger {path} cannot be opened: {error}", sort_of(error, path)) from error
    # SQLite opens what it may not write to be read, and never tries again.
    if closed := next((file for file in files_of(path) if file.exists() and not os.access(file, os.W_OK)), None):
        store.close()
        raise LedgerUnwritable(f"the ledger {path} cannot be written: {closed.name}", asked(path.parent) or RIGHTS)
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

    def __init__(
        self, path: Path, store: sqlite3.Connection | None = None, without: LedgerUnwritable | None = None
    ) -> None:
        """`store` is the ledger, already open; `without` says why it is not the one at `path` but one in memory."""
        self.on_disk = without is None
        self.path = path
        self.store = open_store(path) if store is None else store
        self.lost = without
        """Why the open ledger is not the file at its path, or none that can be used: it must be written anew."""
        self.sort, self.failure = (without.sort, str(without)) if without else ("", "")
        """Why the last commit failed."""
        self.shared: LedgerShared | None = None
        """The ledger knows more than we do: the hub must start again from it."""
        self._place = Place(path) if without is None else Place(path, names=())
        self._written: dict[str, int] = {}
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="ledger", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def commit(self, batch: Batch) -> asyncio.Future[None]:
        """Keep a batch; what is returned is done when it is on disk. One that is begun cannot be taken back."""
        return self.do(lambda: self._commit(batch))

    def _commit(self, batch: Batch) -> None:
        if self.lost is None:
            write(self.store, batch, self._written)
            self._lose(self._place.gone())
        if self.lost is not None:
            raise self.lost

    def do(self, work: Callable[[], None]) -> asyncio.Future[None]:
        """Do something with the ledger on its thread, in its turn."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def job() -> None:
            try:
                work()
            except (sqlite3.Error, HandrailError) as error:
                failure = error if isinstance(error, sqlite3.Error) and is_of_a_value(error) else self._failure(error)
                loop.call_soon_threadsafe(_fail, done, failure)
            except BaseException as error:  # noqa: BLE001
                # Not handled here: the pump's await raises it, and the hub stops loudly.
                loop.call_soon_threadsafe(_fail, done, error)
            else:
                self.sort = self.failure = ""
                loop.call_soon_threadsafe(_succeed, done)

        self._jobs.put(job)
        return done

    def _failure(self, error: sqlite3.Error | HandrailError) -> HandrailError:
        if isinstance(error, sqlite3.Error):
            if is_shared(error):
                said = f"another hub wrote into the ledger {self.path}: {error}"
                failure: HandrailError = LedgerShared(said, by_another=True)
            else:
                sort, why = sort_of(error, self.path), f"the ledger {self.path} cannot be written: {error}"
                failure = LedgerUnwritable(why, sort)
            failure.__cause__ = error
        else:
            failure = error
        if isinstance(failure, LedgerUnwritable):
            self.sort, self.failure = failure.sort, str(failure)
            self.loses(failure)
        elif isinstance(failure, LedgerShared):
            self.shared = failure
        return failure

    def loses(self, failure: LedgerUnwritable) -> bool:
        """Somebody met this with the ledger; returns whether it is one that no waiting mends."""
        if failure.sort in ANEW and (self.lost is None or self.lost.sort not in ANEW):
            self.lost = failure
        return failure.sort in ANEW

    def about(self, fault: str) -> dict[str, str]:
        """What a fault of the ledger is about: its folder, and which of the words for it are true."""
        return {"folder": str(self.path.parent), "sort": self.sort if fault == "ledger" else ""}

    def look(self) -> bool:
        """Whether the file at the path is still the ledger that is open. Asks the disk: for a thread."""
        if self.lost is None:
            self._lose(self._place.look())
        return self.lost is None

    def measure(self, said_bytes: int) -> None:
        """The same by its length, which the file itself says."""
        if self.lost is None:
            self._lose(self._place.measure(said_bytes))

    def is_at(self, path: Path | None) -> bool:
        """Whether the ledger that is open is the file that has this name now."""
        return path is not None and self._place.is_at(path)

    def _lose(self, why: str) -> None:
        if why:
            self.lost = LedgerUnwritable(f"the ledger {self.path} {why}", GONE)

    def take(self, store: sqlite3.Connection) -> None:
        """From here on this is the ledger at the path; on the writer's thread."""
        self.store, self._place, self._written, self.lost, self.on_disk = store, Place(self.path), {}, None, True

    def close(self) -> None:
        """End the thread after the last commit and close the file."""
        self._jobs.put(None)
        self._thread.join(timeout=10)
        if self._thread.is_alive():
            log.error("the disk of %s does not answer: its last commit is left to it", self.path)
            return
        if self.lost is None:
            try:
                self.store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.Error as error:
                log.warning("the write-ahead log of %s stays for the next start: %s", self.path, error)
        self.store.close()


def _succeed(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


def _fail(done: asyncio.Future[None], error: BaseException) -> None:
    if not done.done():
        done.set_exception(error)


__all__ = ["TABLES", "Batch", "LogRow", "Rollup", "Writer", "migrate", "open_store", "write"]

"""The ledger at a start: whatever is wrong with its file or its disk, there is a hub that hears pendants afterwards.

It is opened and read on a thread, because a disk can hang. Where it cannot be opened for writing it is read, and a hub
begins in memory from there; where it cannot be read either, from nothing. The writer then holds a store in memory and
says why; `hub/record.py` finds the way back to the file.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hub.errors import LedgerUnwritable
from hub.ledger.anew import put_aside
from hub.ledger.load import Loaded, load, newest_configuration, remembered, restored
from hub.ledger.snapshots import Snapshot, begins_anew, take
from hub.ledger.sorts import BROKEN, sort_of, sort_of_disk
from hub.ledger.write import Writer, migrate, open_store
from rules.home import Home
from rules.state import ROWS

log = logging.getLogger("handrail.ledger")

OPEN_S = 2.0
"""A start waits so long for a disk that does not answer, twice."""
SLOW = "ledger-slow"

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Opened:
    """What a start found."""

    writer: Writer
    loaded: Loaded
    first: Snapshot | None
    """A ledger that another machine wrote, or nobody yet, begins with it."""
    is_unread: bool = False
    """There was a ledger, and nothing of its state could be read."""

    @property
    def knows_nothing(self) -> bool:
        """There is no memory of before, because there is no ledger, or none that can be read."""
        return self.loaded.seq == 0


def make(folder: Path) -> None:
    """Make the folder of the ledger; where the disk refuses, a hub that begins in memory tells it."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)


def opened(path: Path) -> Opened:
    """Open and read the ledger. Raises `LedgerTooNew`: who installed an older Handrail is there and reads it, and a hub
    that went on without its memory would have forgotten whose delays are off."""
    try:
        store, loaded, first = in_time(lambda: _whole(path, _for_writing))
    except LedgerUnwritable as error:
        return _in_memory(path, error)
    return Opened(Writer(path, store), loaded, first)


def _in_memory(path: Path, why: LedgerUnwritable) -> Opened:
    log.critical("%s; the hub begins without it, and tells people from memory", why)
    writer = Writer(path, sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False), why)
    migrate(writer.store)
    try:
        store, loaded, first = in_time(lambda: _whole(path, _read_only))
        store.close()
    except LedgerUnwritable as error:
        log.critical("%s", error)
    else:
        return Opened(writer, loaded, first)
    if why.sort == SLOW:
        return Opened(writer, load(writer.store), None)
    try:
        return Opened(writer, in_time(lambda: _state_alone(path)), None)
    except LedgerUnwritable as error:
        log.critical("%s; the hub knows nothing of before", error)
    loaded = load(writer.store)
    with suppress(LedgerUnwritable):
        loaded.home, loaded.settings = in_time(lambda: _configuration(path))
    return Opened(writer, loaded, None, is_unread=why.sort == BROKEN)


def _whole(
    path: Path, open_it: Callable[[Path], sqlite3.Connection]
) -> tuple[sqlite3.Connection, Loaded, Snapshot | None]:
    store = open_it(path)
    try:
        return store, load(store), take(store) if begins_anew(store) else None
    except (sqlite3.Error, ValueError) as error:
        # What a row says may be broken too, and is then no record of ours.
        store.close()
        sort = sort_of(error, path) if isinstance(error, sqlite3.Error) else BROKEN
        raise LedgerUnwritable(f"the ledger {path} cannot be read: {error}", sort) from error


def _for_writing(path: Path) -> sqlite3.Connection:
    """An emptied file is put aside first, dated by itself: who has it open, as the screens do, holds a lock on it, and
    no ledger can be begun in it until they let go."""
    with suppress(OSError):
        if (status := path.stat()).st_size == 0:
            put_aside(path, status.st_mtime_ns // 1_000_000)
    return open_store(path)


def _read_only(path: Path) -> sqlite3.Connection:
    """A ledger on a disk that takes nothing. SQLite reads one without its log, in a folder it may not write, only
    where it is told that nobody writes; and that is so."""
    way = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    address = f"{path.absolute().as_uri()}?{way}"
    try:
        return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, timeout=1)
    except sqlite3.Error as error:
        raise LedgerUnwritable(f"the ledger {path} cannot be read: {error}", sort_of(error, path)) from error


def _state_alone(path: Path) -> Loaded:
    """What the machine knew, of a ledger in which something else is broken."""
    try:
        with closing(_read_only(path)) as store:
            cursors = dict(store.execute("SELECT name, value FROM cursors").fetchall())
            home, settings = newest_configuration(store)
            state = restored({name: store.execute(remembered(name, "key, body")) for name in ROWS}, home)
    except (sqlite3.Error, ValueError) as error:
        raise LedgerUnwritable(f"the machine's own tables cannot be read: {error}", BROKEN) from error
    if home is None:
        raise LedgerUnwritable("no configuration is left in it", BROKEN)
    seq, elapsed_ms, wall_ms = (cursors.get(name, 0) for name in ("seq", "elapsed_ms", "wall_ms"))
    return Loaded(
        state=state, home=home, settings=settings, seq=seq, elapsed_ms=elapsed_ms, wall_ms=wall_ms, cursors=cursors
    )


def _configuration(path: Path) -> tuple[Home | None, str]:
    """What was accepted last, of a ledger of which not everything can be read."""
    try:
        with closing(_read_only(path)) as store:
            return newest_configuration(store)
    except (sqlite3.Error, ValueError) as error:
        raise LedgerUnwritable(f"not even the configuration can be read: {error}") from error


def in_time(work: Callable[[], Result], within_s: float = OPEN_S) -> Result:
    """Do this on a thread that nobody waits for longer; raises `LedgerUnwritable` where the disk does not answer."""
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - carried over to whoever waits, where it is raised
            errors.append(error)

    thread = threading.Thread(target=run, name="opening", daemon=True)
    thread.start()
    thread.join(within_s)
    if errors:
        if isinstance(errors[0], OSError):
            raise LedgerUnwritable(f"the disk refuses: {errors[0]}", sort_of_disk(errors[0])) from errors[0]
        raise errors[0]
    if not results:
        raise LedgerUnwritable(f"the disk has not answered for {within_s:g} s", SLOW)
    return results[0]

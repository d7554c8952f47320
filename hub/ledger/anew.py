"""A ledger written anew from memory, where the one at its path is gone or broken. What lies there is put aside, never
deleted; what was told from memory meanwhile is in the new one; it begins with a snapshot, so that `verify` folds from
there."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from hub.errors import LedgerShared, LedgerUnwritable
from hub.ledger.place import files_of
from hub.ledger.snapshots import take
from hub.ledger.sorts import GONE, sort_of_disk
from hub.ledger.write import Batch, open_store, write

log = logging.getLogger("handrail.ledger")


def begin(path: Path, whole: Batch, past: Sequence[Batch], wall_ms: int) -> tuple[sqlite3.Connection, Path | None]:
    """Write everything that is known now, `whole`, with the inputs and log lines of `past`; returns the ledger, open,
    and where the old one was put, if one was there. For the writer's thread; raises `LedgerUnwritable`."""
    new = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in files_of(new):
            left.unlink(missing_ok=True)
        with closing(open_store(new)) as store:
            write(store, whole)
            for batch in past:
                write(store, _inputs_of(batch))
            write(store, Batch(snapshots=[take(store)]))
            store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        aside = put_aside(path, wall_ms)
        os.replace(new, path)
        _flush(path.parent)
    except OSError as error:
        sentence = f"the ledger {path} cannot be written anew: {error.strerror}"
        raise LedgerUnwritable(sentence, sort_of_disk(error)) from error
    return open_store(path), aside


def _inputs_of(batch: Batch) -> Batch:
    """What happened, without what came of it: that is in `whole`, as it is now."""
    return Batch(
        events=batch.events,
        inputs=batch.inputs,
        log=batch.log,
        quarantine=batch.quarantine,
        raw=batch.raw,
        rollups=batch.rollups,
    )


def put_aside(path: Path, wall_ms: int) -> Path | None:
    """Give a broken ledger another name, with what is beside it; None where there is none. Raises `OSError`."""
    found = [(name, name.name.removeprefix(path.name)) for name in files_of(path) if name.exists()]
    if not found:
        return None
    aside = free(path, wall_ms)
    for name, end in found:
        name.rename(aside.with_name(f"{aside.name}{end}"))
    log.error("the ledger %s was put aside as %s", path, aside)
    return aside


def free(path: Path, wall_ms: int) -> Path:
    """A name for a ledger that is put aside, which nobody has yet."""
    date = datetime.fromtimestamp(wall_ms / 1000, UTC).strftime("%Y-%m-%dT%H%M%S")
    names = (path.with_name(f"{path.name}.broken-{date}{more}") for more in ("", *(f"-{n}" for n in range(2, 1_000))))
    return next(name for name in names if not any(file.exists() for file in files_of(name)))


def go_on(path: Path, waiting: Sequence[Batch], seq: int) -> sqlite3.Connection:
    """Open a ledger that could not be written at the start, where it is what was read then (`seq`), and keep in it
    what was told from memory since. Raises `LedgerShared` where it holds more, and `LedgerUnwritable`."""
    if not path.exists():
        raise LedgerUnwritable(f"there is no ledger at {path}", GONE)
    store = open_store(path)
    try:
        (held,) = store.execute("SELECT coalesce(max(value), 0) FROM cursors WHERE name = 'seq'").fetchone()
        if held != seq:
            said = f"the ledger {path} can be read again and holds what this hub does not know"
            raise LedgerShared(said, by_another=False)
        for batch in waiting:
            write(store, batch)
    except BaseException:
        store.close()
        raise
    return store


def rescue(store: sqlite3.Connection, to: Path) -> None:
    """Copy what a removed ledger held, as long as we have it open, and let go of it.

    It may take a minute for each gigabyte: on a thread of its own, and the new ledger stands by then.
    """
    part = to.with_name(f"{to.name}.part")
    try:
        with closing(sqlite3.connect(part)) as made:
            store.backup(made)
        part.rename(to)
    except (sqlite3.Error, OSError) as error:
        log.warning("what the removed ledger held cannot be read any more: %s", error)
        with suppress(OSError):
            part.unlink(missing_ok=True)
    finally:
        store.close()


def _flush(folder: Path) -> None:
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)

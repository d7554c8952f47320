"""Sealed snapshots: what the machine knew at a place in the sequence, from which the rest of the past can be folded.

A snapshot is read from the tables in one look, as a start would read them, and is kept with a later commit: it speaks
of a place that is already the past, so nothing has to wait for it.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from zoneinfo import TZPATH

import orjson

from hub.ledger.load import remembered
from rules.machine import MACHINE
from rules.state import TABLES

COLUMNS = "seq, wall_ms, elapsed_ms, lived_ms, forgotten_ms, machine, timezones, digest, body"
NAMES = COLUMNS.split(", ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One row of `snapshots`."""

    seq: int
    wall_ms: int
    elapsed_ms: int
    lived_ms: int
    """How long the hub had been running in all: what retention counts its days in, because nobody can set it."""
    forgotten_ms: int
    """Alerts closed up to here (elapsed) are not in it."""
    machine: int
    timezones: str
    digest: str
    body: bytes

    def row(self) -> tuple[object, ...]:
        """The row as the ledger keeps it."""
        return tuple(getattr(self, name) for name in NAMES)

    @property
    def is_ours(self) -> bool:
        """Whether this machine, with this time-zone data, goes on from it."""
        return (self.machine, self.timezones) == (MACHINE, timezones())

    @property
    def is_sealed(self) -> bool:
        """Whether it is word for word what was kept."""
        return self.digest == _digest(self)

    def rows(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        """The rows it holds, by table."""
        tables = orjson.loads(zlib.decompress(self.body))["tables"]
        return {name: [(key, body) for key, body in tables[name]] for name in TABLES}

    def home(self) -> str:
        """The configuration that held then, as JSON; empty where there was none."""
        home: str = orjson.loads(zlib.decompress(self.body))["home"]
        return home


def _digest(of: Snapshot) -> str:
    head = " ".join(str(getattr(of, name)) for name in NAMES[:-2])
    return hashlib.sha256(head.encode() + b"\n" + of.body).hexdigest()


def take(store: sqlite3.Connection) -> Snapshot:
    """Read the ledger as the last commit left it, in one look; at most some megabytes."""
    store.execute("BEGIN")
    try:
        cursors = dict(store.execute("SELECT name, value FROM cursors").fetchall())
        tables = {name: store.execute(remembered(name, "key, body")).fetchall() for name in TABLES}
        home = store.execute("SELECT body FROM configurations ORDER BY seq DESC LIMIT 1").fetchone()
        forgotten = store.execute("SELECT body ->> 'forgotten_ms' FROM meta WHERE key = 'meta'").fetchone()
    finally:
        store.execute("COMMIT")
    elapsed_ms = cursors.get("elapsed_ms", 0)
    unsealed = Snapshot(
        seq=cursors.get("seq", 0),
        wall_ms=cursors.get("wall_ms", 0),
        elapsed_ms=elapsed_ms,
        lived_ms=elapsed_ms - cursors.get("lived_apart_ms", 0),
        forgotten_ms=forgotten[0] if forgotten and forgotten[0] is not None else -1,
        machine=MACHINE,
        timezones=timezones(),
        digest="",
        body=zlib.compress(orjson.dumps({"home": home[0] if home else "", "tables": tables})),
    )
    return replace(unsealed, digest=_digest(unsealed))


def kept(store: sqlite3.Connection) -> list[Snapshot]:
    """The snapshots of a ledger that the past can still be folded from, oldest first."""
    rows = store.execute(f"SELECT {COLUMNS} FROM main.snapshots WHERE digest <> '' ORDER BY seq").fetchall()
    return [Snapshot(**dict(zip(NAMES, row, strict=True))) for row in rows]


def begins_anew(store: sqlite3.Connection) -> bool:
    """Whether this machine, or its time-zone data, is not the one that the ledger was last written by."""
    newest = store.execute("SELECT machine, timezones FROM snapshots ORDER BY seq DESC LIMIT 1").fetchone()
    return bool(newest != (MACHINE, timezones()))


@cache
def timezones() -> str:
    """The version of the time-zone data that `zoneinfo` reads here."""
    for folder in TZPATH:
        try:
            with (Path(folder) / "tzdata.zi").open(encoding="ascii", errors="replace") as data:
                return data.readline().removeprefix("# version ").strip()
        except OSError:
            continue
    return str(import_module("tzdata").IANA_VERSION)

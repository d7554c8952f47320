"""What a start reads back: all state is in its tables, nothing is folded again."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

import orjson

from devices.adapter import Description
from devices.known import KnownDevices
from hub.ledger.rows import adapter
from rules.home import Home
from rules.setting import Setting
from rules.state import ROWS, Episode, State


@dataclass(slots=True)
class Loaded:
    """The hub's memory as the last commit left it."""

    state: State
    home: Home | None
    settings: str
    """The settings accepted with that home, as JSON; empty where there is none."""
    seq: int
    elapsed_ms: int
    wall_ms: int
    known: KnownDevices = field(default_factory=KnownDevices)
    outbox: list[tuple[str, int, int, dict[str, object]]] = field(default_factory=list)
    twins: list[tuple[int, str, str, bytes, int]] = field(default_factory=list)
    cursors: dict[str, int] = field(default_factory=dict)
    subscriptions: dict[str, list[str]] = field(default_factory=dict)
    received: list[tuple[str, bytes]] = field(default_factory=list)


ONLY = {
    "alerts": "WHERE state <> 'closed'"
    " OR closed_wall_ms >= (SELECT value FROM cursors WHERE name = 'wall_ms') - 86400000",
    "episodes": "WHERE state = 'helping'",
}
"""Rows of these tables that memory holds; the others stay on disk."""


def load(store: sqlite3.Connection) -> Loaded:
    """Read everything a start needs, in one look."""
    cursors = dict(store.execute("SELECT name, value FROM cursors").fetchall())
    state = State()
    for name, kind in ROWS.items():
        read = adapter(kind)
        table = getattr(state, name)
        for key, body in store.execute(f"SELECT key, body FROM {name} {ONLY.get(name, '')}"):
            row = read.validate_json(body)
            table.rows[_key_of(row, key)] = row
    home, settings = newest_configuration(store)
    if home is not None:
        running = [episode.rule for episode in state.episodes]
        state.setting = Setting(home, running)
    tables = ("events", "inputs", "log")
    used = [store.execute(f"SELECT coalesce(max(seq), 0) FROM {table}").fetchone()[0] for table in tables]
    seq = max(*used, cursors.get("seq", 0))  # wishes and owed copies have places in the sequence too
    subscriptions: dict[str, list[str]] = {}
    for lane, name in store.execute("SELECT lane, filter FROM subscriptions"):
        subscriptions.setdefault(lane, []).append(name)
    describe = adapter(Description)
    known: dict[str, Description]
    known = {key: describe.validate_json(body) for key, body in store.execute("SELECT key, body FROM known")}  # type: ignore[misc]
    return Loaded(
        state=state,
        home=home,
        settings=settings,
        seq=seq,
        elapsed_ms=cursors.get("elapsed_ms", 0),
        wall_ms=cursors.get("wall_ms", 0),
        known=KnownDevices(known),
        outbox=[
            (key, at, urgent, orjson.loads(body))
            for key, at, urgent, body in store.execute("SELECT key, seq, urgent, body FROM outbox ORDER BY seq")
        ],
        twins=store.execute("SELECT id, lane, topic, digest, elapsed_ms FROM twins ORDER BY id").fetchall(),
        cursors=cursors,
        subscriptions=subscriptions,
        received=store.execute("SELECT lane, uses FROM received ORDER BY id").fetchall(),
    )


def _key_of(row: object, key: str) -> str:
    if isinstance(row, Episode):
        rule = row.rule
        return f"{rule.resident}/{rule.rule}/{rule.device}"
    return key


def newest_configuration(store: sqlite3.Connection) -> tuple[Home | None, str]:
    """The configuration accepted last: the home, and the settings beside it."""
    row = store.execute("SELECT body, settings FROM configurations ORDER BY seq DESC LIMIT 1").fetchone()
    return (adapter(Home).validate_json(row[0]), row[1]) if row else (None, "")  # type: ignore[return-value]

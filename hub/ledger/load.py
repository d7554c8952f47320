"""What a start reads back: all state is in its tables, nothing is folded again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from devices.adapter import Description
from devices.known import KnownDevices
from hub.ledger.rows import OWN_FAULT, adapter
from rules.home import Home
from rules.plans.standing import present
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
    set_aside: list[tuple[str, bytes]] = field(default_factory=list)
    """Topic and payload of what ended the run before, by a bug of ours."""


ONLY = {
    "alerts": "WHERE state <> 'closed' OR (state = 'closed' AND closed_ms >"
    " coalesce((SELECT body ->> 'forgotten_ms' FROM meta WHERE key = 'meta'), -1))",
    "episodes": "WHERE state = 'helping'",
}
"""Rows of these tables that memory holds, by what the machine says it has forgotten; the others stay on disk."""
SET_ASIDE = """SELECT topic, payload FROM quarantine WHERE instr(reason, ?) = 1
    AND seq > (SELECT coalesce(max(seq), 0) FROM inputs WHERE what = 'Started') ORDER BY seq"""


def remembered(table: str, columns: str) -> str:
    """The query for the rows of a table that memory holds."""
    return f"SELECT {columns} FROM {table} {ONLY.get(table, '')} ORDER BY key"


def restored(rows: Mapping[str, Iterable[tuple[str, str]]], home: Home | None) -> State:
    """A state from the rows of its tables and the configuration that held."""
    state = State()
    for name, kind in ROWS.items():
        read = adapter(kind)
        table = getattr(state, name)
        for key, body in rows[name]:
            row = read.validate_json(body)
            table.rows[_key_of(row, key)] = row
    if home is not None:
        running = [episode.rule for episode in state.episodes]
        state.setting = Setting(present(home, state.people), running)
    return state


def home_of(body: str) -> Home:
    """A configuration as the ledger keeps it."""
    home: Home = adapter(Home).validate_json(body)  # type: ignore[assignment]
    return home


def load(store: sqlite3.Connection) -> Loaded:
    """Read everything a start needs, in one look."""
    cursors = dict(store.execute("SELECT name, value FROM cursors").fetchall())
    home, settings = newest_configuration(store)
    state = restored({name: store.execute(remembered(name, "key, body")) for name in ROWS}, home)
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
        set_aside=store.execute(SET_ASIDE, (OWN_FAULT,)).fetchall(),
    )


def _key_of(row: object, key: str) -> str:
    if isinstance(row, Episode):
        rule = row.rule
        return f"{rule.resident}/{rule.rule}/{rule.device}"
    return key


def newest_configuration(store: sqlite3.Connection) -> tuple[Home | None, str]:
    """The configuration accepted last: the home, and the settings beside it."""
    row = store.execute("SELECT body, settings FROM configurations ORDER BY seq DESC LIMIT 1").fetchone()
    return (home_of(row[0]), row[1]) if row else (None, "")

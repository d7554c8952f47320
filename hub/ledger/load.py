"""What a start reads back: all state is in its tables, nothing is folded again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import orjson
from pydantic import ValidationError

from devices.adapter import Description
from devices.known import KnownDevices
from hub.errors import LedgerUnreadable
from hub.ledger.rows import OWN_FAULT, adapter
from rules.home import Home
from rules.inputs import SetAside
from rules.plans.standing import present
from rules.setting import Setting
from rules.state import ROWS, AlertState, Episode, State


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row of the machine's own that cannot be read: the hub starts without it, and people are told."""

    given: SetAside
    body: str


MUST_BE_READ = frozenset({"meta", "people"})
"""Without the one, alerts would get the names of older ones; without the other, plans of the dead would run. A start
that cannot read them ends, and the watcher takes over."""


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
    set_aside: list[tuple[str, bytes, int]] = field(default_factory=list)
    """Topic and payload of what ended the runs just before, by a bug of ours; and whether people were told of it."""
    unread: list[Unreadable] = field(default_factory=list)


ONLY = {
    "alerts": "WHERE state <> 'closed' OR (state = 'closed' AND closed_ms >"
    " coalesce((SELECT body ->> 'forgotten_ms' FROM meta WHERE key = 'meta'), -1))",
    "episodes": "WHERE state = 'helping'",
}
"""Rows of these tables that memory holds, by what the machine says it has forgotten; the others stay on disk."""
SET_ASIDE = """SELECT topic, payload, seq < (SELECT coalesce(max(seq), 0) FROM inputs WHERE what = 'Started')
    FROM quarantine WHERE instr(reason, ?) = 1
    AND seq > (SELECT coalesce(max(seq), 0) FROM inputs WHERE what = 'Started' AND elapsed_ms < ?) ORDER BY seq"""
CHAIN_MS = 10 * 60_000
"""Several messages may each end the hub, one a start, and what is retained comes again at each: what was set aside
since the last start that is older than this is left out, and not the last of it alone. The run that met the first may
have been a long one."""


def remembered(table: str, columns: str) -> str:
    """The query for the rows of a table that memory holds."""
    return f"SELECT {columns} FROM {table} {ONLY.get(table, '')} ORDER BY key"


def restored(
    rows: Mapping[str, Iterable[tuple[str, str]]], home: Home | None, unread: list[Unreadable] | None = None
) -> State:
    """A state from the rows of its tables and the configuration that held. What cannot be read is added to `unread`,
    and raised where that is None."""
    state = State()
    for name, kind in ROWS.items():
        read = adapter(kind)
        table = getattr(state, name)
        for key, body in rows[name]:
            try:
                row = read.validate_json(body)
            except ValidationError as error:
                if unread is None:
                    raise
                if name in MUST_BE_READ:
                    raise _no_start(f"{name}/{key}", error) from error
                unread.append(_unreadable(name, key, body, error))
                continue
            table.rows[_key_of(row, key)] = row
    if home is not None:
        running = [episode.rule for episode in state.episodes]
        state.setting = Setting(present(home, state.people), running)
    return state


def _unreadable(table: str, key: str, body: str, error: ValidationError) -> Unreadable:
    """What people must be told: of an open alert or a run whom to look at, of a wait what it was for."""
    given = SetAside(what=table, row=f"{table}/{key}", error=_words(error))
    try:
        said = orjson.loads(body)
    except ValueError:
        said = None
    told = said if isinstance(said, dict) else {}
    if table == "timers":
        given = replace(given, timer=key)
    elif table == "watches":
        given = replace(given, timer=f"watch/{key}")
    elif table == "episodes" or (table == "alerts" and told.get("state") != AlertState.CLOSED):
        rule = told.get("rule")
        whose = [told.get("resident"), rule.get("resident") if isinstance(rule, dict) else None, told.get("room")]
        given = replace(
            given, look_at=next((one for one in whose if one and isinstance(one, str)), "somebody who called")
        )
    return Unreadable(given, body)


def _words(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}".removeprefix(": ")


def _no_start(what: str, error: ValidationError) -> LedgerUnreadable:
    return LedgerUnreadable(f"{what} in the ledger cannot be read ({_words(error)}): put its backup in its place")


def home_of(body: str) -> Home:
    """A configuration as the ledger keeps it."""
    home: Home = adapter(Home).validate_json(body)  # type: ignore[assignment]
    return home


def load(store: sqlite3.Connection) -> Loaded:
    """Read everything a start needs, in one look."""
    cursors = dict(store.execute("SELECT name, value FROM cursors").fetchall())
    home, settings = newest_configuration(store)
    unread: list[Unreadable] = []
    state = restored({name: store.execute(remembered(name, "key, body")) for name in ROWS}, home, unread)
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
        set_aside=store.execute(SET_ASIDE, (OWN_FAULT, cursors.get("elapsed_ms", 0) - CHAIN_MS)).fetchall(),
        unread=unread,
    )


def _key_of(row: object, key: str) -> str:
    if isinstance(row, Episode):
        rule = row.rule
        return f"{rule.resident}/{rule.rule}/{rule.device}"
    return key


def newest_configuration(store: sqlite3.Connection) -> tuple[Home | None, str]:
    """The configuration accepted last: the home, and the settings beside it."""
    row = store.execute("SELECT body, settings FROM configurations ORDER BY seq DESC LIMIT 1").fetchone()
    try:
        return (home_of(row[0]), row[1]) if row else (None, "")
    except ValidationError as error:
        raise _no_start("the accepted configuration", error) from error

"""Everything that the ledger holds of one resident, line by line, to be handed over: read beside a running hub.

Theirs is what `stays.py` says. In a room that two shared, a device of nobody's says something of both, so it is left
out and named as left out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from hub.called import called
from hub.errors import LedgerUnreadable
from hub.ledger.past import has_imported
from hub.ledger.rows import NOT_TRUE_OR_FALSE
from hub.stays import Line, Span, homes_of, spans_of
from rules.home import Resident
from rules.messages import rfc3339

PAGE = 5_000
"""Places of the sequence that are read in one short look."""
BUSY_S = 5.0
HOUR_MS = 3_600_000
LEFT_OUT = (
    "messages that nobody could read, and what hung in a room that was shared and was tied to nobody",
    "of an hour in which they came, moved or left, its sums; its events are there as long as events are kept",
    "the bytes behind emergencies, and backups of the ledger",
)


def export(ledger: Path, name: str) -> Iterator[Line]:
    """The lines, in the order of the ledger; raises `NotOneResident`, or `LedgerUnreadable`."""
    if not ledger.is_file():
        raise LedgerUnreadable(f"there is no ledger at {ledger}: the hub makes it at its first start")
    try:
        address = f"{ledger.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_S)) as store:
            yield from _export(store, name)
    except sqlite3.Error as error:
        raise LedgerUnreadable(f"the ledger {ledger} cannot be read: {error}") from error


def _export(store: sqlite3.Connection, name: str) -> Iterator[Line]:
    homes = homes_of(store)
    ever = {row["resident"]: row for *_, home in homes for row in home["residents"]}
    who = called(
        name, [Resident(resident=row["resident"], known_as=row["known_as"], room=row["room"]) for row in ever.values()]
    )
    spans = spans_of(store, homes, who.resident)
    yield {"what": "about", "resident": who.resident, "known_as": who.known_as, "left_out": LEFT_OUT}
    before = None
    for span in spans:
        if span.plan is not None and span.plan != before:
            yield {"what": "plan", "from": rfc3339(span.wall_ms), "devices": sorted(span.theirs.values()), **span.plan}
        before = span.plan
    for span in spans:
        yield from _events(store, span)
    for number, span in enumerate(spans if has_imported(store) else ()):
        yield from _imported(store, span, from_seq=span.from_seq if number else 0)
    for span in spans:
        yield from _hours(store, span)
    yield from _known(store, who.resident)


def _events(store: sqlite3.Connection, span: Span) -> Iterator[Line]:
    marks = ", ".join("?" * len(span.theirs))
    query = f"SELECT wall_ms, device, kind, value, extra FROM events WHERE seq BETWEEN ? AND ? AND device IN ({marks})"
    newest = store.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
    last = min(span.to_seq, newest)
    for low in range(span.from_seq, last + 1, PAGE) if span.theirs else ():
        high = min(low + PAGE - 1, last)
        for row in store.execute(f"{query} ORDER BY seq", (low, high, *span.theirs)).fetchall():
            yield _event("event", span.theirs, row)


def _imported(store: sqlite3.Connection, span: Span, *, from_seq: int) -> Iterator[Line]:
    """What was imported while this configuration held: whose a device was then says whose the recording is."""
    marks = ", ".join("?" * len(span.theirs))
    query = f"SELECT wall_ms, device, kind, value, extra, seq FROM imported WHERE device IN ({marks})"
    query += f" AND after_seq BETWEEN ? AND ? AND seq > ? ORDER BY seq LIMIT {PAGE}"
    after = 0
    while rows := store.execute(query, (*span.theirs, from_seq, span.to_seq, after)).fetchall():
        yield from (_event("imported", span.theirs, row[:5]) for row in rows)
        after = rows[-1][5]


def _event(what: str, names: Mapping[str, str], row: Sequence[Any]) -> Line:
    wall_ms, address, kind, value, extra = row
    said = value if kind in NOT_TRUE_OR_FALSE or value not in (0, 1) else bool(value)
    line: Line = {"what": what, "at": rfc3339(wall_ms), "device": names[address], "kind": kind, "value": said}
    return {**line, "more": orjson.loads(extra)} if extra else line


def _hours(store: sqlite3.Connection, span: Span) -> Iterator[Line]:
    """What is kept of each hour, longer than the events: of the hours that began while this configuration held."""
    columns = ("kind", "field", "hour", "count", "active", "numbers", "sum", "min", "max")
    query = f"SELECT {', '.join(columns)} FROM rollups WHERE device = ? AND hour >= ? AND hour < ?"
    hours = (-(-span.wall_ms // HOUR_MS), -(-span.to_wall_ms // HOUR_MS))
    for address, name in sorted(span.theirs.items()):
        for row in store.execute(f"{query} ORDER BY kind, field, hour", (address, *hours)).fetchall():
            yield {"what": "hour", "device": name, **dict(zip(columns, row, strict=True))}


def _known(store: sqlite3.Connection, resident: str) -> Iterator[Line]:
    """Alerts, runs of rules, every line of the log, and what is known of the person now."""
    for key, body in store.execute(
        "SELECT key, body FROM alerts WHERE resident = ? ORDER BY key", (resident,)
    ).fetchall():
        yield {"what": "alert", "key": key, **orjson.loads(body)}
    several = "SELECT body FROM alerts WHERE resident IS NULL AND body ->> '$.missed' <> '[]' ORDER BY key"
    for (body,) in store.execute(several).fetchall():
        mine = [row for row in orjson.loads(body)["missed"] if row["resident"] == resident]
        yield from ({"what": "missed", **row} for row in mine)
    runs = "SELECT body FROM episodes WHERE body ->> '$.rule.resident' = ? ORDER BY key"
    for (body,) in store.execute(runs, (resident,)).fetchall():
        yield {"what": "run", **orjson.loads(body)}
    first, last = store.execute("SELECT coalesce(min(seq), 1), coalesce(max(seq), 0) FROM log").fetchone()
    for low in range(first, last + 1, PAGE):
        query = "SELECT body FROM log WHERE seq BETWEEN ? AND ? AND resident = ? ORDER BY seq"
        for (body,) in store.execute(query, (low, low + PAGE - 1, resident)).fetchall():
            yield {"what": "log", **orjson.loads(body)}
    for (body,) in store.execute("SELECT body FROM people WHERE key = ?", (resident,)).fetchall():
        yield {"what": "person", **orjson.loads(body)}

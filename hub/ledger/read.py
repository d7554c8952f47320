"""The ledger as the screens read it: read-only, small pages, one short transaction at a time.

It imports nothing of the hub but its clock, so that a screen can never do more than look. Every function is synchronous
and safe to call from any thread; a slow disk then holds up a thread, never a page's event loop.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from devices.adapter import Description
from hub.clock import Clock, SystemClock
from hub.ledger.house import House, HouseCarer, HouseDevice, HousePlace, HouseResident, HouseTimes
from rules.hearing.walks import Walk
from rules.home import Home
from rules.plans.standing import present
from rules.state import Alert, Episode, Meta, OnShift, Person, Status, Stranger

LOOK_BACK = 5_000
"""How many log lines the closed alerts are looked for in: some nights of a busy home, read in a few milliseconds."""
COUNT_UP_TO = 1_000
"""More unread messages than this are counted as this many."""
BUSY_S = 1.0

Row = TypeVar("Row")
Cell = str | int | float | bytes | None


class Unreadable(Exception):
    """The ledger cannot be read now; trying again can help."""


class NotThereYet(Unreadable):
    """No hub has made the ledger yet, or it is being made; trying again will help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line of the log: its place in the ledger's sequence, and the message word for word as JSON."""

    seq: int
    wall_ms: int
    step: str
    alert: str | None
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A message nobody could read, with the reason."""

    seq: int
    wall_ms: int
    topic: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """Everything the night board shows, read in one transaction so that it fits together."""

    seq: int
    house: House | None
    alerts: tuple[Alert, ...]
    closed: tuple[Alert, ...]
    shift: tuple[OnShift, ...]
    people: tuple[Person, ...]
    strangers: tuple[Stranger, ...]
    faulty: tuple[Status, ...]
    unread: int
    unread_newest: tuple[Quarantined, ...]
    meta: Meta
    walks: Mapping[str, Walk] = field(default_factory=dict)
    wall_ms: int = 0


class _Rows(Generic[Row]):
    """Reads one record from the JSON of its row."""

    def __init__(self, row: type[Row]) -> None:
        self._adapter = TypeAdapter(row)
        self._word = row.__name__

    def read(self, body: str) -> Row:
        try:
            return self._adapter.validate_json(body)
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(str(part) for part in problem["loc"])
            raise Unreadable(f"a stored {self._word} has an unexpected {where or 'form'}: {problem['msg']}") from error


_ALERT = _Rows(Alert)
_SHIFT = _Rows(OnShift)
_PERSON = _Rows(Person)
_EPISODE = _Rows(Episode)
_STATUS = _Rows(Status)
_STRANGER = _Rows(Stranger)
_META = _Rows(Meta)
_DESCRIPTION = _Rows(Description)
_WALK = _Rows(Walk)
_HOUSE = _Rows(House)
_HOME = _Rows(Home)


class Reader:
    """Looks into one ledger file and never writes; it opens it at the first question, anew where another is there."""

    def __init__(self, path: str | Path, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self.path = Path(path)
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._house: tuple[int, House] | None = None

    def close(self) -> None:
        """Let go of the file; a later question opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = self._house = None

    def wall_ms(self) -> int:
        """The time of day by the hub's clock file: screens read no clock of their own."""
        return self._clock.wall_ms()

    def last_seq(self) -> int:
        """The newest place in the log; 0 in an empty ledger."""
        return int(str(self._ask("SELECT coalesce(max(seq), 0) FROM log")[0][0]))

    def open_alerts(self) -> list[Alert]:
        """All alerts that are not closed, oldest first."""
        rows = self._ask("SELECT body FROM alerts INDEXED BY alerts_open WHERE state <> 'closed'")
        return sorted((_ALERT.read(str(body)) for (body,) in rows), key=lambda alert: alert.raised_wall_ms)

    def alert(self, alert_id: str) -> Alert | None:
        """One alert, open or closed."""
        rows = self._ask("SELECT body FROM alerts WHERE key = ?", alert_id)
        return _ALERT.read(str(rows[0][0])) if rows else None

    def closed_since(self, wall_ms: int, limit: int = 50) -> list[Alert]:
        """Alerts closed since then, newest first, as far back as the newest `LOOK_BACK` log lines go."""
        rows = self._ask(
            "SELECT body FROM alerts WHERE state = 'closed' AND closed_wall_ms >= ?1 AND key IN ("
            "SELECT alert FROM (SELECT step, alert FROM log ORDER BY seq DESC LIMIT ?2) WHERE step = 'closed')"
            " ORDER BY closed_wall_ms DESC LIMIT ?3",
            wall_ms,
            LOOK_BACK,
            limit,
        )
        return [_ALERT.read(str(body)) for (body,) in rows]

    def log_since(self, seq: int, limit: int = 500) -> list[LogLine]:
        """The log lines behind `seq`, in order, at most `limit`."""
        return self._log("WHERE seq > ? ORDER BY seq LIMIT ?", seq, limit)

    def log_of_alert(self, alert_id: str, limit: int = 500) -> list[LogLine]:
        """The steps of one alert, in order."""
        return self._log("WHERE alert = ? ORDER BY seq LIMIT ?", alert_id, limit)

    def on_shift(self) -> list[OnShift]:
        """Who signed on and has not signed off, in the order of signing on."""
        rows = [_SHIFT.read(str(body)) for (body,) in self._ask("SELECT body FROM shift")]
        return sorted(rows, key=lambda row: row.since_wall_ms)

    def home(self) -> House | None:
        """The newest accepted configuration, as far as screens show it; None where none was ever accepted."""
        with self._lock:
            newest = self._ask("SELECT max(seq) FROM configurations")[0][0]
            if newest is None:
                return None
            if self._house is None or self._house[0] != newest:
                body = self._ask("SELECT body FROM configurations WHERE seq = ?", newest)[0][0]
                self._house = (int(str(newest)), _HOUSE.read(str(body)))
            return present(self._house[1], self._gone())

    def configuration(self) -> Home | None:
        """The newest accepted configuration whole, for the paper list; None where none was ever accepted."""
        rows = self._ask("SELECT body FROM configurations ORDER BY seq DESC LIMIT 1")
        return present(_HOME.read(str(rows[0][0])), self._gone()) if rows else None

    def _gone(self) -> list[Person]:
        """Who has left or died, and is not named any more."""
        return [person for person in self.people() if person.gone]

    def quarantine_since(self, seq: int, limit: int = 50) -> list[Quarantined]:
        """Unreadable messages kept behind `seq`, in order."""
        query = "SELECT seq, wall_ms, topic, reason FROM quarantine WHERE seq > ? ORDER BY seq LIMIT ?"
        rows = self._ask(query, seq, limit)
        return [_quarantined(row) for row in rows]

    def quarantine_newest(self, limit: int = 5) -> list[Quarantined]:
        """The newest unreadable messages, newest first."""
        rows = self._ask("SELECT seq, wall_ms, topic, reason FROM quarantine ORDER BY seq DESC LIMIT ?", limit)
        return [_quarantined(row) for row in rows]

    def quarantine_count(self, since_wall_ms: int) -> int:
        """How many messages could not be read since then; counts no further than `COUNT_UP_TO`."""
        rows = self._ask(
            "SELECT count(*) FROM (SELECT wall_ms FROM quarantine ORDER BY seq DESC LIMIT ?) WHERE wall_ms >= ?",
            COUNT_UP_TO,
            since_wall_ms,
        )
        return int(str(rows[0][0]))

    def strangers(self) -> list[Stranger]:
        """Devices that were seen and that nobody has placed."""
        rows = [_STRANGER.read(str(body)) for (body,) in self._ask("SELECT body FROM strangers")]
        return sorted(rows, key=lambda row: row.first_wall_ms)

    def walks(self) -> dict[str, Walk]:
        """What is known of each device's walk tests; nothing in a ledger that is older than they are."""
        if not self._ask("SELECT 1 FROM sqlite_master WHERE name = 'walks'"):
            return {}
        return {str(key): _WALK.read(str(body)) for key, body in self._ask("SELECT key, body FROM walks")}

    def people(self) -> list[Person]:
        """What is known of each resident now: where last seen."""
        return [_PERSON.read(str(body)) for (body,) in self._ask("SELECT body FROM people ORDER BY key")]

    def episodes_of(self, resident: str, since_wall_ms: int) -> list[Episode]:
        """Ended runs of a resident's rules that began since then, in their order."""
        whose = "body ->> '$.rule.resident' = ? AND body ->> '$.started_wall_ms' >= ?"
        query = f"SELECT body FROM episodes WHERE state <> 'helping' AND {whose} ORDER BY key"
        return [_EPISODE.read(str(body)) for (body,) in self._ask(query, resident, since_wall_ms)]

    def alerts_of(self, resident: str, since_wall_ms: int) -> list[Alert]:
        """A resident's alerts raised since then, oldest first, and those that list missed presses of several."""
        rows = self._ask("SELECT body FROM alerts WHERE state = 'closed' AND closed_wall_ms >= ?", since_wall_ms)
        every = [*(_ALERT.read(str(body)) for (body,) in rows), *self.open_alerts()]
        mine = [one for one in every if one.missed or one.resident == resident]
        return sorted((one for one in mine if one.raised_wall_ms >= since_wall_ms), key=lambda one: one.raised_wall_ms)

    def faulty_devices(self) -> list[Status]:
        """Devices with something wrong with them."""
        rows = self._ask("SELECT body FROM devices WHERE coalesce(body -> 'faults', '{}') <> '{}' ORDER BY key")
        return [_STATUS.read(str(body)) for (body,) in rows]

    def devices(self) -> list[Status]:
        """Everything that was ever heard or placed, with what it said last."""
        return [_STATUS.read(str(body)) for (body,) in self._ask("SELECT body FROM devices ORDER BY key")]

    def known(self) -> list[Description]:
        """What devices told about themselves."""
        return [_DESCRIPTION.read(str(body)) for (body,) in self._ask("SELECT body FROM known ORDER BY key")]

    def meta(self) -> Meta:
        """The single values: mode of the house, the link to the broker."""
        rows = self._ask("SELECT body FROM meta WHERE key = 'meta'")
        return _META.read(str(rows[0][0])) if rows else Meta()

    def cursors(self) -> dict[str, int]:
        """How far the log topic and the series have been served."""
        return {str(name): int(str(value)) for name, value in self._ask("SELECT name, value FROM cursors")}

    def night(self, since_wall_ms: int, today_wall_ms: int) -> Night:
        """All of the night board in one transaction: closed alerts `since_wall_ms`, unread messages `today_wall_ms`."""
        with self._lock:
            self._ask("BEGIN")
            try:
                return Night(
                    seq=self.last_seq(),
                    house=self.home(),
                    alerts=tuple(self.open_alerts()),
                    closed=tuple(self.closed_since(since_wall_ms)),
                    shift=tuple(self.on_shift()),
                    people=tuple(self.people()),
                    strangers=tuple(self.strangers()),
                    faulty=tuple(self.faulty_devices()),
                    unread=self.quarantine_count(today_wall_ms),
                    unread_newest=tuple(self.quarantine_newest()),
                    meta=self.meta(),
                    walks=self.walks(),
                    wall_ms=self.wall_ms(),
                )
            finally:
                if self._connection is not None and self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def _log(self, where: str, *arguments: Cell) -> list[LogLine]:
        rows = self._ask("SELECT seq, wall_ms, step, alert, body FROM log " + where, *arguments)
        return [_line(*row) for row in rows]

    def _ask(self, sql: str, *arguments: Cell) -> list[Sequence[Cell]]:
        with self._lock:
            try:
                return self._opened().execute(sql, arguments).fetchall()
            except sqlite3.Error as error:
                self.close()
                if "no such table" in str(error) or "unable to open" in str(error):
                    raise NotThereYet(f"{self.path}: {error}") from error
                raise Unreadable(f"{self.path}: {error}") from error

    def _opened(self) -> sqlite3.Connection:
        """The connection, opened where it is not, or where another file has taken the ledger's place."""
        if self._connection is not None and self._connection.in_transaction:
            return self._connection
        try:
            found = os.stat(self.path)
        except OSError as error:
            self.close()
            if isinstance(error, FileNotFoundError):
                raise NotThereYet(f"{self.path} is not there yet: the hub makes it at its first start") from error
            raise Unreadable(f"{self.path}: {error.strerror}") from error
        if self.path.is_fifo():
            raise Unreadable(f"{self.path} is no ordinary file")  # who asks a pipe waits for ever
        if self._connection is None or self._file != (found.st_dev, found.st_ino):
            self.close()
            at = self.path.absolute().as_uri() + "?mode=ro"
            store = sqlite3.connect(at, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
            self._connection, self._file = store, (found.st_dev, found.st_ino)
            self._connection.execute("PRAGMA query_only = 1")
        return self._connection


def _line(seq: Cell, wall_ms: Cell, step: Cell, alert: Cell, body: Cell) -> LogLine:
    about = None if alert is None else str(alert)
    return LogLine(seq=int(str(seq)), wall_ms=int(str(wall_ms)), step=str(step), alert=about, body=str(body))


def _quarantined(row: Sequence[Cell]) -> Quarantined:
    seq, wall_ms, topic, reason = row
    return Quarantined(seq=int(str(seq)), wall_ms=int(str(wall_ms)), topic=str(topic), reason=str(reason))


__all__ = [
    "House",
    "HouseCarer",
    "HouseDevice",
    "HousePlace",
    "HouseResident",
    "HouseTimes",
    "Night",
    "NotThereYet",
    "Quarantined",
    "Reader",
    "Unreadable",
]

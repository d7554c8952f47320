"""Events that were recorded in a file: CSV (ts, device, kind, value), or JSON lines of the same or of messages.

A file is read line by line and never held whole. What is wrong is said with file and line, up to twenty at a time.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TextIO

import orjson

from devices.adapter import Message
from devices.catalogue import Catalogue
from devices.events import TWO_WORDS, UNITS, Event, Kind, Value
from devices.known import KnownDevices
from devices.registry import Placed
from hub.config.problems import Problem, nearest, one_of
from hub.errors import HandrailError

COLUMNS = ("ts", "device", "kind", "value")
MOST_PROBLEMS = 20
LONGEST_LINE = 1 << 20
MILLISECONDS_FROM = 10**11
"""A Unix time from here on is one in milliseconds: in seconds it would be the year 5138."""
LATEST_MS = 253_370_764_800_000
PRESSES = frozenset({Kind.EMERGENCY, Kind.CALL, Kind.STAFF_ASSIST, Kind.BUTTON})
TRUE = frozenset({"true", "on", "yes", "1", "detected", "pressed"})
FALSE = frozenset({"false", "off", "no", "0", "clear"})
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


class FileRefused(HandrailError):
    """A recorded file cannot be used; the message has a line for each problem, each with file and line."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event of a file: when, what, on which line."""

    wall_ms: int
    event: Event
    line: int


@dataclass(slots=True)
class Reader:
    """Reads one file against the devices of a home; problems are gathered, not raised."""

    path: Path
    placed: Mapping[str, Placed]
    """The home's devices by our name and by their address."""
    problems: list[Problem] = field(default_factory=list)
    ignored: tuple[str, ...] = ()
    """Columns that the file has and nobody reads."""
    lines: int = 0
    read_bytes: int = 0
    """How far the file is read, about."""

    def rows(self) -> Iterator[Recorded]:
        """The events in the order of the file; stops at the twentieth problem."""
        read = self._json if self.path.suffix.lower() in (".jsonl", ".ndjson", ".json") else self._csv
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as opened:
                for row in read(opened):
                    self.read_bytes = _at(opened)
                    if row is not None:
                        yield row
                    if len(self.problems) >= MOST_PROBLEMS:
                        return
        except UnicodeDecodeError:
            self._no(self.lines + 1, "not UTF-8 from here on", "a text file in UTF-8")

    def goes_back(self, line: int) -> None:
        """Whoever reads it in order found a row that is older than the one before."""
        if len(self.problems) < MOST_PROBLEMS:
            self._no(line, "goes back in time", "rows in the order of ts; `handrail import` takes them in any")

    def _no(self, line: int, what: str, expected: str = "", meant: str = "") -> None:
        self.problems.append(Problem(file=str(self.path), line=line, what=what, expected=expected, nearest=meant))

    # -- CSV ----------------------------------------------------------------------------------------------------------
    def _csv(self, opened: TextIO) -> Iterator[Recorded | None]:
        table = csv.reader(opened, strict=True)
        try:
            header = [name.strip().lower() for name in next(table, [])]
            missing = [name for name in COLUMNS if name not in header]
            if missing:
                self._no(1, f"the header has no {' and no '.join(missing)}", f"a first line {','.join(COLUMNS)}")
                return
            places = [header.index(name) for name in COLUMNS]
            self.ignored = tuple(name for name in header if name not in COLUMNS)
            for row in table:
                self.lines = table.line_num
                if not row or (len(row) == 1 and not row[0].strip()):
                    continue
                if len(row) != len(header):
                    self._no(self.lines, f"{len(row)} values", f"{len(header)}, as in the header")
                    yield None
                    continue
                yield self._row(self.lines, *(row[place].strip() for place in places))
        except csv.Error as error:
            self._no(table.line_num, f"this is no CSV: {error}")

    def _row(self, line: int, ts: str, device: str, kind: str, value: str) -> Recorded | None:
        """One row's event, or None where something of it is wrong."""
        before = len(self.problems)
        wall_ms = self._moment(line, ts)
        placed = self.placed.get(device)
        if placed is None:
            names = sorted({one.name for one in self.placed.values()})
            self._no(line, f'unknown device "{device}"', one_of(names), nearest(device, self.placed))
        known = _KINDS.get(kind.lower())
        if known is None:
            self._no(line, f'unknown kind "{kind}"', one_of(_KINDS), nearest(kind, _KINDS))
        said = self._value(line, known, value) if known is not None else None
        if len(self.problems) > before or placed is None or known is None:
            return None
        press = known in PRESSES and said is not False
        return Recorded(wall_ms, Event(device=placed.device, kind=known, value=said, press=press), line)

    def _moment(self, line: int, ts: str) -> int:
        moment_ms = when(ts)
        if isinstance(moment_ms, str):
            self._no(line, moment_ms, "RFC 3339 as in 2026-03-02T03:12:04Z, or Unix seconds")
            return 0
        return moment_ms

    def _value(self, line: int, kind: Kind, value: str) -> Value:
        said = value_of(kind, value)
        if said is None:
            expected = {
                **{known: one_of(words) for known, words in TWO_WORDS.items()},
                **dict.fromkeys(UNITS, f"a number ({UNITS.get(kind, '')})"),
            }.get(kind, "true or false")
            self._no(line, f'{kind.value} cannot be "{value}"', expected, nearest(value, TWO_WORDS.get(kind, ())))
        return said

    # -- JSON lines ---------------------------------------------------------------------------------------------------
    def _json(self, opened: TextIO) -> Iterator[Recorded | None]:
        """Rows as in CSV, or messages `{at, topic, payload}` as `simulate` writes them, read by the adapters."""
        catalogue, known = Catalogue(), KnownDevices()
        while text := opened.readline(LONGEST_LINE):
            self.lines += 1
            if not text.strip():
                continue
            try:
                row = orjson.loads(text)
            except orjson.JSONDecodeError as error:
                self._no(self.lines, f"the line is not JSON: {error}")
                yield None
                continue
            if not isinstance(row, dict):
                self._no(self.lines, "this is no event", "{ts, device, kind, value}, or {at, topic, payload}")
                yield None
            elif "topic" in row:
                yield from self._message(row, catalogue, known)
            elif missing := [name for name in COLUMNS if name not in row]:
                self._no(self.lines, f"the event has no {' and no '.join(missing)}", ", ".join(COLUMNS))
                yield None
            else:
                ts, device, kind, value = (_word(row[name]) for name in COLUMNS)
                yield self._row(self.lines, ts, device, kind, value)

    def _message(
        self, row: Mapping[str, object], catalogue: Catalogue, known: KnownDevices
    ) -> Iterator[Recorded | None]:
        before = len(self.problems)
        wall_ms = self._moment(self.lines, _word(row.get("at", row.get("ts", ""))))
        if len(self.problems) > before:
            yield None
            return
        payload = row.get("payload", "")
        body = payload.encode() if isinstance(payload, str) else orjson.dumps(payload)
        topic = str(row["topic"])
        adapter = catalogue.adapter_for(topic)
        if adapter is None:
            return
        decoded = adapter.decode(Message(topic, body, retain=row.get("retain") is True), known)
        known.update((item.device, item) for item in decoded.learned)
        for event in decoded.events:
            yield Recorded(wall_ms, event, self.lines)


def _at(opened: TextIO) -> int:
    """How far a file is read, about; a text that is no file is nowhere."""
    raw = getattr(opened, "buffer", None)
    return raw.tell() if raw is not None else 0


_KINDS = {kind.value: kind for kind in Kind}


def _word(value: object) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def when(ts: str) -> int | str:
    """A moment as Unix milliseconds, or what is wrong with it."""
    if _NUMBER.fullmatch(ts):
        number = float(ts)
        moment_ms = int(number if abs(number) >= MILLISECONDS_FROM else number * 1000)
    else:
        try:
            moment = datetime.fromisoformat(ts)
        except ValueError:
            return f'"{ts}" is no time'
        if moment.tzinfo is None:
            return f'"{ts}" does not say its time zone: add Z, or its offset as in +01:00'
        moment_ms = round(moment.timestamp() * 1000)
    if not 0 < moment_ms < LATEST_MS:
        return f'"{ts}" lies outside of the calendar'
    return moment_ms


def value_of(kind: Kind, value: str) -> Value:
    """What a word of a file means for a kind; None where it means nothing."""
    lowered = value.lower()
    words = TWO_WORDS.get(kind)
    if kind in UNITS or (kind is Kind.COVER and _NUMBER.fullmatch(value)):
        if _NUMBER.fullmatch(value):
            return float(value) if "." in value else int(value)
        return lowered if kind is Kind.BATTERY and lowered in ("low", "ok") else None
    if words is not None:
        return lowered if lowered in words else None
    if kind is Kind.OTHER:
        return value
    if kind is Kind.BUTTON:
        return value or "single"
    if lowered in TRUE or (kind in PRESSES and not value):
        return True
    return False if lowered in FALSE else None


def by_name_and_address(devices: tuple[Placed, ...]) -> dict[str, Placed]:
    """The home's devices under both of their names; ours stands above an equal address."""
    return {**{one.device: one for one in devices}, **{one.name: one for one in devices}}


__all__ = ["FileRefused", "Reader", "Recorded", "by_name_and_address", "value_of", "when"]

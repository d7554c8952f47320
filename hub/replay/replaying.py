"""Runs a replay: which plans, over which past, and how the rows of the ledger or of a file become inputs.

What the plans in question cannot depend on is counted and not read further: that is most of a home's month.
"""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import orjson

from hub.called import NotOneResident, called
from hub.errors import HandrailError, LedgerUnreadable
from hub.ledger.past import IMPORTED, Past, Row
from hub.ledger.read import NotThereYet, Unreadable
from hub.ledger.read import Reader as LedgerReader
from hub.ledger.rows import event_of, input_of
from hub.replay.recorded import FileRefused, Reader, by_name_and_address
from rules.asking.requests import FOR_ALERT
from rules.home import Home
from rules.inputs import Asked, Described, Heard, Input, Linked, Now, Started
from rules.replay.coverage import joined
from rules.replay.past import SHOWN, Answer, Replay
from rules.replay.relevant import NOTHING_KNOWN, Known, Relevant
from rules.replay.replay import tell_at_once

LEAD_IN_MS = 2 * 86_400_000
"""So much before the period is stepped as well: a bed that was occupied at its beginning must be known to be."""
BEGINS_MS = 1_000_000
CACHED = 50_000
ROWS_TOLD = 250
"""How far it is is told this often: with calls planted for a whole home a page of the ledger takes many seconds."""
SHORT = 48
"""Rows with longer extras have stamps of their own: they are no use to remember."""

Tell = Callable[[int, int], None]


class NothingToReplay(HandrailError):
    """There is no past here, or no plan to try on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which plans are compared, of whom."""

    old: Home
    new: Home
    residents: frozenset[str]
    old_is: str
    """What the old plans are, in words."""
    with_planted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From when to when, in wall milliseconds; None is as far as there is something."""

    from_ms: int | None = None
    to_ms: int | None = None


@dataclass(slots=True)
class Time:
    """Elapsed time over live and imported rows: it follows the ledger's own where there is one, and never goes back."""

    elapsed_ms: int = BEGINS_MS
    wall_ms: int = 0
    apart_ms: int | None = None
    down: list[tuple[int, int]] = field(default_factory=list)
    lost_ms: int = 0

    def at(self, wall_ms: int, elapsed_ms: int | None) -> Now:
        if elapsed_ms is None:
            next_ms = self.elapsed_ms + wall_ms - self.wall_ms
        else:
            if self.apart_ms is None:
                self.apart_ms = self.elapsed_ms + wall_ms - self.wall_ms - elapsed_ms
            next_ms = elapsed_ms + self.apart_ms
        self.elapsed_ms = max(self.elapsed_ms, next_ms)
        self.wall_ms = wall_ms
        return Now(self.elapsed_ms, wall_ms)


def question(
    *, accepted: Home | None, files: Home, tried: Home | None, at_once: bool, resident: str | None, planted: bool
) -> Question:
    """Which plans to compare: the tried ones with those in force; where they are the same, with telling at once."""
    new = tried or files
    old, old_is = (accepted, "the plans accepted last") if accepted is not None else (files, "the plans of the home")
    if not at_once and not _changed(old, new):
        at_once = True
    if at_once:
        old, old_is = tell_at_once(new), "telling at once: the same plans, with every delay 0"
    of = frozenset(one.resident for one in new.residents if one.rules) if at_once else _changed(old, new)
    if resident is not None:
        try:
            of = frozenset([called(resident, new.residents).resident])
        except NotOneResident as error:
            raise NothingToReplay(str(error)) from None
    if not of:
        raise NothingToReplay("no resident has a plan with rules: there is nothing to try on the past")
    return Question(old=old, new=new, residents=of, old_is=old_is, with_planted=planted)


def _changed(old: Home, new: Home) -> frozenset[str]:
    """The residents whose plans are not the same, but for what tells and helps nobody."""
    was = {one.resident: replace(one, goals=(), likes=()) for one in old.residents}
    would = {one.resident: replace(one, goals=(), likes=()) for one in new.residents}
    return frozenset(one for one in {*was, *would} if was.get(one) != would.get(one))


def over_ledger(asked: Question, ledger: Path, period: Period, tell: Tell) -> Answer:
    """Over the ledger, live and imported; raises `LedgerUnreadable`, or `NothingToReplay` where there is nothing."""
    if not ledger.is_file():
        raise NothingToReplay(f"there is no ledger at {ledger}: run the hub, or import a recorded log")
    try:
        with closing(Past(ledger)) as past, few_collections():
            span = past.span()
            if span is None:
                raise NothingToReplay(f"the ledger {ledger} holds no event yet")
            from_ms, to_ms = _ends(period, span.first_ms, span.last_ms)
            first_ms = max(span.first_ms, from_ms - LEAD_IN_MS)
            run = _run(asked, from_ms, to_ms, tell, first_ms=first_ms, known=past.known())
            run.begin(past.stood(from_ms - LEAD_IN_MS, run.relevant))
            for page in past.pages(from_ms - LEAD_IN_MS, to_ms):
                for first in range(0, len(page), ROWS_TOLD):
                    run.rows(page[first : first + ROWS_TOLD])
            return run.finish()
    except sqlite3.Error as error:
        raise LedgerUnreadable(f"the ledger {ledger} cannot be read: {error}") from error


@contextmanager
def few_collections() -> Iterator[None]:
    """Nearly nothing here is a ring of objects: looking for rings all the time would take a third of the replay."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def over_file(asked: Question, file: Path, period: Period, tell: Tell) -> Answer:
    """Over a recorded file; raises `FileRefused` with what is wrong in it."""
    placed = by_name_and_address((*asked.old.devices, *asked.new.devices))
    first_ms, last_ms = _looked_through(Reader(file, placed))
    from_ms, to_ms = _ends(period, first_ms, last_ms)
    run = _run(asked, from_ms, to_ms, tell, first_ms=max(first_ms, from_ms - LEAD_IN_MS))
    for row in Reader(file, placed).rows():
        if from_ms - LEAD_IN_MS <= row.wall_ms < to_ms:
            run.heard(Heard(event=row.event), row.wall_ms)
    return run.finish()


def _looked_through(reader: Reader) -> tuple[int, int]:
    first_ms = last_ms = 0
    for row in reader.rows():
        if row.wall_ms < last_ms:
            reader.goes_back(row.line)
        first_ms, last_ms = first_ms or row.wall_ms, max(last_ms, row.wall_ms)
    if reader.problems:
        raise FileRefused(reader.problems)
    if not first_ms:
        raise NothingToReplay(f"{reader.path} holds no event")
    return first_ms, last_ms


def _ends(period: Period, first_ms: int, last_ms: int) -> tuple[int, int]:
    from_ms = first_ms if period.from_ms is None else period.from_ms
    to_ms = last_ms + 1 if period.to_ms is None else period.to_ms
    if from_ms > last_ms or to_ms <= first_ms:
        raise NothingToReplay("nothing was recorded in this period")
    if to_ms <= from_ms:
        raise NothingToReplay("the period ends before it begins")
    return from_ms, to_ms


def _run(asked: Question, from_ms: int, to_ms: int, tell: Tell, *, first_ms: int, known: Known = NOTHING_KNOWN) -> Run:
    replay = Replay(
        asked.old,
        asked.new,
        asked.residents,
        begin=Now(BEGINS_MS, first_ms),
        count_from_ms=from_ms,
        with_planted=asked.with_planted,
        known=known,
    )
    return Run(replay, from_ms, to_ms, tell, first_ms=first_ms)


class Run:
    """Hands rows to a `Replay`."""

    def __init__(
        self, replay: Replay, from_ms: int, to_ms: int, tell: Tell, *, first_ms: int, time: Time | None = None
    ) -> None:
        self._time = time or Time(wall_ms=first_ms)
        self._replay = replay
        self._first_ms = first_ms
        self._from_ms, self._to_ms = from_ms, to_ms
        self._tell = tell
        self._home: object = None
        self._cache: dict[tuple[str, str, object, str | None], Heard] = {}
        self._kinds: dict[str, frozenset[str]] = {}

    @property
    def relevant(self) -> Relevant:
        """Which events count."""
        return self._replay.relevant

    def begin(self, stood: Iterable[Input]) -> None:
        """What stood already when the lead-in begins."""
        for given in stood:
            self._replay.take(given, Now(BEGINS_MS, self._first_ms), live=True)

    def rows(self, page: Iterable[Row]) -> None:
        """A page of the ledger, in order."""
        replay, time, cache, from_ms = self._replay, self._time, self._cache, self._from_ms
        coverage, relevant, kinds_of = replay.coverage, replay.relevant, self._kinds
        whose = relevant.whose
        wall_ms = self._from_ms
        for wall_ms, origin, _, elapsed_ms, device, kind, value, extra in page:
            if device is None:
                self._other(kind, str(value), wall_ms, elapsed_ms)
                continue
            if wall_ms >= from_ms:
                coverage.hear(device, wall_ms)
                if origin == IMPORTED:
                    coverage.imported += 1
                else:
                    coverage.live += 1
            kinds = kinds_of.get(device)
            if kinds is None:
                kinds = kinds_of[device] = relevant.kinds_of(device)
            counts = kind in kinds or (extra is not None and "can_call" in extra)
            if not counts and (kind not in SHOWN or device not in whose):
                continue
            if not counts:
                replay.saw(device, wall_ms, partial(event_of, device, kind, value, extra))
                continue
            key = (device, kind, value, extra)
            given = cache.get(key)
            if given is None:
                given = event_of(device, kind, value, extra)
                if (extra is None or len(extra) < SHORT) and len(cache) < CACHED:
                    cache[key] = given
            coverage.stepped += 1
            replay.take(given, time.at(wall_ms, elapsed_ms), live=origin != IMPORTED)
        self._tell(wall_ms - self._from_ms, self._to_ms - self._from_ms)

    def heard(self, given: Heard, wall_ms: int) -> None:
        """One event of a file."""
        coverage, event = self._replay.coverage, given.event
        if wall_ms >= self._from_ms:
            coverage.hear(event.device, wall_ms)
            coverage.imported += 1
        if self._replay.relevant.is_(event.device, event.kind) or given.can_call:
            coverage.stepped += 1
            self._replay.take(given, self._time.at(wall_ms, None), live=False)
        else:
            self._replay.saw(event.device, wall_ms, event)
        if coverage.imported % 4_000 == 0:
            self._tell(wall_ms - self._from_ms, self._to_ms - self._from_ms)

    def _other(self, what: str, body: str, wall_ms: int, elapsed_ms: int | None) -> None:
        """Requests are part of the past, and so are the facts about the hub itself: when nobody could hear, when its
        clock was set. What came of alerts and of help is not: other alerts would have been there."""
        time, now = self._time, self._time.at(wall_ms, elapsed_ms)
        if what == "Configured":
            # Each start accepts the files again: only other ones are a change.
            home = orjson.loads(body).get("home")
            self._replay.coverage.changed += self._home not in (None, home) and wall_ms >= self._from_ms
            self._home = home
            return
        given = input_of(what, body)
        if isinstance(given, Asked):
            if given.alert or given.do in FOR_ALERT:
                return
        elif isinstance(given, Started):
            time.lost_ms = time.lost_ms or given.down_from_ms or wall_ms
        elif isinstance(given, Linked):
            if given.up and time.lost_ms:
                time.down.append((time.lost_ms, wall_ms))
            time.lost_ms = 0 if given.up else time.lost_ms or wall_ms
        elif isinstance(given, Described) and given.device not in self._replay.relevant.waited:
            return
        self._replay.take(given, now, live=True)

    def finish(self) -> Answer:
        """The end of the period."""
        self._down()
        self._tell(1, 1)
        return self._replay.finish(self._time.at(self._to_ms, None))

    def _down(self) -> None:
        """When nobody could hear, of the period."""
        time = self._time
        spans = [*time.down, *([(time.lost_ms, self._to_ms)] if time.lost_ms else [])]
        inside = ((max(start, self._from_ms), min(end, self._to_ms)) for start, end in spans)
        self._replay.coverage.down = joined(span for span in inside if span[0] < span[1])


def newest_accepted(ledger: Path) -> Home | None:
    """The configuration accepted last; None where there is no ledger or it holds none."""
    with closing(LedgerReader(ledger)) as reader:
        try:
            return reader.configuration()
        except NotThereYet:
            return None
        except Unreadable as error:
            raise LedgerUnreadable(str(error)) from error


__all__ = ["NothingToReplay", "Period", "Question", "newest_accepted", "over_file", "over_ledger"]

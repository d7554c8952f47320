"""Runs a plan on trial over the ledger, beside the plan in force, from where the morning before left it.

Imported events are left out: a plan that runs hears what its hub hears.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from hub.errors import HandrailError, LedgerUnreadable
from hub.ledger.past import Past, Row
from hub.ledger.rows import input_of
from hub.replay.kept import Halt, OnTrial, keep, kept
from hub.replay.replaying import BEGINS_MS, LEAD_IN_MS, Run, Tell, Time, few_collections
from rules.inputs import Configured, Now, Report
from rules.replay.beside import Beside, laid_over
from rules.replay.shadow_report import report
from rules.replay.words import Words

LONGEST_BACK_MS = 35 * 86_400_000
"""Where nothing was kept it begins anew at most so long ago: no window, wait or count of the language is longer than a
week, and what is older has long been told."""


class NoTrial(HandrailError):
    """The plan was not on trial then, or there is no configuration yet."""


class _Piece(Run):
    """The rows of one piece."""

    def __init__(
        self, beside: Beside, trial: OnTrial, from_ms: int, to_ms: int, tell: Tell, *, time: Time, seq: int, waits: bool
    ) -> None:
        super().__init__(beside, from_ms, to_ms, tell, first_ms=time.wall_ms, time=time)
        self._beside = beside
        self._since_ms = trial.since_ms
        self._waits = waits
        """The plan is not on trial yet."""
        self.seq = seq

    def rows(self, page: Sequence[Row]) -> None:  # type: ignore[override]
        """A page of the ledger; where the trial begins in it, it does at its own moment."""
        cut = next((at for at, row in enumerate(page) if row[0] >= self._since_ms), None) if self._waits else None
        if cut is not None:
            super().rows(page[:cut])
            self._begin()
            page = page[cut:]
        super().rows(page)
        if page:
            self.seq = page[-1][2]

    def _begin(self) -> None:
        self._waits = False
        self._beside.put_on_trial(self._time.at(self._since_ms, None))

    def _other(self, what: str, body: str, wall_ms: int, elapsed_ms: int | None) -> None:
        super()._other(what, body, wall_ms, elapsed_ms)
        if what == "Configured" and not self._waits:
            given = input_of(what, body)
            if isinstance(given, Configured):
                self._beside.accept(given.home, self._time.at(wall_ms, elapsed_ms))

    def end(self, down_from_ms: int | None) -> None:
        """The end of the piece: the last moment before it, or that from which the hub was down."""
        if self._waits:
            self._begin()
        if down_from_ms is not None:
            self._time.lost_ms = self._time.lost_ms or down_from_ms
        self._down()
        end_ms = self._to_ms - 1 if down_from_ms is None else min(down_from_ms, self._to_ms - 1)
        self._tell(1, 1)
        self._beside.end(self._time.at(max(end_ms, self._time.wall_ms), None), self._to_ms)
        self._time.down = []


def _piece(
    past: Past, trial: OnTrial, before: Halt | None, to_ms: int, tell: Tell, *, planted: bool
) -> tuple[Beside, Halt]:
    """What came of one piece, and where it ends. Without one before it begins when the plan was put on trial."""
    if before is None:
        from_ms = trial.since_ms
        accepted = past.accepted_at(from_ms)
        first_ms = from_ms - LEAD_IN_MS
        seq = past.seq_at(first_ms) - 1
        time = Time(wall_ms=first_ms)
        begin = Now(BEGINS_MS, first_ms)
    else:
        from_ms, accepted, seq = before.to_ms, before.carried.accepted, before.seq
        time = replace(before.time, down=[])
        begin = before.carried.now
    if accepted is None:
        raise NoTrial("no configuration was ever accepted")
    beside = Beside(
        trial.tried,
        accepted,
        begin=begin,
        count_from_ms=from_ms,
        known=past.known(),
        later=past.accepted_behind(seq, to_ms),
        with_planted=planted,
    )
    piece = _Piece(beside, trial, from_ms, to_ms, tell, time=time, seq=seq, waits=before is None)
    if before is None:
        piece.begin(past.stood(begin.wall_ms, beside.relevant))
    else:
        beside.go_on(before.carried, trial.since_ms)
    for page in past.heard(seq, to_ms):
        piece.rows(page)
    piece.end(past.down_from(piece.seq, to_ms))
    return beside, Halt(to_ms=to_ms, seq=piece.seq, time=time, carried=beside.carried())


def tried(
    ledger: Path, trial: OnTrial, folder: Path, ends: tuple[int, int], tell: Tell, *, write: bool = False
) -> Report:
    """The report of a plan on trial from one moment to another, out of what was kept in `folder` where that is of use;
    `write`: keep what it came to. Raises `LedgerUnreadable`, `NoTrial`."""
    from_ms, to_ms = ends
    if not trial.since_ms <= from_ms < to_ms:
        raise NoTrial("it was not on trial then")
    with _opened(ledger) as past, few_collections():
        halt = kept(folder, trial, from_ms) if from_ms > trial.since_ms else None
        began = trial
        if halt is None and from_ms > trial.since_ms:
            began = replace(trial, since_ms=max(trial.since_ms, from_ms - LONGEST_BACK_MS))
            if began.since_ms < from_ms:
                _, halt = _piece(past, began, None, from_ms, _quiet, planted=False)
        beside, ended = _piece(past, began, halt, to_ms, tell, planted=True)
    if write:
        keep(folder, trial, ended)
    words = Words(laid_over(ended.carried.accepted, trial.tried), beside.answer, "the plan in force")
    made = report(words, trial.tried.resident, beside, trial.since_ms)
    if began.since_ms > trial.since_ms:
        made = replace(made, words=f"{made.words}. Looked back to {words.moment(began.since_ms)} alone")
    return replace(made, plan=trial.plan, since_ms=trial.since_ms, to_ms=to_ms, tried_ms=to_ms)


def said_last(ledger: Path, resident: str) -> Report | None:
    """What the hub said last of a resident's plan on trial; None where it never did. Raises `LedgerUnreadable`."""
    if not ledger.is_file():
        return None
    with _opened(ledger) as past:
        said = past.reported(resident)
    return said if said is not None and said.since_ms else None


@contextmanager
def _opened(ledger: Path) -> Iterator[Past]:
    try:
        with closing(Past(ledger)) as past:
            yield past
    except sqlite3.Error as error:
        raise LedgerUnreadable(f"the ledger {ledger} cannot be read: {error}") from error


def _quiet(done: int, whole: int) -> None:
    """Nobody is told how far a look back is."""

"""The home's record as a file that somebody can take away, break, or hold: says in true words why it cannot be written,
writes it anew from memory where waiting does not help, and starts the hub again where the record knows more than we do.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hub.aside import aside
from hub.elapsed import HomeClock
from hub.errors import HandrailError, LedgerBusy, LedgerUnwritable
from hub.lanes import Received, uses_in
from hub.ledger import anew
from hub.ledger.checkpoint import read_as_a_start
from hub.ledger.opening import Opened
from hub.ledger.rows import adapter
from hub.ledger.sorts import ANEW
from hub.ledger.source import LedgerLines
from hub.ledger.write import Batch
from hub.lock import Lock
from hub.put_back import MADE
from rules.home import Home
from rules.inputs import Faulted, Input, Remembered

if TYPE_CHECKING:
    from hub.hub import Hub

log = logging.getLogger("handrail.record")

LOOK_S = 1.0
READ_MS = 60_000
TENTH_MS = 100
BEHIND = "begun_behind"
LEDGER, RECORD, ANEW_FROM_MEMORY, SECOND = "ledger", "record", "record-anew", "second"


def answers(hub: Hub) -> bool:
    """Whether the ledger takes commits, and may be asked by the event loop."""
    return hub.parts.writer.lost is None and LEDGER not in hub.parts.health.why


class Record:
    """Looks after the ledger's file for a hub that is put together later."""

    def __init__(self, hub: Hub, opened: Opened, lock: Lock, lines: LedgerLines, clock: HomeClock) -> None:
        self._hub = hub
        self._opened = opened
        self._lock = lock
        self._lines = lines
        self.received = Received(opened.loaded.received)
        self._told: str | None = None
        wall_ms = clock.now().wall_ms
        lost = opened.knows_nothing and (lock.was_there or opened.writer.lost is not None)
        self.behind = opened.loaded.cursors.get(BEHIND, 0) or (wall_ms // TENTH_MS if lost else 0)
        """Numbers of alerts up to this one are of a record that is lost, and new ones are behind it. Tenths of a second
        of Unix time: the next record may be lost within the minute, and everybody press. 0 where nothing is lost, or
        all that the broker shows was told anew."""

    # -- each second --------------------------------------------------------------------------------------------------
    async def run(self) -> None:
        """A ledger that was lost is noticed without a press, the words follow the cause, and nobody shares it."""
        hub, writer = self._hub, self._hub.parts.writer
        self._say_what_was_lost()
        read_ms = 0
        while True:
            await asyncio.sleep(LOOK_S)
            if answers(hub) and (now_ms := hub.parts.clock.elapsed_ms()) - read_ms >= READ_MS:
                read_ms = now_ms
                await aside("reading", partial(read_as_a_start, writer.path, writer))
            if writer.lost is not None:
                hub.save_soon()
                hub.parts.shown.stand()
            if LEDGER not in hub.parts.health.why:
                self._told = None
            elif writer.failure and writer.sort != self._told:
                self._told = writer.sort
                hub.on_commit_failed(LEDGER, writer.failure, ())
            if writer.shared is not None:
                self._end(writer.shared)
                return
            try:
                await aside("lock", self._lock.look)
            except LedgerBusy as busy:
                self._end(busy)
                return
            except LedgerUnwritable as error:
                log.warning("%s", error)

    def _end(self, why: HandrailError) -> None:
        """The hub ends; where the ledger knows more than it does, `run` begins again from there."""
        log.critical("%s: this hub ends", why)
        self._hub.failure = why
        self._hub.stop()

    # -- anew ---------------------------------------------------------------------------------------------------------
    def begin_anew(self, waiting: Sequence[Batch]) -> Awaitable[None] | None:
        """Find the way back to a ledger on disk where the open one is none; None where it is."""
        lost = self._hub.parts.writer.lost
        if lost is None:
            return None
        # Read now: a moment later the machine has gone on, and knows of what is not among those that wait.
        return self._begin_anew(lost, waiting, self._whole(waiting)) if lost.sort in ANEW else self._go_on(waiting)

    async def _go_on(self, waiting: Sequence[Batch]) -> None:
        """It could not be written at the start, and nothing else was wrong with it."""
        writer = self._hub.parts.writer
        await writer.do(lambda: writer.take(anew.go_on(writer.path, waiting, self._opened.loaded.seq)))
        self._lines.let_go()
        log.error("the ledger %s takes commits now", writer.path)

    async def _begin_anew(self, lost: LedgerUnwritable, waiting: Sequence[Batch], whole: Batch) -> None:
        parts = self._hub.parts
        writer, wall_ms, left = parts.writer, parts.clock.now().wall_ms, list[str]()
        received = self.received.copied()

        def work() -> None:
            whole.received = uses_in(received)
            store, put = anew.begin(writer.path, whole, waiting, wall_ms)
            left.append(self._let_go(put, wall_ms))
            writer.take(store)

        await writer.do(work)
        self._lines.let_go()
        parts.keeping.begin_anew()
        log.error("%s: a new one was written from memory; %s", lost, left[0])
        if not self._opened.is_unread:
            self._tell(ANEW_FROM_MEMORY, f"{lost}; it was written anew from memory", left[0])
        self._opened = replace(self._opened, is_unread=False)

    def _let_go(self, put: Path | None, wall_ms: int) -> str:
        """Let go of the old ledger; what only we still have of it is copied. Returns where it is, as a sentence."""
        writer = self._hub.parts.writer
        if not writer.on_disk or writer.is_at(put):
            writer.store.close()
            return f"The old one lies in {put}." if put else "There was none."
        to = anew.free(writer.path, wall_ms)
        threading.Thread(target=anew.rescue, args=(writer.store, to), name="rescue", daemon=True).start()
        beside = f"; what lay in its place is in {put}" if put else ""
        return f"What the old one held is copied to {to}, as far as it can be read{beside}."

    def _tell(self, fault: str, reason: str, aside: str, call: str = "") -> None:
        about = {"folder": str(self._hub.parts.writer.path.parent), "aside": aside, "call": call}
        self._hub.put(Faulted(fault=fault, on=True, reason=reason, about=about))

    def begins(self, put: Callable[[Input], None], note: Callable[[str, int], None]) -> None:
        """At the start, before anything is raised: new alerts go behind those of a record that is lost."""
        if self.behind:
            put(Remembered(shown={}, behind=self.behind))
            note(BEHIND, self.behind)

    def _say_what_was_lost(self) -> None:
        writer = self._hub.parts.writer
        if self._opened.is_unread:
            where = f"The old one is put aside as {writer.path.name}.broken-… in {writer.path.parent}."
            self._tell(RECORD, f"{writer.lost}; the record begins anew", where, "yes")

    def standing(self, there_are: bool) -> None:
        """The broker shows alerts of which there is no record; or all of them were told anew."""
        if not there_are:
            self._hub.parts.keeping.note(BEHIND, 0)
            self._hub.save_soon()
            self.behind = 0
        elif not self._opened.is_unread:
            where = f"There was none in {self._hub.parts.writer.path.parent}."
            self._tell(RECORD, "there was no record, and the broker shows alerts of it", where, "yes")

    def _whole(self, waiting: Sequence[Batch]) -> Batch:
        """Everything that a start would read back, as it is now."""
        parts = self._hub.parts
        steps, state, now, clock = parts.steps, parts.steps.state, parts.clock.now(), parts.clock
        whole = Batch(twins=parts.overlap.every(), known=dict(steps.known))
        for name, table in state.tables().items():
            name_of = table.name_of
            whole.rows[name] = [(name_of(row) if name_of else key, row) for key, row in table.rows.items()]
        carried = set(parts.outbox.carried)
        whole.outbox.update((wish.key, wish.row()) for wish in parts.shown.put_back.held)
        wished = [(key, row) for batch in waiting for key, row in batch.outbox.items()]
        whole.outbox.update((key, row) for key, row in wished if (key, row[1]) not in carried)
        whole.outbox.update((wish.key, wish.row()) for wish in parts.outbox.every())
        if state.setting is not None:
            home = adapter(Home).dump_json(state.setting.home).decode()
            whole.configurations.append((steps.seq, now.wall_ms, home, steps.settings))
        whole.subscriptions.update(parts.subscriptions.filters)
        whole.cursors.update(parts.source.cursors)
        whole.cursors.update({f"log_{lane}": book.cursor for lane, book in parts.logs.items()})
        whole.cursors.update(clock.cursors)
        moved_ms = parts.condition.belief.moved_ms
        whole.cursors |= {BEHIND: self.behind, "lived_apart_ms": parts.keeping.apart_ms, "clock_moved_ms": moved_ms}
        whole.cursors[MADE] = parts.shown.put_back.made_ms
        whole.cursors |= {"seq": steps.seq, "elapsed_ms": now.elapsed_ms, "wall_ms": now.wall_ms}
        return whole

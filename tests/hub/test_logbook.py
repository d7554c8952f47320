"""The log topic: every line goes out, once a session, in order, and none is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hub.errors import LedgerUnreadable
from hub.logbook import PAGE, WINDOW, Line, Logbook
from tests.hub.core_parts import PENDANT, PRESS, SLUG, URGENT, rig
from tests.hub.test_outbox import Line as Lane
from tests.parts import until


class Book:
    """A logbook with its ledger and its lane."""

    def __init__(self, cursor: int = 0) -> None:
        self.lane = Lane()
        self.kept: list[Line] = []
        self.broken = False
        self.refused: list[str] = []
        self.taken: list[str] = []
        self.timers: list[Callable[[], None]] = []
        self.book = Logbook(
            topic="log",
            lane=self.lane,
            cursor=cursor,
            read=self._read,
            later=lambda _seconds, work: self.timers.append(work),
            on_refused=lambda topic, _why: self.refused.append(topic),
            on_taken=self.taken.append,
        )

    def _read(self, after: int, limit: int) -> Sequence[Line]:
        if self.broken:
            raise LedgerUnreadable("it is broken")
        return [line for line in self.kept if line[0] > after][:limit]

    def commit(self, *seqs: int) -> list[Line]:
        """Lines are kept; whoever committed then offers them."""
        lines = [(seq, b"%d" % seq) for seq in seqs]
        self.kept += lines
        return lines

    def say(self, *seqs: int) -> None:
        """Committed and offered."""
        self.book.offer(self.commit(*seqs))

    @property
    def sent(self) -> list[int]:
        """The lines on their way."""
        return [int(payload) for payload in self.lane.payloads]

    def ring(self) -> None:
        """Every timer that was set rings."""
        timers, self.timers = self.timers, []
        for work in timers:
            work()


def test_lines_go_out_in_order_and_the_cursor_follows_what_the_broker_has() -> None:
    """Never past one that it has not."""
    book = Book()
    book.book.lane_up()
    book.say(1, 2, 3)
    assert book.sent == [1, 2, 3]
    book.lane.answer(1)
    assert book.book.cursor == 0
    book.lane.answer(0)
    assert book.book.cursor == 2


def test_lines_of_a_time_without_a_lane_come_from_the_ledger_when_it_is_back() -> None:
    """In order, with what was on its way."""
    book = Book()
    book.book.lane_up()
    book.say(1, 2)
    book.lane.answer()
    book.lane.answer(ok=False, why="connection lost")
    book.book.lane_down()
    book.say(3)
    book.say(4, 5)
    assert book.sent == []
    book.book.lane_up()
    assert book.sent == [2, 3, 4, 5]
    book.ring()
    assert book.refused == []
    assert book.sent == [2, 3, 4, 5]


def test_lines_read_from_the_ledger_before_they_are_offered_go_out_once() -> None:
    """The commit returned on another thread while the lane was catching up."""
    book = Book()
    lines = book.commit(1, 2)
    book.book.lane_up()
    assert book.sent == [1, 2]
    book.book.offer(lines)
    book.say(3)
    assert book.sent == [1, 2, 3]


def test_a_long_backlog_goes_out_in_pages_and_each_line_once() -> None:
    """No more than the window is on its way."""
    book = Book(cursor=10)
    book.commit(*range(1, 6_000))
    book.book.lane_up()
    seen: list[int] = []
    while book.sent:
        assert len(book.sent) <= WINDOW + PAGE
        seen.append(book.sent[0])
        book.lane.answer()
    assert seen == list(range(11, 6_000))
    assert book.book.cursor == 5_999


def test_an_answer_of_an_earlier_connection_moves_nothing() -> None:
    """The lines behind the cursor went out anew."""
    book = Book()
    book.book.lane_up()
    book.say(1)
    _, _, _, late = book.lane.sent.pop()
    book.book.lane_down()
    book.book.lane_up()
    late(True, "")
    assert book.book.cursor == 0
    assert book.sent == [1]


def test_what_the_broker_refuses_is_told_and_tried_again() -> None:
    """And the lines behind it do not overtake it."""
    book = Book()
    book.book.lane_up()
    book.say(1, 2)
    book.lane.answer(ok=False, why="not authorized")
    book.lane.answer()
    book.say(3)
    assert book.book.cursor == 0
    assert book.sent == []
    book.ring()
    assert book.refused == ["log"]
    assert book.sent == [1, 2, 3]
    for _ in range(3):
        book.lane.answer()
    assert book.book.cursor == 3
    assert book.taken == ["log"]


def test_a_ledger_that_cannot_be_read_is_asked_again() -> None:
    """Nothing breaks, nothing is left out."""
    book = Book()
    book.commit(1)
    book.broken = True
    book.book.lane_up()
    book.say(2)
    assert book.sent == []
    book.broken = False
    book.ring()
    assert book.sent == [1, 2]


async def test_lines_that_did_not_leave_before_a_kill_leave_after_it_with_the_same_seq(tmp_path: Path) -> None:
    """The cursor is in the ledger."""
    async with rig(tmp_path) as home:
        home.broker.refuses.add(f"handrail/{SLUG}/log")
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.rows("SELECT * FROM log WHERE step = 'raised'"))
        assert not home.broker.log("raised")
        await home.kill()
        home.broker.refuses.clear()
        await home.start()
        kept = [seq for (seq,) in home.rows("SELECT seq FROM log WHERE urgent = 1 ORDER BY seq")]
        await until(lambda: len(home.broker.log("raised", "told")) >= len(kept))
        await home.quiet()
        assert [line["seq"] for line in home.broker.log() if "alert" in line] == kept


async def test_every_line_goes_out_once_and_in_order_per_lane(tmp_path: Path) -> None:
    """While the urgent lane comes and goes."""
    async with rig(tmp_path) as home:
        for number in range(20):
            home.broker.say(PENDANT, b'{"action":"emergency","last_seen":%d}' % (1_700_000_000_000 + number * 1_000))
            if number == 10:
                await home.quiet()
                home.lanes[URGENT].go_down()
                home.lanes[URGENT].come_up()
        await until(lambda: home.presses() == 20)
        await home.quiet()
        kept = [seq for (seq,) in home.rows("SELECT seq FROM log WHERE urgent = 1 ORDER BY seq")]
        await until(lambda: home.hub.parts.logs[URGENT].cursor == kept[-1])
        assert [line["seq"] for line in home.broker.log() if "alert" in line] == kept

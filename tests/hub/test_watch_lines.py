"""Which lines of the hub's log the watcher has read before: the same line once more names nothing anew, and a line of
another record is never taken for it."""

from __future__ import annotations

from tests.hub.test_watch_killed import BACK, WAITS
from tests.hub.watch_parts import Night

BEFORE, AFTER = "2026-11-21T01:59:00.000Z", "2026-11-21T02:00:03.000Z"


def test_a_hub_whose_record_begins_anew_is_heard_from_its_first_line() -> None:
    """Its lines are numbered from one again; a walk test shows by its line alone."""
    night = Night()
    night.press("p12")
    night.says("walk_heard", "pendant-12", at=BEFORE)
    night.hub_restarts()
    night._stamps = 0
    night.press("p13")
    night.says("walk_heard", "pendant-13", at=AFTER)
    night.wait(30)
    assert night.titles == []


def test_a_record_that_begins_anew_while_nobody_watches_is_heard_too() -> None:
    """The next watcher knows which lines were read, not how far the numbers had come."""
    night = Night()
    night._stamps = 5_000
    night.press("p12")
    night.says("raised", "pendant-12", at=BEFORE)
    night.press("p13")
    night.wait(1)
    night.killed()
    night._stamps = 4_000
    night.says("walk_heard", "pendant-13", at=AFTER)
    night.wait(30)
    assert night.titles == []


def test_a_line_that_others_overtook_is_heard_by_the_next_watcher() -> None:
    """Lines of alerts go by a way of their own, in front of a flood of others."""
    night = Night()
    night.press("p13")
    night.press("p12")
    night._stamps = 8
    night.says("raised", "pendant-12")
    night.wait(1)
    night.killed()
    night._stamps = 7
    night.says("walk_heard", "pendant-13")
    night.wait(30)
    assert night.titles == []


def test_a_line_that_overtook_others_names_nothing_when_it_comes_once_more() -> None:
    """The hub that is back says again what the broker had not acknowledged; the press of meanwhile it never got."""
    night = Night()
    night.press("p12")
    night.press("p13")
    night._stamps = 8
    night.says("raised", "pendant-12")
    night._stamps = 7
    night.says("walk_heard", "pendant-13")
    night.hub_dies()
    night.wait(6)
    night.press("p12")
    night.wait(1)
    night.reached()
    night.forget()
    night.killed()
    night.hub_is_back()
    night._stamps = 8
    night.says("raised", "pendant-12")
    night.wait(12)
    assert (night.titles, night.shown[-1:]) == ([BACK, WAITS], ["pendant-12"])

"""A machine whose calendar was years wrong for an hour: once it is right, nothing that was concluded then goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from devices.registry import Supervision
from rules.alerting.levels import Level
from rules.effects import Did
from rules.plans.plan import Agreement, AtTime, Expected, Otherwise
from tests.stories.house import House
from tests.stories.stays import Stays
from tests.stories.test_plans import LONDON, UP_AT_NIGHT, clock, house

SILENT = Supervision.NONE
YEARS_H = 10 * 365 * 24
HOUR_MS = 3_600_000
YOUNG_MS = 40_000
"""A clock without a battery, so long after it began in 1970."""
BY_TEN = replace(
    UP_AT_NIGHT,
    rule="up-by-ten",
    during=None,
    help=(),
    delay_agreed=None,
    otherwise=Otherwise(level=Level.CHECK, say="{who} was not up by ten."),
)
FORMS = {
    "expected": replace(BY_TEN, when=Expected(since="06:00", by="10:00")),
    "time": replace(BY_TEN, device="", kind="", value="", settled_by=(), when=AtTime(at="10:00")),
}


# -- ten years ahead --------------------------------------------------------------------------------------------------


def agreed(*, review_by: str) -> Agreement:
    """An agreement that somebody made last autumn."""
    return Agreement(by="resident", on="2025-10-02", review_by=review_by)


@pytest.mark.parametrize("over_a_restart", [False, True])
def test_an_agreement_that_was_overdue_by_a_wrong_calendar_alone_holds_again(over_a_restart: bool) -> None:
    """Its review is in June. While the clock stands ten years ahead nothing waits; the night after it was put right
    Margaret's walk is hers again, and in July the plan lapses as ever."""
    home = Stays()
    home.lies_down()
    home.has_plan("margaret", agreement=agreed(review_by="2026-06-09"))
    home.wait(hours=13)
    home.clock_is_moved(hours=YEARS_H)
    assert [line.resident for line in home.logs(Did.DELAYS_OFF)] == ["margaret"]
    if over_a_restart:
        home.goes_down()
        home.wall_ms -= YEARS_H * HOUR_MS
        home.comes_back()
    else:
        home.clock_is_moved(hours=-YEARS_H)
    home.wait(hours=12)
    home.forget()
    home.gets_up()
    home.wait(minutes=14)
    assert not home.alerts_of("up-at-night")
    home.lies_down()
    assert "no delay" not in home.morning()
    assert home.person().lapsed == ()


def test_an_agreement_that_has_lapsed_does_not_come_back_with_a_calendar_of_1970() -> None:
    """Before the day on which it was agreed to no date can be believed: nothing waits then either."""
    home = Stays()
    home.lies_down()
    home.has_plan("margaret", agreement=agreed(review_by="2026-02-01"))
    home.morning()
    home.wait(hours=15)
    home.goes_down()
    home.wall_ms = YOUNG_MS
    home.comes_back()
    home.gets_up()
    assert home.alerts_of("up-at-night")


def test_a_task_that_was_dated_by_a_wrong_calendar_comes_within_four_weeks() -> None:
    """Nobody agreed to her rules; the first morning was ten years ahead. The manager reads of it again this month."""
    village = Stays().home
    home = Stays(home=replace(village, devices=tuple(replace(one, supervision=SILENT) for one in village.devices)))
    home.has_plan("margaret", agreement=None)
    home.clock_is_moved(hours=YEARS_H)
    home.clock_is_moved(hours=-YEARS_H)
    for _ in range(30):
        home.morning()
    listed = [line.reason for line in home.logs(Did.LISTED, past=True)]
    assert any("overdue since 2026-" in words for words in listed)


def walked(home: House, *, heard: bool) -> None:
    """A carer tests Margaret's pendant."""
    assert home.ask("walk", by="carer-1", device="room-012-pendant").ok
    if heard:
        home.press("012")
        assert home.ask("tested", by="carer-1", device="room-012-pendant").ok
    home.wait(minutes=2)


def list_of_tests(home: Stays) -> list[str]:
    """What the next morning's list says of Margaret's pendant."""
    listed = home.morning().partition("walk tests overdue: ")[2]
    return [words for words in listed.partition(";")[0].split(", ") if words.startswith("room-012-pendant")]


def test_a_walk_test_of_a_wrong_calendar_is_not_the_newest_for_ten_years() -> None:
    """It was heard then, by a clock that stood ten years ahead. When that is right it is to be tested again, and a
    test in which nothing is heard counts."""
    home = Stays(wall_ms=int(datetime(2026, 3, 11, 11, tzinfo=LONDON).timestamp() * 1000))
    home.clock_is_moved(hours=YEARS_H)
    walked(home, heard=True)
    home.clock_is_moved(hours=-YEARS_H)
    assert list_of_tests(home)
    home.wait(hours=3)
    walked(home, heard=False)
    assert list_of_tests(home) == ["room-012-pendant (not heard at its last test)"]
    home.wait(hours=3)
    walked(home, heard=True)
    assert not list_of_tests(home)


def test_a_test_that_failed_by_a_wrong_calendar_is_over_with_the_next_that_goes_well() -> None:
    """Nothing was heard, ten years ahead; the next day it was."""
    home = Stays(wall_ms=int(datetime(2026, 3, 11, 11, tzinfo=LONDON).timestamp() * 1000))
    home.clock_is_moved(hours=YEARS_H)
    walked(home, heard=False)
    home.clock_is_moved(hours=-YEARS_H)
    walked(home, heard=True)
    assert not list_of_tests(home)


# -- a clock that begins in 1970 --------------------------------------------------------------------------------------


def wakes_in_1970(home: House, *, after_hours: float = 0) -> None:
    """The power fails; so much later the machine is on again, knows no date, and is told the time."""
    right_ms = home.wall_ms + int(after_hours * HOUR_MS)
    home.goes_down()
    home.wall_ms = YOUNG_MS
    home.comes_back()
    home.wait(seconds=40)
    home.clock_is_moved(hours=(right_ms + 40_000 - home.wall_ms) / HOUR_MS)
    home.wait(seconds=1)


def starts(home: House) -> list[str]:
    """When the rule began, by the clock on the wall."""
    begun = home.logs(Did.HELPING, past=True)
    return [line.reason.partition(":")[0] for line in begun]


@pytest.mark.parametrize("form", FORMS)
def test_a_power_cut_at_night_brings_no_check_of_the_morning(form: str) -> None:
    """Not up by ten, at three in the night: nobody is woken for it; at ten it is looked at, in time."""
    home = house("2026-03-11 02:59", FORMS[form])
    wakes_in_1970(home)
    assert (clock(home), starts(home)) == ("02:59", [])
    home.wait(hours=7)
    home.wait(minutes=1)
    assert starts(home) == ["up-by-ten"]
    home.expect_told("carer-1")
    assert not [alert for alert in home.open if alert.late]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("since", "hours"), [("2026-03-11 09:30", 1.0), ("2026-03-11 09:30", 18.0)])
def test_a_power_cut_over_ten_passes_it_over_by_no_calendar(form: str, since: str, hours: float) -> None:
    """The machine was off at ten, also if it is the night after: staff are told as soon as it knows the time, and
    the next morning has its own look."""
    home = house(since, FORMS[form])
    wakes_in_1970(home, after_hours=hours)
    assert starts(home) == ["up-by-ten"]
    for alert in list(home.open):
        home.close("carer-1", alert=alert.id)
    home.wait(hours=24)
    assert starts(home) == ["up-by-ten"] * 2


def test_what_was_done_before_the_power_cut_is_not_done_again() -> None:
    """Looked at, at ten; the power fails at noon, and the clock begins in 1970."""
    home = house("2026-03-11 09:30", FORMS["expected"])
    home.wait(minutes=31)
    assert starts(home) == ["up-by-ten"]
    for alert in list(home.open):
        home.close("carer-1", alert=alert.id)
    wakes_in_1970(home, after_hours=1)
    assert starts(home) == ["up-by-ten"]

"""The page for the review: how often she called, how long she waited, and which nights were worse."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from rules.alerting.levels import Level
from rules.alerting.raising import COMPANY
from rules.home import Home, Resident
from rules.plans.explain import WIDTH
from rules.plans.week import Lived, week
from rules.state import Alert, AlertState, Ending, Missed

MARGARET = Resident(resident="margaret", known_as="Margaret", room="012", goals=("To sleep",))
HOME = Home(slug="h", name="Sunny Court", timezone="Europe/London", places=(), residents=(MARGARET,))
NOW_MS = int(datetime(2026, 11, 23, 9, 0, tzinfo=UTC).timestamp() * 1000)
MINUTE_MS = 60_000


def alert(moment: str, *, waited_min: float | None, level: Level = Level.CALL, **more: object) -> Alert:
    """A call of hers at a local time of November, to which somebody came after so long."""
    at_ms = int(datetime.fromisoformat(f"2026-{moment}:00+00:00").timestamp() * 1000)
    there_ms = None if waited_min is None else at_ms + round(waited_min * MINUTE_MS)
    base = Alert(
        id="a1",
        version=1,
        level=level,
        state=AlertState.TOLD if there_ms is None else AlertState.CLOSED,
        kind="emergency" if level is Level.EMERGENCY else "call",
        reason="she called",
        cause="pendant",
        resident="margaret",
        raised_ms=0,
        raised_wall_ms=at_ms,
        waiting_since_ms=0,
        waiting_since_wall_ms=at_ms,
        attended_wall_ms=there_ms,
        closed_wall_ms=None if there_ms is None else there_ms + 20 * MINUTE_MS,
        ending=None if there_ms is None else Ending.HELPED,
    )
    return replace(base, **more)  # type: ignore[arg-type]


def company(moment: str, *, waited_min: float) -> Alert:
    """A wish for company."""
    return alert(moment, waited_min=waited_min, level=Level.REQUEST, kind="other", cause=COMPANY)


def review(*alerts: Alert, resident: Resident = MARGARET) -> str:
    """The page for the meeting."""
    page = week(resident, HOME, date(2026, 11, 23), Lived(alerts=alerts, now_wall_ms=NOW_MS)).split("\f")[1]
    assert max(len(line) for line in page.splitlines()) <= WIDTH
    return page


def test_calls_are_counted_by_level_with_the_usual_and_the_longest_wait() -> None:
    """Of three the one in the middle; one nobody came to yet is said, and a walk test is none."""
    page = review(
        alert("11-20T03:10", waited_min=2, level=Level.EMERGENCY),
        alert("11-20T04:10", waited_min=1),
        alert("11-21T04:10", waited_min=9, presses=3),
        alert("11-22T12:10", waited_min=4, ending=Ending.MISTAKE),
        alert("11-23T08:58", waited_min=None),
        alert("11-22T12:30", waited_min=50, ending=Ending.TESTED),
        alert("11-22T12:40", waited_min=50, level=Level.TECHNICAL),
        alert("11-22T12:50", waited_min=50, resident="ruth"),
    )
    assert "Emergencies: 1, waited 2 min." in page
    flat = " ".join(page.split())
    assert (
        "Calls: 4 (pressed 6 times), waited 4 min (median), 9 min at the longest, "
        "1 set off by mistake, 1 not seen to yet." in flat
    )
    assert "50 min" not in page
    assert page.index("GOALS") < page.index("CALLS AND WAITING") < page.index("AGREEMENT")


def test_where_nobody_said_that_they_were_there_it_counts_until_it_was_closed() -> None:
    """No wait is made shorter by a tap that was left out."""
    page = review(alert("11-20T04:10", waited_min=5, attended_wall_ms=None))
    assert "Calls: 1, waited 25 min." in page


def test_nights_are_compared_week_by_week() -> None:
    """A call at two in the morning is of the night before; the worst night is named."""
    page = review(
        *[alert(f"11-19T{clock}", waited_min=3) for clock in ("20:30", "23:50")],
        *[alert(f"11-20T{clock}", waited_min=6) for clock in ("02:00", "07:59")],
        alert("11-20T08:01", waited_min=30),
        alert("11-10T23:00", waited_min=2),
        company("11-20T21:00", waited_min=90),
    )
    rows = [" ".join(line.split()) for line in page.splitlines() if " to " in line and "November" in line]
    assert rows[0] == "17 November to 23 November 4 1 30 min"
    assert rows[1] == "10 November to 16 November 1 0 2 min"
    assert rows[2] == "3 November to 9 November 0 0 -"
    assert "Most in one night: 4, in the night of 19 November." in page


def test_a_wish_for_company_is_not_counted_where_she_does_not_want_it() -> None:
    """Leisure is hers; how long she waited for help stays the home's to answer."""
    wishes = (company("11-20T15:00", waited_min=40), alert("11-20T04:10", waited_min=5))
    assert "Wishes for company: 1, waited 40 min." in review(*wishes)
    page = review(*wishes, resident=replace(MARGARET, counts_leisure=False))
    assert "company" not in page
    assert "Calls: 1, waited 5 min." in page


def test_presses_missed_while_the_hub_was_down_are_said() -> None:
    """They stand in an alert of several residents; hers alone are hers."""
    rows = tuple(
        Missed(resident=who, device="p", place=None, kind="call", at_ms=0) for who in ("margaret", "ruth", "margaret")
    )
    page = review(alert("11-20T04:10", waited_min=5, resident=None, missed=rows))
    assert "Made while Handrail was down, and seen to afterwards: 2." in page


def test_a_quiet_month_says_so() -> None:
    """Rather than nothing, which might be forgotten."""
    assert "Nothing was told to staff." in review()

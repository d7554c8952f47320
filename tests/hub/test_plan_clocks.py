"""Hours of a plan that do not come on every day: what is refused, what is said, and where there is no such day."""

from pathlib import Path

import pytest

from tests.hub.plan_home import HOME, plan_of, read_plan

REMINDER = "- rule: r\n  why: x\n  when: {light: on}\n  only_if: [{time: HOURS}]\n  help: [{say: Hello.}]\n"
CHECK = "- rule: r\n  why: x\n  when: {door: open}\n  during: HOURS\n  otherwise: {level: check, say: Open.}\n"
READY = "- rule: left-open\n  why: x\n  door: room-012-door\n  held_for: 5 min\n  during: HOURS\n"
READY += "  otherwise: {level: check, say: Open.}\n"


@pytest.mark.parametrize(
    ("rule", "hours", "refused", "warned"),
    [
        (REMINDER, "01:10-01:50", False, "nothing is done then"),
        (CHECK, "01:10-01:50", True, ""),
        (READY, "01:10-01:50", True, ""),
        (CHECK, "01:00-02:00", True, ""),
        (CHECK, "01:00-02:01", False, "01:00 does not exist"),
        (CHECK, "00:59-02:00", False, ""),
        (CHECK, "00:30-01:30", False, "01:30 does not exist"),
        (CHECK, "22:00-07:00", False, ""),
    ],
)
def test_hours_that_the_clock_passes_over(tmp_path: Path, rule: str, hours: str, refused: bool, warned: str) -> None:
    """Refused where staff would not be told, a warning where they only are shorter; with the line of the hours."""
    reading = read_plan(tmp_path, plan_of(rule.replace("HOURS", hours)))
    said = [problem.what for problem in reading.refused_plans]
    assert (
        said
        == [f"the hours {hours} do not exist on the day in spring when clocks go forward: nobody would be told"]
        * refused
    )
    warnings = [warning for warning in reading.warnings if "clocks go forward" in warning.what]
    assert [warned in warning.what and warning.line > 0 for warning in warnings] == [True] * bool(warned)


def test_where_the_clocks_never_change_every_hour_comes(tmp_path: Path) -> None:
    """The same hours, in a home without a change of the clocks."""
    home = HOME.replace("Europe/London", "Asia/Tokyo")
    reading = read_plan(tmp_path, plan_of(CHECK.replace("HOURS", "01:10-01:50")), {"home.yaml": home})
    assert (reading.refused_plans, [one for one in reading.warnings if "clocks" in one.what]) == ((), [])

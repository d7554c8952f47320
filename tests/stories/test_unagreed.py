"""Rules that nobody has agreed to: they go on telling staff, and somebody has a dated task to talk them over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devices.registry import Supervision
from rules.plans.plan import Agreement
from tests.stories.stays import Stays
from tests.stories.village import SIGNED, left_open, out_of_bed


@pytest.fixture
def home() -> Stays:
    """The evening of the tenth of March, with Margaret in bed, and nothing that falls silent."""
    village = Stays().home
    devices = tuple(replace(placed, supervision=Supervision.NONE) for placed in village.devices)
    home = Stays(home=replace(village, devices=devices))
    home.lies_down()
    home.forget()
    return home


def test_a_rule_that_nobody_agreed_to_is_a_task_with_a_date(home: Stays) -> None:
    """Listed at once, two weeks and one week before its day, and every morning behind it; also over a restart."""
    home.has_plan("margaret", agreement=None)
    mornings = []
    for day in range(31):
        words = home.morning()
        if "nobody has agreed" in words:
            mornings.append(day)
            assert "rules that nobody has agreed to, to be talked over: Margaret, left-open and up-at-night" in words
            assert "by 2026-04-08" in words if day <= 28 else "overdue since 2026-04-08" in words
        if day == 3:
            home.down(minutes=5)
    assert mornings == [0, 14, 21, 29, 30]


def test_it_runs_all_the_same(home: Stays) -> None:
    """A check that lapsed because of a missing signature would end in silence."""
    home.has_plan("margaret", agreement=None)
    for _ in range(30):
        home.morning()
    home.wait(hours=15)
    home.forget()
    home.gets_up()
    home.wait(minutes=16)
    assert [alert.cause for alert in home.open if alert.resident == "margaret"] == ["up-at-night"]


def test_an_agreement_ends_the_task_and_a_new_rule_begins_another(home: Stays) -> None:
    """Of the plan, or of the one rule that had none."""
    home.has_plan("margaret", agreement=None)
    assert "nobody has agreed" in home.morning()
    home.has_plan("margaret", agreement=SIGNED)
    assert "nobody has agreed" not in home.morning()
    own = Agreement(by="attorney", name="Ruth Bell", on="2026-03-01")
    first = replace(left_open("012"), agreement=own)
    home.has_plan("margaret", first, out_of_bed("012", "margaret"), agreement=None)
    assert "Margaret, up-at-night: by 2026-04-10" in home.morning()


def test_a_review_that_comes_up_does_not_disturb_the_task(home: Stays) -> None:
    """Both are kept beside each other for one resident."""
    reviewed = Agreement(by="resident", on="2025-10-02", review_by="2026-04-01")
    home.has_plan(
        "margaret", replace(left_open("012"), agreement=reviewed), out_of_bed("012", "margaret"), agreement=None
    )
    words = home.morning()
    assert "Margaret, up-at-night: by 2026-04-08" in words
    assert "reviews to come: Margaret, left-open by 2026-04-01" in words
    assert home.morning() == ""

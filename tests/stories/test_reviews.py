"""What is to be talked over with a resident: it stands in the manager's list of every morning, and nothing lapses into
silence."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from devices.registry import Supervision
from rules.effects import Did
from rules.plans.help import AnswerTo, Ask
from rules.plans.plan import Agreement, AtTime, Rule
from rules.rows import Watch
from tests.stories.stays import Stays
from tests.stories.village import left_open, out_of_bed

TOMORROW = date(2026, 3, 11)
"""The day of the first morning."""


@pytest.fixture
def home() -> Stays:
    """The evening of the tenth, with Margaret in bed, in a house whose devices may be silent for weeks."""
    village = Stays().home
    devices = tuple(replace(placed, supervision=Supervision.NONE) for placed in village.devices)
    home = Stays(home=replace(village, devices=devices))
    home.lies_down()
    home.forget()
    return home


def agreed(*, in_days: int) -> Agreement:
    """An agreement that is reviewed so many days after the first morning."""
    return Agreement(by="resident", on="2025-10-02", review_by=(TOMORROW + timedelta(days=in_days)).isoformat())


@pytest.mark.parametrize(("in_days", "listed"), [(29, ""), (28, "28"), (14, "14"), (7, "7"), (5, "5")])
def test_a_review_is_on_the_list_before_its_day(home: Stays, in_days: int, listed: str) -> None:
    """Four, two and one week before, or at the first morning after."""
    home.has_plan("margaret", agreement=agreed(in_days=in_days))
    words = home.morning()
    assert ("reviews to come: Margaret, the plan by" in words) == bool(listed)
    assert f"in {listed} days" in words or not listed


def test_each_stage_of_a_review_is_listed_once(home: Stays) -> None:
    """Three tasks in four weeks, also over a restart, and none between."""
    home.has_plan("margaret", agreement=agreed(in_days=28))
    mornings = []
    for day in range(23):
        mornings += [day] if "reviews to come" in home.morning() else []
        if day == 3:
            home.down(minutes=5)
    assert mornings == [0, 14, 21]


def test_a_rule_has_a_review_of_its_own(home: Stays) -> None:
    """It is called by its name."""
    rule = replace(out_of_bed("012", "margaret"), agreement=agreed(in_days=7))
    home.has_plan("margaret", rule, left_open("012"))
    assert "Margaret, up-at-night by 2026-03-18, in 7 days" in home.morning()


def test_an_overdue_review_is_listed_each_morning_and_its_delays_are_as_agreed(home: Stays) -> None:
    """Within the grace nothing else changes."""
    home.has_plan("margaret", agreement=agreed(in_days=-3))
    assert "reviews overdue: Margaret, the plan since 2026-03-08" in home.morning()
    assert "reviews overdue" in home.morning()
    home.wait(hours=15)
    home.gets_up()
    home.wait(minutes=14)
    home.expect_quiet()


def test_beyond_the_grace_delays_lapse_one_resident_a_morning_and_pendants_never(home: Stays) -> None:
    """The one that is longest overdue first; that night her walk is told at once, and the log says why."""
    home.has_plan("ruth", agreement=agreed(in_days=-16))
    home.has_plan("margaret", agreement=agreed(in_days=-20))
    assert "Margaret, the plan since 2026-02-19, told without delay since" in home.morning()
    assert [line.resident for line in home.logs(Did.DELAYS_OFF, past=True)] == ["margaret"]
    home.wait(hours=15)
    home.gets_up()
    home.expect_did("helping", "raised", "told", "unsettled")
    assert "its review was due on 2026-02-19" in home.logs(Did.HELPING)[0].reason
    home.morning()
    assert [line.resident for line in home.logs(Did.DELAYS_OFF, past=True)] == ["margaret", "ruth"]
    home.press("ruth-pendant")
    assert [alert.level.value for alert in home.open if alert.resident == "ruth"] == ["emergency"]


def test_nothing_lapses_at_night(home: Stays) -> None:
    """The list came late, because the hub was down in the morning: the waits lapse at the next one."""
    home.has_plan("margaret", agreement=agreed(in_days=-20))
    home.wait(hours=9)
    home.down(minutes=14 * 60)
    assert home.logs(Did.LISTED, past=True)
    assert home.logs(Did.DELAYS_OFF, past=True) == []
    home.morning()
    assert len(home.logs(Did.DELAYS_OFF, past=True)) == 1


def test_a_new_date_gives_the_delays_back(home: Stays) -> None:
    """The review was made: the plan has another date."""
    home.has_plan("margaret", agreement=agreed(in_days=-20))
    home.morning()
    home.has_plan("margaret", agreement=agreed(in_days=90))
    home.wait(hours=15)
    home.gets_up()
    home.wait(minutes=14)
    home.expect_quiet()
    assert "overdue" not in home.morning()


def test_only_the_rule_whose_own_agreement_lapsed_loses_its_waits(home: Stays) -> None:
    """The plan itself was reviewed in time."""
    late = replace(out_of_bed("012", "margaret"), agreement=agreed(in_days=-20))
    other = replace(out_of_bed("012", "margaret"), rule="second")
    home.has_plan("margaret", late, other, agreement=agreed(in_days=90))
    home.morning()
    home.wait(hours=15)
    home.gets_up()
    assert [alert.cause for alert in home.open] == ["up-at-night"]
    assert [episode.rule.rule for episode in home.state.episodes] == ["second"]


def test_an_overdue_sensing_takes_the_delays_of_what_it_watches_and_no_others(home: Stays) -> None:
    """The bed was agreed to by itself, and nobody has talked it over since; the door rests on the plan."""
    bed, door = out_of_bed("012", "margaret"), left_open("012")
    own = {"bed": agreed(in_days=-20)}
    home.has_plan("margaret", bed, door, agreement=agreed(in_days=90), sense_agreements=own)
    assert "Margaret, sensing bed since" in home.morning()
    home.wait(hours=15)
    home.opens_door()
    home.gets_up()
    assert [alert.cause for alert in home.open] == ["up-at-night"]
    assert [episode.rule.rule for episode in home.state.episodes] == ["left-open"]


def test_what_is_withdrawn_says_nothing_of_margaret_any_more(home: Stays) -> None:
    """Not where she was last seen, and not that she may be back: the sensor still hangs there."""
    senses = {"bed": "withdrawn", "door": "withdrawn", "motion": "withdrawn"}
    home.has_plan("margaret", senses=senses)
    home.away("margaret", hours=48, reviewed_by="nurse-1")
    before = home.person().near_wall_ms
    home.wait(hours=1)
    home.forget()
    home.opens_door()
    home.gets_up()
    home.lies_down()
    assert home.open == []
    assert home.person().near_wall_ms == before
    home.press("012")
    home.expect_told("carer-1")


def test_a_withdrawn_sensing_is_a_task_until_it_is_agreed_another_way(home: Stays) -> None:
    """Logged when it is withdrawn, listed until the plan says something else."""
    home.has_plan("margaret", senses={"bed": "withdrawn", "door": "accepted"})
    assert "Margaret has withdrawn bed" in home.logs(Did.REVIEW_ASKED)[0].reason
    assert "withdrawn, to be agreed another way: Margaret: bed" in home.morning()
    assert "withdrawn" in home.morning()
    home.has_plan("margaret", senses={"bed": "refused", "door": "accepted"})
    assert home.logs(Did.REVIEW_ASKED) == []
    assert "withdrawn" not in home.morning()


def test_a_reminder_that_is_dismissed_seven_times_opens_a_review(home: Stays) -> None:
    """Six mornings of *not today* are nothing; the seventh is said, also where nothing of her leisure is counted."""
    ask = Ask(question="Shall we keep you a place?", answers=(AnswerTo(answer="yes"), AnswerTo(answer="not today")))
    offer = Rule(
        rule="tai-chi",
        why="she asked",
        resident="margaret",
        place="012",
        device="",
        kind="",
        value="",
        when=AtTime(at="10:15"),
        help=(ask,),
    )
    home.has_plan("margaret", offer, counts_leisure=False)
    listed = []
    for _ in range(8):
        listed.append("Margaret may not want tai-chi (7 times in a row without a yes)" in home.morning())
        home.wait(hours=2.3)
        [episode] = home.state.episodes
        assert home.ask("answer", client="room-012", episode=episode.id, answer="not today").ok
    assert listed == [False] * 7 + [True]
    assert home.logs(Did.REVIEW_ASKED, past=True)[-1].resident == "margaret"


def test_a_sensor_that_falls_silent_twice_in_a_week_opens_a_review(home: Stays) -> None:
    """Once is a battery; a fortnight later it is forgotten."""

    def unplug() -> None:
        home.device("room-012-bed/availability", state="offline")
        home.device("room-012-bed/availability", state="online")

    unplug()
    assert "may not want" not in home.morning()
    unplug()
    assert "Margaret may not want room-012-bed (silent 2 times in a week)" in home.morning()
    for _ in range(8):
        words = home.morning()
    assert "may not want" not in words


def unplugs(home: Stays, times: int, sensor: str = "room-012-bed") -> None:
    """Silent and heard again, so often."""
    for _ in range(times):
        home.device(f"{sensor}/availability", state="offline")
        home.device(f"{sensor}/availability", state="online")


ASKS = "heard again, say who reconnected it and why: room-012-bed of Margaret"


def test_who_reconnects_an_unwanted_sensor_says_why(home: Stays) -> None:
    """Asked every morning, over a restart, until a carer says it; then it stands in the log and is asked no more."""
    unplugs(home, 1)
    assert "reconnected" not in home.morning()
    unplugs(home, 1)
    assert ASKS in home.morning()
    home.down(minutes=5)
    for _ in range(8):
        assert ASKS in home.morning()
    home.forget()
    home.says("reconnected", by="nurse-1", device="room-012-bed", reason="she wants it back since the new mattress")
    (line,) = home.logs(Did.RECONNECTED)
    assert (line.by, line.resident, line.device) == ("nurse-1", "margaret", "room-012-bed")
    assert "she wants it back since the new mattress" in line.reason
    assert "reconnected" not in home.morning()


def test_who_and_why_are_wanted_and_a_sensor_that_stays_silent_is_not_asked_about(home: Stays) -> None:
    """Only staff may say it, with a reason, and of what was asked about."""
    unplugs(home, 1)
    home.device("room-012-bed/availability", state="offline")
    assert "reconnected" not in home.morning()
    told = {"by": "nurse-1", "device": "room-012-bed", "reason": "why"}
    assert "nobody asks" in home.ask("reconnected", **told).reason
    home.device("room-012-bed/availability", state="online")
    for changed, words in (({"by": "burglar"}, "is known"), ({"by": ""}, "say who"), ({"reason": " "}, "say why")):
        answer = home.ask("reconnected", **{**told, **changed})
        assert not answer.ok
        assert words in answer.reason
    assert not home.ask("reconnected", client="room-012", **told).ok
    assert ASKS in home.morning()


def test_what_was_asked_is_forgotten_with_its_sensor(home: Stays) -> None:
    """It was taken out of the house: nobody can say more than that."""
    unplugs(home, 2)
    devices = tuple(placed for placed in home.home.devices if placed.name != "room-012-bed")
    home.configure(replace(home.home, devices=devices))
    assert "reconnected" not in home.morning()


def test_a_pendant_that_falls_silent_is_no_refusal(home: Stays) -> None:
    """It is missing, and that is told at once."""
    for _ in range(3):
        home.device("room-012-pendant/availability", state="offline")
        home.device("room-012-pendant/availability", state="online")
    assert "may not want" not in home.morning()


def test_a_noisy_rule_is_listed_with_its_count(home: Stays) -> None:
    """Once: the count begins anew with each list."""
    key = "margaret/up-at-night/room-012-bed"
    home.state.watches.put(key, Watch(key=key, noisy=5))
    assert "started more often than agreed: up-at-night of Margaret (5 times)" in home.morning()
    assert "more often" not in home.morning()


def test_a_stay_that_has_ended_is_asked_about(home: Stays) -> None:
    """Respite until the tenth: has she left?"""
    home.has_plan("margaret", stays_until="2026-03-11")
    assert "stays" not in home.morning()
    assert "Margaret was to stay until 2026-03-11" in home.morning()

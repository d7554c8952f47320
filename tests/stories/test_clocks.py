"""The hour that comes twice, the hour that never comes, and clocks that somebody set: what people read follows the
clock on the wall, and no wait, no ladder and no list is early, late or lost because of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rules.effects import Did
from rules.home import Home
from tests.stories.house import House
from tests.stories.village import village

HOUR_MS = 3_600_000
YEARS_H = 10 * 365 * 24


def at(moment: str) -> int:
    """A moment in UTC, `2026-10-25 00:10`, as Unix milliseconds."""
    return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1000)


def rule_during(start: str, end: str) -> Home:
    """The village, where Margaret's rule for the night runs in these hours."""
    home = village()
    residents = tuple(
        replace(person, rules=tuple(replace(r, during=(start, end)) if r.during else r for r in person.rules))
        for person in home.residents
    )
    return replace(home, residents=residents)


def ups(home: House) -> int:
    """How often the rule has begun since the story began."""
    return len([line for line in home.logs(Did.HELPING, past=True) if line.reason.startswith("up-at-night")])


def up_and_back(home: House) -> None:
    """Margaret gets up, and goes back to bed a minute later."""
    home.device("room-012-bed", occupancy=False)
    home.wait(minutes=1)
    home.device("room-012-bed", occupancy=True)


# -- the clocks change ------------------------------------------------------------------------------------------------


def test_in_the_hour_that_comes_twice_a_rule_runs_both_times() -> None:
    """From one to half past one, on the night of 25 October 2026: by summer time, and an hour later by winter time."""
    home = House(home=rule_during("01:00", "01:30"), wall_ms=at("2026-10-24 23:30"))
    home.device("room-012-bed", occupancy=True)
    up_and_back(home)  # half past midnight
    assert ups(home) == 0
    home.wait(minutes=40)
    up_and_back(home)  # ten past one, summer time
    assert ups(home) == 1
    home.wait(minutes=30)
    up_and_back(home)  # forty past one
    assert ups(home) == 1
    home.wait(minutes=30)
    up_and_back(home)  # a quarter past one again, winter time
    assert ups(home) == 2


def test_in_the_hour_that_never_comes_a_rule_does_not_run() -> None:
    """From one to half past one, on the night of 28 March 2027: after one o'clock it is two."""
    home = House(home=rule_during("01:00", "01:30"), wall_ms=at("2027-03-28 00:30"))
    home.device("room-012-bed", occupancy=True)
    for _ in range(12):
        up_and_back(home)
        home.wait(minutes=9)
    assert ups(home) == 0


@pytest.mark.parametrize("evening", ["2026-10-24 21:30", "2027-03-27 22:30"])
def test_a_rule_for_the_night_runs_all_of_it_on_both_nights(evening: str) -> None:
    """22:00 to 07:00 by the clock on the wall: nine hours, ten in October and eight in March."""
    home = House(home=rule_during("22:00", "07:00"), wall_ms=at(evening))
    home.device("room-012-bed", occupancy=True)
    hours = 0
    while home.wall_ms < at(evening) + 12 * HOUR_MS:
        before = ups(home)
        up_and_back(home)
        hours += ups(home) > before
        home.wait(minutes=59)
    assert hours == (10 if "10-24" in evening else 8)


@pytest.mark.parametrize("just_before", ["2026-10-25 00:55", "2027-03-28 00:55"])
def test_a_wait_over_the_change_is_as_long_as_ever(just_before: str) -> None:
    """A quarter of an hour, then a minute, and somebody looks; and a ladder is climbed to the second."""
    home = House(wall_ms=at(just_before))
    home.device("room-012-bed", occupancy=True)
    home.device("room-012-bed", occupancy=False)
    home.wait(minutes=15, seconds=59)
    home.expect_quiet()
    home.wait(seconds=1)
    home.expect("told", late=False)
    assert "16 min" in home.alert.reason
    home.close("carer-1")
    home.press("011")
    home.wait(seconds=44)
    assert home.alert.rung == 0
    home.wait(seconds=1)
    assert home.alert.rung == 1


@pytest.mark.parametrize("saturday", ["2026-10-24 07:30", "2027-03-27 08:30"])
def test_the_list_of_the_morning_after_misses_nothing_of_a_longer_day(saturday: str) -> None:
    """What was closed half an hour after Saturday's list stands on Sunday's, at eight by the new time, and once."""
    home = House(wall_ms=at(saturday))
    home.press("012")
    home.close("carer-1")
    listed_at: list[int] = []
    for _ in range(3 * 48):
        home.wait(minutes=30)
        if any("a00001" in line.reason for line in home.logs(Did.LISTED)):
            listed_at.append(home.wall_ms)
    sunday = at("2026-10-25 08:00") if "10-24" in saturday else at("2027-03-28 07:00")
    assert listed_at == [sunday]


@pytest.mark.parametrize(("evening", "hours"), [("2026-10-23 21:00", 25), ("2027-03-26 22:00", 23)])
def test_a_morning_in_the_hour_that_changes_comes_once_a_day(evening: str, hours: int) -> None:
    """A night until half past one: on the first of both in October, and an hour after one in March."""
    times = replace(village().times, night_from="22:00", night_to="01:30")
    home = House(home=replace(village(), times=times), wall_ms=at(evening))
    home.device("next-door", action="emergency")
    home.ask("not_ours", by="manager-1", device="zigbee2mqtt/next-door")
    mornings: list[int] = []
    for _ in range(4 * 24):
        home.wait(hours=1)
        mornings += [home.wall_ms for _ in home.logs(Did.LISTED)]
    # The list after the change is at half past one again.
    before, change, after, _ = mornings
    assert change - before == 24 * HOUR_MS
    assert after - change == hours * HOUR_MS


def test_a_carer_of_the_night_is_on_the_rota_in_both_of_its_hours() -> None:
    """Saturday's night shift goes on until seven on Sunday; nobody is warned at one, or at one again."""
    for moment in ("2026-10-25 00:10", "2026-10-25 01:10", "2027-03-28 00:59", "2027-03-28 01:01"):
        home = House(wall_ms=at(moment), signed_on=())
        assert home.ask("sign_on", by="carer-1").reason == "Anna is on shift"


def test_a_night_within_one_day_is_looked_at_in_its_own_morning() -> None:
    """A home whose night is from half past midnight: six calls ask for a review a few hours later."""
    times = replace(village().times, night_from="00:30", night_to="06:00")
    home = House(home=replace(village(), times=times), wall_ms=at("2026-12-01 01:00"))
    for _ in range(6):
        home.press("012")
        home.close("carer-1")
        home.wait(minutes=15)
    home.wait(hours=6)
    assert any("Margaret (6 calls)" in line.reason for line in home.logs(Did.LISTED, past=True))


# -- somebody sets the clock ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [1, -1, 24, -24, YEARS_H, -YEARS_H])
def test_a_ladder_is_climbed_to_the_second_whatever_the_clock_says(home: House, hours: int) -> None:
    """Set in the middle of a wait, and set right again in the middle of the next."""
    home.press("012")
    home.wait(seconds=30)
    home.clock_is_moved(hours=hours)
    home.wait(seconds=14)
    assert home.alert.rung == 0
    home.wait(seconds=1)
    assert (home.alert.rung, home.alert.late) == (1, False)
    home.clock_is_moved(hours=-hours)
    home.wait(seconds=134)
    assert home.alert.rung == 1
    home.wait(seconds=1)
    assert (home.alert.rung, home.alert.late) == (2, False)


@pytest.mark.parametrize("hours", [1, -1, YEARS_H])
def test_help_and_promises_wait_as_long_as_ever(home: House, hours: int) -> None:
    """A quarter of an hour in bed's rule, and a promise of ten minutes whose time on the screen is put right."""
    home.device("room-012-bed", occupancy=True)
    home.device("room-012-bed", occupancy=False)
    home.call("011")
    home.promise("carer-1", minutes=10)
    home.clock_is_moved(hours=hours)
    promise = home.alert.promise
    assert promise is not None
    assert promise.until_wall_ms == home.wall_ms + 10 * 60_000
    home.wait(minutes=9, seconds=59)
    home.expect("promised")
    home.wait(seconds=1)
    home.expect("told", late=False)
    home.close("carer-1")
    home.wait(minutes=6)
    home.expect("told", late=False)
    assert "16 min" in home.alert.reason


def test_a_clock_set_past_the_morning_makes_the_list_at_once(home: House) -> None:
    """From half past seven to half past eight: what the night left is not put off to the next day."""
    home.press("012")
    home.close("carer-1")
    home.wait(hours=9)
    home.clock_is_moved(hours=1)
    assert any("a00001" in line.reason for line in home.logs(Did.LISTED))
    home.wait(hours=24)
    assert len([line for line in home.logs(Did.LISTED, past=True) if "a00001" in line.reason]) == 1


def test_a_clock_set_back_over_the_morning_lists_nothing_twice(home: House) -> None:
    """Eight o'clock comes again, and there is nothing new."""
    home.press("012")
    home.close("carer-1")
    home.wait(hours=10)
    home.clock_is_moved(hours=-1)
    home.wait(hours=24)
    assert len([line for line in home.logs(Did.LISTED, past=True) if "a00001" in line.reason]) == 1


def test_the_list_of_a_morning_without_a_hub_comes_when_it_is_back(home: House) -> None:
    """Also when the files changed meanwhile, and with everything since the list before."""
    home.press("012")
    home.close("carer-1")
    home.down(minutes=20 * 60)
    home.configure(home.home)
    home.wait(minutes=1)
    assert [line for line in home.logs(Did.LISTED, past=True) if "a00001" in line.reason]


# -- the age of a press -----------------------------------------------------------------------------------------------


def pressed_at(home: House, room: str, wall_ms: int) -> None:
    """A pendant whose gateway says that it was pressed then."""
    moment = datetime.fromtimestamp(wall_ms / 1000, UTC)
    home.device(f"room-{room}-pendant", action="emergency", last_seen=moment.isoformat(timespec="milliseconds"))


@pytest.mark.parametrize("hours", [2, 26, YEARS_H])
def test_after_a_start_with_a_clock_ahead_a_press_of_now_is_new(home: House, hours: int) -> None:
    """The hub believes that it was down for so long; the gateway knows better. Minutes later nothing is old."""
    right_ms = home.wall_ms
    home.goes_down()
    home.wall_ms += hours * HOUR_MS
    home.comes_back()
    home.wait(minutes=3)
    pressed_at(home, "012", right_ms + 3 * 60_000)
    home.expect("told", late=False, missed=())
    home.expect_told("carer-1")


def test_in_the_first_moments_it_may_be_listed_and_everybody_is_told(home: House) -> None:
    """A press of the first two minutes of a hub whose clock is two hours ahead: told at once, as old as it looks."""
    right_ms = home.wall_ms
    home.goes_down()
    home.wall_ms += 2 * HOUR_MS
    home.comes_back()
    home.wait(seconds=20)
    pressed_at(home, "012", right_ms + 20_000)
    assert [row.resident for row in home.alert.missed] == ["margaret"]
    home.expect_told("everybody on shift")


def test_an_age_that_no_queue_can_have_is_none(home: House) -> None:
    """Ten years ahead, in the first moments: what the broker forgot long ago cannot have waited there."""
    right_ms = home.wall_ms
    home.goes_down()
    home.wall_ms += YEARS_H * HOUR_MS
    home.comes_back()
    pressed_at(home, "012", right_ms + 1_000)
    home.expect("told", late=False, missed=())


@pytest.mark.parametrize("hours", [-24, -2, 2, 24])
def test_a_gateway_with_another_clock_loses_and_delays_no_press(home: House, hours: int) -> None:
    """Before, during and after a time when the broker was away: each press is told at once, and each is one."""
    for room, doing in (("011", None), ("012", home.loses_broker), ("013", home.finds_broker)):
        if doing is not None:
            doing()
            home.wait(minutes=5)
        home.forget()
        pressed_at(home, room, home.wall_ms + hours * HOUR_MS)
        assert home.rung
    assert sum(alert.presses for alert in home.open) == 3


def test_what_was_missed_another_time_is_a_list_of_its_own(home: House) -> None:
    """The first list was attended and forgotten; days later somebody else waits, and everybody is told."""
    for room, resident in (("012", "margaret"), ("011", "ada")):
        home.goes_down()
        home.press(room)
        home.wait(hours=2)
        home.comes_back()
        newest = home.open[-1]
        assert [row.resident for row in newest.missed] == [resident]
        home.expect_told("everybody on shift")
        home.attend("carer-1", alert=newest.id)
        home.wait(hours=1)
        home.forget()


def test_where_somebody_was_seen_last_is_told_by_the_new_clock(home: House) -> None:
    """Set back by an hour: the next movement counts at once and not only when the clock has caught up."""
    home.device("room-012-bed", occupancy=True)
    home.clock_is_moved(hours=-1)
    home.wait(seconds=5)
    home.device("room-012-bed", occupancy=False)
    person = home.state.people.get("margaret")
    assert person is not None
    assert person.near_wall_ms == home.wall_ms

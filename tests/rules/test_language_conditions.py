"""When a rule may start, and how often: conditions, each with what makes it hold and what does not; clock changes."""

from __future__ import annotations

import pytest

from rules.effects import Did
from rules.plans.help import Light, Say, Wait
from rules.plans.plan import (
    AtMost,
    AtTime,
    CarerIs,
    Condition,
    DateIs,
    DayIs,
    Expected,
    Fact,
    Nothing,
    NumberIs,
    ResidentIs,
    StateIs,
    TimeIs,
)
from tests.rules.plan_parts import AGREED, night, rule

UP_BY = rule(device="room-012-bed", kind="bed", value="empty", when=Expected(since="06:00", by="09:30"))


# -- conditions --------------------------------------------------------------------------------------------------------

BED_EMPTY = Fact(device="room-012-bed", kind="bed", value="empty")
CLIMATE = Fact(device="room-012-climate", kind="temperature")
HOLDS: dict[str, tuple[Condition, str, list[str]]] = {
    "a state": (StateIs(state=BED_EMPTY), "2026-03-10 22:30", ["bed empty"]),
    "a state that is not": (StateIs(state=BED_EMPTY, is_not=True), "2026-03-10 22:30", ["bed occupied"]),
    "a state never heard of is not": (StateIs(state=BED_EMPTY, is_not=True), "2026-03-10 22:30", []),
    "a state for so long": (StateIs(state=BED_EMPTY, for_s=600), "2026-03-10 22:30", ["bed empty", "wait 10"]),
    "a state that is not, for so long": (
        StateIs(state=BED_EMPTY, for_s=600, is_not=True),
        "2026-03-10 22:30",
        ["bed empty", "bed occupied", "wait 10"],
    ),
    "a number above": (NumberIs(number=CLIMATE, above=18), "2026-03-10 22:30", ["climate 18.5"]),
    "a number below": (NumberIs(number=CLIMATE, below=18), "2026-03-10 22:30", ["climate 17.5"]),
    "a time": (TimeIs(after="22:00", before="07:00"), "2026-03-11 06:59", []),
    "a day": (DayIs(days=("wed",)), "2026-03-11 00:00", []),
    "dates": (DateIs(first="2026-12-01", last="2027-02-28"), "2027-02-28 23:59", []),
    "dates of every year, over its end": (DateIs(first="12-01", last="02-28"), "2030-01-15 12:00", []),
    "29 February": (DateIs(first="02-29", last="02-29"), "2028-02-29 12:00", []),
    "up to 29 February, where there is none": (DateIs(first="02-01", last="02-29"), "2027-02-28 12:00", []),
    "she is not away": (ResidentIs(away=False), "2026-03-10 22:30", []),
    "she is away": (ResidentIs(away=True), "2026-03-10 22:30", ["away"]),
    "nobody is there": (CarerIs(carer=False), "2026-03-10 22:30", []),
}
HOLDS_NOT: dict[str, tuple[Condition, str, list[str]]] = {
    "another state": (StateIs(state=BED_EMPTY), "2026-03-10 22:30", ["bed occupied"]),
    "a state never heard of": (StateIs(state=BED_EMPTY), "2026-03-10 22:30", []),
    "a state that is": (StateIs(state=BED_EMPTY, is_not=True), "2026-03-10 22:30", ["bed empty"]),
    "a state not long enough": (StateIs(state=BED_EMPTY, for_s=600), "2026-03-10 22:30", ["bed empty", "wait 9"]),
    "a state that was left in between": (
        StateIs(state=BED_EMPTY, for_s=600),
        "2026-03-10 22:30",
        ["bed empty", "wait 9", "bed occupied", "bed empty", "wait 9"],
    ),
    "a number at its bound": (NumberIs(number=CLIMATE, above=18), "2026-03-10 22:30", ["climate 18"]),
    "a number never heard": (NumberIs(number=CLIMATE, below=18), "2026-03-10 22:30", []),
    "another time": (TimeIs(after="22:00", before="07:00"), "2026-03-11 07:00", []),
    "another day": (DayIs(days=("wed",)), "2026-03-10 23:59", []),
    "the day after": (DateIs(first="2026-12-01", last="2027-02-28"), "2027-03-01 00:00", []),
    "no 29 February this year": (DateIs(first="02-29", last="02-29"), "2027-02-28 12:00", []),
    "she shall be away": (ResidentIs(away=True), "2026-03-10 22:30", []),
    "she shall not be away": (ResidentIs(away=False), "2026-03-10 22:30", ["away"]),
    "a carer shall be there": (CarerIs(carer=True), "2026-03-10 22:30", []),
}


@pytest.mark.parametrize("name", HOLDS)
def test_a_rule_starts_where_its_condition_holds(name: str) -> None:
    """The door opens, and the rule begins."""
    condition, since, happenings = HOLDS[name]
    assert "start" in night(rule(only_if=(condition,)), since=since).run([*happenings, "door open"])[0]


@pytest.mark.parametrize("name", HOLDS_NOT)
def test_a_rule_rests_where_its_condition_does_not_hold(name: str) -> None:
    """The door opens, nothing begins, and the reason is written down once, however often that is."""
    condition, since, happenings = HOLDS_NOT[name]
    home = night(rule(only_if=(condition,)), since=since)
    found = home.run([*happenings, "door open", "door closed", "door open"])
    assert [line.split(" ", 1)[1] for line in found] == ["rested"]


def test_all_conditions_have_to_hold() -> None:
    """One that does not is enough, and is the one that is named."""
    both = (TimeIs(after="22:00", before="07:00"), StateIs(state=BED_EMPTY))
    home = night(rule(only_if=both))
    assert home.run(["door open"]) == ["22:30 rested"]
    assert home.logs(Did.RESTED)[0].reason == "rule: only if room-012-bed bed empty"


@pytest.mark.parametrize("away", [True, False])
def test_a_rule_for_a_room_that_nobody_lives_in_just_now(away: bool) -> None:
    """While she is away it does what it does and says nothing; another rule rests. She comes back, and it rests."""
    steps = (Light(device="room-012-light", brightness_pct=0), Say(text="Hello"))
    only_if = (ResidentIs(away=True),) if away else ()
    home = night(rule(otherwise=None, help=steps, only_if=only_if), since="2026-03-10 15:00")
    home.run(["away"])
    found = home.run(["door open"])
    assert [line.split()[1] for line in found] == (["start", "dropped", "offered"] if away else ["rested"])
    assert [command.device for command in home.commands()] == ["zigbee2mqtt/room-012-light"] * away
    assert home.ask("back", by="carer-1", resident="margaret").ok
    home.run(["door closed", "door open"])
    assert bool(home.commands()) is not away


def test_a_longer_stay_ends_no_run_for_her_room() -> None:
    """Staff put the day of her return off: what her room needs is told as it would have been."""
    wait = {"help": (Wait(seconds=600),), "delay_agreed": AGREED, "only_if": (ResidentIs(away=True),)}
    home = night(rule(**wait), since="2026-03-10 15:00")
    home.run(["away", "door open", "wait 5", "away", "wait 5"])
    assert home.lines[-1] == "15:10 told check"


def test_a_carer_who_attends_there_is_known_to_be_there() -> None:
    """Attending an alert of the room's own cord or bed says where the carer is."""
    home = night(rule(only_if=(CarerIs(carer=False),)))
    home.press("room-012-call", action="single")
    home.attend("carer-1")
    assert home.run(["door open"]) == ["22:30 rested"]
    home.close("carer-1")
    assert home.run(["door closed", "door open"])[1:] == ["22:30 start", "22:30 told check"]


# -- often -------------------------------------------------------------------------------------------------------------


def test_a_rule_that_ends_with_staff_is_noisy_and_never_throttled() -> None:
    """Twice within an hour was agreed to: the third and fourth are told as well, and it is said once."""
    home = night(rule(at_most=AtMost(starts=2, within_s=3600)))
    found = home.run(["door open", "door closed", "wait 10"] * 4)
    assert [line.split()[1] for line in found] == [
        "start",
        "told",
        "start",
        "told",
        "noisy",
        "start",
        "told",
        "start",
        "told",
    ]
    [row] = [row for row in home.state.watches if row.key.endswith("room-012-door")]
    assert row.noisy == 2


def test_a_reminder_that_comes_too_often_rests() -> None:
    """The third within the hour is not given; when the hour is over, it is."""
    home = night(rule(at_most=AtMost(starts=2, within_s=3600), otherwise=None))
    found = home.run(["door open", "door closed", "wait 10"] * 4)
    assert [line.split()[1] for line in found] == ["start", "offered", "start", "offered", "noisy"]
    assert home.run(["wait 30", "door open"])[-2:] == ["23:40 start", "23:40 offered"]


# -- both clock changes, a night shift, a leap day ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("saturday", "clock", "fired"),
    [
        ("2026-10-24 22:00", "01:30", ["01:30"]),  # half past one comes twice: the first
        ("2027-03-27 22:00", "01:30", ["02:00"]),  # it never comes: the moment after the gap
        ("2026-10-24 22:00", "06:00", ["06:00"]),
        ("2027-03-27 22:00", "06:00", ["06:00"]),
        ("2028-02-28 22:00", "00:00", ["00:00"]),
    ],
)
def test_a_time_of_day_comes_once_a_night(saturday: str, clock: str, fired: list[str]) -> None:
    """Also in the hour that comes twice, in the one that never comes, and before a leap day."""
    home = night(rule(device="", kind="", value="", when=AtTime(at=clock)), since=saturday)
    assert [line[:5] for line in home.run(["wait 720"]) if "start" in line] == fired


@pytest.mark.parametrize("saturday", ["2026-10-24 20:00", "2027-03-27 20:00"])
def test_what_is_expected_of_a_night_with_another_length(saturday: str) -> None:
    """Up by half past nine by the clock on the wall, however long the night was."""
    home = night(UP_BY, since=saturday)
    assert home.run(["bed occupied", "wait 1200"])[0] == "09:30 start"


@pytest.mark.parametrize(
    ("night_of", "told_at"),
    [("2026-10-24 22:00", "01:30"), ("2027-03-27 22:00", "02:00")],
)
def test_what_is_expected_by_a_time_that_comes_twice_or_never(night_of: str, told_at: str) -> None:
    """Told once: the first time, or at the moment after the gap. What comes in the hour before has come."""
    by = rule(device="room-012-bed", kind="bed", value="occupied", when=Expected(since="23:00", by="01:30"))
    home = night(by, since=night_of)
    assert [line[:5] for line in home.run(["wait 600"]) if "start" in line] == [told_at]
    home = night(by, since=night_of)
    assert home.run(["wait 170", "bed occupied", "wait 430"]) == []


def test_silence_in_hours_that_a_change_of_the_clock_shortens() -> None:
    """From midnight to six are five hours on 28 March 2027: six hours of nothing are not in them, five are."""
    facts = (Fact(device="room-012-motion", kind="motion", value="detected"),)
    for hours, starts in ((5, 0), (4, 1)):
        silent = rule(when=Nothing(silent_s=hours * 3600, of=facts), during=("00:00", "06:00"))
        home = night(silent, since="2027-03-27 20:00")
        assert len([line for line in home.run(["wait 720"]) if "start" in line]) == starts


@pytest.mark.parametrize(("evening", "hours"), [("2026-10-24 20:00", 12), ("2027-03-27 20:00", 12)])
def test_waits_of_a_night_with_another_length_are_as_long_as_ever(evening: str, hours: int) -> None:
    """Half a day without movement is half a day that passes, not one that the clock on the wall shows."""
    facts = (Fact(device="room-012-motion", kind="motion", value="detected"),)
    home = night(rule(when=Nothing(silent_s=hours * 3600, of=facts)), since=evening)
    assert home.run(["wait 719"]) == []
    assert len(home.run(["wait 1"])) == 2


def test_each_year_has_its_leap_day_once_in_four() -> None:
    """A reminder of each day comes on 29 February as on any other."""
    home = night(rule(device="", kind="", value="", when=AtTime(at="12:00"), otherwise=None), since="2028-02-28 08:00")
    assert len([line for line in home.run(["wait 4320"]) if "start" in line]) == 3

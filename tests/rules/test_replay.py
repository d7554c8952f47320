"""Replay: two plans over one past, between what never settles by help and what always does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.home import Rule, Say
from rules.replay.compare import Bounds
from rules.replay.replay import tell_at_once
from rules.replay.words import Words, text_of
from tests.rules.nights import BED, DOOR, PENDANT, SAY, Happening, at_ms, home, replayed, up

BACK_AFTER_10: list[Happening] = [("03:00", BED, "empty"), ("03:10", BED, "occupied")]
BACK_AFTER_30: list[Happening] = [("04:00", BED, "empty"), ("04:30", BED, "occupied")]
TOLD, SETTLED, EITHER = Bounds(most=True, least=True), Bounds(most=False, least=False), Bounds(most=True, least=False)


def test_a_night_by_hand_in_both_bounds() -> None:
    """Of two times up, one was over in time; the other may have been, had she heard the words."""
    new = home(up(SAY, minutes=15))
    answer = replayed(tell_at_once(new), new, [*BACK_AFTER_10, *BACK_AFTER_30], live=False)
    found = answer.by_resident["margaret"]
    assert (found.episodes_old, found.episodes_new) == (2, 2)
    assert found.told_old == (2, 2)
    assert found.told_new == (0, 1)
    assert found.avoided == (1, 2)
    assert found.added == (0, 0)
    (night,) = answer.nights
    assert [pair.would for pair in night.pairs] == [SETTLED, EITHER]
    assert [pair.was for pair in night.pairs] == [TOLD, TOLD]
    assert [seen.value for seen in night.events] == ["occupied", "empty", "occupied", "empty", "occupied"]


@pytest.mark.parametrize(
    ("old", "new", "would", "why"),
    [
        (up(SAY, minutes=30), up(SAY, minutes=15), SETTLED, "the same help was given then: the record counts"),
        (up(SAY, minutes=5), up(SAY, minutes=15), EITHER, "she may have come back for the carer who was told at 03:05"),
        (
            up(SAY, minutes=30),
            up(minutes=15),
            EITHER,
            "she may have come back for words that the new plan does not say",
        ),
        (up(minutes=30), up(SAY, minutes=15), SETTLED, "more help than then, and she came back without it"),
        (up(minutes=30), up(SAY, minutes=5), EITHER, "told at 03:05, unless the words had sent her back"),
        (up(SAY, minutes=30), up(SAY, minutes=5), TOLD, "the words were said then too, and did not help in 5 min"),
    ],
)
def test_what_was_heard_live_counts_as_far_as_it_can(old: Rule, new: Rule, would: Bounds, why: str) -> None:
    """Whether the record holds under a new plan depends on what was really done for her then."""
    answer = replayed(home(old), home(new), BACK_AFTER_10, live=True)
    found = answer.by_resident["margaret"]
    assert (bool(found.told_new[0]), bool(found.told_new[1])) == (would.least, would.most), why


def test_staff_told_later_is_said_with_how_much() -> None:
    """Ten minutes are no avoided call."""
    answer = replayed(home(up(SAY, minutes=5)), home(up(SAY, minutes=15)), BACK_AFTER_30, live=True)
    found = answer.by_resident["margaret"]
    assert (found.avoided, found.added, found.later, found.latest_ms) == ((0, 0), (0, 0), 1, 600_000)
    assert "told later once, by 10 min at most" in text_of(home(up(SAY, minutes=15)), answer, "the old ones")


def test_a_plan_without_its_agreement_tells_at_once() -> None:
    """As in the live machine: what was not agreed is no delay."""
    bare = replace(up(SAY, minutes=15), delay_agreed=None)
    answer = replayed(home(up(SAY, minutes=15)), home(bare), BACK_AFTER_10, live=True)
    assert answer.by_resident["margaret"].added == (1, 1)


def test_a_call_in_the_middle_of_help_is_told_in_its_step() -> None:
    """Under both plans, and the answer says of each call that it was."""
    happened: list[Happening] = [("03:00", BED, "empty"), ("03:05", PENDANT, True), ("03:10", BED, "occupied")]
    answer = replayed(home(up(minutes=1)), home(up(SAY, minutes=60)), happened, live=True)
    assert (answer.calls_heard, answer.delayed) == (1, 0)
    (call,) = answer.calls
    assert (call.wall_ms, call.level, call.told_old, call.told_new) == (at_ms("03:05"), "emergency", True, True)


def test_calls_planted_at_every_minute_are_all_told_in_their_step() -> None:
    """While she is helped, while staff are told, and while nothing happens; nothing of them stays."""
    new = home(up(SAY, minutes=15))
    answer = replayed(tell_at_once(new), new, [*BACK_AFTER_10, *BACK_AFTER_30], live=False, planted=True)
    assert answer.planted is not None
    assert answer.planted.minutes == 24 * 60 + 1
    assert answer.planted.planted == 2 * answer.planted.minutes
    assert answer.planted.told_at_once == answer.planted.planted
    assert answer.planted.late == []
    without = replayed(tell_at_once(new), new, [*BACK_AFTER_10, *BACK_AFTER_30], live=False)
    assert (answer.by_resident, answer.nights, answer.calls_heard) == (without.by_resident, without.nights, 0)


def test_plans_that_come_to_the_same_differ_in_no_night() -> None:
    """Other words are other help; the same plan is the same."""
    same = replayed(home(up(SAY, minutes=15)), home(up(SAY, minutes=15)), BACK_AFTER_30, live=True)
    assert (same.nights, same.whole.avoided, same.whole.added) == ([], (0, 0), (0, 0))
    other = replayed(home(up(SAY, minutes=15)), home(up(Say(text="Please sit."), minutes=15)), BACK_AFTER_30, live=True)
    assert other.whole.told_new == (0, 1)


def test_the_same_help_on_imported_nights_changes_nothing() -> None:
    """What came of it is not known, but it came of both plans alike."""
    plan = up(SAY, minutes=15)
    answer = replayed(home(plan), home(plan), BACK_AFTER_30, live=False)
    assert (answer.whole.told_old, answer.whole.told_new) == ((0, 1), (0, 1))
    assert (answer.whole.avoided, answer.whole.added, answer.nights) == ((0, 0), (0, 0), [])


def test_a_rule_with_another_name_is_the_same_moment() -> None:
    """Nothing is avoided and nothing added by a name."""
    renamed = home(up(SAY, minutes=15, name="night-walk"))
    answer = replayed(home(up(SAY, minutes=15)), renamed, BACK_AFTER_30, live=True)
    assert (answer.whole.avoided, answer.whole.added, answer.nights) == ((0, 0), (0, 0), [])


def test_coverage_says_what_nobody_heard() -> None:
    """Silence of more than a day is a gap, also before the first word and behind the last."""
    answer = replayed(home(), home(up(minutes=15)), [], live=True, day=3)
    bed = answer.coverage.devices[BED]
    assert (bed.events, bed.nights, answer.coverage.nights) == (1, 1, 4)
    assert bed.gaps == [(at_ms("12:00"), at_ms("21:00", 3))]
    assert {known.name for known in answer.coverage.silent()} == {"door", "pendant"}
    words = Words(home(), answer, "the old ones")
    assert words.device(bed, answer.coverage) == "bed heard in 1 of 4 nights; silent 2 Mar 12:00 to 5 Mar 21:00"
    assert "never heard" in words.device(answer.coverage.silent()[0], answer.coverage)


def test_what_a_manager_reads_first_is_short() -> None:
    """The sums on top, a line a night with its moments, and what was heard only where it is asked for."""
    ups: list[Happening] = [
        one for hour in range(6) for one in ((f"0{hour}:00", BED, "empty"), (f"0{hour}:30", BED, "occupied"))
    ]
    doors: list[Happening] = [(f"00:0{minute}", DOOR, word) for minute in range(10) for word in ("open", "closed")]
    new = home(up(SAY, minutes=15))
    answer = replayed(tell_at_once(new), new, sorted([*ups, *doors]), live=False)
    text = text_of(new, answer, "telling at once")
    lines = text.splitlines()
    assert lines[3:8] == [
        "IN SHORT",
        "0 events in 1 night; never heard: pendant.",
        "Margaret: staff told 6 times (6 runs); with the new plan 0 to 6 times (6 runs).",
        "Avoided 0 to 6, added 0; told later 6 times, by 15 min at most.",
        "Emergencies and calls: There was none in the period. Delayed: 0.",
    ]
    night = "  Margaret, night of 2 to 3 March 2026: 00:00 up-at-night told → told or settled 15 min later;"
    assert sum(line.startswith(night[:40]) for line in lines) == 1
    assert night in text
    assert "and 2 more" in text
    assert len(lines) < 40
    whole = text_of(new, answer, "telling at once", nights=True)
    assert "00:00:00 bed bed empty" in whole
    assert "door contact open" not in whole, "no plan in question looks at the door"


def test_a_night_with_much_in_it_is_cut_short_and_says_so() -> None:
    """A dozen events about a moment, and how many more there are."""
    restless: list[Happening] = [
        ("03:00", BED, "empty"),
        *(
            (f"03:{minute:02d}:{second:02d}", BED, word)
            for minute in range(1, 13)
            for second, word in ((0, "occupied"), (30, "empty"))
        ),
    ]
    new = home(up(minutes=15))
    answer = replayed(tell_at_once(new), new, restless, live=False)
    whole = text_of(new, answer, "telling at once", nights=True)
    first = whole.split("03:00 up-at-night")[1].split("up-at-night")[0]
    assert first.count("bed bed") == 12
    assert "… and 13 more" in first


def test_a_whole_home_has_a_line_a_night() -> None:
    """Of more residents and nights than anybody reads, each night says of how many."""
    new = home(up(SAY, minutes=15))
    answer = replayed(tell_at_once(new), new, BACK_AFTER_30, live=False)
    (night,) = answer.nights
    answer.nights = [replace(night, resident=f"r{number}") for number in range(70)]
    text = text_of(new, answer, "telling at once")
    assert "  night of 2 to 3 March 2026: 70 residents, 70 moments: told 70 times → 0 to 70 times" in text


def test_a_call_that_was_delayed_stands_first() -> None:
    """And nobody can overlook what to do about it."""
    happened: list[Happening] = [(f"0{hour}:00", PENDANT, True) for hour in range(9)]
    happened += [(f"0{hour}:30", PENDANT, True) for hour in range(9)]
    new = home(up(SAY, minutes=15))
    answer = replayed(tell_at_once(new), new, sorted(happened), live=True)
    assert answer.calls_heard == 18
    text = text_of(new, answer, "telling at once")
    assert "and 8 more, each told in its step" in text
    answer.calls[-1] = replace(answer.calls[-1], told_new=False)
    answer.delayed = 1
    text = text_of(new, answer, "telling at once")
    calls = text.split("EMERGENCIES AND CALLS OF THE RECORD\n")[1].splitlines()
    assert "NOT TOLD in the step that heard it" in calls[0]
    assert "DELAYED: 1. Do not use this plan." in text.split("WHAT WAS HEARD")[0]

"""Ladders are data, and one that could end in silence is found and never climbed."""

from dataclasses import replace

import pytest

from devices.events import EMERGENCY_KINDS
from rules.alerting.levels import (
    EVERYBODY_AT_ONCE,
    GROUPED,
    LADDERS,
    LEVEL_OF,
    RANK,
    Ladder,
    Level,
    Rung,
    Who,
    everybody_first,
    faults,
)
from rules.setting import Setting
from tests.stories.village import village

GOOD = Ladder(
    rungs=(Rung(after_s=0, who=(Who.ZONE,)), Rung(after_s=60, who=(Who.SHIFT,))), repeat_s=60, attend_within_s=120
)


def rungs(*after: tuple[int, tuple[Who, ...]]) -> Ladder:
    """A ladder with these rungs."""
    return replace(GOOD, rungs=tuple(Rung(after_s=seconds, who=who) for seconds, who in after))


SILENT = [
    (rungs(), "has no rung: nobody would be told"),
    (rungs((5, (Who.ZONE,))), "tells nobody for the first 5 s"),
    (replace(GOOD, repeat_s=0), "its last rung does not repeat"),
    (replace(GOOD, attend_within_s=0), "a claim would never lapse"),
    (rungs((0, (Who.ZONE,)), (0, (Who.SHIFT,))), "rung 2 (0 s) does not come after rung 1 (0 s)"),
    (rungs((0, (Who.ZONE,)), (60, ())), "rung 2 tells nobody"),
]


@pytest.mark.parametrize(("ladder", "fault"), SILENT)
def test_a_ladder_that_could_end_in_silence_is_found_and_not_climbed(ladder: Ladder, fault: str) -> None:
    """The home's own is left for the built-in one."""
    assert faults(ladder) == [fault]
    climbed = Setting(replace(village(), ladders={**LADDERS, Level.CALL: ladder})).ladder(Level.CALL)
    assert climbed == LADDERS[Level.CALL]


def test_every_ladder_that_is_built_in_begins_at_once_and_never_ends() -> None:
    """All of them, and a home's own that is right is climbed."""
    assert [level for level in Level if faults(LADDERS[level])] == []
    assert faults(EVERYBODY_AT_ONCE) == []
    assert faults(GOOD) == []
    assert Setting(replace(village(), ladders={**LADDERS, Level.CALL: GOOD})).ladder(Level.CALL) == GOOD


def test_what_a_person_calls_with_is_no_lower_than_a_call() -> None:
    """And is never grouped with anything else."""
    assert {kind: LEVEL_OF[kind] for kind in EMERGENCY_KINDS} == dict.fromkeys(EMERGENCY_KINDS, Level.EMERGENCY)
    assert all(RANK[level] >= RANK[Level.CALL] for level in LEVEL_OF.values())
    assert not GROUPED & set(LEVEL_OF.values())


def test_a_device_that_nobody_has_placed_tells_everybody_at_once() -> None:
    """Nobody knows whose zone it is."""
    for level in Level:
        assert everybody_first(LADDERS[level]).rungs[0] == Rung(after_s=0, who=(Who.SHIFT,))

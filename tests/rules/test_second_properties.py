"""Any history, and then a pendant's button: told in its own step, or the answer to the one question that is open."""

from __future__ import annotations

from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from devices.events import Event, Kind, Value
from rules.alerting.levels import RANK, Level
from rules.effects import Did, Effect, Log
from rules.inputs import Configured, Heard, Linked
from rules.plans.help import Ask
from rules.state import AlertState, State
from tests.rules.histories import PLANS, Happening, Moment, Run, Wait, histories
from tests.rules.planned import PLANNED
from tests.rules.test_properties import times

PENDANT = "zigbee2mqtt/room-012-pendant"
ANSWER = {"2_single": 0, "2_double": 1}
GESTURES = [
    *ANSWER,
    *ANSWER,
    "2_hold",
    "2_triple",
    "1_single",
    "single",
    "2",
    "both_single",
    "2_single_long",
    "emergency",
]


def _door(value: str) -> Moment:
    return Moment(1_000, Heard(event=Event(device="zigbee2mqtt/room-012-door", kind=Kind.CONTACT, value=value)))


ASKING: list[Happening] = [
    Moment(0, Configured(home=PLANNED)),
    Moment(0, Linked(up=True)),
    *(
        one
        for _ in range(3)
        for one in (
            Moment(0, Heard(event=Event(device="zigbee2mqtt/room-012-motion", kind=Kind.MOTION, value=True))),
            Moment(0, Heard(event=Event(device="zigbee2mqtt/room-012-motion", kind=Kind.MOTION, value=False))),
            Wait(60_000),
        )
    ),
    _door("closed"),
    _door("open"),
    Wait(5_000),
]
"""The plan asks, where nothing of what happened before holds it up."""


def _press(run: Run, gesture: str, ident: str) -> set[Did]:
    event = Event(
        device=PENDANT, kind=Kind.BUTTON, value=cast(Value, gesture), press=True, press_id=ident, repeat_window_ms=500
    )
    return _steps(run.take(Heard(event=event)))


def _steps(effects: list[Effect]) -> set[Did]:
    return {effect.did for effect in effects if isinstance(effect, Log)}


def _may_answer(state: State, gesture: str) -> bool:
    """Whether nothing speaks against an answer, looked at from outside."""
    asked = [
        row for row in state.episodes if row.rule.resident == "margaret" and row.said and row.asked_step == row.step
    ]
    calls = [row for row in state.alerts if row.state is not AlertState.CLOSED and RANK[row.level] >= RANK[Level.CALL]]
    if len(asked) != 1 or gesture not in ANSWER or any(row.resident == "margaret" for row in calls):
        return False
    meta = state.meta.rows["meta"]
    ask = asked[0].rule.help[asked[0].step]
    level = asked[0].rule.otherwise.level if asked[0].rule.otherwise else None
    return (
        isinstance(ask, Ask)
        and ask.button == "room-012-second"
        and not (ask.answers[ANSWER[gesture]].means == "settles" and level is Level.URGENT)
        and meta.linked
        and meta.mode != "fire"
        and not meta.unkept
        and not meta.walking.startswith(("room-012-pendant", "room-012-second"))
    )


@times(150)
@given(histories(10), st.booleans(), st.lists(st.sampled_from(GESTURES), min_size=1, max_size=4))
def test_a_press_tells_somebody_or_answers_the_one_open_question(
    history: list[Happening], asks: bool, gestures: list[str]
) -> None:
    """In any state; and whatever answered, the very next press tells somebody, or may not be an answer for longer."""
    run = Run(State())
    run.go([*history, *(ASKING if asks else []), Wait(1_000)])
    if run.state.setting is None or run.state.setting.placed(PENDANT) is None:
        return
    for number, gesture in enumerate(gestures):
        may = _may_answer(run.state, gesture)
        steps = _press(run, gesture, f"new-{number}")
        if Did.ANSWERED_BY_RESIDENT in steps:
            assert may, "a press answered that should have called"
            assert _press(run, gesture, f"next-{number}") & {Did.TOLD, Did.TOLD_NOBODY, Did.PRESSED, Did.WALK_HEARD}
        else:
            assert steps & {Did.TOLD, Did.TOLD_NOBODY, Did.PRESSED, Did.WALK_HEARD}, steps
        run.now = type(run.now)(run.now.elapsed_ms + 3_000, run.now.wall_ms + 3_000)


def test_the_question_of_these_histories_is_answered() -> None:
    """So that the property above is of answers as well."""
    run = Run(State())
    run.go([*PLANS, *ASKING])
    assert Did.ANSWERED_BY_RESIDENT in _press(run, "2_double", "new")

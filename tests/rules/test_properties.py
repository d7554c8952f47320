"""Properties of the machine, for any history (STYLE 17): it is total, it is pure, and nothing is told to nobody."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.events import EMERGENCY_KINDS, NOT_YET, TWO_WORDS, UNITS, Event, Kind, Value
from devices.registry import meaning
from hub.ledger.rows import event_of, event_row, input_of, input_row
from rules.alerting.levels import LEVEL_OF
from rules.effects import Answer, Did, Effect, Log, ShowAlert, Tell
from rules.inputs import Asked, Heard, Input, Now
from rules.machine import step
from rules.state import AlertState, State, Walk, fork
from tests.rules.histories import (
    ASKED,
    BEGINNING,
    DEVICES,
    HAPPENINGS,
    INPUTS,
    PRESSED,
    START,
    TEXT,
    Happening,
    Moment,
    Run,
    Wait,
    events,
    histories,
    rows,
    written,
)
from tests.stories.always import Before, hold, remember
from tests.stories.house import reloaded

ROOT = Path(__file__).resolve().parents[2]


def times(most: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """So many examples: the same ones in CI, so that a red build is red again; others on each laptop.

    `MORE=20 pytest tests/rules/test_properties.py` looks for longer.
    """
    return settings(
        max_examples=most * int(os.environ.get("MORE", "1")),
        deadline=None,
        derandomize=os.environ.get("CI") == "true",
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@times(250)
@given(histories())
def test_any_history_keeps_what_always_holds(history: list[Happening]) -> None:
    """Any state with any input gives a state, in which every open alert is waited for and no rung was skipped."""
    before: list[Before] = []

    def look(state: State, given: Input, now: Now, effects: list[Effect]) -> None:
        hold(before.pop(), state, given, now, effects)

    Run(State(), look=look, before=lambda state: before.append(remember(state))).go(history)


@times(60)
@given(histories())
def test_the_same_history_has_the_same_outcome(history: list[Happening]) -> None:
    """Byte for byte."""
    first, second = Run(State()), Run(State())
    assert written(first.go(history)) == written(second.go(history))
    assert orjson.dumps(rows(first.state)) == orjson.dumps(rows(second.state))


FIXED: tuple[Happening, ...] = (
    *BEGINNING,
    *(
        Moment(400, Heard(event=Event(device=f"zigbee2mqtt/room-{room}-pendant", kind=kind, value=True, press=True)))
        for room in ("012", "011", "021")
        for kind in (Kind.EMERGENCY, Kind.CALL, Kind.STAFF_ASSIST)
    ),
    Moment(0, Asked(id="1", client="dashboards", do="assist", by="carer-1", room="012")),
    Moment(0, Asked(id="2", client="dashboards", do="claim", by="carer-1", alert="a00001")),
    Wait(600_000),
    Moment(0, Asked(id="3", client="x", do="sign_on")),
    Moment(0, Heard(event=Event(device="zigbee2mqtt/bridge", kind=Kind.AVAILABILITY, value="offline"))),
    Wait(26 * 3_600_000),
)


def digest_of_the_fixed_history() -> str:
    """What comes of it, as one number."""
    return hashlib.sha256(written(Run(State()).go(FIXED))).hexdigest()


def test_the_outcome_does_not_depend_on_how_python_hashes() -> None:
    """Another process with another seed gives the same bytes: nothing goes through a set in an order that matters."""
    said = set()
    for seed in ("0", "1", "4711"):
        command = "from tests.rules.test_properties import digest_of_the_fixed_history as it; print(it())"
        done = subprocess.run(
            [sys.executable, "-c", command],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        said.add(done.stdout.strip())
    assert said == {digest_of_the_fixed_history()}


@times(250)
@given(histories(), st.lists(HAPPENINGS, min_size=4, max_size=15))
def test_a_replay_from_a_snapshot_is_the_replay_from_the_start(history: list[Happening], rest: list[Happening]) -> None:
    """Rows through JSON and back, in the order of their keys, lead to the same bytes as never having stopped."""
    run = Run(State())
    run.go(history)
    other = Run(reloaded(run.state), run.now)
    assert written(run.go(rest)) == written(other.go(rest))
    assert rows(run.state) == rows(other.state)


@times(100)
@given(histories(), PRESSED)
def test_a_press_that_comes_twice_is_one(history: list[Happening], pressed: Event) -> None:
    """The same press id again changes no alert and tells nobody."""
    run = Run(State())
    run.go(history)
    run.take(Heard(event=pressed))
    alerts, timers = dict(run.state.alerts.rows), dict(run.state.timers.rows)
    effects = run.take(Heard(event=pressed))
    assert dict(run.state.alerts.rows) == alerts
    assert dict(run.state.timers.rows) == timers
    assert not [effect for effect in effects if isinstance(effect, Tell | ShowAlert)]


@times(100)
@given(histories(), ASKED)
def test_a_request_that_comes_twice_is_done_once(history: list[Happening], asked: Asked) -> None:
    """The same answer, and not a row is changed."""
    run = Run(State())
    run.go(history)
    first = [effect for effect in run.take(asked) if isinstance(effect, Answer)]
    before = rows(run.state)
    assert run.take(asked) == first
    assert rows(run.state) == before


@times(200)
@given(histories(10), events([*sorted(EMERGENCY_KINDS), Kind.CALL]), st.booleans())
def test_an_emergency_tells_somebody_in_the_same_step(history: list[Happening], event: Event, can_call: bool) -> None:
    """From any device in any state: told, or nobody could be; unless it is a repetition, or marked not ours, or the one
    press that a carer on shift is testing just now: shown as TEST at once, and told in 30 s (see `test_walks.py`)."""
    run = Run(State())
    run.go(history)
    status = run.state.devices.get(event.device)
    stranger = run.state.strangers.get(event.device)
    placed = run.state.setting.placed(event.device) if run.state.setting else None
    meant = meaning(event, placed, can_call=can_call)
    open_before = {alert.id: alert for alert in run.state.alerts if alert.state is not AlertState.CLOSED}
    tested_before = [row for row in run.state.walks if row.by]
    effects = run.take(Heard(event=event, can_call=can_call))
    steps = {effect.did for effect in effects if isinstance(effect, Log)}
    if not _is_new(meant, status.values if status else {}):
        return
    if Did.NOT_A_PRESS in steps:
        assert meant.press
    elif Did.NOT_OURS in steps:
        assert placed is None
        assert stranger is not None
        assert stranger.not_ours
    elif Did.WALK_HEARD in steps:
        _is_the_press_of_a_walk_test(run, meant, tested_before, effects)
    elif steps & {Did.TOLD, Did.TOLD_NOBODY}:
        assert any(isinstance(effect, ShowAlert) for effect in effects)
    else:
        _was_told_just_now(run, open_before, effects)


def _is_new(event: Event, known: Any) -> bool:
    """Whether it says that something is so which was not so before."""
    if event.value in NOT_YET or event.kind not in LEVEL_OF:
        return False
    if event.press:
        return True
    key = f"{event.kind.value}:{event.field}" if event.field else event.kind.value
    active = event.value is True or (isinstance(event.value, str) and event.value not in ("", "false", "off", "clear"))
    return active and (key not in known or known[key] != event.value)


def _is_the_press_of_a_walk_test(run: Run, event: Event, before: list[Walk], effects: list[Effect]) -> None:
    """A resident's own call, of the one device that a carer on shift began to test within the last minute; it is shown
    in this very step, and its 30 s run."""
    [walk] = before
    assert run.state.setting is not None
    assert run.state.setting.address_of(walk.device) == event.device
    assert event.kind in (Kind.EMERGENCY, Kind.CALL)
    assert walk.alert == "", "only the first press may be one"
    assert run.now.elapsed_ms - walk.opened_ms < 60_000
    assert walk.by in run.state.shift
    [shown] = [effect.alert for effect in effects if isinstance(effect, ShowAlert)]
    assert run.state.timers.rows[f"test/{shown}"].due_ms == run.now.elapsed_ms + 30_000


def _was_told_just_now(run: Run, before: Any, effects: list[Effect]) -> None:
    """It belongs to presses within ten seconds of one that rang: shown with their number, and nothing else."""
    pressed = [effect for effect in effects if isinstance(effect, Log) and effect.did is Did.PRESSED]
    assert pressed
    assert any(isinstance(effect, ShowAlert) for effect in effects)
    for log in pressed:
        was = before[log.alert]
        assert was.burst_ms is not None
        assert run.now.elapsed_ms - was.burst_ms < 10_000


# -- what the ledger keeps ---------------------------------------------------------------------------------------------


@st.composite
def plain_events(draw: st.DrawFn) -> Event:
    """Any event with a value that an adapter may give its kind."""
    kind = draw(st.sampled_from(list(Kind)))
    value: st.SearchStrategy[Value]
    if kind in TWO_WORDS:
        value = st.sampled_from([*TWO_WORDS[kind], None])
    elif kind in UNITS:
        value = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
    elif kind in (Kind.BUTTON, Kind.OTHER):
        value = TEXT | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    else:
        value = st.booleans() | st.none() | TEXT
    return Event(
        device=draw(DEVICES | TEXT),
        kind=kind,
        value=draw(value),
        unit=draw(st.none() | TEXT),
        field=draw(st.none() | TEXT),
        press=draw(st.booleans()),
        stamp=draw(st.none() | TEXT),
        at_ms=draw(st.none() | st.integers(-(2**53), 2**53)),
        press_id=draw(st.none() | TEXT),
        repeat_window_ms=draw(st.integers(0, 2**31)),
    )


@times(300)
@given(st.builds(Heard, event=plain_events(), retained=st.booleans(), can_call=st.booleans()))
def test_an_event_comes_back_from_the_ledger_as_it_was(heard: Heard) -> None:
    """Value, type of the value, stamps, marks: all of it."""
    _, _, _, device, kind, value, extra = event_row(1, START, heard)
    kept = event_of(device, kind, value, extra)
    assert kept == heard
    assert type(kept.event.value) is type(heard.event.value)


@times(150)
@given(INPUTS.filter(lambda given: not isinstance(given, Heard)))
def test_any_other_input_comes_back_from_the_ledger_as_it_was(given: Input) -> None:
    """Homes with all their ladders included."""
    _, _, _, what, body = input_row(1, START, given)
    assert input_of(what, body) == given


@times(60)
@given(histories(), INPUTS)
def test_what_comes_back_from_the_ledger_leads_to_the_same(history: list[Happening], given: Input) -> None:
    """A replay is given what the ledger kept, and makes of it what the hub made."""
    run = Run(State())
    run.go(history)
    if isinstance(given, Heard) and given.event.kind not in UNITS and isinstance(given.event.value, float | int):
        return
    other = fork(run.state)
    now = run.now
    _, first = step(run.state, given, now)
    _, second = step(other, _kept(given), now)
    assert orjson.dumps(first) == orjson.dumps(second)


def _kept(given: Input) -> Input:
    if isinstance(given, Heard):
        _, _, _, device, kind, value, extra = event_row(1, START, given)
        return event_of(device, kind, value, extra)
    _, _, _, what, body = input_row(1, START, given)
    return input_of(what, body)

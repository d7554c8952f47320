"""What holds of every plan in any history: each run ends in its time, and nothing that was agreed to is forgotten.

After every step of these histories `tests/stories/always.py` looks besides that no wait is longer than the sum of its
rule's, and that no rule sleeps for ever.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rules.effects import Did, Log
from rules.inputs import FellDue, Input, Now
from rules.state import EpisodeState, State
from tests.rules.histories import PLANS, Happening, Moment, Run, Wait, often
from tests.rules.planned import LIVED
from tests.rules.test_properties import times
from tests.stories.always import Before, hold, remember

NIGHTS: st.SearchStrategy[list[Happening]] = st.lists(
    often(
        (6, st.builds(Moment, after_ms=st.sampled_from([0, 700, 11_000, 65_000]), given=LIVED)),
        (1, st.builds(Wait, ms=st.sampled_from([1_000, 60_000, 120_000, 900_000, 7_200_000]))),
    ),
    min_size=8,
    max_size=30,
)
LONGEST_MS = (900 + 60 + 900 + 300) * 1_000
"""The longest of these plans' runs: unagreed waits do not count, a reminder's question and last words do."""


@times(120)
@given(NIGHTS)
def test_every_run_of_every_rule_ends_in_its_time(rest: list[Happening]) -> None:
    """Settled, unsettled with an alert, or offered: each with its reason, and none runs for ever."""
    before: list[Before] = []

    def look(state: State, given: Input, now: Now, effects: list[object]) -> None:
        hold(before.pop(), state, given, now, effects)  # type: ignore[arg-type]

    run = Run(State(), look=look, before=lambda state: before.append(remember(state)))  # type: ignore[arg-type]
    effects = run.go([*PLANS, *rest])
    # A long wait may have been cut short and left timers overdue: from now on none runs longer than the longest.
    latest_ms = run.now.elapsed_ms + LONGEST_MS
    running = {episode.id for episode in run.state.episodes}
    while {episode.id for episode in run.state.episodes} & running:
        when, key = min((timer.due_ms, timer.key) for timer in run.state.timers)
        run.now = Now(max(when, run.now.elapsed_ms), run.now.wall_ms + max(0, when - run.now.elapsed_ms))
        effects.append(run.take(FellDue(timer=key)))
        for episode in run.state.episodes:
            assert run.now.elapsed_ms <= latest_ms or episode.id not in running
    logs = [effect for step in effects for effect in step if isinstance(effect, Log)]
    ends = [log.episode for log in logs if log.did in (Did.SETTLED, Did.UNSETTLED, Did.OFFERED)]
    assert running <= set(ends)
    assert len(ends) == len(set(ends)), "a run ends once"


@times(120)
@given(NIGHTS)
def test_a_reminder_tells_nobody_and_every_other_rule_somebody_or_settles(rest: list[Happening]) -> None:
    """Unless she says herself that staff shall hear of it."""
    run = Run(State())
    kept: dict[str, tuple[bool, str]] = {}

    def look(state: State, given: Input, now: Now, effects: list[object]) -> None:
        for row in state.episodes.changed.values():
            if row is not None and row.state is not EpisodeState.HELPING:
                assert row.reason
                assert (row.alert is not None) == (row.state is EpisodeState.UNSETTLED)
                kept[row.id] = (row.rule.is_reminder, f"{row.state}{'!' if row.answer == 'no' else ''}")
        state.adopt()

    run.look = look  # type: ignore[assignment]
    run.go([*PLANS, *rest])
    for reminder, ended in kept.values():
        allowed = {"settled", "offered", "unsettled!"} if reminder else {"settled", "unsettled", "unsettled!"}
        assert ended in allowed

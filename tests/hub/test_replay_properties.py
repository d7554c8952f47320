"""Replay over nights nobody wrote: what holds for any two plans, and that a snapshot in the middle changes nothing."""

from __future__ import annotations

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.ledger.load import restored
from rules.home import Home, Rule, Say
from rules.inputs import Asked, Heard, Input, Now
from rules.replay.past import Answer, Replay
from rules.state import TABLES, State
from tests.rules.nights import BED, DOOR, MARGARET, NOON_MS, PENDANT, event, home, up

HELPS = st.lists(st.sampled_from([Say(text="Take your time."), Say(text="Please sit.")]), max_size=2)
RULES: st.SearchStrategy[Rule] = st.builds(
    lambda said, minutes, name: up(*said, minutes=minutes, name=name),
    HELPS,
    st.integers(0, 60),
    st.sampled_from(["up-at-night", "night-walk"]),
)
SAID: st.SearchStrategy[Input] = st.one_of(
    *[st.builds(Heard, event=st.just(event(BED, word))) for word in ("empty", "occupied") * 3],
    st.builds(Heard, event=st.just(event(DOOR, "open"))),
    st.builds(Heard, event=st.just(event(PENDANT, True))),
    st.builds(Asked, id=st.uuids().map(str), client=st.just("room-012"), do=st.sampled_from(["ok", "call"])),
)
NIGHTS = st.lists(st.tuples(st.integers(1, 90), SAID, st.booleans()), min_size=3, max_size=40)


def replayed(old: Home, new: Home, night: list[tuple[int, Input, bool]], *, cut: int = -1) -> Answer:
    """The answer for some hours from 21:00 on; at `cut` both machines are read back as a start reads them."""
    replay = Replay(old, new, MARGARET, begin=Now(1_000, NOON_MS), count_from_ms=NOON_MS, with_planted=False)
    minute = 9 * 60
    for place, (after, said, live) in enumerate(night):
        if place == cut:
            for side in replay._sides:
                side.state = read_back(side.state)
        minute += after
        replay.take(said, Now(1_000 + minute * 60_000, NOON_MS + minute * 60_000), live=live)
    minute += 24 * 60
    return replay.finish(Now(1_000 + minute * 60_000, NOON_MS + minute * 60_000))


def read_back(state: State) -> State:
    """What a start would read: every row through its JSON, in the order of the keys."""
    rows = {
        name: sorted(
            (key, orjson.dumps(row, option=orjson.OPT_NON_STR_KEYS).decode()) for key, row in table.rows.items()
        )
        for name, table in state.tables().items()
    }
    assert set(rows) == set(TABLES)
    assert state.setting is not None
    return restored(rows, state.setting.home)


@settings(max_examples=60, deadline=None)
@given(old=st.lists(RULES, max_size=1), new=RULES, night=NIGHTS)
def test_no_call_is_delayed_and_the_numbers_add_up(
    old: list[Rule], new: Rule, night: list[tuple[int, Input, bool]]
) -> None:
    """Whatever the plans: each call is told in its step, and what is avoided and added explains the rest."""
    answer = replayed(home(*old), home(new), night)
    assert answer.delayed == 0
    assert all(call.told_old and call.told_new for call in answer.calls)
    found = answer.whole
    other = [pair for night in answer.nights for pair in night.pairs if pair.differs]
    told = sum(pair.old is not None and pair.old.told for pair in other)
    for least, most in (found.told_old, found.told_new, found.avoided, found.added):
        assert 0 <= least <= most
    shown = [pair.would for pair in other]
    assert told - found.avoided[0] + found.added[1] == sum(would.most for would in shown)
    assert told - found.avoided[1] + found.added[0] == sum(would.least for would in shown)


@settings(max_examples=40, deadline=None)
@given(old=RULES, new=RULES, night=NIGHTS, cut=st.integers(0, 39))
def test_a_replay_from_a_snapshot_is_the_replay_from_the_start(
    old: Rule, new: Rule, night: list[tuple[int, Input, bool]], cut: int
) -> None:
    """Wherever the machines are put away and read back."""
    assert replayed(home(old), home(new), night, cut=cut) == replayed(home(old), home(new), night)

"""Timers as data: which of them is due, in which order."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from hub.timers import Timers
from rules.state import Timer
from tests.hub.core_parts import PENDANT, PRESS, rig
from tests.parts import until


def a_timer(key: str, due_ms: int) -> Timer:
    """A row."""
    return Timer(key=key, due_ms=due_ms, what="ladder", ref=key)


def test_the_earliest_is_due_first_and_stays_until_it_is_moved() -> None:
    """A commit may fail, and then it is due again."""
    timers = Timers([a_timer("b", 20), a_timer("a", 10), a_timer("c", 30)])
    assert timers.next_due_ms == 10
    assert timers.due(25, 100) == ["a", "b"]
    assert timers.due(25, 1) == ["a"]
    timers.change({"a": None, "b": a_timer("b", 40)})
    assert timers.next_due_ms == 30
    assert timers.due(100, 100) == ["c", "b"]


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.none() | st.integers(0, 50)), max_size=200),
    st.integers(0, 60),
)
def test_what_is_due_is_what_the_rows_say(changes: list[tuple[str, int | None]], now_ms: int) -> None:
    """However often rows were moved, removed and set anew."""
    timers, rows = Timers([]), dict[str, int]()
    for key, due_ms in changes:
        if due_ms is None:
            rows.pop(key, None)
            timers.change({key: None})
        else:
            rows[key] = due_ms
            timers.change({key: a_timer(key, due_ms)})
    due = timers.due(now_ms, 1_000)
    assert sorted(due) == sorted(key for key, due_ms in rows.items() if due_ms <= now_ms)
    assert [rows[key] for key in due] == sorted(rows[key] for key in due)
    assert timers.next_due_ms == min(rows.values(), default=None)


async def test_a_ladder_climbs_on_time_after_a_kill_in_its_middle(tmp_path: Path) -> None:
    """Not sooner than it would have, and not marked late."""
    async with rig(tmp_path) as home:
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.broker.log("raised"))
        await home.quiet()
        home.forward(30)
        await home.kill()
        home.clock.forward(10_000)
        await home.start()
        assert not home.broker.log("climbed")
        home.forward(6)
        await until(lambda: home.broker.log("climbed"))
        assert "late" not in str(home.broker.log("climbed")[0]["reason"])


async def test_what_fell_due_while_the_hub_was_down_happens_at_once_and_is_marked_late(tmp_path: Path) -> None:
    """Rung by rung, none is skipped."""
    async with rig(tmp_path) as home:
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.broker.log("raised"))
        await home.quiet()
        await home.kill()
        home.clock.forward(400_000)
        await home.start()
        await until(lambda: len(home.broker.log("climbed")) == 2)
        await home.quiet()
        climbed = home.broker.log("climbed")
        assert all("late" in str(line["reason"]) for line in climbed)
        assert home.broker.on("handrail/elm/alert/a00001")[-1]["late"] is True


async def test_a_late_light_is_dropped_and_recorded(tmp_path: Path) -> None:
    """A command that waited in the outbox while the hub was down for longer than it makes sense."""
    async with rig(tmp_path) as home:
        await home.ask(id="s", do="sign_on", by="carer-1")
        home.broker.answers = False
        home.broker.say(
            "handrail/elm/do/dashboards",
            b'{"id":"l","do":"command","device":"room-001-light","reason":"on","by":"carer-1"}',
        )
        await until(lambda: home.rows("SELECT * FROM outbox WHERE key LIKE 'do/%'"))
        await home.kill()
        home.clock.forward(3_600_000)
        home.broker.answers = True
        sent = [name for name, _, _ in home.broker.published]
        await home.start()
        await until(lambda: home.broker.log("dropped"))
        assert "zigbee2mqtt/room-001-light/set" not in [name for name, _, _ in home.broker.published][len(sent) :]
        await until(lambda: not home.rows("SELECT * FROM outbox WHERE key LIKE 'do/%'"))
        assert home.rows("SELECT count(*) FROM inputs WHERE what = 'Dropped'") == [(1,)]


def test_those_that_wait_fall_due_when_they_are_let_go_as_they_are_then() -> None:
    """What was moved meanwhile has its new time, what was dropped is gone, the others are not held up."""
    timers = Timers(
        [a_timer("a", 10), a_timer("b", 10), a_timer("c", 10), a_timer("d", 10)], lambda one: one.key[0] != "d"
    )
    timers.change({"b": a_timer("b", 30), "c": None})
    assert timers.due(20) == ["d"]
    timers.release()
    assert sorted(timers.due(20)) == ["a", "d"]
    assert "b" in timers.due(30)

"""What the next watcher makes of what it took up, where the world is not as it was: the clock, the hub, the people."""

from __future__ import annotations

import orjson
import pytest

from hub.status import Health
from hub.watch import messages
from hub.watch.house import House
from tests.hub.test_watch_killed import MARGARET, UNSURE, WAITS, told_and_killed
from tests.hub.watch_parts import ELM, Night

AGAIN = "Handrail's hub tells calls again"


@pytest.mark.parametrize("clock_s", [-3_600, -10 * 365 * 86_400])
def test_a_press_after_a_clock_that_went_back_is_told_within_ten_seconds(clock_s: float) -> None:
    """A machine without a clock of its own starts in the past: that it was told just now is not known."""
    night = told_and_killed(("p12", None))
    night.killed(600, clock_s=clock_s)
    night.wait(8)
    night.forget()
    night.press("p12")
    night.wait(2)
    assert night.titles == [MARGARET]


def test_whom_staff_said_to_be_gone_the_next_watcher_does_not_name() -> None:
    """Her pendant was pressed, long ago or just before; the hub's word on who is gone comes with the connection."""
    night = Night()
    night.watch.house = House(ELM).without({"margaret"})
    night.press("p12")
    night.wait(1)
    night.killed(3_600)
    night.watch.house = House(ELM).without({"margaret"})
    night.wait(30)
    assert night.titles == [WAITS]
    assert "Margaret" not in night.texts
    assert "Room 12" in night.texts


@pytest.mark.parametrize("again", [True, False])
def test_a_hub_that_was_started_again_while_nobody_watched_is_trusted_anew(again: bool) -> None:
    """As one that is seen to be; one that runs on is told for until a press shows that it hears."""
    night = Night()
    night.press("p12")
    night.wait(12)
    (ident,) = night.watch.told
    night.watch.seen_to(ident, "ana", night.now)
    night.forget()
    night.killed(3_600)
    night.uptime_s = 1_800 if again else 90_000
    night.wait(60)
    assert (night.titles, night.state_word) == (([AGAIN], "watching") if again else ([], "in_charge"))


def test_a_heartbeat_of_the_hub_says_for_how_long_it_has_run() -> None:
    """As the hub writes it."""
    said = orjson.dumps(
        Health(home="elm", started_ms=1_000).message(elapsed_ms=91_500, backlog=0, oldest_unacknowledged_ms=0)
    )
    assert messages.uptime_s_of(said) == 90


@pytest.mark.parametrize("back_s", [5, 120])
def test_the_next_watcher_says_that_calls_are_heard_again(back_s: int) -> None:
    """Everybody was told to go round, and nobody else could tell them that they need not any more."""
    night = Night()
    night.wait(30)
    night.without_broker(60, linked=False)
    night.forget()
    night.killed(2, linked=False)
    night.without_broker(back_s)
    night.wait(60)
    again = ["CALLS ARE NOT HEARD: go round"] if back_s > 60 else []
    assert night.titles == [*again, "Calls are heard again"]
    assert "It was gone from 02:00" in night.texts
    night.killed(3_600)
    night.wait(60)
    assert night.titles == [*again, "Calls are heard again"]


def test_a_call_of_another_day_says_of_which() -> None:
    """A machine that was off for weeks, a folder that was copied while something was held: it is not of this night."""
    night = told_and_killed(("p12", None))
    night.wait(62)
    assert "\n21 Nov" not in f"\n{night.texts}"
    assert "02:00 emergency: Margaret, lives in Room 12" in night.texts
    night.killed(21 * 86_400)
    night.forget()
    night.hub_is_back()
    night.wait(12)
    assert f"21 Nov 02:00 emergency: Margaret, lives in Room 12, {UNSURE}" in night.texts

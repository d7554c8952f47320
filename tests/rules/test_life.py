"""The table of an alert's life: it says itself, the README shows it, and nothing in it is a dead end."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rules.alerting.life import CLOCK, NEXT, Doing, after, diagram, table, why_not
from rules.asking.requests import FOR_ALERT
from rules.state import AlertState

README = Path(__file__).resolve().parents[2] / "rules" / "README.md"


@pytest.mark.parametrize("draw", [diagram, table])
def test_the_readme_shows_what_the_table_says(draw: Callable[[], str]) -> None:
    """Whoever changes one is told to draw the other."""
    assert draw() in README.read_text(encoding="utf-8"), draw()


def test_the_picture_can_be_drawn() -> None:
    """Mermaid ends a label at a colon."""
    assert all(line.count(":") <= 1 for line in diagram().splitlines())


def test_every_open_state_has_a_clock_and_a_way_to_its_end() -> None:
    """Nothing is ever waited for by nobody, and nothing can never be closed."""
    for state in AlertState:
        if state is AlertState.CLOSED:
            assert state not in CLOCK
            continue
        assert CLOCK[state]
        assert after(state, Doing.CLOSE) is AlertState.CLOSED


def test_every_state_is_reached_from_told() -> None:
    """The table is one piece."""
    found, before = {AlertState.TOLD}, 0
    while len(found) > before:
        before = len(found)
        found |= {to for (state, _), to in NEXT.items() if state in found}
    assert found == set(AlertState)


def test_whatever_ends_without_being_closed_is_told_again() -> None:
    """A lapse, a broken promise, a carer who is gone, a second call: all lead back to where it rings."""
    for doing in (Doing.LAPSE, Doing.BREAK, Doing.LEAVE, Doing.CALL_AGAIN):
        assert {to for (_, done), to in NEXT.items() if done is doing} == {AlertState.TOLD}


def test_people_do_four_things_with_an_alert() -> None:
    """Each request for an alert is a doing of the table, and what cannot be done says so."""
    assert {doing for doing, _ in FOR_ALERT.values()} == {Doing.CLAIM, Doing.ATTEND, Doing.PROMISE, Doing.CLOSE}
    assert after(AlertState.CLOSED, Doing.CLAIM) is None
    assert "closed" in why_not(AlertState.CLOSED, Doing.CLAIM)

"""A night with a pendant of two buttons: Margaret is asked, answers from where she is, and calls when she must."""

from __future__ import annotations

import pytest

from rules.effects import Did
from tests.rules.second_parts import ASKED, Pressed, pressed


@pytest.fixture
def up() -> Pressed:
    """Margaret opened her door at night, and is asked whether all is well."""
    night = pressed(ASKED)
    assert night.screen("012")["ask"] is not None
    return night


def test_she_answers_with_her_second_button_and_nobody_is_woken(up: Pressed) -> None:
    """The question leaves the screen, her run is over, no phone rang."""
    up.press("room-012-pendant", action="2_single")
    assert up.screen("012")["ask"] is None
    up.wait(hours=1)
    up.expect_nobody_told()
    up.expect_quiet()


def test_she_asks_for_somebody_with_two_presses(up: Pressed) -> None:
    """Told as her plan says, with what she answered."""
    up.press("room-012-pendant", action="2_double")
    up.expect("told", level="check", resident="margaret")
    assert up.alert.reason.endswith("Margaret answered: no.")


def test_she_fell_and_took_the_wrong_button_and_presses_again(up: Pressed) -> None:
    """The first press was taken for an answer; the next one, of whichever button, calls everybody at once."""
    up.press("room-012-pendant", action="2_single")
    up.expect_nobody_told()
    up.wait(seconds=2)
    up.press("room-012-pendant", action="2_single")
    up.expect("told", level="emergency", resident="margaret", device="room-012-second")
    up.expect_told("carer-1")


def test_she_holds_the_second_button_because_her_hand_shakes(up: Pressed) -> None:
    """A hold calls, whatever is asked; the question stays open beside it, and no later press answers it."""
    up.press("room-012-pendant", action="2_hold")
    up.expect("told", level="emergency", resident="margaret")
    up.wait(minutes=1)
    up.press("room-012-pendant", action="2_single")
    assert up.alert.presses == 2
    assert not up.logs(Did.ANSWERED_BY_RESIDENT, past=True)


def test_the_hub_was_down_while_she_pressed(up: Pressed) -> None:
    """What waited at the broker is a call, although the question is still open when it is heard."""
    up.goes_down()
    up.wait(seconds=30)
    up.press("room-012-pendant", action="2_single")
    up.wait(seconds=30)
    up.comes_back()
    up.expect("told", level="emergency", resident="margaret")


def test_the_carers_tested_it_by_day() -> None:
    """A walk test of the second button is one of a pendant: shown as TEST, confirmed, and kept."""
    night = pressed(ASKED, happenings=["wait 720"])
    assert night.ask("walk", by="carer-1", device="room-012-second").ok
    night.press("room-012-pendant", action="2_single")
    assert night.logs(Did.WALK_HEARD)
    assert night.ask("tested", by="carer-1", device="room-012-second").ok
    night.expect_quiet()

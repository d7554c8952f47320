"""The first press of a button on an old Shelly: its circuit closes, and the gesture behind it is the same press."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devices.registry import Placed, Purpose, Supervision
from tests.stories.house import House

MODULE = "shellies/shellyix3-1"


@pytest.fixture(params=[(MODULE, 0), (f"{MODULE}#input:0", 0), (f"{MODULE}#input:1", 1)], ids=str)
def cord(home: House, request: pytest.FixtureRequest) -> tuple[House, int]:
    """Ada's cord on an input of a Shelly of the first generation, placed as a whole or by its input."""
    address, number = request.param
    row = Placed(
        device=address, name="ada-cord", person="ada", purpose=Purpose.EMERGENCY, supervision=Supervision.PULL_CORD
    )
    home.configure(replace(home.home, devices=(row,)))
    home.forget()
    home.wait(minutes=5)
    return home, number


def circuit(home: House, number: int, *, closed: bool) -> None:
    """The circuit of an input closes or opens."""
    home.hear(f"{MODULE}/input/{number}", "1" if closed else "0")


def gesture(home: House, number: int, count: int, what: str = "S") -> None:
    """What the module makes of it."""
    home.hear(f"{MODULE}/input_event/{number}", {"event": what, "event_cnt": count})


def press(home: House, number: int, count: int, what: str = "S", held_s: float = 0.2) -> None:
    """Somebody presses once: the circuit, and half a second later the gesture."""
    circuit(home, number, closed=True)
    home.wait(seconds=held_s)
    if what == "S":
        circuit(home, number, closed=False)
        home.wait(seconds=0.5)
    gesture(home, number, count, what)
    if what == "L":
        circuit(home, number, closed=False)


@pytest.mark.parametrize(("what", "held_s"), [("S", 0.2), ("L", 3)])
def test_the_very_first_press_is_one(cord: tuple[House, int], what: str, held_s: float) -> None:
    """At once with the circuit, whatever hangs on it; and the gesture adds nothing, however long it was held."""
    home, number = cord
    circuit(home, number, closed=True)
    home.expect("told", level="emergency", resident="ada")
    home.wait(seconds=held_s)
    gesture(home, number, 1, what)
    assert home.alert.presses == 1
    circuit(home, number, closed=False)
    assert home.alert.presses == 1


def test_a_second_press_right_behind_the_first_is_two(cord: tuple[House, int]) -> None:
    """The next gesture has another count, within whatever window."""
    home, number = cord
    press(home, number, 1)
    press(home, number, 2)
    assert home.alert.presses == 2
    press(home, number, 3)
    assert home.alert.presses == 3


def test_two_quick_presses_are_two_although_the_module_calls_them_one_gesture(cord: tuple[House, int]) -> None:
    """The circuit closed twice before the first gesture ever."""
    home, number = cord
    for _ in range(2):
        circuit(home, number, closed=True)
        home.wait(seconds=0.2)
        circuit(home, number, closed=False)
        home.wait(seconds=0.1)
    home.wait(seconds=0.5)
    gesture(home, number, 1, "SS")
    assert home.alert.presses == 2


def test_where_the_circuit_was_not_heard_the_gesture_calls(cord: tuple[House, int]) -> None:
    """A Shelly sends at QoS 0 unless told otherwise; and where the gesture is lost, the next press is a second one."""
    home, number = cord
    gesture(home, number, 1)
    home.expect("told", level="emergency", resident="ada")
    assert home.alert.presses == 1


def test_a_lost_gesture_takes_no_press_with_it(cord: tuple[House, int]) -> None:
    """The first gesture never came: the second press is heard by its circuit, and its gesture is the same one."""
    home, number = cord
    circuit(home, number, closed=True)
    circuit(home, number, closed=False)
    home.wait(seconds=2)
    press(home, number, 2)
    assert home.alert.presses == 2


def test_after_a_start_of_the_module_its_first_press_is_one_again(cord: tuple[House, int]) -> None:
    """A power cut: it counts anew, and nobody knows what hangs on it."""
    home, number = cord
    press(home, number, 1)
    home.hear(f"{MODULE}/input_event/{number}", {"event": "", "event_cnt": 0})
    home.wait(minutes=1)
    press(home, number, 1)
    assert home.alert.presses == 2
    press(home, number, 2)
    assert home.alert.presses == 3


def test_a_cord_that_latches_calls_once_until_it_is_reset(cord: tuple[House, int]) -> None:
    """Its module says every half minute that the circuit is closed."""
    home, number = cord
    for _ in range(4):
        circuit(home, number, closed=True)
        home.wait(seconds=30)
    assert home.alert.presses == 1
    circuit(home, number, closed=False)
    circuit(home, number, closed=True)
    assert home.alert.presses == 2

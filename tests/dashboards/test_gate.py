"""Who may see names: the house code, its cookie, and the slowing down of guesses."""

from pathlib import Path

from dashboards.gate import FREE_TRIES, HOUSE_TRIES, Gate, load_key

KEY = b"k" * 32


def test_the_right_code_lets_a_device_in_and_a_forged_cookie_does_not() -> None:
    """A cookie is bound to the key and to the code."""
    gate = Gate("274913", KEY)
    cookie = gate.enter("274913", "phone", 0).cookie
    assert cookie is not None
    assert gate.lets_in(cookie)
    assert not gate.lets_in(None)
    assert not gate.lets_in("")
    assert not gate.lets_in(cookie.split(".")[0] + "." + "0" * 64)
    assert not Gate("111111", KEY).lets_in(cookie)
    assert not Gate("274913", b"x" * 32).lets_in(cookie)


def test_without_a_code_everybody_is_in() -> None:
    """The demo on loopback asks for nothing."""
    assert Gate(None, KEY).lets_in(None)


def test_guessing_is_slowed_down_and_the_right_code_must_wait_too() -> None:
    """Else the pause would tell which guess was right."""
    gate = Gate("274913", KEY)
    for _ in range(FREE_TRIES):
        assert gate.enter("000000", "thief", 0).wait_s == 0
    assert gate.enter("274913", "thief", 0).wait_s > 0
    assert gate.enter("274913", "carer", 0).cookie is not None
    assert gate.enter("274913", "thief", 1000).cookie is not None


def test_many_devices_guessing_together_are_slowed_down_too() -> None:
    """An address is cheap; the house counts them all."""
    gate = Gate("274913", KEY)
    for device in range(HOUSE_TRIES + FREE_TRIES):
        gate.enter("000000", f"thief-{device}", 0)
    assert gate.enter("274913", "another", 0).wait_s > 0


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    """So that a restart asks nobody for the code again."""
    made = load_key(tmp_path / "dashboards.key")
    assert load_key(tmp_path / "dashboards.key") == made
    assert (tmp_path / "dashboards.key").stat().st_mode & 0o777 == 0o600
    assert len(load_key(tmp_path / "nowhere" / "dashboards.key")) == 32


def test_the_screen_of_a_room_is_let_into_that_room_and_nowhere_else() -> None:
    """Its cookie is no house code, no other room's, and dies with the house code."""
    gate = Gate("274913", KEY)
    cookie = gate.room_cookie("012")
    assert gate.lets_into_room("012", cookie)
    assert not gate.lets_into_room("013", cookie)
    assert not gate.lets_in(cookie)
    assert not Gate("111111", KEY).lets_into_room("012", cookie)
    entered = gate.enter("274913", "tablet", 0.0)
    assert not gate.lets_into_room("012", entered.cookie)
    assert not gate.lets_into_room("012", None)

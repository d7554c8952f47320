"""Whose: who it was, where they are, and devices that belong to nobody we know (DESIGN §5)."""

from dataclasses import replace

from devices.registry import Placed, Purpose
from rules.effects import Did
from tests.stories.house import House

STRANGER = "zigbee2mqtt/Somebodys pendant"


def test_a_pendant_names_its_wearer_and_where_they_were_last_seen(home: House) -> None:
    """With the age of it; never the bedroom as a fact."""
    home.device("ada-lounge-tag", occupancy=True)
    home.wait(minutes=4)
    home.press("011")
    home.expect("told", resident="ada", place=None, room="011", near="lounge")
    assert home.alert.near_wall_ms == home.wall_ms - 4 * 60_000


def test_a_pendant_never_seen_anywhere_says_nothing_of_where(home: House) -> None:
    """Unknown stays unknown."""
    home.press("013")
    home.expect("told", resident="joan", place=None, near=None)


def test_a_cord_beside_a_bed_names_its_person_and_its_place(home: House) -> None:
    """It belongs to both."""
    home.call("012")
    home.expect("told", resident="margaret", place="012", near=None)


def test_a_cord_in_the_lounge_names_the_place_and_asks_at_the_end(home: House) -> None:
    """Who it was is said when it is closed, not before."""
    home.press("lounge-cord")
    home.expect("told", resident=None, place="lounge", zone="ground")
    assert home.alert.reason == "Lounge: pressed for help"
    home.attend("carer-1", proof="screen:lounge")
    home.close("carer-1", resident="ada")
    home.expect("closed", resident="ada")


def test_nobody_who_does_not_live_here_is_named_at_the_end(home: House) -> None:
    """A name that is wrong is not written down as one."""
    home.press("lounge-cord")
    home.close("carer-1", resident="the-queen")
    home.expect("closed", resident=None)


def test_what_happens_in_a_room_of_one_is_of_the_one_who_lives_there(home: House) -> None:
    """A smoke detector in a shared room names the room."""
    home.device("room-012-smoke", smoke=True)
    home.expect("told", resident="margaret")
    home.close("carer-1")
    home.device("shared-mat", smoke=True)
    home.expect("told", resident=None, place="022")


def test_two_residents_of_one_room_are_two(home: House) -> None:
    """Their pendants, their calls from the one screen they share, and their being all right."""
    home.press("ruth-pendant")
    home.press("edith-pendant")
    assert [(alert.resident, alert.presses) for alert in home.open] == [("ruth", 1), ("edith", 1)]
    for who in ("ruth", "edith", "ruth"):
        home.wait(seconds=1)
        assert home.ask("call", client="room-022", resident=who).ok
    calls = [(alert.resident, alert.presses) for alert in home.open if alert.level == "call"]
    assert calls == [("ruth", 2), ("edith", 1)]
    assert "say who" in home.refused("ok", client="room-022")
    home.says_ok("022", resident="edith")
    assert {alert.resident for alert in home.open if alert.ok_said} == {"edith"}


def test_a_call_from_a_shared_screen_that_names_nobody_names_the_room(home: House) -> None:
    """Nobody is guessed."""
    assert home.ask("call", client="room-022").ok
    home.expect("told", resident=None, place="022")
    home.ask("call", client="room-022", resident="margaret")
    home.expect("told", resident=None, presses=2)


# -- devices nobody has placed -----------------------------------------------------------------------------------------


def test_an_unknown_pendant_rings_everybody_on_shift(home: House) -> None:
    """With what is known of it, and the manager after three minutes."""
    home.hear(STRANGER, {"action": "emergency", "last_seen": home.stamp})
    home.expect("told", everybody=True, device=STRANGER, resident=None)
    home.expect_told("everybody on shift")
    assert STRANGER in home.alert.reason
    home.wait(minutes=3)
    assert "manager-1" in home.rung


def test_an_unknown_leak_is_urgent_and_rings_everybody(home: House) -> None:
    """At its own level: the manager is not woken after three minutes for a neighbour's bath."""
    home.hear("zigbee2mqtt/somewhere", {"water_leak": True})
    home.expect("told", level="urgent", everybody=True)
    home.expect_told("everybody on shift")
    home.wait(minutes=9)
    assert "manager-1" not in home.rung
    home.wait(minutes=1)
    assert "manager-1" in home.rung


def test_a_manager_marks_it_not_ours_and_back(home: House) -> None:
    """From then on it is written down and rings nobody, until somebody takes it back."""
    home.hear(STRANGER, {"action": "emergency", "last_seen": home.stamp})
    assert home.ask("not_ours", by="manager-1", device=STRANGER).ok
    home.expect("told")
    home.close("carer-1", "mistake")
    home.forget()
    home.wait(minutes=1)
    home.hear(STRANGER, {"action": "emergency", "last_seen": home.stamp})
    home.expect_quiet()
    home.expect_nobody_told()
    assert "Mary" in home.logs(Did.NOT_OURS)[0].reason
    assert home.ask("ours", by="carer-1", device=STRANGER).ok
    home.wait(minutes=1)
    home.hear(STRANGER, {"action": "emergency", "last_seen": home.stamp})
    home.expect_told("everybody on shift")


def test_it_takes_two_carers(home: House) -> None:
    """One saying so twice is one; a device that was never heard or is ours cannot be marked."""
    home.hear(STRANGER, {"action": "emergency", "last_seen": home.stamp})
    home.close("carer-1")
    assert "one more" in home.ask("not_ours", by="carer-1", device=STRANGER).reason
    assert "one more" in home.ask("not_ours", by="carer-1", device=STRANGER).reason
    home.wait(seconds=20)
    home.hear(STRANGER, {"action": "emergency", "last_seen": home.stamp})
    assert home.open
    home.close("carer-1")
    assert "nobody any more" in home.ask("not_ours", by="carer-2", device=STRANGER).reason
    assert "never heard" in home.refused("not_ours", by="carer-1", device="zigbee2mqtt/nothing")
    assert "one of ours" in home.refused("not_ours", by="carer-1", device="zigbee2mqtt/room-012-pendant")
    assert "never heard" in home.refused("ours", by="carer-1", device="zigbee2mqtt/nothing")
    assert home.refused("ours", device=STRANGER) == home.refused("not_ours", device=STRANGER) == "say who: by"


def test_nothing_is_not_ours_by_itself(home: House) -> None:
    """A stranger that nobody answered for is forgotten after a month and rings like a new one."""
    home.configure(replace(home.home, devices=()))
    home.hear(STRANGER, {"action": "emergency", "last_seen": home.stamp})
    home.close("carer-1")
    home.ask("not_ours", by="carer-1", device=STRANGER)
    home.hear("zigbee2mqtt/another", {"temperature": 20.5})
    home.wait(hours=31 * 24)
    assert "zigbee2mqtt/another" not in home.state.devices
    assert STRANGER in home.state.strangers
    home.forget()
    home.hear(STRANGER, {"action": "emergency", "last_seen": home.stamp})
    home.expect_told("everybody on shift")


def test_a_stranger_that_is_placed_is_one_of_ours(home: House) -> None:
    """What was marked before does not mute the device that somebody now wears."""
    home.hear(STRANGER, {"action": "emergency", "last_seen": home.stamp})
    home.ask("not_ours", by="manager-1", device=STRANGER)
    home.close("carer-1")
    placed = Placed(device=STRANGER, name="new-pendant", person="joan", purpose=Purpose.EMERGENCY)
    home.configure(replace(home.home, devices=(*home.home.devices, placed)))
    home.wait(seconds=5)
    home.hear(STRANGER, {"action": "emergency", "last_seen": home.stamp})
    home.expect("told", resident="joan")


def test_a_press_before_any_configuration_is_told() -> None:
    """Nobody is known yet: every screen, and it is recorded that nobody could be told by name."""
    home = House.before_any_configuration()
    home.hear(STRANGER, {"action": "emergency"})
    home.expect_did("raised", "told_nobody")
    home.expect("told", everybody=True)
    home.wait(minutes=5)
    home.expect_did("told_nobody")
    home.configure(home.home)
    home.expect("told")
    assert home.rung

"""The resident first, and no silent end: the first two rules of the catalogue (DESIGN §5, §9, promise 4)."""

from dataclasses import replace

from rules.effects import Did
from rules.home import Rule
from tests.stories.house import House
from tests.stories.village import out_of_bed


def with_rule(home: House, resident: str, *rules: Rule) -> None:
    """Give a resident these rules and no others."""
    changed = tuple(replace(one, rules=rules) if one.resident == resident else one for one in home.home.residents)
    home.configure(replace(home.home, residents=changed))


def bed(home: House, name: str, *, occupied: bool) -> None:
    """Somebody lies down or gets up."""
    home.device(name, occupancy=occupied)


# -- out of bed --------------------------------------------------------------------------------------------------------


def test_margaret_gets_up_and_goes_back(home: House) -> None:
    """A light and a word first; she comes back, and nobody was told."""
    bed(home, "room-012-bed", occupied=True)
    bed(home, "room-012-bed", occupied=False)
    home.expect_did("helping", "helping")
    assert home.lights() == ["zigbee2mqtt/room-012-light"]
    assert home.screen("012")["say"] == "Take your time."
    assert home.screens_shown() == {"012"}
    home.wait(minutes=14)
    home.expect_nobody_told()
    bed(home, "room-012-bed", occupied=True)
    home.expect_did("settled")
    assert home.screen("012")["say"] is None
    home.wait(hours=1)
    home.expect_nobody_told()
    home.expect_quiet()


def test_margaret_stays_up_and_somebody_looks(home: House) -> None:
    """A quarter of an hour, a second word, a minute, and then a check with how long it has been."""
    bed(home, "room-012-bed", occupied=False)
    home.wait(minutes=15)
    assert home.screen("012")["say"] == "Is all well?"
    home.expect_nobody_told()
    home.wait(minutes=1)
    home.expect_did("raised", "told", "unsettled")
    home.expect("told", level="check", resident="margaret", place="012")
    assert home.alert.reason == "Margaret has been up for 16 min."
    home.expect_told("carer-1")
    assert home.screen("012")["say"] is None
    home.wait(minutes=15)
    home.expect_told("everybody on shift")


def test_margaret_says_she_is_all_right(home: House) -> None:
    """Her own word settles it, and the record says so."""
    bed(home, "room-012-bed", occupied=False)
    assert home.says_ok("012").reason == "thank you"
    home.expect_did("settled")
    home.wait(hours=1)
    home.expect_quiet()
    assert "nothing was waiting" in home.says_ok("012").reason


def test_by_day_nobody_minds(home: House) -> None:
    """The rule is for the night; it spans midnight and ends at seven."""
    home.wait(hours=8, minutes=29)
    bed(home, "room-012-bed", occupied=False)
    home.expect_did("helping")
    bed(home, "room-012-bed", occupied=True)
    home.wait(minutes=1)
    bed(home, "room-012-bed", occupied=False)
    assert home.did() == []


def test_a_delay_nobody_agreed_to_is_none(home: House) -> None:
    """The light goes on, and staff are told in the same moment."""
    with_rule(home, "margaret", out_of_bed("012", "margaret", agreed=None))
    bed(home, "room-012-bed", occupied=False)
    home.expect_did("helping", "raised", "told", "unsettled")
    assert home.lights() == ["zigbee2mqtt/room-012-light"]
    home.expect_told("carer-1")


def test_getting_up_twice_is_one_run(home: House) -> None:
    """A sensor that wavers starts nothing anew while the first is not over."""
    bed(home, "room-012-bed", occupied=False)
    home.device("room-012-bed", occupancy=None)
    bed(home, "room-012-bed", occupied=False)
    assert len(home.state.episodes) == 1


# -- left open ---------------------------------------------------------------------------------------------------------


def test_a_door_closed_in_time_is_nobodys_business(home: House) -> None:
    """A light, and after nine minutes she closes it."""
    home.device("room-011-door", contact=False)
    assert home.lights() == ["zigbee2mqtt/room-011-light"]
    home.wait(minutes=9)
    home.device("room-011-door", contact=True)
    home.expect_did("settled")
    home.wait(hours=1)
    home.expect_quiet()


def test_a_door_left_open_is_told(home: House) -> None:
    """After ten minutes, with the words of the rule; how long a state lasts needs nobody's agreement."""
    home.device("room-011-door", contact=False)
    home.wait(minutes=10)
    home.expect("told", level="check", resident="ada")
    assert home.alert.reason == "The door of Room 011 has been open for 10 min."


# -- a shared room -----------------------------------------------------------------------------------------------------


def test_in_a_shared_room_a_device_tied_to_the_person_counts(home: House) -> None:
    """Ruth's own bed starts her delay and settles it; Edith's mat and her being all right do not."""
    bed(home, "ruth-bed", occupied=False)
    home.expect_nobody_told()
    assert len(home.state.episodes) == 1
    home.says_ok("022", resident="ruth")
    assert len(home.state.episodes) == 1
    bed(home, "ruth-bed", occupied=True)
    home.expect_did("settled")


def test_in_a_shared_room_anything_else_delays_nobody(home: House) -> None:
    """A mat that is tied to nobody helps with a light and tells at once."""
    bed(home, "shared-mat", occupied=False)
    home.expect_did("helping", "raised", "told", "unsettled")
    home.expect("told", resident="edith")


# -- restarts, changes, fire -------------------------------------------------------------------------------------------


def test_help_that_comes_too_late_is_dropped_and_staff_are_told(home: House) -> None:
    """Nobody is spoken to an hour later; that it was dropped is written down, the alert is marked late."""
    bed(home, "room-012-bed", occupied=False)
    home.down(minutes=60)
    home.expect_did("started", "dropped", "raised", "told", "unsettled")
    assert "Is all well?" in home.logs(Did.DROPPED)[0].reason
    home.expect("told", late=True)
    assert home.alert.reason == "Margaret has been up for 60 min."
    assert home.screen("012")["say"] is None


def test_a_wait_that_was_not_over_goes_on_after_a_restart(home: House) -> None:
    """Down for five minutes of the fifteen: the second word comes at its time."""
    bed(home, "room-012-bed", occupied=False)
    home.down(minutes=5)
    home.wait(minutes=9, seconds=59)
    assert home.screen("012")["say"] == "Take your time."
    home.wait(seconds=1)
    assert home.screen("012")["say"] == "Is all well?"


def test_a_run_ends_under_the_plan_it_began_with(home: House) -> None:
    """The rule is taken away while she is up: it still ends, settled by what settled it."""
    bed(home, "room-012-bed", occupied=False)
    with_rule(home, "margaret")
    bed(home, "room-012-bed", occupied=True)
    home.expect_did("settled")
    bed(home, "room-012-bed", occupied=False)
    assert home.did() == []


def test_a_run_of_a_rule_that_is_gone_still_tells_somebody(home: House) -> None:
    """No silent end, whatever was changed meanwhile."""
    bed(home, "room-012-bed", occupied=False)
    home.configure(replace(home.home, residents=(), devices=()))
    home.wait(minutes=16)
    home.expect("told", resident="margaret")
    home.expect_told("carer-1")


def test_a_light_that_is_not_there_is_said(home: House) -> None:
    """The rest of the help goes on."""
    devices = tuple(one for one in home.home.devices if one.name != "room-012-light")
    home.configure(replace(home.home, devices=devices))
    bed(home, "room-012-bed", occupied=False)
    home.expect_did("helping", "undelivered", "helping")
    assert home.screen("012")["say"] == "Take your time."


def test_what_a_broker_remembers_settles_and_starts_when_it_is_a_change(home: House) -> None:
    """She went back to bed while the broker was away; a bed never heard before starts nothing."""
    home.hear("zigbee2mqtt/room-011-bed", {"occupancy": False}, retain=True)
    assert len(home.state.episodes) == 0
    bed(home, "room-012-bed", occupied=True)
    bed(home, "room-012-bed", occupied=False)
    home.hear("zigbee2mqtt/room-012-bed", {"occupancy": True}, retain=True)
    home.expect_did("settled")
    home.hear("zigbee2mqtt/room-012-bed", {"occupancy": False}, retain=True)
    home.expect_did("helping")


def test_in_a_fire_nobody_is_spoken_to_and_only_emergencies_sound(home: House) -> None:
    """Lights still help, calls are still told, their sirens stay silent, emergencies sound."""
    home.call("021")
    assert home.sounds()
    assert home.ask("mode", by="carer-1", reason="fire").ok
    home.expect_did("mode_changed")
    assert [sound.duration_s for sound in home.sounds()] == [0, 0]
    home.forget()
    bed(home, "room-012-bed", occupied=False)
    assert home.lights() == ["zigbee2mqtt/room-012-light"]
    home.expect_did("helping", "dropped")
    assert home.screen("012")["say"] is None
    home.wait(minutes=4)
    assert home.sounds() == []
    home.expect_told("everybody on shift")
    home.press("012")
    assert home.sounds()
    assert home.ask("mode", by="carer-1", reason="normal").ok
    assert "fire or normal" in home.refused("mode", by="carer-1", reason="party")


def test_words_on_a_screen_stop_when_there_is_a_fire(home: House) -> None:
    """And are there again when it is over, while the run lasts."""
    bed(home, "room-012-bed", occupied=False)
    home.ask("mode", by="carer-1", reason="fire")
    assert home.screens_shown() == {"012"}
    assert home.screen("012")["say"] is None
    home.ask("mode", by="carer-1", reason="normal")
    assert home.screen("012")["say"] == "Take your time."

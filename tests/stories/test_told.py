"""Told, and the ladders: who hears of it, who next, and what a changed home changes (DESIGN §5)."""

from dataclasses import replace

import pytest

from devices.registry import Placed, Purpose
from rules.alerting.levels import LADDERS, Ladder, Level, Rung, Who
from rules.effects import Did
from tests.stories.house import House
from tests.stories.village import left_open

EVERYBODY_AND_MANAGER = ("carer-1", "carer-2", "nurse-1", "manager-1")


def test_an_emergency_climbs_until_somebody_claims_it(home: House) -> None:
    """The carers of the zone at once, everybody after 45 s, the manager as well after 180 s, then all every minute."""
    home.press("012")
    home.expect_did("raised", "told")
    home.expect_told("carer-1")
    home.wait(seconds=44)
    home.expect_nobody_told()
    home.wait(seconds=1)
    home.expect_told("everybody on shift")
    home.wait(seconds=134)
    home.expect_nobody_told()
    home.wait(seconds=1)
    home.expect_told(*EVERYBODY_AND_MANAGER)
    for _ in range(3):
        home.wait(seconds=60)
        home.expect_told(*EVERYBODY_AND_MANAGER)
    home.claim("carer-2")
    home.wait(seconds=90)
    home.expect_nobody_told()


def test_a_call_stays_in_the_house(home: House) -> None:
    """The zone at once, everybody after 4 min, the person in charge after 8, and nobody outside ever."""
    home.call("012")
    home.expect_told("carer-1")
    home.wait(minutes=4)
    home.expect_told("everybody on shift")
    home.wait(minutes=4)
    home.expect_told("everybody on shift")
    home.wait(hours=3)
    home.expect_told("everybody on shift")
    home.expect("told", rung=2)


def test_an_urgent_alert_reaches_the_manager_after_ten_minutes(home: House) -> None:
    """60 s, 4 min, 10 min."""
    home.device("room-012-leak", water_leak=False)
    home.device("room-012-leak", water_leak=True)
    home.expect("told", level="urgent")
    home.expect_told("everybody on shift")
    home.close("carer-1", "mistake")
    home.wait(minutes=20)
    home.forget()
    home.configure(replace(home.home, devices=(*home.home.devices, _leak_sensor())))
    home.device("room-012-leak", water_leak=False)
    home.device("room-012-leak", water_leak=True)
    home.expect_told("carer-1")
    home.wait(seconds=60)
    home.expect_told("everybody on shift")
    home.wait(minutes=3)
    home.expect_told("everybody on shift")
    home.wait(minutes=6)
    home.expect_told(*EVERYBODY_AND_MANAGER)


def _leak_sensor() -> Placed:
    return Placed(device="zigbee2mqtt/room-012-leak", name="room-012-leak", place="012", purpose=Purpose.LEAK)


@pytest.mark.parametrize("level", [Level.CHECK, Level.REQUEST, Level.TECHNICAL])
def test_the_lower_levels_climb_in_minutes(home: House, level: Level) -> None:
    """Each rung of each ladder comes at its time, and the last one repeats."""
    rule = left_open("011", seconds=1, level=level)
    residents = tuple(replace(one, rules=(rule,)) if one.resident == "ada" else one for one in home.home.residents)
    home.configure(replace(home.home, residents=residents))
    home.device("room-011-door", contact=False)
    home.wait(seconds=1)
    assert home.alert.level is level
    ladder = LADDERS[level]
    for number, (lower, higher) in enumerate(zip(ladder.rungs, ladder.rungs[1:], strict=False), start=1):
        home.forget()
        home.wait(seconds=higher.after_s - lower.after_s - 1)
        home.expect("told", rung=number - 1)
        home.expect_nobody_told()
        home.wait(seconds=1)
        home.expect("told", rung=number)
        assert home.rung
    home.forget()
    home.wait(seconds=ladder.repeat_s)
    assert home.rung
    assert ladder.repeat_s % 60 == 0


def test_the_zone_hears_it_first_and_the_house_when_it_climbs(home: House) -> None:
    """Sounders of the other zone stay silent until everybody is told; a claim silences them all."""
    home.press("012")
    assert [one.device for one in home.sounds()] == ["zigbee2mqtt/ground-siren"]
    home.wait(seconds=45)
    assert [one.device for one in home.sounds()] == ["zigbee2mqtt/ground-siren", "zigbee2mqtt/first-siren"]
    home.claim("carer-1")
    assert [(one.device, one.duration_s) for one in home.sounds()] == [
        ("zigbee2mqtt/ground-siren", 0),
        ("zigbee2mqtt/first-siren", 0),
    ]


def test_a_sounder_another_alert_needs_is_not_silenced(home: House) -> None:
    """Claiming one of two emergencies of a zone leaves the siren to the other."""
    home.press("012")
    home.press("011")
    home.claim("carer-1", alert="a00001")
    assert home.sounds() == []
    home.claim("carer-2", alert="a00002")
    assert [one.duration_s for one in home.sounds()] == [0]


def test_checks_ring_phones_and_no_sirens(home: House) -> None:
    """Nobody is woken by a siren for a door, unless nobody is signed on to look."""
    home.device("room-012-door", contact=False)
    home.wait(minutes=10)
    home.expect_told("carer-1")
    assert home.sounds() == []


def test_where_nobody_is_signed_on_everything_rings() -> None:
    """Every handset and every sounder, at once, for an emergency as for a door."""
    home = House(signed_on=())
    home.press("012")
    home.expect_told(*EVERYBODY_AND_MANAGER)
    assert "nobody is signed on" in home.logs(Did.TOLD)[0].reason
    assert len(home.sounds()) == 2
    home.close("carer-1")
    home.device("room-012-door", contact=False)
    home.wait(minutes=10)
    assert len(home.sounds()) == 2


def test_a_home_without_staff_says_that_nobody_was_told() -> None:
    """It is a fact, it is recorded, and it is mended as soon as there is somebody."""
    home = House(signed_on=())
    staff = home.home.staff
    home.configure(replace(home.home, staff=()))
    home.press("012")
    home.expect_did("raised", "told_nobody")
    home.expect("told", told=())
    home.configure(replace(home.home, staff=staff))
    home.expect_told(*EVERYBODY_AND_MANAGER)


def test_who_comes_on_shift_is_told_of_what_waits(home: House) -> None:
    """An agency carer types a name and sees at once what nobody has taken."""
    home.press("012")
    home.wait(seconds=50)
    home.ask("sign_on", by="Ingrid")
    home.expect_did("signed_on", "told")
    assert "Ingrid" in home.alert.told
    home.claim("Ingrid")
    home.expect("claimed", claimed_by="Ingrid")


def test_the_ladder_asks_who_is_on_shift_now(home: House) -> None:
    """Who has gone home is not rung again, and who is there is."""
    home.press("012")
    home.ask("sign_off", by="carer-1")
    home.forget()
    home.wait(seconds=45)
    home.expect_told("carer-2", "nurse-1")


def test_the_rota_only_warns(home: House) -> None:
    """Who signs on outside the rota is on shift all the same."""
    home.wait(hours=12)
    answer = home.ask("sign_on", by="Anna")
    assert answer.ok
    assert "not on the rota" in answer.reason


# -- plans, devices and ladders that change ---------------------------------------------------------------------------


def test_a_changed_configuration_closes_nothing(home: House) -> None:
    """The resident moved out and the pendant is gone: the alert stands and climbs the newest ladder."""
    home.press("012")
    ladders = {**LADDERS, Level.EMERGENCY: _two_rungs()}
    home.configure(
        replace(
            home.home,
            residents=tuple(one for one in home.home.residents if one.resident != "margaret"),
            devices=tuple(one for one in home.home.devices if one.person != "margaret"),
            ladders=ladders,
        )
    )
    home.expect("told", resident="margaret")
    home.forget()
    home.wait(seconds=20)
    home.expect_told("everybody on shift")
    home.claim("carer-1")
    home.attend("carer-1")
    home.close("carer-1")


def _two_rungs() -> Ladder:
    return Ladder(
        rungs=(Rung(after_s=0, who=(Who.ZONE,)), Rung(after_s=20, who=(Who.SHIFT,))), repeat_s=30, attend_within_s=60
    )


def test_a_ladder_that_lost_its_upper_rungs_goes_on_from_its_last(home: House) -> None:
    """An alert on the third rung climbs a ladder of two: everybody, again and again."""
    home.press("012")
    home.wait(seconds=180)
    home.claim("carer-1")
    home.configure(replace(home.home, ladders={**LADDERS, Level.EMERGENCY: _two_rungs()}))
    home.forget()
    home.wait(seconds=120)
    home.expect_did("claim_lapsed", "told")
    home.expect("told", rung=1)
    home.expect_told("everybody on shift")
    home.wait(seconds=30)
    home.expect_told("everybody on shift")


def test_a_ladder_that_would_end_in_silence_is_not_climbed(home: House) -> None:
    """A ladder without repetition is passed over for the one that is known to be good."""
    endless = replace(_two_rungs(), repeat_s=0)
    home.configure(replace(home.home, ladders={**LADDERS, Level.EMERGENCY: endless}))
    home.press("012")
    home.forget()
    home.wait(seconds=45)
    home.expect_told("everybody on shift")


def test_an_alert_in_a_zone_that_is_gone_sounds_everywhere(home: House) -> None:
    """A zone that was renamed while an alert is open cannot swallow its sound."""
    home.press("012")
    zones = (replace(home.home.zones[0], zone="garden-wing"), home.home.zones[1])
    home.configure(replace(home.home, zones=zones))
    home.wait(seconds=11)
    home.press("012")
    assert len(home.sounds()) == 2

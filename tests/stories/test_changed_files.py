"""The home's files change in the middle of a night: alerts, claims and runs go on with what is right now."""

from __future__ import annotations

from dataclasses import replace

from rules.alerting.levels import LADDERS, Ladder, Level, Rung, Who
from rules.effects import Did
from rules.home import Carer, Home
from rules.inputs import Started
from tests.stories.house import House, reloaded
from tests.stories.village import phone

EVERYBODY = ("carer-1", "carer-2", "nurse-1")


def lives_in(home: Home, resident: str, room: str) -> Home:
    """The same home after somebody moved."""
    residents = tuple(replace(one, room=room) if one.resident == resident else one for one in home.residents)
    return replace(home, residents=residents)


def without_staff(home: Home, *people: str) -> Home:
    """The same home after people left."""
    return replace(home, staff=tuple(carer for carer in home.staff if carer.id not in people))


def ladder(*rungs: tuple[int, Who], repeat_s: int = 60, attend_within_s: int = 120) -> dict[Level, Ladder]:
    """The built-in ladders, with this one for emergencies."""
    made = tuple(Rung(after_s=after, who=(who,)) for after, who in rungs)
    return {**LADDERS, Level.EMERGENCY: Ladder(rungs=made, repeat_s=repeat_s, attend_within_s=attend_within_s)}


# -- residents and devices ------------------------------------------------------------------------------------------


def test_a_resident_who_moved_is_looked_for_in_the_right_room(home: House) -> None:
    """The alert names the new room, the new floor hears of it, and who was told before is told again."""
    home.press("012")
    home.forget()
    home.configure(lives_in(home.home, "margaret", "021"))
    home.expect("told", room="021", zone="first", id="a00001")
    assert "Margaret lives in Room 021 now" in home.alert.also
    home.expect_told("carer-2", "nurse-1")
    assert home.screens_shown() >= {"012", "021"}
    home.wait(seconds=45)
    home.expect_told(*EVERYBODY)


def test_who_is_on_the_way_hears_that_the_resident_moved(home: House) -> None:
    """And nobody else: it is taken."""
    home.press("012")
    home.claim("carer-1")
    home.forget()
    home.configure(lives_in(home.home, "margaret", "021"))
    home.expect("claimed", claimed_by="carer-1", room="021")
    home.expect_told("carer-1")


def test_a_pendant_that_was_given_to_another_presses_for_them(home: House) -> None:
    """The open alert stays Margaret's; the next press of the same pendant is Joan's, and an alert of its own."""
    home.press("012")
    devices = tuple(replace(one, person="joan") if one.name == "room-012-pendant" else one for one in home.home.devices)
    home.configure(replace(home.home, devices=devices))
    home.wait(seconds=1)
    home.press("012")
    assert [alert.resident for alert in home.open] == ["margaret", "joan"]
    home.close("carer-1", alert="a00001")
    home.expect("told", resident="joan", room="013")


def test_a_cord_that_hangs_elsewhere_now_keeps_the_place_of_its_call(home: House) -> None:
    """Somebody pulled it in the lounge, whatever the file says afterwards; the next pull names the new place."""
    home.press("lounge-cord")
    devices = tuple(replace(one, place="landing") if one.name == "lounge-cord" else one for one in home.home.devices)
    home.configure(replace(home.home, devices=devices))
    home.expect("told", place="lounge", zone="ground")
    home.wait(seconds=5)
    home.press("lounge-cord")
    assert [alert.place for alert in home.open] == ["lounge", "landing"]
    home.close("carer-1", alert="a00002")
    home.close("carer-1")
    home.wait(seconds=5)
    home.press("lounge-cord")
    home.expect("told", place="landing", zone="first")


def test_a_resident_who_was_removed_is_still_answered(home: House) -> None:
    """Named as before, in the room as before, up to the end; the pendant then is a stranger's and rings everybody."""
    home.press("012")
    home.configure(
        replace(
            home.home,
            residents=tuple(one for one in home.home.residents if one.resident != "margaret"),
            devices=tuple(one for one in home.home.devices if one.person != "margaret"),
        )
    )
    home.expect("told", resident="margaret", room="012", zone="ground")
    assert "Margaret" in home.alert.reason
    home.close("carer-1")
    home.wait(seconds=5)
    home.forget()
    home.press("012")
    home.expect("told", resident=None)
    home.expect_told(*EVERYBODY)


def test_a_zone_that_is_gone_leaves_nobody_out(home: House) -> None:
    """The floor's only carer answers a zone that no longer exists: everybody is told instead."""
    home.press("012")
    home.forget()
    places = tuple(replace(one, zone="wing") if one.zone == "ground" else one for one in home.home.places)
    home.configure(replace(home.home, zones=home.home.zones[1:], places=places))
    home.expect("told", zone=None)
    home.expect_told("carer-2", "nurse-1")
    home.wait(seconds=45)
    home.expect_told(*EVERYBODY)


# -- staff ----------------------------------------------------------------------------------------------------------


def test_a_carer_who_was_removed_has_nothing_any_more(home: House) -> None:
    """Claimed, attended and promised alerts go back to their ladders; the person is off shift, colleagues ring."""
    home.press("012")
    home.press("011")
    home.call("013")
    home.claim("carer-1", alert="a00001")
    home.attend("carer-1", alert="a00002")
    home.promise("carer-1", minutes=10, alert="a00003")
    home.forget()
    home.configure(without_staff(home.home, "carer-1"))
    home.expect_did(
        "plan_changed", "signed_off", "claim_lapsed", "told", "claim_lapsed", "told", "promise_broken", "told"
    )
    assert [alert.state for alert in home.open] == ["told", "told", "told"]
    assert set(home.rung) == {"carer-2", "nurse-1"}
    assert "carer-1" not in home.state.shift
    home.forget()
    home.wait(seconds=45)
    assert set(home.rung) == {"carer-2", "nurse-1"}


def test_when_the_last_of_a_shift_is_removed_everybody_is_told(home: House) -> None:
    """Nobody is signed on then, and the alert does not wait for a rung to find that out."""
    home.press("012")
    home.forget()
    home.configure(without_staff(home.home, "carer-1", "carer-2"))
    home.expect_told("nurse-1")
    home.configure(without_staff(home.home, "nurse-1"))
    home.expect_told("manager-1")


def test_an_agency_carer_is_not_staff_and_stays(home: House) -> None:
    """Who typed a name was never in staff.yaml."""
    home.ask("sign_on", by="Ingrid")
    home.press("012")
    home.claim("Ingrid")
    home.configure(without_staff(home.home, "carer-1"))
    home.expect("claimed", claimed_by="Ingrid")
    assert "Ingrid" in home.state.shift


def test_somebody_new_who_is_always_there_hears_of_what_waits(home: House) -> None:
    """At once, without having signed on, and once."""
    home.press("012")
    home.forget()
    nadia = Carer(id="nadia", name="Nadia", zones=("ground",), channels=phone(20), always=True)
    home.configure(replace(home.home, staff=(*home.home.staff, nadia)))
    home.expect_told("nadia")
    home.configure(replace(home.home, name="The Village!"))
    home.expect_nobody_told()


# -- ladders --------------------------------------------------------------------------------------------------------


def test_two_changes_between_two_rungs_leave_the_newest_ladder(home: House) -> None:
    """Slower, then quicker: the alert climbs once, at the time of the last one."""
    home.press("012")
    home.wait(seconds=10)
    home.configure(replace(home.home, ladders=ladder((0, Who.ZONE), (600, Who.SHIFT))))
    home.wait(seconds=10)
    home.configure(replace(home.home, ladders=ladder((0, Who.ZONE), (30, Who.SHIFT))))
    home.forget()
    home.wait(seconds=9)
    home.expect_nobody_told()
    home.wait(seconds=1)
    home.expect_told(*EVERYBODY)
    assert len(home.logs(Did.CLIMBED, past=True)) == 1


def test_a_quicker_ladder_whose_time_has_passed_rings_now(home: House) -> None:
    """And one rung at a time."""
    home.press("012")
    home.wait(seconds=20)
    home.forget()
    home.configure(replace(home.home, ladders=ladder((0, Who.ZONE), (5, Who.SHIFT), (10, Who.MANAGER))))
    home.wait(seconds=0)
    assert [log.reason[-11:] for log in home.logs(Did.CLIMBED, past=True)] == ["rung 2 of 3", "rung 3 of 3"]
    assert "manager-1" in home.rung
    assert not home.alert.late, "the hub was there all the time"


def test_no_change_of_a_file_wakes_the_manager_early(home: House) -> None:
    """On the second rung, which is the manager's now: at the new ladder's time, and not an hour later either."""
    home.press("012")
    home.wait(seconds=60)
    home.forget()
    home.configure(replace(home.home, ladders=ladder((0, Who.ZONE), (300, Who.MANAGER), repeat_s=3600)))
    home.wait(seconds=239)
    home.expect_nobody_told()
    home.wait(seconds=1)
    assert "manager-1" in home.rung


def test_a_claim_lapses_by_the_newest_ladder(home: House) -> None:
    """A time of half a day was a typing error; it is mended, and holds for who is going already."""
    home.configure(replace(home.home, ladders=ladder((0, Who.ZONE), (45, Who.SHIFT), attend_within_s=43_200)))
    home.press("012")
    home.claim("carer-1")
    home.configure(replace(home.home, ladders=dict(LADDERS)))
    home.wait(seconds=119)
    home.expect("claimed")
    home.wait(seconds=1)
    home.expect("told")


# -- across a restart -----------------------------------------------------------------------------------------------


def restart_with(home: House, changed: Home, *, minutes: float) -> None:
    """The hub is down, its files change meanwhile, and it starts with them."""
    down_from_ms = home.wall_ms
    home.goes_down()
    home.wait(minutes=minutes)
    home.is_down = False
    home.state = reloaded(home.state)
    home.take(Started(down_from_ms=down_from_ms))
    home.configure(changed)
    home.wait(seconds=0)


def test_what_fell_due_while_the_files_changed_is_still_late(home: House) -> None:
    """Both rungs at once, each marked late, as without a change."""
    home.press("012")
    home.wait(seconds=20)
    home.forget()
    restart_with(home, replace(home.home, name="Village"), minutes=10)
    climbed = home.logs(Did.CLIMBED, past=True)
    assert [("late" in log.reason) for log in climbed] == [True, True]
    home.expect("told", late=True, rung=2)
    assert "manager-1" in home.rung


def test_a_claim_of_somebody_removed_while_the_hub_was_down_rings_at_the_start(home: House) -> None:
    """Nobody waits for a carer who left."""
    home.press("012")
    home.claim("carer-1")
    home.forget()
    restart_with(home, without_staff(home.home, "carer-1"), minutes=0.5)
    home.expect("told")
    assert set(home.rung) >= {"carer-2", "nurse-1"}


def test_a_run_ends_under_its_own_plan_also_after_a_restart_and_two_changes(home: House) -> None:
    """The rule was rewritten, then taken away, with a restart between: what settled it when it began settles it."""
    home.device("room-012-bed", occupancy=True)
    home.device("room-012-bed", occupancy=False)
    assert len(home.state.episodes) == 1
    rewritten = tuple(
        replace(one, rules=tuple(replace(rule, settled_by=(), help=()) for rule in one.rules))
        for one in home.home.residents
    )
    home.configure(replace(home.home, residents=rewritten))
    home.down(minutes=1)
    home.configure(replace(home.home, residents=tuple(replace(one, rules=()) for one in home.home.residents)))
    home.down(minutes=1)
    home.device("room-012-bed", occupancy=True)
    home.expect_did("settled")
    assert home.open == []


def test_a_run_whose_resident_and_room_are_gone_still_tells_everybody(home: House) -> None:
    """After a restart too: who began something with us is not forgotten with their file."""
    home.device("room-012-bed", occupancy=True)
    home.device("room-012-bed", occupancy=False)
    home.forget()
    changed = replace(
        home.home,
        residents=tuple(one for one in home.home.residents if one.resident != "margaret"),
        places=tuple(one for one in home.home.places if one.place != "012"),
        devices=tuple(one for one in home.home.devices if one.person != "margaret" and one.place != "012"),
    )
    restart_with(home, changed, minutes=1)
    home.wait(minutes=20)
    home.expect("told", resident="margaret", level="check")
    assert set(home.rung) == set(EVERYBODY)

"""What belongs together and what never does: reopened calls, grouping, staff assist (DESIGN §5)."""

from dataclasses import replace

from rules.alerting.levels import Level
from rules.effects import Did
from rules.state import AlertState
from tests.stories.house import House
from tests.stories.village import left_open

EVERYBODY = ("carer-1", "carer-2", "nurse-1")
EVERYBODY_AND_MANAGER = ("carer-1", "carer-2", "nurse-1", "manager-1")


# -- reopened ---------------------------------------------------------------------------------------------------------


def test_a_call_soon_after_a_close_reopens_it_and_its_clock(home: House) -> None:
    """What counts is the need met: the waiting time is that of the first press."""
    home.call("012")
    first = home.alert.waiting_since_ms
    home.wait(minutes=3)
    home.close("carer-1")
    home.wait(minutes=10)
    home.forget()
    home.call("012")
    home.expect_did("reopened", "told", "pressed")
    home.expect("told", id="a00001", waiting_since_ms=first, presses=2, ending=None, rung=0)
    home.expect_told("carer-1")
    assert "waiting 13 min in all" in home.logs(Did.REOPENED)[0].reason


def test_after_ten_minutes_it_is_a_new_call(home: House) -> None:
    """And somebody else's call never reopens it, nor does an emergency."""
    home.call("012")
    home.close("carer-1")
    home.call("011")
    assert [alert.id for alert in home.open] == ["a00002"]
    home.close("carer-1")
    home.press("012")
    home.close("carer-1")
    home.wait(minutes=10, seconds=1)
    home.call("012")
    home.expect("told", id="a00004", presses=1)


# -- grouping ---------------------------------------------------------------------------------------------------------


def test_several_checks_of_one_resident_are_one_alert(home: House) -> None:
    """The door, then a flat pendant: one card with both reasons, and whoever was told hears of the second."""
    home.device("room-012-door", contact=False)
    home.wait(minutes=10)
    home.forget()
    home.device("room-012-pendant", battery=3)
    home.expect_did("joined", "told")
    home.expect("told", id="a00001")
    assert len(home.alert.also) == 1
    home.expect_told("carer-1")
    home.device("room-012-pendant", battery=100)
    home.expect("told", id="a00001")


def test_the_higher_of_two_decides_the_ladder(home: House) -> None:
    """A request that becomes a check climbs like a check, from its floor."""
    home.press("012")
    home.close("carer-1")
    _request_for(home, "margaret")
    home.expect("told", level="request")
    home.forget()
    home.device("room-012-pendant", battery=3)
    home.expect("told", level="check", rung=0)
    home.expect_told("carer-1")


def _request_for(home: House, resident: str) -> None:
    rule = left_open("012", seconds=1, level=Level.REQUEST)
    residents = tuple(replace(one, rules=(rule,)) if one.resident == resident else one for one in home.home.residents)
    home.configure(replace(home.home, residents=residents))
    home.device("room-012-door", contact=False)
    home.wait(seconds=1)


def test_what_somebody_took_is_not_added_to(home: House) -> None:
    """Who is on the way to one thing has not heard of the next: it is an alert of its own."""
    home.device("room-012-door", contact=False)
    home.wait(minutes=10)
    home.claim("carer-1")
    home.device("room-012-pendant", battery=3)
    assert [alert.id for alert in home.open] == ["a00001", "a00002"]


def test_two_residents_and_two_emergencies_are_never_one(home: House) -> None:
    """Nor two checks of two people, nor an emergency and a call of one."""
    home.press("012")
    home.press("011")
    home.call("012")
    home.device("room-011-door", contact=False)
    home.device("room-013-door", contact=False)
    home.wait(minutes=10)
    assert [alert.resident for alert in home.open] == ["margaret", "ada", "margaret", "ada", "joan"]


# -- staff assist -----------------------------------------------------------------------------------------------------


def test_staff_assist_tells_everybody_at_once(home: House) -> None:
    """Where and who, from a screen and from a call point alike, and the manager after three minutes."""
    home.ask("assist", by="carer-1", room="021")
    home.expect_told("everybody on shift")
    assert home.alert.reason == "Anna needs help: Room 021"
    assert len(home.sounds()) == 2
    home.wait(seconds=180)
    home.expect_told(*EVERYBODY_AND_MANAGER)
    home.close("carer-2")
    home.press("office-button", action="single")
    home.expect("told", kind="staff_assist", resident=None, place="lounge", everybody=True)
    assert home.alert.reason == "Lounge: a colleague needs help"


def test_no_claim_silences_staff_assist(home: House) -> None:
    """Neither its own claim nor that of another alert; it rings until somebody is there."""
    home.ask("assist", by="carer-1", room="021")
    home.press("012")
    home.claim("carer-2", alert="a00001")
    assert next(alert for alert in home.open if alert.id == "a00001").quiet is False
    assert home.sounds() == []
    home.claim("nurse-1", alert="a00002")
    assert home.sounds() == []
    home.forget()
    home.wait(seconds=119)
    assert home.rung == []
    home.wait(seconds=1)
    assert set(home.rung) == set(EVERYBODY)
    home.attend("carer-2", alert="a00001")
    home.forget()
    home.close("nurse-1", alert="a00002")
    home.wait(minutes=5)
    home.expect_nobody_told()


def test_the_callers_own_alerts_go_back_to_their_ladders(home: House) -> None:
    """Claimed, attended and promised ones; a colleague's stay where they are."""
    home.press("012")
    home.wait(seconds=45)
    home.call("021")
    home.press("011")
    home.attend("carer-1", alert="a00001")
    home.promise("carer-1", minutes=5, alert="a00002")
    home.claim("carer-2", alert="a00003")
    home.ask("assist", by="carer-1")
    states = {alert.id: alert.state for alert in home.open}
    assert states == {
        "a00001": AlertState.TOLD,
        "a00002": AlertState.TOLD,
        "a00003": AlertState.CLAIMED,
        "a00004": AlertState.TOLD,
    }
    assert next(alert for alert in home.open if alert.id == "a00001").rung == 1
    assist = next(alert for alert in home.open if alert.id == "a00004")
    assert assist.reason == "Anna needs help: Room 012, where they attended last"


def test_the_caller_cannot_be_the_one_who_comes(home: House) -> None:
    """They may say that it was a mistake; a second tap is the same cry."""
    home.ask("assist", by="carer-1", room="021")
    assert "yourself" in home.refused("claim", by="carer-1", alert="a00001")
    assert "yourself" in home.refused("attend", by="carer-1", alert="a00001")
    home.ask("assist", by="carer-1", room="021")
    home.expect("told", id="a00001", presses=2)
    home.close("carer-1", "mistake")
    home.expect_quiet()

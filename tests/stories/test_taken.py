"""Taken: claimed, attended, told to wait, closed, and every row of the table of an alert's life (DESIGN §5)."""

import pytest

from rules.alerting.life import NEXT, Doing
from rules.effects import Did
from rules.state import AlertState
from tests.stories.house import House

EVERYBODY_AND_MANAGER = ("carer-1", "carer-2", "nurse-1", "manager-1")


# -- claim ------------------------------------------------------------------------------------------------------------


def test_a_claim_silences_the_others_who_still_see_it(home: House) -> None:
    """It stays open and shown, quiet, with who is going; its waiting time runs on."""
    home.press("012")
    home.claim("carer-1")
    home.expect("claimed", claimed_by="carer-1", quiet=True)
    assert home.screen("012")["calls"][0]["coming"] == "Anna"  # type: ignore[index]
    assert home.screens_shown() == {"012"}


def test_a_claim_that_lapses_rings_everybody_again(home: House) -> None:
    """Two minutes after *I am going* nobody is there."""
    home.press("012")
    home.wait(seconds=10)
    home.claim("carer-1")
    home.forget()
    home.wait(seconds=119)
    home.expect_nobody_told()
    home.wait(seconds=1)
    home.expect_did("claim_lapsed", "told")
    home.expect_told("everybody on shift")
    home.expect("told", rung=1, claimed_by=None)


def test_claims_one_after_another_do_not_keep_the_manager_away(home: House) -> None:
    """The ladder's clock runs on behind a claim, so that a lapse late in the ladder reaches the next rung at once."""
    home.press("012")
    for _ in range(2):
        home.claim("carer-1")
        home.forget()
        home.wait(seconds=120)
    home.expect_told(*EVERYBODY_AND_MANAGER)


def test_saying_it_again_wins_no_time(home: House) -> None:
    """The same carer's second claim does not move the clock."""
    home.press("012")
    home.claim("carer-1")
    home.wait(seconds=100)
    home.claim("carer-1")
    home.wait(seconds=20)
    home.expect("told")


def test_a_colleague_may_take_over(home: House) -> None:
    """Who goes instead has a clock of their own, and the record says whom they relieved."""
    home.press("012")
    home.claim("carer-1")
    home.wait(seconds=100)
    home.claim("carer-2")
    assert "instead of Anna" in home.logs(Did.CLAIMED)[0].reason
    home.wait(seconds=100)
    home.expect("claimed", claimed_by="carer-2")


def test_who_signs_off_gives_back_what_they_took(home: House) -> None:
    """Claimed, promised or attended: it rings again from where it was."""
    home.press("012")
    home.wait(seconds=45)
    home.claim("carer-1")
    home.ask("sign_off", by="carer-1")
    home.expect("told", rung=1)
    home.claim("carer-2")
    home.attend("carer-2")
    home.ask("sign_off", by="carer-2")
    home.expect("told", rung=1, attended_by=None)
    home.close("nurse-1")
    home.ask("sign_on", by="carer-2")
    home.call("013")
    home.promise("carer-2", minutes=10)
    home.ask("sign_off", by="carer-2")
    home.expect_did("signed_off", "promise_broken", "told")
    home.expect("told", promise=None)


# -- attend and close -------------------------------------------------------------------------------------------------


def test_attending_stops_the_clock_and_the_sound(home: House) -> None:
    """Somebody is there; an hour later they are reminded to close it."""
    home.press("012")
    home.attend("carer-1", proof="screen:012")
    home.expect("attended", attended_by="carer-1", proved=True)
    assert "screen of Room 012" in home.logs(Did.ATTENDED)[0].reason
    home.forget()
    home.wait(minutes=59)
    home.expect_nobody_told()
    home.wait(minutes=1)
    home.expect_did("reminded")
    home.expect_told("carer-1")


def test_the_reminder_finds_the_others_when_the_carer_has_gone(home: House) -> None:
    """A manager who attended and went home is not the only one reminded."""
    home.press("012")
    home.attend("manager-1")
    home.forget()
    home.wait(hours=1)
    home.expect_told("manager-1", "carer-1")


@pytest.mark.parametrize("ending", ["helped", "no_help_needed", "mistake"])
def test_an_alert_ends_with_how_it_ended(home: House, ending: str) -> None:
    """Each ending is kept with who said so."""
    home.press("012")
    home.attend("carer-1")
    home.close("carer-1", ending)
    home.expect("closed", ending=ending, closed_by="carer-1")
    home.expect_quiet()
    home.wait(hours=1)
    assert home.logs() == []


def test_another_ending_needs_a_word(home: House) -> None:
    """*Other* without a word says nothing, and so does an ending nobody knows."""
    home.press("012")
    assert "in a word" in home.refused("close", by="carer-1", alert="a00001", ending="other")
    assert "how it ended" in home.refused("close", by="carer-1", alert="a00001", ending="gone")
    home.close("carer-1", "other", reason="went out")
    home.expect("closed", word="went out")


def test_presence_that_cannot_be_shown_is_listed(home: House) -> None:
    """The carer closes alone with a reason, and the record has it for the manager."""
    home.press("012")
    home.attend("carer-1", reason="no tag or screen here")
    home.expect("attended", proved=False)
    assert "no tag or screen here" in home.logs(Did.ATTENDED)[0].reason
    home.close("carer-1")
    assert "manager's list" in home.logs(Did.CLOSED)[0].reason


def test_only_a_screen_where_the_person_is_proves_presence(home: House) -> None:
    """A cord in the lounge is answered in the lounge; a pendant wherever its wearer is."""
    home.press("lounge-cord")
    home.attend("carer-1", proof="screen:021")
    home.expect("attended", proved=False)
    home.attend("carer-1", proof="device:office-button")
    home.expect("attended", proved=True)
    home.close("carer-1")
    home.press("012")
    home.attend("carer-1", proof="screen:corridor")
    home.expect("attended", proved=True)


def test_only_staff_close(home: House) -> None:
    """Neither the room nor a stranger, nor somebody nobody knows."""
    home.press("012")
    assert "only ask for" in home.refused("close", client="room-012", alert="a00001", ending="helped")
    assert "sign on first" in home.refused("close", by="somebody", alert="a00001", ending="helped")
    home.expect("told")


def test_who_is_there_already_is_said(home: House) -> None:
    """A claim of an attended alert, and anything on a closed one, is answered with who."""
    home.press("012")
    home.attend("carer-1")
    assert home.refused("claim", by="carer-2", alert="a00001") == "Anna is there already"
    home.close("carer-1")
    home.wait(minutes=3)
    assert home.refused("claim", by="carer-2", alert="a00001") == "Anna closed it 3 min ago: helped"


def test_saying_i_am_all_right_stops_no_ladder(home: House) -> None:
    """It is shown to staff and closes nothing; a later press takes it back."""
    home.press("012")
    assert "still comes" in home.says_ok("012").reason
    home.expect("told", ok_said=True)
    home.forget()
    home.wait(seconds=45)
    home.expect_told("everybody on shift")
    home.press("012")
    home.expect("told", ok_said=False)


# -- told to wait -----------------------------------------------------------------------------------------------------


def test_told_to_wait_is_a_state_with_its_own_clock(home: House) -> None:
    """Back in ten minutes: quiet until then, the waiting time runs on from the first press."""
    home.call("012")
    first = home.alert.waiting_since_ms
    home.wait(minutes=2)
    home.promise("carer-1", minutes=10)
    home.expect("promised", quiet=True, waiting_since_ms=first)
    home.forget()
    home.wait(minutes=9, seconds=59)
    home.expect_nobody_told()


def test_a_broken_promise_rings_the_floor_first(home: House) -> None:
    """At its own level, from the first rung, with who promised."""
    home.call("012")
    home.wait(minutes=5)
    home.promise("carer-2", minutes=10)
    home.forget()
    home.wait(minutes=10)
    home.expect_did("promise_broken", "told")
    assert "Ben promised" in home.logs(Did.PROMISE_BROKEN)[0].reason
    home.expect("told", rung=0, level="call")
    home.expect_told("carer-1")
    assert "already" in home.refused("promise", by="carer-1", alert="a00001", until_s=60, reason="busy")


def test_one_extension_with_a_reason_and_no_second(home: House) -> None:
    """Longer needs a why, and after that there is only going."""
    home.call("012")
    home.promise("carer-1", minutes=10)
    home.wait(minutes=9)
    assert "why" in home.refused("promise", by="carer-1", alert="a00001", until_s=600)
    home.promise("carer-1", minutes=10, reason="a fall in 021")
    home.wait(minutes=9)
    assert "already" in home.refused("promise", by="carer-1", alert="a00001", until_s=600, reason="still")
    home.wait(minutes=1)
    home.expect("told", promised_before=True)


def test_going_first_and_promising_then_is_still_the_extension(home: House) -> None:
    """A claim in between does not make a second promise a first one."""
    home.call("012")
    home.promise("carer-1", minutes=10)
    home.claim("carer-1")
    assert "why" in home.refused("promise", by="carer-1", alert="a00001", until_s=600)
    home.promise("carer-1", minutes=10, reason="needs two")
    home.attend("carer-1")
    assert "already" in home.refused("promise", by="carer-1", alert="a00001", until_s=600, reason="again")


def test_nobody_is_asked_to_wait_in_an_emergency(home: House) -> None:
    """Nor longer than the home allows."""
    home.press("012")
    assert "emergency" in home.refused("promise", by="carer-1", alert="a00001", until_s=60)
    home.close("carer-1")
    home.call("012")
    for wrong in (0, -5, 20 * 60 + 1):
        assert "longest" in home.refused("promise", by="carer-1", alert="a00002", until_s=wrong)


# -- the table --------------------------------------------------------------------------------------------------------


def test_every_row_of_the_life_is_walked(home: House) -> None:
    """Each line of the table leads where it says, on the real machine."""
    for (before, doing), after in NEXT.items():
        house = House()
        house.call("012")
        _bring(house, before)
        assert house.alert.state is before
        _do(house, doing)
        assert house.alert.state is after, (before, doing)


def _bring(home: House, state: AlertState) -> None:
    match state:
        case AlertState.CLAIMED:
            home.claim("carer-1")
        case AlertState.ATTENDED:
            home.attend("carer-1")
        case AlertState.PROMISED:
            home.promise("carer-1", minutes=5)
        case AlertState.CLOSED:
            home.close("carer-1")


def _do(home: House, doing: Doing) -> None:
    match doing:
        case Doing.CLAIM:
            home.claim("carer-2")
        case Doing.ATTEND:
            home.attend("carer-2")
        case Doing.PROMISE:
            home.promise("carer-2", minutes=5, reason="a reason")
        case Doing.CLOSE:
            home.close("carer-2")
        case Doing.LAPSE:
            home.wait(minutes=10)
        case Doing.BREAK:
            home.wait(minutes=5)
        case Doing.LEAVE:
            home.ask("assist", by="carer-1")
            home.close("carer-2", "mistake", alert=home.open[-1].id)
        case Doing.CALL_AGAIN:
            home.wait(seconds=5)
            home.call("012")

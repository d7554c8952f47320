"""Presence: proved where the person is, or said why not; nobody closes in silence, and nobody is kept from going."""

from dataclasses import replace

import pytest

from rules.alerting.levels import Level
from rules.effects import Did
from tests.stories.house import House
from tests.stories.village import left_open

NO_TAG = "no tag or screen here"


def listed(home: House) -> str:
    """The manager's list of the morning that comes next; empty where there is none."""
    home.wait(hours=24)
    return " ".join(line.reason for line in home.logs(Did.LISTED, past=True))


def refused_to_close(home: House, alert: str = "a00001", **more: str) -> str:
    """Why an alert cannot be closed with nothing but its ending."""
    return home.refused("close", by="carer-1", alert=alert, ending="helped", **more)


def test_closing_alone_needs_a_reason_which_the_manager_reads_next_morning(home: House) -> None:
    """The refusal says what to give, the alert goes on as it was, and the reason stands in the record and the list."""
    home.press("012")
    assert refused_to_close(home) == (
        "nothing shows that somebody was there: say why (reason), for example: no tag or screen here"
    )
    home.expect("told", quiet=False)
    home.forget()
    home.wait(seconds=45)
    home.expect_told("everybody on shift")
    home.close("carer-1", reason="the tag or screen did not work")
    home.expect("closed", proved=False, unproved_reason="the tag or screen did not work")
    assert "closed without having attended, for the manager's list" in home.logs(Did.CLOSED)[0].reason
    assert "a00001 (Anna: the tag or screen did not work)" in listed(home)


def test_a_reason_given_when_attending_is_not_asked_for_again(home: House) -> None:
    """It is kept with the alert, also for a colleague who closes it."""
    home.press("012")
    home.attend("carer-1", reason=NO_TAG)
    home.expect("attended", unproved_reason=NO_TAG)
    home.close("carer-2", reason="")
    assert f"(reason: {NO_TAG})" in home.logs(Did.CLOSED)[0].reason
    assert f"a00001 (Ben: {NO_TAG})" in listed(home)


def test_going_and_being_there_never_need_a_reason(home: House) -> None:
    """Whoever is in a hurry is asked at the end, once."""
    home.press("012")
    home.claim("carer-1")
    home.attend("carer-1")
    home.expect("attended", proved=False, unproved_reason=None)
    assert "none given yet" in home.logs(Did.ATTENDED)[0].reason
    assert "reason" in refused_to_close(home)
    home.expect("attended")
    home.close("carer-1", reason=NO_TAG)
    home.expect("closed")


def test_the_word_of_another_ending_is_a_reason(home: House) -> None:
    """*Other: went out* says enough."""
    home.press("012")
    home.close("carer-1", "other", reason="went out")
    home.expect("closed", word="went out", unproved_reason="went out")
    assert "a00001 (Anna: went out)" in listed(home)


@pytest.mark.parametrize("proof", ["screen:lounge", "device:office-button", "tag:ada-lounge-tag"])
def test_any_tag_call_point_or_screen_where_the_person_is_proves_it_at_the_end_too(home: House, proof: str) -> None:
    """Not only the bedroom, and without having tapped *I am there* first; it is on no list."""
    home.press("lounge-cord")
    assert "reason" in refused_to_close(home, proof="screen:021")
    home.close("carer-1", reason="", proof=proof)
    home.expect("closed", proved=True, unproved_reason=None)
    assert "shown by" in home.logs(Did.CLOSED)[0].reason
    assert listed(home) == ""


def test_a_proof_takes_the_reason_back_and_a_colleague_without_one_does_not_undo_it(home: House) -> None:
    """What was shown stays shown while somebody is there."""
    home.press("012")
    home.attend("carer-1", reason=NO_TAG)
    home.attend("carer-1", proof="screen:012")
    home.expect("attended", proved=True, unproved_reason=None)
    home.attend("carer-2")
    assert "shown before" in home.logs(Did.ATTENDED)[0].reason
    home.close("carer-2", reason="")
    assert listed(home) == ""


def test_who_goes_away_takes_proof_and_reason_along(home: House) -> None:
    """It rings again, and the next one shows presence anew, or says why not."""
    for how in ({"proof": "screen:012"}, {"reason": NO_TAG}):
        home.press("012")
        home.attend("carer-1", **how)
        home.ask("sign_off", by="carer-1")
        home.expect("told", proved=False, unproved_reason=None)
        assert "reason" in refused_to_close(home, alert=home.alert.id)
        home.close("carer-2")
        home.ask("sign_on", by="carer-1")
        home.wait(seconds=5)


@pytest.mark.parametrize("level", [Level.URGENT, Level.CALL, Level.CHECK])
def test_whoever_somebody_should_look_after_is_asked_for(home: House, level: Level) -> None:
    """Not emergencies alone."""
    raise_by_rule(home, level)
    assert "reason" in refused_to_close(home)


def raise_by_rule(home: House, level: Level) -> None:
    """Margaret's door stays open, which her plan calls so much of a worry."""
    margaret = replace(home.home.residents[1], rules=(left_open("012", seconds=1, level=level),))
    others = [resident for resident in home.home.residents if resident.resident != margaret.resident]
    home.configure(replace(home.home, residents=(margaret, *others)))
    home.device("room-012-door", contact=True)
    home.device("room-012-door", contact=False)
    home.wait(seconds=2)
    home.expect("told", level=level)


def test_company_and_devices_need_nobody_beside_them(home: House) -> None:
    """A wish for company, bytes that nobody can read, pendants gone silent: closed with their ending alone."""
    raise_by_rule(home, Level.REQUEST)
    home.close("carer-1", reason="")
    home.cannot_read("zigbee2mqtt/x", "no JSON")
    for alert in home.open:
        home.close("nurse-1", alert=alert.id, reason="")
    home.expect_quiet()
    home.wait(hours=30)
    silent = [alert for alert in home.open if alert.kind == "availability"]
    assert {alert.level for alert in silent} == {Level.URGENT}
    for alert in silent:
        assert home.ask("close", by="nurse-1", alert=alert.id, ending="helped").ok


def test_the_hub_ends_its_own_alerts_without_a_reason(home: House) -> None:
    """A device that is heard again is on nobody's list."""
    home.wait(hours=30)
    assert home.open
    for alert in home.open:
        home.device(alert.device or "", battery=90)
    assert "closed without" not in listed(home)


def test_what_was_missed_is_shown_or_said_for_each(home: House) -> None:
    """A screen shows the presence where it hangs alone; one reason does for all of the others."""
    home.goes_down()
    for where in ("011", "lounge-cord", "013"):
        home.press(where)
    home.wait(hours=2)
    home.comes_back()
    missed = home.alert.id
    home.attend("carer-1", proof="screen:011")
    home.expect("attended", proved=False)
    assert "reason" in refused_to_close(home, missed, resident="ada")
    assert "reason" in refused_to_close(home, missed, device="lounge-cord", proof="screen:012")
    home.close("carer-1", alert=missed, device="lounge-cord", reason="", proof="screen:lounge")
    assert "shown by the screen of Lounge" in home.logs(Did.ANSWERED)[0].reason
    home.close("carer-1", alert=missed, resident="ada", reason="handset was dead")
    home.close("carer-1", alert=missed, resident="joan", reason="")
    home.expect("closed", proved=False, unproved_reason="handset was dead")
    assert f"{missed} (Anna: handset was dead)" in listed(home)


def test_what_was_missed_and_shown_everywhere_is_not_listed(home: House) -> None:
    """Each of them at its own screen."""
    home.goes_down()
    home.press("lounge-cord")
    home.press("013")
    home.wait(hours=2)
    home.comes_back()
    home.close("carer-1", device="lounge-cord", reason="", proof="screen:lounge")
    home.close("carer-1", resident="joan", reason="", proof="screen:013")
    home.expect("closed", proved=True)
    assert "without a proof" not in listed(home)


def test_a_reason_for_what_was_missed_outlives_its_carer(home: House) -> None:
    """One was answered alone, with a reason, and the carer went home: the record still says why."""
    home.goes_down()
    home.press("lounge-cord")
    home.press("013")
    home.wait(hours=2)
    home.comes_back()
    home.attend("carer-1", reason=NO_TAG)
    home.close("carer-1", resident="joan", reason="")
    home.ask("sign_off", by="carer-1")
    home.expect("told")
    home.close("carer-2", device="lounge-cord", reason="", proof="screen:lounge")
    home.expect("closed", proved=False, unproved_reason=NO_TAG)


def test_a_long_reason_is_short_in_the_list_and_whole_in_the_record(home: House) -> None:
    """A thousand letters of one alert do not hide the others."""
    home.press("012")
    home.close("carer-1", reason="it was dark " * 80)
    assert "it was dark " * 80 in home.logs(Did.CLOSED)[0].reason
    assert len(listed(home)) < 200

"""Waiting survives: what falls due while the hub is down (DESIGN promise 3)."""

from rules.effects import Did
from tests.stories.house import House


def test_the_next_person_is_told_on_time_after_a_restart(home: House) -> None:
    """Killed at 20 s, back at 30 s: everybody at 45 s, not late."""
    home.press("012")
    home.wait(seconds=20)
    home.down(minutes=1 / 6)
    home.forget()
    home.wait(seconds=14)
    home.expect_nobody_told()
    home.wait(seconds=1)
    home.expect_told("everybody on shift")
    home.expect("told", late=False)


def test_rungs_that_fell_due_meanwhile_come_at_once_marked_late(home: House) -> None:
    """Down over both: neither is skipped, each is said to be late."""
    home.press("012")
    home.forget()
    home.down(minutes=10)
    home.expect_did("started", "climbed", "told", "climbed", "told")
    assert all("late" in log.reason for log in home.logs(Did.CLIMBED))
    home.expect("told", rung=2, late=True)
    assert "manager-1" in home.rung
    home.forget()
    home.wait(seconds=60)
    assert "manager-1" in home.rung


def test_a_claim_that_lapsed_meanwhile_rings_everybody(home: House) -> None:
    """And says that it comes late."""
    home.press("012")
    home.claim("carer-1")
    home.forget()
    home.down(minutes=3)
    home.expect_did("claim_lapsed", "told")
    assert "late" in home.logs(Did.CLAIM_LAPSED)[0].reason
    home.expect("told", late=True)


def test_a_promise_keeps_its_time_over_a_restart(home: House) -> None:
    """Ten minutes are ten minutes."""
    home.call("012")
    home.promise("carer-1", minutes=10)
    home.down(minutes=8)
    home.wait(minutes=1, seconds=59)
    home.expect("promised")
    home.wait(seconds=1)
    home.expect_did("promise_broken", "told")


def test_an_alert_raised_before_any_restart_is_closed_after_three(home: House) -> None:
    """Its whole life goes through the ledger."""
    home.call("012")
    for _ in range(3):
        home.down(minutes=1)
    home.attend("carer-1")
    home.down(minutes=1)
    home.close("carer-1")
    home.down(minutes=1)
    home.call("012")
    home.expect("told", id="a00001", presses=2)


def test_the_clock_on_the_wall_changes_no_wait(home: House) -> None:
    """Somebody sets it forward: the promise keeps its length and its time of day is put right."""
    home.call("012")
    home.promise("carer-1", minutes=10)
    promise = home.alert.promise
    assert promise is not None
    home.clock_is_moved(hours=1)
    moved = home.alert.promise
    assert moved is not None
    assert moved.until_wall_ms == promise.until_wall_ms + 3_600_000
    assert home.alert.waiting_since_wall_ms == home.wall_ms
    home.wait(minutes=9, seconds=59)
    home.expect("promised")
    home.wait(seconds=1)
    home.expect("told")


def test_the_broker_comes_and_goes_once(home: House) -> None:
    """Said once when it goes and once when it is back."""
    home.loses_broker()
    assert home.did() == ["lost"]
    home.loses_broker()
    assert home.did() == []
    home.finds_broker()
    assert home.did() == ["back"]
    home.finds_broker()
    assert home.did() == []


def test_the_first_calls_after_a_start_have_names_that_no_copy_can_know(home: House) -> None:
    """Whether the record was put back from a copy is not known yet, and an alert that is open since may have the next
    number. A minute after the link it is known, and a lost broker changes nothing of it."""
    home.press("011")
    home.down(minutes=5)
    home.press("012")
    home.wait(minutes=1)
    home.press("013")
    home.loses_broker()
    home.finds_broker()
    home.press("lounge-cord", action="single")
    _, after, later, last = (alert.id for alert in home.open)
    assert (after.partition("-")[0], later, last) == ("a00002", "a00003", "a00004")
    assert "-" in after

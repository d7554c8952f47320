"""While the hub is gone its ladders stand still: what it showed open, and nobody is seeing to, the watcher tells."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hub.watch_parts import Night

GONE = "Handrail's hub does not answer"
BACK = "Handrail's hub is back"
MARGARET = "EMERGENCY: Margaret, lives in Room 12"
P12: dict[str, Any] = {"resident": "margaret", "room": "012"}
LEAK: dict[str, Any] = {"level": "urgent", "kind": "water_leak", "place": "lounge"}
UP: dict[str, Any] = {
    "level": "check",
    "kind": "bed",
    "resident": "arthur",
    "room": "013",
    "reason": "Arthur has been up for 15 min",
}


def with_open_emergency() -> Night:
    """Margaret pressed, the hub told it, nobody has taken it."""
    night = Night()
    night.press("p12")
    night.takes("pendant-12")
    night.shows("a00001", "pendant-12", reason="Margaret pressed for help", **P12)
    night.wait(20)
    return night


@pytest.mark.parametrize("stands_still", [True, False])
def test_an_alert_nobody_has_taken_is_told_when_the_hub_is_missed_and_again_each_minute(stands_still: bool) -> None:
    """Who, where and since when, on phones, sirens and the board; without an end while nobody heard it."""
    night = with_open_emergency()
    night.hub_stops() if stands_still else night.hub_dies()
    night.wait(8.5)
    assert night.titles == [MARGARET, GONE]
    assert "01:58 emergency: Margaret, lives in Room 12, told by the hub, nobody has taken it" in night.texts
    assert "The hub does not answer since 02:00." in night.texts
    assert night.rings == ["emergency"]
    assert night.shown == ["pendant-12"]
    night.forget()
    night.wait(600)
    assert night.titles == ["EMERGENCY: 1 call waits"] * 10
    assert night.rings == ["emergency"] * 10


def test_several_are_one_message_the_most_serious_first() -> None:
    """Two calls and a leak are not three alarms at once; nobody's company and no fault of the machine is among them."""
    night = with_open_emergency()
    night.shows("a00002", "lounge-leak", reason="Water was detected", **LEAK)
    night.shows("a00003", "pendant-13", level="call", kind="call", resident="arthur", room="013")
    night.shows("a00004", "screen:012", level="request", kind="request", **P12)
    night.shows("a00005", "hub:disk", level="technical", kind="other")
    night.hub_dies()
    night.wait(8.5)
    assert night.titles == ["EMERGENCY: 3 calls wait", GONE]
    first, second, third, *_ = night.texts.splitlines()
    assert first.startswith("01:58 emergency: Margaret, lives in Room 12")
    assert second.startswith("01:58 urgent: Lounge")
    assert third.startswith("01:58 call: Arthur, lives in Room 13")
    assert night.shown == ["pendant-12", "lounge-leak", "pendant-13"]


def test_what_somebody_heard_or_a_hub_that_is_back_rings_no_more() -> None:
    """Heard: silent, and still on the board. Back and steady: the hub's own ladder goes on."""
    night = with_open_emergency()
    night.hub_stops()
    night.wait(8.5)
    (ident,) = night.watch.told
    night.watch.seen_to(ident, "ana", night.now)
    night.forget()
    night.wait(300)
    assert night.titles == []
    assert night.shown == ["pendant-12"]
    night.hub_is_back()
    night.shows("a00001", "pendant-12", rung=1, late=True, **P12)
    night.wait(11)
    assert night.titles == [BACK]
    assert "once more" not in night.texts
    assert (night.shown, night.state_word) == ([], "watching")
    night.wait(280)
    assert night.titles == [BACK]


def test_a_hub_that_is_well_again_is_not_talked_over() -> None:
    """It rings for its alerts from its first moment; the watcher has only not let go yet."""
    night = with_open_emergency()
    night.hub_stops()
    night.wait(8.5 + 58)
    night.hub_is_back()
    night.forget()
    night.wait(5)
    assert night.titles == []
    assert night.state_word == "in_charge"


@pytest.mark.parametrize("seconds", [0.5, 2, 3.5])
def test_a_hub_that_is_back_in_time_doubles_nothing(seconds: float) -> None:
    """Kill -9 and a restart, an update, a reload: the watcher says nothing of what is open."""
    night = with_open_emergency()
    night.hub_restarts(seconds)
    night.wait(120)
    assert night.did == []


def test_a_hub_that_comes_and_goes_leaves_its_open_alerts_its_own_while_it_is_there() -> None:
    """Killed every few seconds it rings at each start what fell due; only a hub that stays away is stood in for."""
    night = with_open_emergency()
    for _ in range(5):
        night.hub_restarts(2)
        night.wait(4)
    assert night.titles == ["Handrail's hub comes and goes"]
    night.hub_dies()
    night.wait(4.5)
    assert night.titles == ["Handrail's hub comes and goes", MARGARET]


def test_what_was_closed_or_taken_before_is_not_told() -> None:
    """Whoever is there, or promised to be back, sees to it; a walk test rings nobody."""
    night = with_open_emergency()
    night.shows("a00001", "pendant-12", state="attended", quiet=True, attended_by="ana", **P12)
    night.shows("a00002", "lounge-leak", **LEAK)
    night.clears("a00002")
    night.shows("a00003", "lounge-cord", state="closed")
    night.shows("a00004", "pendant-13", quiet=True, test={"by": "ana"}, level="call", kind="call")
    night.hub_dies()
    night.wait(900)
    assert night.titles == [GONE]
    assert night.shown == []


def test_a_calendar_that_is_years_behind_makes_no_promise_longer_than_it_may_be() -> None:
    """The watcher's machine has no clock of its own, and the hub's says another year."""
    night = with_open_emergency()
    promised = {"state": "promised", "promised_by": "ana", "promised_until": "2036-11-21T02:05:00.000Z"}
    night.shows("a00001", "pendant-12", quiet=True, **{**P12, **promised, "level": "call", "kind": "call"})
    night.hub_stops()
    night.wait(1195)
    assert night.titles == [GONE]
    night.wait(10)
    assert night.titles == [GONE, "CALL: Margaret, lives in Room 12"]


@pytest.mark.parametrize(
    ("more", "after_s"),
    [
        ({"state": "claimed", "claimed_by": "ana"}, 120),
        ({"level": "call", "kind": "call", "state": "claimed", "claimed_by": "ana"}, 600),
        (
            {
                "level": "call",
                "kind": "call",
                "state": "promised",
                "promised_by": "ana",
                "promised_until": "2026-11-21T02:05:00.000Z",
            },
            280,
        ),
    ],
)
def test_who_took_it_and_should_be_there_by_now_is_not_relied_on(more: dict[str, Any], after_s: int) -> None:
    """The hub would have rung everybody again when the time for it was over."""
    night = with_open_emergency()
    night.shows("a00001", "pendant-12", quiet=True, **{**P12, **more})
    night.hub_stops()
    night.wait(after_s - 5)
    assert night.titles == [GONE]
    night.wait(10)
    level = more.get("level", "emergency").upper()
    assert night.titles == [GONE, f"{level}: Margaret, lives in Room 12"]
    assert "Ana took it, and nobody knows whether anybody is there" in night.texts


def test_a_check_is_told_after_a_quarter_of_an_hour_without_a_siren() -> None:
    """Its ladder has rungs so far apart; nobody else is woken for it."""
    night = Night()
    night.shows("a00001", "arthurs-bed", **UP)
    night.hub_stops()
    night.wait(895)
    assert night.titles == [GONE]
    night.wait(20)
    assert night.titles == [GONE, "CHECK: Arthur, lives in Room 13"]
    assert night.rings == []
    night.wait(1_805)
    assert night.titles[2:] == ["CHECK: 1 call waits"]


def test_a_press_of_an_open_alert_is_told_with_it_and_not_beside_it() -> None:
    """One person, one pendant, one line on the board."""
    night = with_open_emergency()
    night.press("p12")
    night.hub_stops()
    night.wait(9)
    assert night.titles == [MARGARET, GONE]
    assert night.shown == ["pendant-12"]
    night.forget()
    night.wait(11)
    night.press("p12")
    assert night.titles == [MARGARET]
    assert "Pressed 2 times." in night.texts
    assert night.shown == ["pendant-12"]


def test_a_watcher_that_was_started_beside_a_dead_hub_tells_what_the_broker_keeps() -> None:
    """After its own first moments; a list of those missed names each of them."""
    night = Night(hub=False)
    rows = [
        {"resident": "margaret", "place": None, "device": "pendant-12", "answered_by": None},
        {"resident": "arthur", "place": None, "device": "pendant-13", "answered_by": "ana"},
        {"resident": None, "place": "lounge", "device": "lounge-cord", "answered_by": None},
    ]
    night.shows("a00001", "missed while down", missed=rows)
    night.wait(16)
    assert night.titles == ["EMERGENCY: pressed while the hub was down: Margaret, lives in Room 12; Lounge", GONE]


def test_what_was_closed_while_the_watcher_heard_nothing_is_no_ghost() -> None:
    """After a new connection the broker shows what is open; with the hub there, the rest is over."""
    for is_shown, told in ((True, [MARGARET, GONE]), (False, [GONE])):
        night = with_open_emergency()
        night.watch.linked(False, night.now)
        night.watch.linked(True, night.now)
        if is_shown:
            night.shows("a00001", "pendant-12", **P12)
        night.wait(10)
        night.hub_dies()
        night.wait(6)
        assert night.titles == told


def test_a_hub_that_heard_nothing_and_then_dies_is_said_to_be_gone() -> None:
    """Its open alerts are told as well, although the watcher was in charge before."""
    night = with_open_emergency()
    night.press("p13")
    night.wait(9)
    assert night.titles[-1] == "Handrail's hub does not tell calls"
    night.forget()
    night.hub_dies()
    night.wait(6)
    assert night.titles == [MARGARET, GONE]

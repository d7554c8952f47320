"""A watcher that is killed forgets nothing that it held: the next one goes on as if nothing had been."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.hub.watch_parts import Night

GONE = "Handrail's hub does not answer"
BACK = "Handrail's hub is back"
MARGARET = "EMERGENCY: Margaret, lives in Room 12"
WAITS = "EMERGENCY: 1 call waits"
UNSURE = "perhaps not taken by the hub, the watcher was restarted"
STAMP, LATER = "2026-11-21T02:00:09.100Z", "2026-11-21T02:00:21.300Z"


def told_and_killed(*presses: tuple[str, str | None], away_s: float = 2) -> Night:
    """The hub is gone, the watcher has told these to somebody, and is killed; the next one runs."""
    night = Night()
    night.hub_dies()
    night.wait(6)
    for device, stamp in presses:
        night.press(device, stamp=stamp)
        night.wait(11)
    night.reached()
    night.forget()
    night.killed(away_s)
    return night


def test_what_the_hub_never_got_is_told_until_somebody_heard_it() -> None:
    """Pressed while the hub was down, and lost on the way to it; nothing is told a second time because of the kill."""
    night = told_and_killed(("p12", None))
    assert night.state_word == "in_charge"
    assert night.watch.in_charge_wall_ms is not None
    night.wait(40)
    assert night.titles == []
    night.wait(60)
    assert night.titles == [WAITS]
    assert "The hub does not answer since 02:00." in night.texts
    night.forget()
    night.hub_is_back()
    night.wait(12)
    assert night.titles == [BACK, WAITS]
    assert "It has not taken 1 call" in night.texts
    assert "The watcher was restarted meanwhile: it may not have heard that the hub took it." in night.texts
    assert f"Margaret, lives in Room 12, {UNSURE}\nThe watcher was restarted, and has not heard" in night.texts
    night.wait(120)
    assert night.titles == [BACK, WAITS, WAITS, WAITS]
    (ident,) = night.watch.told
    night.watch.seen_to(ident, "ana", night.now)
    night.wait(300)
    assert (len(night.titles), night.shown, night.state_word) == (4, [], "watching")


@pytest.mark.parametrize(
    "names",
    [
        lambda night: night.says("raised", "pendant-12", stamp=STAMP),
        lambda night: night.says("raised", "margarets-pendant", stamp=STAMP),
        lambda night: night.says("walk_heard", "pendant-12", stamp=STAMP),
        lambda night: night.shows("a00001", "pendant-12"),
        lambda night: night.shows("a00001", "missed while down", missed=[{"device": "pendant-12", "presses": 1}]),
    ],
)
@pytest.mark.parametrize("away_s", [2, 3_600])
def test_what_the_hub_names_is_its_own_to_tell(names: Callable[[Night], None], away_s: float) -> None:
    """However it shows it, and however long nobody watched; that it is back is said as ever."""
    night = told_and_killed(("p12", STAMP), away_s=away_s)
    night.hub_is_back()
    names(night)
    night.wait(300)
    assert night.titles == [BACK]
    assert "It tells the call of meanwhile once more." in night.texts
    assert (night.shown, night.state_word) == ([], "watching")


def test_an_earlier_press_that_the_hub_shows_hands_nothing_back() -> None:
    """What the hub showed before is not news to the next watcher: neither its open alert nor its last line."""
    night = Night()
    night.press("p12")
    night.says("raised", "pendant-12")
    night.shows("a00001", "pendant-12", state="attended", quiet=True, attended_by="ana")
    night.hub_dies()
    night.wait(6)
    night.press("p12")
    night.wait(1)
    night.killed()
    night.shows("a00001", "pendant-12", state="attended", quiet=True, attended_by="ana")
    night.hub_is_back()
    night._stamps -= 1
    night.says("raised", "pendant-12")
    night.wait(12)
    assert night.shown == ["pendant-12"]
    assert night.titles[-2:] == [BACK, WAITS]


def test_a_press_while_the_next_watcher_looks_around_is_told_once_within_ten_seconds() -> None:
    """The hub is still gone; or it is back, and tells it itself."""
    night = told_and_killed(("p13", STAMP))
    night.press("p12")
    night.wait(8.5)
    assert night.titles == [MARGARET]
    night.press("p13")
    assert night.titles == [MARGARET, "CALL: Arthur, lives in Room 13"]
    night = told_and_killed(("p13", STAMP))
    night.press("p12", stamp=LATER)
    night.wait(1)
    night.hub_is_back()
    night.says("raised", "pendant-12", stamp=LATER)
    night.says("raised", "pendant-13", stamp=STAMP)
    night.wait(60)
    assert night.titles == [BACK]


def test_what_had_perhaps_reached_nobody_is_told_soon() -> None:
    """It was killed while it told; a minute is too long to wait."""
    night = Night()
    night.hub_dies()
    night.wait(6)
    night.press("p12")
    night.forget()
    night.killed()
    night.wait(9)
    assert night.titles == [WAITS]
    assert "Margaret, lives in Room 12" in night.texts


def test_what_somebody_heard_stays_heard_and_a_further_press_is_told_anew() -> None:
    """And it is one call with its number."""
    night = told_and_killed(("p12", None))
    (ident,) = night.watch.told
    night.watch.seen_to(ident, "ana", night.now)
    night.killed(30)
    night.wait(300)
    assert night.titles == []
    assert night.watch.told[ident].heard_by == "ana"
    night.press("p12")
    assert night.titles == [MARGARET]
    assert "Pressed 2 times." in night.texts


@pytest.mark.parametrize("clock_s", [0, -86_400, 86_400, 10 * 365 * 86_400])
def test_a_clock_that_was_set_meanwhile_silences_nothing(clock_s: float) -> None:
    """By a day, by ten years: told again within the minute, and handed back to a hub that has it."""
    night = told_and_killed(("p12", STAMP))
    night.killed(2, clock_s=clock_s)
    night.wait(62)
    assert night.titles == [WAITS]
    night.hub_is_back()
    night.says("raised", "pendant-12", stamp=STAMP)
    night.wait(12)
    assert (night.titles, night.shown) == ([WAITS, BACK], [])


def test_alerts_of_the_hub_that_it_told_are_not_told_a_second_time() -> None:
    """One that nobody had taken, and one whose carer should be there by now; whoever takes them ends them."""
    night = Night()
    night.shows("a00001", "pendant-12", resident="margaret", room="012")
    night.shows("a00002", "pendant-13", quiet=True, state="claimed", claimed_by="ana", version=7, room="013")
    night.hub_dies()
    night.wait(130)
    assert sorted(night.shown) == ["pendant-12", "pendant-13"]
    night.reached()
    night.forget()
    night.killed()
    night.shows("a00001", "pendant-12", resident="margaret", room="012")
    night.shows("a00002", "pendant-13", quiet=True, state="claimed", claimed_by="ana", version=7, room="013")
    night.wait(40)
    assert night.titles == []
    assert sorted(night.shown) == ["pendant-12", "pendant-13"]
    night.hub_is_back()
    night.wait(12)
    assert (night.titles, night.shown) == ([BACK], [])


# -- a hub that beats -------------------------------------------------------------------------------------------------


def test_what_a_hub_that_beats_never_told_stays_until_it_is_heard() -> None:
    """The hub is well all the while: nothing is said twice, nobody else's press is doubled, and it ends as ever."""
    night = Night()
    night.press("p12", stamp=STAMP)
    night.wait(12)
    assert night.titles == [MARGARET, "Handrail's hub does not tell calls"]
    night.reached()
    night.forget()
    night.killed()
    night.beats("ready", retained=True)
    night.press("p13", stamp=LATER)
    night.says("raised", "pendant-13", stamp=LATER)
    night.shows("a00002", "pendant-13", stamp=LATER)
    night.wait(30)
    assert night.titles == []
    assert (night.shown, night.state_word) == (["pendant-12"], "in_charge")
    (ident,) = night.watch.told
    night.watch.seen_to(ident, "ana", night.now)
    night.wait(30)
    assert night.state_word == "in_charge"
    night.press("p12", stamp=LATER)
    night.says("raised", "pendant-12", stamp=LATER)
    night.shows("a00003", "pendant-12", stamp=LATER)
    night.wait(30)
    assert night.titles == ["Handrail's hub tells calls again"]
    assert (night.shown, night.state_word) == ([], "watching")


def test_a_press_that_was_not_yet_told_is_told_by_the_next_watcher() -> None:
    """The hub stood still, and the watcher was killed before it missed it. Also where the hub only heard of it."""
    for heard in (False, True):
        night = Night()
        night.press("p12")
        night.hub_stops()
        if heard:
            night.watch.answered("pendant-12", None)
        night.wait(1)
        night.killed()
        night.wait(15.5)
        assert night.titles == [MARGARET, GONE]


def test_a_press_of_which_the_hub_said_nothing_is_told_by_the_next_watcher() -> None:
    """Its heart beats; its answer may come while nobody watches, and the broker keeps that for a minute."""
    for answers in (True, False):
        night = Night()
        night.press("p12", stamp=STAMP)
        night.wait(1)
        night.killed()
        if answers:
            night.says("raised", "pendant-12", stamp=STAMP)
        night.wait(20)
        assert night.titles == ([] if answers else [MARGARET, "Handrail's hub does not tell calls"])


def test_of_a_press_too_long_ago_the_hub_is_not_blamed_and_people_are_told() -> None:
    """Nobody watched for an hour, and nobody knows what the hub said meanwhile: unless it shows an alert of it."""
    for is_shown in (True, False):
        night = Night()
        night.press("p12", stamp=STAMP)
        night.wait(1)
        night.killed(3_600)
        if is_shown:
            night.shows("a00001", "pendant-12", stamp=STAMP)
        night.wait(30)
        assert night.titles == ([] if is_shown else [WAITS])
        assert is_shown or f"02:00 emergency: Margaret, lives in Room 12, {UNSURE}" in night.texts
        for ident in list(night.watch.told):
            night.watch.seen_to(ident, "ana", night.now)
        night.wait(20)
        assert (night.shown, night.state_word) == ([], "watching")


def test_a_press_that_the_hub_had_heard_so_long_ago_is_none_of_ours() -> None:
    """A walk test, say: as without the kill it is forgotten after two minutes, and told where the hub dies before."""
    for away_s, told in ((90, [MARGARET, GONE]), (130, [GONE])):
        night = Night()
        night.press("p12")
        night.says("walk_heard", "pendant-12")
        night.wait(1)
        night.killed(away_s)
        night.beats("ready")
        night.hub_dies()
        night.wait(6)
        assert night.titles == told


def test_a_watcher_that_holds_nothing_leaves_nothing() -> None:
    """What the hub took is the hub's; the next watcher begins as any."""
    night = Night()
    night.press("p12", stamp=STAMP)
    night.takes("pendant-12", stamp=STAMP)
    assert night.watch.holds(night.now) is None
    night.killed()
    night.wait(60)
    assert night.did == []


# -- by chance --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_whatever_the_night_a_press_that_the_hub_never_named_is_told(seed: int) -> None:
    """The hub dies, stands still, comes back, names some presses, loses others; the watcher is killed at any moment."""
    chance, night = random.Random(seed), Night()
    owed: dict[str, set[str]] = {"pendant-12": set(), "pendant-13": set(), "lounge-cord": set()}
    addresses = dict(zip(owed, ("p12", "p13", "cord"), strict=True))
    for number in range(60):
        name = chance.choice(list(owed))
        match chance.choice(("press", "press", "names", "kill", "kill", "dies", "stops", "back", "reached")):
            case "press":
                stamp = f"2026-11-21T02:{number:02d}:00.100Z"
                night.press(addresses[name], stamp=stamp)
                owed[name].add(stamp)
            case "names" if night.state:
                for stamp in sorted(owed[name]):
                    night.says("raised", name, stamp=stamp)
                owed[name].clear()
            case "kill":
                before = dict(night.watch.told)
                night.killed(chance.choice((0.5, 2, 20, 400)))
                assert night.watch.told.keys() >= before.keys()
            case "dies":
                night.hub_dies()
            case "stops":
                night.hub_stops()
            case "back":
                night.hub_is_back()
            case "reached":
                night.reached()
        night.wait(chance.choice((0, 0.5, 3, 12, 70)))
    night.hub_dies()
    night.wait(40)
    assert {name for name, presses in owed.items() if presses} <= set(night.shown)
    told = night.texts + "".join(night.titles)
    assert all(who in told for name, who in zip(owed, ("Margaret", "Arthur", "Lounge"), strict=True) if owed[name])

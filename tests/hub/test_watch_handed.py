"""What a hub that is back gets from the watcher: the presses it named, and no others."""

from __future__ import annotations

import pytest

from tests.hub.watch_parts import Night

GONE = "Handrail's hub does not answer"
BACK = "Handrail's hub is back"
MARGARET = "EMERGENCY: Margaret, lives in Room 12"
WAITS = "EMERGENCY: 1 call waits"
STAMP, LATER = "2026-11-21T02:00:09.100Z", "2026-11-21T02:00:21.300Z"
NOT_TAKEN = "not taken by the hub"


def pressed_without_a_hub(*presses: tuple[str, str | None]) -> Night:
    """The watcher is in charge and has told these, each device with its stamp."""
    night = Night()
    night.hub_dies()
    night.wait(6)
    for device, stamp in presses:
        night.press(device, stamp=stamp)
        night.wait(11)
    night.forget()
    return night


def test_a_press_that_the_hub_never_got_is_told_until_somebody_heard_it() -> None:
    """The broker lost it: nobody else tells it, so it stays on the board, and everybody is told why."""
    night = pressed_without_a_hub(("p12", None))
    night.hub_is_back()
    night.wait(12)
    assert night.titles == [BACK, WAITS]
    assert "It has not taken 1 call: the watcher goes on telling that" in night.texts
    assert (
        f"02:00 emergency: Margaret, lives in Room 12, {NOT_TAKEN}\nThe hub is back since 02:00 and has not taken"
        in (night.texts)
    )
    assert "once more" not in night.texts
    night.wait(180)
    assert night.titles == [BACK, WAITS, WAITS, WAITS, WAITS]
    assert night.shown == ["pendant-12"]
    assert night.state_word == "in_charge"
    (ident,) = night.watch.told
    night.watch.seen_to(ident, "ana", night.now)
    night.wait(300)
    assert len(night.titles) == 5
    assert (night.shown, night.state_word) == ([], "watching")


def test_of_two_presses_the_hub_gets_the_one_it_named() -> None:
    """The other one is told on, by name."""
    night = pressed_without_a_hub(("p12", STAMP), ("cord", LATER))
    night.hub_is_back()
    night.says("raised", "lounge-cord", stamp=LATER)
    night.shows("a00002", "lounge-cord", stamp=LATER)
    night.wait(12)
    assert night.titles == [BACK, WAITS]
    assert "It tells the call of meanwhile once more. It has not taken 1 call" in night.texts
    assert night.shown == ["pendant-12"]


def test_a_line_of_an_earlier_press_hands_nothing_back() -> None:
    """By the device's own stamp: what the hub took before it died is another press."""
    night = pressed_without_a_hub(("p12", LATER))
    night.hub_is_back()
    night.says("raised", "pendant-12", stamp=STAMP)
    night.wait(12)
    assert night.shown == ["pendant-12"]


@pytest.mark.parametrize(
    "names",
    [
        lambda night: night.says("raised", "pendant-12", stamp=STAMP),
        lambda night: night.says("raised", "margarets-pendant", stamp=STAMP),
        lambda night: night.says("walk_heard", "pendant-12", stamp=STAMP),
        lambda night: night.shows("a00001", "pendant-12"),
        lambda night: night.shows("a00001", "missed while down", missed=[{"device": "pendant-12", "presses": 1}]),
        lambda night: night.shows("a00001-3f", "pendant-12", stamp=STAMP, unrecorded=True),
    ],
)
def test_however_the_hub_shows_that_it_has_it_the_press_is_its_own(names: object) -> None:
    """A line, a name of newer files, a walk test, an alert without a log, a list of those missed."""
    assert callable(names)
    night = pressed_without_a_hub(("p12", STAMP))
    night.hub_is_back()
    names(night)
    night.wait(300)
    assert night.titles == [BACK]
    assert (night.shown, night.state_word) == ([], "watching")


def test_a_hub_that_is_slow_gets_it_when_it_names_it() -> None:
    """It had a backlog; until then the watcher told it."""
    night = pressed_without_a_hub(("p12", STAMP))
    night.hub_is_back()
    night.wait(12)
    assert night.shown == ["pendant-12"]
    night.says("raised", "pendant-12", stamp=STAMP)
    night.wait(1)
    assert (night.shown, night.state_word) == ([], "watching")
    night.wait(300)
    assert night.titles == [BACK, WAITS]


def test_whoever_presses_again_is_the_hubs_to_tell() -> None:
    """Its alert of the later press brings somebody there."""
    night = pressed_without_a_hub(("p12", None))
    night.hub_is_back()
    night.wait(30)
    night.press("p12")
    night.says("raised", "pendant-12")
    night.shows("a00001", "pendant-12")
    night.wait(280)
    assert night.titles == [BACK, WAITS]
    assert (night.shown, night.state_word) == ([], "watching")


def test_a_hub_that_goes_again_is_said_to_be_gone_again() -> None:
    """What it had not taken is told on, and nothing of it twice."""
    night = pressed_without_a_hub(("p12", STAMP))
    night.hub_is_back()
    night.wait(12)
    night.forget()
    night.hub_dies()
    night.wait(6)
    assert night.titles == [GONE]
    night.hub_is_back()
    night.says("raised", "pendant-12", stamp=STAMP)
    night.wait(12)
    assert night.titles[-1] == BACK
    assert (night.shown, night.state_word) == ([], "watching")


def test_a_press_in_two_forms_is_named_by_either() -> None:
    """Zigbee2MQTT says it as JSON and as a plain word; the hub may count the second one."""
    night = pressed_without_a_hub()
    night.hears("zigbee2mqtt/p12", b'{"action":"emergency","last_seen":"%s"}' % STAMP.encode())
    night.hears("zigbee2mqtt/p12/action", b"emergency")
    night.hub_is_back()
    night.says("raised", "pendant-12")
    night.says("not_a_press", "pendant-12", stamp=STAMP)
    night.wait(12)
    assert night.titles[-1] == BACK
    assert night.shown == []


def test_an_alarm_that_the_hub_had_already_is_not_said_to_be_new_to_it() -> None:
    """The watcher was started beside a dead hub, and heard of the smoke only now: the hub's own alert of it stands."""
    night = Night(hub=False)
    night.shows("a00001", "lounge-smoke", kind="smoke", place="lounge", quiet=True, claimed_by="ana")
    night.wait(16)
    night.hears("zigbee2mqtt/smoke", b'{"smoke":true}')
    night.hub_is_back()
    night.wait(12)
    assert night.titles[-1] == BACK
    assert NOT_TAKEN not in night.texts
    assert night.shown == []


def test_a_press_that_the_hub_had_heard_before_it_died_is_not_said_to_be_lost() -> None:
    """It is in the ledger, and will not be named again."""
    night = Night()
    night.press("p12")
    night.watch.answered("pendant-12", None)
    night.hub_dies()
    night.wait(6)
    assert night.titles == [MARGARET, GONE]
    night.hub_is_back()
    night.wait(12)
    assert night.titles == [MARGARET, GONE, BACK]
    assert night.shown == []

"""A hub whose heart beats and which says nothing of a press: noticed by that press, and never invented."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.hub.watch_parts import Night

DEAF = "Handrail's hub does not tell calls"
AGAIN = "Handrail's hub tells calls again"
GONE = "Handrail's hub does not answer"
MARGARET = "EMERGENCY: Margaret, lives in Room 12"
STAMP = "2026-11-21T02:00:00.100Z"
LATER = "2026-11-21T02:00:04.700Z"
STRANGER = "zigbee2mqtt/somebody"

# -- a hub that hears nothing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("since_beat_s", [0, 1, 2.75, 4.75])
def test_a_press_that_the_hub_says_nothing_of_is_told_within_ten_seconds_and_once(since_beat_s: float) -> None:
    """By the raw press, in words for the night, and that the hub runs and does not tell."""
    night = Night()
    night.wait(30 + since_beat_s)
    night.press("p12")
    night.wait(5)
    assert night.titles == []
    night.wait(4.5)
    assert night.titles == [MARGARET, DEAF]
    assert night.rings == ["emergency"]
    assert "Told by the watcher: the hub heard nothing of it." in night.texts
    assert "the hub runs, and heard nothing of Margaret, lives in Room 12 at 02:00" in night.texts
    night.wait(45)
    assert night.titles == [MARGARET, DEAF]
    assert night.shown == ["pendant-12"]


def test_the_next_press_of_a_hub_that_hears_nothing_waits_less() -> None:
    """It had its chance; a press that it does take is still its own."""
    night = Night()
    night.press("p12")
    night.wait(9)
    night.forget()
    night.press("p13")
    night.wait(3)
    assert night.titles == ["CALL: Arthur, lives in Room 13"]
    night.press("cord")
    night.says("raised", "lounge-cord")
    night.wait(9)
    assert "EMERGENCY: Lounge" not in night.titles


def test_a_press_nobody_heard_is_told_again_every_minute_until_somebody_did_or_the_hub_has_it() -> None:
    """A press that the hub never got is told by nobody else."""
    night = Night()
    night.press("p12")
    night.wait(9)
    night.forget()
    night.wait(120)
    assert night.titles == ["EMERGENCY: 1 call waits"] * 2
    assert "The hub has not told calls since 02:00." in night.texts


def test_the_hub_that_hears_the_device_again_gets_it_back() -> None:
    """Its alert of a later press shows it; the watcher's own call goes from the screens, and once it is said."""
    night = Night()
    night.press("p12")
    night.wait(20)
    night.forget()
    night.press("p12")
    night.says("raised", "pendant-12")
    night.shows("a00007", "pendant-12")
    night.wait(1)
    assert night.shown == []
    assert night.titles == [AGAIN]
    assert night.state_word == "watching"
    night.wait(280)
    assert night.titles == [AGAIN]


def test_a_battery_that_is_low_is_no_answer_to_a_press() -> None:
    """A technical alert of the same device shows nothing of what it called for."""
    night = Night()
    night.press("p12", stamp=STAMP)
    night.shows("a00007", "pendant-12", kind="battery")
    night.wait(9)
    assert night.titles == [MARGARET, DEAF]
    night.shows("a00008", "pendant-12", kind="other")
    night.wait(1)
    assert night.shown == ["pendant-12"]


def test_a_hub_that_was_started_again_gets_it_back_once_somebody_heard_the_call() -> None:
    """A press that the hub never got is not lost by restarting it."""
    night = Night()
    night.press("p12")
    night.wait(9)
    night.hub_dies()
    night.wait(2)
    night.hub_is_back()
    night.wait(30)
    assert night.state_word == "in_charge"
    (ident,) = night.watch.told
    night.watch.seen_to(ident, "ana", night.now)
    night.wait(1)
    assert night.state_word == "watching"
    assert night.titles == [MARGARET, DEAF, AGAIN]


def test_a_deaf_hub_that_dies_leaves_no_press_waiting() -> None:
    """What is pressed then is told at once."""
    night = Night()
    night.press("p12")
    night.wait(9)
    night.hub_dies()
    night.forget()
    night.press("p13")
    assert night.titles == ["CALL: Arthur, lives in Room 13"]


def test_a_hub_that_stops_is_not_said_to_run() -> None:
    """Whether its heart beats is seen by a beat after the press."""
    for since_beat_s in (0, 2, 4.75):
        night = Night()
        night.wait(30 + since_beat_s)
        night.press("p12")
        night.hub_stops()
        night.wait(10)
        assert night.titles == [MARGARET, GONE], since_beat_s


def test_a_hub_that_restarts_has_a_moment_to_say_what_it_took() -> None:
    """And where it does not, the press is told within ten seconds all the same."""
    for answers, told in ((True, []), (False, [MARGARET, DEAF])):
        night = Night()
        night.press("p12")
        night.hub_dies()
        night.wait(3)
        night.hub_is_back()
        night.wait(5.5)
        if answers:
            night.says("raised", "pendant-12")
        night.wait(1.25)
        assert night.titles == told, answers


@pytest.mark.parametrize(("up_s", "down_s"), [(4, 1), (2, 4), (6, 2)])
def test_a_connection_that_breaks_again_and_again_delays_no_press_for_long(up_s: float, down_s: float) -> None:
    """The watcher cannot tell whether the hub's heart beats, and so never misses it; a press is told all the same."""
    night = Night()
    night.wait(20)
    night.hub_stops()
    for _ in range(5):
        night.wait(up_s)
        night.without_broker(down_s)
    night.wait(0.5)
    night.press("p12")
    pressed_ms = night.ms
    while night.ms < pressed_ms + 20_000:
        night.wait(up_s)
        night.without_broker(down_s)
    night.wait(up_s)
    assert MARGARET in night.titles


def test_a_deaf_hub_is_not_judged_while_the_watcher_hears_nothing_itself() -> None:
    """The connection breaks right after the second press: the hub has its moment when it is up again."""
    night = Night()
    night.press("p12")
    night.wait(9)
    night.forget()
    night.press("p13", stamp=STAMP)
    night.without_broker(5)
    night.wait(0.5)
    night.says("raised", "pendant-13", stamp=STAMP)
    night.wait(30)
    assert "CALL: Arthur, lives in Room 13" not in night.titles


# -- what is no press that the hub missed -----------------------------------------------------------------------------

JSON = b'{"action":"emergency","last_seen":"%s"}' % STAMP.encode()


def a_second_form(night: Night) -> None:
    """Zigbee2MQTT says it as JSON and as a plain word; the hub took one of them."""
    night.hears("zigbee2mqtt/p12", JSON)
    night.hears("zigbee2mqtt/p12/action", b"emergency")
    night.says("raised", "pendant-12", stamp=STAMP)


def a_repeat_at_the_edge(night: Night) -> None:
    """The watcher's clock ran a little longer than the hub's: for the hub it was the same press."""
    night.press("p12")
    night.says("raised", "pendant-12")
    night.wait(0.75)
    night.press("p12")
    night.says("not_a_press", "pendant-12")


def a_retained_press(night: Night) -> None:
    """What the broker remembers is no press."""
    night.press("p12", retained=True)


def not_ours(night: Night) -> None:
    """A stranger's device, marked by staff; also while the hub cannot write its log and so says nothing of it."""
    night.press("somebody")
    night.says("not_ours", STRANGER)
    night.wait(10)
    night.press("somebody")


def a_walk_test(night: Night) -> None:
    """Shown, and told to nobody yet."""
    night.press("p12")
    night.says("walk_heard", "pendant-12")
    night.shows("a00001", "pendant-12", test={"by": "ana"})


def placed_as_something_else(night: Night) -> None:
    """What a device is for stands above what it looks like: an SOS button that switches a siren calls nobody."""
    night.hears("zigbee2mqtt/siren", b'{"action":"single"}', can_call=True)


def told_from_memory(night: Night) -> None:
    """The log waits for the disk; the alert is there, and each press that is added to it."""
    night.press("p12")
    night.shows("a00001-3f", "pendant-12", unrecorded=True)
    night.wait(3)
    night.press("p12")
    night.shows("a00001-3f", "pendant-12", presses=2, unrecorded=True)


def log_refused(night: Night) -> None:
    """The broker takes the hub's alerts and not its log."""
    for presses in (1, 2, 3):
        night.press("p12")
        night.shows("a00001", "pendant-12", presses=presses)
        night.wait(3)


def older_than_an_hour(night: Night) -> None:
    """Two that waited somewhere are one alert with a list; the first line of it has no stamp of its own."""
    night.press("p12", stamp=STAMP)
    night.press("p13", stamp=LATER)
    night.says("raised", "missed while down", stamp=STAMP)
    night.says("pressed", "pendant-12")
    rows = [{"device": "pendant-12", "presses": 1}, {"device": "pendant-13", "presses": 1}]
    night.shows("a00001", "missed while down", missed=rows)


def added_to_an_open_alert(night: Night) -> None:
    """Three presses of one call."""
    for number, step in enumerate(("raised", "pressed", "pressed")):
        night.press("p12", stamp=f"2026-11-21T02:00:0{number}.100Z")
        night.says(step, "pendant-12", stamp=f"2026-11-21T02:00:0{number}.100Z")
        night.wait(1)


def cannot_be_read(night: Night) -> None:
    """A hub of another version does not understand it; its board shows it."""
    night.press("p12")
    night.says("quarantined", "zigbee2mqtt/p12")


def by_another_name(night: Night) -> None:
    """The hub's files are newer than the watcher's copy: what is a stranger here has a name there."""
    night.press("somebody")
    night.says("raised", "room-020-pendant")
    night.wait(2)
    night.press("p12", stamp=STAMP)
    night.says("raised", "margarets-pendant", stamp=STAMP)


def by_the_shortest_commit(night: Night) -> None:
    """The slowest way that the hub has: an unpaired copy, and a commit that hangs."""
    night.press("p12")
    night.wait(6.5)
    night.says("raised", "pendant-12")


def an_alarm_that_was_on_before(night: Night) -> None:
    """The watcher has just started, and the detector says once more what the hub told an hour ago."""
    night.hears("zigbee2mqtt/smoke", b'{"smoke":true}')


def brought_once_more(night: Night) -> None:
    """The broker did not get the watcher's word for it before the connection broke, and sends press and line again."""
    night.press("p12")
    night.says("raised", "pendant-12", seq=7)
    night.without_broker(3)
    night.press("p12")
    night.says("raised", "pendant-12", seq=7)


def the_watcher_stood_still(night: Night) -> None:
    """What the hub said meanwhile is read a moment later."""
    night.press("p12")
    night.stands_still(20)
    night.beats("ready")
    night.wait(4)
    night.says("raised", "pendant-12")


def the_broker_stood_still(night: Night) -> None:
    """The hub heard the press when the watcher did, and its line comes after the rest."""
    night.press("p12")
    night.broker_stands_still(6)
    night.beats("ready")
    night.wait(4)
    night.says("raised", "pendant-12")


@pytest.mark.parametrize(
    "happens",
    [
        a_second_form,
        a_repeat_at_the_edge,
        a_retained_press,
        not_ours,
        a_walk_test,
        placed_as_something_else,
        told_from_memory,
        log_refused,
        older_than_an_hour,
        added_to_an_open_alert,
        cannot_be_read,
        by_another_name,
        by_the_shortest_commit,
        an_alarm_that_was_on_before,
        brought_once_more,
        the_watcher_stood_still,
        the_broker_stood_still,
    ],
)
def test_the_watcher_never_invents(happens: Callable[[Night], None]) -> None:
    """Whatever the hub makes of it, what it heard is not told by the watcher."""
    night = Night()
    night.wait(31)
    happens(night)
    night.wait(30)
    assert night.did == [], happens.__doc__


def test_an_alarm_that_was_off_before_is_missed_like_a_press() -> None:
    """It said so, or a day went by in which it would have."""
    for off_first in (True, False):
        night = Night()
        if off_first:
            night.hears("zigbee2mqtt/smoke", b'{"smoke":false}')
        else:
            night.ms += 26 * 3_600_000
            night.beats("ready")
            night.wait(10)
        night.hears("zigbee2mqtt/smoke", b'{"smoke":true}')
        night.wait(9)
        assert night.titles == ["EMERGENCY: Lounge", DEAF]


def test_of_two_presses_the_one_that_the_hub_did_not_take_is_told() -> None:
    """Its answer to the other one does not count for both."""
    night = Night()
    night.press("p12", stamp=STAMP)
    night.press("p12", stamp=LATER)
    night.says("raised", "pendant-12", stamp=LATER)
    night.wait(9)
    assert night.titles == [MARGARET, DEAF]


def test_a_stranger_that_staff_took_back_is_missed_again() -> None:
    """Who is ours again rings everybody again."""
    night = Night()
    night.press("somebody")
    night.says("not_ours", STRANGER)
    night.wait(10)
    night.says("not_ours", STRANGER, by="ana")
    night.press("somebody")
    night.wait(9)
    assert night.titles == [f"EMERGENCY: a device nobody has placed, {STRANGER}", DEAF]

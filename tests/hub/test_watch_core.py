"""When the watcher takes over, what it tells, and when it gives back."""

from __future__ import annotations

import pytest

from hub.watch.records import Show, State
from tests.hub.watch_parts import Night

GONE = "Handrail's hub does not answer"
BACK = "Handrail's hub is back"
MARGARET = "EMERGENCY: Margaret, lives in Room 12"
ARTHUR = "CALL: Arthur, lives in Room 13"


def test_while_the_hub_is_well_the_watcher_is_silent() -> None:
    """A night of presses that the hub takes."""
    night = Night()
    for minute in range(60):
        night.press("p12", stamp=f"2026-11-21T02:{minute:02d}:00.250Z")
        night.takes("pendant-12", stamp=f"2026-11-21T02:{minute:02d}:00.250Z")
        night.wait(60)
    night.wait(600)
    assert night.did == []
    assert night.watch.state is State.WATCHING


def test_a_press_right_after_the_hub_stood_still_is_told_within_ten_seconds_and_once() -> None:
    """And that the hub is gone; then nothing more for the minute until it is told again."""
    for since_beat_s in (0, 1, 2.5, 4.75):
        night = Night()
        night.wait(30 + since_beat_s)
        night.hub_stops()
        night.wait(1)
        night.press("p12")
        night.wait(9)
        assert night.titles == [MARGARET, GONE], since_beat_s
        assert night.shown == ["pendant-12"]
        night.wait(45)
        assert night.titles == [MARGARET, GONE]


def test_a_press_that_the_hub_took_before_it_died_is_not_told_again() -> None:
    """Of two presses the one that its log names is left out, by the device's own stamp."""
    night = Night()
    night.press("p12", stamp="2026-11-21T02:00:00.100Z")
    night.wait(0.25)
    night.press("p12", stamp="2026-11-21T02:00:01.200Z")
    night.takes("pendant-12", stamp="2026-11-21T02:00:00.100Z")
    night.hub_dies()
    night.wait(5)
    assert night.titles == [MARGARET, GONE]
    (shown,) = [do.told for do in night.did if isinstance(do, Show)]
    assert shown.stamp == "2026-11-21T02:00:01.200Z"


def test_a_line_of_the_log_that_is_sent_again_stands_for_no_second_press() -> None:
    """A hub that starts again may send the same line once more; a press without a stamp must not vanish by it."""
    night = Night()
    night.press("cord")
    night.takes("lounge-cord", seq=7)
    night.wait(3)
    night.press("cord")
    night.takes("lounge-cord", seq=7)
    night.hub_dies()
    night.wait(5)
    assert night.titles == ["EMERGENCY: Lounge", GONE]


def test_one_press_in_two_forms_is_one_and_either_form_shows_that_it_was_taken() -> None:
    """Zigbee2MQTT says a press as JSON and as a plain word; the hub may have counted the other one."""
    night = Night()
    night.hears("zigbee2mqtt/p12", b'{"action":"emergency","last_seen":"2026-11-21T02:00:00.100Z"}')
    night.hears("zigbee2mqtt/p12/action", b"emergency")
    night.takes("pendant-12")
    night.hub_dies()
    night.wait(6)
    assert night.titles == [GONE]


def test_in_charge_each_press_is_told_at_once_in_words_for_the_night() -> None:
    """Who, where, when, and whose device nobody knows is told as such."""
    night = Night()
    night.hub_dies()
    night.wait(5)
    night.forget()
    night.press("p13")
    night.press("cord")
    night.press("somebody")
    assert night.titles == [
        ARTHUR,
        "EMERGENCY: Lounge",
        "EMERGENCY: a device nobody has placed, zigbee2mqtt/somebody",
    ]
    assert "Arthur called at 02:00.\nTold by the watcher: the hub does not answer." in night.texts
    assert night.rings == ["call", "emergency", "emergency"]


def test_a_button_pressed_again_and_again_is_one_call_with_its_number() -> None:
    """Presses within ten seconds of the telling are counted and shown; a later one is told anew."""
    night = Night()
    night.hub_dies()
    night.wait(5)
    night.forget()
    for _ in range(4):
        night.press("p12")
        night.wait(2)
    assert night.titles == [MARGARET]
    assert night.watch.told[next(iter(night.watch.told))].presses == 4
    night.wait(4)
    night.press("p12")
    assert night.titles == [MARGARET, MARGARET]
    assert "Pressed 5 times." in night.texts


def test_what_nobody_heard_is_told_again_every_minute_in_one_message() -> None:
    """Two calls are one reminder a minute and not two."""
    night = Night()
    night.hub_dies()
    night.wait(5)
    night.press("p12")
    night.press("p13")
    night.forget()
    night.wait(61)
    assert night.titles == ["EMERGENCY: 2 calls wait"]
    assert "02:00 emergency: Margaret, lives in Room 12\n02:00 call: Arthur, lives in Room 13\n" in night.texts
    assert night.rings == ["emergency"]
    night.wait(600)
    assert len(night.titles) == 11


def test_a_call_alone_is_told_again_every_four_minutes() -> None:
    """It is no emergency."""
    night = Night()
    night.hub_dies()
    night.wait(5)
    night.press("p13")
    night.forget()
    night.wait(239)
    assert night.titles == []
    night.wait(2)
    assert night.titles == ["CALL: 1 call waits"]


def test_what_somebody_heard_rings_no_more_until_it_is_pressed_again() -> None:
    """All see who; a further press tells everybody again."""
    night = Night()
    night.hub_dies()
    night.wait(5)
    night.press("p12")
    (ident,) = night.watch.told
    shown = night.watch.seen_to(ident, "ana", night.now)
    assert isinstance(shown, list)
    assert night.watch.told[ident].heard_by == "ana"
    night.forget()
    night.wait(300)
    assert night.titles == []
    night.press("p12")
    assert night.titles == [MARGARET]
    assert night.watch.told[ident].heard_by is None
    assert night.watch.seen_to("w1-99", "ana", night.now) is None


@pytest.mark.parametrize(("word", "within_s"), [("lost", 4), ("stopping", 6), ("starting", 8)])
def test_a_hub_that_restarts_in_time_is_not_missed(word: str, within_s: int) -> None:
    """A restart takes a second or two, and nobody is woken for it; one that does not come back is."""
    night = Night()
    night.wait(5)
    night.beats(word)
    night.state = ""
    night.wait(within_s - 1.5)
    night.hub_is_back()
    night.wait(30)
    assert night.did == []
    night.beats(word)
    night.state = ""
    night.wait(within_s + 0.5)
    assert night.titles == [GONE]


def test_a_hub_that_comes_and_goes_is_not_waited_for() -> None:
    """Each time it is back within the grace, so each press would wait for ever: the third time the watcher takes over,
    and what the hub does not show to have taken is told, though it is well for moments."""
    night = Night()
    for _ in range(3):
        night.wait(5)
        night.hub_dies()
        night.wait(2)
        night.hub_is_back()
    assert night.titles == ["Handrail's hub comes and goes"]
    night.press("p12")
    assert MARGARET not in night.titles
    night.wait(5.5)
    assert MARGARET in night.titles


def test_the_hub_that_is_back_has_to_stay_and_then_tells_the_calls_itself() -> None:
    """One more heartbeat, then all is handed back: nothing is shown or told by the watcher any more."""
    night = Night()
    night.hub_stops()
    night.press("p12")
    night.wait(9)
    night.forget()
    night.hub_is_back()
    night.takes("pendant-12")
    night.wait(3)
    night.press("p13")
    night.takes("pendant-13")
    assert night.watch.state is State.IN_CHARGE
    night.wait(8)
    assert night.titles == [BACK]
    assert "since 02:00. It tells the call of meanwhile once more." in night.texts
    assert (night.shown, night.watch.state) == ([], State.WATCHING)
    night.wait(300)
    assert night.titles == [BACK]


def test_a_hub_that_dies_again_while_it_comes_back_leaves_no_press_behind() -> None:
    """What was held for it to take is told at once."""
    night = Night()
    night.hub_stops()
    night.wait(9)
    night.hub_is_back()
    night.press("p12")
    night.wait(1)
    night.hub_dies()
    night.wait(0.5)
    assert night.titles == [GONE, MARGARET]


def test_what_the_broker_remembers_is_no_press_and_no_heartbeat() -> None:
    """Neither a retained press nor an old `ready`."""
    night = Night(hub=False)
    night.beats("ready", retained=True)
    night.press("p12", retained=True)
    night.wait(14)
    assert night.titles == []
    night.wait(2)
    assert night.titles == [GONE]


def test_after_its_own_start_the_watcher_gives_the_house_a_moment() -> None:
    """After a power cut the hub's last word is old; what is pressed meanwhile is told when that moment is over."""
    night = Night(hub=False)
    night.beats("lost", retained=True)
    night.wait(10)
    night.press("p12")
    assert night.titles == []
    night.wait(5.5)
    assert night.titles == [MARGARET, GONE]


def test_a_watcher_that_stood_still_itself_blames_nobody() -> None:
    """Its machine slept: hub and broker get their time anew."""
    night = Night()
    night.wait(20)
    night.stands_still(120)
    night.wait(60)
    assert night.did == []


def test_a_broker_that_is_gone_is_told_once_and_that_it_is_back() -> None:
    """Nobody hears any press meanwhile, so everybody must go round; the hub is not blamed for it."""
    night = Night()
    night.wait(30)
    night.without_broker(120)
    night.wait(60)
    assert night.titles == ["CALLS ARE NOT HEARD: go round", "Calls are heard again"]
    assert "does not answer since 02:00" in night.texts
    assert "It was gone from 02:00 to 02:02" in night.texts
    assert night.watch.state is State.WATCHING


def test_a_broker_that_stands_still_is_told_and_the_hub_is_not_blamed() -> None:
    """The connection stays and nothing comes, neither of the hub nor of ourselves; a short rest wakes nobody."""
    for rest_s, told in ((6, []), (60, ["CALLS ARE NOT HEARD: go round", "Calls are heard again"])):
        night = Night()
        night.wait(34.75)
        night.broker_stands_still(rest_s)
        night.wait(60)
        assert night.titles == told


def test_a_broker_that_restarts_in_two_seconds_wakes_nobody() -> None:
    """It was updated."""
    night = Night()
    night.wait(31)
    night.without_broker(2)
    night.wait(60)
    assert night.did == []


def test_smoke_is_told_when_it_begins_and_not_with_each_report() -> None:
    """A state is news when it changes; what was on before the watcher could tell is known from the broker."""
    night = Night()
    night.hears("zigbee2mqtt/smoke", b'{"smoke":false}', retained=True)
    night.hub_dies()
    night.wait(5)
    night.forget()
    for _ in range(3):
        night.hears("zigbee2mqtt/smoke", b'{"smoke":true}')
    assert night.titles == ["EMERGENCY: Lounge"]
    assert "Smoke was detected at 02:00." in night.texts


def test_a_press_the_hub_only_heard_is_told_when_it_dies() -> None:
    """A walk test that nobody had confirmed yet, say; after two minutes it is none of ours."""
    for waited_s, told in ((110, [MARGARET, GONE]), (130, [GONE])):
        night = Night()
        night.press("p12")
        night.watch.answered("pendant-12", None)
        night.wait(waited_s)
        night.hub_dies()
        night.wait(5)
        assert night.titles == told

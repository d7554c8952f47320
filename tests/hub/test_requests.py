"""Requests: whatever comes is answered where it can be, and kept with the reason where it cannot."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.ledger.rows import input_of, input_row
from hub.requests import LONGEST_S, UnreadableRequest, read_request
from rules.inputs import Asked, Now
from tests.hub.core_parts import PENDANT, PRESS, SLUG, rig
from tests.parts import until

WALL_MS = 1_790_000_000_000
DO = f"handrail/{SLUG}/do/dashboards"
DONE = f"handrail/{SLUG}/done"


def test_a_request_is_read_as_it_stands() -> None:
    """And what it says besides is left alone."""
    asked = read_request(
        "dashboards", b'{"id":"1","do":"claim","alert":"a00001","by":"carer-1","colour":"blue"}', WALL_MS
    )
    assert (asked.id, asked.client, asked.do, asked.alert, asked.by) == (
        "1",
        "dashboards",
        "claim",
        "a00001",
        "carer-1",
    )


@pytest.mark.parametrize(
    ("said", "at_ms"),
    [("2026-09-21T14:13:20.250Z", WALL_MS + 250), ("soon", None), (17, None), ({}, None), (None, None)],
)
def test_when_a_call_was_made_is_read_and_no_call_is_refused_for_it(said: object, at_ms: int | None) -> None:
    """It may have waited at the broker for hours; a time that cannot be read is none."""
    asked = read_request("dashboards", orjson.dumps({"id": "1", "do": "call", "asked_at": said}), WALL_MS)
    assert asked.do == "call"
    assert asked.at_ms == at_ms


@pytest.mark.parametrize(
    ("until_is", "seconds"),
    [
        ("600", 600),
        (600, 600),
        ("2026-09-21T14:33:20Z", 1_200),
        ("2026-09-21T14:33:20+00:00", 1_200),
        ("2026-09-21T14:33:20.500Z", 1_200),
        ("2026-09-21T14:13:20", 0),
        ("9999-12-31T23:59:59-14:00", LONGEST_S),
        ("0001-01-01T00:00:00+14:00", -LONGEST_S),
        ("soon", 0),
        ("²", 0),
        ("", 0),
        (None, 0),
    ],
)
def test_until_is_a_number_of_seconds_or_a_moment(until_is: object, seconds: int) -> None:
    """And 0 where it says nothing, which the machine refuses with the longest time there is."""
    payload = orjson.dumps({"id": "1", "do": "promise", "until": until_is})
    assert read_request("dashboards", payload, WALL_MS).until_s == seconds


@pytest.mark.parametrize(
    "said",
    [
        {"do": "turn_on", "brightness_pct": 30.0, "color_temp_k": 2700, "transition_s": 2.0},
        {"do": "turn_off"},
        {"do": "sound", "duration_s": 3.0, "level": "call"},
        {"do": "set_cover", "move": "stop"},
        {"do": "set_cover", "position_pct": 0.0},
        {"do": "lock"},
        {"do": "unlock"},
        {"do": "set_temperature", "celsius": 20.5},
        {"do": "say", "text": "Tea is ready."},
    ],
)
def test_a_command_is_read_with_its_arguments(said: dict[str, object]) -> None:
    """Nothing is added but what a sound does without a level."""
    asked = read_request("dashboards", orjson.dumps({"id": "1", "do": "command", "command": said}), WALL_MS)
    assert (asked.do, asked.command) == ("command", said)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"do": "dance"}, "turn_on"),
        ({"do": "turn_on", "brightness": 30}, "brightness: Extra inputs"),
        ({"do": "turn_on", "brightness_pct": 0}, "greater than 0"),
        ({"do": "turn_on", "brightness_pct": 101}, "less than or equal to 100"),
        ({"do": "turn_on", "color_temp_k": 20}, "greater than or equal to 1000"),
        ({"do": "turn_on", "transition_s": -1}, "greater than or equal to 0"),
        ({"do": "sound"}, "duration_s: Field required"),
        ({"do": "sound", "duration_s": 86400}, "less than or equal to 600"),
        ({"do": "set_cover"}, "either move"),
        ({"do": "set_cover", "move": "open", "position_pct": 5}, "either move"),
        ({"do": "set_temperature", "celsius": 50}, "less than or equal to 30"),
        ({"do": "say", "text": " "}, "at least 1"),
        ("on", "dictionary"),
    ],
)
def test_a_command_that_says_something_wrong_is_answered(said: object, words: str) -> None:
    """A word that is not known would have a light come on in a way that nobody meant."""
    asked = read_request("dashboards", orjson.dumps({"id": "1", "do": "command", "command": said}), WALL_MS)
    assert (asked.do, asked.command) == ("unreadable", {})
    assert words in asked.reason


def test_another_request_may_say_what_it_likes_as_command() -> None:
    """A claim is never refused for a word that it does not need."""
    assert read_request("dashboards", b'{"id":"1","do":"claim","command":"x"}', WALL_MS).do == "claim"


def test_until_s_stands_before_until() -> None:
    """Where somebody says both."""
    payload = b'{"id":"1","do":"promise","until_s":60,"until":"900"}'
    assert read_request("dashboards", payload, WALL_MS).until_s == 60


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b'{"id":"q1","do":5.5e400}', "do"),
        (b'{"id":"q1", not json', "JSON"),
        (b'{"id":"q1"}', "do"),
        (b'{"id":"q1","do":"%s"}' % (b"x" * 41), "at most 40"),
        (b'{"id":"q1","do":"close","reason":"%s"}' % (b"x" * 1001), "at most 1000"),
        (b'{"id":"q1","do":"promise","until_s":1e12}', "less than"),
        (b'{"id":"q1","do":"promise","until":"%s"}' % (b"9" * 5000), "until"),
    ],
)
def test_what_is_wrong_and_has_an_id_is_answered(payload: bytes, words: str) -> None:
    """With what is wrong about it."""
    asked = read_request("room-001", payload, WALL_MS)
    assert (asked.id, asked.do) == ("q1", "unreadable")
    assert words in asked.reason


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff\xfe", b"[1]", b"{}", b'{"do":"claim"}', b'{"id":"","do":"x"}', b'{"id":"a/b","do":"x"}',
     b'{"id":"a+","do":"x"}', b'{"id":"a#","do":"x"}', b'{"id":"a\\u0000","do":"x"}', b'{"id":"a\\n","do":"x"}',
     b'{"id":"a\\u007f","do":"x"}', '{"id":"a\uffff","do":"x"}'.encode(), '{"id":"\U0001fffe","do":"x"}'.encode(),
     b'{"id":"%s","do":"x"}' % (b"x" * 201)],
)  # fmt: skip
def test_a_request_without_an_id_that_can_be_part_of_a_topic_cannot_be_answered(payload: bytes) -> None:
    """A broker ends the connection of whoever publishes on such a topic."""
    with pytest.raises(UnreadableRequest):
        read_request("dashboards", payload, WALL_MS)


@given(
    st.binary(max_size=80)
    | st.text(max_size=40).map(lambda text: b'{"id":"1","do":"promise","until":"%s"}' % text.encode())
)
def test_no_request_breaks_its_reader(payload: bytes) -> None:
    """It is read, or it is unreadable."""
    try:
        asked = read_request("dashboards", payload, WALL_MS)
    except UnreadableRequest:
        return
    assert abs(asked.until_s) <= LONGEST_S


async def test_a_repeated_request_is_answered_again_and_done_once(tmp_path: Path) -> None:
    """Also across a restart."""
    async with rig(tmp_path) as home:
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.broker.log("raised"))
        first = await home.ask(id="c", do="claim", alert="a00001", by="carer-1")
        assert first["ok"] is True
        home.broker.say(DO, b'{"id":"c","do":"claim","alert":"a00001","by":"carer-2"}')
        await until(lambda: len(home.broker.on(f"{DONE}/c")) == 2)
        await home.quiet()
        await home.kill()
        await home.start()
        home.broker.say(DO, b'{"id":"c","do":"claim","alert":"a00001","by":"carer-2"}')
        await until(lambda: len(home.broker.on(f"{DONE}/c")) == 3)
        assert home.broker.on(f"{DONE}/c") == [first] * 3
        assert home.rows("SELECT count(*) FROM log WHERE step = 'claimed'") == [(1,)]


async def test_the_answer_goes_to_the_response_topic_too(tmp_path: Path) -> None:
    """To each asker of the same id."""
    async with rig(tmp_path) as home:
        for place in ("mine/1", "mine/2"):
            home.broker.say(DO, b'{"id":"m","do":"mode","reason":"normal","by":"carer-1"}', response_topic=place)
        await until(lambda: home.broker.on("mine/1") and home.broker.on("mine/2"))
        assert home.broker.on("mine/1") == home.broker.on(f"{DONE}/m")[:1]


async def test_what_a_screen_asks_the_watcher_the_hub_does_not_answer(tmp_path: Path) -> None:
    """Both are there when the watcher tells a press that the hub never got: no screen reads a no beside the yes."""
    async with rig(tmp_path) as home:
        home.broker.say(DO, b'{"id":"h","do":"heard","alert":"w1-1","by":"carer-1"}')
        assert (await home.ask(id="m", do="mode", reason="normal", by="carer-1"))["ok"] is True
        await home.quiet()
        assert home.broker.on(f"{DONE}/h") == []


@pytest.mark.parametrize(
    "topic", [f"handrail/{SLUG}/alert/a1", f"handrail/{SLUG}/status", "zigbee2mqtt/room-001-light/set", "$SYS/x", "a/#"]
)
async def test_nobody_speaks_through_the_hub_to_devices_or_screens(tmp_path: Path, topic: str) -> None:
    """The answer is given on `done` alone."""
    async with rig(tmp_path) as home:
        home.broker.say(DO, b'{"id":"m","do":"mode","reason":"normal"}', response_topic=topic)
        await until(lambda: home.broker.on(f"{DONE}/m"))
        await home.quiet()
        assert {"id": "m", "ok": True, "reason": "normal"} not in home.broker.on(topic)


async def test_an_unreadable_request_is_quarantined_or_answered_and_the_next_one_works(tmp_path: Path) -> None:
    """One with an id, one without."""
    async with rig(tmp_path) as home:
        home.broker.say(DO, b'{"id":"bad", nonsense')
        home.broker.say(DO, b"nonsense")
        home.broker.say(DO, b'{"id":"good","do":"mode","reason":"normal"}')
        await until(lambda: home.broker.on(f"{DONE}/good"))
        await home.quiet()
        (answer,) = home.broker.on(f"{DONE}/bad")
        assert answer["ok"] is False
        assert "JSON" in str(answer["reason"])
        assert home.rows("SELECT payload FROM quarantine") == [(b"nonsense",)]
        await until(lambda: not home.broker.session("urgent").inflight)


def test_a_command_asked_by_an_older_program_is_read_back() -> None:
    """Its row has neither arguments nor a refusal; what it said as `reason` is what is done."""
    row = '{"id":"1","client":"dashboards","do":"command","device":"room-001-light","reason":"on","by":"carer-1"}'
    asked = input_of("Asked", row)
    assert isinstance(asked, Asked)
    assert (asked.reason, asked.command, asked.cannot) == ("on", {}, "")
    now = Now(1_000, WALL_MS)
    fresh = read_request("dashboards", b'{"id":"2","do":"command","command":{"do":"turn_on","brightness_pct":30}}', 0)
    assert input_of("Asked", input_row(1, now, fresh)[4]) == fresh

"""Topics and filters for which Mosquitto ends the connection: never sent, because it would end the next one too."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.topics import publishable, subscribable
from hub.errors import SubscriptionRefused
from tests.hub.core_parts import PENDANT, PRESS, SLUG, rig
from tests.hub.mqtt_parts import lane
from tests.parts import Mosquitto, until

IMPOSSIBLE = ["a/" * 201, "a\x01b", "\x85", "\x9f", "\ufdd0", "a\ufffe", "\U0001ffff", "\U0010fffe", "x" * 65_536, ""]
POSSIBLE = ["a/" * 200, "é", "\U0001f600", "a//b", "/", " ", "x" * 60_000, "\ufffd", "a\u00a0b"]


async def test_what_we_call_publishable_is_taken_and_the_rest_is_not_sent(mosquitto: Mosquitto) -> None:
    """Each is answered, and the connection is the same one all the time."""
    async with lane(mosquitto.port, subscriptions=("other",)) as urgent:
        await urgent.is_up()
        for topic in (*IMPOSSIBLE, "a/+", "a/#", *POSSIBLE):
            before = len(urgent.answers)
            urgent.connection.publish(topic, b"x", on_acknowledged=urgent.answered)
            await until(lambda before=before: len(urgent.answers) > before)  # type: ignore[misc]
            assert urgent.answers[-1][0] is publishable(topic) is (topic in POSSIBLE), topic[:40]
        assert urgent.downs == []


async def test_a_filter_that_ends_connections_is_refused_and_the_others_are_heard(mosquitto: Mosquitto) -> None:
    """By us, with a sentence, at connect and later; those that are possible are granted by the broker."""
    wanted = (IMPOSSIBLE[0], "room/#", IMPOSSIBLE[1])
    async with lane(mosquitto.port, subscriptions=wanted, no_longer_subscribed=IMPOSSIBLE) as urgent:
        assert len((await urgent.is_up()).refused) == 2
        for name in (*IMPOSSIBLE, "a/#/b"):
            assert not subscribable(name)
            with pytest.raises(SubscriptionRefused, match="not a valid topic filter"):
                await urgent.connection.subscribe(name)
        await urgent.connection.subscribe(*POSSIBLE, "+", "+/x", "a/+/#")
        assert all(map(subscribable, urgent.connection.subscriptions[3:]))
        urgent.connection.publish("out", b"", on_acknowledged=urgent.answered)
        await until(lambda: urgent.answers)
        assert urgent.downs == []


@pytest.mark.parametrize("topic", IMPOSSIBLE[:-1])
async def test_an_answer_that_nobody_can_be_given_is_not_tried(tmp_path: Path, topic: str) -> None:
    """A client that asks to be answered there is answered on `done`, and nothing of it stays in the outbox."""
    async with rig(tmp_path) as home:
        payload = b'{"id":"m","do":"mode","reason":"normal","by":"carer-1"}'
        home.broker.say(f"handrail/{SLUG}/do/dashboards", payload, response_topic=topic)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.broker.on(f"handrail/{SLUG}/done/m") and home.broker.log("raised"))
        await home.quiet()
        assert home.broker.on(topic) == []
        assert home.rows("SELECT count(*) FROM outbox WHERE key LIKE 'response/%'") == [(0,)]

"""The lane on a bad network: a real Mosquitto behind a proxy that delays, cuts, and leaves connections half open."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import aiomqtt
import pytest

from hub.errors import SessionTakenOver
from hub.mqtt.connection import Message
from hub.mqtt.watch import OWED_TICKS, POURING_BYTES, TICKS, Watch
from tests.hub.mqtt_parts import Lane, lane
from tests.parts import Mosquitto, until
from tests.wire_proxy import BOTH, DOWN, UP, WireProxy

NOTICED_S = 20.0
"""A generous deadline; with the keep-alive of one second that is asked for here it takes about one and a half."""
WILL = Message(topic="status", payload=b"lost")


@pytest.fixture
async def wire(mosquitto: Mosquitto) -> AsyncIterator[WireProxy]:
    """The network between the lane and its broker."""
    async with WireProxy(mosquitto.port) as proxy:
        yield proxy


async def say(broker: Mosquitto, *payloads: bytes) -> None:
    """As devices do, whose own way to the broker is whole."""
    async with aiomqtt.Client("127.0.0.1", broker.port) as device:
        for payload in payloads:
            await device.publish("room/001", payload, qos=1)


def taken(told: Lane) -> None:
    """Acknowledge everything, as the pump does after its commit."""
    told.connection.acknowledge(told.packets)


@pytest.mark.parametrize("directions", [BOTH, (UP,), (DOWN,)], ids="-".join)
async def test_a_connection_that_stands_half_open_is_noticed_and_nothing_is_lost(
    mosquitto: Mosquitto, wire: WireProxy, directions: Sequence[str]
) -> None:
    """Whichever direction is dead, also while messages arrive; what came meanwhile follows, the will speaks."""
    async with (
        lane(mosquitto.port, client_id="witness", subscriptions=("status",)) as witness,
        lane(wire.port, keep_alive_s=1, will=WILL) as urgent,
    ):
        await witness.is_up()
        await urgent.is_up()
        await say(mosquitto, b"before")
        await urgent.has(b"before")
        taken(urgent)
        await say(mosquitto, b"unacknowledged")
        await urgent.has(b"unacknowledged")
        wire.swallow(*directions)
        taken(urgent)
        talking = asyncio.create_task(_chatter(mosquitto))
        await until(lambda: urgent.downs, NOTICED_S)
        talking.cancel()
        assert "has not answered for 1.5 s" in urgent.downs[0]
        await say(mosquitto, b"meanwhile")
        if UP in directions and DOWN in directions:
            # Whoever is back before the broker has noticed is not mourned.
            await witness.has(b"lost")
        wire.heal()
        assert (await urgent.is_up(2)).session_present
        await urgent.has(b"meanwhile")
        # Behind this one nothing of the cut can follow.
        await say(mosquitto, b"behind")
        await urgent.has(b"behind")
        counted = Counter(packet.payload for packet in urgent.packets)
        again = {packet.payload for packet in urgent.packets if packet.duplicate}
        assert (counted[b"before"], counted[b"meanwhile"]) == (1, 1)
        assert (b"unacknowledged" in again) == (UP in directions)


async def _chatter(broker: Mosquitto) -> None:
    async with aiomqtt.Client("127.0.0.1", broker.port) as device:
        while True:
            await device.publish("room/chatter", b"x", qos=0)
            await asyncio.sleep(0.05)


async def test_a_slow_network_is_no_lost_one(mosquitto: Mosquitto, wire: WireProxy) -> None:
    """Half a second there and back, and everything arrives once over one connection."""
    for way in wire.ways.values():
        way.delay_s = 0.25
    async with lane(wire.port, keep_alive_s=2) as urgent:
        await urgent.is_up()
        for number in range(4):
            await say(mosquitto, b"%d" % number)
            await urgent.has(b"%d" % number)
            taken(urgent)
        await until(lambda: urgent.connection.unacknowledged == 0)
        assert urgent.payloads == [b"%d" % number for number in range(4)]
        assert (urgent.downs, wire.connections) == ([], 1)


async def test_single_bytes_are_the_same_messages(mosquitto: Mosquitto, wire: WireProxy) -> None:
    """A network that hands over one byte at a time, both ways, from CONNECT on."""
    for way in wire.ways.values():
        way.singly = True
    async with lane(wire.port) as urgent:
        await urgent.is_up()
        payloads = [b"%d" % number * 40 for number in range(30)]
        await say(mosquitto, *payloads)
        await urgent.has(*payloads)
        taken(urgent)
        urgent.connection.publish("out", b"y" * 200, on_acknowledged=urgent.answered)
        await until(lambda: urgent.answers)
        assert urgent.answers[0][0]
        assert urgent.payloads == payloads
        assert urgent.downs == []


@pytest.mark.parametrize("after", [1, 2, 9, 30])
async def test_a_packet_cut_in_its_middle_comes_again_whole(mosquitto: Mosquitto, wire: WireProxy, after: int) -> None:
    """What arrived of it is no message; the next connection brings all of it."""
    async with lane(wire.port) as urgent:
        await urgent.is_up()
        wire.ways[DOWN].cut_after = after
        await say(mosquitto, b"a message of forty bytes, more or less!!")
        await until(lambda: urgent.downs)
        wire.heal()
        await urgent.is_up(2)
        await urgent.has(b"a message of forty bytes, more or less!!")
        assert len(urgent.packets) == 1


async def test_what_we_publish_into_a_reset_is_answered_and_comes_once_after_it(
    mosquitto: Mosquitto, wire: WireProxy
) -> None:
    """Each publish is answered exactly once, with the broker's word or with the loss: the outbox can rely on it."""
    async with (
        lane(mosquitto.port, client_id="witness", subscriptions=("out",)) as witness,
        lane(wire.port) as urgent,
    ):
        await witness.is_up()
        await urgent.is_up()
        wire.ways[UP].cut_after = 3_000
        for number in range(200):
            urgent.connection.publish("out", b"%03d" % number * 10, on_acknowledged=urgent.answered)
        await until(lambda: len(urgent.answers) == 200)
        wire.heal()
        await urgent.is_up(2)
        lost = sum(not ok for ok, _ in urgent.answers)
        assert 0 < lost <= 200
        urgent.connection.publish("out", b"end", on_acknowledged=urgent.answered)
        await witness.has(b"end")
        assert max(Counter(witness.payloads).values()) == 1
        assert len(urgent.answers) <= 201


async def test_a_network_that_comes_and_goes_is_met_with_patience(mosquitto: Mosquitto, wire: WireProxy) -> None:
    """Refused again and again the lane waits longer each time instead of hammering, and is back when it can be."""
    async with lane(wire.port) as urgent:
        await urgent.is_up()
        wire.refuses = True
        wire.reset()
        await until(lambda: urgent.connection._failures >= 4, NOTICED_S)
        attempts = wire.connections
        assert attempts <= 8
        await say(mosquitto, b"meanwhile")
        wire.heal()
        await urgent.is_up(2)
        await urgent.has(b"meanwhile")
        assert [packet.payload for packet in urgent.packets] == [b"meanwhile"]
        assert len(urgent.downs) <= 2


async def test_a_network_that_cuts_again_and_again_ends_nobody_who_has_worked(
    mosquitto: Mosquitto, wire: WireProxy
) -> None:
    """It looks like a second hub with our id. The lane says so, stays, and hears what comes between the cuts."""
    async with lane(wire.port, steady_s=0.01) as urgent:
        for cut in range(8):
            await urgent.is_up(cut + 1)
            await say(mosquitto, b"%d" % cut)
            await urgent.has(b"%d" % cut)
            await until(lambda: urgent.connection._was_steady)
            wire.hang_up()
        await urgent.is_up(9)
        assert urgent.error is None
        assert "Are there two hubs" in urgent.downs[-1]
        assert "network cuts" in urgent.downs[-1]


async def test_a_newcomer_that_is_cut_off_again_and_again_leaves(mosquitto: Mosquitto, wire: WireProxy) -> None:
    """A second hub, started by mistake, is never let in for long: it says why and goes, the first one stays."""
    async with lane(wire.port, steady_s=60) as urgent:
        for cut in range(5):
            await urgent.is_up(cut + 1)
            wire.hang_up()
        await until(lambda: urgent.error)
        assert isinstance(urgent.error, SessionTakenOver)


def ticks(watch: Watch, count: int, **given: object) -> list[str]:
    """So many ticks of a second in a row."""
    oldest = given.get("oldest")
    assert oldest is None or isinstance(oldest, int)
    return [watch.tick(1.0, reading=bool(given.get("reading", True)), oldest=oldest) for _ in range(count)]


def test_silence_is_counted_in_unanswered_questions() -> None:
    """The tick after an answer is forgiven, then so many questions are."""
    watch = Watch("here")
    assert ticks(watch, TICKS + 1) == ["", "", "the broker at here has not answered for 3 s"]
    watch.answered()
    assert ticks(watch, 1) == [""]


def test_bytes_are_no_answer_unless_they_pour() -> None:
    """A trickle of messages does not show that anybody hears us; a backlog stands in front of the answer."""
    trickle, flood = Watch("here"), Watch("here")
    for _ in range(TICKS + 1):
        trickle.came(1_000)
        flood.came(POURING_BYTES)
        said = (*ticks(trickle, 1), *ticks(flood, 1))
    assert said == ("the broker at here has not answered for 3 s", "")


def test_who_does_not_read_blames_nobody() -> None:
    """While the socket is held back on our side the answers wait in it."""
    assert ticks(Watch("here"), 10, reading=False, oldest=1) == [""] * 10


def test_a_message_that_is_never_acknowledged_ends_the_connection() -> None:
    """Although pings are answered: nobody knows what became of it, and what comes behind it would wait for ever."""
    watch, said = Watch("here"), ""
    for _ in range(OWED_TICKS + 1):
        watch.answered()
        (said,) = ticks(watch, 1, oldest=7)
    assert said == "the broker at here has not acknowledged a message for 6 s"
    watch = Watch("here")
    for number in range(3 * OWED_TICKS):
        watch.answered()
        assert ticks(watch, 1, oldest=number) == [""]

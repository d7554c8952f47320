"""The MQTT connection against a broker that misbehaves on purpose, which Mosquitto does not."""

import asyncio
from pathlib import Path

import mqtt5
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.errors import BrokerError, BrokerRefused, SessionTakenOver, SubscriptionRefused
from hub.mqtt.link import MAX_PACKET_SIZE
from tests.hub.mqtt_parts import FakeBroker, lane, publish_bytes
from tests.parts import until

# The codec prints what it panics about before the reader catches it.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

FORBIDDEN = {
    "a packet of no type": b"\x00\x00",
    "a second CONNACK": mqtt5.ConnAckPacket().write(),
    "a CONNECT": mqtt5.ConnectPacket("x").write(),
    "a PUBREL": mqtt5.PubRelPacket(1).write(),
    "QoS 2": mqtt5.PublishPacket("t", b"", qos=mqtt5.QoS.EXACTLY_ONCE, packet_id=1).write(),
    "a topic alias": mqtt5.PublishPacket("t", b"", topic_alias=1).write(),
    "a topic that is not UTF-8": publish_bytes(1).replace(b"t", b"\xff", 1),
    "a packet of 256 MB": b"\x30\xff\xff\xff\x7f",
}


async def test_connect_says_what_the_lane_was_built_with() -> None:
    """Clean start off, the session kept for thirty days, our receive maximum, no alias."""
    async with FakeBroker() as broker, lane(broker.port, receive_max=7, keep_alive_s=3) as urgent:
        await urgent.is_up()
        (connect,) = broker.of(mqtt5.ConnectPacket)
        assert not connect.clean_start
        assert connect.client_id == "handrail-urgent"
        assert connect.session_expiry_interval == 30 * 86_400
        assert connect.receive_max == 7
        assert connect.keep_alive == 3
        assert connect.max_packet_size == MAX_PACKET_SIZE
        assert connect.topic_alias_max == 0


async def test_packets_of_one_wake_are_handed_over_together_and_split_ones_when_they_are_whole() -> None:
    """Joined, three come as one list; cut at each of its bytes, a packet comes once."""
    async with FakeBroker() as broker, lane(broker.port) as urgent:
        await urgent.is_up()
        broker.send(publish_bytes(1) + publish_bytes(2) + publish_bytes(3))
        await until(lambda: urgent.wakes == [3])
        one = publish_bytes(4, payload=b"cut")
        for cut in range(1, len(one)):
            await broker.send_split(one, [cut])
        await until(lambda: len(urgent.packets) == 3 + len(one) - 1)
        await broker.send_split(one, range(1, len(one)))
        await until(lambda: len(urgent.packets) == 3 + len(one))
        assert set(urgent.payloads[3:]) == {b"cut"}
        assert not urgent.downs


@pytest.mark.parametrize("what", FORBIDDEN)
async def test_what_a_broker_may_not_send_ends_the_connection_and_a_new_one_follows(what: str) -> None:
    """The packets before it are taken, DISCONNECT says why, nothing hangs and nothing is raised."""
    async with FakeBroker() as broker, lane(broker.port) as urgent:
        await urgent.is_up()
        broker.send(publish_bytes(1) + FORBIDDEN[what])
        await urgent.is_up(2)
        assert urgent.payloads == [b"1"]
        (goodbye,) = broker.of(mqtt5.DisconnectPacket)
        assert int(goodbye.reason_code) >= 128
        assert len(urgent.downs) == 1
        assert urgent.error is None


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
async def test_changed_bytes_never_stop_the_lane(data: st.DataObject) -> None:
    """Whatever came before, a message on the next connection is heard."""
    changed = bytearray(publish_bytes(1, payload=b"x" * 20) + mqtt5.PubAckPacket(3).write() + publish_bytes(2))
    for place in data.draw(st.lists(st.integers(0, len(changed) - 1), min_size=1, max_size=4)):
        changed[place] = data.draw(st.integers(0, 255))
    async with FakeBroker() as broker, lane(broker.port) as urgent:
        await urgent.is_up()
        broker.send(bytes(changed))
        await broker.send_split(b"", [])
        broker.hang_up()
        await urgent.is_up(2)
        broker.send(publish_bytes(9, payload=b"heard"))
        await urgent.has(b"heard")
        assert urgent.error is None


async def test_acknowledgements_out_of_order_leave_in_order() -> None:
    """The third is told first and waits for the other two; a repeated one and QoS 0 are nothing."""
    async with FakeBroker() as broker, lane(broker.port) as urgent:
        await urgent.is_up()
        broker.send(b"".join(publish_bytes(n) for n in (11, 12, 13)) + mqtt5.PublishPacket("t", b"0").write())
        first, second, third, unnumbered = await urgent.has(b"11", b"12", b"13", b"0")
        urgent.connection.acknowledge([third, unnumbered])
        urgent.connection.acknowledge([second])
        assert urgent.connection.unacknowledged == 3
        urgent.connection.acknowledge([first, first, second])
        await until(lambda: len(broker.of(mqtt5.PubAckPacket)) == 3)
        assert [ack.packet_id for ack in broker.of(mqtt5.PubAckPacket)] == [11, 12, 13]
        assert urgent.connection.unacknowledged == 0


async def test_acknowledgements_for_an_earlier_connection_are_dropped() -> None:
    """The same packet id on the new connection is another message until it is acknowledged itself."""
    async with FakeBroker() as broker, lane(broker.port) as urgent:
        await urgent.is_up()
        broker.send(publish_bytes(5))
        (before,) = await urgent.has(b"5")
        broker.hang_up()
        await urgent.is_up(2)
        broker.send(publish_bytes(5, duplicate=True))
        await until(lambda: len(urgent.packets) == 2)
        urgent.connection.acknowledge([before])
        assert urgent.connection.unacknowledged == 1
        urgent.connection.acknowledge(urgent.packets)
        await until(lambda: len(broker.of(mqtt5.PubAckPacket)) == 1)
        assert [p.connection for p in urgent.packets] == [1, 2]


async def test_publishes_stay_within_the_receive_maximum_of_the_broker() -> None:
    """Two at a time; the third leaves when one was acknowledged, and all keep their order."""
    async with FakeBroker() as broker:
        broker.welcome = mqtt5.ConnAckPacket(receive_max=2)
        broker.answers_publishes = False
        async with lane(broker.port) as urgent:
            await urgent.is_up()
            for number in range(6):
                urgent.connection.publish("out", b"%d" % number, on_acknowledged=urgent.answered)
            seen: list[bytes] = []
            for _ in range(6):
                await until(lambda: len(broker.of(mqtt5.PublishPacket)) > len(seen))
                sent = broker.of(mqtt5.PublishPacket)
                assert len(sent) - len(seen) <= 2
                seen.append(sent[len(seen)].payload)
                broker.send(mqtt5.PubAckPacket(sent[len(seen) - 1].packet_id).write())
            await until(lambda: len(urgent.answers) == 6)
            assert seen == [b"%d" % number for number in range(6)]
            assert urgent.answers[0] == (True, "taken by the broker")


async def test_publishes_are_handed_back_when_the_connection_is_lost() -> None:
    """Those on their way and those in line, each once; the outbox keeps them, nothing here does."""
    async with FakeBroker() as broker:
        broker.welcome = mqtt5.ConnAckPacket(receive_max=2)
        broker.answers_publishes = False
        async with lane(broker.port) as urgent:
            await urgent.is_up()
            for _ in range(5):
                urgent.connection.publish("out", b"", on_acknowledged=urgent.answered)
            await until(lambda: len(broker.of(mqtt5.PublishPacket)) == 2)
            assert urgent.connection.backlog == 5
            broker.hang_up()
            await urgent.is_up(2)
            assert urgent.answers == [(False, "connection lost")] * 5
            assert urgent.connection.backlog == 0
            assert len(broker.of(mqtt5.PublishPacket)) == 2


@pytest.mark.parametrize(
    ("topic", "size", "words"), [("a/#", 0, "'a/#'"), ("t", 300, "too large for the broker"), ("t" * 70_000, 0, "MQTT")]
)
async def test_a_message_that_cannot_be_sent_is_answered_and_harms_no_other(topic: str, size: int, words: str) -> None:
    """The reason says what is wrong; the lane stays up."""
    async with FakeBroker() as broker:
        broker.welcome = mqtt5.ConnAckPacket(max_packet_size=256)
        async with lane(broker.port) as urgent:
            assert (await urgent.is_up()).max_packet_size == 256
            urgent.connection.publish(topic, b"x" * size, on_acknowledged=urgent.answered)
            assert urgent.answers == []
            urgent.connection.publish("t", b"", on_acknowledged=urgent.answered)
            await until(lambda: len(urgent.answers) == 2)
            assert not urgent.answers[0][0]
            assert words in urgent.answers[0][1]
            assert urgent.answers[1][0]


async def test_no_subscribers_is_success_and_a_refusal_is_not() -> None:
    """Reason code 16 means the broker took it; 135 names the topic and what to change."""
    async with FakeBroker() as broker:
        broker.answers_publishes = False
        async with lane(broker.port) as urgent:
            await urgent.is_up()
            for code in (mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS, mqtt5.PubAckReasonCode.NOT_AUTHORIZED):
                known = len(broker.of(mqtt5.PublishPacket))
                urgent.connection.publish("some/where", b"", on_acknowledged=urgent.answered)
                await until(lambda known=known: len(broker.of(mqtt5.PublishPacket)) > known)  # type: ignore[misc]
                packet_id = broker.of(mqtt5.PublishPacket)[-1].packet_id
                broker.send(mqtt5.PubAckPacket(packet_id, reason_code=code).write())
            await until(lambda: len(urgent.answers) == 2)
            assert [ok for ok, _ in urgent.answers] == [True, False]
            assert "some/where" in urgent.answers[1][1]


async def test_a_filter_that_is_refused_is_named_and_not_kept() -> None:
    """`subscribe` raises with the filter and what to change, and the next connection does not ask for it."""
    async with FakeBroker() as broker:
        broker.refuses["secret/#"] = mqtt5.SubAckReasonCode.NOT_AUTHORIZED
        async with lane(broker.port, subscriptions=("a",)) as urgent:
            await urgent.is_up()
            with pytest.raises(SubscriptionRefused, match="read rights") as caught:
                await urgent.connection.subscribe("b", "secret/#")
            assert caught.value.filter == "secret/#"
            assert urgent.connection.subscriptions == ("a", "b")
            broker.hang_up()
            assert (await urgent.is_up(2)).refused == ()


async def test_a_filter_refused_at_connect_is_reported_and_the_others_work() -> None:
    """Hearing some of the house is better than hearing nothing of it."""
    async with FakeBroker() as broker:
        broker.refuses["secret/#"] = mqtt5.SubAckReasonCode.NOT_AUTHORIZED
        async with lane(broker.port, subscriptions=("a", "secret/#")) as urgent:
            (sentence,) = (await urgent.is_up()).refused
            assert "secret/#" in sentence
            assert urgent.connection.up


async def test_many_filters_are_asked_for_in_portions() -> None:
    """A home of hundreds of devices fits into the packets of any broker."""
    filters = [f"room/{number}/pendant" for number in range(250)]
    async with FakeBroker() as broker, lane(broker.port, subscriptions=filters) as urgent:
        await urgent.is_up()
        asked = broker.of(mqtt5.SubscribePacket)
        assert [f.pattern for packet in asked for f in packet.topic_filters] == filters
        assert len(asked) == 3
        assert all(int(f.max_qos) == 1 for packet in asked for f in packet.topic_filters)


async def test_a_subscription_asked_for_while_away_waits_for_the_next_connection() -> None:
    """`subscribe` returns only when the broker granted it."""
    async with FakeBroker() as broker, lane(broker.port, subscriptions=("a",)) as urgent:
        await urgent.is_up()
        broker.hang_up()
        await until(lambda: not urgent.connection.up)
        await urgent.connection.subscribe("b")
        assert urgent.connection.up
        assert broker.of(mqtt5.SubscribePacket)[-1].topic_filters[-1].pattern == "b"


async def test_a_connection_lost_while_a_subscription_is_asked_for_only_delays_it() -> None:
    """The answer that never came is asked for again on the next connection."""
    async with FakeBroker() as broker, lane(broker.port, subscriptions=("a",)) as urgent:
        await urgent.is_up()
        broker.answers_subscriptions = False
        asking = asyncio.create_task(urgent.connection.subscribe("b"))
        await until(lambda: len(broker.of(mqtt5.SubscribePacket)) == 2)
        broker.answers_subscriptions = True
        broker.hang_up()
        await asking
        assert len(urgent.ups) == 2


async def test_a_stop_while_a_subscription_is_asked_for_ends_the_asking() -> None:
    """Nobody waits for ever for a lane that is gone."""
    async with FakeBroker() as broker, lane(broker.port, subscriptions=("a",)) as urgent:
        await urgent.is_up()
        broker.answers_subscriptions = False
        asking = asyncio.create_task(urgent.connection.subscribe("b"))
        await until(lambda: len(broker.of(mqtt5.SubscribePacket)) == 2)
        await urgent.connection.stop()
        with pytest.raises(BrokerError):
            await asking


async def test_a_quiet_line_lives_on_pings() -> None:
    """Two signs of life are asked for in each keep-alive, and while they are answered the lane stays up."""
    async with FakeBroker() as broker, lane(broker.port, keep_alive_s=1) as urgent:
        await urgent.is_up()
        await until(lambda: len(broker.of(mqtt5.PingReqPacket)) >= 4)
        assert urgent.connection.up
        assert not urgent.downs


async def test_a_shorter_keep_alive_of_the_broker_is_obeyed() -> None:
    """The broker may demand to hear from us more often than we meant to."""
    async with FakeBroker() as broker:
        broker.welcome = mqtt5.ConnAckPacket(server_keep_alive=1)
        async with lane(broker.port, keep_alive_s=60) as urgent:
            assert (await urgent.is_up()).keep_alive_s == 1
            await until(lambda: len(broker.of(mqtt5.PingReqPacket)) >= 2)


async def test_pings_without_an_answer_end_the_connection() -> None:
    """A broker that holds the line and says nothing is as good as gone."""
    async with FakeBroker() as broker:
        broker.answers_pings = False
        async with lane(broker.port, keep_alive_s=1) as urgent:
            await urgent.is_up()
            await until(lambda: urgent.downs)
            assert "has not answered" in urgent.downs[0]
            await urgent.is_up(2)


async def test_a_take_over_that_the_broker_announces_ends_after_three() -> None:
    """Two hubs on one id must not kick each other out for ever."""
    async with FakeBroker() as broker, lane(broker.port) as urgent:
        for times in range(1, 4):
            await urgent.is_up(times)
            code = mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER
            broker.send(mqtt5.DisconnectPacket(reason_code=code).write())
        await until(lambda: urgent.error)
        assert isinstance(urgent.error, SessionTakenOver)
        assert urgent.connection.taken_over == 3
        assert broker.connections == 3


async def test_of_two_hubs_the_one_that_has_worked_stays_longer() -> None:
    """A copy of the home, started on another machine by mistake, is gone before the hub that was there."""
    async with FakeBroker() as broker, lane(broker.port, steady_s=0.01) as urgent:
        for times in range(1, 7):
            await urgent.is_up(times)
            assert urgent.error is None
            await until(lambda: urgent.connection._was_steady)
            code = mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER
            broker.send(mqtt5.DisconnectPacket(reason_code=code).write())
        await until(lambda: urgent.error)
        assert isinstance(urgent.error, SessionTakenOver)


async def test_a_shutdown_that_the_broker_announces_is_told_with_its_reason() -> None:
    """What the broker says is passed on."""
    async with FakeBroker() as broker, lane(broker.port) as urgent:
        await urgent.is_up()
        code = mqtt5.DisconnectReasonCode.SERVER_SHUTTING_DOWN
        broker.send(mqtt5.DisconnectPacket(reason_code=code, reason_str="upgrade at noon").write())
        await urgent.is_up(2)
        assert "shutting down" in urgent.downs[0]
        assert "upgrade at noon" in urgent.downs[0]


async def test_a_refusal_before_the_first_connection_is_final_and_a_busy_broker_is_not() -> None:
    """Wrong rights need a person; a busy broker needs patience."""
    async with FakeBroker() as broker:
        broker.welcome = mqtt5.ConnAckPacket(reason_code=mqtt5.ConnAckReasonCode.SERVER_BUSY)
        async with lane(broker.port) as urgent:
            await until(lambda: broker.connections >= 2)
            assert urgent.error is None
            broker.welcome = mqtt5.ConnAckPacket(reason_code=mqtt5.ConnAckReasonCode.NOT_AUTHORIZED)
            await until(lambda: urgent.error)
            assert isinstance(urgent.error, BrokerRefused)


async def test_a_refusal_after_the_lane_was_up_is_told_and_tried_again() -> None:
    """A password that is changed at night must not end the hub; when it is put right the lane is back."""
    async with FakeBroker() as broker, lane(broker.port) as urgent:
        await urgent.is_up()
        broker.welcome = mqtt5.ConnAckPacket(reason_code=mqtt5.ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD)
        broker.hang_up()
        await until(lambda: len(urgent.downs) == 2)
        assert "password" in urgent.downs[1]
        broker.welcome = mqtt5.ConnAckPacket(session_present=True)
        assert (await urgent.is_up(2)).session_present
        assert urgent.error is None


async def test_a_password_file_that_is_not_there_is_named() -> None:
    """The sentence has the path and what to write into it."""
    async with FakeBroker() as broker, lane(broker.port, password_file=Path("no/such/file")) as urgent:
        await until(lambda: urgent.error)
        assert "no/such/file" in str(urgent.error)

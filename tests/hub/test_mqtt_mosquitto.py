"""The MQTT connection against a real Mosquitto: what is acknowledged, what comes again, and what happens on faults."""

import asyncio
import importlib
from collections.abc import Callable, Coroutine

import aiomqtt
import pytest

from hub.errors import BrokerRefused, SessionTakenOver
from hub.mqtt.connection import Message, Packet
from tests.hub.mqtt_parts import file_with, kill, lane
from tests.parts import Mosquitto, certificates, free_port, until


async def publish(broker: Mosquitto, *payloads: bytes, topic: str = "room/001", retain: bool = False) -> None:
    """As a device does: by a client of its own, at QoS 1."""
    async with aiomqtt.Client("127.0.0.1", broker.port) as device:
        for payload in payloads:
            await device.publish(topic, payload, qos=1, retain=retain)


async def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(mosquitto: Mosquitto) -> None:
    """A killed hub finds exactly the messages it had not acknowledged."""
    async with lane(mosquitto.port) as urgent:
        assert not (await urgent.is_up()).session_present
        await publish(mosquitto, b"kept", b"not kept")
        first = list(await urgent.has(b"kept", b"not kept"))
        urgent.connection.acknowledge([p for p in first if p.payload == b"kept"])
        await publish(mosquitto, b"after")
        await urgent.has(b"after")
        kill(urgent)
        assert (await urgent.is_up(2)).session_present
        await until(lambda: len(urgent.packets) == 5)
        again = urgent.packets[3:]
        assert [packet.payload for packet in again] == [b"not kept", b"after"]
        assert all(packet.duplicate and packet.resumed and packet.connection == 2 for packet in again)


async def test_what_came_while_nobody_listened_is_delivered_at_the_next_start(mosquitto: Mosquitto) -> None:
    """A clean stop keeps the session, so nothing published meanwhile is lost, QoS 0 included."""
    async with lane(mosquitto.port) as before:
        await before.is_up()
    async with aiomqtt.Client("127.0.0.1", mosquitto.port) as device:
        await device.publish("room/001", b"qos 0", qos=0)
        await device.publish("room/001", b"qos 1", qos=1)
    async with lane(mosquitto.port) as after:
        assert (await after.is_up()).session_present
        assert [p.qos for p in await after.has(b"qos 0", b"qos 1")] == [1, 1]


async def test_the_broker_sends_no_more_than_our_receive_maximum(mosquitto: Mosquitto) -> None:
    """With three unacknowledged the fourth waits at the broker; acknowledging brings all the others, in order."""
    async with lane(mosquitto.port, receive_max=3) as urgent, lane(mosquitto.port, client_id="witness") as witness:
        await urgent.is_up()
        await witness.is_up()
        await publish(mosquitto, *(b"%d" % n for n in range(10)))
        await witness.has(b"9")
        await urgent.has(b"0", b"1", b"2")
        assert len(urgent.packets) == urgent.connection.unacknowledged == 3
        while len(urgent.packets) < 10:
            seen = len(urgent.packets)
            urgent.connection.acknowledge(urgent.packets)
            await urgent.more_than(seen)
        assert urgent.payloads == [b"%d" % n for n in range(10)]


async def test_many_publishes_all_arrive_in_order_within_the_window_of_the_broker(mosquitto: Mosquitto) -> None:
    """A broker that takes 20 at once gets 5,000 publishes whole and in order."""
    mosquitto.with_settings("max_inflight_messages 20")
    async with lane(mosquitto.port) as urgent, lane(mosquitto.port, client_id="b", on_packets=None) as bulk:
        assert (await urgent.is_up()).receive_max == 20
        await bulk.is_up()
        for number in range(5_000):
            urgent.connection.publish("out", b"%d" % number, on_acknowledged=urgent.answered)
        acknowledged = 0
        while len(bulk.packets) < 5_000:
            bulk.connection.acknowledge(bulk.packets[acknowledged:])
            acknowledged = len(bulk.packets)
            await bulk.more_than(acknowledged)
        await until(lambda: len(urgent.answers) == 5_000)
        assert all(ok for ok, _ in urgent.answers)
        assert bulk.payloads == [b"%d" % n for n in range(5_000)]
        assert urgent.connection.backlog == 0


async def test_a_broker_that_stops_answering_is_noticed_and_found_again(mosquitto: Mosquitto) -> None:
    """A frozen broker keeps its sockets open; only the missing answer to a ping tells."""
    async with lane(mosquitto.port, keep_alive_s=1) as urgent:
        await urgent.is_up()
        mosquitto.pause()
        await until(lambda: urgent.downs, 10)
        assert "has not answered for 1.5 s" in urgent.downs[0]
        assert not urgent.connection.up
        mosquitto.resume()
        assert (await urgent.is_up(2)).session_present
        await publish(mosquitto, b"again")
        await urgent.has(b"again")
        assert len(urgent.downs) == 1


async def test_after_a_restart_of_the_broker_the_lane_is_back_with_its_subscriptions(mosquitto: Mosquitto) -> None:
    """Reported once when it goes and once when it is back, and presses arrive again."""
    async with lane(mosquitto.port, subscriptions=("room/+",)) as urgent:
        await urgent.is_up()
        await urgent.connection.subscribe("hall/+")
        mosquitto.stop()
        await until(lambda: urgent.downs)
        urgent.connection.publish("out", b"", on_acknowledged=urgent.answered)
        await until(lambda: urgent.answers)
        assert urgent.answers == [(False, "not connected to the broker")]
        mosquitto.start()
        assert (await urgent.is_up(2)).session_present
        await publish(mosquitto, b"1", topic="room/001")
        await publish(mosquitto, b"2", topic="hall/north")
        await urgent.has(b"1", b"2")
        assert len(urgent.ups) == 2


async def test_a_lost_session_is_reported_and_subscribed_anew(mosquitto: Mosquitto) -> None:
    """A broker that forgot us says so, and nothing but what it forgot is lost."""
    async with lane(mosquitto.port) as urgent:
        await urgent.is_up()
        mosquitto.kill()
        for kept in mosquitto.folder.glob("*.db*"):
            kept.unlink()
        mosquitto.start()
        assert not (await urgent.is_up(2)).session_present
        assert not urgent.connection.session_present
        await publish(mosquitto, b"heard")
        await urgent.has(b"heard")


async def test_a_wrong_password_is_said_in_plain_words(mosquitto: Mosquitto) -> None:
    """The hub's start ends with one sentence that names the broker, the user and what to change."""
    mosquitto.with_users({"handrail": "right"})
    wrong = file_with(mosquitto.folder, "wrong\n")
    async with lane(mosquitto.port, username="handrail", password_file=wrong) as urgent:
        await until(lambda: urgent.error)
    assert isinstance(urgent.error, BrokerRefused)
    assert not urgent.error.retry
    assert "'handrail'" in str(urgent.error)
    assert "password" in str(urgent.error) or "authorised" in str(urgent.error)
    assert urgent.downs == [str(urgent.error)]


async def test_the_right_password_from_a_file_opens(mosquitto: Mosquitto) -> None:
    """The newline that an editor leaves at the end of the file is not part of the password."""
    mosquitto.with_users({"handrail": "right"})
    right = file_with(mosquitto.folder, "right\n")
    async with lane(mosquitto.port, username="handrail", password_file=right) as urgent:
        await urgent.is_up()


async def test_a_user_without_the_right_to_publish_is_told_which_topic(mosquitto: Mosquitto) -> None:
    """The reason names the topic and the access list."""
    mosquitto.with_users({"handrail": "p"}, acl="user handrail\ntopic read #\ntopic write allowed/#\n")
    password_file = file_with(mosquitto.folder, "p")
    async with lane(mosquitto.port, username="handrail", password_file=password_file) as urgent:
        await urgent.is_up()
        urgent.connection.publish("allowed/x", b"", on_acknowledged=urgent.answered)
        urgent.connection.publish("forbidden/x", b"", on_acknowledged=urgent.answered)
        await until(lambda: len(urgent.answers) == 2)
    assert urgent.answers[0][0]
    assert not urgent.answers[1][0]
    assert "forbidden/x" in urgent.answers[1][1]
    assert "access list" in urgent.answers[1][1]


async def test_a_second_hub_with_the_same_client_id_is_a_clear_error(mosquitto: Mosquitto) -> None:
    """After some take-overs within a minute one of the two gives up and says why; the other stays.

    Mosquitto before 2.0.15 does not say that it was a take-over, so it is also concluded from what it does.
    """
    async with lane(mosquitto.port) as one:
        await one.is_up()
        async with lane(mosquitto.port) as two:
            await until(lambda: one.error or two.error, 15)
            loser, winner = (one, two) if one.error else (two, one)
            assert isinstance(loser.error, SessionTakenOver)
            assert "'handrail-urgent'" in str(loser.error)
            assert "two hubs" in str(loser.error)
            assert loser.connection.taken_over >= 1
            await until(lambda: winner.connection.up)
            assert winner.error is None


async def test_tls_with_a_certificate_of_the_homes_own_authority(mosquitto: Mosquitto) -> None:
    """Trusted by its file, in both directions."""
    made = certificates(mosquitto.folder)
    mosquitto.with_tls(made)
    async with (
        lane(mosquitto.port, host="localhost", tls=True, ca_file=made.ca_file) as urgent,
        lane(mosquitto.port, client_id="bulk", host="localhost", tls=True, ca_file=made.ca_file) as bulk,
    ):
        await urgent.is_up()
        await bulk.is_up()
        urgent.connection.publish("room/001", b"x" * 50_000, on_acknowledged=urgent.answered)
        await bulk.has(b"x" * 50_000)
        bulk.connection.acknowledge(bulk.packets)
        await until(lambda: urgent.answers)
        assert bulk.connection.unacknowledged == 0


async def test_a_certificate_of_nobody_we_know_is_refused(mosquitto: Mosquitto) -> None:
    """The sentence says what to name in the configuration."""
    mosquitto.with_tls(certificates(mosquitto.folder))
    async with lane(mosquitto.port, host="localhost", tls=True) as urgent:
        await until(lambda: urgent.error)
    assert "ca_file" in str(urgent.error)


async def test_tls_to_a_port_without_it_is_refused(mosquitto: Mosquitto) -> None:
    """Neither a hang nor a riddle."""
    async with lane(mosquitto.port, host="localhost", tls=True) as urgent:
        await until(lambda: urgent.error or urgent.downs, 10)
        assert "TLS" in urgent.downs[0] or "reached" in urgent.downs[0]


async def test_nobody_at_the_address_is_told_once_and_found_when_it_comes(
    start_mosquitto: Callable[[], Mosquitto],
) -> None:
    """A hub may be started before its broker."""
    broker = start_mosquitto()
    broker.stop()
    async with lane(broker.port) as urgent:
        await until(lambda: urgent.connection.connection >= 3)
        assert len(urgent.downs) == 1
        assert f"127.0.0.1:{broker.port}" in urgent.downs[0]
        broker.start()
        await urgent.is_up()
        assert len(urgent.ups) == 1


async def test_the_last_will_speaks_when_the_hub_dies_and_not_when_it_stops(mosquitto: Mosquitto) -> None:
    """The last words of a clean stop stay; those of a dead hub are the will's."""
    will = Message(topic="status", payload=b"lost")
    async with lane(mosquitto.port, subscriptions=("status",)) as witness:
        await witness.is_up()
        async with lane(mosquitto.port, client_id="hub", subscriptions=(), will=will) as hub:
            await hub.is_up()
            kill(hub)
            await witness.has(b"lost")
            await hub.is_up(2)
            await hub.connection.stop(last=Message(topic="status", payload=b"stopping"))
        await witness.has(b"stopping")
        await publish(mosquitto, b"end", topic="status")
        await witness.has(b"end")
        assert witness.payloads == [b"lost", b"stopping", b"end"]


async def test_a_live_message_is_not_retained_and_a_stored_one_is_at_every_connect(mosquitto: Mosquitto) -> None:
    """A gateway that sets retain on a press does not hide the press; what is stored comes again, marked."""
    async with lane(mosquitto.port) as urgent:
        await urgent.is_up()
        await publish(mosquitto, b"press", retain=True)
        await urgent.has(b"press")
        assert [p.retain for p in urgent.packets] == [False]
        urgent.connection.acknowledge(urgent.packets)
        await publish(mosquitto, b"behind", topic="other")
        await urgent.has(b"behind")
        kill(urgent)
        await until(lambda: any(p.retain for p in urgent.packets))
        assert urgent.connection.session_present


async def test_what_we_publish_ourselves_does_not_come_back_and_what_we_stored_does(mosquitto: Mosquitto) -> None:
    """The log is no input of ours; the alerts that we left open at the broker are read again at every connect."""
    async with lane(mosquitto.port) as urgent:
        await urgent.is_up()
        urgent.connection.publish("alert/1", b"open", retain=True, on_acknowledged=urgent.answered)
        await until(lambda: urgent.answers)
        await publish(mosquitto, b"behind")
        await urgent.has(b"behind")
        assert urgent.payloads == [b"behind"]
        kill(urgent)
        stored = [p for p in await urgent.has(b"open") if p.payload == b"open"]
        assert [p.retain for p in stored] == [True]


async def test_a_topic_changes_lane_without_a_gap(mosquitto: Mosquitto) -> None:
    """Subscribed and unsubscribed while up, and what was taken away while down stays away."""
    async with lane(mosquitto.port, subscriptions=("a", "b")) as urgent:
        await urgent.is_up()
        await urgent.connection.subscribe("c")
        await urgent.connection.unsubscribe("a")
        mosquitto.stop()
        await until(lambda: urgent.downs)
        leaving = asyncio.create_task(urgent.connection.unsubscribe("b"))
        mosquitto.start()
        await urgent.is_up(2)
        await leaving
        for topic in "abc":
            await publish(mosquitto, topic.encode(), topic=topic)
        await urgent.has(b"c")
        assert urgent.payloads == [b"c"]
        assert urgent.connection.subscriptions == ("c",)


async def test_filters_of_an_earlier_run_are_taken_off_the_session(mosquitto: Mosquitto) -> None:
    """A session outlives its configuration; what is no longer wanted is named and goes."""
    async with lane(mosquitto.port, subscriptions=("old", "new")) as before:
        await before.is_up()
    async with lane(mosquitto.port, subscriptions=("new",), no_longer_subscribed=("old",)) as after:
        await after.is_up()
        await publish(mosquitto, b"old", topic="old")
        await publish(mosquitto, b"new", topic="new")
        await after.has(b"new")
        assert after.payloads == [b"new"]


async def test_a_fault_of_whoever_takes_the_packets_ends_the_lane_loudly(mosquitto: Mosquitto) -> None:
    """A swallowed error would be a missed call: `run` raises it, and the message is not acknowledged."""

    def breaks(packets: list[Packet]) -> None:
        raise RuntimeError("a fault in the pump")

    async with lane(mosquitto.port, on_packets=breaks) as urgent:
        await urgent.is_up()
        await publish(mosquitto, b"press")
        await until(lambda: urgent.error)
        assert "a fault in the pump" in str(urgent.error)
    async with lane(mosquitto.port) as again:
        await again.has(b"press")


async def test_stopping_where_nobody_answers_is_prompt() -> None:
    """SIGTERM does not wait for a broker that is away."""
    async with lane(free_port()) as urgent:
        await until(lambda: urgent.downs)
        async with asyncio.timeout(1):
            await urgent.connection.stop()


@pytest.mark.parametrize(
    "scenario",
    [
        test_what_was_not_acknowledged_comes_again_and_what_was_does_not,
        test_many_publishes_all_arrive_in_order_within_the_window_of_the_broker,
        test_a_broker_that_stops_answering_is_noticed_and_found_again,
        test_after_a_restart_of_the_broker_the_lane_is_back_with_its_subscriptions,
        test_a_wrong_password_is_said_in_plain_words,
        test_tls_with_a_certificate_of_the_homes_own_authority,
        test_tls_to_a_port_without_it_is_refused,
        test_the_last_will_speaks_when_the_hub_dies_and_not_when_it_stops,
        test_a_fault_of_whoever_takes_the_packets_ends_the_lane_loudly,
    ],
    ids=lambda scenario: scenario.__name__.removeprefix("test_"),
)
def test_the_same_holds_on_uvloop(
    mosquitto: Mosquitto, scenario: Callable[[Mosquitto], Coroutine[None, None, None]]
) -> None:
    """The hub runs on uvloop where there is one, whose transports are not quite asyncio's."""
    uvloop = importlib.import_module("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scenario(mosquitto))

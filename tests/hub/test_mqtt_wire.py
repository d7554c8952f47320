"""Bytes to packets and the order of acknowledgements, without a socket."""

from itertools import pairwise

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mqtt.acks import Acknowledgements
from hub.mqtt.wire import Reader
from tests.hub.mqtt_parts import publish_bytes

# The codec prints what it panics about before the reader catches it.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

LIMIT = 1 << 20
SAMPLES = [
    publish_bytes(1, "zigbee2mqtt/room 001", b'{"action":"emergency"}'),
    mqtt5.PublishPacket("a", b"", response_topic="r/t", correlation_data=b"12", content_type="x").write(),
    mqtt5.PublishPacket("long", b"x" * 300).write(),
    mqtt5.ConnAckPacket(receive_max=10, reason_str="hello").write(),
    mqtt5.PubAckPacket(4, reason_code=mqtt5.PubAckReasonCode.NOT_AUTHORIZED).write(),
    mqtt5.SubAckPacket(3, [mqtt5.SubAckReasonCode.NOT_AUTHORIZED]).write(),
    mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SERVER_BUSY).write(),
    mqtt5.PingRespPacket().write(),
]
streams = st.lists(st.sampled_from(SAMPLES), min_size=1, max_size=6).map(b"".join)


def read(*pieces: bytes) -> tuple[list[str], bool]:
    """What comes out of a stream in these pieces: its packets, and whether it broke."""
    reader = Reader(LIMIT)
    packets = [repr(packet) for piece in pieces for packet in reader.feed(piece)]
    return packets, reader.broken is not None


def pieces_of(stream: bytes, places: list[int]) -> list[bytes]:
    """The stream cut at these places."""
    return [stream[start:stop] for start, stop in pairwise([0, *sorted(places), len(stream)])]


def test_packets_split_at_every_byte_are_the_same_packets() -> None:
    """One byte a wake, and every single cut, give what one piece gives."""
    stream = b"".join(SAMPLES)
    whole = read(stream)
    assert len(whole[0]) == len(SAMPLES)
    assert read(*(stream[at : at + 1] for at in range(len(stream)))) == whole
    for cut in range(len(stream)):
        assert read(stream[:cut], stream[cut:]) == whole


@given(streams, st.data())
def test_packets_joined_and_split_anywhere_are_the_same_packets(stream: bytes, data: st.DataObject) -> None:
    """Where the network cuts a stream has no meaning."""
    places = data.draw(st.lists(st.integers(0, len(stream)), max_size=8))
    assert read(*pieces_of(stream, places)) == read(stream)


@given(streams, st.data())
def test_changed_bytes_never_raise_and_break_at_the_same_place_however_they_are_cut(
    stream: bytes, data: st.DataObject
) -> None:
    """Whatever a broken peer sends, the reader gives the packets before it and says that it is broken, or waits."""
    changed = bytearray(stream)
    for place in data.draw(st.lists(st.integers(0, len(stream) - 1), min_size=1, max_size=4)):
        changed[place] = data.draw(st.integers(0, 255))
    whole = read(bytes(changed))
    assert read(*(bytes(changed[at : at + 1]) for at in range(len(changed)))) == whole


@given(st.binary(max_size=200))
def test_any_bytes_at_all_never_raise(noise: bytes) -> None:
    """Not even bytes that were never MQTT."""
    read(noise)


def test_a_topic_that_is_not_text_is_a_broken_packet() -> None:
    """The codec panics on it; the reader does not."""
    reader = Reader(LIMIT)
    good = publish_bytes(1)
    assert len(reader.feed(good + good.replace(b"t", b"\xff", 1))) == 1
    assert reader.broken is not None
    assert reader.feed(good) == []


@pytest.mark.parametrize("length", [b"\xff\xff\xff\x7f", b"\x80\x80\xc0\x01"])
def test_a_packet_larger_than_we_take_is_refused_at_its_header(length: bytes) -> None:
    """Nothing is collected for a packet that will not be taken."""
    reader = Reader(LIMIT)
    assert reader.feed(b"\x30" + length) == []
    assert reader.broken is not None
    assert reader.broken.code == 149


def test_a_packet_too_large_is_refused_also_when_it_comes_whole() -> None:
    """The limit does not depend on how the bytes were cut."""
    reader = Reader(100)
    assert reader.feed(SAMPLES[2]) == []
    assert reader.broken is not None


@given(st.data())
def test_acknowledgements_leave_in_the_order_of_arrival(data: st.DataObject) -> None:
    """Released in any order, in any groups, some twice: the PUBACKs are those of the arrivals in order, each once."""
    count = data.draw(st.integers(0, 30))
    ids = data.draw(st.lists(st.integers(1, 65_535), min_size=count, max_size=count))
    acks = Acknowledgements()
    released, left = b"", data.draw(st.permutations(range(count)))
    for packet_id in ids:
        acks.arrived(packet_id)
    while left:
        size = data.draw(st.integers(1, len(left)))
        released += acks.release([*left[:size], *left[: size // 2]])
        left = left[size:]
    assert released == b"".join(b"\x40\x02" + packet_id.to_bytes(2, "big") for packet_id in ids)
    assert len(acks) == 0
    assert acks.next_arrival == count


def test_an_early_acknowledgement_waits_for_those_before_it() -> None:
    """The second is released only with the first; what never arrived releases nothing."""
    acks = Acknowledgements()
    acks.arrived(7)
    acks.arrived(8)
    assert acks.release([1, 5]) == b""
    assert acks.release([0]) == b"\x40\x02\x00\x07\x40\x02\x00\x08"
    assert acks.release([0, 1, 5]) == b""

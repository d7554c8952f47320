"""One network connection to the broker, from CONNECT to its end; it is used once and holds nothing that must survive.

What must survive is elsewhere: unacknowledged messages at the broker, unsent ones in the outbox.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Iterable
from typing import cast

import mqtt5

from devices.topics import publishable
from hub.errors import BrokerClosed, BrokerError, BrokerUnreachable, ProtocolBroken
from hub.mqtt.acks import Acknowledgements
from hub.mqtt.answers import Answer, Answers, codes_of
from hub.mqtt.reasons import FIRST_FAILURE, broken_off, farewell, forbidden, publish_words, too_large
from hub.mqtt.types import Packet, Publication
from hub.mqtt.watch import Watch
from hub.mqtt.wire import Reader

MAX_PACKET_SIZE = 9 << 20
"""The largest packet we ask the broker to send: what our mosquitto.conf lets through, and its envelope."""

OnAcknowledged = Callable[[bool, str], None]

_PUBLISH_MAX = 64 << 20
_OUT_MAX = 256 << 10
_LINGER_S = 1.0
_LAST_ID = 65_535
_MOUTHFUL_BYTES = 16 << 10
_IDS_KEPT_FREE = 64
_PROTOCOL_ERROR = int(mqtt5.DisconnectReasonCode.PROTOCOL_ERROR)
_PINGREQ = mqtt5.PingReqPacket().write()
_QOS = (mqtt5.QoS.AT_MOST_ONCE, mqtt5.QoS.AT_LEAST_ONCE)


class Link(asyncio.Protocol):
    """Speaks MQTT 5 over one transport: acknowledges in order, publishes within the window, watches for life."""

    def __init__(
        self,
        *,
        lane: str,
        generation: int,
        where: str,
        client_id: str,
        receive_max: int,
        on_packets: Callable[[list[Packet]], None],
    ) -> None:
        self.lane = lane
        self.generation = generation
        self.reason: Exception | None = None
        self.connected = False
        self.resumed = False
        self.closed_silently = False
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._where = where
        self._client_id = client_id
        self._on_packets = on_packets
        self._transport: asyncio.Transport | None = None
        self._reader = Reader(MAX_PACKET_SIZE)
        self._answers = Answers()
        self._out: list[bytes] = []
        self._out_size = 0
        self._flush_due, self._writable = False, True
        self._window, self._packet_max = 0, _PUBLISH_MAX
        self._queue: deque[Publication] = deque()
        self._inflight: dict[int, tuple[str, OnAcknowledged | None]] = {}
        self._last_id = 0
        self._arrivals = Acknowledgements()
        self._receive_max = receive_max
        self._rest = b""
        self._reading, self._full = True, False
        self._watch = Watch(where)
        self._tick_s = 0.0
        self._ticking: asyncio.TimerHandle | None = None

    @property
    def unacknowledged(self) -> int:
        """Messages that arrived here and whose PUBACK is not yet on its way."""
        return len(self._arrivals)

    @property
    def backlog(self) -> int:
        """Publishes handed over and not yet acknowledged by the broker."""
        return len(self._queue) + len(self._inflight)

    # -- what the connection asks of it ---------------------------------------------------------------------------
    async def connect(self, packet: mqtt5.ConnectPacket) -> mqtt5.ConnAckPacket:
        """Send CONNECT and wait for the broker's answer, whatever it is."""
        self._send(packet.write())
        answer = await self._answer_to(0)
        assert isinstance(answer, mqtt5.ConnAckPacket)
        return answer

    async def subscribe(self, filters: list[str]) -> list[int]:
        """The reason codes of the broker, in the order of the filters."""
        packet_id = self._next_id()
        # Not our own words back: a command goes out on the tree of topics that its lane listens to.
        wanted = [mqtt5.TopicFilter(f, max_qos=_QOS[1], no_local=True, retain_as_published=False) for f in filters]
        self._send(mqtt5.SubscribePacket(packet_id, wanted).write())
        answer = await self._answer_to(packet_id)
        return self._codes(answer, mqtt5.SubAckPacket, len(filters))

    async def unsubscribe(self, filters: list[str]) -> list[int]:
        """The reason codes of the broker, in the order of the filters."""
        packet_id = self._next_id()
        self._send(mqtt5.UnsubscribePacket(packet_id, filters).write())
        answer = await self._answer_to(packet_id)
        return self._codes(answer, mqtt5.UnsubAckPacket, len(filters))

    def watch(self, keep_alive_s: float) -> None:
        """From now on ask for a sign of life twice in a keep-alive, and end when no answer came for one and a half."""
        self._tick_s = keep_alive_s / 2
        self._ticking = self._loop.call_later(self._tick_s, self._tick)

    def acknowledge(self, packets: Iterable[Packet], *, out_of_turn: bool) -> None:
        """Release PUBACKs in the order of arrival; packets of another connection are none of this one's business."""
        generation, release = self.generation, self._arrivals.skip if out_of_turn else self._arrivals.release
        if acks := release([p.arrival for p in packets if p.qos and p.connection == generation]):
            self._send(acks)
            self._read_on()

    def publish(self, message: Publication) -> None:
        """Send now, or keep in line while the broker's window or the socket is full."""
        if self._queue or not self._room(message.qos):
            self._queue.append(message)
        else:
            self._put(message)

    def disconnect(self) -> None:
        """Say goodbye: the broker keeps the session and forgets the will."""
        self._close(BrokerClosed("we ended the connection"), mqtt5.DisconnectReasonCode.NORMAL_DISCONNECTION)

    def abort(self, reason: Exception) -> None:
        """End without a word, as a broken network would."""
        self._note(reason)
        if self._transport is not None:
            self._transport.abort()
        elif not self.ended.done():
            self.ended.set_result(None)

    # -- asyncio's side -------------------------------------------------------------------------------------------
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport and switch off Nagle, which would hold an alert behind a PUBACK for 40 ms."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's class does not derive from it
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """Take all packets of this wake; what goes wrong ends this connection and is told by `reason`."""
        self._watch.came(len(data))
        waiting, self._rest = bool(self._rest), self._rest + data
        if not waiting:
            self._sip()

    def _sip(self) -> None:
        """A mouthful, and the next a turn of the loop later: a wake brings up to 4,600 messages, which take 10 ms to
        read, and a press on another connection must not wait for them."""
        if not self._rest:
            return
        data, self._rest = self._rest[:_MOUTHFUL_BYTES], self._rest[_MOUTHFUL_BYTES:]
        try:
            self._take(self._reader.feed(data))
            if self._reader.broken is not None:
                raise self._reader.broken
        except ProtocolBroken as error:
            self._close(error, mqtt5.DisconnectReasonCode(error.code))
        except Exception as error:  # noqa: BLE001
            # A fault of the hub's own, not of the bytes: it must not be swallowed, the lane's `run` raises it.
            self.abort(error)
        if self._rest:
            self._loop.call_soon(self._sip)
        self._read_on()

    def _read_on(self) -> None:
        """Read, or let the socket hold it: Mosquitto 2.0.11 with a backlog sends `receive_max` more a PUBACK."""
        self._full = len(self._arrivals) > self._receive_max * (1 if self._full else 2)
        wanted = not self._rest and not self._full
        if wanted != self._reading and self._transport is not None and not self._transport.is_closing():
            self._reading = wanted
            (self._transport.resume_reading if wanted else self._transport.pause_reading)()

    def connection_lost(self, exc: Exception | None) -> None:
        """Hand back what was not acknowledged and wake everybody who waits."""
        while self._rest:
            self._sip()
        lost = broken_off(exc, self._where)
        self.closed_silently = exc is None and self.reason is None
        self._note(lost)
        if self._ticking is not None:
            self._ticking.cancel()
        given_back = [on for _, on in self._inflight.values()] + [message.on_acknowledged for message in self._queue]
        self._inflight.clear()
        self._queue.clear()
        self._out.clear()
        for on_acknowledged in given_back:
            self._tell(on_acknowledged, False, "connection lost")
        self._answers.fail(self.reason or lost)
        if not self.ended.done():
            self.ended.set_result(None)

    def pause_writing(self) -> None:
        """The socket is full: publishes wait in line."""
        self._writable = False

    def resume_writing(self) -> None:
        """The socket has room again."""
        self._writable = True
        self._fill()

    # -- receiving ------------------------------------------------------------------------------------------------
    def _take(self, received: list[mqtt5.Packet]) -> None:
        packets: list[Packet] = []
        lane, generation, resumed, arrivals = self.lane, self.generation, self.resumed, self._arrivals
        arrival = arrivals.next_arrival
        broken: ProtocolBroken | None = None
        for packet in received:
            if isinstance(packet, mqtt5.PublishPacket):
                qos = packet.qos
                if qos == 2 or packet.topic_alias is not None or not self.connected:
                    broken = forbidden(packet)
                    break
                packet_id = packet.packet_id
                packets.append(
                    Packet(
                        lane,
                        packet.topic,
                        packet.payload,
                        packet.retain,
                        int(qos),
                        packet_id,
                        packet.duplicate,
                        generation,
                        packet.response_topic,
                        packet.correlation_data,
                        resumed,
                        arrival,
                    )
                )
                if packet_id is not None:
                    arrivals.arrived(packet_id)
                    arrival += 1
            elif isinstance(packet, mqtt5.PubAckPacket):
                self._puback(packet)
            elif (broken := self._control(packet)) is not None:
                break
            else:
                resumed = self.resumed
        if packets:
            self._on_packets(packets)
        if self._queue:
            self._fill()
        if broken is not None:
            raise broken

    def _control(self, packet: mqtt5.Packet) -> ProtocolBroken | None:
        """Everything that is neither PUBLISH nor PUBACK; gives what is wrong when a broker may not send it now."""
        match packet:
            case mqtt5.PingRespPacket():
                self._watch.answered()
                return None
            case mqtt5.ConnAckPacket() if not self.connected:
                self._welcome(packet)
                self._answers.came(0, packet)
                return None
            case mqtt5.SubAckPacket() | mqtt5.UnsubAckPacket() if self.connected:
                self._answers.came(packet.packet_id, packet)
                return None
            case mqtt5.DisconnectPacket():
                self._close(farewell(packet, self._where, self._client_id), None)
                return None
        return forbidden(packet)

    def _welcome(self, packet: mqtt5.ConnAckPacket) -> None:
        if int(packet.reason_code):
            return
        self.connected = True
        self.resumed = packet.session_present
        self._window = min(packet.receive_max, _LAST_ID - _IDS_KEPT_FREE)
        self._packet_max = min(packet.max_packet_size or _PUBLISH_MAX, _PUBLISH_MAX)

    def _puback(self, packet: mqtt5.PubAckPacket) -> None:
        self._watch.answered()
        known = self._inflight.pop(packet.packet_id, None)
        if known is not None and known[1] is not None:
            code = int(packet.reason_code)
            known[1](code < FIRST_FAILURE, publish_words(code, known[0]) if code else "taken by the broker")

    # -- publishing -----------------------------------------------------------------------------------------------
    def _room(self, qos: int) -> bool:
        fits = qos == 0 or len(self._inflight) < self._window
        return fits and self._writable and self.connected and self._out_size < _OUT_MAX

    def _fill(self) -> None:
        queue = self._queue
        while queue and self._room(queue[0].qos):
            self._put(queue.popleft())

    def _put(self, message: Publication) -> None:
        topic, payload, qos, retain, on_acknowledged, correlation = message
        if not publishable(topic):
            # A broker that ended the connection for it would end the next one for it too, and so for ever.
            self._refuse(on_acknowledged, f"not a message that MQTT can carry, topic {topic[:200]!r}")
            return
        if len(payload) > self._packet_max:
            self._refuse(on_acknowledged, too_large(topic, len(payload), self._packet_max))
            return
        packet_id = self._next_id() if qos else None
        try:
            data = mqtt5.PublishPacket(
                topic, payload, qos=_QOS[qos], retain=retain, packet_id=packet_id, correlation_data=correlation
            ).write()
        except ValueError as error:
            self._refuse(on_acknowledged, f"not a message that MQTT can carry, topic {topic!r}: {error}")
            return
        if len(data) > self._packet_max:
            self._refuse(on_acknowledged, too_large(topic, len(data), self._packet_max))
            return
        self._send(data)
        if packet_id is not None:
            self._inflight[packet_id] = (topic, on_acknowledged)
        elif on_acknowledged is not None:
            self._loop.call_soon(self._tell, on_acknowledged, True, "sent; QoS 0 is never acknowledged")

    def _refuse(self, on_acknowledged: OnAcknowledged | None, why: str) -> None:
        self._loop.call_soon(self._tell, on_acknowledged, False, why)

    def _tell(self, on_acknowledged: OnAcknowledged | None, ok: bool, why: str) -> None:
        if on_acknowledged is None:
            return
        try:
            on_acknowledged(ok, why)
        except Exception as error:  # noqa: BLE001
            # As in data_received: the lane's `run` raises it.
            self.abort(error)

    def _next_id(self) -> int:
        while True:
            self._last_id = self._last_id % _LAST_ID + 1
            if self._last_id not in self._inflight and self._last_id not in self._answers:
                return self._last_id

    # -- writing --------------------------------------------------------------------------------------------------
    def _send(self, data: bytes) -> None:
        self._out.append(data)
        self._out_size += len(data)
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        if self._out and self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
        self._out.clear()
        self._out_size = 0
        if self._queue:
            self._fill()

    # -- life and end ---------------------------------------------------------------------------------------------
    def _tick(self) -> None:
        if why := self._watch.tick(self._tick_s, reading=self._reading, oldest=next(iter(self._inflight), None)):
            self.abort(BrokerUnreachable(why))
            return
        self._send(_PINGREQ)
        self._ticking = self._loop.call_later(self._tick_s, self._tick)

    def _note(self, reason: Exception) -> None:
        """The first reason is the cause; what follows from it is not, and nothing more is taken."""
        # A fault of ours outranks it: it must reach somebody.
        if self.reason is None or (isinstance(self.reason, BrokerError) and not isinstance(reason, BrokerError)):
            self.reason = reason
        self.connected, self._rest = False, b""

    def _close(self, reason: Exception, code: mqtt5.DisconnectReasonCode | None) -> None:
        self._note(reason)
        if self._transport is None or self._transport.is_closing():
            return
        if code is not None:
            self._send(mqtt5.DisconnectPacket(reason_code=code).write())
        self._flush()
        self._transport.close()
        # A peer that does not read would keep a closing transport open for ever.
        self._loop.call_later(_LINGER_S, self._transport.abort)

    async def _answer_to(self, packet_id: int) -> Answer:
        if self.ended.done() or self._transport is None or self._transport.is_closing():
            raise self.reason or BrokerUnreachable(f"not connected to the broker at {self._where}")
        return await self._answers.to(packet_id)

    def _codes(self, answer: Answer, kind: type[mqtt5.SubAckPacket | mqtt5.UnsubAckPacket], count: int) -> list[int]:
        codes = codes_of(answer, kind, count)
        if codes is None:
            error = ProtocolBroken(f"the broker answered {count} filters with something else", _PROTOCOL_ERROR)
            self._close(error, mqtt5.DisconnectReasonCode.PROTOCOL_ERROR)
            raise error
        return codes

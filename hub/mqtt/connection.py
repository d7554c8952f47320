"""One lane's connection to the broker for the life of the hub: up again by itself, nothing acknowledged by itself.

A message that arrives is handed over and stays unacknowledged until `acknowledge`, which the pump calls after its
commit. A message to be sent is answered once, with the broker's word or with the loss of the connection; keeping it
until the broker has it is the outbox's work. `hub/mqtt/link.py` is one network connection, this file a row of them.
"""

import asyncio
import contextlib
import logging
import random
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence

import mqtt5

from hub.errors import (
    BrokerClosed,
    BrokerError,
    BrokerUnreachable,
    SessionTakenOver,
    SubscriptionRefused,
)
from hub.mqtt.filters import impossible, portions
from hub.mqtt.link import MAX_PACKET_SIZE, Link, OnAcknowledged
from hub.mqtt.login import password_of, tls_of
from hub.mqtt.patience import ANSWER_S, patience
from hub.mqtt.reasons import FILTER_INVALID, FIRST_FAILURE, LOGIN, closed_silently, refusal, subscribe_words, untrusted
from hub.mqtt.types import BrokerAddress, Message, Packet, Publication, Up

__all__ = ["BrokerAddress", "Connection", "Message", "OnAcknowledged", "Packet", "Up"]

log = logging.getLogger("handrail.mqtt")

_FIRST_WAIT_S = 0.1
_LONGEST_WAIT_S = 5.0
_TAKEN_OVER_MAX = 3
_TAKEN_OVER_WITHIN_S = 60.0
# Mosquitto before 2.0.15 does not say that a session was taken over, it only closes; that needs more evidence.
_SILENT_CLOSINGS_MAX = 4


class Connection:
    """A lane: connects, subscribes, hands over, acknowledges when told, publishes, and comes back when it was lost."""

    def __init__(
        self,
        *,
        lane: str,
        client_id: str,
        address: BrokerAddress,
        subscriptions: Iterable[str],
        receive_max: int,
        on_packets: Callable[[list[Packet]], None],
        on_up: Callable[[Up], None],
        on_down: Callable[[str], None],
        rng: random.Random,
        keep_alive_s: int = 5,
        steady_s: float = 2.0,
        session_expiry_s: int = 30 * 86_400,
        will: Message | None = None,
        no_longer_subscribed: Iterable[str] = (),
    ) -> None:
        """`no_longer_subscribed`: filters that the broker's session may still hold; `steady_s`: then it works."""
        self.lane = lane
        self.client_id = client_id
        self.address = address
        self.taken_over = 0
        self.session_present = False
        self.up = False
        self._filters: dict[str, None] = dict.fromkeys(subscriptions)
        self._removed: dict[str, None] = dict.fromkeys(f for f in no_longer_subscribed if f not in self._filters)
        self._refused: dict[str, str] = {}
        self._receive_max = receive_max
        self._on_packets = on_packets
        self._on_up = on_up
        self._on_down = on_down
        self._rng = rng
        self._keep_alive_s = keep_alive_s
        self._steady_s, self._was_steady = steady_s, False
        self._session_expiry_s = session_expiry_s
        self._will = will
        self._generation = 0
        self._link: Link | None = None
        self._attempt: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._came_up = asyncio.Event()
        self._was_up = False
        self._told_down: type[BrokerError] | None = None
        self._failures = self._recent_takeovers = self._recent_closings = 0
        self._closed_silently = self._kept_out = False

    @property
    def connection(self) -> int:
        """The generation number of the present network connection, or of the last one."""
        return self._generation

    @property
    def unacknowledged(self) -> int:
        """Messages of the present connection that arrived and whose PUBACK has not left."""
        return self._link.unacknowledged if self._link is not None else 0

    @property
    def backlog(self) -> int:
        """Publishes of the present connection that the broker has not acknowledged, sent or not."""
        return self._link.backlog if self._link is not None else 0

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """The filters this lane wants, in the order in which they were asked for."""
        return tuple(self._filters)

    async def run(self) -> None:
        """Keep the lane connected until `stop`; raises what trying again cannot mend, and may then be run again."""
        while not self._stopping.is_set():
            self._attempt = asyncio.create_task(self._connect_once())
            try:
                await asyncio.wait({self._attempt})
            finally:
                self._attempt.cancel()
            if self._attempt.cancelled():
                return
            error = self._attempt.exception()
            if not isinstance(error, BrokerError):
                raise error or RuntimeError("a connection ended without a reason")
            if self._stopping.is_set():
                return
            self._went_down(error)
            if self._hopeless(error):
                raise error
            await self._wait()

    async def stop(self, *, last: Message | None = None, within_s: float = 2.0) -> None:
        """Publish `last` if given, say goodbye (the session stays, the will does not speak), and end."""
        self._stopping.set()
        link = self._link
        if link is not None and link.connected:
            if last is not None:
                await self._last_words(link, last, within_s)
            link.disconnect()
            await asyncio.wait({link.ended}, timeout=within_s)
        if self._attempt is not None:
            self._attempt.cancel()
        self.up = False
        self._came_up.set()

    def acknowledge(self, packets: Iterable[Packet], *, out_of_turn: bool = False) -> None:
        """Send the PUBACKs of these, in order of arrival; those of an earlier connection are dropped and come again."""
        if self._link is not None:
            self._link.acknowledge(packets, out_of_turn=out_of_turn)

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        correlation_data: bytes | None = None,
        on_acknowledged: OnAcknowledged | None = None,
    ) -> None:
        """Send within the broker's window, else wait in line; `on_acknowledged` is called once, after this returned."""
        if self._link is not None and self._link.connected:
            self._link.publish(Publication(topic, payload, qos, retain, on_acknowledged, correlation_data))
        elif on_acknowledged is not None:
            asyncio.get_running_loop().call_soon(on_acknowledged, False, "not connected to the broker")

    async def subscribe(self, *filters: str) -> None:
        """Add filters and wait until the broker granted them; one that it refuses is not kept and raises."""
        for name in filters:
            self._filters[name] = None
            self._removed.pop(name, None)
        await self._when_up(lambda link: self._subscribe_on(link, filters))
        refused = [name for name in filters if name in self._refused]
        for name in refused:
            self._filters.pop(name, None)
        if refused:
            sentences = [self._refused.pop(name) for name in refused]
            raise SubscriptionRefused(sentences[0], refused[0])

    async def unsubscribe(self, *filters: str) -> None:
        """Take filters away and wait until the broker confirmed it; a lost connection only delays it."""
        for name in filters:
            self._filters.pop(name, None)
            self._refused.pop(name, None)
            self._removed[name] = None
        await self._when_up(lambda link: self._unsubscribe_on(link, filters))

    async def ask_again(self, *, everything: bool = False) -> tuple[str, ...]:
        """Ask once more for the filters that were refused at the connect, or for all; a sentence for each that is."""
        with contextlib.suppress(BrokerError):  # a connection lost meanwhile: the next one asks anew by itself
            if self._link is not None and self.up:
                await self._subscribe_on(self._link, tuple(self._filters if everything else self._refused))
        return tuple(self._refused.values())

    # -- one connection -------------------------------------------------------------------------------------------
    async def _connect_once(self) -> None:
        self._generation += 1
        loop = asyncio.get_running_loop()
        link = Link(
            lane=self.lane,
            generation=self._generation,
            where=str(self.address),
            client_id=self.client_id,
            receive_max=self._receive_max,
            on_packets=self._on_packets,
        )
        steady: asyncio.TimerHandle | None = None
        forgetting: asyncio.Future[None] | None = None
        try:
            tls, connect = tls_of(self.address), self._connect_packet()
            await self._open(link, tls)
            self._link = link
            async with patience(f"the broker at {self.address} accepted the connection and then did not answer"):
                welcome = await link.connect(connect)
            if code := int(welcome.reason_code):
                self._kept_out |= code in LOGIN
                raise refusal(welcome, str(self.address), self.client_id, self.address.username)
            self.session_present = welcome.session_present
            self._count_silent_closing(welcome)
            link.watch(self._watch_s(welcome))
            await self._subscribe_on(link, tuple(self._filters))
            forgetting = asyncio.ensure_future(self._forget_on(link))
            steady = loop.call_later(self._steady_s, self._is_steady)
            self._went_up(welcome)
            await link.ended
        finally:
            if steady is not None:
                steady.cancel()
            if forgetting is not None:
                forgetting.cancel()
            self._closed_silently = link.closed_silently and self.up
            self.up = False
            self._came_up.clear()
            link.abort(BrokerUnreachable("the attempt to connect was given up"))
            self._link = None
        raise self._cause(link)

    async def _open(self, link: Link, tls: ssl.SSLContext | None) -> None:
        address, loop = self.address, asyncio.get_running_loop()
        try:
            async with patience(f"nobody answers at {address}; is the broker running, is the address right?"):
                await loop.create_connection(
                    lambda: link, address.host, address.port, ssl=tls, ssl_handshake_timeout=ANSWER_S if tls else None
                )
        except ssl.SSLError as error:
            raise untrusted(error, str(address)) from error
        except OSError as error:
            raise BrokerUnreachable(f"the broker at {address} cannot be reached: {error.strerror or error}") from error

    def _connect_packet(self) -> mqtt5.ConnectPacket:
        will = None
        if (said := self._will) is not None:
            will = mqtt5.Will(said.topic, payload=said.payload, qos=mqtt5.QoS(said.qos), retain=said.retain)
        return mqtt5.ConnectPacket(
            self.client_id,
            username=self.address.username,
            password=password_of(self.address),
            clean_start=False,
            will=will,
            keep_alive=self._keep_alive_s,
            session_expiry_interval=self._session_expiry_s,
            receive_max=self._receive_max,
            max_packet_size=MAX_PACKET_SIZE,
        )

    def _watch_s(self, welcome: mqtt5.ConnAckPacket) -> int:
        """Ours, or the broker's where it demands a shorter one."""
        return min(self._keep_alive_s, welcome.server_keep_alive or self._keep_alive_s)

    async def _subscribe_on(self, link: Link, filters: Sequence[str]) -> None:
        bad = impossible(filters)
        self._grant(bad, [FILTER_INVALID] * len(bad))
        for some in portions(filters):
            async with patience(f"the broker at {self.address} did not answer a subscription"):
                codes = await link.subscribe(some)
            self._grant(some, codes)

    def _grant(self, filters: Sequence[str], codes: Sequence[int]) -> None:
        for name, code in zip(filters, codes, strict=True):
            self._refused.pop(name, None)
            if code >= FIRST_FAILURE:
                self._refused[name] = (
                    f"the broker at {self.address} refused the subscription {name}: {subscribe_words(code)}"
                )

    async def _unsubscribe_on(self, link: Link, filters: Sequence[str]) -> None:
        for some in portions(filters):
            async with patience(f"the broker at {self.address} did not answer an unsubscription"):
                await link.unsubscribe(some)
            for name in some:
                self._removed.pop(name, None)

    async def _forget_on(self, link: Link) -> None:
        """Take away what an earlier run left in the session; nothing waits for it, because rumqttd never answers."""
        try:
            await self._unsubscribe_on(link, tuple(self._removed))
        except BrokerError as error:
            log.info("%s lane: %s", self.lane, error)

    async def _when_up(self, ask: Callable[[Link], Awaitable[None]]) -> None:
        """Ask on the present connection; when that is lost meanwhile, once more on the next."""
        while not self._stopping.is_set():
            await self._came_up.wait()
            link = self._link
            if link is None:
                continue
            try:
                await ask(link)
            except BrokerError as error:
                link.abort(error)
                if link is self._link:
                    self._came_up.clear()
            else:
                return
        raise BrokerClosed(f"the {self.lane} lane was stopped before the broker answered")

    async def _last_words(self, link: Link, last: Message, within_s: float) -> None:
        answered = asyncio.Event()
        link.publish(Publication(last.topic, last.payload, last.qos, last.retain, lambda _ok, _why: answered.set()))
        try:
            async with asyncio.timeout(within_s):
                await answered.wait()
        except TimeoutError:
            log.warning("%s lane: the broker did not take the last message within %g s", self.lane, within_s)

    # -- up, down and again ---------------------------------------------------------------------------------------
    def _went_up(self, welcome: mqtt5.ConnAckPacket) -> None:
        back, self._told_down = self._told_down is not None, None
        kept_out, self._kept_out = self._kept_out, False
        self._was_up = self.up = True
        self._came_up.set()
        session = "the broker kept our session" if welcome.session_present else "a new session"
        log.info("%s lane: %s %s, %s", self.lane, "back at" if back else "connected to", self.address, session)
        for sentence in self._refused.values():
            log.error("%s lane: %s", self.lane, sentence)
        expiry_s = welcome.session_expiry_interval
        self._on_up(
            Up(
                connection=self._generation,
                session_present=welcome.session_present,
                receive_max=welcome.receive_max,
                max_packet_size=welcome.max_packet_size,
                keep_alive_s=self._watch_s(welcome),
                session_expiry_s=self._session_expiry_s if expiry_s is None else expiry_s,
                refused=tuple(self._refused.values()),
                kept_out=kept_out,
            )
        )

    def _count_silent_closing(self, welcome: mqtt5.ConnAckPacket) -> None:
        """Closed without a word and let in again at once, again and again: that is what two hubs with one id see."""
        if self._closed_silently and welcome.session_present:
            self._recent_closings += 1
            asyncio.get_running_loop().call_later(_TAKEN_OVER_WITHIN_S, self._forget_closing)

    def _cause(self, link: Link) -> Exception:
        # Concluded when closed once more and not when let in again: the other hub is left in peace.
        if self._closed_silently and self._recent_closings >= _SILENT_CLOSINGS_MAX:
            times = self._recent_closings + 1
            return closed_silently(str(self.address), self.client_id, times, worked=self._was_steady)
        return link.reason or BrokerUnreachable(f"the connection to the broker at {self.address} was lost")

    def _went_down(self, error: BrokerError) -> None:
        """Told once when the lane goes, and again only when the cause has become another."""
        if isinstance(error, SessionTakenOver):
            self.taken_over += 1
            self._recent_takeovers += 1
            asyncio.get_running_loop().call_later(_TAKEN_OVER_WITHIN_S, self._forget_takeover)
        if self._told_down is not type(error):
            self._told_down = type(error)
            log.log(logging.WARNING if error.retry else logging.ERROR, "%s lane: %s", self.lane, error)
            self._on_down(str(error))

    def _hopeless(self, error: BrokerError) -> bool:
        """Once the lane has been up, what it was refused may be mended while it goes on trying."""
        if isinstance(error, SessionTakenOver):
            silently = self._recent_closings >= _SILENT_CLOSINGS_MAX and not self._was_steady
            # Of two hubs the one that came later leaves first.
            most = 2 * _TAKEN_OVER_MAX if self._was_steady else _TAKEN_OVER_MAX
            return self._recent_takeovers >= most or silently
        return not error.retry and not self._was_up

    def _forget_takeover(self) -> None:
        self._recent_takeovers -= 1

    def _forget_closing(self) -> None:
        self._recent_closings -= 1

    def _is_steady(self) -> None:
        self._failures, self._was_steady = 0, True

    async def _wait(self) -> None:
        longest_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2**self._failures)
        self._failures = min(self._failures + 1, 10)
        try:
            async with asyncio.timeout(longest_s * self._rng.uniform(0.5, 1.0)):
                await self._stopping.wait()
        except TimeoutError:
            return

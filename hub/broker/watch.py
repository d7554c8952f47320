"""Watches the broker: what it drops, what it does not let us hear, how it is set, and when its certificate ends.

It has a connection of its own, with no session that outlives it: nothing waits for it at the broker, no press waits
behind it, and a broker that ends a connection for asking after `$SYS` (rumqttd does) ends only this one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import count
from pathlib import Path

from hub.abc import Lane
from hub.broker import certificates, drops
from hub.broker.drops import Drops
from hub.broker.rights import PATIENCE_S, SILENT, Probe, Rights
from hub.broker.running import RIGHT, Running
from hub.config.broker_conf import BrokerProblem, Looked, look_at
from hub.errors import BrokerError, SubscriptionRefused
from hub.mqtt.types import BrokerAddress, Packet, Up

log = logging.getLogger("handrail.broker")

WATCH = "watch"
MINUTE_S = 60.0
SOON_DAYS = 14
CERTIFICATE, SETTINGS = "certificate", ("persistence", "settings")
PROBE_MINUTES, FILES_MINUTES, CERTIFICATE_MINUTES = 5, 10, 360
"""How often each is looked at while it is right; while it is wrong, every minute."""
SAVING_S = 0.5
"""A file that was changed just now may be in the middle of being saved: who saves may empty it first."""
COUNT_TRIES = 3
COUNT_S = 5.0


class BrokerWatch:
    """Looks at the broker at the connect and every minute; each thing wrong is one fault until it is right again."""

    def __init__(
        self,
        *,
        probe: Probe,
        rights: Rights,
        drops: Drops,
        on_fault: Callable[..., None],
        wall_ms: Callable[[], int],
        address: BrokerAddress,
        folder: Path,
        ready: asyncio.Event,
        told: Iterable[str] = (),
    ) -> None:
        """`told` are the faults that people were told of before this start and that nobody has taken back."""
        self.rights = rights
        self.minute_s = MINUTE_S
        self.lane: Lane | None = None
        self._probe, self._drops = probe, drops
        self._on_fault, self._wall_ms = on_fault, wall_ms
        self._address, self._folder = address, folder
        self._ready = ready
        self._up = asyncio.Event()
        self._soon = asyncio.Event()
        self._disturbed = False
        self._counts: bool | None = None
        self._raises_qos0 = True
        self._wrong = {*SETTINGS, CERTIFICATE}.intersection(told)
        self._said: dict[str, str] = {}
        self._running = Running(wall_ms)
        self._unchecked = ""
        self._silent: frozenset[str] = frozenset()
        self.hear_anew: Callable[[], Awaitable[None]] | None = None
        """Subscribes anew to what comes through again."""

    @property
    def topics(self) -> tuple[str, ...]:
        """What its connection listens to from the start."""
        return self._probe.topics

    # -- its connection -------------------------------------------------------------------------------------------
    def on_packets(self, packets: list[Packet]) -> None:
        """Everything here is only looked at, so it is acknowledged at once."""
        for packet in packets:
            if packet.topic == drops.TOPIC:
                self._drops.heard(packet.payload)
            elif packet.topic == drops.UPTIME:
                self._drops.unchanged()
                if self._running.said(packet.payload, retained=packet.retain) and not self._wrong.isdisjoint(SETTINGS):
                    self._soon.set()
            else:
                self._probe.came(packet.topic, packet.qos)
        if self.lane is not None:
            self.lane.acknowledge(packets)

    def on_up(self, _up: Up) -> None:
        """Connected."""
        self._running.connected()
        self._up.set()

    def on_down(self, _why: str) -> None:
        """Lost; the lanes say why."""
        self._up.clear()
        self._disturbed = True

    def look_soon(self) -> None:
        """Somebody says that something was mended."""
        self._soon.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        assert self.lane is not None
        await self._ready.wait()
        connected = asyncio.create_task(self._connected(self.lane))
        try:
            for minute in count():
                soon = self._soon.is_set()
                self._soon.clear()
                try:
                    await self._look(0 if soon else minute)
                except BrokerError as error:
                    log.info("%s", error)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self.minute_s):
                        await self._soon.wait()
                if connected.done():
                    connected.result()
        finally:
            connected.cancel()
            await asyncio.gather(connected, return_exceptions=True)

    async def _connected(self, lane: Lane) -> None:
        """Whatever ends this connection for good must not end the hub."""
        while True:
            try:
                await lane.run()
            except BrokerError as error:
                log.warning("the broker is not watched: %s", error)
            else:
                return
            await asyncio.sleep(self.minute_s)

    async def stop(self) -> None:
        """Say goodbye."""
        if self.lane is not None:
            await self.lane.stop()

    # -- looking --------------------------------------------------------------------------------------------------
    async def _look(self, minute: int) -> None:
        self._drops.look()
        if not self._wrong.isdisjoint(SETTINGS) or minute % FILES_MINUTES == 0:
            await self._look_at_settings()
        if CERTIFICATE in self._wrong or minute % CERTIFICATE_MINUTES == 0:
            await self._look_at_certificates()
        await self.rights.ask_again()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.minute_s):
                await self._up.wait()
        if not self._up.is_set():
            return
        if self._counts is None:
            await self._ask_for_the_count()
        elif self._counts and not self._drops.known:
            self._counts = False
            log.warning(
                "the broker at %s does not say what it drops: give the hub's account `topic read $SYS/#` in the "
                "broker's acl file, or set `sys_interval 10` in mosquitto.conf, and restart the hub",
                self._address,
            )
        if self.rights.lacking or minute % PROBE_MINUTES == 0:
            await self._look_at_rights()

    async def _ask_for_the_count(self) -> None:
        """Some brokers have none, and one of them hangs up when asked: then it is asked no more."""
        assert self.lane is not None
        for _ in range(COUNT_TRIES):
            try:
                async with asyncio.timeout(COUNT_S):
                    await self.lane.subscribe(drops.TOPIC, drops.UPTIME)
            except SubscriptionRefused as error:
                log.warning("what the broker drops is not known: %s", error)
                break
            except TimeoutError:
                continue
            self._counts = True
            return
        self._counts = False
        log.info("the broker has no count of what it drops")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(COUNT_S):
                await self.lane.unsubscribe(drops.TOPIC, drops.UPTIME)

    async def _look_at_rights(self) -> None:
        self._disturbed = False
        found = await self._probe.ask()
        if found is not None and found[0]:
            # Told on the second time: MQTT promises an order within a topic, and brokers keep it beyond.
            again = await self._probe.ask()
            found = ([name for name in found[0] if name in again[0]], found[1]) if again is not None else None
        if found is None or self._disturbed:
            return
        silent, raises = found
        if self._silent - set(silent) and self.hear_anew is not None:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await self.hear_anew()
            except TimeoutError:
                log.warning("what the broker passes on again was not subscribed to anew in time: again in a minute")
                return
        self._silent = frozenset(silent)
        self.rights.say(SILENT, *(f"the broker grants {name} and passes nothing of it on" for name in silent))
        if not raises and self._raises_qos0:
            log.warning(
                "the broker at %s does not raise QoS 0: what a gateway sends so is lost while the hub is away; set "
                "`upgrade_outgoing_qos true` and `queue_qos0_messages true` in mosquitto.conf, or let gateways send "
                "at QoS 1",
                self._address,
            )
        self._raises_qos0 = raises

    async def _look_at_certificates(self) -> None:
        if not self._address.tls:
            self._say(CERTIFICATE, "", "the broker is spoken to without TLS")
            return
        shown = await certificates.of_broker(self._address)
        ours = await asyncio.to_thread(certificates.of_files, self._address)
        now_s = self._wall_ms() // 1000
        ending = [one for one in (*([shown] if shown else []), *ours) if one.ends_s - now_s < SOON_DAYS * 86_400]
        if ending:
            first = min(ending, key=lambda one: one.ends_s)
            said = f"ends on {first.day}" if first.ends_s > now_s else "has ended"
            self._say(CERTIFICATE, f"{first.what} {said}", "", ends=first.day)
        elif shown is not None:
            self._say(CERTIFICATE, "", "the broker's certificate is good for more than two weeks")

    async def _look_at_settings(self) -> None:
        looked = await asyncio.to_thread(look_at, self._folder)
        if self._wall_ms() - looked.changed_wall_ms < SAVING_S * 1000:
            await asyncio.sleep(SAVING_S)
            looked = await asyncio.to_thread(look_at, self._folder)
        for fault in SETTINGS:
            wrong: str | None = _first([problem for problem in looked.problems if problem.fault == fault])
            if not wrong and fault in self._wrong:
                wrong = self._running.still_wrong(looked, says_uptime=self._counts is not False)
            if wrong is not None:
                self._say(fault, wrong, RIGHT)
        self._say_unchecked(looked)

    def _say_unchecked(self, looked: Looked) -> None:
        """What cannot be known of the broker is a line of the log, once, and of `check`: nobody is woken for it."""
        unchecked = str(looked.unchecked or "")
        if not unchecked and self._running.has_read(looked) is False and self._wrong.isdisjoint(SETTINGS):
            unchecked = (
                f"the broker at {self._address} was started before mosquitto.conf was changed: whether it runs with "
                "these settings cannot be checked here; restart it with this file"
            )
        if unchecked and unchecked != self._unchecked:
            log.warning("%s", unchecked)
        self._unchecked = unchecked

    def _say(self, fault: str, wrong: str, right: str, **about: str) -> None:
        """Told when it becomes wrong, or wrong in another way, and when it is right again."""
        if wrong and self._said.get(fault) != wrong:
            self._wrong.add(fault)
            self._on_fault(fault, True, wrong, **about)
        elif not wrong and fault in self._wrong:
            self._wrong.discard(fault)
            self._on_fault(fault, False, right)
        self._said[fault] = wrong


def _first(problems: Sequence[BrokerProblem]) -> str:
    more = f" (and {len(problems) - 1} more: handrail check says all)" if len(problems) > 1 else ""
    return f"{problems[0].problem}{more}" if problems else ""

"""The pump: one writer for everything that happens. Inputs of both lanes, of timers and of the hub itself are gathered
into groups, stepped, committed off the event loop, and only then acknowledged and carried out.

A bulk group holds at most 100 messages or what came within 5 ms; what is urgent goes in front of the next group and
never waits for one to fill. A group whose commit fails is undone as a whole and its inputs go back where they were.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from devices.adapter import NOTHING, Message
from devices.events import EMERGENCY_KINDS
from devices.registry import presses_call
from hub.abc import Broker
from hub.elapsed import HomeClock
from hub.errors import HandrailError
from hub.lanes import BULK, TWIN_WAIT_MS, URGENT, Overlap, Owed, Received, digest
from hub.ledger.write import Batch
from hub.mqtt_types import Packet
from hub.outbox import Wish
from hub.requests import UnreadableRequest, read_request
from hub.steps import Group, Steps
from hub.timers import Timers
from rules.inputs import Faulted, FellDue, Heard, Input, Now, Unread

log = logging.getLogger("handrail.pump")

GROUP_MOST = 100
BRAKE_AT = 4_000
"""Messages of our own that the broker has not taken yet: with more, bulk waits at the broker and not in our memory."""
LINGER_MS = 5
RETRY_S = 0.5
RAW_MOST = 65_536


@dataclass(slots=True)
class Taken:
    """What a group took, so that it can be acknowledged after the commit or go back."""

    packets: list[Packet] = field(default_factory=list)
    urgent: list[Packet | Input] = field(default_factory=list)
    bulk: list[Packet] = field(default_factory=list)
    settled: list[tuple[str, bytes, Owed]] = field(default_factory=list)
    held: list[tuple[Packet, bytes]] = field(default_factory=list)
    owed: list[tuple[str, bytes, int]] = field(default_factory=list)
    learned: bool = False


class Pump:
    """Gathers, steps, commits, acknowledges, hands over."""

    def __init__(
        self,
        *,
        steps: Steps,
        commit: Callable[[Batch], Awaitable[None]],
        clock: HomeClock,
        timers: Timers,
        overlap: Overlap,
        received: Received,
        after: Callable[[Group], None],
        housekeeping: Callable[[Batch], None],
        on_retained_alert: Callable[[str], None],
        on_learned: Callable[[], None],
        on_failure: Callable[[str], None],
        on_recovery: Callable[[], None],
    ) -> None:
        self._steps = steps
        self._commit = commit
        self._clock = clock
        self._timers = timers
        self._overlap = overlap
        self._received = received
        self._after = after
        self._housekeeping = housekeeping
        self._on_retained_alert = on_retained_alert
        self._on_learned = on_learned
        self._on_failure = on_failure
        self._on_recovery = on_recovery
        self.lanes: Mapping[str, Broker] = {}
        self._urgent: deque[Packet | Input] = deque()
        self._bulk: deque[Packet] = deque()
        self._bulk_since_ms = 0
        self._bulk_ages: deque[tuple[int, int]] = deque(maxlen=4_096)
        self._alternate = False
        self._save = False
        self._failing = False
        self._qos0_told: set[str] = set()
        self._wake = asyncio.Event()
        self._finished = asyncio.Event()
        self._stopping = False

    # -- in -------------------------------------------------------------------------------------------------------
    def offer(self, packets: list[Packet]) -> None:
        """Take what a lane received; nothing of it is acknowledged yet."""
        now_ms = self._clock.now().elapsed_ms
        if packets[0].lane == URGENT:
            self._urgent.extend(packets)
        else:
            if not self._bulk:
                self._bulk_since_ms = now_ms
            self._bulk.extend(packets)
            self._bulk_ages.append((now_ms, len(packets)))
        self._wake.set()

    def put(self, given: Input) -> None:
        """Take an input of the hub's own; it goes with the next group."""
        self._urgent.append(given)
        self._wake.set()

    def save_soon(self) -> None:
        """Something other than an input wants to be kept; it goes with the next commit, or one of its own."""
        self._save = True
        self._wake.set()

    @property
    def backlog(self) -> int:
        """Inputs that wait to be stepped."""
        return len(self._urgent) + len(self._bulk) + self._overlap.waiting

    def oldest_ms(self) -> int:
        """How long the oldest message that is not acknowledged has been waiting here."""
        now_ms = self._clock.now().elapsed_ms
        twin = self._overlap.next_overdue_ms()
        since = [now_ms] if twin is None else [now_ms, twin - TWIN_WAIT_MS]
        if self._bulk:
            passed = 0
            for at_ms, count in reversed(self._bulk_ages):
                passed += count
                since.append(at_ms)
                if passed >= len(self._bulk):
                    break
        return max(0, now_ms - min(since))

    # -- the loop -------------------------------------------------------------------------------------------------
    async def run(self) -> None:
        """Work until `drain`; a fault of the core's own ends it loudly."""
        try:
            while not self._stopping:
                await self._wait()
                await self._one_group()
        finally:
            self._finished.set()

    async def _one_group(self) -> None:
        group = self._steps.begin()
        taken = Taken()
        now = self._clock.now()
        self._gather(group, taken, now)
        self._steps.finish(group)
        self._housekeeping(group.batch)
        self._save = False
        if await self._keep(group, taken, now):
            self._done(group, taken)

    async def drain(self) -> None:
        """Finish the group under way and one more, then return; what is left is the broker's to send again."""
        self._stopping = True
        self._wake.set()
        await self._finished.wait()

    async def save_last(self) -> None:
        """One last commit after the broker was told goodbye: what was carried out meanwhile."""
        await self._one_group()

    async def _wait(self) -> None:
        """Until there is something to do: urgent at once, bulk when a group is full or has waited long enough."""
        while True:
            now_ms = self._clock.now().elapsed_ms
            if self._stopping or self._urgent or self._due_ms() <= now_ms:
                return
            wait_ms = self._due_ms() - now_ms
            if self._bulk and self._brakes():
                wait_ms = min(wait_ms, LINGER_MS)
            elif self._bulk:
                lingered = now_ms - self._bulk_since_ms
                if len(self._bulk) >= GROUP_MOST or lingered >= LINGER_MS:
                    return
                wait_ms = min(wait_ms, LINGER_MS - lingered)
            elif self._save:
                return
            self._wake.clear()
            try:
                async with asyncio.timeout(min(wait_ms, 60_000) / 1000):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _brakes(self) -> bool:
        """Whether the broker is behind with what we send it."""
        lane = self.lanes.get(BULK)
        return lane is not None and lane.backlog > BRAKE_AT

    def _due_ms(self) -> int:
        far = self._clock.now().elapsed_ms + 60_000
        timer, twin = self._timers.next_due_ms, self._overlap.next_overdue_ms()
        return min(far if timer is None else timer, far if twin is None else twin)

    def _gather(self, group: Group, taken: Taken, now: Now) -> None:
        """Form a group: what is urgent first; bulk joins only where nothing urgent was, or it has waited one group."""
        urgent = bool(self._urgent)
        for _ in range(min(len(self._urgent), GROUP_MOST)):
            item = self._urgent.popleft()
            taken.urgent.append(item)
            if isinstance(item, Packet):
                self._packet(group, taken, item, now)
            else:
                self._steps.take(group, item, now)
        for timer in self._timers.due(now.elapsed_ms):
            self._steps.take(group, FellDue(timer=timer), now)
        for packet in self._overlap.overdue(now.elapsed_ms):
            key = digest(packet)
            taken.held.append((packet, key))
            self._act(group, taken, packet, key, now, owes=URGENT)
        if urgent and not self._alternate:
            self._alternate = True
            return
        self._alternate = False
        if self._brakes():
            return
        for _ in range(min(len(self._bulk), GROUP_MOST)):
            packet = self._bulk.popleft()
            taken.bulk.append(packet)
            self._packet(group, taken, packet, now)
        self._bulk_since_ms = now.elapsed_ms

    async def _keep(self, group: Group, taken: Taken, now: Now) -> bool:
        """Commit a group; undo it and give everything back where that fails."""
        group.batch.cursors["seq"] = self._steps.seq
        group.batch.cursors["elapsed_ms"] = now.elapsed_ms
        group.batch.cursors["wall_ms"] = now.wall_ms
        try:
            await self._commit(group.batch)
        except HandrailError as error:
            self._give_back(taken)
            if not self._failing:
                self._failing = True
                log.error("%s", error)
            self._on_failure(str(error))
            await asyncio.sleep(RETRY_S)
            return False
        if self._failing:
            self._failing = False
            log.warning("the ledger takes commits again")
            self._on_recovery()
        return True

    def _give_back(self, taken: Taken) -> None:
        self._steps.undo()
        self._urgent.extendleft(reversed(taken.urgent))
        self._bulk.extendleft(reversed(taken.bulk))
        for lane, key, owed in reversed(taken.settled):
            self._overlap.give_back(lane, key, owed)
        for lane, key, ident in taken.owed:
            self._overlap.disown(lane, key, ident)
        for packet, key in taken.held:
            self._overlap.hold(packet, key, self._clock.now().elapsed_ms)

    def _done(self, group: Group, taken: Taken) -> None:
        """After the commit: adopt, acknowledge in order, set timers, carry out."""
        self._steps.adopt()
        for (lane, packet_id), key in group.batch.received.items():
            self._received.use(lane, packet_id, key)
        self._timers.change(group.timers)
        for name, broker in self.lanes.items():
            mine = [packet for packet in taken.packets if packet.lane == name]
            if mine:
                broker.acknowledge(mine)
        self._after(group)
        if taken.learned:
            self._on_learned()

    # -- one packet -----------------------------------------------------------------------------------------------
    def _packet(self, group: Group, taken: Taken, packet: Packet, now: Now) -> None:
        """A message of either lane: new, sent again, or the other lane's copy of one that is known."""
        alert = self._steps.topics.alert_of(packet.topic)
        if alert is not None:
            taken.packets.append(packet)
            if packet.retain and packet.payload:
                self._on_retained_alert(alert)
            return
        client = self._steps.topics.client_of(packet.topic)
        if client is None and packet.retain:
            if packet.lane == URGENT or not self._overlap.urgent.covers(packet.topic):
                self._act(group, taken, packet, digest(packet), now, owes="")
            else:
                taken.packets.append(packet)
            return
        key = digest(packet)
        if self._came_again(group, packet, key):
            taken.packets.append(packet)
            return
        if client is not None:
            self._request(group, taken, packet, client, now)
            self._note(group, taken, packet, key)
            return
        owed = self._overlap.settle(packet.lane, key)
        if owed is not None:
            taken.settled.append((packet.lane, key, owed))
            group.batch.paired.append(owed.id)
            self._note(group, taken, packet, key)
            return
        if packet.lane == BULK and self._overlap.urgent.covers(packet.topic):
            self._overlap.hold(packet, key, now.elapsed_ms)
            return
        self._act(group, taken, packet, key, now, owes=BULK if packet.lane == URGENT else "")

    def _came_again(self, group: Group, packet: Packet, key: bytes) -> bool:
        """A redelivery: DUP set, the session resumed, and the newest committed use of this packet id is equal."""
        if not (packet.duplicate and packet.resumed and packet.packet_id is not None):
            return False
        mine = group.batch.received.get((packet.lane, packet.packet_id))
        return mine == key if mine is not None else self._received.is_use(packet.lane, packet.packet_id, key)

    def _note(self, group: Group, taken: Taken, packet: Packet, key: bytes) -> None:
        """Acknowledge it after the commit, and remember its packet id for a redelivery."""
        taken.packets.append(packet)
        if packet.packet_id is not None:
            group.batch.received[packet.lane, packet.packet_id] = key

    def _act(self, group: Group, taken: Taken, packet: Packet, key: bytes, now: Now, *, owes: str) -> None:
        """Decode a message and step what it says; the other lane then owes its copy."""
        self._note(group, taken, packet, key)
        before = self._steps.seq
        self._decode(group, taken, packet, now)
        if not owes:
            return
        ident = before + 1 if self._steps.seq > before else self._next_seq()
        if owes == BULK:
            twin = self._overlap.held_twin(key)
            if twin is not None:
                taken.held.append((twin, key))
                self._note(group, taken, twin, key)
                return
        group.batch.twins.append((ident, owes, packet.topic, key, now.elapsed_ms))
        taken.owed.append((owes, key, ident))
        self._overlap.owe(owes, key, ident, now.elapsed_ms)

    def _next_seq(self) -> int:
        self._steps.seq += 1
        return self._steps.seq

    def _decode(self, group: Group, taken: Taken, packet: Packet, now: Now) -> None:
        steps = self._steps
        adapter = steps.catalogue.adapter_for(packet.topic)
        message = Message(packet.topic, packet.payload, packet.retain, packet.qos)
        decoded = adapter.decode(message, steps.known) if adapter is not None else NOTHING
        if decoded.error is not None:
            self._quarantine(group, packet, decoded.error, now)
            return
        for described in decoded.learned:
            if steps.known.get(described.device) != described:
                steps.known[described.device] = described
                group.batch.known[described.device] = described
                taken.learned = True
        for event in decoded.events:
            introduced = steps.known.get(event.device)
            can_call = introduced is not None and presses_call(introduced)
            seq = steps.take(group, Heard(event=event, retained=packet.retain, can_call=can_call), now)
            if event.kind in EMERGENCY_KINDS:
                group.batch.raw.append((seq, packet.topic, packet.payload[:RAW_MOST]))
                if packet.qos == 0 and event.press and not packet.retain:
                    self._arrived_at_qos0(group, event.device, now)

    def _arrived_at_qos0(self, group: Group, device: str, now: Now) -> None:
        """An emergency that nobody would send again: handled, and its gateway named once."""
        gateway = device.split("/", 1)[0]
        if gateway in self._qos0_told:
            return
        self._qos0_told.add(gateway)
        reason = (
            f"{device} reported an emergency at QoS 0, which a broker may drop: set the QoS of {gateway} to 1, "
            "or use the mosquitto.conf that `handrail new` writes"
        )
        self._steps.take(group, Faulted(fault=f"qos0:{gateway}", on=True, reason=reason), now)

    def _request(self, group: Group, taken: Taken, packet: Packet, client: str, now: Now) -> None:
        if packet.retain:
            return
        try:
            asked = read_request(client, packet.payload, now.wall_ms)
        except UnreadableRequest as error:
            self._quarantine(group, packet, str(error), now)
            return
        self._steps.take(group, asked, now)
        if packet.response_topic:
            wish = group.wishes.get(f"done/{asked.id}")
            if wish is not None:
                self._respond(group, wish.payload, packet, asked.id)

    def _respond(self, group: Group, payload: bytes, packet: Packet, request: str) -> None:
        key = f"response/{request}"
        topic = packet.response_topic or ""
        if "#" not in topic and "+" not in topic:
            group.wishes[key] = Wish(key=key, seq=self._next_seq(), urgent=True, topic=topic, payload=payload)

    def _quarantine(self, group: Group, packet: Packet, reason: str, now: Now) -> None:
        """Kept with the reason, shown, acknowledged: bad bytes never stand in front of good ones."""
        seq = self._steps.take(group, Unread(topic=packet.topic, reason=reason), now)
        group.batch.quarantine.append((seq, now.wall_ms, packet.topic, packet.payload[:RAW_MOST], reason))

"""One packet on its way into a group: new, sent again, or the other lane's copy of one that is known; a request, a
device's message, or bytes that nobody can read.

What a group took is written down in `Taken`, so that it is acknowledged after the commit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from devices.adapter import NOTHING, Message
from devices.events import EMERGENCY_KINDS, Event
from devices.known import still_calling
from devices.registry import meaning, presses_call
from devices.topics import publishable
from hub.command_forms import with_refusal
from hub.config.accounts import DASHBOARDS
from hub.described import to_supervise
from hub.lanes import BULK, URGENT, Held, Overlap, Owed, Received, digest
from hub.ledger.rows import OWN_FAULT
from hub.ledger.write import Batch
from hub.mqtt.types import Packet
from hub.outbox import Wish
from hub.requests import FOR_WATCHER, UnreadableRequest, read_request
from hub.steps import Group, Steps, Undrawn
from hub.topics import PROBE
from rules.inputs import Faulted, Heard, Now, Unread

log = logging.getLogger("handrail.intake")

RAW_MOST = 65_536
JUST_MS = 60_000
LARGEST = 2**63 - 1
"""The largest whole number that the ledger can keep; a device may send larger ones."""


class Unbearable(Exception):
    """A bug of ours met a message. The hub ends loudly; its next start leaves this message out and says so."""

    def __init__(self, packet: Packet, error: BaseException, owes: str) -> None:
        """`owes` is the lane that owes its copy of it, or nothing."""
        super().__init__(f"{packet.topic}: {error!r}")
        self.packet = packet
        self.owes = owes
        self.reason = f"{OWN_FAULT}{error!r}"

    def aside(self, seq: int, now: Now) -> Batch:
        """What the ledger keeps of it: the message alone, whole, in quarantine; and what tells it from a later one that
        says the same, when it and its copy come again."""
        packet, key = self.packet, digest(self.packet)
        batch = Batch(cursors={"seq": seq})
        batch.quarantine.append((seq, now.wall_ms, packet.topic, packet.payload, self.reason))
        if packet.packet_id is not None and not packet.retain:
            batch.received[packet.lane, packet.packet_id] = key
        if self.owes:
            batch.twins.append((seq, self.owes, packet.topic, key, now.elapsed_ms))
        return batch


@dataclass(slots=True)
class Taken:
    """What a group took, so that it can be acknowledged after the commit."""

    packets: list[Packet] = field(default_factory=list)
    acted: list[tuple[int, Packet, str]] = field(default_factory=list)
    """What was acted on, with the place in the sequence before it and the lane that owes its copy."""
    learned: bool = False
    """Devices introduced themselves, or were forgotten."""


class Intake:
    """Reads packets into a group."""

    def __init__(
        self,
        *,
        steps: Steps,
        overlap: Overlap,
        received: Received,
        on_shown: Callable[[str, bytes], None],
        on_watcher: Callable[[Packet], None],
    ) -> None:
        self._steps = steps
        self._overlap = overlap
        self._received = received
        self._on_shown = on_shown
        self._on_watcher = on_watcher
        self._told_gateways: set[str] = set()
        self._left_out: set[bytes] = set()
        self._told_until_ms: dict[bytes, int] = {}
        """Those of them that people are told of by this run, and how long that is just now."""

    def leave_out(self, messages: Iterable[tuple[str, bytes, int]], now: Now) -> list[Faulted]:
        """Messages that ended a run before: they are not acted on when they come again. What people are told instead of
        those of which no earlier start told them."""
        told: list[Faulted] = []
        for topic, payload, is_told in messages:
            packet = Packet(URGENT, topic, payload, False, 1, None, False, 0, None, None)
            key = digest(packet)
            self._left_out.add(key)
            if is_told:
                continue
            self._told_until_ms[key] = now.elapsed_ms + JUST_MS
            about = {"device": topic, "call": "yes" if self._perhaps_calls(packet) else ""}
            reason = f"{topic} met a fault of our own"
            told.append(Faulted(fault=f"bug:{key.hex()}", on=True, reason=reason, about=about))
        return told

    def _perhaps_calls(self, packet: Packet) -> bool:
        try:
            return self.may_call(packet)
        except Exception:
            log.exception("what %s says cannot be read: it is told as a call", packet.topic)
            return True

    def take(self, group: Group, taken: Taken, packet: Packet, now: Now) -> None:
        """A message of either lane: new, sent again, or the other lane's copy of one that is known.

        Raises `Unbearable` where a bug of ours meets it."""
        try:
            self._take(group, taken, packet, now)
        except Exception as error:
            owes = next((owes for _, one, owes in taken.acted if one is packet), "")
            raise Unbearable(packet, error, owes) from error

    def _take(self, group: Group, taken: Taken, packet: Packet, now: Now) -> None:
        topics, topic, overlap = self._steps.topics, packet.topic, self._overlap
        client = None
        if topics.is_in_tree(topic):
            if self._is_our_own(packet):
                taken.packets.append(packet)
                return
            client = topics.client_of(topic)
        if not packet.payload and topic.endswith(PROBE):  # rumqttd gives a client its own words back
            taken.packets.append(packet)
            return
        if client is None and packet.retain:
            if packet.lane == URGENT or not overlap.urgent.covers(topic):
                key = digest(packet)
                if key not in self._left_out:  # the broker sends it at each connection
                    self._act(group, taken, packet, key, now, owes="")
                    return
            taken.packets.append(packet)
            return
        key = digest(packet)
        if self._came_again(group, packet, key):
            taken.packets.append(packet)
            return
        owed = None if client is not None else self._owed(packet, key, now)
        if owed is not None:
            group.batch.paired.append(owed.id)
        if owed is not None or self._is_left_out(packet, key, now):
            self._note(group, taken, packet, key)
            return
        if client is not None:
            taken.acted.append((self._steps.seq, packet, ""))
            self._request(group, packet, client, now)
            self._note(group, taken, packet, key)
            return
        is_urgent = overlap.urgent.covers(topic)
        if packet.lane == BULK:
            if is_urgent:
                overlap.hold(packet, key, now.elapsed_ms)
                return
        elif not is_urgent:
            overlap.stray(topic)
        self._act(group, taken, packet, key, now, owes=BULK if packet.lane == URGENT else "")

    def _owed(self, packet: Packet, key: bytes, now: Now) -> Owed | None:
        """What this copy was owed for, where the other lane's was acted on."""
        if packet.lane == BULK:
            self._overlap.outgrow(packet, key, now.elapsed_ms)
        return self._overlap.settle(packet.lane, key)

    def _is_our_own(self, packet: Packet) -> bool:
        """What the broker shows of us, the watcher's heartbeat, our own word among the requests: no input."""
        topics, topic = self._steps.topics, packet.topic
        if topics.is_shown(topic):
            if packet.retain and packet.payload:
                self._on_shown(topic, packet.payload)
            return True
        if topic == topics.watcher:
            self._on_watcher(packet)
            return True
        return topic == topics.request_probe

    def may_call(self, packet: Packet) -> bool:
        """Whether somebody may be calling with this, or asking for something, or it says how to read a later one."""
        steps = self._steps
        if steps.topics.client_of(packet.topic) is not None:
            return True
        adapter = steps.catalogue.adapter_for(packet.topic, steps.known)
        if adapter is None:
            return False
        decoded = adapter.decode(Message(packet.topic, packet.payload, packet.retain, packet.qos), steps.known)
        return bool(decoded.learned) or any(e.press or e.kind in EMERGENCY_KINDS for e in decoded.events)

    def take_overdue(self, group: Group, taken: Taken, held: Held, now: Now) -> None:
        """A bulk copy whose urgent twin did not come is acted on; the urgent lane owes its copy from here."""
        try:
            self._act(group, taken, held.packet, held.key, now, owes=URGENT)
        except Exception as error:
            raise Unbearable(held.packet, error, URGENT) from error

    def finish(self, group: Group, taken: Taken) -> None:
        """The group is complete. Raises `Unbearable` where what came of a message cannot be said: it is set aside."""
        if self._received.forgotten:
            group.batch.forgotten, self._received.forgotten = self._received.forgotten, []
        try:
            self._steps.finish(group)
        except Undrawn as error:
            acted = [one for one in taken.acted if one[0] < error.seq]
            if not acted:
                raise
            _, packet, owes = acted[-1]
            raise Unbearable(packet, error.__cause__ or error, owes) from error

    def session_lost(self, lane: str, now_ms: int) -> None:
        """The broker forgot a lane's session: what it had sent there before says nothing of what it sends now."""
        self._overlap.session_lost(lane, now_ms)
        self._received.forget(lane)

    def _came_again(self, group: Group, packet: Packet, key: bytes) -> bool:
        """A redelivery: DUP set, the session resumed, and the newest committed use of this packet id is equal."""
        if not (packet.duplicate and packet.resumed and packet.packet_id is not None):
            return False
        mine = group.batch.received.get((packet.lane, packet.packet_id))
        return mine == key if mine is not None else self._received.is_use(packet.lane, packet.packet_id, key)

    def _is_left_out(self, packet: Packet, key: bytes, now: Now) -> bool:
        """The message that ended the run before, sent again under another packet id: only while people have just been
        told of it. The same said anew is a message like any other, and a press that a lost connection held up is new
        as well."""
        return packet.duplicate and now.elapsed_ms < self._told_until_ms.get(key, 0)

    def _note(self, group: Group, taken: Taken, packet: Packet, key: bytes) -> None:
        """Acknowledge it after the commit, and remember its packet id for a redelivery."""
        taken.packets.append(packet)
        if packet.packet_id is not None:
            group.batch.received[packet.lane, packet.packet_id] = key

    def _act(self, group: Group, taken: Taken, packet: Packet, key: bytes, now: Now, *, owes: str) -> None:
        """Decode a message and step what it says; the other lane then owes its copy."""
        self._note(group, taken, packet, key)
        before = self._steps.seq
        taken.acted.append((before, packet, owes))
        self._decode(group, taken, packet, now)
        if not owes:
            return
        ident = before + 1 if self._steps.seq > before else self._steps.next_seq()
        if owes == BULK:
            twin = self._overlap.held_twin(key)
            if twin is not None:
                self._note(group, taken, twin.packet, key)
                return
        group.batch.twins.append((ident, owes, packet.topic, key, now.elapsed_ms))
        self._overlap.owe(owes, key, ident, now.elapsed_ms)

    def _decode(self, group: Group, taken: Taken, packet: Packet, now: Now) -> None:
        steps = self._steps
        adapter = steps.catalogue.adapter_for(packet.topic, steps.known)
        message = Message(packet.topic, packet.payload, packet.retain, packet.qos)
        decoded = adapter.decode(message, steps.known) if adapter is not None else NOTHING
        if decoded.error is not None:
            self._quarantine(group, packet, decoded.error, now)
            return
        for introduced in decoded.learned:
            before = steps.known.get(introduced.device)
            described = still_calling(before, introduced)
            if before != described:
                taken.learned = True
                steps.known[described.device] = described
                group.batch.known[described.device] = described
                supervised = to_supervise(before, described)
                if supervised is not None:
                    steps.take(group, supervised, now)
        for device in decoded.forgotten:
            # One that can call stays known: a list may be incomplete, and its next press must still be one.
            if device in steps.known and not steps.known[device].can_call:
                taken.learned = True
                del steps.known[device]
                group.batch.known[device] = None
        for event in decoded.events:
            self._heard(group, taken, packet, event, now)

    def _heard(self, group: Group, taken: Taken, packet: Packet, event: Event, now: Now) -> None:
        steps, value = self._steps, event.value
        if type(value) is int and not -LARGEST <= value <= LARGEST:
            event = replace(event, value=float(value))
        introduced = steps.known.get(event.device)
        can_call = introduced is not None and presses_call(introduced)
        seq = steps.take(group, Heard(event=event, retained=packet.retain, can_call=can_call), now)
        if event.press and steps.state.setting is not None:
            event = steps.state.setting.registry.of_part(event)
            event = meaning(event, steps.state.setting.placed(event.device), can_call=can_call)
        if event.kind in EMERGENCY_KINDS:
            group.batch.raw.append((seq, packet.topic, packet.payload[:RAW_MOST]))
            if packet.qos == 0 and event.press and not packet.retain:
                self._arrived_at_qos0(group, taken, event.device, now)

    def _arrived_at_qos0(self, group: Group, taken: Taken, device: str, now: Now) -> None:
        """An emergency that nobody would send again: handled, and its gateway named once."""
        gateway = device.split("/", 1)[0]
        if gateway in self._told_gateways:
            return
        self._told_gateways.add(gateway)
        reason = f"{device} reported an emergency at QoS 0, which a broker may drop"
        self._steps.take(
            group, Faulted(fault=f"qos0:{gateway}", on=True, reason=reason, about={"gateway": gateway}), now
        )

    def _request(self, group: Group, packet: Packet, client: str, now: Now) -> None:
        if packet.retain:
            return
        try:
            asked = read_request(client, packet.payload, now.wall_ms)
        except UnreadableRequest as error:
            self._quarantine(group, packet, str(error), now)
            return
        if client == DASHBOARDS and asked.do == FOR_WATCHER:
            return
        asked = with_refusal(asked, self._steps.state.setting, self._steps.catalogue, self._steps.known)
        self._steps.take(group, asked, now)
        answer = group.wishes.get(f"done/{asked.id}")
        if packet.response_topic and answer is not None and self._may_answer_on(packet.response_topic):
            seq = self._steps.next_seq()
            key = f"response/{seq}"
            group.wishes[key] = Wish(
                key=key,
                seq=seq,
                urgent=True,
                topic=packet.response_topic,
                payload=answer.payload,
                correlation=packet.correlation_data,
            )

    def _may_answer_on(self, topic: str) -> bool:
        """A client chooses where it is answered, and must not speak through us to devices, screens or ourselves."""
        steps = self._steps
        ours = steps.topics.is_ours(topic) or steps.catalogue.adapter_for(topic, steps.known) is not None
        return not ours and publishable(topic) and not topic.startswith("$")

    def _quarantine(self, group: Group, packet: Packet, reason: str, now: Now) -> None:
        """Kept with the reason, shown, acknowledged: bad bytes never stand in front of good ones."""
        seq = self._steps.take(group, Unread(topic=packet.topic, reason=reason), now)
        group.batch.quarantine.append((seq, now.wall_ms, packet.topic, packet.payload[:RAW_MOST], reason))

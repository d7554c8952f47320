"""Two lanes that overlap (DESIGN §4.2): which messages are urgent, and how two copies of one message become one.

The urgent lane subscribes to the topics of devices that can report an emergency or a call, the bulk lane to everything.
The bulk copy of an urgent message waits, unacknowledged, until its twin of the urgent lane is committed; after two
seconds it is acted on by itself, and then the urgent copy is the one that is owed. What is owed is in the ledger, so
that a restart between two copies does not make two presses of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b

from hub.mqtt.types import Packet, Up
from hub.topics import Filters

URGENT, BULK = "urgent", "bulk"
LOG = "log"
"""A connection that only speaks: the log lines no person waits for. On the bulk lane their acknowledgements would come
behind a flood of messages, and the lines be kept in memory until the flood is over."""
TWIN_WAIT_MS = 2_000
OWED_URGENT_MS = 60_000
"""How long an urgent copy may still be owed after its bulk copy was acted on; a later one is a press of its own."""
OWED_BULK_MS = 600_000
"""The same the other way round: longer, because a bulk copy may stand behind a flood."""
OWED_MS = {URGENT: OWED_URGENT_MS, BULK: OWED_BULK_MS}
LEFT_TWIN_MS = 10_000
"""How long a bulk copy may still be owed once its topic is urgent no more: its next press comes by that lane alone."""
LEAVING_MS = 60_000
"""How long copies may still come of topics whose filter was taken away."""


DIGEST_BYTES = 12


def digest(packet: Packet) -> bytes:
    """What makes two messages equal: topic and payload."""
    return blake2b(b"%b\0%b" % (packet.topic.encode(), packet.payload), digest_size=DIGEST_BYTES).digest()


class Received:
    """The newest committed use of each packet id of each lane: what a redelivery is told by (DESIGN §4)."""

    def __init__(self, groups: list[tuple[str, bytes]]) -> None:
        self._uses: dict[str, bytearray] = {}
        self.forgotten: list[str] = []
        """Lanes whose uses of before the ledger must forget as well; whoever commits takes them out here."""
        for lane, uses in groups:
            for at in range(0, len(uses), 2 + DIGEST_BYTES):
                packet_id = int.from_bytes(uses[at : at + 2], "big")
                self.use(lane, packet_id, uses[at + 2 : at + 2 + DIGEST_BYTES])

    def use(self, lane: str, packet_id: int, key: bytes) -> None:
        """A use of a packet id is committed."""
        uses = self._uses.get(lane)
        if uses is None:
            uses = self._uses[lane] = bytearray(65_536 * DIGEST_BYTES)
        uses[packet_id * DIGEST_BYTES : (packet_id + 1) * DIGEST_BYTES] = key

    def forget(self, lane: str) -> None:
        """The broker made this lane's session anew, and gives its packet ids out from the start: under one of them an
        equal press that is sent again is a new one."""
        if self._uses.pop(lane, None) is not None:
            self.forgotten.append(lane)

    def copied(self) -> dict[str, bytes]:
        """All of them as they are now, by lane; `uses_in` reads them."""
        return {lane: bytes(uses) for lane, uses in self._uses.items()}

    def is_use(self, lane: str, packet_id: int, key: bytes) -> bool:
        """Whether the newest committed use of this packet id was this very message."""
        uses = self._uses.get(lane)
        return uses is not None and uses[packet_id * DIGEST_BYTES : (packet_id + 1) * DIGEST_BYTES] == key


def uses_in(copied: Mapping[str, bytes]) -> dict[tuple[str, int], bytes]:
    """What each packet id was used for last, as a batch keeps it."""
    found: dict[tuple[str, int], bytes] = {}
    for lane, uses in copied.items():
        for packet_id in range(65_536):
            if any(key := uses[packet_id * DIGEST_BYTES : (packet_id + 1) * DIGEST_BYTES]):
                found[lane, packet_id] = key
    return found


@dataclass(frozen=True, slots=True)
class Owed:
    """A copy that a lane still owes: `id` is the sequence of the input that was acted on."""

    id: int
    since_ms: int


@dataclass(slots=True, eq=False)
class Held:
    """A bulk copy that waits for its twin; `gone` once it was taken out."""

    packet: Packet
    key: bytes
    since_ms: int
    gone: bool = False


class Overlap:
    """The pairing of copies, one to one. `leaving` are filters of an earlier run that the urgent lane's session may
    still hold, and what they brought while nobody listened."""

    def __init__(self, owed: list[tuple[int, str, str, bytes, int]], leaving: Iterable[str] = ()) -> None:
        self.urgent = Filters(())
        """Where two copies are to be expected."""
        self._filters: tuple[str, ...] = ()
        self._asked = Filters(())
        """What the urgent lane asks for now, without what it has just left."""
        self._leaving = tuple(leaving)
        self._leaving_since_ms: int | None = None
        self.strays: dict[str, None] = {}
        """Topics the urgent lane hears although nobody asked for them; whoever looks after its filters ends that."""
        self._owed: dict[tuple[str, bytes], deque[Owed]] = {}
        self._held: dict[bytes, deque[Held]] = {}
        self._oldest: deque[Held] = deque()
        self._waiting = 0
        self.unowed: list[int] = []
        """Copies that are owed no longer and that the ledger still holds; whoever commits takes them out there."""
        for ident, lane, _topic, key, since_ms in owed:
            self._owed.setdefault((lane, key), deque()).append(Owed(ident, since_ms))

    def hear(self, filters: tuple[str, ...], *, leaving: Iterable[str] = ()) -> None:
        """The urgent lane hears these; of those it has just left, copies may still be on their way."""
        self._filters, self._asked = filters, Filters(filters)
        if left := tuple(leaving):
            self._leaving, self._leaving_since_ms = (*self._leaving, *left), None
        self._cover()

    def stray(self, topic: str) -> None:
        """The urgent lane heard a topic that is none of its own: the broker's session holds a filter of another time.
        Its copies are paired like any others from here."""
        self.strays[topic] = None
        self._cover()

    def _cover(self) -> None:
        self.urgent = Filters(tuple(dict.fromkeys((*self._filters, *self._leaving, *self.strays))))

    @property
    def waiting(self) -> int:
        """How many bulk copies wait for their twin."""
        return self._waiting

    def owe(self, lane: str, key: bytes, ident: int, since_ms: int) -> None:
        """A message was acted on; the other lane's copy is owed."""
        self._owed.setdefault((lane, key), deque()).append(Owed(ident, since_ms))

    def every(self) -> list[tuple[int, str, str, bytes, int]]:
        """All that is owed, as the ledger keeps it; the topics are for people who read there, and not known here."""
        return [(o.id, lane, "", key, o.since_ms) for (lane, key), rows in self._owed.items() for o in rows]

    def settle(self, lane: str, key: bytes) -> Owed | None:
        """A copy came that was owed: it is the same message. Returns what it was paired with."""
        rows = self._owed.get((lane, key))
        if not rows:
            return None
        owed = rows.popleft()
        if not rows:
            del self._owed[lane, key]
        return owed

    def outgrow(self, packet: Packet, key: bytes, now_ms: int) -> None:
        """A bulk copy of a topic that is urgent no more comes alone: a copy that is owed for it since before its last
        moments was lost, and would swallow this press. Where that is not certain it is a press (DESIGN §4)."""
        if not self._filters or (BULK, key) not in self._owed or self._asked.covers(packet.topic):
            return
        rows = self._owed[BULK, key]
        self.unowed += [owed.id for owed in rows if now_ms - owed.since_ms > LEFT_TWIN_MS]
        if kept := deque(owed for owed in rows if now_ms - owed.since_ms <= LEFT_TWIN_MS):
            self._owed[BULK, key] = kept
        else:
            del self._owed[BULK, key]

    def hold(self, packet: Packet, key: bytes, now_ms: int) -> Held:
        """Let a bulk copy wait for its twin. One that waits already and is sent again after a lost connection takes its
        own place: it is one copy, and acting on both would make two presses of it."""
        rows = self._held.setdefault(key, deque())
        if packet.duplicate and packet.resumed:
            for row in rows:
                if row.packet.packet_id == packet.packet_id:
                    row.packet = packet
                    return row
        held = Held(packet, key, now_ms)
        rows.append(held)
        self._oldest.append(held)
        self._waiting += 1
        return held

    def held_twin(self, key: bytes) -> Held | None:
        """The bulk copy that waited for this urgent message."""
        rows = self._held.get(key)
        if not rows:
            return None
        held = rows[0]
        self.let_go(held)
        return held

    def let_go(self, held: Held) -> None:
        """It waits no longer."""
        rows = self._held[held.key]
        rows.remove(held)
        if not rows:
            del self._held[held.key]
        held.gone = True
        self._waiting -= 1

    def overdue(self, now_ms: int, most: int) -> list[Held]:
        """Bulk copies whose twin did not come, the longest waiting first: they are acted on."""
        found: list[Held] = []
        while len(found) < most and (first := self._first()) and now_ms - first.since_ms >= TWIN_WAIT_MS:
            self.let_go(first)
            found.append(first)
        return found

    def next_overdue_ms(self) -> int | None:
        """When the first of them will have waited long enough."""
        first = self._first()
        return first.since_ms + TWIN_WAIT_MS if first is not None else None

    def _first(self) -> Held | None:
        while self._oldest and self._oldest[0].gone:
            self._oldest.popleft()
        return self._oldest[0] if self._oldest else None

    def expire(self, now_ms: int, up_ms: Mapping[str, int]) -> None:
        """Copies owed for too long are forgotten, so that they never swallow a real press. Only the time counts in
        which their lane was up (since `up_ms`, by lane): what waited at the broker meanwhile still comes."""
        for lane, since_ms in up_ms.items():
            if lane in OWED_MS:
                self._forget(lane, partial(_is_over, now_ms=now_ms, since_ms=since_ms, longest_ms=OWED_MS[lane]))
        if self._leaving and URGENT in up_ms:
            self._leaving_since_ms = now_ms if self._leaving_since_ms is None else self._leaving_since_ms
            if now_ms - max(self._leaving_since_ms, up_ms[URGENT]) > LEAVING_MS:
                self._leaving = ()
                self._cover()

    def session_lost(self, lane: str, now_ms: int) -> None:
        """The broker forgot a lane's session, and with it the copies that were owed before it was made anew. Those of
        the last moments may still come, through the new one."""
        self._forget(lane, lambda owed: now_ms - owed.since_ms > TWIN_WAIT_MS)

    def _forget(self, lane: str, is_over: Callable[[Owed], bool]) -> None:
        for (owes, key), rows in list(self._owed.items()):
            if owes != lane:
                continue
            self.unowed += [owed.id for owed in rows if is_over(owed)]
            kept = deque(owed for owed in rows if not is_over(owed))
            if kept:
                self._owed[owes, key] = kept
            else:
                del self._owed[owes, key]


def _is_over(owed: Owed, *, now_ms: int, since_ms: int, longest_ms: int) -> bool:
    return now_ms - max(owed.since_ms, since_ms) > longest_ms


def lost_meanwhile(lane: str, up: Up) -> str:
    """Why something may be lost of what devices said while a lane was away; nothing where the broker kept it all."""
    if not up.session_present:
        return (
            f"the broker had forgotten the {lane} lane's session: what devices said meanwhile may be lost; "
            "does it keep its sessions (persistence true), and was it started with its own folder?"
        )
    # Mosquitto 2.0.11, tried: from the SIGHUP on with which it reads another password for us, or none, it puts nothing
    # into our session's queue, and counts none of it as dropped.
    if up.kept_out:
        return (
            f"the broker had not let the {lane} lane's account in, and may keep nothing for who is not let in: what "
            "devices said meanwhile may be lost; was its password changed?"
        )
    return ""

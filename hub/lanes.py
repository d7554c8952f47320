"""Two lanes that overlap (DESIGN §4.2): which messages are urgent, and how two copies of one message become one.

The urgent lane subscribes to the topics of devices that can report an emergency or a call, the bulk lane to everything.
The bulk copy of an urgent message waits, unacknowledged, until its twin of the urgent lane is committed; after two
seconds it is acted on by itself, and then the urgent copy is the one that is owed. What is owed is in the ledger, so
that a restart between two copies does not make two presses of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from hub.mqtt_types import Packet
from hub.topics import Filters

URGENT, BULK = "urgent", "bulk"
LOG = "log"
"""A connection that only speaks: the log lines no person waits for. On the bulk lane their acknowledgements would come
behind a flood of messages, and the lines be kept in memory until the flood is over."""
TWIN_WAIT_MS = 2_000
OWED_URGENT_MS = 60_000
"""How long an urgent copy may still be owed after its bulk copy was acted on; a later one is a press of its own."""
OWED_BULK_MS = 600_000
"""The same for a bulk copy, before which a whole backlog may have to be read."""


DIGEST_BYTES = 12


def digest(packet: Packet) -> bytes:
    """What makes two messages equal: topic and payload."""
    return blake2b(b"%b\0%b" % (packet.topic.encode(), packet.payload), digest_size=DIGEST_BYTES).digest()


class Received:
    """The newest committed use of each packet id of each lane: what a redelivery is told by (DESIGN §4)."""

    def __init__(self, groups: list[tuple[str, bytes]]) -> None:
        self._uses: dict[str, bytearray] = {}
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

    def is_use(self, lane: str, packet_id: int, key: bytes) -> bool:
        """Whether the newest committed use of this packet id was this very message."""
        uses = self._uses.get(lane)
        return uses is not None and uses[packet_id * DIGEST_BYTES : (packet_id + 1) * DIGEST_BYTES] == key


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
    """The pairing of copies, one to one."""

    def __init__(self, owed: list[tuple[int, str, str, bytes, int]]) -> None:
        self.urgent = Filters(())
        self._owed: dict[tuple[str, bytes], deque[Owed]] = {}
        self._held: dict[bytes, deque[Held]] = {}
        self._oldest: deque[Held] = deque()
        self._waiting = 0
        self.unowed: list[int] = []
        """Copies that are owed no longer and that the ledger still holds; whoever commits takes them out there."""
        for ident, lane, _topic, key, since_ms in owed:
            self._owed.setdefault((lane, key), deque()).append(Owed(ident, since_ms))

    @property
    def waiting(self) -> int:
        """How many bulk copies wait for their twin."""
        return self._waiting

    def owe(self, lane: str, key: bytes, ident: int, since_ms: int) -> None:
        """A message was acted on; the other lane's copy is owed."""
        self._owed.setdefault((lane, key), deque()).append(Owed(ident, since_ms))

    def settle(self, lane: str, key: bytes) -> Owed | None:
        """A copy came that was owed: it is the same message. Returns what it was paired with."""
        rows = self._owed.get((lane, key))
        if not rows:
            return None
        owed = rows.popleft()
        if not rows:
            del self._owed[lane, key]
        return owed

    def disown(self, lane: str, key: bytes, ident: int) -> None:
        """A message whose commit failed was not acted on: nothing is owed for it."""
        rows = self._owed.get((lane, key))
        if rows is None:
            return
        kept = deque(owed for owed in rows if owed.id != ident)
        if kept:
            self._owed[lane, key] = kept
        else:
            del self._owed[lane, key]

    def give_back(self, lane: str, key: bytes, owed: Owed) -> None:
        """A pairing whose commit failed never happened."""
        self._owed.setdefault((lane, key), deque()).appendleft(owed)

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

    def put_back(self, held: Held) -> None:
        """What was taken out for a commit that failed waits again, since when it did."""
        held.gone = False
        self._held.setdefault(held.key, deque()).appendleft(held)
        waiting = (row for row in self._oldest if not row.gone and row is not held)
        self._oldest = deque(sorted((*waiting, held), key=lambda row: row.since_ms))
        self._waiting += 1

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

    def expire(self, now_ms: int, urgent_up_ms: int) -> None:
        """Urgent copies owed for too long are forgotten, so that they never swallow a real press. Only the time counts
        in which the urgent lane was up (since `urgent_up_ms`): what waited at the broker meanwhile still comes."""
        self._forget(URGENT, lambda owed: now_ms - max(owed.since_ms, urgent_up_ms) > OWED_URGENT_MS)

    def expire_bulk(self, now_ms: int, bulk_up_ms: int) -> None:
        """The same of bulk copies, since the bulk lane is up: by then it has read what waited for it. One that can come
        no more would swallow the copy of a later, equal press."""
        self._forget(BULK, lambda owed: now_ms - max(owed.since_ms, bulk_up_ms) > OWED_BULK_MS)

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

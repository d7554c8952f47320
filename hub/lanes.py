"""Two lanes that overlap (DESIGN §4.2): which messages are urgent, and how two copies of one message become one.

The urgent lane subscribes to the topics of devices that can report an emergency or a call, the bulk lane to everything.
The bulk copy of an urgent message waits, unacknowledged, until its twin of the urgent lane is committed; after two
seconds it is acted on by itself, and then the urgent copy is the one that is owed. What is owed is in the ledger, so that
a restart between two copies does not make two presses of them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from hashlib import blake2b

from hub.mqtt_types import Packet
from hub.topics import Filters

URGENT, BULK = "urgent", "bulk"
TWIN_WAIT_MS = 2_000
OWED_URGENT_MS = 60_000
"""How long an urgent copy may still be owed after its bulk copy was acted on; a later one is a press of its own."""


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


@dataclass(frozen=True, slots=True)
class Held:
    """A bulk copy that waits for its twin."""

    packet: Packet
    since_ms: int


class Overlap:
    """The pairing of copies, one to one."""

    def __init__(self, owed: list[tuple[int, str, str, bytes, int]]) -> None:
        self.urgent = Filters(())
        self._owed: dict[tuple[str, bytes], deque[Owed]] = {}
        self._held: dict[bytes, deque[Held]] = {}
        self._waiting = 0
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

    def hold(self, packet: Packet, key: bytes, now_ms: int) -> None:
        """Let a bulk copy wait for its twin."""
        self._held.setdefault(key, deque()).append(Held(packet, now_ms))
        self._waiting += 1

    def held_twin(self, key: bytes) -> Packet | None:
        """The bulk copy that waited for this urgent message."""
        rows = self._held.get(key)
        if not rows:
            return None
        held = rows.popleft()
        self._waiting -= 1
        if not rows:
            del self._held[key]
        return held.packet

    def overdue(self, now_ms: int) -> list[Packet]:
        """Bulk copies whose twin did not come: they are acted on."""
        if not self._waiting:
            return []
        found: list[Packet] = []
        for key in list(self._held):
            rows = self._held[key]
            while rows and now_ms - rows[0].since_ms >= TWIN_WAIT_MS:
                found.append(rows.popleft().packet)
                self._waiting -= 1
            if not rows:
                del self._held[key]
        return found

    def next_overdue_ms(self) -> int | None:
        """When the first of them will have waited long enough."""
        if not self._waiting:
            return None
        return min(rows[0].since_ms for rows in self._held.values()) + TWIN_WAIT_MS

    def expire(self, now_ms: int) -> list[int]:
        """Urgent copies that were owed for too long: forgotten, so that they never swallow a real press."""
        gone: list[int] = []
        for (lane, key), rows in list(self._owed.items()):
            while lane == URGENT and rows and now_ms - rows[0].since_ms > OWED_URGENT_MS:
                gone.append(rows.popleft().id)
            if not rows:
                del self._owed[lane, key]
        return gone

    def drop_connection(self, lane: str, connection: int) -> None:
        """Held copies of a connection that is gone come again on the next one."""
        if lane != BULK:
            return
        for key in list(self._held):
            kept = deque(held for held in self._held[key] if held.packet.connection > connection)
            self._waiting -= len(self._held[key]) - len(kept)
            if kept:
                self._held[key] = kept
            else:
                del self._held[key]

"""The order of acknowledgements: PUBACKs leave in the order in which the PUBLISHes arrived, as MQTT 5 demands."""

from collections import deque
from collections.abc import Iterable

_PUBACK = b"\x40\x02"
_SKIPPED = 0
"""No packet has this id."""


class Acknowledgements:
    """What arrived on one connection and is not yet acknowledged, counted from 0; knows no socket."""

    __slots__ = ("_early", "_head", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[int] = deque()
        self._head = 0
        self._early: set[int] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def next_arrival(self) -> int:
        """The number that the next arrival gets."""
        return self._head + len(self._waiting)

    def arrived(self, packet_id: int) -> None:
        """A message came and takes the next number."""
        self._waiting.append(packet_id)

    def release(self, arrivals: Iterable[int]) -> bytes:
        """The PUBACKs that may leave now; one that is early waits for those before it, a repeated one is nothing."""
        waiting, early, head = self._waiting, self._early, self._head
        released: list[bytes] = []
        for arrival in arrivals:
            if arrival > head:
                if arrival < head + len(waiting):
                    early.add(arrival)
                continue
            if arrival < head or not waiting:
                continue
            released.append(_puback(waiting.popleft()))
            head += 1
            while waiting and (waiting[0] == _SKIPPED or head in early):
                early.discard(head)
                released.append(_puback(waiting.popleft()))
                head += 1
        self._head = head
        return b"".join(released)

    def skip(self, arrivals: Iterable[int]) -> bytes:
        """PUBACKs out of turn: for messages that would otherwise stop the next press, behind one that must wait."""
        skipped: list[bytes] = []
        for arrival in arrivals:
            at = arrival - self._head
            if at == 0:
                skipped.append(self.release((arrival,)))
            elif 0 < at < len(self._waiting):
                skipped.append(_puback(self._waiting[at]))
                self._waiting[at] = _SKIPPED
        return b"".join(skipped)


def _puback(packet_id: int) -> bytes:
    return b"" if packet_id == _SKIPPED else _PUBACK + packet_id.to_bytes(2, "big")

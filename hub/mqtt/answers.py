"""Who waits for the broker's answer to which packet: CONNECT (0), SUBSCRIBE and UNSUBSCRIBE."""

import asyncio

import mqtt5

Answer = mqtt5.ConnAckPacket | mqtt5.SubAckPacket | mqtt5.UnsubAckPacket


class Answers:
    """Futures by packet id; the connection ends them all when it ends."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: dict[int, asyncio.Future[Answer]] = {}

    def __contains__(self, packet_id: int) -> bool:
        return packet_id in self._waiting

    async def to(self, packet_id: int) -> Answer:
        """The answer, or what `fail` was given."""
        waiter: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[packet_id] = waiter
        try:
            return await waiter
        finally:
            self._waiting.pop(packet_id, None)

    def came(self, packet_id: int, answer: Answer) -> None:
        """Hand an answer to whoever waits for it; an answer that nobody asked for is nobody's."""
        waiter = self._waiting.get(packet_id)
        if waiter is not None and not waiter.done():
            waiter.set_result(answer)

    def fail(self, error: Exception) -> None:
        """No answer will come."""
        for waiter in self._waiting.values():
            if not waiter.done():
                waiter.set_exception(error)
        self._waiting.clear()


def codes_of(answer: Answer, kind: type[mqtt5.SubAckPacket | mqtt5.UnsubAckPacket], count: int) -> list[int] | None:
    """The reason codes, one for each filter; none where the answer is of another kind or length."""
    if isinstance(answer, kind) and len(answer.reason_codes) == count:
        return [int(code) for code in answer.reason_codes]
    return None

"""Bytes to packets: whole packets out of a stream that is split and joined anywhere."""

import mqtt5

from hub.errors import ProtocolBroken

_MALFORMED = int(mqtt5.DisconnectReasonCode.MALFORMED_PACKET)
_TOO_LARGE = int(mqtt5.DisconnectReasonCode.PACKET_TOO_LARGE)
_HEADER_MAX = 5


class Reader:
    """Collects bytes and gives the packets they complete; after bytes that are no packet, `broken` says why."""

    __slots__ = ("_max", "_needed", "_tail", "broken")

    def __init__(self, max_packet_size: int) -> None:
        self._max = max_packet_size
        self._needed = 0
        self._tail = bytearray()
        self.broken: ProtocolBroken | None = None

    def feed(self, data: bytes) -> list[mqtt5.Packet]:
        """The packets that are whole now, in order, up to the first broken one."""
        packets: list[mqtt5.Packet] = []
        if self.broken is not None:
            return packets
        if self._tail:
            # An unfinished packet is only looked at again when its last byte is there: many small pieces stay cheap.
            self._tail += data
            if len(self._tail) < self._needed:
                return packets
            data = bytes(self._tail)
            self._tail.clear()
        view, at, end, read = memoryview(data), 0, len(data), mqtt5.read
        while at < end:
            try:
                packet, size = read(view[at:])
            except IndexError:
                self._keep(data[at:])
                break
            except ValueError as error:
                self.broken = ProtocolBroken(f"the broker sent a malformed packet ({error})", _MALFORMED)
                break
            except BaseException as error:
                # The codec panics on text that is not UTF-8, with a class of its own outside Exception.
                if type(error).__name__ != "PanicException":
                    raise
                self.broken = ProtocolBroken("the broker sent a packet with text that is not UTF-8", _MALFORMED)
                break
            if size > self._max:
                self._too_large(size)
                break
            at += size
            packets.append(packet)
        return packets

    def _keep(self, rest: bytes) -> None:
        size = _frame_size(rest)
        if size > self._max:
            self._too_large(size)
        elif len(rest) >= size > 0:
            self.broken = ProtocolBroken("the broker sent a packet that is shorter than its contents", _MALFORMED)
        else:
            self._tail += rest
            self._needed = size or len(rest) + 1

    def _too_large(self, size: int) -> None:
        self.broken = ProtocolBroken(f"the broker sent a packet of {size} bytes; we take {self._max}", _TOO_LARGE)


def _frame_size(start: bytes) -> int:
    """The length of the packet that begins here, or 0 while its header is not whole."""
    size = 0
    for place, byte in enumerate(start[1:_HEADER_MAX]):
        size |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return size + place + 2
    return 0

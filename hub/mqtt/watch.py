"""Whether the broker is still there: told by what it answers, counted in ticks of half a keep-alive.

Ticks are counted instead of time being read: after a pause of this machine the bytes that wait are taken first, and a
broker is only given up when it left two questions of ours unanswered.
"""

TICKS = 2
"""Unanswered questions in a row after which a connection is given up: one and a half keep-alives at most."""
OWED_TICKS = 6
"""Ticks for which one message of ours may stay unacknowledged by a broker that answers everything else."""
POURING_BYTES = 64 << 10
"""With so much in a tick, the broker sends us a backlog, and its answer stands behind that."""


class Watch:
    """Counts what came and what was answered on one connection; knows no socket and no clock."""

    __slots__ = ("_answered", "_bytes", "_oldest", "_owed", "_silent", "_where")

    def __init__(self, where: str) -> None:
        self._where = where
        self._answered = True
        self._bytes = 0
        self._silent = 0
        self._oldest: int | None = None
        self._owed = 0

    def came(self, size: int) -> None:
        """So many bytes arrived."""
        self._bytes += size

    def answered(self) -> None:
        """The broker answered something of ours: nothing else shows that it hears us.

        Where one direction is cut, or a broken length makes one packet of all that follows, its bytes go on arriving.
        """
        self._answered = True

    def tick(self, tick_s: float, *, reading: bool, oldest: int | None) -> str:
        """Why the connection must be given up, or nothing; `oldest` is our longest unacknowledged message's packet id.

        While we do not read, its answers wait at the socket, and it is not to blame.
        """
        excused = not reading or self._bytes >= POURING_BYTES
        self._silent = 0 if excused or self._answered else self._silent + 1
        self._owed = 0 if excused or oldest is None or oldest != self._oldest else self._owed + 1
        self._oldest, self._answered, self._bytes = oldest, False, 0
        if self._silent >= TICKS:
            return f"the broker at {self._where} has not answered for {tick_s * (TICKS + 1):g} s"
        if self._owed >= OWED_TICKS:
            return f"the broker at {self._where} has not acknowledged a message for {tick_s * OWED_TICKS:g} s"
        return ""

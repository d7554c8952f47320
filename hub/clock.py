"""The one file that reads the clock; everything else is given the time, so that tests and replay can give another."""

import time
from typing import Protocol


class Clock(Protocol):
    """Where the hub learns the time: of day for people, elapsed for waiting."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970 in UTC; it may jump when somebody sets the clock."""

    def elapsed_ms(self) -> int:
        """Milliseconds from an unnamed beginning; it never goes back while the machine is on."""


class SystemClock:
    """The clock of this machine."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970 in UTC, as the machine believes."""
        return time.time_ns() // 1_000_000

    def elapsed_ms(self) -> int:
        """Milliseconds of the machine's monotonic clock."""
        return time.monotonic_ns() // 1_000_000

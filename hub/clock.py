"""The one file that reads the clock; everything else is given the time, so that tests and replay can give another."""

import time
from pathlib import Path
from typing import Protocol, runtime_checkable

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """Where the hub learns the time: of day for people, elapsed for waiting."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970 in UTC; it may jump when somebody sets the clock."""

    def elapsed_ms(self) -> int:
        """Milliseconds from an unnamed beginning; it never goes back while the machine is on."""


@runtime_checkable
class KnowsItsBoot(Protocol):
    """A clock that can say since when the machine is on: what passed while only the hub was down needs no calendar."""

    def boot(self) -> tuple[int, int]:
        """Which run of the machine this is, and for how many milliseconds it has been on; zeros where unknown."""


class SystemClock:
    """The clock of this machine."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970 in UTC, as the machine believes."""
        return time.time_ns() // 1_000_000

    def elapsed_ms(self) -> int:
        """Milliseconds of the machine's monotonic clock."""
        return time.monotonic_ns() // 1_000_000

    def boot(self) -> tuple[int, int]:
        """The kernel's own name of this boot, and the time since, sleep included; zeros where there is no such name."""
        counts = getattr(time, "CLOCK_BOOTTIME", None)
        if counts is None or not BOOT_ID.exists():
            return 0, 0
        return int(BOOT_ID.read_text().replace("-", "").strip()[:15], 16), time.clock_gettime_ns(counts) // 1_000_000

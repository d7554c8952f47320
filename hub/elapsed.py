"""The two clocks of a home: time of day, and elapsed time that goes on over restarts and never goes back; and whether
the time of day can be believed."""

from __future__ import annotations

from collections.abc import Mapping

from hub.clock import Clock, KnowsItsBoot
from rules.inputs import Now
from rules.turn import plainly

STEP_MS = 2_000
"""The wall clock that moved so much against the other between two looks was set by somebody; less is drift."""
WRONG_MS = 5 * 60_000
"""Less than this is a clock that was put right, or a summer that began."""
RELEASED_MS = 1_735_689_600_000
"""2025-01-01. An earlier time is that of a machine that never learnt it."""
DAY_MS = 86_400_000
LONGEST_OFF_MS = 30 * DAY_MS
"""A home without its hub for longer than this is less likely than a calendar that is wrong."""
ASKS_FOR_MS = 15 * 60_000
"""A machine without a battery for its clock wakes up late, and is told the time in its first minutes."""


class HomeClock:
    """`now` for the machine. Across a restart elapsed time adds what passed: by the machine's own count where it was on
    all the time, else by the wall clock, where that went forward by a time that a home may be without its hub."""

    def __init__(
        self, clock: Clock, last_elapsed_ms: int, last_wall_ms: int, cursors: Mapping[str, int] | None = None
    ) -> None:
        kept = cursors or {}
        self._clock = clock
        boot, on_ms = clock.boot() if isinstance(clock, KnowsItsBoot) else (0, 0)
        wall_gap_ms = clock.wall_ms() - last_wall_ms if last_wall_ms else 0
        boot_gap_ms = on_ms - (last_elapsed_ms + kept.get("boot_apart_ms", 0))
        is_same_boot = boot != 0 and kept.get("boot") == boot and boot_gap_ms >= 0
        is_likely = is_same_boot or 0 <= wall_gap_ms <= LONGEST_OFF_MS
        gap_ms = boot_gap_ms if is_same_boot else wall_gap_ms if is_likely else 0
        self._base = last_elapsed_ms + gap_ms - clock.elapsed_ms()
        self._apart = clock.wall_ms() - clock.elapsed_ms()
        self.cursors = self._counted(boot, on_ms)
        """Kept with the first commit, for the next start."""
        moved_ms = wall_gap_ms - gap_ms
        before_ms = kept.get("clock_moved_ms", 0)
        if before_ms < 0 < wall_gap_ms and not is_same_boot:
            moved_ms = min(-before_ms, wall_gap_ms)  # it stood before the last record, and does so no longer
        self.moved_ms = before_ms + (moved_ms if abs(moved_ms) >= STEP_MS else 0)
        """By how much the wall clock was set since it was last believed, as far as can be told."""
        self.is_fresh = not is_same_boot
        """The machine may have started just now, and not have asked for the time yet."""

    def _counted(self, boot: int, on_ms: int) -> dict[str, int]:
        return {"boot": boot, "boot_apart_ms": on_ms - self.elapsed_ms() if boot else 0}

    def count_anew(self) -> dict[str, int]:
        """The same as they are now: a machine that slept counts its sleep, and no wait did."""
        boot, on_ms = self._clock.boot() if isinstance(self._clock, KnowsItsBoot) else (0, 0)
        self.cursors = self._counted(boot, on_ms)
        return self.cursors

    def now(self) -> Now:
        """This moment."""
        return Now(self._base + self._clock.elapsed_ms(), self._clock.wall_ms())

    def elapsed_ms(self) -> int:
        """This moment on the clock that waits run on."""
        return self._base + self._clock.elapsed_ms()

    def stepped_ms(self) -> int:
        """By how much somebody moved the wall clock since the last look; 0 where nobody did."""
        apart = self._clock.wall_ms() - self._clock.elapsed_ms()
        step, self._apart = apart - self._apart, apart
        return step if abs(step) >= STEP_MS else 0


class Belief:
    """Whether the wall clock can be believed. It cannot when it stands before this program was made, or was set by more
    than minutes; set back it is right again, and after a steady day the new time is the time. A machine that woke up
    late and is told the time in its first minutes was never wrong."""

    def __init__(self, moved_ms: int, now: Now, *, is_fresh: bool) -> None:
        self.moved_ms = moved_ms
        self._since_ms = now.elapsed_ms
        self._asks_until_ms = now.elapsed_ms + ASKS_FOR_MS if is_fresh else 0

    def look(self, now: Now, stepped_ms: int) -> str:
        """What is wrong with the clock, as a sentence; empty where nothing is."""
        if stepped_ms:
            self._since_ms = now.elapsed_ms
            self.moved_ms += stepped_ms
            is_first_word = now.elapsed_ms < self._asks_until_ms and 0 < stepped_ms <= LONGEST_OFF_MS
            if now.wall_ms - stepped_ms < RELEASED_MS or (is_first_word and self.moved_ms > 0):
                self.moved_ms = 0
        elif now.elapsed_ms - self._since_ms > DAY_MS:
            self.moved_ms = 0
        if now.wall_ms < RELEASED_MS:
            return "the clock of this machine stands before the day this program was made"
        if abs(self.moved_ms) <= WRONG_MS:
            return ""
        direction = "forward" if self.moved_ms > 0 else "back"
        return f"the clock of this machine went {direction} by {plainly(abs(self.moved_ms))}"

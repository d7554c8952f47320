"""The two clocks of a home: time of day, and elapsed time that goes on over restarts and never goes back."""

from __future__ import annotations

from hub.clock import Clock
from rules.inputs import Now

STEP_MS = 2_000
"""The wall clock that moved so much against the other between two looks was set by somebody; less is drift."""


class HomeClock:
    """`now` for the machine. Across a restart elapsed time adds the wall clock's difference, where that is positive."""

    def __init__(self, clock: Clock, last_elapsed_ms: int, last_wall_ms: int) -> None:
        self._clock = clock
        gap = clock.wall_ms() - last_wall_ms if last_wall_ms else 0
        self._base = last_elapsed_ms + max(0, gap) - clock.elapsed_ms()
        self._apart = clock.wall_ms() - clock.elapsed_ms()

    def now(self) -> Now:
        """This moment."""
        return Now(self._base + self._clock.elapsed_ms(), self._clock.wall_ms())

    def stepped_ms(self) -> int:
        """By how much somebody moved the wall clock since the last look; 0 where nobody did."""
        apart = self._clock.wall_ms() - self._clock.elapsed_ms()
        step, self._apart = apart - self._apart, apart
        return step if abs(step) >= STEP_MS else 0

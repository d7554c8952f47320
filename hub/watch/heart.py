"""Whether the hub's heart beats: how long it may be silent, how long a restart may take, and when it is back. Pure."""

from __future__ import annotations

from collections import deque

from hub.watch.records import Now

SILENT_MS = 8_000
"""The hub speaks every 5 s. Silent for so long it is missed, which leaves 2 s of the promised 10 to tell it."""
GRACE_MS = {"lost": 4_000, "stopping": 6_000}
"""How long a hub that said goodbye, or whose connection broke, may take to be back; a restart takes 1 to 3 s."""
START_MS = 15_000
"""After the watcher's own start hub and broker may still be starting too: the whole house had no power."""
STEADY_MS = 6_000
"""A hub that is back has to stay, over one more heartbeat, before the watcher lets go."""
OFTEN, OFTEN_MS = 3, 60_000
"""A hub that went away so often within this comes and goes: it is not waited for any more."""
WELL = frozenset({"ready", "degraded"})
NEVER_MS = -(10**12)


class Heart:
    """The hub's heartbeats and silences."""

    def __init__(self, now: Now) -> None:
        self.state = "not heard"
        """What it said last, in one word."""
        self.bad_from_wall_ms = now.wall_ms
        self.good_from_wall_ms = 0
        self._began_ms = self._bad_from_ms = now.elapsed_ms
        self._grace_ms = START_MS
        self._good_ms: int | None = None
        self._good_from_ms: int | None = None
        self._went: deque[int] = deque(maxlen=OFTEN)
        self._seen_wall_ms: int | None = None

    @property
    def is_well(self) -> bool:
        """Whether it was heard well, and nothing was heard against it since."""
        return self._good_from_ms is not None

    @property
    def good_ms(self) -> int:
        """When it was heard well last; long ago where it never was."""
        return self._good_ms if self._good_ms is not None else NEVER_MS

    @property
    def good_from_ms(self) -> int | None:
        """Since when it has been well; None where it is not."""
        return self._good_from_ms

    @property
    def is_unheard(self) -> bool:
        """Whether it was never heard well."""
        return self._good_ms is None

    def is_away(self, now: Now) -> bool:
        """Whether it is not well, and after the watcher's own start had time for a heartbeat."""
        had_time = not self.is_unheard or now.elapsed_ms - self._began_ms >= SILENT_MS
        return had_time and not self.is_well

    def take_up(self, bad_from_wall_ms: int, seen_wall_ms: int) -> None:
        """What a watcher before this one knew, which saw no other hub until then."""
        self.bad_from_wall_ms, self._seen_wall_ms = bad_from_wall_ms, seen_wall_ms

    def is_anew(self, uptime_s: int | None, now: Now, *, retained: bool) -> bool:
        """Whether what it just said is of a hub that starts, or that was started while nobody watched: its first
        heartbeat tells for how long it has run."""
        if not self.is_well:
            return not (retained and self.is_unheard)
        if retained:
            return False
        seen_wall_ms, self._seen_wall_ms = self._seen_wall_ms, None
        if seen_wall_ms is None or uptime_s is None:
            return False
        return now.wall_ms - (uptime_s + 1) * 1000 > seen_wall_ms

    def beat(self, state: str, now: Now, *, retained: bool) -> None:
        """It said how it is, or the broker did for it. What the broker remembers is not a heart that beats."""
        self.state = state
        if retained:
            return
        if state in WELL:
            if self._good_from_ms is None:
                self._good_from_ms, self.good_from_wall_ms = now.elapsed_ms, now.wall_ms
            self._good_ms = now.elapsed_ms
            return
        if self._good_from_ms is not None:
            self._went.append(now.elapsed_ms)
            self._bad(now.elapsed_ms, now.wall_ms)
        if self._good_ms is None:
            return
        self._grace_ms = GRACE_MS.get(state, SILENT_MS)
        if state == "lost":
            # A hub that stands still is lost to the broker only after a while, which counts as its silence.
            self._grace_ms = max(0, min(self._grace_ms, self._good_ms + SILENT_MS - self._bad_from_ms))

    def begin_anew(self, now: Now) -> None:
        """What was silent until now may only not have reached us."""
        if self._good_ms is not None:
            self._good_ms = now.elapsed_ms
        self._bad_from_ms = now.elapsed_ms
        self._grace_ms = max(self._grace_ms, SILENT_MS)

    def is_missed(self, now: Now) -> bool:
        """Whether it has been away for longer than it may."""
        at = now.elapsed_ms
        if self._good_from_ms is not None and self._good_ms is not None and at - self._good_ms >= SILENT_MS:
            self._bad(self._good_ms, now.wall_ms - (at - self._good_ms))
            self._grace_ms = SILENT_MS
        if self._good_from_ms is None:
            return at - self._bad_from_ms >= self._grace_ms
        return len(self._went) == OFTEN and at - self._went[0] <= OFTEN_MS

    def away_ms(self, now: Now) -> int | None:
        """For how long it has been away, once that is longer than it may; None for one that is well for moments."""
        away_ms = now.elapsed_ms - self._bad_from_ms
        return away_ms if self._good_from_ms is None and away_ms >= self._grace_ms else None

    def is_steady(self, now: Now) -> bool:
        """Whether it is back to stay."""
        if self._good_from_ms is None or self._good_ms is None:
            return False
        return self._good_ms > self._good_from_ms and now.elapsed_ms - self._good_from_ms >= STEADY_MS

    def trust(self) -> None:
        """It has stayed: how often it went before is forgotten."""
        self._went.clear()

    def _bad(self, since_ms: int, since_wall_ms: int) -> None:
        self._good_from_ms = None
        self._bad_from_ms, self.bad_from_wall_ms = since_ms, since_wall_ms

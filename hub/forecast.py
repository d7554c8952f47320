"""Whether a disk will be full within a day, from how its free space went in the last hours. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import combinations
from statistics import median

BUCKET_MS = 600_000
BUCKETS = 36
"""Six hours."""
FEWEST = 4
"""Half an hour at least: less says nothing."""
DAY_H = 24.0
FLOOR_BYTES = 2**30
FLOOR_SHARE = 0.02
"""Less free than a gibibyte, or than this share of a small disk, is nearly full however slowly it goes."""
CALM = 1.5
"""Told once, it is over only with so many times the room: a disk on the edge shall not ring all night."""

Sample = tuple[int, int]
"""When (elapsed milliseconds), and how many bytes were free."""


def hours_left(samples: Sequence[Sample]) -> float | None:
    """In how many hours the disk is full if it goes on so; `None` where it does not.

    The median of the slopes between all pairs: one large file more or less is no trend, steady growth is.
    """
    if len(samples) < FEWEST:
        return None
    slopes = [(free - before) / (at - then) for (then, before), (at, free) in combinations(samples, 2) if at > then]
    a_ms = median(slopes) if slopes else 0.0
    return samples[-1][1] / -a_ms / 3_600_000 if a_ms < 0 else None


def floor_bytes(total_bytes: int) -> int:
    """So much at least shall be free on a disk of this size."""
    return min(FLOOR_BYTES, int(total_bytes * FLOOR_SHARE))


class Forecast:
    """Free space, remembered in pieces of ten minutes, the least of each."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque(maxlen=BUCKETS)
        self._hours: float | None = None

    def look(self, elapsed_ms: int, free_bytes: int, total_bytes: int, *, told: bool) -> str:
        """What is to be told, as a sentence; empty where there is room. `told`: it was, and is not over yet."""
        at_ms = elapsed_ms // BUCKET_MS * BUCKET_MS
        if self._samples and self._samples[-1][0] == at_ms:
            self._samples[-1] = (at_ms, min(free_bytes, self._samples[-1][1]))
        else:
            self._hours = hours_left(self._samples)
            self._samples.append((at_ms, free_bytes))
        calm = CALM if told else 1.0
        if free_bytes < floor_bytes(total_bytes) * calm:
            return f"less than {max(1, int(floor_bytes(total_bytes) * calm) // 2**20)} MiB are free"
        if self._hours is not None and self._hours < DAY_H * calm:
            return "at the rate of the last hours the disk is full within a day"
        return ""

"""Timers as data: the rows are the machine's, this wakes the pump when the earliest is due."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping

from rules.state import Timer


class Timers:
    """The order in which timers fall due; an entry that was moved or removed is passed over."""

    def __init__(self, rows: Iterable[Timer], waits: Callable[[Timer], bool] = lambda _: False) -> None:
        """Those that `waits` fall due only after `release`."""
        self._due: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []
        timers = list(rows)
        self._held: dict[str, Timer | None] = {timer.key: timer for timer in timers if waits(timer)}
        self.change({timer.key: timer for timer in timers if timer.key not in self._held})

    def release(self) -> None:
        """Nothing waits any more."""
        held, self._held = self._held, {}
        self.change(held)

    def change(self, changed: Mapping[str, Timer | None]) -> None:
        """Follow what a commit changed."""
        for key, timer in changed.items():
            if key in self._held:
                self._held[key] = timer
            elif timer is None:
                self._due.pop(key, None)
            else:
                self._due[key] = timer.due_ms
                heapq.heappush(self._heap, (timer.due_ms, key))
        if len(self._heap) > 64 and len(self._heap) > 4 * len(self._due):
            self._heap = [(due_ms, key) for key, due_ms in self._due.items()]
            heapq.heapify(self._heap)

    def _pass_over(self) -> None:
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)

    @property
    def next_due_ms(self) -> int | None:
        """When the earliest falls due, in elapsed milliseconds."""
        self._pass_over()
        return self._heap[0][0] if self._heap else None

    def due(self, elapsed_ms: int, most: int = 100) -> list[str]:
        """The keys that are due, earliest first; they stay until a commit moves or removes them."""
        found: dict[str, int] = {}  # a timer moved away and back has two equal entries
        self._pass_over()
        while self._heap and self._heap[0][0] <= elapsed_ms and len(found) < most:
            due_ms, key = heapq.heappop(self._heap)
            found[key] = due_ms
            self._pass_over()
        for key, due_ms in found.items():
            heapq.heappush(self._heap, (due_ms, key))
        return list(found)

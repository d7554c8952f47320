"""The requests for help that the watcher heard on screens, and which of them it has to answer."""

from __future__ import annotations

from collections import deque

from hub.watch.asked import name_of, read
from hub.watch.core import Watch
from hub.watch.records import Do, Now

WAITS_MS = 8_000
"""So long a screen waits for its answer."""
MOST = 512


class Asking:
    """By the ids of the requests."""

    def __init__(self) -> None:
        self._seen: deque[str] = deque(maxlen=MOST)
        self._open: deque[tuple[str, str, int]] = deque(maxlen=MOST)

    def heard(self, watch: Watch, client: str, payload: bytes, now: Now) -> list[Do]:
        """Somebody asked for something: a call for help is a press. Asked again under the same id it is the same one,
        and the hub does it once; while the hub is gone whoever taps again calls again."""
        called = read(client, payload, watch.house.places)
        if called is None:
            return []
        is_new = called.id not in self._seen
        if is_new:
            self._seen.append(called.id)
        self._open.append((called.id, name_of(called.event.device), now.elapsed_ms))
        if not (is_new or watch.tells_at_once(now)):
            return []
        return watch.heard(called.event, now, retained=False, can_call=True, topic=called.or_name)

    def told(self, name: str, now: Now) -> list[str]:
        """Everybody was told of this one: the requests that are answered by it."""
        fresh = [row for row in self._open if now.elapsed_ms - row[2] < WAITS_MS]
        self._open = deque((row for row in fresh if row[1] != name), maxlen=MOST)
        return list(dict.fromkeys(row[0] for row in fresh if row[1] == name))

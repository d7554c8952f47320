"""The hub watches the watcher: a home that has one is told when it does not run (`watch/status`, every few seconds).

Expected is a watcher that `home.yaml` names, and one that was heard since the hub's start and was not stopped by hand.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import orjson

log = logging.getLogger("handrail.watched")

SILENT_MS = 15_000
STALLED_MS = 5_000
"""The hub itself stood still: what it did not hear meanwhile says nothing of the watcher."""
GONE = {"lost": "the watcher's connection to the broker was lost", "stopping": "the watcher was stopped"}


class Watched:
    """What is known of the home's watcher. `told`: staff were told before this start that it does not run."""

    def __init__(self, *, expected: bool, told: bool, on_fault: Callable[[str, bool, str], None]) -> None:
        self._named, self._told, self._on_fault = expected, told, on_fault
        self._state = ""
        self._heard_ms: int | None = None
        self._from_ms: int | None = None
        self._looked_ms: int | None = None
        self._in_charge = ""

    def heard(self, payload: bytes, *, retained: bool, now_ms: int) -> None:
        """A heartbeat of the watcher, or its last will. One that the broker remembers only says what was."""
        try:
            said = orjson.loads(payload)
        except orjson.JSONDecodeError:
            return
        if not isinstance(said, dict):
            return
        self._note(said)
        self._state = str(said.get("state", ""))
        if retained or self._state in GONE:
            return
        self._heard_ms = now_ms
        if isinstance(kept := said.get("not_heard"), list) and kept:
            self._tell(f"the broker does not let the watcher hear {', '.join(map(str, kept))}")
        elif self._told:
            self._told = False
            self._on_fault("watcher", False, "the watcher is heard again")

    def look(self, now_ms: int, *, linked: bool) -> None:
        """Once a second: whether it has been silent for too long while it could have been heard."""
        stalled = self._looked_ms is not None and now_ms - self._looked_ms > STALLED_MS
        self._looked_ms = now_ms
        if not linked or stalled or self._from_ms is None:
            self._from_ms = now_ms if linked else None
            return
        expected = self._named or (self._heard_ms is not None and self._state != "stopping")
        silent_ms = now_ms - max(self._from_ms, self._heard_ms or 0)
        if expected and not self._told and silent_ms >= SILENT_MS:
            self._tell(GONE.get(self._state, f"the watcher was not heard for {silent_ms // 1000} s"))

    def _tell(self, why: str) -> None:
        if not self._told:
            self._told = True
            self._on_fault("watcher", True, why)

    def _note(self, said: dict[str, object]) -> None:
        """The watcher told calls while we were gone: it stands once in our log, from when to when."""
        since, until = said.get("in_charge_since"), said.get("gave_back_at")
        if isinstance(since, str) and isinstance(until, str) and since != self._in_charge:
            self._in_charge = since
            log.warning("the watcher was in charge from %s to %s: it told calls that came meanwhile", since, until)

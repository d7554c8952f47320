"""Whether the running broker has read the settings that stand in its file: that shows by when it was started.

Mosquitto says its uptime (`$SYS/broker/uptime`) in whole seconds, every `sys_interval`. What it remembers of it may be
as old as that, so only what it says while we listen counts.
"""

from __future__ import annotations

from collections.abc import Callable

from hub.config.broker_conf import Looked

ROUNDING_MS = 1_000
"""Whole seconds: who changes the file and starts the broker within one must not be told for ever."""
RIGHT = "the broker was started with the settings that mosquitto.conf has now"
NOT_STARTED = "mosquitto.conf is right again, and the broker was not started since"
NOT_KNOWN = (
    "mosquitto.conf is right again; whether the broker was started since cannot be checked here, because it does not "
    "say its uptime: close this when it was"
)


class Running:
    """When the broker that we are connected to was started, as far as it says."""

    def __init__(self, wall_ms: Callable[[], int]) -> None:
        self._wall_ms = wall_ms
        self._started_wall_ms: int | None = None

    def connected(self) -> None:
        """It may be another one now."""
        self._started_wall_ms = None

    def said(self, payload: bytes, *, retained: bool) -> bool:
        """It says its uptime, `289 seconds`; whether it is now known and was not."""
        seconds = payload.partition(b" ")[0]
        if retained or not seconds.isdigit():
            return False
        started, known = self._wall_ms() - int(seconds) * 1_000, self._started_wall_ms
        # The earlier one counts: a clock that is set forward meanwhile makes no broker younger.
        self._started_wall_ms = started if known is None else min(known, started)
        return known is None

    def has_read(self, looked: Looked) -> bool | None:
        """Whether it was started since the file was changed; None where that is not known."""
        if self._started_wall_ms is None:
            return None
        return self._started_wall_ms + ROUNDING_MS >= looked.changed_wall_ms

    def still_wrong(self, looked: Looked, *, says_uptime: bool) -> str | None:
        """Why settings that were wrong and are right in the file are not right yet; empty where they are, None where
        that will be known soon."""
        if looked.unchecked is not None:
            return f"{looked.unchecked.file} {looked.unchecked.what}"
        has_read = self.has_read(looked)
        if has_read is None:
            return None if says_uptime else NOT_KNOWN
        return "" if has_read else NOT_STARTED

"""Sirens that hang on a relay: the watcher switched them on, and remembers that they have to be switched off. Pure."""

from __future__ import annotations

from hub.watch import messages

LEAST_MS = 3_000
"""So long after a new connection: the broker first says which alerts of the hub it keeps."""


class Relays:
    """Which relays sound for the watcher, and whether an alert of the hub may need them."""

    def __init__(self) -> None:
        self._until_ms: dict[str, int] = {}
        self._untaken: set[str] = set()
        self._linked_ms = 0

    def linked(self, now_ms: int) -> None:
        """A new connection: the broker shows the hub's open alerts anew."""
        self._untaken.clear()
        self._linked_ms = now_ms

    def switched_on(self, address: str, until_ms: int) -> None:
        """It sounds from now on, as long as a siren would that counts its seconds itself."""
        self._until_ms[address] = until_ms

    def hub_shows(self, topic: str, payload: bytes) -> None:
        """An alert of the hub, or the empty message that takes it from the screens."""
        (self._untaken.add if messages.sounds(payload) else self._untaken.discard)(topic)

    def over(self, now_ms: int, *, waits: bool, at_end: bool = False) -> list[str]:
        """Which are to be switched off now, and are forgotten here. While nobody has taken an alert of the hub that may
        sound there, none: one that sounds too long is better than an alert that is silenced."""
        if self._untaken or now_ms - self._linked_ms < LEAST_MS:
            return []
        done = [row for row, until_ms in self._until_ms.items() if at_end or not waits or until_ms <= now_ms]
        for address in done:
            del self._until_ms[address]
        return done

"""Sirens that hang on a relay: the watcher switched them on, and remembers that they have to be switched off. Pure.

The broker keeps which they are, so that the next watcher switches off what one that was killed left on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from hub.watch import messages

LEAST_MS = 3_000
"""So long after a new connection: the broker first says which alerts of the hub it keeps."""


class Relays:
    """Which relays sound for the watcher, and whether an alert of the hub may need them."""

    def __init__(self) -> None:
        self._until_ms: dict[str, int] = {}
        self._left_on: set[str] = set()
        self._untaken: set[str] = set()
        self._linked_ms = 0

    def linked(self, now_ms: int) -> None:
        """A new connection: the broker shows the hub's open alerts anew."""
        self._untaken.clear()
        self._linked_ms = now_ms

    @property
    def on(self) -> tuple[str, ...]:
        """Those that sound for a watcher, this one or one before."""
        return tuple(sorted(self._left_on | self._until_ms.keys()))

    def left_on(self, addresses: Iterable[str]) -> None:
        """A watcher before this one switched these on, and did not come to switch them off; or this one, and nobody
        knows whether the broker heard it."""
        self._left_on.update(address for address in addresses if address not in self._until_ms)

    def switched_on(self, address: str, until_ms: int) -> None:
        """It sounds from now on, as long as a siren would that counts its seconds itself."""
        self._left_on.discard(address)
        self._until_ms[address] = until_ms

    def hub_shows(self, alert: str, payload: bytes) -> None:
        """An alert of the hub, or the empty message that takes it from the screens."""
        (self._untaken.add if messages.sounds(payload) else self._untaken.discard)(alert)

    def over(
        self, now_ms: int, *, waits: bool, hub_is_well: bool, ours: Collection[str] = (), at_end: bool = False
    ) -> list[str]:
        """Which are to be switched off now, and are forgotten here. While nobody has taken an alert of the hub that may
        sound there, none: one that sounds too long is better than an alert that is silenced. What was left on sounds
        for calls that this watcher does not know: it is the hub that tells them, so it waits for that. `ours`: alerts
        of a hub that is gone, which the watcher tells as its own; they sound until somebody heard them here."""
        if self._untaken.difference(ours) or now_ms - self._linked_ms < LEAST_MS:
            return []
        done = [row for row, until_ms in self._until_ms.items() if at_end or not waits or until_ms <= now_ms]
        for address in done:
            del self._until_ms[address]
        if hub_is_well:
            done += sorted(self._left_on)
            self._left_on.clear()
        return done

"""Emergencies that the hub shows and nobody takes: the hub tells them, and that may reach nobody. Pure.

No screen and no phone says that somebody heard it; a person who says *I am going* does. So where nobody has for five
minutes, past the hub's last rung, the watcher tells it over its own ways as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hub.watch import words
from hub.watch.house import House
from hub.watch.records import Do, Now, Ring, Tell

UNTAKEN_MS = 300_000
"""The hub's last rung of an emergency is climbed after three minutes; two rings of it were to no avail."""
MOMENT_MS = 10_000
MOST = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An emergency that nobody has taken."""

    id: str
    reason: str
    place: str
    since_ms: int = 0
    since_wall_ms: int = 0
    shown: bool = True


class Untaken:
    """The hub's open emergencies that nobody has taken, counted from when the watcher saw so first."""

    def __init__(self) -> None:
        self._open: dict[str, Waiting] = {}

    def shown(self, alert: Waiting, now: Now) -> None:
        """The hub shows one that nobody has taken."""
        before = self._open.get(alert.id)
        if before is not None:
            self._open[alert.id] = replace(before, reason=alert.reason, place=alert.place, shown=True)
        elif len(self._open) < MOST:
            self._open[alert.id] = replace(alert, since_ms=now.elapsed_ms, since_wall_ms=now.wall_ms)

    def taken(self, alert: str) -> None:
        """Somebody goes, or it is over."""
        self._open.pop(alert, None)

    def unsure(self, now: Now, *, linked: bool = False) -> None:
        """The watcher heard nothing for a while: there is a moment to hear who took one, and on a new connection
        (`linked`) each counts only once it is shown again."""
        for key, alert in self._open.items():
            since_ms = max(alert.since_ms, now.elapsed_ms - UNTAKEN_MS + MOMENT_MS)
            self._open[key] = replace(alert, since_ms=since_ms, shown=alert.shown and not linked)

    def rests(self, now: Now) -> None:
        """The hub is gone, or comes back just now: each has five minutes from when its ladder goes on."""
        for key, alert in self._open.items():
            self._open[key] = replace(alert, since_ms=now.elapsed_ms)

    def due(self, house: House, now: Now) -> list[Do]:
        """Those that have waited too long, all in one message; again after as long. Asked while the hub is well: of one
        that is gone `standing.py` knows what is open."""
        late = [alert for alert in self._open.values() if alert.shown and now.elapsed_ms - alert.since_ms >= UNTAKEN_MS]
        if not late:
            return []
        for alert in late:
            self._open[alert.id] = replace(alert, since_ms=now.elapsed_ms)
        lines = [(alert.reason, alert.place, alert.since_wall_ms) for alert in late]
        title, text = words.nobody_goes(house, lines)
        return [Ring(level="emergency"), Tell(about="untaken", level="emergency", title=title, text=text)]

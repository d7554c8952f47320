"""Which alerts the hub shows that nobody is seeing to: while the hub is gone its ladders stand still. Pure.

Who has taken one is seen to be there, or to be back by the time they promised, by the hub alone. So an alert that was
taken waits again here once the time for that is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hub.watch.house import House
from hub.watch.records import Now, Open

WAITS_MS = {"emergency": 0, "urgent": 0, "call": 0, "check": 900_000}
"""So long a hub may be away before the watcher goes on with its alerts of this level: a check has rungs of a quarter of
an hour. Company and the machine itself (`request`, `technical`) can wait for the hub."""
LOOK_MS = 3_000
"""So long after a new connection the broker has shown all that it keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    alert: Open
    heard: Now


class Standing:
    """The hub's open alerts, as it showed them last."""

    def __init__(self) -> None:
        self._rows: dict[str, _Row] = {}
        self._unseen: set[str] = set()
        self._linked_ms = 0

    def of(self, alerts: Iterable[str | None]) -> tuple[tuple[Open, Now], ...]:
        """Some of them, each with since when it is as it is."""
        found = (self._rows.get(alert or "") for alert in alerts)
        return tuple((row.alert, row.heard) for row in found if row is not None)

    def take_up(self, rows: Iterable[tuple[Open, Now]]) -> None:
        """As a watcher before this one saw them last."""
        self._rows |= {alert.id: _Row(alert=alert, heard=heard) for alert, heard in rows}

    def linked(self, now_ms: int) -> None:
        """A new connection: what is open is shown anew."""
        self._unseen = set(self._rows)
        self._linked_ms = now_ms

    def shown(self, alert: Open, now: Now) -> bool:
        """The hub shows this one, or the broker does for it. Whether it is new in any way."""
        self._unseen.discard(alert.id)
        before = self._rows.get(alert.id)
        if before is not None and before.alert.version == alert.version:
            return False
        self._rows[alert.id] = _Row(alert=alert, heard=_since(before, alert, now))
        return True

    def cleared(self, alert: str) -> None:
        """It is over."""
        self._rows.pop(alert, None)
        self._unseen.discard(alert)

    def hub_is_well(self, now_ms: int) -> None:
        """What was not shown anew was closed while we did not hear it. Without a hub nobody can say that."""
        if now_ms - self._linked_ms >= LOOK_MS:
            for alert in self._unseen:
                self._rows.pop(alert, None)
            self._unseen.clear()

    def has(self, device: str, kind: str) -> bool:
        """Whether the hub shows an alert of this device and kind."""
        return any((row.alert.device, row.alert.kind) == (device, kind) for row in self._rows.values())

    def waiting(self, house: House, now: Now, away_ms: int) -> list[tuple[Open, str]]:
        """Those that nobody is seeing to, the hub having been away for so long, each with how that is known."""
        found = []
        for row in self._rows.values():
            alert = row.alert
            if alert.is_test or away_ms < WAITS_MS.get(alert.level, away_ms + 1):
                continue
            if not alert.is_quiet:
                found.append((alert, "told by the hub, nobody has taken it"))
            elif self._is_over(row, house, now):
                found.append((alert, f"{house.carer(alert.by)} took it, and nobody knows whether anybody is there"))
        return found

    def _is_over(self, row: _Row, house: House, now: Now) -> bool:
        """Whether who took it should be there by now."""
        if row.alert.is_attended:
            return False
        until_wall_ms = row.alert.promised_until_wall_ms
        if until_wall_ms is None:
            patience_ms = house.attend_within_ms(row.alert.level)
        else:
            # By two calendars, the hub's and ours: where one of them is wrong nobody is waited for longer than may be.
            longest_ms = house.home.times.promise_longest_s * 1000
            patience_ms = min(until_wall_ms - row.heard.wall_ms, longest_ms)
        return now.elapsed_ms - row.heard.elapsed_ms >= patience_ms


def _since(before: _Row | None, alert: Open, now: Now) -> Now:
    """Since when it is as it is: a further press does not begin a taker's time anew."""
    if before is None or not before.alert.is_quiet or not alert.is_quiet:
        return now
    same = (before.alert.by, before.alert.promised_until_wall_ms) == (alert.by, alert.promised_until_wall_ms)
    return before.heard if same else now

"""What a hub said over months, of which only so much is remembered as has to be known at the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.hub.core_parts import Rig

WITHOUT = "room-004-pendant"
"""Its gateway puts no time on what it says."""


@dataclass
class Told:
    """What the hub said so far: only what has to be known at the end."""

    stamps: dict[str, set[int]] = field(default_factory=dict)
    """Places in the sequence of the lines that are a press of this stamp."""
    without: int = 0
    """Presses without a stamp that were acted on, each message by itself."""
    up_to: int = 0
    """Counted up to this place in the sequence."""
    others: int = 0
    """Presses of all other pendants that the ledger held."""
    open: dict[str, int] = field(default_factory=dict)
    """Alerts that were raised and have no end yet, and where in the sequence that was."""
    ended: dict[str, int] = field(default_factory=dict)
    """Alerts that have one, and where."""
    steps: Counter[str] = field(default_factory=Counter)

    def line(self, line: dict[str, object]) -> None:
        """A line of the log."""
        step, stamp = str(line["step"]), line.get("stamp")
        self.steps[step] += 1
        alert, seq = str(line.get("alert")), int(str(line["seq"]))
        if step in ("raised", "reopened") and seq > self.ended.get(alert, -1):
            self.open[alert] = seq
        elif step == "closed":
            self.ended[alert] = seq
            if self.open.get(alert, seq) <= seq:
                self.open.pop(alert, None)
        if isinstance(stamp, str) and step in ("raised", "pressed"):
            self.stamps.setdefault(stamp, set()).add(seq)

    def count(self, hub: Rig) -> None:
        """The presses that the ledger holds since we last looked."""
        rows = hub.rows(
            "SELECT coalesce(max(seq), ?), count(*) FILTER (WHERE device LIKE ?),"
            " count(*) FILTER (WHERE device NOT LIKE ?) FROM events WHERE seq > ? AND extra ->> 'press' = 1",
            self.up_to,
            f"%{WITHOUT}",
            f"%{WITHOUT}",
            self.up_to,
        )
        self.up_to, without, others = (int(str(cell)) for cell in rows[0])
        self.without += without
        self.others += others

    def goes_on_from_a_copy(self, hub: Rig) -> None:
        """The ledger is that of a copy from now on: its sequence goes on from there, and open is what is open in it."""
        self.up_to = int(str(hub.rows("SELECT coalesce(max(seq), 0) FROM events")[0][0]))
        self.open = {str(alert): 0 for (alert,) in hub.rows("SELECT key FROM alerts WHERE state <> 'closed'")}
        self.ended.clear()


def stamp_of(at_ms: int) -> str:
    """A moment as Zigbee2MQTT writes it."""
    moment = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"

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
    steps: Counter[str] = field(default_factory=Counter)

    def line(self, line: dict[str, object]) -> None:
        """A line of the log."""
        step, stamp = str(line["step"]), line.get("stamp")
        self.steps[step] += 1
        if isinstance(stamp, str) and step in ("raised", "pressed"):
            self.stamps.setdefault(stamp, set()).add(int(str(line["seq"])))

    def count(self, hub: Rig) -> None:
        """The presses without a stamp that the ledger holds since we last looked."""
        rows = hub.rows(
            "SELECT coalesce(max(seq), ?), count(*) FILTER (WHERE device LIKE ? AND extra ->> 'press' = 1)"
            " FROM events WHERE seq > ?",
            self.up_to,
            f"%{WITHOUT}",
            self.up_to,
        )
        self.up_to, more = (int(str(cell)) for cell in rows[0])
        self.without += more


def stamp_of(at_ms: int) -> str:
    """A moment as Zigbee2MQTT writes it."""
    moment = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"

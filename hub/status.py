"""The heartbeat: `handrail/{home}/status`, retained, every five seconds, with a last will that says `lost`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

BEAT_S = 5.0
WAL_MOST_BYTES = 256 * 2**20
LOST = {"state": "lost", "why": "the hub's connection to the broker was lost"}


@dataclass(slots=True)
class Health:
    """What the heartbeat says, gathered from everywhere that knows something."""

    home: str
    started_ms: int
    why: dict[str, str] = field(default_factory=dict)
    """What is not as it should be, by what it is about."""
    ready: bool = False
    stopping: bool = False
    wal_bytes: int = 0
    disk_free_bytes: int = 0
    disk_total_bytes: int = 0
    usage: Callable[[Path], tuple[int, int, int]] = shutil.disk_usage
    """Total, used and free bytes of a folder's disk."""

    def message(self, *, elapsed_ms: int, backlog: int, oldest_unacknowledged_ms: int) -> dict[str, object]:
        """The heartbeat's message."""
        state = "stopping" if self.stopping else "starting" if not self.ready else "degraded" if self.why else "ready"
        return {
            "state": state,
            "uptime_s": (elapsed_ms - self.started_ms) // 1000,
            "backlog": backlog,
            "oldest_unacknowledged_s": oldest_unacknowledged_ms // 1000,
            "wal_bytes": self.wal_bytes,
            "disk_free_bytes": self.disk_free_bytes,
            "why": "; ".join(self.why.values()),
        }

    def look_at_disk(self, ledger: Path) -> None:
        """Measure the ledger's write-ahead log and the free space of its disk."""
        wal = ledger.with_name(ledger.name + "-wal")
        try:
            self.wal_bytes = wal.stat().st_size if wal.exists() else 0
            self.disk_total_bytes, _, self.disk_free_bytes = self.usage(ledger.parent)
        except OSError as error:
            self.why["folder"] = f"the folder {ledger.parent} cannot be looked at: {error.strerror}"
        else:
            self.why.pop("folder", None)

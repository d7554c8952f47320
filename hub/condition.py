"""The machine that the hub runs on: its disk, its clock, and the ledger's own files. What is wrong with them is told
once as a technical alert, and ends by itself when it is right again, also over a restart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hub.elapsed import Belief
from hub.forecast import Forecast
from hub.status import WAL_MOST_BYTES, Health
from rules.inputs import Now
from rules.state import AlertState, State

ANEW_BYTES = WAL_MOST_BYTES // 4


class OnFault(Protocol):
    """What is called when something goes wrong or comes right."""

    def __call__(self, fault: str, on: bool, reason: str) -> None:
        """Tell it."""


@dataclass(slots=True)
class Condition:
    """Looks at one thing after the other when asked."""

    health: Health
    state: State
    belief: Belief
    on_fault: OnFault
    save: Callable[[str, int], None]
    """Keep a number with the next commit."""
    count_anew: Callable[[], Mapping[str, int]] = dict
    """What the next start must know of the clock, to be kept after each step: one may have been a sleep."""
    wal_most_bytes: int = WAL_MOST_BYTES
    forecast: Forecast = field(default_factory=Forecast)

    def is_told(self, fault: str) -> bool:
        """Whether people were told of a fault that has not ended, by this run of the hub or one before."""
        cause = f"hub:{fault}"
        open_ones = (alert for alert in self.state.alerts if alert.state is not AlertState.CLOSED)
        return fault in self.health.why or any(alert.cause == cause for alert in open_ones)

    def _say(self, fault: str, wrong: str, right: str) -> None:
        """Tell what is wrong once, and that it is right once."""
        if wrong and fault not in self.health.why:
            self.on_fault(fault, True, wrong)
        elif not wrong and self.is_told(fault):
            self.on_fault(fault, False, right)

    def look_at_disk(self, now: Now) -> None:
        """Free space now and in a day, and how long the ledger's write-ahead log is."""
        health = self.health
        if health.disk_total_bytes:
            wrong = self.forecast.look(
                now.elapsed_ms, health.disk_free_bytes, health.disk_total_bytes, told=self.is_told("disk")
            )
            self._say("disk", wrong, "there is room on the disk again")
        # A log that only grows means that somebody reads for too long, or that the disk is failing.
        size = health.wal_bytes
        long = f"the ledger's write-ahead log is {size // 2**20} MiB: a reader holds it for too long"
        self._say("wal", long if size > self.wal_most_bytes else "", "the ledger's write-ahead log is short again")

    def wants_log_anew(self, *, calm: bool) -> bool:
        """Whether the write-ahead log shall begin anew, for which the writer waits some milliseconds: where there is
        never a pause it would only grow. While people press only when it is twice as long."""
        return self.health.wal_bytes > ANEW_BYTES * (1 if calm else 2)

    def look_at_clock(self, now: Now, stepped_ms: int) -> None:
        """Whether the time of day can be believed."""
        before = self.belief.moved_ms
        wrong = self.belief.look(now, stepped_ms)
        if self.belief.moved_ms != before:
            self.save("clock_moved_ms", self.belief.moved_ms)
        for name, value in self.count_anew().items() if stepped_ms else ():
            self.save(name, value)
        self._say("clock", wrong, "the clock of this machine is right again")

    def look_at_checkpoint(self, failure: str) -> None:
        """Whether the last checkpoint moved the log into the ledger."""
        self._say("checkpoint", failure, "the write-ahead log is moved into the ledger again")

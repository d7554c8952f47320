"""`handrail verify`: says whether the ledger's outcome follows from its inputs."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from hub.commands.progress import progress
from hub.homes import known
from hub.priority import COMMANDS, give_way
from hub.verify import Verdict, verify


def verify_home(folder: Path) -> int:
    """Fold and compare; 1 where something differs."""
    give_way(COMMANDS)
    with progress("folding the ledger") as tell:
        verdict = verify(known(folder).ledger, tell)
    sys.stdout.write(report(verdict))
    return 1 if verdict.different else 0


def report(verdict: Verdict) -> str:
    """The verdict as a person reads it."""
    if verdict.inputs == 0 and not verdict.snapshot_seq:
        return "the ledger holds no input yet: nothing to verify\n"
    lines = [
        f"folded {verdict.inputs} inputs ({verdict.events} of them events), {verdict.first_seq} to {verdict.last_seq},"
        f" {_moment(verdict.first_wall_ms)} to {_moment(verdict.last_wall_ms)}"
        if verdict.inputs
        else "no input since then: nothing to fold"
    ]
    if verdict.snapshot_seq:
        lines.append(
            f"began with the snapshot of {_moment(verdict.snapshot_wall_ms)}, {verdict.snapshot_seq} in the sequence;"
            f" left out {verdict.settled} alerts and episodes that had ended before it"
        )
    if verdict.imported:
        lines.append(f"left out {verdict.imported} imported events: they never reached the live machine")
    counts = ", ".join(f"{count} {table}" for table, count in verdict.compared.items())
    lines.append(f"compared {counts}")
    for difference in verdict.shown:
        lines += [
            f"{difference.table} {difference.key}:",
            f"  stored {difference.stored or 'nothing'}",
            f"  folded {difference.folded or 'nothing'}",
        ]
    if verdict.different > len(verdict.shown):
        lines.append(f"… and {verdict.different - len(verdict.shown)} more")
    lines.append(f"{verdict.different} rows differ" if verdict.different else "the outcome is the same, row by row")
    return "\n".join(lines) + "\n"


def _moment(wall_ms: int) -> str:
    return datetime.fromtimestamp(wall_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

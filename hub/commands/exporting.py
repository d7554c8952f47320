"""`handrail export`: everything the ledger holds of one resident, as JSON lines on standard output."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson

from hub.exporting import export
from hub.homes import known
from hub.priority import COMMANDS, give_way


def export_resident(folder: Path, *, resident: str) -> int:
    """Write the lines; a hub may run meanwhile."""
    give_way(COMMANDS)
    for line in export(known(folder).ledger, resident):
        sys.stdout.buffer.write(orjson.dumps(line) + b"\n")
    return 0

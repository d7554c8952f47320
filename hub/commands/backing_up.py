"""`handrail backup`: a consistent copy of a home's ledger, while its hub runs."""

from __future__ import annotations

import sys
from pathlib import Path

from hub.homes import known
from hub.ledger.backup import copy
from hub.priority import COMMANDS, give_way

MIB = 2**20


def back_up(folder: Path, file: Path) -> int:
    """Write the copy and say how much it holds."""
    give_way(COMMANDS)
    seq = copy(known(folder).ledger, file)
    sys.stdout.write(f"{file}: {file.stat().st_size / MIB:.0f} MiB, everything up to seq {seq}\n")
    return 0

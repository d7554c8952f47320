"""What people read of a fault: its sentence for staff; for the person who mends it what happened, and the command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from rules.faults import FAULTS
from rules.state import Alert

ANY = "\0"
asserted: set[str] = set()
"""The faults whose two sentences were asserted since the test began; `conftest.py` asks for a test's marks."""


def rows(table: str) -> dict[str, tuple[str, str]]:
    """A table of FAULTS.md (`faults` or `watcher`): staff's sentence and the mender's of each fault."""
    text = (Path(__file__).resolve().parent.parent / "FAULTS.md").read_text(encoding="utf-8")
    lines = text.partition(f"<!-- {table} -->")[2].partition(f"<!-- /{table} -->")[0].strip().splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return {name.strip("`"): (staff, mend) for name, staff, mend in cells}


def assert_told(alert: Alert | Mapping[str, object], fault: str, **slots: object) -> str:
    """Assert that this alert says both sentences of a fault, every slot filled; returns what the mender reads. A slot
    that is None holds any words (a name with a time in it)."""
    said = {"reason": alert.reason, "also": alert.also} if isinstance(alert, Alert) else alert
    reason, also = said["reason"], said["also"]
    assert isinstance(also, (list, tuple))
    words = {name: ANY if value is None else str(value) for name, value in slots.items()}
    assert reason == FAULTS[fault].staff.format(**words)
    mend = re.escape(FAULTS[fault].mend.format(**words)).replace(ANY, ".+")
    assert re.fullmatch(rf".*[.?!] {mend}", str(also[0]), re.DOTALL), f"{also[0]!r} does not end as its row says"
    asserted.add(fault)
    return str(also[0])


def read_of(alert: Alert | Mapping[str, object], fault: str, **slots: object) -> bool:
    """Whether it says them; for a test that waits until it does."""
    try:
        assert_told(alert, fault, **slots)
    except AssertionError:
        return False
    return True

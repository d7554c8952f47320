"""What people read of a fault: its sentence for staff; for the person who mends it what happened, and the command."""

from __future__ import annotations

from collections.abc import Mapping

from rules.faults import FAULTS
from rules.state import Alert

asserted: set[str] = set()
"""The faults whose two sentences were asserted since the test began; `conftest.py` asks for a test's marks."""


def assert_told(alert: Alert | Mapping[str, object], fault: str, **slots: object) -> str:
    """Assert that this alert says both sentences of a fault, every slot filled; returns what the mender reads."""
    said = {"reason": alert.reason, "also": alert.also} if isinstance(alert, Alert) else alert
    reason, also = said["reason"], said["also"]
    assert isinstance(also, (list, tuple))
    words = {name: str(value) for name, value in slots.items()}
    assert reason == FAULTS[fault].staff.format(**words)
    happened, _, _ = str(also[0]).partition(f" {(mend := FAULTS[fault].mend.format(**words))}")
    assert str(also[0]) == f"{happened} {mend}"
    assert happened.endswith((".", "?", "!"))
    asserted.add(fault)
    return str(also[0])


def read_of(alert: Alert | Mapping[str, object], fault: str, **slots: object) -> bool:
    """Whether it says them; for a test that waits until it does."""
    try:
        assert_told(alert, fault, **slots)
    except AssertionError:
        return False
    return True

"""What a device told about itself that its supervision must know, as an input of the machine."""

from __future__ import annotations

from devices.adapter import Description
from rules.inputs import Described

LONGEST_S = 366 * 86_400


def to_supervise(before: Description | None, now: Description) -> Described | None:
    """The input that says what changed; None where nothing did that matters to supervision."""
    said = _said(now)
    return said if (_said(before) if before else Described(device=now.device)) != said else None


def _said(description: Description) -> Described:
    seconds = description.checks_in_s or 0
    return Described(
        device=description.device,
        checks_in_s=seconds if 0 < seconds <= LONGEST_S else 0,
        gateway=description.gateway,
    )

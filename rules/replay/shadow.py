"""A plan on trial, as the machine takes it in: the words of what it would have done, for the manager's morning.

The plan itself helps nobody and tells nobody: it is a replay of what was recorded, run aside (`hub/replay/trying.py`,
`shadow_report.py`). Its words come as an input, so that they stand in the log and in the morning's list like everything
else there.
"""

from __future__ import annotations

from dataclasses import replace

from devices.events import Kind
from rules.alerting import raising
from rules.alerting.levels import MANAGERS_LIST, Level
from rules.alerting.raising import MOST_ALSO, Found
from rules.effects import Did
from rules.inputs import Tried
from rules.turn import Turn


def tried(turn: Turn, given: Tried) -> None:
    """List what plans on trial would have done; what would have come otherwise is told with the morning's list."""
    for each in given.reports:
        turn.log(Did.LISTED, each.words or "a plan on trial, and nothing to say of it", resident=each.resident)
    words = tuple(each.words for each in given.reports if each.matters and each.words)
    if not words:
        return
    listed = next((alert for alert in turn.open_alerts() if alert.cause == MANAGERS_LIST), None)
    if listed is not None:
        also = (*listed.also, *(one for one in words if one not in listed.also and one not in listed.reason))
        turn.show(replace(listed, version=listed.version + 1, also=also[-MOST_ALSO:]))
        return
    raising.raise_alert(
        turn,
        Found(
            level=Level.TECHNICAL,
            kind=Kind.OTHER,
            cause=MANAGERS_LIST,
            reason=f"for the manager: {words[0]}",
            also=words[1:],
            device="the manager's list",
        ),
    )

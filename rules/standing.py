"""Where a resident stands with their plan now: away, visited, gone, *not now*; and whether a delay may be given.

Rules rest for a reason that is written down. A pendant never rests, and nothing here is asked on its way.
"""

from __future__ import annotations

from devices.events import Event
from devices.registry import Placed
from rules.plan import Rule
from rules.state import Alert
from rules.turn import Turn


def rests(turn: Turn, rule: Rule) -> str:
    """Why this rule may not start now; `""` where it may."""
    return ""


def keeps_silent(turn: Turn, rule: Rule) -> str:
    """Why words of this rule are neither spoken nor shown now; `""` where they are. Staff are told as ever."""
    return ""


def no_delay(turn: Turn, resident: str, rule: Rule | None = None) -> str:
    """Why staff are told at once although a delay was agreed to; `""` where the delay may be given."""
    return ""


def seen(turn: Turn, placed: Placed, event: Event) -> None:
    """A device of the house showed that somebody is where it is."""


def raised(turn: Turn, alert: Alert) -> None:
    """Staff are being told of something: a fall turns that resident's delays off."""

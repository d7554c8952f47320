"""An alert's life as a table: from where, by what, to where, and which clock runs meanwhile.

It is data, so that what is done with an alert, the tests and the picture in the README are drawn from the same lines.
What is not in `NEXT` cannot be done; `why_not` says so in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from rules.state import AlertState

TOLD, CLAIMED, ATTENDED = AlertState.TOLD, AlertState.CLAIMED, AlertState.ATTENDED
PROMISED, CLOSED = AlertState.PROMISED, AlertState.CLOSED


class Doing(StrEnum):
    """What leads an alert from one state to another: people do the first four, the others happen."""

    CLAIM = "claim"
    ATTEND = "attend"
    PROMISE = "promise"
    CLOSE = "close"
    LAPSE = "claim lapses"
    BREAK = "promise is broken"
    LEAVE = "who took it is gone"
    CALL_AGAIN = "called again"


NEXT: Mapping[tuple[AlertState, Doing], AlertState] = {
    (TOLD, Doing.CLAIM): CLAIMED,
    (TOLD, Doing.ATTEND): ATTENDED,
    (TOLD, Doing.PROMISE): PROMISED,
    (TOLD, Doing.CLOSE): CLOSED,
    (CLAIMED, Doing.CLAIM): CLAIMED,
    (CLAIMED, Doing.ATTEND): ATTENDED,
    (CLAIMED, Doing.PROMISE): PROMISED,
    (CLAIMED, Doing.CLOSE): CLOSED,
    (CLAIMED, Doing.LAPSE): TOLD,
    (CLAIMED, Doing.LEAVE): TOLD,
    (ATTENDED, Doing.ATTEND): ATTENDED,
    (ATTENDED, Doing.PROMISE): PROMISED,
    (ATTENDED, Doing.CLOSE): CLOSED,
    (ATTENDED, Doing.LEAVE): TOLD,
    (PROMISED, Doing.CLAIM): CLAIMED,
    (PROMISED, Doing.ATTEND): ATTENDED,
    (PROMISED, Doing.PROMISE): PROMISED,
    (PROMISED, Doing.CLOSE): CLOSED,
    (PROMISED, Doing.BREAK): TOLD,
    (PROMISED, Doing.LEAVE): TOLD,
    (CLOSED, Doing.CALL_AGAIN): TOLD,
}
"""Everything that can be done with an alert, and where it leads."""

CLOCK: Mapping[AlertState, str] = {
    TOLD: "ladder",
    CLAIMED: "claim",
    ATTENDED: "unclosed",
    PROMISED: "promise",
}
"""The timer that runs in each state; a closed alert has none. A claimed staff assist keeps its ladder too."""

CLOCK_WORDS: Mapping[str, str] = {
    "ladder": "the next rung, or everybody told again",
    "claim": "not attended in time, then everybody again",
    "unclosed": "the carer is reminded to close it",
    "promise": "the promised time, then the floor again",
}
"""What each clock's end means. Without a colon: the picture's language wants none."""


def after(state: AlertState, doing: Doing) -> AlertState | None:
    """Where a doing leads from a state; None where it cannot be done."""
    return NEXT.get((state, doing))


def why_not(state: AlertState, doing: Doing) -> str:
    """Why a doing leads nowhere from a state."""
    return f"an alert that is {state.value} cannot be taken further by: {doing.value}"


def diagram() -> str:
    """The life as a Mermaid state diagram, as the README shows it."""
    lines = ["stateDiagram-v2", f"    [*] --> {TOLD.value}: raised"]
    ways: dict[tuple[AlertState, AlertState], list[str]] = {}
    for (before, doing), next_one in NEXT.items():
        ways.setdefault((before, next_one), []).append(doing.value)
    lines += [f"    {one.value} --> {other.value}: {', '.join(doings)}" for (one, other), doings in ways.items()]
    lines += [f"    {state.value}: {state.value}<br/>{CLOCK_WORDS[clock]}" for state, clock in CLOCK.items()]
    lines.append(f"    {CLOSED.value} --> [*]")
    return "\n".join(lines)


def table() -> str:
    """The life as a Markdown table: a row a state, a column a doing."""
    doings = list(Doing)
    rows = [
        "| from | clock that runs | " + " | ".join(doing.value for doing in doings) + " |",
        "|---" * (len(doings) + 2) + "|",
    ]
    for state in AlertState:
        clock = CLOCK_WORDS[CLOCK[state]] if state in CLOCK else "none"
        cells = [next_one.value if (next_one := after(state, doing)) else "" for doing in doings]
        rows.append(f"| **{state.value}** | {clock} | " + " | ".join(cells) + " |")
    return "\n".join(rows)

"""The proof, held against what happens: staff who were told later than `check` computed are told that too.

It may be the hub that was down, and then the alert is marked late already; or a fault of ours. Either way somebody
waited longer than was agreed with them: the person in charge learns of it at once, the manager with the morning's list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from devices.events import Kind
from rules.alerting import raising
from rules.alerting.levels import Level
from rules.effects import Did
from rules.proof.waits import bound_s
from rules.state import Alert, Episode
from rules.turn import LATE_MS, Turn, plainly

AlertTimer = Callable[[Turn, Alert, int], None]

CAUSE = "bound"
"""The cause of the one alert that gathers them while it is open."""
FOR_THE_MANAGER = "for the manager: "


def told_late(turn: Turn, episode: Episode, *, late: bool) -> None:
    """Where a run that told staff took longer than its rule allows, or began late: logged, and one technical alert."""
    took_ms, allowed_ms = turn.now.elapsed_ms - episode.started_ms, bound_s(episode.rule) * 1000
    over = took_ms - allowed_ms > LATE_MS
    if not over and not late:
        return
    after = f" after {plainly(took_ms)}, {plainly(allowed_ms)} at the latest was proved" if over else " late"
    who, why = turn.setting.name_of(episode.rule.resident), "the hub was down" if late else "nobody knows why"
    words = f"{who}, {episode.rule.rule}: staff were told{after}; {why}"
    turn.log(Did.FAULT, words, episode=episode)
    open_one = next((alert for alert in turn.open_alerts() if alert.cause == CAUSE), None)
    if open_one is not None:
        also = (*open_one.also, words)[-raising.MOST_ALSO :]
        turn.show(replace(open_one, version=open_one.version + 1, also=also))
        return
    cause = raising.Found(
        level=Level.TECHNICAL,
        kind=Kind.OTHER,
        cause=CAUSE,
        reason=f"{FOR_THE_MANAGER}{words}",
        device="the proof",
        episode=episode.id,
    )
    raising.raise_alert(turn, cause)


# -- calls and ladders: whoever is told has the call itself, marked late, and no second alert beside it ------------


def called_late(turn: Turn, who: str, age_ms: int) -> None:
    """A call is told at once, was proved; this one was made while nobody here could hear it."""
    turn.log(Did.FAULT, f"{who} called, and staff were told {plainly(age_ms)} later; the hub was down")


def watched(due: AlertTimer) -> AlertTimer:
    """The timer of an alert, told of where it was late: `check` computed its time, or a person was told one."""

    def run(turn: Turn, alert: Alert, overdue_ms: int) -> None:
        due(turn, alert, overdue_ms)
        _rang_late(turn, alert, overdue_ms)

    return run


def _rang_late(turn: Turn, alert: Alert, overdue_ms: int) -> None:
    """A rung, or the end of a claim or promise, came later than its time. What is no person's need is left out."""
    if overdue_ms <= LATE_MS or alert.level is Level.TECHNICAL or alert.test is not None:
        return
    who = turn.setting.name_of(alert.resident) if alert.resident else turn.setting.place_name(alert.place)
    whose = f"{who}'s {alert.level.value}" if who else f"the {alert.level.value} {alert.id}"
    why = "the hub was down or stood still"
    turn.log(Did.FAULT, f"{whose} should have rung further {plainly(overdue_ms)} earlier; {why}", alert=alert)

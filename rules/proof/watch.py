"""The proof, held against what happens: staff who were told later than `check` computed are told that too.

It may be the hub that was down, and then the alert is marked late already; or a fault of ours. Either way somebody
waited longer than was agreed with them, and the manager learns of it.
"""

from __future__ import annotations

from dataclasses import replace

from devices.events import Kind
from rules.alerting import raising
from rules.alerting.levels import Level
from rules.effects import Did
from rules.proof.waits import bound_s
from rules.state import Episode
from rules.turn import LATE_MS, Turn, plainly

CAUSE = "bound"
"""The cause of the one alert that gathers them while it is open."""


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
        reason=f"for the manager: {words}",
        device="the proof",
        episode=episode.id,
    )
    raising.raise_alert(turn, cause)

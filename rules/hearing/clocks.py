"""Somebody set the clock of this machine, or it began anew without the time.

Waits run on elapsed time and go on. What hangs on the time of day comes by the new clock: at once where that passed it
over. A clock that went back and is put right again has passed over only what lies between its last right time and now:
a machine that begins in 1970 at three in the night must wake nobody for what is to be looked at in the morning.
"""

from __future__ import annotations

from dataclasses import replace

from rules.effects import Did
from rules.hearing import morning
from rules.inputs import ClockStepped, Started
from rules.plans import watching, whereabouts
from rules.turn import Turn, plainly


def stepped(turn: Turn, given: ClockStepped) -> None:
    """The times of day that people read are put right, and what was passed over is done."""
    direction = "forward" if given.step_ms > 0 else "back"
    why = f"the clock of this machine went {direction} by {plainly(abs(given.step_ms))}; waits go on"
    turn.log(Did.CLOCK_STEPPED, why)
    for alert in turn.open_alerts():
        later = alert.promise
        if later is not None:
            later = replace(later, until_wall_ms=later.until_wall_ms + given.step_ms)
        test = alert.test and replace(alert.test, until_wall_ms=alert.test.until_wall_ms + given.step_ms)
        turn.show(
            replace(
                alert,
                version=alert.version + 1,
                waiting_since_wall_ms=alert.waiting_since_wall_ms + given.step_ms,
                promise=later,
                test=test,
            )
        )
    if given.step_ms < 0:
        said_ms = turn.now.wall_ms - given.step_ms
        turn.set_meta(replace(turn.meta, known_wall_ms=max(turn.meta.known_wall_ms, said_ms)))
    whereabouts.clock_stepped(turn, given.step_ms)
    known_ms = known_again(turn)
    morning.clock_stepped(turn, given.step_ms, known_ms)
    watching.clock_stepped(turn, given.step_ms, known_ms)


def known_at_start(turn: Turn, given: Started) -> int:
    """The time of the last record, where the clock of this start stands before it."""
    return given.down_from_ms if given.down_from_ms > turn.now.wall_ms else turn.meta.known_wall_ms


def known_again(turn: Turn) -> int:
    """The last right time, where the clock has just come behind it again; else 0."""
    known_ms = turn.meta.known_wall_ms
    if not 0 < known_ms <= turn.now.wall_ms:
        return 0
    turn.set_meta(replace(turn.meta, known_wall_ms=0))
    return known_ms

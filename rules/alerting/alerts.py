"""An alert's life, but for what people do with it: told, climbed, rung again, sent back to its ladder, ended.

Every open alert has a running timer: its ladder while nobody has taken it, the lapse of the claim or promise while
somebody has, the reminder to close once somebody is there (`rules/alerting/life.py`).
"""

from __future__ import annotations

from devices.records import replace
from rules.alerting import reach
from rules.alerting.levels import MANAGERS_LIST, OUTSIDE, Ladder, Level, Who
from rules.alerting.life import CLOCK, Doing, after
from rules.alerting.reach import Reached
from rules.effects import Did
from rules.hearing import nights
from rules.state import Alert, AlertState, Ending
from rules.turn import LATE_MS, Turn, plainly

CLOCKS = tuple(dict.fromkeys(CLOCK.values()))


def ladder_of(turn: Turn, alert: Alert) -> Ladder:
    """The ladder this alert climbs now: the newest valid one of its level."""
    return turn.setting.ladder(alert.level, everybody=alert.everybody, manager=alert.cause == MANAGERS_LIST)


def reached(turn: Turn, alert: Alert, rung: int | None = None) -> Reached:
    """Whom the alert reaches at a rung (its own, unless said), among the people on shift now."""
    ladder = ladder_of(turn, alert)
    wanted = alert.rung if rung is None else rung
    return reach.up_to(turn, ladder, min(wanted, len(ladder.rungs) - 1), alert.zone)


def also_told(alert: Alert, people: tuple[str, ...]) -> tuple[str, ...]:
    """Everybody told before, and these."""
    return alert.told + tuple(person for person in people if person not in alert.told)


def stop_clocks(turn: Turn, alert: Alert, *, but: str = "") -> None:
    """End the timers of an alert's states, all but one."""
    for what in CLOCKS:
        if what != but:
            turn.disarm(what, alert.id)


def announce(turn: Turn, alert: Alert, people: tuple[str, ...], how: str) -> None:
    """Publish, ring, say who was told, and set the ladder's next timer."""
    turn.show(alert)
    say_told(turn, alert, people, how)
    reach.ring(turn, alert, people)
    arm_ladder(turn, alert)


def say_told(turn: Turn, alert: Alert, people: tuple[str, ...], how: str) -> None:
    """Record who was told, or that there is nobody."""
    if people:
        turn.log(Did.TOLD, f"{how}: {reach.names(turn, people)}", alert=alert)
    else:
        turn.log(Did.TOLD_NOBODY, "the home has no staff to tell: every screen and sounder", alert=alert)


def arm_ladder(turn: Turn, alert: Alert) -> None:
    """The next rung's time, or the next repetition after the last rung."""
    ladder = ladder_of(turn, alert)
    if alert.rung + 1 < len(ladder.rungs):
        due = alert.ladder_from_ms + ladder.rungs[alert.rung + 1].after_s * 1000
        # A rung whose time has passed comes now; only what nobody was there to do keeps its own time, and is late.
        due = due if alert.late else max(due, turn.now.elapsed_ms)
    else:
        due = turn.now.elapsed_ms + ladder.repeat_s * 1000
    turn.arm("ladder", alert.id, due)


def climb(turn: Turn, alert: Alert, why: str, *, late: bool = False) -> Alert:
    """One rung up, never two; on the last rung everybody is told again. Ladder and people are today's."""
    ladder = ladder_of(turn, alert)
    higher = min(alert.rung + 1, len(ladder.rungs) - 1)
    climbed = higher > alert.rung
    found = reached(turn, alert, higher)
    alert = replace(
        alert,
        version=alert.version + 1,
        rung=higher,
        told=also_told(alert, found.people),
        rings=alert.rings + 1,
        late=alert.late or late,
        climbed_ms=turn.now.elapsed_ms if climbed else alert.climbed_ms,
    )
    how = found.how
    marked = f"{why}, late" if late else why
    if climbed:
        turn.log(Did.CLIMBED, f"{marked}: rung {higher + 1} of {len(ladder.rungs)}", alert=alert)
    else:
        how = f"again, {marked}: {how}"
    announce(turn, alert, found.people, how)
    return alert


def ring_again(turn: Turn, alert: Alert, why: str) -> Alert:
    """Ring those already told once more, as far as they are on shift, without climbing."""
    found = reached(turn, alert)
    alert = replace(alert, version=alert.version + 1, rings=alert.rings + 1, told=also_told(alert, found.people))
    turn.show(alert)
    say_told(turn, alert, found.people, why)
    reach.ring(turn, alert, found.people)
    return alert


def ring_taker(turn: Turn, alert: Alert, taker: str, why: str) -> Alert:
    """Ring the one who took it, and nobody else."""
    alert = replace(alert, version=alert.version + 1, rings=alert.rings + 1, told=also_told(alert, (taker,)))
    turn.show(alert)
    say_told(turn, alert, (taker,), why)
    reach.ring(turn, alert, (taker,), sounders=False)
    return alert


def taker_of(alert: Alert) -> str | None:
    """Who is there, or promised to be, or is going."""
    return alert.attended_by or (alert.promise.by if alert.promise else None) or alert.claimed_by


# -- back to the ladder -------------------------------------------------------------------------------------------


def back_to_ladder(
    turn: Turn, alert: Alert, doing: Doing, did: Did, why: str, *, rung: int, ladder_from_ms: int
) -> Alert:
    """Nobody has it any more: the alert rings again, at this rung, and its ladder's clock runs from there."""
    rung = min(rung, len(ladder_of(turn, alert).rungs) - 1)
    found = reached(turn, alert, rung)
    alert = replace(
        alert,
        version=alert.version + 1,
        state=after(alert.state, doing) or AlertState.TOLD,
        quiet=False,
        claimed_by=None,
        claimed_wall_ms=None,
        attended_by=None,
        attended_wall_ms=None,
        proved=False,
        unproved_reason=alert.unproved_reason if alert.missed else None,
        promise=None,
        rung=rung,
        told=also_told(alert, found.people),
        rings=alert.rings + 1,
        ladder_from_ms=ladder_from_ms,
        climbed_ms=turn.now.elapsed_ms,
    )
    stop_clocks(turn, alert)
    turn.log(did, why, alert=alert)
    announce(turn, alert, found.people, found.how)
    turn.show_room(alert.room)
    return alert


def from_the_floor(turn: Turn, alert: Alert, doing: Doing, did: Did, why: str) -> Alert:
    """Back to the first rung, the floor, with a new clock."""
    return back_to_ladder(turn, alert, doing, did, why, rung=0, ladder_from_ms=turn.now.elapsed_ms)


def left_by_taker(turn: Turn, alert: Alert, why: str) -> Alert:
    """Who took it cannot go: back to the rung it had reached, whose wait begins anew."""
    rungs = ladder_of(turn, alert).rungs
    rung = min(alert.rung, len(rungs) - 1)
    since = turn.now.elapsed_ms - rungs[rung].after_s * 1000
    did = Did.PROMISE_BROKEN if alert.state is AlertState.PROMISED else Did.CLAIM_LAPSED
    return back_to_ladder(turn, alert, Doing.LEAVE, did, why, rung=rung, ladder_from_ms=since)


def leave_all(turn: Turn, person: str, why: str) -> None:
    """Everything this person took goes back to its ladder."""
    for alert in turn.open_alerts():
        if person in (alert.claimed_by, alert.attended_by, alert.promise.by if alert.promise else None):
            left_by_taker(turn, alert, why)


def may_climb_by_press(turn: Turn, alert: Alert) -> bool:
    """A later press climbs at most one rung a minute, and never to somebody outside the house before their time."""
    ladder = ladder_of(turn, alert)
    if alert.rung + 1 >= len(ladder.rungs):
        return False
    if turn.now.elapsed_ms - alert.climbed_ms < turn.setting.home.times.climb_by_press_s * 1000:
        return False
    return not OUTSIDE.intersection(ladder.rungs[alert.rung + 1].who)


def end(turn: Turn, alert: Alert, ending: Ending, reason: str, by: str | None, word: str | None = None) -> Alert:
    """Close an alert: its timers end, its sounders fall silent, how it ended is kept."""
    stop_clocks(turn, alert)
    for key in [key for key in turn.state.timers.rows if key.startswith(f"receipt/{alert.id}/")]:
        turn.state.timers.drop(key)
    rang = not alert.quiet
    alert = replace(
        alert,
        version=alert.version + 1,
        state=after(alert.state, Doing.CLOSE) or AlertState.CLOSED,
        quiet=True,
        promise=None,
        ending=ending,
        closed_by=by,
        closed_ms=turn.now.elapsed_ms,
        closed_wall_ms=turn.now.wall_ms,
        word=word or alert.word,
    )
    turn.log(Did.CLOSED, reason, alert=alert, by=by)
    turn.show(alert)
    if rang:
        reach.hush(turn, alert)
    turn.show_room(alert.room)
    nights.ended(turn, alert)
    return alert


# -- timers of an alert -------------------------------------------------------------------------------------------


def ladder_due(turn: Turn, alert: Alert, overdue_ms: int) -> None:
    """Nobody has taken it in time: climb, or ring everybody told again."""
    waiting = plainly(turn.now.elapsed_ms - alert.waiting_since_ms)
    climb(turn, alert, f"nobody is there after {waiting}", late=overdue_ms > LATE_MS)


def claim_due(turn: Turn, alert: Alert, overdue_ms: int) -> None:
    """Somebody said they were going and is not there: it rings everybody again.

    The ladder's clock ran on meanwhile: a rung whose time has passed comes at once, so that claims one after another
    cannot keep the manager from being told.
    """
    ladder = ladder_of(turn, alert)
    everybody = next((n for n, rung in enumerate(ladder.rungs) if Who.SHIFT in rung.who), len(ladder.rungs) - 1)
    late = overdue_ms > LATE_MS
    within = plainly(ladder.attend_within_s * 1000)
    why = f"{reach.name(turn, alert.claimed_by)} has not arrived within {within}{', late' if late else ''}"
    back_to_ladder(
        turn,
        replace(alert, late=alert.late or late),
        Doing.LAPSE,
        Did.CLAIM_LAPSED,
        why,
        rung=max(everybody, alert.rung),
        ladder_from_ms=alert.ladder_from_ms,
    )


def promise_due(turn: Turn, alert: Alert, overdue_ms: int) -> None:
    """The promised time came and nobody did: it rings at its own level, on the floor first."""
    late = overdue_ms > LATE_MS
    who = reach.name(turn, alert.promise.by if alert.promise else None)
    why = f"{who} promised to be back by now{', late' if late else ''}"
    broken = replace(alert, promised_before=True, late=alert.late or late)
    from_the_floor(turn, broken, Doing.BREAK, Did.PROMISE_BROKEN, why)


def unclosed_due(turn: Turn, alert: Alert, overdue_ms: int) -> None:
    """Attended long ago and not closed: the carer is reminded, and where they have gone home, the others."""
    carer = alert.attended_by
    gone = carer is None or carer not in reach.on_shift(turn)
    people = ((carer,) if carer else ()) + (reached(turn, alert).people if gone else ())
    people = tuple(dict.fromkeys(people))
    late = ", late" if overdue_ms > LATE_MS else ""
    turn.log(Did.REMINDED, f"attended and not closed{late}: {reach.names(turn, people)}", alert=alert)
    alert = replace(alert, version=alert.version + 1)
    turn.show(alert)
    if turn.meta.mode != "fire" or alert.level is Level.EMERGENCY:
        reach.ring(turn, alert, people, sounders=False)
    turn.arm("unclosed", alert.id, turn.now.elapsed_ms + turn.setting.home.times.unclosed_s * 1000)


# -- the people and the ladder of today ---------------------------------------------------------------------------


def tell_newcomer(turn: Turn, person: str) -> None:
    """Who comes on shift is told of what nobody has taken yet, as far as it concerns them already."""
    for alert in turn.open_alerts():
        if alert.quiet or person in alert.told or person not in reached(turn, alert).people:
            continue
        told = replace(alert, version=alert.version + 1, told=also_told(alert, (person,)))
        turn.show(told)
        say_told(turn, told, (person,), "came on shift")
        reach.ring(turn, told, (person,), sounders=False)

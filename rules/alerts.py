"""An alert's life, but for what people do with it: raised, told, climbed, rung again, reopened, ended by itself.

    told -> claimed -> attended -> closed, with `promised` beside (DESIGN §5)

Every open alert has a running timer: its ladder while nobody has taken it, the lapse of the claim or promise while
somebody has, the reminder to close once somebody is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from devices.events import Kind
from rules import reach
from rules.effects import Did
from rules.levels import GROUPED, OUTSIDE, RANK, Ladder, Level, Who
from rules.state import Alert, AlertState, Ending, Person
from rules.turn import LATE_MS, Turn, plainly

OF_A_RESIDENT = frozenset({Level.EMERGENCY, Level.CALL})
"""Levels that count as a resident's own calls of a night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is known of the cause of an alert before there is one."""

    level: Level
    kind: str
    cause: str
    reason: str
    resident: str | None = None
    place: str | None = None
    device: str | None = None
    stamp: str | None = None
    near: bool = False
    """Say where the resident was last seen: a pendant does not know where it is."""
    everybody: bool = False
    late: bool = False
    found: bool = False
    episode: str | None = None
    by: str | None = None


def ladder_of(turn: Turn, alert: Alert) -> Ladder:
    return turn.setting.ladder(alert.level, everybody=alert.everybody)


def raise_alert(turn: Turn, cause: Found) -> Alert:
    """Tell staff: a new alert, or the open one of this resident that it belongs to (below `call` only)."""
    joined = _join(turn, cause) or _reopen(turn, cause)
    if joined is not None:
        return joined
    now, meta = turn.now, turn.meta
    turn.set_meta(replace(meta, alerts=meta.alerts + 1))
    room = turn.setting.room_of(cause.resident) or cause.place
    near, near_wall = _last_seen(turn, cause)
    reason = cause.reason
    if cause.resident and cause.level in OF_A_RESIDENT:
        reason += _frequent(turn, cause.resident)
    zone = turn.setting.zone_of(cause.place) or turn.setting.zone_of(room)
    ladder = turn.setting.ladder(cause.level, everybody=cause.everybody)
    people, how = reach.whom(turn, ladder.rungs[0].who, zone)
    alert = Alert(
        id=f"a{meta.alerts + 1:05d}",
        version=1,
        level=cause.level,
        state=AlertState.TOLD,
        kind=cause.kind,
        reason=reason,
        cause=cause.cause,
        resident=cause.resident,
        place=cause.place,
        room=room,
        zone=zone,
        device=cause.device,
        stamp=cause.stamp,
        near=near,
        near_wall_ms=near_wall,
        raised_ms=now.elapsed_ms,
        raised_wall_ms=now.wall_ms,
        waiting_since_ms=now.elapsed_ms,
        waiting_since_wall_ms=now.wall_ms,
        ladder_from_ms=now.elapsed_ms,
        climbed_ms=now.elapsed_ms,
        pressed_ms=now.elapsed_ms,
        told=people,
        everybody=cause.everybody,
        late=cause.late,
        found=cause.found,
        episode=cause.episode,
    )
    turn.log(Did.RAISED, reason, alert=alert, stamp=cause.stamp, by=cause.by)
    _announce(turn, alert, people, how, everywhere=cause.everybody)
    turn.show_room(room)
    return alert


def _announce(turn: Turn, alert: Alert, people: tuple[str, ...], how: str, *, everywhere: bool) -> None:
    """Publish, ring, say who was told, and set the ladder's next timer."""
    turn.show(alert)
    if people:
        turn.log(Did.TOLD, f"{how}: {reach.names(turn, people)}", alert=alert)
    else:
        turn.log(Did.TOLD_NOBODY, "the home has no staff to tell: every screen and sounder", alert=alert)
    reach.ring(turn, alert, people, everywhere=everywhere or not people)
    arm_ladder(turn, alert)


def arm_ladder(turn: Turn, alert: Alert) -> None:
    """The next rung's time, or the next repetition after the last rung."""
    ladder = ladder_of(turn, alert)
    if alert.rung + 1 < len(ladder.rungs):
        due = alert.ladder_from_ms + ladder.rungs[alert.rung + 1].after_s * 1000
    else:
        due = turn.now.elapsed_ms + ladder.repeat_s * 1000
    turn.arm("ladder", alert.id, due)


def climb(turn: Turn, alert: Alert, why: str, *, late: bool = False) -> Alert:
    """One rung up, never two; on the last rung everybody told is told again. Ladder and people are today's."""
    ladder = ladder_of(turn, alert)
    higher = min(alert.rung + 1, len(ladder.rungs) - 1)
    climbed = higher > alert.rung
    people, how = reach.whom(turn, ladder.rungs[higher].who, alert.zone)
    told = alert.told + tuple(person for person in people if person not in alert.told)
    alert = replace(
        alert,
        version=alert.version + 1,
        rung=higher,
        told=told,
        rings=alert.rings + 1,
        late=alert.late or late,
        climbed_ms=turn.now.elapsed_ms if climbed else alert.climbed_ms,
    )
    marked = f"{why}, late" if late else why
    if climbed:
        turn.log(Did.CLIMBED, f"{marked}: rung {higher + 1} of {len(ladder.rungs)}", alert=alert)
    else:
        how = f"again, {marked}: {how}"
    _announce(turn, alert, told, how, everywhere=True)
    return alert


def ring_again(turn: Turn, alert: Alert, people: tuple[str, ...], why: str) -> Alert:
    """Ring people once more without climbing."""
    alert = replace(alert, version=alert.version + 1, rings=alert.rings + 1)
    turn.show(alert)
    turn.log(Did.TOLD, f"{why}: {reach.names(turn, people)}", alert=alert)
    reach.ring(turn, alert, people, everywhere=alert.rung > 0)
    return alert


def back_to_ladder(turn: Turn, alert: Alert, did: Did, why: str, *, everybody: bool) -> Alert:
    """A claim or promise is void: the alert rings again, to everybody at once or on the floor first."""
    ladder = ladder_of(turn, alert)
    rung = 0
    if everybody:
        rung = next((n for n, r in enumerate(ladder.rungs) if Who.SHIFT in r.who), len(ladder.rungs) - 1)
        rung = max(rung, alert.rung)
    people, how = reach.whom(turn, ladder.rungs[rung].who, alert.zone)
    alert = replace(
        alert,
        version=alert.version + 1,
        state=AlertState.TOLD,
        quiet=False,
        claimed_by=None,
        claimed_wall_ms=None,
        attended_by=None,
        attended_wall_ms=None,
        promise=None,
        rung=rung,
        told=alert.told + tuple(person for person in people if person not in alert.told),
        rings=alert.rings + 1,
        ladder_from_ms=turn.now.elapsed_ms - ladder.rungs[rung].after_s * 1000,
        climbed_ms=turn.now.elapsed_ms,
    )
    for what in ("claim", "promise", "unclosed"):
        turn.disarm(what, alert.id)
    turn.log(did, why, alert=alert)
    _announce(turn, alert, alert.told if everybody else people, how, everywhere=everybody)
    turn.show_room(alert.room)
    return alert


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
    for what in ("ladder", "claim", "promise", "unclosed"):
        turn.disarm(what, alert.id)
    for person in alert.told:
        for channel in range(4):
            turn.disarm("receipt", f"{alert.id}/{person}/{channel}")
    alert = replace(
        alert,
        version=alert.version + 1,
        state=AlertState.CLOSED,
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
    reach.hush(turn, alert)
    turn.show_room(alert.room)
    if alert.resident and alert.level in OF_A_RESIDENT:
        whose = turn.state.people.get(alert.resident) or Person(resident=alert.resident)
        turn.state.people.put(alert.resident, replace(whose, endings=(*whose.endings, ending.value)))
    return alert


# -- belonging together -------------------------------------------------------------------------------------------


def _join(turn: Turn, cause: Found) -> Alert | None:
    """Below `call`, several things of one resident are one alert; it takes the higher level and climbs that ladder."""
    if cause.level not in GROUPED or cause.resident is None:
        return None
    for alert in turn.state.alerts:
        if alert.resident == cause.resident and alert.level in GROUPED and alert.state is AlertState.TOLD:
            break
    else:
        return None
    rises = RANK[cause.level] > RANK[alert.level]
    alert = replace(
        alert,
        version=alert.version + 1,
        also=(*alert.also, cause.reason),
        level=cause.level if rises else alert.level,
        late=alert.late or cause.late,
    )
    turn.log(Did.JOINED, f"one alert for {turn.setting.name_of(cause.resident)}: {cause.reason}", alert=alert,
             device=cause.device, stamp=cause.stamp)
    if rises:
        alert = replace(alert, rung=0, ladder_from_ms=turn.now.elapsed_ms, rings=alert.rings + 1)
        people, how = reach.whom(turn, ladder_of(turn, alert).rungs[0].who, alert.zone)
        alert = replace(alert, told=alert.told + tuple(p for p in people if p not in alert.told))
        _announce(turn, alert, people, how, everywhere=False)
    else:
        turn.show(alert)
    return alert


def _reopen(turn: Turn, cause: Found) -> Alert | None:
    """A call of the same resident within ten minutes of a close reopens it, and its clock: the need was not met."""
    if cause.level is not Level.CALL or cause.resident is None:
        return None
    within = turn.setting.home.times.reopen_within_s * 1000
    closed = [
        alert
        for alert in turn.state.alerts
        if alert.resident == cause.resident
        and alert.level is Level.CALL
        and alert.closed_ms is not None
        and turn.now.elapsed_ms - alert.closed_ms <= within
    ]
    if not closed:
        return None
    last = max(closed, key=lambda alert: alert.closed_ms or 0)
    alert = replace(
        last,
        ending=None,
        closed_by=None,
        closed_ms=None,
        closed_wall_ms=None,
        presses=last.presses + 1,
        pressed_ms=turn.now.elapsed_ms,
        stamp=cause.stamp,
        promised_before=False,
        ok_said=False,
    )
    waited = plainly(turn.now.elapsed_ms - alert.waiting_since_ms)
    why = f"called again {plainly(turn.now.elapsed_ms - (last.closed_ms or 0))} after it was closed; waiting {waited} in all"
    reopened = back_to_ladder(turn, alert, Did.REOPENED, why, everybody=False)
    if cause.stamp:
        turn.log(Did.PRESSED, "the press that reopened it", alert=reopened, stamp=cause.stamp, device=cause.device)
    return reopened


def _last_seen(turn: Turn, cause: Found) -> tuple[str | None, int | None]:
    person = turn.state.people.get(cause.resident or "") if cause.near else None
    return (person.near, person.near_wall_ms) if person else (None, None)


def _frequent(turn: Turn, resident: str) -> str:
    """Count this call in its night; from the sixth on, say how the earlier ones ended and ask for a review."""
    times = turn.setting.home.times
    if not turn.is_within(times.night_from, times.night_to):
        return ""
    here = turn.local()
    night = here.date().toordinal() - (1 if here.strftime("%H:%M") < times.night_to else 0)
    person = turn.state.people.get(resident) or Person(resident=resident)
    if person.night != str(night):
        person = replace(person, night=str(night), calls=0, endings=())
    person = replace(person, calls=person.calls + 1)
    turn.state.people.put(resident, person)
    if person.calls < times.frequent_from:
        return ""
    counts: Mapping[str, int] = {ending: person.endings.count(ending) for ending in dict.fromkeys(person.endings)}
    earlier = ", ".join(f"{ending.replace('_', ' ')} {count}" for ending, count in counts.items()) or "none closed yet"
    if person.calls == times.frequent_from:
        turn.log(
            Did.REVIEW_ASKED,
            f"{turn.setting.name_of(resident)} has called {person.calls} times this night: look at it tomorrow, together",
            resident=resident,
        )
    return f" (call {person.calls} of this night; earlier: {earlier})"


# -- timers of an alert -------------------------------------------------------------------------------------------


def ladder_due(turn: Turn, alert: Alert, overdue_ms: int) -> None:
    """Nobody has taken it in time: climb, or ring everybody told again."""
    waiting = plainly(turn.now.elapsed_ms - alert.waiting_since_ms)
    climb(turn, alert, f"nobody has taken it for {waiting}", late=overdue_ms > LATE_MS)


def claim_due(turn: Turn, alert: Alert, overdue_ms: int) -> None:
    """Somebody said they were going and is not there: it rings everybody again."""
    who = reach.names(turn, (alert.claimed_by,) if alert.claimed_by else ())
    late = ", late" if overdue_ms > LATE_MS else ""
    within = plainly(ladder_of(turn, alert).attend_within_s * 1000)
    back_to_ladder(turn, alert, Did.CLAIM_LAPSED, f"{who} has not arrived within {within}{late}", everybody=True)


def promise_due(turn: Turn, alert: Alert, overdue_ms: int) -> None:
    """The promised time came and nobody did: it rings at its own level, on the floor first."""
    who = reach.names(turn, (alert.promise.by,) if alert.promise else ())
    late = ", late" if overdue_ms > LATE_MS else ""
    why = f"{who} promised to be back by now{late}"
    back_to_ladder(turn, replace(alert, promised_before=True), Did.PROMISE_BROKEN, why, everybody=False)


def unclosed_due(turn: Turn, alert: Alert, overdue_ms: int) -> None:
    """Attended long ago and not closed: the carer is reminded, so that it does not stay open for ever."""
    people = (alert.attended_by,) if alert.attended_by else alert.told
    turn.log(Did.REMINDED, f"attended and not closed: {reach.names(turn, people)}", alert=alert)
    alert = replace(alert, version=alert.version + 1)
    turn.show(alert)
    reach.ring(turn, alert, people, everywhere=False)
    turn.arm("unclosed", alert.id, turn.now.elapsed_ms + turn.setting.home.times.unclosed_s * 1000)


def words_of(kind: Kind | str) -> str:
    """A kind as a sentence names it."""
    return str(kind).replace("_", " ")

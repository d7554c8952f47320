"""How an alert begins: as a new one, as part of one that is open (below `call` only), or as a closed call reopened."""

from __future__ import annotations

from dataclasses import dataclass

from devices.records import replace
from rules.alerting import alerts, reach
from rules.alerting.levels import GROUPED, LEVEL_OF, RANK, Level
from rules.alerting.life import Doing
from rules.effects import Did
from rules.hearing import nights
from rules.plans import able, standing
from rules.state import Alert, AlertState, WalkTest
from rules.turn import Turn, plainly

COMPANY = "company"
"""The cause of a wish for company: a call of its own, which joins nothing and which nothing joins."""
MOST_ALSO = 20
"""How many reasons an alert that several things share keeps; the log has them all."""
SHOWN_MS = 60_000
"""So long after the link at the latest the broker has shown what it shows of alerts."""


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
    also: tuple[str, ...] = ()
    """What else is to be read with it."""


def raise_alert(turn: Turn, cause: Found) -> Alert:
    """Tell staff: a new alert, or the one of this resident that it belongs to."""
    alert = _join(turn, cause) or _reopen(turn, cause) or _new(turn, cause)
    standing.raised(turn, alert)
    return alert


def show_test(turn: Turn, cause: Found, test: WalkTest, why: str) -> Alert:
    """Show what would be an alert and rings nobody yet: the press of a walk test (`walking.py`)."""
    alert = replace(_drawn(turn, cause), test=test, quiet=True, rings=0)
    turn.log(Did.WALK_HEARD, why, alert=alert, stamp=cause.stamp, by=test.by)
    turn.show(alert)
    turn.show_room(alert.room)
    return alert


def _new(turn: Turn, cause: Found) -> Alert:
    alert = _drawn(turn, cause)
    found = alerts.reached(turn, alert)
    reason = cause.reason + nights.counted(turn, cause.resident, cause.kind)
    alert = replace(alert, reason=reason + _to_know(turn, cause, reason), told=found.people)
    turn.log(Did.RAISED, alert.reason, alert=alert, stamp=cause.stamp, by=cause.by)
    alerts.announce(turn, alert, found.people, found.how)
    turn.show_room(alert.room)
    return alert


def _to_know(turn: Turn, cause: Found, reason: str) -> str:
    """What whoever goes to this person should know: of a call and of a rule, not of a device that is at fault."""
    known = turn.setting.residents.get(cause.resident or "")
    if known is None or not (cause.episode or cause.kind in LEVEL_OF or cause.cause == COMPANY):
        return ""
    words = able.for_alert(known.known_as, known.abilities)
    return f"{' ' if reason.endswith(('.', '!', '?')) else '. '}{words}" if words else ""


def _drawn(turn: Turn, cause: Found) -> Alert:
    """A new alert with a name of its own, that nobody has been told of."""
    now, meta = turn.now, turn.meta
    turn.set_meta(replace(meta, alerts=meta.alerts + 1))
    room = turn.setting.room_of(cause.resident) or cause.place
    zone = turn.setting.zone_of(cause.place) or turn.setting.zone_of(room)
    near, near_wall = _last_seen(turn, cause)
    return Alert(
        id=f"a{meta.alerts + 1:05d}{_apart(turn)}",
        version=_first_version(turn),
        level=cause.level,
        state=AlertState.TOLD,
        kind=cause.kind,
        reason=cause.reason,
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
        burst_ms=now.elapsed_ms,
        also=cause.also,
        everybody=cause.everybody,
        late=cause.late,
        found=cause.found,
        episode=cause.episode,
        unrecorded=bool(meta.unkept),
    )


def _apart(turn: Turn) -> str:
    """What keeps a name apart from those that others may know. An alert told from memory may be forgotten with us, and
    no later one may have its name. And until the broker has shown what it shows, this ledger may be a copy: one that is
    open since has the next number, and would be overwritten there by the first press after the start."""
    is_apart = turn.meta.unkept or numbered(turn) >= 0
    return f"-{turn.now.elapsed_ms // 1000:x}" if is_apart else ""


def numbered(turn: Turn) -> int:
    """The last number of before this start, while the broker may still show a later one; else -1."""
    meta = turn.meta
    return -1 if meta.linked and turn.now.elapsed_ms - meta.linked_ms >= SHOWN_MS else meta.numbered


def _first_version(turn: Turn) -> int:
    """The first of its versions. Others keep the highest version they have seen of each id, and a ledger put back from
    a copy or begun anew may use an id again before the broker could show that it was used (`remembered.py`): what is
    raised after a start and before there is a link begins with the seconds of Unix time."""
    meta = turn.meta
    before_link = meta.started_wall_ms > 0 and not meta.linked
    return max(1, turn.now.wall_ms // 1000) if before_link else 1


def _join(turn: Turn, cause: Found) -> Alert | None:
    """Below `call`, several things of one resident are one alert; it takes the higher level and climbs that ladder."""
    if cause.level not in GROUPED or cause.resident is None or cause.cause == COMPANY:
        return None
    alert = next((alert for alert in turn.open_alerts() if _takes_in(alert, cause)), None)
    if alert is None:
        return None
    rises = RANK[cause.level] > RANK[alert.level]
    said = (alert.reason, alert.reason.removesuffix(_to_know(turn, cause, cause.reason)), *alert.also)
    also = alert.also if cause.reason in said else (*alert.also, cause.reason)
    alert = replace(
        alert,
        version=alert.version + 1,
        also=also[-MOST_ALSO:],
        level=cause.level if rises else alert.level,
        late=alert.late or cause.late,
    )
    why = f"one alert for {turn.setting.name_of(cause.resident)}: {cause.reason}"
    turn.log(Did.JOINED, why, alert=alert, device=cause.device, stamp=cause.stamp)
    if rises:
        alert = replace(alert, rung=0, ladder_from_ms=turn.now.elapsed_ms, rings=alert.rings + 1)
        found = alerts.reached(turn, alert)
        alert = replace(alert, told=alerts.also_told(alert, found.people))
        alerts.announce(turn, alert, found.people, found.how)
        return alert
    found = alerts.reached(turn, alert)
    alert = replace(alert, told=alerts.also_told(alert, found.people))
    turn.show(alert)
    alerts.say_told(turn, alert, found.people, "one thing more")
    reach.ring(turn, alert, found.people, sounders=False)
    return alert


def _takes_in(alert: Alert, cause: Found) -> bool:
    """Only what nobody has taken yet: who is on the way to one thing has not heard of the next."""
    if alert.cause == COMPANY:
        return False
    return alert.resident == cause.resident and alert.level in GROUPED and alert.state is AlertState.TOLD


def _reopen(turn: Turn, cause: Found) -> Alert | None:
    """A call of the same resident within ten minutes of a close reopens it, and its clock: the need was not met."""
    if cause.level is not Level.CALL or cause.resident is None:
        return None
    within = turn.setting.home.times.reopen_within_s * 1000
    now = turn.now.elapsed_ms
    closed = [
        (alert.closed_ms, len(alert.id), alert.id)
        for alert in turn.state.alerts
        if alert.resident == cause.resident
        and alert.level is Level.CALL
        and alert.test is None
        and alert.closed_ms is not None
        and now - alert.closed_ms <= within
    ]
    last = turn.state.alerts.get(max(closed)[-1]) if closed else None
    if last is None:
        return None
    words = nights.counted(turn, cause.resident, cause.kind)
    alert = replace(
        last,
        reason=cause.reason + words + _to_know(turn, cause, cause.reason + words) if words else last.reason,
        ending=None,
        closed_by=None,
        closed_ms=None,
        closed_wall_ms=None,
        word=None,
        place=cause.place,
        device=cause.device,
        stamp=cause.stamp,
        presses=last.presses + 1,
        pressed_ms=now,
        burst_ms=now,
        promised_before=False,
        promises=0,
        ok_said=False,
        unrecorded=last.unrecorded or bool(turn.meta.unkept),
    )
    after = plainly(now - (last.closed_ms or 0))
    why = f"called again {after} after it was closed; waiting {plainly(now - alert.waiting_since_ms)} in all"
    reopened = alerts.from_the_floor(turn, alert, Doing.CALL_AGAIN, Did.REOPENED, why)
    turn.log(Did.PRESSED, "the press that reopened it", alert=reopened, stamp=cause.stamp, device=cause.device)
    return reopened


def _last_seen(turn: Turn, cause: Found) -> tuple[str | None, int | None]:
    person = turn.state.people.get(cause.resident or "") if cause.near else None
    return (person.near, person.near_wall_ms) if person else (None, None)

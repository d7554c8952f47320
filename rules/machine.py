"""The machine: `step(state, input, now) -> (state, effects)`.

Its constitution:

- It is total. Any state with any input gives a state; nothing is raised, nothing is ignored without a named reason.
- It is pure. What comes out depends on what goes in and on nothing else: no clock, no chance, no I/O. The same inputs
  give the same outcome, byte for byte, so the past can be replayed and a changed plan tried on it.
- Waiting is data. A wait is a row of `timers`; its end is an input like any other, and comes back after a restart.
- An emergency stands before everything: no plan, quiet hour or mode can delay it, because it is raised in the very step
  that hears it. One press is not: that which a carer is testing by day; it is shown in that step, and raised in 30 s
  unless they say that it was theirs (`walking.py`). One is none: a second button that answers (`answering.py`).
- `State` is changed row by row, never copied, and never taken back: what was stepped was told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from rules import faults, set_aside
from rules.alerting import alerts
from rules.alerting.follow import follow_setting
from rules.alerting.levels import Level
from rules.alerting.raising import Found, numbered, raise_alert
from rules.asking import requests
from rules.effects import Did, Effect
from rules.hearing import clocks, gateways, morning, supervision, walking
from rules.hearing.heard import heard
from rules.hearing.remembered import remembered
from rules.inputs import (
    Asked,
    ClockStepped,
    ConfigurationRefused,
    Configured,
    Delivered,
    Described,
    Dropped,
    Faulted,
    FellDue,
    Heard,
    Input,
    Linked,
    Now,
    Remembered,
    Served,
    SetAside,
    Started,
    Tried,
    Unread,
)
from rules.plans import (
    episodes,
    helping,
    standing,
    visits,
    watching,
    whereabouts,
)
from rules.proof.watch import watched
from rules.replay import shadow
from rules.setting import Setting
from rules.state import Alert, AlertState, Ending, Meta, State, Status
from rules.turn import Turn, plainly

MACHINE = 7
"""Counts up when the same inputs give another outcome: a ledger then begins with a snapshot, and `verify` there."""
DAY_MS = 86_400_000
ANSWERS_KEPT_MS = 7 * DAY_MS
CLOSED_KEPT_MS = DAY_MS
"""Closed alerts are remembered for so long (a call may reopen one, a late tap is answered), and until a morning's list
was made since; the ledger keeps them."""
UNLISTED_KEPT_MS = 8 * DAY_MS
"""And no longer than this where no list is made."""
STRANGER_KEPT_MS = 30 * DAY_MS
"""A device nobody placed is forgotten when it was not heard for so long, unless people said something about it."""
TIDY_MS = 3_600_000
NOTHING_MORE: Mapping[str, str] = {}


def step(state: State, given: Input, now: Now) -> tuple[State, list[Effect]]:
    """Take one input at a moment; returns the state after it and what is to be done, in order."""
    turn = Turn(state, now)
    if type(given) is Heard:
        heard(turn, given)
    else:
        TAKE[type(given)](turn, given)
    return state, turn.effects


# -- timers -------------------------------------------------------------------------------------------------------

ALERT_TIMERS: dict[str, Callable[[Turn, Alert, int], None]] = {
    "ladder": watched(alerts.ladder_due),
    "claim": watched(alerts.claim_due),
    "promise": watched(alerts.promise_due),
    "unclosed": alerts.unclosed_due,
    "test": walking.test_due,
}


STANDING_TIMERS: dict[str, Callable[[Turn, str, int], None]] = {**whereabouts.DUE, **visits.DUE, **helping.DUE}


def _fell_due(turn: Turn, given: FellDue) -> None:
    timer = turn.state.timers.get(given.timer)
    if timer is None or timer.due_ms > turn.now.elapsed_ms:
        return
    turn.state.timers.drop(timer.key)
    overdue = turn.now.elapsed_ms - timer.due_ms
    if timer.what in ALERT_TIMERS:
        alert = turn.state.alerts.get(timer.ref)
        if alert is not None and alert.state is not AlertState.CLOSED:
            ALERT_TIMERS[timer.what](turn, alert, overdue)
    elif timer.what == "episode":
        episodes.due(turn, timer.ref, overdue)
    elif timer.what == "watch":
        watching.due(turn, timer.ref, overdue)
    elif timer.what == "receipt":
        alert_id, _, rest = timer.ref.partition("/")
        person, _, channel = rest.rpartition("/")
        _not_received(turn, alert_id, person, int(channel), "no receipt in time")
    elif timer.what == "silence":
        supervision.silence_due(turn)
    elif timer.what == "device":
        supervision.device_due(turn, timer.ref)
    elif timer.what == "morning":
        morning.due(turn)
    elif timer.what in STANDING_TIMERS:
        STANDING_TIMERS[timer.what](turn, timer.ref, overdue)
    elif timer.what == "walk":
        walking.due(turn, timer.ref)
    elif timer.what == "tidy":
        _tidy(turn)


def _tidy(turn: Turn) -> None:
    """Forget what is long over: answered requests after seven days, closed alerts after one and a morning's list (the
    ledger keeps them)."""
    now, state = turn.now.elapsed_ms, turn.state
    for key, answered in list(state.answers.rows.items()):
        if now - answered.at_ms > ANSWERS_KEPT_MS:
            state.answers.drop(key)
    listed = max(turn.meta.listed_ms, now - UNLISTED_KEPT_MS)
    forgotten = max(turn.meta.forgotten_ms, min(now - CLOSED_KEPT_MS - 1, listed))
    for alert in list(state.alerts):
        if alert.closed_ms is not None and alert.closed_ms <= forgotten:
            state.alerts.forget(alert.id)
    if forgotten > turn.meta.forgotten_ms:
        turn.set_meta(replace(turn.meta, forgotten_ms=forgotten))
    for status in list(state.devices):
        if now - max(status.heard_ms, status.watched_from_ms) > STRANGER_KEPT_MS and not _is_of_use(turn, status):
            state.devices.drop(status.device)
            state.strangers.drop(status.device)
    walking.tidy(turn)
    turn.arm("tidy", "all", now + TIDY_MS)


def _is_of_use(turn: Turn, status: Status) -> bool:
    stranger = turn.state.strangers.get(status.device)
    marked = stranger is not None and bool(stranger.marked_by)
    if marked or status.faults or status.gateway or status.checks_in_s:
        return True
    # A gateway that said long ago that it is there still says so.
    return turn.setting.placed(status.device) is not None or gateways.is_gateway(turn, status.device)


# -- channels -----------------------------------------------------------------------------------------------------


def _delivered(turn: Turn, given: Delivered) -> None:
    """What came of telling somebody on a channel; only the first result of each attempt counts."""
    ref = f"{given.alert}/{given.person}/{given.channel}"
    if f"receipt/{ref}" not in turn.state.timers:
        return
    if not given.ok:
        _not_received(turn, given.alert, given.person, given.channel, given.reason)
        return
    turn.disarm("receipt", ref)
    alert = turn.state.alerts.get(given.alert)
    if alert is not None:
        turn.log(Did.DELIVERED, f"channel {given.channel + 1} took it", alert=alert, by=given.person)


def _not_received(turn: Turn, alert_id: str, person: str, channel: int, why: str) -> None:
    """A channel failed or was silent: the person's next one, and where there is none, the ladder's next rung."""
    turn.disarm("receipt", f"{alert_id}/{person}/{channel}")
    alert = turn.state.alerts.get(alert_id)
    if alert is None or alert.state is AlertState.CLOSED:
        return
    carer = turn.setting.staff.get(person)
    others = carer.channels[channel + 1 :] if carer is not None else ()
    taken = alert.quiet and person != alerts.taker_of(alert)
    ends = "; somebody took it meanwhile" if taken else ("" if others else "; there is no other, the ladder goes on")
    turn.log(Did.UNDELIVERED, f"channel {channel + 1}: {why}{ends}", alert=alert, by=person)
    if others and not taken:
        turn.tell(alert, person, channel + 1)
        deadline = turn.now.elapsed_ms + others[0].deadline_s * 1000
        turn.arm("receipt", f"{alert_id}/{person}/{channel + 1}", deadline)


# -- configuration, start, clocks ---------------------------------------------------------------------------------


def _configured(turn: Turn, given: Configured) -> None:
    """A new configuration holds from here; running episodes end under the plan they began with."""
    before = turn.state.setting
    first = before is None
    running = sorted(turn.state.episodes, key=lambda episode: (len(episode.id), episode.id))
    setting = Setting(standing.present(given.home, turn.state.people), running=[episode.rule for episode in running])
    turn.state.setting = setting
    turn.setting = setting
    counts = f"{len(given.home.residents)} residents, {len(given.home.devices)} devices, {len(given.home.staff)} staff"
    turn.log(Did.PLAN_CHANGED, f"{'first' if first else 'new'} configuration accepted: {counts}")
    if not given.refused:
        _mend(turn, "configuration", "the configuration was accepted")
    for refused in given.refused:
        turn.log(Did.PLAN_REFUSED, refused)
    if given.refused:
        _fault(turn, "configuration", f"a plan was refused, the one before stays: {given.refused[0]}")
    supervision.placed_anew(turn, before)
    walking.interrupt(turn, "the configuration changed")
    walking.watch(turn)
    follow_setting(turn)
    whereabouts.follow(turn, given.home, before)
    episodes.follow_plans(turn, before)
    watching.follow(turn, before)
    morning.arm(turn)


def _configuration_refused(turn: Turn, given: ConfigurationRefused) -> None:
    for problem in given.problems:
        turn.log(Did.PLAN_REFUSED, problem)
    first = given.problems[0] if given.problems else "no reason given"
    _fault(turn, "configuration", f"the changed configuration was refused, the last accepted one goes on: {first}")


def _started(turn: Turn, given: Started) -> None:
    """The hub runs again. Nobody heard the devices since its last commit, and nobody does before it is linked."""
    meta = turn.meta
    turn.set_meta(
        replace(
            meta,
            started_ms=turn.now.elapsed_ms,
            started_wall_ms=turn.now.wall_ms,
            down_from_wall_ms=meta.down_from_wall_ms if _is_down(meta) else given.down_from_ms,
            up_wall_ms=0,
            linked=False,
            numbered=meta.alerts if given.down_from_ms else -1,
            known_wall_ms=clocks.known_at_start(turn, given),
            listed_ms=meta.listed_ms or max(0, turn.now.elapsed_ms - UNLISTED_KEPT_MS),
        )
    )
    for fault in turn.meta.unkept:
        _faulted(turn, Faulted(fault=fault, on=False, reason="the hub started and its ledger takes commits"))
    supervision.arm(turn)
    watching.started(turn, clocks.known_again(turn))
    walking.unheard(turn, "the hub was started again")
    walking.watch(turn)
    down = f", after {plainly(turn.now.wall_ms - given.down_from_ms)} down" if given.down_from_ms else ""
    turn.log(Did.STARTED, f"the hub started{down}")
    if turn.state.timers.get("tidy/all") is None:
        turn.arm("tidy", "all", turn.now.elapsed_ms + TIDY_MS)


def _is_down(meta: Meta) -> bool:
    """Whether a time when nobody heard the devices has begun and not ended."""
    return meta.down_from_wall_ms != 0 and meta.up_wall_ms == 0


def _linked(turn: Turn, given: Linked) -> None:
    """The devices can be heard, or cannot. What they say meanwhile waits at the broker."""
    if given.up == turn.meta.linked:
        return
    wall = turn.now.wall_ms
    turn.set_meta(replace(turn.meta, numbered=numbered(turn)))
    if given.up:
        turn.set_meta(replace(turn.meta, up_wall_ms=wall))
    elif not _is_down(turn.meta):
        turn.set_meta(replace(turn.meta, down_from_wall_ms=wall, up_wall_ms=0))
    supervision.linked(turn, up=given.up)
    walking.unheard(turn, "the broker was lost")
    turn.log(Did.BACK if given.up else Did.LOST, f"broker: {given.why or ('connected' if given.up else 'lost')}")


def _unread(turn: Turn, given: Unread) -> None:
    turn.log(Did.QUARANTINED, f"{given.topic}: {given.reason}", device=given.topic)


def _dropped(turn: Turn, given: Dropped) -> None:
    turn.log(Did.DROPPED, f"{given.why}: too late, it was not carried out", device=given.what)


def _faulted(turn: Turn, given: Faulted) -> None:
    if given.fault in faults.UNKEPT:
        _unkept(turn, given)
    if given.on:
        level = Level.EMERGENCY if given.about.get("call") else Level.TECHNICAL
        _fault(turn, given.fault, given.reason, given.about, level)
    else:
        _mend(turn, given.fault, given.reason)


def _unkept(turn: Turn, given: Faulted) -> None:
    """From here to the mend, what is told is told from memory and says so; `about` names what was raised before."""
    before = turn.meta.unkept
    without = tuple(fault for fault in before if fault != given.fault)
    turn.set_meta(replace(turn.meta, unkept=(*without, given.fault) if given.on else without))
    if given.on:
        walking.interrupt(turn, "the hub cannot write it down")
        raised = [turn.state.alerts.get(key) for key in given.about.get("alerts", "").split()]
        changed = [alert for alert in raised if alert is not None and not alert.unrecorded]
    else:
        changed = [alert for alert in turn.open_alerts() if alert.unrecorded and not turn.meta.unkept]
    for alert in changed:
        turn.show(replace(alert, version=alert.version + 1, unrecorded=given.on))


def _fault(
    turn: Turn,
    fault: str,
    detail: str,
    about: Mapping[str, str] = NOTHING_MORE,
    level: Level = Level.TECHNICAL,
) -> None:
    """A fault of the hub's own is one technical alert while it lasts; the same said again is no news. One that may hide
    a call tells everybody at once, as a call of nobody knows whom does."""
    reason, also = faults.for_staff(fault, about, detail), (faults.to_mend(fault, about, detail),)
    open_one = _of_fault(turn, fault)
    if open_one is not None and (open_one.reason, open_one.also) == (reason, also):
        return
    turn.log(Did.FAULT, detail, device=f"hub:{fault}")
    if open_one is not None:
        turn.show(replace(open_one, version=open_one.version + 1, reason=reason, also=also))
        return
    cause = f"hub:{fault}"
    raise_alert(
        turn,
        Found(
            level=level,
            kind="other",
            cause=cause,
            reason=reason,
            also=also,
            device=cause,
            everybody=level is Level.EMERGENCY or faults.tells_everybody(fault),
        ),
    )


def _mend(turn: Turn, fault: str, reason: str) -> None:
    alert = _of_fault(turn, fault)
    if alert is not None:
        turn.log(Did.MENDED, reason, device=f"hub:{fault}")
        alerts.end(turn, alert, Ending.BACK, reason, by=None)


def _of_fault(turn: Turn, fault: str) -> Alert | None:
    return next((alert for alert in turn.open_alerts() if alert.cause == f"hub:{fault}"), None)


TAKE: dict[type, Callable[[Turn, Input], None]] = {
    Described: supervision.described,  # type: ignore[dict-item]
    FellDue: _fell_due,  # type: ignore[dict-item]
    Asked: requests.asked,  # type: ignore[dict-item]
    Delivered: _delivered,  # type: ignore[dict-item]
    Configured: _configured,  # type: ignore[dict-item]
    ConfigurationRefused: _configuration_refused,  # type: ignore[dict-item]
    Started: _started,  # type: ignore[dict-item]
    Linked: _linked,  # type: ignore[dict-item]
    ClockStepped: clocks.stepped,  # type: ignore[dict-item]
    Unread: _unread,  # type: ignore[dict-item]
    Faulted: _faulted,  # type: ignore[dict-item]
    Dropped: _dropped,  # type: ignore[dict-item]
    Served: helping.served,  # type: ignore[dict-item]
    Remembered: remembered,  # type: ignore[dict-item]
    Tried: shadow.tried,  # type: ignore[dict-item]
    SetAside: set_aside.set_aside,  # type: ignore[dict-item]
}

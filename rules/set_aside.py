"""What the hub was doing when it met a bug of ours is set aside, and a person is told at once what it was for.

The step that raised was taken back whole; this input stands in its place. So nothing here goes through the code that
does these things otherwise: no ladder is read, no audience searched, no plan followed. An open alert rings everybody in
the house and goes on doing so; a run or a rule of a resident becomes an alert of its own; work that comes again and
again is tried later. What raises here too ends the hub loudly, and the watcher takes over.
"""

from __future__ import annotations

from collections.abc import Mapping

from devices.commands import Sound
from devices.records import replace
from rules import faults
from rules.alerting.levels import GROUPED, Level
from rules.alerting.life import CLOCK
from rules.alerting.raising import MOST_ALSO, Found, raise_alert
from rules.effects import Did
from rules.home import Role
from rules.inputs import ConfigurationRefused, Configured, Faulted, FellDue, Input, Remembered, SetAside
from rules.plans.plan import AtTime, Expected, Nothing, Rule
from rules.setting import Setting
from rules.state import Alert, AlertState, EpisodeState, Watch
from rules.turn import Turn

GO = "The hub could not go on with this call: go and look."
STUCK, OWN_WORK = "stuck", "own-work"
SOUND_S, SOUND_DROP_MS = 20, 10_000
AGAIN_MS = 60_000
AGAIN_BELOW_CALL_MS: Mapping[Level, int] = {
    Level.CHECK: 900_000,
    Level.REQUEST: 3_600_000,
    Level.TECHNICAL: 14_400_000,
}
"""So often everybody is told again while nobody has taken it: a call or more as on an emergency's last rung."""
UNCLOSED_MS = 3_600_000
"""So often, where a carer is there already, everybody is reminded to close it."""
OUTSIDE_FOR = frozenset({Level.EMERGENCY, Level.URGENT})
"""Levels for which managers are called into the house."""
RETRY_MS = 600_000
"""What the hub does again and again is tried again after so long."""
AGAIN = frozenset({"silence", "device", "morning", "tidy", "visit", "not_now"})
OF_RESIDENT = frozenset({"away", "returned"})
OF_ALERT = frozenset({"receipt", "test", *CLOCK.values()})


def in_place_of(given: Input, error: str, setting: Setting | None) -> tuple[Input, ...]:
    """What is stepped instead of an input that met a bug of ours, in this order until one is borne; none where there is
    nobody yet who could be told. For a delivery the timer of its receipt is still there, and rings who must be rung."""
    if setting is None:
        return ()
    plain = SetAside(what=type(given).__name__, error=error)
    if isinstance(given, FellDue):
        return (replace(plain, timer=given.timer),)
    if isinstance(given, Configured):
        return ConfigurationRefused(problems=(f"it met a fault of our own: {error}",)), plain
    if isinstance(given, Faulted) and given.on and given.about.get("call"):
        return (replace(plain, look_at=given.about.get("device", "somebody")),)
    if isinstance(given, Remembered):
        return (replace(plain, look_at="somebody who called before"),)
    return (plain,)


def set_aside(turn: Turn, given: SetAside) -> None:
    """Take it out of the way, and tell a person what it was for."""
    what, _, ref = given.timer.partition("/")
    turn.state.timers.drop(given.timer)
    if given.row:
        table, _, key = given.row.partition("/")
        turn.state.tables()[table].erase(key)
    turn.log(Did.QUARANTINED, f"{given.timer or given.row or given.what} met a fault of our own: {given.error}")
    alert = turn.state.alerts.get(ref.partition("/")[0]) if what in OF_ALERT else None
    if alert is not None and alert.state is not AlertState.CLOSED and not (what == "receipt" and alert.quiet):
        _ring_everybody(turn, alert)
    elif what == "episode":
        _end_run(turn, ref)
    elif what == "watch":
        _look_after_rule(turn, ref)
    elif what == "walk":
        _end_walk_test(turn)
    elif what in OF_RESIDENT:
        _look_after_resident(turn, ref, is_back=what == "away")
    elif what in AGAIN:
        turn.arm(what, ref, turn.now.elapsed_ms + RETRY_MS)
    elif given.look_at:
        who = given.look_at
        _go_and_look(turn, who, turn.setting.name_of(who), resident=who, place=turn.setting.room_of(who))
    _tell_who_mends(turn, given, what)


# -- an open alert ------------------------------------------------------------------------------------------------


def _ring_everybody(turn: Turn, alert: Alert) -> None:
    """Every screen, sounder and channel of everybody in the house, again and again until somebody takes it. Where a
    carer is there already it stays theirs; nobody else's word counts any more."""
    there = alert.state is AlertState.ATTENDED
    people = _everybody(turn, outside=alert.level in OUTSIDE_FOR)
    alert = replace(
        alert,
        version=alert.version + 1,
        also=alert.also if GO in alert.also else (*alert.also, GO)[-MOST_ALSO:],
        told=alert.told + tuple(person for person in people if person not in alert.told),
        rings=alert.rings + 1,
    )
    if not there:
        is_test, alert = alert.test is not None, _taken_by_nobody(alert)
        if is_test:
            _forget_walk_test(turn)
    for clock in ("test", *CLOCK.values()):
        turn.disarm(clock, alert.id)
    below = alert.level in GROUPED
    again_ms = UNCLOSED_MS if there else AGAIN_BELOW_CALL_MS.get(alert.level, AGAIN_MS)
    turn.arm(CLOCK[alert.state], alert.id, turn.now.elapsed_ms + again_ms)
    turn.show(alert)
    turn.show_room(alert.room)
    said = ", ".join(people)
    turn.log(
        Did.TOLD if people else Did.TOLD_NOBODY, f"a fault of our own, everybody: {said or 'no staff'}", alert=alert
    )
    for person in people:
        carer = turn.setting.staff.get(person)
        for channel in range(len(carer.channels) if carer is not None else 0):
            turn.tell(alert, person, channel)
    if not (below or there) and (turn.meta.mode != "fire" or alert.level is Level.EMERGENCY):
        _sound(turn, alert)


def _taken_by_nobody(alert: Alert) -> Alert:
    return replace(
        alert,
        state=AlertState.TOLD,
        quiet=False,
        everybody=True,
        claimed_by=None,
        claimed_wall_ms=None,
        promise=None,
        test=None,
    )


def _everybody(turn: Turn, *, outside: bool) -> tuple[str, ...]:
    """Who is always here and who signed on, managers where it is for them; where nobody is here, all staff."""
    staff = turn.setting.staff
    shift = [person for person, carer in staff.items() if carer.always and carer.role is not Role.MANAGER]
    shift += sorted(row.person for row in turn.state.shift)
    managers = [person for person, carer in staff.items() if outside and carer.role is Role.MANAGER]
    return tuple(dict.fromkeys([*shift, *managers] if shift else staff))


def _sound(turn: Turn, alert: Alert) -> None:
    names = dict.fromkeys(name for zone in turn.setting.zones.values() for name in zone.sounders)
    for address in filter(None, map(turn.setting.address_of, names)):
        command = Sound(device=address, duration_s=SOUND_S, level=alert.level)
        turn.carry(command, "an alert rings", SOUND_DROP_MS, alert=alert.id)


def _end_walk_test(turn: Turn) -> None:
    """From here every press is a call again; one that was heard as a test is one now."""
    running = turn.state.walks.get(turn.meta.walking)
    alert = turn.state.alerts.get(running.alert) if running is not None else None
    _forget_walk_test(turn)
    if alert is not None and alert.test is not None and alert.state is not AlertState.CLOSED:
        _ring_everybody(turn, alert)


def _forget_walk_test(turn: Turn) -> None:
    running = turn.state.walks.get(turn.meta.walking)
    if running is not None:
        turn.disarm("walk", running.device)
        turn.state.walks.put(running.device, replace(running, by="", opened_ms=0, until_wall_ms=0, alert=""))
        turn.set_meta(replace(turn.meta, walking=""))


# -- a resident's plan --------------------------------------------------------------------------------------------


def _end_run(turn: Turn, key: str) -> None:
    """Nobody knows what came of the help: somebody looks. A reminder that tells nobody ends as it is."""
    episode = turn.state.episodes.get(key)
    if episode is None:
        return
    reason, alert_id = "a fault of our own ended it", None
    if not episode.rule.is_reminder:
        alert_id = _of_rule(turn, key, episode.rule, episode.id)
        reason = f"{reason}: told as {alert_id}"
    state = EpisodeState.OFFERED if episode.rule.is_reminder else EpisodeState.UNSETTLED
    ended = replace(episode, state=state, ended_wall_ms=turn.now.wall_ms, alert=alert_id, reason=reason)
    turn.state.episodes.finish(key, ended)
    turn.log(Did.OFFERED if episode.rule.is_reminder else Did.UNSETTLED, reason, episode=ended)
    turn.show_room(episode.rule.place)


def _look_after_rule(turn: Turn, key: str) -> None:
    """A rule could not be looked at: somebody looks at the resident instead. What lasts counts as told until it ends;
    silence is counted anew, and a time of day is dealt with for today, so that the next one comes."""
    rule = turn.setting.rules.get(key)
    if rule is None:
        return
    now = turn.now.elapsed_ms
    watch = turn.state.watches.get(key) or Watch(key=key)
    is_told = False
    if isinstance(rule.when, AtTime | Expected):
        is_told = watch.came == watch.waits_for != ""
        turn.state.watches.put(key, replace(watch, came=watch.waits_for))
        turn.arm("watch", key, now + RETRY_MS)
    elif isinstance(rule.when, Nothing):
        turn.arm("watch", key, now + rule.when.silent_s * 1000)
    else:
        turn.state.watches.put(key, replace(watch, started=True, blocked=False))
    if not (is_told or rule.is_reminder):
        _of_rule(turn, key, rule)


def _look_after_resident(turn: Turn, resident: str, *, is_back: bool) -> None:
    """Is she back? Somebody looks. Where her time away is over the plan runs again, because nobody says that she is not
    here."""
    person = turn.state.people.get(resident)
    if is_back and person is not None and person.away is not None:
        turn.state.people.put(resident, replace(person, away=None))
    who, room = turn.setting.name_of(resident), turn.setting.room_of(resident)
    _go_and_look(turn, resident, who, resident=resident, place=room)
    turn.show_room(room)


def _of_rule(turn: Turn, key: str, rule: Rule, episode: str | None = None) -> str:
    who = turn.setting.name_of(rule.resident)
    return _go_and_look(turn, key, who, resident=rule.resident, place=rule.place, episode=episode)


# -- who is told --------------------------------------------------------------------------------------------------


def _go_and_look(
    turn: Turn, key: str, who: str, *, resident: str | None = None, place: str | None = None, episode: str | None = None
) -> str:
    """Everybody, as a call of nobody knows whom does; returns the alert's id. The same once more while it is open is
    no news."""
    cause, about = f"hub:{STUCK}:{key}", {"who": who}
    detail = f"{key} met a fault of our own"
    reason, also = faults.for_staff(STUCK, about, detail), (faults.to_mend(STUCK, about, detail),)
    open_one = next((alert for alert in turn.open_alerts() if alert.cause == cause), None)
    if open_one is not None:
        return open_one.id
    found = Found(
        level=Level.EMERGENCY,
        kind="other",
        cause=cause,
        reason=reason,
        also=also,
        resident=resident if resident in turn.setting.residents else None,
        place=place,
        device=f"hub:{STUCK}",
        everybody=True,
        episode=episode,
    )
    return raise_alert(turn, found).id


def _tell_who_mends(turn: Turn, given: SetAside, what: str) -> None:
    """One technical alert for each sort of work, while it is open."""
    sort = what or given.what
    cause, about = f"hub:{OWN_WORK}:{sort}", NOTHING_MORE
    detail = f"{sort} met a fault of our own: {given.error}"
    reason, also = faults.for_staff(OWN_WORK, about, detail), (faults.to_mend(OWN_WORK, about, detail),)
    if any(alert.cause == cause for alert in turn.open_alerts()):
        return
    turn.log(Did.FAULT, detail, device=cause)
    raise_alert(turn, Found(level=Level.TECHNICAL, kind="other", cause=cause, reason=reason, also=also, device=cause))


NOTHING_MORE: Mapping[str, str] = {}

"""What has to last, to stay away or to be time before a rule starts: one row (`rows.Watch`) and one timer a rule.

When the timer, `watch/KEY`, falls due the row is looked at anew: a look too early only sets it again.
"""

from __future__ import annotations

from datetime import date

from devices.events import Value
from devices.records import replace
from rules.alerting.levels import GROUPED
from rules.hearing import gateways
from rules.hearing.gateways import UNHEARD
from rules.home import Resident
from rules.plans import choices, standing
from rules.plans.conditions import is_beyond, noted, number_of, says, value_of, why_not
from rules.plans.daytimes import last_ms, next_day
from rules.plans.plan import AtTime, Beyond, Changes, Expected, Held, Nothing, Rule
from rules.plans.starting import AGAIN_MS, RESTS_MS, begin, lasts_ms, may_later, rests, row, stamp
from rules.rows import Watch
from rules.setting import Setting
from rules.state import AlertState
from rules.turn import Turn

TIMED = (AtTime, Expected)
LASTING = (Held, Beyond)
CALENDAR_MS = 12 * 3_600_000
"""Whoever sets a clock back further than this puts the date right, not the hour."""


def due(turn: Turn, key: str, overdue_ms: int) -> None:
    """It is time to look at a rule that watches."""
    rule = turn.setting.rules.get(key)
    if rule is None:
        return
    if isinstance(rule.when, TIMED):
        _time_came(turn, key, rule, overdue_ms)
    elif isinstance(rule.when, Nothing):
        _look_at_silence(turn, key, rule, rule.when, overdue_ms)
    else:
        _look_at_lasting(turn, key, rule, overdue_ms)


# -- what has to last ---------------------------------------------------------------------------------------------


def lasting(turn: Turn, key: str, rule: Rule, value: Value) -> None:
    """A state or a number that has to last: it does from here, or no longer."""
    watch, so = turn.state.watches.get(key), _is_so(rule, value)
    if so is None or so is bool(watch is not None and watch.since_ms):
        return
    if not so:
        over(turn, key, watch or Watch(key=key))
        return
    turn.state.watches.put(key, replace(row(turn, key), since_ms=stamp(turn), started=False, blocked=False))
    turn.arm("watch", key, turn.now.elapsed_ms + lasts_ms(rule))


def _is_so(rule: Rule, value: Value) -> bool | None:
    """Whether what has to last is so; None where the value does not say."""
    if not isinstance(rule.when, Beyond):
        return None if value is None else says(value, rule.value)
    number = number_of(value)
    return None if number is None else is_beyond(number, rule.when.above, rule.when.below)


def over(turn: Turn, key: str, watch: Watch) -> None:
    """What lasted is over."""
    turn.disarm("watch", key)
    turn.state.watches.put(key, replace(watch, since_ms=0, blocked=False, started=False))


def _look_at_lasting(turn: Turn, key: str, rule: Rule, overdue_ms: int) -> None:
    """What a rule watches still lasts: has it lasted long enough, and may the rule start?"""
    watch = turn.state.watches.get(key)
    if watch is None or not watch.since_ms or watch.started:
        return
    ready = watch.since_ms + lasts_ms(rule)
    if ready > turn.now.elapsed_ms:
        turn.arm("watch", key, ready)
        return
    if rule.during is not None and not turn.is_within(*rule.during):
        if not isinstance(rule.when, Changes):
            turn.arm("watch", key, _elapsed_at(turn, next_day(turn.local(), rule.during[0])[1]))
        return
    late_ms = 0 if watch.blocked else overdue_ms
    if begin(turn, key, rule, overdue_ms=late_ms, since_ms=watch.since_ms) and may_later(turn, key, rule):
        turn.state.watches.put(key, replace(row(turn, key), blocked=True))
        look_later(turn, key, rule)
    else:
        turn.state.watches.put(key, replace(row(turn, key), blocked=False, started=True))


def look_later(turn: Turn, key: str, rule: Rule) -> None:
    """While it lasts: soon where a condition does not hold, at the end of a visit, now and then where it rests for
    long, never for somebody who does not live here any more."""
    person, now = turn.state.people.get(rule.resident), turn.now.elapsed_ms
    if person is not None and person.gone:
        return
    if why_not(turn, rule) or not standing.rests(turn, rule):
        turn.arm("watch", key, now + AGAIN_MS)
        return
    visited = person.visited_until_ms if person is not None else 0
    turn.arm("watch", key, visited if visited > now else now + RESTS_MS)


def look_again(turn: Turn, resident: str) -> None:
    """Something that let this resident's rules rest is over: those whose state still lasts are looked at now."""
    for key, rule in turn.setting.rules.items():
        watch = turn.state.watches.get(key)
        if rule.resident == resident and watch is not None and watch.blocked and watch.since_ms:
            turn.arm("watch", key, turn.now.elapsed_ms)


# -- silence ------------------------------------------------------------------------------------------------------


def _look_at_silence(turn: Turn, key: str, rule: Rule, when: Nothing, overdue_ms: int) -> None:
    """Nothing was heard for so long, of devices that could have been heard all the while."""
    now, length = turn.now.elapsed_ms, when.silent_s * 1000
    if rule.during is not None and not turn.is_within(*rule.during):
        turn.arm("watch", key, _elapsed_at(turn, next_day(turn.local(), rule.during[0])[1]) + length)
        return
    since, lost = _silent_since(turn, rule, when, row(turn, key)), _lost(turn, when)
    if since + length > now:
        turn.arm("watch", key, since + length)
    elif lost or not turn.meta.linked:
        if lost:
            rests(turn, key, rule, f"{lost} is not heard, so its silence says nothing")
        turn.arm("watch", key, now + length)
    elif _is_told(turn, rule, since):
        turn.arm("watch", key, now + length)
    elif begin(turn, key, rule, overdue_ms=overdue_ms, since_ms=since) and may_later(turn, key, rule):
        turn.arm("watch", key, now + (length if key in turn.state.episodes else max(AGAIN_MS, length // 20)))
    else:
        turn.state.watches.put(key, replace(row(turn, key), since_ms=stamp(turn)))
        turn.arm("watch", key, now + length)


def _is_told(turn: Turn, rule: Rule, since_ms: int) -> bool:
    """Whether an alert of this very silence still rings, at a level whose alerts never become one: another beside it
    would hide it. Once somebody was there, or something was heard since, the silence is another."""
    return any(
        alert.cause == rule.rule and alert.resident == rule.resident and since_ms <= alert.raised_ms
        for alert in turn.open_alerts()
        if alert.level not in GROUPED and alert.state is not AlertState.ATTENDED
    )


def _silent_since(turn: Turn, rule: Rule, when: Nothing, watch: Watch) -> int:
    """From when silence counts: the last word, the beginning of the hours, of hearing the broker, of watching the
    devices."""
    begun = [watch.since_ms, turn.meta.linked_ms]
    if rule.during is not None:
        begun.append(_elapsed_at(turn, last_ms(turn.local(), rule.during[0])))
    for fact in when.of:
        status = turn.state.devices.get(turn.setting.address_of(fact.device) or "")
        begun.append(status.watched_from_ms if status is not None else 0)
    return max(begun)


def _lost(turn: Turn, when: Nothing) -> str:
    """The first of these devices that is known not to be heard; `""` where all are."""
    down = gateways.down(turn.state, turn.setting)
    for fact in when.of:
        placed = turn.setting.registry.by_name(fact.device)
        if placed is None:
            return fact.device
        status = turn.state.devices.get(placed.device)
        if (status is not None and not UNHEARD.isdisjoint(status.faults)) or down.has(turn.state, placed):
            return fact.device
    return ""


def count_anew(turn: Turn, address: str) -> None:
    """A device that was lost is heard again: the time in which nobody could hear it does not count."""
    keys = [key for (device, _), facts in turn.setting.silences.items() if device == address for key, _ in facts]
    for key in dict.fromkeys(keys):
        rule = turn.setting.rules[key]
        if isinstance(rule.when, Nothing):
            turn.state.watches.put(key, replace(row(turn, key), since_ms=stamp(turn), why=""))
            turn.arm("watch", key, turn.now.elapsed_ms + rule.when.silent_s * 1000)


# -- times of day -------------------------------------------------------------------------------------------------


def _time_came(turn: Turn, key: str, rule: Rule, overdue_ms: int) -> None:
    """A time of day: what was expected by then came or did not; what is to be done then is done, once a day."""
    watch = row(turn, key)
    is_done = watch.came == watch.waits_for
    turn.state.watches.put(key, replace(watch, came=watch.waits_for))
    _arm_time(turn, key, rule)
    if not is_done and (rule.during is None or turn.is_within(*rule.during)):
        begin(turn, key, rule, overdue_ms=overdue_ms)


def _arm_time(turn: Turn, key: str, rule: Rule) -> None:
    """Set the timer of the next such time of day. One that is dealt with today already falls due and does nothing."""
    day, moment = _next_time(turn, rule)
    watch = row(turn, key)
    if watch.waits_for != day.isoformat():
        turn.state.watches.put(key, replace(watch, waits_for=day.isoformat()))
    turn.arm("watch", key, _elapsed_at(turn, moment))


def _next_time(turn: Turn, rule: Rule, since_ms: int | None = None) -> tuple[date, int]:
    """The next of a rule's times of day, from now or from another moment on: for which date it counts, and when."""
    when = rule.when
    if isinstance(when, AtTime):
        return choices.next_time(turn, rule, when, since_ms)
    return next_day(turn.local(since_ms), when.by if isinstance(when, Expected) else "00:00")


def _catch_up(turn: Turn, key: str, rule: Rule, known_ms: int) -> None:
    """The clock was wrong since `known_ms` and is right: a time of day that came meanwhile is dealt with now."""
    day, moment = _next_time(turn, rule, known_ms)
    if moment > turn.now.wall_ms:
        _arm_time(turn, key, rule)
        return
    turn.state.watches.put(key, replace(row(turn, key), waits_for=day.isoformat()))
    turn.disarm("watch", key)
    _time_came(turn, key, rule, turn.now.wall_ms - moment)


def chosen_anew(turn: Turn, resident: str, choice: str) -> None:
    """A choice of the day: the times of day that follow from it come by the new one. One that was dealt with today
    stays dealt with: nobody is woken twice. What ends with staff and would have come today by the choice before, and
    by the new one is over, begins now: no choice skips it."""
    for key, rule in turn.setting.rules.items():
        if rule.resident != resident or not isinstance(rule.when, AtTime) or rule.when.choice != choice:
            continue
        before = row(turn, key)
        _arm_unless_due(turn, key, rule)
        watch = row(turn, key)
        if "" != before.waits_for != before.came and before.waits_for < watch.waits_for and not rule.is_reminder:
            turn.state.watches.put(key, replace(watch, came=before.waits_for))
            begin(turn, key, rule)


def _armed_anew(turn: Turn, resident: Resident) -> None:
    """What may be chosen changed with the plan: times of day come by what holds now, and a plan may leave one out."""
    for key, rule in turn.setting.rules.items():
        if rule.resident == resident.resident and choices.of_rule(resident.choices, rule) is not None:
            _arm_unless_due(turn, key, rule)


def _elapsed_at(turn: Turn, wall_ms: int) -> int:
    """When a moment of the wall clock is, in elapsed time."""
    return turn.now.elapsed_ms + wall_ms - turn.now.wall_ms


def clock_stepped(turn: Turn, step_ms: int, known_ms: int) -> None:
    """Somebody set the clock: times of day come by the new one, at once where they were passed over: since `known_ms`,
    where the clock was wrong from then to now."""
    today = turn.local().date().isoformat()
    for key, rule in turn.setting.rules.items():
        timer, watch = turn.state.timers.get(f"watch/{key}"), turn.state.watches.get(key)
        if not isinstance(rule.when, TIMED):
            if timer is not None and rule.during is not None:
                turn.arm("watch", key, min(timer.due_ms, turn.now.elapsed_ms))
            continue
        if watch is not None and step_ms < -CALENDAR_MS and watch.came >= today:
            # The calendar was wrong: what was dealt with on a day to come was dealt with on another.
            turn.state.watches.put(key, replace(watch, came=""))
        left = timer.due_ms - turn.now.elapsed_ms if timer is not None else step_ms + 1
        if known_ms:
            _catch_up(turn, key, rule, known_ms)
        elif left <= max(0, step_ms):
            turn.disarm("watch", key)
            _time_came(turn, key, rule, max(0, step_ms - left))
        else:
            _arm_time(turn, key, rule)


# -- a new configuration, a start ---------------------------------------------------------------------------------


def follow(turn: Turn, before: Setting | None) -> None:
    """A new configuration: a rule that watches something else begins anew, what is gone is forgotten."""
    setting = turn.setting
    for watch in sorted(turn.state.watches, key=lambda watch: watch.key):
        kept = watch.key in (setting.states if watch.key.startswith("state/") else setting.rules)
        if not kept and not watch.key.startswith("device/"):
            turn.state.watches.drop(watch.key)
            turn.disarm("watch", watch.key)
    for resident in setting.residents.values():
        was_living = before.residents.get(resident.resident) if before is not None else None
        if resident.choices != (was_living.choices if was_living is not None else ()):
            turn.show_room(resident.room)
            _armed_anew(turn, resident)
    for name, condition in setting.states.items():
        if before is None or name not in before.states:
            noted(turn, name, condition)
    for key, rule in setting.rules.items():
        was = before.rules.get(key) if before is not None else None
        if was is None or _watched(was) != _watched(rule):
            turn.state.watches.drop(key)
            turn.disarm("watch", key)
            _watch_anew(turn, key, rule)
        elif isinstance(rule.when, TIMED):
            _arm_unless_due(turn, key, rule)


def _watched(rule: Rule) -> tuple[object, ...]:
    return rule.when, rule.device, rule.kind, rule.value, rule.during


def _arm_unless_due(turn: Turn, key: str, rule: Rule) -> None:
    timer = turn.state.timers.get(f"watch/{key}")
    if timer is None or timer.due_ms > turn.now.elapsed_ms:
        _arm_time(turn, key, rule)


def _watch_anew(turn: Turn, key: str, rule: Rule) -> None:
    """A rule that is new: what lasts already counts from now, since nobody knows for how long it has."""
    when = rule.when
    if isinstance(when, TIMED):
        _arm_time(turn, key, rule)
        is_so = says(value_of(turn, rule.device, rule.kind), rule.value)
        if isinstance(when, Expected) and is_so and turn.is_within(when.since, when.by):
            watch = row(turn, key)
            turn.state.watches.put(key, replace(watch, came=watch.waits_for))
    elif isinstance(when, Nothing):
        turn.state.watches.put(key, Watch(key=key, since_ms=stamp(turn)))
        turn.arm("watch", key, turn.now.elapsed_ms + when.silent_s * 1000)
    elif isinstance(when, LASTING):
        lasting(turn, key, rule, value_of(turn, rule.device, rule.kind))


def started(turn: Turn, known_ms: int) -> None:
    """The hub runs again, perhaps with another clock: times of day that are not due are found anew; where the clock was
    wrong from `known_ms` to now, those that came meanwhile are dealt with."""
    for key, rule in turn.setting.rules.items():
        if isinstance(rule.when, TIMED):
            if known_ms:
                _catch_up(turn, key, rule, known_ms)
            else:
                _arm_unless_due(turn, key, rule)

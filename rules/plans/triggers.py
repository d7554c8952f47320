"""What a device says, as rules take it: it settles a run, answers its question, starts another, or begins to last.

An event that no rule cares about costs one look-up (`Setting.cares`), and one more for the rules that wait for silence.
What starts a rule later than the event that it watches is in `watching.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from devices.events import Event
from devices.records import replace
from devices.registry import Placed
from rules.plans import episodes, standing
from rules.plans.conditions import noted, says, why_not
from rules.plans.daytimes import day_of
from rules.plans.plan import AtTime, Beyond, Changes, Expected, Held, Nothing, Repeated, Rule
from rules.plans.starting import begin, row, stamp
from rules.plans.watching import lasting, look_later, over
from rules.turn import Turn


def changed(turn: Turn, placed: Placed, event: Event) -> None:
    """A device's state changed, or it was pressed."""
    cares = turn.setting.cares.get((event.device, event.kind))
    if cares is None:
        return
    if cares.settles:
        episodes.said(turn, cares.settles, placed, event)
    if cares.shows_carer and event.value not in (None, False):
        episodes.carer_came(turn, placed.place, f"{placed.name}: a carer is there")
    if event.press and cares.answers and episodes.pressed(turn, cares.answers, placed, event):
        return
    for name, condition in cares.states:
        noted(turn, name, condition)
    for key in cares.starts:
        rule = turn.setting.rules[key]
        SAID[type(rule.when)](turn, key, rule, event)


def found(turn: Turn, event: Event) -> None:
    """What a broker remembers of a device never heard before starts nothing; what has to last counts from now."""
    cares = turn.setting.cares.get((event.device, event.kind))
    if cares is None or event.press:
        return
    for name, condition in cares.states:
        noted(turn, name, condition)
    for key in cares.starts:
        rule = turn.setting.rules[key]
        if isinstance(rule.when, Held | Beyond):
            lasting(turn, key, rule, event.value)


def heard(turn: Turn, facts: list[tuple[str, str]], event: Event) -> None:
    """A device was heard for whose silence rules wait: each counts anew, whether it is news or not."""
    for key, value in facts:
        if says(event.value, value):
            turn.state.watches.put(key, replace(row(turn, key), since_ms=stamp(turn)))


def _became(turn: Turn, key: str, rule: Rule, event: Event) -> None:
    """A change starts its rule at once. One that ends with staff and rests is looked at again while the state lasts:
    a bed that is still empty at the end of a visit is told."""
    watch = turn.state.watches.get(key)
    if not says(event.value, rule.value):
        if watch is not None and watch.since_ms:
            over(turn, key, watch)
        return
    if key in turn.state.episodes or not _is_in_hours(turn, rule):
        return
    if not begin(turn, key, rule) or event.press or rule.is_reminder:
        return
    if not why_not(turn, rule) and standing.rests(turn, rule):
        turn.state.watches.put(key, replace(row(turn, key), since_ms=stamp(turn), blocked=True, started=False))
        look_later(turn, key, rule)


def _lasts(turn: Turn, key: str, rule: Rule, event: Event) -> None:
    if not event.press:
        lasting(turn, key, rule, event.value)


def _came(turn: Turn, key: str, rule: Rule, event: Event) -> None:
    """What is expected came: the date is kept."""
    when, value = rule.when, event.value
    if not isinstance(when, Expected) or not says(value, rule.value) or not turn.is_within(when.since, when.by):
        return
    day, watch = day_of(turn.local(), when.since, when.by), row(turn, key)
    if watch.came != day:
        turn.state.watches.put(key, replace(watch, came=day))


def _counted(turn: Turn, key: str, rule: Rule, event: Event) -> None:
    """Once more; so many times within so long start the rule, and are counted anew."""
    when = rule.when
    if not isinstance(when, Repeated) or not says(event.value, rule.value):
        return
    now, watch = turn.now.elapsed_ms, row(turn, key)
    seen = (*(at for at in watch.seen_ms if now - at <= when.within_s * 1000), now)[-max(1, when.times) :]
    turn.state.watches.put(key, replace(watch, seen_ms=seen))
    if len(seen) < when.times or not _is_in_hours(turn, rule):
        return
    if not begin(turn, key, rule, since_ms=seen[0]):
        turn.state.watches.put(key, replace(row(turn, key), seen_ms=()))


def _no_event(turn: Turn, key: str, rule: Rule, event: Event) -> None:
    """Silence and a time of day are not said by a device."""


def _is_in_hours(turn: Turn, rule: Rule) -> bool:
    return rule.during is None or turn.is_within(*rule.during)


SAID: dict[type, Callable[[Turn, str, Rule, Event], None]] = {
    Changes: _became,
    Held: _lasts,
    Beyond: _lasts,
    Expected: _came,
    Repeated: _counted,
    Nothing: _no_event,
    AtTime: _no_event,
}
"""What an event of the device means that a rule of each form watches."""

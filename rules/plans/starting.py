"""Whether a rule that could start may: its conditions, where the resident stands with the plan, how often it started.

A rule that does not start says why, once per cause. A reminder is held back by more than a rule that ends with staff.
"""

from __future__ import annotations

from devices.records import replace
from rules.effects import Did
from rules.plans import episodes, standing
from rules.plans.conditions import why_not
from rules.plans.plan import Beyond, Held, Rule, is_for_away
from rules.rows import Watch
from rules.turn import Turn, plainly

AGAIN_MS = 60_000
"""A condition that does not hold is looked at again after this, while what the rule watches lasts."""
RESTS_MS = 900_000
"""And a rule that rests after this, unless a visit ends sooner."""
TOO_LATE_MS = 120_000
"""A reminder that could not be given within this is not given: nobody is invited to tai chi at 03:00."""


def begin(turn: Turn, key: str, rule: Rule, *, overdue_ms: int = 0, since_ms: int | None = None) -> str:
    """Start a run, or say why there is none."""
    if key in turn.state.episodes:
        return "it runs already"
    if why := why_not(turn, rule) or standing.rests(turn, rule):
        return rests(turn, key, rule, why)
    if rule.is_reminder and (why := _not_reminded(turn, rule, overdue_ms)):
        turn.log(Did.DROPPED, f"{rule.rule}: {why}", resident=rule.resident, room=rule.place)
        return why
    if rule.at_most is not None and (why := _is_too_often(turn, key, rule)):
        return why
    watch = turn.state.watches.get(key)
    if watch is not None and watch.why:
        turn.state.watches.put(key, replace(watch, why=""))
    run = rule if _is_theirs(turn, rule) else replace(rule, delay_agreed=None)
    episodes.start(turn, key, run, overdue_ms=overdue_ms, since_ms=since_ms)
    return ""


def may_later(turn: Turn, key: str, rule: Rule) -> bool:
    """Whether what keeps a rule from starting may pass while what it watches lasts."""
    return key in turn.state.episodes or bool(why_not(turn, rule) or standing.rests(turn, rule))


def _is_theirs(turn: Turn, rule: Rule) -> bool:
    placed = turn.setting.registry.by_name(rule.device)
    return not rule.device or (placed is not None and episodes.is_theirs(turn, placed, rule))


def rests(turn: Turn, key: str, rule: Rule, why: str) -> str:
    """It could start and does not; said once per cause."""
    watch = row(turn, key)
    if watch.why != why:
        turn.state.watches.put(key, replace(watch, why=why))
        turn.log(Did.RESTED, f"{rule.rule}: {why}", resident=rule.resident, room=rule.place, device=rule.device or None)
    return why


def _not_reminded(turn: Turn, rule: Rule, overdue_ms: int) -> str:
    """Why a reminder is not given now; a rule that ends with staff is never held back so."""
    if overdue_ms > TOO_LATE_MS:
        return f"a reminder that is {plainly(overdue_ms)} late is not given"
    if turn.meta.mode == "fire":
        return "no reminders while there is a fire alarm"
    # What is done for the room of somebody who is away is no word to anybody; its words are silent all the same.
    return "" if is_for_away(rule.only_if) else standing.keeps_silent(turn, rule)


def _is_too_often(turn: Turn, key: str, rule: Rule) -> str:
    """Count a start. More of them than agreed is noisy, and said once in the time it is counted over; a reminder then
    rests, a rule that ends with staff never does."""
    if rule.at_most is None:
        return ""
    now, within_ms, watch = turn.now.elapsed_ms, rule.at_most.within_s * 1000, row(turn, key)
    starts = tuple(at for at in watch.starts_ms if now - at < within_ms)
    noisy = len(starts) >= rule.at_most.starts
    is_held = noisy and rule.is_reminder
    first = noisy and (not watch.at_ms or now - watch.at_ms >= within_ms)
    watch = replace(
        watch,
        starts_ms=starts if is_held else (*starts, now)[-max(1, rule.at_most.starts) :],
        noisy=watch.noisy + noisy,
        at_ms=max(1, now) if first else watch.at_ms,
    )
    turn.state.watches.put(key, watch)
    if not noisy:
        return ""
    why = f"more than {rule.at_most.starts} times within {plainly(within_ms)}"
    if first:
        ends = "; it rests until that is over" if is_held else ""
        turn.log(Did.NOISY, f"{rule.rule}: {why}{ends}", resident=rule.resident, room=rule.place)
    return why if is_held else ""


def row(turn: Turn, key: str) -> Watch:
    """What a rule has seen, or nothing yet."""
    return turn.state.watches.get(key) or Watch(key=key)


def stamp(turn: Turn) -> int:
    """Now, as a beginning that is not 0."""
    return max(1, turn.now.elapsed_ms)


def lasts_ms(rule: Rule) -> int:
    """How long what starts a rule has to last."""
    when = rule.when
    if isinstance(when, Held):
        return when.held_s * 1000
    return when.beyond_s * 1000 if isinstance(when, Beyond) else 0

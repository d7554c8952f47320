"""When a rule may start: on a state, a number, the time, the day, the date, a carer. Each says why it does not hold."""

from __future__ import annotations

from devices.events import INACTIVE_WORDS, Value
from devices.records import replace
from rules.plans.choices import chosen, clock_of
from rules.plans.daytimes import WEEKDAYS
from rules.plans.plan import (
    AtTime,
    Beyond,
    ChoiceIs,
    Condition,
    DateIs,
    DayIs,
    Expected,
    Fact,
    Held,
    Nothing,
    NumberIs,
    Repeated,
    ResidentIs,
    Rule,
    StateIs,
    TimeIs,
)
from rules.rows import Watch
from rules.setting import state_key
from rules.state import AlertState
from rules.turn import Turn, plainly

NO_WORDS = INACTIVE_WORDS | {"no", "none", "inactive", "released", "not_detected", "undetected", "dry", "vacant"}
"""What a plan may call the quiet side of a value that is true or false; any other word is its active side."""


def says(value: Value, word: str) -> bool:
    """Whether a value is what a plan calls by this word; `""` is any value that is known."""
    if value is None:
        return False
    if not word or value == word:
        return True
    if isinstance(value, bool):
        return value is (word.casefold() not in NO_WORDS)
    return isinstance(value, int | float) and str(value) == word


def number_of(value: Value) -> float | None:
    """A value as a number; None where it is none."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def is_beyond(number: float, above: float | None, below: float | None) -> bool:
    """Whether a number is above the one bound or below the other."""
    return (above is not None and number > above) or (below is not None and number < below)


def value_of(turn: Turn, device: str, kind: str) -> Value:
    """What a device, by our name of it, last said of a kind; None where it is not known. Where it has several of a
    kind, the one without a name of its own, else the first by name."""
    address = turn.setting.address_of(device)
    status = turn.state.devices.get(address) if address is not None else None
    if status is None:
        return None
    if kind in status.values:
        return status.values[kind]
    named = sorted(key for key in status.values if key.startswith(f"{kind}:"))
    return status.values[named[0]] if named else None


def why_not(turn: Turn, rule: Rule) -> str:
    """The first condition that does not hold, in words that are the same each time; `""` where all do."""
    for condition in rule.only_if:
        if not holds(turn, rule, condition):
            return f"only if {words(turn, rule, condition)}"
    return ""


def holds(turn: Turn, rule: Rule, condition: Condition) -> bool:
    """Whether a condition holds now."""
    if isinstance(condition, StateIs):
        return _state_holds(turn, condition)
    if isinstance(condition, NumberIs):
        number = number_of(value_of(turn, condition.number.device, condition.number.kind))
        return number is not None and is_beyond(number, condition.above, condition.below)
    if isinstance(condition, TimeIs):
        return turn.is_within(condition.after, condition.before)
    if isinstance(condition, DayIs):
        return WEEKDAYS[turn.local().weekday()] in condition.days
    if isinstance(condition, DateIs):
        return _is_between(turn.local().date().isoformat(), condition)
    if isinstance(condition, ChoiceIs):
        return chosen(turn, rule.resident, condition.choice) == condition.chosen
    if isinstance(condition, ResidentIs):
        person = turn.state.people.get(rule.resident)
        return (person is not None and person.away is not None) is condition.away
    return carer_is_in(turn, rule.place) is condition.carer


def _is_between(today: str, condition: DateIs) -> bool:
    """Both dates included; without a year they are those of every year, and may go over its end."""
    first, last = condition.first, condition.last
    here = today[5:] if len(first) == len("MM-DD") else today
    return first <= here <= last if first <= last else here >= first or here <= last


def carer_is_in(turn: Turn, place: str) -> bool:
    """Whether a carer is known to be in a place: attends somebody there, or visits who lives there."""
    if any(alert.state is AlertState.ATTENDED and alert.place == place for alert in turn.state.alerts):
        return True
    live = turn.setting.live_in.get(place, ())
    people = [person for name in live if (person := turn.state.people.get(name)) is not None]
    return any(person.visited_until_ms > turn.now.elapsed_ms for person in people)


# -- states that have to last -------------------------------------------------------------------------------------


def _is_so(turn: Turn, condition: StateIs) -> bool:
    state = condition.state
    return says(value_of(turn, state.device, state.kind), state.value) is not condition.is_not


def _state_holds(turn: Turn, condition: StateIs) -> bool:
    if not _is_so(turn, condition):
        return False
    if not condition.for_s:
        return True
    row = turn.state.watches.get(state_key(condition))
    return row is not None and row.since_ms > 0 and turn.now.elapsed_ms - row.since_ms >= condition.for_s * 1000


def noted(turn: Turn, key: str, condition: StateIs) -> None:
    """A state changed that a condition asks the length of: it lasts from now, or no longer."""
    row = turn.state.watches.get(key)
    so = _is_so(turn, condition)
    if so and (row is None or not row.since_ms):
        turn.state.watches.put(key, replace(row or Watch(key=key), since_ms=max(1, turn.now.elapsed_ms)))
    elif not so and row is not None and row.since_ms:
        turn.state.watches.put(key, replace(row, since_ms=0))


# -- in words -----------------------------------------------------------------------------------------------------


def fact_words(fact: Fact) -> str:
    """A fact as a log line says it: `room-012-door contact open`."""
    return " ".join(part for part in (fact.device, fact.kind.replace("_", " "), fact.value) if part)


def words(turn: Turn, rule: Rule, condition: Condition) -> str:
    """A condition as a log line says it."""
    if isinstance(condition, StateIs):
        lasting = f" for {plainly(condition.for_s * 1000)}" if condition.for_s else ""
        return f"{'not ' if condition.is_not else ''}{fact_words(condition.state)}{lasting}"
    if isinstance(condition, NumberIs):
        return f"{fact_words(condition.number)} {bounds(condition.above, condition.below)}"
    if isinstance(condition, TimeIs):
        return f"between {condition.after} and {condition.before}"
    if isinstance(condition, DayIs):
        return f"on {', '.join(condition.days)}"
    if isinstance(condition, DateIs):
        return f"from {condition.first} to {condition.last}"
    if isinstance(condition, ChoiceIs):
        return f"{condition.choice} is {condition.chosen}"
    if isinstance(condition, ResidentIs):
        return f"{turn.setting.name_of(rule.resident)} is {'' if condition.away else 'not '}away"
    return f"{'a' if condition.carer else 'no'} carer is in {turn.setting.place_name(rule.place)}"


def bounds(above: float | None, below: float | None) -> str:
    """`above 28`, `below 16`, or both."""
    both = (("above", above), ("below", below))
    return " or ".join(f"{word} {bound:g}" for word, bound in both if bound is not None)


def about(turn: Turn, rule: Rule) -> str:
    """What starts a rule, as a log line says it: of a chosen time, which was chosen."""
    when = rule.when
    what = f"{rule.device} {rule.kind.replace('_', ' ')} {rule.value}".rstrip()
    if isinstance(when, AtTime):
        clock = clock_of(turn, rule, when)
        return f"{clock} was chosen for {when.choice}" if when.choice else f"it is {clock}"
    if isinstance(when, Nothing):
        of = ", ".join(dict.fromkeys(fact.device for fact in when.of))
        return f"nothing of {of} for {plainly(when.silent_s * 1000)}"
    if isinstance(when, Expected):
        return f"{what} did not come between {when.since} and {when.by}"
    if isinstance(when, Repeated):
        return f"{what} {when.times} times within {plainly(when.within_s * 1000)}"
    if isinstance(when, Beyond):
        return f"{what} {bounds(when.above, when.below)} for {plainly(when.beyond_s * 1000)}"
    return f"{what} for {plainly(when.held_s * 1000)}" if isinstance(when, Held) else what

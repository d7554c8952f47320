"""A resident's week on one page, and the page for the review meeting, goals first.

Leisure is offered and never scored: what was accepted of invitations stands here as it is, without a share or a mark,
and where the resident does not want it counted it is not counted at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from textwrap import wrap

from rules.home import Home, Resident
from rules.plans import week_calls
from rules.plans.explain_words import MONTHS, date_said, listed
from rules.plans.help import Ask, Say, Show
from rules.plans.plan import AtTime, Invited, Rule
from rules.rows import Person
from rules.state import Alert, Episode, EpisodeState

WIDTH = 80
LOOK_BACK_DAYS = 28
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SENSED = {"refused": "refused", "withdrawn": "withdrawn: agree on another way"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What the ledger knows of how a plan went."""

    episodes: tuple[Episode, ...] = ()
    """Ended runs of the resident's rules in the last `LOOK_BACK_DAYS`."""
    person: Person | None = None
    alerts: tuple[Alert, ...] = ()
    """What staff were told of the resident in that time, and alerts that list several residents' missed presses."""
    now_wall_ms: int = 0
    note: str = ""
    """Why nothing is known."""


def week(resident: Resident, home: Home, first: date, lived: Lived) -> str:
    """Both pages as plain text of at most `WIDTH` columns, the week of `first` from its Monday on."""
    monday = first - timedelta(days=first.weekday())
    return "\n".join([*_week(resident, home, monday), "", "\f", *_review(resident, home, lived)]) + "\n"


# -- my week ------------------------------------------------------------------------------------------------------


def _week(resident: Resident, home: Home, monday: date) -> Iterator[str]:
    sunday = monday + timedelta(days=6)
    title = f"My week: {resident.known_as}, {_short(monday)} to {_short(sunday)}"
    yield from _title(title)
    every = [_entry(rule, home) for rule in resident.rules if isinstance(rule.when, AtTime)]
    for number, day in enumerate(_DAYS):
        there = monday + timedelta(days=number)
        yield ""
        yield f"{_NAMES[number]} {_short(there)}"
        if not _lives_here(resident, there):
            yield "  not here"
            continue
        todays = sorted((at, said) for days, at, said in every if not days or day in days)
        for at, said in todays:
            yield from _wrapped(f"{at}  {said}", "  ", "         ")
        if not todays:
            yield "  nothing is planned"


def _lives_here(resident: Resident, day: date) -> bool:
    after = not resident.since or day.isoformat() >= resident.since
    return after and (not resident.stays_until or day.isoformat() <= resident.stays_until)


def _entry(rule: Rule, home: Home) -> tuple[Sequence[str], str, str]:
    """Days, time and words of what a rule reminds of: an activity by its own time, not by that of its invitation."""
    when = rule.when
    assert isinstance(when, AtTime)
    activity = next((one for one in home.activities if one.activity == when.activity), None)
    if activity is not None:
        return activity.days, activity.at, _place(activity, home)
    return when.days, when.at, _words(rule)


def _place(activity: Invited, home: Home) -> str:
    where = next((place.name for place in home.places if place.place == activity.place), activity.place)
    return f"{activity.name}, {where}"


def _words(rule: Rule) -> str:
    for step in rule.help:
        if isinstance(step, Say):
            return step.text
        if isinstance(step, Show):
            return step.words
        if isinstance(step, Ask):
            return step.question
    return rule.why


# -- the review ---------------------------------------------------------------------------------------------------


def _review(resident: Resident, home: Home, lived: Lived) -> Iterator[str]:
    yield from _title(f"For the review: {resident.known_as}")
    yield from _goals(resident)
    yield from _went(resident, lived)
    yield from _called(resident, home, lived)
    yield from _leisure(resident, lived)
    yield from _agreement(resident)
    yield ""
    yield "WHAT SHALL BE DIFFERENT"
    yield from (f"  {'_' * (WIDTH - 2)}" for _ in range(4))
    yield ""
    yield f"  Who was there {'_' * 40}  on {'_' * 12}"


def _goals(resident: Resident) -> Iterator[str]:
    yield ""
    yield "GOALS"
    for goal in resident.goals:
        yield from _wrapped(f'"{goal}"')
        yield f"    How is it going? {'_' * (WIDTH - 21)}"
    if not resident.goals:
        yield from _wrapped("None is written down. Ask what matters most, and write the answer as goals.")
    if resident.likes:
        yield from _wrapped(f"Likes: {listed(resident.likes)}.")


def _went(resident: Resident, lived: Lived) -> Iterator[str]:
    yield ""
    yield f"HELP IN THE LAST {LOOK_BACK_DAYS} DAYS"
    if lived.note:
        yield from _wrapped(lived.note)
        return
    ended = [one for one in lived.episodes if not one.rule.is_reminder]
    known = {rule.rule for rule in resident.rules if not rule.is_reminder}
    names = sorted(known | {one.rule.rule for one in ended})
    for name in names:
        ends = Counter(one.state for one in ended if one.rule.rule == name)
        settled, told = ends[EpisodeState.SETTLED], ends[EpisodeState.UNSETTLED]
        gone = "" if name in known else " (no longer in the plan)"
        said = f"{name}{gone}: {_times(settled)} settled by help, {_times(told)} told to staff."
        yield from _wrapped(said if settled or told else f"{name}: never started.")
    if not names:
        yield from _wrapped("No rule watches anything.")
    person = lived.person
    if person is not None and person.delays_off:
        yield from _wrapped(f"Staff are told at once now: {person.delays_off}. A named person looks at it.")


def _called(resident: Resident, home: Home, lived: Lived) -> Iterator[str]:
    if lived.note:
        return
    yield ""
    yield f"CALLS AND WAITING IN THE LAST {LOOK_BACK_DAYS} DAYS"
    for said in week_calls.sentences(resident, lived.alerts):
        yield from _wrapped(said)
    table = [f"  {line}" for line in week_calls.nights(resident, home, lived.alerts, lived.now_wall_ms)]
    yield from ["", *table] if table else []


def _leisure(resident: Resident, lived: Lived) -> Iterator[str]:
    reminders = [rule for rule in resident.rules if rule.is_reminder]
    if not reminders:
        return
    yield ""
    yield "REMINDERS AND INVITATIONS"
    for rule in reminders:
        yield from _wrapped(f"{rule.rule}: {rule.why}")
    if not resident.counts_leisure:
        yield from _wrapped(f"{resident.known_as} does not want this counted, so nothing is.")
        return
    yield from _wrapped("What was answered is kept, and never scored: no answer is an answer too.")
    for rule in reminders:
        said = Counter(one.answer for one in lived.episodes if one.rule.rule == rule.rule and one.answer)
        if said:
            answers = listed([f'"{answer}" {_times(number)}' for answer, number in sorted(said.items())])
            yield from _wrapped(f"{rule.rule}: {answers}.")


def _agreement(resident: Resident) -> Iterator[str]:
    yield ""
    yield "AGREEMENT"
    agreement = resident.agreement
    if agreement is None:
        yield from _wrapped("Nobody has agreed to this plan yet.")
    elif agreement.review_by:
        yield from _wrapped(
            f"Agreed on {date_said(agreement.on)}, to be looked at by {date_said(agreement.review_by)}."
        )
    else:
        yield from _wrapped(f"Agreed on {date_said(agreement.on)}; no date is named for looking at it again.")
    for rule in resident.rules:
        if rule.delay_agreed is not None:
            agreed = rule.delay_agreed
            yield from _wrapped(f"Risk of {rule.rule}: {agreed.risk} ({agreed.by}, {date_said(agreed.on)}). Still so?")
    for sense, answer in resident.senses.items():
        if answer in _SENSED:
            yield from _wrapped(f"Sensing by {sense.replace('_', ' ')}: {_SENSED[answer]}.")
    for sense, own in resident.sense_agreements.items():
        until = f", to be looked at by {date_said(own.review_by)}" if own.review_by else ""
        yield from _wrapped(f"Sensing by {sense.replace('_', ' ')}: agreed on {date_said(own.on)}{until}.")
    if agreement is not None and agreement.assessed is not None and agreement.assessed.test:
        test = agreement.assessed
        yield from _wrapped(f"The test that was applied, version {test.test_version}: {test.test}. Still this one?")


# -- words --------------------------------------------------------------------------------------------------------


def _title(words: str) -> list[str]:
    return [words, "=" * len(words)]


def _wrapped(text: str, indent: str = "  ", later: str = "    ") -> list[str]:
    return wrap(text, WIDTH, initial_indent=indent, subsequent_indent=later, break_long_words=False)


def _short(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]}"


def _times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")

"""Who was asked to what takes place today, and what they said: for whoever runs it.

An answer is kept and never scored (`week.py`); whoever lets nothing be counted is listed all the same, because this is
a place that somebody keeps for them and no count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from rules.home import Home
from rules.plans.plan import AtTime, Invited, Rule
from rules.state import Episode

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NOT_YET = "not asked yet"
NO_ANSWER = "asked, no answer"
NOTHING = "nothing takes place today that a plan invites to"


def invited(home: Home, episodes: Iterable[Episode], today: date) -> str:
    """Lines for paper or a screen: each activity of today with whoever is invited; ends in a new line.

    `episodes` are the runs of today, oldest first, ended ones and those under way.
    """
    ran = {(one.rule.resident, one.rule.rule): one for one in episodes}
    parts = [list(_of(home, each, ran)) for each in _todays(home, today)]
    return "\n".join("\n".join(lines) + "\n" for lines in parts if lines) or f"{NOTHING}\n"


def _todays(home: Home, today: date) -> list[Invited]:
    day = DAYS[today.weekday()]
    return sorted((one for one in home.activities if not one.days or day in one.days), key=lambda one: one.at)


def _of(home: Home, activity: Invited, ran: dict[tuple[str, str], Episode]) -> Iterator[str]:
    asked = [
        (resident.known_as, rule)
        for resident in home.residents
        for rule in resident.rules
        if isinstance(rule.when, AtTime) and rule.when.activity == activity.activity
    ]
    if not asked:
        return
    where = next((place.name for place in home.places if place.place == activity.place), activity.place)
    yield f"{activity.at}  {activity.name}, {where}"
    for name, rule in sorted(asked, key=lambda row: row[0]):
        yield f"       {name}: {_said(rule, ran)}"


def _said(rule: Rule, ran: dict[tuple[str, str], Episode]) -> str:
    run = ran.get((rule.resident, rule.rule))
    if run is None:
        return NOT_YET
    return run.answer or NO_ANSWER

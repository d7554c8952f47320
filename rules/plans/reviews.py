"""What is to be talked over with a resident: dated reviews, refusals shown by use, sensings withdrawn, noisy rules.

All of it stands in the manager's list of every morning (`morning.py`). Nothing lapses into silence: a review that is
overdue beyond the home's grace takes the waits away, so staff are told sooner; a pendant never lapses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rules.effects import Did
from rules.home import Resident
from rules.plans import reconnecting, standing, unagreed
from rules.turn import Turn

STAGES = (28, 14, 7)
"""So many days before its date a review is on the manager's list, once each."""
REFUSED_FROM = 7
"""So often in a row dismissed or not answered, a reminder may not be wanted."""

Listed = tuple[str, list[str]]


def found(turn: Turn) -> Iterator[Listed]:
    """What is to be listed this morning: what it is, and whom or what it is about."""
    _let_hold(turn)
    _lapse_one(turn)
    dated, overdue = _dated(turn)
    for title, names in (
        ("nobody has looked yet, so no delays", _not_looked(turn)),
        ("reviews to come", dated),
        ("reviews overdue", overdue),
        ("rules that nobody has agreed to, to be talked over", list(unagreed.tasks(turn, _residents(turn)))),
        ("withdrawn, to be agreed another way", _withdrawn(turn)),
        ("may not be wanted, to be talked over", _refused(turn)),
        ("heard again, say who reconnected it and why", reconnecting.asks(turn)),
        ("started more often than agreed", _noisy(turn)),
        ("stays that have ended", _stays(turn)),
    ):
        if names:
            yield title, names


def _residents(turn: Turn) -> list[Resident]:
    return sorted(turn.setting.residents.values(), key=lambda row: row.resident)


def _not_looked(turn: Turn) -> list[str]:
    found = []
    for resident in _residents(turn):
        person = standing.person_of(turn, resident.resident)
        why = person.delays_off or ("" if person.looked_by else standing.new_here(turn, resident.resident))
        if why:
            found.append(f"{resident.known_as} ({why})")
    return found


def _dated(turn: Turn) -> tuple[list[str], list[str]]:
    """Reviews that come up, told once at each stage, and those that are overdue, told every morning."""
    coming, overdue = [], []
    for resident in _residents(turn):
        person = standing.person_of(turn, resident.resident)
        told = {one: stage for one, stage in person.dated.items() if one.startswith(unagreed.TASK)}
        for words, one in standing.subjects(turn, resident.resident):
            text = one.rpartition("@")[2]
            due = standing.date_of(text)
            what = f"{resident.known_as}, {words}"
            if due is None:
                overdue.append(f"{what}: {text!r} is no date")
                continue
            days = (due - standing.today(turn)).days
            if days < 0:
                lapsed = ", told without delay since" if one in person.lapsed else ""
                overdue.append(f"{what} since {text}{lapsed}")
                continue
            stage = min((stage for stage in STAGES if days <= stage), default=0)
            last = person.dated.get(one, 0)
            if stage and (not last or stage < last):
                coming.append(f"{what} by {text}, in {days} days" if days else f"{what} today")
            if stage:
                told[one] = stage
        if told != dict(person.dated):
            standing.keep(turn, replace(person, dated=told))
    return coming, overdue


def _let_hold(turn: Turn) -> None:
    """What was overdue by a wrong calendar alone, or was reviewed since, has not lapsed."""
    for resident in _residents(turn):
        person = standing.person_of(turn, resident.resident)
        holds = tuple(standing.lapsed_of(turn, person))
        if len(holds) < len(person.lapsed):
            standing.keep(turn, replace(person, lapsed=holds))


def _lapse_one(turn: Turn) -> None:
    """Overdue beyond the grace: the waits of one resident a day become 0, by day, so that staff can get used to it."""
    times = turn.setting.home.times
    if turn.is_within(times.night_from, times.night_to):
        return
    late = [
        (due, resident.resident, one)
        for resident in _residents(turn)
        for _, one in standing.subjects(turn, resident.resident)
        if (due := standing.date_of(one.rpartition("@")[2])) is not None
        and standing.is_overdue(turn, one)
        and one not in standing.person_of(turn, resident.resident).lapsed
    ]
    if not late:
        return
    _, who, _ = min(late)
    mine = tuple(one for _, whose, one in late if whose == who)
    person = standing.person_of(turn, who)
    standing.keep(turn, replace(person, lapsed=(*person.lapsed, *mine)))
    name = turn.setting.name_of(who)
    what = ", ".join(f"{one.partition('@')[0]} (due {one.rpartition('@')[2]})" for one in mine)
    words = f"no delay for {name} any more: the review is {times.review_grace_days} days overdue: {what}"
    turn.log(Did.DELAYS_OFF, words, resident=who, room=turn.setting.room_of(who))


def _withdrawn(turn: Turn) -> list[str]:
    return [
        f"{resident.known_as}: {sense}"
        for resident in _residents(turn)
        for sense, said in sorted(resident.senses.items())
        if said == "withdrawn"
    ]


def _refused(turn: Turn) -> list[str]:
    """Refusal shown by use: an offer that is never taken up, a sensor that falls silent again and again."""
    found = []
    for resident in _residents(turn):
        person = standing.person_of(turn, resident.resident)
        rules = {rule.rule for rule in resident.rules}
        for rule, times in sorted(person.refused.items()):
            if times >= REFUSED_FROM and rule in rules:
                found.append(_asks(turn, resident, f"{rule}", f"{times} times in a row without a yes"))
        found += [
            _asks(turn, resident, name, f"silent {times} times in a week")
            for name, times in reconnecting.often_silent(turn, person).items()
        ]
    return found


def _asks(turn: Turn, resident: Resident, what: str, why: str) -> str:
    words = f"{resident.known_as} may not want {what} ({why})"
    turn.log(Did.REVIEW_ASKED, words, resident=resident.resident, room=resident.room)
    return words


def _noisy(turn: Turn) -> list[str]:
    found = []
    for watch in sorted(turn.state.watches, key=lambda row: row.key):
        if watch.noisy <= 0:
            continue
        turn.state.watches.put(watch.key, replace(watch, noisy=0))
        resident, _, rest = watch.key.partition("/")
        found.append(f"{rest.rpartition('/')[0] or rest} of {turn.setting.name_of(resident)} ({watch.noisy} times)")
    return found


def _stays(turn: Turn) -> list[str]:
    today = standing.today(turn).isoformat()
    return [
        f"{resident.known_as} was to stay until {resident.stays_until}: has she or he left?"
        for resident in _residents(turn)
        if resident.stays_until and resident.stays_until < today
    ]

"""What the proof refuses, as problems with file and line: a plan alone, or what the home's own files leave unheard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from hub.config.document import Document, read_document
from hub.config.plans import Written
from hub.config.problems import Problem
from rules.alerting.levels import GROUPED
from rules.home import Home, Resident
from rules.plans.plan import Agreement
from rules.proof.bounds import Unheard, unheard
from rules.proof.faults import At, Unproved, unproved
from rules.turn import plainly

ANY_YEAR = 2026
"""Who may be on shift does not depend on the year: every time of every weekday comes in each."""


def unheard_zones(home: Home, document: Document) -> tuple[list[Problem], list[Problem]]:
    """Zones in which somebody could call and nobody would ever hear it, at some minute of the week: refused. And those
    in which it is heard, but not at once, or what is below a call is not: the home is warned."""
    refused: list[Problem] = []
    late: list[Problem] = []
    gaps = unheard(home, ANY_YEAR)
    for number, zone in enumerate(home.zones):
        its = [gap for gap in gaps if gap.zone == zone.zone]
        if not its:
            continue
        never = any(gap.first_s is None and gap.level not in GROUPED for gap in its)
        each = ", ".join(f"{gap.level} {_when(gap)}" for gap in its)
        weekday, _, clock = its[0].at.split(" ")[:3]
        people = f"told are {', '.join(its[0].people)}" if its[0].people else "there is nobody to tell"
        worst = f"as on {weekday} {clock}: {people}"
        said = f'zone "{zone.zone}": at the worst minute an alert is first heard: {each}; {worst}'
        expected = "a screen or sounder in the zone, or channels for those on shift"
        (refused if never else late).append(document.problem(("zones", number), said, expected))
    return refused, late


def _when(gap: Unheard) -> str:
    return "never" if gap.first_s is None else f"after {plainly(gap.first_s * 1000)}"


def prove_plans(home: Home, plans: Sequence[Written]) -> tuple[Home, list[Problem], list[Problem]]:
    """The home without the rules of plans that cannot be proved; what is refused of them, and what is warned of."""
    documents = {plan.resident: plan.document for plan in plans if plan.document is not None}
    refused: list[Problem] = []
    warnings: list[Problem] = []
    gone: set[str] = set()
    for found in unproved(home):
        problem = _problem(documents.get(found.resident), found)
        (warnings if found.warning else refused).append(problem)
        if not found.warning:
            gone.add(found.resident)
    residents = tuple(replace(one, rules=()) if one.resident in gone else one for one in home.residents)
    return (replace(home, residents=residents) if gone else home), refused, warnings


def _problem(document: Document | None, found: Unproved) -> Problem:
    if document is None:
        return Problem(file=f"residents/{found.resident}.yaml", what=found.what, expected=found.expected)
    return document.problem(_at(document, found), found.what, found.expected)


def _at(document: Document, found: Unproved) -> tuple[str | int, ...]:
    """Where the rule stands in its file, and the part of it, as far as the file has one by that name."""
    rules = document.data.get("rules") if isinstance(document.data, Mapping) else None
    for number, rule in enumerate(rules if isinstance(rules, list) else ()):
        if isinstance(rule, Mapping) and found.rule == (rule.get("name") or rule.get("rule")):
            watches = next((word for word in ("when", "door", "bed") if word in rule), "when")
            part = (watches, *found.at[1:]) if found.at[:1] == ("when",) else found.at
            return ("rules", number, *part)
    return ("rules",)


def reviews(home: Home, folder: Path, today: date) -> Iterator[Problem]:
    """Plans, rules and sensings whose review was due, what comes of it; and what was agreed to on a day to come."""
    grace = timedelta(days=home.times.review_grace_days)
    for resident in home.residents:
        for what, rule, here, on, review_by in _agreements(resident):
            said = _agreement_said(on, review_by, today, grace)
            if said is None:
                continue
            at, words, wanted = said
            document = read_document(folder, f"residents/{resident.resident}.yaml")
            wrong = Unproved(resident=resident.resident, rule=rule, at=(*here, at), what=words)
            place = _at(document, wrong) if rule else wrong.at
            yield document.problem(place, words.format(what=f"{resident.known_as}'s {what}"), wanted)


def _agreement_said(on: str, review_by: str, today: date, grace: timedelta) -> tuple[str, str, str] | None:
    given, due = _date(on), _date(review_by)
    if given is not None and given > today:
        words = f"{{what}} was agreed to on {given}, a day that has not come: it counts already"
        return "on", words, "the day on which it was agreed to"
    if due is None or due >= today:
        return None
    one_a_day = "the delays of one resident a day, and the morning's list says whose"
    ends = f"what ends now are {one_a_day}" if due + grace < today else f"from {due + grace} end {one_a_day}"
    return "review_by", f"the review of {{what}} was due on {due}: {ends}", "a date to come, once it was talked over"


def _agreements(resident: Resident) -> Iterator[tuple[str, str, At, str, str]]:
    """Each agreement of a plan: what it is of, the rule it stands in, where, its day and the day of its review."""
    found: list[tuple[str, str, At, Agreement | None]] = [("plan", "", ("agreement",), resident.agreement)]
    found += [(rule.rule, rule.rule, ("agreement",), rule.agreement) for rule in resident.rules]
    found += [
        (f"sensing {sense}", "", ("senses", sense, "agreement"), own)
        for sense, own in resident.sense_agreements.items()
    ]
    for what, rule, here, agreement in found:
        if agreement is not None:
            yield what, rule, here, agreement.on, agreement.review_by
    for each in resident.rules:
        if each.delay_agreed is not None:
            yield f"delay of {each.rule}", each.rule, ("delay_agreed",), each.delay_agreed.on, ""


def _date(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None

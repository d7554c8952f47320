"""Words for people: dates, lists, days, lengths of time, and what a device of a home is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from devices.registry import Placed, Purpose
from rules.plans.plan import Agreement, Fact
from rules.plans.senses import UNIT_OF, plainly_is

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS = {
    "mon": "Mondays",
    "tue": "Tuesdays",
    "wed": "Wednesdays",
    "thu": "Thursdays",
    "fri": "Fridays",
    "sat": "Saturdays",
    "sun": "Sundays",
}
_BY = {
    "resident": "{name} agreed to this",
    "attorney": "{who}, attorney for health and welfare, agreed to this",
    "deputy": "{who}, deputy, agreed to this",
    "best_interests": "{who} decided this in {name}'s best interests",
}
_NOUNS = {
    Purpose.BED: "the bed",
    Purpose.DOOR: "the door",
    Purpose.MOTION: "the motion sensor",
    Purpose.LIGHT: "the light",
    Purpose.SWITCH: "the socket",
}


def date_said(date: str) -> str:
    """`2026-10-02` as 2 October 2026, `12-01` as 1 December."""
    *year, month, day = date.split("-")
    return " ".join([str(int(day)), MONTHS[int(month) - 1], *year])


def listed(words: Sequence[str], last: str = "and") -> str:
    """`one`, `one and two`, `one, two and three`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def days_said(days: Sequence[str]) -> str:
    """`on Mondays and Thursdays`; every day where none is named."""
    return f"on {listed([DAYS[day] for day in days])}" if days else "every day"


def lasting(seconds: int) -> str:
    """A length of time in full words: `15 minutes`, `2 hours`, `1 hour 30 minutes`."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = [_many(hours, "hour"), _many(minutes, "minute"), _many(left, "second")]
    return " ".join(part for part in parts if part) or "no time"


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}" if number else ""


def thing(name: str, devices: Mapping[str, Placed]) -> str:
    """A device as people speak of it, with our name of it: `the bed (room-012-bed)`."""
    placed = devices.get(name)
    noun = _NOUNS.get(placed.purpose) if placed is not None else None
    return f"{noun} ({name})" if noun else name


def state_said(fact: Fact, devices: Mapping[str, Placed], *, is_not: bool = False) -> str:
    """`the bed (room-012-bed) is empty`, and its contrary."""
    clause = plainly_is(fact.kind, fact.value)
    if is_not:
        first, _, rest = clause.partition(" ")
        clause = f"{first} not {rest}" if first == "is" else f"does not say: {clause}"
    return f"{thing(fact.device, devices)} {clause}"


def bound_said(kind: str, above: float | None, below: float | None) -> str:
    """`above 28 °C`, `below 18 °C`, `above 28 °C or below 16 °C`."""
    unit = UNIT_OF.get(kind, "")
    both = (("above", above), ("below", below))
    return " or ".join(f"{word} {bound:g} {unit}".strip() for word, bound in both if bound is not None)


def number_said(kind: str) -> str:
    """What is measured: `temperature`, `power`."""
    return kind.replace("_", " ")


def agreed_words(agreement: Agreement, known_as: str) -> str:
    """An agreement in sentences."""
    return " ".join(f"{sentence}." for sentence in _sentences(agreement, known_as))


def _sentences(agreement: Agreement, known_as: str) -> Iterator[str]:
    by = _BY[agreement.by].format(name=known_as, who=agreement.name)
    yield f"{by} on {date_said(agreement.on)}"
    if agreement.registration_seen:
        yield f"The registration was seen on {date_said(agreement.registration_seen)}"
    if agreement.assessed is not None:
        assessed = agreement.assessed
        yield f"Capacity was assessed by {assessed.by} on {date_said(assessed.on)}, for: {assessed.decision}"
    if agreement.consulted:
        yield f"Consulted: {listed(agreement.consulted)}"
    if agreement.tried_first:
        yield f"Tried first: {agreement.tried_first}"
    if agreement.authorisation is not None:
        authorisation = agreement.authorisation
        yield f"Authorisation {authorisation.reference} of {date_said(authorisation.on)}"
    if agreement.review_by:
        yield f"It is looked at again by {date_said(agreement.review_by)}, and at once when {known_as} asks"
    else:
        yield f"It is looked at again when {known_as} asks: no date is named"

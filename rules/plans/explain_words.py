"""Words for people: dates, lists, days, lengths of time, and what a device of a home is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

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
    Purpose.COVER: "the blind",
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


def things(devices: Iterable[Placed], room: str) -> dict[str, str]:
    """Each device as people of a room speak of it: `the bed`; with our name where there are two, or it is elsewhere."""
    every = tuple(devices)
    here = Counter(device.purpose for device in every if device.place == room)
    said = {}
    for device in every:
        noun = _NOUNS.get(device.purpose)
        alone = device.place == room and here[device.purpose] == 1
        said[device.name] = (noun if alone else f"{noun} ({device.name})") if noun else device.name
    return said


def thing(name: str, called: Mapping[str, str]) -> str:
    """A device by what it is called."""
    return called.get(name, name)


def state_said(fact: Fact, called: Mapping[str, str], *, is_not: bool = False) -> str:
    """`the bed is empty`, and its contrary."""
    clause = plainly_is(fact.kind, fact.value)
    if is_not:
        first, _, rest = clause.partition(" ")
        plain = {"notices": "does not notice", "says": "does not say"}.get(first)
        clause = f"{plain} {rest}" if plain else f"{first} not {rest}"
    return f"{thing(fact.device, called)} {clause}"


def light_said(color_temp_k: int) -> str:
    """The colour of a light in a word: `warm light`, `daylight`."""
    return "warm light" if color_temp_k < 3_500 else "daylight" if color_temp_k >= 5_000 else "white light"


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
        if assessed.test:
            yield f"The test that was applied (version {assessed.test_version}): {assessed.test}"
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

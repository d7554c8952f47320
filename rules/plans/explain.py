"""A plan in plain English, from the data that the machine runs: for the resident, the family and the file.

One paragraph a rule: what starts it, what is done first, what ends it well, and what staff will see. It is what people
sign, so it says nothing that the machine does not do, and it is drawn from the compiled rule and from nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from textwrap import wrap

from rules.home import Home, Resident
from rules.plans import able
from rules.plans.explain_rules import paragraph_of
from rules.plans.explain_words import agreed_words, date_said, lasting, listed
from rules.plans.fitting import watched
from rules.plans.plan import LONGEST_NOT_NOW_S, Abilities
from rules.plans.senses import senses_of

WIDTH = 80
PENDANT = (
    "A pendant, a cord, a fall and every other call for help is told to staff at once, by day and by night. No rule of "
    "this plan, no wait and no quiet hour can delay it."
)
_ANSWERS = {
    "accepted": "accepted",
    "refused": "refused: no rule watches it",
    "withdrawn": "withdrawn: no rule uses it, nor where it saw them. Unplug it: the record keeps what it says",
}


def explain(resident: Resident, home: Home, today: date | None = None) -> str:
    """The whole plan as plain text of at most `WIDTH` columns, ending in a new line. With `today`, the home's date, it
    says of an agreement that its day of review has passed."""
    parts = [
        _head(resident, home),
        _goals(resident),
        _rules(resident, home),
        _sensed(resident, home),
        _reached(resident),
        _decides(resident),
    ]
    parts += [["ALWAYS", *_wrapped(PENDANT)], _agreed(resident, today), _signed(resident)]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False)


def _head(resident: Resident, home: Home) -> list[str]:
    room = next((place.name for place in home.places if place.place == resident.room), resident.room)
    title = f"The plan of {resident.known_as}"
    stay = [f"since {date_said(resident.since)}"] if resident.since else []
    stay += [f"until {date_said(resident.stays_until)}"] if resident.stays_until else []
    return [title, "=" * len(title), "", ", ".join([room, home.name, *stay])]


def _goals(resident: Resident) -> list[str]:
    lines = [f"WHAT {resident.known_as.upper()} WANTS"]
    for goal in resident.goals:
        lines += _wrapped(f'"{goal}"')
    if not resident.goals:
        lines += _wrapped("Nobody has written this down yet. Ask, and write the answer as goals.")
    if resident.likes:
        lines += ["", *_wrapped(f"Likes: {listed(resident.likes)}.")]
    return lines


def _rules(resident: Resident, home: Home) -> list[str]:
    lines = ["WHAT HANDRAIL DOES"]
    if not resident.rules:
        return lines + _wrapped("Nothing but pass on calls. No rule watches anything.")
    for number, rule in enumerate(resident.rules, start=1):
        name = rule.rule.replace("-", " ").replace("_", " ")
        lines += ["", *_wrapped(f"{number}. {name[:1].upper()}{name[1:]}. {paragraph_of(rule, resident, home)}")]
    return lines


def _sensed(resident: Resident, home: Home) -> list[str]:
    lines = ["WHAT IS SENSED"]
    said = [f"{_plain(sense)} {_ANSWERS[answer]}" for sense, answer in resident.senses.items()]
    if said:
        lines += _wrapped("; ".join(said) + ".")
    for sense, agreement in resident.sense_agreements.items():
        lines += _wrapped(f"Of {_plain(sense)}: {agreed_words(agreement, resident.known_as)}")
    # What a plan says of its senses is complete, or somebody signed the plan as a whole.
    unasked = [sense for sense in _watched(resident, home) if sense not in resident.senses]
    if unasked and (resident.senses or resident.agreement is None):
        lines += _wrapped(
            f"Nobody has asked {resident.known_as} yet about: {listed([_plain(one) for one in unasked])}."
        )
    return lines if len(lines) > 1 else []


def _plain(sense: str) -> str:
    """The word of a plan without its unit: `temperature_c` is temperature."""
    return sense.removesuffix("_c").removesuffix("_pct").removesuffix("_w").replace("_", " ")


def _watched(resident: Resident, home: Home) -> list[str]:
    """What the rules sense, in the words of a plan."""
    devices = {device.name: device for device in home.devices}
    facts = [fact for rule in resident.rules for fact in watched(rule) if fact.device in devices]
    found = [senses_of(fact.kind, devices[fact.device].purpose) for fact in facts]
    return sorted({sense.sense for sense in found if sense is not None})


def _reached(resident: Resident) -> list[str]:
    name, abilities = resident.known_as, resident.abilities
    if abilities == Abilities():
        return []
    said = [
        _by_day_and_night("hearing", abilities.hearing_day, abilities.hearing_night),
        _by_day_and_night("sight", abilities.sight_day, abilities.sight_night),
        *(f"{what} {how}" for what, how in _others(abilities) if how != "full"),
    ]
    told = [one for one in said if one]
    lines = [f"{name}: {'; '.join(told)}."] if told else []
    if abilities.moves_with:
        lines.append(f"Moves with: {abilities.moves_with}.")
    night = "asked to be spoken to at night, and has heard the words." if abilities.speech_at_night else ""
    lines.append(f"{name} {night}" if night else "At night nothing is spoken; words are shown, or felt.")
    lines += able.in_words(name, abilities)
    return ["HOW HELP REACHES " + name.upper(), *_wrapped(" ".join(lines))]


def _decides(resident: Resident) -> list[str]:
    """What the resident does without asking anybody: choices of the day, and *not now*."""
    if not resident.rules and not resident.choices:
        return []
    lines = [f"WHAT {resident.known_as.upper()} DECIDES"]
    for one in resident.choices:
        from_to = f"from {one.of[0]} to {one.of[-1]}" if all(":" in word for word in one.of) else listed(one.of, "or")
        words = f'On the room\'s screen, from day to day: "{one.ask}" {from_to}, usually {one.usual}.'
        lines += _wrapped(words)
    lasts = lasting(min(resident.snooze_s, LONGEST_NOT_NOW_S))
    said = f"*Not now* on the room's screen stops reminders and speech for {lasts}. Staff are told of the rest as ever."
    return [*lines, *_wrapped(said)]


def _others(abilities: Abilities) -> tuple[tuple[str, str], ...]:
    return (("speech", abilities.speech), ("grip", abilities.grip), ("memory", abilities.memory))


def _by_day_and_night(what: str, day: str, night: str) -> str:
    if day == night:
        return "" if day == "full" else f"{what} {day}"
    return f"{what} {day} by day and {night} at night"


def _agreed(resident: Resident, today: date | None) -> list[str]:
    agreement = resident.agreement
    if agreement is None:
        said = "Nobody has agreed to this plan yet. Until somebody has, it is a draft to talk over."
        return ["WHO AGREED", *_wrapped(said)]
    return ["WHO AGREED", *_wrapped(agreed_words(agreement, resident.known_as)), *_overdue(resident, today)]


def _overdue(resident: Resident, today: date | None) -> list[str]:
    """What is signed must not promise a delay that has ended, or soon will."""
    own = [resident.agreement, *(rule.agreement for rule in resident.rules), *resident.sense_agreements.values()]
    dates = [one.review_by for one in own if one is not None and one.review_by]
    passed = [each for each in dates if today is not None and each < today.isoformat()]
    if not passed:
        return []
    return _wrapped(
        f"It was to be looked at again by {date_said(min(passed))}, and that day has passed. Until it is talked over, "
        "staff may be told at once, without the delays that were agreed to."
    )


def _signed(resident: Resident) -> list[str]:
    agreement = resident.agreement
    who = [resident.known_as]
    if agreement is not None and agreement.name:
        who.append(agreement.name)
    return ["SIGNED", *_lines([*who, "For the home"])]


def _lines(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield ""
        yield f"  {name:<28} {'_' * 30}  on {'_' * 12}"

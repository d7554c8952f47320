"""Where a resident stands with their plan now: away, visited, gone, *not now*; and whether a delay may be given.

Rules rest for a reason that is written down. A pendant never rests, and nothing here is asked on its way. What people
ask for is in `whereabouts` (away, back, gone) and `visits` (a carer's visit, *not now*, looked).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, ClassVar, Protocol, TypeVar

from devices.events import Event, Kind, is_active
from devices.records import replace
from devices.registry import Placed, Purpose
from rules.alerting.levels import Level
from rules.effects import Did
from rules.plans.plan import Agreement, Beyond, Changes, Held, Rule, is_for_away
from rules.plans.senses import senses_of
from rules.rows import Person
from rules.setting import key_of
from rules.state import Alert
from rules.turn import Turn

NEW_DAYS = 14
"""So long after they moved in, somebody who has not been looked after yet is new here."""
SHOWS_LIFE = frozenset({Kind.MOTION, Kind.OCCUPANCY, Kind.BED, Kind.CONTACT})
"""What says that somebody is in a room: of a door both its opening and its closing."""
OF_A_MOMENT = frozenset({Kind.BUTTON, Kind.VIBRATION})
"""Kinds that say no state: what they started cannot be looked at again later."""
SENSES = frozenset({Purpose.DOOR, Purpose.BED, Purpose.MOTION, Purpose.PRESENCE_TAG})
"""Purposes that watch a person, whom it may bother."""
WEEK_MS = 7 * 86_400_000


def person_of(turn: Turn, resident: str) -> Person:
    """What is known of a resident, nothing included."""
    return turn.state.people.get(resident) or Person(resident=resident)


def keep(turn: Turn, person: Person) -> None:
    """Keep a changed row."""
    turn.state.people.put(person.resident, person)


# -- what the machine asks ----------------------------------------------------------------------------------------


def rests(turn: Turn, rule: Rule) -> str:
    """Why this rule may not start now; `""` where it may. What a visit keeps back is looked at when it ends."""
    person = turn.state.people.get(rule.resident)
    if person is None:
        return ""
    if person.gone:
        return f"its resident has {person.gone}"
    if person.away is not None and not is_for_away(rule.only_if):
        return f"{turn.setting.name_of(rule.resident)} is away ({person.away.why})"
    if not is_visited(turn, person) or not waits_for_visit(turn, rule):
        return ""
    key = key_of(rule)
    if key not in person.paused:
        keep(turn, replace(person, paused={**person.paused, key: turn.now.elapsed_ms}))
    return f"somebody is with {turn.setting.name_of(rule.resident)}: looked at again when the visit ends"


def keeps_silent(turn: Turn, rule: Rule) -> str:
    """Why words of this rule are neither spoken nor shown now; `""` where they are. Staff are told as ever."""
    person = turn.state.people.get(rule.resident)
    if person is None:
        return ""
    if person.gone:
        return f"its resident has {person.gone}"
    if person.away is not None:
        return f"{turn.setting.name_of(rule.resident)} is away ({person.away.why})"
    if person.not_now_until_ms > turn.now.elapsed_ms:
        return f"{turn.setting.name_of(rule.resident)} said: not now"
    return ""


def no_delay(turn: Turn, resident: str, rule: Rule | None = None) -> str:
    """Why staff are told at once although a delay was agreed to; `""` where the delay may be given.

    Of a rule that is named, its own agreement counts; without one, any lapsed agreement of the resident does.
    """
    person = person_of(turn, resident)
    if person.delays_off:
        return person.delays_off
    new = "" if person.looked_by else new_here(turn, resident)
    if new:
        return new
    if not person.lapsed:
        return ""
    mine = lapsed_of(turn, person)
    if rule is not None:
        wanted = subject(rule.rule if rule.agreement is not None else "", agreement_of(turn, rule))
        sensed = sensing(sense_of(turn, rule.device, rule.kind))
        mine = [one for one in mine if one == wanted or one.startswith(f"{sensed}@")]
    return f"its review was due on {mine[0].rpartition('@')[2]}" if mine else ""


def seen(turn: Turn, placed: Placed, event: Event) -> None:
    """A device of the house showed that somebody is where it is: is a resident who is away back? Asked once."""
    if event.kind not in SHOWS_LIFE or not (event.kind is Kind.CONTACT or is_active(event.kind, event.value)):
        return
    resident = placed.person or turn.setting.only_resident_of(placed.place)
    person = turn.state.people.get(resident or "")
    if person is None or person.away is None or person.away.asked:
        return
    if placed.person is None and placed.place != turn.setting.room_of(resident):
        return
    if not is_sensed(turn, resident, placed, event.kind):
        return
    keep(turn, replace(person, away=replace(person.away, asked=True)))
    turn.arm("returned", person.resident, turn.now.elapsed_ms)


def raised(turn: Turn, alert: Alert) -> None:
    """Staff are being told of something: a fall turns that resident's delays off.

    A fall in a shared room of which nobody knows whose it is turns off the delays of all who live there.
    """
    if alert.kind == Kind.FALL:
        fell(turn, alert.resident, alert.place)


def fell(turn: Turn, resident: str | None, place: str | None) -> None:
    """A fall was detected: until somebody has looked, nobody who may have fallen is given a delay."""
    for who in [resident] if resident else turn.setting.live_in.get(place or "", ()):
        turn_delays_off(turn, who, f"a fall on {today(turn).isoformat()}")


def unplugged(turn: Turn, placed: Placed) -> None:
    """A sensor fell silent by itself: twice within a week may be how somebody says no (`reviews.py`)."""
    resident = placed.person or turn.setting.only_resident_of(placed.place)
    if resident is None or resident not in turn.setting.residents:
        return
    person, now = person_of(turn, resident), turn.now.elapsed_ms
    recent = tuple(row for row in person.unplugged if now - row[1] <= WEEK_MS)
    keep(turn, replace(person, unplugged=(*recent[-20:], (placed.name, now))))


# -- what the requests ask ----------------------------------------------------------------------------------------


def is_visited(turn: Turn, person: Person) -> bool:
    """Whether a carer is with the resident now."""
    return person.visited_until_ms > turn.now.elapsed_ms


def waits_for_visit(turn: Turn, rule: Rule) -> bool:
    """Whether a carer's visit may keep this rule back: a check of the room, whose state can be looked at again."""
    return (
        rule.otherwise is not None
        and rule.otherwise.level is Level.CHECK
        and rule.place == turn.setting.room_of(rule.resident)
        and isinstance(rule.when, Changes | Held | Beyond)
        and rule.kind not in OF_A_MOMENT
    )


def turn_delays_off(turn: Turn, resident: str, why: str, by: str | None = None) -> None:
    """Until a named person has looked, staff are told at once of what this resident's rules see."""
    if resident not in turn.setting.residents:
        return
    keep(turn, replace(person_of(turn, resident), delays_off=why))
    words = f"no delay for {turn.setting.name_of(resident)} until somebody has looked: {why}"
    turn.log(Did.DELAYS_OFF, words, resident=resident, room=turn.setting.room_of(resident), by=by)


def new_here(turn: Turn, resident: str) -> str:
    """Whether they moved in within the last fourteen days, in words; `""` where they did not."""
    known = turn.setting.residents.get(resident)
    since = date_of(known.since) if known and known.since else None
    if since is None or today(turn) - since > timedelta(days=NEW_DAYS):
        return ""
    return f"new here since {since.isoformat()}"


# -- agreements ---------------------------------------------------------------------------------------------------


def agreement_of(turn: Turn, rule: Rule) -> Agreement | None:
    """The agreement that a rule rests on: its own, else the plan's."""
    known = turn.setting.residents.get(rule.resident)
    return rule.agreement or (known.agreement if known else None)


def subject(rule: str, agreement: Agreement | None) -> str:
    """What is reviewed, with its date: the name of a rule, else the plan."""
    return f"{rule or 'plan'}@{agreement.review_by}" if agreement is not None else ""


def sensing(sense: str) -> str:
    """A sensing as `subject` names it; no rule is called so."""
    return f"senses/{sense}"


def sense_of(turn: Turn, device: str, kind: str) -> str:
    """The word of a plan for what a placed device says; `""` where it is none: a call is no sensing."""
    placed = turn.setting.registry.by_name(device)
    found = senses_of(kind, placed.purpose) if placed is not None else None
    return found.sense if found is not None else ""


def is_sensed(turn: Turn, resident: str | None, placed: Placed, kind: str) -> bool:
    """Whether this may be used of a resident: not what they have refused or withdrawn. A call always may."""
    known = turn.setting.residents.get(resident or "")
    found = senses_of(kind, placed.purpose)
    return known is None or found is None or known.senses.get(found.sense, "accepted") == "accepted"


def subjects(turn: Turn, resident: str) -> list[tuple[str, str]]:
    """Everything of a resident that has a date of review: in words and as `subject`."""
    known = turn.setting.residents.get(resident)
    if known is None:
        return []
    found = [("the plan", subject("", known.agreement))]
    found += [(rule.rule, subject(rule.rule, rule.agreement)) for rule in known.rules if rule.agreement is not None]
    found += [(f"sensing {name}", subject(sensing(name), own)) for name, own in known.sense_agreements.items()]
    return [row for row in dict.fromkeys(found) if not row[1].endswith("@") and row[1]]


def lapsed_of(turn: Turn, person: Person) -> list[str]:
    """What has lapsed and was not reviewed since: a new date makes another subject of it. What is not overdue today was
    so by a calendar that was wrong; today may be wrong too, where it lies before the agreement."""
    mine = [one for _, one in subjects(turn, person.resident) if one in person.lapsed]
    return [one for one in mine if is_overdue(turn, one) or today(turn) < _made(turn, person.resident)]


def is_overdue(turn: Turn, one: str) -> bool:
    """Whether the review of a `subject` is overdue beyond the home's grace."""
    due = date_of(one.rpartition("@")[2])
    return due is not None and (today(turn) - due).days > turn.setting.home.times.review_grace_days


def _made(turn: Turn, resident: str) -> date:
    """The day of the newest agreement of a resident: the calendar stood there once."""
    known = turn.setting.residents.get(resident)
    if known is None:
        return date.min
    every = [known.agreement, *(rule.agreement for rule in known.rules), *known.sense_agreements.values()]
    return max((date_of(one.on) or date.min for one in every if one is not None), default=date.min)


def today(turn: Turn) -> date:
    """The home's local date."""
    return turn.local().date()


def date_of(text: str) -> date | None:
    """A date as configuration has it, `YYYY-MM-DD`; None where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


# -- who has left or died -----------------------------------------------------------------------------------------


class Lived(Protocol):
    """A home, or what the screens show of one: who lives there, and which devices are whose."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def residents(self) -> tuple[Any, ...]:
        """Rows with `resident` and `room`."""
        ...

    @property
    def devices(self) -> tuple[Any, ...]:
        """Rows with `person` and `place`."""
        ...


AHome = TypeVar("AHome", bound=Lived)


def present(home: AHome, people: Iterable[Person]) -> AHome:
    """The home without those who have left or died: no name, no rule; their call points stay live and name the room.

    The one place that does it: everything else looks names, rules and devices up in what comes out of here.
    """
    gone = {person.resident for person in people if person.gone}
    rooms = {row.resident: row.room for row in home.residents if row.resident in gone}
    if not rooms:
        return home
    devices = tuple(
        replace(row, person=None, place=row.place or rooms[row.person]) if row.person in rooms else row
        for row in home.devices
    )
    return replace(home, residents=tuple(row for row in home.residents if row.resident not in rooms), devices=devices)

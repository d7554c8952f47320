"""The paper list of a shift: who lives where, how they call without Handrail, whom to phone, and what to do meanwhile.

It is for the hour in which no screen can be believed, so it is plain text that any printer takes: at most `WIDTH`
columns, A4 portrait. `sheet.html` beside it shows the same `Sheet` as a page. Nothing secret is in it: of a person's
channels it knows nothing, only the number that colleagues dial.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from textwrap import wrap

from rules.home import Carer, Home, Place, Resident, Role
from rules.plans import able
from rules.rota import is_on_rota
from rules.setting import Setting
from rules.state import OnShift
from rules.turn import LAST_MS, clock_of, plainly

WIDTH = 80
BOXES = 6
"""Rounds that fit beside each blind spot."""
ROLES = {Role.CARER: "carer", Role.NURSE: "nurse", Role.LEAD: "in charge", Role.MANAGER: "manager"}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WORDS = {
    "title": "Paper list",
    "use": "For when Handrail is down, or a screen says NOT LIVE. Good for one shift: print it anew for the next.",
    "printed": "Printed",
    "do": "When Handrail is down",
    "shift": "On shift",
    "managers": "Manager on call",
    "no_manager": "Nobody in staff.yaml is manager.",
    "others": "Others who have a number",
    "no_number": "no number in staff.yaml",
    "blind": "Blind spots: nobody can call from here without Handrail",
    "no_blind": "There is no blind spot: every place has a call point that works without Handrail.",
    "rounds": "Write the time of each round into a box.",
    "places": "Who lives where, and how they call",
    "blind_spot": "BLIND SPOT: nobody can call from here. Go and look.",
    "homeless": "No room is known of",
    "print": "Print",
    "back": "Back to the board",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """Somebody who may be phoned."""

    name: str
    role: str
    phone: str
    since: str = ""
    """When they signed on, in local time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """A resident, and what whoever goes there should know."""

    name: str
    matters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place, who lives there, and how somebody calls from it."""

    name: str
    people: tuple[Lives, ...]
    call_point: str
    is_blind: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Everything the paper says, in its order."""

    home: str
    printed: str
    """Date and time in the home's zone, as a person writes them."""
    notes: tuple[str, ...]
    """Where this comes from, where that is not the home's files as they are."""
    steps: tuple[str, ...]
    shift_from: str
    """How it is known who is on shift."""
    on_shift: tuple[Number, ...]
    managers: tuple[Number, ...]
    others: tuple[Number, ...]
    zones: tuple[tuple[str, tuple[Spot, ...]], ...]
    homeless: tuple[Lives, ...] = ()
    """Residents whose room is not known."""

    @property
    def blind(self) -> tuple[Spot, ...]:
        """The places from which nobody can call without Handrail."""
        return tuple(spot for _, spots in self.zones for spot in spots if spot.is_blind)


def sheet_of(
    home: Home,
    wall_ms: int,
    signed_on: Sequence[OnShift] | None = None,
    *,
    shift_wall_ms: int | None = None,
    notes: Iterable[str] = (),
) -> Sheet:
    """The paper list of a home, printed at `wall_ms` (Unix milliseconds).

    `signed_on` is who is on shift as the ledger has it; None where there is none to ask, and then, or where nobody is
    signed on, the rota says who should be there at `shift_wall_ms` (now, unless said).
    """
    setting = Setting(home)
    here = _local(setting, wall_ms)
    shift_from, on_shift = _on_shift(home, setting, signed_on, _local(setting, shift_wall_ms or wall_ms))
    managers = [_number(carer) for carer in home.staff if carer.role is Role.MANAGER]
    named = {number.name for number in (*on_shift, *managers)}
    others = [_number(carer) for carer in home.staff if carer.phone and carer.name not in named]
    zones = tuple(_zones(home))
    blind = sum(spot.is_blind for _, spots in zones for spot in spots)
    rooms = {place.place for place in home.places}
    return Sheet(
        home=home.name,
        printed=_moment(here),
        notes=tuple(notes),
        steps=tuple(_steps(home, blind)),
        shift_from=shift_from,
        on_shift=tuple(on_shift),
        managers=tuple(managers),
        others=tuple(others),
        zones=zones,
        homeless=tuple(_lives(one) for one in home.residents if one.room not in rooms),
    )


def _steps(home: Home, blind: int) -> Iterator[str]:
    every = plainly(home.times.round_s * 1000)
    yield "Tell each other, and phone the manager on call: pendants and sensors may reach nobody now."
    yield "Somebody stays within hearing of the nurse call, the bells and the telephone."
    yield "Look in on everybody once, now: somebody may have called and not been heard."
    if blind:
        spots = "the blind spot" if blind == 1 else f"the {blind} blind spots"
        yield f"Go round {spots} below at once, and again every {every}. Write the time of each round."
    yield "Write down who called, when, and what was done."
    yield "When the board is live again, look at it first: calls that waited are shown with their age."


def _on_shift(
    home: Home, setting: Setting, signed_on: Sequence[OnShift] | None, here: datetime
) -> tuple[str, list[Number]]:
    always = [carer for carer in home.staff if carer.always and carer.role is not Role.MANAGER]
    if signed_on:
        rows = sorted(signed_on, key=lambda row: (row.since_wall_ms, row.person))
        there = {row.person for row in rows}
        found = [_number(carer) for carer in always if carer.id not in there]
        return "signed on at the board", [*found, *(_signed(setting, row) for row in rows)]
    rota = [carer for carer in home.staff if carer.role is not Role.MANAGER and is_on_rota(carer, here)]
    found = [_number(carer) for carer in home.staff if carer in always or carer in rota]
    nobody = "nobody has signed on; " if signed_on is not None and not always else ""
    if found:
        where = f"from the rota at {_moment(here)}" if rota else "always on shift, as staff.yaml says"
        return nobody + where, found
    everybody = [_number(carer) for carer in home.staff if carer.role is not Role.MANAGER]
    return f"{nobody}nobody is on the rota: everybody is listed", everybody


def _signed(setting: Setting, row: OnShift) -> Number:
    since = clock_of(_local(setting, row.since_wall_ms))
    carer = setting.staff.get(row.person)
    if carer is None:
        typed = "".join(letter for letter in row.name if letter.isprintable())
        return Number(name=typed, role="agency", phone="", since=since)
    return Number(name=carer.name, role=ROLES[carer.role], phone=carer.phone, since=since)


def _number(carer: Carer) -> Number:
    return Number(name=carer.name, role=ROLES[carer.role], phone=carer.phone)


def _zones(home: Home) -> Iterator[tuple[str, tuple[Spot, ...]]]:
    """Places by zone, in the order of the files; those of a zone that is gone come last."""
    zones = {zone.zone: zone.name for zone in home.zones}
    for zone, name in zones.items():
        spots = tuple(_spot(home, place) for place in home.places if place.zone == zone)
        if spots:
            yield name, spots
    rest = tuple(_spot(home, place) for place in home.places if place.zone not in zones)
    if rest:
        yield "Elsewhere", rest


def _spot(home: Home, place: Place) -> Spot:
    people = tuple(_lives(one) for one in home.residents if one.room == place.place)
    return Spot(name=place.name, people=people, call_point=place.call_point, is_blind=place.is_blind_spot)


def _lives(resident: Resident) -> Lives:
    """What matters while nothing watches: how to go to this person, what Handrail would have told of, and the risk
    named with a delay."""
    watched = [f"{_what(rule.kind)} {rule.value}{_when(rule.during)}" for rule in resident.rules]
    risks = [rule.delay_agreed.risk for rule in resident.rules if rule.delay_agreed]
    known = able.for_sheet(resident.abilities)
    matters = [f"To know: {'; '.join(known)}"] if known else []
    matters += [f"Not watched now: {', '.join(dict.fromkeys(watched))}"] if watched else []
    matters += [f"Risk: {risk}" for risk in dict.fromkeys(risks)]
    return Lives(name=resident.known_as, matters=tuple(matters))


def _what(kind: str) -> str:
    return {"contact": "door"}.get(kind, kind.replace("_", " "))


def _when(during: tuple[str, str] | None) -> str:
    return f" {during[0]}-{during[1]}" if during else ""


def _local(setting: Setting, wall_ms: int) -> datetime:
    return datetime.fromtimestamp(min(max(0, wall_ms), LAST_MS) // 1000, UTC).astimezone(setting.timezone)


def _moment(here: datetime) -> str:
    return f"{DAYS[here.weekday()]} {here.day} {MONTHS[here.month - 1]} {here.year}, {clock_of(here)}"


# -- as text ------------------------------------------------------------------------------------------------------


def text_of(sheet: Sheet) -> str:
    """The sheet as plain text, no line longer than `WIDTH`."""
    return "\n".join(line.rstrip() for line in _lines(sheet)) + "\n"


def _lines(sheet: Sheet) -> Iterator[str]:
    yield from _wrapped(f"{sheet.home}: {WORDS['title'].lower()}")
    yield from _wrapped(f"{WORDS['printed']} {sheet.printed}. {WORDS['use']}")
    for note in sheet.notes:
        yield from _wrapped(f"! {note}", "  ")
    yield from _head(WORDS["do"])
    for number, step in enumerate(sheet.steps, 1):
        yield from _wrapped(f"[ ] {number}. {step}", " " * 7)
    yield from _head(WORDS["shift"], f" ({sheet.shift_from})")
    yield from _numbers(sheet.on_shift)
    yield from _head(WORDS["managers"])
    yield from _numbers(sheet.managers) if sheet.managers else [WORDS["no_manager"]]
    if sheet.others:
        yield from _head(WORDS["others"])
        yield from _numbers(sheet.others)
    yield from _rounds(sheet.blind)
    yield from _head(WORDS["places"])
    for zone, spots in sheet.zones:
        yield from ("", *_wrapped(zone))
        for spot in spots:
            yield from _of_spot(spot)
    if sheet.homeless:
        yield from _head(WORDS["homeless"])
        for one in sheet.homeless:
            yield from _columns(("[ ]", 3), (one.name, 24), ("; ".join(one.matters), 49))


def _rounds(blind: Sequence[Spot]) -> Iterator[str]:
    if not blind:
        yield from ("", *_wrapped(WORDS["no_blind"]))
        return
    yield from _head(WORDS["blind"])
    yield from (WORDS["rounds"], "")
    boxes = " ".join(["[     ]"] * BOXES)
    for spot in blind:
        who = ", ".join(one.name for one in spot.people)
        yield from _columns((f"{spot.name}{f': {who}' if who else ''}", WIDTH - len(boxes) - 1), (boxes, len(boxes)))


def _of_spot(spot: Spot) -> Iterator[str]:
    names = ", ".join(one.name for one in spot.people) or "-"
    yield from _columns(("[ ]", 3), (spot.name, 16), (names, 20), (how_of(spot), 38))
    for one in spot.people:
        whose = f"{one.name}. " if len(spot.people) > 1 else ""
        for fact in one.matters:
            yield from (f"    {line}" for line in _wrapped(f"{whose}{fact}", "  ", WIDTH - 4))


def how_of(spot: Spot) -> str:
    """How somebody calls from here without Handrail, in plain words."""
    if not spot.is_blind:
        return spot.call_point
    said = spot.call_point if spot.call_point.casefold() not in ("", "none") else ""
    return f"{WORDS['blind_spot']} ({said})" if said else WORDS["blind_spot"]


def _numbers(numbers: Sequence[Number]) -> Iterator[str]:
    for number in numbers:
        role = f"{number.role}, since {number.since}" if number.since else number.role
        yield from _columns(("[ ]", 3), (number.name, 26), (role, 24), (number.phone or WORDS["no_number"], 24))


def _head(words: str, more: str = "") -> Iterator[str]:
    yield ""
    yield from _wrapped(words.upper() + more)
    yield "-" * WIDTH


def _wrapped(words: str, then: str = "", width: int = WIDTH) -> list[str]:
    return wrap(words, width, subsequent_indent=then) or [""]


def _columns(*cells: tuple[str, int]) -> Iterator[str]:
    """Cells side by side, each within its width, over as many lines as the longest needs."""
    for row in zip_longest(*(wrap(words, width) or [""] for words, width in cells), fillvalue=""):
        yield " ".join(part.ljust(width) for part, (_, width) in zip(row, cells, strict=True))

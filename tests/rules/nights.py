"""A small home and nights written by hand, for tests of replay."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from devices.events import Event, Kind
from devices.registry import Placed, Purpose, Supervision
from rules.alerting.levels import Level
from rules.home import (
    Carer,
    DelayAgreed,
    Home,
    Otherwise,
    Place,
    PlaceKind,
    Resident,
    Rule,
    Say,
    Settles,
    Step,
    Wait,
    Zone,
)
from rules.inputs import Heard, Now
from rules.replay.past import Answer, Replay

MARGARET = frozenset({"margaret"})
BED, DOOR, PENDANT = "z/bed", "z/door", "z/pendant"
NOON_MS = int(datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp() * 1000)
Happening = tuple[str, str, str | bool]
"""A time of the night, `03:12` or `03:12:30`, a device, what it says."""


def up(*help_steps: Step, minutes: int, name: str = "up-at-night") -> Rule:
    """Margaret's rule: help so, then so many minutes to come back."""
    return Rule(
        rule=name,
        why="she walks alone",
        resident="margaret",
        place="012",
        device="bed",
        kind="bed",
        value="empty",
        during=("22:00", "07:00"),
        help=(*help_steps, Wait(seconds=minutes * 60)),
        settled_by=(Settles(device="bed", kind="bed", value="occupied"), Settles(ok=True)),
        otherwise=Otherwise(level=Level.CHECK, say="{who} has been up for {for}."),
        delay_agreed=DelayAgreed(risk="walks steadily", by="J. Shah", on="2026-03-01"),
    )


SAY = Say(text="Take your time.")


def home(*rules: Rule) -> Home:
    """Margaret's room, with these rules in her plan."""
    return Home(
        slug="elm-house",
        name="Elm House",
        timezone="UTC",
        zones=(Zone(zone="ground", name="Ground floor", screens=("board",)),),
        places=(Place(place="012", name="Room 12", kind=PlaceKind.BEDROOM, zone="ground"),),
        residents=(Resident(resident="margaret", known_as="Margaret", room="012", rules=rules),),
        staff=(Carer(id="ana", name="Ana", always=True),),
        devices=(
            Placed(device=BED, name="bed", place="012", purpose=Purpose.BED, supervision=Supervision.BATTERY_SENSOR),
            Placed(device=DOOR, name="door", place="012", purpose=Purpose.DOOR),
            Placed(device=PENDANT, name="pendant", person="margaret", purpose=Purpose.EMERGENCY),
        ),
    )


def at_ms(clock: str, day: int = 0) -> int:
    """The moment of a clock time in the night that begins at noon of 2 March, or so many days later."""
    hour, minute, *second = (int(part) for part in clock.split(":"))
    hours = hour - 12 if hour >= 12 else hour + 12
    return NOON_MS + ((day * 24 + hours) * 3600 + minute * 60 + (second[0] if second else 0)) * 1000


def event(device: str, value: str | bool) -> Event:
    """What that device says."""
    if device == PENDANT:
        return Event(device=device, kind=Kind.EMERGENCY, value=True, press=True)
    return Event(device=device, kind=Kind.BED if device == BED else Kind.CONTACT, value=value)


def replayed(
    old: Home,
    new: Home,
    happenings: Iterable[Happening],
    *,
    live: bool,
    day: int = 0,
    planted: bool = False,
    residents: frozenset[str] = MARGARET,
) -> Answer:
    """The answer for one night, from noon to noon; she is in bed from the evening on."""
    replay = Replay(old, new, residents, begin=Now(1_000, NOON_MS), count_from_ms=NOON_MS, with_planted=planted)
    for clock, device, value in (("21:00", BED, "occupied"), *happenings):
        wall_ms = at_ms(clock, day)
        now = Now(wall_ms - NOON_MS + 1_000, wall_ms)
        replay.take(Heard(event=event(device, value)), now, live=live)
        if wall_ms >= replay.coverage.from_ms:
            replay.coverage.hear(device, wall_ms)
    end_ms = NOON_MS + (day + 1) * 86_400_000
    return replay.finish(Now(end_ms - NOON_MS + 1_000, end_ms))

"""Who is reached: the people a rung means now, their channels, and the sounders of a zone.

First path is a mains-powered screen or sounder in the zone; the retained alert message is what screens live on, so
every alert reaches them. Here the second and third paths are found: people, and sounders that want a command.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.commands import Sound
from rules.alerting.levels import GROUPED, Ladder, Level, Who
from rules.home import Role
from rules.state import Alert
from rules.turn import Turn

SOUND_S = 20
"""How long a sounder sounds at each ring; the ladder rings again."""
SOUND_DROP_MS = 10_000
"""A sound that could not be started for so long is dropped: the next ring starts its own."""

WORDS = {
    Who.ZONE: "the carers of the zone",
    Who.SHIFT: "everybody on shift",
    Who.LEAD: "the person in charge",
    Who.MANAGER: "the manager on call",
}


@dataclass(frozen=True, slots=True)
class Reached:
    """The people a ladder means at a rung, and how they were found."""

    people: tuple[str, ...]
    how: str


def on_shift(turn: Turn) -> list[str]:
    """The people on shift now: who is always, then who signed on, in that order; a manager only after signing on."""
    always = [carer.id for carer in turn.setting.staff.values() if carer.always and carer.role is not Role.MANAGER]
    signed = sorted(turn.state.shift, key=lambda row: (row.since_wall_ms, row.person))
    return [*always, *(row.person for row in signed if row.person not in always)]


def up_to(turn: Turn, ladder: Ladder, rung: int, zone: str | None) -> Reached:
    """Everybody that the rungs up to this one mean now: who was told stays told, while they are on shift.

    Where a rung means nobody it means everybody on shift, and where nobody is, all staff.
    """
    shift = on_shift(turn)
    if not shift:
        people = tuple(turn.setting.staff)
        return Reached(people, "nobody is signed on: every handset and sounder")
    found: list[str] = []
    for lower in ladder.rungs[: rung + 1]:
        for group in lower.who:
            found += [person for person in _meant(turn, group, shift, zone) if person not in found]
    return Reached(tuple(found), ", ".join(WORDS[group] for group in ladder.rungs[rung].who))


def _meant(turn: Turn, group: Who, shift: list[str], zone: str | None) -> list[str]:
    staff = turn.setting.staff
    chosen = shift
    if group is Who.ZONE:
        chosen = [p for p in shift if p not in staff or not staff[p].zones or zone is None or zone in staff[p].zones]
    elif group is Who.LEAD:
        chosen = [p for p in shift if p in staff and staff[p].role in (Role.NURSE, Role.LEAD)]
    elif group is Who.MANAGER:
        chosen = [carer.id for carer in staff.values() if carer.role is Role.MANAGER]
    return chosen or shift


def ring(turn: Turn, alert: Alert, people: tuple[str, ...], *, sounders: bool = True) -> None:
    """Ring people's own channels and the sounders the alert rings, for its newest version."""
    for person in people:
        carer = turn.setting.staff.get(person)
        if carer and carer.channels:
            turn.tell(alert, person, 0)
            turn.arm("receipt", f"{alert.id}/{person}/0", turn.now.elapsed_ms + carer.channels[0].deadline_s * 1000)
    if not sounders:
        return
    for name in sounders_of(turn, alert):
        address = turn.setting.address_of(name)
        if address:
            command = Sound(device=address, duration_s=SOUND_S, level=alert.level)
            turn.carry(command, "an alert rings", SOUND_DROP_MS, alert=alert.id)


def hush(turn: Turn, alert: Alert) -> None:
    """Silence the sounders an alert rang, unless another one still rings there."""
    rang = sounders_of(turn, alert)
    if not rang:
        return
    others = [other for other in turn.open_alerts() if other.id != alert.id and not other.quiet]
    needed = {name for other in others for name in sounders_of(turn, other)}
    for name in rang:
        address = turn.setting.address_of(name)
        if address and name not in needed:
            turn.carry(Sound(device=address, duration_s=0), "nobody needs the sound any more", SOUND_DROP_MS)


def rings_now(turn: Turn, sounder: str) -> bool:
    """Whether an alert that nobody has taken sounds there."""
    return any(sounder in sounders_of(turn, alert) for alert in turn.open_alerts() if not alert.quiet)


def hush_for_fire(turn: Turn) -> None:
    """In a fire only emergencies may sound."""
    emergencies = [alert for alert in turn.open_alerts() if alert.level is Level.EMERGENCY and not alert.quiet]
    needed = {name for alert in emergencies for name in sounders_of(turn, alert)}
    every = dict.fromkeys(name for zone in turn.setting.zones.values() for name in zone.sounders)
    for name in every:
        address = turn.setting.address_of(name)
        if address and name not in needed:
            turn.carry(Sound(device=address, duration_s=0), "a fire alarm: only emergencies sound", SOUND_DROP_MS)


def sounders_of(turn: Turn, alert: Alert) -> list[str]:
    """The sounders this alert rings: of its zone, or of the house once it has climbed or its zone is not known."""
    zones = turn.setting.zones
    if not any(zone.sounders for zone in zones.values()):
        return []
    nobody = not on_shift(turn)
    if turn.meta.mode == "fire" and alert.level is not Level.EMERGENCY:
        return []
    if alert.level in GROUPED and not (nobody and alert.level is Level.CHECK):
        return []
    everywhere = alert.everybody or alert.rung > 0 or nobody or alert.zone not in zones or not alert.told
    chosen = [zone for zone in zones.values() if everywhere or zone.zone == alert.zone]
    return list(dict.fromkeys(name for zone in chosen for name in zone.sounders))


def names(turn: Turn, people: tuple[str, ...]) -> str:
    """People as their colleagues know them."""
    staff, shift = turn.setting.staff, turn.state.shift
    known = [staff[p].name if p in staff else (row.name if (row := shift.get(p)) else p) for p in people]
    return ", ".join(known) if known else "nobody"


def name(turn: Turn, person: str | None) -> str:
    """A person as their colleagues know them."""
    return names(turn, (person,) if person else ())

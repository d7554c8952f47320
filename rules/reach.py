"""Who is reached: the people a rung means now, their channels, and the sounders of a zone.

First path is a mains-powered screen or sounder in the zone; the retained alert message is what screens live on, so every
alert reaches them. Here the second and third paths are found: people, and sounders that want a command.
"""

from __future__ import annotations

from devices.commands import Sound
from rules.home import Role
from rules.levels import GROUPED, Who
from rules.state import Alert, AlertState
from rules.turn import Turn

SOUND_S = 20
"""How long a sounder sounds at each ring; the ladder rings again."""
SOUND_DROP_MS = 10_000
"""A sound that could not be started for so long is dropped: the next ring starts its own."""


def on_shift(turn: Turn) -> list[str]:
    """The people on shift now: who signed on, and who is always; a manager only after signing on."""
    always = [carer.id for carer in turn.setting.staff.values() if carer.always and carer.role is not Role.MANAGER]
    return [*always, *(row.person for row in turn.state.shift if row.person not in always)]


def whom(turn: Turn, who: tuple[Who, ...], zone: str | None) -> tuple[tuple[str, ...], str]:
    """The people a rung means now, and how that was found. Where it means nobody, everybody."""
    shift = on_shift(turn)
    staff = turn.setting.staff
    if not shift:
        people = tuple(carer.id for carer in staff.values())
        return people, "nobody is signed on: every handset and sounder"
    found: list[str] = []
    for group in who:
        if group is Who.ZONE:
            chosen = [p for p in shift if p not in staff or not staff[p].zones or zone is None or zone in staff[p].zones]
        elif group is Who.LEAD:
            chosen = [p for p in shift if p in staff and staff[p].role in (Role.NURSE, Role.LEAD)]
        elif group is Who.MANAGER:
            chosen = [carer.id for carer in staff.values() if carer.role is Role.MANAGER]
        else:
            chosen = shift
        found += [person for person in (chosen or shift) if person not in found]
    return tuple(found), ", ".join(WORDS[group] for group in who)


WORDS = {
    Who.ZONE: "the carers of the zone",
    Who.SHIFT: "everybody on shift",
    Who.LEAD: "the person in charge",
    Who.MANAGER: "the manager on call",
}


def ring(turn: Turn, alert: Alert, people: tuple[str, ...], *, everywhere: bool) -> None:
    """Ring people's own channels and the sounders of the zone (or of the house) for the newest version of an alert."""
    for person in people:
        carer = turn.setting.staff.get(person)
        if carer and carer.channels:
            turn.tell(alert, person, 0)
            turn.arm("receipt", f"{alert.id}/{person}/0", turn.now.elapsed_ms + carer.channels[0].deadline_s * 1000)
    if alert.level in GROUPED or (turn.meta.mode == "fire" and alert.level != "emergency"):
        return
    for zone in turn.setting.zones.values():
        if everywhere or alert.zone is None or zone.zone == alert.zone:
            for name in zone.sounders:
                address = turn.setting.address_of(name)
                if address:
                    command = Sound(device=address, duration_s=SOUND_S, level=alert.level)
                    turn.carry(command, "an alert rings", SOUND_DROP_MS, alert=alert.id)


def hush(turn: Turn, alert: Alert) -> None:
    """Silence the sounders an alert rang, unless another one still rings there."""
    for zone in turn.setting.zones.values():
        if not zone.sounders or (alert.zone and zone.zone != alert.zone and alert.rung == 0):
            continue
        if any(_rings_in(other, zone.zone) for other in turn.state.alerts if other.id != alert.id):
            continue
        for name in zone.sounders:
            address = turn.setting.address_of(name)
            if address:
                turn.carry(Sound(device=address, duration_s=0), "nobody needs the sound any more", SOUND_DROP_MS)


def _rings_in(alert: Alert, zone: str) -> bool:
    sounding = alert.state is AlertState.TOLD and not alert.quiet and alert.level not in GROUPED
    return sounding and (alert.zone is None or alert.zone == zone or alert.rung > 0)


def names(turn: Turn, people: tuple[str, ...]) -> str:
    """People as their colleagues know them."""
    staff, shift = turn.setting.staff, turn.state.shift
    known = [staff[p].name if p in staff else (row.name if (row := shift.get(p)) else p) for p in people]
    return ", ".join(known) if known else "nobody"

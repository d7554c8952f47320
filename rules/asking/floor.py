"""Staff and the house: who is on shift, devices that are not ours, fire mode."""

from __future__ import annotations

from dataclasses import replace

from rules.alerting import alerts, reach
from rules.effects import Did
from rules.hearing import walking
from rules.home import Role
from rules.inputs import Asked
from rules.rota import is_on_rota
from rules.state import OnShift, Stranger
from rules.turn import Turn

Said = tuple[bool, str]


def is_staff(turn: Turn, person: str) -> bool:
    """Whether this is somebody of the staff, or an agency carer who signed on."""
    return person in turn.setting.staff or person in turn.state.shift


def sign_on(turn: Turn, request: Asked) -> Said:
    """Who picked up a handset is on shift; an agency carer types a name. The rota only warns."""
    name = request.by.strip()
    if not name:
        return False, "say who signs on: by"
    carer = turn.setting.staff.get(name) or next(
        (row for row in turn.setting.staff.values() if row.name.casefold() == name.casefold()), None
    )
    person = carer.id if carer else name
    row = OnShift(
        person=person,
        name=carer.name if carer else name,
        role=(carer.role if carer else Role.CARER).value,
        since_wall_ms=turn.now.wall_ms,
        client=request.client,
        known=carer is not None,
    )
    turn.state.shift.put(person, row)
    warning = "" if carer is None or carer.always or is_on_rota(carer, turn.local()) else "; not on the rota now"
    turn.log(Did.SIGNED_ON, f"{row.name} signed on{warning}", by=person)
    alerts.tell_newcomer(turn, person)
    return True, f"{row.name} is on shift{warning}"


def sign_off(turn: Turn, request: Asked) -> Said:
    """Put the handset back; what this person has taken goes back to its ladder."""
    row = turn.state.shift.get(request.by)
    if row is None:
        return False, f"{request.by!r} is not signed on"
    turn.state.shift.drop(request.by)
    walking.left_by(turn, request.by)
    turn.log(Did.SIGNED_OFF, f"{row.name} signed off", by=request.by)
    alerts.leave_all(turn, request.by, f"{row.name} signed off")
    left = len(reach.on_shift(turn))
    return True, "signed off" if left else "signed off; nobody is on shift now: every handset and sounder will ring"


def not_ours(turn: Turn, request: Asked) -> Said:
    """A manager, or two of the staff, may mark a stranger's device not ours; it can be taken back."""
    if turn.setting.placed(request.device) or turn.setting.registry.by_name(request.device):
        return False, f"{request.device} is one of ours"
    if not is_staff(turn, request.by):
        return False, "say who: by"
    stranger = turn.state.strangers.get(request.device)
    if stranger is None:
        if request.device not in turn.state.devices:
            return False, f"{request.device!r} was never heard"
        stranger = Stranger(device=request.device, first_wall_ms=turn.now.wall_ms)
    marked = (*(person for person in stranger.marked_by if person != request.by), request.by)
    carer = turn.setting.staff.get(request.by)
    holds = stranger.not_ours or len(marked) >= 2 or (carer is not None and carer.role is Role.MANAGER)
    turn.state.strangers.put(request.device, replace(stranger, marked_by=marked, not_ours=holds))
    who = reach.names(turn, marked)
    turn.log(Did.NOT_OURS, f"{request.device}: marked not ours by {who}", device=request.device, by=request.by)
    return True, "it rings nobody any more" if holds else "one more of the staff, or a manager, has to say so too"


def ours(turn: Turn, request: Asked) -> Said:
    """Take the mark back: the device rings everybody again."""
    if not is_staff(turn, request.by):
        return False, "say who: by"
    stranger = turn.state.strangers.get(request.device)
    if stranger is None:
        return False, f"{request.device!r} was never heard"
    turn.state.strangers.put(request.device, replace(stranger, marked_by=(), not_ours=False))
    turn.log(Did.NOT_OURS, f"{request.device}: taken back, it rings again", device=request.device, by=request.by)
    return True, "it rings again"


def mode(turn: Turn, request: Asked) -> Said:
    """*fire* stops speech, reminders and non-emergency sound, nothing else; *normal* ends it."""
    if request.reason not in ("fire", "normal"):
        return False, "the mode is fire or normal"
    if request.reason == "fire":
        walking.interrupt(turn, "there is a fire alarm")
    turn.set_meta(replace(turn.meta, mode=request.reason))
    who = reach.name(turn, request.by) if request.by else request.client
    turn.log(Did.MODE_CHANGED, f"{who}: {request.reason}", by=request.by or None)
    if request.reason == "fire":
        reach.hush_for_fire(turn)
    for room in sorted({episode.rule.place for episode in turn.state.episodes if episode.said}):
        turn.show_room(room)
    return True, request.reason

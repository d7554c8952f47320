"""Presence: whether something showed that a carer was where the person is, and the reason where nothing did.

It is proved by any tag, call point or screen where the person is, not only the bedroom; if none works the attending
carer closes alone with a reason, listed for the manager next morning (DESIGN §5).
"""

from __future__ import annotations

from dataclasses import replace

from devices.events import Kind
from rules.alerting.levels import Level
from rules.inputs import Asked
from rules.state import Alert, AlertState, Missed
from rules.turn import Turn

ASKED_FOR = frozenset({Level.EMERGENCY, Level.URGENT, Level.CALL, Level.CHECK})
OF_A_DEVICE = frozenset({Kind.AVAILABILITY, Kind.BATTERY, Kind.TAMPER})
"""Kinds of alerts nobody has to stand beside a person for."""
SAY_WHY = "nothing shows that somebody was there: say why (reason), for example: no tag or screen here"
LISTED = "for the manager's list"


def is_asked_for(alert: Alert) -> bool:
    """Whether somebody has to stand beside a person to end this: not for a walk test, and not for a device's fault that
    nothing was added to."""
    return alert.test is None and alert.level in ASKED_FOR and (alert.kind not in OF_A_DEVICE or bool(alert.also))


def is_unshown(alert: Alert) -> bool:
    """Somebody should have been there, and nothing showed it: for the manager's list."""
    return is_asked_for(alert) and not alert.proved


def lacks_reason(alert: Alert) -> bool:
    """To be closed it needs a proof or a reason, and has neither yet."""
    return is_unshown(alert) and alert.unproved_reason is None


def shown_for(turn: Turn, request: Asked, alert: Alert) -> str | None:
    """What shows that the carer is where this alert is; None where nothing does.

    Where a pendant's wearer is, nobody knows: any place of the home will do for them, and is written down. What was
    missed while down is about several people: one place shows nothing for all of them.
    """
    if alert.missed:
        return None
    return _shown(turn, request, alert.place, alert.room)


def shown_for_missed(turn: Turn, request: Asked, row: Missed) -> str | None:
    """The same for one of those that were missed while down."""
    return _shown(turn, request, row.place, turn.setting.room_of(row.resident))


def _shown(turn: Turn, request: Asked, place: str | None, room: str | None) -> str | None:
    what, _, where = request.proof.partition(":")
    here = {place, room} if place is not None else None
    if what == "screen" and where in turn.setting.places:
        fits = here is None or where in here
        return f"shown by the screen of {turn.setting.place_name(where)}" if fits else None
    placed = turn.setting.registry.by_name(where) if what in ("device", "tag") else None
    if placed is None:
        return None
    return f"shown by {where}" if here is None or placed.place in here else None


def noted(alert: Alert, shown: str | None, reason: str) -> Alert:
    """The alert once something showed that somebody is there; else with the reason, the one given before where none
    is given now."""
    if shown:
        return replace(alert, proved=True, unproved_reason=None)
    return replace(alert, unproved_reason=reason.strip() or alert.unproved_reason) if is_unshown(alert) else alert


def at_attend(alert: Alert, shown: str | None) -> str:
    """What the log says of presence when somebody is there; empty where nobody asks."""
    if shown:
        return f"; {shown}"
    if not is_asked_for(alert):
        return ""
    if alert.proved:
        return "; presence was shown before"
    return f"; presence not shown, {LISTED} (reason: {alert.unproved_reason or 'none given yet'})"


def at_close(alert: Alert, shown: str | None) -> str:
    """What the log says of presence when somebody closes; empty where nobody asks, or where it was shown before."""
    if shown:
        return f"; {shown}"
    if not is_unshown(alert):
        return ""
    how = "presence was not shown" if alert.state is AlertState.ATTENDED else "closed without having attended"
    return f"; {how}, {LISTED} (reason: {alert.unproved_reason})"

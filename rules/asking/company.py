"""*I would like a chat*: a real call of the lowest level, with its own ladder, that no other alert swallows."""

from __future__ import annotations

from devices.events import Kind
from rules.alerting.levels import Level
from rules.alerting.raising import COMPANY, Found, raise_alert
from rules.asking.rooms import room_of
from rules.hearing import presses
from rules.inputs import Asked
from rules.turn import Turn


def company(turn: Turn, request: Asked) -> tuple[bool, str]:
    """The resident would like company. Asked again while it is open, it is the same wish, and is counted."""
    room = room_of(request)
    live = turn.setting.live_in.get(room, [])
    resident = live[0] if len(live) == 1 else request.resident
    if resident not in live:
        return False, f"nobody lives in {room!r}" if not live else "more than one person lives here: say who"
    for alert in turn.open_alerts():
        if alert.cause == COMPANY and alert.resident == resident:
            presses.press_again(turn, alert, None)
            return True, alert.id
    cause = Found(
        level=Level.REQUEST,
        kind=Kind.OTHER,
        cause=COMPANY,
        reason=f"{turn.setting.name_of(resident)} would like company, when somebody has time",
        resident=resident,
        place=room,
        device=f"call:{room}",
    )
    return True, raise_alert(turn, cause).id

"""A device told something by a person: who may, what it is for, and what must not be told now.

Staff on shift may, through the dashboards; a room's own screen may what hangs in that room. Nobody else. What the
device's ecosystem cannot is found where the request is read (`Asked.cannot`), because only there is known what the
device told about itself; it is kept with the request, so that the past folds alike.
"""

from __future__ import annotations

from devices.actuators import cannot_be_told, command_of, in_words
from devices.commands import Command, Lock, Say, Sound, Unlock
from devices.registry import Placed
from rules.alerting import reach
from rules.asking.rooms import ROOM
from rules.effects import Did
from rules.hearing import gateways, protection
from rules.home import PlaceKind
from rules.inputs import Asked
from rules.turn import Turn

Said = tuple[bool, str]

DROP_MS = 30_000
"""A light, blind or heating that could not be asked for within this is dropped: it would come as a surprise."""
AT_ONCE_DROP_MS = 10_000
"""A door, a sound and a word are wanted now or not at all."""
WAITED_MS = 5_000
"""What comes so soon after nobody could hear may have waited at the broker for hours: it is not carried out."""
AT_ONCE = (Lock, Unlock, Sound, Say)
NEVER_OF_A_ROOM = (Sound, Say)
"""What sounds or speaks is staff's to start: a room's screen has a voice of its own."""


def command(turn: Turn, request: Asked) -> Said:
    """Let a device do something, or say why not."""
    placed = turn.setting.registry.by_name(request.device)
    if placed is None:
        return False, f"there is no device {request.device!r}"
    words = request.command or _of_old(request)
    wish = command_of(placed.device, words)
    if isinstance(wish, str):
        return False, wish
    why = _who_may_not(turn, request, placed, wish) or cannot_be_told(placed, wish) or _not_now(turn, placed, wish)
    if why or request.cannot:
        return False, why or request.cannot
    who = reach.name(turn, request.by) if request.by else f"the screen of {_where(turn, placed)}"
    asked = f"{who} asked {placed.name} to {in_words(wish)}"
    turn.log(Did.COMMANDED, asked, device=placed.device, room=placed.place, by=request.by or None)
    turn.carry(wish, asked, AT_ONCE_DROP_MS if isinstance(wish, AT_ONCE) else DROP_MS)
    gone = protection.unheard(turn.state, placed, gateways.down(turn.state, turn.setting))
    return True, f"asked for; it may not hear it: {', '.join(gone)}" if gone else "asked for"


def _of_old(request: Asked) -> dict[str, str]:
    """*on* and *off* as `reason`, the short way to switch something."""
    return {"do": f"turn_{request.reason}"} if request.reason in ("on", "off") else {}


def _who_may_not(turn: Turn, request: Asked, placed: Placed, wish: Command) -> str:
    """Why whoever asks may not."""
    if not request.client.startswith(ROOM):
        if not request.by:
            return "say who: by"
        on_shift = request.by in reach.on_shift(turn)
        return "" if on_shift else f"{reach.name(turn, request.by)} is not on shift: sign on first"
    room = request.client.removeprefix(ROOM)
    if (placed.place or turn.setting.room_of(placed.person)) != room:
        return f"{placed.name} is not in {turn.setting.place_name(room)}"
    place = turn.setting.places.get(room)
    if isinstance(wish, (Lock, Unlock)) and (place is None or place.kind is PlaceKind.OUTSIDE_DOOR):
        return "an outside door is locked and unlocked by staff alone"
    return "a room's screen makes no sound elsewhere" if isinstance(wish, NEVER_OF_A_ROOM) else ""


def _where(turn: Turn, placed: Placed) -> str:
    return turn.setting.place_name(placed.place or turn.setting.room_of(placed.person))


def _not_now(turn: Turn, placed: Placed, wish: Command) -> str:
    """Why this must not be done now."""
    meta = turn.meta
    was_away = bool(meta.down_from_wall_ms)
    if not meta.linked or (was_away and turn.now.elapsed_ms - meta.linked_ms < WAITED_MS):
        return "the devices could not be reached a moment ago, and this may have waited since: ask again"
    if reach.rings_now(turn, placed.name):
        return f"an alert sounds on {placed.name}: it goes quiet when somebody takes the alert"
    if meta.mode == "fire" and isinstance(wish, (Lock, Sound, Say)):
        return "while there is a fire alarm no door is locked, and only emergencies sound"
    return ""

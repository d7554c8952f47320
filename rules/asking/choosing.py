"""The request of a resident who chooses: when to be woken, which music, blinds open or not."""

from __future__ import annotations

from dataclasses import replace

from rules.asking.rooms import ROOM, room_of
from rules.effects import Did
from rules.inputs import Asked
from rules.plans import watching
from rules.rows import Person
from rules.turn import Turn


def choose(turn: Turn, request: Asked) -> tuple[bool, str]:
    """The resident decides. The screen of a shared room is tied to nobody: it must say who."""
    room = room_of(request)
    live = turn.setting.live_in.get(room, [])
    name = live[0] if len(live) == 1 else request.resident
    if name not in live:
        return False, f"nobody lives in {room!r}" if not live else "more than one person lives here: say who"
    resident = turn.setting.residents[name]
    choice = next((one for one in resident.choices if one.choice == request.choice), None)
    if choice is None:
        return False, f"the plan of {resident.known_as} has no choice {request.choice!r}"
    if request.answer not in choice.of:
        return False, f"the plan allows: {', '.join(choice.of)}"
    person = turn.state.people.get(name) or Person(resident=name)
    turn.state.people.put(name, replace(person, choices={**person.choices, choice.choice: request.answer}))
    how = "on the room's screen" if request.client.startswith(ROOM) else f"through {request.by or request.client}"
    turn.log(Did.CHOSEN, f"{choice.choice}: {request.answer}, {how}", resident=name, room=room, by=request.by or None)
    turn.show_room(room)
    watching.chosen_anew(turn, name, choice.choice)
    return True, f"{choice.choice}: {request.answer}"

"""How words reach a person: spoken, shown, felt, or by a light, as their abilities are by day and by night (DESIGN §9).

Words stand on the room's screen in every case. Nothing is spoken at night unless whoever sleeps in the room asked for
it and has heard the words.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.registry import Placed, Purpose
from rules.plans.plan import Abilities
from rules.turn import Turn

FEW = frozenset({"reduced", "none"})
NOBODY = Abilities()


@dataclass(frozen=True, slots=True)
class Ways:
    """What is done with words beside showing them, and where something is not done, why."""

    speak: bool
    vibrate: bool
    light: bool
    why: str


def ways_to(turn: Turn, resident: str, place: str) -> Ways:
    """How words reach this resident in this place now."""
    times = turn.setting.home.times
    night = turn.is_within(times.night_from, times.night_to)
    known = turn.setting.residents.get(resident)
    has = known.abilities if known is not None else NOBODY
    hearing = has.hearing_night if night else has.hearing_day
    sight = has.sight_night if night else has.sight_day
    if night and hearing == "aided":
        hearing = "reduced"  # aids are out
    hears_badly = hearing in FEW
    why = "cannot hear" if hearing == "none" else ""
    if not why and night and not _all_asked(turn, resident, place):
        why = "nothing is spoken at night unless it was asked for and heard"
    return Ways(speak=not why, vibrate=hears_badly, light=hears_badly and sight != "none", why=why)


def _all_asked(turn: Turn, resident: str, place: str) -> bool:
    """Whether everybody who sleeps there asked to be spoken to at night, and has heard the words."""
    whose = {*turn.setting.live_in.get(place, ()), resident}
    people = [turn.setting.residents.get(name) for name in sorted(whose)]
    return all(person is not None and person.abilities.speech_at_night for person in people)


def placed_for(turn: Turn, purpose: Purpose, resident: str, place: str) -> Placed | None:
    """The device of this purpose that is the resident's own, else one that hangs in the place and is nobody's."""
    fitting = [row for row in turn.setting.home.devices if row.purpose is purpose]
    own = (row for row in fitting if row.person == resident and row.place in (None, place))
    return next(own, None) or next((row for row in fitting if row.place == place and row.person is None), None)

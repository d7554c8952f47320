"""How words reach a person: spoken, shown, felt, or by a light, as their abilities are by day and by night (DESIGN §9).

Words stand on the room's screen in every case. Nothing is spoken at night unless whoever sleeps in the room asked for
it and has heard the words.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.registry import Placed, Purpose
from rules.plans import able
from rules.plans.able import FEW
from rules.plans.plan import Abilities
from rules.turn import Turn

NOBODY = Abilities()
DIM_PCT, BRIGHT_PCT = 30, 100
"""A light that stands for words nobody hears: gentle; by day, for whoever sees badly, as bright as it can be."""


@dataclass(frozen=True, slots=True)
class Ways:
    """What is done with words beside showing them, and where something is not done, why."""

    speak: bool
    vibrate: bool
    light_pct: int
    """How bright a light that stands for them; 0: none."""
    say_shown: bool
    """What is only shown is said as well: the screen is not seen."""
    why: str


def ways_to(turn: Turn, resident: str, place: str) -> Ways:
    """How words reach this resident in this place now."""
    times = turn.setting.home.times
    night = turn.is_within(times.night_from, times.night_to)
    has = abilities_of(turn, resident)
    hearing, sight = able.hearing(has, night=night), able.sight(has, night=night)
    hears_badly = hearing in FEW
    why = "cannot hear" if hearing == "none" else ""
    if not why and night and not _all_asked(turn, resident, place):
        why = "nothing is spoken at night unless it was asked for and heard"
    light_pct = 0 if not hears_badly or sight == "none" else BRIGHT_PCT if sight in FEW and not night else DIM_PCT
    return Ways(speak=not why, vibrate=hears_badly, light_pct=light_pct, say_shown=sight in FEW, why=why)


def abilities_of(turn: Turn, resident: str) -> Abilities:
    """What a resident can do; of whom nothing is known, everything."""
    known = turn.setting.residents.get(resident)
    return known.abilities if known is not None else NOBODY


def worded(turn: Turn, resident: str, text: str) -> str:
    """Words as this person is given them: with the name first, where they may not know that they are meant."""
    name = turn.setting.name_of(resident)
    if not able.forgets(abilities_of(turn, resident)) or name.casefold() in text.casefold():
        return text
    return f"{name}. {text}"


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

"""What each ability of a person changes: in how help reaches them, and in what whoever goes to them should know.

One place for all of it, read by the machine, by the screens and by `explain`, so that what is signed is what is done.
No ability holds up a telling: it changes how words are given, and adds to what staff read.
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.plans.plan import Abilities, How

FEW = frozenset({"reduced", "none"})
NOTHING = frozenset({"", "nothing", "none"})
"""Words of `moves_with` that name no aid."""
SAID_AGAIN_S = 60
"""So long after they were given, words are given once more to whoever forgets."""
LINGERS_S = 1_800
"""The last words of a reminder stand so long for whoever forgets."""
_SPEECH = {
    "none": "does not speak: go in, do not call through the door",
    "reduced": "speaks with difficulty: go in, and give time for an answer",
    "aided": "speaks with an aid: see that it is within reach",
}
_HOW = {"none": "not at all", "reduced": "badly", "aided": "with an aid"}


# -- how help reaches them ----------------------------------------------------------------------------------------


def hearing(has: Abilities, *, night: bool) -> How:
    """How somebody hears now: by night an aid is out."""
    return _without_aid(has.hearing_night) if night else has.hearing_day


def sight(has: Abilities, *, night: bool) -> How:
    """How somebody sees now: by night glasses are off."""
    return _without_aid(has.sight_night) if night else has.sight_day


def _without_aid(how: How) -> How:
    return "reduced" if how == "aided" else how


def forgets(has: Abilities) -> bool:
    """Whether words begin with the name, come twice, and stay."""
    return has.memory != "full"


def wants_large(has: Abilities) -> bool:
    """Whether the screen of the room shows fewer and larger things to tap: for the hand, or for the eyes."""
    return has.grip != "full" or not FEW.isdisjoint((has.sight_day, has.sight_night))


# -- what staff should know ---------------------------------------------------------------------------------------


def moves_with(has: Abilities) -> str:
    """The aid somebody moves with: `wheelchair`; empty where there is none."""
    return "" if has.moves_with.casefold() in NOTHING else has.moves_with


def for_alert(name: str, has: Abilities) -> str:
    """What whoever is called to this person reads behind the reason: one short sentence, or nothing."""
    known = [said for said in (_SPEECH.get(has.speech, ""), _moves(has)) if said]
    return f"{name}: {'; '.join(known)}." if known else ""


def _moves(has: Abilities) -> str:
    return f"moves with: {moves_with(has)}" if moves_with(has) else ""


def for_sheet(has: Abilities) -> tuple[str, ...]:
    """The same and more for the paper list: whoever walks the round has nothing else."""
    said = [_SPEECH.get(has.speech, ""), _moves(has)]
    said += [_day_and_night("hears", has.hearing_day, _without_aid(has.hearing_night))]
    said += [_day_and_night("sees", has.sight_day, _without_aid(has.sight_night))]
    said += ["a weak hand: cannot be counted on to press or pull" if has.grip in FEW else ""]
    said += ["forgets: say who you are, one sentence at a time" if forgets(has) else ""]
    return tuple(one for one in said if one)


def _day_and_night(does: str, day: How, night: How) -> str:
    if day == night or (day == "full" and night == "full"):
        return f"{does} {_HOW[day]}" if day in _HOW else ""
    return f"{does} {_HOW.get(day, 'well')} by day, {_HOW.get(night, 'well')} at night"


# -- in words -----------------------------------------------------------------------------------------------------


def in_words(name: str, has: Abilities) -> Iterator[str]:
    """What the abilities change, each in one sentence, as `explain` says it."""
    hears = (has.hearing_day, _without_aid(has.hearing_night))
    if "none" in hears:
        yield f"Where {name} hears nothing, nothing is spoken: words are shown, felt on a pad, and a light comes on."
    if "reduced" in hears:
        yield "Where hearing is reduced, words are also felt on a pad, and a light comes on for them."
    sees = (has.sight_day, _without_aid(has.sight_night))
    if not FEW.isdisjoint(sees):
        yield f"Where {name} sees badly, what is shown is also said, and the screen shows larger things to tap."
    if has.speech != "full":
        yield f"Nothing asks {name} to speak: a question is answered by a tap, a button, or not at all."
    if has.grip != "full":
        yield "The screen shows larger answers, each one tap: nothing has to be held."
    if forgets(has):
        yield (
            f'Words begin with "{name}", are given once more after a minute while they still stand, and those of a '
            "reminder stay for half an hour, or until what they are about begins."
        )
    if known := for_alert(name, has):
        yield f'Whoever is called reads: "{known}" It stands on the paper list too.'

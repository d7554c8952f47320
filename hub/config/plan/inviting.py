"""Invitations that come from what a resident likes: one for each activity of the home that is about such a thing.

Only where the plan says `invitations: true`, and never beside a rule that the plan has for the activity itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.config.plan.context import Checking
from hub.config.plan.starting import invited_to
from rules.plans.help import AnswerTo, Ask
from rules.plans.plan import AtTime, Invited, Rule

BEFORE_S = 15 * 60
ANSWER_S = 15 * 60
YES, NO = "yes please", "not today"


def invitations_of(check: Checking, rules: Sequence[Rule]) -> Iterator[Rule]:
    """The rules that follow from `likes`, in the order of the home's activities."""
    if not check.plan.invitations:
        return
    asked = {rule.when.activity for rule in rules if isinstance(rule.when, AtTime)}
    names = {rule.rule for rule in rules}
    likes = [like.casefold() for like in check.plan.likes]
    for activity in check.house.activities.values():
        like = _liked(activity, likes)
        name = f"invited-{activity.activity}"
        start = invited_to(check, activity.activity, BEFORE_S, ("invitations",))
        if like is None or activity.activity in asked or name in names or start is None:
            continue
        place = check.house.places.get(activity.place, activity.place)
        question = f"{activity.name} begins at {activity.at} ({place}). Shall we keep you a place?"
        yield Rule(
            rule=name,
            why=f"{check.plan.known_as} likes {check.plan.likes[like]}.",
            resident=check.plan.resident,
            place=check.plan.room,
            device="",
            kind="",
            value="",
            when=start.when,
            help=(Ask(question=question, answers=(AnswerTo(answer=YES), AnswerTo(answer=NO)), within_s=ANSWER_S),),
        )


def _liked(activity: Invited, likes: Sequence[str]) -> int | None:
    """Which of the likes an activity is about: its own name, or a word of `about`."""
    about = {activity.name.casefold(), activity.activity.casefold(), *(word.casefold() for word in activity.about)}
    return next((number for number, like in enumerate(likes) if like in about), None)

"""The person of a plan: who agreed to it and how, what help reaches them, what they refused."""

from __future__ import annotations

from typing import Literal

from hub.config.plan.context import At, Checking
from hub.config.plan.forms import AbilitiesForm, AgreementForm, AssessedForm
from rules.plans.plan import Abilities, Agreement, Assessed, Authorisation, How

_BY: dict[str, Literal["resident", "attorney", "deputy", "best_interests"]] = {
    "resident": "resident",
    "attorney": "attorney",
    "deputy": "deputy",
    "best_interests": "best_interests",
}
_NEEDS: dict[str, dict[str, str]] = {
    "resident": {},
    "attorney": {"name": "who it is", "registration_seen": "the day on which the registration was seen"},
    "deputy": {"name": "who it is"},
    "best_interests": {
        "name": "who decided",
        "assessed": "the assessment of capacity for this decision: decision, by and on",
        "consulted": "the people who were consulted",
    },
}
"""What an agreement by somebody else than the resident must say."""
_HOW: dict[str, How] = {"full": "full", "aided": "aided", "reduced": "reduced", "none": "none"}


def agreement_of(check: Checking, form: AgreementForm | None, at: At) -> Agreement | None:
    """The agreement with all that it must say; what is missing is refused."""
    if form is None:
        return None
    for needed, what in _NEEDS[form.by].items():
        if not getattr(form, needed):
            check.no(at, f'"{needed}" is missing in an agreement by {_plain(form.by)}', f"{needed}: {what}")
    if form.review_by is not None and form.review_by <= form.on:
        check.no((*at, "review_by"), f"review_by {form.review_by} is not after {form.on}", "a later date")
    if form.assessed is not None and form.assessed.on > form.on:
        said = f"capacity was assessed on {form.assessed.on}, after it was decided"
        check.no((*at, "assessed", "on"), said, f"a date that is not after {form.on}")
    if form.registration_seen is not None and form.registration_seen > form.on:
        said = f"the registration was seen on {form.registration_seen}, after it was agreed to"
        check.no((*at, "registration_seen"), said, f"a date that is not after {form.on}")
    if form.review_by is None:
        check.warn(at, "nobody has said when this agreement is looked at again", "review_by: with a date")
    return Agreement(
        by=_BY[form.by],
        on=form.on,
        review_by=form.review_by or "",
        name=form.name or "",
        tried_first=form.tried_first or "",
        registration_seen=form.registration_seen or "",
        assessed=_assessed(form.assessed) if form.assessed else None,
        consulted=tuple(form.consulted),
        authorisation=Authorisation(reference=form.authorisation.reference, on=form.authorisation.on)
        if form.authorisation
        else None,
    )


def _assessed(form: AssessedForm) -> Assessed:
    test, version = (form.test.text, form.test.version) if form.test else ("", "")
    return Assessed(decision=form.decision, by=form.by, on=form.on, test=test, test_version=version)


def _plain(by: str) -> str:
    return {"attorney": "an attorney", "deputy": "a deputy", "best_interests": "best interests"}.get(by, by)


def abilities_of(form: AbilitiesForm) -> Abilities:
    """How help reaches the person. Speech at night takes a wish, and words that were heard by day."""
    return Abilities(
        hearing_day=_HOW[form.hearing[0]],
        hearing_night=_HOW[form.hearing[1]],
        sight_day=_HOW[form.sight[0]],
        sight_night=_HOW[form.sight[1]],
        speech=_HOW[form.speech],
        grip=_HOW[form.grip],
        memory=_HOW[form.memory],
        moves_with=form.moves_with or "",
        speech_at_night=form.speech_at_night is not None,
    )

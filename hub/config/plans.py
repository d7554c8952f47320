"""Residents' plans: each is read, checked and compiled alone, so that one that is wrong stops no other.

What the forms mean is in `plan/`, what people write is described in `PLANS.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from hub.config.complain import complaints
from hub.config.document import Document, read_document
from hub.config.files import ResidentFile
from hub.config.plan.able import warn_of_abilities
from hub.config.plan.choosing import choices_of
from hub.config.plan.compiling import rules_of
from hub.config.plan.context import Checking, House
from hub.config.plan.forms import OwnRuleForm
from hub.config.plan.inviting import invitations_of
from hub.config.plan.person import abilities_of, agreement_of
from hub.config.problems import ConfigurationRefused, Problem
from hub.ordinary import read_ordinary
from rules.home import Resident

SHADOW = ".shadow.yaml"
"""How the file of a plan ends that is tried beside the live one (`hub/replay/trial.py`): it holds for nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A resident's file as it was found: readable, or known by name alone."""

    resident: str
    known_as: str
    room: str
    document: Document | None = None
    plan: ResidentFile | None = None
    problems: tuple[Problem, ...] = ()


def written_plans(folder: Path) -> list[Written]:
    """Every live plan of `residents/`, in the order of their names; those that are only tried are left out."""
    found = sorted(
        path.name
        for path in (folder / "residents").glob("*.yaml")
        if not path.name.startswith(".") and not path.name.endswith(SHADOW)
    )
    return [_written(folder, name) for name in found]


def _written(folder: Path, name: str) -> Written:
    stem = name.removesuffix(".yaml").removesuffix(".shadow")
    try:
        document = read_document(folder, f"residents/{name}")
    except ConfigurationRefused as refused:
        known_as, room = _by_eye(folder / "residents" / name)
        return Written(resident=stem, known_as=known_as or stem, room=room, problems=refused.problems)
    try:
        plan = ResidentFile.model_validate(document.data)
    except ValidationError as error:
        data = document.data if isinstance(document.data, dict) else {}
        known_as, room = (value if isinstance(value := data.get(key), str) else "" for key in ("known_as", "room"))
        problems = tuple(complaints(error, document, ResidentFile))
        return Written(resident=stem, known_as=known_as or stem, room=room, document=document, problems=problems)
    problems = tuple(_misnamed(document, plan, name, stem))
    return Written(
        resident=stem, known_as=plan.known_as, room=plan.room, document=document, plan=plan, problems=problems
    )


def _misnamed(document: Document, plan: ResidentFile, name: str, stem: str) -> Iterator[Problem]:
    if plan.resident != stem:
        said = f'resident "{plan.resident}" in a file called {name}'
        yield document.problem(("resident",), said, f"{stem}, or a file called {plan.resident}.yaml")
    if plan.shadow is not name.endswith(SHADOW):
        said = "shadow: true in a live plan" if plan.shadow else "a plan beside the live one without shadow: true"
        at = ("shadow",) if plan.shadow else ()
        yield document.problem(at, said, f"shadow: true, in a file called {stem}{SHADOW}")


def _by_eye(path: Path) -> tuple[str, str]:
    """Name and room from a file that is no YAML: a line that says so is enough to keep the resident known."""
    try:
        text = read_ordinary(path, 65_536).decode("utf-8", "replace")
    except OSError:
        return "", ""
    found = (re.search(rf"^{key}:[ \t]*[\"']?([^\"'#\n]*)", text, re.MULTILINE) for key in ("known_as", "room"))
    known_as, room = (match[1].strip() if match else "" for match in found)
    return known_as, room


def compile_plan(written: Written, house: House) -> tuple[Resident, list[Problem], list[Problem]]:
    """The resident, what is wrong with the plan (then without rules), and what to be warned of."""
    bare = Resident(
        resident=written.resident,
        known_as=written.known_as,
        room=written.room if written.room in house.places else "",
        senses={name: form.says for name, form in written.plan.senses.items()} if written.plan is not None else {},
    )
    if written.problems or written.plan is None or written.document is None:
        return bare, list(written.problems), []
    check = Checking(written.document, written.plan, house)
    agreement = agreement_of(check, written.plan.agreement, ("agreement",))
    sensed = {
        name: agreed
        for name, form in written.plan.senses.items()
        if (agreed := agreement_of(check, form.agreement, ("senses", name, "agreement"))) is not None
    }
    choices = choices_of(check)
    rules = rules_of(check)
    rules += invitations_of(check, rules)
    _check_dates(check)
    if check.problems:
        return bare, sorted(check.problems, key=lambda problem: problem.line), []
    _warn_of_agreements(check)
    warn_of_abilities(check)
    plan = written.plan
    whole = replace(
        bare,
        rules=tuple(rules),
        abilities=abilities_of(plan.abilities),
        agreement=agreement,
        sense_agreements=sensed,
        goals=tuple(plan.goals),
        likes=tuple(plan.likes),
        since=plan.since or "",
        stays_until=plan.stays_until or "",
        choices=choices,
        snooze_s=plan.snooze,
        counts_leisure=plan.counts_leisure,
    )
    return whole, [], sorted(check.warnings, key=lambda problem: problem.line)


def compile_shadow(folder: Path, resident: str, house: House) -> tuple[Resident, list[Problem], list[Problem]] | None:
    """The plan that is tried beside a resident's live one, `residents/NAME.shadow.yaml`, with what is wrong with it
    and what to be warned of; None where there is none."""
    name = f"{resident}{SHADOW}"
    return compile_plan(_written(folder, name), house) if (folder / "residents" / name).is_file() else None


def _check_dates(check: Checking) -> None:
    plan = check.plan
    if plan.since is not None and plan.stays_until is not None and plan.stays_until < plan.since:
        said = f"stays_until {plan.stays_until} is before since {plan.since}"
        check.no(("stays_until",), said, "a date that is not earlier")


def _warn_of_agreements(check: Checking) -> None:
    """Rules of one's own that nobody has agreed to, and sensing of which a plan that lists them says nothing."""
    for number, form in enumerate(check.plan.rules):
        if isinstance(form, OwnRuleForm) and form.agreement is None and check.plan.agreement is None:
            check.warn(("rules", number), "nobody has agreed to this rule or to the plan", "agreement: with by and on")
            break
    for name in sorted(check.sensed_by):
        if check.plan.senses and name not in check.plan.senses:
            check.warn(("senses",), f"the plan senses {name}, of which senses says nothing", f"{name}: accepted")

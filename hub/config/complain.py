"""Turns what pydantic found into problems that a manager can read: the line, what is expected, the nearest name."""

from __future__ import annotations

from types import UnionType
from typing import Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from devices.registry import CALLS
from hub.config.document import Data, Document
from hub.config.form import settings_of
from hub.config.plan.forms import TAGS
from hub.config.problems import EVERY, Problem, nearest, one_of
from rules.alerting.levels import LEVEL_OF
from rules.plans.catalogue import CATALOGUE

_TYPES = {
    "list_type": "a list (lines that begin with -)",
    "dict_type": "settings (name: value)",
    "model_type": "settings (name: value)",
    "model_attributes_type": "settings (name: value)",
    "string_type": "some words",
    "too_short": "at least one",
}
_CALLS = frozenset({"pendant", "cord", "tag", *map(str, CALLS), *map(str, LEVEL_OF)})
"""What somebody may write who thinks of a call for help as of a sense."""


def complaints(error: ValidationError, document: Document, model: type[BaseModel]) -> list[Problem]:
    """Every problem of one file, in the order of its lines."""
    found = [_complaint(details, document, model) for details in error.errors(include_url=False)]
    return sorted(found, key=lambda problem: problem.line)


def _complaint(details: ErrorDetails, document: Document, model: type[BaseModel]) -> Problem:
    path, form, field = _walk(details["loc"], document.data, model)
    kind, context = details["type"], details.get("ctx", {})
    name = next((str(step) for step in reversed(path) if isinstance(step, str)), document.file)
    if kind == "extra_forbidden":
        if " " in name and _at(document.data, path) is None:
            said = f'"{name}" stands alone behind a comma'
            return document.problem(path, said, 'quotes around words that hold a comma, as in "…, …"')
        settings = list(settings_of(form)) if form else []
        if name in _CALLS and "bed" in settings:
            said = f'no rule may stand before "{name}": staff are told of it at once'
            return document.problem(path, said, one_of(settings, most=EVERY))
        return document.problem(
            path, f'unknown setting "{name}"', one_of(settings, most=EVERY), nearest(name, settings)
        )
    if kind == "missing":
        said = f" ({field.description.rstrip('.')})" if field and field.description else ""
        return document.problem(path[:-1], f'"{name}" is missing', name + said)
    written = _at(document.data, path)
    if kind.startswith("union_tag"):
        return _unknown_rule(document, path, written)
    if kind in ("enum", "literal_error"):
        names = [word.strip(" '") for word in str(context["expected"]).replace(" or ", ", ").split(",")]
        if details["loc"][-1] == "[key]":
            return document.problem(path, f'unknown setting "{name}"', one_of(names, most=EVERY), nearest(name, names))
        meant = nearest(written, names) if isinstance(written, str) else ""
        return document.problem(path, f"{name} cannot be {_shown(written)}", one_of(names, most=EVERY), meant)
    meant = str(context.get("meant", ""))
    return document.problem(
        path, f"{name} cannot be {_shown(written)}", _expected(kind, context, details["msg"]), meant
    )


def _expected(kind: str, context: dict[str, object], message: str) -> str:
    if kind == "handrail":
        return str(context["expected"])
    if kind == "greater_than_equal":
        return f"at least {context['ge']}"
    if kind == "less_than_equal":
        return f"at most {context['le']}"
    if kind == "string_too_long":
        return f"at most {context['max_length']} characters"
    return _TYPES.get(kind, message)


def _unknown_rule(document: Document, path: tuple[str | int, ...], written: Data) -> Problem:
    """A rule that is none of the catalogue, and starts by nothing."""
    names = list(CATALOGUE)
    expected = f"{one_of(names)}, or when: or activity: for a rule of one's own"
    name = written.get("rule") if isinstance(written, dict) else None
    if not isinstance(name, str):
        return document.problem(path, '"rule" is missing', expected)
    return document.problem((*path, "rule"), f'unknown rule "{name}"', expected, nearest(name, names))


def _walk(
    loc: tuple[str | int, ...], data: Data, model: type[BaseModel]
) -> tuple[tuple[str | int, ...], type[BaseModel] | None, FieldInfo | None]:
    """The place in the file (without pydantic's own marks), the form it belongs to, and its setting there."""
    path: list[str | int] = []
    forms: list[type[BaseModel]] = [model]
    form: type[BaseModel] | None = model
    field: FieldInfo | None = None
    here: Data = data
    for step in loc:
        if step == "[key]":
            continue
        if (
            isinstance(step, str)
            and step in TAGS
            and TAGS[step] in forms
            and not (isinstance(here, dict) and step in here)
        ):
            forms = [TAGS[step]]
            continue
        path.append(step)
        if isinstance(step, str) and isinstance(here, dict):
            form = forms[0] if forms else None
            field = settings_of(form).get(step) if form else None
            if field is not None:
                forms = _forms_in(field.annotation)
            here = here.get(step)
        elif isinstance(step, int) and isinstance(here, list) and step < len(here):
            here = here[step]
    return tuple(path), form, field


def _forms_in(annotation: object) -> list[type[BaseModel]]:
    """The forms that a setting may hold: itself, or inside its list, mapping or choice."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    origin = get_origin(annotation)
    if origin in (list, dict, Union, UnionType) or origin is not None:
        return [form for part in get_args(annotation) for form in _forms_in(part)]
    return []


def _at(data: Data, path: tuple[str | int, ...]) -> Data:
    here = data
    for step in path:
        if isinstance(here, dict) and isinstance(step, str):
            here = here.get(step)
        elif isinstance(here, list) and isinstance(step, int):
            here = here[step]
    return here


def _shown(written: Data) -> str:
    if written is None:
        return "empty"
    if isinstance(written, str):
        short = written if len(written) <= 40 else written[:39] + "…"
        return f'"{short}"' if short else "empty"
    if isinstance(written, dict) and len(written) == 1:
        ((key, value),) = written.items()
        if isinstance(value, str) and len(key) + len(value) <= 40:
            return f"{{{key}: {value}}}"
    return ("a list" if written else "an empty list") if isinstance(written, list) else "settings of its own"

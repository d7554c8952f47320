"""Turns what pydantic found into problems that a manager can read: the line, what is expected, the nearest name."""

from __future__ import annotations

from types import UnionType
from typing import Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from hub.config.document import Data, Document
from hub.config.files import settings_of
from hub.config.problems import Problem, nearest, one_of

_TYPES = {
    "list_type": "a list (lines that begin with -)",
    "dict_type": "settings (name: value)",
    "model_type": "settings (name: value)",
    "model_attributes_type": "settings (name: value)",
    "string_type": "some words",
    "too_short": "at least one",
}


def complaints(error: ValidationError, document: Document, model: type[BaseModel]) -> list[Problem]:
    """Every problem of one file, in the order of its lines."""
    found = [_complaint(details, document, model) for details in error.errors(include_url=False)]
    return sorted(found, key=lambda problem: problem.line)


def _complaint(details: ErrorDetails, document: Document, model: type[BaseModel]) -> Problem:
    path, form, field = _walk(details["loc"], document.data, model)
    kind, context = details["type"], details.get("ctx", {})
    name = next((str(step) for step in reversed(path) if isinstance(step, str)), document.file)
    if kind == "extra_forbidden":
        settings = list(settings_of(form)) if form else []
        return document.problem(path, f'unknown setting "{name}"', one_of(settings), nearest(name, settings))
    if kind == "missing":
        said = f" ({field.description.rstrip('.')})" if field and field.description else ""
        return document.problem(path[:-1], f'"{name}" is missing', name + said)
    written = _at(document.data, path)
    if kind.startswith("union_tag"):
        return _unknown_rule(document, path, context)
    if kind in ("enum", "literal_error"):
        names = [word.strip(" '") for word in str(context["expected"]).replace(" or ", ", ").split(",")]
        if details["loc"][-1] == "[key]":
            return document.problem(path, f'unknown setting "{name}"', one_of(names), nearest(name, names))
        meant = nearest(written, names) if isinstance(written, str) else ""
        return document.problem(path, f"{name} cannot be {_shown(written)}", one_of(names), meant)
    return document.problem(path, f"{name} cannot be {_shown(written)}", _expected(kind, context, details["msg"]))


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


def _unknown_rule(document: Document, path: tuple[str | int, ...], context: dict[str, object]) -> Problem:
    names = [word.strip(" '") for word in str(context.get("expected_tags", "left-open, out-of-bed")).split(",")]
    tag = context.get("tag")
    if tag is None:
        return document.problem(path, '"rule" is missing', one_of(names))
    return document.problem((*path, "rule"), f'unknown rule "{tag}"', one_of(names), nearest(str(tag), names))


def _walk(
    loc: tuple[str | int, ...], data: Data, model: type[BaseModel]
) -> tuple[tuple[str | int, ...], type[BaseModel] | None, FieldInfo | None]:
    """The place in the file (without pydantic's own marks), the form it belongs to, and its setting there."""
    path: list[str | int] = []
    forms: list[type[BaseModel]] = [model]
    form: type[BaseModel] | None = model
    field: FieldInfo | None = None
    here: Data = data
    for number, step in enumerate(loc):
        last = number == len(loc) - 1
        if step == "[key]":
            continue
        if isinstance(here, dict) and step not in here and not last and here.get("rule") == step:
            forms = [candidate for candidate in forms if step in get_args(candidate.model_fields["rule"].annotation)]
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
    return ("a list" if written else "an empty list") if isinstance(written, list) else "settings of its own"

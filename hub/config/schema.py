"""The JSON Schemas of a home's files, for editors that complete and check while somebody types."""

from __future__ import annotations

from pathlib import Path

import orjson

from hub.config.files import FILES
from hub.config.problems import HomeNotWritten

FOLDER = "schemas"
NAMES = {
    "home.yaml": "home.json",
    "devices.yaml": "devices.json",
    "staff.yaml": "staff.json",
    "residents/*.yaml": "resident.json",
}
"""The file of each schema, below `schemas/` of the home's folder; the first line of each of a home's files names it."""
_WORDS = {"ge": "minimum", "le": "maximum"}
"""What pydantic calls a bound of a number that it reads from text, and what the schema's own word is."""
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, object]]:
    """The schema of each file of a home, by the name of the file."""
    return {file: {"$schema": _DIALECT, **_as_written(form.model_json_schema())} for file, form in FILES.items()}


def schema_texts() -> dict[str, str]:
    """What stands in `schemas/`, by the path in the home's folder."""
    made = schemas()
    return {f"{FOLDER}/{NAMES[file]}": _text(schema) for file, schema in made.items()}


def write_schemas(folder: Path) -> list[Path]:
    """Write them into a home's folder anew; raises `HomeNotWritten` with one sentence where that cannot be."""
    written: list[Path] = []
    try:
        (folder / FOLDER).mkdir(exist_ok=True)
        for name, text in schema_texts().items():
            (folder / name).write_text(text, encoding="utf-8")
            written.append(folder / name)
    except OSError as error:
        raise HomeNotWritten(f"{error.filename or folder} cannot be written: {error.strerror}") from None
    return written


def _text(schema: dict[str, object]) -> str:
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2).decode() + "\n"


def _as_written(schema: dict[str, object]) -> dict[str, object]:
    """Without what a program makes of the words: an editor would offer 1200 where `20 min` is written."""
    return {
        _WORDS.get(key, key): value
        for key, value in ((key, _each(value)) for key, value in schema.items())
        if key != "default" or _is_written_so(value, schema)
    }


def _each(value: object) -> object:
    if isinstance(value, dict):
        return _as_written(value)
    return [_each(one) for one in value] if isinstance(value, list) else value


def _is_written_so(default: object, schema: dict[str, object]) -> bool:
    if isinstance(default, str | bool):
        return True
    return isinstance(default, int | float) and schema.get("type") in ("integer", "number")

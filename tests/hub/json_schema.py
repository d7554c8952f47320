"""Just enough of JSON Schema to hold our files against our schemas, as an editor does. Unknown words are an error."""

import re
from collections.abc import Iterator
from typing import Any

_SAYS_NOTHING = frozenset({"$schema", "$defs", "title", "description", "default", "examples"})
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def faults(schema: dict[str, Any], value: object) -> list[str]:
    """What an editor would underline, each with where."""
    return list(_faults(schema, schema, value, ""))


def _faults(root: dict[str, Any], schema: dict[str, Any], value: object, at: str) -> Iterator[str]:
    for word, asked in schema.items():
        if word in _SAYS_NOTHING:
            continue
        if word == "$ref":
            yield from _faults(root, root["$defs"][asked.removeprefix("#/$defs/")], value, at)
        elif word in ("anyOf", "oneOf"):
            tried = [list(_faults(root, one, value, at)) for one in asked]
            right = sum(not found for found in tried)
            if right == 0:
                nearest = sorted(tried, key=len)[0]
                yield f"{at}: none of {len(asked)}: {'; '.join(nearest)}"
            elif word == "oneOf" and right > 1:
                yield f"{at}: {right} of {len(asked)} fit"
        else:
            yield from _simple(root, word, asked, schema, value, at)


def _simple(
    root: dict[str, Any], word: str, asked: Any, schema: dict[str, Any], value: object, at: str
) -> Iterator[str]:
    settings = value if isinstance(value, dict) else {}
    if word == "type":
        if not isinstance(value, _TYPES[asked]) or (isinstance(value, bool) and asked != "boolean"):
            yield f"{at}: {value!r} is no {asked}"
    elif word in ("enum", "const"):
        if value not in (asked if word == "enum" else [asked]):
            yield f"{at}: {value!r} is not {asked}"
    elif word == "pattern":
        if isinstance(value, str) and not re.search(asked, value):
            yield f"{at}: {value!r} does not match {asked}"
    elif word == "properties":
        for name in settings:
            if name in asked:
                yield from _faults(root, asked[name], settings[name], f"{at}/{name}")
    elif word == "additionalProperties":
        for name in settings:
            if name not in schema.get("properties", {}):
                if asked is False:
                    yield f"{at}: unknown {name}"
                elif isinstance(asked, dict):
                    yield from _faults(root, asked, settings[name], f"{at}/{name}")
    elif word == "propertyNames":
        for name in settings:
            yield from _faults(root, asked, name, f"{at}/{name}")
    elif word == "required":
        yield from (f"{at}: {name} is missing" for name in asked if isinstance(value, dict) and name not in value)
    elif word == "items":
        for number, one in enumerate(value if isinstance(value, list) else ()):
            yield from _faults(root, asked, one, f"{at}/{number}")
    else:
        yield from _bounds(word, asked, value, at)


def _bounds(word: str, asked: Any, value: object, at: str) -> Iterator[str]:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    size = len(value) if isinstance(value, str | list | dict) else 0
    fits = {
        "minimum": lambda: not is_number or value >= asked,
        "maximum": lambda: not is_number or value <= asked,
        "minItems": lambda: not isinstance(value, list) or size >= asked,
        "maxItems": lambda: not isinstance(value, list) or size <= asked,
        "maxLength": lambda: not isinstance(value, str) or size <= asked,
        "minProperties": lambda: not isinstance(value, dict) or size >= asked,
        "maxProperties": lambda: not isinstance(value, dict) or size <= asked,
    }
    if word not in fits:
        yield f"{at}: the schema says {word}, which nobody here understands"
    elif not fits[word]():
        yield f"{at}: {value!r} breaks {word} {asked}"

"""Frozen records that are cheap to make, for those that are made with every event.

A frozen dataclass sets each field through `object.__setattr__`, because its own refuses; for eleven fields that is half
of what a step costs. `quick` gives such a class another `__init__`: it lets the new record be of a twin class for so
long, with the same slots and no refusal, and freezes it when all fields are set. What comes out is the same: frozen,
slotted, equal and hashed as before. A record of three or four fields gains nothing.

`replace` is that of `dataclasses`, which looks at each field by its name: it was a fifth of what opening an episode
costs. Of a quick record it copies the fields in one generated function; of any other dataclass it is the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, TypeVar

Record = TypeVar("Record")

COPIES: dict[type, Callable[..., Any]] = {}
"""By quick class: the function that copies one of its records with some fields changed."""

if TYPE_CHECKING:
    from dataclasses import replace  # the same name, so that types of fields are still checked
else:

    def replace(record: Record, /, **changes: object) -> Record:
        """A copy of a record with some fields changed; TypeError for a field it has not."""
        copy = COPIES.get(type(record))
        return dataclasses.replace(record, **changes) if copy is None else copy(record, **changes)


def quick(record: type[Record]) -> type[Record]:
    """A class decorator, to stand above `@dataclass(frozen=True, slots=True, kw_only=True)`."""
    known: dict[str, object] = {
        "becomes": object.__setattr__,
        "frozen": record,
        "open": type(record.__name__, (), {"__slots__": record.__slots__}),  # type: ignore[attr-defined]
        "make": object.__new__,
        "unsaid": object(),
    }
    takes, sets, copies = [], [], []
    for field in fields(record):  # type: ignore[arg-type]
        name, value = field.name, field.name
        if field.default_factory is not MISSING:
            known[f"make_{name}"] = field.default_factory
            takes.append(f"{name}=unsaid")
            value = f"make_{name}() if {name} is unsaid else {name}"
        elif field.default is not MISSING:
            known[f"default_{name}"] = field.default
            takes.append(f"{name}=default_{name}")
        else:
            takes.append(name)
        sets.append(f"    self.{name} = {value}\n")
        copies.append(f"    self.{name} = record.{name} if {name} is unsaid else {name}\n")
    exec(
        f"def __init__(self, *, {', '.join(takes)}):\n"
        f"    becomes(self, '__class__', open)\n{''.join(sets)}"
        f"    self.__class__ = frozen\n"
        f"def copy(record, /, *, {', '.join(f'{field.name}=unsaid' for field in fields(record))}):\n"  # type: ignore[arg-type]
        f"    self = make(open)\n{''.join(copies)}"
        f"    self.__class__ = frozen\n"
        f"    return self\n",
        known,
    )
    made = known["__init__"]
    made.__annotations__ = record.__init__.__annotations__
    made.__qualname__ = f"{record.__qualname__}.__init__"  # type: ignore[attr-defined]
    record.__init__ = made  # type: ignore[method-assign, assignment]
    COPIES[record] = known["copy"]  # type: ignore[assignment]
    return record


__all__ = ["quick", "replace"]

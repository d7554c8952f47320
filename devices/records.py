"""Frozen records that are cheap to make, for those that are made with every event.

A frozen dataclass sets each field through `object.__setattr__`, because its own refuses; for eleven fields that is half
of what a step costs. `quick` gives such a class another `__init__`: it lets the new record be of a twin class for so
long, with the same slots and no refusal, and freezes it when all fields are set. What comes out is the same: frozen,
slotted, equal and hashed as before. A record of three or four fields gains nothing.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TypeVar

Record = TypeVar("Record")


def quick(record: type[Record]) -> type[Record]:
    """A class decorator, to stand above `@dataclass(frozen=True, slots=True, kw_only=True)`."""
    known: dict[str, object] = {
        "becomes": object.__setattr__,
        "frozen": record,
        "open": type(record.__name__, (), {"__slots__": record.__slots__}),  # type: ignore[attr-defined]
        "unsaid": object(),
    }
    takes, sets = [], []
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
    exec(
        f"def __init__(self, *, {', '.join(takes)}):\n"
        f"    becomes(self, '__class__', open)\n{''.join(sets)}"
        f"    self.__class__ = frozen\n",
        known,
    )
    made = known["__init__"]
    made.__annotations__ = record.__init__.__annotations__
    made.__qualname__ = f"{record.__qualname__}.__init__"  # type: ignore[attr-defined]
    record.__init__ = made  # type: ignore[method-assign, assignment]
    return record

"""What is wrong with a configuration, said so that somebody who is not a programmer can mend it.

HandrailError
├── ConfigurationRefused   the home's files, all that is wrong in them at once
└── HomeNotWritten         `new` cannot write the folder it was asked for
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from hub.errors import HandrailError

_SHOWN = 12
EVERY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: where, what, what is expected there, and the nearest name that would be right."""

    file: str
    """Relative to the home's folder."""
    line: int = 0
    """Counted from 1; 0 where no line can be named."""
    what: str
    expected: str = ""
    nearest: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        expected = f"; expected {self.expected}" if self.expected else ""
        nearest = f'; did you mean "{self.nearest}"?' if self.nearest else ""
        return f"{where}: {self.what}{expected}{nearest}"

    def as_json(self) -> dict[str, str | int]:
        """The same for programs."""
        return {
            "file": self.file,
            "line": self.line,
            "what": self.what,
            "expected": self.expected,
            "nearest": self.nearest,
        }


class ConfigurationRefused(HandrailError):
    """`home.yaml`, `devices.yaml` or `staff.yaml` cannot be used as they are; `problems` says all that is wrong."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        first = str(self.problems[0]) if self.problems else "refused"
        more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
        super().__init__(first + more)


class HomeNotWritten(HandrailError):
    """A new home cannot be written there; one sentence says why and what to do."""


def one_of(names: Iterable[str], *, most: int = _SHOWN) -> str:
    """The names that would be right, as many as somebody wants to read; of the words of a language, all (`EVERY`)."""
    known = list(dict.fromkeys(names))
    if not known:
        return "one that exists (there is none yet)"
    if len(known) == 1:
        return known[0]
    if len(known) > most:
        return f"one of {', '.join(known[:most])}, … ({len(known)} in all)"
    return f"one of {', '.join(known)}"


def nearest(name: str, names: Iterable[str]) -> str:
    """The right name that was probably meant; empty where none is near."""
    lowered = {known.lower(): known for known in names}
    found = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else ""

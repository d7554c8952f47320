"""The words by which somebody is known, found in texts and taken out of them.

A word counts whole and as it is written: *Rose* is not in *Rosemary*, nor in *rose*. Longer names of others that hold
it stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import orjson

FORMER = "a former resident"
LEFT = "…"
"""What stands in place of words of their plan."""
MONTHS = frozenset({"Jan", "Apr", "May", "Jun", "August", "April", "June", "July"})
"""Names that are months too: `12 May` is a day."""


class Words:
    """Names and sentences of one person."""

    def __init__(self, names: Iterable[str], others: Iterable[str], sentences: Iterable[str] = ()) -> None:
        """`others` are names that are not theirs: one that is the same is nobody's, a longer one is left alone."""
        kept = {name for name in others if name}
        self.names = sorted({name for name in names if name and name not in kept})
        self.said = sorted({text for text in sentences if text})
        gone = {form for text in (*self.names, *self.said) for form in _forms(text)}
        self._gone = sorted(gone, key=len, reverse=True)
        self._sentences = {form for text in self.said for form in _forms(text)}
        self.forms = frozenset(gone)
        """All of them, in each form that a text may have them in."""
        self.name_forms = frozenset(form for text in self.names for form in _forms(text))
        self._bytes = sorted({form.encode(errors="replace") for form in gone})
        longer = {form for name in kept for form in _forms(name) if any(part in form for part in gone)}
        self._pattern = re.compile(
            "|".join(
                [
                    *(f"(?P<kept{number}>{_whole(name)})" for number, name in enumerate(sorted(longer, key=_long))),
                    f"(?P<gone>{'|'.join(_whole(text) for text in self._gone)})",
                ]
            )
            if self._gone
            else r"(?!)"
        )

    def are_in(self, text: str) -> bool:
        """Whether the text names the person or says a sentence of theirs."""
        if not any(word in text for word in self._gone):
            return False
        return any(found["gone"] is not None for found in self._pattern.finditer(text))

    def are_in_bytes(self, data: bytes) -> bool:
        """The same of bytes in any form; what cannot be read is looked through as it is."""
        return any(word in data for word in self._bytes) and self.are_in(data.decode(errors="replace"))

    def taken_out(self, text: str) -> str:
        """The text without them; the same text where they are not in it. JSON stays JSON."""
        if not any(word in text for word in self._gone):
            return text
        return self._pattern.sub(self._other, text)

    def _other(self, found: re.Match[str]) -> str:
        word = found["gone"]
        if word is None:
            return found[0]
        return LEFT if word in self._sentences else FORMER


def _forms(text: str) -> set[str]:
    """As it is, and as JSON writes it: with its quotes escaped, and in some programs with letters as numbers."""
    escaped = orjson.dumps(text).decode()[1:-1]
    numbered = "".join(letter if letter.isascii() else f"\\u{ord(letter):04x}" for letter in escaped)
    return {text, escaped, numbered}


def _whole(text: str) -> str:
    before = r"(?<!\w)" if text[0].isalnum() else ""
    behind = r"(?!\w)" if text[-1].isalnum() else ""
    day = r"(?<!\d )" if text in MONTHS else ""
    return f"{before}{day}{re.escape(text)}{behind}"


def _long(text: str) -> tuple[int, str]:
    return (-len(text), text)

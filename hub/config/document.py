"""YAML as a home's files use it: mappings, lists and words, each with the line it stands on.

A smaller language than YAML, on purpose. Aliases and anchors (with which a kilobyte becomes a gigabyte), tags, several
documents in one file and a name written twice are refused. Every value stays the text that was written; what it means
is decided by the setting it is written for, so that a room `012` stays a name and Norway's `no` is no falsehood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamStartEvent,
)

from hub.config.problems import ConfigurationRefused, Problem
from hub.ordinary import read_ordinary

LARGEST_BYTES = 1 << 20
_DEEPEST = 12
_BLANK = b"\0 \t\r\n\xef\xbb\xbf"
_UNFIT = re.compile("[\0-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})

Data = str | None | list["Data"] | dict[str, "Data"]


@dataclass(slots=True)
class Lines:
    """Where a value stands, and where each thing in it does."""

    line: int
    keys: dict[str, int] = field(default_factory=dict)
    inside: dict[str | int, Lines] = field(default_factory=dict)

    def of(self, path: Sequence[str | int]) -> int:
        """The line of the thing at this path, or of the nearest thing around it."""
        here, line = self, self.line
        for step in path:
            within = here.inside.get(step)
            if within is None:
                return line
            line = here.keys[step] if isinstance(step, str) else within.line
            here = within
        return line


@dataclass(frozen=True, slots=True)
class Document:
    """One file: what it says, and on which line."""

    file: str
    text: str
    data: Data
    lines: Lines

    def problem(self, path: Sequence[str | int], what: str, expected: str = "", nearest: str = "") -> Problem:
        """Something is wrong with the value at this path."""
        return Problem(file=self.file, line=self.lines.of(path), what=what, expected=expected, nearest=nearest)


def read_document(folder: Path, file: str) -> Document:
    """Read one file of the home; raises `ConfigurationRefused` with the line where it cannot be read."""
    try:
        raw = read_ordinary(folder / file, LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise _refused(file, 0, "does not exist", "a home folder as `handrail new` writes it") from None
    except OSError as error:
        raise _refused(file, 0, f"cannot be read ({error.strerror})", "a file this user may read") from None
    if not raw.strip(_BLANK):
        # A machine that lost its power leaves files of no length, or of nothing but zeros. None of them says "nothing".
        raise _refused(file, 0, "is empty", "what stood in it before: a power cut may have emptied it")
    return parse(raw, file)


def parse(raw: bytes, file: str) -> Document:
    """The same for bytes that are already here."""
    if len(raw) > LARGEST_BYTES:
        raise _refused(file, 0, "is too long", "at most 1 MiB")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _refused(file, line, "is not UTF-8 text", "a file saved as UTF-8") from None
    try:
        data, lines = _Reader(file, YAML(typ="safe", pure=True).parse(text)).whole()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(str(error.problem or error.context or "cannot be read").split())
        quotes = "quotes around words that hold braces, a comma or a colon" if "'{'" in said else ""
        raise _refused(file, mark.line + 1 if mark else 0, f"is not YAML here: {said}", quotes) from None
    except YAMLError as error:
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        raise _refused(file, line, "holds a character that no text should", "printable text") from None
    except ValueError:
        # The parser makes a character of any number that somebody writes after a backslash, and some numbers are none.
        raise _refused(file, 0, "names a character that does not exist", "the character itself") from None
    return Document(file=file, text=text, data=data, lines=lines)


def _refused(file: str, line: int, what: str, expected: str = "") -> ConfigurationRefused:
    return ConfigurationRefused([Problem(file=file, line=line, what=what, expected=expected)])


class _Reader:
    """Builds the values from the parser's events; depth is bounded, so that no file can exhaust the stack."""

    def __init__(self, file: str, events: Iterator[Event]) -> None:
        self._file = file
        self._events = events

    def whole(self) -> tuple[Data, Lines]:
        """The file's one document; an empty file is an empty mapping."""
        data: Data = {}
        lines = Lines(1)
        documents = 0
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._no(event, "begins a second document", "one document in a file")
                data, lines = self._value(self._next(), 0)
            elif isinstance(event, StreamStartEvent):
                continue
        return ({}, lines) if data is None else (data, lines)

    def _value(self, event: Event, depth: int) -> tuple[Data, Lines]:
        lines = Lines(event.start_mark.line + 1)
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise self._no(event, "uses an anchor or alias (& or *)", "the value written out")
        if tag := getattr(event, "tag", None):
            raise self._no(event, f"uses a tag ({tag})", "a plain value")
        if depth > _DEEPEST:
            raise self._no(event, "is nested too deeply", f"at most {_DEEPEST} levels")
        if isinstance(event, MappingStartEvent):
            return self._mapping(lines, depth), lines
        if isinstance(event, SequenceStartEvent):
            return self._list(lines, depth), lines
        if not isinstance(event, ScalarEvent):
            raise self._no(event, "is not YAML here")
        value = str(event.value)
        if _UNFIT.search(value):
            raise self._no(event, "holds a character that no text should", "printable text")
        return None if not event.style and value in _NOTHING else value, lines

    def _mapping(self, lines: Lines, depth: int) -> dict[str, Data]:
        made: dict[str, Data] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            key, where = self._value(event, depth + 1)
            if not isinstance(key, str):
                raise self._no(event, "has a name that is not a word", "name: value")
            if key in made:
                raise self._no(event, f'"{key}" is written twice (first on line {lines.keys[key]})', "it once")
            made[key], lines.inside[key] = self._value(self._next(), depth + 1)
            lines.keys[key] = where.line
        return made

    def _list(self, lines: Lines, depth: int) -> list[Data]:
        made: list[Data] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            value, lines.inside[len(made)] = self._value(event, depth + 1)
            made.append(value)
        return made

    def _next(self) -> Event:
        return next(self._events)

    def _no(self, event: Event, what: str, expected: str = "") -> ConfigurationRefused:
        return _refused(self._file, event.start_mark.line + 1, what, expected)

"""One more device in `devices.yaml`, with every comment, space and quote of the file as somebody wrote it.

The line is put into the text, in the manner of its neighbours; a file whose list is written otherwise (`devices: []`)
goes through ruamel.yaml, which keeps comments too. Either way the outcome is read again: it must say what the file said
before, and one device more.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq

from hub.config.document import Data, Document, parse
from hub.config.problems import ConfigurationRefused
from hub.errors import HandrailError
from rules.placing import as_line, quoted

_FLOW = re.compile(r"(\s*)-\s+\{")
_BLOCK = re.compile(r"(\s*)-(\s+)[A-Za-z_]+\s*:")
_NOTHING = re.compile(r"\s*(?:#.*)?")


class NotInserted(HandrailError):
    """The file's list is written in a way that one more line cannot be put into by a program."""


def with_device(document: Document, row: Mapping[str, str]) -> str:
    """The text of `devices.yaml` with this device behind those of its room, or at the end of the list."""
    for text in (_inserted(document, row), _rewritten(document, row)):
        if text is not None and _says_one_more(document, row, text):
            return text
    raise NotInserted(f"{document.file} is written in a way that no line can be put into; add this one: {as_line(row)}")


def _rows(data: Data) -> list[Data]:
    found = data.get("devices") if isinstance(data, dict) else None
    return found if isinstance(found, list) else []


def _says_one_more(document: Document, row: Mapping[str, str], text: str) -> bool:
    try:
        after = parse(text.encode(), document.file).data
    except ConfigurationRefused:
        return False
    before = _rows(document.data)
    new = [one for one in _rows(after) if one not in before]
    rest = [one for one in _rows(after) if one in before]
    others = (document.data, after)
    same = [{k: v for k, v in data.items() if k != "devices"} for data in others if isinstance(data, dict)]
    return new == [dict(row)] and rest == before and len(same) == 2 and same[0] == same[1]


def _inserted(document: Document, row: Mapping[str, str]) -> str | None:
    items = _rows(document.data)
    if not items:
        return None
    listed = document.lines.inside["devices"].inside
    behind = _neighbour(items, row)
    first = listed[behind].line - 1
    lines = document.text.splitlines(keepends=True)
    end = listed[behind + 1].line - 1 if behind + 1 < len(items) else len(lines)
    while end > first + 1 and _NOTHING.fullmatch(lines[end - 1].rstrip("\r\n")):
        end -= 1
    new = _in_the_manner_of(lines[first], row)
    if new is None:
        return None
    newline = "\r\n" if lines[first].endswith("\r\n") else "\n"
    if not lines[end - 1].endswith("\n"):
        lines[end - 1] += newline
    lines[end:end] = [line + newline for line in new]
    return "".join(lines)


def _neighbour(items: Sequence[Data], row: Mapping[str, str]) -> int:
    """The last device of the same room or person, else the last of all."""
    room = row["device"].rpartition("-")[0]
    best = len(items) - 1
    for number, item in enumerate(items):
        if not isinstance(item, dict):
            continue
        is_theirs = any(row.get(key) and item.get(key) == row[key] for key in ("place", "person"))
        if is_theirs or (room and str(item.get("device")).startswith(f"{room}-")):
            best = number
    return best


def _in_the_manner_of(line: str, row: Mapping[str, str]) -> list[str] | None:
    flow = _FLOW.match(line)
    if flow:
        return [flow[1] + as_line(row)]
    block = _BLOCK.match(line)
    if block is None:
        return None
    words = [f"{key}: {quoted(value)}" for key, value in row.items()]
    inner = " " * (len(block[1]) + 1 + len(block[2]))
    return [f"{block[1]}-{block[2]}{words[0]}", *(inner + word for word in words[1:])]


def _rewritten(document: Document, row: Mapping[str, str]) -> str | None:
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    data = yaml.load(document.text)
    rows = data.get("devices") if isinstance(data, dict) else None
    if not isinstance(rows, CommentedSeq):
        return None
    if not rows:
        # `[]` is written on one line; what comes into it is not.
        rows.fa.set_block_style()
    rows.append(yaml.load("{" + as_line(row)[3:]))
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue()

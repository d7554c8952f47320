"""Files that still name somebody: they are the home's own, so they are listed and not touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hub.forgetting.words import Words

MOST_BYTES = 64 * 2**20
"""What is larger is no file of a home; ledgers are not looked through."""
SECRETS = "secrets"
OURS = ("ledger.db", "hub.lock")


def naming(folder: Path, data: Path, resident: str, words: Words) -> list[str]:
    """Each file in the home's folder, and beside the ledger, that is called after them or says a name of theirs."""
    return sorted({said for root in (folder, data) for said in _in(root.absolute(), data.absolute(), resident, words)})


def _in(root: Path, data: Path, resident: str, words: Words) -> Iterator[str]:
    for path in root.rglob("*") if root.is_dir() else ():
        inside = path.relative_to(root)
        if SECRETS in inside.parts or not path.is_file() or _is_ledger(path, data):
            continue
        number = _line(path, words)
        if number:
            yield f"{path}:{number}"
        elif path.name.split(".")[0] == resident or words.are_in(path.name):
            yield str(path)


def _is_ledger(path: Path, data: Path) -> bool:
    return path.parent == data and path.name.startswith(OURS)


def _line(path: Path, words: Words) -> int:
    """The first line that names them; 0 where none does, or where the file cannot be read."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return 0
        text = path.read_bytes().decode(errors="replace")
    except OSError:
        return 0
    if not words.are_in(text):
        return 0
    return next((number for number, line in enumerate(text.splitlines(), 1) if words.are_in(line)), 1)

"""A file of a home, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from hub.errors import HandrailError


def write_whole(path: Path, before: str | None, text: str, error: type[HandrailError]) -> None:
    """Put a text in a file's place, also across a power cut; raises `error`, in one sentence, where it cannot.

    `before` is what the file said when it was read: what somebody else wrote meanwhile is not written over. None: there
    was no such file.
    """
    path = path.resolve()
    fresh = path.with_name(f".{path.name}.placing")
    try:
        now = path.read_bytes().decode("utf-8-sig", "replace") if path.exists() else None
        if now != before:
            raise error(f"{path.name} was changed while this was being written: try again")
        with fresh.open("w", encoding="utf-8", newline="") as file:
            if now is not None:
                os.fchmod(file.fileno(), path.stat().st_mode & 0o7777)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
        sync_folder(path.parent)
    except OSError as why:
        raise error(f"{why.filename or path} cannot be written: {why.strerror}; nothing was changed") from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()


def sync_folder(folder: Path) -> None:
    """What was renamed in it is on the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)

"""Notices that somebody saved a file of the home. It only says so; who listens reads the folder anew.

The ledger may be in the same folder and is written all day, so the folder is not watched as a tree: only its own files
and those of `residents/`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchfiles import Change

FILES = frozenset({"home.yaml", "devices.yaml", "staff.yaml"})
Stamps = tuple[tuple[str, int, int, int], ...]
"""Of each file of a home that is there: its name, when it was changed (ns), its length (bytes), which file it is."""


def stamps(folder: Path) -> Stamps:
    """What can be known of a home's files without reading them: two equal looks saw the same files. Never raises."""
    found: list[tuple[str, int, int, int]] = []
    for path in (*(folder / name for name in sorted(FILES)), *_plans(folder)):
        try:
            seen = path.stat()
        except OSError:
            continue
        found.append((str(path.relative_to(folder)), seen.st_mtime_ns, seen.st_size, seen.st_ino))
    return tuple(found)


def _plans(folder: Path) -> list[Path]:
    try:
        return sorted((folder / "residents").glob("*.yaml"))
    except OSError:
        return []


async def changes(
    folder: Path, stop: asyncio.Event | None = None, *, debounce_ms: int = 1600, step_ms: int = 200
) -> AsyncIterator[tuple[str, ...]]:
    """The names of the files that changed, once no more follow for `step_ms`, at most `debounce_ms` later.

    Ends when `stop` is set.
    """
    from watchfiles import awatch

    folder = _whole(folder)
    stop = stop or asyncio.Event()

    def ours(_: Change, path: str) -> bool:
        return _name(folder, Path(path)) is not None

    while not stop.is_set():
        paths = _watched(folder)
        watching = awatch(
            *paths, watch_filter=ours, debounce=debounce_ms, step=step_ms, stop_event=stop, recursive=False
        )
        async for changed in watching:
            names = {name for _, path in changed if (name := _name(folder, Path(path)))}
            yield tuple(sorted(names))
            if _watched(folder) != paths:
                break


def _whole(folder: Path) -> Path:
    """The folder as the system's own notices name it."""
    return folder.resolve()


def _watched(folder: Path) -> list[Path]:
    plans = folder / "residents"
    return [folder, plans] if plans.is_dir() else [folder]


def _name(folder: Path, path: Path) -> str | None:
    """The file as the home calls it; nothing for what is none of the configuration."""
    if path.parent == folder and (path.name in FILES or path.name == "residents"):
        return path.name
    if path.parent == folder / "residents" and path.suffix == ".yaml" and not path.name.startswith("."):
        return f"residents/{path.name}"
    return None

"""`handrail import`: a recorded log into the ledger, for replay alone."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from devices.events import Event
from hub.commands import BAD
from hub.commands.progress import progress
from hub.config.read import read_home
from hub.homes import LEDGER, named
from hub.ledger.imported import keep
from hub.priority import COMMANDS, give_way
from hub.replay.recorded import MOST_PROBLEMS, Reader, by_name_and_address

EVERY = 5_000
"""Rows between two looks at how far the reading is."""


def import_file(folder: Path, file: Path) -> int:
    """Keep the events of a file where nothing is wrong with it; 2 with each problem's line otherwise."""
    give_way(COMMANDS)
    return take_in(folder, file)


def take_in(folder: Path, file: Path) -> int:
    """The same, without giving way."""
    with named(folder):
        reading = read_home(folder)
    size = file.stat().st_size
    placed = by_name_and_address(reading.home.devices)
    first = Reader(file, placed)
    with progress("reading the file") as tell:
        whole = 0
        for _ in first.rows():
            whole += 1
            if whole % EVERY == 0:
                tell(first.read_bytes, size)
    if first.problems:
        return _refused(file, first)
    with progress("importing") as tell:
        again = Reader(file, placed)
        added, there = keep(reading.settings.data / LEDGER, _events(again), time.sleep, lambda done: tell(done, whole))
    sys.stdout.write(_said(file, added, there, first.ignored))
    return 0


def _refused(file: Path, reader: Reader) -> int:
    for problem in reader.problems:
        sys.stderr.write(f"handrail: {problem}\n")
    more = ", and there may be more" if len(reader.problems) >= MOST_PROBLEMS else ""
    many = "1 problem" if len(reader.problems) == 1 else f"{len(reader.problems)} problems"
    sys.stderr.write(f"handrail: nothing of {file} was imported: {many}{more}\n")
    return BAD


def _events(reader: Reader) -> Iterator[tuple[int, Event]]:
    for row in reader.rows():
        if row.event.value is not None:
            yield row.wall_ms, row.event


def _said(file: Path, added: int, there: int, ignored: tuple[str, ...]) -> str:
    if added:
        said = f"{added} events of {file} imported" + (f", {there} were there already" if there else "")
    elif there:
        said = f"nothing added: all {there} events of {file} were imported before"
    else:
        said = f"nothing added: {file} holds no event"
    unread = f"; not read: {', '.join(ignored)}" if ignored else ""
    return f"{said}{unread}\n"

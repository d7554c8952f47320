"""`handrail forget`: everything of one resident erased from what Handrail keeps, once they live here no more."""

from __future__ import annotations

import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import typer

from hub.clock import SystemClock
from hub.commands.progress import progress
from hub.config.problems import ConfigurationRefused
from hub.config.read import read_home
from hub.config.settings import HubSettings
from hub.errors import LedgerBusy
from hub.forgetting.anew import erase, look, who
from hub.forgetting.files import naming
from hub.forgetting.refusing import refusal, why_not
from hub.forgetting.series import Store, parts_of
from hub.forgetting.traces import NotForgotten, Traces
from hub.forgetting.words import Words
from hub.homes import Known, known
from hub.lock import Lock
from hub.priority import COMMANDS, give_way
from rules.home import Home

LOCK = "hub.lock"
SAYS = 1
"""Exit code of a look that found why it cannot be done now."""
KEPT = "kept: "
NOT_REACHED = (
    "backups of the ledger, exports, printed pages, and pages made by `replay --html`",
    "this machine's journal, the broker's own log, what gateways keep (names of devices), and phones that were told",
    "a copy of the home's folder on the watcher's machine",
    "what the disk still holds of files that were replaced, until it is written over",
)


def forget_resident(folder: Path, *, resident: str, by: str, yes: bool) -> int:
    """Show what would go; with `yes`, or the name typed at a terminal, erase it. 1 where it cannot be done now."""
    give_way(COMMANDS)
    home = known(folder)
    if yes:
        return _erase(folder, home, who(home.ledger, resident), by)
    with progress("looking through the ledger") as tell:
        traces, counts = look(home.ledger, resident, lambda stage, done, whole: tell(done, whole))
    _print(_shown(home, traces, counts))
    why = _why_not(folder, home, traces)
    if why:
        _print([f"  now:      it cannot be done: {why}"])
        return SAYS
    if not by or not sys.stdin.isatty():
        _print([f"  now:      nothing was erased; stop the hub, then: {_command(folder, traces, by)}"])
        return 0
    _confirm(traces)
    return _erase(folder, home, traces, by)


def _command(folder: Path, traces: Traces, by: str) -> str:
    return f"handrail forget {folder} --resident {traces.resident} --by {by or 'YOUR-NAME'} --yes"


def _confirm(traces: Traces) -> None:
    typed = typer.prompt(f"This cannot be taken back. To erase, type {traces.resident}", default="", show_default=False)
    if typed.strip() != traces.resident:
        raise NotForgotten("nothing was erased")


def _erase(folder: Path, home: Known, traces: Traces, by: str) -> int:
    lock = Lock(home.settings.data / LOCK)
    try:
        lock.acquire()
    except LedgerBusy as error:
        raise NotForgotten(f"nothing was erased: {error}; the watcher tells calls meanwhile") from None
    try:
        counts, said = _erased(folder, home, traces, by)
    finally:
        lock.release()
    _print(_done(home, traces, counts, said))
    return 0


def _erased(folder: Path, home: Known, traces: Traces, by: str) -> tuple[Counter[str], str]:
    refuse, said = refusal(folder, _files(folder), by), ""

    def before(store: sqlite3.Connection, now: Traces) -> None:
        nonlocal said
        refuse(store, now)
        said = _out_of_series(home.settings, now)

    wall_ms = SystemClock().wall_ms()
    with progress("writing the ledger anew") as tell:
        counts = erase(
            home.ledger,
            traces.resident,
            by=by,
            wall_ms=wall_ms,
            before=before,
            tell=lambda stage, done, whole: tell(done, whole),
        )
    return counts, said


def _out_of_series(settings: HubSettings, traces: Traces) -> str:
    if (named := settings.series) is None:
        return ""
    store = Store(url=named.url, org=named.org, bucket=named.bucket, token_file=named.token_file)
    return store.erase(parts_of(traces))


def _files(folder: Path) -> Home | None:
    """The home as its files say it now; None where they are refused: then what was accepted last counts alone."""
    try:
        return read_home(folder).home
    except ConfigurationRefused:
        return None


def _why_not(folder: Path, home: Known, traces: Traces) -> str:
    with closing(sqlite3.connect(f"{home.ledger.absolute().as_uri()}?mode=ro", uri=True)) as store:
        return why_not(folder, _files(folder), store, traces)


# -- said ---------------------------------------------------------------------------------------------------------


def _shown(home: Known, traces: Traces, counts: Counter[str]) -> Iterator[str]:
    names = ", ".join(traces.known_as)
    yield f"{traces.resident} ({names}), last in {traces.room}: what would be erased"
    yield from _table(counts)
    if home.settings.series is not None:
        where = home.settings.series.url
        yield f"  series:   what is labelled {traces.resident}, and what their devices said, at {where}"
    yield from _noted(home, traces)


def _done(home: Known, traces: Traces, counts: Counter[str], said: str) -> Iterator[str]:
    yield "erased"
    yield from _table(counts)
    if said:
        yield f"  series:   {said}"
    yield from _noted(home, traces)
    yield f"  next:     start the hub; handrail verify {home.settings.folder} begins with this moment"


def _table(counts: Counter[str]) -> Iterator[str]:
    for what, count in sorted(counts.items(), key=lambda item: (item[0].startswith(KEPT), item[0])):
        yield f"  {count:>9,} {what}"


def _noted(home: Known, traces: Traces) -> Iterator[str]:
    for name in traces.named_twice:
        yield f"  name:     somebody or something else is called {name} too: it stays in what is said of others"
    words = Words([traces.resident, *traces.words.names], [])
    for place in naming(home.settings.folder, home.settings.data, traces.resident, words):
        yield f"  yours:    {place} names them: remove it, or take the name out"
    for what in NOT_REACHED:
        yield f"  not here: {what}"


def _print(lines: Iterator[str] | list[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")

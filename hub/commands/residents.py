"""`handrail arrives`, `moves`, `has-left`, `has-died`: who lives here, in the files."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import typer

from hub.called import called
from hub.clock import SystemClock
from hub.config.read import read_home
from hub.config.staying import Done, NotDone, arrive, calls_of, leave, move
from hub.homes import named
from rules.setting import Setting


def arrives(folder: Path, name: str, *, room: str, known_as: str, until: str | None) -> int:
    """Somebody moves in, with calls alone: nothing is sensed, nothing waits."""
    with named(folder):
        here = Setting(read_home(folder).home).timezone
        today = datetime.fromtimestamp(SystemClock().wall_ms() / 1000, UTC).astimezone(here).date().isoformat()
        made = arrive(folder, name, room=room, known_as=" ".join(known_as.split()), since=today, until=until)
    _print(_arrived(folder, made, until))
    return 0


def _arrived(folder: Path, made: Done, until: str | None) -> Iterable[str]:
    who, room = made.resident, made.resident.room
    others = [row.known_as for row in made.reading.home.residents if row.room == room and row != who]
    shared = f", with {' and '.join(others)}" if others else ""
    yield f"{made.plan}: {who.known_as} lives in {room}{shared}; calls alone, nothing is sensed, nothing waits"
    calls = [row.name for row in calls_of(made.reading, who)]
    yield f"  calls:   {', '.join(calls)}" if calls else f"  calls:   nobody can call from {room} yet (warning)"
    yield f"  pendant: handrail devices {folder} place ADDRESS --room {room} --as pendant --person {who.resident}"
    yield f"  test:    handrail walk {folder} --device NAME, and see what the board shows"
    yield f"  plan:    talk it over with {who.known_as}; until somebody says *looked* at the board no delay is given"
    if any(one.known_as.casefold() == who.known_as.casefold() for one in made.reading.home.residents if one != who):
        yield f"  name:    somebody else is called {who.known_as} too: commands want {who.resident}, and so may people"
    if until:
        yield f"  stay:    until {until}; then: handrail has-left {folder} {who.resident}"


def moves(folder: Path, name: str, *, room: str) -> int:
    """Somebody moves to another room; what is theirs goes along, what is the room's stays."""
    with named(folder):
        made = move(folder, name, room=room)
    _print(_moved(made))
    return 0


def _moved(made: Done) -> Iterable[str]:
    who = made.resident
    theirs = [row.name for row in made.reading.home.devices if row.person == who.resident]
    yield f"{made.plan}: {who.known_as} lives in {who.room} now"
    yield f"  along:   {', '.join(theirs) or 'no device is theirs'}"
    yield f"  stay:    {', '.join(row.name for row in made.stay) or 'nothing'}"
    for rule, used in made.unfit.items():
        yield f"  change:  the rule {rule} uses {', '.join(used)}, which stays: write it anew in {made.plan} (warning)"
    if not calls_of(made.reading, who):
        yield f"  calls:   nobody can call from {who.room} yet (warning)"
    yield "  next:    carry the devices over, then set each off once by day, and see what the board shows"


def has_gone(folder: Path, name: str, *, how: str, yes: bool) -> int:
    """Somebody left or died: one confirmed action, after which nothing says the name; call points stay live."""
    with named(folder):
        who = called(name, read_home(folder).home.residents)
        if not yes:
            lives = f"{who.known_as} ({who.resident}, room {who.room})"
            _confirm(f"{lives} has {how}: end the plan, and let nothing say the name any more?")
        made = leave(folder, who.resident)
    _print(_left(folder, made, how))
    return 0


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise NotDone("say --yes: there is nobody to ask")
    if not typer.confirm(question):
        raise NotDone("nothing was changed")


def _left(folder: Path, made: Done, how: str) -> Iterable[str]:
    who = made.resident
    yield f"{who.known_as} has {how}: no name, no word, no reminder, no rule any more"
    yield f"  plan:    {made.plan}"
    live = [row.name for row in calls_of(made.reading, who)]
    yield f"  live:    {', '.join(live) or 'nothing'}; what is pressed names {who.room}"
    yield f"  next:    take what is put away out of {folder / 'devices.yaml'}"


def _print(lines: Iterable[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")

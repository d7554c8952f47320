"""Who lives here: somebody arrives, moves to another room, has left or died. Files are changed only as far as needed,
with every comment in its place, and only where the whole home is accepted with the change."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from devices.registry import CALLS, Placed
from hub.called import called
from hub.config.document import Data, Document, parse, read_document
from hub.config.problems import ConfigurationRefused, nearest, one_of
from hub.config.read import Reading, read_home
from hub.config.writing import sync_folder, write_whole
from hub.errors import HandrailError
from rules.home import Resident
from rules.placing import quoted

DEVICES = "devices.yaml"
FORMER = "former"
_IDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
PLAN = """\
# Calls alone for now: what {known_as} presses is told at once. Nothing is sensed, no rule, no delay, until the plan is
# talked over with {known_as} and written here.

resident: {resident}
known_as: {known_as_quoted}
room: {room}
since: {since}
"""


class NotDone(HandrailError):
    """Nothing was changed, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was written."""

    resident: Resident
    reading: Reading
    """The home as it is now."""
    along: tuple[Placed, ...] = ()
    """Devices of the person that go along; of somebody who left, those that are the room's now."""
    stay: tuple[Placed, ...] = ()
    """Devices of the room they leave."""
    unfit: Mapping[str, tuple[str, ...]]
    """By rule: what it uses that stays behind."""
    plan: Path


# -- the three of them --------------------------------------------------------------------------------------------


def arrive(folder: Path, name: str, *, room: str, known_as: str, since: str, until: str | None) -> Done:
    """Write a plan that has calls alone; raises `NotDone`."""
    folder = folder.absolute()
    before = read_home(folder)
    if not _IDENT.fullmatch(name):
        better = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "mrs-bell"
        raise NotDone(f'"{name}" cannot be a short name: try {better}, with --known-as "{name}"')
    _known_room(before, room)
    file = f"residents/{name}.yaml"
    if (folder / file).exists():
        raise NotDone(f"{file} is there already: {name} lives here")
    known_as = known_as or name.replace("-", " ").title()
    text = PLAN.format(
        resident=quoted(name), known_as=known_as, known_as_quoted=quoted(known_as), room=quoted(room), since=since
    )
    text += f"stays_until: {until}\n" if until else ""
    after = _tried(folder, before, {file: text})
    write_whole(folder / file, None, text, NotDone)
    return Done(resident=called(name, after.home.residents), reading=after, plan=folder / file, unfit={})


def move(folder: Path, name: str, *, room: str) -> Done:
    """Let somebody live in another room: devices of the person go along, those of the room stay; raises `NotDone`."""
    folder = folder.absolute()
    before = read_home(folder)
    resident = called(name, before.home.residents)
    _known_room(before, room)
    name, old = resident.resident, resident.room
    file = f"residents/{name}.yaml"
    if room == old:
        raise NotDone(f"{resident.known_as} lives in {room} already")
    plan, devices = read_document(folder, file), read_document(folder, DEVICES)
    along = tuple(row for row in before.home.devices if row.person == name and row.place == old)

    def elsewhere(row: CommentedMap) -> None:
        if str(row.get("person")) == name and str(row.get("place")) == old:
            row["place"] = _scalar(room)

    changes = {file: _changed(plan, lambda data: data.update(room=_scalar(room)), room_of=room)}
    if along:
        changes[DEVICES] = _changed(devices, lambda data: _each(data, elsewhere), along=along, place=room)
    after = _tried(folder, before, changes)
    for written, document in ((DEVICES, devices), (file, plan)):
        if written in changes:
            write_whole(folder / written, document.text, changes[written], NotDone)
    stay = tuple(row for row in after.home.devices if row.place == old and row.person is None)
    moved = called(name, after.home.residents)
    return Done(resident=moved, reading=after, along=along, stay=stay, unfit=_uses(moved, stay), plan=folder / file)


def leave(folder: Path, name: str) -> Done:
    """End a plan: it goes to `residents/former/`, and what they called with is the room's; raises `NotDone`."""
    folder = folder.absolute()
    before = read_home(folder)
    resident = called(name, before.home.residents)
    name = resident.resident
    devices = read_document(folder, DEVICES)
    theirs = tuple(row for row in before.home.devices if row.person == name)

    def unbound(row: CommentedMap) -> None:
        if str(row.get("person")) == name:
            del row["person"]
            if row.get("place") is None:
                row["place"] = _scalar(resident.room)

    changes: dict[str, str | None] = {f"residents/{name}.yaml": None, f"residents/{name}.shadow.yaml": None}
    text = _changed(devices, lambda data: _each(data, unbound), along=theirs, place=resident.room) if theirs else ""
    if text:
        changes[DEVICES] = text
    after = _tried(folder, before, changes)
    if text:
        write_whole(folder / DEVICES, devices.text, text, NotDone)
    try:
        kept = _put_away(folder / "residents", name)
    except OSError as why:
        raise NotDone(f"residents/{name}.yaml cannot be put away: {why.strerror}; move it by hand") from None
    return Done(resident=resident, reading=after, along=theirs, plan=kept, unfit={})


def calls_of(reading: Reading, resident: Resident) -> list[Placed]:
    """What somebody can call with: their own, and what hangs in their room."""
    mine = (resident.resident, resident.room)
    return [
        row for row in reading.home.devices if row.purpose in CALLS and (row.person == mine[0] or row.place == mine[1])
    ]


# -- looked up ----------------------------------------------------------------------------------------------------


def _known_room(reading: Reading, room: str) -> None:
    places = [place.place for place in reading.home.places]
    if room not in places:
        meant = nearest(room, places)
        hint = f'; did you mean "{meant}"?' if meant else ""
        raise NotDone(f'unknown place "{room}"; expected {one_of(places)}{hint}')


def _uses(resident: Resident, stay: tuple[Placed, ...]) -> dict[str, tuple[str, ...]]:
    """The rules that name a device which stays in the room they left."""
    names = {row.name for row in stay}
    found = {rule.rule: tuple(sorted(names & set(_words_in(asdict(rule))))) for rule in resident.rules}
    return {rule: used for rule, used in found.items() if used}


def _words_in(data: object) -> list[str]:
    if isinstance(data, str):
        return [data]
    rows = data.values() if isinstance(data, dict) else data if isinstance(data, list | tuple) else ()
    return [word for row in rows for word in _words_in(row)]


# -- files --------------------------------------------------------------------------------------------------------


def _scalar(word: str) -> object:
    """A word as ruamel.yaml writes it: in quotes where a reader might take it for something else."""
    return _yaml("").load(quoted(word))


def _yaml(text: str) -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 4096
    if re.search(r"^- ", text, re.MULTILINE):
        yaml.indent(mapping=2, sequence=2, offset=0)
    else:
        yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _each(data: CommentedMap, change: Callable[[CommentedMap], None]) -> None:
    for row in data["devices"]:
        change(row)


def _changed(
    document: Document,
    change: Callable[[CommentedMap], object],
    *,
    room_of: str = "",
    along: tuple[Placed, ...] = (),
    place: str = "",
) -> str:
    """The file's text with one change, read again: it says what it said, but for that."""
    yaml = _yaml(document.text)
    data = yaml.load(document.text)
    change(data)
    out = io.StringIO()
    yaml.dump(data, out)
    text = out.getvalue()
    was, now = document.data, parse(text.encode(), document.file).data
    if isinstance(was, dict) and isinstance(now, dict):
        if room_of and {**was, "room": room_of} == now:
            return text
        names = {row.name for row in along}
        if not room_of and _rows(was, names) == _rows(now, names) and _placed(now, names, place):
            return text
    raise NotDone(f"{document.file} is written in a way that a program cannot change; nothing was changed")


def _rows(data: dict[str, Data], names: set[str]) -> object:
    """What has to be the same: everything but whose and where these devices are."""
    rows = data.get("devices")
    kept = [
        {key: value for key, value in row.items() if key not in ("person", "place") or row.get("device") not in names}
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict)
    ]
    return {**data, "devices": kept}


def _placed(data: dict[str, Data], names: set[str], place: str) -> bool:
    rows = data.get("devices")
    mine = [row for row in (rows if isinstance(rows, list) else []) if isinstance(row, dict) and row["device"] in names]
    return len(mine) == len(names) and all(row.get("place") for row in mine) and bool(place)


def _tried(folder: Path, before: Reading, changes: Mapping[str, str | None]) -> Reading:
    """The home as it would be read, from a folder beside; raises `NotDone` where it would not be accepted."""
    with tempfile.TemporaryDirectory(prefix="handrail-") as name:
        trial = Path(name)
        for entry in folder.iterdir():
            if entry.name not in ("residents", *changes):
                (trial / entry.name).symlink_to(entry)
        (trial / "residents").mkdir()
        for entry in (folder / "residents").iterdir():
            if f"residents/{entry.name}" not in changes:
                (trial / "residents" / entry.name).symlink_to(entry)
        for file, text in changes.items():
            if text is not None:
                (trial / file).write_text(text, encoding="utf-8", newline="")
        try:
            after = read_home(trial)
        except ConfigurationRefused as refused:
            raise NotDone(f"with it the home would be refused: {refused.problems[0]}; nothing was changed") from None
    known = {problem.file for problem in before.refused_plans}
    new = [problem for problem in after.refused_plans if problem.file not in known or problem.file in changes]
    if new:
        raise NotDone(f"with it a plan would be refused: {new[0]}; nothing was changed")
    return after


def _put_away(residents: Path, name: str) -> Path:
    """The plan to `former/`, beside earlier ones of the same name; what is put away is read no more."""
    former = residents / FORMER
    former.mkdir(exist_ok=True)
    number = 1
    while (kept := former / (f"{name}.yaml" if number == 1 else f"{name}-{number}.yaml")).exists():
        number += 1
    shadow = residents / f"{name}.shadow.yaml"
    if shadow.exists():
        shadow.rename(kept.with_suffix(".shadow.yaml"))
    (residents / f"{name}.yaml").rename(kept)
    sync_folder(former)
    sync_folder(residents)
    return kept

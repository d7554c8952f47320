"""Placing a device: a line more in `devices.yaml`, written only where the whole home is accepted with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devices.adapter import Description
from devices.part_commands import alone, wrong_part
from devices.purposes import TAKES, cannot_be
from devices.registry import Purpose
from hub.config.document import Document, parse, read_document
from hub.config.inserting import with_device
from hub.config.problems import ConfigurationRefused, Problem, nearest, one_of
from hub.config.read import Reading, read_home
from hub.config.writing import write_whole
from hub.errors import HandrailError
from rules.home import Home, PlaceKind

FILE = "devices.yaml"
WORDS: Mapping[str, Purpose] = {
    "pendant": Purpose.EMERGENCY,
    "cord": Purpose.EMERGENCY,
    "call-button": Purpose.CALL,
    "mat": Purpose.BED,
    "tag": Purpose.PRESENCE_TAG,
}
"""What people call a device, besides the words of `for:`."""
WORN = frozenset({"pendant", "tag"})
"""These go where their wearer goes: they belong to a person and to no place."""


class NotPlaced(HandrailError):
    """A device is not placed, and why; `devices.yaml` is as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody said about a device."""

    address: str
    said_as: str
    room: str | None = None
    person: str | None = None
    name: str | None = None
    unheard: bool = False
    """Of a part: also one that its device has not spoken of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """What was written."""

    row: Mapping[str, str]
    line: int
    reading: Reading
    warnings: tuple[Problem, ...] = ()


def purpose_of(word: str) -> Purpose:
    """The purpose that a word of the command line means; raises `NotPlaced`."""
    found = WORDS.get(word.replace("_", "-"))
    if found is not None:
        return found
    try:
        return Purpose(word.replace("-", "_"))
    except ValueError:
        every = [*WORDS, *Purpose]
        meant = nearest(word, every)
        hint = f'; did you mean "{meant}"?' if meant else ""
        raise NotPlaced(f"--as {word}: expected one of {', '.join(every)}{hint}") from None


def row_of(home: Home, wanted: Wanted) -> dict[str, str]:
    """The device as `devices.yaml` says it; raises `NotPlaced` where it is not known whose it would be."""
    purpose = purpose_of(wanted.said_as)
    person, place = wanted.person, wanted.room
    if wanted.said_as in WORN:
        person, place = person or _who_lives_in(home, wanted), None
    word = wanted.said_as.replace("_", "-")
    row = {"device": wanted.name or f"{_where(home, wanted, person)}-{word}", "address": wanted.address, "for": purpose}
    return {key: str(value) for key, value in {**row, "person": person, "place": place}.items() if value}


def _who_lives_in(home: Home, wanted: Wanted) -> str | None:
    if wanted.room is None:
        return None
    if wanted.room not in [place.place for place in home.places]:
        raise NotPlaced(_unknown("place", wanted.room, [place.place for place in home.places]))
    live = [resident.resident for resident in home.residents if resident.room == wanted.room]
    if len(live) == 1:
        return live[0]
    who = f"{len(live)} people live in {wanted.room} ({', '.join(live)})" if live else f"nobody lives in {wanted.room}"
    or_else = "" if live else ", or place it there as a cord"
    raise NotPlaced(f"{who}: say whose {wanted.said_as} it is with --person{or_else}")


def _unknown(what: str, name: str, known: list[str]) -> str:
    meant = nearest(name, known)
    hint = f'; did you mean "{meant}"?' if meant else ""
    return f'unknown {what} "{name}"; expected {one_of(known)}{hint}'


def _where(home: Home, wanted: Wanted, person: str | None) -> str:
    """The first part of a device's name: its room, else whose it is, else what its gateway calls it."""
    if wanted.room is not None:
        kinds = {place.place: place.kind for place in home.places}
        is_number = wanted.room[:1].isdigit() and kinds.get(wanted.room) is PlaceKind.BEDROOM
        return f"room-{wanted.room}" if is_number else wanted.room
    return person or "house"


def place_device(folder: Path, wanted: Wanted, description: Description | None) -> Placing:
    """Write the device into `devices.yaml`, or raise `NotPlaced`, or `ConfigurationRefused` where the home's files
    are refused without it already."""
    folder = folder.absolute()
    before = read_home(folder)
    document = read_document(folder, FILE)
    row = row_of(before.home, wanted)
    _once(document, row)
    purpose = Purpose(row["for"])
    if purpose in TAKES and not wanted.unheard and (why := wrong_part(description, wanted.address)):
        raise NotPlaced(f"{why}; --unheard places it all the same")
    if why := cannot_be(purpose, alone(description, wanted.address) or description):
        raise NotPlaced(f"{wanted.address} {why}")
    text = with_device(document, row)
    try:
        after = read_home(folder, instead={FILE: text.encode()})
    except ConfigurationRefused as refused:
        raise NotPlaced("; ".join(_without_line(problem) for problem in refused.problems)) from None
    if len(after.refused_plans) > len(before.refused_plans):
        raise NotPlaced(f"with it a plan would be refused: {after.refused_plans[0]}")
    write_whole(folder / FILE, document.text, text, NotPlaced)
    known = [_without_line(problem) for problem in before.warnings]
    return Placing(
        row=row,
        line=_line_of(parse(text.encode(), FILE), row),
        reading=after,
        warnings=tuple(one for one in after.warnings if one.file == FILE and _without_line(one) not in known),
    )


def _line_of(document: Document, row: Mapping[str, str]) -> int:
    rows = document.data["devices"] if isinstance(document.data, dict) else None
    return document.lines.of(("devices", rows.index(dict(row)))) if isinstance(rows, list) else 0


def _without_line(problem: Problem) -> str:
    return str(problem).removeprefix(f"{problem.file}:{problem.line}: ")


def _once(document: Document, row: Mapping[str, str]) -> None:
    rows = document.data["devices"] if isinstance(document.data, dict) else []
    for number, one in enumerate(rows if isinstance(rows, list) else []):
        if not isinstance(one, dict):
            continue
        line = document.lines.of(("devices", number))
        if one.get("address") == row["address"]:
            raise NotPlaced(f"{row['address']} is placed already, as {one.get('device')} ({FILE}:{line})")
        if one.get("device") == row["device"]:
            raise NotPlaced(
                f'device "{row["device"]}" is already on line {line} of {FILE}: say another name with --name, or take '
                "that line out where this one replaces it"
            )

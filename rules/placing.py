"""Placing a device, in words: the line for `devices.yaml` and the command that writes it, as far as both can be known.

What only a person can say is `…`. Both the command line and the managers' page show these.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

import orjson

from devices.part_commands import outputs_of
from devices.purposes import meant_for
from devices.registry import Purpose
from rules.hearing.protection import Blind
from rules.home import Home
from rules.roster import Row

TO_SAY = "…"
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_OTHERWISE = frozenset({"y", "n", "yes", "no", "true", "false", "on", "off", "null"})


def quoted(value: str) -> str:
    """A word as YAML writes it: plain where every reader takes it for text, in quotes otherwise (`"012"`)."""
    if _PLAIN.fullmatch(value) and value.lower() not in _OTHERWISE:
        return value
    return orjson.dumps(value).decode()


def as_line(row: Mapping[str, str]) -> str:
    """A device as one line of the list."""
    return "- {" + ", ".join(f"{key}: {quoted(value)}" for key, value in row.items()) + "}"


def line_for(home: Home, row: Row) -> str:
    """The line to add to `devices.yaml`."""
    name, purpose, place = _name(row), meant_for(row.description), _place(home, row)
    made = {"device": _ident(name), "address": row.address, "for": purpose.value}
    live = _who_lives_in(home, place)
    if purpose is Purpose.EMERGENCY and len(live) == 1:
        return as_line({**made, "person": live[0]})
    return (
        as_line({**made, "place": place}) if place else as_line(made)[:-1] + f", place: {TO_SAY} or person: {TO_SAY}}}"
    )


def command_for(folder: str, home: Home, row: Row) -> str:
    """The command that places it, for a shell."""
    purpose, place = meant_for(row.description), _place(home, row)
    word = "pendant" if purpose is Purpose.EMERGENCY and len(_who_lives_in(home, place)) == 1 else purpose.value
    said_as = TO_SAY if purpose is Purpose.OTHER else word
    where = shlex.quote(place) if place else TO_SAY
    words = f"handrail devices {shlex.quote(folder)} place {shlex.quote(row.address)}"
    return f"{words} --room {where} --as {said_as}"


def notes_of(home: Home, row: Row) -> list[str]:
    """What has to be known of a device that nobody placed: that it rings, whose it is said to be, what is unclear."""
    about, stranger = row.description, row.stranger
    found = ["calls for help: an emergency until it is placed"] if about and about.can_call else []
    if stranger is not None and stranger.marked_by:
        names = {carer.id: carer.name for carer in home.staff}
        who = " and ".join(names.get(person, person) for person in stranger.marked_by)
        found.append(f"not ours ({who})" if stranger.not_ours else f"not ours, says {who} alone: it still rings")
    outputs = list(outputs_of(about)) if about else []
    if len(outputs) > 1:
        found.append(f"its outputs can be placed apart: {', '.join(f'#{name}' for name in outputs[:8])}")
    if about and about.unclear:
        found.append(f"unclear: {about.unclear}")
    return found


def why_blind(one: Blind) -> str:
    """Why somebody cannot call: each device they would call with, and what is wrong with it."""
    return "; ".join(f"{device.name}: {device.why}" for device in one.devices) or "nothing to call with was ever placed"


def _name(row: Row) -> str:
    return (row.description.name if row.description else "") or row.address.rpartition("/")[2]


def _place(home: Home, row: Row) -> str:
    return next((place.place for place in home.places if _is_in(place.place, _name(row))), "")


def _who_lives_in(home: Home, place: str) -> list[str]:
    return [resident.resident for resident in home.residents if resident.room == place] if place else []


def _is_in(place: str, name: str) -> bool:
    """Whether a device's name speaks of a place: `Room 12 pendant` of `012`, `lounge cord` of `lounge`."""
    words = "".join(letter if letter.isalnum() else " " for letter in name.casefold()).split()
    return place.casefold() in words or (place.isdigit() and int(place) in [int(w) for w in words if w.isdecimal()])


def _ident(name: str) -> str:
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.casefold())
    return "-".join(filter(None, kept.split("-")))[:60] or "device"

"""The managers' page of devices: who cannot call now and why, what hangs in the house and nobody has placed.

Drawn from the ledger by the same code as `handrail devices`, so that page and terminal say the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dashboards import strings
from dashboards.house import people_of, waiting
from dashboards.strings import ROSTER as WORDS
from hub.ledger.read import House, Reader, Unreadable
from rules.hearing.protection import Blind
from rules.home import Home
from rules.placing import command_for, line_for, notes_of, why_blind
from rules.roster import Roster, Row, roster
from rules.setting import Setting
from rules.turn import plainly

KINDS_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Unprotected:
    """Somebody, or a place, that nobody hears a call from."""

    name: str
    where: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """A device that was heard and that nobody has placed."""

    address: str
    what: str
    """What it says of itself: model, description, what it reports."""
    heard: str
    battery: str
    notes: tuple[str, ...]
    line: str
    command: str
    not_ours: bool
    calls: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Faulty:
    """A placed device with which something is wrong."""

    name: str
    whose: str
    wrong: str
    heard: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconnected:
    """A sensor that somebody may not want and that is heard again."""

    device: str
    whose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All of it."""

    home: str
    blind: tuple[Unprotected, ...]
    unplaced: tuple[Unplaced, ...]
    not_ours: tuple[Unplaced, ...]
    faulty: tuple[Faulty, ...]
    as_of: str
    waiting: str
    people: tuple[dict[str, str], ...]
    reconnected: tuple[Reconnected, ...] = ()


def add_roster(app: FastAPI, is_in: Callable[[Request], bool], reader: Reader, pages: Environment, folder: str) -> None:
    """`/devices`, behind the house code. `folder` is where the home's files are, for the commands it shows."""

    async def page(request: Request) -> Response:
        if not is_in(request):
            return RedirectResponse("/code", 303)
        try:
            drawn = await asyncio.to_thread(_read, reader, folder)
        except Unreadable as error:
            return Response(strings.LEDGER.format(why=error), 503, media_type="text/plain; charset=utf-8")
        if drawn is None:
            return Response(strings.NO_HOME, 503, media_type="text/plain; charset=utf-8")
        words = orjson.dumps({**strings.PAGE, **WORDS}).decode()
        people = orjson.dumps(drawn.people).decode()
        body = pages.get_template("devices.html").render(
            t=strings.PAGE, w=WORDS, words=words, page=drawn, people=people
        )
        return Response(body, media_type="text/html; charset=utf-8")

    app.add_api_route("/devices", page, methods=["GET"])


def _read(reader: Reader, folder: str) -> Page | None:
    home, house = reader.configuration(), reader.home()
    if home is None or house is None:
        return None
    found = roster(
        home,
        as_of_ms=reader.cursors().get("wall_ms", 0),
        statuses=reader.devices(),
        descriptions=reader.known(),
        strangers=reader.strangers(),
    )
    people = managers_first(house, people_of(house, reader.on_shift()))
    asked = [Reconnected(device=one, whose=row.resident) for row in reader.people() for one in row.reconnected]
    return page_of(found, reader.wall_ms(), folder, waiting(reader.open_alerts()), people, asked)


def managers_first(house: House, on_shift: list[dict[str, str]]) -> tuple[dict[str, str], ...]:
    """Who may say that a device is not ours: anybody of the staff; who is on shift stands first."""
    first = {row["id"]: row["name"] for row in on_shift}
    every = {**first, **{row.id: row.name for row in house.staff}}
    return tuple({"id": person, "name": name} for person, name in every.items())


def page_of(
    found: Roster,
    now_ms: int,
    folder: str,
    open_alerts: str = "",
    people: tuple[dict[str, str], ...] = (),
    asked: Sequence[Reconnected] = (),
) -> Page:
    """The page of a roster at a moment."""
    setting = Setting(found.home)
    rows = [_unplaced(found.home, row, now_ms, folder) for row in found.strangers]
    return Page(
        home=found.home.name,
        blind=tuple(_unprotected(setting, one) for one in found.blind),
        unplaced=tuple(row for row in rows if not row.not_ours),
        not_ours=tuple(row for row in rows if row.not_ours),
        faulty=tuple(_faulty(setting, row, now_ms) for row in found.placed if row.faults or row.doubt),
        as_of=_ago(found.as_of_ms, now_ms),
        waiting=open_alerts,
        people=people,
        reconnected=tuple(
            replace(one, whose=f"{setting.name_of(one.whose)}, {setting.place_name(setting.room_of(one.whose))}")
            for one in asked
            if one.whose in setting.residents
        ),
    )


def _unprotected(setting: Setting, one: Blind) -> Unprotected:
    where = setting.place_name(setting.room_of(one.resident)) if one.resident else ""
    return Unprotected(name=one.name, where=where, why=why_blind(one))


def _unplaced(home: Home, row: Row, now_ms: int, folder: str) -> Unplaced:
    about = row.description
    model = " ".join(filter(None, (about.vendor, about.model))) if about else ""
    kinds = ", ".join(kind.replace("_", " ") for kind in row.kinds[:KINDS_SHOWN])
    reports = WORDS["reports"].format(kinds=kinds) if kinds else ""
    said = about.text if about else ""
    return Unplaced(
        address=row.address,
        what=" · ".join(filter(None, (model, said, reports, row.ecosystem))),
        heard=_ago(row.heard_ms, now_ms),
        battery=row.battery,
        notes=tuple(notes_of(home, row)),
        line=line_for(home, row),
        command=command_for(folder or "HOME", home, row),
        not_ours=row.stranger is not None and row.stranger.not_ours,
        calls=about is not None and about.can_call,
    )


def _faulty(setting: Setting, row: Row, now_ms: int) -> Faulty:
    placed = row.placed
    name, person, place = (placed.name, placed.person, placed.place) if placed else (row.address, None, None)
    whose = ", ".join(filter(None, (setting.name_of(person), setting.place_name(place))))
    wrong = ", ".join([strings.FAULTS.get(fault, fault) for fault in row.faults] + ([row.doubt] if row.doubt else []))
    return Faulty(name=name, whose=whose, wrong=wrong, heard=_ago(row.heard_ms, now_ms))


def _ago(then_ms: int, now_ms: int) -> str:
    return WORDS["ago"].format(time=plainly(now_ms - then_ms)) if then_ms else WORDS["never"]

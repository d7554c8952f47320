"""The walk test on the board: what can be tested, for the tiles to pick from, and what is overdue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson
from fastapi import FastAPI, Request, Response

from dashboards import strings
from hub.ledger.read import House, HouseDevice, Reader, Unreadable
from rules.hearing.walks import DAY_MS, TESTABLE, Overdue, Walk, overdue


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkTile:
    """A device to pick: whose it is, where it hangs or who lives where, and when it was tested last."""

    device: str
    title: str
    note: str
    overdue: bool
    not_heard: bool


def add_walks(app: FastAPI, is_in: Callable[[Request], bool], reader: Reader) -> None:
    """`/walks`, behind the house code: asked for when somebody is about to test, and no part of every picture."""

    async def walks(request: Request) -> Response:
        if not is_in(request):
            return Response(b'{"ok":false,"reason":"house code"}', 401, media_type="application/json")
        try:
            rows = await asyncio.to_thread(_read, reader)
        except Unreadable as error:
            said = orjson.dumps({"ok": False, "reason": strings.LEDGER.format(why=error)})
            return Response(said, 503, media_type="application/json")
        return Response(orjson.dumps({"ok": True, "devices": rows}), media_type="application/json")

    app.add_api_route("/walks", walks, methods=["GET"])


def _read(reader: Reader) -> list[WalkTile]:
    house = reader.home()
    return tiles(house, reader.walks(), reader.wall_ms()) if house is not None else []


def tiles(house: House, walks: Mapping[str, Walk], wall_ms: int) -> list[WalkTile]:
    """What a resident calls with: first what was not heard, then what is overdue."""
    late = overdue_of(house, walks, wall_ms)
    rows = [
        _tile(device, house, walks.get(device.name), late.get(device.name), wall_ms)
        for device in house.devices
        if device.purpose in TESTABLE
    ]
    return sorted(rows, key=lambda row: (not row.not_heard, not row.overdue, row.note, row.title, row.device))


def overdue_of(house: House, walks: Mapping[str, Walk], wall_ms: int) -> dict[str, Overdue]:
    """The devices whose test is overdue, by name."""
    return {row.device: row for row in overdue(house.devices, walks, house.times, wall_ms)}


def _tile(device: HouseDevice, house: House, walk: Walk | None, late: Overdue | None, wall_ms: int) -> WalkTile:
    title, where = whose(device, house)
    if walk is not None and walk.has_failed:
        tested = strings.WALK_NOT_HEARD
    elif walk is None or not walk.tested_wall_ms:
        tested = strings.WALK_NEVER
    else:
        days = max(0, wall_ms - walk.tested_wall_ms) // DAY_MS
        tested = strings.WALK_TESTED.format(days=days) if days else strings.WALK_TODAY
    return WalkTile(
        device=device.name,
        title=title,
        note=" · ".join(part for part in (where, device.name, tested) if part),
        overdue=late is not None,
        not_heard=walk is not None and walk.has_failed,
    )


def whose(device: HouseDevice, house: House) -> tuple[str, str]:
    """Who or what it calls for, and the room or place."""
    places = {row.place: row.name for row in house.places}
    resident = next((row for row in house.residents if row.resident == device.person), None)
    if resident is not None:
        return resident.known_as, places.get(device.place or resident.room, "")
    return places.get(device.place or "", device.name), ""

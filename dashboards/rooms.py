"""`/room/012`: the screen that hangs in a room. It says that a call was heard and who is coming, shows what a plan says
and asks there, and has four large buttons: call, *I'm all right*, *not now*, *I would like company*.

A tablet becomes a room's screen once, by somebody who knows the house code; from then on it may show that room and ask
for that room, and nothing else of the house: the house code's own cookie is taken from it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Literal
from urllib.parse import quote

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from jinja2 import Environment
from pydantic import BaseModel, ConfigDict, StringConstraints

from dashboards import gate as gates
from dashboards import strings
from dashboards.asks import Asker, NotAnswered, stamped
from dashboards.gate import Gate
from dashboards.live import Live
from hub.ledger.read import HousePlace, Unreadable
from rules.home import is_none

Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class RoomWish(BaseModel):
    """What the screen of a room may ask for; the hub decides."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
    do: Literal["call", "ok", "not_now", "company", "answer", "choose", "visit"]
    resident: Word = ""
    episode: Word = ""
    answer: Word = ""
    choice: Word = ""


def add_rooms(
    app: FastAPI,
    gate: Gate,
    live: Live,
    asker: Asker,
    pages: Environment,
    body: Callable[[Request, type[RoomWish]], object],
) -> None:
    """The pages of the rooms, each behind its own cookie."""

    def may(request: Request, room: str) -> bool:
        return gate.lets_in(request.cookies.get(gates.COOKIE)) or gate.lets_into_room(
            room, request.cookies.get(gates.ROOM_COOKIE)
        )

    async def page(request: Request, room: str) -> Response:
        if not may(request, room):
            return RedirectResponse(f"/code?to=/room/{quote(room)}", 303)
        try:
            names = await asyncio.to_thread(_names, live, room)
        except Unreadable as error:
            return Response(strings.LEDGER.format(why=error), 503, media_type="text/plain; charset=utf-8")
        if names is None:
            return Response(strings.ROOM_UNKNOWN.format(room=room), 404, media_type="text/plain; charset=utf-8")
        place, timezone, _ = names
        words = _words(place)
        text = pages.get_template("room.html").render(
            t=words,
            room=room,
            place=place.name,
            timezone=timezone,
            words=orjson.dumps(words).decode(),
        )
        response = Response(text, media_type="text/html; charset=utf-8")
        if gate.needs_code:
            response.delete_cookie(gates.COOKIE)
            response.set_cookie(
                gates.ROOM_COOKIE,
                gate.room_cookie(room),
                max_age=gates.ROOM_COOKIE_AGE_S,
                httponly=True,
                samesite="strict",
                secure=request.url.scheme == "https",
                path=f"/room/{room}",
            )
        return response

    async def stream(request: Request, room: str) -> Response:
        if not may(request, room):
            return _said(401, False, "house code")
        events = live.rooms.stream(room, live.beat, lambda: live.is_closed)
        return StreamingResponse(events, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    async def people(request: Request, room: str) -> Response:
        """Who lives here now: a page that is open for months must not name who has left or died."""
        if not may(request, room):
            return _said(401, False, "house code")
        try:
            names = await asyncio.to_thread(_names, live, room)
        except Unreadable as error:
            return _said(503, False, strings.LEDGER.format(why=error))
        return Response(orjson.dumps(names[2] if names else []), media_type="application/json")

    async def ask(request: Request, room: str) -> Response:
        if not may(request, room):
            return _said(401, False, "house code")
        wish = await body(request, RoomWish)  # type: ignore[misc]
        if isinstance(wish, Response):
            return wish
        assert isinstance(wish, RoomWish)
        asked = stamped({**wish.model_dump(exclude_defaults=True), "room": room}, live.reader.wall_ms())
        try:
            answer = await asker.ask(asked)
        except NotAnswered as error:
            return _said(504, False, str(error))
        return _said(200, answer.ok, answer.reason)

    app.add_api_route("/room/{room}", page, methods=["GET"])
    app.add_api_route("/room/{room}/live", stream, methods=["GET"])
    app.add_api_route("/room/{room}/people", people, methods=["GET"])
    app.add_api_route("/room/{room}/do", ask, methods=["POST"])


def _words(place: HousePlace) -> dict[str, str]:
    """What the screen says, with what else there is to call with in this room."""
    instead = strings.INSTEAD
    if is_none(place.call_point):
        instead = strings.INSTEAD_NONE
    elif place.call_point:
        instead = strings.INSTEAD_AT.format(call_point=place.call_point)
    fitting = {key: strings.ROOM[key].format(instead=instead) for key in ("failed", "not_live")}
    return {**strings.ROOM, **fitting}


def _names(live: Live, room: str) -> tuple[HousePlace, str, list[tuple[str, str]]] | None:
    """The place, its time zone, and who lives there; None where there is no such place."""
    house = live.reader.home()
    place = next((row for row in house.places if row.place == room), None) if house is not None else None
    if house is None or place is None:
        return None
    live_here = [(row.resident, row.known_as) for row in house.residents if row.room == room]
    return place, house.timezone, live_here


def _said(status: int, ok: bool, reason: str) -> Response:
    return Response(orjson.dumps({"ok": ok, "reason": reason}), status, media_type="application/json")

"""The paper list of this shift as a page to print: drawn from the ledger, read-only, while there is still a screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib.resources import files

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dashboards import strings
from hub.ledger.read import Reader, Unreadable
from rules.sheet import BOXES, WORDS, Sheet, how_of, sheet_of


def add_paper(app: FastAPI, is_in: Callable[[Request], bool], reader: Reader, pages: Environment) -> None:
    """`/sheet`, behind the house code, and its style."""
    kept = files("rules")
    page = pages.from_string((kept / "sheet.html").read_text(encoding="utf-8"))
    css = (kept / "sheet.css").read_text(encoding="utf-8")

    async def sheet(request: Request) -> Response:
        if not is_in(request):
            return RedirectResponse("/code", 303)
        try:
            drawn = await asyncio.to_thread(_draw, reader)
        except Unreadable as error:
            return Response(strings.LEDGER.format(why=error), 503, media_type="text/plain; charset=utf-8")
        if drawn is None:
            return Response(strings.NO_HOME, 503, media_type="text/plain; charset=utf-8")
        body = page.render(sheet=drawn, w=WORDS, boxes=BOXES, how_of=how_of, css="")
        return Response(body, media_type="text/html; charset=utf-8")

    async def style() -> Response:
        return Response(css, media_type="text/css; charset=utf-8")

    app.add_api_route("/sheet", sheet, methods=["GET"])
    app.add_api_route("/sheet.css", style, methods=["GET"])


def _draw(reader: Reader) -> Sheet | None:
    home = reader.configuration()
    return sheet_of(home, reader.wall_ms(), reader.on_shift()) if home is not None else None

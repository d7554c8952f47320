"""The web side of the screens: pages, one stream, one door for requests, and who may come in."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, select_autoescape
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards import gate as gates
from dashboards import strings
from dashboards.asks import Asker, NotAnswered, stamped
from dashboards.gate import Gate
from dashboards.house import add_house
from dashboards.live import Live
from dashboards.paper import add_paper
from dashboards.rooms import add_rooms
from dashboards.roster import add_roster
from dashboards.settings import Settings
from dashboards.walks import add_walks
from rules.asking.taking import ENDINGS

HERE = Path(__file__).parent
LARGEST_BODY = 4_096
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), screen-wake-lock=(self), autoplay=(self)",
    "x-robots-tag": "noindex",
}

Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Given = TypeVar("Given", bound=BaseModel)


class Wish(BaseModel):
    """What a screen may ask for; the hub decides."""

    model_config = ConfigDict(extra="forbid")

    id: Id
    do: Literal[
        "sign_on",
        "sign_off",
        "claim",
        "attend",
        "promise",
        "close",
        "assist",
        "not_ours",
        "ours",
        "mode",
        "heard",
        "walk",
        "tested",
        "away",
        "back",
        "visit",
        "looked",
        "change_of_condition",
        "reconnected",
        "gone",
        "command",
    ]
    by: Annotated[Word, StringConstraints(min_length=1)]
    alert: Word = ""
    ending: Word = ""
    reason: Word = ""
    until_s: int = 0
    resident: Word = ""
    room: Word = ""
    device: Word = ""
    proof: Word = ""
    confirmed: bool = False
    command: Annotated[dict[Word, Word | int | float], Field(max_length=8)] = {}


class Code(BaseModel):
    """A try at the house code."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)]


class Guard:
    """Puts the security headers on every answer, and turns away what another site's page sends."""

    def __init__(self, app: ASGIApp, *, loopback_only: bool) -> None:
        self._app = app
        self._loopback_only = loopback_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                out = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    out[name] = value
                if "cache-control" not in out:
                    out["cache-control"] = "no-cache" if scope["path"].startswith("/static/") else "no-store"
            await send(message)

        app = self._app
        if self._loopback_only and not _is_address(headers.get("host", "")):
            app = _json({"ok": False, "reason": "unknown host"}, 421)
        elif scope["method"] not in ("GET", "HEAD") and not _same_origin(headers):
            app = _json({"ok": False, "reason": "from another site"}, 403)
        await app(scope, receive, with_headers)


def _same_origin(headers: dict[str, str]) -> bool:
    origin = urlsplit(headers.get("origin", ""))
    return bool(origin.netloc) and origin.netloc == headers.get("host") and origin.scheme in ("http", "https")


def _is_address(host: str) -> bool:
    """A bare address or localhost. Without a house code no name is believed: it may be a stranger's, pointed at us."""
    name = urlsplit(f"//{host}").hostname or ""
    return name == "localhost" or ":" in name or name.replace(".", "").isdigit()


def _json(body: dict[str, object], status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def make_app(settings: Settings, live: Live, asker: Asker, key: bytes) -> FastAPI:
    """The screens' web application; the caller runs `live` and the asker's connection beside it."""
    app = FastAPI(title="Handrail", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, loopback_only=settings.code is None)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    gate = Gate(settings.code, key)
    pages = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    _add_pages(app, settings, gate, pages)
    add_paper(app, lambda request: _is_in(request, gate), live.reader, pages)
    add_walks(app, lambda request: _is_in(request, gate), live.reader)
    add_rooms(app, gate, live, asker, pages, _body)
    add_house(app, lambda request: _is_in(request, gate), live.reader, pages)
    add_roster(app, lambda request: _is_in(request, gate), live.reader, pages, settings.folder)
    _add_code(app, gate)
    _add_live(app, gate, live)
    _add_asking(app, gate, live, asker)
    return app


def _is_in(request: Request, gate: Gate) -> bool:
    return gate.lets_in(request.cookies.get(gates.COOKIE))


def _add_pages(app: FastAPI, settings: Settings, gate: Gate, pages: Environment) -> None:
    def page(name: str) -> Response:
        body = pages.get_template(name).render(
            t=strings.PAGE,
            home=settings.name or settings.home,
            words=orjson.dumps(strings.PAGE).decode(),
            attend_reasons=strings.ATTEND_REASONS,
            other_words=strings.OTHER_WORDS,
            away_reasons=strings.AWAY_REASONS,
            away_hours=strings.AWAY_HOURS,
            gone_words=strings.GONE_WORDS,
            endings=[(ending.value, word) for ending, word in strings.ENDINGS.items() if ending in ENDINGS.values()],
        )
        return Response(body, media_type="text/html; charset=utf-8")

    async def board(request: Request) -> Response:
        return page("board.html") if _is_in(request, gate) else RedirectResponse("/code", 303)

    async def code(request: Request) -> Response:
        return RedirectResponse("/", 303) if _is_in(request, gate) else page("code.html")

    app.add_api_route("/", board, methods=["GET"])
    app.add_api_route("/code", code, methods=["GET"])


def _add_code(app: FastAPI, gate: Gate) -> None:
    async def enter(request: Request) -> Response:
        given = await _body(request, Code)
        if isinstance(given, Response):
            return given
        device = request.client.host if request.client else "?"
        entered = gate.enter(given.code, device, asyncio.get_running_loop().time())
        if entered.cookie is None:
            if entered.wait_s > 0:
                seconds = max(1, round(entered.wait_s))
                return _json({"ok": False, "reason": strings.CODE_WAIT.format(seconds=seconds)}, 429)
            return _json({"ok": False, "reason": strings.CODE_WRONG}, 403)
        response = _json({"ok": True, "reason": ""})
        response.set_cookie(
            gates.COOKIE,
            entered.cookie,
            max_age=gates.COOKIE_AGE_S,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    app.add_api_route("/code", enter, methods=["POST"])


def _add_live(app: FastAPI, gate: Gate, live: Live) -> None:
    async def stream(request: Request) -> Response:
        if not _is_in(request, gate):
            return _json({"ok": False, "reason": "house code"}, 401)
        return StreamingResponse(live.stream(), media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    async def health() -> Response:
        beat = live.beat()
        return _json({"live": beat.live, "state": beat.state, "why": beat.why}, 200 if beat.live else 503)

    app.add_api_route("/live", stream, methods=["GET"])
    app.add_api_route("/healthz", health, methods=["GET"])


def _add_asking(app: FastAPI, gate: Gate, live: Live, asker: Asker) -> None:
    async def ask(request: Request) -> Response:
        if not _is_in(request, gate):
            return _json({"ok": False, "reason": "house code"}, 401)
        wish = await _body(request, Wish)
        if isinstance(wish, Response):
            return wish
        try:
            answer = await asker.ask(stamped(wish.model_dump(exclude_defaults=True), live.reader.wall_ms()))
        except NotAnswered as error:
            return _json({"id": wish.id, "ok": False, "reason": str(error)}, 504)
        await live.refresh()
        return _json({"id": wish.id, "ok": answer.ok, "reason": answer.reason})

    app.add_api_route("/do", ask, methods=["POST"])


async def _body(request: Request, model: type[Given]) -> Given | Response:
    """What was sent, read no further than it may be long."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            return _json({"ok": False, "reason": "too long"}, 413)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        return _json({"ok": False, "reason": f"{where}: {problem['msg']}" if where else problem["msg"]}, 422)

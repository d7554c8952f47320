"""A hub of the tests' own: it writes a ledger as the real one does and answers what screens ask, without a broker."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson
import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from dashboards.app import make_app
from dashboards.asks import Answer, NotAnswered
from dashboards.live import Live
from dashboards.settings import Settings
from hub.clock import Clock, SystemClock
from hub.config.stored import home_json
from hub.ledger.read import Reader
from rules.alerting.levels import Level
from rules.home import Carer, Home, Place, PlaceKind, Resident, Role, Zone
from rules.state import Alert, AlertState, Ending, Meta, OnShift, Promise
from tests.dashboards import house_parts, stay_parts, walk_parts
from tests.parts import part, until

SCHEMA = Path(__file__).parents[2] / "hub" / "ledger" / "schema"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
RESIDENTS = {"margaret": "Margaret Hill", "arthur": "Arthur Penrose", "ines": "Inês Carvalho", "tom": "Tom Baker"}
STAFF = {"ana": ("Ana Ruiz", Role.CARER), "ben": ("Ben Okafor", Role.CARER), "joy": ("Joy Shah", Role.NURSE)}


def a_home() -> Home:
    """Four residents, a lounge, two carers and a nurse."""
    return Home(
        slug="elm-house",
        name="Elm House",
        timezone="Europe/London",
        zones=(Zone(zone="ground", name="Ground floor"),),
        places=(
            *(
                Place(place=f"{12 + n:03d}", name=f"Room {12 + n}", kind=PlaceKind.BEDROOM, zone="ground")
                for n in range(len(RESIDENTS))
            ),
            Place(place="lounge", name="Lounge", kind=PlaceKind.LOUNGE, zone="ground"),
        ),
        residents=tuple(
            Resident(resident=resident, known_as=name, room=f"{12 + n:03d}")
            for n, (resident, name) in enumerate(RESIDENTS.items())
        ),
        devices=walk_parts.devices(RESIDENTS),
        staff=tuple(Carer(id=person, name=name, role=role) for person, (name, role) in STAFF.items()),
    )


@dataclass
class FakeHub:
    """Keeps what the real hub keeps, as far as screens see it; `refuse` and `deaf` make it say no, or nothing."""

    path: Path
    live: Live | None = None
    refuse: str = ""
    deaf: bool = False
    asked: list[dict[str, object]] = field(default_factory=list)
    seq: int = 0
    clock: Clock = field(default_factory=SystemClock)

    def __post_init__(self) -> None:
        with self.write() as db:
            db.executescript(
                "PRAGMA journal_mode = WAL;" + "".join(step.read_text() for step in sorted(SCHEMA.glob("[0-9]*.sql")))
            )
        self.put("meta", "meta", Meta(linked=True))
        with self.write() as db:
            db.execute(
                "INSERT INTO configurations (seq, wall_ms, body, settings) VALUES (1, ?, ?, '{}')",
                (self.clock.wall_ms(), home_json(a_home()).decode()),
            )

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction of the ledger."""
        db = sqlite3.connect(self.path)
        try:
            with db:
                yield db
        finally:
            db.close()

    def put(self, table: str, key: str, row: object) -> None:
        """Keep a row, write a log line, and wake the screens."""
        self.seq += 1
        step = "closed" if isinstance(row, Alert) and row.state is AlertState.CLOSED else "told"
        alert = row.id if isinstance(row, Alert) else None
        body = orjson.dumps(row).decode()
        with self.write() as db:
            db.execute(f"INSERT OR REPLACE INTO {table} (key, body) VALUES (?, ?)", (key, body))
            db.execute(
                "INSERT INTO log (seq, wall_ms, cause, step, urgent, alert, body) VALUES (?, ?, 0, ?, 0, ?, '{}')",
                (self.seq, self.clock.wall_ms(), step, alert),
            )
        if self.live is not None:
            self.live.on_log()

    def drop(self, table: str, key: str) -> None:
        """Take a row out and wake the screens."""
        with self.write() as db:
            db.execute(f"DELETE FROM {table} WHERE key = ?", (key,))
        if self.live is not None:
            self.live.on_log()

    def unread(self, count: int) -> None:
        """Keep so many messages nobody can read."""
        with self.write() as db:
            rows = [(1000 + n, self.clock.wall_ms(), "zigbee2mqtt/x", b"{", "not JSON") for n in range(count)]
            db.executemany("INSERT INTO quarantine (seq, wall_ms, topic, payload, reason) VALUES (?, ?, ?, ?, ?)", rows)

    def sign_on(self, *people: str) -> None:
        """Put people on shift."""
        for person in people:
            name, role = STAFF.get(person, (person, Role.CARER))
            self.put(
                "shift",
                person,
                OnShift(
                    person=person,
                    name=name,
                    role=role.value,
                    since_wall_ms=self.clock.wall_ms(),
                    client="dashboards",
                    known=person in STAFF,
                ),
            )

    def press(
        self, alert_id: str, resident: str | None = "margaret", level: Level = Level.EMERGENCY, **more: object
    ) -> Alert:
        """Raise an alert."""
        now = self.clock.wall_ms()
        room = f"{12 + list(RESIDENTS).index(resident):03d}" if resident else None
        who = RESIDENTS.get(resident or "", "Somebody")
        base = Alert(
            id=alert_id,
            version=1,
            level=level,
            state=AlertState.TOLD,
            kind="emergency" if level is Level.EMERGENCY else "call",
            reason=f"{who} pressed for help" if level is Level.EMERGENCY else f"{who} called",
            cause="pendant",
            resident=resident,
            room=room,
            raised_ms=0,
            raised_wall_ms=now,
            waiting_since_ms=0,
            waiting_since_wall_ms=now,
            told=("ana", "ben"),
        )
        alert = replace(base, **more)  # type: ignore[arg-type]
        self.put("alerts", alert_id, alert)
        return alert

    async def ask(self, wish: Mapping[str, object]) -> Answer:
        """Answer as the hub would, after the commit."""
        self.asked.append(dict(wish))
        if self.deaf:
            raise NotAnswered("No answer from the hub. Go, and look at this card again.")
        if self.refuse:
            return Answer(id=str(wish["id"]), ok=False, reason=self.refuse)
        DEEDS[str(wish["do"])](self, {name: str(value) for name, value in wish.items()})
        return Answer(id=str(wish["id"]), ok=True, reason="asked for" if wish["do"] == "command" else "done")

    def alert(self, alert_id: str) -> Alert:
        """An alert as it is kept."""
        reader = Reader(self.path)
        alert = reader.alert(alert_id)
        reader.close()
        assert alert is not None
        return alert

    def change(self, alert_id: str, **more: object) -> None:
        """Keep a new version of an alert."""
        alert = self.alert(alert_id)
        self.put("alerts", alert_id, replace(alert, version=alert.version + 1, **more))  # type: ignore[arg-type]


def _claim(hub: FakeHub, wish: dict[str, str]) -> None:
    hub.change(
        wish["alert"],
        state=AlertState.CLAIMED,
        claimed_by=wish["by"],
        claimed_wall_ms=hub.clock.wall_ms(),
        quiet=True,
    )


def _attend(hub: FakeHub, wish: dict[str, str]) -> None:
    hub.change(
        wish["alert"],
        state=AlertState.ATTENDED,
        attended_by=wish["by"],
        attended_wall_ms=hub.clock.wall_ms(),
        quiet=True,
        proved="proof" in wish,
        unproved_reason=wish.get("reason"),
    )


def _promise(hub: FakeHub, wish: dict[str, str]) -> None:
    until = hub.clock.wall_ms() + int(wish["until_s"]) * 1000
    hub.change(wish["alert"], promise=Promise(by=wish["by"], until_ms=0, until_wall_ms=until), quiet=True)


def _close(hub: FakeHub, wish: dict[str, str]) -> None:
    missed = hub.alert(wish["alert"]).missed
    if missed:
        rows = (replace(row, answered_by=wish["by"]) if row.resident == wish["resident"] else row for row in missed)
        hub.change(wish["alert"], missed=tuple(rows), unproved_reason=wish.get("reason"))
        return
    hub.change(
        wish["alert"],
        state=AlertState.CLOSED,
        closed_by=wish["by"],
        closed_wall_ms=hub.clock.wall_ms(),
        ending=Ending(wish["ending"]),
        word=wish.get("reason"),
    )


def _assist(hub: FakeHub, wish: dict[str, str]) -> None:
    hub.press("assist-1", None, kind="staff_assist", everybody=True, device=f"assist:{wish['by']}")


DEEDS: dict[str, Callable[[FakeHub, dict[str, str]], None]] = {
    "sign_on": lambda hub, wish: hub.sign_on(wish["by"]),
    "sign_off": lambda hub, wish: hub.drop("shift", wish["by"]),
    "claim": _claim,
    "attend": _attend,
    "promise": _promise,
    "close": _close,
    "assist": _assist,
    "heard": lambda hub, wish: None,
    **dict.fromkeys(("call", "answer", "choose", "not_now"), lambda hub, wish: None),
    "not_ours": house_parts.not_ours,
    "ours": house_parts.not_ours,
    "command": house_parts.command,
    **walk_parts.DEEDS,
    **stay_parts.DEEDS,
}


class Screens:
    """The screens' server on a free port; `stop` cuts every stream, as a pulled plug would."""

    def __init__(self, hub: FakeHub, settings: Settings) -> None:
        self.hub = hub
        self.reader = Reader(settings.ledger)
        self.live = Live(self.reader, settings.name)
        hub.live = self.live
        app = make_app(settings, self.live, hub, b"k" * 32)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
        self.server = uvicorn.Server(config)
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Serve, with a hub that is well and goes on saying so."""
        self.live.on_link(True)
        self.live.on_status("ready", "")
        self.tasks = [
            asyncio.create_task(self.live.run()),
            asyncio.create_task(self._heartbeat()),
            asyncio.create_task(self.server.serve(sockets=[self.socket])),
        ]
        await until(lambda: self.server.started, 10)

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(5)
            if self.live.beat().state == "ready":
                self.live.on_status("ready", "")

    def hush(self) -> None:
        """Every stream stays open and says nothing more."""
        beat = orjson.dumps(self.live.beat())

        async def silence() -> AsyncIterator[bytes]:
            yield b"event: beat\ndata: " + beat + b"\n\n"
            await asyncio.Event().wait()

        self.live.stream = silence  # type: ignore[method-assign]
        self.live.close()

    async def stop(self) -> None:
        """Stop serving; open streams end."""
        self.live.close()
        self.server.should_exit = True
        await self.tasks[2]
        for task in self.tasks[:2]:
            task.cancel()
        await asyncio.gather(*self.tasks[:2], return_exceptions=True)
        self.socket.close()
        self.reader.close()


@pytest.fixture
def hub(tmp_path: Path) -> FakeHub:
    """A hub with an empty night."""
    return FakeHub(tmp_path / "ledger.sqlite")


@asynccontextmanager
async def _serving(hub: FakeHub, code: str | None = None) -> AsyncIterator[Screens]:
    settings = Settings(home="elm-house", name="Elm House", ledger=hub.path, folder="/srv/elm-house", code=code)
    screens = Screens(hub, settings)
    await screens.start()
    try:
        yield screens
    finally:
        if not screens.server.should_exit:
            await screens.stop()


@pytest.fixture
async def screens(hub: FakeHub) -> AsyncIterator[Screens]:
    """The screens of that hub, open to this machine."""
    async with _serving(hub) as serving:
        yield serving


@pytest.fixture
async def locked_screens(hub: FakeHub) -> AsyncIterator[Screens]:
    """The same behind the house code 274913."""
    async with _serving(hub, code="274913") as serving:
        yield serving


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A real Chromium; without one the test is skipped loudly, and fails in CI."""
    found = part("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        await browser.close()


class Phone:
    """One carer's phone with the board on it."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: self.errors.append(line.text) if "Content Security" in line.text else None)

    def card(self, alert_id: str) -> str:
        """The selector of an alert's card."""
        return f'[data-alert="{alert_id}"]'

    async def hold(self, selector: str) -> None:
        """Press and hold until the hold has done its work."""
        button = self.page.locator(selector)
        await button.scroll_into_view_if_needed()
        box = await button.bounding_box()
        assert box is not None
        await self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await self.page.mouse.down()
        await self.page.wait_for_timeout(1200)
        await self.page.mouse.up()


@pytest.fixture
async def phone(browser: Browser) -> AsyncIterator[Callable[..., object]]:
    """Opens the board on a phone: `await phone(screens, "ana")`; each phone is a device of its own."""
    phones: list[Phone] = []

    async def open_board(screens: Screens, person: str = "", path: str = "/") -> Phone:
        context = await browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
        page = await context.new_page()
        found = Phone(context, page)
        phones.append(found)
        await page.goto(screens.url + path)
        if person:
            await page.click(f'[data-do="sign_on"][data-by="{person}"]')
            await page.wait_for_selector(f'body[data-me="{person}"]')
        return found

    yield open_board
    for found in phones:
        assert found.errors == []
        await found.context.close()

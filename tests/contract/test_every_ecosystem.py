"""The home of `demo --all-ecosystems`, on a real broker, with the real hub, screens and browser: each call stands on
the board in its words, each lamp obeys the page of its room, and each gateway that is cut off is exactly one card that
names whom it leaves, and goes with its return. On a moved clock: tests/stories/test_every_ecosystem.py; a gateway that
says nothing of its end: tests/dashboards/test_silence.py."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from hub.clock import SystemClock
from hub.config.read import read_home
from hub.demo.gateways import Gateways
from hub.demo.home import SLUG as DEMO
from hub.demo.home import write_demo
from hub.mqtt.types import BrokerAddress
from hub.simulate.ecosystems import ECOSYSTEMS, LIVED_IN, peers
from rules.home import Home
from tests.contract.home_parts import DEADLINE_S, SLUG, RunningHome, Stranger, command, environment, stranger
from tests.contract.test_whole_house import chromium
from tests.parts import Mosquitto, end, free_port, until

CARER = "carer-1"
WAIT_MS = DEADLINE_S * 1000
AT_THE_DOOR = "Side door: somebody is at the door"
LIT = [f"{number:03d}" for number, one in enumerate(ECOSYSTEMS, 1) if one.lamp]
GONE = {
    "zigbee2mqtt": r"The gateway zigbee2mqtt/bridge is lost, with \d+ devices; without a pendant now: Margaret;"
    " without a cord now: Lounge",
    "rtl_433": "The gateway rtl_433/attic is lost, with 1 device; without a pendant now: Arthur",
    "discovery": "The gateway homeassistant/workshop is lost, with 2 devices; without a pendant now: Edith",
    "esphome": "room-004-pendant: it is off the network; Harold is without this protection",
    "esphome-lamp": "room-004-light: it is off the network; Room 4 is without it",
    "tasmota": "room-005-pendant: it is off the network; Dorothy is without this protection;"
    " Dorothy has nothing else to call with",
    "tasmota-lamp": "room-005-light: it is off the network; Room 5 is without it",
    "shelly1": "room-006-pendant: it is off the network; Walter is without this protection",
    "shelly1-lamp": "room-006-light: it is off the network; Room 6 is without it",
    "shelly2": "The gateway shelly/shelly1g3-34cdb0770006 is lost, with 1 device; without a pendant now: Joan",
    "tts": "The gateway v3/care@ttn/bridge is lost, with 2 devices; without a pendant now: George",
    "chirpstack": "The gateway application/gateway/a84041ffff1e0001 is lost, with 2 devices;"
    " without a pendant now: Irene",
    "theengs": "The gateway theengs/hall is lost, with 1 device; without a pendant now: Frank",
    "homie4": "room-011-pendant: it is off the network; Doris is without this protection;"
    " Doris has nothing else to call with",
    "homie4-lamp": "room-011-light: it is off the network; Room 11 is without it",
    "homie5": "The gateway homie/5/bridge-12 is lost, with 2 devices; without a pendant now: Albert",
    "own": "room-013-pendant: it is off the network; Mary is without this protection;"
    " Mary has nothing else to call with",
    "own-lamp": "room-013-light: it is off the network; Room 13 is without it",
    "frigate": "The gateway frigate/bridge is lost, with 1 device; not watched now: Side door",
}
"""What the board says of each that is cut off."""


class DemoHome(RunningHome):
    """The demonstration's own home, with its screens."""

    def __init__(self, folder: Path, broker: Mosquitto) -> None:
        self.folder, self.broker = folder, broker
        self.process: subprocess.Popen[bytes] | None = None
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        address = f"mqtt://127.0.0.1:{broker.port}"
        self.code = write_demo(folder, rooms=LIVED_IN, broker=address, port=port, speed=20, all_ecosystems=True)
        self.edit("home.yaml", lambda text: text.replace(f"home: {DEMO}", f"home: {SLUG}"))
        self.home: Home = read_home(folder).home

    def start(self, **more: str) -> None:
        """Hub and screens."""
        words = command("run", self.folder, "--with-dashboards")
        with (self.folder.parent / "hub.log").open("ab") as log:
            self.process = subprocess.Popen(words, stderr=log, env={**environment(), **more})

    async def serves(self) -> None:
        """Until the screens say that the hub is live."""

        def healthy() -> bool:
            try:
                return httpx.get(f"{self.url}/healthz", timeout=1).status_code == 200
            except httpx.TransportError:
                return False

        await until(healthy, DEADLINE_S)

    def name(self, number: int) -> str:
        """Who lives in the room of this number."""
        return next(row.known_as for row in self.home.residents if row.room == f"{number:03d}")


@pytest.fixture
def demo(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[DemoHome]:
    """The home, not started yet."""
    home = DemoHome(tmp_path / "home", mosquitto)
    try:
        yield home
    finally:
        if home.process is not None:
            end(home.process)


@asynccontextmanager
async def every_gateway(broker: Mosquitto) -> AsyncIterator[Gateways]:
    """All of them, connected."""
    address = BrokerAddress(host="127.0.0.1", port=broker.port)
    gateways = Gateways(peers(), address=lambda _: address, clock=SystemClock())
    running = asyncio.create_task(gateways.run())
    try:
        await until(lambda: len(gateways.connected) == len(gateways.peers), DEADLINE_S)
        yield gateways
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def board_of(home: DemoHome) -> AsyncIterator[Page]:
    """A carer's screen: the house code entered, signed on."""
    async with chromium() as browser:
        page = await (await browser.new_context(viewport={"width": 1280, "height": 900})).new_page()
        await page.goto(home.url)
        await page.fill("#code", home.code)
        await page.click("button[type=submit]")
        await page.locator(f'[data-do="sign_on"][data-by="{CARER}"]').click()
        await expect(page.locator("body")).to_have_attribute("data-me", CARER, timeout=WAIT_MS)
        yield page


@contextmanager
def ledger(home: RunningHome) -> Iterator[sqlite3.Connection]:
    """Its ledger, to be read."""
    with closing(sqlite3.connect(f"file:{home.folder / 'data' / 'ledger.db'}?mode=ro", uri=True)) as store:
        yield store


def heard(home: RunningHome, device: str) -> bool:
    """Whether the ledger holds anything of this device."""
    with ledger(home) as store:
        return store.execute("SELECT 1 FROM events WHERE device = ? LIMIT 1", (device,)).fetchone() is not None


async def test_each_ecosystem_is_seen_obeys_and_is_missed(demo: DemoHome) -> None:
    """One home, all of them at once; every gateway is cut by its wire, and mended."""
    async with stranger(demo.broker.port) as me:
        demo.start()
        await me.is_ready()
        await demo.serves()
        async with every_gateway(demo.broker) as gateways, board_of(demo) as board:
            await _each_call_stands_on_the_board(demo, board, me, gateways)
            await _everything_is_closed(board, me)
            await _each_lamp_obeys_the_page_of_its_room(demo, board, me)
            await _each_gateway_is_missed(demo, board, me, gateways)
    assert demo.stop() == 0
    assert "Traceback" not in demo.said


async def _each_call_stands_on_the_board(home: DemoHome, board: Page, me: Stranger, gateways: Gateways) -> None:
    """Everybody calls at once and somebody is at the side door: a card each, with whose call it is."""
    for peer in gateways.peers.values():
        if peer.caller or peer.eye:
            gateways.press(peer.name)
    cards = board.locator("#cards [data-alert]")
    await expect(cards).to_have_count(LIVED_IN + 1, timeout=WAIT_MS)
    for number in range(1, LIVED_IN + 1):
        card = board.locator('[data-level="emergency"]', has_text=f"{home.name(number)} pressed for help")
        await expect(card.locator(".title")).to_have_text(home.name(number), timeout=WAIT_MS)
    door = board.locator('[data-level="check"]')
    await expect(door.locator(".title")).to_have_text("Side door")
    await expect(door.locator(".reason")).to_have_text(AT_THE_DOOR)
    await _all_was_heard(home, me, "called")
    await expect(cards).to_have_count(LIVED_IN + 1)
    assert len(me.log("raised")) == LIVED_IN + 1


async def _everything_is_closed(board: Page, me: Stranger) -> None:
    """The calls are answered, so that the board is empty."""
    for number, line in enumerate(me.log("raised")):
        alert, why = line["alert"], "was beside it"
        done = await me.ask(
            "dashboards", id=f"c{number}", do="close", alert=alert, by=CARER, ending="helped", reason=why
        )
        assert done["ok"], done
    await expect(board.get_by_role("heading", name="All is quiet")).to_be_visible(timeout=WAIT_MS)


async def _each_lamp_obeys_the_page_of_its_room(home: DemoHome, board: Page, me: Stranger) -> None:
    """*On* is tapped on the page of each room; what the page then says is what the lamp said."""
    for room in LIT:
        await board.goto(f"{home.url}/house?room={room}")
        lamp = board.locator(f'[data-device="room-{room}-light"]')
        await lamp.get_by_role("button", name="On", exact=True).click()
        await expect(lamp.locator('[aria-busy="true"]')).to_have_count(0, timeout=WAIT_MS)
    await board.goto(f"{home.url}/house")
    for room in LIT:
        await expect(board.locator(f'[data-room="{room}"]')).to_contain_text("Light: on", timeout=WAIT_MS)
    assert len(me.log("commanded")) == len(LIT)
    assert me.log("undelivered") == []
    await board.goto(home.url)
    await expect(board.get_by_role("heading", name="All is quiet")).to_be_visible(timeout=WAIT_MS)


async def _each_gateway_is_missed(home: DemoHome, board: Page, me: Stranger, gateways: Gateways) -> None:
    """One after the other; the board is empty before and after, and nothing that comes behind raises one more."""
    cards = board.locator("#cards [data-alert]")
    assert gateways.peers.keys() == GONE.keys()
    for name, words in GONE.items():
        raised = len(me.log("raised"))
        gateways.take(name)
        await expect(cards.locator(".reason"), name).to_have_text([re.compile(f"^{words}$")], timeout=WAIT_MS)
        await _all_was_heard(home, me, f"gone-{name}")
        await expect(cards, name).to_have_count(1)
        gateways.bring(name)
        await expect(cards, name).to_have_count(0, timeout=WAIT_MS)
        await _all_was_heard(home, me, f"back-{name}")
        assert len(me.log("raised")) == raised + 1, (name, me.log("raised")[raised:])
    await expect(board.get_by_role("heading", name="All is quiet")).to_be_visible(timeout=WAIT_MS)


async def _all_was_heard(home: RunningHome, me: Stranger, marker: str) -> None:
    """Until the hub has taken what the broker has now."""
    await me.publish(f"zigbee2mqtt/{marker}", b'{"temperature":20}')
    await until(lambda: heard(home, f"zigbee2mqtt/{marker}"), DEADLINE_S)

"""The whole house with real parts: broker, hub, screens and two browsers, from a press to its close."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from aiomqtt import Client
from playwright.async_api import Browser, Page, async_playwright, expect

from hub.clock import SystemClock
from hub.config.new import write_new
from tests.parts import Mosquitto, end, free_port, part, until

ROOT = Path(__file__).resolve().parents[2]
SLUG = "ashgrove"
CHROMIUM = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class House:
    """A home with everything running, and what a test does to it."""

    folder: Path
    broker: Mosquitto
    url: str
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start hub and screens."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hub.commands", "run", str(self.folder), "--with-dashboards"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )

    def kill(self) -> None:
        """Kill -9 of hub and screens at once."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    async def ready(self) -> None:
        """Until the screens say that the hub is live."""

        def healthy() -> bool:
            try:
                return httpx.get(f"{self.url}/healthz", timeout=1).status_code == 200
            except httpx.TransportError:
                return False

        await until(healthy, 15)

    async def publish(self, topic: str, payload: str) -> None:
        """Say something as a device would."""
        async with Client("127.0.0.1", self.broker.port) as device:
            await device.publish(topic, payload, qos=1)


UP_AT_NIGHT = """\
  - rule: up-at-night
    why: Resident 002 walks to the bathroom alone and likes to do it without company.
    when: {{bed: empty}}
    help:
      - ask: {{text: Is all well?, answers: [{{all is well: settles}}, {{please come: tells}}], within: 60 s}}
    settled_by: [{{bed: occupied}}, ok]
    otherwise: {{level: check, say: "{{known_as}} has been up for {{for}}."}}
    delay_agreed: {{risk: walks steadily, by: "J. Shah, RN", on: {on}}}
"""


@pytest.fixture
def house(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[House]:
    """A home of three rooms, running."""
    port = free_port()
    folder = tmp_path / "home"
    write_new(folder, rooms=3, slug=SLUG, broker=f"mqtt://127.0.0.1:{mosquitto.port}", dashboards_port=port)
    with (folder / "residents/resident-002.yaml").open("a") as plan:
        agreed = datetime.fromtimestamp(SystemClock().wall_ms() / 1000, UTC).date() - timedelta(days=2)
        plan.write(UP_AT_NIGHT.format(on=agreed))
    house = House(folder, mosquitto, f"http://127.0.0.1:{port}", port)
    house.start()
    yield house
    if house.process is not None:
        end(house.process)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A real browser."""
    path = part("chromium")
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=str(path), args=list(CHROMIUM))
        yield browser
        await browser.close()


async def phone(browser: Browser, house: House, carer: str) -> Page:
    """A carer's phone with the board open, signed on."""
    context = await browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = await context.new_page()
    await page.goto(house.url)
    await page.locator(f'[data-do="sign_on"][data-by="{carer}"]').click()
    await expect(page.locator("body")).to_have_attribute("data-me", carer)
    return page


async def hold(page: Page, selector: str) -> None:
    """Press and hold for a good second."""
    box = await page.locator(selector).bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.mouse.down()
    await page.wait_for_timeout(1300)
    await page.mouse.up()


async def test_a_press_is_seen_claimed_attended_and_closed_and_every_page_follows(house: House) -> None:
    """Ana takes it on her phone, Ben sees that she goes, and in the end all is quiet on both; the next one Ben closes
    alone, and says once why nothing shows that he was there."""
    await house.ready()
    async with chromium() as browser:
        ana, ben = await phone(browser, house, "carer-1"), await phone(browser, house, "carer-2")
        await house.publish("zigbee2mqtt/room-002-pendant", '{"action":"emergency","last_seen":1}')
        for page in (ana, ben):
            await expect(page.locator('[data-level="emergency"] .title')).to_have_text("Resident 002")
        card = '[data-level="emergency"]'
        await hold(ana, f'{card} [data-do="claim"]')
        await expect(ben.locator(f"{card} .taken")).to_contain_text("Carer 1 is going")
        await ana.locator(f'{card} [data-panel="main"] [data-do="attend"]').click()
        reason = ana.locator(f'{card} [data-do="attend"][data-reason]')
        if await reason.count():
            await reason.first.click()
        await expect(ben.locator(card)).to_have_attribute("data-state", "attended")
        await ana.locator(f'{card} [data-do="close"][data-ending="helped"]').click()
        for page in (ana, ben):
            await expect(page.get_by_role("heading", name="All is quiet")).to_be_visible()
        await house.publish("zigbee2mqtt/room-003-pendant", '{"action":"emergency","last_seen":2}')
        await ben.locator(f'{card} [data-panel="main"] [data-open="close"]').click()
        await ben.locator(f'{card} [data-do="close"][data-ending="mistake"]').click()
        await ben.locator(f'{card} [data-why="no tag or screen here"]').click()
        for page in (ana, ben):
            await expect(page.get_by_role("heading", name="All is quiet")).to_be_visible()


async def test_a_question_of_her_plan_is_answered_on_the_tablet_and_nobody_is_told(house: House) -> None:
    """She is up: the question stands on the screen of her room, a tap answers, and the run is settled. The next time
    she taps that somebody shall come, and the board of the carer shows it at once."""
    await house.ready()
    bed = "zigbee2mqtt/room-002-bed"
    async with chromium() as browser:
        ana = await phone(browser, house, "carer-1")
        tablet = await (await browser.new_context(viewport={"width": 1024, "height": 600}, has_touch=True)).new_page()
        await tablet.goto(f"{house.url}/room/002")
        await house.publish(bed, '{"occupancy":true}')
        await house.publish(bed, '{"occupancy":false}')
        await expect(tablet.locator("#question h1")).to_have_text("Is all well?", timeout=10_000)
        await tablet.locator("#answers button", has_text="all is well").tap()
        await expect(tablet.locator("#question")).to_be_hidden()
        async with asyncio.timeout(10):
            while "settled" not in steps(house):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert "raised" not in steps(house)
        await expect(ana.get_by_role("heading", name="All is quiet")).to_be_visible()

        await house.publish(bed, '{"occupancy":true}')
        await house.publish(bed, '{"occupancy":false}')
        await tablet.locator("#answers button", has_text="please come").tap(timeout=10_000)
        await expect(ana.locator('[data-level="check"] .title')).to_have_text("Resident 002")
        await expect(tablet.locator("#question")).to_be_hidden()


def steps(house: House) -> list[str]:
    """The steps in the log of the ledger."""
    with closing(sqlite3.connect(f"file:{house.folder}/data/ledger.db?mode=ro", uri=True)) as store:
        return [step for (step,) in store.execute("SELECT step FROM log ORDER BY seq")]


async def test_after_kill_minus_nine_the_board_says_so_and_the_alert_is_still_there(house: House) -> None:
    """NOT LIVE while nobody serves, and after the restart the same alert, still waiting, and a new press is heard."""
    await house.ready()
    async with chromium() as browser:
        ana = await phone(browser, house, "carer-1")
        await house.publish("zigbee2mqtt/room-002-pendant", '{"action":"emergency","last_seen":1}')
        await expect(ana.locator('[data-level="emergency"]')).to_have_count(1)
        house.kill()
        await expect(ana.locator("#not-live")).to_be_visible(timeout=10_000)
        await house.publish("zigbee2mqtt/room-003-pendant", '{"action":"emergency","last_seen":2}')
        house.start()
        await house.ready()
        await expect(ana.locator("#not-live")).to_be_hidden(timeout=15_000)
        await expect(ana.locator('[data-level="emergency"]')).to_have_count(2)


async def test_a_lamp_is_told_from_the_page_of_its_room_and_its_answer_is_shown(house: House) -> None:
    """From the page's own request to the gateway's topic and back; the page of devices says who cannot call."""
    await house.ready()
    lamp = "zigbee2mqtt/room-001-light"

    async def state() -> str:
        rooms = (await client.get("/rooms")).json()["rooms"]
        devices = [one for room in rooms if room["place"] == "001" for one in room["devices"]]
        return str(next(one["state"] for one in devices if one["device"] == "room-001-light"))

    async with (
        httpx.AsyncClient(base_url=house.url, headers={"origin": house.url}) as client,
        Client("127.0.0.1", house.broker.port) as gateway,
    ):
        await gateway.subscribe(f"{lamp}/set", qos=1)
        assert await state() == ""
        wish = {"id": "lamp-1-on", "do": "command", "device": "room-001-light", "by": "carer-1"}
        answer = (await client.post("/do", json={**wish, "command": {"do": "turn_on"}})).json()
        assert (answer["ok"], answer["reason"]) == (True, "asked for")
        async with asyncio.timeout(10):
            told = await anext(aiter(gateway.messages))
        assert (str(told.topic), told.payload) == (f"{lamp}/set", b'{"state":"ON"}')
        assert await state() == "", "it is on when it says so"
        await gateway.publish(lamp, '{"state":"ON","brightness":254}', qos=1)
        async with asyncio.timeout(10):
            while await state() != "on":  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        no = (await client.post("/do", json={**wish, "id": "lamp-1-no", "command": {"do": "lock"}})).json()
        assert (no["ok"], no["reason"]) == (False, "room-001-light is for light: it cannot be locked")
        page = (await client.get("/devices")).text
        assert "room-001-pendant: never heard" in page

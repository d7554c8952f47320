"""What the watcher tells, on the board: the list in a real Chromium, and the messages it is made of."""

from __future__ import annotations

from dataclasses import replace

import aiomqtt
import orjson
from playwright.async_api import expect

from dashboards.told import ToldByWatcher
from devices.events import Kind
from hub.watch.messages import alert
from hub.watch.records import Told
from tests.dashboards.conftest import FakeHub, Screens
from tests.dashboards.test_asks import Heard, a_bus
from tests.dashboards.test_board import OpenBoard
from tests.parts import Mosquitto, until

PRESSED_MS = 1_795_227_180_000
"""2026-11-21T02:13:00Z."""
MARGARET = Told(
    id="w1",
    device="room-012-pendant",
    kind=Kind.EMERGENCY,
    level="emergency",
    who="Margaret",
    where="lives in Room 12",
    reason="Margaret pressed for help",
    stamp=None,
    pressed_wall_ms=PRESSED_MS,
)


def body(told: Told) -> bytes:
    """The watcher's message of a press it told."""
    return orjson.dumps(alert(told))


def told_by(screens: Screens, state: str, *presses: Told) -> None:
    """The watcher says how it is, and shows these."""
    screens.live.on_watcher("status", orjson.dumps({"state": state}))
    for press in presses:
        screens.live.on_watcher(f"alert/{press.id}", body(press))


async def test_a_long_word_leaves_heard_on_the_phone(screens: Screens, phone: OpenBoard) -> None:
    """Nobody has placed the device: its address has no blanks, and the button beside it is still in reach."""
    ana = await phone(screens, "ana")
    screens.live.on_status("lost", "")
    where = f"a device nobody has placed, lora/{'0123456789abcdef' * 3}"
    told_by(screens, "in_charge", replace(MARGARET, who="", where=where, reason="Somebody pressed for help"))
    await expect(ana.page.locator('[data-do="heard"]')).to_be_in_viewport(ratio=1)
    assert await ana.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_what_the_watcher_told_is_shown_and_sounds_until_somebody_heard_it(
    hub: FakeHub, screens: Screens, phone: OpenBoard
) -> None:
    """Under NOT LIVE: who, where and when; Ana taps Heard, all see it, and it is silent."""
    ana, ben = await phone(screens, "ana"), await phone(screens, "ben")
    await ana.page.mouse.click(5, 5)
    screens.live.on_status("lost", "")
    call = replace(MARGARET, where="", who="", reason="Somebody called", id="w2", level="call")
    told_by(screens, "in_charge", replace(call, where="Lounge"), MARGARET)
    for page in (ana.page, ben.page):
        await expect(page.locator("#not-live")).to_be_visible()
        await expect(page.locator("#watcher h2")).to_have_text("Told by the watcher")
        first, second = page.locator("#watcher-list li").nth(0), page.locator("#watcher-list li").nth(1)
        await expect(first).to_contain_text("Margaret, lives in Room 12")
        await expect(first).to_contain_text("Margaret pressed for help · 02:13")
        await expect(second).to_contain_text("Lounge")
    await expect(ana.page.locator("body")).to_have_attribute("data-sounding", "emergency")
    await ana.page.click('[data-told="w1"] [data-do="heard"]')
    await until(lambda: hub.asked[-1]["do"] == "heard")
    assert {name: hub.asked[-1][name] for name in ("by", "alert")} == {"by": "ana", "alert": "w1"}
    told_by(screens, "in_charge", replace(MARGARET, heard_by="ana", heard_wall_ms=PRESSED_MS))
    await expect(ben.page.locator('[data-told="w1"]')).to_contain_text("Ana Ruiz heard it")
    await expect(ana.page.locator("body")).to_have_attribute("data-sounding", "call")


async def test_a_hub_that_is_back_shows_the_calls_itself(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """The list goes when the watcher gives back, and also where a watcher that is gone left it behind."""
    ana = await phone(screens, "ana")
    told_by(screens, "in_charge", MARGARET)
    await expect(ana.page.locator("#watcher")).to_be_visible()
    await expect(ana.page.locator("#quiet")).to_be_hidden()
    screens.live.on_watcher("alert/w1", b"")
    await expect(ana.page.locator("#watcher")).to_be_hidden()
    told_by(screens, "in_charge", MARGARET)
    await expect(ana.page.locator("#watcher")).to_be_visible()
    told_by(screens, "lost")
    await expect(ana.page.locator("#watcher")).to_be_hidden()
    await expect(ana.page.locator("#quiet")).to_be_visible()


async def test_the_watcher_is_heard_on_the_broker_with_what_it_shows_already(mosquitto: Mosquitto) -> None:
    """A board that is opened in the middle of it shows the list too."""
    heard = Heard()
    async with aiomqtt.Client("127.0.0.1", mosquitto.port) as client:
        await client.publish("handrail/elm-house/watch/alert/w1", body(MARGARET), qos=1, retain=True)
        async with a_bus(mosquitto, heard):
            await until(lambda: heard.watcher == [("alert/w1", body(MARGARET))])


def test_what_cannot_be_read_changes_nothing() -> None:
    """Nor does the same message again."""
    told = ToldByWatcher()
    told.take("alert/w1", body(MARGARET))
    before = told.version, told.picture()
    for name, payload in (("alert/w1", body(MARGARET)), ("alert/w2", b"{}"), ("status", b"\xff"), ("more", b"{")):
        told.take(name, payload)
    assert (told.version, told.picture()) == before

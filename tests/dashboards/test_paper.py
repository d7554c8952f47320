"""The paper list on the screens: offered after signing on, drawn from the ledger, and fit to be printed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import httpx
from playwright.async_api import expect

if TYPE_CHECKING:
    from tests.dashboards.conftest import FakeHub, Phone, Screens

OpenBoard = Callable[..., Awaitable["Phone"]]


async def test_the_paper_list_is_offered_after_signing_on_and_opens_beside_the_board(
    hub: FakeHub, screens: Screens, phone: OpenBoard
) -> None:
    """Not before: who lives here is for who works here. The board stays open and goes on ringing."""
    nobody = await phone(screens)
    await expect(nobody.page.locator("#sign-on")).to_be_visible()
    await expect(nobody.page.locator("#paper")).to_be_hidden()
    ana = await phone(screens, "ana")
    async with ana.context.expect_page() as opening:
        await ana.page.get_by_text("Print the paper list of this shift").click()
    paper = await opening.value
    await expect(paper.locator("h1")).to_have_text("Elm House: paper list")
    await expect(paper.locator(".numbers").first).to_contain_text("Ana Ruiz")
    await expect(paper.locator(".places")).to_contain_text("Margaret Hill")
    await expect(paper.locator(".blind").first).to_contain_text("BLIND SPOT")
    await expect(paper.locator(".rounds tr")).to_have_count(5)
    background = await paper.evaluate("getComputedStyle(document.querySelector('.rounds td')).borderTopStyle")
    assert background == "solid", "the page has its style"
    await paper.evaluate("window.print = () => { document.title = 'printed' }")
    await paper.locator("#print").click()
    await expect(paper).to_have_title("printed")
    hub.press("a1")
    await expect(ana.page.locator(ana.card("a1"))).to_be_visible()


async def test_a_printed_page_is_as_wide_as_its_paper(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """Nothing is cut off at the right of an A4 page, and the button is not printed."""
    hub.sign_on("ana")
    ana = await phone(screens, path="/sheet")
    await ana.page.emulate_media(media="print")
    await ana.page.set_viewport_size({"width": 703, "height": 1032})  # A4 less its margins, at 96 dpi
    assert await ana.page.evaluate("document.documentElement.scrollWidth") <= 703
    await expect(ana.page.locator("#print")).to_be_hidden()


async def test_the_paper_list_is_behind_the_house_code(locked_screens: Screens) -> None:
    """It names everybody who lives here."""
    async with httpx.AsyncClient(base_url=locked_screens.url) as client:
        answer = await client.get("/sheet")
        assert (answer.status_code, answer.headers["location"]) == (303, "/code")
        assert (await client.get("/sheet.css")).status_code == 200


async def test_a_ledger_that_cannot_be_read_is_said_in_one_line(hub: FakeHub, screens: Screens) -> None:
    """With a status that is no page."""
    screens.reader.close()
    hub.path.rename(hub.path.with_suffix(".away"))
    async with httpx.AsyncClient(base_url=screens.url) as client:
        answer = await client.get("/sheet")
    assert answer.status_code == 503
    assert answer.text.startswith("The record cannot be read")

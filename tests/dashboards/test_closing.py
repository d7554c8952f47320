"""Closing on the night board: presence is shown, or why not is asked once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect

from rules.alerting.levels import Level

if TYPE_CHECKING:
    from tests.dashboards.conftest import FakeHub, Screens
    from tests.dashboards.test_board import OpenBoard


async def test_closing_alone_asks_once_why_nothing_showed_presence(
    hub: FakeHub, screens: Screens, phone: OpenBoard
) -> None:
    """In the tiles that attending has; nothing is sent before, and going back is possible."""
    hub.press("a1")
    ana = await phone(screens, "ana")
    card = ana.page.locator(ana.card("a1"))
    await card.locator('[data-panel="main"] [data-open="close"]').tap()
    await card.locator('[data-do="close"][data-ending="no_help_needed"]').tap()
    why = card.locator('[data-panel="why"]')
    await expect(why.locator(".panel-title")).to_have_text("How can it be known that you are there?")
    await expect(why.locator("[data-why]")).to_have_text(["No tag or screen here", "It did not work"])
    await why.locator('[data-open="main"]').tap()
    await expect(card.locator('[data-do="claim"]')).to_be_visible()
    assert [wish["do"] for wish in hub.asked] == ["sign_on"]
    await card.locator('[data-panel="main"] [data-open="close"]').tap()
    await card.locator('[data-do="close"][data-ending="helped"]').tap()
    await why.locator('[data-why="the tag or screen did not work"]').tap()
    await expect(card).to_have_count(0)
    said = {name: hub.asked[-1].get(name) for name in ("do", "ending", "reason", "proof")}
    assert said == {"do": "close", "ending": "helped", "reason": "the tag or screen did not work", "proof": None}


async def test_a_wish_for_company_is_closed_without_that_question(
    hub: FakeHub, screens: Screens, phone: OpenBoard
) -> None:
    """Nobody has to show that they were there."""
    hub.press("a1", level=Level.REQUEST)
    ana = await phone(screens, "ana")
    card = ana.page.locator(ana.card("a1"))
    await card.locator('[data-panel="main"] [data-open="close"]').tap()
    await card.locator('[data-do="close"][data-ending="helped"]').tap()
    await expect(card).to_have_count(0)


async def test_a_screen_in_the_room_closes_and_a_refused_proof_leads_to_the_reasons(
    hub: FakeHub, screens: Screens, phone: OpenBoard
) -> None:
    """The screen itself is the proof; where the hub does not believe it, one tap more ends it all the same."""
    hub.press("a1")
    ana = await phone(screens, "ana", path="/?place=012")
    card = ana.page.locator(ana.card("a1"))
    hub.refuse = "nothing shows that somebody was there"
    await card.locator('[data-panel="main"] [data-open="close"]').tap()
    await card.locator('[data-do="close"][data-ending="helped"]').tap()
    await expect(card.locator(".error")).to_contain_text("nothing shows")
    assert (hub.asked[-1]["do"], hub.asked[-1]["proof"]) == ("close", "screen:012")
    hub.refuse = ""
    await card.locator('[data-panel="why"] [data-why="no tag or screen here"]').tap()
    await expect(card).to_have_count(0)
    assert hub.asked[-1]["reason"] == "no tag or screen here"
    hub.press("a2")
    card = ana.page.locator(ana.card("a2"))
    await card.locator('[data-panel="main"] [data-open="close"]').tap()
    await card.locator('[data-do="close"][data-ending="helped"]').tap()
    await expect(card).to_have_count(0)
    assert (hub.asked[-1]["proof"], hub.asked[-1].get("reason")) == ("screen:012", None)


async def test_a_lounge_cord_asks_who_it_was_and_why(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """One after the other, and all of it is sent at once."""
    hub.press("a1", None, Level.CALL, place="lounge", room="lounge")
    ana = await phone(screens, "ana")
    card = ana.page.locator(ana.card("a1"))
    await card.locator('[data-open="close"]').first.tap()
    await card.locator('[data-do="close"][data-ending="helped"]').tap()
    await card.locator('[data-resident="ines"]').tap()
    await card.locator('[data-why="no tag or screen here"]').tap()
    await expect(card).to_have_count(0)
    said = {name: hub.asked[-1].get(name) for name in ("ending", "reason", "resident")}
    assert said == {"ending": "helped", "reason": "no tag or screen here", "resident": "ines"}

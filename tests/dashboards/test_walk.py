"""The walk test on the night board: pick, press now, heard, that was my test; and it never hides a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect

from dashboards.walks import tiles
from hub.ledger.read import Reader
from rules.hearing.walks import DAY_MS, Walk
from tests.dashboards.walk_parts import ends_walk, hears_test

if TYPE_CHECKING:
    from tests.dashboards.conftest import FakeHub, Screens
    from tests.dashboards.test_board import OpenBoard


async def test_a_carer_picks_presses_and_says_that_it_was_theirs(
    hub: FakeHub, screens: Screens, phone: OpenBoard
) -> None:
    """From the small print to *recorded*, in one hand."""
    ana = await phone(screens, "ana")
    page = ana.page
    await page.locator("#notes summary").tap()
    await page.locator("#walk-test").tap()
    await expect(page.locator("#walk-tiles .tile")).to_have_count(5)
    await page.locator("#walk-find").fill("room 12")
    await expect(page.locator("#walk-tiles .tile")).to_have_count(1)
    await page.locator('[data-walk="room-012-pendant"]').tap()
    await expect(page.locator("#walk-press-words")).to_have_text("Press room-012-pendant now")
    await expect(page.locator("#walk-left")).to_contain_text("s left")
    hears_test(hub)
    card = page.locator(ana.card("t1"))
    await expect(card.locator(".level")).to_have_text("Test · Emergency")
    await expect(card.locator(".test")).to_contain_text("Heard after 0.8 s, battery 82 %")
    await expect(card.locator(".test")).to_contain_text("unless it was your test")
    await expect(page.locator("#walk")).to_be_hidden()
    await ana.hold(f'{ana.card("t1")} [data-do="tested"]')
    await expect(card).to_have_count(0)
    await expect(page.locator("#walk-over-words")).to_have_text("done")
    await expect(page.locator("#closed")).to_contain_text("Walk test")
    assert [(wish["do"], wish.get("device"), wish["by"]) for wish in hub.asked[1:]] == [
        ("walk", "room-012-pendant", "ana"),
        ("tested", "room-012-pendant", "ana"),
    ]
    await page.locator("#walk-done").tap()
    await expect(page.locator("#walk")).to_be_hidden()


async def test_everybody_sees_the_test_and_it_sounds_nowhere(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """Ben may take it for a call; only Ana is asked whether it was hers."""
    ana, ben = await phone(screens, "ana"), await phone(screens, "ben")
    for carer in (ana, ben):
        await carer.page.mouse.click(5, 5)
    hears_test(hub)
    card = ben.page.locator(ben.card("t1"))
    await expect(card.locator(".test")).to_contain_text("Ana Ruiz tests it. A call in")
    await expect(card.locator('[data-do="tested"]')).to_be_hidden()
    await expect(card.locator(".told")).to_have_text("Nobody has been told yet")
    await expect(ana.page.locator(f'{ana.card("t1")} [data-do="tested"]')).to_be_visible()
    for carer in (ana, ben):
        await expect(carer.page.locator("body")).to_have_attribute("data-sounding", "")
    await ben.hold(f'{ben.card("t1")} [data-do="claim"]')
    assert hub.asked[-1]["do"] == "claim"


async def test_a_test_that_becomes_a_call_rings_as_one(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """The same card, without the ring, with everything a call has."""
    ana = await phone(screens, "ana")
    await ana.page.mouse.click(5, 5)
    hears_test(hub)
    card = ana.page.locator(ana.card("t1"))
    await expect(card).to_have_attribute("data-test", "yes")
    ends_walk(hub)
    hub.change("t1", test=None, quiet=False, told=("ana", "ben"), rings=1)
    await expect(card).to_have_attribute("data-test", "no")
    await expect(card.locator(".level")).to_have_text("Emergency")
    await expect(card.locator('[data-do="claim"]')).to_be_visible()
    await expect(card.locator(".test")).to_be_hidden()
    await expect(ana.page.locator("body")).to_have_attribute("data-sounding", "emergency")


async def test_the_hubs_reason_is_shown_where_it_refuses(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """In its own words, beside the tiles; and a stopped test says that every press is a call."""
    ana, ben = await phone(screens, "ana"), await phone(screens, "ben")
    await ana.page.locator("#notes summary").tap()
    await ana.page.locator("#walk-test").tap()
    hub.refuse = "not at night: from 20:00 to 08:00 every press is a call"
    await ana.page.locator('[data-walk="lounge-cord"]').tap()
    await expect(ana.page.locator("#walk-error")).to_contain_text("not at night")
    hub.refuse = ""
    await ana.page.locator('[data-walk="lounge-cord"]').tap()
    await expect(ben.page.locator("#walk-other")).to_contain_text("Ana Ruiz tests lounge-cord now")
    await expect(ana.page.locator("#walk-other")).to_be_hidden()
    await ana.page.locator("#walk-stop").tap()
    await expect(ana.page.locator("#walk-over-words")).to_have_text("The test is over: every press is a call now.")
    await expect(ben.page.locator("#walk-other")).to_be_hidden()


async def test_a_call_stands_above_the_test(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """Whoever is picking a device sees the card first."""
    ana = await phone(screens, "ana")
    await ana.page.locator("#notes summary").tap()
    await ana.page.locator("#walk-test").tap()
    await expect(ana.page.locator("#walk-pick")).to_be_visible()
    hub.press("a1", "arthur")
    card = await ana.page.locator(ana.card("a1")).bounding_box()
    walk = await ana.page.locator("#walk").bounding_box()
    assert card is not None
    assert walk is not None
    assert card["y"] < walk["y"]


def test_overdue_tests_come_first_and_are_in_the_small_print(hub: FakeHub) -> None:
    """With when each was tested last."""
    now = 1_000 * DAY_MS
    house = Reader(hub.path).home()
    assert house is not None
    walks = {
        name: Walk(device=name, since_wall_ms=1, tested_wall_ms=now - days * DAY_MS)
        for name, days in (("room-012-pendant", 0), ("room-013-pendant", 12), ("room-014-pendant", 40))
    }
    walks["lounge-cord"] = Walk(device="lounge-cord", since_wall_ms=now, failed_wall_ms=now)
    found = tiles(house, walks, now)
    assert [(row.device, row.note.rsplit(" · ", 1)[1]) for row in found] == [
        ("lounge-cord", "not heard at its last test"),
        ("room-014-pendant", "tested 40 days ago"),
        ("room-015-pendant", "never tested"),
        ("room-012-pendant", "tested today"),
        ("room-013-pendant", "tested 12 days ago"),
    ]
    assert [row.overdue for row in found] == [True, True, True, False, False]

"""What a carer says about a resident at the board: visit, away, back, looked, something is different, has died."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.dashboards.stay_parts import keep

if TYPE_CHECKING:
    from tests.dashboards.conftest import FakeHub, Screens
    from tests.dashboards.test_board import OpenBoard


async def test_a_visit_is_two_taps_and_everybody_sees_it(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """From the small print; the same button ends it."""
    ana, ben = await phone(screens, "ana"), await phone(screens, "ben")
    page = ana.page
    await page.locator("#notes summary").tap()
    await page.locator("#stay-open").tap()
    await page.locator("#stay-find").fill("room 12")
    await page.locator('[data-resident="margaret"]').tap()
    await page.locator("#stay-visit").tap()
    await expect(page.locator("#stay-visit")).to_have_text("End the visit")
    await expect(ben.page.locator("#stands")).to_contain_text("Margaret Hill: Ana Ruiz is there until")
    await page.locator("#stay-visit").tap()
    await expect(ben.page.locator("#stands")).to_be_hidden()
    assert [
        (wish["do"], wish["room"], wish["resident"], wish["by"]) for wish in hub.asked if wish["do"] == "visit"
    ] == [("visit", "012", "margaret", "ana")] * 2
    await page.locator("#stay-done").tap()
    await page.locator("#stay-done").tap()
    await expect(page.locator("#stay")).to_be_hidden()


async def test_away_back_and_looked(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """Where, for how long; back; and what waits for a look says so until somebody has looked."""
    ana = await phone(screens, "ana")
    page = ana.page
    await page.locator("#notes summary").tap()
    await page.locator("#stay-open").tap()
    await page.locator('[data-resident="arthur"]').tap()
    await expect(page.locator("#stay-back")).to_be_hidden()
    await page.locator('[data-stay="away"]').tap()
    await page.locator('[data-reason="hospital"]').tap()
    await page.locator('[data-hours="72"]').tap()
    await expect(page.locator("#stay-now")).to_contain_text("away (hospital) until")
    await expect(page.locator("#stands")).to_contain_text("Arthur Penrose: away (hospital)")
    assert hub.asked[-1] | {"id": ""} == {
        "id": "",
        "do": "away",
        "by": "ana",
        "resident": "arthur",
        "reason": "hospital",
        "until_s": 259_200,
    }
    await page.locator("#stay-back").tap()
    await expect(page.locator("#stands")).to_be_hidden()
    await page.locator("#stay-looked").tap()
    await expect(page.locator("#stay-looked")).to_be_hidden()
    await page.locator('[data-stay="change"]').tap()
    await page.locator("#stay-word").fill("very tired today")
    await page.locator("#stay-change [type=submit]").tap()
    await expect(page.locator("#stay-now")).to_contain_text(
        "staff are told at once until somebody has looked: very tired today"
    )


async def test_has_died_is_a_hold_and_nothing_shows_the_name(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """A tap alone does nothing; afterwards no tile has the name."""
    ana = await phone(screens, "ana")
    page = ana.page
    await page.locator("#notes summary").tap()
    await page.locator("#stay-open").tap()
    await page.locator('[data-resident="margaret"]').tap()
    await page.locator('[data-stay="gone"]').tap()
    await expect(page.locator("#stay-head")).to_have_text("Residents · Margaret Hill")
    await page.locator('[data-gone="died"]').tap()
    await expect(page.locator('[data-gone="died"]')).to_contain_text("Tap again")
    assert [wish for wish in hub.asked if wish["do"] == "gone"] == []
    await ana.hold('[data-gone="left"]')
    await expect(page.locator("#stay-tiles .tile")).to_have_count(3)
    await expect(page.locator("body")).not_to_contain_text("Margaret")
    assert hub.asked[-1]["confirmed"] is True


async def test_the_hubs_reason_is_shown_where_it_refuses(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """In its own words; and what waits for a look is not on everybody's board."""
    keep(hub, "ines", delays_off="a fall on 2026-11-22")
    ana = await phone(screens, "ana")
    page = ana.page
    await page.locator("#notes summary").tap()
    await page.locator("#stay-open").tap()
    await expect(page.locator("#stands")).to_be_hidden()
    await expect(page.locator('[data-resident="ines"]')).to_contain_text("a fall on 2026-11-22")
    await page.locator('[data-resident="ines"]').tap()
    hub.refuse = "more than one person lives here: say who"
    await page.locator("#stay-visit").tap()
    await expect(page.locator("#stay-error")).to_have_text("more than one person lives here: say who")


async def test_who_connected_a_sensor_again_says_why(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """It stands with the resident until somebody has said it, and is asked of nobody else."""
    keep(hub, "margaret", reconnected=("room-012-bed",))
    ana = await phone(screens, "ana")
    page = ana.page
    await page.locator("#notes summary").tap()
    await page.locator("#stay-open").tap()
    await expect(page.locator("#stands")).to_be_hidden()
    margaret = page.locator('[data-resident="margaret"]')
    await expect(margaret).to_contain_text("say who connected room-012-bed again, and why")
    await page.locator('[data-resident="arthur"]').tap()
    await expect(page.locator("#stay-reconnected button")).to_have_count(0)
    await page.locator("#stay-done").tap()
    await margaret.tap()
    await page.locator("#stay-reconnected button", has_text="Why room-012-bed is connected again").tap()
    await expect(page.locator("#stay-why-head")).to_have_text(
        "Margaret Hill may not want room-012-bed. Who connected it again, and why?"
    )
    await page.locator("#stay-why [type=submit]").tap()
    assert [wish for wish in hub.asked if wish["do"] == "reconnected"] == []
    await page.locator("#stay-why-word").fill("I did; she wants it since the new mattress")
    hub.refuse = "nobody asks about 'room-012-bed'"
    await page.locator("#stay-why [type=submit]").tap()
    await expect(page.locator("#stay-error")).to_have_text("nobody asks about 'room-012-bed'")
    hub.refuse = ""
    await page.locator("#stay-why [type=submit]").tap()
    await expect(page.locator("#stay-reconnected button")).to_have_count(0)
    assert hub.asked[-1] | {"id": ""} == {
        "id": "",
        "do": "reconnected",
        "by": "ana",
        "resident": "margaret",
        "device": "room-012-bed",
        "reason": "I did; she wants it since the new mattress",
    }

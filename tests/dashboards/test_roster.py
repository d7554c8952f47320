"""The managers' page of devices: who cannot call now and why, what nobody placed, and how to place it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import httpx
from playwright.async_api import expect

from tests.dashboards.conftest import a_home
from tests.dashboards.house_parts import MUSHROOM, SOS, furnish, says
from tests.dashboards.stay_parts import keep

if TYPE_CHECKING:
    from tests.dashboards.conftest import FakeHub, Phone, Screens

OpenBoard = Callable[..., Awaitable["Phone"]]


async def test_who_cannot_call_stands_first_with_the_reason(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """As `handrail devices --blind` says it; who has a working device is not named."""
    furnish(hub, a_home())
    says(hub, "zigbee2mqtt/room-012-pendant", emergency=False)
    says(hub, "zigbee2mqtt/room-013-pendant", minutes_ago=1600, faults="silent")
    says(hub, "zigbee2mqtt/room-014-pendant", faults="battery", battery=7)
    ana = await phone(screens, "ana")
    await ana.page.goto(f"{screens.url}/devices")
    blind = ana.page.locator("#blind")
    rows = [" ".join(text.split()) for text in await blind.locator("li").all_inner_texts()]
    assert rows == [
        "Arthur Penrose Room 13 room-013-pendant: silent",
        "Inês Carvalho Room 14 room-014-pendant: battery 7 %",
        "Tom Baker Room 15 room-015-pendant: never heard",
        "Lounge lounge-cord: never heard",
    ]
    await expect(ana.page.locator("#faulty li").first).to_contain_text("room-013-pendant")


async def test_an_unplaced_device_shows_what_it_is_and_how_to_place_it(
    hub: FakeHub, screens: Screens, phone: OpenBoard
) -> None:
    """The line for the file, the command for a terminal, and whatever has to be said by a person."""
    furnish(hub, a_home())
    ana = await phone(screens, "ana")
    await ana.page.click("#notes summary")
    await ana.page.get_by_role("link", name="Devices", exact=True).click()
    button = ana.page.locator(f'[data-device="{SOS}"]')
    for words in ("TuYa TS0215A · SOS button", "Heard 3 min ago · battery 81 %", "an emergency until it is placed"):
        await expect(button).to_contain_text(words)
    await expect(button.locator("code")).to_have_text(
        [
            "- {device: sos-button-13, address: zigbee2mqtt/SOS button 13, for: emergency, person: arthur}",
            "handrail devices /srv/elm-house place 'zigbee2mqtt/SOS button 13' --room 013 --as pendant",
        ]
    )
    await expect(ana.page.locator(f'[data-device="{MUSHROOM}"] code').nth(1)).to_have_text(
        f"handrail devices /srv/elm-house place {MUSHROOM} --room … --as …"
    )
    assert await ana.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off"


async def test_a_stranger_s_device_is_marked_not_ours_and_taken_back(
    hub: FakeHub, screens: Screens, phone: OpenBoard
) -> None:
    """By who holds the phone; the page says what came of it, and has it among those that ring nobody."""
    furnish(hub, a_home())
    ana = await phone(screens, "ana")
    await ana.page.goto(f"{screens.url}/devices")
    mark = ana.page.locator(f'#unplaced [data-device="{MUSHROOM}"] [data-do="not_ours"]')
    await mark.click()
    await expect(mark).to_contain_text("Tap again")
    await mark.click()
    marked = ana.page.locator(f'#not-ours [data-device="{MUSHROOM}"]')
    await expect(marked).to_contain_text("not ours (Ana Ruiz)")
    await marked.locator('[data-do="ours"]').click()
    await expect(ana.page.locator(f'#unplaced [data-device="{MUSHROOM}"]')).to_be_visible()
    assert [(wish["do"], wish["device"], wish["by"]) for wish in hub.asked[-2:]] == [
        ("not_ours", MUSHROOM, "ana"),
        ("ours", MUSHROOM, "ana"),
    ]


async def test_a_ledger_that_cannot_be_read_is_one_line(hub: FakeHub, screens: Screens) -> None:
    """On both pages, with a status that is no page."""
    screens.reader.close()
    hub.path.rename(hub.path.with_suffix(".away"))
    async with httpx.AsyncClient(base_url=screens.url) as client:
        page, rooms = await client.get("/devices"), await client.get("/rooms")
    assert (page.status_code, rooms.status_code) == (503, 503)
    assert page.text.startswith("The record cannot be read")
    assert rooms.json()["reason"].startswith("The record cannot be read")


async def test_a_sensor_connected_again_asks_who_and_why(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """Until somebody writes it; then the page has nothing to ask."""
    furnish(hub, a_home())
    keep(hub, "margaret", reconnected=("room-012-door",))
    ana = await phone(screens, "ana")
    await ana.page.goto(f"{screens.url}/devices")
    card = ana.page.locator('#reconnected [data-device="room-012-door"]')
    await expect(card).to_contain_text("Margaret Hill, Room 12")
    await card.locator("button").click()
    assert hub.asked[-1]["do"] != "reconnected"
    await card.locator("input").fill("Ben did, for the night; to be talked over")
    await card.locator("button").click()
    await expect(card.locator("[role=status]")).to_have_text("done")
    await expect(ana.page.locator("#reconnected")).to_have_count(0)
    said = hub.asked[-1]
    assert (said["do"], said["device"], said["by"]) == ("reconnected", "room-012-door", "ana")
    assert said["reason"] == "Ben did, for the night; to be talked over"

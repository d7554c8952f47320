"""The night board in a real Chromium, with a hub of the tests' own behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from playwright.async_api import expect

from rules.alerting.levels import Level
from rules.state import Missed

if TYPE_CHECKING:
    from tests.dashboards.conftest import FakeHub, Phone, Screens

TEN_SECONDS = 10_000
LATER = "() => { const now = performance.now.bind(performance); performance.now = () => now() + 60000; }"
"""A minute later, as the page sees it."""


class OpenBoard(Protocol):
    """The `phone` fixture."""

    async def __call__(self, screens: Screens, person: str = "", path: str = "/") -> Phone:
        """Open the board on a phone of its own, signed on as this person."""
        ...


async def test_a_quiet_night_says_so_and_a_press_appears(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """From all is quiet to a card with the name large, without a reload."""
    ana = await phone(screens, "ana")
    await expect(ana.page.get_by_role("heading", name="All is quiet")).to_be_visible()
    hub.press("a1", presses=3)
    card = ana.page.locator(ana.card("a1"))
    await expect(card.locator(".title")).to_have_text("Margaret Hill")
    await expect(card.locator(".level")).to_have_text("Emergency")
    await expect(card.locator(".marks")).to_contain_text("Pressed 3 times")
    await expect(card.locator(".told")).to_contain_text("Told")
    await expect(ana.page.locator("#quiet")).to_be_hidden()
    await expect(ana.page.locator("#announce")).to_contain_text("Emergency. Margaret Hill, Room 12")


async def test_waiting_time_ticks_from_the_first_press(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """Counted by the hub's clock, and running."""
    hub.press("a1", waiting_since_wall_ms=hub.clock.wall_ms() - 3_600_000)
    ana = await phone(screens, "ana")
    waiting = ana.page.locator(ana.card("a1")).locator(".waiting")
    await expect(waiting).to_contain_text("1:00:0")
    first = await waiting.inner_text()
    await expect(waiting).not_to_have_text(first)


async def test_a_claim_by_holding_shows_on_the_other_carers_page(
    hub: FakeHub, screens: Screens, phone: OpenBoard
) -> None:
    """One second's hold; Ben's phone falls silent and says who goes."""
    hub.press("a1")
    ana, ben = await phone(screens, "ana"), await phone(screens, "ben")
    await ana.page.mouse.click(5, 5)
    await expect(ana.page.locator("body")).to_have_attribute("data-sounding", "emergency")
    await expect(ben.page.locator("body")).to_have_attribute("data-sounding", "emergency")
    await ana.hold(f'{ana.card("a1")} [data-do="claim"]')
    await expect(ana.page.locator(ana.card("a1")).locator(".taken")).to_contain_text("You are going")
    await expect(ben.page.locator(ben.card("a1")).locator(".taken")).to_contain_text("Ana Ruiz is going")
    await expect(ben.page.locator("body")).to_have_attribute("data-sounding", "")
    assert [(wish["do"], wish["alert"], wish["by"]) for wish in hub.asked[-1:]] == [("claim", "a1", "ana")]


async def test_a_claim_by_two_taps_and_not_by_one(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """A pocket taps once; a hand taps twice."""
    hub.press("a1")
    ana = await phone(screens, "ana")
    claim = ana.page.locator(f'{ana.card("a1")} [data-do="claim"]')
    await claim.tap()
    await expect(claim).to_contain_text("Tap again")
    assert [wish["do"] for wish in hub.asked] == ["sign_on"]
    await claim.tap()
    await expect(ana.page.locator(ana.card("a1"))).to_have_attribute("data-state", "claimed")
    assert [wish["do"] for wish in hub.asked] == ["sign_on", "claim"]


async def test_attending_says_how_it_is_known_and_closing_takes_one_tap(
    hub: FakeHub, screens: Screens, phone: OpenBoard
) -> None:
    """Claim, attend with a reason, close with an ending; the alert then stands among the earlier ones."""
    hub.press("a1")
    ana = await phone(screens, "ana")
    card = ana.page.locator(ana.card("a1"))
    await ana.hold(f'{ana.card("a1")} [data-do="claim"]')
    await card.locator('[data-panel="main"] [data-do="attend"]').tap()
    await card.locator('[data-do="attend"][data-reason="no tag or screen here"]').tap()
    await expect(card.locator(".taken")).to_contain_text("You are there")
    await card.locator('[data-do="close"][data-ending="helped"]').tap()
    await expect(card).to_have_count(0)
    await expect(ana.page.locator('[data-closed="a1"]')).to_contain_text("Helped")
    assert hub.asked[-2]["reason"] == "no tag or screen here"
    assert hub.asked[-1]["ending"] == "helped"


async def test_a_screen_in_the_room_proves_presence(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """No reason is asked where the screen itself hangs."""
    hub.press("a1")
    ana = await phone(screens, "ana", path="/?place=012")
    await ana.page.locator(f'{ana.card("a1")} [data-do="attend"]').first.tap()
    await expect(ana.page.locator(ana.card("a1"))).to_have_attribute("data-state", "attended")
    assert hub.asked[-1]["proof"] == "screen:012"


async def test_another_ending_needs_a_word_and_a_place_asks_who_it_was(
    hub: FakeHub, screens: Screens, phone: OpenBoard
) -> None:
    """A lounge cord: close, other, a word, and who it was at the end."""
    hub.press("a1", None, Level.CALL, place="lounge", room="lounge")
    ana = await phone(screens, "ana")
    card = ana.page.locator(ana.card("a1"))
    await card.locator('[data-open="close"]').first.tap()
    await card.locator('[data-open="other"]').tap()
    await card.locator('[data-slot="word"]').fill("wanted a blanket")
    await card.locator('[data-panel="other"] [type="submit"]').tap()
    await card.locator('[data-resident="ines"]').tap()
    await expect(card).to_have_count(0)
    said = {name: hub.asked[-1].get(name) for name in ("ending", "reason", "resident")}
    assert said == {"ending": "other", "reason": "wanted a blanket", "resident": "ines"}


async def test_a_promise_counts_down_and_is_never_offered_for_an_emergency(
    hub: FakeHub, screens: Screens, phone: OpenBoard
) -> None:
    """Back in ten minutes, for a call."""
    hub.press("a1", "arthur", Level.CALL)
    hub.press("a2", "margaret", Level.EMERGENCY)
    ana = await phone(screens, "ana")
    await expect(ana.page.locator(f'{ana.card("a2")} [data-open="promise"]')).to_be_hidden()
    await ana.page.locator(f'{ana.card("a1")} [data-open="promise"]').tap()
    await ana.page.locator(f'{ana.card("a1")} [data-do="promise"][data-until="600"]').tap()
    await expect(ana.page.locator(ana.card("a1")).locator(".taken")).to_contain_text("left")
    assert hub.asked[-1]["until_s"] == 600


async def test_an_emergency_stands_first_and_never_scrolls_off(
    hub: FakeHub, screens: Screens, phone: OpenBoard
) -> None:
    """Out of sight it keeps a line at the top that leads back to it."""
    long_ago = hub.clock.wall_ms() - 900_000
    for number, resident in enumerate(("arthur", "ines", "tom")):
        hub.press(f"call-{number}", resident, Level.CALL, waiting_since_wall_ms=long_ago)
    ana = await phone(screens, "ana")
    hub.press("a1")
    await expect(ana.page.locator("#cards > article").first).to_have_attribute("data-alert", "a1")
    await ana.page.mouse.move(200, 400)
    await ana.page.mouse.wheel(0, 5000)
    pinned = ana.page.locator('[data-pinned="a1"]')
    await expect(pinned).to_contain_text("Margaret Hill")
    await pinned.tap()
    await expect(pinned).to_have_count(0)


async def test_the_hubs_refusal_is_shown_on_the_card_in_words(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """And so is its silence, after which the same request is asked again under its own id."""
    hub.press("a1")
    ana = await phone(screens, "ana")
    error = ana.page.locator(ana.card("a1")).locator(".error")
    hub.refuse = "Ben Okafor closed it 12 s ago: helped"
    await ana.hold(f'{ana.card("a1")} [data-do="claim"]')
    await expect(error).to_have_text(hub.refuse)
    hub.refuse, hub.deaf = "", True
    await ana.hold(f'{ana.card("a1")} [data-do="claim"]')
    await expect(error).to_contain_text("No answer from the hub")
    hub.deaf = False
    await ana.hold(f'{ana.card("a1")} [data-do="claim"]')
    await expect(error).to_be_hidden()
    refused, unanswered, again = (wish["id"] for wish in hub.asked[-3:])
    assert refused != unanswered
    assert unanswered == again


async def test_what_got_no_answer_is_not_taken_for_what_is_asked_later(
    hub: FakeHub, screens: Screens, phone: OpenBoard
) -> None:
    """The hub did call everybody, and its answer was lost: the next staff assist is one of its own."""
    ana = await phone(screens, "ana")
    hub.deaf = True
    await ana.hold("#assist")
    await expect(ana.page.locator("#assist-note")).to_contain_text("No answer from the hub")
    hub.deaf = False
    await ana.page.evaluate(LATER)
    await ana.hold("#assist")
    await expect(ana.page.locator("#assist-note")).to_have_text("Everybody has been called")
    first, second = (wish["id"] for wish in hub.asked if wish["do"] == "assist")
    assert first != second


async def test_signing_on_by_typing_and_signing_off(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """An agency carer has no tile; the device remembers them until they sign off."""
    kim = await phone(screens)
    await kim.page.fill("#agency-name", "Kim Lee")
    await kim.page.click('#agency [data-do="sign_on"]')
    await expect(kim.page.locator("#me-name")).to_have_text("Kim Lee")
    await expect(kim.page.locator("#quiet-shift")).to_contain_text("Kim Lee")
    await kim.page.reload()
    await expect(kim.page.locator("#me-name")).to_have_text("Kim Lee")
    await kim.page.click('[data-do="sign_off"]')
    await expect(kim.page.locator("#sign-on")).to_be_visible()
    assert [(wish["do"], wish["by"]) for wish in hub.asked] == [("sign_on", "Kim Lee"), ("sign_off", "Kim Lee")]


async def test_before_sign_on_alerts_are_seen_and_ring(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """A phone nobody has picked up is still a sounder."""
    nobody = await phone(screens)
    hub.press("a1")
    await expect(nobody.page.locator(nobody.card("a1"))).to_be_visible()
    await expect(nobody.page.locator("body")).to_have_attribute("data-sounding", "emergency")
    await expect(nobody.page.locator(f'{nobody.card("a1")} [data-do="claim"]')).to_be_hidden()


async def test_a_wall_screen_asks_who_does_it(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """It belongs to nobody, so each deed names its doer."""
    hub.sign_on("ben")
    hub.press("a1")
    wall = await phone(screens)
    await wall.page.click("#wall")
    await wall.hold(f'{wall.card("a1")} [data-do="claim"]')
    await wall.page.click('#who-acts [data-by="ben"]')
    await expect(wall.page.locator(wall.card("a1")).locator(".taken")).to_contain_text("Ben Okafor is going")


async def test_each_press_missed_while_down_is_answered_by_itself(
    hub: FakeHub, screens: Screens, phone: OpenBoard
) -> None:
    """One button a resident, and once why nothing showed presence; the card has no close of its own."""
    rows = tuple(
        Missed(resident=resident, device=resident, place=None, kind="emergency", at_ms=hub.clock.wall_ms() - 7_200_000)
        for resident in ("margaret", "tom")
    )
    hub.press("a1", None, everybody=True, late=True, missed=rows)
    ana = await phone(screens, "ana")
    card = ana.page.locator(ana.card("a1"))
    await expect(card.locator(".title")).to_have_text("Missed while the hub was down")
    await expect(card.locator('[data-panel="main"] [data-open="close"]')).to_be_hidden()
    await card.locator('[data-missed="tom"]').tap()
    await card.locator('[data-why="no tag or screen here"]').tap()
    await expect(card.locator('[data-missed="tom"]')).to_have_count(0)
    assert (hub.asked[-1]["do"], hub.asked[-1]["resident"]) == ("close", "tom")
    await card.locator('[data-missed="margaret"]').tap()
    await expect(card.locator('[data-missed="margaret"]')).to_have_count(0)
    assert (hub.asked[-1]["resident"], hub.asked[-1].get("reason")) == ("margaret", None)


async def test_a_device_of_the_neighbours_can_be_marked_not_ours(
    hub: FakeHub, screens: Screens, phone: OpenBoard
) -> None:
    """The hub's answer, that a second person has to say so too, is shown on the card."""
    hub.press("a1", None, device="rtl_433/9", everybody=True)
    ana = await phone(screens, "ana")
    await ana.page.locator(f'{ana.card("a1")} [data-do="not_ours"]').tap()
    await expect(ana.page.locator(ana.card("a1")).locator(".error")).to_have_text("done")
    assert (hub.asked[-1]["do"], hub.asked[-1]["device"]) == ("not_ours", "rtl_433/9")


async def test_staff_assist_calls_everybody_by_a_hold(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """The caller's own phone keeps silent, the colleague's rings."""
    ana, ben = await phone(screens, "ana"), await phone(screens, "ben")
    await ana.hold("#assist")
    await expect(ben.page.locator('[data-alert="assist-1"] .title')).to_have_text("A colleague needs help")
    await expect(ben.page.locator("body")).to_have_attribute("data-sounding", "emergency")
    await expect(ana.page.locator("body")).to_have_attribute("data-sounding", "")


async def test_sound_waits_for_the_first_tap_and_says_so(screens: Screens, phone: OpenBoard) -> None:
    """Browsers keep a page silent until it is touched."""
    ana = await phone(screens)
    await expect(ana.page.locator("#sound-bar")).to_be_visible()
    await ana.page.tap("#sound-bar")
    await expect(ana.page.locator("#sound-bar")).to_be_hidden()
    await expect(ana.page.locator("body")).to_have_attribute("data-sound", "on")


async def test_a_cut_stream_says_not_live_within_ten_seconds(screens: Screens, phone: OpenBoard) -> None:
    """The server is gone: the page must not look quiet."""
    ana = await phone(screens, "ana")
    await expect(ana.page.locator("body")).to_have_attribute("data-live", "yes")
    await screens.stop()
    await expect(ana.page.locator("#not-live")).to_be_visible(timeout=TEN_SECONDS)
    await expect(ana.page.locator("#not-live")).to_contain_text("lost its connection")


async def test_a_stream_that_falls_silent_says_not_live_within_ten_seconds(screens: Screens, phone: OpenBoard) -> None:
    """The connection stands and nothing comes: a phone out of reach of the Wi-Fi sees no error at all."""
    ana = await phone(screens)
    await expect(ana.page.locator("body")).to_have_attribute("data-live", "yes")
    screens.hush()
    await expect(ana.page.locator("#not-live")).to_be_visible(timeout=TEN_SECONDS)


async def test_a_hub_that_is_lost_or_back_is_shown(screens: Screens, phone: OpenBoard) -> None:
    """Its last will says NOT LIVE at once, its next heartbeat takes that away; a fault is told in words."""
    ana = await phone(screens, "ana")
    screens.live.on_status("lost", "")
    await expect(ana.page.locator("#not-live")).to_contain_text("The hub has stopped.")
    screens.live.on_status("degraded", "the disk is nearly full")
    await expect(ana.page.locator("#not-live")).to_be_hidden()
    await expect(ana.page.locator("#degraded")).to_contain_text("the disk is nearly full")
    screens.live.on_link(False)
    await expect(ana.page.locator("#not-live")).to_contain_text("no connection to the hub", timeout=TEN_SECONDS)


async def test_names_are_behind_the_house_code(hub: FakeHub, locked_screens: Screens, phone: OpenBoard) -> None:
    """Asked once of each device; a wrong one is refused in words."""
    hub.press("a1")
    ana = await phone(locked_screens)
    assert ana.page.url.endswith("/code")
    await ana.page.fill("#code", "111111")
    await ana.page.press("#code", "Enter")
    await expect(ana.page.locator("#code-error")).to_have_text("That is not the code.")
    await ana.page.fill("#code", "274913")
    await ana.page.press("#code", "Enter")
    await expect(ana.page.locator(ana.card("a1"))).to_be_visible()
    await ana.page.reload()
    await expect(ana.page.locator(ana.card("a1"))).to_be_visible()


async def test_a_long_address_is_no_wider_than_a_phone(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """A device of a network that nobody has placed, and a carer of an agency who typed a long name: at 390 pixels, and
    enlarged to twice the size, the time and every button are in reach."""
    address = f"v3/elm@tenant/devices/eui-{'a1b2c3d4e5f6' * 3}"
    reason = f"a device nobody has placed, {address}: pressed for help"
    hub.press("a1", None, device=address, cause=address, reason=reason, also=(address,), everybody=True)
    hub.sign_on("Wolfeschlegelsteinhausenbergerdorff")
    ana = await phone(screens, "ana")
    await expect(ana.page.locator(ana.card("a1"))).to_be_visible()
    for width in (390, 195):
        await ana.page.set_viewport_size({"width": width, "height": 844})
        assert await ana.page.evaluate("document.documentElement.scrollWidth") <= width


async def test_everything_can_be_done_from_the_keyboard(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """Enter twice claims; every target is large enough for a glove; nothing is wider than a small phone."""
    hub.press("a1")
    ana = await phone(screens, "ana")
    await ana.page.set_viewport_size({"width": 360, "height": 740})
    claim = ana.page.locator(f'{ana.card("a1")} [data-do="claim"]')
    await claim.focus()
    await ana.page.keyboard.press("Enter")
    await ana.page.keyboard.press("Enter")
    await expect(ana.page.locator(ana.card("a1"))).to_have_attribute("data-state", "claimed")
    small = await ana.page.evaluate(
        "[...document.querySelectorAll('button')]"
        ".filter((button) => button.offsetParent && button.offsetHeight < 64).map((button) => button.outerHTML)"
    )
    assert small == []
    assert await ana.page.evaluate("document.documentElement.scrollWidth") <= 360

"""The screen of a room: what the person in the bed sees, and what a tap there asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import orjson
import pytest
from playwright.async_api import Browser, Page, expect

from hub.config.stored import home_json
from rules.state import Person
from tests.dashboards.conftest import a_home
from tests.dashboards.test_board import LATER
from tests.parts import until

if TYPE_CHECKING:
    from tests.dashboards.conftest import FakeHub, Screens

NO_CALL: dict[str, object] = {"room": "012", "heard": False, "calls": [], "say": None}
CALL = {
    "alert": "a00001",
    "level": "emergency",
    "state": "told",
    "since": "2026-11-21T03:12:04.553Z",
    "coming": None,
    "promised_until": None,
    "test": False,
}


def shows(screens: Screens, **changes: object) -> None:
    """The hub shows this in room 012."""
    screens.live.on_room("012", orjson.dumps({**NO_CALL, **changes}))


@pytest.fixture
async def tablet(browser: Browser, screens: Screens) -> AsyncIterator[Page]:
    """The screen beside Margaret's bed."""
    context = await browser.new_context(viewport={"width": 1024, "height": 600}, has_touch=True)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(f"{screens.url}/room/012")
    await page.wait_for_selector('body[data-live="yes"]')
    yield page
    assert errors == []
    await context.close()


async def test_a_call_from_the_bed_is_heard_and_somebody_comes(hub: FakeHub, screens: Screens, tablet: Page) -> None:
    """One tap asks; what the hub says then stands there in large words, until it is over."""
    await tablet.tap('[data-do="call"]')
    await expect(tablet.locator("#said")).to_be_hidden()
    assert [(wish["do"], wish["room"]) for wish in hub.asked] == [("call", "012")]
    age_s = hub.clock.wall_ms() / 1000 - datetime.fromisoformat(str(hub.asked[0]["asked_at"])).timestamp()
    assert 0 <= age_s < 60, "should it wait for the hub, its age is known"
    shows(screens, heard=True, calls=[CALL])
    await expect(tablet.locator("#calls b")).to_have_text("Your call was heard")
    shows(screens, heard=True, calls=[{**CALL, "state": "claimed", "coming": "Ana"}])
    await expect(tablet.locator("#calls span")).to_have_text("Ana is coming")
    promised = {**CALL, "state": "promised", "coming": "Ana", "promised_until": "2026-11-21T03:30:00.000Z"}
    shows(screens, heard=True, calls=[promised])
    await expect(tablet.locator("#calls span")).to_have_text("Ana comes by 03:30")
    shows(screens)
    await expect(tablet.locator("#calls li")).to_have_count(0)


async def test_a_call_that_the_watcher_told_is_said_to_be_heard(screens: Screens, tablet: Page) -> None:
    """The hub is gone, and the call went to everybody all the same: whoever called does not have to wonder."""
    screens.live.on_status("lost", "")
    await expect(tablet.locator("#not-live")).to_be_visible()
    await tablet.tap('[data-do="call"]')
    await expect(tablet.locator("#said")).to_have_text("Your call was heard")


async def test_a_question_is_answered_with_a_tap(hub: FakeHub, screens: Screens, tablet: Page) -> None:
    """The answers are the plan's own words, and go back with the run that asked."""
    ask = {"episode": "e000004", "question": "Shall we keep you a place?", "answers": ["Yes please", "Not today"]}
    shows(screens, say="Tai chi starts soon.", ask=ask)
    await expect(tablet.locator("#question h1")).to_have_text("Shall we keep you a place?")
    await tablet.locator("#answers button", has_text="Not today").tap()
    await expect(tablet.locator("#said")).to_have_text("Done.")
    said = hub.asked[-1]
    assert (said["do"], said["episode"], said["answer"], said["room"]) == ("answer", "e000004", "Not today", "012")
    await tablet.tap('[data-do="not_now"]')
    await expect(tablet.locator('[data-do="not_now"]')).not_to_have_attribute("aria-busy", "true")
    assert hub.asked[-1]["do"] == "not_now"
    shows(screens)
    await expect(tablet.locator("#question")).to_be_hidden()
    await expect(tablet.locator('[data-do="not_now"]')).to_be_hidden()


async def test_who_is_with_her_what_is_pictured_and_that_she_wants_no_words(screens: Screens, tablet: Page) -> None:
    """A visit says whose and until when; a picture the screen has stands over its words, another is left out."""
    visit = {"resident": "margaret", "by": "Ana Ruiz", "until": "2026-11-21T03:30:00.000Z"}
    shows(screens, say="The bathroom is on the left.", picture="bathroom", visits=[visit])
    await expect(tablet.locator("#visit")).to_have_text("Ana Ruiz is here until 03:30")
    await expect(tablet.locator("#picture")).to_be_visible()
    await expect(tablet.locator('[data-do="not_now"]')).to_be_visible()
    shows(screens, say="The fridge is open.", picture="no-such-picture", visits=[{**visit, "by": None}], not_now=True)
    await expect(tablet.locator("#words")).to_have_text("The fridge is open.")
    await expect(tablet.locator("#visit")).to_have_text("A visit until 03:30")
    await expect(tablet.locator("#picture")).to_be_hidden()
    await expect(tablet.locator("#quiet")).to_have_text("No reminders just now. Your calls are heard as ever.")
    await expect(tablet.locator('[data-do="not_now"]')).to_be_hidden()
    shows(screens)
    for part in ("#visit", "#quiet", "#picture", "#words"):
        await expect(tablet.locator(part)).to_be_hidden()


async def test_she_chooses_when_to_be_woken(hub: FakeHub, screens: Screens, tablet: Page) -> None:
    """*My day* is there where the plan has choices; what holds now is marked, and a tap asks for another."""
    await expect(tablet.locator("#day")).to_be_hidden()
    wake = {
        "resident": "margaret",
        "choice": "wake",
        "ask": "When would you like to be woken?",
        "of": ["07:00", "07:30"],
        "now": "07:00",
    }
    shows(screens, choices=[wake])
    await tablet.tap("#day")
    await expect(tablet.locator('#choices [aria-pressed="true"]')).to_have_text("07:00")
    await tablet.locator("#choices button", has_text="07:30").tap()
    await expect(tablet.locator("#said")).to_have_text("07:30 is chosen.")
    said = hub.asked[-1]
    assert (said["do"], said["choice"], said["answer"], said["resident"]) == ("choose", "wake", "07:30", "margaret")
    shows(screens, choices=[{**wake, "now": "07:30"}])
    await expect(tablet.locator('#choices [aria-pressed="true"]')).to_have_text("07:30")


async def test_what_does_not_get_through_says_what_else_to_do(hub: FakeHub, screens: Screens, tablet: Page) -> None:
    """A resident is never left with a button that did nothing."""
    hub.deaf = True
    await tablet.tap('[data-do="call"]')
    await expect(tablet.locator("#said")).to_have_text("That did not get through. Use your pendant, or the cord.")
    hub.deaf = False
    first = hub.asked[-1]["id"]
    await tablet.tap('[data-do="call"]')
    await expect(tablet.locator("#said")).to_be_hidden()
    assert hub.asked[-1]["id"] == first


@pytest.mark.parametrize(
    ("call_point", "instead"),
    [
        ("nurse-call cord by the bed", "Use your pendant, or: nurse-call cord by the bed."),
        ("none, because she rings nobody", "Use your pendant, or call out."),
    ],
)
async def test_what_else_to_do_is_what_this_room_has(hub: FakeHub, tablet: Page, call_point: str, instead: str) -> None:
    """`home.yaml` names what works here without Handrail; no cord is named where there is none."""
    home = a_home()
    places = (replace(home.places[0], call_point=call_point), *home.places[1:])
    with hub.write() as db:
        row = (2, hub.clock.wall_ms(), home_json(replace(home, places=places)).decode())
        db.execute("INSERT INTO configurations (seq, wall_ms, body, settings) VALUES (?, ?, ?, '{}')", row)
    await tablet.reload()
    hub.deaf = True
    await tablet.tap('[data-do="call"]')
    await expect(tablet.locator("#said")).to_have_text(f"That did not get through. {instead}")
    assert await tablet.locator("#not-live").text_content() == f"This screen does not work just now. {instead}"


async def test_the_next_call_of_the_night_is_a_call_of_its_own(hub: FakeHub, tablet: Page) -> None:
    """The first one got no answer, and the hub did it all the same, minutes later: under the same id the second one
    would be answered as the first, and told to nobody."""
    hub.deaf = True
    await tablet.tap('[data-do="call"]')
    await expect(tablet.locator("#said")).to_have_text("That did not get through. Use your pendant, or the cord.")
    hub.deaf = False
    await tablet.evaluate(LATER)
    await tablet.tap('[data-do="call"]')
    await expect(tablet.locator('[data-do="call"]')).not_to_have_attribute("aria-busy", "true")
    first, second = (wish["id"] for wish in hub.asked)
    assert first != second


async def test_a_screen_that_is_cut_off_says_so(screens: Screens, tablet: Page) -> None:
    """In the resident's words, and the call button stays: pressing it can do no harm."""
    screens.live.on_status("lost", "")
    await expect(tablet.locator("#not-live")).to_be_visible()
    await expect(tablet.locator('[data-do="call"]')).to_be_visible()


async def test_a_tablet_becomes_the_screen_of_one_room(browser: Browser, locked_screens: Screens) -> None:
    """The house code is entered once; then it shows that room and nothing else of the house."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"{locked_screens.url}/room/012")
    await page.fill("#code", "274913")
    await page.click("button[type=submit]")
    await page.wait_for_selector('body[data-room="012"][data-live="yes"]')
    await page.reload()
    await page.wait_for_selector('body[data-room="012"][data-live="yes"]')
    for path in ("/", "/room/013"):
        await page.goto(locked_screens.url + path)
        await page.wait_for_selector("#code-form")
    await context.close()


async def test_a_room_that_is_not_there_is_said_to_be_so(browser: Browser, screens: Screens) -> None:
    """A mistyped address is one sentence."""
    page = await browser.new_page()
    answer = await page.goto(f"{screens.url}/room/999")
    assert answer is not None
    assert answer.status == 404
    assert "no place called 999" in await page.content()
    await page.close()


SIZES = ((1280, 800), (820, 1180), (1024, 600))
LONG = "Donaudampfschifffahrtsgesellschaftskapelle"
WAKE = {
    "resident": "margaret",
    "choice": "wake",
    "ask": "When would you like to be woken?",
    "of": [f"{hour:02d}:{minute:02d}" for hour in range(6, 11) for minute in (0, 15, 30, 45)],
    "now": "09:30",
}
MUSIC = {
    "resident": "margaret",
    "choice": "music",
    "ask": "Which music at breakfast?",
    "of": ["Klavierkonzerte", "Sonntagsgottesdienst", "Schlager", LONG, "nothing"],
    "now": "nothing",
}
LONG_ASK = {
    "episode": "e1",
    "question": f"Tai chi is in a quarter of an hour. Shall we keep you a place beside {LONG}?",
    "answers": ["yes please", "not today", "somebody please come and help me to get there"],
}
COMING = {**CALL, "state": "claimed", "coming": "Oluwaseun Adebayo-Featherstonehaugh"}
COMPANY = {**CALL, "alert": "a00002", "level": "request"}
CUT = """() => [...document.querySelectorAll("main, .part, h1, p, b, .button")].filter((one) => one.offsetParent &&
    (one.scrollWidth > one.clientWidth + 1 && one.clientWidth
        || one.matches("main, .part") && getComputedStyle(one).overflowY !== "visible"
            && one.scrollHeight > one.clientHeight + 1
        || one.matches(".button") && (one.getBoundingClientRect().height < 60 || one.getBoundingClientRect().width < 60
            || one.getBoundingClientRect().bottom > innerHeight + 1))
).map((one) => `${one.id || one.textContent} ${one.scrollWidth} of ${one.clientWidth}, ${one.scrollHeight}`)"""
"""What is cut off, has to be scrolled to, or is too small for a finger that shakes."""
SMALLEST = """() => Math.min(...[...document.querySelectorAll("main *, .part *, footer *, header *")]
    .filter((one) => one.offsetParent && one.childElementCount === 0 && one.textContent.trim())
    .map((one) => parseFloat(getComputedStyle(one).fontSize)))"""


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_nothing_is_cut_off_and_every_button_takes_a_finger(
    screens: Screens, tablet: Page, width: int, height: int
) -> None:
    """Long names, long words, a question over a call, *My day* over a call: all of it stands on the screen at once, in
    letters of 20 pixels at least."""
    await tablet.set_viewport_size({"width": width, "height": height})
    for said in (
        {"heard": True, "calls": [COMING, COMPANY], "say": "Good morning, Margaret.", "picture": "bed"},
        {"say": LONG_ASK["question"], "ask": LONG_ASK, "choices": [WAKE]},
        {"heard": True, "calls": [COMING], "choices": [WAKE, MUSIC]},
    ):
        shows(screens, **said)
        await expect(tablet.locator("#question")).to_be_visible(visible="ask" in said)
        assert await tablet.evaluate(CUT) == []
        assert await tablet.evaluate(SMALLEST) >= 20
    await tablet.tap("#day")
    assert await tablet.evaluate(CUT) == []
    await tablet.tap("#next")
    await expect(tablet.locator("#choosing h1")).to_have_text("Which music at breakfast?")
    assert await tablet.evaluate(CUT) == []
    assert await tablet.evaluate(SMALLEST) >= 20


async def test_my_day_is_one_question_at_a_time(hub: FakeHub, screens: Screens, tablet: Page) -> None:
    """What holds now is on the first page of its question, also of twenty times; nothing else asks for attention."""
    shows(screens, choices=[WAKE, MUSIC])
    await tablet.tap("#day")
    await expect(tablet.locator("#choosing h1")).to_have_text("When would you like to be woken?")
    await expect(tablet.locator('#choices [aria-pressed="true"]')).to_have_text("09:30")
    await expect(tablet.locator("#choices button")).to_have_count(10)
    await tablet.tap("#more")
    await expect(tablet.locator("#choices button").first).to_have_text("06:00")
    await tablet.locator("#choices button", has_text="07:15").tap()
    await expect(tablet.locator("#said")).to_have_text("07:15 is chosen.")
    await tablet.tap("#next")
    await expect(tablet.locator("#next")).to_be_hidden()
    await tablet.locator("#choices button", has_text="Schlager").tap()
    await expect(tablet.locator("#said")).to_have_text("Schlager is chosen.")
    assert [(wish["choice"], wish["answer"]) for wish in hub.asked] == [("wake", "07:15"), ("music", "Schlager")]
    await expect(tablet.locator('[data-do="ok"]')).to_be_hidden()
    await expect(tablet.locator('[data-do="call"]')).to_be_visible()
    await tablet.tap("#done")
    await expect(tablet.locator("#choosing")).to_be_hidden()
    await expect(tablet.locator('[data-do="ok"]')).to_be_visible()


async def test_what_is_asked_or_heard_comes_in_front_of_my_day(screens: Screens, tablet: Page) -> None:
    """Nobody misses that help comes, or a question, because a panel is open."""
    shows(screens, choices=[WAKE])
    await tablet.tap("#day")
    shows(screens, choices=[WAKE], heard=True, calls=[CALL])
    await expect(tablet.locator("#choosing")).to_be_hidden()
    await expect(tablet.locator("#calls b")).to_have_text("Your call was heard")
    await tablet.tap("#day")
    shows(screens, choices=[WAKE], heard=True, calls=[CALL], say=LONG_ASK["question"], ask=LONG_ASK)
    await expect(tablet.locator("#choosing")).to_be_hidden()
    await expect(tablet.locator("#answers button")).to_have_count(3)


async def test_two_calls_are_said_once_and_a_wish_for_company_is_called_so(screens: Screens, tablet: Page) -> None:
    """The most serious first; what says the same is said once, and nobody reads that a chat is an emergency."""
    shows(screens, heard=True, calls=[COMPANY, COMING, {**CALL, "alert": "a00003", "level": "call"}])
    await expect(tablet.locator("#calls b")).to_have_text(["Your call was heard", "Staff know you would like company"])


async def test_an_answer_that_came_too_late_frightens_nobody(hub: FakeHub, screens: Screens, tablet: Page) -> None:
    """It is no failed call: the pendant is not spoken of. A call that the hub refuses is."""
    shows(screens, say=LONG_ASK["question"], ask=LONG_ASK)
    hub.refuse = "nothing is asked any more"
    await tablet.locator("#answers button", has_text="not today").tap()
    await expect(tablet.locator("#said")).to_have_text("Thank you. This is not asked any more.")
    await tablet.tap('[data-do="call"]')
    await expect(tablet.locator("#said")).to_have_text("That did not get through. Use your pendant, or the cord.")


async def test_a_weak_hand_gets_larger_answers(screens: Screens, tablet: Page) -> None:
    """Each one tap, and all of them still on the screen."""
    ask = {"episode": "e000004", "question": "Is all well?", "answers": ["Yes", "Please come"]}
    tall = {}
    for large in (False, True):
        shows(screens, say="Is all well?", ask={**ask, "episode": f"e{large}"}, large=large)
        await expect(tablet.locator(f'#question[data-episode^="e{large}"]')).to_be_visible()
        box = await tablet.locator("#answers button").first.bounding_box()
        assert box is not None
        tall[large] = box["height"]
    assert tall[True] > tall[False]
    await expect(tablet.locator("#answers button").last).to_be_in_viewport(ratio=1)


async def test_words_that_are_given_once_more_are_spoken_once_more(screens: Screens, tablet: Page) -> None:
    """The same picture again says nothing; another count of the words does."""
    await tablet.evaluate(
        "() => { window.heard = []; speechSynthesis.speak = (said) => window.heard.push(said.text); }"
    )
    for times, picture in ((1, "tea"), (1, "scooter"), (2, "bathroom")):
        shows(screens, say="Margaret. Sit down.", spoken=True, times=times, picture=picture)
        await expect(tablet.locator("#picture")).to_have_attribute("data-name", picture)
    assert await tablet.evaluate("() => window.heard") == ["Margaret. Sit down."] * 2


async def test_whoever_has_died_is_not_named_on_a_screen_that_was_open_before(
    hub: FakeHub, screens: Screens, tablet: Page
) -> None:
    """Two shared the room; its page stays open for months. Who is left is not asked which of the two they are."""
    home = a_home()
    shared = replace(home, residents=tuple(replace(row, room="012") for row in home.residents[:2]))
    with hub.write() as db:
        row = (2, hub.clock.wall_ms(), home_json(shared).decode())
        db.execute("INSERT INTO configurations (seq, wall_ms, body, settings) VALUES (?, ?, ?, '{}')", row)
    await tablet.tap('[data-do="ok"]')
    await expect(tablet.locator("#people button")).to_have_text(["Margaret Hill", "Arthur Penrose"])
    await tablet.tap("#done")
    hub.put("people", "arthur", Person(resident="arthur", gone="died"))
    await tablet.tap('[data-do="company"]')
    await until(lambda: [wish for wish in hub.asked if wish["do"] == "company"], 10)
    assert "resident" not in hub.asked[-1]
    await expect(tablet.locator("#who")).to_be_hidden()
    assert "Arthur" not in await tablet.content()

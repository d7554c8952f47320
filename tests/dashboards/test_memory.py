"""While the hub tells from memory the ledger stands still, and the board shows what the broker has."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from playwright.async_api import expect

from dashboards.memory import Memory
from hub.ledger.read import Reader
from rules.messages import alert_message
from rules.state import Alert, AlertState, Ending
from tests.dashboards.conftest import FakeHub, Screens
from tests.dashboards.test_board import OpenBoard
from tests.dashboards.walk_parts import hears_test


def said(alert: Alert) -> bytes:
    """The alert's message."""
    return orjson.dumps(alert_message(alert))


async def test_a_call_that_the_ledger_does_not_hold_is_on_the_board(
    hub: FakeHub, screens: Screens, phone: OpenBoard
) -> None:
    """Marked so, with its name and place, over a claim, until it is closed; and no longer than that."""
    alert = replace(hub.press("a1"), id="a00002-2e", unrecorded=True)
    ana = await phone(screens, "ana")
    screens.live.on_alert(alert.id, said(alert))
    await expect(ana.page.locator(ana.card(alert.id))).to_contain_text("Margaret Hill")
    await expect(ana.page.locator(ana.card(alert.id))).to_contain_text("Not recorded yet")
    taken = replace(alert, version=2, state=AlertState.CLAIMED, claimed_by="ben", quiet=True)
    screens.live.on_alert(alert.id, said(taken))
    await expect(ana.page.locator(ana.card(alert.id))).to_contain_text("Ben Okafor")
    closed = replace(taken, version=3, state=AlertState.CLOSED, ending=Ending.HELPED, closed_by="ben")
    screens.live.on_alert(alert.id, said(closed))
    screens.live.on_alert(alert.id, b"")
    await expect(ana.page.locator(ana.card(alert.id))).to_be_hidden()
    await expect(ana.page.locator(ana.card("a1"))).to_be_visible()


async def test_the_board_goes_on_where_the_ledger_cannot_be_read(
    hub: FakeHub, screens: Screens, phone: OpenBoard
) -> None:
    """It says so, and still shows each new call."""
    alert = replace(hub.press("a1"), id="a00002-2e", unrecorded=True)
    ana = await phone(screens, "ana")
    await expect(ana.page.locator(ana.card("a1"))).to_be_visible()
    screens.reader.close()
    hub.path.rename(hub.path.with_name("gone.db"))
    screens.live.on_alert(alert.id, said(alert))
    await expect(ana.page.locator(ana.card(alert.id))).to_be_visible()
    await expect(ana.page.locator("#not-live")).to_be_visible()


def test_what_the_ledger_knows_by_now_is_not_laid_over_it(hub: FakeHub) -> None:
    """The ledger caught up, or the alert of a hub that died is nobody's any more."""
    old = hub.press("a1")
    memory, night = Memory(), replace(Reader(hub.path).night(0, 0), alerts=(old,))
    memory.heard("a1", said(replace(old, version=2, state=AlertState.CLOSED)))
    assert memory.over(night).alerts == ()
    memory.heard("a1", b"")
    assert memory.over(night).alerts == (), "cleared, and the ledger still has it open: it is closed"
    newer = replace(old, version=3, presses=9)
    assert memory.over(replace(night, alerts=(newer,))).alerts == (newer,)
    assert memory.over(night).alerts == (old,), "forgotten once the ledger was ahead"
    memory.heard("a9", said(replace(old, id="a9")))
    assert [alert.id for alert in memory.over(night).alerts] == ["a1", "a9"]
    memory.heard("a9", b"")
    assert memory.over(night).alerts == (old,)


def test_the_press_of_a_walk_test_is_one_in_memory_too(hub: FakeHub) -> None:
    """What the broker says of it is what the ledger will."""
    old = hears_test(hub)
    memory = Memory()
    memory.heard("t1", said(replace(old, version=2)))
    [shown] = memory.over(Reader(hub.path).night(0, 0)).alerts
    assert shown.test == old.test


def test_a_word_that_cannot_be_read_is_said() -> None:
    """It changes nothing."""
    memory = Memory()
    with pytest.raises(ValueError, match="alert a1"):
        memory.heard("a1", b'{"id": "a1"}')

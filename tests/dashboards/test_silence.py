"""A gateway that says nothing of its end: its devices fall silent, and the board shows one card for them.

Here The Things Stack's, whose bridge has no word for its line. The deadline is a day, so the machine runs on a moved
clock, and what it tells is put before the board. Gateways that leave a word: tests/contract/test_every_ecosystem.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.async_api import expect

from hub.config.read import read_home
from hub.config.stored import home_json
from hub.demo.home import write_demo
from hub.simulate.ecosystems import LIVED_IN
from hub.simulate.peers_radio import TheThingsStack
from tests.stories.house import House

if TYPE_CHECKING:
    from tests.dashboards.conftest import FakeHub, Phone, Screens

OpenBoard = Callable[..., Awaitable["Phone"]]
HOURS = 30
BASE = "zigbee2mqtt/"
REASON = (
    "The gateway v3/gateway/annexe-gw or its network seems to be gone: all 2 devices are not heard any more,"
    " the last of them 25 h ago; without a pendant now: George"
)


def demo_home(folder: Path) -> House:
    """The demonstration's home as far as it is Zigbee's and The Things Stack's, with people on shift."""
    write_demo(folder, rooms=LIVED_IN, broker="mqtt://127.0.0.1:1", port=1, speed=20, all_ecosystems=True)
    home = read_home(folder).home
    placed = tuple(row for row in home.devices if row.device.startswith((BASE, "v3/")))
    return House(home=replace(home, devices=placed), signed_on=("carer-3",))


def say_hello(house: House, stack: TheThingsStack) -> None:
    """Its two devices send an uplink."""
    for sent in stack.uplinks(house.wall_ms):
        house.hear(sent.topic, sent.payload.decode())


def everybody_else_speaks(house: House) -> None:
    """All of Zigbee's report their battery."""
    for placed in house.home.devices:
        if placed.device.startswith(BASE):
            house.device(placed.device.removeprefix(BASE), battery=90)


async def test_a_network_that_leaves_no_word_is_one_card_by_its_silence_and_goes_with_its_return(
    hub: FakeHub, screens: Screens, phone: OpenBoard, tmp_path: Path
) -> None:
    """With the resident it leaves unprotected; all else in the house goes on speaking."""
    house, stack = demo_home(tmp_path / "home"), TheThingsStack()
    with hub.write() as db:
        words = "INSERT INTO configurations (seq, wall_ms, body, settings) VALUES (2, ?, ?, '{}')"
        db.execute(words, (hub.clock.wall_ms(), home_json(house.home).decode()))
    board = (await phone(screens, "carer-3")).page
    say_hello(house, stack)
    for _ in range(HOURS):
        everybody_else_speaks(house)
        house.wait(hours=1)
        for alert in house.open:
            hub.put("alerts", alert.id, alert)
    await expect(board.locator("#cards .reason")).to_have_text([REASON])
    (alert,) = house.open
    say_hello(house, stack)
    back = house.state.alerts.get(alert.id)
    assert back is not None
    hub.put("alerts", back.id, back)
    await expect(board.get_by_role("heading", name="All is quiet")).to_be_visible()
    assert house.open == []

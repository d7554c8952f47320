"""The list of a home's devices: a module whose parts are placed is none that waits to be placed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboards.roster import Page, page_of
from devices.adapter import Message
from devices.catalogue import adapter_for
from devices.registry import Placed, Purpose
from rules.home import Home
from rules.roster import Roster, roster
from rules.state import Status
from tests.hub.watch_parts import ELM

NOW_MS = 1_795_230_724_512
MODULE = "shelly/shellyplusi4-c049ef8a1b20"
CORDS = (
    Placed(device=f"{MODULE}#input:0", name="cord-12", person="margaret", purpose=Purpose.EMERGENCY),
    Placed(device=f"{MODULE}#input:1", name="cord-13", person="arthur", purpose=Purpose.EMERGENCY),
)


def listed(*placed: Placed) -> tuple[Roster, Page]:
    """The list and the managers' page of a home where this module was heard."""
    topic = f"{MODULE.removeprefix('shelly/')}/status/input:0"
    adapter = adapter_for(topic)
    assert adapter is not None
    decoded = adapter.decode(Message(topic, b'{"id":0,"state":false}'), {})
    heard = dict.fromkeys((MODULE, *(row.device for row in placed)))
    statuses = [Status(device=address, heard_ms=NOW_MS, heard_wall_ms=NOW_MS) for address in heard]
    home: Home = replace(ELM, devices=placed)
    found = roster(home, as_of_ms=NOW_MS, statuses=statuses, descriptions=decoded.learned)
    return found, page_of(found, NOW_MS, "/srv/elm")


@pytest.mark.parametrize("placed", [CORDS, CORDS[:1]])
def test_a_module_whose_parts_are_placed_is_not_to_be_placed(placed: tuple[Placed, ...]) -> None:
    """Neither in the list nor on the page; its parts stand there, each as a device that was heard."""
    found, page = listed(*placed)
    assert (found.strangers, page.unplaced) == ([], ())
    assert [row.address for row in found.placed] == [row.device for row in placed]
    assert {row.heard_ms for row in found.placed} == {NOW_MS}
    assert {row.ecosystem for row in found.placed} == {"shelly_gen2"}


def test_a_module_of_which_no_part_is_placed_is_to_be_placed() -> None:
    """It is a stranger like any other."""
    found, page = listed()
    assert [row.address for row in found.strangers] == [MODULE]
    assert [row.address for row in page.unplaced] == [MODULE]


def test_a_module_that_is_placed_itself_beside_its_parts_is_listed_once() -> None:
    """Its relay is a light, its inputs are cords."""
    found, _ = listed(*CORDS, Placed(device=MODULE, name="lamp", place="lounge", purpose=Purpose.LIGHT))
    assert [row.address for row in found.placed] == [CORDS[0].device, CORDS[1].device, MODULE]
    assert (found.strangers, found.gateways) == ([], [])

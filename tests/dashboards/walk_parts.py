"""The walk test, as the hub of these tests keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from devices.registry import Placed, Purpose, Supervision
from hub.ledger.read import Reader
from rules.hearing.walks import Walk, WalkTest
from rules.state import Alert, AlertState, Ending, Meta

if TYPE_CHECKING:
    from tests.dashboards.conftest import FakeHub

PENDANT = "room-012-pendant"


def devices(residents: Iterable[str]) -> tuple[Placed, ...]:
    """A pendant for each, from room 012 on, and a cord in the lounge."""
    pendants = [_placed(f"room-{12 + n:03d}-pendant", person=resident) for n, resident in enumerate(residents)]
    return (*pendants, _placed("lounge-cord", place="lounge"))


def _placed(name: str, *, person: str | None = None, place: str | None = None) -> Placed:
    return Placed(
        device=f"zigbee2mqtt/{name}",
        name=name,
        person=person,
        place=place,
        purpose=Purpose.EMERGENCY,
        supervision=Supervision.PENDANT if person else Supervision.PULL_CORD,
    )


def hears_test(hub: FakeHub, by: str = "ana") -> Alert:
    """The press of a walk test of Margaret's pendant: it is shown and rings nobody."""
    until_wall_ms = hub.clock.wall_ms() + 30_000
    test = WalkTest(by=by, until_ms=0, until_wall_ms=until_wall_ms, heard_after_ms=800, battery="82 %")
    hub.put("walks", PENDANT, Walk(device=PENDANT, since_wall_ms=0, by=by, alert="t1"))
    hub.put("meta", "meta", Meta(linked=True, walking=PENDANT))
    return hub.press("t1", device=PENDANT, test=test, quiet=True, told=(), rings=0)


def ends_walk(hub: FakeHub) -> None:
    """No test runs any more."""
    reader = Reader(hub.path)
    rows = reader.walks()
    reader.close()
    for row in rows.values():
        hub.put("walks", row.device, replace(row, by="", alert="", until_wall_ms=0))
    hub.put("meta", "meta", Meta(linked=True))


def _walk(hub: FakeHub, wish: dict[str, str]) -> None:
    if wish.get("reason") == "stop":
        ends_walk(hub)
        return
    until_wall_ms = hub.clock.wall_ms() + 60_000
    row = Walk(device=wish["device"], since_wall_ms=0, by=wish["by"], until_wall_ms=until_wall_ms)
    hub.put("walks", row.device, row)
    hub.put("meta", "meta", Meta(linked=True, walking=row.device))


def _tested(hub: FakeHub, wish: dict[str, str]) -> None:
    now = hub.clock.wall_ms()
    row = Walk(device=wish["device"], since_wall_ms=0, tested_by=wish["by"], tested_wall_ms=now)
    hub.put("walks", row.device, row)
    hub.put("meta", "meta", Meta(linked=True))
    hub.change("t1", state=AlertState.CLOSED, closed_by=wish["by"], closed_wall_ms=now, ending=Ending.TESTED)


DEEDS: dict[str, Callable[[FakeHub, dict[str, str]], None]] = {"walk": _walk, "tested": _tested}

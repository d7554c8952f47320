"""Where residents stand with their plans, as the hub of these tests keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from hub.ledger.read import Reader
from rules.rows import Away
from rules.state import Person

if TYPE_CHECKING:
    from tests.dashboards.conftest import FakeHub


def person(hub: FakeHub, resident: str) -> Person:
    """What is kept of a resident."""
    reader = Reader(hub.path)
    rows = {row.resident: row for row in reader.people()}
    reader.close()
    return rows.get(resident) or Person(resident=resident)


def keep(hub: FakeHub, resident: str, **changes: object) -> None:
    """Keep a changed row."""
    hub.put("people", resident, replace(person(hub, resident), **changes))  # type: ignore[arg-type]


def _visit(hub: FakeHub, wish: dict[str, str]) -> None:
    if person(hub, wish["resident"]).visited_until_ms:
        keep(hub, wish["resident"], visited_until_ms=0)
        return
    until = hub.clock.wall_ms() + 1_200_000
    keep(hub, wish["resident"], visited_until_ms=1, visited_until_wall_ms=until, visited_by=wish["by"])


def _away(hub: FakeHub, wish: dict[str, str]) -> None:
    now = hub.clock.wall_ms()
    until = now + int(wish["until_s"]) * 1000
    away = Away(why=wish["reason"], by=wish["by"], since_wall_ms=now, until_wall_ms=until)
    keep(hub, wish["resident"], away=away)


def _reconnected(hub: FakeHub, wish: dict[str, str]) -> None:
    reader = Reader(hub.path)
    asked = [row for row in reader.people() if wish["device"] in row.reconnected]
    reader.close()
    for row in asked:
        keep(hub, row.resident, reconnected=tuple(one for one in row.reconnected if one != wish["device"]))


DEEDS: dict[str, Callable[[FakeHub, dict[str, str]], None]] = {
    "visit": _visit,
    "away": _away,
    "back": lambda hub, wish: keep(hub, wish["resident"], away=None, delays_off="back from hospital"),
    "reconnected": _reconnected,
    "looked": lambda hub, wish: keep(hub, wish["resident"], delays_off=""),
    "change_of_condition": lambda hub, wish: keep(hub, wish["resident"], delays_off=wish["reason"]),
    "gone": lambda hub, wish: keep(hub, wish["resident"], gone=wish["reason"]),
}

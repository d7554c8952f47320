"""Where residents stand with their plans, as the board says it: visited, away, to be looked at, a sensor back again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, tzinfo

from dashboards import strings
from dashboards.picture import Stand
from hub.ledger.read import HouseResident
from rules.state import Person


def stands_of(
    people: Iterable[Person],
    residents: Mapping[str, HouseResident],
    named: Callable[[str | None], str | None],
    zone: tzinfo,
) -> tuple[Stand, ...]:
    """Everything that holds now, by room: what the round has to know is `shown` on the board."""

    def at(wall_ms: int, form: str) -> str:
        return datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone(zone).strftime(form)

    found: list[tuple[str, Stand]] = []
    for person in people:
        row = residents.get(person.resident)
        if row is None:
            continue
        said: list[tuple[str, str, bool]] = []
        if person.visited_until_ms:
            by = person.visited_by
            who = strings.SOMEBODY if by.startswith("room-") else named(by) or strings.SOMEBODY
            until = at(person.visited_until_wall_ms, "%H:%M")
            said.append(("visit", strings.VISITED.format(who=who, time=until), True))
        if person.away is not None:
            until = at(person.away.until_wall_ms, "%d %b, %H:%M")
            said.append(("away", strings.AWAY.format(why=person.away.why, time=until), True))
        if person.delays_off:
            said.append(("look", strings.LOOK.format(why=person.delays_off), False))
        found += [
            (row.room, Stand(resident=row.resident, name=row.known_as, what=what, words=words, shown=shown))
            for what, words, shown in said
        ]
        found += [(row.room, _reconnected(row, device)) for device in person.reconnected]
    return tuple(stand for _, stand in sorted(found, key=lambda one: (one[0], one[1].resident)))


def _reconnected(row: HouseResident, device: str) -> Stand:
    words = strings.RECONNECTED.format(device=device)
    return Stand(resident=row.resident, name=row.known_as, what="reconnected", words=words, shown=False, device=device)

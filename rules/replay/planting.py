"""Emergencies and calls planted at every minute of a replay, each on a fork of that minute's state.

To show, not to assume, that no help under way, quiet hour or wait of a plan stands before a call: the step that hears
it tells somebody, so the delay is 0 ms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from devices.events import Event, Kind
from devices.registry import CALLED as CALLED_BY
from devices.registry import CALLS, Purpose
from rules.alerting.levels import RANK, Level
from rules.effects import Did, Log
from rules.home import Home
from rules.inputs import Asked, Heard, Input, Now
from rules.machine import step
from rules.replay.replay import CALLED, TOLD
from rules.state import AlertState, State, fork

MINUTE_MS = 60_000
MOST_SHOWN = 20
FEW = 4
"""For so few presses in a minute nothing is taken out of the state first."""
PRESSED = frozenset({Kind.EMERGENCY, Kind.CALL, Kind.STAFF_ASSIST})


@dataclass(frozen=True, slots=True)
class Plant:
    """One way in which a resident can call."""

    resident: str
    how: str
    given: Input


@dataclass(slots=True)
class Planted:
    """What came of those that were planted."""

    minutes: int = 0
    planted: int = 0
    told_at_once: int = 0
    tests: int = 0
    """Shown as TEST, because a carer was testing that very device in that minute."""
    unheard: int = 0
    """Minutes in which the hub or its link was down: nobody could hear a press, so none was planted."""
    late: list[tuple[int, str, str]] = field(default_factory=list)
    """When, whose and how: those that told nobody in their step. It must be empty."""


def plants(home: Home, residents: frozenset[str]) -> tuple[Plant, ...]:
    """Every way in which these residents call: each device of theirs that calls or detects, and their room's screen."""
    return tuple(plant for one in sorted(residents) for plant in _of(home, one))


def _of(home: Home, resident: str) -> Iterator[Plant]:
    room = next((one.room for one in home.residents if one.resident == resident), "")
    for placed in home.devices:
        theirs = placed.person == resident or (placed.person is None and placed.place == room)
        if theirs and placed.purpose in CALLS:
            kind = CALLED_BY.get(placed.purpose) or Kind(placed.purpose.value)
            press = kind in PRESSED or placed.purpose is Purpose.FALL
            event = Event(device=placed.device, kind=kind, value=True, press=press, press_id="planted")
            yield Plant(resident, placed.name, Heard(event=event))
    yield Plant(resident, f"room-{room}", Asked(id="planted", client=f"room-{room}", do="call", resident=resident))


def plant(state: State, all_of: tuple[Plant, ...], now: Now, into: Planted) -> None:
    """Try each at this moment; nothing of it stays."""
    into.minutes += 1
    near = _of_use(state) if len(all_of) > FEW else state
    for one in all_of:
        into.planted += 1
        copy = fork(near)
        _, effects = step(copy, one.given, now)
        calls = {line.alert for line in effects if type(line) is Log and line.did in CALLED}
        told = {line.alert for line in effects if type(line) is Log and line.did in TOLD}
        if calls & told or _is_told_already(copy, calls):
            into.told_at_once += 1
        elif any(type(line) is Log and line.did is Did.WALK_HEARD for line in effects):
            into.tests += 1
        elif len(into.late) < MOST_SHOWN:
            into.late.append((now.wall_ms, one.resident, one.how))


def _of_use(state: State) -> State:
    """The state without what no press looks at: alerts that are over, but for calls, which one may reopen. A home's day
    has hundreds of those, and each press would go through all of them."""
    near = fork(state)
    near.alerts.rows = {
        key: alert
        for key, alert in state.alerts.rows.items()
        if alert.state is not AlertState.CLOSED or alert.level is Level.CALL
    }
    return near


def _is_told_already(state: State, calls: set[str | None]) -> bool:
    """It joined a call that is open and that people were told of: pressing twice within ten seconds rings once."""
    for key in calls:
        alert = state.alerts.get(key or "")
        if alert is not None and alert.told and alert.state is not AlertState.CLOSED:
            return RANK[alert.level] >= RANK[Level.CALL]
    return False

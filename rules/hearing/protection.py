"""Who cannot call for help now, and why: residents without any device that works, and places whose cord does not.

Read from what is known, so that the machine may say whose last device was lost, and the command line who is without
one, also while no hub runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.events import Kind, Value
from devices.registry import DEADLINE_S, Placed
from rules.hearing import gateways
from rules.hearing.gateways import CALLS_WITH, Down
from rules.setting import Setting
from rules.state import State, Status
from rules.turn import Turn

IN_WORDS = {
    "silent": "silent",
    "offline": "offline",
    "tamper": "opened or moved",
}
"""Faults with which nobody may rely on a device, as a person reads them; a low battery is a warning of one."""

CHECK_INS = 3
"""A device that says how often it checks in is silent after so many of them: radio loses one, and now and then two."""
CHECK_INS_LEAST_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Fails:
    """A device to call with that nobody may rely on, and why."""

    device: str
    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blind:
    """Somebody, or a place, nobody hears a call from."""

    resident: str | None = None
    place: str | None = None
    name: str = ""
    devices: tuple[Fails, ...] = ()
    """What they would call with; none where none was ever placed."""


def values_of(status: Status, kind: Kind) -> list[Value]:
    """Everything a device said of this kind, under whatever names."""
    return [value for key, value in status.values.items() if key == kind.value or key.startswith(f"{kind.value}:")]


def may_be_silent_s(placed: Placed, status: Status | None) -> int:
    """For how long a device may say nothing: what its class may, or what it says itself where that is less; 0 where it
    is not watched."""
    seconds = DEADLINE_S.get(placed.supervision, 0)
    if not seconds or status is None or status.checks_in_s <= 0:
        return seconds
    return min(seconds, max(CHECK_INS_LEAST_S, CHECK_INS * status.checks_in_s))


def is_heard_as_another(setting: Setting, placed: Placed) -> bool:
    """Whether its silence is told of another: a pendant is silent once, whatever buttons of it were placed."""
    pendant = setting.pendant_of(placed)
    return pendant is not None and may_be_silent_s(pendant, None) > 0


def heard_ms_of(turn: Turn, placed: Placed) -> int:
    """When it, what it is a part of, or a part of it was heard last."""
    every = [placed.device, placed.module, *(part.device for part in turn.setting.parts_of(placed.device))]
    return max((status.heard_ms for one in every if (status := turn.state.devices.get(one)) is not None), default=0)


def unheard(state: State, placed: Placed, down: Down) -> list[str]:
    """Why a press of this device would reach nobody, as far as that is known; empty where nothing is against it.

    Also where staff closed the alert of its silence: that they know of it mends nothing."""
    whole = state.devices.get(placed.module) if placed.part else None
    if whole is not None and (of_whole := [words for fault, words in IN_WORDS.items() if fault in whole.faults]):
        return of_whole
    if down.has(state, placed):
        return [f"its gateway is gone ({gateways.of_gateway(state, placed).rstrip('/')})"]
    status = state.devices.get(placed.device)
    if status is None:
        return []
    found = [words for fault, words in IN_WORDS.items() if fault in status.faults]
    if not found and status.known_lost_ms > status.heard_ms:
        found.append("silent, as staff know")
    return found


def fails(state: State, placed: Placed, down: Down) -> str:
    """Why nobody may rely on this device to be heard now; empty where nothing is known against it."""
    found = unheard(state, placed, down)
    status = state.devices.get(placed.device)
    if status is not None and "battery" in status.faults:
        shares = [value for value in values_of(status, Kind.BATTERY) if isinstance(value, int | float)]
        found.append(f"battery {shares[0]} %" if shares else "battery low")
    if not found and (status is None or not status.heard_wall_ms):
        found.append("never heard")
    return ", ".join(found)


def blind(state: State, setting: Setting) -> list[Blind]:
    """Residents without any working device to call with, then places whose own devices all fail, in the home's order.

    A place that has nothing to call with is no matter of devices: the paper list names it (`call_point`)."""
    down = gateways.down(state, setting)
    calling = [placed for placed in setting.home.devices if placed.purpose in CALLS_WITH]
    found = []
    for resident in setting.home.residents:
        who, room = resident.resident, resident.room
        mine = [row for row in calling if row.person == who or _of_their_room(row, room)]
        failing = [Fails(device=row.device, name=row.name, why=fails(state, row, down)) for row in mine]
        if all(one.why for one in failing):
            found.append(Blind(resident=who, name=resident.known_as, devices=tuple(failing)))
    for place in setting.home.places:
        here = [row for row in calling if row.place == place.place and row.person is None]
        failing = [Fails(device=row.device, name=row.name, why=fails(state, row, down)) for row in here]
        if failing and all(one.why for one in failing):
            found.append(Blind(place=place.place, name=place.name, devices=tuple(failing)))
    return found


def _go_together(row: Placed, placed: Placed) -> bool:
    """Whether the loss of one is the loss of the other: the same device, or its second button."""
    return row.device in (placed.device, placed.module) or row.module == placed.device


def _of_their_room(placed: Placed, room: str) -> bool:
    return placed.person is None and placed.place == room


def left_with_nothing(turn: Turn, placed: Placed) -> list[str]:
    """Whom the loss of this device leaves without any other to call with that is not known to fail, by name."""
    down = gateways.down(turn.state, turn.setting)
    calling = [row for row in turn.setting.home.devices if row.purpose in CALLS_WITH and not _go_together(row, placed)]
    working = [row for row in calling if not unheard(turn.state, row, down)]
    found = []
    for resident in turn.setting.home.residents:
        who, room = resident.resident, resident.room
        had_it = placed.person == who or _of_their_room(placed, room)
        if had_it and not any(row.person == who or _of_their_room(row, room) for row in working):
            found.append(resident.known_as)
    return found

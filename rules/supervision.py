"""A device that is silent, flat, tampered with or offline is itself an alert, and names who is left without protection.

Silence counts only while the hub is subscribed and the gateway is up; after a gap every deadline starts anew. Deadlines
derive from when a device was last heard, and only the earliest is armed.
"""

from __future__ import annotations

from dataclasses import replace

from devices.events import Event, Kind, Value
from devices.registry import DEADLINE_S, Placed, Supervision
from rules import alerts
from rules.alerts import Found
from rules.effects import Did
from rules.levels import Level
from rules.state import AlertState, Ending, Status
from rules.turn import Turn, plainly

PROTECTS = frozenset({Supervision.PENDANT, Supervision.PULL_CORD})
"""Classes whose loss leaves somebody without a way to call: told as `check`, the rest as `technical`."""
CALM_MS = 60_000
"""Deadlines are looked at no more often than this."""


def watch(turn: Turn, status: Status, placed: Placed | None, event: Event, *, known: bool, retained: bool) -> None:
    """A state changed: is something wrong with the device itself, or right again?"""
    if event.kind is Kind.AVAILABILITY:
        _availability(turn, status, placed, event, retained=retained)
    elif event.kind is Kind.BATTERY:
        low = _is_low(turn, event.value)
        if low:
            words = "low" if isinstance(event.value, str) else f"{event.value} %"
            _wrong(turn, status, placed, "battery", f"its battery is {words}")
        elif low is False:
            _right(turn, status, placed, "battery", f"its battery is {event.value}")
    elif event.kind is Kind.TAMPER:
        if event.value is True and not retained and known:
            _wrong(turn, status, placed, "tamper", "it was opened or moved")
        elif event.value is False:
            _right(turn, status, placed, "tamper", "it is closed again")


def _is_low(turn: Turn, value: Value) -> bool | None:
    if isinstance(value, str):
        return value == "low"
    if isinstance(value, bool) or value is None:
        return None
    return value <= turn.setting.home.times.battery_low_pct


def _availability(turn: Turn, status: Status, placed: Placed | None, event: Event, *, retained: bool) -> None:
    if event.value == "offline":
        if not is_gateway(event.device):
            _wrong(turn, status, placed, "offline", "its gateway says that it is offline")
        elif not retained:
            _gateway_lost(turn, status)
    elif event.value == "online":
        _right(turn, status, placed, "offline", "its gateway says that it is back")
        if is_gateway(event.device):
            _begin_anew(turn)


def is_gateway(device: str) -> bool:
    """Whether an address is the bridge of an ecosystem and not one of its devices."""
    return device.endswith("/bridge")


def _gateway_lost(turn: Turn, status: Status) -> None:
    """One alert for a whole gateway, with everybody it leaves unprotected."""
    ecosystem = status.device.split("/", 1)[0]
    lost = [row for row in turn.setting.home.devices if row.device.startswith(f"{ecosystem}/")]
    people = sorted({turn.setting.name_of(row.person) for row in lost if row.supervision in PROTECTS and row.person})
    without = f"; without a pendant now: {', '.join(people)}" if people else ""
    reason = f"the gateway {status.device} is lost, with {len(lost)} devices{without}"
    _tell(turn, status, None, "offline", reason, Level.URGENT if people else Level.TECHNICAL)


def _wrong(turn: Turn, status: Status, placed: Placed | None, fault: str, what: str) -> None:
    """Raise a fault of a placed device once; it stays one alert until it is right again."""
    current = turn.state.devices.get(status.device) or status
    if placed is None or fault in current.faults:
        return
    whose = turn.setting.name_of(placed.person) or turn.setting.place_name(placed.place) or "nobody"
    protects = placed.supervision in PROTECTS
    left = f"{whose} is without this protection" if protects else f"it watches over {whose}"
    level = Level.CHECK if protects else Level.TECHNICAL
    _tell(turn, current, placed, fault, f"{placed.name}: {what}; {left}", level)


def _tell(turn: Turn, status: Status, placed: Placed | None, fault: str, reason: str, level: Level) -> None:
    name = placed.name if placed else status.device
    turn.log(Did.LOST, reason, device=name, resident=placed.person if placed else None)
    alert = alerts.raise_alert(
        turn,
        Found(
            level=level,
            kind=Kind.AVAILABILITY if fault in ("offline", "silent") else fault,
            cause=f"{fault}:{name}",
            reason=reason,
            resident=placed.person if placed else None,
            place=placed.place if placed else None,
            device=name,
        ),
    )
    turn.state.devices.put(status.device, replace(status, faults={**status.faults, fault: alert.id}))


def _right(turn: Turn, status: Status, placed: Placed | None, fault: str, what: str) -> None:
    current = turn.state.devices.get(status.device) or status
    if fault not in current.faults:
        return
    alert_id = current.faults[fault]
    rest = {name: alert for name, alert in current.faults.items() if name != fault}
    turn.state.devices.put(status.device, replace(current, faults=rest))
    name = placed.name if placed else status.device
    turn.log(Did.BACK, f"{name}: {what}", device=name, resident=placed.person if placed else None)
    alert = turn.state.alerts.get(alert_id)
    if alert and alert.state is not AlertState.CLOSED and not alert.also and alert_id not in rest.values():
        alerts.end(turn, alert, Ending.BACK, f"{name}: {what}", by=None)


def heard_again(turn: Turn, status: Status, placed: Placed | None, event: Event) -> Status:
    """A lost device spoke: it is back, whatever it said (but for its gateway saying that it is offline)."""
    if event.kind is Kind.AVAILABILITY and event.value == "offline":
        return status
    for fault in ("silent", "offline"):
        if fault in status.faults:
            turn.state.devices.put(status.device, status)
            _right(turn, status, placed, fault, "heard again")
            status = turn.state.devices.get(status.device) or status
    return status


# -- silence ------------------------------------------------------------------------------------------------------


def _begin_anew(turn: Turn) -> None:
    """After a gap nobody is blamed for a silence nobody could have heard."""
    turn.set_meta(replace(turn.meta, linked_ms=turn.now.elapsed_ms))
    arm(turn)


def arm(turn: Turn) -> None:
    """Arm the earliest deadline of all; later ones are found when it falls due."""
    turn.disarm("silence", "all")
    if not turn.meta.linked:
        return
    due = [_deadline(turn, row) for row in turn.setting.home.devices]
    times = [time for time in due if time is not None]
    if times:
        turn.arm("silence", "all", max(min(times), turn.now.elapsed_ms + CALM_MS))


def _deadline(turn: Turn, placed: Placed) -> int | None:
    """When a device's silence becomes an alert; None where it is not watched, its gateway is down, or it is told already."""
    seconds = DEADLINE_S.get(placed.supervision)
    if not seconds or _gateway_is_down(turn, placed):
        return None
    status = turn.state.devices.get(placed.device)
    if status and ("silent" in status.faults or "offline" in status.faults):
        return None
    since = max(status.heard_ms if status else 0, turn.meta.linked_ms)
    return since + seconds * 1000


def _gateway_is_down(turn: Turn, placed: Placed) -> bool:
    bridge = turn.state.devices.get(f"{placed.device.split('/', 1)[0]}/bridge")
    return bridge is not None and bridge.values.get(Kind.AVAILABILITY.value) == "offline"


def silence_due(turn: Turn) -> None:
    """Look which devices have been silent for longer than their class may be."""
    for placed in turn.setting.home.devices:
        deadline = _deadline(turn, placed)
        if deadline is None or deadline > turn.now.elapsed_ms:
            continue
        seconds = DEADLINE_S[placed.supervision]
        status = turn.state.devices.get(placed.device) or Status(
            device=placed.device, heard_ms=turn.meta.linked_ms, heard_wall_ms=0
        )
        _wrong(turn, status, placed, "silent", f"nothing heard for {plainly(seconds * 1000)}")
    arm(turn)


def linked(turn: Turn, *, up: bool) -> None:
    """The hub hears the broker again, or no longer."""
    turn.set_meta(replace(turn.meta, linked=up, linked_ms=turn.now.elapsed_ms))
    arm(turn)

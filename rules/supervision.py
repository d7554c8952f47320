"""A device that is silent, flat, tampered with or offline is itself an alert, and names who is left without protection.

Silence counts only while the hub is subscribed and the gateway is up; after a gap every deadline starts anew. Deadlines
derive from when a device was last heard, and only the earliest is armed.
"""

from __future__ import annotations

from dataclasses import replace

from devices.events import Event, Kind, Value
from devices.registry import DEADLINE_S, Placed, Supervision
from rules import alerts
from rules.effects import Did
from rules.levels import Level
from rules.raising import Found, raise_alert
from rules.state import Alert, AlertState, Ending, Status
from rules.turn import Turn, plainly

PROTECTS = frozenset({Supervision.PENDANT, Supervision.PULL_CORD})
"""Classes whose loss leaves somebody without a way to call: told as `check`, the rest as `technical`."""
CALM_MS = 60_000
"""Deadlines are looked at no more often than this."""
RIGHT_ABOVE_PCT = 5
"""A battery counts as good again so far above the bound, so that one that wavers does not ring all night."""
UNHEARD = frozenset({"silent", "offline"})
"""What ends as soon as a device is heard."""
RADIOS = ("rtl_433/", "theengs/")
"""Receivers below these share their devices: one says of itself that it is gone, and another may still hear them."""


def watch(turn: Turn, status: Status, placed: Placed | None, event: Event) -> None:
    """A state changed: is something wrong with the device itself, or right again?"""
    if event.kind is Kind.AVAILABILITY:
        _availability(turn, status, placed, event)
    elif event.kind is Kind.BATTERY:
        low = _is_low(turn, event.value)
        if low:
            words = "low" if isinstance(event.value, str) else f"{event.value} %"
            _wrong(turn, status, placed, "battery", f"its battery is {words}")
        elif low is False:
            _right(turn, status, placed, "battery", f"its battery is {event.value}")
    elif event.kind is Kind.TAMPER:
        if event.value is True:
            _wrong(turn, status, placed, "tamper", "it was opened or moved")
        elif event.value is False:
            _right(turn, status, placed, "tamper", "it is closed again")


def _is_low(turn: Turn, value: Value) -> bool | None:
    """Whether a battery is low; None where the value does not say."""
    if isinstance(value, str):
        return value == "low"
    if isinstance(value, bool) or value is None:
        return None
    bound = turn.setting.home.times.battery_low_pct
    if value <= bound:
        return True
    return False if value > bound + RIGHT_ABOVE_PCT else None


def _availability(turn: Turn, status: Status, placed: Placed | None, event: Event) -> None:
    gateway = gateway_of(event.device) if placed is None else None
    if event.value == "offline":
        if gateway is None:
            _wrong(turn, status, placed, "offline", "its gateway says that it is offline")
        else:
            _gateway_lost(turn, status, gateway)
    elif event.value == "online":
        _right(turn, status, placed, "offline", "its gateway says that it is back")
        if gateway is not None:
            _begin_anew(turn)


# -- gateways -----------------------------------------------------------------------------------------------------


def gateway_of(device: str) -> str | None:
    """What the addresses below a gateway begin with, where this address is one: a bridge, or a radio receiver."""
    if device.endswith("/bridge"):
        return device.removesuffix("bridge")
    return next((radio for radio in RADIOS if device.startswith(radio) and device.count("/") == 1), None)


def _gateway_lost(turn: Turn, status: Status, below: str) -> None:
    """One alert for a whole gateway, with everybody it leaves unprotected."""
    if "offline" in status.faults:
        return
    lost = [row for row in turn.setting.home.devices if row.device.startswith(below)]
    people = sorted({turn.setting.name_of(row.person) for row in lost if row.supervision in PROTECTS and row.person})
    without = f"; without a pendant now: {', '.join(people)}" if people else ""
    if below not in _gateways_down(turn):
        reason = f"the receiver {status.device} is lost; another one still hears its {len(lost)} devices"
        _tell(turn, status, None, "offline", reason, Level.TECHNICAL)
        return
    reason = f"the gateway {status.device} is lost, with {len(lost)} devices{without}"
    _tell(turn, status, None, "offline", reason, Level.URGENT if people else Level.TECHNICAL)


def _gateways_down(turn: Turn) -> frozenset[str]:
    """What the addresses begin with that nobody can hear now: all gateways of theirs are offline."""
    up: dict[str, bool] = {}
    for status in turn.state.devices:
        said = status.values.get(Kind.AVAILABILITY.value)
        below = gateway_of(status.device) if said is not None else None
        if below is not None and turn.setting.placed(status.device) is None:
            up[below] = up.get(below, False) or said != "offline"
    return frozenset(below for below, is_up in up.items() if not is_up)


# -- wrong and right ----------------------------------------------------------------------------------------------


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
    alert = raise_alert(
        turn,
        Found(
            level=level,
            kind=Kind.AVAILABILITY if fault in UNHEARD else fault,
            cause=f"{fault}:{name}",
            reason=reason,
            resident=placed.person if placed else None,
            place=placed.place if placed else None,
            device=name,
        ),
    )
    turn.state.devices.put(status.device, replace(status, faults={**status.faults, fault: alert.id}))


def _right(turn: Turn, status: Status, placed: Placed | None, fault: str, what: str) -> None:
    """A fault is over: its alert ends, unless it stands for something else as well."""
    current = turn.state.devices.get(status.device) or status
    if fault not in current.faults:
        return
    alert_id = current.faults[fault]
    rest = {name: alert for name, alert in current.faults.items() if name != fault}
    turn.state.devices.put(status.device, replace(current, faults=rest))
    name = placed.name if placed else status.device
    alert = turn.state.alerts.get(alert_id)
    is_open = alert is not None and alert.state is not AlertState.CLOSED
    turn.log(Did.BACK, f"{name}: {what}", device=name, resident=placed.person if placed else None)
    if alert is not None and is_open and alert.cause == f"{fault}:{name}" and not alert.also:
        alerts.end(turn, alert, Ending.BACK, f"{name}: {what}", by=None)
    if fault in UNHEARD:
        arm(turn)


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


def closed_by_staff(turn: Turn, alert: Alert) -> None:
    """Staff closed the alert of a device that is still not heard: it has its deadline once more, then tells again."""
    fault, _, name = alert.cause.partition(":")
    status = turn.state.devices.get(turn.setting.address_of(name) or "") if fault in UNHEARD else None
    if status is None or status.faults.get(fault) != alert.id:
        return
    rest = {other: by for other, by in status.faults.items() if other != fault}
    turn.state.devices.put(status.device, replace(status, faults=rest, watched_from_ms=turn.now.elapsed_ms))
    arm(turn)


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
    down = _gateways_down(turn)
    due = [_deadline(turn, row, down) for row in turn.setting.home.devices]
    times = [time for time in due if time is not None]
    if times:
        turn.arm("silence", "all", max(min(times), turn.now.elapsed_ms + CALM_MS))


def _deadline(turn: Turn, placed: Placed, down: frozenset[str]) -> int | None:
    """When a device's silence becomes an alert; None where it is not watched, cannot be heard, or is told already."""
    seconds = DEADLINE_S.get(placed.supervision)
    if not seconds or any(placed.device.startswith(below) for below in down):
        return None
    status = turn.state.devices.get(placed.device)
    if status is None:
        return turn.meta.linked_ms + seconds * 1000
    if not UNHEARD.isdisjoint(status.faults):
        return None
    return max(status.heard_ms, status.watched_from_ms, turn.meta.linked_ms) + seconds * 1000


def silence_due(turn: Turn) -> None:
    """Look which devices have been silent for longer than their class may be."""
    if not turn.meta.linked:
        return
    down = _gateways_down(turn)
    for placed in turn.setting.home.devices:
        deadline = _deadline(turn, placed, down)
        if deadline is None or deadline > turn.now.elapsed_ms:
            continue
        seconds = DEADLINE_S[placed.supervision]
        status = turn.state.devices.get(placed.device) or Status(device=placed.device, heard_ms=0, heard_wall_ms=0)
        _wrong(turn, status, placed, "silent", f"nothing heard for {plainly(seconds * 1000)}")
    arm(turn)


def linked(turn: Turn, *, up: bool) -> None:
    """The hub hears the broker again, or no longer."""
    turn.set_meta(replace(turn.meta, linked=up, linked_ms=turn.now.elapsed_ms))
    arm(turn)


def placed_anew(turn: Turn) -> None:
    """Devices that a configuration brings: their silence counts from now, not from when the hub began to listen."""
    for placed in turn.setting.home.devices:
        if placed.supervision in DEADLINE_S and turn.state.devices.get(placed.device) is None:
            status = Status(device=placed.device, heard_ms=0, heard_wall_ms=0, watched_from_ms=turn.now.elapsed_ms)
            turn.state.devices.put(placed.device, status)
    arm(turn)

"""A device that is silent, flat, tampered with or offline is itself an alert, and names who is left without protection.

Silence counts only while the hub is subscribed and the gateway is up; after a gap every deadline starts anew. Deadlines
derive from when a device was last heard, and only the earliest is armed. What is lost with its gateway is one alert
(`gateways.py`).
"""

from __future__ import annotations

from dataclasses import replace

from devices.events import Event, Kind, Value
from devices.gateways import has_line, hears_below
from devices.purposes import TAKES
from devices.registry import DEADLINE_S, Placed
from rules.alerting import alerts
from rules.alerting.levels import Level
from rules.alerting.raising import Found, raise_alert
from rules.effects import Did
from rules.hearing import gateways, protection
from rules.hearing.gateways import UNHEARD, Down, Lost, protects, unheard
from rules.hearing.protection import may_be_silent_s
from rules.inputs import Described
from rules.plans import reconnecting, standing, watching
from rules.setting import Setting
from rules.state import Alert, AlertState, Ending, Status
from rules.turn import Turn, plainly

CALM_MS = 60_000
"""Deadlines are looked at no more often than this."""
RIGHT_ABOVE_PCT = 5
"""A battery counts as good again so far above the bound, so that one that wavers does not ring all night."""
RIGHT_AFTER_MS = 3_600_000
"""One that only says `low` and `ok` counts as good again once it has said `ok` for so long."""
SENSOR_TIMES = 2 / 3
"""A battery that nobody calls with may be so much lower than the home's bound before it is told."""
GATEWAY_AGAIN_MS = 4 * 3_600_000
"""Staff closed the alert of a gateway that is still gone: it is told again after this."""

OFFLINE = {True: "it is off the network", False: "its gateway says that it is offline"}
"""What is said of a device that is gone, by whether it has a line to the broker of its own."""
BACK = {True: "it is on the network again", False: "its gateway says that it is back"}

SAID_OF = {
    "offline": tuple(OFFLINE.values()),
    "silent": ("nothing heard",),
    "battery": ("its battery is",),
    "tamper": ("it was opened",),
}
"""How what is said of each fault begins."""


def watch(turn: Turn, status: Status, placed: Placed | None, event: Event) -> None:
    """A state changed: is something wrong with the device itself, or right again?"""
    if event.kind is Kind.AVAILABILITY:
        _availability(turn, status, placed, event.value)
    elif event.kind is Kind.BATTERY:
        _battery(turn, status, placed, event.value)
    elif event.kind is Kind.TAMPER:
        _tamper(turn, status, placed, event.value)


def _tamper(turn: Turn, status: Status, placed: Placed | None, value: Value) -> None:
    if value is True:
        _wrong(turn, status, placed, "tamper", "it was opened or moved")
    elif value is False and True not in protection.values_of(status, Kind.TAMPER):
        _right(turn, status, placed, "tamper", "it is closed again")


def _availability(turn: Turn, status: Status, placed: Placed | None, value: Value) -> None:
    below = gateways.heard_through(turn.state, turn.setting, status.device)
    if value == "offline":
        if gateways.is_gateway(turn, status.device):
            _gateway_lost(turn, status, placed, below)
        else:
            _wrong(turn, status, placed, "offline", OFFLINE[_has_line(turn, status, placed)])
    elif value == "online":
        _right(turn, status, placed, "offline", BACK[_has_line(turn, status, placed)])
        if below:
            _begin_anew(turn, below)


def _has_line(turn: Turn, status: Status, placed: Placed | None) -> bool:
    """Whether it is gone by the broker's own word, and no gateway's."""
    return has_line(status.device) and (placed is None or not gateways.named(turn.state, placed))


# -- batteries ----------------------------------------------------------------------------------------------------


def _battery(turn: Turn, status: Status, placed: Placed | None, value: Value) -> None:
    """Told at the bound of its class, once, and over when it is well above: what wavers rings nobody again."""
    if placed is None:
        return
    low = is_low(turn.setting, placed, value)
    if low:
        turn.disarm("device", f"battery:{status.device}")
        words = "low" if isinstance(value, str) else f"{value} %"
        _wrong(turn, status, placed, "battery", f"its battery is {words}")
    elif low is None or "battery" not in status.faults or _says_low(turn, status, placed):
        return
    elif isinstance(value, str):
        turn.arm("device", f"battery:{status.device}", turn.now.elapsed_ms + RIGHT_AFTER_MS)
    else:
        _right(turn, status, placed, "battery", f"its battery is {value} %")


def _says_low(turn: Turn, status: Status, placed: Placed) -> bool:
    """Whether any of its battery's values is low: many devices say both a share and a word, and they may differ."""
    return any(is_low(turn.setting, placed, value) for value in protection.values_of(status, Kind.BATTERY))


def is_low(setting: Setting, placed: Placed, value: Value) -> bool | None:
    """Whether a battery is low for what the device is for; None where the value does not say, or is no share of 100."""
    if isinstance(value, str):
        return {"low": True, "ok": False}.get(value)
    if isinstance(value, bool) or value is None or not 0 <= value <= 100:
        return None
    bound = setting.home.times.battery_low_pct
    if not protects(placed):
        bound = int(bound * SENSOR_TIMES)
    if value <= bound:
        return True
    return False if value > bound + RIGHT_ABOVE_PCT else None


# -- gateways -----------------------------------------------------------------------------------------------------


def _gateway_lost(turn: Turn, status: Status, placed: Placed | None, below: list[Placed]) -> None:
    """One alert for a whole gateway, with everybody it leaves unprotected."""
    if "offline" in status.faults:
        return
    down = gateways.down(turn.state, turn.setting)
    lost = [row for row in below if down.has(turn.state, row)]
    if below and not lost:
        reason = f"The receiver {status.device} is lost; another one still hears its {_devices(len(below))}"
        _tell(turn, status, placed, "offline", reason, Level.TECHNICAL)
        return
    whom = gateways.without(turn.state, turn.setting, lost)
    reason = f"The gateway {status.device} is lost, with {_devices(len(lost))}{whom}"
    alert = _tell(turn, status, placed, "offline", reason, gateways.level_of(lost), gateway=True)
    _takes_over(turn, status.device, alert)
    arm(turn)


def _takes_over(turn: Turn, gateway: str, alert: Alert) -> None:
    """The gateway says itself what was known by its devices: that was the same thing."""
    told = gateways.open_together(turn, hears_below(gateway) or gateway)
    if told is not None:
        gateways.given_up(turn, told, by_staff=False)
        alerts.end(turn, told, Ending.OTHER, f"told with the gateway as {alert.id}", by=None)


def _begin_anew(turn: Turn, below: list[Placed]) -> None:
    """A gateway is back: nobody is blamed for a silence nobody could have heard. What it calls offline is told."""
    for placed in below:
        status = turn.state.devices.get(placed.device) or unheard(placed.device)
        status = replace(status, watched_from_ms=turn.now.elapsed_ms)
        turn.state.devices.put(placed.device, status)
    for placed in below:
        status = turn.state.devices.get(placed.device) or unheard(placed.device)
        if status.values.get(Kind.AVAILABILITY.value) == "offline":
            _availability(turn, status, placed, "offline")
    arm(turn)


# -- wrong and right ----------------------------------------------------------------------------------------------


def _wrong(turn: Turn, status: Status, placed: Placed | None, fault: str, what: str) -> None:
    """Raise a fault of a placed device once; it stays one alert until it is right again."""
    current = turn.state.devices.get(status.device) or status
    if placed is None or fault in current.faults:
        return
    same = next((by for other, by in current.faults.items() if other in UNHEARD), None)
    if fault not in UNHEARD:
        _tell_one(turn, current, placed, fault, what)
    elif same is not None:
        # It was told already that it is not heard; that its gateway says so too is no second alert.
        turn.state.devices.put(status.device, replace(current, faults={**current.faults, fault: same}))
    elif not gateways.down(turn.state, turn.setting).has(turn.state, placed):
        _unheard(turn, [Lost(current, placed, fault, what)])


def _unheard(turn: Turn, found: list[Lost]) -> None:
    """Devices that are not heard: told with their gateway where the fault is its, each by itself where it is not."""
    for lost in gateways.told_together(turn, found):
        current = turn.state.devices.get(lost.status.device) or lost.status
        _tell_one(turn, current, lost.placed, lost.fault, lost.what)


def _tell_one(turn: Turn, status: Status, placed: Placed, fault: str, what: str) -> None:
    if fault in UNHEARD and placed.purpose in standing.SENSES:
        standing.unplugged(turn, placed)
    whose = turn.setting.name_of(placed.person) or turn.setting.place_name(placed.place) or "nobody"
    left = f"{whose} is without it" if placed.purpose in TAKES else f"it watches over {whose}"
    level = Level.TECHNICAL
    if protects(placed):
        level = Level.CHECK
        left = f"{whose} is without this protection"
        if fault == "battery":
            left = f"{whose} will soon be without this protection"
        elif nothing := protection.left_with_nothing(turn, placed):
            have = "has" if len(nothing) == 1 else "have"
            left += f"; {' and '.join(nothing)} {have} nothing else to call with"
            times = turn.setting.home.times
            if turn.is_within(times.night_from, times.night_to):
                level = Level.URGENT
    _tell(turn, status, placed, fault, f"{placed.name}: {what}; {left}", level)


def _tell(
    turn: Turn, status: Status, placed: Placed | None, fault: str, reason: str, level: Level, *, gateway: bool = False
) -> Alert:
    name = placed.name if placed else status.device
    whose = placed.person if placed and not gateway else None
    turn.log(Did.LOST, reason, device=name, resident=whose)
    alert = raise_alert(
        turn,
        Found(
            level=level,
            kind=Kind.AVAILABILITY if fault in UNHEARD else fault,
            cause=f"{fault}:{name}",
            reason=reason,
            resident=whose,
            place=placed.place if placed and not gateway else None,
            device=name,
        ),
    )
    turn.state.devices.put(status.device, replace(status, faults={**status.faults, fault: alert.id}))
    return alert


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
    if alert is not None and alert.cause.startswith("together:"):
        gateways.member_is_back(turn, alert, name, what)
    elif alert is not None and is_open and alert.cause == f"{fault}:{name}" and not alert.also:
        alerts.end(turn, alert, Ending.BACK, f"{name}: {what}", by=None)
    elif alert is not None and is_open:
        _say_over(turn, alert, name, fault, what)
    if fault in UNHEARD:
        reconnecting.heard(turn, placed)
        watching.count_anew(turn, status.device)
        arm(turn)


def _say_over(turn: Turn, alert: Alert, name: str, fault: str, what: str) -> None:
    """The alert stands for something else as well, and stays: its line of what is over says so."""
    mine = tuple(f"{name}: {words}" for words in SAID_OF[fault])
    told = [alert.reason, *alert.also]
    lines = [f"{line} ({what})" if line.startswith(mine) and not line.endswith(")") else line for line in told]
    if lines != told:
        turn.show(replace(alert, version=alert.version + 1, reason=lines[0], also=tuple(lines[1:])))


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


def parts_heard(turn: Turn, whole: str, event: Event, retained: bool) -> None:
    """A device spoke that others are parts of: those that were silent with it are back."""
    if retained or (event.kind is Kind.AVAILABILITY and event.value == "offline"):
        return
    parts = turn.setting.parts_of(whole)
    for part in parts:
        status = turn.state.devices.get(part.device)
        if status is not None and "silent" in status.faults and part.device != event.device:
            _right(turn, status, part, "silent", "heard again")
    placed, status = (turn.setting.placed(whole), turn.state.devices.get(whole)) if parts else (None, None)
    if placed is not None and status is not None and event.device != whole:
        heard_again(turn, status, placed, event)


def closed_by_staff(turn: Turn, alert: Alert) -> None:
    """Staff closed an alert of devices that are still not heard: each has its deadline once more, then tells again.

    Also where the alert was another matter of the same resident, which the silence had joined."""
    gateways.given_up(turn, alert)
    fault, _, name = alert.cause.partition(":")
    address = turn.setting.address_of(name) or name
    if fault == "offline" and gateways.is_gateway(turn, address):
        turn.arm("device", f"offline:{address}", turn.now.elapsed_ms + GATEWAY_AGAIN_MS)
    arm(turn)


def device_due(turn: Turn, ref: str) -> None:
    """What was to be looked at again: a battery that has been good for an hour, a gateway whose alert staff closed."""
    what, _, address = ref.partition(":")
    status, placed = turn.state.devices.get(address), turn.setting.placed(address)
    if status is None:
        return
    if what == "battery" and placed is not None:
        if not _says_low(turn, status, placed):
            _right(turn, status, placed, "battery", "its battery has been good for an hour")
    elif what == "offline" and status.values.get(Kind.AVAILABILITY.value) == "offline":
        _availability(turn, status, placed, "offline")


# -- silence ------------------------------------------------------------------------------------------------------


def arm(turn: Turn) -> None:
    """Arm the earliest deadline of all; later ones are found when it falls due."""
    turn.disarm("silence", "all")
    if not turn.meta.linked:
        return
    down = gateways.down(turn.state, turn.setting)
    due = [_deadline(turn, row, down) for row in turn.setting.home.devices]
    times = [time for time in due if time is not None]
    if times:
        turn.arm("silence", "all", max(min(times), turn.now.elapsed_ms + CALM_MS))


def _deadline(turn: Turn, placed: Placed, down: Down) -> int | None:
    """When a device's silence becomes an alert; None where it is not watched, cannot be heard, or is told already."""
    status = turn.state.devices.get(placed.device)
    seconds = may_be_silent_s(placed, status)
    if not seconds or down.has(turn.state, placed) or protection.is_heard_as_another(turn.setting, placed):
        return None
    status = status or unheard(placed.device)
    whole = turn.state.devices.get(placed.module) or status
    if not UNHEARD.isdisjoint(status.faults) or gateways.is_on_line(whole, turn.meta.linked_ms, turn.state):
        return None
    heard_ms = protection.heard_ms_of(turn, placed)
    return max(heard_ms, status.watched_from_ms, turn.meta.linked_ms) + seconds * 1000


def silence_due(turn: Turn) -> None:
    """Look which devices have been silent for longer than they may be."""
    if not turn.meta.linked:
        return
    down = gateways.down(turn.state, turn.setting)
    found = []
    for placed in turn.setting.home.devices:
        deadline = _deadline(turn, placed, down)
        if deadline is None or deadline > turn.now.elapsed_ms:
            continue
        status = turn.state.devices.get(placed.device) or unheard(placed.device)
        what = f"nothing heard for {plainly(may_be_silent_s(placed, status) * 1000)}"
        found.append(Lost(status, placed, "silent", what))
    _unheard(turn, found)
    arm(turn)


def linked(turn: Turn, *, up: bool) -> None:
    """The hub hears the broker again, or no longer."""
    turn.set_meta(replace(turn.meta, linked=up, linked_ms=turn.now.elapsed_ms))
    arm(turn)


def described(turn: Turn, given: Described) -> None:
    """A device said how often it checks in, and what it hangs on."""
    status = turn.state.devices.get(given.device)
    if status is None:
        status = replace(unheard(given.device), watched_from_ms=turn.now.elapsed_ms)
    status = replace(status, checks_in_s=given.checks_in_s, gateway=given.gateway)
    turn.state.devices.put(given.device, status)
    if turn.setting.placed(given.device) is not None:
        arm(turn)


def placed_anew(turn: Turn, before: Setting | None) -> None:
    """Devices that a configuration brings: their silence counts from now, not from when the hub began to listen or
    heard them last; and what they said before anybody placed them is looked at."""
    for placed in turn.setting.home.devices:
        if before is not None and before.placed(placed.device) is not None:
            continue
        status = turn.state.devices.get(placed.device)
        if status is None and placed.supervision not in DEADLINE_S:
            continue
        status = replace(status or unheard(placed.device), watched_from_ms=turn.now.elapsed_ms)
        turn.state.devices.put(placed.device, status)
        for kind, look in ((Kind.BATTERY, _battery), (Kind.TAMPER, _tamper), (Kind.AVAILABILITY, _availability)):
            for value in protection.values_of(status, kind):
                look(turn, turn.state.devices.get(placed.device) or status, placed, value)
    arm(turn)


def _devices(number: int) -> str:
    return "1 device" if number == 1 else f"{number} devices"

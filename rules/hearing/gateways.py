"""Which placed devices hang on which gateway, what of it nobody can hear now, and how its loss is one alert.

A gateway that says of itself that it is gone is believed at once. One that says nothing is known by its devices:
several that fell silent or offline within a quarter of an hour, or one that is overdue where all the others have been
quiet for longer than chance allows, are one alert that names everybody it leaves unprotected.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from devices.events import Kind
from devices.gateways import base_of, has_line, hears_below, is_network, module_of
from devices.registry import DEADLINE_S, Placed, Purpose, Supervision
from rules.alerting import alerts
from rules.alerting.levels import RANK, Level
from rules.alerting.raising import Found, raise_alert
from rules.effects import Did
from rules.setting import Setting
from rules.state import Alert, AlertState, Ending, State, Status
from rules.turn import Turn, plainly

PROTECTS = frozenset({Supervision.PENDANT, Supervision.PULL_CORD})
"""Classes whose loss leaves somebody without a way to call: told as `check` at least, the rest as `technical`."""
CALLS_WITH = frozenset({Purpose.EMERGENCY, Purpose.CALL})
"""What somebody calls with."""
UNHEARD = frozenset({"silent", "offline"})
"""What ends as soon as a device is heard."""
TOGETHER = 3
"""So many devices lost within `TOGETHER_MS` are one alert."""
TOGETHER_MS = 900_000
QUIET_TIMES = 4
"""Of n devices that each speak at least once in a time one is heard about every n-th part of it. Four such parts
without a word happen by chance in one of fifty; together with a device that is overdue they are the gateway's."""
QUIET_LEAST_MS = 3_600_000


def protects(placed: Placed) -> bool:
    """Whether somebody calls with it."""
    return placed.supervision in PROTECTS or placed.purpose in CALLS_WITH


def of_gateway(state: State, placed: Placed) -> str:
    """What a device hangs on: the gateway it named, else the base of its address (`zigbee2mqtt/`)."""
    return named(state, placed) or base_of(placed.device)


def named(state: State, placed: Placed) -> str:
    """The one device it is heard through: the gateway it named, or what it is a part of; empty where there is none."""
    status = state.devices.get(placed.device)
    return (status.gateway if status else "") or module_of(placed.device)


def heard_through(state: State, setting: Setting, gateway: str) -> list[Placed]:
    """The placed devices that are heard through this one; none where it is no gateway."""
    below = hears_below(gateway) if setting.placed(gateway) is None else None
    found = []
    for placed in setting.home.devices:
        by_name = named(state, placed)
        is_below = below is not None and placed.device.startswith(below)
        if setting.pendant_of(placed) is not None:
            continue  # another button of one pendant is that pendant
        if by_name == gateway or (is_below and (not by_name or is_network(gateway))):
            found.append(placed)
    return found


def is_gateway(turn: Turn, address: str) -> bool:
    """Whether devices are heard through this one, by its name or by what they say."""
    by_name = turn.setting.placed(address) is None and hears_below(address) is not None
    return by_name or bool(heard_through(turn.state, turn.setting, address))


@dataclass(frozen=True, slots=True)
class Down:
    """What nobody can hear now: bases all of whose gateways are offline, and single gateways."""

    below: frozenset[str]
    gateways: frozenset[str]
    networks: tuple[str, ...]
    """Of `below` those through which all comes, whatever gateway behind them hears it."""

    def has(self, state: State, placed: Placed) -> bool:
        """Whether a device cannot be heard, whatever it does."""
        if placed.device.startswith(self.networks):
            return True
        by_name = named(state, placed)
        if by_name:
            return by_name in self.gateways
        return any(placed.device.startswith(below) for below in self.below)


def down(state: State, setting: Setting) -> Down:
    """What cannot be heard now, by what gateways said of themselves. A receiver that shares its devices with another
    takes them with it only when the other is gone too."""
    up: dict[str, bool] = {}
    gone = []
    networks = []
    for status in state.devices:
        said = status.values.get(Kind.AVAILABILITY.value)
        if said is None:
            continue
        if said == "offline":
            gone.append(status.device)
        below = hears_below(status.device)
        if below is not None and setting.placed(status.device) is None:
            up[below] = up.get(below, False) or said != "offline"
            if said == "offline" and is_network(status.device):
                networks.append(below)
    return Down(frozenset(below for below, is_up in up.items() if not is_up), frozenset(gone), tuple(networks))


def is_on_line(status: Status, linked_ms: int, state: State) -> bool:
    """Whether the broker would tell by itself that this device is gone: it has a line to the broker, said that it is
    there since the hub is linked (a broker that was started anew forgets the wills of those who never came back), and
    does not sleep. One that says how often it speaks is held to that: it may hang with its line open."""
    if status.checks_in_s or status.gateway or not has_line(status.device):
        return False
    sleeps = state.devices.get(f"{status.device}/link") is not None
    online = status.values.get(Kind.AVAILABILITY.value) == "online"
    return online and not sleeps and status.online_ms > linked_ms


# -- whom it leaves -----------------------------------------------------------------------------------------------


def without(state: State, setting: Setting, lost: Collection[Placed]) -> str:
    """Whom the loss of these leaves without what they call with, as the end of a sentence; empty where nobody.

    Who has lost a call button alone and has a pendant that works is not named: the names are whom to look after."""
    calling = [row for row in lost if protects(row)]
    gone, now = {row.device for row in calling}, down(state, setting)
    rest = [row for row in setting.home.devices if protects(row) and row.device not in gone]
    working = [row for row in rest if _works(state, row, now)]
    pendants = {row.person for row in calling if row.purpose is not Purpose.CALL}
    pendants -= {row.person for row in working if row.purpose is not Purpose.CALL}
    buttons = {row.person for row in calling} - pendants - {row.person for row in working}
    said = ""
    for what, people in (("pendant", pendants), ("call button", buttons)):
        if names := sorted(setting.name_of(person) for person in people if person):
            said += f"; without a {what} now: {', '.join(names)}"
    places = sorted({setting.place_name(row.place) for row in calling if row.place and not row.person})
    said += f"; without a cord now: {', '.join(places)}" if places else ""
    doors = sorted({setting.place_name(row.place) for row in lost if row.device in setting.outside_doors})
    return said + (f"; not watched now: {', '.join(doors)}" if doors else "")


def _works(state: State, placed: Placed, now: Down) -> bool:
    """Whether a device to call with was ever heard, and nothing is known for which its press would reach nobody."""
    status = state.devices.get(placed.device)
    if status is None or not status.heard_wall_ms or now.has(state, placed):
        return False
    return status.faults.keys() <= {"battery"} and status.known_lost_ms <= status.heard_ms


def level_of(lost: Iterable[Placed]) -> Level:
    """A gateway that takes anybody's way to call with it is urgent at any hour: nobody knows what they miss."""
    return Level.URGENT if any(protects(placed) for placed in lost) else Level.TECHNICAL


# -- lost together ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lost:
    """A device that is not heard any more, before anybody was told."""

    status: Status
    placed: Placed
    fault: str
    """One of `UNHEARD`."""
    what: str


def told_together(turn: Turn, found: list[Lost]) -> list[Lost]:
    """Tell what was lost with others as one alert for each gateway; returns what is to be told by itself."""
    groups: dict[str, list[Lost]] = {}
    for lost in found:
        groups.setdefault(of_gateway(turn.state, lost.placed), []).append(lost)
    alone: list[Lost] = []
    for gateway, group in groups.items():
        if not _told(turn, gateway, group):
            alone += group
    return alone


def _told(turn: Turn, gateway: str, group: list[Lost]) -> bool:
    told = open_together(turn, gateway)
    if told is not None and turn.now.elapsed_ms - told.pressed_ms < TOGETHER_MS:
        _mark(turn, group, told.id)
        _say_anew(turn, gateway, replace(told, pressed_ms=turn.now.elapsed_ms))
        return True
    before = _lost_lately(turn, gateway)
    if len(group) + len(before) >= TOGETHER or _is_all(turn, gateway, len(group) + len(before)):
        _raise(turn, gateway, group, before)
        return True
    if told is None and any(lost.fault == "silent" for lost in group) and is_quiet(turn, gateway):
        _raise(turn, gateway, group + _the_rest(turn, gateway, group), before)
        return True
    return False


def _is_all(turn: Turn, gateway: str, lost: int) -> bool:
    """Whether so many are all that hang on a gateway of which a device said itself that it hangs on it. Of a base
    topic two are still two: they need not have anything in common."""
    if gateway.endswith("/") or lost < 2:
        return False
    return lost >= sum(1 for row in _hanging(turn, gateway) if row.supervision in DEADLINE_S)


def open_together(turn: Turn, gateway: str) -> Alert | None:
    """The open alert of a gateway that is known by its devices alone; the newest of them."""
    return next((alert for alert in reversed(turn.open_alerts()) if alert.cause == f"together:{gateway}"), None)


def _lost_lately(turn: Turn, gateway: str) -> list[tuple[Placed, str, Alert]]:
    """Devices of this gateway that were told by themselves a moment ago, each with its fault and alert."""
    found = []
    for placed in turn.setting.home.devices:
        status = turn.state.devices.get(placed.device)
        if status is None or UNHEARD.isdisjoint(status.faults) or of_gateway(turn.state, placed) != gateway:
            continue
        for fault in sorted(UNHEARD & status.faults.keys()):
            alert = turn.state.alerts.get(status.faults[fault])
            if alert is not None and alert.cause == f"{fault}:{placed.name}" and alert.state is not AlertState.CLOSED:
                if turn.now.elapsed_ms - alert.raised_ms < TOGETHER_MS:
                    found.append((placed, fault, alert))
                break
    return found


def is_quiet(turn: Turn, gateway: str) -> bool:
    """Whether nothing of this gateway has been heard for longer than chance allows, given how many hang on it."""
    watched = [row for row in _hanging(turn, gateway) if row.supervision in DEADLINE_S]
    if len(watched) < TOGETHER:
        return False
    longest_ms = max(DEADLINE_S[row.supervision] for row in watched) * 1000
    quiet_ms = max(QUIET_LEAST_MS, QUIET_TIMES * longest_ms // len(watched))
    since = turn.now.elapsed_ms - quiet_ms
    if turn.meta.linked_ms > since:
        return False
    # Strangers count too: a gateway that still brings a neighbour's button is alive.
    heard = (status for status in turn.state.devices if (status.gateway or base_of(status.device)) == gateway)
    return all(status.heard_ms <= since for status in heard if hears_below(status.device) is None)


def _hanging(turn: Turn, gateway: str) -> list[Placed]:
    return [row for row in turn.setting.home.devices if of_gateway(turn.state, row) == gateway]


def _the_rest(turn: Turn, gateway: str, group: list[Lost]) -> list[Lost]:
    """The other watched devices of a gateway that is quiet as a whole: nobody has heard them either."""
    names = {lost.placed.device for lost in group}
    rest = []
    for placed in _hanging(turn, gateway):
        status = turn.state.devices.get(placed.device) or unheard(placed.device)
        if placed.device in names or placed.supervision not in DEADLINE_S or not UNHEARD.isdisjoint(status.faults):
            continue
        rest.append(Lost(status, placed, "silent", "not heard either"))
    return rest


def unheard(device: str) -> Status:
    """What is known of a device that never said anything."""
    return Status(device=device, heard_ms=0, heard_wall_ms=0)


def _raise(turn: Turn, gateway: str, group: list[Lost], before: list[tuple[Placed, str, Alert]]) -> None:
    rows = [lost.placed for lost in group] + [placed for placed, _, _ in before]
    alert = raise_alert(
        turn,
        Found(
            level=level_of(rows),
            kind=Kind.AVAILABILITY,
            cause=f"together:{gateway}",
            reason=_reason(turn, gateway, rows),
            device=gateway.rstrip("/"),
        ),
    )
    turn.log(Did.LOST, f"{', '.join(row.name for row in rows)}: the {_name(gateway)} may be gone", alert=alert)
    _mark(turn, group, alert.id)
    for placed, fault, single in before:
        status = turn.state.devices.get(placed.device) or unheard(placed.device)
        turn.state.devices.put(placed.device, replace(status, faults={**status.faults, fault: alert.id}))
        if single.state is AlertState.TOLD and not single.also:
            alerts.end(turn, single, Ending.OTHER, f"told with the others as {alert.id}", by=None)


def _mark(turn: Turn, group: list[Lost], alert_id: str) -> None:
    for lost in group:
        faults = {**lost.status.faults, lost.fault: alert_id}
        turn.state.devices.put(lost.placed.device, replace(lost.status, faults=faults))


def _name(gateway: str) -> str:
    return f"gateway of {gateway}" if gateway.endswith("/") else f"gateway {gateway}"


def _reason(turn: Turn, gateway: str, rows: list[Placed]) -> str:
    hanging = _hanging(turn, gateway)
    of_how_many = f"all {len(rows)}" if len(rows) >= len(hanging) else f"{len(rows)} of {len(hanging)}"
    known = map(turn.state.devices.get, (row.device for row in rows))
    last_ms = max((status.heard_ms for status in known if status is not None), default=0)
    ago = f", the last of them {plainly(turn.now.elapsed_ms - last_ms)} ago" if last_ms else ""
    return (
        f"The {_name(gateway)} or its network seems to be gone: {of_how_many} devices are not heard any more{ago}"
        f"{without(turn.state, turn.setting, rows)}"
    )


def _members(turn: Turn, alert_id: str) -> list[tuple[Placed, Status]]:
    found = []
    for placed in turn.setting.home.devices:
        status = turn.state.devices.get(placed.device)
        if status is not None and alert_id in status.faults.values():
            found.append((placed, status))
    return found


def _say_anew(turn: Turn, gateway: str, alert: Alert) -> None:
    """The alert with what it stands for now; it rings anew only where it has become more serious."""
    rows = [placed for placed, _ in _members(turn, alert.id)]
    reason, level = _reason(turn, gateway, rows), level_of(rows)
    alert = replace(alert, reason=reason)
    if RANK[level] <= RANK[alert.level]:
        turn.show(replace(alert, version=alert.version + 1))
        return
    alert = replace(
        alert,
        version=alert.version + 1,
        level=level,
        rung=0,
        ladder_from_ms=turn.now.elapsed_ms,
        rings=alert.rings + 1,
    )
    found = alerts.reached(turn, alert)
    alert = replace(alert, told=alerts.also_told(alert, found.people))
    if alert.state is AlertState.TOLD:
        alerts.announce(turn, alert, found.people, found.how)
    else:
        turn.show(alert)


def member_is_back(turn: Turn, alert: Alert, device: str, what: str) -> None:
    """One of those lost together is heard, and its fault was taken from it: the gateway is back. What was silent with
    it has its deadline anew; what still says that it is offline stays on the alert until it does not."""
    gateway = alert.cause.partition(":")[2]
    for placed, status in _members(turn, alert.id):
        rest = {fault: by for fault, by in status.faults.items() if by != alert.id or fault == "offline"}
        if rest != status.faults:
            turn.state.devices.put(placed.device, replace(status, faults=rest, watched_from_ms=turn.now.elapsed_ms))
    if alert.state is AlertState.CLOSED:
        return
    if _members(turn, alert.id):
        _say_anew(turn, gateway, alert)
    else:
        alerts.end(turn, alert, Ending.BACK, f"{device}: {what}; the {_name(gateway)} is back", by=None)


def given_up(turn: Turn, alert: Alert, *, by_staff: bool = True) -> None:
    """An alert ended while devices that it stands for are still not heard: each has its deadline once more."""
    now = turn.now.elapsed_ms
    for status in list(turn.state.devices):
        rest = {fault: by for fault, by in status.faults.items() if by != alert.id or fault not in UNHEARD}
        if len(rest) < len(status.faults):
            known_ms = now if by_staff else status.known_lost_ms
            lost = replace(status, faults=rest, watched_from_ms=now, known_lost_ms=known_ms)
            turn.state.devices.put(status.device, lost)

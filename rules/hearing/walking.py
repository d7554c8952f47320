"""The walk test: a carer presses a pendant or cord to see that it is heard, and says that it was they (issue 4).

Its first press within a minute is shown as TEST at once, on the board, in the room and in the log, and rings nobody for
30 s. It is a real call at the end of them, at a second press, at any other call of the house, or as soon as somebody
takes it for one; only the carer who began the test can say before that it was theirs. Only one runs in the house at a
time, and whatever disturbs it ends it: what is pressed then is a call.
"""

from __future__ import annotations

from dataclasses import replace

from devices.events import Event, Kind
from devices.registry import Placed
from rules.alerting import alerts, reach
from rules.alerting.levels import RANK, Level
from rules.alerting.raising import MOST_ALSO, Found, show_test
from rules.effects import Did
from rules.hearing import nights
from rules.hearing.walks import DAY_MS, TESTABLE, Walk, WalkTest, heard_words, interval_days
from rules.inputs import Asked
from rules.state import Alert, AlertState, Ending
from rules.turn import LATE_MS, Turn, plainly

WALK_MS = 60_000
"""So long the press is waited for."""
CONFIRM_MS = 30_000
"""So long a press may be taken for a test, and not a moment longer."""
UNPLACED_KEPT_MS = 400 * DAY_MS
STOP = "stop"
PRESSES = frozenset({Kind.EMERGENCY, Kind.CALL})

Said = tuple[bool, str]


# -- what a carer asks for ----------------------------------------------------------------------------------------


def walk(turn: Turn, request: Asked) -> Said:
    """Begin a walk test of one device, or end it (`reason`: stop)."""
    if request.reason == STOP:
        return _stop(turn, request)
    placed = _placed(turn, request.device)
    if placed is None:
        return False, f"there is no device {request.device!r}: say one of devices.yaml"
    why_not = _why_not(turn, request, placed)
    if why_not:
        return False, why_not
    before = turn.state.walks.get(placed.name) or Walk(device=placed.name, since_wall_ms=turn.now.wall_ms)
    now = turn.now
    opened = replace(before, by=request.by, opened_ms=now.elapsed_ms, until_wall_ms=now.wall_ms + WALK_MS, alert="")
    turn.state.walks.put(placed.name, opened)
    turn.set_meta(replace(turn.meta, walking=placed.name))
    turn.arm("walk", placed.name, turn.now.elapsed_ms + WALK_MS)
    why = f"{reach.name(turn, request.by)} tests {placed.name}: its first press within {plainly(WALK_MS)} is a TEST"
    turn.log(Did.WALK_OPENED, why, device=placed.name, resident=placed.person, room=placed.place, by=request.by)
    return True, f"press {placed.name} now"


def _why_not(turn: Turn, request: Asked, placed: Placed) -> str:
    """Why this test must not begin now; empty where it may."""
    meta, times = turn.meta, turn.setting.home.times
    if placed.purpose not in TESTABLE:
        return f"{placed.name} is for {placed.purpose}: only what a resident calls with is tested so"
    if request.by not in turn.setting.staff or request.by not in reach.on_shift(turn):
        return f"{request.by!r} is not on shift: sign on first" if request.by else "say who: by"
    if turn.is_within(times.night_from, times.night_to):
        return f"not at night: from {times.night_from} to {times.night_to} every press is a call"
    if meta.mode != "normal":
        return "not while there is a fire alarm"
    if meta.unkept:
        return "the hub cannot write it down just now"
    if not meta.linked:
        return "the hub does not hear the devices just now"
    if meta.walking:
        running = turn.state.walks.get(meta.walking)
        who = reach.name(turn, running.by if running else None)
        return f"{who} tests {meta.walking}: one at a time, wait until it is over"
    return _calls_already(turn, placed)


def _calls_already(turn: Turn, placed: Placed) -> str:
    """Somebody calls with this device, or the one who wears it calls with another: no time for a test."""
    for alert in turn.open_alerts():
        calls = RANK[alert.level] >= RANK[Level.CALL]
        its_own = alert.device == placed.name or any(row.device == placed.name for row in alert.missed)
        if calls and (its_own or (placed.person is not None and alert.resident == placed.person)):
            return f"there is an open call of {alert.resident or placed.name} ({alert.id}): see to it first"
    return ""


def _placed(turn: Turn, device: str) -> Placed | None:
    return turn.setting.registry.by_name(device) or turn.setting.placed(device)


def _stop(turn: Turn, request: Asked) -> Said:
    if request.by not in turn.setting.staff:
        return False, "say who: by"
    running = turn.meta.walking
    if not running:
        return False, "nothing is tested"
    was_heard = bool(_running(turn) and turn.state.walks.rows[running].alert)
    interrupt(turn, f"{reach.name(turn, request.by)} stopped the test")
    return True, "stopped: its press is told as a call" if was_heard else "stopped"


def tested(turn: Turn, request: Asked) -> Said:
    """ "That was my test", by the carer who began it, within 30 s: recorded, and nobody was called."""
    running = _running(turn)
    alert = turn.state.alerts.get(running.alert) if running else None
    placed = _placed(turn, request.device)
    if running is None or placed is None or placed.name != running.device:
        return False, f"no press of {request.device!r} waits for this: what was pressed is a call"
    if alert is None or alert.test is None:
        return False, f"{running.device} was not heard yet"
    if request.by != running.by:
        return False, f"only {reach.name(turn, running.by)}, who began the test, can say that"
    if turn.now.elapsed_ms >= alert.test.until_ms:
        test_due(turn, alert, turn.now.elapsed_ms - alert.test.until_ms)
        return False, "too late: it is a call now"
    battery = battery_of(turn, placed)
    done = replace(
        _ended(turn, running),
        tested_by=request.by,
        tested_wall_ms=turn.now.wall_ms,
        failed_wall_ms=0,
        heard_after_ms=alert.test.heard_after_ms,
        battery=battery,
    )
    turn.state.walks.put(done.device, done)
    turn.disarm("test", alert.id)
    found = heard_words(alert.test.heard_after_ms, battery)
    why = f"{reach.name(turn, request.by)}: that was my test; {found}"
    turn.log(Did.TESTED, why, alert=alert, stamp=alert.stamp, by=request.by)
    alerts.end(turn, replace(alert, test=replace(alert.test, battery=battery)), Ending.TESTED, why, by=request.by)
    return True, f"recorded: {found}"


# -- what happens -------------------------------------------------------------------------------------------------


def is_test(turn: Turn, event: Event, placed: Placed | None) -> bool:
    """Whether this is the first press of the device that is tested now."""
    running = _running(turn)
    return (
        running is not None
        and not running.alert
        and placed is not None
        and placed.name == running.device
        and placed.purpose in TESTABLE
        and event.kind in PRESSES
        and turn.now.elapsed_ms - running.opened_ms < WALK_MS
        and not turn.meta.unkept
    )


def heard(turn: Turn, placed: Placed, cause: Found) -> None:
    """The press is shown as TEST at once, and is a call in 30 s."""
    running = turn.state.walks.rows[placed.name]
    test = WalkTest(
        by=running.by,
        until_ms=turn.now.elapsed_ms + CONFIRM_MS,
        until_wall_ms=turn.now.wall_ms + CONFIRM_MS,
        heard_after_ms=turn.now.elapsed_ms - running.opened_ms,
        battery=battery_of(turn, placed),
    )
    who = reach.name(turn, running.by)
    found = heard_words(test.heard_after_ms, test.battery)
    why = f"TEST by {who}: {found}; a call in {plainly(CONFIRM_MS)}, unless {who} says that it was theirs"
    alert = show_test(turn, cause, test, why)
    turn.state.walks.put(placed.name, replace(running, alert=alert.id))
    turn.disarm("walk", placed.name)
    turn.arm("test", alert.id, test.until_ms)


def interrupt(turn: Turn, why: str) -> None:
    """Whatever disturbs a test ends it: a press that waits is told as a call now, and the next one will be at once."""
    running = _running(turn)
    if running is None:
        return
    alert = turn.state.alerts.get(running.alert)
    if alert is not None and alert.test is not None and alert.state is not AlertState.CLOSED:
        tell(turn, alert, why)
    else:
        _give_up(turn, running, why)


def unheard(turn: Turn, why: str) -> None:
    """Nobody could hear it for a time: what was pressed meanwhile must not be taken for a test. One that was heard has
    its 30 s, which go on."""
    running = _running(turn)
    if running is not None and not running.alert:
        _give_up(turn, running, why)


def left_by(turn: Turn, person: str) -> None:
    """Who began it is off shift: nobody can say that it was a test."""
    running = _running(turn)
    if running is not None and running.by == person:
        interrupt(turn, f"{reach.name(turn, person)} signed off")


def due(turn: Turn, device: str) -> None:
    """A minute, and nothing was heard: the manager reads of it until a test goes well."""
    running = _running(turn)
    if running is None or running.device != device or running.alert:
        return
    # Behind the one that went well, also where that has the time of a clock that stood years ahead.
    failed_ms = max(turn.now.wall_ms, running.tested_wall_ms + 1)
    failed = replace(running, failed_by=running.by, failed_wall_ms=failed_ms)
    _give_up(turn, failed, f"{device} was not heard within {plainly(WALK_MS)}")


def test_due(turn: Turn, alert: Alert, overdue_ms: int) -> None:
    """Nobody said that it was a test."""
    if alert.test is not None:
        late = overdue_ms > LATE_MS
        tell(turn, alert, f"nobody said within {plainly(CONFIRM_MS)} that it was a test", late=late)


def tell(turn: Turn, alert: Alert, why: str, *, late: bool = False) -> Alert:
    """The press of a test is a call: told at the ladder's start, waiting since it was pressed."""
    running = _running(turn)
    if running is not None and running.alert == alert.id:
        turn.state.walks.put(running.device, _ended(turn, running))
    turn.disarm("test", alert.id)
    tester = reach.name(turn, alert.test.by) if alert.test else "nobody"
    now = turn.now.elapsed_ms
    alert = replace(
        alert,
        version=alert.version + 1,
        test=None,
        quiet=False,
        rings=alert.rings + 1,
        reason=alert.reason + nights.counted(turn, alert.resident, alert.kind),
        also=(*alert.also, f"taken for a walk test of {tester} at first")[-MOST_ALSO:],
        ladder_from_ms=now,
        climbed_ms=now,
        burst_ms=now,
        late=alert.late or late,
        unrecorded=bool(turn.meta.unkept),
    )
    found = alerts.reached(turn, alert)
    alert = replace(alert, told=found.people)
    marked = f"{why}, late" if late else why
    turn.log(Did.RAISED, f"{alert.reason}; {marked}", alert=alert, stamp=alert.stamp)
    alerts.announce(turn, alert, found.people, found.how)
    turn.show_room(alert.room)
    return alert


# -- rows ---------------------------------------------------------------------------------------------------------


def watch(turn: Turn) -> None:
    """From now on each device of a class that is to be tested is counted for."""
    for placed in turn.setting.home.devices:
        if interval_days(placed, turn.setting.home.times) is not None and placed.name not in turn.state.walks:
            turn.state.walks.put(placed.name, Walk(device=placed.name, since_wall_ms=turn.now.wall_ms))


def tidy(turn: Turn) -> None:
    """Forget devices that were taken out of devices.yaml long ago."""
    for row in list(turn.state.walks):
        newest = max(row.since_wall_ms, row.tested_wall_ms, row.failed_wall_ms)
        if turn.setting.registry.by_name(row.device) is None and turn.now.wall_ms - newest > UNPLACED_KEPT_MS:
            turn.state.walks.drop(row.device)


def battery_of(turn: Turn, placed: Placed) -> str:
    """What the device said of its battery last, in words; empty where it never did."""
    status = turn.state.devices.get(placed.device)
    values = status.values if status else {}
    name = Kind.BATTERY.value
    said = values.get(name, next((value for key, value in values.items() if key.startswith(f"{name}:")), None))
    if isinstance(said, bool) or said is None:
        return ""
    return said if isinstance(said, str) else f"{said:g} %"


def _running(turn: Turn) -> Walk | None:
    return turn.state.walks.get(turn.meta.walking) if turn.meta.walking else None


def _give_up(turn: Turn, running: Walk, why: str) -> None:
    turn.state.walks.put(running.device, _ended(turn, running))
    turn.log(Did.WALK_ENDED, f"the walk test of {running.device} ended: {why}", device=running.device, by=running.by)


def _ended(turn: Turn, running: Walk) -> Walk:
    turn.set_meta(replace(turn.meta, walking=""))
    turn.disarm("walk", running.device)
    return replace(running, by="", opened_ms=0, until_wall_ms=0, alert="")

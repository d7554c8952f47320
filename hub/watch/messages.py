"""Messages, both ways: what others see of the watcher, and what it reads of the hub and the screens. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson
from pydantic import BaseModel, Field, ValidationError

from hub.watch.calls import SOUNDS
from hub.watch.core import LEVELS, Watch
from hub.watch.records import Open, Shown, Told
from rules.alerting.levels import Level

Json = dict[str, object]

STOPPING = "stopping"
NOT_OURS = "not_ours"
TAKEN = frozenset({"raised", "pressed", "joined", NOT_OURS, "tested", "answered_by_resident"})
"""Steps of the hub's log that show that it took a press: told it, or knows for good that it was no call, as an answer
given with a pendant's second button."""
HEARD = frozenset({"walk_heard", "not_a_press", "quarantined"})
"""Steps that show that it heard one and told nobody: a test, the same press in another form, bytes it cannot read."""
NO_PRESS = HEARD - {"quarantined"}
"""Those of them after which a press that the watcher told is the hub's."""
LOST: Json = {"state": "lost", "why": "the watcher's connection to the broker was lost"}


def _at(wall_ms: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return datetime.fromtimestamp(wall_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _when(wall_ms: int | None) -> str | None:
    return None if wall_ms is None else _at(wall_ms)


def status(watch: Watch, *, not_heard: Sequence[str] = (), stopping: bool = False) -> Json:
    """The watcher's heartbeat; `not_heard`: what the broker keeps from it."""
    return {
        "state": STOPPING if stopping else watch.state.value,
        "hub": watch.heart.state,
        "in_charge_since": _when(watch.in_charge_wall_ms),
        "gave_back_at": _when(watch.gave_back_wall_ms),
        "told": len(watch.told),
        "not_heard": list(not_heard),
    }


def alert(told: Told) -> Json:
    """One call that the watcher told."""
    return {
        "id": told.id,
        "alert": told.alert,
        "level": told.level,
        "who": told.who,
        "where": told.where,
        "reason": f"{told.reason}: {told.note}" if told.note else told.reason,
        "device": told.device,
        "kind": told.kind,
        "stamp": told.stamp,
        "pressed_at": _at(told.pressed_wall_ms),
        "presses": told.presses,
        "rings": told.rings,
        "heard_by": told.heard_by,
        "heard_at": _when(told.heard_wall_ms),
    }


def sounding(sirens: Sequence[str]) -> Json:
    """Which sirens on relays sound for the watcher, for the one that comes after it."""
    return {"sirens": list(sirens)}


class Sounding(BaseModel):
    """The same, read."""

    sirens: tuple[str, ...] = ()


def left_on_by(payload: bytes) -> tuple[str, ...]:
    """Which sirens a watcher before this one switched on; none where it cannot be read."""
    try:
        return Sounding.model_validate_json(payload).sirens
    except ValidationError:
        return ()


class Heard(BaseModel):
    """A carer's tap: I heard this one."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    do: str = Field(pattern="^heard$")
    alert: str
    by: str


def heard_of(payload: bytes) -> Heard | None:
    """A request that is ours to answer; every other is the hub's."""
    try:
        return Heard.model_validate_json(payload)
    except ValidationError:
        return None


def state_of(payload: bytes) -> str | None:
    """What a heartbeat says; None where it cannot be read, which is no heartbeat."""
    said = _object(payload)
    state = said.get("state")
    return state if isinstance(state, str) else None


def uptime_s_of(payload: bytes) -> int | None:
    """For how long the hub that says this heartbeat has run; None where it does not say so."""
    uptime_s = _object(payload).get("uptime_s")
    return uptime_s if isinstance(uptime_s, int) else None


Taken = tuple[str, str | None, str | None]
"""Device, stamp, and which line of the hub's log says so."""


def _line(said: Json) -> str | None:
    """Its place in the ledger and its time: a record that is begun anew counts from one again."""
    return f"{seq} {said.get('at', '')}" if isinstance(seq := said.get("seq"), int) else None


def taken_by_line(payload: bytes) -> Taken | None:
    """Which press a line of the hub's log shows to be taken."""
    said = _object(payload)
    device, stamp = said.get("device"), said.get("stamp")
    if said.get("step") not in TAKEN or not isinstance(device, str):
        return None
    return device, stamp if isinstance(stamp, str) else None, _line(said)


def taken_by_alert(payload: bytes) -> Taken | None:
    """Which press an alert of the hub shows to be taken. It is sent again with each change, so it counts where it names
    the press by its stamp, or where the hub could not write its log. A walk test that nobody confirmed yet does not: a
    hub that dies in between would leave it told to nobody."""
    said = _object(payload)
    if said.get("test") and said.get("state") != "closed":
        return None
    device, stamp = said.get("device"), said.get("stamp")
    if not isinstance(device, str) or (stamp is None and said.get("unrecorded") is not True):
        return None
    return device, stamp if isinstance(stamp, str) else None, None


def heard_by_line(payload: bytes) -> Taken | None:
    """Which press a line of the hub's log shows to be heard, without its being told: a topic where it was not read."""
    said = _object(payload)
    device, stamp = said.get("device"), said.get("stamp")
    if said.get("step") not in HEARD or not isinstance(device, str):
        return None
    return device, stamp if isinstance(stamp, str) else None, _line(said)


def is_no_press(payload: bytes) -> bool:
    """Whether such a line says that it was heard as one that needs nobody: the same once more, or a walk test."""
    return _object(payload).get("step") in NO_PRESS


def is_not_ours(payload: bytes) -> bool:
    """Whether a line of the hub's log says that a stranger's device rings nobody."""
    return _object(payload).get("step") == NOT_OURS


def marked_by_staff(payload: bytes) -> str | None:
    """Of which stranger's device staff say just now whether it is ours; no press of it."""
    said = _object(payload)
    device, by = said.get("device"), said.get("by")
    return device if said.get("step") == NOT_OURS and by is not None and isinstance(device, str) else None


def shown_by(alert: str, payload: bytes) -> Shown | None:
    """An alert of the hub that began with a press, with all devices that are in it; None for any other, or one that is
    over."""
    said = _object(payload)
    presses, stamp, missed = said.get("presses"), said.get("stamp"), said.get("missed")
    is_press = isinstance(kind := said.get("kind"), str) and kind in LEVELS
    if not is_press or not isinstance(presses, int) or said.get("state") == "closed":
        return None
    rows = [row for row in missed if isinstance(row, dict)] if isinstance(missed, list) else []
    names = (said.get("device"), *(row.get("device") for row in rows))
    more = sum(count for row in rows if isinstance(count := row.get("presses"), int))
    return Shown(
        id=alert,
        devices=tuple(name for name in names if isinstance(name, str)),
        stamp=stamp if isinstance(stamp, str) and not rows else None,
        presses=presses + more,
        is_test=bool(said.get("test")),
    )


class MissedPress(BaseModel):
    """One press in the list of an alert."""

    resident: str | None = None
    place: str | None = None
    device: str = ""
    answered_by: str | None = None


class HubAlert(BaseModel):
    """What the watcher needs of an alert to go on with it."""

    level: Level
    state: str
    version: int = 0
    kind: str = ""
    device: str | None = None
    cause: str = ""
    reason: str = ""
    waiting_since: datetime | None = None
    raised_at: datetime | None = None
    presses: int = 1
    resident: str | None = None
    place: str | None = None
    room: str | None = None
    missed: tuple[MissedPress, ...] = ()
    test: object = None
    quiet: bool = False
    claimed_by: str | None = None
    attended_by: str | None = None
    promised_by: str | None = None
    promised_until: datetime | None = None


def is_over(payload: bytes) -> bool:
    """Whether this takes an alert of the hub from the screens, or says that it is closed."""
    return not payload or _object(payload).get("state") == "closed"


def open_by(alert: str, payload: bytes) -> Open | None:
    """An alert of the hub that is open; None where it is over, or cannot be read."""
    try:
        said = HubAlert.model_validate_json(payload)
    except ValidationError:
        return None
    if said.state == "closed":
        return None
    waiting = (row for row in said.missed if row.answered_by is None)
    since = said.waiting_since or said.raised_at
    return Open(
        id=alert,
        version=said.version,
        level=said.level.value,
        kind=said.kind,
        device=said.device or said.cause,
        reason=said.reason,
        since_wall_ms=_ms(since) if since else None,
        presses=said.presses,
        resident=said.resident,
        place=said.place,
        room=said.room,
        missed=tuple((row.resident, row.place, row.device) for row in waiting),
        is_test=bool(said.test),
        is_quiet=said.quiet or said.state != "told",
        by=said.attended_by or said.promised_by or said.claimed_by,
        is_attended=said.attended_by is not None,
        promised_until_wall_ms=_ms(said.promised_until) if said.promised_until else None,
    )


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


class Known(BaseModel):
    """What the hub wants the watcher to know."""

    gone: tuple[str, ...] = ()
    not_ours: tuple[str, ...] = ()


def known_by(payload: bytes) -> Known | None:
    """Who is no longer here, and which strangers' devices are not ours; None where it cannot be read."""
    try:
        return Known.model_validate_json(payload)
    except ValidationError:
        return None


def gone_by_line(payload: bytes) -> str | None:
    """Which resident has left or died, by a line of the hub's log."""
    said = _object(payload)
    resident = said.get("resident")
    return resident if said.get("step") == "gone" and isinstance(resident, str) else None


def sounds(payload: bytes) -> bool:
    """Whether an alert of the hub may sound somewhere: nobody has taken it, and its level is one that sounds."""
    said = _object(payload)
    return said.get("level") in SOUNDS and said.get("state") != "closed" and said.get("quiet") is not True


def _object(payload: bytes) -> Json:
    try:
        said = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}

"""What others see: the messages of DESIGN §7, drawn from the state. Pure; the hub sends them word for word."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from rules.effects import Log
from rules.home import Say
from rules.state import Alert, AlertState, State

Json = dict[str, object]


@lru_cache(maxsize=512)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def rfc3339(wall_ms: int) -> str:
    """Unix milliseconds as RFC 3339 in UTC with milliseconds."""
    return f"{_second(wall_ms // 1000)}.{wall_ms % 1000:03d}Z"


def _when(wall_ms: int | None) -> str | None:
    return None if wall_ms is None else rfc3339(wall_ms)


def alert_message(alert: Alert) -> Json:
    """The retained message of one alert."""
    return {
        "id": alert.id,
        "version": alert.version,
        "level": alert.level.value,
        "state": alert.state.value,
        "resident": alert.resident,
        "place": alert.place,
        "room": alert.room,
        "zone": alert.zone,
        "device": alert.device,
        "kind": str(alert.kind),
        "cause": alert.cause,
        "stamp": alert.stamp,
        "reason": alert.reason,
        "also": alert.also,
        "near": alert.near,
        "near_at": _when(alert.near_wall_ms),
        "raised_at": rfc3339(alert.raised_wall_ms),
        "waiting_since": rfc3339(alert.waiting_since_wall_ms),
        "rung": alert.rung,
        "told": alert.told,
        "rings": alert.rings,
        "quiet": alert.quiet,
        "claimed_by": alert.claimed_by,
        "claimed_at": _when(alert.claimed_wall_ms),
        "attended_by": alert.attended_by,
        "attended_at": _when(alert.attended_wall_ms),
        "promised_by": alert.promise.by if alert.promise else None,
        "promised_until": _when(alert.promise.until_wall_ms) if alert.promise else None,
        "ok_said": alert.ok_said,
        "presses": alert.presses,
        "late": alert.late,
        "found": alert.found,
        "unrecorded": alert.unrecorded,
        "missed": [
            {
                "resident": row.resident,
                "device": row.device,
                "place": row.place,
                "kind": row.kind,
                "at": rfc3339(row.at_ms),
                "presses": row.presses,
                "answered_by": row.answered_by,
            }
            for row in alert.missed
        ],
        "episode": alert.episode,
        "ending": alert.ending.value if alert.ending else None,
        "closed_by": alert.closed_by,
        "closed_at": _when(alert.closed_wall_ms),
    }


def log_message(seq: int, wall_ms: int, line: Log) -> Json:
    """One line of the log topic; what is not known is left out."""
    message: Json = {"seq": seq, "at": rfc3339(wall_ms), "step": line.did.value, "reason": line.reason}
    if line.alert is not None:
        message["alert"] = line.alert
    if line.episode is not None:
        message["episode"] = line.episode
    if line.resident is not None:
        message["resident"] = line.resident
    if line.room is not None:
        message["room"] = line.room
    if line.device is not None:
        message["device"] = line.device
    if line.stamp is not None:
        message["stamp"] = line.stamp
    if line.by is not None:
        message["by"] = line.by
    return message


def room_message(state: State, room: str) -> Json:
    """What the screen of a room shows: that a call was heard, who is coming, what is said just now."""
    setting = state.setting
    live = setting.live_in.get(room, []) if setting else []
    names = setting.staff if setting else {}
    calls: list[Json] = []
    for alert in state.alerts:
        mine = alert.room == room or (alert.resident is not None and alert.resident in live)
        if alert.state is AlertState.CLOSED or not mine or alert.level not in ("emergency", "urgent", "call", "request"):
            continue
        coming = alert.attended_by or alert.claimed_by
        calls.append(
            {
                "alert": alert.id,
                "level": alert.level.value,
                "state": alert.state.value,
                "since": rfc3339(alert.waiting_since_wall_ms),
                "coming": names[coming].name if coming in names else coming,
                "promised_until": _when(alert.promise.until_wall_ms) if alert.promise else None,
            }
        )
    says = [
        step.text
        for episode in state.episodes
        if episode.rule.place == room
        for step in episode.rule.help[: episode.step]
        if isinstance(step, Say)
    ]
    return {"room": room, "heard": bool(calls), "calls": calls, "say": says[-1] if says else None}

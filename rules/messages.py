"""What others see: the messages of DESIGN §7, drawn from the state. Pure; the hub sends them word for word."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from rules.alerting.levels import Level
from rules.effects import Log
from rules.plans import able, choices
from rules.plans.episodes import question_of
from rules.plans.helping import rank_of
from rules.state import Alert, AlertState, State, WalkTest

Json = dict[str, object]

SHOWN_IN_ROOM = frozenset({Level.EMERGENCY, Level.URGENT, Level.CALL, Level.REQUEST})
"""What somebody in the room wants to know was heard; what staff look into by themselves is not shown there."""
LAST_S = 253_402_300_799
"""The last second that can be written as a date."""


@lru_cache(maxsize=512)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=64)
def rfc3339(wall_ms: int) -> str:
    """Unix milliseconds as RFC 3339 in UTC with milliseconds."""
    return f"{_second(min(max(0, wall_ms // 1000), LAST_S))}.{wall_ms % 1000:03d}Z"


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
        "everybody": alert.everybody,
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
        "test": _test(alert.test),
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


def _test(test: WalkTest | None) -> Json | None:
    if test is None:
        return None
    heard_after_s = test.heard_after_ms / 1000
    return {
        "by": test.by,
        "until": rfc3339(test.until_wall_ms),
        "heard_after_s": heard_after_s,
        "battery": test.battery,
    }


def log_message(seq: int, wall_ms: int, line: Log) -> Json:
    """One line of the log topic; what is not known is left out."""
    message: Json = {"seq": seq, "at": rfc3339(wall_ms), "step": str(line.did), "reason": line.reason}
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
    staff = setting.staff if setting else {}
    calls: list[Json] = []
    for alert in sorted(state.alerts, key=lambda alert: (len(alert.id), alert.id)):
        mine = alert.room == room or (alert.resident is not None and alert.resident in live)
        if alert.state is AlertState.CLOSED or not mine or alert.level not in SHOWN_IN_ROOM:
            continue
        coming = alert.attended_by or alert.claimed_by
        signed_on = state.shift.get(coming or "")
        calls.append(
            {
                "alert": alert.id,
                "level": alert.level.value,
                "state": alert.state.value,
                "since": rfc3339(alert.waiting_since_wall_ms),
                "coming": staff[coming].name if coming in staff else (signed_on.name if signed_on else coming),
                "promised_until": _when(alert.promise.until_wall_ms) if alert.promise else None,
                "test": alert.test is not None,
            }
        )
    return {
        "room": room,
        "heard": bool(calls),
        "calls": calls,
        **_said(state, room),
        "choices": choices.shown(state, room),
        "large": any(able.wants_large(setting.residents[name].abilities) for name in live) if setting else False,
        **_stands(state, live),
    }


def watcher_message(state: State) -> Json:
    """What the watcher cannot know by itself: who has left or died, and which strangers' devices are not ours."""
    return {
        "gone": sorted(person.resident for person in state.people if person.gone),
        "not_ours": sorted(stranger.device for stranger in state.strangers if stranger.not_ours),
    }


def _stands(state: State, live: Sequence[str]) -> Json:
    """How it stands with who lives there: carers who are with them, whose checks wait; and a wish to be left alone."""
    people = [person for resident in live if (person := state.people.get(resident)) is not None]
    staff = state.setting.staff if state.setting else {}
    visits: list[Json] = [
        {
            "resident": person.resident,
            "by": staff[person.visited_by].name if person.visited_by in staff else person.visited_by,
            "until": rfc3339(person.visited_until_wall_ms),
        }
        for person in people
        if person.visited_until_ms
    ]
    return {"visits": visits, "not_now": any(person.not_now_until_ms for person in people)}


def _said(state: State, room: str) -> Json:
    """What is said, shown and asked by the run in this room that matters most, of those the newest; nothing while there
    is a fire alarm. `spoken`: the screen says it aloud, once more when
    `times` is another."""
    meta = state.meta.get("meta")
    runs = [episode for episode in state.episodes if episode.rule.place == room and episode.said]
    if not runs or (meta is not None and meta.mode == "fire"):
        return {"say": None, "spoken": False, "times": 0, "picture": None, "ask": None}
    run = max(runs, key=lambda episode: (rank_of(episode.rule), len(episode.id), episode.id))
    question = question_of(run)
    ask: Json | None = None
    if question is not None:
        answers = [one.answer for one in question.answers]
        ask = {"episode": run.id, "question": run.said, "answers": answers}
    return {
        "say": run.said,
        "spoken": run.spoken,
        "times": run.times,
        "picture": run.picture or None,
        "ask": ask,
    }

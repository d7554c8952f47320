"""What the watcher told while the hub was gone, as the board shows it. Pure: messages in, one picture out."""

from __future__ import annotations

import logging
from datetime import datetime

import orjson
from pydantic import BaseModel, ValidationError

from dashboards import strings
from rules.alerting.levels import Level

log = logging.getLogger("handrail.dashboards")


class Call(BaseModel):
    """One press that the watcher told."""

    id: str
    level: Level
    who: str
    where: str
    reason: str
    pressed_at: datetime
    presses: int
    rings: int
    heard_by: str | None = None


class Status(BaseModel):
    """The part of the watcher's heartbeat that screens need."""

    state: str


class ToldByWatcher:
    """The watcher's calls, newest version of each, and whether it is in charge; `version` counts the changes."""

    def __init__(self) -> None:
        self.version = 0
        self._state = ""
        self._calls: dict[str, Call] = {}

    def clear(self) -> None:
        """The connection is new: what still holds is said again."""
        self._calls.clear()
        self.version += 1

    def take(self, name: str, payload: bytes) -> None:
        """A message below `watch/`: `status`, or `alert/` and which one; an empty one ends it."""
        if name != "status" and not name.startswith("alert/"):
            return
        before = self.picture()
        try:
            if name == "status":
                self._state = Status.model_validate_json(payload).state
            elif not payload:
                self._calls.pop(name.removeprefix("alert/"), None)
            else:
                call = Call.model_validate_json(payload)
                self._calls[call.id] = call
        except ValidationError as error:
            log.warning("cannot read watch/%s: %s", name, error.errors()[0]["msg"])
        if self.picture() != before:
            self.version += 1

    def picture(self) -> bytes:
        """One JSON object for every screen: the most serious first, then who waits longest."""
        order = list(Level)
        calls = sorted(self._calls.values(), key=lambda call: (order.index(call.level), call.pressed_at))
        return orjson.dumps({"in_charge": self._state == "in_charge", "calls": [_row(call) for call in calls]})


def _row(call: Call) -> dict[str, object]:
    return {
        "id": call.id,
        "level": call.level.value,
        "level_word": strings.LEVELS[call.level],
        "title": call.who or call.where,
        "where": call.where if call.who else "",
        "reason": call.reason,
        "pressed_wall_ms": int(call.pressed_at.timestamp() * 1000),
        "presses": strings.PRESSED.format(count=call.presses) if call.presses > 1 else "",
        "rings": call.rings,
        "heard_by": call.heard_by,
    }

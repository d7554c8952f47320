"""Frigate: that somebody is at an outside door, seen by a camera there.

| topic                                             | hears                                                            |
|---------------------------------------------------|------------------------------------------------------------------|
| `frigate/available`                               | Frigate itself: `online`, `offline`, `stopped`                   |
| `frigate/<camera>/status/<role>`                  | a camera: `online`, `offline`                                    |
| `frigate/<camera>/person`                         | occupancy: how many people the camera, or one of its zones, sees |
| `frigate/events`, label `person`                  | occupancy, as soon as it is no false positive                    |
| `frigate/<camera>/motion`                         | motion: `ON`, `OFF`; something moved, which may be a cat         |
| `frigate/<camera>/<other object>`, audio, reviews | kept and shown                                                   |
| pictures, statistics, settings, `…/set`           | nothing                                                          |

It commands nothing. A camera is a sensor of an outside door and no more: what it sees or hears is never an emergency,
a person there is told as a `check` by night (`rules/hearing/doors.py`), and `check` refuses one in a room where people
live or sit (`hub/config/crosscheck.py`). Names of people it recognises are not read. After "MQTT" in Frigate's
documentation.
"""

from __future__ import annotations

import orjson

from devices.adapter import NOTHING, Decoded, Known, Message, Refused
from devices.commands import Command
from devices.events import Event, Kind, Value
from devices.names import reading
from devices.stamps import number_ms

REPEAT_WINDOW_MS = 1000
PERSON = "person"
ITSELF = "bridge"
"""What Frigate itself is called among its cameras: losing it is one alert that names them."""
AVAILABLE = {"online": "online", "offline": "offline", "stopped": "offline"}
NOT_CAMERAS = frozenset(
    {"stats", "restart", "onConnect", "notifications", "camera_activity", "model_state", "tracked_object_update"}
    | {"triggers", "birdseye_layout", "embeddings_reindex_progress", "audio_transcription_state", "job_state"}
    | {"reviews", "events", "available", "profile", "export"}
)
"""Topics directly below Frigate that belong to no camera."""
NO_FACTS = frozenset({"snapshot", "set", "thumbnail", "clip", "active"})
MOST_COUNTED = 10_000
LONGEST = 80
MOVED = "motion"
"""The field of what moved, so that it is never taken for a person where the camera is placed for motion."""


def is_camera(address: str) -> bool:
    """Whether a device of this address is a camera, or a zone of one."""
    return address.startswith("frigate/")


class Frigate:
    """The adapter of one Frigate, known by its topic prefix."""

    def __init__(self, base: str = "frigate") -> None:
        self.base = base.strip("/")
        self.name = "frigate"
        self.filters: tuple[str, ...] = (f"{self.base}/#",)
        self.urgent_filters: tuple[str, ...] = ()
        self.repeat_window_ms = REPEAT_WINDOW_MS

    def decode(self, message: Message, known: Known) -> Decoded:
        """Read one message. Never raises: what cannot be read is `Decoded(error=reason)`."""
        if not message.topic.startswith(f"{self.base}/"):
            return Decoded(error=f"the topic is not below {self.base}/")
        levels = message.topic[len(self.base) + 1 :].split("/")
        if not message.payload or levels[-1] in NO_FACTS:
            return NOTHING
        if levels == ["available"]:
            return self._available(message.payload)
        if levels == ["events"]:
            return self._event(message.payload)
        if levels[0] in NOT_CAMERAS:
            return NOTHING
        if not levels[0]:
            return Decoded(error="the topic names no camera")
        if len(message.payload) > LONGEST:
            return NOTHING
        try:
            said = message.payload.decode().strip()
        except UnicodeDecodeError:
            return Decoded(error=f"{'/'.join(levels[1:])} of {levels[0]} is not text")
        return self._of_a_camera(f"{self.base}/{levels[0]}", levels[1:], said)

    def encode(self, command: Command, known: Known) -> tuple[Message, ...] | Refused:
        """Always refused: a camera is heard, and told nothing."""
        return Refused(f"{command.device} is a camera: it is heard, and told nothing")

    def topics_of(self, device: str) -> tuple[str, ...]:
        """None: nobody presses a camera."""
        return ()

    def _available(self, payload: bytes) -> Decoded:
        word = AVAILABLE.get(payload.decode(errors="replace").strip().lower())
        if word is None:
            return Decoded(error="Frigate says of itself neither online nor offline nor stopped")
        return Decoded(events=(Event(device=f"{self.base}/{ITSELF}", kind=Kind.AVAILABILITY, value=word),))

    def _event(self, payload: bytes) -> Decoded:
        """A tracked object. Its end is not read: another person may still be there, and the count says so."""
        try:
            body: object = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            return Decoded(error=f"the event is not JSON: {error}")
        after = body.get("after") if isinstance(body, dict) else None
        if not isinstance(body, dict) or not isinstance(after, dict):
            return Decoded(error="the event has no `after`")
        camera, label = after.get("camera"), after.get("label")
        if not isinstance(camera, str) or not camera or not isinstance(label, str):
            return Decoded(error="the event names no camera and label")
        if body.get("type") not in ("new", "update") or after.get("false_positive") is True:
            return NOTHING
        if label != PERSON and body.get("type") != "new":
            return NOTHING
        stamp = after.get("frame_time")
        is_person = label == PERSON
        seen = Event(
            device=f"{self.base}/{camera[:LONGEST]}",
            kind=Kind.OCCUPANCY if is_person else Kind.OTHER,
            value=True,
            field=None if is_person else label[:LONGEST],
            stamp=str(stamp) if isinstance(stamp, (int, float)) and not isinstance(stamp, bool) else None,
            at_ms=number_ms(stamp, 1000),
        )
        return Decoded(events=(seen,))

    def _of_a_camera(self, device: str, what: list[str], said: str) -> Decoded:
        if len(what) == 2 and what[0] == "status":
            word = AVAILABLE.get(said.lower())
            return self._told(device, Kind.AVAILABILITY, word, what[1]) if word is not None else NOTHING
        if what == ["motion"] and said in ("ON", "OFF"):
            return self._told(device, Kind.MOTION, said == "ON", MOVED)
        if len(what) == 1:
            return self._counted(device, what[0], said)
        if len(what) == 2 and what[0] == "audio" and said in ("ON", "OFF"):
            return self._told(device, Kind.OTHER, said == "ON", f"audio/{what[1]}"[:LONGEST])
        return NOTHING

    def _counted(self, device: str, label: str, said: str) -> Decoded:
        """How many of an object are seen now."""
        number = reading(said)
        if number is None or not 0 <= number <= MOST_COUNTED:
            return self._told(device, Kind.OTHER, said, label[:LONGEST]) if label == "review_status" else NOTHING
        if label == PERSON:
            return self._told(device, Kind.OCCUPANCY, number > 0, None)
        return self._told(device, Kind.OTHER, number, label[:LONGEST])

    def _told(self, device: str, kind: Kind, value: Value, field: str | None) -> Decoded:
        return Decoded(events=(Event(device=device, kind=kind, value=value, field=field),))

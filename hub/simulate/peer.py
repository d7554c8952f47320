"""What a simulated gateway or Wi-Fi device is: its own connection to the broker, in its ecosystem's own messages.

Pure: what it says comes back as messages, and whoever has a broker sends them (`hub/demo/gateways.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of it."""

    topic: str
    payload: bytes
    retain: bool = False


def said(topic: str, body: object, *, retain: bool = False) -> Sent:
    """A message whose payload is text as it stands, or JSON."""
    payload = body.encode() if isinstance(body, str) else orjson.dumps(body)
    return Sent(topic, payload, retain)


def stamp(at_ms: int) -> str:
    """A time as most gateways write it."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read(payload: bytes) -> dict[str, object]:
    """A JSON object that it was told; empty where it is none."""
    try:
        body: object = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def inside(body: object, *keys: str | int) -> object:
    """What lies at this place of a JSON document; None where nothing does."""
    for key in keys:
        if isinstance(key, int):
            body = body[key] if isinstance(body, list) and -len(body) <= key < len(body) else None
        else:
            body = body.get(key) if isinstance(body, dict) else None
    return body


class Peer:
    """One connection: a gateway with what hangs on it, or a device that is its own."""

    account = ""
    """Its log-in, as `handrail new` prepares it."""
    name = ""
    """What somebody types to take it away: `tasmota`, `tasmota-lamp`."""
    what = ""
    """What it is, for people."""
    caller = ""
    """The address of what somebody calls with."""
    lamp = ""
    """The address of what obeys."""
    dims = False
    """Whether that takes a brightness: a socket does not."""
    eye = ""
    """The address of what only sees: a camera."""
    hears: tuple[str, ...] = ()
    """The topics on which it is told things."""

    def __init__(self) -> None:
        self.count = 0

    @property
    def will(self) -> Sent | None:
        """What the broker says for it when it is gone; None where its ecosystem leaves no word."""
        return self._will()

    def hello(self, at_ms: int) -> Sequence[Sent]:
        """What it says when it has connected: that it is there, what hangs on it, how that stands."""
        return self._hello(at_ms)

    def press(self, at_ms: int) -> Sequence[Sent]:
        """Somebody calls (or stands before its camera), in all the ways in which it repeats that."""
        return self._press(at_ms)

    def told(self, topic: str, payload: bytes, at_ms: int) -> Sequence[Sent]:
        """It carries out a command, and says how it stands then."""
        return self._told(topic, payload, at_ms)

    # What an ecosystem fills in.

    def _will(self) -> Sent | None:
        return None

    def _hello(self, at_ms: int) -> Sequence[Sent]:
        return ()

    def _press(self, at_ms: int) -> Sequence[Sent]:
        return ()

    def _told(self, topic: str, payload: bytes, at_ms: int) -> Sequence[Sent]:
        return ()

"""What a simulated device says: Zigbee2MQTT's topics and payloads, with the stamp put in when it is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of a device, and when. `stamped` is False for what carries no `last_seen`."""

    at_ms: int
    topic: str
    body: Mapping[str, Scalar]
    stamped: bool = True

    def payload(self, at_ms: int | None = None) -> bytes:
        """The message as it goes out at that moment; unset, at its own."""
        stamp = {"last_seen": self.at_ms if at_ms is None else at_ms} if self.stamped else {}
        return orjson.dumps({**self.body, **stamp})

    def line(self) -> str:
        """The message as a line that `handrail decode` reads."""
        moment = datetime.fromtimestamp(self.at_ms / 1000, UTC).isoformat(timespec="milliseconds")
        said = {"at": moment.replace("+00:00", "Z"), "topic": self.topic, "payload": orjson.loads(self.payload())}
        return orjson.dumps(said).decode()

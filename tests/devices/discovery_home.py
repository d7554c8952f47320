"""What the tests of discovered devices share: a home that hears introductions and keeps what they teach."""

from __future__ import annotations

import orjson

from devices.adapter import Decoded, Description, Message
from devices.catalogue import NATIVE
from devices.discovery import Discovery
from devices.events import Kind
from devices.known import KnownDevices

ADAPTER = Discovery(NATIVE)
Json = dict[str, object]
DEV: Json = {"ids": ["d1"], "name": "Room 12 box", "mf": "Somebody", "mdl": "Box"}


class Home:
    """What is known, as the hub keeps it."""

    def __init__(self) -> None:
        self.known = KnownDevices()

    def hear(self, topic: str, payload: object, *, retain: bool = False) -> Decoded:
        """A message, and what it teaches."""
        body = payload if isinstance(payload, bytes) else (payload.encode() if isinstance(payload, str) else None)
        message = Message(topic, body if body is not None else orjson.dumps(payload), retain=retain)
        decoded = ADAPTER.decode(message, self.known)
        self.known.update((row.device, row) for row in decoded.learned)
        for device in decoded.forgotten:
            if not self.known[device].can_call:
                del self.known[device]
        return decoded

    def introduce(self, component: str, object_id: str, **settings: object) -> Description:
        """A component, and the device as it is known after it."""
        decoded = self.hear(f"homeassistant/{component}/{object_id}/config", settings)
        assert decoded.error is None
        return decoded.learned[-1]

    def kinds(self, device: str) -> set[Kind]:
        """What a device is."""
        return set(self.known[f"homeassistant/{device}"].kinds)

    def said(self, topic: str, payload: object) -> list[tuple[Kind, object, bool]]:
        """Kind, value and whether it is a press, of each event."""
        decoded = self.hear(topic, payload)
        assert decoded.error is None
        return [(event.kind, event.value, event.press) for event in decoded.events]

"""rtl_433: pendants, contacts, detectors and remotes on 433, 315, 345 and 868 MHz, heard by a radio stick.

It listens and cannot answer. A device's address is the path rtl_433 itself gives it below `devices/`, without the host
that heard it: two receivers that hear one frame speak of one device.
"""

from __future__ import annotations

import re

import orjson

from devices.adapter import NOTHING, Decoded, Description, Known, Message, Refused
from devices.commands import Command
from devices.events import Event, Kind
from devices.rtl_433_fields import Fact, calls_by_name, facts, is_supervision
from devices.said import introduced
from devices.stamps import iso_ms, number_ms
from devices.topics import publishable

REPEAT_WINDOW_MS = 2000
"""Transmitters repeat a frame two to eight times, and a second receiver hears it a little later."""
PATH_KEYS = ("type", "model", "subtype", "channel", "id")
"""What rtl_433 makes a device's topic of, in its order."""
NOT_IN_TOPICS = re.compile(r"[^-.A-Za-z0-9]")
MOST_FIELDS = 200
LONGEST_MODEL = 80
LONGEST_ADDRESS = 200


class Rtl433:
    """The adapter of all rtl_433 receivers below one base topic."""

    def __init__(self, base: str = "rtl_433") -> None:
        self.base = base.strip("/")
        self.name = "rtl_433"
        self.filters: tuple[str, ...] = (f"{self.base}/#",)
        self.urgent_filters: tuple[str, ...] = (f"{self.base}/+/events",)
        self.repeat_window_ms = REPEAT_WINDOW_MS

    def decode(self, message: Message, known: Known) -> Decoded:
        """Read one message. Never raises: what cannot be read is `Decoded(error=reason)`."""
        if message.topic != self.base and not message.topic.startswith(f"{self.base}/"):
            return Decoded(error=f"the topic is not below {self.base}/")
        levels = message.topic[len(self.base) + 1 :].split("/")
        if not message.payload or levels[-1] == "states":
            return NOTHING
        if len(levels) == 2 and levels[1] == "availability":
            return self._availability(levels[0], message.payload)
        if len(levels) >= 2 and levels[1] == "devices":
            return self._field(levels[2:], message.payload, known)
        return self._frame(message.payload, known)

    def encode(self, command: Command, known: Known) -> tuple[Message, ...] | Refused:
        """Always refused: a receiver cannot send."""
        return Refused(f"{command.device} is heard by rtl_433, which only listens")

    def topics_of(self, device: str) -> tuple[str, ...]:
        """The shared topic of whole frames, and the device's own topics, whichever receiver hears it."""
        path = device.removeprefix(f"{self.base}/")
        if path == device or not publishable(f"{self.base}/x/devices/{path}/x"):
            return ()
        return (f"{self.base}/+/events", f"{self.base}/+/devices/{path}/+")

    def _frame(self, payload: bytes, known: Known) -> Decoded:
        """A whole frame as JSON."""
        try:
            data: object = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            return Decoded(error=f"the frame is not JSON: {error}")
        if not isinstance(data, dict):
            return Decoded(error="the frame is not a JSON object")
        if len(data) > MOST_FIELDS:
            return Decoded(error=f"the frame has {len(data)} fields; no transmitter has more than {MOST_FIELDS}")
        path = [_level(data[key]) for key in PATH_KEYS if _names(data.get(key))]
        device = "/".join((self.base, *(path or ["unnamed"])))
        model = data.get("model")
        stamp = data.get("time")
        text = str(stamp) if isinstance(stamp, (str, int, float)) and not isinstance(stamp, bool) else None
        window_ms = 0 if is_supervision(data) else REPEAT_WINDOW_MS
        called = _level(model[:LONGEST_MODEL]) if isinstance(model, str) else ""
        found = facts(called, data, whole=True)
        at_ms = _at_ms(text) if text is not None else None
        events = tuple(_event(device, fact, text, at_ms, window_ms) for fact in found)
        return Decoded(events=events, learned=self._calls(device, called, known))

    def _field(self, levels: list[str], payload: bytes, known: Known) -> Decoded:
        """One field of a frame on a topic of its own: `<model>[/<subtype>][/<channel>][/<id>]/<field>`."""
        *path, name = levels or [""]
        if not path or not name:
            return Decoded(error="the topic names no device and field")
        try:
            value: object = orjson.loads(payload)
        except orjson.JSONDecodeError:
            try:
                value = payload.decode()
            except UnicodeDecodeError:
                return Decoded(error=f"{name} of {'/'.join(path)} is not text")
        if isinstance(value, (dict, list)) or value is None:
            return NOTHING
        device = "/".join((self.base, *path))
        is_tyre = path[0] == "TPMS" and len(path) > 1
        found = facts("TPMS" if is_tyre else path[0], {name: value}, whole=False)
        events = tuple(_event(device, fact, None, None, REPEAT_WINDOW_MS) for fact in found)
        return Decoded(events=events, learned=() if is_tyre else self._calls(device, path[0], known))

    def _calls(self, device: str, model: str, known: Known) -> tuple[Description, ...]:
        """Devices do not introduce themselves here; one that is named after what it calls for is told of once."""
        if device in known or len(device) > LONGEST_ADDRESS or not calls_by_name(model):
            return ()
        name = device.removeprefix(f"{self.base}/")
        button = frozenset({Kind.BUTTON})
        topics = self.topics_of(device)
        return (
            introduced(
                device=device, name=name, ecosystem=self.name, properties=(), kinds=button, topics=topics, model=model
            ),
        )

    def _availability(self, host: str, payload: bytes) -> Decoded:
        """A receiver that went or came back; it is a device of its own name."""
        word = payload.decode(errors="replace").strip().strip('"').lower()
        if word not in ("online", "offline"):
            return Decoded(error=f"the availability of {host} is neither online nor offline")
        return Decoded(events=(Event(device=f"{self.base}/{host}", kind=Kind.AVAILABILITY, value=word),))


def _names(value: object) -> bool:
    """Whether rtl_433 would make a topic level of it."""
    return isinstance(value, (str, int)) and not isinstance(value, bool) and value != ""


def _level(value: object) -> str:
    """A value as rtl_433 writes it into a topic."""
    return NOT_IN_TOPICS.sub("_", str(value))


def _at_ms(stamp: str) -> int | None:
    """The time of a frame: Unix seconds, or ISO 8601 with a zone; a bare local time or a file offset is none."""
    return iso_ms(stamp) if "-" in stamp[1:] else number_ms(stamp, 1000)


def _event(device: str, fact: Fact, stamp: str | None, at_ms: int | None, window_ms: int) -> Event:
    return Event(
        device=device,
        kind=fact.kind,
        value=fact.value,
        unit=fact.unit,
        field=fact.field,
        press=fact.press,
        stamp=stamp,
        at_ms=at_ms,
        repeat_window_ms=window_ms,
    )

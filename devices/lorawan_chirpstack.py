"""ChirpStack v4: uplinks with decoded objects, the battery of the radio's own status, and downlinks.

| topic below `application/<id>/device/<eui>/` | is                                                              |
|----------------------------------------------|-----------------------------------------------------------------|
| `event/up`                                   | an uplink: `object`, what the device profile's codec made of it |
| `event/status`                               | battery in percent, where it is not on mains                    |
| `event/join`                                 | the device joined: it is heard                                  |
| `event/ack`                                  | whether a confirmed command arrived                             |
| `event/log`                                  | what the network server complains of: kept and shown            |
| `event/txack`, `event/location`, `command/…` | nothing: traffic, and commands passing by                       |

`<region>/gateway/<id>/state/conn`, which its gateways leave as their last will, is the availability of
`application/gateway/<id>`; a device that one gateway alone ever heard hangs on it.

It commands what `devices.lorawan_commands` knows a form of, on `command/down`. After the integration events of
ChirpStack's documentation and `integration.proto` of its API.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from devices.adapter import NOTHING, Decoded, Known, Message, Refused
from devices.commands import Command
from devices.events import UNITS, Event, Kind, Value
from devices.lorawan import REPEAT_WINDOW_MS, Uplink, decode, gateways_of
from devices.lorawan_commands import downlink
from devices.names import reading
from devices.stamps import iso_ms
from devices.topics import addressable, publishable

HEARD = frozenset({"up", "status", "join", "ack", "log"})
FULL = 254
"""LoRaWAN's own full battery; 255 is a device that cannot measure, 0 one on mains. ChirpStack v4 tells percent."""


class ChirpStack:
    """The adapter of all applications of one ChirpStack."""

    def __init__(self, base: str = "application") -> None:
        self.base = base.strip("/")
        self.name = "lorawan_chirpstack"
        self.filters: tuple[str, ...] = (f"{self.base}/+/device/#", "+/gateway/+/state/conn", "gateway/+/state/conn")
        self.urgent_filters: tuple[str, ...] = ()
        self.repeat_window_ms = REPEAT_WINDOW_MS
        self._depth = self.base.count("/") + 1

    def decode(self, message: Message, known: Known) -> Decoded:
        """Read one message. Never raises: what cannot be read is `Decoded(error=reason)`."""
        levels = message.topic.split("/")
        if levels[-2:] == ["state", "conn"] and levels[-4:-3] == ["gateway"] and len(levels) <= 5:
            return self._gateway_is(levels[-3], message.payload)
        if not message.topic.startswith(f"{self.base}/") or len(levels) < self._depth + 5:
            return Decoded(error=f"the topic is not {self.base}/<id>/device/<eui>/event/<what>")
        if levels[self._depth + 1] != "device" or not levels[self._depth] or not levels[self._depth + 2]:
            return Decoded(error="the topic names no application and device")
        device = "/".join(levels[: self._depth + 3])
        branch, what = levels[self._depth + 3], levels[self._depth + 4]
        if branch != "event" or what not in HEARD or not message.payload:
            return NOTHING
        try:
            body: object = orjson.loads(message.payload)
        except orjson.JSONDecodeError as error:
            return Decoded(error=f"{what} of {device} is not JSON: {error}")
        if not isinstance(body, dict):
            return Decoded(error=f"{what} of {device} is not a JSON object")
        stamp = _text(body.get("time")) or None
        if what == "up":
            return self._up(device, body, stamp, known)
        at_ms = iso_ms(stamp) if stamp else None
        kind, value, field = _other(what, body)
        unit = UNITS.get(kind) if isinstance(value, (int, float)) else None
        told = Event(device=device, kind=kind, value=value, unit=unit, field=field, stamp=stamp, at_ms=at_ms)
        return Decoded(events=(told,))

    def _gateway(self, name: str) -> str:
        return f"{self.base}/gateway/{name}"

    def _gateway_is(self, name: str, payload: bytes) -> Decoded:
        """`ConnState`, in JSON or in the bytes of its protocol buffer, where online is 1 and offline is left out."""
        if not gateways_of([name]):
            return NOTHING
        said = name.encode()
        packed = b"\x1a" + bytes([len(said)]) + said if len(said) < 128 else b""
        up = {b"\x10\x01" + packed: True, packed: False}.get(payload) if packed else None
        if up is None:
            try:
                body: object = orjson.loads(payload)
            except orjson.JSONDecodeError:
                return NOTHING
            up = {"ONLINE": True, "OFFLINE": False}.get(_text(_object(body).get("state")) or "OFFLINE")
            if up is None or not {"gatewayId", "gateway_id"} & set(_object(body)):
                return NOTHING
        value = "online" if up else "offline"
        return Decoded(events=(Event(device=self._gateway(name), kind=Kind.AVAILABILITY, value=value),))

    def encode(self, command: Command, known: Known) -> tuple[Message, ...] | Refused:
        """The downlink that carries out a command, or why there is none."""
        topic = f"{command.device}/command/down"
        if not self.topics_of(command.device) or not publishable(topic):
            return Refused(f"{command.device} is not a device of ChirpStack at {self.base}")
        sent = downlink(command, known)
        if isinstance(sent, Refused):
            return sent
        eui = command.device.rsplit("/", 1)[-1]
        body = {"devEui": eui, "confirmed": True, "fPort": sent.port, "object": sent.body}
        return (Message(topic=topic, payload=orjson.dumps(body)),)

    def topics_of(self, device: str) -> tuple[str, ...]:
        """The topic of the device's uplinks."""
        levels = device.split("/")
        if not device.startswith(f"{self.base}/") or len(levels) != self._depth + 3:
            return ()
        if levels[self._depth + 1] != "device" or "" in levels or not addressable(device):
            return ()
        return (f"{device}/event/up",)

    def _up(self, device: str, body: Mapping[str, object], stamp: str | None, known: Known) -> Decoded:
        said = body.get("object")
        if not isinstance(said, dict):
            if body.get("data"):
                return Decoded(
                    error=f"an uplink of {device} came without object: give its device profile a codec in ChirpStack, "
                    "or its presses are not understood"
                )
            said = {}
        info = _object(body.get("deviceInfo"))
        profile = _text(info.get("deviceProfileName"))
        tags = _object(info.get("tags"))
        count = body.get("fCnt", 0)
        session = _text(body.get("devAddr"))
        return decode(
            Uplink(
                device=device,
                ecosystem=self.name,
                topics=self.topics_of(device),
                said=said,
                name=_text(info.get("deviceName")) or device.rsplit("/", 1)[-1],
                model=profile,
                text=" ".join(_text(value) for value in list(tags.values())[:8])[:200].strip(),
                stamp=stamp,
                at_ms=iso_ms(stamp) if stamp else None,
                heard_by=tuple(map(self._gateway, gateways_of(body.get("rxInfo"), "gatewayId"))),
                press_id=f"{session}/{count}/{stamp[:16]}" if type(count) is int and stamp is not None else None,
            ),
            known,
        )


def _other(what: str, body: Mapping[str, object]) -> tuple[Kind, Value, str | None]:
    """What an event besides an uplink says."""
    if what == "status":
        level = _level(body)
        return (Kind.OTHER, "heard", "status") if level is None else (Kind.BATTERY, level, None)
    if what == "join":
        return Kind.OTHER, "joined", "network"
    if what == "ack":
        return Kind.OTHER, "acknowledged" if body.get("acknowledged") is True else "not acknowledged", "downlink"
    return Kind.OTHER, _text(body.get("code")) or _text(body.get("level")) or "log", "log"


def _level(body: Mapping[str, object]) -> float | int | None:
    """Percent: not of a device on mains, or of one that cannot measure."""
    if body.get("externalPowerSource") is True or body.get("batteryLevelUnavailable") is True:
        return None
    level = reading(body.get("batteryLevel"))
    if level is None or not 0 <= level <= FULL:
        return None
    return level if level <= 100 else round(100 * level / FULL, 1)


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value[:120] if isinstance(value, str) else ""

"""The Things Stack v3: uplinks with decoded payloads, and downlinks.

| topic below `v3/<application>@<tenant>/devices/<device>/` | is                                            |
|-----------------------------------------------------------|-----------------------------------------------|
| `up`                                                      | an uplink: `uplink_message.decoded_payload`   |
| `join`                                                    | the device joined: it is heard                |
| `down/failed`, `down/nack`                                | a command that did not arrive: kept and shown |
| `down/push`, `down/replace`                               | commands passing by                           |
| everything else                                           | nothing                                       |

`v3/<application>@<tenant>/bridge/state` is the line to The Things Stack itself, `1` or `0`, as the Mosquitto bridge of
a home says it (`notification_topic`). A device that one gateway alone ever heard hangs on it (`v3/gateway/<id>`);
whether that is there its silence says.

It commands what `devices.lorawan_commands` knows a form of, on `down/push`. Its own broker speaks QoS 0 only; a home
bridges it to its own. After "MQTT Server" and "Data Formats" of The Things Stack's documentation. Fields that are empty
or 0 are left out there, so an uplink without `f_cnt` is the first of its session.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from devices.adapter import NOTHING, Decoded, Known, Message, Refused
from devices.commands import Command
from devices.events import Event, Kind
from devices.lorawan import REPEAT_WINDOW_MS, Uplink, decode, gateways_of
from devices.lorawan_commands import downlink
from devices.names import reading
from devices.stamps import iso_ms
from devices.topics import addressable, publishable

LINE = {b"1": "online", b"0": "offline"}
"""What a Mosquitto bridge says of its connection."""
NOT_ARRIVED = {"failed": "failed", "nack": "not acknowledged"}


class TheThingsStack:
    """The adapter of all applications of one The Things Stack."""

    def __init__(self, base: str = "v3") -> None:
        self.base = base.strip("/")
        self.name = "lorawan_tts"
        self.filters: tuple[str, ...] = (f"{self.base}/+/devices/#", f"{self.base}/+/bridge/state")
        self.urgent_filters: tuple[str, ...] = ()
        self.repeat_window_ms = REPEAT_WINDOW_MS
        self._depth = self.base.count("/") + 1

    def decode(self, message: Message, known: Known) -> Decoded:
        """Read one message. Never raises: what cannot be read is `Decoded(error=reason)`."""
        levels = message.topic.split("/")
        if message.topic.startswith(f"{self.base}/") and levels[self._depth + 1 :] == ["bridge", "state"]:
            return self._line("/".join(levels[: self._depth + 2]), message.payload)
        if not message.topic.startswith(f"{self.base}/") or len(levels) < self._depth + 4:
            return Decoded(error=f"the topic is not {self.base}/<application>/devices/<device>/<what>")
        if levels[self._depth + 1] != "devices" or not levels[self._depth] or not levels[self._depth + 2]:
            return Decoded(error="the topic names no application and device")
        device = "/".join(levels[: self._depth + 3])
        what = "/".join(levels[self._depth + 3 :])
        if what not in ("up", "join", "down/failed", "down/nack") or not message.payload:
            return NOTHING
        try:
            body: object = orjson.loads(message.payload)
        except orjson.JSONDecodeError as error:
            return Decoded(error=f"{what} of {device} is not JSON: {error}")
        if not isinstance(body, dict):
            return Decoded(error=f"{what} of {device} is not a JSON object")
        stamp = _text(body.get("received_at")) or None
        if what == "up":
            return self._up(device, body, stamp, known)
        field, value = ("network", "joined") if what == "join" else ("downlink", NOT_ARRIVED[what[5:]])
        at_ms = iso_ms(stamp) if stamp else None
        told = Event(device=device, kind=Kind.OTHER, value=value, field=field, stamp=stamp, at_ms=at_ms)
        return Decoded(events=(told,))

    def _line(self, bridge: str, payload: bytes) -> Decoded:
        word = LINE.get(payload.strip())
        if word is None or not addressable(bridge):
            return (
                Decoded(error="a bridge to The Things Stack says of its line neither 1 nor 0") if payload else NOTHING
            )
        return Decoded(events=(Event(device=bridge, kind=Kind.AVAILABILITY, value=word),))

    def encode(self, command: Command, known: Known) -> tuple[Message, ...] | Refused:
        """The downlink that carries out a command, or why there is none."""
        topic = f"{command.device}/down/push"
        if not self.topics_of(command.device) or not publishable(topic):
            return Refused(f"{command.device} is not a device of The Things Stack at {self.base}")
        sent = downlink(command, known)
        if isinstance(sent, Refused):
            return sent
        body = {"f_port": sent.port, "decoded_payload": sent.body, "priority": "HIGH", "confirmed": True}
        return (Message(topic=topic, payload=orjson.dumps({"downlinks": [body]})),)

    def topics_of(self, device: str) -> tuple[str, ...]:
        """The topic of the device's uplinks."""
        levels = device.split("/")
        if not device.startswith(f"{self.base}/") or len(levels) != self._depth + 3:
            return ()
        if levels[self._depth + 1] != "devices" or "" in levels or not addressable(device):
            return ()
        return (f"{device}/up",)

    def _up(self, device: str, body: Mapping[str, object], stamp: str | None, known: Known) -> Decoded:
        up = _object(body.get("uplink_message"))
        said = _decoded(up)
        if said is None and up.get("frm_payload"):
            return Decoded(
                error=f"an uplink of {device} came without decoded_payload: give the device a payload formatter in "
                "The Things Stack, or its presses are not understood"
            )
        ids = _object(body.get("end_device_ids"))
        version = _object(up.get("version_ids"))
        traits = _object(up.get("attributes"))
        level = reading(_object(up.get("last_battery_percentage")).get("value"))
        return decode(
            Uplink(
                device=device,
                ecosystem=self.name,
                topics=self.topics_of(device),
                said=said or {},
                name=_text(ids.get("device_id")) or device.rsplit("/", 1)[-1],
                vendor=_text(version.get("brand_id")),
                model=_text(version.get("model_id")),
                text=" ".join(_text(value) for value in list(traits.values())[:8])[:200].strip(),
                stamp=stamp,
                at_ms=iso_ms(stamp) if stamp else None,
                press_id=_press_id(up, ids, stamp),
                heard_by=tuple(
                    f"{self.base}/gateway/{name}"
                    for name in gateways_of(up.get("rx_metadata"), "gateway_ids", "gateway_id")
                ),
                battery_pct=level if level is not None and 0 <= level <= 100 else None,
            ),
            known,
        )


def _decoded(up: Mapping[str, object]) -> Mapping[str, object] | None:
    said = up.get("decoded_payload")
    if isinstance(said, dict):
        # Some codecs put everything below one more name.
        inner = said.get("bytes") if len(said) == 1 else None
        return inner if isinstance(inner, dict) else said
    normal = up.get("normalized_payload")
    first = normal[0] if isinstance(normal, list) and normal else None
    return first if isinstance(first, dict) else None


def _press_id(up: Mapping[str, object], ids: Mapping[str, object], stamp: str | None) -> str | None:
    count = up.get("f_cnt", 0)
    if not isinstance(count, int) or isinstance(count, bool) or stamp is None:
        return None
    session = _text(up.get("session_key_id")) or _text(ids.get("dev_addr"))
    return f"{session}/{count}/{stamp[:16]}"


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value[:120] if isinstance(value, str) else ""

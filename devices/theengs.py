"""Theengs Gateway and OpenMQTTGateway: Bluetooth devices, 433 MHz codes and whole rtl_433 frames, heard by gateways.

A gateway publishes what it hears below `<base>/<gateway>/`. Two gateways may hear one device, so the address does not
name the gateway: `theengs/ble/<hardware address>`, `theengs/433/<code>`, `theengs/rtl_433/<model>/…`; a gateway itself
is `theengs/<gateway>`. Source: Theengs Decoder's list of devices and properties, OpenMQTTGateway's documentation.

| it hears | it becomes |
|---|---|
| `BTtoMQTT/<address>`: `button`, `button1` … | `button` with the decoder's number, a press; 0 is none |
| `open`, `contact`, `door`, `window`, `opening` | `contact`; `open` of a blind in percent is its `cover` |
| `motion`, `presence`, `occupancy`, `vibration`, `tamper` in two values | the same; `motion` of a tag is its own |
| `smoke`, `gas`, `carbon_monoxide`, `leak`, `sos`, `fall` as two values | the same; `co`, `emergency` |
| `tempc`, `tempc2` …, `hum`, `batt`, `lowbatt`, `power` | `temperature`, `humidity`, `battery`, `power` |
| `state` on / off of an actor | `switch` |
| a packet that is encrypted | an introduction that says so |
| a packet with nothing of these | nothing: a phone, a tag, a signal strength |
| `433toMQTT`, `SRFBtoMQTT`, `PilighttoMQTT` with a code | `button` with the code, a press: it is what it is placed as |
| `RTL_433toMQTT` | what the rtl_433 adapter makes of that frame |
| `RF2toMQTT` (KaKu) | `button` of its address and unit, a press |
| `IRtoMQTT` | `button` of `theengs/ir` |
| `HCSR501toMQTT`, `MQ2toMQTT`, `GPIOInputtoMQTT` | `motion`, `gas`, `other` of `theengs/board/<gateway>` |
| `LWT` | `availability` of the gateway |

It is told nothing: gateways listen.
"""

from __future__ import annotations

import re
from dataclasses import replace

import orjson

from devices.adapter import NOTHING, Decoded, Description, Known, Message, Property, Refused
from devices.commands import Command
from devices.events import EMERGENCY_KINDS, Event, Kind, Value, canonical
from devices.names import guess, truth
from devices.rtl_433 import Rtl433
from devices.said import bit_of, fact, introduced, json_of, online, reading, text_of
from devices.topics import addressable

REPEAT_WINDOW_MS = 3000
"""A button's packet is sent for a second or two, heard by several gateways, and sent on by each. Its packet number
counts to 255 and begins anew, so it names no press."""
HOME = "theengs"
RADIO = f"{HOME}/rtl_433"
HEARD = ("BTtoMQTT", "433toMQTT", "SRFBtoMQTT", "PilighttoMQTT", "RTL_433toMQTT", "IRtoMQTT", "RF2toMQTT")
BOARD: dict[str, tuple[str, Kind]] = {
    "HCSR501toMQTT": ("presence", Kind.MOTION),
    "MQ2toMQTT": ("detected", Kind.GAS),
    "GPIOInputtoMQTT": ("gpio", Kind.OTHER),
}
"""Sensors that are wired to the gateway's board itself: the key that says what they feel."""
CODES = frozenset({"433toMQTT", "SRFBtoMQTT", "PilighttoMQTT"})
NO_HEX = re.compile(r"[^0-9A-F]")
BUTTON = re.compile(r"button(\d{0,2})")
WARMTH = re.compile(r"tempc(\d{0,2})")
BITS: dict[str, Kind] = {
    "motion": Kind.MOTION,
    "presence": Kind.OCCUPANCY,
    "occupancy": Kind.OCCUPANCY,
    "smoke": Kind.SMOKE,
    "gas": Kind.GAS,
    "carbon_monoxide": Kind.CO,
    "sos": Kind.EMERGENCY,
    "fall": Kind.FALL,
    "leak": Kind.WATER_LEAK,
    "water_leak": Kind.WATER_LEAK,
    "vibration": Kind.VIBRATION,
    "tamper": Kind.TAMPER,
    "door": Kind.CONTACT,
    "window": Kind.CONTACT,
    "opening": Kind.CONTACT,
}
NUMBERS: dict[str, Kind] = {"hum": Kind.HUMIDITY, "batt": Kind.BATTERY, "power": Kind.POWER}
CONTACT: dict[str, Value] = {"open": "open", "closed": "closed", "timeout not closed": "open"}
PRESENCE: dict[str, bool] = {"home": True, "present": True, "absent": False, "not_home": False}
HAZARDS = frozenset({Kind.EMERGENCY, Kind.FALL, Kind.SMOKE, Kind.GAS, Kind.CO, Kind.WATER_LEAK})
OF_A_THING = frozenset({Kind.MOTION, Kind.FALL})
MOVED = frozenset({"WCVR", "ACEL", "TRACK", "BODY", "SCALE", "TIRE"})
"""Types whose `motion`, and fall, is their own and nobody's in a room."""
TELLS = frozenset({"BTN", "CTMO"})
"""Types that are introduced although they have not said anything yet: buttons, contacts and motion sensors."""
INTRODUCED = frozenset(
    {Kind.BUTTON, Kind.CONTACT, Kind.MOTION, Kind.OCCUPANCY, Kind.SMOKE, Kind.GAS, Kind.WATER_LEAK, Kind.VIBRATION}
    | {Kind.SWITCH, Kind.COVER, Kind.CO, Kind.EMERGENCY, Kind.FALL}
)
TOLD_AT_ONCE = EMERGENCY_KINDS | {Kind.WATER_LEAK}
INPUT = "input:0"
MOST_KEYS = 100

Packet = dict[str, object]


class Theengs:
    """The adapter of all gateways below one base topic."""

    def __init__(self, base: str = "home") -> None:
        self.base = base.strip("/")
        self.name = "theengs_openmqttgateway"
        self.filters: tuple[str, ...] = (
            f"{HOME}/#",
            *(f"{self.base}/+/{what}/#" for what in (*HEARD, *BOARD)),
            f"{self.base}/+/LWT",
        )
        self.urgent_filters: tuple[str, ...] = ()
        self.repeat_window_ms = REPEAT_WINDOW_MS
        self._radio = Rtl433(base=RADIO)

    def decode(self, message: Message, known: Known) -> Decoded:
        """Read one message. Never raises: what cannot be read is `Decoded(error=reason)`."""
        topic = message.topic
        if topic == HOME or topic.startswith(f"{HOME}/"):
            return NOTHING
        levels = topic.removeprefix(f"{self.base}/").split("/")
        if not topic.startswith(f"{self.base}/") or len(levels) < 2:
            return Decoded(error=f"the topic is not {self.base}/<gateway>/<what>")
        gateway, what, *rest = levels
        if not message.payload:
            return NOTHING
        if what == "LWT":
            return self._will(gateway, message.payload)
        if what not in HEARD and what not in BOARD:
            return NOTHING
        data = json_of(message.payload)
        if not isinstance(data, dict):
            return Decoded(error=f"{what} of {gateway} is not a JSON object")
        if what == "BTtoMQTT":
            return self._packet(rest, data, known)
        if what == "RTL_433toMQTT":
            return self._frame(gateway, data)
        if what in BOARD:
            return self._board(gateway, what, data)
        return self._code(what, data)

    def encode(self, command: Command, known: Known) -> tuple[Message, ...] | Refused:
        """Always refused: these gateways listen."""
        return Refused(f"{command.device} is heard by a Theengs or OpenMQTTGateway, which only listens")

    def topics_of(self, device: str) -> tuple[str, ...]:
        """Where any gateway reports it."""
        home, _, path = device.partition("/")
        if home != HOME or not path or not addressable(device):
            return ()
        sort, _, name = path.partition("/")
        if sort == "ble" and name:
            return (f"{self.base}/+/BTtoMQTT", f"{self.base}/+/BTtoMQTT/{name}")
        if sort == "rtl_433":
            return (f"{self.base}/+/RTL_433toMQTT/#",)
        if sort == "board":
            return tuple(f"{self.base}/{name}/{what}" for what in BOARD)
        if sort == "ir":
            return (f"{self.base}/+/IRtoMQTT/#",)
        return tuple(f"{self.base}/+/{what}/#" for what in (*sorted(CODES), "RF2toMQTT")) if sort == "433" else ()

    def _will(self, gateway: str, payload: bytes) -> Decoded:
        word = (text_of(payload) or "").strip('"').lower()
        if word not in ("online", "offline"):
            return Decoded(error=f"the LWT of {gateway} is neither online nor offline")
        return Decoded(events=(online(f"{HOME}/{gateway}", word == "online"),))

    def _frame(self, gateway: str, data: Packet) -> Decoded:
        """A whole rtl_433 frame, as the radio on the gateway's board decodes it."""
        try:
            frame = orjson.dumps(data)
        except TypeError:  # orjson reads deeper than it writes
            return Decoded(error=f"a frame that {gateway} heard is nested deeper than any is")
        decoded = self._radio.decode(Message(f"{RADIO}/{gateway}/events", frame), {})
        window = REPEAT_WINDOW_MS
        events = (replace(event, repeat_window_ms=window) if event.press else event for event in decoded.events)
        return Decoded(events=tuple(events), error=decoded.error)

    def _code(self, what: str, data: Packet) -> Decoded:
        """A bare code of a remote, a pendant or a contact. The address is the code: nothing else tells them apart."""
        value = data.get("value", data.get("message"))
        if what == "RF2toMQTT":
            value = f"{data.get('address')}-{data.get('unit')}" if data.get("address") is not None else None
        if isinstance(value, bool) or not isinstance(value, (str, int)) or str(value).strip() in ("", "0"):
            return NOTHING
        code = str(value).strip().lower()[:40]
        if what == "IRtoMQTT":
            return Decoded(events=(_press(f"{HOME}/ir", code, None),))
        safe = re.sub(r"[^0-9a-z_.-]", "_", code)
        return Decoded(events=(_press(f"{HOME}/433/{safe}", code, None),))

    def _board(self, gateway: str, what: str, data: Packet) -> Decoded:
        """A movement, gas, or an input of the board: words or `HIGH` and `LOW`."""
        key, kind = BOARD[what]
        said = data.get(key)
        bit = {"HIGH": True, "LOW": False}.get(said) if isinstance(said, str) else None
        bit = bit_of(said) if bit is None else bit
        if bit is None:
            return NOTHING
        return Decoded(
            events=(fact(f"{HOME}/board/{gateway}", kind, bit, field=INPUT if kind is Kind.OTHER else None),)
        )

    # -- Bluetooth --------------------------------------------------------------------------------------------------

    def _packet(self, rest: list[str], data: Packet, known: Known) -> Decoded:
        """A decoded advertisement. Most of them say how loud a stranger's phone is: they are nothing."""
        address = _address(data.get("id")) or _address(rest[-1] if rest else None)
        if address is None:
            return NOTHING
        device = f"{HOME}/ble/{address}"
        sort = str(data.get("type"))
        events: list[Event] = []
        for key, value in list(data.items())[:MOST_KEYS]:
            if value is not None and not isinstance(value, (dict, list)):
                events += _events(device, sort, key, value, data)
        return Decoded(events=tuple(events), learned=self._learned(device, address, sort, data, events, known))

    def _learned(
        self, device: str, address: str, sort: str, data: Packet, events: list[Event], known: Known
    ) -> tuple[Description, ...]:
        """Introduce what somebody may want to place: not each phone and thermometer that passes by."""
        before = known.get(device)
        parts = {prop.name: prop for prop in before.properties} if before is not None else {}
        for event in events:
            name = event.field or event.kind.value
            parts.setdefault(name, Property(name=name, kind=event.kind))
        if not any(prop.kind in INTRODUCED for prop in parts.values()) and sort not in TELLS:
            return ()
        is_secret = "cipher" in data and bool(data.get("encr"))
        item = introduced(
            device=device,
            name=_short(data.get("name"), before.name if before is not None else address),
            ecosystem=self.name,
            properties=tuple(parts.values()),
            kinds=frozenset({Kind.BUTTON}) if sort == "BTN" else frozenset(),
            topics=self.topics_of(device),
            model=_short(data.get("model"), before.model if before is not None else ""),
            vendor=_short(data.get("brand"), before.vendor if before is not None else ""),
            unclear="what it says is encrypted; give the gateway its key" if is_secret else "",
        )
        return () if item == before else (item,)


def _address(text: object) -> str | None:
    if not isinstance(text, str):
        return None
    digits = NO_HEX.sub("", text.upper())
    return digits if len(digits) == 12 else None


def _short(text: object, otherwise: str) -> str:
    return text[:80] if isinstance(text, str) and text else otherwise


def _press(device: str, value: Value, field: str | None) -> Event:
    return Event(
        device=device, kind=Kind.BUTTON, value=value, field=field, press=True, repeat_window_ms=REPEAT_WINDOW_MS
    )


def _events(device: str, sort: str, key: str, value: object, data: Packet) -> list[Event]:
    """What one key of a packet says."""
    warmth = WARMTH.fullmatch(key)
    if warmth is not None:
        return [reading(device, Kind.TEMPERATURE, value, field=key if warmth.group(1) else None)]
    if key in NUMBERS:
        return [reading(device, NUMBERS[key], value)]
    if key in ("lowbatt", "batt_low") and "batt" not in data and isinstance(value, bool):
        return [fact(device, Kind.BATTERY, "low" if value else "ok")]
    button = BUTTON.fullmatch(key)
    if button is not None:
        return _button(device, button.group(1), value)
    if key == "action" and sort == "BTN" and isinstance(value, str) and value:
        return [_press(device, value[:40], None)]
    if key == "open":
        if isinstance(value, bool):
            return [fact(device, Kind.CONTACT, canonical(Kind.CONTACT, value))]
        return [fact(device, Kind.COVER, value)] if isinstance(value, (int, float)) and 0 <= value <= 100 else []
    if key == "contact" and isinstance(value, str):
        return [fact(device, Kind.CONTACT, CONTACT.get(value))]
    if key == "state" and value in ("on", "off") and sort == "ACTR":
        return [fact(device, Kind.SWITCH, str(value))]
    if key not in BITS:
        return _hazard(device, key, value) if sort not in MOVED else []
    if key == "motion" and sort in MOVED:
        return []
    bit = PRESENCE.get(value.lower()) if key == "presence" and isinstance(value, str) else bit_of(value)
    if bit is None and BITS[key] in TOLD_AT_ONCE:
        bit = truth(value)
    return [fact(device, BITS[key], canonical(BITS[key], bit))] if bit is not None else []


def _hazard(device: str, key: str, value: object) -> list[Event]:
    """A value of a decoder that is not in the list yet, where its name says what nobody may wait for."""
    named = guess(key) if isinstance(value, (bool, str)) else None
    bit = truth(value) if named is not None and named.kind in TOLD_AT_ONCE else None
    return [fact(device, named.kind, bit, field=key)] if named is not None and bit is not None else []


def _button(device: str, number: str, value: object) -> list[Event]:
    if isinstance(value, bool) or not isinstance(value, (str, int)) or str(value).strip().lower() in ("", "0", "none"):
        return []
    said: Value = value if isinstance(value, int) else value.strip()[:40]
    return [_press(device, said, f"button{number}" if number else None)]

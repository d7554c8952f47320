"""Handrail's own plain form, for a device that somebody builds. README.md beside this file shows each kind.

| topic | is |
|---|---|
| `handrail-device/<name>` | a fact: `{"kind": …}` with `id` for a press, or `value` for a state; not retained |
| `handrail-device/<name>/about` | who the device is, retained; the empty message takes it back |
| `handrail-device/<name>/available` | `online`, and `offline` as the last will; retained |
| `handrail-device/<name>/set` | what Handrail tells the device |

It hears every kind there is, and commands light, socket and sounder as the device's `about` offers them. Keys and words
that are not written there are refused with the reason, so that a misspelt one is noticed while somebody builds. An
emergency or a call is told all the same, whatever else its message says wrong.
"""

from __future__ import annotations

import math

import orjson

from devices.adapter import NOTHING, Decoded, Description, Known, Message, Refused
from devices.commands import Command
from devices.events import EMERGENCY_KINDS, TWO_WORDS, UNITS, Event, Kind, Value
from devices.own_commands import OFFERED, encode
from devices.stamps import iso_ms
from devices.topics import addressable, publishable
from devices.zigbee2mqtt_inventory import serious_first

REPEAT_WINDOW_MS = 300
"""Presses carry an id; without one, a message that is sent twice is sent within this."""
FACT_KEYS = frozenset({"kind", "value", "unit", "id", "at", "battery", "field"})
ABOUT_KEYS = frozenset({"name", "kinds", "commands", "vendor", "model", "text"})
KINDS = frozenset(kind.value for kind in Kind)
PRESSED = frozenset({Kind.EMERGENCY, Kind.CALL, Kind.STAFF_ASSIST, Kind.BUTTON})
AT_ONCE = EMERGENCY_KINDS | {Kind.CALL}
ENDED: tuple[object, ...] = (False, "false", "off", "0", "no")
"""What may be written wrongly for the end of an emergency; 0 is equal to `False`. It is refused, and alarms nobody."""
LONGEST = 200


class Own:
    """The adapter of the devices that speak the plain form."""

    def __init__(self, base: str = "handrail-device") -> None:
        self.base = base.strip("/")
        self.name = "handrail_device"
        self.filters: tuple[str, ...] = (f"{self.base}/#",)
        self.urgent_filters: tuple[str, ...] = ()
        self.repeat_window_ms = REPEAT_WINDOW_MS

    def decode(self, message: Message, known: Known) -> Decoded:
        """Read one message. Never raises: what cannot be read is `Decoded(error=reason)`."""
        if not message.topic.startswith(f"{self.base}/"):
            return Decoded(error=f"the topic is not below {self.base}/")
        name, _, what = message.topic[len(self.base) + 1 :].partition("/")
        if not name:
            return Decoded(error="the topic names no device")
        device = f"{self.base}/{name}"
        if what == "set":
            return NOTHING
        if what == "available":
            return self._available(device, message.payload)
        if what == "about":
            return self._about(device, message.payload, known)
        if what:
            return Decoded(error=f"{what[:40]!r} is not one of about, available, set")
        if not message.payload:
            return NOTHING
        return self._fact(device, message.payload)

    def encode(self, command: Command, known: Known) -> tuple[Message, ...] | Refused:
        """The message that carries out a command, or why the device cannot do it."""
        topic = f"{command.device}/set"
        if not self.topics_of(command.device) or not publishable(topic):
            return Refused(f"{command.device} is not a device of {self.base}")
        return encode(topic, command, known.get(command.device))

    def topics_of(self, device: str) -> tuple[str, ...]:
        """The device's own topic: it is its address."""
        name = device.removeprefix(f"{self.base}/")
        if name == device or not name or "/" in name or not addressable(name):
            return ()
        return (device,)

    def _available(self, device: str, payload: bytes) -> Decoded:
        word = payload.decode(errors="replace").strip()
        if not word:
            return NOTHING
        if word not in TWO_WORDS[Kind.AVAILABILITY]:
            return Decoded(error=f"the availability of {device} is neither online nor offline")
        return Decoded(events=(Event(device=device, kind=Kind.AVAILABILITY, value=word),))

    def _fact(self, device: str, payload: bytes) -> Decoded:
        try:
            said: object = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            return Decoded(error=f"what {device} says is not JSON: {error}")
        if not isinstance(said, dict):
            return Decoded(error=f"what {device} says is not a JSON object")
        word = said.get("kind")
        if not isinstance(word, str) or word not in KINDS:
            return Decoded(error=f"kind {str(word)[:40]!r} of {device} is none that Handrail knows")
        kind = Kind(word)
        wrong = _wrong(kind, said)
        if wrong and (kind not in AT_ONCE or said.get("value") in ENDED):
            return Decoded(error=f"{device}: {wrong}")
        events = [_event(device, kind, said)]
        if wrong:
            events.append(Event(device=device, kind=Kind.OTHER, value=wrong[:LONGEST], field="wrong"))
        level = said.get("battery")
        if kind is not Kind.BATTERY and _is_percent(level):
            events.append(Event(device=device, kind=Kind.BATTERY, value=level, unit=UNITS[Kind.BATTERY]))
        return Decoded(events=tuple(events))

    def _about(self, device: str, payload: bytes, known: Known) -> Decoded:
        """Who the device is; the empty message takes it back."""
        if not payload:
            return Decoded(forgotten=(device,))
        try:
            said: object = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            return Decoded(error=f"what {device} says about itself is not JSON: {error}")
        if not isinstance(said, dict):
            return Decoded(error=f"what {device} says about itself is not a JSON object")
        wrong = _wrong_about(said)
        if wrong:
            return Decoded(error=f"{device}: {wrong}")
        words = said["kinds"]
        kinds = serious_first(frozenset(Kind(word) for word in words))
        commands = said.get("commands", [])
        found = Description(
            device=device,
            name=str(said.get("name") or device.rsplit("/", 1)[-1]),
            ecosystem=self.name,
            kinds=kinds,
            kind=kinds[0],
            topics=self.topics_of(device),
            model=str(said.get("model", "")),
            vendor=str(said.get("vendor", "")),
            text=str(said.get("text", "")),
            commands=tuple(word for word in OFFERED if word in commands),
            can_call=not AT_ONCE.isdisjoint(kinds),
        )
        return NOTHING if found == known.get(device) else Decoded(learned=(found,))


def _event(device: str, kind: Kind, said: dict[str, object]) -> Event:
    """The event of a fact: a press where it carries an id, or where nothing but a press can be meant."""
    value = said.get("value")
    ident = said.get("id")
    press = kind in PRESSED and value is not False and not (kind is Kind.BUTTON and value is None and ident is None)
    press = press or (ident is not None and value is not False and kind in AT_ONCE)
    meant: Value = value if isinstance(value, (str, bool, int, float)) else None
    if kind is Kind.BUTTON:
        meant = "single" if meant is None else meant
    elif kind in AT_ONCE and not isinstance(meant, bool):
        meant = True
    at = said.get("at")
    field = said.get("field")
    return Event(
        device=device,
        kind=kind,
        value=meant,
        unit=_unit(kind, meant, said.get("unit")),
        field=field[:LONGEST] if isinstance(field, str) and field else None,
        press=press,
        stamp=at[:LONGEST] if isinstance(at, str) else None,
        at_ms=iso_ms(at[:LONGEST]) if isinstance(at, str) else None,
        press_id=str(ident)[:LONGEST]
        if press and isinstance(ident, (str, int)) and not isinstance(ident, bool)
        else None,
        repeat_window_ms=REPEAT_WINDOW_MS if press else 0,
    )


def _unit(kind: Kind, value: Value, said: object) -> str | None:
    if kind is Kind.OTHER:
        return said[:LONGEST] if isinstance(said, str) else None
    return UNITS.get(kind) if _is_number(value) else None


def _wrong(kind: Kind, said: dict[str, object]) -> str:
    """What a fact says wrong, or empty."""
    if strange := sorted(set(said) - FACT_KEYS):
        return f"{str(strange[0])[:40]!r} is not one of {', '.join(sorted(FACT_KEYS))}"
    ident, at, field = said.get("id"), said.get("at"), said.get("field")
    if ident is not None and (not isinstance(ident, (str, int)) or isinstance(ident, bool) or ident == ""):
        return "an id is text or a number"
    if ident is not None and kind not in PRESSED | AT_ONCE:
        return f"{kind.value} is a state and has no id"
    if at is not None and (not isinstance(at, str) or iso_ms(at[:LONGEST]) is None):
        return "at is a time with its zone, as in 2026-11-23T02:14:07.250Z"
    if field is not None and (not isinstance(field, str) or not 0 < len(field) <= LONGEST):
        return "field is a short text"
    if said.get("battery") is not None and not _is_percent(said["battery"]):
        return "battery is a number from 0 to 100"
    return _wrong_value(kind, said)


def _wrong_value(kind: Kind, said: dict[str, object]) -> str:
    value, unit = said.get("value"), said.get("unit")
    if kind in UNITS and not (kind is Kind.BATTERY and value in ("low", "ok")):
        if not _is_number(value):
            return f"the value of {kind.value} is a number"
        if unit is not None and unit != UNITS[kind]:
            return f"the unit of {kind.value} is {UNITS[kind]}"
        return "" if kind is not Kind.BATTERY or _is_percent(value) else "battery is a number from 0 to 100"
    if unit is not None and (kind is not Kind.OTHER or not isinstance(unit, str)):
        return f"{kind.value} has no unit"
    if kind is Kind.BATTERY:
        return ""
    words = TWO_WORDS.get(kind)
    if words is not None:
        is_position = kind is Kind.COVER and _is_percent(value)
        return "" if value in words or is_position else f"the value of {kind.value} is {words[0]} or {words[1]}"
    if kind is Kind.BUTTON:
        return "" if value is None or (isinstance(value, str) and 0 < len(value) <= LONGEST) else "a gesture is a word"
    if kind is Kind.OTHER:
        is_short = not isinstance(value, str) or len(value) <= LONGEST
        return (
            "" if isinstance(value, (str, bool, int, float)) and is_short else "the value of other is one short value"
        )
    if kind in PRESSED:
        return "" if value is None or isinstance(value, bool) else f"{kind.value} has no value, or false where it ends"
    return "" if isinstance(value, bool) else f"the value of {kind.value} is true or false"


def _wrong_about(said: dict[str, object]) -> str:
    if strange := sorted(set(said) - ABOUT_KEYS):
        return f"{str(strange[0])[:40]!r} is not one of {', '.join(sorted(ABOUT_KEYS))}"
    kinds, commands = said.get("kinds"), said.get("commands", [])
    if not isinstance(kinds, list) or not kinds or not _are_words(kinds, KINDS):
        return "kinds is a list of the kinds it reports, at least one"
    if not isinstance(commands, list) or not _are_words(commands, frozenset(OFFERED)):
        return f"commands are some of {', '.join(OFFERED)}"
    for key in ("name", "vendor", "model", "text"):
        if not isinstance(said.get(key, ""), str) or len(str(said.get(key, ""))) > LONGEST:
            return f"{key} is a text of at most {LONGEST} letters"
    return ""


def _are_words(listed: list[object], known: frozenset[str]) -> bool:
    return all(isinstance(word, str) and word in known for word in listed)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_percent(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 100

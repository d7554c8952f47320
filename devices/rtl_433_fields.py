"""What the fields of an rtl_433 frame mean. The names come from some 250 decoders by as many hands; the commonest rule.

`facts` reads a whole frame or a single field of it with the same rules: both topic forms say the same of one press.
Only what a frame says as a whole (a smoke detector that has no field for it) is lost in the second form.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from devices.events import UNITS, Kind, Value

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing a frame says."""

    kind: Kind
    value: Value
    field: str | None = None
    unit: str | None = None
    press: bool = False


CONTACT_BITS = (("contact_open", 1), ("opened", 1), ("closed", 0), ("open", 1))
"""Fields that are a contact, the most trusted first, and the bit that means open; `reed_open` may disagree."""
TRUE_BITS: dict[str, Kind] = {
    "leak_detected": Kind.WATER_LEAK,
    "water_leak": Kind.WATER_LEAK,
    "water": Kind.WATER_LEAK,
    "smoke": Kind.SMOKE,
    "smoke_alarm": Kind.SMOKE,
    "fire_alarm": Kind.SMOKE,
    "co_alarm": Kind.CO,
    "carbon_monoxide": Kind.CO,
    "gas_alarm": Kind.GAS,
    "tamper": Kind.TAMPER,
    "tampered": Kind.TAMPER,
}
PRESSED_BITS: dict[str, Kind] = {
    "panic": Kind.EMERGENCY,
    "sos": Kind.EMERGENCY,
    "emergency": Kind.EMERGENCY,
    "motion": Kind.MOTION,
}
"""Bits that a device sends when it happens and seldom takes back: set, they are a press."""
TEXTS = ("event", "extradata", "remarks", "text", "message", "state", "status", "cmd", "action")
"""Fields in which a decoder says in words what happened."""
BUTTONS = ("button", "button_id", "button_code", "button_name", "button_str", "cmd", "command", "keys")
"""Fields that name the button of a remote, the first that a frame has."""
RAW = ("code", "data", "raw", "codes", "raw_message")
"""Fields of decoders that only know the transmitter, not what it means."""

EMERGENCY = re.compile(r"\b(?:PANIC|SOS|EMERGENCY)\b")
FIRE = re.compile(r"\b(?:FIRE ALARM|SMOKE (?:ALARM|DETECTED))\b")
CO = re.compile(r"\b(?:CO|CARBON MONOXIDE) (?:ALARM|DETECTED)\b")
GAS = re.compile(r"\bGAS (?:ALARM|DETECTED|LEAK)\b")
WATER = re.compile(r"\b(?:WATER (?:LEAK|DETECTED)|LEAK DETECTED|FLOOD)\b")
TAKEN_BACK = re.compile(r"\b(?:TEST|TESTING|OFF|MUTE|MUTED|CLEAR|CLEARED|CANCEL|CANCELLED|RESTORE|RESTORED|END|NO)\b")
DOOR = re.compile(r"\b(?:DOOR|WINDOW|CONTACT)\b")
OPEN = re.compile(r"\bOPEN(?:ED)?\b")
CLOSED = re.compile(r"\bCLOSED?\b")
MOTION = re.compile(r"\bMOTION\b")
BATTERY = re.compile(r"\b(?:LOW BATT(?:ERY)?|BATT(?:ERY)? LOW)\b|^BATTERY$")
GESTURE = re.compile(r"\b(?:KEY-?FOB|SEC-REMOTE|KEYPAD|BUTTON|ARM|DISARM|LOCK|UNLOCK|LIGHTS|ON|TEST|HOME MODE)\b")
QUIET_WORDS = frozenset({"", "UNKNOWN", "HEARTBEAT", "BATTERY REPORT", "PAIRING", "OK", "NORMAL", "NONE"})
AWAKE = re.compile(r"\b(?:HEARTBEAT|BATTERY REPORT|SUPERVIS(?:E|ED|ION|ORY)|CHECK-?IN)\b")

VEHICLE = re.compile(
    r"car[-_ ]?remote|keyless|akhan|audiovox|compustar|astrostart|chrysler|honda|nissan|siemens-5wk|denso", re.I
)
"""Car keys have a panic button too; it calls for a car."""
SMOKE_MODEL = re.compile(r"smoke", re.I)
LEAK_MODEL = re.compile(r"leak|wh55", re.I)
MOTION_MODEL = re.compile(r"motion|[-_]pir\b", re.I)
NO_BATTERY_MODEL = re.compile(r"^jasco", re.I)
"""Decoders that always say `battery_ok: 0`."""
TEMPERATURE = re.compile(r"^temperature(?:_\d+)?_([CF])$")
SUBTYPES: dict[str, Fact] = {
    "contact": Fact(Kind.CONTACT, None),
    "motion": Fact(Kind.MOTION, None),
    "heat": Fact(Kind.SMOKE, None),
    "smoke": Fact(Kind.SMOKE, None),
    "glass": Fact(Kind.VIBRATION, None),
    "pir-motion": Fact(Kind.MOTION, True, press=True),
    "doorbell": Fact(Kind.BUTTON, "ring", press=True),
}
"""What a frame is about where only its subtype says so. Five switches of an Interlogix sensor do not say which is the
contact: the value stays unknown until somebody measures it."""


def is_supervision(data: Fields) -> bool:
    """A device saying that it is there: what it repeats is its state, nothing that has just happened."""
    if _bit(data.get("heartbeat")):
        return True
    return any(
        isinstance(said := data.get(name), str) and bool(AWAKE.search(said.upper()))
        for name in ("event", "text", "state")
    )


def facts(model: str, data: Fields, *, whole: bool) -> list[Fact]:
    """Everything a frame (`whole`) or one of its fields says."""
    if any(isinstance(said, str) and len(said) > LONGEST_TEXT for said in data.values()):
        data = {name: said[:LONGEST_TEXT] if isinstance(said, str) else said for name, said in data.items()}
    found: list[Fact] = []
    awake = is_supervision(data)
    found += _contact(model, data)
    found += _bits(data, awake)
    found += _alarm(model, data, awake)
    found += _numbers(model, data)
    told = [fact for name in TEXTS if isinstance(said := data.get(name), str) for fact in _text(model, name, said)]
    found += told
    if whole:
        found += _as_a_whole(model, data, found)
    # Words say more than the number of a button: "Low Battery" is sent by the same field as a press.
    explained = any(fact.kind is not Kind.SWITCH for fact in told)
    if not awake and not explained and not any(fact.press or fact.kind is Kind.CONTACT for fact in found):
        found += _button(model, data)
    if whole and not found:
        found.append(_unnamed(data))
    return _first_of_each(found)


def _first_of_each(found: list[Fact]) -> list[Fact]:
    """One fact per kind and field: `state` and `contact_open` of one frame are one contact."""
    first: dict[tuple[Kind, str | None], Fact] = {}
    for fact in found:
        first.setdefault((fact.kind, fact.field), fact)
    return list(first.values())


LONGEST_TEXT = 200
"""Longer words are no transmitter's."""


def _bit(value: object) -> bool | None:
    """A two-valued field, however the decoder wrote it."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return True if value == 1 else False if value == 0 else None
    if isinstance(value, str):
        return {"1": True, "0": False, "YES": True, "NO": False, "TRUE": True, "FALSE": False}.get(value.upper())
    return None


def _contact(model: str, data: Fields) -> list[Fact]:
    for name, opens in CONTACT_BITS:
        bit = _bit(data.get(name))
        if bit is not None:
            return [Fact(Kind.CONTACT, "open" if bit == bool(opens) else "closed")]
    if model.lower().startswith("jasco"):
        closed = _bit(data.get("status"))
        if closed is not None:
            return [Fact(Kind.CONTACT, "closed" if closed else "open")]
    return []


def _bits(data: Fields, awake: bool) -> list[Fact]:
    found: list[Fact] = []
    for name, kind in TRUE_BITS.items():
        bit = _bit(data.get(name))
        if bit is not None:
            found.append(Fact(kind, bit))
    for name, kind in PRESSED_BITS.items():
        bit = _bit(data.get(name))
        if bit is not None:
            found.append(Fact(kind, bit, press=bit and not awake))
    return found


def _alarm(model: str, data: Fields, awake: bool) -> list[Fact]:
    """`alarm` says that the sensor was set off, and not what it senses, unless the model does."""
    bit = _bit(data.get("alarm"))
    if bit is None:
        return []
    if LEAK_MODEL.search(model):
        return [Fact(Kind.WATER_LEAK, bit)]
    if SMOKE_MODEL.search(model):
        return [Fact(Kind.SMOKE, bit)]
    return [Fact(Kind.OTHER, bit, field="alarm", press=bit and not awake)]


def _number(value: object) -> float | int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return value


def _numbers(model: str, data: Fields) -> list[Fact]:
    found: list[Fact] = []
    for name, value in data.items():
        reading = _number(value)
        if reading is None or not name.startswith(("humidity", "power_W", "temperature")):
            continue
        if name == "humidity":
            found.append(Fact(Kind.HUMIDITY, reading, unit=UNITS[Kind.HUMIDITY]))
        elif name == "power_W":
            found.append(Fact(Kind.POWER, reading, unit=UNITS[Kind.POWER]))
        elif scale := TEMPERATURE.match(name):
            celsius = reading if scale.group(1) == "C" else round((reading - 32) / 1.8, 2)
            field = None if name.count("_") == 1 else name[:-2]
            found.append(Fact(Kind.TEMPERATURE, celsius, field=field, unit=UNITS[Kind.TEMPERATURE]))
    return found + _battery(model, data)


def _battery(model: str, data: Fields) -> list[Fact]:
    """`battery_ok` is 0 or 1 from most, and a share of full from those that measure it."""
    if NO_BATTERY_MODEL.match(model):
        return []
    level = _number(data.get("battery_ok"))
    if level is not None:
        if level in (0, 1):
            return [Fact(Kind.BATTERY, "ok" if level else "low")]
        return [Fact(Kind.BATTERY, round(100 * level, 1), unit="%")] if 0 < level < 1 else [Fact(Kind.BATTERY, None)]
    for name in ("battery_low", "low_battery", "low_batt"):
        low = _bit(data.get(name))
        if low is not None:
            return [Fact(Kind.BATTERY, "low" if low else "ok")]
    said = data.get("battery")
    if isinstance(said, str) and said.upper() in ("OK", "LOW"):
        return [Fact(Kind.BATTERY, said.lower())]
    return []


def _text(model: str, name: str, said: str) -> list[Fact]:
    """What a decoder's words mean."""
    text = said.strip().upper().replace("_", " ")
    if text in QUIET_WORDS:
        return []
    if text in ("ON", "OFF") and name == "state":
        return [Fact(Kind.SWITCH, text.lower())]
    taken_back = bool(TAKEN_BACK.search(text))
    for pattern, kind in ((EMERGENCY, Kind.EMERGENCY), (FIRE, Kind.SMOKE), (CO, Kind.CO), (GAS, Kind.GAS)):
        if pattern.search(text):
            calls = not taken_back and not VEHICLE.search(model)
            return [Fact(kind, True, press=True) if calls else Fact(Kind.BUTTON, said.strip().lower(), press=True)]
    if WATER.search(text) and not taken_back:
        return [Fact(Kind.WATER_LEAK, True, press=True)]
    if MOTION.search(text):
        moved = "READY" not in text and not taken_back
        return [Fact(Kind.MOTION, moved, press=moved)]
    if "TAMPER" in text:
        return [Fact(Kind.TAMPER, True)]
    if BATTERY.search(text):
        return [Fact(Kind.BATTERY, "low")]
    return _opening_or_gesture(model, name, said.strip(), text)


def _opening_or_gesture(model: str, name: str, said: str, text: str) -> list[Fact]:
    if DOOR.search(text) or text in ("OPEN", "OPENED", "CLOSE", "CLOSED"):
        if OPEN.search(text):
            return [Fact(Kind.CONTACT, "open")]
        if CLOSED.search(text):
            return [Fact(Kind.CONTACT, "closed")]
    if name == "cmd" and re.fullmatch(r"(?:0X)?[0-9A-F]+", text):
        return []
    if GESTURE.search(text):
        return [Fact(Kind.BUTTON, said.lower(), press=True)]
    if name in ("cmd", "extradata", "remarks", "text") or (name == "event" and not text.isalnum()):
        return [Fact(Kind.OTHER, said, field=name, press=name == "cmd")]
    return []


def _as_a_whole(model: str, data: Fields, found: list[Fact]) -> list[Fact]:
    """What only the model or the subtype says: the frame itself is the news."""
    subtype = data.get("subtype", data.get("device_type"))
    if isinstance(subtype, str):
        if subtype.lower() == "keyfob":
            pressed = [
                name for name in ("switch1", "switch2", "switch3", "switch4", "switch5") if data.get(name) == "CLOSED"
            ]
            return [Fact(Kind.BUTTON, "+".join(pressed), press=True)] if pressed else []
        fact = SUBTYPES.get(subtype.lower())
        if fact is not None and not any(other.kind is fact.kind for other in found):
            return [fact]
    if any(fact.kind not in (Kind.BATTERY, Kind.TEMPERATURE, Kind.HUMIDITY) for fact in found) or is_supervision(data):
        return []
    if SMOKE_MODEL.search(model) and not _bit(data.get("learn")) and not _bit(data.get("test")):
        return [Fact(Kind.SMOKE, True, press=True)]
    if LEAK_MODEL.search(model):
        return [Fact(Kind.WATER_LEAK, True, press=True)]
    if MOTION_MODEL.search(model):
        return [Fact(Kind.MOTION, True, press=True)]
    return []


def _button(model: str, data: Fields) -> list[Fact]:
    """A remote's button by its number or name; what it is for, the home says when it places the remote."""
    if model.lower().startswith("kerui"):
        return []
    for name in BUTTONS:
        value = data.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and str(value).strip() not in ("", "?"):
            return [Fact(Kind.BUTTON, str(value).strip().lower(), press=True)]
    toggle = data.get("toggle")
    return [Fact(Kind.SWITCH, toggle.lower())] if isinstance(toggle, str) and toggle.upper() in ("ON", "OFF") else []


def _unnamed(data: Fields) -> Fact:
    """A transmitter that said nothing we can name: kept, and a press where a bare code is all it ever sends."""
    for name in RAW:
        value = data.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
            return Fact(Kind.OTHER, str(value), field=name, press=not _bit(data.get("learn")))
    return Fact(Kind.OTHER, "heard")

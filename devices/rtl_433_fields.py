"""What the fields of an rtl_433 frame mean. The names come from some 250 decoders by as many hands; the commonest rule.

`facts` reads a whole frame or a single field of it with the same rules: both topic forms say the same of one press.
Only what a frame says as a whole (a smoke detector that has no field for it) is lost in the second form.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from devices.events import UNITS, Kind, Value
from devices.names import guess, says_it_calls

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
    "wet": Kind.WATER_LEAK,
    "detect_wet": Kind.WATER_LEAK,
    "smoke": Kind.SMOKE,
    "smoke_alarm": Kind.SMOKE,
    "fire_alarm": Kind.SMOKE,
    "heat_alarm": Kind.SMOKE,
    "co_alarm": Kind.CO,
    "carbon_monoxide": Kind.CO,
    "gas_alarm": Kind.GAS,
    "tamper": Kind.TAMPER,
    "tampered": Kind.TAMPER,
    "vibration": Kind.VIBRATION,
    "shock": Kind.VIBRATION,
    "glass_break": Kind.VIBRATION,
}
PRESSED_BITS: dict[str, Kind] = {
    "panic": Kind.EMERGENCY,
    "sos": Kind.EMERGENCY,
    "emergency": Kind.EMERGENCY,
    "medical": Kind.EMERGENCY,
    "help": Kind.EMERGENCY,
    "motion": Kind.MOTION,
    "motion_detected": Kind.MOTION,
    "pir": Kind.MOTION,
}
"""Bits that a device sends when it happens and seldom takes back: set, they are a press."""
HAZARDS = frozenset({Kind.EMERGENCY, Kind.FALL, Kind.SMOKE, Kind.CO, Kind.GAS, Kind.WATER_LEAK})
"""What a bit of another name may be, if that name says so plainly (`smoke_detected`, `panic_button`)."""
TEXTS = ("event", "extradata", "remarks", "text", "message", "state", "status", "cmd", "action")
"""Fields in which a decoder says in words what happened."""
BUTTONS = ("button", "button_id", "button_code", "button_name", "button_str", "cmd", "command", "keys")
"""Fields that name the button of a remote, the first that a frame has."""
NAMED = ("button", "button_name", "button_str", "command", "keys")
"""Fields besides `TEXTS` in which a word for a call is one."""
RAW = ("code", "data", "raw", "codes", "raw_message")
"""Fields of decoders that only know the transmitter, not what it means."""
BARE = frozenset(
    {"time", "model", "type", "subtype", "channel", "id", "unit", "mic", "protocol", "mod", "freq", "freq1", "freq2"}
    | {"rssi", "snr", "noise", "count", "num_rows", "rows", "codes"}
)
"""A frame with nothing else says that the transmitter was set off: it measures nothing, and has no state."""

ALONE = r"^(?:\w*\d\w* )?(?:{})$"
"""The whole of what is said, but for a model's number before it."""
SAYS = r"(?:ALARM|ALERT|DETECTED|ACTIVE|TRIGGERED)"
EMERGENCY = re.compile(
    r"\b(?:PANIC|SOS|EMERGENCY|DISTRESS|DURESS|MEDICAL|HELP (?:BUTTON|CALL|REQUEST)|CALL FOR HELP)\b"
    r"(?! (?:LIGHT|LIGHTING|LIGHTS|EXIT|HEAT|HEATING|STOP|POWER|MODE)\b)|" + ALONE.format("HELP")
)
FIRE = re.compile(rf"\b(?:SMOKE|FIRE|HEAT) {SAYS}\b|" + ALONE.format("SMOKE|FIRE"))
CO = re.compile(rf"\b(?:CO|CARBON MONOXIDE) {SAYS}\b|" + ALONE.format("CO|CARBON MONOXIDE"))
GAS = re.compile(rf"\bGAS (?:{SAYS}|LEAK)\b|" + ALONE.format("GAS"))
FALL = re.compile(rf"\bFALL {SAYS}\b|\bMAN DOWN\b|" + ALONE.format("FALL|FALLEN"))
FUMES = ((FIRE, Kind.SMOKE), (CO, Kind.CO), (GAS, Kind.GAS))
WATER = re.compile(r"\b(?:WATER (?:LEAK|ALARM|DETECTED)|LEAK DETECTED|FLOOD)\b|" + ALONE.format("LEAK|WET|WATER"))
TAKEN_BACK = re.compile(r"\b(?:TEST|TESTING|OFF|MUTE|MUTED|CLEAR|CLEARED|CANCEL|CANCELLED|RESTORE|RESTORED|END|NO)\b")
DOOR = re.compile(r"\b(?:DOOR|WINDOW|CONTACT)\b")
OPEN = re.compile(r"\bOPEN(?:ED)?\b")
CLOSED = re.compile(r"\bCLOSED?\b")
MOTION = re.compile(r"\bMOTION\b")
BATTERY = re.compile(r"\b(?:LOW BATT(?:ERY)?|BATT(?:ERY)? LOW)\b|^BATTERY$")
GESTURE = re.compile(r"\b(?:KEY-?FOB|SEC-REMOTE|KEYPAD|BUTTON|ARM|DISARM|LOCK|UNLOCK|LIGHTS|ON|TEST|HOME MODE)\b")
QUIET_WORDS = frozenset({"", "UNKNOWN", "HEARTBEAT", "ALIVE", "BATTERY REPORT", "PAIRING", "OK", "NORMAL", "NONE"})
AWAKE = re.compile(r"\b(?:HEARTBEAT|BATTERY REPORT|SUPERVIS(?:E|ED|ION|ORY)|CHECK-?IN)\b")

LONGEST_TEXT = 200  # longer words are no transmitter's
VEHICLE = re.compile(
    r"car[-_ ]?(?:remote|key|fob)|keyless|akhan|audiovox|voxx|compustar|astrostart|nutek|code[-_ ]?alarm|frdpc"
    r"|chrysler|honda|nissan|nidec|siemens-5wk|denso|continental|mondeo|valeo|tesla|toyota|tpms"
    r"|(?:^|[-_ ])(?:ford|bmw)(?:$|[-_ ])",
    re.I,
)
"""Car keys have a panic button too; it calls for a car."""
SMOKE_MODEL = re.compile(r"smoke", re.I)
LEAK_MODEL = re.compile(r"leak|wh55", re.I)
MOTION_MODEL = re.compile(r"motion|(?:^|[-_ ])pir(?:$|[-_ ])", re.I)
BELL_MODEL = re.compile(r"door[-_ ]?bell|db286a|(?:^|[-_ ])chime(?:$|[-_ ])", re.I)
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
    if any(name.istitle() for name in data):
        data = {name.lower() if name.istitle() else name: said for name, said in data.items()}
    found: list[Fact] = []
    awake = is_supervision(data)
    found += _contact(model, data)
    found += _bits(model, data, awake)
    found += _alarm(model, data, awake)
    found += _numbers(model, data)
    told = [fact for name in TEXTS if isinstance(said := data.get(name), str) for fact in _text(model, name, said)]
    told += _named_call(model, data)
    found += told
    if whole:
        found += _as_a_whole(model, data, found)
    # Words say more than the number of a button: "Low Battery" is sent by the same field as a press.
    explained = any(fact.kind is not Kind.SWITCH for fact in told)
    if not awake and not explained and not any(fact.press or fact.kind is Kind.CONTACT for fact in found):
        found += _button(model, data)
    if whole and not found:
        found.append(_unnamed(model, data, awake))
    return _first_of_each(found)


def _first_of_each(found: list[Fact]) -> list[Fact]:
    """One fact per kind and field: `state` and `contact_open` of one frame are one contact. An alarm that is on counts,
    wherever in the frame it stands."""
    first: dict[tuple[Kind, str | None], Fact] = {}
    for fact in found:
        place = (fact.kind, fact.field)
        if place not in first or (fact.value is True and first[place].value is False):
            first[place] = fact
    return list(first.values())


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


def _bits(model: str, data: Fields, awake: bool) -> list[Fact]:
    found: list[Fact] = []
    for name, value in data.items():
        kind = TRUE_BITS.get(name) or PRESSED_BITS.get(name) or _hazard(name)
        bit = None if kind is None else True if name == value else _bit(value)
        if kind is None or bit is None:
            continue
        if name in TRUE_BITS:
            found.append(Fact(kind, bit))
            continue
        is_vehicle = kind in HAZARDS and (data.get("type") == "TPMS" or _is_vehicle(model))
        if kind is Kind.EMERGENCY and is_vehicle:
            found += [Fact(Kind.BUTTON, name, press=True)] if bit else []
        elif not is_vehicle:
            happens = name in PRESSED_BITS or kind in (Kind.EMERGENCY, Kind.FALL)
            found.append(Fact(kind, bit, press=bit and not awake and happens))
    return found


@lru_cache(maxsize=512)
def _is_vehicle(model: str) -> bool:
    return VEHICLE.search(model) is not None


@lru_cache(maxsize=2048)
def _hazard(name: str) -> Kind | None:
    """What a name that no table has says plainly. An alarm of the weather or of a meter is none of the house."""
    found = guess(name)
    return found.kind if found is not None and found.kind in HAZARDS else None


def _alarm(model: str, data: Fields, awake: bool) -> list[Fact]:
    """`alarm` says that the sensor was set off, and not what it senses, unless the model does."""
    bit = _bit(data.get("alarm"))
    if bit is None:
        return []
    if LEAK_MODEL.search(model):
        return [Fact(Kind.WATER_LEAK, bit)]
    if "sensitivity" in data:  # beside which it is a setting of the device
        return []
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
    for pattern, kind in ((EMERGENCY, Kind.EMERGENCY), (FALL, Kind.FALL), *FUMES):
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
        if subtype.lower() in ("smoke", "heat") and data.get("switch2") in ("OPEN", "CLOSED"):
            return _smoke_by_switches(data)
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


def _smoke_by_switches(data: Fields) -> list[Fact]:
    """Interlogix's smoke and heat detectors: the second switch opens in an alarm, the fourth as well in a test or when
    the cover is off."""
    is_open = data["switch2"] == "OPEN"
    if data.get("switch4") == "OPEN":
        return [Fact(Kind.SMOKE, None), Fact(Kind.TAMPER, True)]
    return [Fact(Kind.SMOKE, is_open, press=is_open)]


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


def _named_call(model: str, data: Fields) -> list[Fact]:
    """A button that is called by what it is for."""
    said = " ".join(str(data[name]) for name in NAMED if isinstance(data.get(name), str)).upper().replace("_", " ")
    if not said:
        return []
    is_call = EMERGENCY.search(said) and not TAKEN_BACK.search(said) and not VEHICLE.search(model)
    return [Fact(Kind.EMERGENCY, True, press=True)] if is_call else []


def _unnamed(model: str, data: Fields, awake: bool) -> Fact:
    """A transmitter that said nothing we can name: kept, and a press where a bare code is all it ever sends."""
    if not awake and BELL_MODEL.search(model):
        return Fact(Kind.BUTTON, "ring", press=True)
    if not awake and calls_by_name(model):
        return Fact(Kind.BUTTON, "pressed", press=True)
    for name in RAW:
        value = data.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
            return Fact(Kind.OTHER, str(value), field=name, press=not _bit(data.get("learn")))
    return Fact(Kind.OTHER, "heard", press=not awake and BARE.issuperset(data))


@lru_cache(maxsize=512)
def calls_by_name(model: str) -> bool:
    """Whether somebody named a decoder after what its transmitter is for: `SOS-Pendant`."""
    return says_it_calls(model) and not VEHICLE.search(model)

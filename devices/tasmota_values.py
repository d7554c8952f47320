"""What a Tasmota's JSON says: outputs, buttons and switches, sensors, and what its bridges hear (Zigbee, 433 MHz, IR).

Source: Tasmota's documentation, "Commands", "Buttons and Switches", "Zigbee", "Sonoff RF Bridge", "Tasmota IR",
"Bluetooth".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from devices.adapter import Description
from devices.events import UNITS, Event, Kind, Value, canonical
from devices.lorawan_payload import facts, unit_of
from devices.names import guess
from devices.said import bit_of, fact, heard, number_of, reading
from devices.zigbee2mqtt_properties import EMERGENCY_ACTIONS

REPEAT_WINDOW_MS = 3000
"""A press is told once; a radio or infrared code is heard several times while somebody leans on the button. A full
topic below `tasmota/` matches two filters, and a broker may deliver it twice."""
MOST_KEYS = 150
MOST_HEARD = 30
"""More devices or sensors than one message tells of; the rest is left, so that no message can hold up the next."""

POWER = re.compile(r"POWER(\d{0,2})")
BUTTON = re.compile(r"Button(\d{1,2})")
OLD = re.compile(r"(BUTTON|SWITCH)(\d{0,2})T?")
"""A button or switch with a topic of its own: a Tasmota before version 9, and one with SetOption19."""
SWITCH = re.compile(r"Switch(\d{1,2})")
SHUTTER = re.compile(r"Shutter(\d{1,2})")
COMMANDED = re.compile(r"0006!0[012]")
ALARM_COMMANDS: dict[str, tuple[Kind, Value]] = {
    "0501!02": (Kind.EMERGENCY, True),
    "0501!04": (Kind.EMERGENCY, True),
    "0501!03": (Kind.BUTTON, "fire"),
}
"""What a Zigbee keypad or SOS button sends (IAS ACE): emergency, panic, fire."""
OWN_ADDRESS = re.compile(r".*-[0-9a-fA-F]{6}")
"""A Bluetooth sensor in a Tasmota's SENSOR: its model and the end of its hardware address."""
LIGHT_KEYS = frozenset({"Dimmer", "CT", "Color", "HSBColor", "White", "Channel"})
OUTPUT: dict[object, str] = {"ON": "on", "OFF": "off", "1": "on", "0": "off", 1: "on", 0: "off"}
ENDS = frozenset({"CLEAR", "POWER_CLEAR", "POWER_RELEASE"})
"""What a switch says when it is let go of, or after a while."""
GESTURES = frozenset({"SINGLE", "DOUBLE", "TRIPLE", "QUAD", "PENTA", "HOLD"})
EDGES: dict[str, bool] = {"ON": True, "OFF": False, "1": True, "0": False}

NUMBERS: dict[str, Kind] = {"Temperature": Kind.TEMPERATURE, "Humidity": Kind.HUMIDITY}
ZIGBEE_NUMBERS: dict[str, Kind] = {
    **NUMBERS,
    "BatteryPercentage": Kind.BATTERY,
    "ActivePower": Kind.POWER,
    "LocalTemperature": Kind.TEMPERATURE,
}
ZIGBEE_BITS: dict[str, Kind] = {
    "Contact": Kind.CONTACT,
    "Occupancy": Kind.OCCUPANCY,
    "PIR": Kind.MOTION,
    "Movement": Kind.VIBRATION,
    "Fire": Kind.SMOKE,
    "Smoke": Kind.SMOKE,
    "Water": Kind.WATER_LEAK,
    "Gas": Kind.GAS,
    "CO": Kind.CO,
    "PersonalAlarm": Kind.EMERGENCY,
    "Panic": Kind.EMERGENCY,
    "GlassBreak": Kind.VIBRATION,
    "Vibration": Kind.VIBRATION,
    "Tamper": Kind.TAMPER,
    "DoorOpen": Kind.CONTACT,
    "Emergency": Kind.EMERGENCY,
    "SOS": Kind.EMERGENCY,
    "FireAlarm": Kind.SMOKE,
    "SmokeAlarm": Kind.SMOKE,
    "GasAlarm": Kind.GAS,
    "CarbonMonoxide": Kind.CO,
    "COAlarm": Kind.CO,
    "WaterLeak": Kind.WATER_LEAK,
    "Fall": Kind.FALL,
}
"""Zones as Tasmota names them. 1 is the alarm side; of a contact that is open."""
HAZARDS = frozenset({Kind.EMERGENCY, Kind.FALL, Kind.SMOKE, Kind.GAS, Kind.CO, Kind.WATER_LEAK})
ABOUT_A_NODE = frozenset({"Node", "Name", "Device", "RSSI", "SNR", "SerialNumber"})
ZIGBEE_GESTURES = ("Click", "Action", "ArrowClick")
BLUETOOTH_BITS: dict[str, Kind] = {"PIR": Kind.MOTION, "Motion": Kind.MOTION, "Leak": Kind.WATER_LEAK}
ALARMED, TAMPERED, LOW = 1 | 2, 4, 8

Json = Mapping[str, object]


def outputs(device: str, data: Json, described: Description | None) -> list[Event]:
    """`POWER`, `POWER2`: a switch, or a light where the message or the introduction says so. Shutters as well."""
    found: list[Event] = []
    has_light = not LIGHT_KEYS.isdisjoint(data)
    kinds = {prop.name: prop.kind for prop in described.properties} if described is not None else {}
    for key, value in list(data.items())[:MOST_KEYS]:
        matched = POWER.fullmatch(key)
        word = OUTPUT.get(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None
        if matched is not None and word is not None:
            name = output_name(matched.group(1))
            kind = kinds.get(name) or (Kind.LIGHT if has_light else Kind.SWITCH)
            found.append(fact(device, kind, word, field=None if name == "POWER1" else name))
            continue
        shutter = SHUTTER.fullmatch(key)
        if shutter is not None and isinstance(value, dict):
            place = number_of(value.get("Position"))
            number = shutter.group(1)
            if place is not None and 0 <= place <= 100:
                found.append(fact(device, Kind.COVER, place, field=None if number == "1" else key))
    return found


def output_name(number: str) -> str:
    """`POWER` and `POWER1` are the same output."""
    return f"POWER{int(number)}" if number else "POWER1"


def hands(device: str, data: Json, leaf: str) -> list[Event]:
    """Buttons and switches. A switch is a contact, a motion sensor or a cord: only the home knows.

    On a topic of its own (`stat/…/BUTTON2`) it says `{"ACTION":"SINGLE"}`, `{"TRIG":"SINGLE"}` or `{"STATE":"ON"}`.
    """
    found: list[Event] = []
    old = OLD.fullmatch(leaf)
    if old is not None:
        said = next((data[key] for key in ("ACTION", "TRIG", "STATE") if key in data), None)
        data = {f"{old.group(1).title()}{old.group(2) or 1}": {"Action": said}}
    for key, value in list(data.items())[:MOST_KEYS]:
        button, switch = BUTTON.fullmatch(key), SWITCH.fullmatch(key)
        action = value.get("Action") if isinstance(value, dict) else value
        if not isinstance(action, str):
            continue
        word = action.upper()
        if button is not None and isinstance(value, dict):
            found.append(_gesture(device, action, None if button.group(1) == "1" else key))
        elif key == "ACTION":
            found.append(_gesture(device, action, None))
        elif switch is not None and word in EDGES:
            found.append(fact(device, Kind.OTHER, EDGES[word], field=f"input:{switch.group(1)}"))
        elif switch is not None and isinstance(value, dict) and word in ENDS:
            found.append(fact(device, Kind.OTHER, action[:20], field=f"end:{switch.group(1)}"))
        elif switch is not None and isinstance(value, dict) and word:
            found.append(_press(device, action[:20], f"input:{switch.group(1)}"))
    return found


def _gesture(device: str, action: str, field: str | None) -> Event:
    """`CLEAR` is the end of `HOLD`."""
    if action.upper() in GESTURES:
        return _press(device, action, field)
    return fact(device, Kind.OTHER, action[:20], field=field or "Button1")


def _press(device: str, value: Value, field: str | None = None, kind: Kind = Kind.BUTTON) -> Event:
    return Event(device=device, kind=kind, value=value, field=field, press=True, repeat_window_ms=REPEAT_WINDOW_MS)


def sensors(device: str, data: Json) -> list[Event]:
    """SENSOR: each sensor an object by its name. The first of a kind is the device's, the others say which they are."""
    fahrenheit = data.get("TempUnit") == "F"
    found: list[Event] = []
    for key, value in list(data.items())[: 2 * MOST_HEARD]:
        if not isinstance(value, dict):
            continue
        if key == "ZbReceived":
            found += heard_by_radio(device, value, fahrenheit)
        elif key == "LwReceived":
            found += heard_by_lorawan(device, value)
        elif key == "ENERGY":
            found += _energy(device, value)
        elif OWN_ADDRESS.fullmatch(key) or "mac" in value:
            found += _bluetooth(f"{device}/{_safe(key)}", value, fahrenheit)
        else:
            found += _measured(device, key, value, fahrenheit)
    return _told_apart(found)


def _told_apart(found: list[Event]) -> list[Event]:
    seen: set[tuple[str, Kind]] = set()
    kept: list[Event] = []
    for event in found:
        place = (event.device, event.kind)
        is_first = place not in seen and not event.press
        seen.add(place)
        plain = is_first and event.kind in UNITS
        kept.append(event if not plain or event.field is None else _without_field(event))
    return kept


def _without_field(event: Event) -> Event:
    return Event(device=event.device, kind=event.kind, value=event.value, unit=event.unit)


def _measured(device: str, name: str, data: Json, fahrenheit: bool) -> list[Event]:
    return [
        reading(device, kind, _celsius(kind, data[key], fahrenheit), field=name)
        for key, kind in NUMBERS.items()
        if data.get(key) is not None
    ]


def _energy(device: str, data: Json) -> list[Event]:
    power = data.get("Power")
    rows = power[:8] if isinstance(power, list) else [power] if power is not None else []
    return [
        reading(device, Kind.POWER, value, field=f"ENERGY{place + 1}" if place else None)
        for place, value in enumerate(rows)
    ]


def _celsius(kind: Kind, value: object, fahrenheit: bool) -> object:
    number = number_of(value)
    return round((number - 32) / 1.8, 2) if number is not None and fahrenheit and kind is Kind.TEMPERATURE else value


def _bluetooth(device: str, data: Json, fahrenheit: bool) -> list[Event]:
    """A Bluetooth sensor is a device of its own."""
    found = _measured(device, "Bluetooth", data, fahrenheit)
    if data.get("Battery") is not None:
        found.append(reading(device, Kind.BATTERY, data["Battery"]))
    for key, kind in BLUETOOTH_BITS.items():
        bit = bit_of(data.get(key))
        if bit is not None:
            found.append(fact(device, kind, bit))
    button = data.get("Btn")
    if isinstance(button, int) and not isinstance(button, bool):
        found.append(_press(device, button))
    return found


# -- what bridges hear ---------------------------------------------------------------------------------------------


def received(device: str, data: Json) -> list[Event]:
    """Radio and infrared codes. Each radio code is a device of its own: nothing else tells transmitters apart."""
    found: list[Event] = []
    radio, light = data.get("RfReceived"), data.get("IrReceived")
    if isinstance(radio, dict):
        code = radio.get("Data")
        if isinstance(code, (str, int)) and not isinstance(code, bool) and str(code).strip():
            said = str(code).strip().lower()[:40]
            found.append(_press(f"{device}/rf/{_safe(said)}", said))
    if isinstance(light, dict):
        code = light.get("Data", light.get("Hash"))
        if isinstance(code, (str, int)) and not isinstance(code, bool) and str(code).strip():
            found.append(_press(f"{device}/ir", str(code).strip().lower()[:60]))
    return found


def _safe(name: str) -> str:
    """A name that can be a level of an address."""
    return re.sub(r"[/+#\x00-\x1f\x7f]", "_", name)[:80]


def heard_by_radio(device: str, data: Json, fahrenheit: bool) -> Iterator[Event]:
    """`{"0x2916": {"Device": "0x2916", "Name": "hall", "Temperature": 25.72}}`: each its own device, by its name."""
    for key, said in list(data.items())[:MOST_HEARD]:
        if not isinstance(said, dict):
            continue
        name = said.get("Name")
        address = f"{device}/{_safe(name if isinstance(name, str) and name else key)}"
        yield from list(_zigbee(address, said, fahrenheit)) or [heard(address)]


def heard_by_lorawan(device: str, data: Json) -> Iterator[Event]:
    """`{"0A1B": {"Node": "cord", "ButtonPress": 1}}`: what its decoder made of an uplink, named as makers name it."""
    for key, said in list(data.items())[:MOST_HEARD]:
        if not isinstance(said, dict):
            continue
        name = said.get("Name", said.get("Node"))
        address = f"{device}/{_safe(name if isinstance(name, str) and name else key)}"
        found = [one for one in facts(said) if one.field not in ABOUT_A_NODE]
        for one in found:
            unit = unit_of(one.kind, one.value)
            window_ms = REPEAT_WINDOW_MS if one.press else 0
            yield Event(
                device=address,
                kind=one.kind,
                value=one.value,
                unit=unit,
                field=one.field,
                press=one.press,
                repeat_window_ms=window_ms,
            )
        if not found:
            yield heard(address)


def _zigbee(device: str, said: Json, fahrenheit: bool) -> Iterator[Event]:
    has_command = any(COMMANDED.fullmatch(key) for key in said)
    for key, value in list(said.items())[:MOST_KEYS]:
        if key in ZIGBEE_NUMBERS:
            kind = ZIGBEE_NUMBERS[key]
            yield reading(device, kind, _celsius(kind, value, fahrenheit))
        elif key in ZIGBEE_BITS:
            bit = bit_of(value)
            kind = ZIGBEE_BITS[key]
            yield fact(device, kind, canonical(kind, bit) if bit is not None else None)
        elif (hazard := _hazard(key)) is not None and (bit := bit_of(value)) is not None:
            yield fact(device, hazard, bit)
        elif key in ZIGBEE_GESTURES and isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
            calls = isinstance(value, str) and value.lower() in EMERGENCY_ACTIONS
            gesture = value if isinstance(value, int) else value[:20]
            yield _press(device, True, kind=Kind.EMERGENCY) if calls else _press(device, gesture)
        elif key in ALARM_COMMANDS:
            kind, meaning = ALARM_COMMANDS[key]
            yield _press(device, meaning, kind=kind)
        elif COMMANDED.fullmatch(key):
            yield _press(device, {"0": "off", "1": "on", "2": "toggle"}[key[-1]])
        elif key == "Power" and not has_command and isinstance(word := OUTPUT.get(_hashable(value)), str):
            yield fact(device, Kind.SWITCH, word)
        elif key in ("ZoneStatus", "ZoneStatusChange"):
            yield from _zone(device, value)
        elif key in ("DimmerUp", "DimmerDown") and value is True:
            yield _press(device, key)


def _hazard(key: str) -> Kind | None:
    """What an attribute that somebody named in a plug-in says plainly: `SmokeAlarm`, `SOS`."""
    found = guess(key)
    return found.kind if found is not None and found.kind in HAZARDS else None


def _hashable(value: object) -> object:
    return value if isinstance(value, (str, int)) and not isinstance(value, bool) else None


def _zone(device: str, value: object) -> Iterator[Event]:
    """An alarm zone that does not say what it watches: its bits are alarm, tamper and a low battery."""
    if isinstance(value, bool) or not isinstance(value, int):
        return
    yield fact(device, Kind.OTHER, bool(value & ALARMED), field="alarm")
    yield fact(device, Kind.TAMPER, bool(value & TAMPERED))
    yield fact(device, Kind.BATTERY, "low" if value & LOW else "ok")

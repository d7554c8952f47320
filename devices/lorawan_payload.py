"""What the decoded payloads of LoRaWAN devices mean, whichever network server hands them on.

A codec of the maker turns the bytes into named values; the names are the maker's own. First the table of names below,
then what a name says by itself (`devices.names`): a model that is sold next year is understood next year.

| maker | hears |
|---|---|
| Milesight | contact, water, motion, occupancy, bed and fall (VS373), gas, smoke, tamper, buttons, sockets |
| Abeeway | the SOS of a tracker, motion, tamper, low battery |
| MClimate | water, occupancy, motion, button, relay, contact (its sense is not documented: no value) |
| Netvox | the emergency buttons RB02I, R312A, R718T (`Alarm`), doorbell, water, contact |
| Tektelic | emergency button and fall of the SEAL, reed contacts, motion |
| Dragino, SenseCAP | doors, water, the alarm of a tracker, the SOS of a T1000 |
| Browan, Elsys, Adeunis | motion, occupancy, doors, water |
| Nexelec, others | smoke, buttons, and whatever a name says plainly |

Written after the makers' codecs and their examples (Milesight-IoT/SensorDecoders, actility/device-catalog,
TheThingsNetwork/lorawan-devices, chirpstack/chirpstack-device-profiles).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from devices.events import UNITS, Kind, Value, canonical
from devices.lorawan_makers import LONGEST_WORD, MOST_OTHERS, Fact, Said, named_events, of_makers
from devices.names import (
    LONGEST,
    SOUND,
    UNKNOWN,
    Guess,
    How,
    battery,
    calls,
    guess,
    hazard_told,
    opening,
    reading,
    truth,
    words_of,
)

MOST_VALUES = 300
"""More than any uplink has; a longer one is read up to here, so that none can hold up the next."""
DEEPEST = 5


NOT_SAID = frozenset(
    {"history", "datalog", "config", "configuration", "device_configuration", "settings", "parameters", "response"}
    | {"query", "triggers", "extended_header", "raw", "payload", "rx_info", "errors", "warnings", "points", "position"}
)
"""Below these names stand old readings, settings and the radio, never what is so now."""
PLAIN = frozenset({"value", "state", "status", "current_state", "values"})
"""Names that mean nothing without the one above them."""
SENSED = frozenset(
    {Kind.EMERGENCY, Kind.CONTACT, Kind.OCCUPANCY, Kind.MOTION, Kind.BED, Kind.FALL, Kind.WATER_LEAK, Kind.SMOKE}
    | {Kind.GAS, Kind.CO, Kind.BUTTON}
)
BOOKKEEPING = frozenset(
    {"payload", "raw", "f_port", "port", "length", "byte_length", "size", "hex_bytes", "bytes", "codec_version", "sn"}
    | {"serial_number", "product_code", "manufacturer", "generic_model", "device_model", "firmware_version", "err"}
    | {"hardware_version", "hw_version", "sw_version", "fw_version", "ipso_version", "tsl_version", "valid", "type"}
    | {"type_of_product", "type_of_message", "frame_index", "message_type", "device", "header_timestamp", "header_type"}
    | {"header_ack_token", "header_multi_frame", "ack_token", "unit", "units"}
)
TABLE: Mapping[str, Guess] = {
    "door_open_status": Guess(Kind.CONTACT, How.CONTACT, opens=1),
    "open": Guess(Kind.CONTACT, How.CONTACT, opens=1),
    "reed_state": Guess(Kind.CONTACT, How.CONTACT, opens=1),
    "reed_switch_state": Guess(Kind.CONTACT, How.CONTACT, opens=1),
    "ext_reed_switch_state": Guess(Kind.CONTACT, How.CONTACT, opens=1),
    "hall_effect_state": Guess(Kind.CONTACT, How.CONTACT, opens=1),
    "mot_motionst": Guess(Kind.MOTION, How.COUNTED),
    "presence_detected_when_sending": Guess(Kind.MOTION, How.COUNTED),
    "pir_sensor_status": Guess(Kind.MOTION, How.BINARY),
    "water": Guess(Kind.WATER_LEAK, How.BINARY),
    "safety_status_eb": Guess(Kind.EMERGENCY, How.BINARY),
    "safety_status_fall": Guess(Kind.FALL, How.BINARY),
    "b_alarmstatus": Guess(Kind.EMERGENCY, How.BINARY),
    "sensor_temperature": Guess(Kind.TEMPERATURE, How.NUMBER),
    "temperature_measure": Guess(Kind.TEMPERATURE, How.NUMBER),
    "socket_status": Guess(Kind.SWITCH, How.BINARY),
    "relay_state": Guess(Kind.SWITCH, How.BINARY),
    "relay_status": Guess(Kind.SWITCH, How.BINARY),
    **{f"switch_{number}": Guess(Kind.SWITCH, How.BINARY) for number in range(1, 9)},
}
"""Names whose sense their codec documents and the name alone does not tell."""
ORDINARY = frozenset(
    {"magnet_status", "door", "open", "door_open_status", "reed_state", "hall_effect_state", "contact"}
    | {"pir", "pir_status", "motion", "motion_event_state", "mot_motionst", "motion_detected", "occupied", "occupancy"}
    | {
        "occupancy_status",
        "presence",
        "leakage_status",
        "water_leak",
        "flood",
        "water_leak_status",
        "leak",
        "waterleak",
    }
    | {"smoke", "smoke_alarm", "gas_status", "sos", "sos_flag", "panic", "emergency", "fall", "tamper", "tamper_status"}
    | {"box_tamper", "press", "button", "button_event", "button_event_status", "button_press", "press_event"}
    | {"temperature", "sensor_temperature", "ambient_temperature", "temperature_measure", "temp", "humidity", "humi"}
    | {"relative_humidity", "power", "active_power", "power_w", "battery", "battery_level", "bat", "battery_voltage"}
    | {"battery_volt", "bat_v", "volt", "vdd", "battery_level_in_percentage", "header_battery_level", "socket_status"}
    | {"relay_state", "safety_status_eb", "safety_status_fall", "header_sos", "alarm_status", "b_alarmstatus"}
    | {"presence_detected_when_sending"}
)
"""A kind's ordinary name: the event carries no field."""
NOT_PRESSED = frozenset(
    {"no", "not", "none", "released", "release", "idle", "normal", "unpressed", "off", "false", "0"}
)
NO_WORDS = UNKNOWN | frozenset({"x", "na", "n", "a"})
"""What stands where nothing is said."""
MOST_CLICKS = 20
LOW_PCT = 20
"""A percentage that agrees with a battery that is called low."""
WHERE = frozenset({"latitude", "longitude", "lat", "lon", "lng", "location"})


def facts(said: Said) -> list[Fact]:
    """Everything an uplink says, each kind and field once."""
    found = [*of_makers(said), *_numbered(said), *_unsure(said)]
    taken = {fact.kind for fact in found if fact.kind in (Kind.EMERGENCY, Kind.FALL, Kind.BED)}
    tracks = _tracks(said)
    others = 0
    for name, own, value in islice(_leaves(said, "", "", 0), MOST_VALUES):
        if name == "header_sos" or (name == "sos_flag" and tracks):
            continue
        for fact in _leaf(name, own, value, tracks):
            if fact.kind is Kind.OTHER:
                others += 1
            if fact.kind not in taken and others <= MOST_OTHERS:
                found.append(fact)
    found = _one_battery(found)
    # An alarm that does not say of what stands for what the device was placed for, unless it says that as well.
    says_what = any(fact.kind in SENSED for fact in found)
    first: dict[tuple[Kind, str | None, bool], Fact] = {}
    for fact in found:
        vague = says_what and fact.kind is Kind.OTHER and fact.field == "alarm" and isinstance(fact.value, bool)
        told = Fact(Kind.OTHER, fact.value, field="alarm_flag") if vague else fact
        first.setdefault((told.kind, told.field, told.press), told)
    return list(first.values())


def _one_battery(found: list[Fact]) -> list[Fact]:
    """Percent rather than volts, and a battery that is called low is not called good in the same breath."""
    said = [fact.value for fact in found if fact.kind is Kind.BATTERY]
    percent = any(not isinstance(value, str) for value in said)
    low = "low" in said
    return [
        fact
        for fact in found
        if fact.kind is not Kind.BATTERY
        or fact.value == "low"
        or (fact.value == "ok" and not percent and not low)
        or (isinstance(fact.value, (int, float)) and (not low or fact.value <= LOW_PCT))
    ]


def _leaves(said: Said, above: str, above_own: str, depth: int) -> Iterator[tuple[str, str, object]]:
    """Every single value with its name, in plain words and as the codec writes it; a name that means nothing alone
    together with the one above it."""
    if depth > DEEPEST:
        return
    for number, (key, value) in enumerate(said.items()):
        if number >= MOST_VALUES:
            return
        name = "_".join(words_of(key)) or key[:20]
        if name in NOT_SAID and isinstance(value, (dict, list)):
            continue
        joined = bool(above) and (name in PLAIN or above == "header")
        full, own = (f"{above}_{name}", f"{above_own}.{key}") if joined else (name, key)
        if isinstance(value, dict):
            if "alarm_status" in value:
                continue
            inner = value.get("value")
            if "value" in value and not isinstance(inner, (dict, list)):
                yield full, own, inner
            else:
                below = (above, above_own) if name in PLAIN else (full, own)
                yield from _leaves(value, *below, depth + 1)
        elif not isinstance(value, list):
            yield full, own, value


def _leaf(name: str, own: str, value: object, tracks: bool) -> Iterator[Fact]:
    """What one named value says."""
    if value is None or value == "" or name in BOOKKEEPING:
        return
    field = None if name in ORDINARY else own[:LONGEST]
    if calls(name, value):
        yield Fact(Kind.EMERGENCY, True, press=True)
        return
    told = hazard_told(name, value)
    if told is not None:
        yield Fact(told, True, field=field, press=True)
        return
    if name in ("alarm", "alarm_status"):
        yield from _alarm(value, tracks)
        return
    how = TABLE.get(name) or guess(name or own)
    if how is None:
        if isinstance(value, (bool, int, float)) or (isinstance(value, str) and len(value) <= LONGEST_WORD):
            yield Fact(Kind.OTHER, value, field=own[:LONGEST])
        return
    if how.how is How.PRESS:
        yield from _press(name, value, field)
    elif how.kind is Kind.BATTERY:
        level = battery(value, how.how)
        if level is not None:
            yield Fact(Kind.BATTERY, level, field=field if how.how is not How.LOW else "battery_low")
    elif how.how is How.NUMBER:
        number = reading(value)
        low, high = SOUND.get(how.kind, (-1e12, 1e12))
        if number is not None and low <= number <= high:
            yield Fact(how.kind, number, field=field)
    elif how.how is How.CONTACT:
        yield Fact(Kind.CONTACT, opening(value, how.opens), field=field)
    else:
        yield from _two_valued(how, value, field, tracks)


def _two_valued(how: Guess, value: object, field: str | None, tracks: bool) -> Iterator[Fact]:
    bit = truth(value)
    if bit is None and how.how is How.COUNTED and isinstance(value, (int, float)) and 1 < value <= 65_535:
        bit = True
    if bit is None and how.plain and isinstance(value, str):
        bit = True if any(word not in NO_WORDS and not word.isdigit() for word in words_of(value)) else None
    if bit is None and how.kind in (Kind.SMOKE, Kind.GAS, Kind.CO) and not isinstance(value, str):
        return
    # A button says its alarm when it is pressed; a tracker repeats its flag with every position until it is cleared.
    momentary = how.how is How.FLAG and bit is True and not tracks
    meant = None if bit is None else canonical(how.kind, bit)
    yield Fact(how.kind, meant, field=field, press=momentary)


def _press(name: str, value: object, field: str | None) -> Iterator[Fact]:
    """A button, where it says that it was pressed; that it was let go is no press."""
    if isinstance(value, str):
        said = words_of(value)
        if not said or set(said) & NOT_PRESSED:
            return
        word = " ".join(value.lower().replace("_", " ").split())[:40]
        yield Fact(Kind.BUTTON, word.removesuffix(" press") if name == "button_press" else word, field, press=True)
        return
    if isinstance(value, bool):
        clicks = int(value)
    elif isinstance(value, int):
        clicks = value
    else:
        return
    if 0 < clicks <= MOST_CLICKS:
        single = clicks == 1 and "event" not in name
        yield Fact(Kind.BUTTON, "single" if single else str(clicks), field, press=True)


def _alarm(value: object, tracks: bool) -> Iterator[Fact]:
    """An alarm that does not say of what: of a tracker it is its SOS button, else what the device was placed for. In
    several words (`power on`, `sensor failure`) it speaks of the device."""
    if isinstance(value, str) and len(words_of(value)) != 1:
        yield Fact(Kind.OTHER, value[:LONGEST_WORD], field="alarm")
        return
    bit = truth(value)
    if bit is None:
        return
    yield Fact(Kind.EMERGENCY, bit) if tracks else Fact(Kind.OTHER, bit, field="alarm")


def _tracks(said: Said) -> bool:
    """Whether the device says where it is: its alarm flag is then repeated with every position."""
    names = {"_".join(words_of(key)) for key in list(said)[:MOST_VALUES]}
    return bool(names & WHERE) or "tracking_mode" in names or isinstance(said.get("header"), dict)


def _numbered(said: Said) -> Iterator[Fact]:
    """SenseCAP and Yosensi: a list of measurements that each carry their own name."""
    rows: list[object] = []
    for key in ("messages", "measurements"):
        listed = said.get(key)
        for row in listed[:MOST_OTHERS] if isinstance(listed, list) else ():
            rows += row[:MOST_OTHERS] if isinstance(row, list) else [row]
    for row in rows[:MOST_VALUES]:
        if not isinstance(row, dict):
            continue
        name = str(row.get("type") if "measurementValue" in row else row.get("typeName"))[:40]
        value = row.get("measurementValue", row.get("value"))
        if isinstance(value, list):
            yield from named_events(value)
            continue
        how = guess(name)
        if how is not None and how.how in (How.NUMBER, How.BATTERY, How.VOLTS):
            at = str(row.get("address") or "")[:20]
            yield from _leaf("" if at else "_".join(words_of(name)), f"{name} {at}".strip(), value, tracks=True)


def _unsure(said: Said) -> Iterator[Fact]:
    """A list of single remarks, where an alarm and its end may stand side by side: an alarm that does not say which.

    It is what the device was placed for (`devices.registry.meaning`), and an emergency before that (`says_both`).
    """
    rows = said.get("payload")
    for row in rows[:MOST_OTHERS] if isinstance(rows, list) else ():
        for key, value in list(row.items())[:4] if isinstance(row, dict) else ():
            name = "_".join(words_of(key))
            how = guess(name)
            if how is not None and how.kind in (Kind.SMOKE, Kind.GAS, Kind.CO, Kind.FALL, Kind.EMERGENCY):
                bit = truth(value)
                if bit is not None:
                    yield Fact(Kind.OTHER, bit, field="alarm")
            elif how is not None and how.how is not How.PRESS:
                yield from _leaf(name, key, value, tracks=True)


def says_both(said: Said) -> bool:
    """Whether a list has remarks on an alarm: it may say in the next breath that the alarm has ended."""
    return isinstance(said.get("payload"), list) and any(fact.field == "alarm" for fact in _unsure(said))


def unit_of(kind: Kind, value: Value) -> str | None:
    """The unit of a number of this kind."""
    return UNITS.get(kind) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

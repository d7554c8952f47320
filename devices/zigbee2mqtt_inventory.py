"""Zigbee2MQTT's `bridge/devices`: what each device exposes, turned into a `Description`.

Everything here is decided by names, types, access bits and the words of the description, never by a list of models:
a model that is supported next year is understood next year.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from devices.adapter import Description, Property
from devices.events import EMERGENCY_KINDS, UNITS, Kind
from devices.topics import publishable
from devices.zigbee2mqtt_properties import BINARY, ENUMS, IGNORED, IN_WORDS, NUMBERS, Scalar, plain
from devices.zigbee2mqtt_rarer import detects, rarer_binary, rarer_enum

STILL_COUNTS = "; its calls still count"
PUBLISHED = 1
SETTABLE = 2
LONGEST_TEXT = 400
DEEPEST = 6
"""Exposes nest two or three levels; more than this is not an inventory."""

SAYS_IT_CALLS = re.compile(
    r"\b(?:sos|panic|emergency|distress)\b|\bpull[ -]?cord\b|\bpersonal alarm\b"
    r"|\b(?:nurse|help|assistance)[ -]call\b|\bcall[ -](?:button|cord|point)\b",
    re.IGNORECASE,
)
BED = re.compile(r"\b(?:bed|mattress|sleep|sleeping)\b", re.IGNORECASE)
BED_SENSOR = re.compile(
    r"\b(?:sensor|sensing|occupancy|pad|mat|belt|strap|monitor|exit|presence|detector|detection)\b", re.IGNORECASE
)
POWER_SCALE = {"W": 1.0, "kW": 1000.0, "mW": 0.001}

SERIOUS = (
    *(Kind.EMERGENCY, Kind.STAFF_ASSIST, Kind.CALL, Kind.FALL, Kind.SMOKE, Kind.CO, Kind.GAS),
    *(Kind.WATER_LEAK, Kind.BED, Kind.BUTTON, Kind.CONTACT, Kind.MOTION, Kind.OCCUPANCY, Kind.LOCK),
    *(Kind.LIGHT, Kind.SWITCH, Kind.COVER, Kind.VIBRATION, Kind.POWER, Kind.TEMPERATURE, Kind.HUMIDITY),
    *(Kind.TAMPER, Kind.AVAILABILITY, Kind.BATTERY, Kind.OTHER),
)
"""Kinds from the most to the least serious: a device is named after the first it has."""

Expose = dict[str, object]


def serious_first(kinds: frozenset[Kind]) -> tuple[Kind, ...]:
    """The kinds in the order of `SERIOUS`."""
    return tuple(kind for kind in SERIOUS if kind in kinds)


def address(base: str, friendly_name: str) -> str:
    """The device's address, which is also the topic of its state."""
    return f"{base}/{friendly_name}"


def topics_of(device: str) -> tuple[str, ...]:
    """Its state, and what hangs below it: `/action`, and each value where the home chose plain output."""
    return (device, f"{device}/+") if publishable(f"{device}/x") else ()


def describe(base: str, entry: Expose) -> Description | None:
    """One element of `bridge/devices`; the coordinator and what has no name are no devices."""
    name = entry.get("friendly_name")
    if not isinstance(name, str) or not name or entry.get("type") == "Coordinator":
        return None
    device = address(base, name)
    definition = entry.get("definition")
    if not isinstance(definition, dict):
        return Description(
            device=device,
            name=name,
            ecosystem="zigbee2mqtt",
            kinds=(),
            kind=Kind.OTHER,
            topics=topics_of(device),
            model=_text(entry.get("model_id")),
            vendor=_text(entry.get("manufacturer")),
            unclear="Zigbee2MQTT does not know this model; its values are read by name",
        )
    text = _text(definition.get("description"))[:LONGEST_TEXT]
    exposes = list(_flat(definition.get("exposes"), None, 0))
    properties = _properties(exposes, text)
    kinds = frozenset(prop.kind for prop in properties if not _is_control(prop))
    if any(kind is Kind.BUTTON for kind in kinds) and _names_an_emergency(exposes):
        kinds |= {Kind.EMERGENCY}
    calls = bool(kinds & EMERGENCY_KINDS)
    twice = _said_twice(exposes, text)
    text_calls = not calls and Kind.LIGHT not in kinds and Kind.BUTTON in kinds and bool(SAYS_IT_CALLS.search(text))
    ordered = serious_first(kinds)
    return Description(
        device=device,
        name=name,
        ecosystem="zigbee2mqtt",
        kinds=ordered,
        kind=ordered[0] if ordered else Kind.OTHER,
        topics=topics_of(device),
        model=_text(definition.get("model")),
        vendor=_text(definition.get("vendor")),
        text=text,
        properties=tuple(properties),
        commands=_commands(exposes),
        can_call=calls or text_calls,
        unclear=f"only its description says that it calls: {text}" if text_calls else twice,
    )


def _said_twice(exposes: list[tuple[Expose, str | None]], text: str) -> str:
    """Why a device is unclear whose inventory says of one value that it is two things; empty where it does not."""
    said: dict[str, list[str]] = {}
    for expose, parent in exposes:
        for prop in _properties([(expose, parent)], text):
            kinds = said.setdefault(prop.name, [])
            kinds += [prop.kind.value.replace("_", " ")] if prop.kind.value.replace("_", " ") not in kinds else []
    found = [f"{name} is {' and '.join(kinds)}" for name, kinds in said.items() if len(kinds) > 1]
    return f"its inventory says that {'; '.join(found[:3])}: the more serious counts" if found else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _access(expose: Expose) -> int:
    access = expose.get("access")
    return access if isinstance(access, int) else PUBLISHED


def _values(expose: Expose) -> tuple[str, ...]:
    values = expose.get("values")
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def _flat(exposes: object, parent: str | None, depth: int) -> Iterator[tuple[Expose, str | None]]:
    """Every expose with the type it is nested in. A composite is one value, so what is inside it is not walked."""
    if not isinstance(exposes, list) or depth > DEEPEST:
        return
    for expose in exposes:
        if not isinstance(expose, dict):
            continue
        kind = expose.get("type")
        features = expose.get("features")
        if kind != "composite" and isinstance(features, list):
            yield from _flat(features, kind if isinstance(kind, str) else None, depth + 1)
        elif isinstance(expose.get("property"), str) and isinstance(expose.get("name"), str):
            yield expose, parent


def _properties(exposes: list[tuple[Expose, str | None]], text: str) -> list[Property]:
    is_bed = bool(BED.search(text) and BED_SENSOR.search(text)) and not any(parent == "light" for _, parent in exposes)
    alarm = detects(text, (str(expose["name"]) for expose, _ in exposes if expose.get("type") == "binary"))
    found: dict[str, Property] = {}
    for expose, parent in exposes:
        prop = _control(expose) or (_fact(expose, parent, is_bed, alarm) if _access(expose) & PUBLISHED else None)
        if prop is not None and _is_sooner(prop, found.get(prop.name)):
            found[prop.name] = prop
    if any(prop.kind is Kind.LOCK and prop.name == "state" for prop in found.values()):
        found.pop("lock_state", None)
    plainly = {prop.kind for prop in found.values() if prop.on is not None}
    for prop in [prop for prop in found.values() if prop.kind in IN_WORDS & plainly and prop.on is None]:
        if prop.kind is not Kind.EMERGENCY or not prop.active_values:
            found.pop(prop.name, None)  # the same once more in words
    if any(
        prop.kind is Kind.BATTERY and prop.name not in ("battery_state", "battery_level") for prop in found.values()
    ):
        found.pop("battery_state", None)
        found.pop("battery_level", None)
    return list(found.values())


def _is_sooner(prop: Property, other: Property | None) -> bool:
    """Whether a property is kept rather than another of its name: of two kinds the more serious, else the first."""
    return other is None or SERIOUS.index(prop.kind) < SERIOUS.index(other.kind)


def contradiction(entries: list[Description]) -> Description:
    """One device of several entries with its name: all that any of them says, unclear where they do not agree."""
    first = entries[0]
    if all(entry == first for entry in entries):
        return first
    calls = any(entry.can_call for entry in entries)
    kinds = serious_first(frozenset(kind for entry in entries for kind in entry.kinds))
    said = " and as ".join(dict.fromkeys(entry.text or entry.model or entry.kind.value for entry in entries))
    best: dict[str, Property] = {}
    for prop in (prop for entry in entries for prop in entry.properties):
        if _is_sooner(prop, best.get(prop.name)):
            best[prop.name] = prop
    return replace(
        first,
        kinds=kinds,
        kind=kinds[0] if kinds else Kind.OTHER,
        properties=tuple(best.values()),
        commands=tuple(dict.fromkeys(word for entry in entries for word in entry.commands)),
        can_call=calls,
        unclear=f"the inventory has it more than once, as {said}{STILL_COUNTS if calls else ''}",
    )


def _fact(expose: Expose, parent: str | None, is_bed: bool, alarm: Kind | None) -> Property | None:
    """What one published value is."""
    kind = expose.get("type")
    if kind == "binary":
        return _binary(expose, parent, is_bed, alarm)
    if kind == "numeric":
        return _numeric(expose, parent)
    if kind == "enum":
        return _enum(expose, parent, is_bed, alarm)
    return _other(expose, parent) if kind == "text" else None


def _binary(expose: Expose, parent: str | None, is_bed: bool, alarm: Kind | None) -> Property | None:
    name, prop = str(expose["name"]), str(expose["property"])
    on, off = _scalar(expose.get("value_on")), _scalar(expose.get("value_off"))
    if name == "state" and parent in ("switch", "light", "lock", None):
        kinds = {"light": Kind.LIGHT, "lock": Kind.LOCK}
        if {on, off} == {"LOCK", "UNLOCK"}:
            return Property(name=prop, kind=Kind.LOCK, on="LOCK", off="UNLOCK")
        return Property(name=prop, kind=kinds.get(parent or "", Kind.SWITCH), on=on, off=off)
    if parent in ("composite", "list", "climate", "fan"):
        return None
    base = plain(name)
    if base == "battery_low" or base.endswith("_battery_low"):
        return Property(name=prop, kind=Kind.BATTERY, on=on, off=off)
    if base == "contact":
        if is_bed:
            return Property(name=prop, kind=Kind.BED, on=on, off=off, clear=False)
        return Property(name=prop, kind=Kind.CONTACT, on=on, off=off, clear=on is False and off is True)
    kind = BINARY.get(base)
    if kind is Kind.OCCUPANCY and is_bed:
        kind = Kind.BED
    if kind is not None:
        return Property(name=prop, kind=kind, on=on, off=off)
    if _access(expose) & SETTABLE:
        return None
    if base == "pressure":
        return Property(name=prop, kind=Kind.BED if is_bed else Kind.OCCUPANCY, on=on, off=off)
    found = None if _is_about_itself(expose) else rarer_binary(name, prop, on, off, alarm)
    return found or _other(expose, None, on, off)


def _is_about_itself(expose: Expose) -> bool:
    return expose.get("category") in ("config", "diagnostic")


def _numeric(expose: Expose, parent: str | None) -> Property | None:
    name, prop, unit = str(expose["name"]), str(expose["property"]), _text(expose.get("unit")) or None
    if parent == "cover":
        return Property(name=prop, kind=Kind.COVER, unit="%") if name == "position" else None
    kind = NUMBERS.get(plain(name))
    if kind is Kind.POWER:
        scale = POWER_SCALE.get(unit or "W")
        return Property(name=prop, kind=kind, unit="W", scale=scale) if scale else _other(expose, parent)
    if kind is Kind.BATTERY:
        return Property(name=prop, kind=kind, unit="%") if unit in ("%", None) else _other(expose, parent)
    if kind is not None and not (kind is Kind.TEMPERATURE and _access(expose) & SETTABLE):
        return Property(name=prop, kind=kind, unit=unit if kind is Kind.TEMPERATURE else UNITS[kind])
    return _other(expose, parent)


def _enum(expose: Expose, parent: str | None, is_bed: bool, alarm: Kind | None) -> Property | None:
    name, prop, values = str(expose["name"]), str(expose["property"]), _values(expose)
    if name in ("action", "click"):
        return Property(name=prop, kind=Kind.BUTTON)
    if parent == "lock" and name == "lock_state":
        return Property(name=prop, kind=Kind.LOCK, on="locked", off="unlocked")
    if parent == "cover" and name == "state":
        return Property(name=prop, kind=Kind.COVER, on="OPEN", off="CLOSE")
    if _access(expose) & SETTABLE or parent is not None:
        return None
    if ENUMS.get(name) is Kind.FALL:
        return Property(name=prop, kind=Kind.FALL)
    found = rarer_enum(name, prop, values, alarm)
    if found is not None:
        return found
    if name == "pressure_state" or (is_bed and name in ("occupancy", "presence", "bed_state", "state")):
        active = tuple(value for value in values if value not in ("none", "empty", "unoccupied", "out_of_bed"))
        return Property(name=prop, kind=Kind.BED if is_bed else Kind.OCCUPANCY, active_values=active)
    if name in ("battery_state", "battery_level") and "low" in values:
        return Property(name=prop, kind=Kind.BATTERY, on="low", off=next((v for v in values if v != "low"), None))
    return _other(expose, parent)


def _other(
    expose: Expose,
    parent: str | None,
    on: Scalar | None = None,
    off: Scalar | None = None,
) -> Property | None:
    """A fact that fits no kind is kept and shown; a setting, a diagnosis or bookkeeping is no fact about the home."""
    if _access(expose) & SETTABLE or parent is not None or _is_about_itself(expose):
        return None
    if expose["name"] in IGNORED:
        return None
    return Property(
        name=str(expose["property"]), kind=Kind.OTHER, unit=_text(expose.get("unit")) or None, on=on, off=off
    )


def _scalar(value: object) -> Scalar | None:
    return value if isinstance(value, (str, bool, int, float)) else None


def _names_an_emergency(exposes: list[tuple[Expose, str | None]]) -> bool:
    words = {"emergency", "panic", "sos"}
    return any(expose.get("name") == "action" and words & set(_values(expose)) for expose, _ in exposes)


def _control(expose: Expose) -> Property | None:
    """What makes a siren sound or be silent: the word for each, kept as the property's two states."""
    name, prop, values = str(expose["name"]), str(expose["property"]), _values(expose)
    if not _access(expose) & SETTABLE:
        return None
    if name == "warning" and expose.get("type") == "composite":
        levels = next((_values(f) for f in _features(expose) if f.get("name") == "level"), ())
        modes = next((_values(f) for f in _features(expose) if f.get("name") == "mode"), ())
        loud = next(
            (mode for mode in ("emergency", "emergency_panic", "burglar", "fire") if mode in modes), "emergency"
        )
        return Property(name=prop, kind=Kind.OTHER, on=loud, off="stop", active_values=levels)
    if name in ("alarm", "siren", "siren_on") and expose.get("type") == "binary":
        return Property(
            name=prop, kind=Kind.SWITCH, on=_scalar(expose.get("value_on")), off=_scalar(expose.get("value_off"))
        )
    if name == "alarm" and expose.get("type") == "enum":
        loud = next((v for v in values if v in ("burglar", "emergency", "fire", "on", "alarm")), "")
        quiet = next((v for v in values if v in ("stop", "off", "normal")), "")
        return Property(name=prop, kind=Kind.OTHER, on=loud, off=quiet) if loud and quiet else None
    if name in ("trigger_alarm", "stop_alarm") and values:
        return Property(name=prop, kind=Kind.OTHER, on=values[0])
    if name in ("alarm_duration", "duration") and expose.get("unit") == "s":
        return Property(name=prop, kind=Kind.OTHER, unit="s")
    return None


CONTROLS = ("warning", "alarm", "siren", "siren_on", "trigger_alarm")
"""How a siren is told to sound, the first that it has."""


SETPOINTS = ("occupied_heating_setpoint", "current_heating_setpoint")
"""What a thermostat's set point may be called; its property is one of the command words too, an endpoint behind it."""


def _is_control(prop: Property) -> bool:
    of_a_siren = (*CONTROLS, "stop_alarm", "alarm_duration", "duration")
    return prop.name in of_a_siren and prop.kind in (Kind.OTHER, Kind.SWITCH)


def _features(expose: Expose) -> list[Expose]:
    features = expose.get("features")
    return [feature for feature in features if isinstance(feature, dict)] if isinstance(features, list) else []


def _commands(exposes: list[tuple[Expose, str | None]]) -> tuple[str, ...]:
    """The command words the device takes."""
    words: list[str] = []
    for expose, parent in exposes:
        name = str(expose["name"])
        if not _access(expose) & SETTABLE:
            continue
        if name == "state" and parent in ("light", "switch"):
            words += ["turn_on", "turn_off"]
        elif parent == "light" and name in ("brightness", "color_temp"):
            words.append(name)
        elif parent == "lock" and name == "state":
            words += ["lock", "unlock"]
        elif parent == "cover" and name in ("state", "position"):
            words.append("open_close" if name == "state" else "position")
        elif parent == "climate" and name in SETPOINTS:
            words += ["set_temperature", str(expose["property"])]
        elif _control(expose) is not None and name in CONTROLS:
            words.append("sound")
    if any(parent == "light" for _, parent in exposes):
        words.append("transition")
    return tuple(dict.fromkeys(words))

"""What a Homie device says of itself, and what its values mean.

Homie lets devices name their values as they like, so a property is what its name says, with datatype, unit and format
as witnesses (`devices.names`); where its own name is a general one (`power`, `state`, `on`), its node's says of what.
"""

from __future__ import annotations

from dataclasses import replace

import orjson

from devices.adapter import Description, Property
from devices.events import EMERGENCY_KINDS, UNITS, Kind, Value, canonical
from devices.names import SOUND, How, battery, guess, happened, opening, reading, says_it_calls, truth, words_of
from devices.topics import addressable
from devices.zigbee2mqtt_inventory import serious_first

REPEAT_WINDOW_MS = 300
"""A message of QoS 1 may come twice; Homie itself says a thing once."""
MOST_PROPERTIES = 300
LONGEST_INTERVAL_S = 366 * 86_400
SETTABLE, MOMENTARY = "set ", "momentary "
"""Beginnings of the words among a description's `commands` that say what may be done with a property."""
GENERAL = frozenset(
    {"power", "state", "on", "onoff", "switch", "value", "status", "active", "detected", "relay", "set"}
)
OF_WHAT = (
    GENERAL
    | {"open", "opened", "closed", "occupied", "occupancy", "presence", "alarm", "level", "press", "pressed", "pulled"}
    | {"call", "triggered", "activated", "event", "action", "gesture"}
)
"""Words that the node's name belongs to: `door/open`, `bed/occupied`."""
LAMPS = frozenset({"light", "lights", "lamp", "led", "dimmer", "bulb"})
SOCKETS = frozenset({"switch", "relay", "socket", "plug", "outlet"})
SIRENS = frozenset({"siren", "sounder", "buzzer", "horn"})
COVERS = frozenset({"cover", "blind", "shutter", "curtain"})
TARGETS = frozenset({"target", "set", "setpoint"})
LEVELS = frozenset({"brightness", "dim", "level", "intensity"})
ONE_OF_TWO = frozenset({Kind.SWITCH, Kind.LIGHT, Kind.COVER, Kind.LOCK, Kind.BUTTON, Kind.CONTACT, Kind.EMERGENCY})
DATATYPES = frozenset({"boolean", "integer", "float", "enum", "string", "color", "datetime", "duration", "json"})


def empty(ecosystem: str, device: str) -> Description:
    """A device of which nothing is known but that it is there."""
    name = device.rsplit("/", 1)[-1]
    calls = says_it_calls(name)
    return Description(
        device=device,
        name=name,
        ecosystem=ecosystem,
        kinds=(),
        kind=Kind.OTHER,
        topics=(f"{device}/+/+",),
        can_call=calls,
        unclear="only its name says that it calls for help" if calls else "",
    )


def named(before: Description | None, ecosystem: str, device: str, said: str) -> Description | None:
    """`$name`: what people call it."""
    if not said:
        return before
    return summed(replace(before or empty(ecosystem, device), name=said[:120]))


def speaks_every(before: Description | None, ecosystem: str, device: str, said: str) -> Description | None:
    """`$stats/interval`: it says its statistics at least this often, in seconds."""
    seconds = reading(said)
    if seconds is None or not 1 <= seconds <= LONGEST_INTERVAL_S:
        return before
    return replace(before or empty(ecosystem, device), checks_in_s=round(seconds))


def noted(
    before: Description | None, ecosystem: str, device: str, name: str, attribute: str, said: str
) -> Description | None:
    """One attribute of one property (Homie 4): they come one by one and in any order."""
    base = before or empty(ecosystem, device)
    props = {prop.name: prop for prop in base.properties}
    if len(props) >= MOST_PROPERTIES and name not in props:
        return before
    words = [word for word in base.commands if word.startswith((SETTABLE, MOMENTARY))]
    prop = props.get(name) or _property(name, "string", None, None)
    if attribute == "$datatype":
        prop = _property(name, said, prop.unit, ",".join(prop.active_values) or None)
    elif attribute == "$unit":
        prop = _property(name, _datatype(prop), said or None, ",".join(prop.active_values) or None)
    elif attribute == "$format":
        prop = _property(name, _datatype(prop), prop.unit, said or None)
    elif attribute in ("$settable", "$retained"):
        word = f"{SETTABLE if attribute == '$settable' else MOMENTARY}{name}"
        words = [other for other in words if other != word]
        if (said == "true") == (attribute == "$settable"):
            words.append(word)
    else:
        return before
    props[name] = prop
    return summed(replace(base, properties=tuple(props.values()), commands=tuple(words)))


def described(ecosystem: str, device: str, said: str) -> Description | str:
    """`$description` (Homie 5): everything at once, or why it cannot be read."""
    try:
        data: object = orjson.loads(said)
    except orjson.JSONDecodeError as error:
        return f"the description of {device} is not JSON: {error}"
    if not isinstance(data, dict):
        return f"the description of {device} is not a JSON object"
    props: list[Property] = []
    words: list[str] = []
    nodes = data.get("nodes")
    for node, about in nodes.items() if isinstance(nodes, dict) else ():
        listed = about.get("properties") if isinstance(about, dict) else None
        for key, row in listed.items() if isinstance(listed, dict) else ():
            if not isinstance(row, dict) or len(props) >= MOST_PROPERTIES:
                continue
            name = f"{node}/{key}"
            props.append(_property(name, _text(row.get("datatype")), _text(row.get("unit")), _text(row.get("format"))))
            words += [f"{SETTABLE}{name}"] if row.get("settable") is True else []
            words += [f"{MOMENTARY}{name}"] if row.get("retained") is False else []
    name = _text(data.get("name")) or device.rsplit("/", 1)[-1]
    root = _text(data.get("root")) or _text(data.get("parent")) or ""
    base = replace(
        empty(ecosystem, device),
        name=name[:120],
        model=(_text(data.get("type")) or "")[:120],
        gateway=f"{device.rpartition('/')[0]}/{root}" if root and addressable(root) and "/" not in root else "",
    )
    return summed(replace(base, properties=tuple(props), commands=tuple(words)))


def momentary(description: Description | None, name: str) -> bool:
    """Whether a value is a thing that happens, not one that is."""
    return description is not None and f"{MOMENTARY}{name}" in description.commands


def value_of(
    name: str, said: str, prop: Property | None, *, told_apart: bool = False
) -> tuple[Kind, Value, str | None, str | None] | None:
    """Kind, value, unit and field of what a property says; `None` where it says nothing. `told_apart` where its device
    has another that would have no field either."""
    if prop is None:
        prop = _property(name, "boolean" if said in ("true", "false") else "string", None, None)
    kind = prop.kind
    told = happened(name, said) if kind in (Kind.BUTTON, Kind.OTHER) else None
    if told is not None:
        return *told, None, name[:80] if told_apart else None
    field = None if is_ordinary(name, kind) and not told_apart else name[:80]
    if kind is Kind.OTHER:
        number = reading(said)
        words: Value = said == "true" if said in ("true", "false") else number if number is not None else said[:200]
        return kind, words, prop.unit, name[:80]
    how = _how(name)
    if kind in (Kind.SWITCH, Kind.LIGHT):
        bit = truth(said)
        return None if bit is None else (kind, canonical(kind, bit), None, field)
    if kind is Kind.BUTTON:
        return _gesture(said, field)
    if kind is Kind.BATTERY:
        level = battery(truth(said) if said in ("true", "false") else said, how)
        return None if level is None else (kind, level, UNITS[kind] if _is_number(level) else None, field)
    if kind in SOUND:
        return _number(kind, said, prop.unit, field)
    if kind is Kind.CONTACT:
        return kind, opening(truth(said) if said in ("true", "false") else said, _opens(name)), None, field
    if kind in (Kind.LOCK, Kind.COVER):
        return kind, _latch(kind, name, said), None, field
    bit = truth(said)
    return kind, None if bit is None else canonical(kind, bit), None, field


def _gesture(said: str, field: str | None) -> tuple[Kind, Value, str | None, str | None] | None:
    if said in ("false", "0") or set(words_of(said)) & {"released", "release", "none", "idle"}:
        return None
    return Kind.BUTTON, "single" if said in ("true", "1") else said[:40], None, field


def _number(kind: Kind, said: str, unit: str | None, field: str | None) -> tuple[Kind, Value, str | None, str | None]:
    number = reading(said)
    if number is not None and unit in ("°F", "F") and kind is Kind.TEMPERATURE:
        number = round((number - 32) / 1.8, 2)
    if number is not None and unit == "kW":
        number = number * 1000
    low, high = SOUND[kind]
    if number is None or not low <= number <= high:
        return kind, None, UNITS[kind], field
    return kind, number, UNITS[kind], field


def _latch(kind: Kind, name: str, said: str) -> Value:
    """A lock or a cover, in its own words; `true` only where the name says of what."""
    words = set(words_of(said))
    if kind is Kind.LOCK:
        if words & {"locked", "lock"}:
            return "locked"
        if words & {"unlocked", "unlock"}:
            return "unlocked"
        bit = truth(said) if words_of(name)[-1:] == ("locked",) else None
        return None if bit is None else canonical(kind, bit)
    return opening(said, None)


def _property(name: str, datatype: str | None, unit: str | None, form: str | None) -> Property:
    """A property of this name: what kind it is, and what its two states are called."""
    datatype = datatype if datatype in DATATYPES else "string"
    kind = _kind(name, datatype, unit)
    is_bool = datatype == "boolean"
    values = tuple(word.strip()[:40] for word in (form or "").split(",")[:32]) if form else ()
    on: str | bool | None = "true" if is_bool else None
    off: str | bool | None = "false" if is_bool else None
    if datatype == "enum" and kind in (Kind.SWITCH, Kind.LIGHT):
        on = next((word for word in values if truth(word) is True), None)
        off = next((word for word in values if truth(word) is False), None)
    return Property(name=name, kind=kind, on=on, off=off, unit=unit or None, active_values=values)


def _kind(name: str, datatype: str, unit: str | None) -> Kind:
    node, _, own = name.partition("/")
    words, of = set(words_of(own)), set(words_of(node))
    two_valued = datatype in ("boolean", "enum", "string")
    if unit in ("°C", "°F") and not words & TARGETS:
        return Kind.TEMPERATURE
    if unit in ("W", "kW"):
        return Kind.POWER
    if two_valued and words and words <= (GENERAL | LAMPS | SOCKETS | SIRENS):
        if (words | of) & LAMPS:
            return Kind.LIGHT
        if (words | of) & (SOCKETS | SIRENS):
            return Kind.SWITCH
    if two_valued and "lock" in words | of and words & (GENERAL | {"lock", "locked"}):
        return Kind.LOCK
    if two_valued and words & COVERS:
        return Kind.COVER
    how = (_how_named(f"{node} {own}") if words <= OF_WHAT else None) or _how_named(own)
    if how is None or (how[1] is How.NUMBER and datatype in ("boolean", "enum")):
        return Kind.OTHER
    if how[0] in EMERGENCY_KINDS and not two_valued:
        return Kind.OTHER
    return how[0]


def _rarer(prop: Property) -> list[str]:
    """The command words of a lock, a cover and a thermostat."""
    name = set(words_of(prop.name))
    said = {word for value in prop.active_values for word in words_of(value)}
    if prop.kind is Kind.LOCK:
        bit = prop.on == "true" and words_of(prop.name)[-1:] == ("locked",)
        return ["lock", "unlock"] if bit or said & {"lock", "locked"} else []
    if name & COVERS:
        return ["position"] if "position" in name else ["open_close"] if "open" in said else []
    return ["set_temperature"] if prop.unit == "°C" and name & TARGETS else []


def _how_named(name: str) -> tuple[Kind, How] | None:
    found = guess(name)
    return None if found is None else (found.kind, found.how)


def _how(name: str) -> How:
    node, _, own = name.partition("/")
    found = (guess(f"{node} {own}") if set(words_of(own)) <= OF_WHAT else None) or guess(own)
    return found.how if found is not None else How.BINARY


def _opens(name: str) -> int | None:
    """The bit that means open: documented nowhere, so only a name that says it tells."""
    words = set(words_of(name.partition("/")[2]))
    if words & {"closed", "shut"}:
        return 0
    return 1 if words & {"open", "opened", "door", "window"} else None


def is_ordinary(name: str, kind: Kind) -> bool:
    """Whether a property is called what its kind is ordinarily called: then its events need no field."""
    own = name.rpartition("/")[2].replace("-", "_")
    return own in (kind.value, "power", "state", "on", "contact", "sos", "panic", "press", "action", "leak", "level")


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _datatype(prop: Property) -> str:
    """The datatype a property was read with, as far as it still shows."""
    return "boolean" if prop.on == "true" else "enum" if prop.on is not None else "string"


def is_told(description: Description, prop: Property) -> bool:
    """Whether a property is an output: something that is switched, moved, locked or set to a temperature."""
    if f"{SETTABLE}{prop.name}" not in description.commands:
        return False
    return prop.kind in (Kind.SWITCH, Kind.LIGHT, Kind.LOCK) or bool(_rarer(prop))


def several(description: Description | None, prop: Property | None) -> bool:
    """Whether a device has two outputs, or two buttons, of one kind that both are called what that kind ordinarily is:
    `left/state` and `right/state`. Their events must not be taken for each other's."""
    if description is None or prop is None or prop.kind not in ONE_OF_TWO:
        return False
    same = (one for one in description.properties if one.kind is prop.kind and is_ordinary(one.name, one.kind))
    return sum(1 for _ in same) > 1


def summed(item: Description) -> Description:
    """The description with what follows from its properties: its kinds, what it can be told, whether it calls."""
    kinds = frozenset(prop.kind for prop in item.properties)
    ordered = serious_first(kinds)
    told = [word for word in item.commands if word.startswith((SETTABLE, MOMENTARY))]
    able = [prop for prop in item.properties if f"{SETTABLE}{prop.name}" in told]
    outputs = [prop for prop in able if prop.kind in (Kind.SWITCH, Kind.LIGHT)]
    sirens = [prop for prop in outputs if set(words_of(prop.name)) & SIRENS]
    words = ["turn_on", "turn_off"] if len(outputs) > len(sirens) else []
    words += ["sound"] if sirens else []
    for prop in able:
        own = set(words_of(prop.name.partition("/")[2]))
        words += ["brightness"] if own & LEVELS and "brightness" not in words else []
        words += _rarer(prop)
        words += ["color_temp"] if own >= {"color", "temperature"} and "color_temp" not in words else []
    calls = bool(kinds & EMERGENCY_KINDS)
    says = not calls and says_it_calls(item.name, item.model, item.device.rsplit("/", 1)[-1])
    return replace(
        item,
        kinds=ordered,
        kind=ordered[0] if ordered else Kind.OTHER,
        commands=(*dict.fromkeys(words), *told),
        can_call=calls or says,
        unclear="only its name says that it calls for help" if says else "",
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None

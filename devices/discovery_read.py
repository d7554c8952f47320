"""One payload through one reading: the event it means, or nothing."""

from __future__ import annotations

import math
from dataclasses import replace

from devices.discovery_kinds import happened, names_emergency, slug
from devices.entity import How, Read
from devices.events import EMERGENCY_KINDS, Event, Kind, Value
from devices.names import calls, hazard_told
from devices.registry import NOT_A_CALL, is_release
from devices.spoken import hazard, spoken
from devices.template_values import NO_JSON, NotAValue, Unusable, json_of
from devices.zigbee2mqtt_properties import EMERGENCY_ACTIONS, ON_WORDS, fall

NOT_READINGS = frozenset({"", "unavailable", "unknown", "none", "null", "nan", "inf", "-inf", "undefined"})
GESTURES = frozenset({"single", "double", "triple", "hold", "long", "short", "click", "clicked", "push", "pushed"})
CALLED = {"1": True, "0": False}
LONGEST_VALUE = 200
MOST_VALUES = 200


def event_of(device: str, read: Read, text: str, data: object, window_ms: int) -> Event | None:
    """What this reading makes of a payload; `data` is the payload as JSON, or `NO_JSON`."""
    said = _said(read, text, data)
    if said is None:
        return None
    if said.casefold() in NOT_READINGS and said not in read.words:
        return None
    if read.how is How.TEXT:
        read = _told(read, said)
    if read.how is How.PRESS or read.how is How.EVENT:
        return _press(device, read, said, window_ms)
    value = _value(read, said)
    if value is None and read.how is How.SPOKEN:
        return Event(device=device, kind=Kind.OTHER, value=said[:LONGEST_VALUE], field=read.field or read.kind.value)
    if value is None and not (read.how is How.WORDS and said in read.words):
        return None
    is_press = value is True and (read.momentary or (read.how is How.SPOKEN and said.casefold() in GESTURES))
    return Event(
        device=device,
        kind=read.kind,
        value=value,
        unit=read.unit,
        field=read.field,
        press=is_press,
        repeat_window_ms=window_ms if is_press else 0,
    )


def _said(read: Read, text: str, data: object) -> str | None:
    """The text that the reading finds in a payload."""
    if not read.template:
        return text.strip()
    from devices.templates import usable

    template = usable(read.template)
    if isinstance(template, Unusable):
        return _without_template(read, text, data)
    try:
        return template.of(text, data)
    except NotAValue:
        return None


def _without_template(read: Read, text: str, data: object) -> str | None:
    """Its template is not evaluated; an emergency is still looked for in the payload as it came."""
    if read.kind not in EMERGENCY_KINDS and read.how not in (How.PRESS, How.EVENT):
        return None
    if not isinstance(data, dict):
        return text.strip()
    action = data.get("action", data.get("event_type"))
    if read.how in (How.PRESS, How.EVENT) and isinstance(action, str) and (action in read.words or not read.words):
        return action
    wanted = {word for word in read.words if word} or EMERGENCY_ACTIONS if read.how is How.PRESS else EMERGENCY_ACTIONS
    for key, value in list(data.items())[:MOST_VALUES]:
        if isinstance(value, str) and value in wanted:
            return value
        if names_emergency(slug(key[:64])) and isinstance(value, (bool, str)) and value in ON_WORDS:
            return next((word for word, meaning in read.words.items() if meaning is True), "emergency")
    return None


def _told(read: Read, said: str) -> Read:
    """A text that says an alarm: one that its words name (`event`: `SOS pressed`, `fall_detected`), which is a press,
    as nobody knows the word that would take it back; or one that its name alone says (`smoke`: `detected`)."""
    name = read.field or ""
    if "last" in name.split("_"):
        return read
    told = Kind.EMERGENCY if calls(name, said) else hazard_told(name, said)
    if told is not None:
        return replace(read, how=How.PRESS, kind=told, words={})
    kind = hazard(f"{name}_state")
    if kind is not None and spoken(kind, said) is not None:
        return replace(read, how=How.SPOKEN, kind=kind)
    return read


def _value(read: Read, said: str) -> Value:
    if read.how is How.WORDS:
        return _word(read, said)
    if read.how is How.NUMBER:
        return _number(read, said)
    if read.how is How.FALL:
        return read.words.get(said.casefold(), fall(said))
    if read.how is How.SPOKEN:
        return _spoken(read.kind, said)
    return said[:LONGEST_VALUE]


def _spoken(kind: Kind, said: str) -> Value:
    """Words of its own; of a thing that only calls, a gesture or a bare 1 as well."""
    if kind is Kind.EMERGENCY and (said in CALLED or said.casefold() in GESTURES):
        return CALLED.get(said, True)
    return spoken(kind, said)


def _word(read: Read, said: str) -> Value:
    if said in read.words:
        return read.words[said]
    folded = said.casefold()
    for word, meaning in read.words.items():
        if word.casefold() == folded:
            return meaning
    # A word that was not announced is no value, unless somebody may be calling with it.
    alarming = read.kind in EMERGENCY_KINDS and (said in ON_WORDS or folded in ON_WORDS or folded in EMERGENCY_ACTIONS)
    return True if alarming else None


def _number(read: Read, said: str) -> Value:
    try:
        number = float(said)
    except ValueError:
        return None
    if not math.isfinite(number) or (read.kind is Kind.BATTERY and not 0 <= number <= 100):
        return None
    if read.scale == 1.0 and read.offset == 0.0:
        return int(number) if number.is_integer() and "." not in said and abs(number) < 2**53 else number
    return round(number * read.scale + read.offset, 3)


def _press(device: str, read: Read, said: str, window_ms: int) -> Event | None:
    """A press: an emergency where its trigger, its type or the name of the whole names one."""
    gesture: Value
    if read.how is How.PRESS:
        gesture = read.words.get(said, read.words.get("")) if read.words else said
        if gesture is None:
            return None
        kind = Kind.EMERGENCY if said.casefold() in EMERGENCY_ACTIONS else read.kind
    else:
        data = json_of(said.encode())
        found = data.get("event_type") if isinstance(data, dict) else said if data is NO_JSON else None
        if not isinstance(found, str) or not found or found.casefold() in NOT_READINGS:
            return None
        says = happened(found)
        if read.words and found not in read.words and says is None:
            return None
        return _pressed(device, read, says or _otherwise(read.kind, found), found, window_ms)
    return _pressed(device, read, kind, gesture, window_ms)


def _otherwise(kind: Kind, said: str) -> Kind:
    """What an event of this kind is whose type does not say what happened."""
    if kind is Kind.EMERGENCY and (is_release(slug(said)) or NOT_A_CALL.fullmatch(slug(said))):
        return Kind.BUTTON
    return Kind.BUTTON if kind is Kind.FALL and fall(said) is not True else kind


def _pressed(device: str, read: Read, kind: Kind, gesture: Value, window_ms: int) -> Event:
    return Event(
        device=device,
        kind=kind,
        value=str(gesture)[:64] if kind is Kind.BUTTON else True,
        field=None if kind is Kind.EMERGENCY else read.field,
        press=True,
        repeat_window_ms=window_ms,
    )

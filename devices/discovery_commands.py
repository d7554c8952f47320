"""Commands as discovered devices take them: on the topics and in the words of their introduction.

| it is told | sends |
|---|---|
| `TurnOn`, `TurnOff` | each light of the device, or, where it has none, each switch (a light: see below) |
| `Sound` | the siren's JSON or template with duration and loudness; 0 s turns it off |
| `SetCover` | open, close, stop; a position in the cover's own scale |
| `Lock`, `Unlock` | the lock's words; a lock that wants a code is refused |
| `SetTemperature` | the thermostat's set point, within its bounds |
| `Say` | the text, to a `notify` component whose name says that it speaks |

A light of the schemas basic, json and template, with brightness in its own scale, colour temperature in mired or
kelvin, and a fade where its schema knows one.

Sources: Home Assistant's documentation "MQTT light" (the three schemas), "MQTT switch", "MQTT siren", "MQTT cover",
"MQTT lock", "MQTT climate", "MQTT notify".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import orjson

from devices.adapter import Description, Known, Message, Refused
from devices.commands import (
    WORDED,
    Command,
    Lock,
    Say,
    SetCover,
    SetTemperature,
    Sound,
    TurnOff,
    TurnOn,
    Unlock,
)
from devices.discovery_config import number, text, truth
from devices.discovery_kinds import SPEAKS
from devices.entity import Entity
from devices.template_values import NotAValue, Unusable
from devices.topics import publishable

LOUDNESS = {"emergency": 1.0, "urgent": 0.8, "call": 0.5}
LONGEST_SOUND_S = 1800
LONGEST_SPEECH = 1000
MIRED_K = 1_000_000

Sent = list[Message] | Refused


def words_of(entity: Entity) -> tuple[str, ...]:
    """The command words that this part of a device takes."""
    has = entity.settings
    if entity.component == "light" and "command_topic" in has:
        words = ["turn_on", "turn_off"]
        words += ["brightness"] if _dims(entity) else []
        words += ["color_temp"] if _colours(entity) else []
        return (*words, "transition") if has.get("schema") in ("json", "template") else tuple(words)
    if entity.component in ("climate", "water_heater"):
        return ("temperature",) if "temperature_command_topic" in has else ()
    if entity.component == "cover":
        words = ["open_close"] if "command_topic" in has else []
        return (*words, "position") if "set_position_topic" in has else tuple(words)
    if entity.component == "notify":
        return ("say",) if "command_topic" in has and SPEAKS.search(entity.name) else ()
    words_by = {"switch": ("turn_on", "turn_off"), "siren": ("sound",), "lock": ("lock", "unlock")}
    return words_by.get(entity.component, ()) if "command_topic" in has else ()


def encode(prefix: str, command: Command, known: Known) -> tuple[Message, ...] | Refused:
    """The messages that carry out a command, or why the device cannot do it."""
    device = command.device
    description = known.get(device)
    if description is None or not device.startswith(f"{prefix}/"):
        return Refused(f"{device} has not introduced itself, so nobody knows how it is told anything")
    word, make = MAKERS[type(command)]
    parts = [part for part in description.entities if word in words_of(part)]
    if isinstance(command, (TurnOn, TurnOff)):
        parts = [part for part in parts if part.component == "light"] or parts
    elif isinstance(command, SetCover):
        parts = [part for part in description.entities if part.component == "cover" and part.settings]
    if not parts:
        return Refused(f"{description.name} cannot {WORDED[type(command)]}")
    messages: list[Message] = []
    for part in parts:
        made = make(command, part, description)
        if isinstance(made, Refused):
            return made
        messages += made
    wrong = next((message.topic for message in messages if not publishable(message.topic)), None)
    return tuple(messages) if wrong is None else Refused(f"{description.name} names {wrong!r}, which is no topic")


# -- how each is told ---------------------------------------------------------------------------------------------


def _message(part: Entity, topic: str, template: str, payload: str, **given: object) -> Message | Refused:
    """One message, through the template that the device gave for it."""
    pattern = text(part.settings, template)
    if pattern:
        from devices.templates import usable

        found = usable(pattern)
        if isinstance(found, Unusable):
            return Refused(f"{part.name} wants {found.reason}")
        try:
            payload = found.filled({"value": _plain(payload), **given})
        except NotAValue as error:
            return Refused(f"the template of {part.name} makes nothing: {error}")
    return Message(topic=text(part.settings, topic), payload=payload.encode())


def _plain(payload: str) -> object:
    """A number where it is one: templates reckon with it."""
    try:
        number_of = float(payload)
    except ValueError:
        return payload
    return int(number_of) if number_of.is_integer() else number_of


def _all(*made: Message | Refused) -> Sent:
    refused = next((one for one in made if isinstance(one, Refused)), None)
    return refused if refused is not None else [one for one in made if isinstance(one, Message)]


def _dims(part: Entity) -> bool:
    has = part.settings
    modes = str(has.get("supported_color_modes", "")).split()
    if has.get("schema") == "json":
        return truth(has, "brightness") or bool(set(modes) - {"onoff", "unknown"})
    if has.get("schema") == "template":
        return "brightness" in text(has, "command_on_template")
    return "brightness_command_topic" in has


def _colours(part: Entity) -> bool:
    has = part.settings
    if has.get("schema") == "json":
        return truth(has, "color_temp") or "color_temp" in str(has.get("supported_color_modes", "")).split()
    if has.get("schema") == "template":
        return "color_temp" in text(has, "command_on_template")
    return "color_temp_command_topic" in has


def _turn_on(command: TurnOn, part: Entity, description: Description) -> Sent:
    asked = _asked(command, part)
    if isinstance(asked, Refused):
        return asked
    if part.component == "switch":
        return _all(_switched(part, "payload_on", "ON"))
    schema = text(part.settings, "schema", "basic")
    if schema == "json":
        return _json_light("ON", part, {**asked, **_fade(command.transition_s)})
    if schema == "template":
        given = {**asked, **_fade(command.transition_s)}
        return _all(_message(part, "command_topic", "command_on_template", "", state="on", **given))
    return _basic_light(part, asked)


def _turn_off(command: TurnOff, part: Entity, description: Description) -> Sent:
    fade = _fade(command.transition_s)
    if part.component == "light" and part.settings.get("schema") == "json":
        return _json_light("OFF", part, fade)
    if part.component == "light" and part.settings.get("schema") == "template":
        return _all(_message(part, "command_topic", "command_off_template", "", state="off", **fade))
    return _all(_switched(part, "payload_off", "OFF"))


def _switched(part: Entity, name: str, otherwise: str) -> Message | Refused:
    template = "command_template" if part.component == "switch" else ""
    return _message(part, "command_topic", template, text(part.settings, name, otherwise))


def _json_light(state: str, part: Entity, more: Mapping[str, object]) -> Sent:
    payload = orjson.dumps({"state": state, **more})
    return [Message(topic=text(part.settings, "command_topic"), payload=payload)]


def _fade(transition_s: float | None) -> dict[str, object]:
    """A fade; one that is no time is left out, because light at once is better than none."""
    if transition_s is None or not math.isfinite(transition_s) or not 0 <= transition_s <= 6553:
        return {}
    return {"transition": transition_s}


def _asked(command: TurnOn, part: Entity) -> dict[str, object] | Refused:
    """Brightness and colour in the light's own scale."""
    asked: dict[str, object] = {}
    if command.brightness_pct is not None:
        if part.component != "light" or not _dims(part):
            return Refused(f"{part.name} cannot be dimmed")
        if not 0 < command.brightness_pct <= 100:
            return Refused(
                f"a brightness of {command.brightness_pct} % is not between 0 and 100; to darken, turn it off"
            )
        scale = 255.0 if part.settings.get("schema") == "template" else number(part.settings, "brightness_scale", 255)
        asked["brightness"] = max(1, round(command.brightness_pct * scale / 100))
    if command.color_temp_k is not None:
        if part.component != "light" or not _colours(part):
            return Refused(f"{part.name} cannot change its colour temperature")
        if not 1000 <= command.color_temp_k <= 20_000:
            return Refused(f"a colour temperature of {command.color_temp_k} K is not between 1000 and 20000")
        asked["color_temp"] = _colour(command.color_temp_k, part)
    return asked


def _colour(kelvin: int, part: Entity) -> int:
    """Kelvin or mired, as the light counts, within what it can."""
    least, most = number(part.settings, "min_kelvin", 0), number(part.settings, "max_kelvin", 0)
    least = least or MIRED_K / max(1.0, number(part.settings, "max_mireds", 1000))
    most = most or MIRED_K / max(1.0, number(part.settings, "min_mireds", 50))
    kelvin = round(min(max(kelvin, least), most)) if least < most else kelvin
    return kelvin if truth(part.settings, "color_temp_kelvin") else round(MIRED_K / kelvin)


def _basic_light(part: Entity, asked: Mapping[str, object]) -> Sent:
    """A message for each topic, in the order that the light wants (`on_command_type`)."""
    styles = [
        _message(part, f"{name}_command_topic", f"{name}_command_template", str(value)) for name, value in asked.items()
    ]
    turned_on = _message(part, "command_topic", "", text(part.settings, "payload_on", "ON"))
    order = text(part.settings, "on_command_type", "last")
    if order == "brightness" and "brightness" in asked:
        return _all(*styles)
    if order == "first":
        return _all(turned_on, *styles)
    return _all(*styles, turned_on)


def _sound(command: Sound, part: Entity, description: Description) -> Sent:
    if not math.isfinite(command.duration_s) or command.duration_s < 0:
        return Refused(f"a sound of {command.duration_s} s is not possible")
    has = part.settings
    duration_s = min(LONGEST_SOUND_S, math.ceil(command.duration_s))
    if not duration_s:
        template = "command_off_template" if "command_off_template" in has else "command_template"
        return _siren(part, template, text(has, "payload_off", "OFF"), {})
    given: dict[str, object] = {}
    if truth(has, "support_duration", True):
        given["duration"] = duration_s
    if truth(has, "support_volume_set", True):
        given["volume_level"] = LOUDNESS.get(command.level, 0.3)
    return _siren(part, "command_template", text(has, "payload_on", "ON"), given)


def _siren(part: Entity, template: str, state: str, given: Mapping[str, object]) -> Sent:
    if text(part.settings, template):
        return _all(_message(part, "command_topic", template, state, state=state, **given))
    payload = orjson.dumps({"state": state, **given})
    return [Message(topic=text(part.settings, "command_topic"), payload=payload)]


def _cover(command: SetCover, part: Entity, description: Description) -> Sent:
    has = part.settings
    if (command.move is None) == (command.position_pct is None):
        return Refused("a cover is told either a move or a position")
    if command.move is not None:
        if "command_topic" not in has:
            if command.move == "stop" or "set_position_topic" not in has:
                return Refused(f"{part.name} cannot be told to {command.move}")
            return _position(100 if command.move == "open" else 0, part)
        word = text(has, f"payload_{command.move}", command.move.upper())
        if not word or word in ("None", "null"):
            return Refused(f"{part.name} cannot be told to {command.move}")
        return _all(_message(part, "command_topic", "", word))
    position = command.position_pct
    if position is None or not 0 <= position <= 100:
        return Refused(f"a position of {position} % is not between 0 and 100")
    if "set_position_topic" in has:
        return _position(position, part)
    if position in (0, 100):
        return _cover(SetCover(device=command.device, move="open" if position else "close"), part, description)
    return Refused(f"{part.name} can be opened and closed, not set to {position} %")


def _position(position_pct: float, part: Entity) -> Sent:
    opened, closed = number(part.settings, "position_open", 100), number(part.settings, "position_closed", 0)
    own = round(closed + (opened - closed) * position_pct / 100)
    return _all(_message(part, "set_position_topic", "set_position_template", str(own), position=own))


def _lock(command: Lock | Unlock, part: Entity, description: Description) -> Sent:
    if text(part.settings, "code_format"):
        return Refused(f"{part.name} wants a code, which Handrail does not keep")
    name = "lock" if isinstance(command, Lock) else "unlock"
    word = text(part.settings, f"payload_{name}", name.upper())
    return _all(_message(part, "command_topic", "command_template", word))


def _temperature(command: SetTemperature, part: Entity, description: Description) -> Sent:
    has, celsius = part.settings, command.celsius
    fahrenheit = text(has, "temperature_unit", "C") in ("F", "°F")
    own = celsius * 1.8 + 32 if fahrenheit else celsius
    least = number(has, "min_temp", 44.6 if fahrenheit else 7)
    most = number(has, "max_temp", 95 if fahrenheit else 35)
    if not math.isfinite(celsius) or not least <= own <= most:
        return Refused(f"{celsius} °C is not between what {part.name} takes, {least:g} and {most:g}")
    said = f"{round(own, 1):g}"
    return _all(_message(part, "temperature_command_topic", "temperature_command_template", said))


def _say(command: Say, part: Entity, description: Description) -> Sent:
    said = command.text.strip()
    if not said or len(said) > LONGEST_SPEECH:
        return Refused(f"a text of {len(said)} characters is not spoken")
    return _all(_message(part, "command_topic", "command_template", said))


MAKERS: Mapping[type, tuple[str, Callable[..., Sent]]] = {
    TurnOn: ("turn_on", _turn_on),
    TurnOff: ("turn_off", _turn_off),
    Sound: ("sound", _sound),
    SetCover: ("open_close", _cover),
    Lock: ("lock", _lock),
    Unlock: ("unlock", _lock),
    SetTemperature: ("temperature", _temperature),
    Say: ("say", _say),
}

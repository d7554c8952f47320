"""Commands as Homie takes them: the value itself, as text, on the settable property's `/set`."""

from __future__ import annotations

import math

from devices.adapter import Description, Known, Message, Property, Refused
from devices.commands import WORDED, Command, Lock, SetCover, SetTemperature, Sound, TurnOff, TurnOn, Unlock
from devices.events import Kind
from devices.homie_description import COVERS, LEVELS, SETTABLE, SIRENS, TARGETS
from devices.names import reading, words_of


def encode(command: Command, known: Known) -> tuple[Message, ...] | Refused:
    """The messages that carry out a command, or why the device cannot do it."""
    description = known.get(command.device)
    if description is None:
        return Refused(f"{command.device} has not described itself, so that nobody knows what it can be told")
    able = [prop for prop in description.properties if f"{SETTABLE}{prop.name}" in description.commands]
    outputs = [prop for prop in able if prop.kind in (Kind.LIGHT, Kind.SWITCH)]
    sirens = [prop for prop in outputs if set(words_of(prop.name)) & SIRENS]
    if isinstance(command, Sound):
        return _sound(command, description, sirens)
    if isinstance(command, (Lock, Unlock)):
        return _lock(command, description, able)
    if isinstance(command, SetCover):
        return _cover(command, description, able)
    if isinstance(command, SetTemperature):
        return _warm(command, description, able)
    if not isinstance(command, (TurnOn, TurnOff)):
        return Refused(f"{description.name} cannot {WORDED[type(command)]}")
    lamps = [prop for prop in outputs if prop not in sirens]
    chosen = [prop for prop in lamps if prop.kind is Kind.LIGHT] or lamps
    if command.transition_s is not None and not (math.isfinite(command.transition_s) and command.transition_s >= 0):
        return Refused(f"a transition of {command.transition_s} s is not possible")
    if not chosen:
        return Refused(f"{description.name} has nothing that can be switched")
    wanted = isinstance(command, TurnOn)
    sent = [_set(description, prop, _word(prop, on=wanted)) for prop in chosen]
    if isinstance(command, TurnOn):
        more = _shades(command, description, able)
        if isinstance(more, Refused):
            return more
        sent = [*more, *sent]
    return tuple(sent)


def _shades(command: TurnOn, description: Description, able: list[Property]) -> list[Message] | Refused:
    sent: list[Message] = []
    if command.brightness_pct is not None:
        prop = next((p for p in able if set(words_of(p.name.partition("/")[2])) & LEVELS), None)
        if prop is None:
            return Refused(f"{description.name} cannot be dimmed")
        if not 0 < command.brightness_pct <= 100:
            return Refused(f"a brightness of {command.brightness_pct} % is not between 0 and 100")
        low, high = _range(prop, (0.0, 100.0))
        sent.append(_set(description, prop, f"{round(low + (high - low) * command.brightness_pct / 100)}"))
    if command.color_temp_k is not None:
        prop = next((p for p in able if set(words_of(p.name.partition("/")[2])) >= {"color", "temperature"}), None)
        if prop is None:
            return Refused(f"{description.name} cannot change its colour temperature")
        if not 1000 <= command.color_temp_k <= 20_000:
            return Refused(f"a colour temperature of {command.color_temp_k} K is not between 1000 and 20000")
        low, high = _range(prop, (1000.0, 20_000.0))
        wanted = command.color_temp_k if high > 1000 else round(1_000_000 / command.color_temp_k)
        sent.append(_set(description, prop, f"{round(min(max(wanted, low), high))}"))
    return sent


def _sound(command: Sound, description: Description, sirens: list[Property]) -> tuple[Message, ...] | Refused:
    if not math.isfinite(command.duration_s) or command.duration_s < 0:
        return Refused(f"a sound of {command.duration_s} s is not possible")
    if not sirens:
        return Refused(f"{description.name} makes no sound")
    return tuple(_set(description, prop, _word(prop, on=command.duration_s > 0)) for prop in sirens)


def _lock(command: Lock | Unlock, description: Description, able: list[Property]) -> tuple[Message, ...] | Refused:
    """By the words of its format, or as a bit where its name says that `true` is locked."""
    wanted = {"lock", "locked"} if isinstance(command, Lock) else {"unlock", "unlocked"}
    for prop in able:
        if prop.kind is not Kind.LOCK:
            continue
        word = next((word for word in prop.active_values if set(words_of(word)) & wanted), None)
        if word is None and prop.on == "true" and words_of(prop.name)[-1:] == ("locked",):
            word = "true" if isinstance(command, Lock) else "false"
        if word is not None:
            return (_set(description, prop, word),)
    return Refused(f"{description.name} cannot {WORDED[type(command)]}")


def _cover(command: SetCover, description: Description, able: list[Property]) -> tuple[Message, ...] | Refused:
    parts = [prop for prop in able if set(words_of(prop.name)) & COVERS]
    if command.position_pct is not None:
        if not 0 <= command.position_pct <= 100:
            return Refused(f"a position of {command.position_pct} % is not between 0 and 100")
        prop = next((p for p in parts if "position" in words_of(p.name)), None)
        if prop is None:
            return Refused(f"{description.name} cannot be told where to stand")
        low, high = _range(prop, (0.0, 100.0))
        return (_set(description, prop, f"{round(low + (high - low) * command.position_pct / 100)}"),)
    for prop in parts:
        word = next((word for word in prop.active_values if command.move in words_of(word)), None)
        if word is not None:
            return (_set(description, prop, word),)
    return Refused(f"{description.name} cannot be told to {command.move or 'move'}")


def _warm(command: SetTemperature, description: Description, able: list[Property]) -> tuple[Message, ...] | Refused:
    prop = next((p for p in able if p.unit == "°C" and set(words_of(p.name)) & TARGETS), None)
    if prop is None:
        return Refused(f"{description.name} cannot {WORDED[type(command)]}")
    low, high = _range(prop, (4.0, 35.0))
    if not low <= command.celsius <= high:
        return Refused(f"{command.celsius} °C is not between {low:g} and {high:g}")
    return (_set(description, prop, f"{command.celsius:g}"),)


def _word(prop: Property, *, on: bool) -> str:
    word = prop.on if on else prop.off
    return str(word) if word is not None else "true" if on else "false"


def _set(description: Description, prop: Property, value: str) -> Message:
    return Message(topic=f"{description.device}/{prop.name}/set", payload=value.encode())


def _range(prop: Property, otherwise: tuple[float, float]) -> tuple[float, float]:
    """`from:to` of a number's format; Homie 5 may add a step, or leave an end open."""
    parts = prop.active_values[0].split(":") if len(prop.active_values) == 1 else []
    low = reading(parts[0]) if len(parts) >= 2 else None
    high = reading(parts[1]) if len(parts) >= 2 else None
    found = (otherwise[0] if low is None else float(low), otherwise[1] if high is None else float(high))
    return found if found[0] < found[1] else otherwise

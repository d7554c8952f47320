"""A command to one output of a device: the device is told as if that output were all it has.

A relay module has one address and several outputs. Where one of them was placed by itself (`ADDRESS#PART`, names in
`parts.py`), what the device said of itself is narrowed to it, and its adapter encodes as it always does: nothing else
of the device can be told by it. A part that the device does not have is refused, with the nearest that it has.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from devices.adapter import Adapter, Description, Known, Message, Property, Refused
from devices.commands import WORDED, Command, Lock, SetCover, SetTemperature, TurnOff, TurnOn, Unlock
from devices.discovery_commands import words_of
from devices.discovery_device import with_parts
from devices.discovery_kinds import slug
from devices.entity import Entity
from devices.events import Kind
from devices.homie_description import SETTABLE, is_told, summed
from devices.lorawan_commands import FORMS
from devices.parts import NUMBERED, STATES, TASMOTA, ZIGBEE, whole_and_part
from devices.shelly_gen2_parts import KINDS as COMPONENTS

TAKES: Mapping[Kind, tuple[type[Command], ...]] = {
    Kind.SWITCH: (TurnOn, TurnOff),
    Kind.LIGHT: (TurnOn, TurnOff),
    Kind.COVER: (SetCover,),
    Kind.LOCK: (Lock, Unlock),
    Kind.TEMPERATURE: (SetTemperature,),
}
"""What an output of this kind is told, where the ecosystem's adapter would go to another one instead of refusing."""
WORDS: Mapping[Kind, tuple[str, ...]] = {
    Kind.SWITCH: ("turn_on", "turn_off"),
    Kind.LIGHT: ("turn_on", "turn_off", "brightness", "color_temp", "transition"),
    Kind.COVER: ("open_close", "position"),
    Kind.LOCK: ("lock", "unlock"),
    Kind.TEMPERATURE: ("set_temperature", "temperature"),
}
OF_COMMAND: Mapping[type[Command], Kind] = {
    SetCover: Kind.COVER,
    Lock: Kind.LOCK,
    Unlock: Kind.LOCK,
    SetTemperature: Kind.TEMPERATURE,
}
EXAMPLES: Mapping[str, str] = {
    "shelly": "switch:1, light:0 or cover:0",
    "shellies": "relay:1, light:0 or roller:0",
    "tasmota": "POWER2 or Shutter1",
    "zigbee2mqtt": "state_l2 or state_left",
}
GEN1 = {"relay": Kind.SWITCH, "roller": Kind.COVER}


@dataclass(frozen=True, slots=True)
class Way:
    """How an ecosystem's outputs are called."""

    named: Callable[[Property], str]
    """The part that a property is, or nothing."""
    guessed: Callable[[str, Kind], tuple[Property, ...]]
    """An output by its name alone, and by what is asked of it: its own property first; empty where it cannot be one."""
    is_whole: Callable[[Description, str], bool]
    """Whether the device has said of all outputs like this one which it has."""


def encoded(adapter: Adapter, command: Command, known: Known) -> tuple[Message, ...] | Refused:
    """The messages that carry out a command to a device or to one part of it, or why it cannot be done."""
    whole, part = whole_and_part(command.device)
    if not part:
        return adapter.encode(command, known)
    about = of_part(adapter.name, known.get(whole), command.device, _kind_for(command))
    if isinstance(about, Refused):
        return about
    if about is None:
        return adapter.encode(replace(command, device=whole), {})
    if adapter.name in WAYS and type(command) not in TAKES.get(about.kind, ()):
        return Refused(f"{about.name} cannot {WORDED[type(command)]}")
    return adapter.encode(replace(command, device=whole), {whole: about})


def _kind_for(command: Command) -> Kind:
    """What an output must be that is told this."""
    shades = (getattr(command, name, None) for name in ("brightness_pct", "color_temp_k", "transition_s"))
    return OF_COMMAND.get(type(command), Kind.LIGHT if any(shade is not None for shade in shades) else Kind.SWITCH)


def alone(description: Description | None, address: str) -> Description | None:
    """What is known of the device that was placed under this address: of a part, of that alone; None where nothing."""
    if description is None or not whole_and_part(address)[1]:
        return description
    found = of_part(description.ecosystem, description, address)
    return None if isinstance(found, Refused) else found


def wrong_part(description: Description | None, address: str) -> str:
    """Why this is no output of its device, as far as the device has said so far; empty where it is, or nobody knows."""
    whole, part = whole_and_part(address)
    if description is None or not part or part in outputs_of(description):
        return ""
    return _unknown(description, part) if whole else ""


def has_outputs(ecosystem: str) -> bool:
    """Whether devices of this ecosystem have outputs that can be placed by themselves."""
    return ecosystem in WAYS or ecosystem in (*INTRODUCED, "homie")


def outputs_in_words(address: str) -> str:
    """What an output of this device may be called, for somebody who said something else."""
    named = EXAMPLES.get(address.partition("/")[0], "")
    return f"an output, as in {named}" if named else "the address of the whole device"


def outputs_of(description: Description) -> dict[str, Kind]:
    """The outputs of a device that can be placed by themselves: their names, and the kind of each."""
    if description.ecosystem == "homie":
        return {prop.name: prop.kind for prop in description.properties if is_told(description, prop)}
    way = WAYS.get(description.ecosystem)
    if way is not None:
        return {name: prop.kind for prop in description.properties if (name := way.named(prop))}
    return {_called(entity): entity.kind for entity in description.entities if words_of(entity)}


def of_part(
    ecosystem: str, description: Description | None, address: str, wanted: Kind = Kind.SWITCH
) -> Description | Refused | None:
    """The description of a device narrowed to one output; None where nobody knows it and its ecosystem must know."""
    whole, part = whole_and_part(address)
    way = WAYS.get(ecosystem)
    if not has_outputs(ecosystem):
        return Refused(f"{address} is a part: a part of it is heard, the whole is told")
    about = description
    if about is None and way is not None:
        about = Description(
            device=whole, name=whole.rpartition("/")[2], ecosystem=ecosystem, kinds=(), kind=Kind.OTHER, commands=EVERY
        )
    if about is None:
        return None
    if part not in outputs_of(about):
        if way is None or (description is not None and way.is_whole(description, part)):
            return Refused(_unknown(about, part))
        guessed = way.guessed(part, wanted)
        if not guessed:
            return Refused(_unknown(about, part))
        commands = tuple(dict.fromkeys((*about.commands, *WORDS[guessed[0].kind])))
        about = replace(about, properties=(*about.properties, *guessed), commands=commands)
    found = _narrowed(about, part, way)
    return replace(found, name=f"{about.name} {part}", can_call=False)


def _narrowed(about: Description, part: str, way: Way | None) -> Description:
    kind = outputs_of(about)[part]
    if way is not None:
        kept = tuple(prop for prop in about.properties if way.named(prop) in ("", part) and _is_near(prop, part))
        words = [word for word in about.commands if word in WORDS.get(kind, ())]
        if about.ecosystem == "zigbee2mqtt" and not any(prop.name.startswith("position") for prop in kept):
            words = [word for word in words if word != "position"]
        found = replace(about, properties=kept, commands=tuple(words))
        return replace(_channel(about, found, part), kinds=(kind,), kind=kind)
    if about.ecosystem == "homie":
        node = part.partition("/")[0]
        rivals = {name for name, of in outputs_of(about).items() if of in STATES - {Kind.COVER} and name != part}
        mine = {
            prop.name: prop
            for prop in about.properties
            if prop.name.partition("/")[0] == node and prop.name not in rivals
        }
        said = tuple(word for word in about.commands if word.removeprefix(SETTABLE) in mine)
        found = summed(replace(about, properties=tuple(mine.values()), commands=said))
        return replace(found, kinds=(kind,), kind=kind)
    return with_parts(about, tuple(entity for entity in about.entities if _called(entity) == part and words_of(entity)))


def _is_near(prop: Property, part: str) -> bool:
    """Where a Zigbee cover stands is a value of its own endpoint."""
    if not prop.name.startswith("position") or not part.startswith("state"):
        return True
    return prop.name.removeprefix("position") == part.removeprefix("state")


def _channel(about: Description, found: Description, part: str) -> Description:
    """A Tasmota with several lights dims each by its channel, and has one colour temperature for none of them."""
    lights = [prop.name for prop in about.properties if prop.kind is Kind.LIGHT]
    if about.ecosystem != "tasmota" or part not in lights or len(lights) < 2:
        return found
    channel = Property(name=f"Channel{lights.index(part) + 1}", kind=Kind.OTHER)
    words = tuple(word for word in found.commands if word != "color_temp")
    return replace(found, properties=(*found.properties, channel), commands=words)


def _called(entity: Entity) -> str:
    """The name of a discovered part: the field of what it says, or its kind; of one that says nothing its own name."""
    for read in entity.reads:
        if read.kind is not Kind.AVAILABILITY:
            return read.field or read.kind.value
    return slug(entity.name)[:64]


def _unknown(about: Description, part: str) -> str:
    names = list(outputs_of(about))
    if not names:
        return f"{about.name} has no part {part!r} that can be told anything, as far as it has said"
    lowered = {name.lower(): name for name in names}
    near = difflib.get_close_matches(part.lower(), lowered, n=1, cutoff=0.4)
    hint = f"did you mean {lowered[near[0]]!r}? " if near else ""
    return f"{about.name} has no part {part!r}; {hint}it has {', '.join(names[:16])}"


# -- ecosystems ---------------------------------------------------------------------------------------------------


def _of_gen2(prop: Property) -> str:
    return prop.name if prop.name.partition(":")[0] in NUMBERED["shelly"] else ""


def _guess_gen2(part: str, wanted: Kind) -> tuple[Property, ...]:
    component, _, number = part.partition(":")
    if component not in NUMBERED["shelly"] or not number.isdecimal() or len(number) > 6:
        return ()
    return (Property(name=part, kind=COMPONENTS[component]),)


def _of_gen1(prop: Property) -> str:
    component, _, number = prop.name.partition("/")
    return f"{component}:{number}" if component in NUMBERED["shellies"] and number.isdecimal() else ""


def _guess_gen1(part: str, wanted: Kind) -> tuple[Property, ...]:
    component, _, number = part.partition(":")
    if component not in NUMBERED["shellies"] or not number.isdecimal() or len(number) > 2:
        return ()
    return (Property(name=f"{component}/{number}", kind=GEN1.get(component, Kind.LIGHT)),)


def _knows_gen1(description: Description, part: str) -> bool:
    """A model that is a roller or two relays introduces itself as the relays until it lists its parts."""
    names = outputs_of(description)
    is_roller = part.startswith("roller:") and not any(name.startswith("roller:") for name in names)
    return bool(names) and not is_roller


def _of_tasmota(prop: Property) -> str:
    return prop.name if TASMOTA.fullmatch(prop.name) else ""


def _guess_tasmota(part: str, wanted: Kind) -> tuple[Property, ...]:
    if not TASMOTA.fullmatch(part):
        return ()
    return (Property(name=part, kind=Kind.COVER if part.startswith("Shutter") else Kind.SWITCH),)


def _of_zigbee(prop: Property) -> str:
    return prop.name if ZIGBEE.fullmatch(prop.name) and prop.kind in STATES else ""


def _guess_zigbee(part: str, wanted: Kind) -> tuple[Property, ...]:
    if not ZIGBEE.fullmatch(part) or wanted is Kind.TEMPERATURE:
        return ()
    place = Property(name=f"position{part.removeprefix('state')}", kind=wanted)
    return (Property(name=part, kind=wanted), *((place,) if wanted is Kind.COVER else ()))


def _of_lorawan(prop: Property) -> str:
    return prop.name if prop.name in FORMS else ""


_LORAWAN = Way(_of_lorawan, lambda part, wanted: (), lambda description, part: True)
WAYS: Mapping[str, Way] = {
    # Its components introduce themselves as they speak: one that was never switched has not spoken.
    "shelly_gen2": Way(_of_gen2, _guess_gen2, lambda description, part: False),
    "shelly_gen1": Way(_of_gen1, _guess_gen1, _knows_gen1),
    "tasmota": Way(_of_tasmota, _guess_tasmota, lambda description, part: bool(description.model)),
    "zigbee2mqtt": Way(_of_zigbee, _guess_zigbee, lambda description, part: bool(description.properties)),
    "lorawan_tts": _LORAWAN,
    "lorawan_chirpstack": _LORAWAN,
}
"""Ecosystems whose outputs are properties."""
INTRODUCED = ("homeassistant_discovery", "esphome")
"""Ecosystems whose outputs are introduced one by one."""
EVERY = tuple(dict.fromkeys(word for words in WORDS.values() for word in words))

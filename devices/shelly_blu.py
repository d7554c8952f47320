"""Shelly BLU: Bluetooth devices that speak BTHome, heard through a Shelly gateway.

BTHome numbers what a device measures (bthome.io, "Sensor data", "Binary sensor data", "Events"); the gateway's
`bthomesensor` has a value and no meaning until its configuration says which of these numbers it is. The scripts that
Shelly publishes for older gateways give the same things names instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from devices.adapter import Description, Known, Property
from devices.events import UNITS, Event, Kind, Value, canonical
from devices.said import bit_of, fact, introduced, number_of, reading

MEANINGS: dict[int, tuple[Kind, str | None]] = {
    1: (Kind.BATTERY, None),
    2: (Kind.TEMPERATURE, None),
    69: (Kind.TEMPERATURE, None),
    3: (Kind.HUMIDITY, None),
    46: (Kind.HUMIDITY, None),
    21: (Kind.BATTERY, None),
    17: (Kind.CONTACT, None),
    26: (Kind.CONTACT, None),
    27: (Kind.CONTACT, None),
    45: (Kind.CONTACT, None),
    23: (Kind.CO, None),
    28: (Kind.GAS, None),
    41: (Kind.SMOKE, None),
    32: (Kind.WATER_LEAK, None),
    31: (Kind.LOCK, None),
    33: (Kind.MOTION, None),
    35: (Kind.OCCUPANCY, None),
    37: (Kind.OCCUPANCY, None),
    43: (Kind.TAMPER, None),
    44: (Kind.VIBRATION, None),
    58: (Kind.BUTTON, None),
}
"""BTHome object numbers that are facts of ours."""
BATTERY_LOW, LOCK, BUTTON = 21, 31, 58
NAMES: dict[str, int] = {
    "battery": 1,
    "temperature": 2,
    "humidity": 3,
    "battery_low": 21,
    "opening": 17,
    "door": 26,
    "garage_door": 27,
    "window": 45,
    "carbon_monoxide": 23,
    "gas": 28,
    "smoke": 41,
    "moisture": 32,
    "lock": 31,
    "motion": 33,
    "occupancy": 35,
    "presence": 37,
    "tamper": 43,
    "vibration": 44,
    "button": 58,
}
"""The same by the names that scripts give them."""
GESTURES: dict[int, str] = {
    1: "single_push",
    2: "double_push",
    3: "triple_push",
    4: "long_push",
    5: "long_double_push",
    6: "long_triple_push",
    128: "hold_press",
    254: "hold_press",
}
NO_HEX = re.compile(r"[^0-9a-f]")
MOST_VALUES = 60


def address_of(text: object) -> str | None:
    """The hardware address in `b4:35:22:aa:bb:cc` or `shellybludw-b43522aabbcc`: twelve digits, or none."""
    if not isinstance(text, str):
        return None
    digits = NO_HEX.sub("", text.lower().rpartition("-")[2])
    return digits if len(digits) == 12 else None


def meant(number: int, value: object) -> tuple[Kind, Value] | None:
    """What a BTHome object with this value says; nothing where it is no fact of ours."""
    found = MEANINGS.get(number)
    if found is None or number == BUTTON:
        return None
    kind = found[0]
    if number == BATTERY_LOW:
        low = bit_of(value)
        return kind, None if low is None else "low" if low else "ok"
    if kind in UNITS:
        return kind, number_of(value)
    bit = bit_of(value)
    if bit is None:
        return kind, None
    return kind, canonical(kind, not bit if number == LOCK else bit)


def events_of_object(
    device: str, number: int, value: object, index: int, stamp: str | None, at_ms: int | None
) -> tuple[Event, ...]:
    """One object of a device."""
    said = meant(number, value)
    if said is None:
        return ()
    kind, meaning = said
    field = f"{kind.value}:{index}" if index else None
    if kind in UNITS and not isinstance(meaning, str):
        return (reading(device, kind, meaning, field=field, stamp=stamp, at_ms=at_ms),)
    return (fact(device, kind, meaning, field=field, stamp=stamp, at_ms=at_ms),)


def press(device: str, gesture: str, index: object, window_ms: int, stamp: str | None, at_ms: int | None) -> Event:
    """A gesture on a button of a device, not named: two gateways may hear it, each with its own time."""
    numbered = isinstance(index, int) and not isinstance(index, bool) and index > 0
    return Event(
        device=device,
        kind=Kind.BUTTON,
        value=gesture,
        field=f"button:{index}" if numbered else None,
        press=True,
        stamp=stamp,
        at_ms=at_ms,
        repeat_window_ms=window_ms,
    )


def presses_of(device: str, said: object, window_ms: int, stamp: str | None, at_ms: int | None) -> Iterator[Event]:
    """The presses in a BTHome button value, one number or one for each button; 0 is a button nobody pressed."""
    for index, number in enumerate(said[:8] if isinstance(said, list) else [said]):
        if isinstance(number, int) and not isinstance(number, bool) and number > 0:
            gesture = GESTURES.get(number, f"press_{number & 255}")
            yield press(device, gesture, index, window_ms, stamp, at_ms)


def events_of_names(
    device: str, data: Mapping[str, object], window_ms: int, stamp: str | None, at_ms: int | None, *, presses: bool
) -> list[Event]:
    """What a script's event or status says of one device, by the names it uses."""
    found: list[Event] = []
    for name, value in list(data.items())[:MOST_VALUES]:
        number = NAMES.get(name)
        if number is None:
            continue
        if number == BUTTON:
            found += presses_of(device, value, window_ms, stamp, at_ms) if presses else ()
            continue
        for index, one in enumerate(value[:4] if isinstance(value, list) else [value]):
            found += events_of_object(device, number, one, index, stamp, at_ms)
    return found


def introductions(
    events: Iterable[Event], below: str, ecosystem: str, topics_of: Callable[[str], tuple[str, ...]], known: Known
) -> list[Description]:
    """The devices that a script heard, by what they say: new ones, and those that say something new."""
    parts: dict[str, dict[str, Property]] = {}
    for event in events:
        if event.device.startswith(below):
            before = known.get(event.device)
            has = {prop.name: prop for prop in before.properties} if before is not None else {}
            name = event.field or event.kind.value
            parts.setdefault(event.device, has).setdefault(name, Property(name=name, kind=event.kind))
    made = [
        introduced(
            device=device,
            name=f"BLU {device.removeprefix(below)}",
            ecosystem=ecosystem,
            properties=tuple(has.values()),
            topics=topics_of(device),
            vendor="Shelly",
        )
        for device, has in parts.items()
    ]
    return [item for item in made if known.get(item.device) != item]


# -- what the gateway's configuration tells ------------------------------------------------------------------------


def sensor_of(gateway: str, component: str, known: Known) -> tuple[str, Property] | None:
    """The device that a gateway's `bthomesensor:N` belongs to, and what it measures, where that is known."""
    described = known.get(gateway)
    for part in described.properties if described is not None else ():
        if not part.name.startswith("bthomedevice:"):
            continue
        child = known.get(f"{gateway}/{part.name}")
        for prop in child.properties if child is not None else ():
            if prop.name == component:
                return f"{gateway}/{part.name}", prop
    return None


def property_of(component: str, config: Mapping[str, object]) -> Property | None:
    """A `bthomesensor`'s configuration: the object number is kept in `on`, its index in `off`."""
    number, index = config.get("obj_id"), config.get("idx")
    if not isinstance(number, int) or isinstance(number, bool):
        return None
    kind = MEANINGS.get(number, (Kind.OTHER, None))[0]
    place = index if isinstance(index, int) and not isinstance(index, bool) else 0
    return Property(name=component, kind=kind, on=number, off=place, unit=UNITS.get(kind))


def child_at(gateway: str, address: str, known: Known, learned: Mapping[str, Description]) -> Description | None:
    """The device of this hardware address behind a gateway."""
    below = f"{gateway}/bthomedevice:"
    for source in (learned, known):
        for name, item in source.items():
            if name.startswith(below) and item.text == address:
                return item
    return None

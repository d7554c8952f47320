"""The event model: facts that devices reported, in one closed vocabulary.

Every adapter speaks these words and every rule reads them; nothing outside `devices/` knows an ecosystem's own dialect.
Values carry their sense explicitly (`open`, never `false`) and numbers their unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from devices.records import quick

Value = str | bool | int | float | None


class Kind(StrEnum):
    """What sort of fact an event is. The list is closed: a fact that fits nowhere is `other`, kept and shown."""

    EMERGENCY = "emergency"
    CALL = "call"
    STAFF_ASSIST = "staff_assist"
    BUTTON = "button"
    CONTACT = "contact"
    OCCUPANCY = "occupancy"
    MOTION = "motion"
    BED = "bed"
    FALL = "fall"
    WATER_LEAK = "water_leak"
    SMOKE = "smoke"
    GAS = "gas"
    CO = "co"
    VIBRATION = "vibration"
    TAMPER = "tamper"
    LOCK = "lock"
    COVER = "cover"
    SWITCH = "switch"
    LIGHT = "light"
    TEMPERATURE = "temperature"
    HUMIDITY = "humidity"
    POWER = "power"
    BATTERY = "battery"
    AVAILABILITY = "availability"
    OTHER = "other"

    __hash__ = str.__hash__  # Enum's own is written in Python, and every event is looked up by its kind many times


EMERGENCY_KINDS = frozenset({Kind.EMERGENCY, Kind.STAFF_ASSIST, Kind.FALL, Kind.SMOKE, Kind.GAS, Kind.CO})
"""Kinds no plan can stand before: staff are told at once (DESIGN §6)."""

TWO_WORDS: dict[Kind, tuple[str, str]] = {
    Kind.CONTACT: ("open", "closed"),
    Kind.BED: ("occupied", "empty"),
    Kind.LOCK: ("locked", "unlocked"),
    Kind.COVER: ("open", "closed"),
    Kind.SWITCH: ("on", "off"),
    Kind.LIGHT: ("on", "off"),
    Kind.AVAILABILITY: ("online", "offline"),
}
"""Kinds whose value is one of two words (covers may also say a position in percent)."""

UNITS: dict[Kind, str] = {
    Kind.TEMPERATURE: "°C",
    Kind.HUMIDITY: "%",
    Kind.POWER: "W",
    Kind.BATTERY: "%",
}
"""The unit of a kind's numeric value. A battery that only says `low` or `ok` has no unit."""

ACTIVE: dict[Kind, Value] = {kind: words[0] for kind, words in TWO_WORDS.items()}

NOT_YET = frozenset({"fall_warning"})
"""Words of a device that is still making up its mind: kept and shown, never an alarm by themselves."""

BETWEEN = frozenset({"init", "sleeping", "alert"})
"""An availability that is neither `online` nor `offline`, in the device's own word (Homie): it starts, it sleeps by
itself, or it is there and complains. Nothing is lost by it, and nothing is back."""

INACTIVE_WORDS = frozenset({"", "false", "off", "clear"}) | NOT_YET


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact that one device reported.

    `value` is canonical for its kind: one of `TWO_WORDS`; a number in the kind's unit; `True`/`False` for the other
    two-valued kinds (smoke, tamper, motion, …); a gesture for `button` (`single`, `hold`, …); free text for `other`.
    `None` means the fact happened and its value cannot be derived; it never counts as active. A `fall` may also be the
    device's own word for a doubt: `maybe_fall` counts as a fall, a word of `NOT_YET` does not. An `availability` may be
    a word of `BETWEEN`.
    """

    device: str
    """The ecosystem's own address: `zigbee2mqtt/Room 12 pendant`, `rtl_433/Honeywell-Security/8/75948`."""
    kind: Kind
    value: Value
    unit: str | None = None
    field: str | None = None
    """The ecosystem's own name of the value where a device has several of one kind: `occupancy_1`."""
    press: bool = False
    """A momentary fact: a second one is a second press. Otherwise a state, which is news only when it changes."""
    stamp: str | None = None
    """The device's own time stamp, verbatim."""
    at_ms: int | None = None
    """The same stamp as Unix milliseconds, where it can be read as a time."""
    press_id: str | None = None
    """Where the ecosystem tells presses apart: two events with different ids are two presses, however close."""
    repeat_window_ms: int = 0
    """How long the ecosystem may go on repeating this one press, in this or another form."""


def canonical(kind: Kind, active: bool) -> Value:
    """The kind's value for an active (open, occupied, on, detected) or inactive state."""
    words = TWO_WORDS.get(kind)
    if words is None:
        return active
    return words[0] if active else words[1]


def is_active(kind: Kind, value: Value) -> bool:
    """Whether a value means that the thing the kind is named after is so now. Unknown (`None`) is never active."""
    words = TWO_WORDS.get(kind)
    if words is not None:
        return value == words[0]
    return value is True or (isinstance(value, str) and value not in INACTIVE_WORDS)

"""The physical devices a home has placed: whose each is, which place it belongs to, what it is for.

What a device is *for* is said when it is placed, and stands above what it looks like: a plain button placed as
`emergency` is a pendant, a motion sensor under a mattress placed as `bed` is a bed sensor. A button of which nothing is
said counts as an emergency once it has introduced itself as one that can call (DESIGN §6).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from devices.adapter import Description
from devices.events import EMERGENCY_KINDS, Event, Kind, Value, canonical, is_active
from devices.parts import part_among


class Purpose(StrEnum):
    """What a device is for: the word behind `for:` in `devices.yaml`."""

    EMERGENCY = "emergency"
    CALL = "call"
    STAFF_ASSIST = "staff_assist"
    DOOR = "door"
    BED = "bed"
    MOTION = "motion"
    LIGHT = "light"
    SWITCH = "switch"
    SIREN = "siren"
    SOUNDER = "sounder"
    SMOKE = "smoke"
    GAS = "gas"
    CO = "co"
    LEAK = "leak"
    FALL = "fall"
    SPEAKER = "speaker"
    VIBRATOR = "vibrator"
    COVER = "cover"
    LOCK = "lock"
    THERMOSTAT = "thermostat"
    PRESENCE_TAG = "presence_tag"
    OTHER = "other"


class Supervision(StrEnum):
    """How soon the silence of a device is itself an alert."""

    PENDANT = "pendant"
    PULL_CORD = "pull_cord"
    MAINS_SENSOR = "mains_sensor"
    BATTERY_SENSOR = "battery_sensor"
    ACTUATOR = "actuator"
    NONE = "none"


DEADLINE_S: Mapping[Supervision, int] = {
    # A Zigbee button sleeps; it reports its battery within a day, and Zigbee2MQTT calls it offline after 25 h.
    Supervision.PENDANT: 25 * 3600,
    # The same hardware on a cord; it hangs where nobody carries it past a receiver, so nothing sooner can be expected.
    Supervision.PULL_CORD: 25 * 3600,
    # A mains device that routes is pinged within minutes; two hours leave room for a socket used by a vacuum cleaner.
    Supervision.MAINS_SENSOR: 2 * 3600,
    # Door, bed and leak sensors check in hourly or daily, by maker; the daily ones set the class.
    Supervision.BATTERY_SENSOR: 25 * 3600,
    # A lamp that nobody switches may say nothing all day; that it answers is seen at the next command.
    Supervision.ACTUATOR: 25 * 3600,
}
"""Seconds of silence a class may have; a class that is not here is not watched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One physical device of the home."""

    device: str
    """Its address, as events carry it: `zigbee2mqtt/room-012-pendant`; of a part `ADDRESS#PART` (`devices.parts`)."""
    name: str
    """Our name of it, as rules and pages use it: `room-012-pendant`."""
    person: str | None = None
    place: str | None = None
    purpose: Purpose = Purpose.OTHER
    supervision: Supervision = Supervision.NONE

    @property
    def module(self) -> str:
        """The address of the whole device, where this is a part of one (`shelly/hall#input:1`); else its own."""
        return self.device.partition("#")[0]

    @property
    def part(self) -> str:
        """The ecosystem's own name of the part, where this is one; else empty."""
        return self.device.partition("#")[2]


CALLS = frozenset(
    {Purpose.EMERGENCY, Purpose.CALL, Purpose.STAFF_ASSIST, Purpose.FALL, Purpose.SMOKE, Purpose.GAS, Purpose.CO}
)
"""Purposes whose devices can report what is told at once: their topics belong on the urgent lane."""


class Registry:
    """The placed devices of a home, by address and by name."""

    __slots__ = ("_by_address", "_by_name", "_parts")

    def __init__(self, placed: Iterable[Placed]) -> None:
        rows = tuple(placed)
        self._by_address = {row.device: row for row in rows}
        self._by_name = {row.name: row for row in rows}
        self._parts: dict[str, tuple[Placed, ...]] = {}
        for row in rows:
            if row.module != row.device:
                self._parts[row.module] = (*self._parts.get(row.module, ()), row)

    def by_address(self, address: str) -> Placed | None:
        """The placed device that events of this address come from."""
        return self._by_address.get(address)

    def by_name(self, name: str) -> Placed | None:
        """The placed device of our own name."""
        return self._by_name.get(name)

    def parts_of(self, address: str) -> tuple[Placed, ...]:
        """The parts of a device that were placed by themselves."""
        return self._parts.get(address, ())

    def of_part(self, event: Event) -> Event:
        """The event as one of the part that reported it, where that part was placed by itself."""
        parts = self._parts.get(event.device)
        if parts is None:
            return event
        part = part_among(event, [row.part for row in parts])
        return replace(event, device=f"{event.device}#{part}") if part else event

    @property
    def urgent(self) -> tuple[Placed, ...]:
        """The devices that can report an emergency or a call."""
        return tuple(row for row in self._by_address.values() if row.purpose in CALLS)


CALLED: Mapping[Purpose, Kind] = {
    Purpose.EMERGENCY: Kind.EMERGENCY,
    Purpose.CALL: Kind.CALL,
    Purpose.STAFF_ASSIST: Kind.STAFF_ASSIST,
}
"""What a press is of a device that was placed to call with."""
ALARMED: Mapping[Purpose, Kind] = {
    Purpose.DOOR: Kind.CONTACT,
    Purpose.BED: Kind.BED,
    Purpose.MOTION: Kind.MOTION,
    Purpose.SMOKE: Kind.SMOKE,
    Purpose.GAS: Kind.GAS,
    Purpose.CO: Kind.CO,
    Purpose.LEAK: Kind.WATER_LEAK,
    Purpose.FALL: Kind.FALL,
}
"""What it means that a sensor was set off which does not say what it senses: what it was placed for."""
WIRED = frozenset({Purpose.SMOKE, Purpose.GAS, Purpose.CO, Purpose.LEAK})
"""Purposes for which a home wires an old detector to a door contact; open is the alarm side of such a zone."""

_GESTURE_OR_ALARM = frozenset({Kind.BUTTON, Kind.OTHER})
MAY_MEAN: Mapping[Purpose, frozenset[Kind]] = {
    **dict.fromkeys(ALARMED, _GESTURE_OR_ALARM),
    **dict.fromkeys(WIRED, _GESTURE_OR_ALARM | {Kind.CONTACT}),
    Purpose.BED: _GESTURE_OR_ALARM | {Kind.OCCUPANCY, Kind.CONTACT},
    Purpose.MOTION: _GESTURE_OR_ALARM | {Kind.OCCUPANCY},
}
"""Which kinds of a sensor may mean another one, by what it is for; all others stand, which is nearly every event."""

RELEASE = re.compile(r"(?:^|.*_)(?:release|released)(?:_.*)?|.+_(?:stop|stopped)(?:_.*)?")
"""The end of a gesture. `stop` and `off` alone are the middle and the lower button of a remote: somebody pressed it."""
NOT_A_CALL = re.compile(
    r"(?:dis)?arm(?:ed)?(?:_.*)?|(?:exit|entry)_delay|identify|invalid_code|not_ready|already_disarmed|test"
)
"""What a keypad or fob says besides its emergency."""
NUMBERED = frozenset({"alarm_1", "alarm_2"})
"""The two alarms of a Zigbee zone, each a value of its own."""
VAGUE = NUMBERED | {"alarm"}
"""What a sensor calls an alarm that it does not say of what."""
CODE = re.compile(r"(?=.*[0-9])(?:0x)?[0-9a-f]+")
"""A button that is only a number: a transmitter that says who it is and nothing else."""


def is_release(gesture: Value) -> bool:
    """Whether a gesture is the end of one that was counted already (`hold_release`, `brightness_stop`)."""
    return isinstance(gesture, str) and RELEASE.fullmatch(gesture) is not None


def presses_call(description: Description) -> bool:
    """Whether the plain presses of a device are calls for help until somebody says what it is for.

    So it is where only the model's description says that it is an SOS button. A keypad whose actions have a word for an
    emergency says that word when it means it: its `disarm` is not one.
    """
    return description.can_call and EMERGENCY_KINDS.isdisjoint(description.kinds)


def meaning(event: Event, placed: Placed | None, *, can_call: bool = False) -> Event:
    """What an event means, given what its device is for. The kinds the device names itself stand, except where noted.

    | the device is        | it says                                    | that is                                   |
    |----------------------|--------------------------------------------|-------------------------------------------|
    | not placed           | a press, and `can_call` (`presses_call`)   | an emergency                              |
    |                      | an input, or an alarm that does not say of | an emergency while it is on               |
    |                      | what, and the same                         |                                           |
    | emergency, call,     | a press, whatever gesture but its end      | an emergency, a call, staff assist        |
    | staff_assist         | emergency, call                            | the same three: the home's word stands    |
    |                      | contact (a cord on a door contact)         | the same: open calls, closed does not     |
    |                      | an unnamed alarm, a bare radio code        | the same                                  |
    | bed                  | occupancy                                  | bed occupied / empty                      |
    |                      | contact (a mat closes its contact)         | bed: closed occupied, open empty          |
    | motion               | occupancy                                  | motion                                    |
    | smoke, gas, co, leak | contact (a wired detector)                 | that alarm: open on, closed off           |
    | any of these         | an input (a wire on a relay module)        | on: called, alarm, occupied; a door closed |
    | door, bed, motion,   | an unnamed alarm, a bare radio code        | open, occupied, motion, smoke, …          |
    | smoke, …, fall       |                                            |                                           |
    | fall                 | a press                                    | an emergency: its button calls            |

    A value of `None` stays `None`: what could not be derived does not become certain by a purpose. Motion and vibration
    are never a bed's: that nobody moves does not say that nobody is there.
    """
    if placed is None:
        return _unplaced(event, can_call)
    called = CALLED.get(placed.purpose)
    if called is not None:
        return _of_a_caller(event, called)
    return _of_a_sensor(event, placed.purpose)


def _is_press_of_a_button(event: Event) -> bool:
    return event.kind is Kind.BUTTON and event.value is not None and not is_release(event.value)


def _is_unnamed_alarm(event: Event) -> bool:
    """A sensor set off that does not say what it senses: an alarm bit, or a transmitter that only has a code."""
    if event.kind is Kind.OTHER:
        return event.press or _is_vague_alarm(event) or is_input(event) or _is_switched_part(event)
    return event.kind is Kind.BUTTON and isinstance(event.value, str) and CODE.fullmatch(event.value) is not None


def _is_vague_alarm(event: Event) -> bool:
    return event.kind is Kind.OTHER and event.field in VAGUE and isinstance(event.value, bool)


def _is_switched_part(event: Event) -> bool:
    """A two-valued part that was placed by itself, of which nothing else says what it is: on is what it is for.

    The circuit of what is known to be a button is not: its gesture says the press.
    """
    is_circuit = (event.field or "").startswith("button:")
    return event.kind is Kind.OTHER and isinstance(event.value, bool) and "#" in event.device and not is_circuit


def is_input(event: Event) -> bool:
    """Whether this is the state of an input of a relay module, to which anything may be wired: on is a closed circuit.

    A cord, a mat and an old detector close it when they mean something; a door's contact opens it with the door.
    """
    return event.kind is Kind.OTHER and isinstance(event.value, bool) and (event.field or "").startswith("input:")


def _unplaced(event: Event, can_call: bool) -> Event:
    if can_call and _is_press_of_a_button(event) and not NOT_A_CALL.fullmatch(str(event.value)):
        return replace(event, kind=Kind.EMERGENCY, value=True)
    if can_call and (is_input(event) or _is_vague_alarm(event)):
        return replace(event, kind=Kind.EMERGENCY)
    return event


def _of_a_caller(event: Event, called: Kind) -> Event:
    if _is_press_of_a_button(event):
        return replace(event, kind=called, value=True)
    if event.kind in (Kind.EMERGENCY, Kind.CALL, Kind.STAFF_ASSIST):
        return event if event.kind is called else replace(event, kind=called)
    if _is_unnamed_alarm(event):
        field = event.field if is_input(event) or event.field in NUMBERED else None
        return replace(event, kind=called, value=event.value is not False, field=field)
    if event.kind is Kind.CONTACT and event.value is not None:
        opened = event.value == "open"
        # A radio sends what happens, once; a gateway repeats the state it remembers: no press each time.
        return replace(event, kind=called, value=opened, press=opened and event.repeat_window_ms > 0)
    return event


def _of_a_sensor(event: Event, purpose: Purpose) -> Event:
    if event.kind not in MAY_MEAN.get(purpose, ()):
        return event
    if purpose is Purpose.FALL and _is_press_of_a_button(event) and not _is_unnamed_alarm(event):
        return replace(event, kind=Kind.EMERGENCY, value=True)
    alarmed = ALARMED.get(purpose)
    if alarmed is None:
        return event
    if is_input(event):
        return replace(event, kind=alarmed, value=canonical(alarmed, event.value is (alarmed is not Kind.CONTACT)))
    if _is_unnamed_alarm(event):
        value = canonical(alarmed, event.value is not False)
        field = event.field if event.field in NUMBERED else None
        return replace(event, kind=alarmed, value=value, field=field, press=event.press and alarmed is not Kind.CONTACT)
    if purpose is Purpose.BED and event.kind in (Kind.OCCUPANCY, Kind.CONTACT):
        return _as(event, Kind.BED, _in_bed(event))
    if purpose is Purpose.MOTION and event.kind is Kind.OCCUPANCY:
        return _as(event, Kind.MOTION, event.value)
    if purpose in WIRED and event.kind is Kind.CONTACT and event.value is not None:
        return replace(event, kind=alarmed, value=is_active(Kind.CONTACT, event.value))
    return event


def _as(event: Event, kind: Kind, value: Value) -> Event:
    """`replace`, written out: it takes half the time, and motion is what a home hears most."""
    return Event(
        device=event.device,
        kind=kind,
        value=value,
        unit=event.unit,
        field=event.field,
        press=event.press,
        stamp=event.stamp,
        at_ms=event.at_ms,
        press_id=event.press_id,
        repeat_window_ms=event.repeat_window_ms,
    )


def _in_bed(event: Event) -> Value:
    if event.value is None:
        return None
    return canonical(Kind.BED, event.value == "closed" if event.kind is Kind.CONTACT else event.value is True)

"""What a device cannot be for, by what it told about itself: `check` warns of it, and placing it so is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from devices.adapter import Description
from devices.events import EMERGENCY_KINDS, Kind
from devices.registry import Purpose
from hub.config.document import Document
from hub.config.files import DeviceForm
from hub.config.problems import Problem

_ANY_ALARM = frozenset({Kind.OTHER, Kind.BUTTON})
"""A bare radio code or an unnamed alarm bit means what the device was placed for (`devices.registry.meaning`)."""
_CALLS = frozenset({Kind.EMERGENCY, Kind.CALL, Kind.STAFF_ASSIST, Kind.CONTACT}) | _ANY_ALARM
_WIRED = frozenset({Kind.CONTACT})
SAYS: Mapping[Purpose, frozenset[Kind]] = {
    Purpose.EMERGENCY: _CALLS,
    Purpose.CALL: _CALLS,
    Purpose.STAFF_ASSIST: _CALLS,
    Purpose.DOOR: frozenset({Kind.CONTACT}) | _ANY_ALARM,
    Purpose.BED: frozenset({Kind.BED, Kind.OCCUPANCY, Kind.CONTACT}) | _ANY_ALARM,
    Purpose.MOTION: frozenset({Kind.MOTION, Kind.OCCUPANCY}) | _ANY_ALARM,
    Purpose.SMOKE: frozenset({Kind.SMOKE}) | _WIRED | _ANY_ALARM,
    Purpose.GAS: frozenset({Kind.GAS}) | _WIRED | _ANY_ALARM,
    Purpose.CO: frozenset({Kind.CO}) | _WIRED | _ANY_ALARM,
    Purpose.LEAK: frozenset({Kind.WATER_LEAK}) | _WIRED | _ANY_ALARM,
    Purpose.FALL: frozenset({Kind.FALL, Kind.EMERGENCY}) | _ANY_ALARM,
}
"""What a device must be able to say for a purpose; one of them is enough."""
TAKES: Mapping[Purpose, frozenset[str]] = {
    Purpose.LIGHT: frozenset({"turn_on"}),
    Purpose.SWITCH: frozenset({"turn_on"}),
    Purpose.SIREN: frozenset({"sound", "turn_on"}),
    Purpose.SOUNDER: frozenset({"sound", "turn_on", "say"}),
}
"""What a device must be able to be told for a purpose; one of them is enough."""


def cannot_be(purpose: Purpose, description: Description | None) -> str:
    """Why a device cannot be for this, in words; empty where it can, and where nobody can say.

    A device that is not fully understood, or that never introduced itself, may be anything; but one whose text alone
    says that it calls is understood in all else.
    """
    if description is None or (description.unclear and not description.can_call):
        return ""
    says, takes = SAYS.get(purpose), TAKES.get(purpose)
    if says is not None and description.kinds and not description.can_call and says.isdisjoint(description.kinds):
        heard = ", ".join(kind.value.replace("_", " ") for kind in description.kinds)
        return f"cannot be for {purpose}: all it reports is {heard}"
    if takes is not None and description.kinds and takes.isdisjoint(description.commands):
        return f"cannot be for {purpose}: it takes no {' or '.join(sorted(takes))}".replace("turn_on", "switching on")
    return ""


def meant_for(description: Description | None) -> Purpose:
    """What a device looks like; what it is for is said by whoever places it."""
    if description is None:
        return Purpose.OTHER
    if description.can_call or Kind.EMERGENCY in description.kinds:
        return Purpose.EMERGENCY
    found = _LOOKS.get(description.kind)
    if found is not None:
        return found
    if "sound" in description.commands:
        return Purpose.SIREN
    return Purpose.CALL if description.kind in EMERGENCY_KINDS else Purpose.OTHER


_LOOKS = {
    Kind.CALL: Purpose.CALL,
    Kind.STAFF_ASSIST: Purpose.STAFF_ASSIST,
    Kind.CONTACT: Purpose.DOOR,
    Kind.BED: Purpose.BED,
    Kind.MOTION: Purpose.MOTION,
    Kind.OCCUPANCY: Purpose.MOTION,
    Kind.SMOKE: Purpose.SMOKE,
    Kind.GAS: Purpose.GAS,
    Kind.CO: Purpose.CO,
    Kind.WATER_LEAK: Purpose.LEAK,
    Kind.FALL: Purpose.FALL,
    Kind.LIGHT: Purpose.LIGHT,
    Kind.SWITCH: Purpose.SWITCH,
}


def unfit(document: Document, devices: Sequence[DeviceForm], known: Mapping[str, Description]) -> list[Problem]:
    """The placed devices that cannot be what they were placed as, each with its line of `devices.yaml`."""
    found = []
    for number, device in enumerate(devices):
        why = cannot_be(device.purpose, known.get(device.address.partition("#")[0]))
        if why:
            found.append(document.problem(("devices", number, "for"), f'"{device.device}" {why}'))
    return found

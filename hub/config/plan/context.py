"""One plan being compiled: what it may refer to, what is wrong with it, and which device a word means."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from devices.catalogue import adapter_for
from devices.registry import CALLS, Placed, Purpose
from hub.config.document import Document
from hub.config.plan.forms import ResidentFile, SceneForm
from hub.config.problems import Problem, nearest, one_of
from rules.plans.catalogue import PLACEHOLDERS
from rules.plans.plan import Invited
from rules.plans.senses import SENSES, Sense

At = tuple[str | int, ...]
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_CAMERAS = "frigate"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What a plan may refer to."""

    places: Mapping[str, str]
    """The name of each place."""
    devices: Mapping[str, Placed]
    rooms: Mapping[str, str]
    """The room of each resident."""
    activities: Mapping[str, Invited] = field(default_factory=dict)
    scenes: Mapping[str, SceneForm] = field(default_factory=dict)
    bedrooms: Collection[str] = ()
    """Places where somebody sleeps, or may."""
    sounders: Collection[str] = ()
    """Devices that sound the alerts of a zone: no plan may use them."""
    has_home_assistant: bool = False
    timezone: str = "UTC"

    def shared(self, room: str) -> bool:
        """Whether two or more residents live in the room."""
        return Counter(self.rooms.values())[room] > 1


class Checking:
    """One plan being checked; problems are collected, so that all are told at once."""

    def __init__(self, document: Document, plan: ResidentFile, house: House) -> None:
        self.document = document
        self.plan = plan
        self.house = house
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.dropped: set[int] = set()
        """Rules that watch what the resident has withdrawn, by their number: they stop, the others go on."""
        self.rule: int | None = None
        """The rule that is compiled now."""
        self.sensed_by: set[str] = set()
        """The senses that rules of this plan use."""

    def no(self, at: At, what: str, expected: str = "", meant: str = "") -> None:
        """Something is refused."""
        self.problems.append(self.document.problem(at, what, expected, meant))

    def warn(self, at: At, what: str, expected: str = "") -> None:
        """Something works, and somebody should know of it."""
        self.warnings.append(self.document.problem(at, what, expected))

    # -- devices --------------------------------------------------------------------------------------------------

    def sensed(self, sense: Sense, name: str | None, at: At) -> Placed | None:
        """The device behind a sense: the one that is named, or the one of the room that fits."""
        if name is not None:
            return self._named(sense, name, (*at, "device"))
        room, found = self.plan.room, self._of_the_room(sense.purposes[0])
        if sense.purposes[0] is Purpose.OTHER:
            # What a thing was placed for does not tell that it says this: a blind taken for a thermometer says nothing.
            self.no(at, f"no purpose tells which device says {sense.sense}", f"device: {one_of(self._fitting(sense))}")
        elif len(found) == 1:
            return self._fit(sense, found[0], at)
        elif found:
            names = [device.name for device in found]
            self.no(at, f"{len(found)} devices of room {room} can say {sense.sense}", f"device: {one_of(names)}")
        else:
            said = f"nothing placed in room {room} says {sense.sense}"
            self.no(at, said, f"device: with a device for {one_of(purpose.value for purpose in sense.purposes)}")
        return None

    def used(self, what: str, purposes: Sequence[Purpose], name: str | None, at: At) -> Placed | None:
        """The device that help uses: the one that is named, or the room's one for this. `what` is as in `a light`."""
        fitting = [one.name for one in self.house.devices.values() if one.purpose in purposes]
        if name is None:
            found = self._of_the_room(purposes[0])
            if len(found) == 1:
                return found[0]
            names = [device.name for device in found]
            said = f"{len(found) or 'none'} of the devices of room {self.plan.room} can be {what}"
            placed = f"a device placed for {one_of(one.value for one in purposes)}: there is none yet"
            self.no(at, said, f"device: {one_of(names or fitting)}" if names or fitting else placed)
            return None
        placed = f"a device placed for {one_of(one.value for one in purposes)}: there is none yet"
        expected, meant = self.instead(name, fitting) if fitting else (placed, "")
        device = self.house.devices.get(name)
        if device is None:
            self.no((*at, "device"), f'unknown device "{name}"', expected, meant)
            return None
        if device.purpose not in purposes:
            self.no((*at, "device"), f'"{name}" is for {device.purpose} and cannot be {what}', expected, meant)
        elif name in self.house.sounders:
            self.no((*at, "device"), f'"{name}" sounds the alerts of a zone', "one that is the resident's own")
        self.theirs(device, (*at, "device"))
        return device

    def _of_the_room(self, purpose: Purpose) -> list[Placed]:
        """Devices of the room, or worn by the resident, that were placed for this."""
        return [device for device in self._here() if device.purpose is purpose]

    def _here(self) -> list[Placed]:
        resident, room = self.plan.resident, self.plan.room
        return [
            device
            for device in self.house.devices.values()
            if device.person == resident or (device.person is None and device.place == room)
        ]

    def _fitting(self, sense: Sense) -> list[str]:
        order = sense.purposes
        fits = [device for device in self._here() if device.purpose in order]
        return [device.name for device in sorted(fits, key=lambda device: order.index(device.purpose))]

    def _named(self, sense: Sense, name: str, at: At) -> Placed | None:
        fitting = [one.name for one in self.house.devices.values() if one.purpose in sense.purposes]
        device = self.known(name, fitting, at)
        if device is None:
            return None
        if not self.may_watch(device, fitting, at):
            return None
        if device.purpose not in sense.purposes:
            said = f'"{name}" is for {device.purpose} and does not say {sense.sense}'
            self.no(at, said, *self.instead(name, fitting))
            return None
        self.theirs(device, at)
        return self._fit(sense, device, at)

    def may_watch(self, device: Placed, fitting: Sequence[str], at: At) -> bool:
        """Nothing that calls for help, and no camera, is watched by a rule."""
        if device.purpose in CALLS:
            said = f'"{device.name}" is for {device.purpose}: staff are told at once, no rule may stand before it'
            others, _ = self.instead(device.name, fitting)
            self.no(at, said, f"a device that calls nobody: {others}" if fitting else "a device that calls nobody")
            return False
        adapter = adapter_for(device.device)
        if adapter is not None and adapter.name == _CAMERAS:
            self.no(at, f'"{device.name}" is a camera: no plan watches a resident with one', "another sensor")
            return False
        return True

    def _fit(self, sense: Sense, device: Placed, at: At) -> Placed | None:
        return device if self.accepts(sense.sense, at) else None

    def accepts(self, sense: str, at: At) -> bool:
        """Whether the resident accepts this sensing; refused and withdrawn ones are said."""
        self.sensed_by.add(sense)
        said_of_it = self.plan.senses.get(sense)
        answer = said_of_it.says if said_of_it is not None else "accepted"
        if answer == "refused":
            said = f"{self.plan.known_as} has refused {sense}: no rule may watch it"
            self.no(at, said, "a rule without it, or another agreement in senses")
        elif answer == "withdrawn" and self.rule is not None:
            if self.rule not in self.dropped:
                said = f"{self.plan.known_as} has withdrawn {sense}: this rule stops at once; agree on another way"
                self.warn(at, said)
            self.dropped.add(self.rule)
        return answer != "refused"

    def known(self, name: str, fitting: Sequence[str], at: At) -> Placed | None:
        """The placed device of this name."""
        device = self.house.devices.get(name)
        if device is None:
            self.no(at, f'unknown device "{name}"', *self.instead(name, fitting))
        return device

    def instead(self, name: str, fitting: Sequence[str]) -> tuple[str, str]:
        """The devices that would do, those of the resident's own room first, and the nearest name."""
        room = self.plan.room
        here = [other for other in fitting if self.house.devices[other].place == room]
        return one_of(here or fitting), nearest(name, here) or nearest(name, fitting)

    def theirs(self, device: Placed, at: At) -> None:
        """A rule may use what is this resident's or nobody's, never what is somebody else's."""
        resident, room = self.plan.resident, self.plan.room
        if device.person is not None and device.person != resident:
            self.no(at, f'"{device.name}" belongs to {device.person}', f"a device of {resident}")
        elif device.person is None and device.place != room and device.place in self.house.rooms.values():
            self.no(at, f'"{device.name}" is in room {device.place}, where somebody else lives', f"a device in {room}")
        elif device.person is None and device.place != room and device.place in self.house.bedrooms:
            self.warn(at, f'"{device.name}" is in room {device.place}, and {self.plan.known_as} sleeps in {room}')

    # -- words ----------------------------------------------------------------------------------------------------

    def words(self, words: str, at: At) -> None:
        """Only what is known may be filled in."""
        for name in _PLACEHOLDER.findall(words):
            if name not in PLACEHOLDERS:
                shown = [f"{{{known}}}" for known in PLACEHOLDERS]
                meant = nearest(name, PLACEHOLDERS)
                self.no(at, f"unknown filling {{{name}}}", one_of(shown), f"{{{meant}}}" if meant else "")


def sense_of(settings: Mapping[str, object]) -> list[str]:
    """The senses that a form names, in the order of the language."""
    return [name for name in SENSES if settings.get(name) is not None]

"""What happens in the demonstration besides the residents' own night, so that there is always something to see."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from devices.registry import Purpose
from hub.demo.home import Waits
from hub.simulate.days import SPOKEN
from hub.simulate.messages import Said, Scalar
from rules.home import Home

SHOWN_ROOM = "012"
"""The room whose pendant is pressed at the start, and by the key `p`."""
FIRST_AFTER_S = 2.0
PAUSE_S = (20.0, 38.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A message of a device, so long after the one before it."""

    after_s: float
    said: Said


class Incidents:
    """Presses, doors left open and people up for too long, drawn one after the other."""

    def __init__(self, home: Home, wait: Waits, rng: random.Random) -> None:
        self._home = home
        self._spoken = [row for row in home.devices if row.device.startswith(SPOKEN) and not row.part]
        self._wait = wait
        self._rng = rng
        self._agreed = {
            rule.place for person in home.residents for rule in person.rules if rule.delay_agreed is not None
        }

    def press(self, room: str = SHOWN_ROOM) -> Said:
        """The pendant of the resident of a room, or of the last resident where there is no such room."""
        people = self._home.residents
        person = next((one.resident for one in people if one.room == room), people[-1].resident)
        pendants = {row.person: row.device for row in self._spoken if row.purpose is Purpose.EMERGENCY}
        return _said(pendants.get(person) or next(iter(pendants.values())), action="emergency")

    def next(self) -> Iterator[Happening]:
        """One incident, message by message."""
        draw = self._rng.choices((self._call, self._pendant, self._door, self._bed, self._cord), (40, 22, 18, 16, 4))[0]
        yield from draw()

    def _one_of(self, purpose: Purpose) -> str:
        addresses = [row.device for row in self._spoken if row.purpose is purpose and row.place != "lounge"]
        return self._rng.choice(addresses) if addresses else self.press().topic

    def _call(self) -> Iterator[Happening]:
        button = self._one_of(Purpose.CALL)
        for _ in range(self._rng.choice((1, 1, 1, 2))):
            yield Happening(after_s=self._rng.uniform(3, 12), said=_said(button, action="single"))

    def _pendant(self) -> Iterator[Happening]:
        pendant = self._one_of(Purpose.EMERGENCY)
        for _ in range(self._rng.choice((1, 1, 2, 3))):
            yield Happening(after_s=self._rng.uniform(2, 5), said=_said(pendant, action="emergency"))

    def _cord(self) -> Iterator[Happening]:
        cords = [row.device for row in self._spoken if row.place == "lounge"]
        yield Happening(after_s=0, said=_said(self._rng.choice(cords), action="emergency"))

    def _door(self) -> Iterator[Happening]:
        door = self._one_of(Purpose.DOOR)
        yield Happening(after_s=0, said=_said(door, contact=False))
        yield Happening(after_s=self._wait.door_s + self._rng.uniform(40, 120), said=_said(door, contact=True))

    def _bed(self) -> Iterator[Happening]:
        """Up at night: half of them are back before anybody is told, which is what the plan is for."""
        beds = [row.device for row in self._spoken if row.purpose is Purpose.BED and row.place in self._agreed]
        bed = self._rng.choice(beds) if beds else self._one_of(Purpose.BED)
        yield Happening(after_s=0, said=_said(bed, occupancy=True))
        yield Happening(after_s=1, said=_said(bed, occupancy=False))
        late = self._rng.random() < 0.5
        away_s = self._wait.bed_s * 0.6 if not late else self._wait.bed_s + self._rng.uniform(40, 120)
        yield Happening(after_s=away_s, said=_said(bed, occupancy=True))


def _said(address: str, **values: Scalar) -> Said:
    return Said(at_ms=0, topic=address, body={**values, "linkquality": 120})

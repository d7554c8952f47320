"""Days of a home, from noon to noon so that a night is whole; the same home, seed and date give the same bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from devices.registry import Purpose
from hub.simulate.characters import CHARACTERS, Character
from hub.simulate.messages import Said, Scalar
from rules.home import Home, Resident

MINUTE_MS = 60_000
DAY_MIN = 1440.0
SPOKEN = "zigbee2mqtt/"
"""Devices of other ecosystems stay silent here."""
OFFLINE_PCT = 2
BATTERY_LOW_PCT = 1


def days_of(home: Home, *, seed: int, first: date, days: int | None) -> Iterator[Said]:
    """What the home's devices say, in order, for so many days from noon of the first; `None` is without end."""
    timezone = ZoneInfo(home.timezone)
    people = [(resident, _character(home, seed, number)) for number, resident in enumerate(home.residents)]
    for day in count() if days is None else range(days):
        noon_ms, next_ms = (_noon_ms(first + timedelta(days=day + more), timezone) for more in (0, 1))
        said = [Said(at_ms=noon_ms, topic=f"{SPOKEN}bridge/state", body={"state": "online"}, stamped=False)]
        for resident, character in people:
            # A string seeds the same on every machine; a tuple would not.
            rng = random.Random(f"{seed}/{resident.resident}/{first + timedelta(days=day)}")
            said += _Day(home, resident, character, noon_ms, rng).said()
        yield from sorted((row for row in said if row.at_ms < next_ms), key=lambda row: (row.at_ms, row.topic))


def _noon_ms(day: date, timezone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(12), timezone).timestamp() * 1000)


def _character(home: Home, seed: int, number: int) -> Character:
    """Dealt like cards, so that every home has a bit of everybody."""
    cards = [character for character, many in CHARACTERS for _ in range(many)]
    random.Random(f"{seed}/{home.slug}").shuffle(cards)
    return cards[number % len(cards)]


class _Day:
    """One resident from noon to noon; `at` is in minutes after noon."""

    def __init__(self, home: Home, resident: Resident, character: Character, noon_ms: int, rng: random.Random) -> None:
        self._character = character
        self._noon_ms = noon_ms
        self._rng = rng
        self._said: list[Said] = []
        self._devices = {
            device.purpose: device.device
            for device in reversed(home.devices)
            if device.device.startswith(SPOKEN)
            and not device.part
            and (device.person == resident.resident or (device.person is None and device.place == resident.room))
        }
        self._batteries = {address: rng.randint(55, 100) for address in self._devices.values()}
        self._warm_c = rng.uniform(19.5, 23.5)

    def said(self) -> list[Said]:
        """Everything this resident's devices say that day."""
        who, rng = self._character, self._rng
        to_bed = who.to_bed_min + rng.gauss(0, 15)
        wakes = min(DAY_MIN - 60, to_bed + who.sleeps_min + rng.gauss(0, 25))
        for at in (rng.uniform(10, 40), rng.uniform(140, 220), rng.uniform(310, 340), wakes + 45):
            self._through_the_door(at)
        for at in (rng.uniform(80, 130), rng.uniform(240, 300), rng.uniform(400, 470)):
            self._through_the_door(at)
            self._moves_about(at + 0.3, at + rng.uniform(4, 30))
        self._moves_about(to_bed - rng.uniform(10, 25), to_bed)
        self._says(Purpose.BED, to_bed, {"occupancy": True})
        for at, minutes in self._times_up(to_bed + 40, wakes - 40):
            self._up(at, minutes)
        self._says(Purpose.BED, wakes, {"occupancy": False})
        self._moves_about(wakes + 0.2, wakes + 30)
        for _ in range(self._how_many(who.calls)):
            self._calls(rng.uniform(to_bed, wakes))
        if rng.random() < 0.1:
            self._calls(rng.uniform(0, to_bed))
        self._reports()
        self._troubles()
        return self._said

    def _times_up(self, first: float, last: float) -> list[tuple[float, float]]:
        """Moments and lengths of being up at night, none into the next one."""
        who, rng = self._character, self._rng
        starts = sorted(rng.uniform(first, last) for _ in range(rng.randint(*who.ups)))
        chosen: list[tuple[float, float]] = []
        for start in starts:
            if not chosen or start > sum(chosen[-1]) + 10:
                chosen.append((start, min(rng.uniform(*who.up_min), max(1.0, last - start))))
        return chosen

    def _how_many(self, average: float) -> int:
        """A number around an average: whole ones surely, the rest by chance, now and then one more."""
        whole, rest = divmod(average, 1)
        number = int(whole) + (self._rng.random() < rest)
        return max(0, number + (self._rng.choice((-1, 0, 0, 1)) if whole else 0))

    def _up(self, at: float, minutes: float) -> None:
        self._says(Purpose.BED, at, {"occupancy": False})
        self._moves_about(at + 0.1, at + minutes)
        if minutes > 3 and self._rng.randrange(100) < self._character.leaves_pct:
            self._through_the_door(at + minutes * 0.25)
            self._through_the_door(at + minutes * 0.85)
        self._says(Purpose.BED, at + minutes, {"occupancy": True})

    def _through_the_door(self, at: float) -> None:
        self._says(Purpose.DOOR, at, {"contact": False})
        self._says(Purpose.DOOR, at + self._rng.uniform(*self._character.door_open_min), {"contact": True})

    def _moves_about(self, start: float, end: float) -> None:
        """Motion seen, and no longer seen a minute or two after."""
        at = start
        while at < end:
            still = self._rng.uniform(1.0, 1.8)
            self._says(Purpose.MOTION, at, {"occupancy": True})
            self._says(Purpose.MOTION, at + still, {"occupancy": False})
            at += still + self._rng.expovariate(1 / 6)

    def _calls(self, at: float) -> None:
        """The call button where there is one, and the pendant in need."""
        urgent = self._rng.randrange(100) < self._character.emergency_pct
        if Purpose.CALL in self._devices and not urgent:
            self._says(Purpose.CALL, at, {"action": "single"})
        elif Purpose.EMERGENCY in self._devices:
            self._says(Purpose.EMERGENCY, at, {"action": "emergency"})

    def _reports(self) -> None:
        """What devices say without being touched: that they are there, how warm it is, how full their battery."""
        for purpose, every in ((Purpose.MOTION, 60.0), (Purpose.EMERGENCY, 720.0), (Purpose.CALL, 720.0)):
            at = self._rng.uniform(0, every)
            while at < DAY_MIN:
                warm_c = round(self._warm_c + self._rng.uniform(-0.4, 0.4), 1)
                self._says(purpose, at, {"temperature": warm_c} if purpose is Purpose.MOTION else {})
                at += every * self._rng.uniform(0.9, 1.1)
        for purpose in (Purpose.DOOR, Purpose.BED, Purpose.LIGHT):
            if purpose in self._devices:
                self._online(purpose, self._rng.uniform(0, 60), "online")

    def _troubles(self) -> None:
        """Now and then a device is out of reach for a while, or its battery nearly flat."""
        rng = self._rng
        if rng.randrange(100) < OFFLINE_PCT:
            purpose = rng.choice((Purpose.DOOR, Purpose.MOTION, Purpose.BED))
            at = rng.uniform(60, DAY_MIN - 120)
            self._online(purpose, at, "offline")
            self._online(purpose, at + rng.uniform(8, 60), "online")
        if rng.randrange(100) < BATTERY_LOW_PCT and Purpose.EMERGENCY in self._devices:
            self._batteries[self._devices[Purpose.EMERGENCY]] = rng.randint(4, 13)
            self._says(Purpose.EMERGENCY, rng.uniform(0, DAY_MIN), {})

    def _online(self, purpose: Purpose, at: float, state: str) -> None:
        if purpose in self._devices:
            topic = f"{self._devices[purpose]}/availability"
            self._said.append(Said(at_ms=self._ms(at), topic=topic, body={"state": state}, stamped=False))

    def _says(self, purpose: Purpose, at: float, values: dict[str, Scalar]) -> None:
        address = self._devices.get(purpose)
        if address is not None and 0 <= at < DAY_MIN + 60:
            body = {**values, "battery": self._batteries[address], "linkquality": self._rng.randint(60, 220)}
            self._said.append(Said(at_ms=self._ms(at), topic=address, body=body))

    def _ms(self, at: float) -> int:
        return self._noon_ms + int(at * MINUTE_MS)

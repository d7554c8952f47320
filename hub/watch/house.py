"""A home as the watcher needs it: whose a device is and where to go, by the home's own names. Derived, never stored."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from devices.events import Event
from devices.registry import Placed, Purpose, Registry
from hub.watch.asked import is_asked, parts_of
from hub.watch.records import Open
from rules.alerting.levels import LADDERS, Level
from rules.home import Home

THIS_NIGHT_MS = 20 * 3_600_000
"""What is longer ago is said with its day: its hour alone would be that of a call of today."""
_SOUNDING = frozenset({Purpose.SIREN, Purpose.SOUNDER})


class House:
    """Look-ups in an accepted home."""

    __slots__ = ("_lives", "_places", "_registry", "_residents", "_staff", "_timezone", "home")

    def __init__(self, home: Home) -> None:
        self.home = home
        self._registry = Registry(home.devices)
        self._places = {place.place: place.name for place in home.places}
        self._residents = {resident.resident: resident for resident in home.residents}
        self._staff = {carer.id: carer.name for carer in home.staff}
        self._lives: dict[str, list[str]] = {}
        for resident in home.residents:
            self._lives.setdefault(resident.room, []).append(resident.known_as)
        self._timezone = _timezone(home.timezone)

    def without(self, gone: set[str]) -> House:
        """The same house without those who have left or died: what is pressed then names their room, and nobody."""
        rooms = {row.resident: row.room for row in self.home.residents if row.resident in gone}
        devices = tuple(
            replace(row, person=None, place=row.place or rooms[row.person]) if row.person in rooms else row
            for row in self.home.devices
        )
        residents = tuple(row for row in self.home.residents if row.resident not in rooms)
        return House(replace(self.home, residents=residents, devices=devices))

    def placed(self, address: str) -> Placed | None:
        """The placed device of an address."""
        return self._registry.by_address(address)

    @property
    def places(self) -> Container[str]:
        """The ids of its places."""
        return self._places

    def knows(self, name: str) -> bool:
        """Whether a device is called so here."""
        return self._registry.by_name(name) is not None or is_asked(name)

    def of_part(self, event: Event) -> Event:
        """The event as one of the part that reported it, where that part was placed by itself."""
        return self._registry.of_part(event)

    def who_where(self, address: str) -> tuple[str, str]:
        """Who calls with this device, and where to go; where a pendant is nobody knows: its wearer's room is named."""
        placed = self.placed(address)
        if placed is None and is_asked(address):
            return self._who_asked(address)
        if placed is None:
            return "", f"a device nobody has placed, {address}"
        resident = self._residents.get(placed.person or "")
        who = resident.known_as if resident else self._staff.get(placed.person or "", "")
        if placed.place is not None:
            lives = self._lives.get(placed.place, [])
            return who or (lives[0] if len(lives) == 1 else ""), self.place(placed.place)
        return who, f"lives in {self.place(resident.room)}" if resident else placed.name

    def _who_asked(self, address: str) -> tuple[str, str]:
        staff, room = parts_of(address)
        lives = self._lives.get(room, [])
        who = self._staff.get(staff, staff) if staff else lives[0] if len(lives) == 1 else ""
        return who, self.place(room) if room else "place not known"

    def who_where_of(self, alert: Open) -> tuple[str, str]:
        """Whom an alert of the hub is about, and where to go."""
        if alert.missed:
            rows = (self._who_where(resident, place, None, device) for resident, place, device in alert.missed)
            listed = "; ".join(", ".join(part for part in row if part) for row in rows)
            return "", f"pressed while the hub was down: {listed}"
        return self._who_where(alert.resident, alert.place, alert.room, alert.device)

    def _who_where(self, resident: str | None, place: str | None, room: str | None, device: str) -> tuple[str, str]:
        lives = self._residents.get(resident or "")
        who, room = (lives.known_as, lives.room) if lives else ("", room)
        if place is not None:
            return who, self.place(place)
        if room is not None:
            return who, f"lives in {self.place(room)}" if who else self.place(room)
        return who, device

    def attend_within_ms(self, level: str) -> int:
        """How long somebody who said they go may take to be there."""
        return (self.home.ladders.get(Level(level)) or LADDERS[Level(level)]).attend_within_s * 1000

    def carer(self, person: str | None) -> str:
        """What a member of staff is called."""
        return self._staff.get(person or "", person or "somebody")

    def place(self, place: str) -> str:
        """What a place is called."""
        return self._places.get(place, place)

    def sounders(self, named: tuple[str, ...]) -> list[str]:
        """The addresses of the named sirens and sounders, or of all that are placed."""
        return [
            placed.device
            for placed in self.home.devices
            if (placed.name in named if named else placed.purpose in _SOUNDING)
        ]

    def time(self, wall_ms: int) -> str:
        """The time of day in this home."""
        return f"{self._at(wall_ms):%H:%M}"

    def when(self, wall_ms: int, now_wall_ms: int) -> str:
        """The same, with the day where it is not of the hours around now."""
        at = self._at(wall_ms)
        return f"{at:%H:%M}" if abs(now_wall_ms - wall_ms) < THIS_NIGHT_MS else f"{at.day} {at:%b %H:%M}"

    def _at(self, wall_ms: int) -> datetime:
        return datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone(self._timezone)


def _timezone(name: str) -> tzinfo:
    """The home's time zone; UTC where this machine does not know it, because a call is not refused for a clock."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC

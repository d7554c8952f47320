"""What of a period was heard at all: an answer about nights of which nothing is known is no answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

DAY_MS = 86_400_000
GAP_MS = 25 * 3_600_000
"""A device that says nothing for longer was not there, or nobody heard it: nearly every sensor speaks once a day."""
MOST_GAPS = 50


@dataclass(slots=True)
class HeardOf:
    """One device in the period."""

    device: str
    name: str
    whose: tuple[str, ...]
    events: int = 0
    first_ms: int = 0
    last_ms: int = 0
    nights: int = 0
    """In so many nights (noon to noon) it said something."""
    gaps: list[tuple[int, int]] = field(default_factory=list)
    """When it was silent for longer than `GAP_MS`; the first fifty."""
    _night: int = -1


@dataclass(slots=True)
class Coverage:
    """The whole of it. Times are wall times in milliseconds."""

    from_ms: int = 0
    to_ms: int = 0
    nights: int = 0
    live: int = 0
    imported: int = 0
    stepped: int = 0
    """Events that the plans in question can depend on; the others are only counted."""
    down: list[tuple[int, int]] = field(default_factory=list)
    """When the hub or its link to the broker was down."""
    changed: int = 0
    """How often the accepted configuration changed in the period."""
    devices: dict[str, HeardOf] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)
    """Events of devices that no plan in question can depend on, by address."""
    shift_ms: int = 0
    """The home's offset from UTC, so that nights are counted from noon to noon."""

    def watch(self, whose: Mapping[str, tuple[str, ...]], names: Mapping[str, str]) -> None:
        """These are the devices that the answer rests on."""
        for device, residents in sorted(whose.items(), key=lambda item: names.get(item[0], item[0])):
            self.devices[device] = HeardOf(device, names.get(device, device), residents)

    def hear(self, device: str, wall_ms: int) -> None:
        """It said something."""
        known = self.devices.get(device) or self.devices.get(device.partition("#")[0])  # a part is of its device
        if known is None:
            self.others[device] = self.others.get(device, 0) + 1
            return
        last_ms = known.last_ms or self.from_ms
        if wall_ms - last_ms > GAP_MS and len(known.gaps) < MOST_GAPS:
            known.gaps.append((last_ms, wall_ms))
        known.first_ms = known.first_ms or wall_ms
        known.last_ms = wall_ms
        known.events += 1
        night = (wall_ms + self.shift_ms) // DAY_MS
        if night != known._night:
            known._night = night
            known.nights += 1

    def end(self, to_ms: int) -> None:
        """The period is over."""
        self.to_ms = to_ms
        first, last = ((at + self.shift_ms) // DAY_MS for at in (self.from_ms, max(self.from_ms, to_ms - 1)))
        self.nights = last - first + 1
        for known in self.devices.values():
            last_ms = known.last_ms or self.from_ms
            if to_ms - last_ms > GAP_MS and len(known.gaps) < MOST_GAPS:
                known.gaps.append((last_ms, to_ms))

    def silent(self) -> list[HeardOf]:
        """The devices that were never heard in the period."""
        return [known for known in self.devices.values() if not known.events]


def night_shift_ms(utc_offset_ms: int) -> int:
    """What is added to a wall time so that days begin at noon, local time."""
    return utc_offset_ms - DAY_MS // 2


def joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that touch or overlap, as one."""
    made: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((start, end))
    return made

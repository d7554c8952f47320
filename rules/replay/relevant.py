"""Which events a plan can depend on: a replay steps those and only counts the others.

Taken widely, from the words of the rules themselves, whatever forms they have: a device that a rule names, or that
hangs in a place which a rule names or where the resident lives, or that the resident wears; and of those each kind that
a rule names anywhere. Everything that calls for help counts always, of everybody. A part of a device that was placed by
itself is said by the whole device, so that is what counts. A test holds a replay of everything against a replay of what
is relevant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass

from devices.events import EMERGENCY_KINDS, Kind
from devices.registry import ALARMED, CALLS, Placed, Purpose
from rules.home import Home
from rules.plans.plan import Nothing

ALWAYS = frozenset({*EMERGENCY_KINDS, Kind.CALL, Kind.WATER_LEAK})
UNNAMED = frozenset({Kind.OCCUPANCY, Kind.CONTACT, Kind.OTHER, Kind.BUTTON})
"""What a device may say that means the kind it was placed for (`devices.registry.meaning`)."""
WHOLE = CALLS | {Purpose.PRESENCE_TAG}
"""Of these everything counts, whoever they belong to: what calls for help, and what says that a carer is somewhere."""
EVERY = frozenset(kind.value for kind in Kind)


@dataclass(frozen=True, slots=True)
class Relevant:
    """Whose each device is, and what of it is stepped."""

    whose: Mapping[str, tuple[str, ...]]
    """The residents in question whose plan can depend on a device, by its address."""
    stepped: Mapping[str, frozenset[str]]
    """The kinds that are stepped, by address; of other devices `ALWAYS`."""

    def is_(self, device: str, kind: str) -> bool:
        """Whether an event of this device and kind is stepped."""
        return kind in self.stepped.get(device, ALWAYS)


def relevant(homes: Iterable[Home], residents: frozenset[str]) -> Relevant:
    """For the plans that these residents have in these homes."""
    whose: dict[str, set[str]] = {}
    placed_at: dict[str, list[Placed]] = {}
    named: set[str] = set()
    waits_for_silence = False
    for home in homes:
        for placed in home.devices:
            for address in _addresses(placed):
                placed_at.setdefault(address, []).append(placed)
        for one in home.residents:
            if one.resident not in residents:
                continue
            waits_for_silence |= any(isinstance(rule.when, Nothing) for rule in one.rules)
            words = set(words_of(one.rules)) | {one.room}
            named |= words
            for placed in home.devices:
                if placed.person == one.resident or not words.isdisjoint({placed.name, placed.device, placed.place}):
                    for address in _addresses(placed):
                        whose.setdefault(address, set()).add(one.resident)
    text = "\n".join(sorted(named))
    kinds = frozenset(kind.value for kind in Kind if kind.value in text)
    if waits_for_silence:
        kinds |= {Kind.AVAILABILITY.value}  # the silence of a device that is offline says nothing
    stepped = {
        device: _of(every, kinds)
        for device, every in placed_at.items()
        if device in whose or any(placed.purpose in WHOLE for placed in every)
    }
    return Relevant(whose={device: tuple(sorted(each)) for device, each in whose.items()}, stepped=stepped)


def _addresses(placed: Placed) -> tuple[str, ...]:
    """Under which addresses its events are kept: a part's under that of the whole device, which said them."""
    return (placed.device,) if placed.module == placed.device else (placed.device, placed.module)


def _of(every: Iterable[Placed], kinds: frozenset[str]) -> frozenset[str]:
    """The kinds of one device that count, in whatever form it says them."""
    found = set(kinds | ALWAYS | {Kind.BUTTON.value})
    for placed in every:
        if placed.purpose in WHOLE:
            return EVERY
        meant = ALARMED.get(placed.purpose)
        if meant is not None and meant.value in kinds:
            found |= UNNAMED
    return frozenset(found)


def words_of(value: object) -> Iterator[str]:
    """Every word that stands anywhere in a rule."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            yield from words_of(getattr(value, each.name))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from words_of(key)
            yield from words_of(inner)
    elif isinstance(value, tuple | list | frozenset | set):
        for inner in value:
            yield from words_of(inner)

"""Which events a plan can depend on: a replay steps those and only counts the others.

Taken widely, from the words of the rules themselves, whatever forms they have: a device that a rule names, or that
hangs in a place which a rule names or where the resident lives, or that the resident wears; and of those each kind that
a rule names anywhere. Everything that calls for help counts always, of everybody. A part of a device that was placed by
itself is said by the whole device, so that is what counts. A test holds a replay of everything against a replay of what
is relevant.

Three things count that no rule names. Where a rule waits for silence: whether its devices could be heard at all, so
each word of theirs, and what the gateways they hang on say of themselves. Where somebody was away: whatever shows life
in their room, because staff are then asked whether they are back. Where a rule sounds something: what every device
says, because no help sounds where an alert does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass

from devices.events import EMERGENCY_KINDS, Kind
from devices.gateways import hears_below, module_of
from devices.registry import ALARMED, CALLS, Placed, Purpose
from rules.home import Home
from rules.plans.helping import SOUNDING
from rules.plans.plan import Nothing, Rule
from rules.plans.standing import SHOWS_LIFE

ALWAYS = frozenset({*EMERGENCY_KINDS, Kind.CALL, Kind.WATER_LEAK})
UNNAMED = frozenset({Kind.OCCUPANCY, Kind.CONTACT, Kind.OTHER, Kind.BUTTON})
"""What a device may say that means the kind it was placed for (`devices.registry.meaning`)."""
WHOLE = CALLS | {Purpose.PRESENCE_TAG}
"""Of these everything counts, whoever they belong to: what calls for help, and what says that a carer is somewhere."""
EVERY = frozenset(kind.value for kind in Kind)
OF_THEMSELVES = frozenset({Kind.BATTERY, Kind.AVAILABILITY})
OF_GATEWAY = ALWAYS | {Kind.AVAILABILITY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the whole record says that decides which events count."""

    away: frozenset[str] = frozenset()
    """Residents who were away at any time of it."""
    gateways: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """What a device said that it hangs on, by its address."""


@dataclass(frozen=True, slots=True)
class Relevant:
    """Whose each device is, and what of it is stepped."""

    whose: Mapping[str, tuple[str, ...]]
    """The residents in question whose plan can depend on a device, by its address."""
    stepped: Mapping[str, frozenset[str]]
    """The kinds that are stepped, by address; of other devices `ALWAYS`, of gateways what they say of themselves."""
    waited: frozenset[str] = frozenset()
    """The addresses of devices for whose silence a rule waits."""
    gateways: frozenset[str] = frozenset()
    """What those said that they hang on."""

    def kinds_of(self, device: str) -> frozenset[str]:
        """The kinds of this device that are stepped."""
        found = self.stepped.get(device)
        if found is not None:
            return found
        return OF_GATEWAY if self.is_gateway(device) else ALWAYS

    def is_gateway(self, address: str) -> bool:
        """Whether a device for whose silence a rule waits may be heard through this one."""
        if address in self.gateways:
            return True
        below = hears_below(address)
        return below is not None and any(device.startswith(below) for device in self.waited)

    def is_(self, device: str, kind: str) -> bool:
        """Whether an event of this device and kind is stepped."""
        return kind in self.kinds_of(device)


NOTHING_KNOWN = Known()


def relevant(homes: Iterable[Home], residents: frozenset[str], known: Known = NOTHING_KNOWN) -> Relevant:
    """For the plans that these residents have in these homes."""
    whose: dict[str, set[str]] = {}
    placed_at: dict[str, list[Placed]] = {}
    named: set[str] = set()
    waited: set[str] = set()
    lively: set[str] = set()
    sounds = False
    for home in homes:
        for placed in home.devices:
            for address in _addresses(placed):
                placed_at.setdefault(address, []).append(placed)
        for one in home.residents:
            if one.resident not in residents:
                continue
            silences = waits_of(one.rules)
            words = set(words_of(one.rules)) | {one.room}
            named |= words
            for placed in home.devices:
                addresses = _addresses(placed)
                if placed.person == one.resident or not words.isdisjoint({placed.name, placed.device, placed.place}):
                    for address in addresses:
                        whose.setdefault(address, set()).add(one.resident)
                sounds |= placed.name in words and placed.purpose in SOUNDING
                if placed.name in silences:
                    waited.update(addresses)
                if one.resident in known.away and (placed.person == one.resident or placed.place == one.room):
                    lively.update(addresses)
    text = "\n".join(sorted(named))
    kinds = frozenset(kind.value for kind in Kind if kind.value in text)
    stepped = {
        device: _of(every, kinds | SHOWS_LIFE if device in lively else kinds)
        for device, every in placed_at.items()
        if device in whose or any(placed.purpose in WHOLE for placed in every)
    }
    if sounds:
        stepped = {device: stepped.get(device, EVERY) | (EVERY - OF_THEMSELVES) for device in placed_at}
    gateways = {gateway for device in waited for gateway in (module_of(device), *known.gateways.get(device, ()))}
    return Relevant(
        whose={device: tuple(sorted(each)) for device, each in whose.items()},
        stepped=stepped
        | {device: stepped[device] | OF_GATEWAY for device in gateways & stepped.keys()}
        | dict.fromkeys(waited, EVERY),
        waited=frozenset(waited),
        gateways=frozenset(gateways - {""}),
    )


def waits_of(rules: Iterable[Rule]) -> frozenset[str]:
    """The devices, by our names of them, for whose silence these rules wait."""
    return frozenset(fact.device for rule in rules if isinstance(rule.when, Nothing) for fact in rule.when.of)


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

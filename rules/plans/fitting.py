"""Rules that were accepted earlier, held against the devices of now: what no longer fits does not go on.

A plan that is refused changes nothing: the rules accepted last stay in force, as far as everything they watch and use
is still there and still for the same thing. What the resident has meanwhile refused or withdrawn stops at once,
whatever else is wrong with the plan that says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from devices.registry import CALLS, Placed, Purpose
from rules.home import Resident
from rules.plans import second
from rules.plans.help import Alarm, Ask, Cover, Light, Scene, Step, Switch
from rules.plans.plan import Fact, Nothing, NumberIs, Rule, StateIs
from rules.plans.senses import SENSES, senses_of

LIGHTS = frozenset({Purpose.LIGHT})
SWITCHES = frozenset({Purpose.SWITCH})


def still_stands(rule: Rule, devices: Mapping[str, Placed], places: Collection[str]) -> bool:
    """Whether a rule accepted earlier still fits the devices placed now."""
    return (
        rule.place in places
        and all(_says(fact, devices) for fact in watched(rule))
        and all(_does(name, purposes, devices) for name, purposes in used(rule.help))
        and all(_answers(step.button, rule, devices) for step in rule.help if isinstance(step, Ask) and step.button)
    )


def watched(rule: Rule) -> Iterator[Fact]:
    """Every fact of a device that starts a rule, that it asks for, or that settles it."""
    if isinstance(rule.when, Nothing):
        yield from rule.when.of
    elif rule.device:
        yield Fact(device=rule.device, kind=rule.kind, value=rule.value)
    for condition in rule.only_if:
        if isinstance(condition, StateIs):
            yield condition.state
        elif isinstance(condition, NumberIs):
            yield condition.number
    yield from (Fact(device=one.device, kind=one.kind, value=one.value) for one in rule.settled_by if one.device)


def used(steps: tuple[Step, ...]) -> Iterator[tuple[str, frozenset[Purpose]]]:
    """Every device that help uses, and what it must be for; nothing said: anything that calls nobody."""
    for step in steps:
        if isinstance(step, Light):
            yield step.device, LIGHTS
        elif isinstance(step, Switch):
            yield step.socket, SWITCHES
        elif isinstance(step, Cover):
            yield step.cover, frozenset()
        elif isinstance(step, Alarm):
            yield step.sounder, frozenset()
        elif isinstance(step, Scene):
            yield from used(step.steps)


def _says(fact: Fact, devices: Mapping[str, Placed]) -> bool:
    device = devices.get(fact.device)
    return device is not None and senses_of(fact.kind, device.purpose) is not None


def _does(name: str, purposes: frozenset[Purpose], devices: Mapping[str, Placed]) -> bool:
    device = devices.get(name)
    return device is not None and (device.purpose in purposes if purposes else device.purpose not in CALLS)


def _answers(name: str, rule: Rule, devices: Mapping[str, Placed]) -> bool:
    """Whether a button may still answer: one that calls nobody, or the second of the resident's own pendant."""
    device = devices.get(name)
    if device is None or device.purpose not in CALLS:
        return device is not None
    return second.unfit(device, rule.resident, devices.values()) is None


def is_stopped(rule: Rule, resident: Resident, devices: Mapping[str, Placed]) -> bool:
    """Whether a rule watches what the resident has refused or withdrawn."""
    stopped = [SENSES[word] for word, answer in resident.senses.items() if answer != "accepted" and word in SENSES]
    found = ((fact.kind, devices.get(fact.device)) for fact in watched(rule))
    return any(device is not None and senses_of(kind, device.purpose) in stopped for kind, device in found)


def with_last_rules(
    resident: Resident, last: Resident | None, devices: Mapping[str, Placed], places: Collection[str]
) -> Resident:
    """The resident with the plan that was accepted last, where it still fits: a refused plan changes nothing.

    A plan so broken that it does not even say the room leaves the resident's name and room as they were.
    """
    if last is None or last.resident != resident.resident:
        return resident
    if not resident.room and last.room in places:
        resident = replace(resident, room=last.room, known_as=last.known_as)
    if last.room != resident.room:
        return resident
    stopped = {word: answer for word, answer in resident.senses.items() if answer != "accepted"}
    whole = replace(last, known_as=resident.known_as, senses={**last.senses, **stopped})
    kept = [rule for rule in last.rules if still_stands(rule, devices, places)]
    return replace(whole, rules=tuple(rule for rule in kept if not is_stopped(rule, whole, devices)))

"""The catalogue of ready rules, and their pure translation into what the machine runs.

A catalogue rule says what is watched, which state starts it and which ends it; the home says whose it is, what helps,
and what staff are told otherwise. No rule may watch a device that calls for help: nothing stands before that.

The plan language that comes later compiles to the same `Rule`, beside this file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from devices.registry import Placed, Purpose
from rules.home import DelayAgreed, Light, Otherwise, Resident, Rule, Say, Settles, Step, Wait

PLACEHOLDERS = ("room", "known_as", "for")
"""What words of a rule may have filled in; `for` is left to the machine, which knows how long it has been."""

LIGHT_PURPOSES = frozenset({Purpose.LIGHT})
"""What a `light` step may switch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A rule of the catalogue: what it watches, what starts it, and what ends it well."""

    rule: str
    watches: Purpose
    kind: str
    value: str
    settled_value: str


LEFT_OPEN = Entry(rule="left-open", watches=Purpose.DOOR, kind="contact", value="open", settled_value="closed")
OUT_OF_BED = Entry(rule="out-of-bed", watches=Purpose.BED, kind="bed", value="empty", settled_value="occupied")
CATALOGUE: Mapping[str, Entry] = {entry.rule: entry for entry in (LEFT_OPEN, OUT_OF_BED)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A catalogue rule as a resident's plan has it."""

    entry: Entry
    name: str
    why: str
    device: str
    during: tuple[str, str] | None = None
    help: tuple[Step, ...] = ()
    otherwise: Otherwise
    delay_agreed: DelayAgreed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """The resident a rule is for, and the place it watches."""

    resident: str
    known_as: str
    place: str
    place_name: str


def rule_of(chosen: Chosen, whose: Whose) -> Rule:
    """What the machine runs for this choice. Waits that nobody agreed to are 0."""
    entry = chosen.entry
    return Rule(
        rule=chosen.name,
        why=chosen.why,
        resident=whose.resident,
        place=whose.place,
        device=chosen.device,
        kind=entry.kind,
        value=entry.value,
        during=chosen.during,
        help=tuple(_said(step, whose) for step in agreed_steps(chosen.help, chosen.delay_agreed)),
        settled_by=(Settles(device=chosen.device, kind=entry.kind, value=entry.settled_value), Settles(ok=True)),
        otherwise=replace(chosen.otherwise, say=fill(chosen.otherwise.say, whose)),
        delay_agreed=chosen.delay_agreed,
    )


def agreed_steps(steps: tuple[Step, ...], agreed: DelayAgreed | None) -> tuple[Step, ...]:
    """The steps as they may run: a wait is a delay, and a delay without its agreement is 0."""
    if agreed is not None:
        return steps
    return tuple(replace(step, seconds=0) if isinstance(step, Wait) and not step.hold else step for step in steps)


def unagreed_wait_s(steps: tuple[Step, ...], agreed: DelayAgreed | None) -> int:
    """How many seconds of delay are in the steps that nobody has agreed to."""
    if agreed is not None:
        return 0
    return sum(step.seconds for step in steps if isinstance(step, Wait) and not step.hold)


def fill(words: str, whose: Whose) -> str:
    """The words with what is known beforehand filled in."""
    return words.replace("{room}", whose.place_name).replace("{known_as}", whose.known_as)


def still_stands(rule: Rule, devices: Mapping[str, Placed], places: Collection[str]) -> bool:
    """Whether a rule accepted earlier still fits the devices placed now."""
    entry = next((entry for entry in CATALOGUE.values() if (entry.kind, entry.value) == (rule.kind, rule.value)), None)
    watched = devices.get(rule.device)
    lights = [devices.get(step.device) for step in rule.help if isinstance(step, Light)]
    return (
        entry is not None
        and watched is not None
        and watched.purpose is entry.watches
        and rule.place in places
        and all(light is not None and light.purpose in LIGHT_PURPOSES for light in lights)
    )


def with_last_rules(
    resident: Resident, last: Resident | None, devices: Mapping[str, Placed], places: Collection[str]
) -> Resident:
    """The resident with the rules that were accepted last, where they still fit: a refused plan changes nothing.

    A plan so broken that it does not even say the room leaves the resident's name and room as they were.
    """
    if last is None or last.resident != resident.resident:
        return resident
    if not resident.room and last.room in places:
        resident = replace(last, rules=())
    if last.room != resident.room:
        return resident
    return replace(resident, rules=tuple(rule for rule in last.rules if still_stands(rule, devices, places)))


def _said(step: Step, whose: Whose) -> Step:
    return replace(step, text=fill(step.text, whose)) if isinstance(step, Say) else step

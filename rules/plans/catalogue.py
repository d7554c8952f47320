"""The catalogue of ready rules, and their pure translation into what the machine runs.

A catalogue rule says what is watched, which state starts it and which ends it; the home says whose it is, what helps,
and what staff are told otherwise. No rule may watch a device that calls for help: nothing stands before that.

The plan language (`hub/config/PLANS.md`) compiles to the same `Rule`, beside this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from devices.registry import Purpose
from rules.plans.help import Ask, Say, Show, Step, Wait
from rules.plans.plan import DelayAgreed, Otherwise, Rule, Settles

PLACEHOLDERS = ("room", "known_as", "for")
"""What words of a rule may have filled in; `for` is left to the machine, which knows how long it has been."""


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
        help=tuple(said(step, whose) for step in agreed_steps(chosen.help, chosen.delay_agreed)),
        settled_by=(Settles(device=chosen.device, kind=entry.kind, value=entry.settled_value), Settles(ok=True)),
        otherwise=replace(chosen.otherwise, say=fill(chosen.otherwise.say, whose)),
        delay_agreed=chosen.delay_agreed,
    )


def agreed_steps(steps: tuple[Step, ...], agreed: DelayAgreed | None) -> tuple[Step, ...]:
    """The steps as they may run: a wait is a delay, so is waiting for an answer, and one without its agreement is 0."""
    return steps if agreed is not None else tuple(_at_once(step) for step in steps)


def _at_once(step: Step) -> Step:
    if isinstance(step, Wait) and not step.hold:
        return replace(step, seconds=0)
    return replace(step, within_s=0) if isinstance(step, Ask) else step


def unagreed_wait_s(steps: tuple[Step, ...], agreed: DelayAgreed | None) -> int:
    """How many seconds of delay are in the steps that nobody has agreed to."""
    if agreed is not None:
        return 0
    waits_s = sum(step.seconds for step in steps if isinstance(step, Wait) and not step.hold)
    return waits_s + sum(step.within_s for step in steps if isinstance(step, Ask))


def fill(words: str, whose: Whose) -> str:
    """The words with what is known beforehand filled in."""
    return words.replace("{room}", whose.place_name).replace("{known_as}", whose.known_as)


def said(step: Step, whose: Whose) -> Step:
    """The step with its words filled in."""
    if isinstance(step, Say):
        return replace(step, text=fill(step.text, whose))
    if isinstance(step, Show):
        return replace(step, words=fill(step.words, whose))
    return replace(step, question=fill(step.question, whose)) if isinstance(step, Ask) else step

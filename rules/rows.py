"""What the machine knows of a rule that watches, and of a resident now: two of the tables of `state.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from devices.records import quick


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What one rule has seen of what it watches for. Times are elapsed ones."""

    key: str
    """The rule's (`setting.key_of`), `device/NAME` for who commanded a device last, or `state/…` for a condition on
    how long a state has lasted (`setting.state_key`)."""
    since_ms: int = 0
    """The state, number or silence it watches has lasted from here; 0: it does not last."""
    blocked: bool = False
    """It has lasted long enough, and a condition did not hold: it is looked at again."""
    started: bool = False
    """The rule started for what lasts: not again before that has ended."""
    why: str = ""
    """Why it did not start last; said once per cause. Of a device: what it was commanded."""
    waits_for: str = ""
    """The local date that the timer of a time of day stands for."""
    seen_ms: tuple[int, ...] = ()
    """When it happened, of a rule that counts."""
    starts_ms: tuple[int, ...] = ()
    """When the rule started, of one that has `at_most`."""
    came: str = ""
    """The local date on which what was expected came; of a time of day, the date that is dealt with."""
    noisy: int = 0
    """How often it started beyond its `at_most` since the last morning's list."""
    by: str = ""
    """Of a device: the rule that commanded it last, its level, and when."""
    level: str = ""
    at_ms: int = 0
    """Of a device, when it was commanded; of a rule, when it was said last that it is noisy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """A resident is not in the house: why, who said so, until when, and who looks at it then."""

    why: str
    by: str
    since_wall_ms: int
    until_wall_ms: int
    reviewed_by: str = ""
    asked: bool = False
    """Staff were asked whether she is back."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is known of one resident now."""

    resident: str
    near: str | None = None
    near_wall_ms: int | None = None
    night: str = ""
    """The night (the date of its evening) that `calls` and `endings` are of."""
    calls: int = 0
    endings: tuple[str, ...] = ()
    away: Away | None = None
    gone: str = ""
    """`left` or `died`: no speech, no name, no invitation, no rule; call points stay live."""
    not_now_until_ms: int = 0
    """The resident said *not now* (elapsed): reminders and speech are silent until then."""
    visited_until_ms: int = 0
    """A carer is with the resident (elapsed): checks of the room wait until then at most."""
    visited_until_wall_ms: int = 0
    """The same as a time that people read."""
    visited_by: str = ""
    paused: Mapping[str, int] = field(default_factory=dict)
    """By key: the rules that a visit keeps back, and when (elapsed) what they watch for began."""
    delays_off: str = ""
    """Why staff are told at once until a named person has looked: a fall, back from hospital, new here."""
    looked_by: str = ""
    leaving: str = ""
    """Somebody said that the resident left or died and it was not confirmed yet: what was said, and when (elapsed)."""
    leaving_ms: int = 0
    lapsed: tuple[str, ...] = ()
    """The agreements (`plan@2027-01-02`, `RULE@…`) whose review is overdue beyond the home's grace: no waits."""
    dated: Mapping[str, int] = field(default_factory=dict)
    """By agreement: how many days before its review the manager was told last."""
    unplugged: tuple[tuple[str, int], ...] = ()
    """Sensors of the room that fell silent, and when (elapsed), of the last week."""
    reconnected: tuple[str, ...] = ()
    """Sensors that fell silent again and again and were heard again since: it is asked who reconnected them and why."""
    refused: Mapping[str, int] = field(default_factory=dict)
    """By rule: how often in a row its offer was dismissed or not answered."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """By rule: the last answer given."""
    choices: Mapping[str, str] = field(default_factory=dict)
    """By choice of the day: what the resident decided."""

"""A resident's plan as the machine runs it: what starts a rule, when it may, what helps, what ends it, who is told.

Plain data, written by a person in `residents/NAME.yaml` and compiled by `hub/config`. It is kept in the ledger with the
configuration, so a field that is added has a default, and what may stand in one place is told apart by what it must
have: each form has a field that no other has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from rules.alerting.levels import Level
from rules.plans.help import Step

# -- what starts a rule -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What a device of ours says: its kind and the value, `""` for any."""

    device: str
    kind: str
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The device's state became the rule's value. A press of a button counts each time."""

    changes: bool


CHANGES = Changes(changes=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The device has had the rule's value for so long."""

    held_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Of none of these was the value heard for so long. The rule's own device is the first of `of`.

    Counts from the beginning of `during`, where the rule has hours, and only while the devices can be heard.
    """

    silent_s: int
    of: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The rule's value did not come between two local times of day, `HH:MM`; starts at `by`."""

    by: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """The device took the rule's value so many times within so long."""

    times: int
    within_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Beyond:
    """The device's number has been above or below a bound for so long; the rule's `value` is `""`."""

    beyond_s: int
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtTime:
    """A local time of day, `HH:MM`, on these days (`mon` … `sun`; none means all). The rule has no device.

    An activity of the home becomes this, `before_s` earlier than it begins.
    """

    at: str
    days: tuple[str, ...] = ()
    activity: str = ""
    choice: str = ""
    """The resident's own choice of the day stands above `at`, which is the usual one."""


Trigger = Changes | Held | Nothing | Expected | Repeated | Beyond | AtTime


# -- when it may start --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StateIs:
    """A device's state is (or, `is_not`, is not) the value; where `for_s`, for so long. Unheard of, it is not."""

    state: Fact
    for_s: int = 0
    is_not: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberIs:
    """A device's number is above or below a bound."""

    number: Fact
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeIs:
    """Between two local times of day, `HH:MM`; may span midnight."""

    after: str
    before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayIs:
    """On one of these days, `mon` … `sun`. After midnight it is the next day."""

    days: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DateIs:
    """From one local date to another, both included, `YYYY-MM-DD`, or `MM-DD` for every year (may span the year)."""

    first: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CarerIs:
    """A carer is (or is not) known to be in the rule's place."""

    carer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceIs:
    """The resident chose this."""

    choice: str
    chosen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentIs:
    """The rule's resident is (or is not) away: in hospital, with the family. A rule that asks for it does not rest
    while they are: it is about the room."""

    away: bool


Condition = StateIs | NumberIs | TimeIs | DayIs | DateIs | CarerIs | ChoiceIs | ResidentIs


def is_for_away(conditions: Iterable[Condition]) -> bool:
    """Whether these ask that the resident is away."""
    return any(isinstance(one, ResidentIs) and one.away for one in conditions)


# -- how it ends --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Settles:
    """What ends an episode well: a device says so, the resident does (`ok`), or a carer comes (`carer`)."""

    device: str = ""
    kind: str = ""
    value: str = ""
    ok: bool = False
    carer: bool = False
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Otherwise:
    """Whom an episode ends with when it does not settle: staff, at this level, with these words."""

    level: Level
    say: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayAgreed:
    """Why staff may be told later than at once: the risk, who named it, and when."""

    risk: str
    by: str
    on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AtMost:
    """Started more often than this, a rule is noisy and said to be so; a reminder then rests, anything else never."""

    starts: int
    within_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """An assessment of capacity for one decision: which, who assessed, and when."""

    decision: str
    by: str
    on: str
    test: str = ""
    """The legal test that was applied, as text."""
    test_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation:
    """An authorisation of restrictions: a reference and its date, kept and never computed."""

    reference: str
    on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Who agreed to a plan, a sensing or a rule, how, and when it is looked at again. Dates are local, `YYYY-MM-DD`."""

    by: Literal["resident", "attorney", "deputy", "best_interests"]
    on: str
    review_by: str = ""
    name: str = ""
    """The attorney, deputy or decision-maker."""
    tried_first: str = ""
    """What less restrictive thing was tried."""
    registration_seen: str = ""
    """When the attorney's registration was seen."""
    assessed: Assessed | None = None
    consulted: tuple[str, ...] = ()
    authorisation: Authorisation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When this happens, help so; settled by this; otherwise tell staff."""

    rule: str
    why: str
    resident: str
    place: str
    device: str
    """Our name of the device that triggers it; `""` for a time of day."""
    kind: str
    value: str
    during: tuple[str, str] | None = None
    """Local times `HH:MM` between which it runs; may span midnight."""
    help: tuple[Step, ...] = ()
    settled_by: tuple[Settles, ...] = ()
    otherwise: Otherwise | None = None
    """None: a reminder or an invitation. It tells nobody, so it may not watch for a need; its end is kept."""
    delay_agreed: DelayAgreed | None = None
    when: Trigger = CHANGES
    only_if: tuple[Condition, ...] = ()
    """All of them hold when it starts."""
    at_most: AtMost | None = None
    agreement: Agreement | None = None
    """The rule's own; None: the plan's."""

    @property
    def is_reminder(self) -> bool:
        """Whether it tells nobody: something the resident asked for, of which no answer is an answer."""
        return self.otherwise is None


# -- the person ---------------------------------------------------------------------------------------------------

How = Literal["full", "aided", "reduced", "none"]
LONGEST_NOT_NOW_S = 7_200
"""*Not now* is never longer: whoever is silent for half a day is not reminded of what they asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """How help reaches a person. By night aids are out: hearing and sight have a value for each."""

    hearing_day: How = "full"
    hearing_night: How = "full"
    sight_day: How = "full"
    sight_night: How = "full"
    speech: How = "full"
    grip: How = "full"
    memory: How = "full"
    moves_with: str = ""
    """`walker`, `wheelchair`, `scooter`, `nothing`, …"""
    speech_at_night: bool = False
    """The resident asked to be spoken to at night and has heard the words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a resident decides by themselves: the question, what may be chosen, and what holds until they do."""

    choice: str
    ask: str
    of: tuple[str, ...]
    usual: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """Something that takes place in the home: entered once, invited to by plans."""

    activity: str
    name: str
    place: str
    days: tuple[str, ...]
    at: str
    lasts_s: int = 3600
    about: tuple[str, ...] = ()
    """What residents may like who would like this, in a word or two each."""

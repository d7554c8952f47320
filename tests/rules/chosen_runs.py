"""What must hold of the residents' own choices in a run at random: told apart from the machine, minute by minute.

A rule at a chosen time comes at that time, once a day of its span; a choice never skips one that tells staff, and a run
on condition of a choice begins under that choice alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from rules.effects import Answer, Did, Effect, Log
from rules.home import Home
from rules.inputs import Asked, FellDue, Input, Now
from rules.plans.plan import AtTime, Choice, ChoiceIs, Expected, Rule
from rules.proof.bounds import RuleTold
from rules.proof.weeks import local
from rules.setting import key_of
from rules.state import Episode, State
from rules.turn import clock_of
from tests.rules.plans_at_random import Chance

FORBIDDEN = ("04:00", "", "a trumpet")


@dataclass
class Chosen:
    """What the residents chose, and which days of which rules were dealt with."""

    home: Home
    holds: dict[tuple[str, str], str] = field(default_factory=dict)
    """By resident and choice: what was chosen last, or the usual one."""
    dealt: set[tuple[str, date]] = field(default_factory=set)
    made: int = 0
    at_once: int = 0
    """Runs that a choice began, because it would have skipped them."""
    begun: int = 0
    """Runs at a chosen time."""

    def __post_init__(self) -> None:
        self.rules = {key_of(rule): rule for one in self.home.residents for rule in one.rules}
        for one in self.home.residents:
            self.holds |= {(one.resident, choice.choice): choice.usual for choice in one.choices}

    def at_random(self, resident: str, chance: Chance) -> dict[str, str]:
        """The fields of a request as the room's screen sends it: mostly one of what is allowed."""
        [choices] = [one.choices for one in self.home.residents if one.resident == resident]
        if not choices:
            return {}
        choice = chance.pick((choices[0], *choices))
        return {"choice": choice.choice, "answer": chance.pick((*choice.of * 3, chance.pick(FORBIDDEN)))}

    def left_ms(self, resident: str, state: State, now: Now) -> int | None:
        """Until the next chosen time of a resident; None where no rule follows one."""
        keys = [key for key, rule in self.rules.items() if rule.resident == resident and self._choice_of(rule)]
        due = [due_ms - now.elapsed_ms for key, due_ms in _due(state).items() if key in keys]
        return min(due, default=None)

    def look(
        self, before: Before, state: State, given: Input, now: Now, effects: list[Effect], proved: dict[str, RuleTold]
    ) -> None:
        """After each step."""
        if isinstance(given, Asked) and given.do == "choose":
            self._answered(given, before, effects)
        logs = [effect for effect in effects if isinstance(effect, Log)]
        for key, told in proved.items():
            said = [log for log in logs if log.resident == told.rule.resident]
            began = any(log.did is Did.HELPING and log.reason.startswith(f"{told.rule.rule}: ") for log in said)
            if began:
                self._began(given, before, now, told)
            if choice := self._choice_of(told.rule):
                watch = state.watches.get(key)
                rested = bool(watch is not None and watch.why) or any(log.did is Did.DROPPED for log in said)
                ran = any(key_of(one.rule) == key for one in before.running.values())
                self._is_dealt_with(key, choice, given, before, _After(began, rested or ran, now, _due(state)))

    # -- one choice -----------------------------------------------------------------------------------------------

    def _answered(self, asked: Asked, before: Before, effects: list[Effect]) -> None:
        [answer] = [effect for effect in effects if isinstance(effect, Answer)]
        resident = next(one for one in self.home.residents if f"room-{one.room}" == asked.client)
        allowed = next((one.of for one in resident.choices if one.choice == asked.choice), ())
        assert answer.ok is (asked.answer in allowed), answer.reason
        if answer.ok:
            self.holds[(resident.resident, asked.choice)] = asked.answer
            self.made += 1
            before.chosen = (resident.resident, asked.choice)

    def _choice_of(self, rule: Rule) -> Choice | None:
        """The choice whose time of day a rule follows."""
        when = rule.when
        every = [choice for one in self.home.residents if one.resident == rule.resident for choice in one.choices]
        named = when.choice if isinstance(when, AtTime) else ""
        return next((choice for choice in every if choice.choice == named), None)

    # -- its runs -------------------------------------------------------------------------------------------------

    def _began(self, given: Input, before: Before, now: Now, told: RuleTold) -> None:
        """At an hour that was proved, at the time that holds, under the choice that holds."""
        rule, here = told.rule, self._local(now.wall_ms)
        for one in rule.only_if:
            if isinstance(one, ChoiceIs):
                assert self.holds[(rule.resident, one.choice)] == one.chosen, f"not what was chosen: {one}"
        timed = isinstance(rule.when, AtTime | Expected)
        jumped = here.utcoffset() != self._local(now.wall_ms - 1_000).utcoffset()
        if (timed and (jumped or before.overdue_ms)) or _ends_a_visit(given):
            return
        if told.hours is not None:
            assert told.hours.hold(clock_of(here)), f"began at {here}, proved for {told.hours}: {rule}"
        choice = self._choice_of(rule)
        if choice is None:
            return
        if isinstance(given, FellDue):
            self.begun += 1
            assert clock_of(here) == self.holds[(rule.resident, choice.choice)], f"{here} was not chosen: {rule}"
        else:
            self.at_once += 1
            assert before.chosen == (rule.resident, choice.choice), f"began by {given}"
            assert not rule.is_reminder, f"woken at once: {rule}"

    def _is_dealt_with(self, key: str, choice: Choice, given: Input, before: Before, after: _After) -> None:
        """Once a day of its span, neither skipped nor twice. A reminder may be dropped, and a choice may skip it."""
        rule, now = self.rules[key], after.now
        if isinstance(given, FellDue) and given.timer == f"watch/{key}":
            day = self._day(now.wall_ms - before.overdue_ms, choice)
            again = (key, day) in self.dealt
            assert again or after.began or after.held_back, f"{key} was due on {day} and nothing came of it"
            assert not (again and after.began), f"{key} came twice on {day}"
            self.dealt.add((key, day))
            return
        due_ms, next_ms = before.due.get(key), after.due.get(key)
        if before.chosen != (rule.resident, choice.choice) or due_ms is None or due_ms <= now.elapsed_ms:
            return
        assert next_ms is not None, f"{key} never comes again"
        ahead_ms = now.wall_ms - now.elapsed_ms
        day, next_day = (self._day(ahead_ms + one, choice) for one in (due_ms, next_ms))
        if (key, day) in self.dealt or next_day <= day or rule.is_reminder:
            assert not after.began, f"{key} began by a choice on {day}"
            return
        assert after.began or after.held_back, f"{key} of {day} was skipped by a choice: next on {next_day}"
        self.dealt.add((key, day))

    def _local(self, wall_ms: int) -> datetime:
        return local(ZoneInfo(self.home.timezone), wall_ms)

    def _day(self, wall_ms: int, choice: Choice) -> date:
        """The date on which the span of the choice began that a moment lies in; the moment after a gap lies in it."""
        here = self._local(wall_ms)
        crosses = choice.of[-1] < choice.of[0]
        return here.date() - timedelta(days=1) if crosses and clock_of(here) < choice.of[0] else here.date()


@dataclass
class Before:
    """What was so before a step."""

    running: dict[str, Episode]
    due: dict[str, int]
    """By rule: when its timer falls due, elapsed milliseconds."""
    overdue_ms: int
    chosen: tuple[str, str] | None = None


@dataclass
class _After:
    """What a step made of one rule."""

    began: bool
    held_back: bool
    """It ran already, its conditions did not hold, or a reminder was dropped: said in the log."""
    now: Now
    due: dict[str, int]


def _ends_a_visit(given: Input) -> bool:
    """What a carer's visit kept back begins when it ends: `check` says that it rests on that."""
    if isinstance(given, FellDue):
        return given.timer.startswith("visit/")
    return isinstance(given, Asked) and given.do == "visit"


def remembered(state: State, given: Input, now: Now) -> Before:
    """Before each step."""
    timer = state.timers.get(given.timer) if isinstance(given, FellDue) else None
    return Before(
        running={one.id: one for one in state.episodes},
        due=_due(state),
        overdue_ms=max(0, now.elapsed_ms - timer.due_ms) if timer is not None else 0,
    )


def _due(state: State) -> dict[str, int]:
    return {timer.ref: timer.due_ms for timer in state.timers if timer.what == "watch"}

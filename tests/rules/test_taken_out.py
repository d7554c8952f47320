"""The safety rules of the language, taken out one by one: the tables and stories must notice each.

A line of the source is replaced and the functions of its module get the code that comes of it, for one look at the test
that shall notice.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import CodeType, FunctionType, ModuleType

import pytest

from rules.levels import Level
from tests.rules import test_language as language
from tests.rules import test_language_conditions as conditions
from tests.rules import test_language_help as helps
from tests.stories import test_help as first_help
from tests.stories import test_plans as plans
from tests.stories.house import House

starts = partial(partial, language.test_what_starts_a_rule)
answers = partial(partial, helps.test_what_an_answer_does)


@dataclass(frozen=True)
class Taken:
    """One safety rule: the line of a module of `rules/` that keeps it, what stands there without it, and the test that
    notices."""

    module: str
    line: str
    instead: str
    noticed_by: Callable[[], object]


TAKEN_OUT: dict[str, Taken] = {
    "a run that nothing settles tells staff": Taken(
        "episodes", "if not episode.rule.is_reminder:", "if False:", starts("change: a change tells")
    ),
    "a rule that ends with staff starts however late": Taken(
        "starting",
        "if rule.is_reminder and (why := _not_reminded(",
        "if (why := _not_reminded(",
        starts("held: due while the hub was down"),
    ),
    "a rule that ends with staff is never throttled": Taken(
        "starting",
        "is_held = noisy and rule.is_reminder",
        "is_held = noisy",
        conditions.test_a_rule_that_ends_with_staff_is_noisy_and_never_throttled,
    ),
    "a delay that nobody agreed to is none": Taken(
        "setting",
        "return rule if rule.delay_agreed is not None or rule.is_reminder else at_once(rule)",
        "return rule",
        answers("nobody agreed to wait"),
    ),
    "no delay is longer than its level may wait": Taken(
        "setting",
        "return rule if found == rule.help else replace(rule, help=found)",
        "return rule",
        partial(helps.test_no_delay_is_longer_than_its_level_may_wait, Level.URGENT),
    ),
    "a wait that was over while the hub was down is not waited for anew": Taken(
        "episodes",
        "seconds * 1000 - overdue_ms",
        "seconds * 1000",
        lambda: first_help.test_help_that_comes_too_late_is_dropped_and_staff_are_told(House()),
    ),
    "help that came too late is not given": Taken(
        "episodes",
        "if late and not isinstance(step, Wait):",
        "if False:",
        plans.test_the_hub_is_down_when_the_carer_should_be_told,
    ),
    "one run of a rule at a time": Taken(
        "starting", "if key in turn.state.episodes:", "if False:", starts("repeated: not again while it runs")
    ),
    "in a shared room nothing that is nobody's ends a delay": Taken(
        "episodes",
        "return is_theirs(turn, placed, rule) or (placed.name == rule.device and rule.delay_agreed is None)",
        "return True",
        helps.test_in_a_shared_room_a_door_that_is_nobodys_settles_no_delay,
    ),
    "in a shared room nothing that is nobody's begins one": Taken(
        "starting",
        "run = rule if _is_theirs(turn, rule) else replace(rule, delay_agreed=None)",
        "run = rule",
        lambda: first_help.test_in_a_shared_room_anything_else_delays_nobody(House()),
    ),
    "in a shared room a screen's answer ends no delay": Taken(
        "episodes",
        'given.means == "settles" and (alone or rule.is_reminder)',
        'given.means == "settles"',
        helps.test_in_a_shared_room_an_answer_on_the_screen_ends_no_delay,
    ),
    "another room answers nothing": Taken(
        "rooms",
        'is_room and request.client != f"{ROOM}{episode.rule.place}"',
        "False",
        helps.test_another_room_cannot_answer,
    ),
    "an answer that shall tell staff tells them": Taken(
        "episodes", 'if given.means == "tells":', "if False:", answers("it tells")
    ),
    "time in which nobody could hear is no silence": Taken(
        "watching",
        "begun = [watch.since_ms, turn.meta.linked_ms]",
        "begun = [watch.since_ms]",
        starts("nothing: nobody could hear"),
    ),
    "a lost device is not silent": Taken(
        "watching",
        "elif lost or not turn.meta.linked:",
        "elif not turn.meta.linked:",
        language.test_the_silence_of_a_lost_device_says_nothing,
    ),
    "a device that is back is listened to anew": Taken(
        "watching",
        "for key in dict.fromkeys(keys):",
        "for key in ():",
        language.test_the_silence_of_a_lost_device_says_nothing,
    ),
    "what is heard again is heard, though it is no news": Taken(
        "heard",
        "if silences is not None and not is_no_sign_of_life(before, event, given):",
        "if False:",
        starts("nothing: the same again is no news, and is heard"),
    ),
    "what is blocked is looked at again": Taken(
        "watching",
        'turn.arm("watch", key, now + AGAIN_MS)\n        return',
        "return",
        starts("held: a condition that holds later"),
    ),
    "what still lasts when its hours begin starts": Taken(
        "watching",
        'turn.arm("watch", key, _elapsed_at(turn, next_day(turn.local(), rule.during[0])[1]))\n        return',
        "pass\n        return",
        starts("held: still so when its hours begin"),
    ),
    "what lasts already when a plan is accepted counts": Taken(
        "watching",
        "lasting(turn, key, rule, value_of(turn, rule.device, rule.kind))",
        "return",
        language.test_a_plan_that_is_accepted_while_a_door_is_open_counts_from_then,
    ),
    "what is expected is expected each day": Taken(
        "watching",
        "is_done = watch.came == watch.waits_for",
        "is_done = bool(watch.came)",
        starts("expected: each day anew"),
    ),
    "a time of day comes once": Taken(
        "watching",
        "is_done = watch.came == watch.waits_for",
        "is_done = False",
        starts("time: a clock set back does not do it twice"),
    ),
    "a time that a set clock passes over comes at once": Taken(
        "watching",
        "if left <= max(0, step_ms):",
        "if False:",
        starts("time: passed over by a clock that is set"),
    ),
    "a clock that is set back forgets no day": Taken(
        "watching",
        "step_ms < -CALENDAR_MS and watch.came >= today",
        "False",
        starts("time: a clock set back by a day forgets nothing"),
    ),
    "in a fire there are no reminders": Taken(
        "starting", 'if turn.meta.mode == "fire":', "if False:", helps.test_in_a_fire_there_are_no_reminders
    ),
    "nobody is invited at 03:00": Taken(
        "starting",
        "if overdue_ms > TOO_LATE_MS:",
        "if False:",
        starts("time: a reminder later than that"),
    ),
    "nothing is spoken at night that was not asked for": Taken(
        "ways",
        "if not why and night and not _all_asked(turn, resident, place):",
        "if False:",
        plans.test_who_did_not_ask_for_it_is_not_spoken_to_at_night,
    ),
    "nor beside somebody who did not": Taken(
        "ways",
        "whose = {*turn.setting.live_in.get(place, ()), resident}",
        "whose = {resident}",
        helps.test_in_a_shared_room_nobody_is_woken_by_the_other_s_words,
    ),
    "help never ends the sound of an alert": Taken(
        "helping",
        "not all(row.quiet for row in turn.open_alerts())",
        "False",
        helps.test_help_never_ends_the_sound_of_an_alert,
    ),
    "the higher level has the device": Taken(
        "helping",
        "theirs > rank_of(rule)",
        "False",
        partial(helps.test_two_rules_over_one_device, Level.CHECK, Level.REQUEST, 0.5, 0),
    ),
    "a run ends under the plan it began with, and says so": Taken(
        "episodes",
        "if what != episode.changed:",
        "if False:",
        helps.test_a_plan_that_changes_in_the_middle_ends_as_it_began_and_says_so,
    ),
}


@contextmanager
def without(module: ModuleType, line: str, instead: str) -> Iterator[None]:
    """The module's functions as they would be with another line."""
    source = inspect.getsource(module)
    assert source.count(line) >= 1, f"{module.__name__} has no line {line!r}: this list has to follow the code"
    changed: dict[str, object] = {"__name__": module.__name__, "__file__": module.__file__}
    exec(compile(source.replace(line, instead), str(module.__file__), "exec"), changed)
    before: list[tuple[FunctionType, CodeType]] = []
    for name, new in changed.items():
        old = vars(module).get(name)
        if isinstance(old, FunctionType) and isinstance(new, FunctionType) and old.__module__ == module.__name__:
            before.append((old, old.__code__))
            old.__code__ = new.__code__
    try:
        yield
    finally:
        for function, code in before:
            function.__code__ = code


@pytest.mark.parametrize("name", TAKEN_OUT)
def test_a_safety_rule_that_is_taken_out_is_noticed(name: str) -> None:
    """Each by a test that holds with it, and fails without it."""
    taken = TAKEN_OUT[name]
    taken.noticed_by()
    try:
        with without(importlib.import_module(f"rules.{taken.module}"), taken.line, taken.instead):
            taken.noticed_by()
    except (AssertionError, LookupError):
        return
    pytest.fail(f"nobody notices that this is gone: {name}")

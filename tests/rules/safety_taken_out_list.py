"""The safety rules that are taken out one by one: which line, what stands there then, and which tests must notice."""

from dataclasses import dataclass

WAITS, FAULTS, PROOF = "rules/proof/waits.py", "rules/proof/faults.py", "rules/proof/bounds.py"
WEEKS, WATCH, LEVELS = "rules/proof/weeks.py", "rules/proof/watch.py", "rules/alerting/levels.py"
OF_PROOF = "tests/rules/test_proof.py::test_"
OF_FAULTS = "tests/rules/test_proof_faults.py::test_"
OF_LEVELS = "tests/rules/test_levels.py::test_"
OF_CHECK = "tests/hub/test_check_proof.py::test_"
SUMS = f"{OF_PROOF}a_delay_is_what_was_agreed_and_how_long_a_state_lasts_is_none"
STANDS_BEFORE = f"{OF_FAULTS}no_rule_stands_before_a_call"
SILENT_LADDER = f"{OF_LEVELS}a_ladder_that_could_end_in_silence_is_found_and_not_climbed"
MINUTES = f"{OF_PROOF}a_week_in_spans_says_of_each_minute_what_the_minute_itself_says"
QUIET_MINUTE = f"{OF_PROOF}one_minute_of_the_week_in_which_nobody_hears_is_found"
AT_ONCE = f"{OF_PROOF}what_calls_for_help_is_told_at_once_whoever_is_on_the_rota"
LATE = "tests/stories/test_told_late.py::test_"


@dataclass(frozen=True)
class TakenOut:
    """One rule: what it is, and how the code looks without it."""

    what: str
    file: str
    line: str
    """Stands in the file once."""
    instead: str
    tests: tuple[str, ...]


TAKEN_OUT: tuple[TakenOut, ...] = (
    # -- what is computed
    TakenOut(
        "a delay nobody agreed to is 0",
        WAITS,
        "given = rule.is_reminder or rule.delay_agreed is not None",
        "given = True",
        (SUMS,),
    ),
    TakenOut("a question waits too", WAITS, "isinstance(step, Ask) else 0", "False else 0", (SUMS,)),
    TakenOut(
        "what must last is a part of the run",
        WAITS,
        "return delay_s(rule) + sum(holds(rule))",
        "return delay_s(rule)",
        (SUMS,),
    ),
    TakenOut(
        "the change of the clocks cuts the week",
        WEEKS,
        "found.update(_jumps(week, midnight, next_one))",
        "pass",
        (MINUTES,),
    ),
    TakenOut("an hour that comes twice has two moments", WEEKS, "for fold in (0, 1)", "for fold in (0,)", (MINUTES,)),
    TakenOut(
        "both changes of the year are found",
        WEEKS,
        "if before != after:",
        "if before < after:",
        (f"{OF_PROOF}both_weeks_with_a_change_of_the_clocks_are_found",),
    ),
    TakenOut("a minute in which nobody hears is found", PROOF, "if told.first_s != 0:", "if False:", (QUIET_MINUTE,)),
    TakenOut("who has no channel does not hear", PROOF, "channels = any(", "channels = True or any(", (QUIET_MINUTE,)),
    TakenOut(
        "staff are told after the waits, and by who is there then",
        "rules/proof/hours.py",
        "(from_ms + bound_s * 1000, before_ms + bound_s * 1000)",
        "(from_ms, before_ms)",
        (f"{OF_PROOF}a_rule_with_hours_is_judged_by_who_is_there_when_it_tells",),
    ),
    TakenOut(
        "a time that never comes is kept after the gap",
        "rules/proof/hours.py",
        "for jump in weeks.jumps(week) if",
        "for jump in () if",
        (f"{OF_PROOF}a_time_of_day_that_never_comes_is_judged_by_who_is_there_after_the_gap",),
    ),
    TakenOut(
        "a run is followed into the next week",
        PROOF,
        "days = 7 + weeks.MORE_DAYS",
        "days = 7",
        (f"{OF_PROOF}a_run_that_begins_in_the_last_minute_of_a_week_is_followed_into_the_next",),
    ),
    TakenOut(
        "the worst zone counts",
        PROOF,
        "return max(found, key=lambda told",
        "return min(found, key=lambda told",
        (f"{OF_PROOF}the_zone_where_it_is_heard_last_is_the_one_that_counts",),
    ),
    # -- what is refused
    TakenOut("no rule on a device that calls", FAULTS, "device.purpose in CALLS:", "False:", (STANDS_BEFORE,)),
    TakenOut("no rule on a kind told at once", FAULTS, "elif fact.kind in LEVEL_OF:", "elif False:", (STANDS_BEFORE,)),
    TakenOut("nor in its conditions", FAULTS, 'yield ("only_if", number), condition.state', "pass", (STANDS_BEFORE,)),
    TakenOut(
        "a bed that is empty for long is no way round a delay",
        FAULTS,
        "if heard_s > longest_s > delay_s(rule):",
        "if False:",
        (f"{OF_FAULTS}how_long_a_bed_may_be_empty_before_staff_hear_of_it[urgent for longer]",),
    ),
    TakenOut(
        "the bound of a level",
        FAULTS,
        "if waits_s > longest_s:",
        "if False:",
        (f"{OF_FAULTS}the_waits_of_a_rule_are_bounded_by_its_level",),
    ),
    TakenOut(
        "what watches for a need tells somebody",
        FAULTS,
        "if need := _need(rule):",
        'if need := "":',
        (f"{OF_FAULTS}a_rule_that_watches_for_a_need_must_tell_somebody",),
    ),
    TakenOut(
        "an answer that tells has a level",
        FAULTS,
        'if answer.means == "tells":',
        "if False:",
        (f"{OF_FAULTS}a_rule_that_watches_for_a_need_must_tell_somebody",),
    ),
    TakenOut(
        "nothing is settled by what starts it",
        FAULTS,
        "if _is_the_trigger(rule, settles):",
        "if False:",
        (f"{OF_FAULTS}no_run_settles_itself",),
    ),
    TakenOut(
        "nothing is settled by its own help",
        FAULTS,
        "elif (settles.device, settles.value) in own and",
        "elif False and",
        (f"{OF_FAULTS}no_run_settles_itself",),
    ),
    TakenOut(
        "refused is refused",
        FAULTS,
        'other.senses.get(word) == "refused"',
        'other.senses.get(word) == "never"',
        (f"{OF_FAULTS}what_the_resident_refused_is_watched_by_no_part_of_a_rule",),
    ),
    TakenOut(
        "also by whoever shares the room",
        FAULTS,
        "if other.resident == resident.resident or shares:",
        "if other.resident == resident.resident:",
        (f"{OF_FAULTS}a_sensor_of_a_shared_room_watches_nobody_who_refused_it",),
    ),
    TakenOut(
        "two rules do not fight over one device",
        FAULTS,
        "if wanted == other_wanted or",
        "if True or",
        (f"{OF_FAULTS}one_trigger_does_not_switch_one_device_both_ways",),
    ),
    TakenOut(
        "nor do two residents",
        FAULTS,
        "if one.resident != two.resident:\n        return hours_meet(one, two, *choices)",
        "if one.resident != two.resident:\n        return False",
        (f"{OF_FAULTS}what_helps_one_resident_is_not_switched_off_by_another_s_rule",),
    ),
    TakenOut(
        "a plan that is not proved has no rules",
        "hub/config/proving.py",
        "replace(one, rules=()) if one.resident in gone else one",
        "one",
        (f"{OF_CHECK}two_residents_who_fight_over_one_light_are_told_whose_and_when",),
    ),
    TakenOut(
        "a home in which nobody hears is refused",
        "hub/config/proving.py",
        "never = any(",
        "never = False and any(",
        (f"{OF_CHECK}a_zone_that_nobody_would_ever_hear_is_refused_whatever_was_accepted",),
    ),
    # -- what is watched while it runs
    TakenOut(
        "who was told late is told to the manager",
        WATCH,
        "if not over and not late:",
        "if True:",
        (f"{LATE}staff_told_late_because_the_hub_was_down_is_told_to_the_manager",),
    ),
    TakenOut(
        "and nobody else is",
        WATCH,
        "if not over and not late:",
        "if False:",
        (f"{LATE}a_run_that_told_in_time_is_nobodys_news",),
    ),
    TakenOut(
        "and once",
        WATCH,
        "if open_one is not None:",
        "if False:",
        (f"{LATE}several_of_one_morning_are_one_alert",),
    ),
    # -- levels and their ladders
    TakenOut("an emergency is told at once", LEVELS, "(0, (Who.ZONE,)), (45,", "(5, (Who.ZONE,)), (45,", (AT_ONCE,)),
    TakenOut("a fall is one", LEVELS, "    Kind.FALL: Level.EMERGENCY,\n", "", (AT_ONCE,)),
    TakenOut(
        "a call is grouped with nothing",
        LEVELS,
        "GROUPED = frozenset({Level.CHECK,",
        "GROUPED = frozenset({Level.CALL, Level.CHECK,",
        (f"{OF_LEVELS}what_a_person_calls_with_is_no_lower_than_a_call",),
    ),
    TakenOut(
        "a check may wait two hours",
        LEVELS,
        "Level.CHECK: 7_200,",
        "Level.CHECK: 72_000,",
        (f"{OF_PROOF}a_level_has_a_bound_and_what_a_person_calls_with_waits_for_nothing",),
    ),
    TakenOut("a ladder has a rung", LEVELS, "if not ladder.rungs:", "if False:", (SILENT_LADDER,)),
    TakenOut("and begins at once", LEVELS, "if ladder.rungs[0].after_s != 0:", "if False:", (SILENT_LADDER,)),
    TakenOut("and repeats", LEVELS, "if ladder.repeat_s <= 0:", "if False:", (SILENT_LADDER,)),
    TakenOut("a claim lapses", LEVELS, "if ladder.attend_within_s <= 0:", "if False:", (SILENT_LADDER,)),
    TakenOut("rungs rise", LEVELS, "if later.after_s <= earlier.after_s", "if False", (SILENT_LADDER,)),
    TakenOut("a rung tells somebody", LEVELS, "start=1) if not rung.who]", "start=1) if False]", (SILENT_LADDER,)),
    TakenOut(
        "a ladder that ends is not climbed",
        "rules/setting.py",
        "own if own is not None and not faults(own) else LADDERS[level]",
        "own if own is not None else LADDERS[level]",
        (SILENT_LADDER,),
    ),
    TakenOut(
        "an unplaced device tells everybody at once",
        LEVELS,
        "return replace(ladder, rungs=(replace(first, who=(Who.SHIFT,)), *later))",
        "return ladder",
        (f"{OF_LEVELS}a_device_that_nobody_has_placed_tells_everybody_at_once",),
    ),
    # -- who is reached
    TakenOut(
        "a rung that means nobody means everybody on shift",
        "rules/alerting/reach.py",
        "return chosen or shift",
        "return chosen",
        ("tests/rules/test_reach.py::test_a_step_that_means_nobody_means_everybody_on_shift",),
    ),
    TakenOut(
        "nobody signed on means all staff",
        "rules/alerting/reach.py",
        "people = tuple(turn.setting.staff)",
        "people = ()",
        ("tests/stories/test_told.py::test_where_nobody_is_signed_on_everything_rings",),
    ),
    TakenOut(
        "a fault behind which a call may have gone unheard is told to everybody at once",
        "rules/machine.py",
        "everybody=level is Level.EMERGENCY or faults.tells_everybody(fault),",
        "everybody=level is Level.EMERGENCY,",
        ("tests/stories/test_faults.py::test_a_fault_that_may_hide_a_call_is_told_to_everybody_at_once",),
    ),
    # -- before every rule
    TakenOut(
        "an alarm state is told before any rule is asked",
        "rules/hearing/heard.py",
        "if active and event.kind in LEVEL_OF:",
        "if False:",
        ("tests/rules/test_reach.py::test_what_is_told_at_once_is_told_in_the_step_that_hears_it",),
    ),
    TakenOut(
        "a press is told before any rule is asked",
        "rules/hearing/heard.py",
        "if told_at_once:",
        "if False:",
        ("tests/rules/test_reach.py::test_what_is_told_at_once_is_told_in_the_step_that_hears_it",),
    ),
)

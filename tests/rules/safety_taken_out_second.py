"""The safety rules of a pendant's second button that are taken out one by one, as in `safety_taken_out_list.py`."""

from tests.rules.safety_taken_out_list import TakenOut

ANSWERING, SECOND, GESTURES = "rules/hearing/answering.py", "rules/plans/second.py", "devices/gestures.py"
OF_PRESSES = "tests/rules/test_second_button.py::test_"
OF_REFUSALS = "tests/rules/test_second_refused.py::test_"
IS = f"{OF_PRESSES}what_a_press_is"
UNFIT = f"{OF_REFUSALS}what_calls_for_help_answers_nothing"
URGENT = f"{OF_REFUSALS}what_is_urgent_is_not_ended_by_it"

OF_A_SECOND_BUTTON: tuple[TakenOut, ...] = (
    TakenOut(
        "it calls unless a question is open now",
        ANSWERING,
        "(ask := episodes.question_of(one))",
        "(ask := next((row for row in one.rule.help if isinstance(row, Ask)), None))",
        (f"{IS}[when it was answered on the screen]",),
    ),
    TakenOut(
        "it calls where nobody knows which question she means",
        ANSWERING,
        "if len(asking) != 1:",
        "if not asking:",
        (f"{OF_PRESSES}where_two_questions_are_open_it_calls",),
    ),
    TakenOut(
        "it calls before anybody can have heard the question",
        ANSWERING,
        "if open_ms < HEARD_MS:",
        "if False:",
        (f"{IS}[before anybody can have heard it]",),
    ),
    TakenOut(
        "it calls where its own time is before the question",
        ANSWERING,
        "return said.at_ms is None or turn.now.wall_ms - said.at_ms <= open_ms",
        "return True",
        (f"{IS}[its own time is before the question]",),
    ),
    TakenOut("a hold calls", GESTURES, "else WORDS.get(how)", "else WORDS.get(how, 0)", (f"{IS}[held]",)),
    TakenOut(
        "twice calls where there is one answer",
        ANSWERING,
        "or place >= len(ask.answers):",
        "or False:\n        return None\n    place = min(place, len(ask.answers) - 1)\n    if False:",
        (f"{IS}[twice, where there is one answer]",),
    ),
    TakenOut(
        "what waited at the broker calls",
        ANSWERING,
        "if linked_ms < QUEUED_MS:",
        "if False:",
        (f"{IS}[after a restart, without a time]", f"{IS}[when the link is back, without a time]"),
    ),
    TakenOut(
        "it calls while the hub cannot write",
        ANSWERING,
        " or meta.unkept",
        "",
        (f"{OF_PRESSES}while_the_hub_cannot_write_each_press_calls",),
    ),
    TakenOut("it calls in a fire", ANSWERING, ' or meta.mode == "fire"', "", (f"{IS}[there is a fire]",)),
    TakenOut(
        "a press that a carer tests is no answer",
        ANSWERING,
        "if tested is not None and tested.module == placed.module:",
        "if False:",
        (f"{OF_PRESSES}while_a_carer_tests_the_pendant_a_press_is_the_test_or_a_call",),
    ),
    TakenOut(
        "it calls while she has called",
        ANSWERING,
        "return any(alert.resident == placed.person for alert in calls)",
        "return False",
        (f"{IS}[she has called already]",),
    ),
    TakenOut(
        "only her own pendant's answers",
        ANSWERING,
        "if second.unfit(placed, rule.resident, turn.setting.home.devices) is not None:",
        "if False:",
        (
            f"{OF_PRESSES}a_button_that_is_not_hers_alone_calls",
            f"{OF_PRESSES}a_first_button_that_calls_for_nobody_leaves_the_second_a_call",
        ),
    ),
    TakenOut(
        "what is urgent is not ended by it",
        SECOND,
        'return urgent and answer.means == "settles"',
        "return False",
        (f"{IS}[what is urgent is not ended by it]", URGENT),
    ),
    TakenOut(
        "a hold right behind an answer is a press of its own",
        "rules/hearing/heard.py",
        "event if answers is None else said",
        "event",
        (f"{IS}[held right behind the answer]",),
    ),
    TakenOut(
        "the same press told twice is one",
        "rules/hearing/heard.py",
        "if not again and told_at_once and (again := presses.is_repeat(turn, status, said)):",
        "if False:",
        (f"{IS}[told twice by its gateway]", f"{OF_PRESSES}what_is_delivered_twice_answers_once"),
    ),
    TakenOut(
        "letting a button go that calls answers nothing",
        "rules/plans/episodes.py",
        "if placed.purpose in CALLS:",
        "if False:",
        (f"{OF_PRESSES}the_end_of_a_gesture_answers_nothing",),
    ),
    TakenOut("the pendant itself answers nothing", GESTURES, "    if not part:\n", "    if False:\n", (UNFIT,)),
    TakenOut(
        "the first button answers nothing",
        GESTURES,
        'return "is the first button of its device: that one always calls"',
        'return ""',
        (UNFIT, "tests/devices/test_gestures.py::test_what_cannot_answer_says_why"),
    ),
    TakenOut("somebody else's button answers nothing", SECOND, "if device.person != resident:", "if False:", (UNFIT,)),
    TakenOut(
        "its first button calls for her",
        SECOND,
        "if whole is None or whole.purpose not in MAY_ANSWER or whole.person != resident:",
        "if False:",
        (UNFIT,),
    ),
    TakenOut(
        "check refuses what must not answer",
        "rules/proof/faults.py",
        "if refused := second.unfit(device, rule.resident, lives.home.devices):",
        "if refused := None:",
        (UNFIT,),
    ),
    TakenOut(
        "check refuses what would end what is urgent",
        "rules/proof/faults.py",
        "if second.is_never_given(rule, answer):",
        "if False:",
        (URGENT,),
    ),
    TakenOut(
        "a question whose button fits no longer is not asked",
        "rules/plans/fitting.py",
        "return second.unfit(device, rule.resident, devices.values()) is None",
        "return True",
        (f"{OF_REFUSALS}a_rule_stops_whose_button_fits_no_longer",),
    ),
    TakenOut(
        "a pendant that is lost leaves no second button behind",
        "rules/hearing/protection.py",
        "return row.device in (placed.device, placed.module) or row.module == placed.device",
        "return row.device == placed.device",
        (f"{OF_PRESSES}a_silent_pendant_is_one_matter_with_its_second_button",),
    ),
)

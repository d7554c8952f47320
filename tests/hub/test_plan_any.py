"""Any plan is accepted or refused, in lines that name their place, and nothing else ever happens."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.config.complain import complaints
from hub.config.document import parse
from hub.config.files import ResidentFile
from hub.config.plan.context import House
from hub.config.plans import Written, compile_plan
from hub.config.problems import Problem
from hub.config.read import Reading
from rules.alerting.levels import LONGEST_DELAY_S
from rules.plans.explain import explain
from rules.plans.fitting import still_stands
from rules.plans.plan import AtTime
from rules.plans.senses import SENSES
from tests.hub.plan_home import HEAD, read_plan

_DEVICES = (
    "room-012-bed",
    "room-012-door",
    "room-012-light",
    "room-012-pendant",
    "room-012-climate",
    "side-camera",
    "x",
)
_WORDS = st.sampled_from(
    [
        *("open", "closed", "empty", "occupied", "detected", "pressed", "on", "off", "ok", "carer", "present", ""),
        *(
            "10 min",
            "3 h",
            "0 s",
            "10",
            "08:00",
            "22:00-07:00",
            "25:00",
            "12-01..02-28",
            "2026-10-02",
            "mon",
            "-1",
            "28",
        ),
        *("check", "urgent", "call", "settles", "tells", "tai-chi", "evening", "a.b", "{for}", "{nobody}", *_DEVICES),
    ]
)
_NAMES = st.sampled_from(
    [
        *SENSES,
        *("device", "held_for", "times", "within", "nothing_of", "for", "expected", "since", "by", "time", "on"),
        *("above", "below", "not", "days", "dates", "carer", "ok", "level", "say", "to", "text", "answers", "button"),
        *("light", "switch", "cover", "show", "ask", "sound", "vibrate", "scene", "wait", "home_assistant", "service"),
        *("brightness_pct", "words", "risk", "lock"),
    ]
)
_ANY = st.recursive(
    _WORDS | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=6,
)
_SENSED = st.dictionaries(
    st.sampled_from([*SENSES, "device"]), _WORDS | st.dictionaries(_NAMES, _WORDS, max_size=2), max_size=2
)
_WHEN = st.builds(lambda one, two: one | two, _SENSED, st.dictionaries(_NAMES, _WORDS | _SENSED, max_size=2)) | _ANY
_RIGHT_STEPS = st.sampled_from(
    [
        *({"light": {}}, {"light": {"brightness_pct": "0"}}, {"say": "Hello {known_as}."}, {"wait": "40 min"}),
        *({"ask": {"text": "Well?", "answers": ["good", {"bad": "tells"}]}}, {"scene": "evening"}, {"show": "Look."}),
    ]
)
_RIGHT_WHEN = st.sampled_from(
    [
        *({"bed": "empty"}, {"door": "open", "held_for": "10 min"}, {"nothing_of": ["motion", "bed"], "for": "3 h"}),
        *({"time": "19:30", "on": ["sun"]}, {"bed": "empty", "times": "3", "within": "1 h"}, {"switch": "off"}),
        *({"power_w": {"below": "5"}, "for": "1 h"}, {"expected": {"bed": "empty"}, "since": "06:00", "by": "09:00"}),
    ]
)
_TOLD = st.builds(lambda level: {"level": level, "say": "Look."}, st.sampled_from(["check", "urgent", "request"]))
_RULE = st.fixed_dictionaries(
    {"rule": st.sampled_from(["one", "two", "left-open"]), "why": st.just("x"), "when": _RIGHT_WHEN | _WHEN},
    optional={
        "during": st.sampled_from(["22:00-07:00", "08:00-20:00"]) | _ANY,
        "only_if": st.lists(_SENSED | _ANY, max_size=2) | _ANY,
        "help": st.lists(_RIGHT_STEPS, max_size=4) | _ANY,
        "settled_by": st.lists(_SENSED | _WORDS, max_size=2) | _ANY,
        "otherwise": _TOLD | _ANY,
        "delay_agreed": st.just({"risk": "x", "by": "y", "on": "2026-10-02"}) | _ANY,
        "at_most": _ANY,
        "activity": _WORDS,
    },
)
_RIGHT_RULE = st.fixed_dictionaries(
    {
        "rule": st.integers(0, 999).map(lambda number: f"rule-{number}"),
        "why": st.just("x"),
        "when": _RIGHT_WHEN,
        "otherwise": _TOLD,
    },
    optional={
        "help": st.lists(_RIGHT_STEPS, max_size=4),
        "only_if": st.lists(
            st.sampled_from([{"bed": {"not": "empty"}}, {"days": ["sat"]}, {"carer": "absent"}]), max_size=2
        ),
        "settled_by": st.lists(st.sampled_from(["ok", "carer", {"door": "closed"}]), min_size=1, max_size=3),
        "delay_agreed": st.just({"risk": "x", "by": "y", "on": "2026-10-02"}),
        "at_most": st.just({"times": "3", "within": "1 h"}),
    },
)
_RULES = st.lists(_RIGHT_RULE, max_size=3) | st.lists(_RIGHT_RULE | _RULE, max_size=3)
_SENSES: st.SearchStrategy[dict[str, str]] = st.just({}) | st.dictionaries(
    st.sampled_from(list(SENSES)), st.sampled_from(["accepted", "refused", "withdrawn"]), max_size=2
)


@cache
def reading() -> Reading:
    """The home of the plans."""
    with TemporaryDirectory() as folder:
        return read_plan(Path(folder), HEAD)


def house() -> House:
    """What a plan of it may refer to."""
    return reading().house


def written(rules: object, senses: object) -> Written | list[Problem]:
    """A plan with these rules; or what is wrong with its form."""
    text = HEAD.encode() + b"senses: " + orjson.dumps(senses) + b"\nrules: " + orjson.dumps(rules)
    document = parse(text, "residents/margaret.yaml")
    try:
        plan = ResidentFile.model_validate(document.data)
    except ValidationError as error:
        return complaints(error, document, ResidentFile)
    return Written(resident="margaret", known_as="Margaret", room="012", document=document, plan=plan)


@given(_RULES, _SENSES)
def test_any_plan_is_accepted_or_refused_and_nothing_else(rules: list[object], senses: dict[str, str]) -> None:
    """What is refused has its line; what is accepted ends with a person and can be put into words."""
    plan = written(rules, senses)
    if isinstance(plan, list):
        assert plan
        assert all(problem.line > 0 and str(problem) for problem in plan)
        return
    resident, problems, _ = compile_plan(plan, house())
    if problems:
        assert resident.rules == ()
        assert all(problem.line > 0 for problem in problems)
        return
    home = reading().home
    devices = {device.name: device for device in home.devices}
    refused = {sense for sense, answer in senses.items() if answer != "accepted"}
    for rule in resident.rules:
        assert still_stands(rule, devices, [place.place for place in home.places])
        assert not any(SENSES[sense].kind == rule.kind and sense in ("bed", "motion") for sense in refused)
        assert rule.otherwise is not None or isinstance(rule.when, AtTime) or rule.kind in ("switch", "power", "light")
        if rule.otherwise is not None:
            assert rule.settled_by
            assert rule.otherwise.level in LONGEST_DELAY_S
    assert explain(resident, home)


@pytest.mark.parametrize(
    "rules", ["", "one", {"rule": "one"}, [None], [[]], ["left-open"], [{"when": None}], [{"rule": []}]]
)
def test_rules_that_are_no_rules_are_refused(rules: object) -> None:
    """A word, a list in a list, nothing at all."""
    plan = written(rules, {})
    assert isinstance(plan, list)
    assert plan != []

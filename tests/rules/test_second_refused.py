"""What a pendant's second button may not do is refused with its witness, and stops with what it needs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devices.registry import Placed, Purpose
from rules.alerting.levels import Level
from rules.home import Home
from rules.plans.fitting import still_stands
from rules.plans.help import Ask
from rules.plans.plan import Otherwise, Rule, Settles
from rules.proof.bounds import prove
from rules.proof.faults import unproved
from tests.rules.plan_parts import home_with, rule
from tests.rules.second_parts import ASKED, PENDANT, SECOND, with_second

FIRST = replace(SECOND, device=f"{PENDANT}#1", name="room-012-first")
ADAS = replace(SECOND, device="zigbee2mqtt/room-011-pendant#2", name="room-011-second", person="ada")
SMOKE = replace(SECOND, device=f"{PENDANT}#3", name="room-012-third", purpose=Purpose.SMOKE)
RADIO = replace(SECOND, device="rtl_433/Remote/4#2", name="room-012-radio")
WIRED = replace(SECOND, device="shelly/i4#input:1", name="room-012-wired")
ALONE = replace(SECOND, device="zigbee2mqtt/other#2", name="room-012-alone")


def asking(button: str, **fields: object) -> Rule:
    """Her rule, whose question this button answers."""
    ask = ASKED.help[0]
    assert isinstance(ask, Ask)
    return replace(ASKED, help=(replace(ask, button=button), *ASKED.help[1:]), **fields)  # type: ignore[arg-type]


def home(*rules: Rule) -> Home:
    """With every button there is."""
    return with_second(home_with(*rules), FIRST, ADAS, SMOKE, RADIO, WIRED, ALONE)


@pytest.mark.parametrize(
    ("button", "what"),
    [
        ("room-012-pendant", "is no part of a device: each of its presses calls"),
        ("room-012-first", "is the first button of its device: that one always calls"),
        ("room-012-call", "is no part of a device"),
        ("room-012-smoke", "is for smoke: staff are told at once, it answers nothing"),
        ("room-012-third", "is for smoke: staff are told at once, it answers nothing"),
        ("room-011-second", "belongs to ada: its presses call for whoever makes them"),
        ("room-012-radio", "is heard by rtl_433, which does not say how a button is pressed: each press calls"),
        (
            "room-012-wired",
            "is a wired input, which says that it is pressed before anybody knows how: each press calls",
        ),
        ("room-012-alone", "is the second button of zigbee2mqtt/other, whose first one does not call for margaret"),
    ],
)
def test_what_calls_for_help_answers_nothing(button: str, what: str) -> None:
    """But for the second button of her own pendant, whose first one calls."""
    [found] = [one for one in unproved(home(asking(button))) if not one.warning]
    assert found.what.startswith(f'"{button}" {what}')
    assert found.at == ("help", 0, "ask", "button")
    assert found.expected


@pytest.mark.parametrize(
    ("level", "refused", "warned"),
    [
        (Level.URGENT, ['"room-012-second" calls for help and cannot settle what is urgent, as "yes" does'], []),
        (
            Level.CHECK,
            [],
            [
                '"room-012-second" settles this as "yes", also pressed by somebody on the floor: an answer that is kept'
                " is safer"
            ],
        ),
        (Level.REQUEST, [], []),
        (Level.TECHNICAL, [], []),
        (None, [], []),
    ],
)
def test_what_is_urgent_is_not_ended_by_it(level: Level | None, refused: list[str], warned: list[str]) -> None:
    """Who lies on the floor may press the wrong button; a check is warned of, a reminder has nothing to end."""
    told = Otherwise(level=level, say="x") if level else None
    found = [
        one for one in unproved(home(asking("room-012-second", otherwise=told))) if one.at[2:] == ("ask", "button")
    ]
    assert [one.what for one in found if not one.warning] == refused
    assert [one.what for one in found if one.warning] == warned


@pytest.mark.parametrize(
    "watching",
    [
        rule(device="room-012-second", kind="button", value="2_single"),
        rule(settled_by=(Settles(device="room-012-second", kind="button", value="2_single"),)),
    ],
    ids=["when", "settled_by"],
)
def test_it_starts_and_settles_no_rule(watching: Rule) -> None:
    """It is a device that calls."""
    [found] = [one for one in unproved(home(watching)) if not one.warning]
    assert found.what == '"room-012-second" is for emergency: staff are told at once, no rule may stand before it'


OTHERS: list[Placed] = [
    replace(SECOND, person="ada"),
    replace(SECOND, device=f"{PENDANT}#1"),
    replace(SECOND, purpose=Purpose.SMOKE),
    replace(SECOND, device="zigbee2mqtt/other#2"),
]


@pytest.mark.parametrize(
    "changed", OTHERS, ids=["somebody else's", "the first", "a detector", "of a stranger's remote"]
)
def test_a_rule_stops_whose_button_fits_no_longer(changed: Placed) -> None:
    """A plan accepted earlier stays as far as it still fits; a question that nobody safely answers does not."""
    before = with_second(home_with(ASKED))
    after = {one.name: one for one in (*home_with(ASKED).devices, changed)}
    places = {place.place for place in before.places}
    assert still_stands(ASKED, {one.name: one for one in before.devices}, places)
    assert not still_stands(ASKED, after, places)


def test_the_proof_names_the_presses_that_are_no_call() -> None:
    """Whose, of which button, and the rules that ask."""
    proof = prove(home(asking("room-012-second", rule="nap"), asking("room-012-button", rule="tea")), 2026)
    answers = {one.resident: dict(one.answers_with) for one in proof.residents}
    assert answers["margaret"] == {"room-012-second": ("nap",)}
    assert [found for resident, found in answers.items() if found and resident != "margaret"] == []

"""Refusal shown by use: which answers send an offer away, and that this is counted whatever else may be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.plans.help import AnswerTo
from tests.rules.plan_parts import Night, night
from tests.rules.test_language_help import ASKED, ASKS, OFFER, YES_NO


def refused(home: Night) -> dict[str, int]:
    """How often in a row she sent her offers away."""
    return dict(home.state.people.rows["margaret"].refused)


def counts_nothing(home: Night) -> Night:
    """She lets nothing of her leisure be counted."""
    residents = tuple(replace(one, counts_leisure=False) for one in home.home.residents)
    home.configure(replace(home.home, residents=residents))
    return home


def test_answers_are_kept_and_no_answer_is_counted() -> None:
    """Three days in a row without one; then a yes, and the count begins anew. Who lets nothing be counted is not."""
    home = night(OFFER)
    home.run(["door open", "wait 10", "door closed"] * 3)
    assert refused(home) == {"rule": 3}
    home.run(["door open", "answer yes", "door closed"])
    person = home.state.people.rows["margaret"]
    assert (person.refused, person.answers) == ({}, {"rule": "yes"})
    counts_nothing(home).run(["door open", "wait 10"])
    assert refused(home) == {}


DISMISSED: dict[str, tuple[tuple[AnswerTo, ...], str, int]] = {
    "another answer than yes": (YES_NO, "later", 10),
    "yes": (YES_NO, "yes", 0),
    "yes, written otherwise": ((AnswerTo(answer="not today"), AnswerTo(answer="Yes, please")), "Yes, please", 0),
    "the first, where another says yes": ((AnswerTo(answer="no"), AnswerTo(answer="yes")), "no", 10),
    "the first, where none says yes": ((AnswerTo(answer="good"), AnswerTo(answer="bad")), "good", 0),
    "the second, where none says yes": ((AnswerTo(answer="good"), AnswerTo(answer="bad")), "bad", 10),
    "one that asks for staff": (YES_NO, "no", 0),
    "one that settles, where none says yes": ((AnswerTo(answer="a"), AnswerTo(answer="b", means="settles")), "b", 0),
    "it settles, and is no yes": ((AnswerTo(answer="yes"), AnswerTo(answer="no", means="settles")), "no", 10),
}


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("name", DISMISSED)
def test_an_offer_that_is_sent_away_again_and_again_is_a_refusal(name: str, counts: bool) -> None:
    """Ten days running, whatever may be counted of her leisure; then a yes, and it begins anew."""
    answers, given, wanted = DISMISSED[name]
    home = night(replace(OFFER, help=(replace(ASKS, answers=answers),)))
    if not counts:
        counts_nothing(home)
    home.run(["door open", f"answer {given}", "door closed", "wait 1"] * 10)
    assert refused(home).get("rule", 0) == wanted


@pytest.mark.parametrize("counts", [True, False])
def test_words_that_are_sent_away_by_not_now_are_dismissed_once(counts: bool) -> None:
    """The question and the last words alike; a rule that ends with staff is no offer."""
    home = night(OFFER)
    if not counts:
        counts_nothing(home)
    for _ in range(2):
        home.run(["door open"])
        assert home.ask("not_now", client="room-012").ok
        home.run(["wait 60", "door closed"])
    assert refused(home) == {"rule": 2}
    home = night(ASKED)
    home.run(["door open"])
    assert home.ask("not_now", client="room-012").ok
    assert home.run(["wait 6"])[-1] == "22:36 told check"
    assert refused(home) == {}

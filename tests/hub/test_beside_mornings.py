"""What crosses a morning: a plan on trial does there what a plan that runs does, and is told of it once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from devices.events import Event
from hub.replay.beside import tried
from hub.replay.kept import FOLDER, OnTrial, kept
from rules.inputs import Asked, ClockStepped, Heard, Linked, Now, Report
from rules.plans.help import AnswerTo, Ask, Say, Wait
from rules.plans.plan import AtMost, AtTime, Expected, Fact, Held, Nothing, Repeated, Rule
from tests.hub.living import Living, kept_in
from tests.rules.plan_parts import AGREED, LONDON, SORTS, at, home_with, rule

BED: dict[str, object] = {"device": "room-012-bed", "kind": "bed", "value": "empty"}
MOVES = Fact(device="room-012-motion", kind="motion", value="detected")
NO_WORDS: dict[str, object] = {"otherwise": None, "help": (Say(text="Tea is ready."),)}
UP = rule(**BED, help=(Wait(seconds=30 * 60),), delay_agreed=AGREED, settled_by=rule(**BED).settled_by)
YES = Ask(question="Is all well?", answers=(AnswerTo(answer="yes", means="settles"),), within_s=1_800)
DAY_MS = 86_400_000
LASTS_S = {"away": 30 * 3_600, "not_now": 3_600}
CROSSES = {
    "a door that is open since the evening": (rule(when=Held(held_s=12 * 3_600)), ["10 22:00 door open"], ["10:00"]),
    "nothing heard for a day": (
        rule(device="", kind="", value="", when=Nothing(silent_s=24 * 3_600, of=(MOVES,))),
        ["10 22:00 motion detected"],
        ["22:00"],
    ),
    "four times in twelve hours": (
        rule(when=Repeated(times=4, within_s=12 * 3_600)),
        [
            f"{moment} door {word}"
            for moment in ("10 22:00", "11 01:00", "11 06:00", "11 09:00")
            for word in ("open", "closed")
        ],
        ["09:00"],
    ),
    "a wait under way": (UP, ["11 06:50 bed empty"], ["06:50 to 07:20"]),
    "a question that is open": (
        rule(**BED, help=(YES,), delay_agreed=AGREED),
        ["11 06:50 bed empty", "11 07:05 answer yes"],
        ["06:50 to 07:05 settled"],
    ),
    "not now, said before": (
        rule(device="", kind="", value="", when=AtTime(at="07:10"), **NO_WORDS),
        ["11 06:50 not_now"],
        [],
    ),
    "what was expected and came": (
        rule(**BED, when=Expected(since="06:00", by="08:00")),
        ["11 06:30 bed empty", "11 07:30 bed occupied"],
        [],
    ),
    "what was expected and did not come": (
        rule(**BED, when=Expected(since="06:00", by="08:00")),
        ["11 05:30 bed occupied"],
        ["08:00"],
    ),
    "a reminder that came often enough": (
        rule(at_most=AtMost(starts=1, within_s=20 * 3_600), **NO_WORDS),
        ["10 23:00 door open", "11 06:00 door closed", "11 08:00 door open"],
        [],
    ),
    "a rule that rests while she is away": (rule(), ["10 22:00 away", "11 09:00 door open"], ["04:00"]),
    "due while the hub is down": (
        rule(when=Held(held_s=2 * 3_600)),
        ["11 05:30 door open", "11 06:00 motion none", "11 09:00 starts again"],
        ["09:00"],
    ),
    "a wait that ended while the hub was down": (
        UP,
        ["11 05:50 bed empty", "11 06:00 motion none", "11 09:00 starts again"],
        ["05:50 to 09:00"],
    ),
}


def now_at(living: Living, moment: str) -> Now:
    """Both clocks at a local moment of March 2026."""
    wall_ms = at(f"2026-03-{moment}")
    return Now(living.now.elapsed_ms + wall_ms - living.now.wall_ms, wall_ms)


def on_trial(one: Rule) -> tuple[Living, Report]:
    """Margaret's room, where the rule is on trial from nine in the evening of the 10th and nothing is in force."""
    home = home_with()
    mine = next(each for each in home.residents if each.resident == "margaret")
    living = Living(home=home, tried=replace(mine, rules=(one,)), now=Now(1_000_000, at("2026-03-10 20:00")))
    living.until(now_at(living, "10 21:00"))
    return living, living.put_on_trial()


def happens(living: Living, line: str) -> None:
    """One line of a story."""
    day, clock, name, word = (*line.split(" "), "")[:4]
    now = now_at(living, f"{day} {clock}")
    if name == "starts":
        living.down(now)
        living.take(Linked(up=True))
        return
    living.until(now)
    if name in SORTS:
        value = (word == "detected") if name == "motion" else word
        living.take(Heard(event=Event(device=f"zigbee2mqtt/room-012-{name}", kind=SORTS[name], value=value)))
        return
    asked = Asked(id=line, client="room-012", do=name, answer=word, resident="margaret", until_s=LASTS_S.get(name, 0))
    living.take(replace(asked, client="dashboards", by="carer-1", reason="hospital") if name == "away" else asked)


def told(living: Living, began: Report, folder: Path) -> list[Report]:
    """The reports of the mornings of the 11th and the 12th."""
    ledger = folder / "ledger.db"
    kept_in(ledger, living.given)
    ends = [began.since_ms, at("2026-03-11 07:00"), at("2026-03-12 07:00")]
    trial = OnTrial(tried=living.tried, plan="a", since_ms=began.since_ms)
    return [
        tried(ledger, trial, folder / FOLDER, (from_ms, to_ms), lambda done, whole: None, write=True)
        for from_ms, to_ms in pairwise(ends)
    ]


def lines(report: Report) -> list[str]:
    """The runs of a report: `06:50 to 07:20`, `08:00`, `06:50 to 07:05 settled`."""
    made = []
    for run in report.runs:
        began, ended = (f"{datetime.fromtimestamp(ms / 1000, LONDON):%H:%M}" for ms in (run.started_ms, run.ended_ms))
        span = began if began == ended else f"{began} to {ended}"
        made.append(span if run.state == "unsettled" else f"{span} {run.state}")
    return made


@pytest.mark.parametrize(("one", "happenings", "second"), CROSSES.values(), ids=CROSSES.keys())
def test_it_crosses_the_morning(one: Rule, happenings: list[str], second: list[str], tmp_path: Path) -> None:
    """In the second morning's report and in no other, as the machine that runs it has it."""
    living, began = on_trial(one)
    for line in happenings:
        happens(living, line)
    living.until(now_at(living, "12 07:00"))
    first, later = told(living, began, tmp_path)
    crossed = [run for run in living.runs if run[2] >= at("2026-03-11 07:00")]
    assert lines(later) == second
    assert [(run.rule, run.started_ms, run.ended_ms, run.state) for run in later.runs] == crossed
    assert [run.ended_ms for run in first.runs] == [run[2] for run in living.runs if run not in crossed]


def test_a_run_under_way_is_said_to_be_and_told_with_its_day_later(tmp_path: Path) -> None:
    """The manager reads in the first morning that one is still to come."""
    living, began = on_trial(UP)
    happens(living, "11 06:50 bed empty")
    living.until(now_at(living, "12 07:00"))
    first, later = told(living, began, tmp_path)
    assert "Still under way, for the next report: 1" in first.words
    assert "On trial since 10 Mar 21:00" in first.words
    assert not first.matters
    assert later.matters
    assert "11 Mar 06:50 rule: nothing ran; with the new plan staff told at 07:20 (check)" in later.words


def test_a_clock_that_jumps_leaves_nothing_out(tmp_path: Path) -> None:
    """A wrong year for some minutes: what came behind it is told of in its morning, and the next one too."""
    living, began = on_trial(rule())
    for line in ("11 01:00 door open", "11 01:10 door closed"):
        happens(living, line)
    wrong_ms = 3_650 * DAY_MS
    living.now = replace(living.now, wall_ms=living.now.wall_ms + wrong_ms)
    living.take(ClockStepped(step_ms=wrong_ms))
    living.now = replace(living.now, wall_ms=living.now.wall_ms - wrong_ms)
    living.take(ClockStepped(step_ms=-wrong_ms))
    for line in ("11 02:00 door open", "11 02:10 door closed", "11 22:00 door open"):
        happens(living, line)
    living.until(now_at(living, "12 07:00"))
    first, later = told(living, began, tmp_path)
    assert lines(first) == ["01:00", "02:00"]
    assert lines(later) == ["22:00"]


def test_down_times_are_said(tmp_path: Path) -> None:
    """Each report speaks of its own part of a time in which nobody could hear."""
    living, began = on_trial(UP)
    for line in ("11 06:00 motion none", "11 09:00 starts again"):
        happens(living, line)
    living.until(now_at(living, "12 07:00"))
    first, later = told(living, began, tmp_path)
    assert "Nobody could hear for 60 min" in first.words
    assert "Nobody could hear for 2 h" in later.words


def test_what_was_kept_is_used_only_where_it_is_whole_and_of_this_plan(tmp_path: Path) -> None:
    """Torn, of another plan or since another moment: it is replayed out of the ledger."""
    living, began = on_trial(UP)
    happens(living, "11 06:50 bed empty")
    living.until(now_at(living, "12 07:00"))
    told(living, began, tmp_path)
    at_ms, folder = at("2026-03-12 07:00"), tmp_path / FOLDER
    trial = OnTrial(tried=living.tried, plan="a", since_ms=began.since_ms)
    assert kept(folder, trial, at_ms) is not None
    assert kept(folder, replace(trial, plan="b"), at_ms) is None
    assert kept(folder, replace(trial, since_ms=1), at_ms) is None
    assert kept(folder, trial, at_ms + 1) is None
    path = next(folder.glob(f"*{at_ms}*"))
    path.write_bytes(path.read_bytes()[:-1])
    assert kept(folder, trial, at_ms) is None

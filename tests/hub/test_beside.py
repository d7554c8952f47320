"""A plan on trial, held against a machine that really runs it: each run is in one report, the right one."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.registry import Placed, Purpose
from hub.replay.beside import said_last, tried
from hub.replay.kept import OnTrial
from hub.replay.trying import last_morning_ms
from rules.home import Home
from rules.inputs import Input, Now, Report, Started
from rules.plans.plan import Nothing, Rule
from rules.replay.replay import tell_at_once
from tests.hub.living import Living, Run, kept_in, said
from tests.rules.plans_at_random import ROOMS
from tests.rules.test_relevant import BEGIN, MORE, a_home_with_all, a_past
from tests.stories.village import resident_of

DAY_MS = 86_400_000
MARGARET = resident_of(ROOMS[0])
LONDON = ZoneInfo("Europe/London")


def runs_of(report: Report) -> list[Run]:
    """The runs that a report names."""
    return [(run.rule, run.started_ms, run.ended_ms, run.state) for run in report.runs]


def mornings(since_ms: int, days: int) -> list[int]:
    """So many nights' ends behind a moment."""
    first = last_morning_ms(since_ms, LONDON, "07:00") + DAY_MS
    return [first + day * DAY_MS for day in range(days)]


def slower(home: Home) -> Home:
    """No rule of it waits for a silence of a minute: that would start a thousand times a day."""
    return replace(
        home,
        residents=tuple(replace(one, rules=tuple(_slower(rule) for rule in one.rules)) for one in home.residents),
    )


def _slower(rule: Rule) -> Rule:
    when = rule.when
    return replace(rule, when=replace(when, silent_s=max(3_600, when.silent_s))) if isinstance(when, Nothing) else rule


def changed(home: Home, number: int) -> Home:
    """Other files are accepted: the plan in force loses a rule, and there is one more device."""
    one_less = tuple(replace(one, rules=one.rules[:-1]) if one.resident == MARGARET else one for one in home.residents)
    more = Placed(device=f"zigbee2mqtt/new-{number}", name=f"new-{number}", place=ROOMS[0], purpose=Purpose.MOTION)
    return replace(home, residents=one_less, devices=(*home.devices, more))


def lived(home: Home, live: Home, past: list[tuple[Now, Input]], dice: random.Random) -> tuple[Living, Report]:
    """A machine that runs the plan of `home` from some hours on, under what was heard; the ledger's is `live`'s."""
    mine = next(one for one in home.residents if one.resident == MARGARET)
    living = Living(home=live, tried=mine, now=BEGIN)
    since = Now(BEGIN.elapsed_ms + 9 * 3_600_000, BEGIN.wall_ms + 9 * 3_600_000)
    began: Report | None = None
    changes = 2
    for now, each in past[1:]:
        if isinstance(each, Started):
            living.down(now)
            continue
        if began is None and now.elapsed_ms >= since.elapsed_ms:
            living.until(since)
            began = living.put_on_trial()
        living.until(now)
        living.take(each)
        if began is not None and changes and dice.random() < 0.02:
            changes -= 1
            living.accept(changed(living.home, changes))
    assert began is not None
    last = past[-1][0]
    living.until(Now(last.elapsed_ms + DAY_MS, last.wall_ms + DAY_MS))
    return living, began


def told(ledger: Path, folder: Path, living: Living, morning_ms: int) -> Report:
    """A morning's report, by what the ledger says was reported before."""
    before = said_last(ledger, MARGARET)
    assert before is not None
    trial = OnTrial(tried=living.tried, plan=before.plan, since_ms=before.since_ms)
    return tried(ledger, trial, folder, (before.to_ms, morning_ms), lambda done, whole: None, write=True)


@settings(max_examples=8 * MORE, deadline=None)
@given(seed=st.integers(0, 2**40))
def test_five_mornings_name_what_a_machine_that_runs_it_had(seed: int) -> None:
    """Plans of any form and days by chance: down times, lost links, changed files, mornings left out, files lost."""
    dice = random.Random(seed)
    home = slower(a_home_with_all(dice))
    past = list(a_past(dice, 330))
    living, began = lived(home, tell_at_once(home), past, dice)
    with TemporaryDirectory() as made:
        ledger, kept = Path(made) / "ledger.db", Path(made) / "trials"
        since = Now(0, began.since_ms)
        seq = kept_in(ledger, sorted([*living.given, said(since, began)], key=lambda one: one[0].wall_ms))
        ends = mornings(began.since_ms, 5)
        from_ms = began.since_ms
        for number, morning_ms in enumerate(ends):
            if number < len(ends) - 1 and dice.random() < 0.2:
                continue
            if kept.is_dir() and dice.random() < 0.2:
                for path in kept.iterdir():
                    path.unlink()
            report = told(ledger, kept, living, morning_ms)
            wanted = sorted(run for run in living.runs if from_ms <= run[2] < morning_ms and run[1] >= began.since_ms)
            assert sorted(runs_of(report)) == wanted
            seq = kept_in(ledger, [said(Now(0, morning_ms), report)], seq)
            from_ms = morning_ms

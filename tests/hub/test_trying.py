"""Plans on trial: read like any plan, hold for nobody, tried on the last day every morning while nothing waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest

from hub.commands.shadowing import reports
from hub.config.check import check_home
from hub.config.read import read_home
from hub.homes import HomeRefused
from hub.replay.replaying import Period
from hub.replay.trial import as_plan
from hub.replay.trying import CURSOR, Trials, in_a_process, last_morning_ms
from hub.verify import verify
from rules.inputs import Report, Tried
from tests.hub.config_home import MARGARET, write_home
from tests.hub.core_parts import PENDANT, PRESS, rig
from tests.hub.test_replaying import TRIED, lived
from tests.parts import until

ON_TRIAL = TRIED.replace('room: "001"\n', 'room: "001"\nshadow: true   # until the review in May\n')
NIGHT_MS = int(datetime(2026, 3, 4, 8, tzinfo=UTC).timestamp() * 1000)
DAY_MS = 86_400_000


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that has lived some days, with another plan for Margaret on trial."""
    folder = write_home(tmp_path / "home")
    lived(folder, 4)
    (folder / "residents" / "margaret.shadow.yaml").write_text(ON_TRIAL)
    return folder


def test_a_plan_on_trial_holds_for_nobody(home: Path) -> None:
    """The home is read as if it were not there, and its lines keep their numbers."""
    reading = read_home(home)
    assert [one.resident for one in reading.home.residents] == ["arthur", "margaret"]
    assert reading.refused_plans == ()
    plain = as_plan(home / "residents" / "margaret.shadow.yaml")
    assert len(plain.splitlines()) == len(TRIED.splitlines()) + 1
    (home / "residents" / "arthur.shadow.yaml").write_text(MARGARET)
    with pytest.raises(HomeRefused, match="says `shadow: true` once"):
        as_plan(home / "residents" / "arthur.shadow.yaml")


def test_what_it_would_have_done_is_one_sentence(home: Path) -> None:
    """Beside the plan in force, over the last day."""
    (found,) = reports(home, read_home(home), Period(from_ms=NIGHT_MS - DAY_MS, to_ms=NIGHT_MS))
    assert found.resident == "margaret"
    assert found.matters
    assert found.words.startswith("Margaret's plan on trial, 3 Mar 08:00 to 4 Mar 08:00: staff told ")
    assert "with the new plan staff told at" in found.words
    assert found.words.endswith("No call delayed")


def test_a_plan_on_trial_that_is_wrong_says_so(home: Path) -> None:
    """With the line of its own file's text, every morning until it is mended."""
    (home / "residents" / "margaret.shadow.yaml").write_text(ON_TRIAL.replace("wait: 2 min", "wait: soon"))
    (found,) = reports(home, read_home(home), Period(from_ms=NIGHT_MS - DAY_MS, to_ms=NIGHT_MS))
    assert found.matters
    assert "margaret.shadow.yaml cannot be tried" in found.words
    assert "residents/margaret.shadow.yaml:" in found.words
    said = StringIO()
    assert check_home(home, out=said) == 0
    assert "residents/margaret.shadow.yaml: cannot be tried: " in said.getvalue()


@dataclass
class House:
    """What a running hub is to its trials."""

    folder: Path
    wall_ms: int = NIGHT_MS + 60_000
    backlog_ms: int = 0
    put: list[Tried] = field(default_factory=list)
    noted: dict[str, int] = field(default_factory=dict)
    ran: list[int] = field(default_factory=list)

    async def run_trial(self, morning_ms: int, may_go_on: Callable[[], bool]) -> tuple[Report, ...] | None:
        """A trial that is done at once."""
        self.ran.append(morning_ms)
        return (Report(resident="margaret", words="as before", matters=False),) if may_go_on() else None

    def trials(self) -> Trials:
        """As after a start: it knows what the ledger noted."""
        return Trials(
            folder=self.folder,
            run_trial=self.run_trial,
            wall_ms=lambda: self.wall_ms,
            oldest_ms=lambda: self.backlog_ms,
            night_ends=lambda: (UTC, "08:00"),
            put=self.put.append,
            note=self.noted.__setitem__,
            reported_ms=self.noted.get(CURSOR, 0),
        )


async def test_the_last_day_is_reported_once_each_morning(home: Path) -> None:
    """Behind the morning's own list, not again after a restart, and the next morning again."""
    house = House(home)
    trials = house.trials()
    await trials.look()
    assert house.ran == []
    house.wall_ms = NIGHT_MS + 180_000
    await trials.look()
    await trials.look()
    await house.trials().look()
    assert (house.ran, len(house.put)) == ([NIGHT_MS], 1)
    house.wall_ms += DAY_MS
    await house.trials().look()
    assert house.ran == [NIGHT_MS, NIGHT_MS + DAY_MS]


async def test_nothing_is_tried_while_something_waits(home: Path) -> None:
    """With a backlog of more than a second it comes later, and a home without a plan on trial runs nothing."""
    house = House(home, wall_ms=NIGHT_MS + 180_000, backlog_ms=1_500)
    trials = house.trials()
    await trials.look()
    assert house.ran == []
    house.backlog_ms = 0
    await trials.look()
    assert house.ran == [NIGHT_MS]
    (home / "residents" / "margaret.shadow.yaml").unlink()
    house.wall_ms += DAY_MS
    await trials.look()
    assert house.ran == [NIGHT_MS]


async def test_the_hub_runs_it_as_a_process_that_gives_way(home: Path, tmp_path: Path) -> None:
    """A real one; and one that is told to give way in the middle is ended, and nothing is reported."""
    run = in_a_process(home, tmp_path / "trial.out")
    found = await run(NIGHT_MS, lambda: True)
    assert found is not None
    assert [(one.resident, one.matters) for one in found] == [("margaret", True)]
    assert "staff told" in found[0].words
    assert await run(NIGHT_MS, lambda: False) is None


async def test_a_trial_that_fails_is_a_report(home: Path, tmp_path: Path) -> None:
    """The manager reads why, and the hub goes on."""
    (home / "home.yaml").write_text("home: [")
    found = await in_a_process(home, tmp_path / "trial.out")(NIGHT_MS, lambda: True)
    assert found is not None
    assert found[0].words.startswith("margaret's plan on trial could not be tried: ")
    assert "home.yaml" in found[0].words


def test_a_morning_is_the_home_s_own() -> None:
    """The night's end by the clock on the wall, today's or yesterday's."""
    assert last_morning_ms(NIGHT_MS + 1, UTC, "08:00") == NIGHT_MS
    assert last_morning_ms(NIGHT_MS - 1, UTC, "08:00") == NIGHT_MS - DAY_MS


async def test_a_running_hub_lists_it_and_its_ledger_folds(tmp_path: Path) -> None:
    """An input like any other: kept, logged, and no second time after a restart."""
    async with rig(tmp_path) as hub:
        await hub.stop()
        residents = hub.folder / "residents"
        plan = (residents / "resident-001.yaml").read_text()
        (residents / "resident-001.shadow.yaml").write_text(plan.replace("rules:", "shadow: true\nrules:", 1))
        await hub.start()
        listed = "SELECT count(*) FROM log WHERE step = 'listed' AND resident = 'resident-001'"
        await until(lambda: hub.rows(listed)[0][0] == 1)
        await hub.stop()
        await hub.start()
        hub.broker.say(PENDANT, PRESS)
        await hub.quiet()
        await hub.stop()
        assert hub.rows(listed) == [(1,)]
        assert verify(hub.ledger).shown == []

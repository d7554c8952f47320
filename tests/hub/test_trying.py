"""Plans on trial: read like any plan, hold for nobody, tried on the last day every morning while nothing waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest

from hub.commands.plan_texts import explain_plan
from hub.commands.shadowing import reports
from hub.config.check import check_home
from hub.config.read import read_home
from hub.errors import LedgerUnreadable
from hub.homes import HomeRefused
from hub.replay.replaying import Period
from hub.replay.trial import as_plan, digest_of
from hub.replay.trying import Trials, in_a_process, last_morning_ms
from hub.verify import verify
from rules.inputs import Now, Report
from tests.hub.config_home import MARGARET, write_home
from tests.hub.core_parts import PENDANT, PRESS, rig
from tests.hub.living import kept_in, said
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
    printed = StringIO()
    assert check_home(home, out=printed) == 0
    assert "residents/margaret.shadow.yaml: cannot be tried: " in printed.getvalue()


@dataclass
class House:
    """What a running hub is to its trials; `put` is what its ledger keeps."""

    folder: Path
    wall_ms: int = NIGHT_MS - DAY_MS + 3_600_000
    backlog_ms: int = 0
    put: list[Report] = field(default_factory=list)
    ran: list[tuple[int, int]] = field(default_factory=list)
    fails: str = ""

    async def run_trial(self, resident: str, morning_ms: int, may_go_on: Callable[[], bool]) -> Report | None:
        """A trial that is done at once; from where it goes on the ledger says."""
        if not may_go_on():
            return None
        if self.fails:
            return Report(resident=resident, words=self.fails, matters=True)
        last = self.said_last(resident)
        assert last is not None
        self.ran.append((last.to_ms, morning_ms))
        ends = {"to_ms": morning_ms, "tried_ms": morning_ms}
        return replace(last, words="as before", matters=False, **ends)  # type: ignore[arg-type]

    def said_last(self, resident: str) -> Report | None:
        """What the ledger has."""
        found = [each for each in self.put if each.resident == resident]
        return found[-1] if found and found[-1].since_ms else None

    def trials(self) -> Trials:
        """As after a start: it knows what the ledger noted."""
        return Trials(
            folder=self.folder,
            data=self.folder / "data",
            run_trial=self.run_trial,
            wall_ms=lambda: self.wall_ms,
            oldest_ms=lambda: self.backlog_ms,
            night_ends=lambda: (UTC, "08:00"),
            put=lambda tried: self.put.extend(tried.reports),
            said_last=self.said_last,
        )

    async def looks(self, at_ms: int, trials: Trials | None = None) -> Trials:
        """A look at that moment, by a hub that was started for it where none is given."""
        self.wall_ms = at_ms
        trials = trials or self.trials()
        await trials.look()
        return trials


SEEN_MS = NIGHT_MS - DAY_MS + 3_600_000
SOON_MS = 180_000


async def test_each_day_is_reported_once_from_the_moment_the_plan_was_seen(home: Path) -> None:
    """Behind the morning's own list, not again after a restart, and the next morning from there on."""
    house = House(home)
    trials = await house.looks(SEEN_MS)
    assert [(one.since_ms, one.to_ms, one.matters) for one in house.put] == [(SEEN_MS, SEEN_MS, False)]
    assert "margaret's plan on trial begins, on 3 Mar 09:00" in house.put[0].words
    await house.looks(NIGHT_MS + 60_000, trials)
    assert house.ran == []
    await house.looks(NIGHT_MS + SOON_MS, trials)
    await house.looks(NIGHT_MS + SOON_MS + 60_000, trials)
    await house.looks(NIGHT_MS + SOON_MS + 120_000)
    assert (house.ran, len(house.put)) == ([(SEEN_MS, NIGHT_MS)], 2)
    await house.looks(NIGHT_MS + DAY_MS + SOON_MS)
    assert house.ran == [(SEEN_MS, NIGHT_MS), (NIGHT_MS, NIGHT_MS + DAY_MS)]


async def test_mornings_without_a_hub_are_in_one_report(home: Path) -> None:
    """Down for two days: late, and nothing left out."""
    house = House(home)
    await house.looks(SEEN_MS)
    await house.looks(NIGHT_MS + 2 * DAY_MS + 5 * 3_600_000)
    assert house.ran == [(SEEN_MS, NIGHT_MS + 2 * DAY_MS)]


async def test_nothing_is_tried_while_something_waits(home: Path) -> None:
    """With a backlog of more than a second it comes later, and a home without a plan on trial runs nothing."""
    house = House(home)
    trials = await house.looks(SEEN_MS)
    house.backlog_ms = 1_500
    await house.looks(NIGHT_MS + SOON_MS, trials)
    assert house.ran == []
    house.backlog_ms = 0
    await house.looks(NIGHT_MS + SOON_MS + 3_600_000, trials)
    assert house.ran == [(SEEN_MS, NIGHT_MS)]
    (home / "residents" / "margaret.shadow.yaml").unlink()
    await house.looks(NIGHT_MS + DAY_MS + SOON_MS, trials)
    assert len(house.ran) == 1
    assert house.put[-1].words == "margaret's plan is on trial no more; it was since 3 Mar 09:00"


async def test_a_day_that_could_not_be_tried_is_told_and_made_good(home: Path) -> None:
    """Every morning the manager reads why and since when; the report that works covers all of it."""
    house = House(home)
    trials = await house.looks(SEEN_MS)
    house.fails = "margaret's plan on trial could not be tried: it broke"
    for day in (0, 1):
        await house.looks(NIGHT_MS + day * DAY_MS + SOON_MS, trials)
        await house.looks(NIGHT_MS + day * DAY_MS + SOON_MS + 60_000)
    assert [one.matters for one in house.put] == [False, True, True]
    assert "it broke; nothing of it is reported since 3 Mar 09:00, and the next report covers it" in house.put[2].words
    house.fails = ""
    await house.looks(NIGHT_MS + 2 * DAY_MS + SOON_MS, trials)
    assert house.ran == [(SEEN_MS, NIGHT_MS + 2 * DAY_MS)]


async def test_a_file_that_is_changed_begins_anew(home: Path) -> None:
    """And is said to; what the plan was before is told no more."""
    house = House(home)
    trials = await house.looks(SEEN_MS)
    (home / "residents" / "margaret.shadow.yaml").write_text(ON_TRIAL.replace("wait: 2 min", "wait: 3 min"))
    await house.looks(SEEN_MS + 3_600_000, trials)
    assert "margaret's plan on trial was changed: it begins anew, on 3 Mar 10:00" in house.put[-1].words
    assert house.put[-1].since_ms == SEEN_MS + 3_600_000
    await house.looks(NIGHT_MS + SOON_MS)
    assert house.ran == [(SEEN_MS + 3_600_000, NIGHT_MS)]


async def test_a_calendar_that_was_wrong_silences_nothing(home: Path) -> None:
    """Reported up to a year that is not yet: put right, it begins anew instead of waiting; an hour is waited for."""
    house = House(home)
    trials = await house.looks(SEEN_MS + 3_600_000)
    await house.looks(SEEN_MS, trials)
    assert len(house.put) == 1
    await house.looks(SEEN_MS + 3_650 * DAY_MS, trials)
    assert len(house.put) == 2
    await house.looks(SEEN_MS + 7_200_000, trials)
    assert "the clock was set back: it begins anew, on 3 Mar 11:00" in house.put[-1].words
    await house.looks(NIGHT_MS + SOON_MS, trials)
    assert house.ran[-1] == (SEEN_MS + 7_200_000, NIGHT_MS)


async def test_a_file_that_cannot_be_read_is_tried_and_told(home: Path) -> None:
    """It neither ends the trial nor begins it anew, and the morning says why it could not be tried."""
    house = House(home)
    await house.looks(SEEN_MS)
    path = home / "residents" / "margaret.shadow.yaml"
    text = path.read_text()
    path.unlink()
    path.mkdir()
    await house.looks(SEEN_MS + 60_000)
    assert len(house.put) == 1
    found = await in_a_process(home, home / "trial.out")("margaret", NIGHT_MS, lambda: True)
    assert found is not None
    assert "margaret.shadow.yaml cannot be tried: " in found.words
    assert "cannot be read: " in found.words
    path.rmdir()
    path.write_text(text)
    await house.looks(NIGHT_MS + SOON_MS)
    assert house.ran == [(SEEN_MS, NIGHT_MS)]


async def test_a_ledger_that_cannot_be_read_is_looked_at_again(home: Path) -> None:
    """Nothing begins anew because a disk hung for a moment."""
    house = House(home)
    await house.looks(SEEN_MS)
    trials = house.trials()

    def broken(resident: str) -> Report | None:
        raise LedgerUnreadable(f"nothing of {resident} can be read")

    trials._said_last = broken
    await house.looks(NIGHT_MS + SOON_MS, trials)
    assert (len(house.put), house.ran) == (1, [])
    trials._said_last = house.said_last
    await house.looks(NIGHT_MS + SOON_MS, trials)
    assert house.ran == [(SEEN_MS, NIGHT_MS)]


def seen(home: Path, wall_ms: int) -> None:
    """The ledger of a hub that saw the plan on trial then."""
    path = home / "residents" / "margaret.shadow.yaml"
    began = Report(
        resident="margaret", words="begins", matters=False, plan=digest_of(path), since_ms=wall_ms, to_ms=wall_ms
    )
    kept_in(home / "data" / "ledger.db", [said(Now(0, wall_ms), began)], 1_000_000)


async def test_the_hub_runs_it_as_a_process_that_gives_way(home: Path, tmp_path: Path) -> None:
    """A real one; and one that is told to give way in the middle is ended, and nothing is reported."""
    seen(home, NIGHT_MS - DAY_MS)
    run = in_a_process(home, tmp_path / "trial.out")
    assert await run("margaret", NIGHT_MS, lambda: False) is None
    found = await run("margaret", NIGHT_MS, lambda: True)
    assert found is not None
    assert (found.resident, found.matters, found.to_ms, found.tried_ms) == ("margaret", True, NIGHT_MS, NIGHT_MS)
    assert "3 Mar 08:00 to 4 Mar 08:00: staff told" in found.words
    assert "On trial since 3 Mar 08:00" in found.words
    assert found.runs
    assert [path.name for path in (home / "data" / "trials").iterdir()] == [f"margaret.{NIGHT_MS}.kept"]


async def test_a_trial_that_fails_is_a_report(home: Path, tmp_path: Path) -> None:
    """The manager reads why, and the hub goes on."""
    (home / "home.yaml").write_text("home: [")
    found = await in_a_process(home, tmp_path / "trial.out")("margaret", NIGHT_MS, lambda: True)
    assert found is not None
    assert found.words.startswith("margaret's plan on trial could not be tried: ")
    assert "home.yaml" in found.words
    assert found.to_ms == 0


def checked(home: Path) -> str:
    """What `check` prints."""
    printed = StringIO()
    check_home(home, out=printed)
    return printed.getvalue()


def test_check_and_explain_say_since_when_and_up_to_where(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before a hub saw it, when it did, behind a report, where a morning failed, and when the file was changed."""
    path = home / "residents" / "margaret.shadow.yaml"
    assert "residents/margaret.shadow.yaml: not on trial yet: it is from the moment" in checked(home)
    seen(home, NIGHT_MS - DAY_MS)
    assert "residents/margaret.shadow.yaml: on trial since 3 Mar 08:00; not reported yet" in checked(home)
    reported = Report(
        resident="margaret",
        words="as before",
        matters=False,
        plan=digest_of(path),
        since_ms=NIGHT_MS - DAY_MS,
        to_ms=NIGHT_MS,
        tried_ms=NIGHT_MS,
    )
    ledger = home / "data" / "ledger.db"
    kept_in(ledger, [said(Now(0, NIGHT_MS), reported)], 1_000_001)
    assert "on trial since 3 Mar 08:00; reported up to 4 Mar 08:00\n" in checked(home)
    explain_plan(home, resident="margaret")
    page = " ".join(capsys.readouterr().out.split())
    assert page.endswith("tells nobody: on trial since 3 Mar 08:00; reported up to 4 Mar 08:00.")
    failed = replace(reported, tried_ms=NIGHT_MS + DAY_MS)
    kept_in(ledger, [said(Now(0, NIGHT_MS + DAY_MS), failed)], 1_000_002)
    assert "reported up to 4 Mar 08:00, and could not be tried on 5 Mar 08:00" in checked(home)
    path.write_text(ON_TRIAL.replace("wait: 2 min", "wait: 3 min"))
    assert "changed since it went on trial on 3 Mar 08:00: it begins anew" in checked(home)
    explain_plan(home, resident="arthur")
    assert "ANOTHER PLAN" not in capsys.readouterr().out


def test_by_hand_it_says_what_came_since_the_last_report(home: Path) -> None:
    """Where a hub saw it; over an earlier day it is a replay like any other."""
    seen(home, NIGHT_MS - DAY_MS)
    (since,) = reports(home, read_home(home), Period(to_ms=NIGHT_MS))
    assert "3 Mar 08:00 to 4 Mar 08:00" in since.words
    assert "On trial since 3 Mar 08:00" in since.words
    (earlier,) = reports(home, read_home(home), Period(from_ms=NIGHT_MS - DAY_MS - 3_600_000, to_ms=NIGHT_MS))
    assert "On trial since" not in earlier.words


def test_a_morning_is_the_home_s_own() -> None:
    """The night's end by the clock on the wall, today's or yesterday's."""
    assert last_morning_ms(NIGHT_MS + 1, UTC, "08:00") == NIGHT_MS
    assert last_morning_ms(NIGHT_MS - 1, UTC, "08:00") == NIGHT_MS - DAY_MS


async def test_a_running_hub_keeps_since_when_and_reports_once(tmp_path: Path) -> None:
    """Inputs like any other: kept, logged, folded, and no second time after a restart."""
    async with rig(tmp_path) as hub:
        await hub.stop()
        residents = hub.folder / "residents"
        plan = (residents / "resident-001.yaml").read_text()
        (residents / "resident-001.shadow.yaml").write_text(plan.replace("rules:", "shadow: true\nrules:", 1))
        await hub.start()
        listed = "SELECT body ->> 'reason' FROM log WHERE step = 'listed' AND resident = 'resident-001' ORDER BY seq"
        await until(lambda: len(hub.rows(listed)) == 1)
        assert "resident-001's plan on trial begins" in str(hub.rows(listed)[0][0])
        await hub.stop()
        hub.clock.forward(DAY_MS)
        await hub.start()
        await until(lambda: len(hub.rows(listed)) == 2, 90)
        assert "On trial since" in str(hub.rows(listed)[1][0])
        await hub.stop()
        await hub.start()
        hub.broker.say(PENDANT, PRESS)
        await hub.quiet()
        await hub.stop()
        assert len(hub.rows(listed)) == 2
        assert verify(hub.ledger).shown == []

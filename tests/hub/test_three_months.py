"""Three simulated months with everything that goes wrong, by chance: nothing lost, nothing doubled, none forgotten."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from hub.verify import verify
from tests.hub.fake_broker import SLUG
from tests.hub.misfortunes import Misfortunes
from tests.hub.months import Months
from tests.hub.virtual_time import VirtualLoop
from tests.parts import REPOSITORY

DAYS = int(os.environ.get("HANDRAIL_DAYS", "90"))
GROWTH_BYTES = 6 * 2**20
SEED = int(os.environ.get("HANDRAIL_SEED", "1"))
"""Another one: `HANDRAIL_SEED=7 ./handrail test tests/hub/test_three_months.py`."""


def test_three_months_lose_nothing_double_nothing_and_forget_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
) -> None:
    """Each press is one line of one alert, each alert has its end, no wait is overdue, and the past folds to it."""
    record_property("HANDRAIL_SEED", SEED)
    with capsys.disabled():
        print(f"\nHANDRAIL_SEED={SEED} HANDRAIL_DAYS={DAYS}")
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        months = runner.run(lived(tmp_path / "home"))
    record_property("faults", dict(months.faults))
    print(f"{len(months.pressed) + months.without} presses; {dict(months.faults)}; {dict(months.told.steps)}")
    verdict = verify(months.hub.ledger)
    assert verdict.shown == []
    assert verdict.different == 0


def test_memory_is_flat_over_a_month(tmp_path: Path) -> None:
    """After the fifth day a hub needs no more than after the thirtieth; measured in a process of its own."""
    asked = f"from tests.hub.test_three_months import measured; measured({str(tmp_path / 'home')!r})"
    child = subprocess.run(
        [sys.executable, "-c", asked], cwd=REPOSITORY, env=os.environ, capture_output=True, text=True, check=True
    )
    day_5, day_30 = (int(line) for line in child.stdout.split())
    assert day_30 - day_5 < GROWTH_BYTES, f"{day_5 / 2**20:.1f} MiB and {day_30 / 2**20:.1f} MiB"


def measured(folder: str) -> None:
    """Print what this process needs, in bytes, after five peaceful days and after thirty."""

    async def month() -> None:
        months = Months(Path(folder), 1, is_peaceful=True)
        for days in (5, 25):
            await months.live(days)
            gc.collect()
            print(psutil.Process().memory_info().rss)
        await months.hub.stop()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(month())


async def lived(folder: Path) -> Misfortunes:
    """The months, up to a clean stop."""
    months = Misfortunes(folder, SEED)
    await months.live(DAYS)
    await months.calm()
    assert_nothing_lost_nothing_doubled(months)
    assert_nothing_forgotten(months)
    await months.hub.stop()
    return months


def assert_nothing_lost_nothing_doubled(months: Misfortunes) -> None:
    """Each press is raised or added exactly once, by its own stamp; without one, each message is acted on once. What
    the broker lost before anybody could hear it is counted apart, and nothing that was no press was told as one."""
    told = months.told.stamps
    lost = [stamp for stamp in months.pressed if stamp not in told and stamp not in months.unheard]
    doubled = {stamp: places for stamp, places in told.items() if len(places) > 1}
    assert (lost, doubled) == ([], {})
    assert set(told) == set(months.pressed) - months.unheard
    pressed = (len(months.pressed) - len(months.unheard), months.without - months.unheard_without)
    assert (months.told.others, months.told.without) == pressed


def assert_nothing_forgotten(months: Misfortunes) -> None:
    """Each alert has its end, nothing is overdue, nothing waits to be sent, and the broker shows what is so."""
    hub, parts = months.hub, months.hub.hub.parts
    open_ones = hub.rows("SELECT key, level, body ->> 'reason' FROM alerts WHERE state <> 'closed'")
    assert open_ones == []
    assert months.told.open == {}
    shown = [topic for topic in hub.broker.retained if topic.startswith(f"handrail/{SLUG}/alert/")]
    assert shown == []
    assert hub.rows("SELECT key FROM alerts WHERE body ->> 'ending' IS NULL") == []
    assert hub.next_due_ms() > 0
    assert len(parts.outbox) == 0
    state = parts.steps.state
    assert len(state.alerts) < 300
    assert len(state.timers) < 20
    assert parts.overlap.waiting == 0

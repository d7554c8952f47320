"""A whole hub that is killed and starts with a wrong calendar, and whose calendar is put right while it runs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hub.config.new import write_new
from hub.verify import verify
from tests.hub.core_parts import PENDANT, PRESS, SLUG
from tests.hub.virtual_time import VirtualLoop, VirtualRig

HOUR_MS = 3_600_000
DECADE_MS = 3_650 * 24 * HOUR_MS
START_MS = 1_792_800_000_000
WRONG_MS = [HOUR_MS, -HOUR_MS, 24 * HOUR_MS, -24 * HOUR_MS, DECADE_MS, -DECADE_MS]


@pytest.mark.parametrize("wrong_ms", WRONG_MS)
def test_whoever_is_next_is_told_to_the_second(tmp_path: Path, wrong_ms: int) -> None:
    """Pressed, killed after ten seconds, started with a wrong clock after thirty; everybody is told after forty-five,
    and the manager after three minutes, although the clock was put right in between. Nothing of it is late."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(night(tmp_path / "home", wrong_ms))


async def night(folder: Path, wrong_ms: int) -> None:
    """The night of one press."""
    write_new(folder, rooms=2, slug=SLUG, timezone="Europe/London")
    hub = VirtualRig(folder, START_MS)
    await hub.start()
    hub.broker.say(PENDANT, PRESS)
    await hub.settle()
    pressed_ms = hub.true.elapsed_ms()

    async def at(second: float) -> list[object]:
        """The rungs that were climbed until so many seconds after the press."""
        hub.true.forward(int(pressed_ms + second * 1000) - hub.true.elapsed_ms())
        await hub.settle()
        return [reason for (reason,) in hub.rows("SELECT body ->> 'reason' FROM log WHERE step = 'climbed'")]

    await at(10)
    await hub.kill()
    hub.true.wrong_ms = wrong_ms
    hub.true.forward(20_000)
    await hub.start()
    assert await at(44) == []
    assert await at(45.1) == ["nobody is there after 45 s: rung 2 of 3"]
    hub.true.wrong_ms = 0
    await asyncio.sleep(1.1)
    assert len(await at(179)) == 1
    assert (await at(180.1))[1:] == ["nobody is there after 3 min: rung 3 of 3"]
    (alert,) = hub.broker.on(f"handrail/{SLUG}/alert/a00001")[-1:]
    assert (alert["late"], alert["presses"]) == (False, 1)
    await hub.stop()
    assert verify(hub.ledger).shown == []


def test_a_machine_that_slept_is_not_hours_ahead_after_the_next_start(tmp_path: Path) -> None:
    """Suspended for four hours in the evening, and the hub is started again at two, in the same boot. The list of the
    morning comes at eight by the clock on the wall, and not at the start because of what was counted twice."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(slept(tmp_path / "home"))


async def slept(folder: Path) -> None:
    """From ten in the evening to eight in the morning."""
    write_new(folder, rooms=2, slug=SLUG, timezone="Etc/UTC")
    hub = VirtualRig(folder, START_MS - START_MS % (24 * HOUR_MS) + 22 * HOUR_MS)
    await hub.start()
    await hub.settle()
    hub.true.slept_ms = 4 * HOUR_MS
    await asyncio.sleep(10)
    await hub.settle()
    await hub.kill()
    hub.true.forward(10_000)
    await hub.start()
    await hub.settle()

    def listed() -> object:
        (row,) = hub.rows("SELECT body ->> 'listed_ms' FROM meta")
        return row[0]

    before = listed()
    ((due_ms,),) = hub.rows("SELECT body ->> 'due_ms' FROM timers WHERE key = 'morning/all'")
    left_ms = int(str(due_ms)) - hub.hub.parts.clock.elapsed_ms()
    assert abs(left_ms - (6 * HOUR_MS - 20_000)) < 10_000
    hub.true.forward(left_ms - 10_000)
    await hub.settle()
    assert listed() == before
    hub.true.forward(20_000)
    await hub.settle()
    assert listed() != before
    await hub.stop()
    assert verify(hub.ledger).shown == []

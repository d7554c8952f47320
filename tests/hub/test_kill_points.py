"""A hub in a home never dies by a point: nothing is armed, and what is set by mistake is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub import kill_points
from hub.kill_points import DIE_AT, NoSuchPoint, Point, arm, at, once_sent
from tests.parts import REPOSITORY


async def test_nothing_is_armed_unless_somebody_says_so() -> None:
    """Every point is passed."""
    arm({})
    arm({DIE_AT: ""})
    for point in Point:
        at(point, "room-001-pendant")
        await once_sent(point, "room-001-pendant")
    assert kill_points._ARMED == []


@pytest.mark.parametrize("value", ["1", "true", "committed", "committed@", "@room-001", "nowhere@room-001"])
def test_a_value_that_names_no_point_and_no_word_is_refused(value: str) -> None:
    """Nobody sets such a one by accident."""
    with pytest.raises(NoSuchPoint, match="this is for tests"):
        arm({DIE_AT: value})
    assert kill_points._ARMED == []


def test_a_hub_that_is_refused_says_so_in_one_line(tmp_path: Path) -> None:
    """Before it looks at the home."""
    done = subprocess.run(
        [sys.executable, "-m", "hub.commands", "run", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), DIE_AT: "yes"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"handrail: {DIE_AT}=yes: this is for tests")
    assert len(done.stderr.splitlines()) == 1

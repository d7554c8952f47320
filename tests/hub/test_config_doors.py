"""When a home's outside doors are watched, as home.yaml says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config.read import read_home
from tests.hub.config_home import HOME, write_home


@pytest.mark.parametrize(
    ("said", "hours"), [("23:00-06:00", ("23:00", "06:00")), ("always", ("00:00", "24:00")), ("", ("", ""))]
)
def test_a_home_says_when_its_outside_doors_are_watched(tmp_path: Path, said: str, hours: tuple[str, str]) -> None:
    """Hours, or always; what is not said is the night's, whatever that is."""
    own = f"times: {{doors_watched: {said}}}\n" if said else ""
    times = read_home(write_home(tmp_path, {"home.yaml": HOME + own})).home.times
    assert (times.doors_from, times.doors_to) == hours

"""Weeks of three real people, under a plan written for each: the numbers that rules/README.md shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.homes import FOLDER, PEOPLE, Person, row_of, tried
from tests.parts import REPOSITORY

FOLDERS = (FOLDER,)
README = REPOSITORY / "rules" / "README.md"


def recordings() -> Path:
    """Where they lie; skips loudly where they do not."""
    found = next((folder for folder in FOLDERS if folder.is_dir()), None)
    if found is None:
        pytest.skip(f"the recordings of real homes are not at {FOLDER}: they are no part of the project")
    return found


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.slug)
def test_a_recording_comes_to_what_the_documentation_says(person: Person, tmp_path: Path) -> None:
    """Nights, runs, how often staff are told at once and under the plan; each cell but the planted ones."""
    row = row_of(person, tried(person, recordings(), tmp_path, planted=False))
    said = next(line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith(row[:14]))
    assert said.split("|")[:-2] == row.split("|")[:-2]


def test_no_call_planted_in_two_real_nights_is_delayed(tmp_path: Path) -> None:
    """A pendant and the room's screen, at each of their minutes; `bench/homes.py` plants in all the weeks."""
    nights = ("2009-07-24T12:00", "2009-07-26T12:00")
    planted = tried(PEOPLE[1], recordings(), tmp_path, period=nights).planted
    assert planted is not None
    assert planted.planted == 2 * planted.minutes > 5_000
    assert planted.told_at_once == planted.planted

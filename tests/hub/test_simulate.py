"""The simulator: the same days for the same seed, and days that a home could have had."""

from datetime import date
from itertools import pairwise
from pathlib import Path

import orjson
import pytest

from devices.registry import Purpose
from hub.config.new import write_new
from hub.config.read import read_home
from hub.simulate.days import days_of
from hub.simulate.messages import Said
from rules.home import Home
from tests.hub.program import finished

FIRST = date(2026, 3, 2)
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A new home of forty."""
    folder = tmp_path_factory.mktemp("homes") / "court"
    write_new(folder, rooms=40, timezone="Europe/London")
    return read_home(folder).home


def days(home: Home, seed: int = 1, first: date = FIRST, number: int = 1) -> list[Said]:
    """So many days."""
    return list(days_of(home, seed=seed, first=first, days=number))


def test_the_same_seed_gives_the_same_bytes(home: Home, tmp_path: Path) -> None:
    """In another process too, whatever its hash seed is; another seed gives another day."""
    folder = tmp_path / "court"
    write_new(folder, rooms=3, timezone="Europe/London")
    first, _ = finished("simulate", folder, "--seed", "7")
    again, _ = finished("simulate", folder, "--seed", "7")
    other, _ = finished("simulate", folder, "--seed", "8")
    assert first == again
    assert first != other
    assert "".join(f"{said.line()}\n" for said in days(read_home(folder).home, seed=7)) == first


def test_a_longer_simulation_begins_like_a_shorter_one(home: Home) -> None:
    """A day depends on its date and nothing before it."""
    one, two = days(home), days(home, number=2)
    assert two[: len(one)] == one
    assert two[len(one) :] == days(home, first=date(2026, 3, 3))


def test_days_are_in_order_and_24_hours_long(home: Home) -> None:
    """From noon to noon of the home's own time."""
    said = days(home, number=2)
    assert all(before.at_ms <= after.at_ms for before, after in pairwise(said))
    assert said[-1].at_ms - said[0].at_ms < 48 * HOUR_MS


def test_the_clock_change_makes_a_day_of_23_hours(home: Home) -> None:
    """Noon stays noon."""
    whole = list(days_of(home, seed=1, first=date(2026, 3, 28), days=2))
    bridges = [said.at_ms for said in whole if said.topic == "zigbee2mqtt/bridge/state"]
    assert bridges[1] - bridges[0] == 23 * HOUR_MS


def test_a_night_is_believable(home: Home) -> None:
    """Everybody goes to bed, some get up, a few call; doors that open close again."""
    said = days(home)
    beds = {placed.device for placed in home.devices if placed.purpose is Purpose.BED}
    assert {row.topic for row in said if row.body.get("occupancy") is True} >= beds
    ups = sum(row.topic in beds and row.body.get("occupancy") is False for row in said)
    assert 40 < ups < 240
    calls = sum("action" in row.body for row in said)
    assert 3 <= calls <= 60
    opened = sum(row.body.get("contact") is False for row in said)
    closed = sum(row.body.get("contact") is True for row in said)
    assert abs(opened - closed) <= 3


def test_the_adapters_read_every_message(home: Home, tmp_path: Path) -> None:
    """The lines go into `handrail decode` as they are."""
    lines = "".join(f"{said.line()}\n" for said in days(home))
    out, _ = finished("decode", given=lines.encode())
    assert [line for line in out.splitlines() if orjson.loads(line)["error"] is not None] == []


def test_a_date_that_is_none_is_one_line(tmp_path: Path) -> None:
    """With an example of one."""
    write_new(tmp_path / "court", rooms=1)
    _, err = finished("simulate", tmp_path / "court", "--from", "tomorrow", code=2)
    assert "expected a date as in 2026-03-02" in err

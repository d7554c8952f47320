"""What everybody reads on a phone when the watcher speaks of the hub or the broker is its row in FAULTS.md."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hub.watch.records import Tell
from tests import faulted
from tests.hub.watch_parts import Night


def gone(night: Night) -> None:
    """SIGSTOP."""
    night.hub_stops()
    night.wait(10)


def unsteady(night: Night) -> None:
    """Three times gone within a minute."""
    for _ in range(3):
        night.hub_dies()
        night.wait(2)
        night.hub_is_back()
        night.wait(2)


def deaf(night: Night) -> None:
    """It beats, and says nothing of a press."""
    night.press("p12")
    night.wait(9)


def no_broker(night: Night) -> None:
    """Nothing is heard."""
    night.broker_stands_still(9)


@pytest.mark.parametrize(
    ("name", "happens"),
    [
        pytest.param("hub-gone", gone, marks=pytest.mark.fault("hub-gone")),
        pytest.param("hub-unsteady", unsteady, marks=pytest.mark.fault("hub-unsteady")),
        pytest.param("hub-deaf", deaf, marks=pytest.mark.fault("hub-deaf")),
        pytest.param("broker-gone", no_broker, marks=pytest.mark.fault("broker-gone")),
    ],
)
def test_what_everybody_reads_is_its_row(name: str, happens: Callable[[Night], None]) -> None:
    """What it means for calls first, then for whoever looks after the machine what mends it."""
    staff, mend = faulted.rows("watcher")[name]
    night = Night()
    night.wait(30)
    happens(night)
    (told,) = [do for do in night.did if isinstance(do, Tell) and do.about in ("hub", "broker")]
    title, _, meaning = staff.partition(". ")
    assert told.title == title
    assert told.text.startswith("Elm House: ")
    assert told.text.endswith(f" {meaning} Whoever looks after the machine: {mend}")
    faulted.asserted.add(name)

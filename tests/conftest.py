"""Fixtures that more than one folder of tests uses."""

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import faulted
from tests.parts import Mosquitto

# No test measures time: on a machine that others share, an example that takes long is no fault of ours. At a desk the
# examples are new each time; in CI they are the same, so that a red run means the change.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


LONG = (
    "test_three_months.py",
    "test_watcher.py",
    "test_kill_points.py",
    "test_demo.py",
    "test_disk.py",
    "test_life.py",
    "test_put_back.py",
    "test_board.py",
    "test_whole_house.py",
)
"""Files of half a minute and more, begun first: one that is begun last keeps everybody waiting for one core."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order in which files are handed to the workers; within a file it stays."""
    items.sort(key=lambda item: item.path.name not in LONG)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """A test that is marked with a fault has asserted what people read of it, both sentences."""
    faulted.asserted.clear()
    yield
    unread = {mark.args[0] for mark in item.iter_markers("fault")} - faulted.asserted
    assert not unread, f"the test says nothing of what people read of {unread}: `assert_told` of tests/faulted.py"


@pytest.fixture
def start_mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Mosquitto]]:
    """Starts as many real brokers as a test wants; all are gone when it ends."""
    started: list[Mosquitto] = []

    def start() -> Mosquitto:
        folder: Path = tmp_path_factory.mktemp("mosquitto")
        # The folders above belong to the user of the tests alone.
        for parent in (folder.parent, folder.parent.parent):
            parent.chmod(0o755)
        broker = Mosquitto(folder)
        started.append(broker)
        return broker.start()

    yield start
    for broker in started:
        broker.stop()


@pytest.fixture
def mosquitto(start_mosquitto: Callable[[], Mosquitto]) -> Mosquitto:
    """A real broker on a free port of loopback, with the settings that Handrail ships."""
    return start_mosquitto()

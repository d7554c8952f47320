"""The watcher and a walk test: until somebody said that the press was theirs, the hub has not taken it."""

from __future__ import annotations

import orjson

from hub.watch.messages import taken_by_alert, taken_by_line
from rules.effects import Log
from rules.messages import alert_message, log_message
from tests.stories.house import House
from tests.stories.test_walk import MORNING_MS, PENDANT, begin_and_press, confirm

Taken = tuple[str, str | None, str | None]


def said_by(home: House) -> tuple[list[Taken], Taken | None]:
    """What the watcher reads from the log and from the alert, of the last thing that happened."""
    lines = [log_message(1, home.wall_ms, log) for log in home.happened if isinstance(log, Log)]
    taken = [taken_by_line(orjson.dumps(line)) for line in lines]
    return [row for row in taken if row], taken_by_alert(orjson.dumps(alert_message(home.alert)))


def test_a_press_shown_as_a_test_is_not_taken() -> None:
    """Should the hub die now, the watcher tells it."""
    home = House(wall_ms=MORNING_MS)
    begin_and_press(home)
    assert said_by(home) == ([], None)


def test_a_confirmed_test_is_taken_and_so_is_one_that_became_a_call() -> None:
    """By the device's own stamp."""
    home = House(wall_ms=MORNING_MS)
    begin_and_press(home)
    stamp = home.stamp
    confirm(home)
    (taken,), by_alert = said_by(home)
    assert (taken[:2], by_alert) == ((PENDANT, stamp), (PENDANT, stamp, None))
    begin_and_press(home)
    stamp = home.stamp
    home.wait(seconds=31)
    (taken,), by_alert = said_by(home)
    assert (taken[:2], by_alert) == ((PENDANT, stamp), (PENDANT, stamp, None))

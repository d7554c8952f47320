"""An emergency that the hub tells and nobody takes: the watcher tells it over its own ways as well."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hub.watch_parts import Night

TITLE = "EMERGENCY: nobody goes"
ALERT: dict[str, Any] = {"level": "emergency", "room": "012", "reason": "Margaret pressed for help"}


def pressed() -> Night:
    """The hub took a press and shows it."""
    night = Night()
    night.press("p12")
    night.takes("pendant-12")
    night.shows("a00001", "pendant-12", **ALERT)
    return night


def test_an_emergency_nobody_takes_is_told_by_the_watcher_every_five_minutes() -> None:
    """Who, where, since when; the hub's ladder may reach nobody."""
    night = pressed()
    night.wait(295)
    assert night.titles == []
    night.wait(10)
    assert night.titles == [TITLE]
    assert night.rings == ["emergency"]
    assert "02:00 Margaret pressed for help (Room 12)" in night.texts
    night.wait(300)
    assert night.titles == [TITLE, TITLE]
    assert night.state_word == "watching"


@pytest.mark.parametrize("more", [{"state": "claimed"}, {"state": "attended"}, {"state": "closed"}])
def test_what_somebody_takes_is_the_hubs_alone(more: dict[str, Any]) -> None:
    """A person was reached; when their claim lapses the five minutes begin anew."""
    night = pressed()
    night.wait(200)
    night.shows("a00001", "pendant-12", **{**ALERT, **more})
    night.wait(600)
    assert night.titles == []
    night.shows("a00001", "pendant-12", **ALERT)
    night.wait(295)
    assert night.titles == []
    night.wait(10)
    assert night.titles == [TITLE]


@pytest.mark.parametrize("more", [{"level": "call"}, {"level": "technical"}, {"test": {"by": "ana"}}])
def test_what_is_no_emergency_is_not_told(more: dict[str, Any]) -> None:
    """Nobody is woken for what may wait, or for a walk test."""
    night = Night()
    night.shows("a00001", "pendant-12", **{**ALERT, **more})
    night.wait(900)
    assert TITLE not in night.titles


def test_two_of_them_are_one_message() -> None:
    """A phone that rings for each is a phone that is switched off."""
    night = pressed()
    night.shows("a00002", "lounge-cord", **{**ALERT, "room": None, "place": "lounge", "reason": "a cord was pulled"})
    night.wait(305)
    assert night.titles == [TITLE]
    assert "a cord was pulled (Lounge)" in night.texts


def test_what_is_open_when_the_hub_dies_is_told_as_what_it_left_open() -> None:
    """Its ladder stands still, and nobody can say to a dead hub that they go: one message of it, and no second sort."""
    night = pressed()
    night.wait(100)
    night.hub_dies()
    night.wait(2_000)
    assert TITLE not in night.titles
    assert "told by the hub, nobody has taken it" in night.texts


def test_what_was_taken_while_the_watcher_heard_nothing_is_not_told() -> None:
    """The broker shows it no more: it counts only where it is shown again."""
    night = pressed()
    night.wait(200)
    night.without_broker(200)
    night.wait(600)
    assert TITLE not in night.titles
    night.shows("a00001", "pendant-12", **ALERT)
    night.wait(11)
    assert night.titles.count(TITLE) == 1


def test_a_watcher_that_stood_still_reads_first() -> None:
    """Who took it stands in what waits for it."""
    night = pressed()
    night.stands_still(400)
    night.shows("a00001", "pendant-12", **{**ALERT, "state": "claimed"})
    night.wait(300)
    assert TITLE not in night.titles

"""Somebody before the camera of an outside door: a `check` at night, once for as long as they are there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from devices.registry import Placed, Purpose, Supervision
from rules.home import Place, PlaceKind
from tests.stories.house import House
from tests.stories.village import village

CAMERA = "frigate/side_door"
DAY_MS = int(datetime(2026, 3, 10, 19, 50, tzinfo=UTC).timestamp() * 1000)


def at_a_door(home: House, kind: PlaceKind = PlaceKind.OUTSIDE_DOOR, purpose: Purpose = Purpose.MOTION) -> House:
    """A camera looks at a place of this kind."""
    place = Place(place="side-door", name="Side door", kind=kind, zone="ground")
    row = Placed(device=CAMERA, name="side-door-camera", place="side-door", purpose=purpose,
                 supervision=Supervision.MAINS_SENSOR)  # fmt: skip
    home.configure(replace(home.home, places=(*home.home.places, place), devices=(*home.home.devices, row)))
    home.expect_quiet()
    return home


@pytest.fixture
def door(home: House) -> House:
    """A camera looks at the side door, at half past ten in the evening."""
    return at_a_door(home)


def person(home: House, *, sort: str = "new", label: str = "person", sure: bool = True) -> None:
    """Frigate tracks somebody, or something."""
    seen = {"camera": "side_door", "label": label, "false_positive": not sure, "frame_time": home.wall_ms / 1000}
    home.hear("frigate/events", {"type": sort, "before": seen, "after": seen})


def people(home: House, count: int, *, retain: bool = False) -> None:
    """Frigate counts who is there."""
    home.hear(f"{CAMERA}/person", str(count), retain=retain)


def test_somebody_at_the_door_at_night_is_one_check(door: House) -> None:
    """The zone's carer is told, however often the camera says so; closed, the same visit is not told again."""
    person(door)
    door.expect("told", level="check", resident=None, place="side-door", kind="occupancy", device="side-door-camera")
    assert door.alert.reason == "Side door: somebody is at the door"
    door.expect_told("carer-1")
    people(door, 1)
    people(door, 2)
    for _ in range(8):
        door.wait(minutes=1)
        person(door, sort="update")
    assert door.alert.rung == 0
    door.close("carer-1")
    for _ in range(20):
        door.wait(minutes=1)
        person(door, sort="update")
    door.expect_quiet()


def test_who_comes_later_is_told_again(door: House) -> None:
    """Nobody is there any more, and then somebody is: that may be somebody else."""
    people(door, 1)
    door.close("carer-1")
    people(door, 0)
    people(door, 1)
    door.expect("told", level="check")


def test_a_leaving_that_was_never_heard_hides_nobody(door: House) -> None:
    """Frigate sends it once, and may have died with somebody in its sight: after a while it counts anew."""
    people(door, 1)
    door.close("carer-1")
    door.wait(minutes=15)
    people(door, 1)
    door.expect("told", level="check")


def test_it_ends_with_a_carer_and_not_by_itself(door: House) -> None:
    """Whoever walked out of the picture may have walked into the night."""
    people(door, 1)
    people(door, 0)
    door.wait(minutes=16)
    assert door.alert.rung == 1, "nobody took it: everybody on shift is told"


def test_by_day_people_come_and_go_and_who_is_still_there_at_night_is_told() -> None:
    """At ten to eight nobody is told; at eight the night begins."""
    home = at_a_door(House(wall_ms=DAY_MS))
    person(home)
    people(home, 1)
    home.expect_quiet()
    home.wait(minutes=11)
    person(home, sort="update")
    home.expect("told", level="check")


def test_the_home_says_when_its_doors_are_watched() -> None:
    """A home whose evening ends at eleven has other hours for its doors than for its night."""
    times = replace(village().times, doors_from="23:00", doors_to="06:00")
    home = at_a_door(House(home=replace(village(), times=times)))
    people(home, 1)
    home.expect_quiet()
    people(home, 0)
    home.wait(minutes=31)
    people(home, 1)
    home.expect("told", level="check")


def test_what_is_no_person_and_what_was_remembered_is_not_told(door: House) -> None:
    """A doubt, a dog, something that moved, a sound, and what the broker kept from before; a person beside them is."""
    person(door, sure=False)
    person(door, label="dog")
    door.hear(f"{CAMERA}/motion", "ON")
    door.hear(f"{CAMERA}/audio/scream", "ON")
    people(door, 1, retain=True)
    door.expect_quiet()
    people(door, 1)
    door.expect("told", level="check")


@pytest.mark.parametrize(
    ("kind", "purpose"),
    [
        (PlaceKind.CORRIDOR, Purpose.MOTION),
        (PlaceKind.GARDEN, Purpose.MOTION),
        (PlaceKind.OUTSIDE_DOOR, Purpose.OTHER),
    ],
)
def test_a_camera_elsewhere_or_for_something_else_tells_nobody(home: House, kind: PlaceKind, purpose: Purpose) -> None:
    """People walk in corridors all night; and a home may want to keep what a camera sees, and no more."""
    at_a_door(home, kind, purpose)
    person(home)
    people(home, 1)
    home.expect_quiet()


def test_a_person_in_the_queue_of_a_hub_that_was_down_is_told_with_the_age(door: House) -> None:
    """It is late, and may still be a resident in the garden."""
    door.goes_down()
    door.wait(minutes=30)
    person(door)
    door.wait(minutes=10)
    door.comes_back()
    door.expect("told", level="check", late=True)
    assert door.alert.reason == "Side door: somebody is at the door, 10 min ago while the hub was down"


def test_a_camera_that_is_gone_says_which_door_nobody_watches(door: House) -> None:
    """It is technical: nobody is without a way to call."""
    door.hear("frigate/available", "offline")
    door.expect("told", level="technical")
    assert door.alert.reason == "The gateway frigate/bridge is lost, with 1 device; not watched now: Side door"

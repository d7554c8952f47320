"""A ledger put back from a copy: numbers and versions that others have seen are left behind, and staff are told."""

from __future__ import annotations

import pytest

from devices.events import Event, Kind
from rules.alerting.levels import Level
from rules.hearing.remembered import CAUSE, LEAP, PERHAPS, number_of
from rules.inputs import Heard, Linked, Remembered, Started
from rules.state import Alert, AlertState, Ending, State
from tests.faulted import assert_told
from tests.rules.histories import BEGINNING, Run, Wait


def _pressed(device: str) -> Heard:
    return Heard(event=Event(device=device, kind=Kind.EMERGENCY, value=True, press=True))


def _home() -> Run:
    run = Run(State())
    run.go(BEGINNING)
    return run


def _open(run: Run) -> dict[str, Alert]:
    return {alert.id: alert for alert in run.state.alerts}


def test_the_next_alert_is_behind_every_number_that_was_shown() -> None:
    """With room for those that were raised and closed since the copy."""
    run = _home()
    run.take(Remembered(shown={"a00007": (4, "Margaret pressed for help"), "a00005": (9, "")}))
    run.take(_pressed("zigbee2mqtt/somebody"))
    assert number_of(max(_open(run))) == 7 + LEAP + 2


@pytest.mark.fault("restored")
def test_staff_are_told_once_what_was_open() -> None:
    """And what is seen later is added."""
    run = _home()
    run.take(Remembered(shown={"a00007": (4, "Margaret pressed for help")}))
    run.take(Remembered(shown={"a05000": (4, "Ada called")}))
    (told,) = [alert for alert in _open(run).values() if alert.cause == CAUSE]
    assert told.level is Level.TECHNICAL
    assert_told(told, "restored")
    assert told.also[1:] == ("a00007: Margaret pressed for help", "a05000: Ada called")


def test_an_open_alert_goes_on_behind_the_version_that_was_shown() -> None:
    """Others would take a lower one for an old word."""
    run = _home()
    run.take(_pressed("zigbee2mqtt/somebody"))
    run.take(Remembered(shown={"a00001": (12, "as it was")}))
    assert _open(run)["a00001"].version == 13
    run.take(Remembered(shown={"a00001": (3, "older"), "x": (5, ""), "": (1, ""), "a1": (2, "")}))
    assert _open(run)["a00001"].version == 13
    assert list(_open(run)) == ["a00001"]


def test_what_is_raised_after_a_start_and_before_the_link_begins_behind_every_version() -> None:
    """The broker could not yet show that its number was used."""
    run = _home()
    run.take(Started(down_from_ms=run.now.wall_ms - 5_000))
    run.take(_pressed("zigbee2mqtt/one"))
    run.take(Linked(up=True))
    run.take(_pressed("zigbee2mqtt/two"))
    assert [alert.version for alert in _open(run).values()] == [run.now.wall_ms // 1000, 1]


def test_what_was_closed_since_ends_without_ringing_and_what_is_uncertain_says_so() -> None:
    """Both are listed for everybody; other screens take neither for an old word."""
    run = _home()
    for device in ("zigbee2mqtt/one", "zigbee2mqtt/two", "zigbee2mqtt/three"):
        run.take(_pressed(device))
    run.go([Wait(60_000)])
    rings = {alert.id: alert.rings for alert in _open(run).values()}
    versions = {alert.id: alert.version for alert in _open(run).values()}
    run.take(Started(down_from_ms=run.now.wall_ms))
    run.take(Remembered(shown={}, restored=True, over=("a00001", "a09999"), perhaps=("a00002",)))
    over, perhaps, untouched, told = _open(run).values()
    assert (over.state, over.ending, over.rings) == (AlertState.CLOSED, Ending.CLOSED_SINCE, rings["a00001"])
    assert (perhaps.state, perhaps.rings) == (AlertState.TOLD, rings["a00002"])
    assert perhaps.reason.endswith(PERHAPS)
    assert min(over.version, perhaps.version) >= run.now.wall_ms // 1000
    assert (untouched.state, untouched.version) == (AlertState.TOLD, versions["a00003"])
    assert [line.partition(":")[0] for line in told.also[1:]] == ["a00001", "a00002"]
    run.take(Remembered(shown={}, restored=True, perhaps=("a00002",)))
    assert _open(run)["a00002"] == perhaps


def test_an_alert_pressed_again_since_the_start_is_of_now() -> None:
    """Whatever the copy and the broker say of it."""
    run = _home()
    run.take(_pressed("zigbee2mqtt/one"))
    run.go([Wait(60_000)])
    run.take(Started(down_from_ms=run.now.wall_ms))
    run.take(_pressed("zigbee2mqtt/one"))
    run.take(Remembered(shown={}, restored=True, over=("a00001",)))
    assert _open(run)["a00001"].state is AlertState.TOLD

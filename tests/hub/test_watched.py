"""The hub watches the watcher: staff are told when the home's watcher does not run."""

from __future__ import annotations

import logging
from pathlib import Path

import orjson
import pytest

from hub.watched import Watched
from tests.faulted import assert_told
from tests.hub.core_parts import SLUG, Rig, rig
from tests.hub.fake_broker import Json
from tests.parts import until

WATCH = f"handrail/{SLUG}/watch/status"
BEAT = orjson.dumps({"state": "watching", "hub": "ready", "in_charge_since": None, "gave_back_at": None, "told": 0})


def shown(home: Rig) -> list[Json]:
    """What people read on the board of the watcher."""
    newest = {
        topic: orjson.loads(payload)
        for topic, payload, _ in home.broker.published
        if topic.startswith(f"handrail/{SLUG}/alert/") and payload
    }
    return [alert for alert in newest.values() if alert["cause"] == "hub:watcher" and alert["state"] == "told"]


class Told:
    """A `Watched` on its own, with what it told."""

    def __init__(self, *, expected: bool = True, told: bool = False) -> None:
        self.said: list[bool] = []
        self.why = ""
        self.ms = 0
        self.watched = Watched(expected=expected, told=told, on_fault=self._fault)

    def _fault(self, fault: str, on: bool, why: str) -> None:
        assert fault == "watcher"
        self.said.append(on)
        self.why = why

    def wait(self, seconds: int, *, linked: bool = True) -> None:
        """The hub looks once a second."""
        for _ in range(seconds):
            self.ms += 1_000
            self.watched.look(self.ms, linked=linked)

    def beat(self, state: str = "watching", *, retained: bool = False) -> None:
        """The watcher says how it is."""
        self.watched.heard(orjson.dumps({"state": state}), retained=retained, now_ms=self.ms)


@pytest.mark.fault("watcher")
async def test_staff_are_told_when_the_watcher_is_gone_and_the_alert_ends_when_it_is_back(tmp_path: Path) -> None:
    """It was heard, then it is not for 15 s: one technical alert, mended by its next heartbeat."""
    async with rig(tmp_path) as home:
        home.broker.say(WATCH, BEAT)
        await home.quiet()
        for _ in range(4):
            home.forward(4.5)
            home.hub.parts.watched.look(home.hub.parts.clock.now().elapsed_ms, linked=True)
        await until(lambda: shown(home))
        (told,) = shown(home)
        assert_told(told, "watcher")
        home.broker.say(WATCH, BEAT)
        await until(lambda: shown(home) == [])
        await home.quiet()
        assert len(home.rows("SELECT 1 FROM log WHERE step = 'mended'")) == 1


def test_a_home_that_names_a_watcher_is_told_when_it_never_ran() -> None:
    """Once, not every second; and not before it could have been heard."""
    home = Told()
    home.wait(60, linked=False)
    home.wait(15)
    assert home.said == []
    home.wait(60)
    assert home.said == [True]
    assert home.why == "the watcher was not heard for 15 s"


def test_a_home_without_a_watcher_is_told_nothing() -> None:
    """Unless one was heard, and not stopped by hand."""
    home = Told(expected=False)
    home.wait(60)
    home.beat("watching", retained=True)
    home.wait(60)
    home.beat()
    home.beat("stopping")
    home.wait(60)
    assert home.said == []
    home.beat()
    home.beat("lost")
    home.wait(20)
    assert home.said == [True]
    assert home.why == "the watcher's connection to the broker was lost"


def test_a_hub_that_stood_still_or_lost_the_broker_gives_the_watcher_its_time_anew() -> None:
    """It was the hub that heard nothing."""
    home = Told()
    home.wait(2)
    home.beat()
    home.ms += 300_000
    home.wait(14)
    home.wait(30, linked=False)
    home.wait(15)
    assert home.said == []
    home.wait(2)
    assert home.said == [True]


def test_an_alert_of_before_the_restart_ends_when_the_watcher_is_heard() -> None:
    """The new process knows from its ledger that staff were told."""
    home = Told(told=True)
    home.wait(60)
    assert home.said == []
    home.beat()
    assert home.said == [False]


def test_what_the_watcher_did_meanwhile_stands_once_in_the_hubs_log(caplog: pytest.LogCaptureFixture) -> None:
    """From when to when it was in charge."""
    said = orjson.dumps({"state": "watching", "in_charge_since": "02:13", "gave_back_at": "02:20"})
    home = Told()
    with caplog.at_level(logging.WARNING):
        for payload in (said, said, b"\xff", b"[]"):
            home.watched.heard(payload, retained=True, now_ms=0)
    assert [record.getMessage() for record in caplog.records] == [
        "the watcher was in charge from 02:13 to 02:20: it told calls that came meanwhile"
    ]


@pytest.mark.fault("watcher")
async def test_staff_are_told_when_the_broker_keeps_the_devices_from_the_watcher(tmp_path: Path) -> None:
    """It runs and beats, and would hear no press: one technical alert, mended when it says that it hears them."""
    deaf = orjson.dumps(orjson.loads(BEAT) | {"not_heard": ["zigbee2mqtt/#"]})
    async with rig(tmp_path) as home:
        for _ in range(3):
            home.broker.say(WATCH, deaf)
        await until(lambda: shown(home))
        (told,) = shown(home)
        assert_told(told, "watcher")
        await home.quiet()
        (line,) = home.broker.log("fault")
        assert line["reason"] == "the broker does not let the watcher hear zigbee2mqtt/#"
        home.broker.say(WATCH, BEAT)
        await until(lambda: shown(home) == [])

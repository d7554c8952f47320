"""What the watcher hears: whatever the hub hears, and more than it can read; and a broker that keeps words from it."""

from __future__ import annotations

import logging
from pathlib import Path

import orjson
import pytest

from devices.adapter import Decoded, Known, Message
from devices.catalogue import Catalogue
from devices.zigbee2mqtt import Zigbee2MQTT
from tests.hub.test_watch_shell import PENDANT, PRESS, READY, TOP, Rig, rig
from tests.parts import until

CORD = "bathroom/cord/pulled"
CONFIG = "homeassistant/event/cord-1/pull/config"
PLACED = "  - {device: bath-cord, address: homeassistant/cord-1, for: emergency, place: lounge}\n"


class Broken(Zigbee2MQTT):
    """An adapter with a bug of ours in it."""

    def decode(self, message: Message, known: Known) -> Decoded:
        """Ends in an error."""
        raise ZeroDivisionError


def titles(home: Rig) -> list[str]:
    """What everybody was told."""
    return [title for _, title in home.phones.sent]


async def test_a_device_that_discovery_put_on_a_topic_of_its_own_is_heard(tmp_path: Path) -> None:
    """No ecosystem's filter covers it: it is subscribed to when it introduces itself, and read as what it said."""
    async with rig(tmp_path) as home:
        devices = home.folder / "devices.yaml"
    devices.write_text(devices.read_text() + PLACED)
    device = {"ids": "cord-1", "name": "cord-1"}
    config = {"name": "Pull", "unique_id": "c1", "stat_t": CORD, "event_types": ["press"], "dev": device}
    async with rig(tmp_path) as home:
        home.link.say(CONFIG, orjson.dumps(config), True)
        assert home.link.heard == [CORD]
        home.hub_dies()
        home.link.say(CORD, b'{"event_type":"press"}', False)
        await until(lambda: "EMERGENCY: Lounge" in titles(home))


async def test_a_message_that_a_bug_of_ours_meets_is_told_and_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The hub has the same bug and ends by it; what the broker remembers must not end the watcher at each start."""
    async with rig(tmp_path) as home:
        home.watcher._catalogue = Catalogue((Broken(),))
        home.hub_dies()
        with caplog.at_level(logging.ERROR):
            home.link.say(PENDANT, PRESS, True)
            assert home.link.shown == {}
            home.link.say(PENDANT, PRESS, False)
        await until(lambda: "EMERGENCY: Resident 001, lives in Room 1" in titles(home))
        assert caplog.text.count("could not be read: it is told as a call for help") == 2


async def test_a_watcher_whose_own_words_are_not_passed_on_still_tells(tmp_path: Path) -> None:
    """The broker keeps its heartbeat from it, as with the rights of an older home; that the broker has them is enough
    to know that it lives."""
    async with rig(tmp_path) as home:
        home.link.say(f"{TOP}/status", READY, False)
        for _ in range(12):
            home.clock.forward(1_000)
            home.watcher.on_answer()
            home.watcher.tick()
        home.link.say(PENDANT, PRESS, False)
        await until(lambda: len(titles(home)) == 2)
        assert titles(home) == ["Handrail's hub does not answer", "EMERGENCY: Resident 001, lives in Room 1"]


async def test_a_hub_that_beats_and_says_nothing_of_a_press_is_told(tmp_path: Path) -> None:
    """By what the broker brings: heartbeats, a press, no line of the log. The board shows it until the hub has it."""
    async with rig(tmp_path) as home:
        home.link.say(PENDANT, PRESS, False)
        for _ in range(9):
            home.wait(1)
            home.link.say(f"{TOP}/status", READY, False)
        await until(lambda: len(titles(home)) == 2)
        assert set(titles(home)) == {"EMERGENCY: Resident 001, lives in Room 1", "Handrail's hub does not tell calls"}
        assert orjson.loads(home.link.on(f"{TOP}/watch/status")[-1])["state"] == "in_charge"
        (topic,) = home.link.shown
        alert = {"id": "a1", "device": "room-001-pendant", "kind": "emergency", "state": "told", "presses": 1}
        home.link.say(f"{TOP}/alert/a1", orjson.dumps(alert), False)
        assert home.link.on(topic)[-1] == b""
        home.link.say(f"{TOP}/status", READY, False)
        await until(lambda: "Handrail's hub tells calls again" in titles(home))


@pytest.mark.parametrize(
    "line",
    [
        {"step": "raised"},
        {"step": "pressed", "stamp": None},
        {"step": "not_a_press"},
        {"step": "walk_heard"},
        {"step": "quarantined", "device": PENDANT},
        {"step": "not_ours"},
    ],
)
async def test_a_press_that_the_log_names_is_not_told(tmp_path: Path, line: dict[str, object]) -> None:
    """Whatever the hub made of it."""
    async with rig(tmp_path) as home:
        home.link.say(PENDANT, PRESS, False)
        home.link.say(f"{TOP}/log", orjson.dumps({"seq": 7, "device": "room-001-pendant", **line}), False)
        for _ in range(15):
            home.wait(1)
            home.link.say(f"{TOP}/status", READY, False)
        assert titles(home) == []
        assert home.link.shown == {}


async def test_alerts_and_lines_that_nobody_can_read_show_nothing(tmp_path: Path) -> None:
    """Bad bytes are no answer, and end nothing."""
    async with rig(tmp_path) as home:
        home.link.say(PENDANT, PRESS, False)
        for payload in (b"\xff", b"[]", b'{"kind":[1],"presses":2}', b'{"kind":"emergency","presses":"2","missed":7}'):
            home.link.say(f"{TOP}/alert/a1", payload, False)
            home.link.say(f"{TOP}/log", payload, False)
        for _ in range(9):
            home.wait(1)
            home.link.say(f"{TOP}/status", READY, False)
        await until(lambda: len(titles(home)) == 2)


async def test_what_the_broker_keeps_from_the_watcher_stands_in_its_heartbeat(tmp_path: Path) -> None:
    """By the hub's own probe, which passes by every few minutes; the first after a connection may be half of one."""

    def a_round(home: Rig, *without: str) -> list[str]:
        for name in home.watcher._catalogue.filters():
            if name.endswith("/#") and "+" not in name and name not in without:
                home.link.say(f"{name.removesuffix('/#')}/handrail/probe", b"", False)
        home.link.say(f"{TOP}/probe/bulk", b"", False)
        home.watcher.beat()
        kept: list[str] = orjson.loads(home.link.on(f"{TOP}/watch/status")[-1])["not_heard"]
        return kept

    async with rig(tmp_path) as home:
        assert a_round(home, "zigbee2mqtt/#", "tasmota/#") == []
        assert a_round(home) == []
        assert a_round(home, "zigbee2mqtt/#") == ["zigbee2mqtt/#"]
        assert a_round(home) == []
        assert home.phones.sent == []

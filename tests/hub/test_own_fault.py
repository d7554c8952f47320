"""A bug of ours meets a message: the hub ends loudly, comes again without it, and people are told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import orjson
import pytest

from devices.adapter import Decoded, Known, Message
from devices.catalogue import Catalogue
from devices.events import Kind
from devices.zigbee2mqtt import Zigbee2MQTT
from hub import bootstrap, steps
from hub.intake import Unbearable
from rules.messages import alert_message
from rules.state import Alert
from tests.faulted import assert_told
from tests.hub.core_parts import PENDANT, PRESS, SLUG, Rig, rig
from tests.hub.fake_broker import Json
from tests.parts import until

UNWRITABLE: dict[str, object] = {"half a character": "\ud800", "no value": Decimal(1)}
"""What SQLite does not take, by the word in a message of which it comes."""


class WithABug(Zigbee2MQTT):
    """The adapter, with a bug that some messages meet."""

    def decode(self, message: Message, known: Known) -> Decoded:
        """Raises where it must not."""
        if b"bug" in message.payload:
            raise ZeroDivisionError
        decoded = super().decode(message, known)
        for word, value in UNWRITABLE.items():
            if word.encode() in message.payload:
                more = replace(decoded.events[0], kind=Kind.OTHER, value=value, press=False)  # type: ignore[arg-type]
                return replace(decoded, events=(*decoded.events, more))
        return decoded


@pytest.fixture(autouse=True)
def _a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "Catalogue", lambda: Catalogue((WithABug(),)))


def alerts(home: Rig) -> list[Json]:
    """The open alerts at the broker."""
    names = [name for name in home.broker.retained if name.startswith(f"handrail/{SLUG}/alert/")]
    return [orjson.loads(home.broker.retained[name]) for name in names]


async def _ends_and_starts_again(home: Rig) -> None:
    await until(home._running.done)
    found = home._running.exception()
    assert isinstance(found, ExceptionGroup)
    assert found.subgroup(Unbearable) is not None
    await home.kill()
    await home.start()


@pytest.mark.fault("bug")
async def test_the_next_run_tells_people_and_goes_on_without_the_message(tmp_path: Path) -> None:
    """What came with it is not lost, what it may have meant is told to everybody, and it is in quarantine."""
    async with rig(tmp_path) as home:
        home.broker.say(PENDANT, b'{"action":"emergency","note":"bug"}')
        home.broker.say("zigbee2mqtt/room-002-pendant", PRESS)
        await _ends_and_starts_again(home)
        await until(lambda: len(alerts(home)) == 2)
        await home.quiet()
        by_device = {str(alert["device"]).partition(":")[0]: alert for alert in alerts(home)}
        assert by_device["room-002-pendant"]["presses"] == 1
        assert_told(by_device["hub"], "bug", device=PENDANT)
        assert by_device["hub"]["level"] == "emergency"
        assert by_device["hub"]["everybody"]
        rows = home.rows("SELECT topic, reason FROM quarantine")
        assert rows == [(PENDANT, "our own fault: ZeroDivisionError()")]


async def test_the_same_said_anew_is_a_message_like_any_other(tmp_path: Path) -> None:
    """Only the one that came again is left out: a pendant is never muted."""
    async with rig(tmp_path) as home:
        home.broker.say(PENDANT, b'{"action":"emergency","note":"bug"}')
        await _ends_and_starts_again(home)
        await home.quiet()
        home.broker.say(PENDANT, b'{"action":"emergency","note":"bug"}')
        await _ends_and_starts_again(home)
        await home.quiet()
        assert len(home.rows("SELECT * FROM quarantine")) == 2
        home.broker.say(PENDANT, PRESS)
        await until(lambda: any(alert["device"] == "room-001-pendant" for alert in alerts(home)))


async def test_a_press_whose_alert_cannot_be_shown_is_set_aside_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub would else meet it at each start, and tell nobody."""

    def of_alert(alert: Alert) -> dict[str, object]:
        """The message, with a bug that one room's alerts meet."""
        if alert.room == "001":
            raise ZeroDivisionError
        return alert_message(alert)

    monkeypatch.setattr(steps, "alert_message", of_alert)
    async with rig(tmp_path) as home:
        home.broker.say("zigbee2mqtt/room-002-pendant", PRESS)
        home.broker.say(PENDANT, PRESS)
        home.broker.say("zigbee2mqtt/room-003-pendant", PRESS)
        await _ends_and_starts_again(home)
        await until(lambda: len(alerts(home)) == 3)
        await home.quiet()
        said = {str(alert["device"]).partition(":")[0]: alert for alert in alerts(home)}
        assert said.keys() == {"room-002-pendant", "zigbee2mqtt/room-003-pendant", "hub"}
        assert_told(said["hub"], "bug", device=PENDANT)
        assert home.rows("SELECT topic FROM quarantine") == [(PENDANT,)]


async def _ends_and_starts_until_it_stays(home: Rig, most: int) -> int:
    """How often the hub ended before it went on."""
    for ended in range(most + 1):
        try:
            async with asyncio.timeout(1):
                await until(home._running.done)
        except TimeoutError:
            return ended
        await home.kill()
        await home.begin()
    raise AssertionError(f"the hub ended more than {most} times")


async def test_several_messages_that_each_end_the_hub_end_it_once_each(tmp_path: Path) -> None:
    """Thirty devices of one kind may all say the same wrong thing, and the broker sends all of it again together."""
    async with rig(tmp_path) as home:
        for number in range(4):
            home.broker.say(f"zigbee2mqtt/room-01{number}-pendant", b'{"action":"emergency","note":"bug"}')
        home.broker.say("zigbee2mqtt/room-002-pendant", PRESS)
        assert await _ends_and_starts_until_it_stays(home, 4) == 4
        await home.quiet()
        assert sum(str(alert["device"]) == "room-002-pendant" for alert in alerts(home)) == 1
        assert len(alerts(home)) == 5
        assert len(home.rows("SELECT * FROM quarantine")) == 4


async def test_a_retained_message_ends_the_hub_once(tmp_path: Path) -> None:
    """The broker sends it at each connection, and never as one that was sent before."""
    async with rig(tmp_path) as home:
        home.broker.say("zigbee2mqtt/room-001-door", b'{"contact":false,"note":"bug"}', retain=True)
        home.broker.say("zigbee2mqtt/room-003-door", b'{"contact":true,"note":"bug"}', retain=True)
        assert await _ends_and_starts_until_it_stays(home, 2) == 2
        home.broker.say("zigbee2mqtt/room-002-pendant", PRESS)
        await home.quiet()
        assert [alert["presses"] for alert in alerts(home) if alert["device"] == "room-002-pendant"] == [1]


@pytest.mark.parametrize("word", UNWRITABLE)
async def test_a_message_of_which_something_cannot_be_written_is_found_in_its_group(tmp_path: Path, word: str) -> None:
    """Of those that the ledger is given together nobody knows which it was: they are taken one by one after that."""
    async with rig(tmp_path) as home:
        home.broker.pause("urgent")
        home.broker.pause("bulk")
        for number in range(2, 9):
            home.broker.say(f"zigbee2mqtt/room-00{number}-pendant", PRESS)
        home.broker.say(PENDANT, orjson.dumps({"action": "emergency", "note": word}))
        home.broker.resume("urgent")
        home.broker.resume("bulk")
        assert await _ends_and_starts_until_it_stays(home, 2) == 2
        await home.quiet()
        said = {str(alert["device"]).partition(":")[0]: alert for alert in alerts(home)}
        heard = {name.rpartition("/")[2] for name in said}
        assert heard == {*(f"room-00{number}-pendant" for number in range(2, 9)), "hub"}
        assert all(alert["presses"] == 1 for alert in alerts(home))
        assert_told(said["hub"], "bug", device=PENDANT)
        assert home.rows("SELECT topic FROM quarantine") == [(PENDANT,)]
        one_by_one = "SELECT value FROM cursors WHERE name = 'one_by_one'"
        assert home.rows(one_by_one) == [(1,)]
        home.forward(61)
        await until(lambda: home.rows(one_by_one) == [(0,)])

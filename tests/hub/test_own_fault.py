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


@pytest.mark.parametrize("ran_s", [0, 3_600])
async def test_several_messages_that_each_end_the_hub_end_it_once_each(tmp_path: Path, ran_s: int) -> None:
    """Thirty devices of one kind may all say the same wrong thing, and the broker sends all of it again together; also
    where the run that met the first was a long one."""
    async with rig(tmp_path) as home:
        await home.quiet()
        home.forward(ran_s)
        for number in range(4):
            home.broker.say(f"zigbee2mqtt/room-01{number}-pendant", b'{"action":"emergency","note":"bug"}')
        home.broker.say("zigbee2mqtt/room-002-pendant", PRESS)
        assert await _ends_and_starts_until_it_stays(home, 4) == 4
        await home.quiet()
        assert sum(str(alert["device"]) == "room-002-pendant" for alert in alerts(home)) == 1
        assert len(alerts(home)) == 5
        assert len(home.rows("SELECT * FROM quarantine")) == 4


@pytest.mark.parametrize("ran_s", [0, 3_600])
async def test_a_retained_message_ends_the_hub_once(tmp_path: Path, ran_s: int) -> None:
    """The broker sends it at each connection, and never as one that was sent before."""
    async with rig(tmp_path) as home:
        await home.quiet()
        home.forward(ran_s)
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


async def test_what_people_were_told_of_it_is_not_told_again(tmp_path: Path) -> None:
    """They went and looked, and closed it; the hub starts again a moment later."""
    async with rig(tmp_path) as home:
        home.broker.say(PENDANT, b'{"action":"emergency","note":"bug"}')
        await _ends_and_starts_again(home)
        await home.quiet()
        (told,) = alerts(home)
        for number, do in enumerate(("claim", "attend", "close")):
            ending = {"ending": "helped", "reason": "all is well"} if do == "close" else {}
            answer = await home.ask(id=str(number), do=do, alert=told["id"], by="carer-1", **ending)
            assert answer["ok"]
        await home.stop()
        await home.start()
        await home.quiet()
        assert alerts(home) == []


@pytest.mark.parametrize("later_s", [1, 3_600])
async def test_a_press_that_a_lost_line_held_up_is_none_that_was_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, later_s: int
) -> None:
    """It says the same as one that met a bug, and the broker sends it as sent before: it is a press all the same. Also
    where another message ended the hub in between."""
    rooms = ["001", "002"]

    def of_alert(alert: Alert) -> dict[str, object]:
        """The message, with a bug that some rooms' alerts meet."""
        if alert.room in rooms:
            raise ZeroDivisionError
        return alert_message(alert)

    monkeypatch.setattr(steps, "alert_message", of_alert)
    async with rig(tmp_path) as home:
        for topic in (PENDANT, "zigbee2mqtt/room-002-pendant"):
            home.broker.say(topic, PRESS)
            await _ends_and_starts_again(home)
            await home.quiet()
            rooms.pop(0)
        home.forward(later_s)
        await home.quiet()
        for lane in home.lanes.values():
            lane.is_half_open = True
        home.broker.say(PENDANT, PRESS)
        for lane in home.lanes.values():
            lane.go_down()
            lane.come_up()
        await until(lambda: any(alert["device"] == "room-001-pendant" for alert in alerts(home)))
        await home.quiet()
        assert [alert["presses"] for alert in alerts(home) if alert["device"] == "room-001-pendant"] == [1]


@pytest.mark.parametrize(("ends", "comes_later"), [("urgent", "bulk"), ("bulk", "urgent")])
async def test_the_other_lane_s_copy_of_what_was_set_aside_is_no_second_message(
    tmp_path: Path, ends: str, comes_later: str
) -> None:
    """It stood behind a flood, or its lane was slow, and comes for the first time when the hub runs again."""
    async with rig(tmp_path) as home:
        await home.quiet()
        home.broker.pause(comes_later)
        home.broker.say(PENDANT, b'{"action":"emergency","note":"bug"}')
        if ends == "bulk":
            await until(lambda: home.hub.parts.overlap.waiting == 1)
            home.forward(3)
        await _ends_and_starts_again(home)
        await home.quiet()
        home.broker.resume(comes_later)
        await home.quiet()
        home.forward(3)
        await home.quiet()
        assert not home._running.done()
        assert len(home.rows("SELECT * FROM quarantine")) == 1
        assert home.rows("SELECT * FROM twins") == []


@pytest.mark.parametrize("word", UNWRITABLE)
async def test_what_cannot_be_written_ends_the_hub_once_too_where_the_disk_was_full_first(
    tmp_path: Path, word: str
) -> None:
    """It was told from memory, and met the ledger when that took commits again."""
    async with rig(tmp_path) as home:
        await home.quiet()
        home.fail("BEGIN")
        home.broker.say(PENDANT, orjson.dumps({"action": "emergency", "note": word}))
        await home.failed()
        home.mend()
        assert await _ends_and_starts_until_it_stays(home, 1) == 1
        await home.quiet()
        assert home.rows("SELECT topic FROM quarantine") == [(PENDANT,)]

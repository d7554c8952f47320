"""A bug of ours meets a message: the hub ends loudly, comes again without it, and people are told."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from devices.adapter import Decoded, Known, Message
from devices.catalogue import Catalogue
from devices.zigbee2mqtt import Zigbee2MQTT
from hub import bootstrap, steps
from hub.intake import Unbearable
from rules.messages import alert_message
from rules.state import Alert
from tests.faulted import assert_told
from tests.hub.core_parts import PENDANT, PRESS, SLUG, Rig, rig
from tests.hub.fake_broker import Json
from tests.parts import until


class WithABug(Zigbee2MQTT):
    """The adapter, with a bug that some messages meet."""

    def decode(self, message: Message, known: Known) -> Decoded:
        """Raises where it must not."""
        if b"bug" in message.payload:
            raise ZeroDivisionError
        return super().decode(message, known)


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

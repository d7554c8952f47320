"""Blinds, locks and heating behind Zigbee2MQTT: told in its words, and what they then report is what was asked."""

from __future__ import annotations

import pytest

from devices.adapter import Refused
from devices.commands import Command, Lock, Say, SetCover, SetTemperature, Unlock
from devices.events import Kind
from tests.devices.test_zigbee2mqtt import ADAPTER, LAMP, Expose, binary, describe, enum, kinds, numeric, say, sent

BLIND: Expose = {
    "type": "cover",
    "features": [enum("state", "OPEN", "CLOSE", "STOP", access=3), numeric("position", "%", access=7)],
}
DOOR_LOCK: Expose = {"type": "lock", "features": [binary("state", "LOCK", "UNLOCK", access=7)]}
VALVE: Expose = {
    "type": "climate",
    "features": [
        numeric("occupied_heating_setpoint", "°C", access=7),
        numeric("occupied_heating_setpoint_water", "°C", access=7),
        numeric("local_temperature", "°C", access=5),
    ],
}


@pytest.mark.parametrize(
    ("command", "expose", "body"),
    [
        (SetCover(device="zigbee2mqtt/thing", move="stop"), BLIND, {"state": "STOP"}),
        (SetCover(device="zigbee2mqtt/thing", position_pct=40), BLIND, {"position": 40}),
        (Lock(device="zigbee2mqtt/thing"), DOOR_LOCK, {"state": "LOCK"}),
        (Unlock(device="zigbee2mqtt/thing"), DOOR_LOCK, {"state": "UNLOCK"}),
        (SetTemperature(device="zigbee2mqtt/thing", celsius=21.5), VALVE, {"occupied_heating_setpoint": 21.5}),
    ],
)
def test_blinds_locks_and_heating_are_told(command: Command, expose: Expose, body: dict[str, object]) -> None:
    """A boiler's water has a set point as well, and is left alone."""
    assert sent(command, describe(expose)) == body


@pytest.mark.parametrize(
    ("command", "expose", "value"),
    [
        (SetCover(device="zigbee2mqtt/thing", position_pct=40), BLIND, (Kind.COVER, 40)),
        (Lock(device="zigbee2mqtt/thing"), DOOR_LOCK, (Kind.LOCK, "locked")),
        (Unlock(device="zigbee2mqtt/thing"), DOOR_LOCK, (Kind.LOCK, "unlocked")),
    ],
)
def test_what_they_report_then_is_what_was_asked(command: Command, expose: Expose, value: object) -> None:
    """There and back."""
    item = describe(expose)
    assert kinds(say(sent(command, item), item)) == [value]


def test_a_lock_nobody_described_is_tried_and_heating_is_not() -> None:
    """Its words are the same everywhere; what a set point is called is not."""
    assert sent(Unlock(device="zigbee2mqtt/front")) == {"state": "UNLOCK"}
    assert sent(SetCover(device="zigbee2mqtt/blind", move="close")) == {"state": "CLOSE"}
    refused = ADAPTER.encode(SetTemperature(device="zigbee2mqtt/valve", celsius=20), {})
    assert isinstance(refused, Refused)
    assert "has not introduced itself" in refused.reason


@pytest.mark.parametrize(
    ("command", "expose", "because"),
    [
        (SetCover(device="zigbee2mqtt/thing", move="open"), LAMP, "cannot be opened or closed"),
        (SetCover(device="zigbee2mqtt/thing", position_pct=4), LAMP, "cannot be told where to stand"),
        (SetCover(device="zigbee2mqtt/thing", position_pct=-4), BLIND, "between 0 and 100"),
        (SetCover(device="zigbee2mqtt/thing"), BLIND, "to open, to close, to stop"),
        (Lock(device="zigbee2mqtt/thing"), LAMP, "cannot be locked"),
        (Unlock(device="zigbee2mqtt/thing"), LAMP, "cannot be unlocked"),
        (SetTemperature(device="zigbee2mqtt/thing", celsius=20), LAMP, "cannot be set to a temperature"),
        (SetTemperature(device="zigbee2mqtt/thing", celsius=50), VALVE, "between 4 and 35"),
        (Say(device="zigbee2mqtt/thing", text="tea"), LAMP, "cannot speak"),
    ],
)
def test_what_they_cannot_do_is_refused(command: Command, expose: Expose, because: str) -> None:
    """With the reason."""
    known = describe(expose)
    answer = ADAPTER.encode(command, {known.device: known})
    assert isinstance(answer, Refused)
    assert because in answer.reason

"""Frigate: a camera says that somebody is there, and never more."""

from __future__ import annotations

import orjson
import pytest

from devices.adapter import Message, Refused
from devices.commands import TurnOff
from devices.events import EMERGENCY_KINDS, Kind
from devices.frigate import Frigate

ADAPTER = Frigate()


@pytest.mark.parametrize(
    "payload",
    [b"{", b"[]", b'{"type":"new"}', b'{"type":"new","after":{}}', b'{"after":{"camera":"","label":"person"}}'],
)
def test_an_event_that_cannot_be_read_is_a_reason(payload: bytes) -> None:
    """Without a camera and a label nobody was seen anywhere."""
    assert ADAPTER.decode(Message("frigate/events", payload), {}).error


@pytest.mark.parametrize("label", ["person", "fire", "smoke", "fall", "emergency", "gun", "bed"])
@pytest.mark.parametrize("kind", ["new", "update", "end"])
def test_no_label_is_an_emergency(label: str, kind: str) -> None:
    """Whatever its model was taught to see, by event, by count or by ear."""
    after = {"camera": "side", "label": label, "false_positive": False, "frame_time": 1790000001.5}
    body = orjson.dumps({"type": kind, "before": after, "after": after})
    for message in (
        Message("frigate/events", body),
        Message(f"frigate/side/{label}", b"1"),
        Message(f"frigate/side/audio/{label}", b"ON"),
        Message("frigate/side/review_status", b"ALERT"),
    ):
        for event in ADAPTER.decode(message, {}).events:
            assert event.kind not in EMERGENCY_KINDS
            assert not event.press
            assert event.kind is Kind.OTHER or label == "person"


def test_a_camera_is_told_nothing_and_pressed_by_nobody() -> None:
    """Every command is refused, and there is no topic to hear presses on."""
    assert isinstance(ADAPTER.encode(TurnOff(device="frigate/side"), {}), Refused)
    assert ADAPTER.topics_of("frigate/side") == ()


def test_frigate_itself_is_the_bridge_of_its_cameras() -> None:
    """Another prefix is another Frigate."""
    events = Frigate("nvr").decode(Message("nvr/available", b"offline"), {}).events
    assert [(event.device, event.kind, event.value) for event in events] == [
        ("nvr/bridge", Kind.AVAILABILITY, "offline")
    ]
    assert ADAPTER.decode(Message("nvr/available", b"offline"), {}).error

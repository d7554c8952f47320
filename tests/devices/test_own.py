"""The plain form: each example of the README, what is refused and why, commands and their answers."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.actuators import COMMANDS
from devices.adapter import Description, Message, Refused
from devices.commands import Command, Lock, Say, SetCover, SetTemperature, Sound, TurnOff, TurnOn, Unlock
from devices.events import EMERGENCY_KINDS, Kind
from devices.own import Own
from devices.own_commands import OFFERED

ADAPTER = Own()
README = (Path(__file__).parents[2] / "devices" / "README.md").read_text(encoding="utf-8")
LAMP = "handrail-device/lamp-1"


def said(body: object, device: str = "handrail-device/box") -> Message:
    """A fact, as a device publishes it."""
    return Message(device, body.encode() if isinstance(body, str) else orjson.dumps(body))


def examples() -> list[tuple[str, str]]:
    """Topic and payload of each example in the README."""
    return re.findall(r"^    (handrail-device/\S+) +(\{.*\}|online|offline)$", README, re.MULTILINE)


def introduced(*commands: str) -> dict[str, Description]:
    """A lamp that offers these commands."""
    about = {"name": "Lamp 1", "kinds": ["light"], "commands": list(commands)}
    (found,) = ADAPTER.decode(Message(f"{LAMP}/about", orjson.dumps(about)), {}).learned
    return {LAMP: found}


@pytest.mark.parametrize(("topic", "payload"), examples())
def test_every_example_of_the_readme_is_understood(topic: str, payload: str) -> None:
    """Who copies it from there builds a device that works."""
    decoded = ADAPTER.decode(Message(topic, payload.encode()), {})
    assert decoded.error is None
    if topic.endswith("/set"):
        assert decoded.events == ()
    elif topic.endswith("/about"):
        assert decoded.learned
    else:
        assert decoded.events
        assert not any(event.field == "wrong" for event in decoded.events)


def test_the_readme_shows_every_kind_and_every_command() -> None:
    """One example for each kind, and for each thing that is sent."""
    bodies = [orjson.loads(payload) for _, payload in examples() if payload.startswith("{")]
    shown = {body["kind"] for body in bodies if "kind" in body}
    assert shown == {kind.value for kind in Kind} - {"availability"}
    assert {body["do"] for body in bodies if "do" in body} == set(COMMANDS)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("{", "is not JSON"),
        ([1], "not a JSON object"),
        ({}, "none that Handrail knows"),
        ({"kind": "Emergency"}, "none that Handrail knows"),
        ({"kind": "contact", "value": "ajar"}, "open or closed"),
        ({"kind": "contact", "value": False}, "open or closed"),
        ({"kind": "motion", "value": "yes"}, "true or false"),
        ({"kind": "temperature", "value": "21"}, "is a number"),
        ({"kind": "temperature", "value": 70, "unit": "°F"}, "unit of temperature is °C"),
        ({"kind": "motion", "value": True, "unit": "%"}, "has no unit"),
        ({"kind": "battery", "value": 101}, "from 0 to 100"),
        ({"kind": "motion", "value": True, "battery": -1}, "from 0 to 100"),
        ({"kind": "motion", "value": True, "id": "7"}, "is a state and has no id"),
        ({"kind": "motion", "value": True, "at": "yesterday"}, "a time with its zone"),
        ({"kind": "motion", "value": True, "at": "2026-11-23T02:14:07"}, "a time with its zone"),
        ({"kind": "motion", "vaule": True}, "'vaule' is not one of"),
        ({"kind": "button", "value": 3}, "a gesture is a word"),
        ({"kind": "other", "value": {"a": 1}}, "one short value"),
        ({"kind": "fall"}, None),
    ],
)
def test_what_is_written_wrong_is_refused_with_the_reason(body: object, why: str | None) -> None:
    """So that it is noticed while somebody builds; a fall without a value is told."""
    decoded = ADAPTER.decode(said(body), {})
    if why is None:
        assert decoded.error is None
    else:
        assert decoded.error is not None
        assert why in decoded.error


wrong = st.dictionaries(
    st.text(max_size=8), st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8), max_size=4
)


@given(kind=st.sampled_from(sorted(EMERGENCY_KINDS | {Kind.CALL})), more=wrong)
def test_an_emergency_is_told_whatever_else_its_message_says(kind: Kind, more: dict[str, object]) -> None:
    """Nothing that is written wrong beside it keeps it back, unless it says itself that it is over."""
    decoded = ADAPTER.decode(said({**more, "kind": kind.value}), {})
    if more.get("value") is False:
        return
    assert decoded.error is None
    assert any(event.kind is kind and event.value is True for event in decoded.events)


@pytest.mark.parametrize(
    "body",
    [
        "{",
        [],
        {"name": "x"},
        {"kinds": []},
        {"kinds": ["door"]},
        {"kinds": ["light"], "commands": ["explode"]},
        {"kinds": ["light"], "commands": "turn_on"},
        {"kinds": ["light"], "colour": "red"},
        {"kinds": ["light"], "name": 7},
        {"kinds": ["light"], "text": "x" * 500},
    ],
)
def test_an_introduction_that_is_wrong_is_refused(body: object) -> None:
    """With the reason, and nothing is learned."""
    decoded = ADAPTER.decode(said(body, f"{LAMP}/about"), {})
    assert decoded.error
    assert not decoded.learned


def test_who_reports_emergencies_can_call_and_is_heard_first() -> None:
    """Its topic is known from its introduction; when it is taken back the device is forgotten."""
    about = Message("handrail-device/cord/about", orjson.dumps({"kinds": ["battery", "call"]}))
    (found,) = ADAPTER.decode(about, {}).learned
    assert (found.can_call, found.kind, found.topics) == (True, Kind.CALL, ("handrail-device/cord",))
    assert ADAPTER.decode(about, {found.device: found}).learned == ()
    assert ADAPTER.decode(Message("handrail-device/cord/about", b""), {}).forgotten == ("handrail-device/cord",)


@pytest.mark.parametrize(
    ("command", "body"),
    [
        (
            TurnOn(device=LAMP, brightness_pct=30, color_temp_k=2700, transition_s=2),
            {"do": "turn_on", "brightness_pct": 30, "color_temp_k": 2700, "transition_s": 2},
        ),
        (TurnOff(device=LAMP), {"do": "turn_off"}),
        (Sound(device=LAMP, duration_s=30), {"do": "sound", "duration_s": 30, "level": "emergency"}),
        (SetCover(device=LAMP, move="stop"), {"do": "set_cover", "move": "stop"}),
        (SetCover(device=LAMP, position_pct=40), {"do": "set_cover", "position_pct": 40}),
        (Lock(device=LAMP), {"do": "lock"}),
        (Unlock(device=LAMP), {"do": "unlock"}),
        (SetTemperature(device=LAMP, celsius=21.5), {"do": "set_temperature", "celsius": 21.5}),
        (Say(device=LAMP, text="Help is coming."), {"do": "say", "text": "Help is coming."}),
    ],
)
def test_a_command_is_sent_and_answered(command: Command, body: dict[str, object]) -> None:
    """To a device that offers it; what it then says is the state that was asked for."""
    known = introduced(*OFFERED)
    sent = ADAPTER.encode(command, known)
    assert not isinstance(sent, Refused)
    assert (sent[0].topic, orjson.loads(sent[0].payload)) == (f"{LAMP}/set", body)
    value = "on" if isinstance(command, TurnOn) else "off"
    (event,) = ADAPTER.decode(said({"kind": "light", "value": value}, LAMP), known).events
    assert (event.kind, event.value, event.device) == (Kind.LIGHT, value, LAMP)


@pytest.mark.parametrize(
    "command",
    [
        TurnOn(device=LAMP, brightness_pct=30),
        TurnOn(device=LAMP, color_temp_k=2700),
        TurnOn(device=LAMP, transition_s=-1),
        TurnOff(device=LAMP),
        Sound(device=LAMP, duration_s=3),
        SetCover(device=LAMP, move="open"),
        SetCover(device=LAMP, position_pct=5),
        Lock(device=LAMP),
        Unlock(device=LAMP),
        SetTemperature(device=LAMP, celsius=20),
        Say(device=LAMP, text="x"),
    ],
)
def test_what_a_device_does_not_offer_is_refused(command: Command) -> None:
    """A lamp that only offers to be switched on."""
    refused = ADAPTER.encode(command, introduced("turn_on"))
    assert isinstance(refused, Refused)
    assert refused.reason


@pytest.mark.parametrize(
    "command",
    [
        SetCover(device=LAMP),
        SetCover(device=LAMP, position_pct=101),
        SetTemperature(device=LAMP, celsius=50),
        Say(device=LAMP, text=" "),
    ],
)
def test_what_no_device_can_do_is_refused(command: Command) -> None:
    """Whatever it offers."""
    assert isinstance(ADAPTER.encode(command, introduced(*OFFERED)), Refused)

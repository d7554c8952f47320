"""The simulated gateways of every ecosystem, on a moved clock: a call is told, a lamp obeys, and a gateway that is gone
is one alert that names whom it leaves. With a real broker: tests/contract/test_every_ecosystem.py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from devices.adapter import Refused
from devices.commands import TurnOn
from devices.events import Kind
from devices.registry import Placed, Purpose, Supervision
from hub.simulate.ecosystems import ECOSYSTEMS, Ecosystem
from hub.simulate.peer import Peer, Sent
from rules.hearing.protection import values_of
from tests.stories.house import House

CALLING = [one for one in ECOSYSTEMS if one.caller]
OBEYING = [one for one in ECOSYSTEMS if one.lamp]
ALL = [(one, number) for one in ECOSYSTEMS for number in range(len(one.peers))]


def title(one: object) -> str:
    """For the name of a test."""
    return one.title if isinstance(one, Ecosystem) else str(one)


def say(home: House, messages: Iterable[Sent], *, retain: bool = False) -> None:
    """What a gateway publishes is heard; a retained message is one to those who come later, as the hub here."""
    for sent in messages:
        home.hear(sent.topic, sent.payload.decode(), retain=retain and sent.retain)


def live(home: House, one: Ecosystem) -> list[Peer]:
    """Margaret's pendant and lamp are this ecosystem's, and it has said that it is there."""
    rows = []
    if one.caller:
        rows.append(Placed(device=one.caller, name="pendant", person="margaret", purpose=Purpose.EMERGENCY,
                           supervision=Supervision.PENDANT))  # fmt: skip
    if one.lamp:
        rows.append(Placed(device=one.lamp, name="lamp", place="012", purpose=Purpose.LIGHT,
                           supervision=Supervision.ACTUATOR))  # fmt: skip
    peers = [peer() for peer in one.peers]
    rows += [
        Placed(device=peer.eye, name="camera", place="corridor", purpose=Purpose.MOTION,
               supervision=Supervision.MAINS_SENSOR) for peer in peers if peer.eye
    ]  # fmt: skip
    home.configure(replace(home.home, devices=tuple(rows)))
    home.wait(seconds=1)
    for peer in peers:
        say(home, peer.hello(home.wall_ms))
    home.expect_quiet()
    home.forget()
    return peers


def value_of(home: House, device: str) -> object:
    """What the lamp reports of itself."""
    status = home.state.devices.get(device)
    kinds = (Kind.LIGHT, Kind.SWITCH)
    return next((value for kind in kinds for value in values_of(status, kind)), None) if status else None


@pytest.mark.parametrize("one", CALLING, ids=title)
def test_a_call_is_told_once_however_it_is_repeated(home: House, one: Ecosystem) -> None:
    """And the next one is the next."""
    for peer in live(home, one):
        say(home, peer.press(home.wall_ms))
    home.expect("told", level="emergency", resident="margaret", presses=1)
    home.wait(minutes=2)
    for peer in [peer for peer in (p() for p in one.peers) if peer.caller]:
        peer.count = 7
        say(home, peer.press(home.wall_ms))
    assert home.alert.presses == 2


@pytest.mark.parametrize("one", OBEYING, ids=title)
def test_a_lamp_obeys_and_says_so(home: House, one: Ecosystem) -> None:
    """The command in the ecosystem's own words, and the state it answers with."""
    peers = live(home, one)
    assert value_of(home, one.lamp) in ("off", None)
    adapter = home.catalogue.adapter_for(one.lamp)
    assert adapter is not None
    encoded = adapter.encode(TurnOn(device=one.lamp, brightness_pct=30 if one.dims else None), home.known)
    assert not isinstance(encoded, Refused), encoded.reason
    for message in encoded:
        for peer in peers:
            say(home, peer.told(message.topic, message.payload, home.wall_ms))
    assert value_of(home, one.lamp) == "on"


@pytest.mark.parametrize(("one", "which"), ALL, ids=title)
def test_each_gateway_that_is_gone_is_exactly_one_alert_that_names_whom_it_leaves(
    home: House, one: Ecosystem, which: int
) -> None:
    """By its own sign, at once."""
    peers = live(home, one)
    gone = peers[which]
    assert gone.will is not None
    say(home, [gone.will])
    assert len(home.open) == 1, [alert.reason for alert in home.open]
    assert ("Margaret" in home.alert.reason) == bool(gone.caller)
    assert gone.caller or home.alert.level == "technical"
    home.wait(minutes=1)
    for _ in range(2):
        say(home, gone.hello(home.wall_ms))
        home.expect_quiet()

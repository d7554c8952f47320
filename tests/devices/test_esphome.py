"""ESPHome known by the form of its topics alone, until it is introduced."""

from __future__ import annotations

import orjson
import pytest

from devices.adapter import Message, Refused
from devices.catalogue import Catalogue
from devices.commands import TurnOn
from devices.events import Event, Kind
from devices.known import KnownDevices

CATALOGUE = Catalogue()


class Home:
    """Messages through the catalogue, with what they teach."""

    def __init__(self) -> None:
        self.known = KnownDevices()

    def hear(self, topic: str, payload: bytes) -> tuple[Event, ...]:
        """What a message says."""
        found = CATALOGUE.adapter_for(topic, self.known)
        assert found is not None
        decoded = found.decode(Message(topic, payload), self.known)
        assert decoded.error is None
        self.known.update((row.device, row) for row in decoded.learned)
        for device in decoded.forgotten:
            del self.known[device]
        return decoded.events


def test_the_first_state_introduces_an_object_and_later_ones_are_found_by_their_topic() -> None:
    """So that an SOS button's topic becomes urgent."""
    home = Home()
    for said, value in ((b"ON", True), (b"OFF", False), (b"ON", True)):
        (event,) = home.hear("bath/binary_sensor/sos_button/state", said)
        assert (event.device, event.kind, event.value) == ("esphome/bath", Kind.EMERGENCY, value)
    row = home.known["esphome/bath"]
    assert (row.can_call, row.topics) == (True, ("bath/binary_sensor/sos_button/state",))


def test_what_a_node_said_itself_is_told_to_it() -> None:
    """A switch is switched on its own command topic; before it has spoken nobody knows it."""
    home = Home()
    adapter = CATALOGUE.adapter_for("esphome/bath")
    assert adapter is not None
    assert isinstance(adapter.encode(TurnOn(device="esphome/bath"), home.known), Refused)
    home.hear("bath/switch/night_light/state", b"OFF")
    answer = adapter.encode(TurnOn(device="esphome/bath"), home.known)
    assert not isinstance(answer, Refused)
    assert [(message.topic, message.payload) for message in answer] == [("bath/switch/night_light/command", b"ON")]


def test_discovery_takes_over_and_a_press_stays_one() -> None:
    """The same topic introduced properly belongs to the introduced device alone."""
    home = Home()
    topic = "bath/binary_sensor/sos/state"
    home.hear(topic, b"OFF")
    config = {"name": "SOS", "stat_t": topic, "dev": {"ids": "a1b2", "name": "bath"}}
    home.hear("homeassistant/binary_sensor/bath/sos/config", orjson.dumps(config))
    events = home.hear(topic, b"ON")
    assert [(event.device, event.kind) for event in events] == [("homeassistant/a1b2", Kind.EMERGENCY)]
    assert not home.known["esphome/bath"].can_call
    assert "anew" in home.known["esphome/bath"].unclear


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("ha/binary_sensor/room_9_sos/state", b"on"),
        ("bath/sensor/temperature/state", b"nan"),
        ("bath/binary_sensor/sos/state", b""),
        ("esphome/bath/switch/fan/command", b"ON"),
        ("esphome/discover/bath", b"{}"),
        ("printer/status", b"offline"),
        ("printer/status", b"printing"),
        ("bath/binary_sensor/sos/state", b"unavailable"),
    ],
)
def test_what_is_no_word_of_a_node_is_nothing(topic: str, payload: bytes) -> None:
    """Home Assistant's mirror writes `on`; short topics may be anybody's."""
    home = Home()
    assert home.hear(topic, payload) == ()
    assert not home.known


def test_a_node_that_comes_online_is_heard_before_it_has_anything_to_say() -> None:
    """An SOS button without any state: that it is there, and that it is gone, is all it says until somebody presses."""
    home = Home()
    heard = [home.hear("sos-12/status", said) for said in (b"online", b"offline", b"online")]
    assert [(event.device, event.kind, event.value) for (event,) in heard] == [
        ("esphome/sos-12", Kind.AVAILABILITY, said) for said in ("online", "offline", "online")
    ]
    row = home.known["esphome/sos-12"]
    assert (row.unclear, row.text) == ("", "so far it has only said that it is online")
    (event,) = home.hear("sos-12/event/sos/state", b'{"event_type": "press"}')
    assert (event.device, event.kind, event.press) == ("esphome/sos-12", Kind.EMERGENCY, True)
    assert home.known["esphome/sos-12"].can_call
    assert home.known["esphome/sos-12"].text == "sos"


def test_a_node_that_introduces_itself_after_its_line_is_one_device() -> None:
    """ESPHome says `online` first and its configuration then: nothing is left of the guess."""
    home = Home()
    home.hear("bath/status", b"online")
    config = {"name": "SOS", "stat_t": "bath/binary_sensor/sos/state", "avty_t": "bath/status"}
    home.hear("homeassistant/binary_sensor/bath/sos/config", orjson.dumps({**config, "dev": {"ids": "a1b2"}}))
    assert list(home.known) == ["homeassistant/a1b2"]
    (event,) = home.hear("bath/status", b"offline")
    assert (event.device, event.value) == ("homeassistant/a1b2", "offline")

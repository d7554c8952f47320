"""Calls that come from a Shelly, a Tasmota or a Bluetooth gateway: each way of repeating itself, one alert."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devices.registry import Placed, Purpose, Supervision
from tests.stories.house import House

BUTTON = "shellies/shellybutton1-3494546A01B2"
INPUTS = "shellyplusi4-c049ef8a1b20"
GATEWAY = "shellyblugwg3-34cdb07a5512"


@pytest.fixture
def home(home: House) -> House:
    """The small home with calls on other roads than Zigbee's."""
    placed = (
        Placed(device=BUTTON, name="shelly-button", person="ada", purpose=Purpose.EMERGENCY),
        Placed(device=f"shelly/{INPUTS}", name="shelly-cord", place="lounge", purpose=Purpose.EMERGENCY),
        Placed(device=f"shelly/{GATEWAY}/bthomedevice:200", name="blu", person="joan", purpose=Purpose.EMERGENCY,
               supervision=Supervision.PENDANT),
        Placed(device="tasmota/cord-4", name="tasmota-cord", place="lounge", purpose=Purpose.EMERGENCY,
               supervision=Supervision.PULL_CORD),
        Placed(device="theengs/ble/B43522FE10AA", name="tag", person="george", purpose=Purpose.EMERGENCY,
               supervision=Supervision.PENDANT),
    )  # fmt: skip
    home.configure(replace(home.home, devices=(*home.home.devices, *placed)))
    home.forget()
    return home


def gesture(home: House, event: str, count: int) -> None:
    """A first-generation Shelly tells the last gesture on its input."""
    home.hear(f"{BUTTON}/input_event/0", {"event": event, "event_cnt": count})


def rpc(home: House, prefix: str, component: str, name: str, **more: object) -> None:
    """A Shelly tells an event at this moment."""
    row = {"component": component, "event": name, "ts": home.wall_ms / 1000, **more}
    frame = {"src": prefix, "method": "NotifyEvent", "params": {"ts": row["ts"], "events": [row]}}
    home.hear(f"{prefix}/events/rpc", frame)


def test_a_shelly_button_is_repeated_every_half_minute_and_is_one_press(home: House) -> None:
    """Its last gesture comes with each update; after a start the same count is another press."""
    gesture(home, "S", 1)
    home.expect("told", presses=1)
    for _ in range(10):
        home.wait(seconds=30)
        gesture(home, "S", 1)
    assert home.alert.presses == 1
    gesture(home, "", 0)
    gesture(home, "S", 1)
    assert home.alert.presses == 2


def test_a_button_that_sleeps_is_not_lost_each_time(home: House) -> None:
    """Its will says offline a minute after each press."""
    home.hear(f"{BUTTON}/online", "true")
    home.hear(f"{BUTTON}/online", "false")
    home.expect_quiet()


def test_an_empty_event_after_a_start_is_nobody_calling(home: House) -> None:
    """Nor is one that the broker remembers."""
    gesture(home, "", 0)
    home.hear(f"{BUTTON}/input_event/0", {"event": "S", "event_cnt": 7}, retain=True)
    home.expect_quiet()


def test_one_press_of_a_wired_cord_is_three_messages_and_one_press(home: House) -> None:
    """Down, up, and the gesture: told with the first, counted once; a second press is a second."""
    rpc(home, INPUTS, "input:0", "btn_down")
    home.expect("told", presses=1)
    home.wait(seconds=0.2)
    rpc(home, INPUTS, "input:0", "btn_up")
    home.wait(seconds=0.4)
    rpc(home, INPUTS, "input:0", "single_push")
    home.expect("told", presses=1)
    home.wait(seconds=5)
    rpc(home, INPUTS, "input:0", "btn_down")
    home.wait(seconds=0.5)
    rpc(home, INPUTS, "input:0", "single_push")
    home.expect("told", presses=2)


def test_four_quick_presses_that_have_no_gesture_are_told(home: House) -> None:
    """Somebody in fear does not press once."""
    for _ in range(4):
        rpc(home, INPUTS, "input:1", "btn_down")
        home.wait(seconds=0.15)
    home.expect("told", presses=1)


def test_a_cord_that_is_wired_as_a_switch_calls_when_it_closes(home: House) -> None:
    """Its state calls once, and opening it again calls nobody."""
    for state, alerts in ((False, 0), (True, 1), (True, 1), (False, 1)):
        home.hear(f"{INPUTS}/status/input:2", {"id": 2, "state": state})
        assert len(home.open) == alerts


def test_a_press_on_a_bluetooth_button_behind_a_gateway_is_hers(home: House) -> None:
    """And the gateway's end names who is without a pendant, in one alert."""
    rpc(home, GATEWAY, "bthomedevice:200", "long_push", idx=0)
    home.expect("told", presses=1, resident="joan")
    home.close("carer-1")
    home.hear(f"{GATEWAY}/online", "false", retain=True)
    assert len(home.open) == 1
    assert "without a pendant now: Joan" in home.alert.reason


def test_a_tasmota_cord_calls_and_a_wish_for_it_does_not(home: House) -> None:
    """A command on the same tree is nobody in need."""
    home.hear("cmnd/cord-4/POWER", "TOGGLE")
    home.hear("stat/cord-4/RESULT", {"POWER": "ON"})
    home.expect_quiet()
    home.hear("stat/cord-4/RESULT", {"Button1": {"Action": "SINGLE"}})
    home.expect("told", presses=1)
    home.close("carer-1")
    home.hear("stat/cord-4/RESULT", {"Switch1": {"Action": "ON"}})
    home.hear("tele/cord-4/SENSOR", {"Switch1": "ON"})
    home.expect("told", presses=1)


def test_two_gateways_hear_a_bluetooth_button_and_it_is_one_press(home: House) -> None:
    """One of them lost is a small matter; both lost leaves somebody without."""
    for host in ("attic", "cellar"):
        home.hear(f"home/{host}/LWT", "online")
        home.hear(f"home/{host}/BTtoMQTT/B43522FE10AA", {"id": "B4:35:22:FE:10:AA", "type": "BTN", "button": 1})
    home.expect("told", presses=1, resident="george")
    home.close("carer-1")
    home.hear("home/attic/LWT", "offline")
    home.expect("told", level="technical")
    home.hear("home/cellar/LWT", "offline")
    assert "without a pendant now: George" in home.open[1].reason


def test_an_sos_button_that_nobody_has_placed_rings_everybody(home: House) -> None:
    """Its name says what it is for."""
    rpc(home, "sos-bath-2", "input:0", "single_push")
    home.expect("told", level="emergency", resident=None)


def test_an_sos_cord_that_nobody_has_placed_rings_everybody_when_it_closes(home: House) -> None:
    """The same, wired as a switch to a module with such a name."""
    home.hear("sos-bath-3/status/input:0", {"id": 0, "state": False})
    home.expect_quiet()
    home.hear("sos-bath-3/status/input:0", {"id": 0, "state": True})
    home.expect("told", level="emergency", resident=None)


def test_smoke_that_is_on_is_told_and_the_retained_state_is_found(home: House) -> None:
    """A detector's state is news when it changes."""
    home.hear("shellyplussmoke-1/status/smoke:0", {"id": 0, "alarm": False, "mute": False})
    home.expect_quiet()
    home.hear("shellyplussmoke-1/status/smoke:0", {"id": 0, "alarm": True, "mute": False})
    home.expect("told", level="emergency", kind="smoke")

"""Cords of two rooms on one module, devices with a line of their own to the broker, gateways that devices name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devices.registry import Placed, Purpose, Supervision
from tests.stories.house import House

MODULE = "shellyplusi4-c049ef8a1b20"
DAY_H = 25
CHIRP = "application/7c1d/device"


def place(home: House, *rows: Placed) -> None:
    """The home has these devices and no others."""
    home.configure(replace(home.home, devices=rows))
    home.forget()


def cord(address: str, name: str, person: str, **more: object) -> Placed:
    """A pull cord of somebody."""
    said = {"purpose": Purpose.EMERGENCY, "supervision": Supervision.PULL_CORD, **more}
    return Placed(device=address, name=name, person=person, **said)  # type: ignore[arg-type]


def pull(home: House, number: int, event: str = "single_push") -> None:
    """Somebody pulls the cord on this input of the module."""
    row = {"component": f"input:{number}", "event": event, "ts": home.wall_ms / 1000}
    home.hear(f"{MODULE}/events/rpc", {"src": MODULE, "method": "NotifyEvent", "params": {"events": [row]}})


@pytest.fixture
def two_cords(home: House) -> House:
    """Ada's and Joan's cords are wired to inputs 0 and 1 of one Shelly."""
    place(
        home,
        cord(f"shelly/{MODULE}#input:0", "ada-cord", "ada"),
        cord(f"shelly/{MODULE}#input:1", "joan-cord", "joan"),
    )
    return home


def test_two_cords_on_one_module_are_two_calls_of_two_people(two_cords: House) -> None:
    """Each pull is told with whose it is, whichever came first."""
    pull(two_cords, 1)
    pull(two_cords, 0)
    assert [(alert.resident, alert.device) for alert in two_cords.open] == [("joan", "joan-cord"), ("ada", "ada-cord")]
    assert {alert.level for alert in two_cords.open} == {"emergency"}


def test_a_cord_that_is_wired_as_a_switch_calls_for_its_own_room(two_cords: House) -> None:
    """Its circuit closes: the state of the input is the part's as well, in both generations."""
    two_cords.hear(f"{MODULE}/status/input:1", {"id": 1, "state": False})
    two_cords.expect_quiet()
    two_cords.hear(f"{MODULE}/status/input:1", {"id": 1, "state": True})
    two_cords.expect("told", level="emergency", resident="joan")


@pytest.mark.parametrize(
    ("address", "topic", "said"),
    [
        ("shellies/ix3-1#input:1", "shellies/ix3-1/input_event/1", {"event": "S", "event_cnt": 4}),
        ("shellies/ix3-1#input:1", "shellies/ix3-1/input/1", "1"),
        ("tasmota/hall#Button2", "stat/hall/RESULT", {"Button2": {"Action": "SINGLE"}}),
        ("tasmota/hall#Button1", "stat/hall/RESULT", {"Button1": {"Action": "SINGLE"}}),
        ("tasmota/hall#input:2", "stat/hall/RESULT", {"Switch2": {"Action": "ON"}}),
    ],
)
def test_a_part_of_other_modules(home: House, address: str, topic: str, said: object) -> None:
    """Shelly of the first generation and Tasmota number their inputs and buttons as well."""
    place(home, cord(address, "cord", "ada"))
    home.hear(topic, said)
    home.expect("told", level="emergency", resident="ada")


def test_a_module_that_is_lost_is_one_alert_that_names_everybody_on_it(two_cords: House) -> None:
    """It is the gateway of its cords, and back they are with it."""
    pull(two_cords, 0)
    pull(two_cords, 1)
    for alert in two_cords.open:
        two_cords.close("carer-1", alert=alert.id)
    two_cords.hear(f"{MODULE}/online", "false", retain=True)
    two_cords.expect("told", level="urgent", kind="availability")
    assert "without a pendant now: Ada, Joan" in two_cords.alert.reason
    two_cords.hear(f"{MODULE}/online", "true")
    two_cords.expect("closed", ending="back")


def test_a_module_that_speaks_is_the_sign_of_life_of_its_cords(two_cords: House) -> None:
    """Nobody pulls a cord for days: its silence is the module's, and both are one alert."""
    for _ in range(3):
        two_cords.wait(hours=20)
        two_cords.hear(f"{MODULE}/status/input:3", {"id": 3, "state": False})
    two_cords.expect_quiet()
    two_cords.wait(hours=DAY_H)
    two_cords.expect("told", device=f"shelly/{MODULE}", level="urgent")
    assert "Ada, Joan" in two_cords.alert.reason
    two_cords.hear(f"{MODULE}/status/input:3", {"id": 3, "state": True})
    two_cords.expect("closed", ending="back")


def test_what_nobody_placed_on_the_module_stays_the_module_s(two_cords: House) -> None:
    """A third input is a stranger's, and rings nobody in anybody's name."""
    pull(two_cords, 2)
    two_cords.expect_quiet()


def test_a_module_of_lamps_that_is_lost_wakes_nobody(home: House) -> None:
    """The lamp of one room and the fan of the next hang on it: one technical alert, and no pendant is missed."""
    lamps = (("lamp", Purpose.LIGHT), ("fan", Purpose.SWITCH))
    rows = [
        Placed(device=f"shelly/pm#switch:{n}", name=name, place="012", purpose=what, supervision=Supervision.ACTUATOR)
        for n, (name, what) in enumerate(lamps)
    ]
    place(home, *rows)
    home.hear("pm/status/switch:0", {"id": 0, "output": True})
    home.hear("pm/status/switch:1", {"id": 1, "output": False})
    state = {row.device: dict(row.values) for row in home.state.devices}
    assert state["shelly/pm#switch:0"] == {"switch": "on"}
    assert state["shelly/pm#switch:1"] == {"switch:switch:1": "off"}
    home.hear("pm/online", "false", retain=True)
    home.expect("told", level="technical", kind="availability")
    assert "without a" not in home.alert.reason


# -- lines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "topic", "up", "down"),
    [
        ("tasmota/cord", "tele/cord/LWT", "Online", "Offline"),
        ("shellies/shellyix3-1", "shellies/shellyix3-1/online", "true", "false"),
        ("shelly/shellyplusi4-1", "shellyplusi4-1/online", "true", "false"),
        ("homie/cord-12", "homie/cord-12/$state", "ready", "lost"),
        ("esphome/cord", "cord/status", "online", "offline"),
        ("handrail-device/cord", "handrail-device/cord/available", "online", "offline"),
    ],
)
def test_a_device_with_a_line_to_the_broker_is_not_silent_while_it_holds(
    home: House, address: str, topic: str, up: str, down: str
) -> None:
    """A cord on the wall has nothing to say for weeks; the broker tells when it is gone."""
    place(home, cord(address, "cord", "ada"))
    home.wait(seconds=1)
    home.hear(topic, up)
    home.wait(hours=20 * DAY_H)
    home.expect_quiet()
    home.hear(topic, down)
    home.expect("told", device="cord", resident="ada")


@pytest.mark.parametrize(
    ("address", "topic"),
    [("shellies/shellyix3-1", "shellies/shellyix3-1/online"), ("shelly/shelly/ix3", "shelly/ix3/online")],
)
def test_a_line_that_comes_twice_is_one(home: House, address: str, topic: str) -> None:
    """Two filters match these topics, and a broker may deliver them once for each: one alert, and one end of it."""
    place(home, cord(address, "cord", "ada"))
    home.wait(seconds=1)
    home.hear(topic.replace("online", "status/input:0"), {"id": 0, "state": False})
    for word, step in (("true", None), ("false", "told"), ("true", "closed")):
        home.hear(topic, word)
        if step:
            home.expect(step, device="cord")
        before = len(home.past)
        home.hear(topic, word)
        assert len(home.past) == before


def test_a_line_that_the_broker_only_remembers_is_none(home: House) -> None:
    """A broker that was started anew shows for ever what its dead clients said: the class's deadline holds."""
    place(home, cord("tasmota/cord", "cord", "ada"))
    home.hear("tele/cord/LWT", "Online", retain=True)
    home.wait(hours=DAY_H)
    home.expect("told", device="cord")


def test_a_line_from_before_the_hub_lost_the_broker_is_none(home: House) -> None:
    """Who is alive comes back to the broker and says so again; who does not is missed in its time."""
    place(home, cord("tasmota/cord", "cord", "ada"))
    home.wait(seconds=1)
    home.hear("tele/cord/LWT", "Online")
    home.loses_broker()
    home.wait(minutes=1)
    home.finds_broker()
    home.wait(hours=DAY_H, seconds=-1)
    assert "cord" not in [alert.device for alert in home.open]
    home.wait(seconds=1)
    assert "cord" in [alert.device for alert in home.open]


def test_a_device_that_sleeps_has_no_line(home: House) -> None:
    """It says that it is there each time it wakes, and goes again: the day of its class holds."""
    button = "shellies/shellybutton1-3494546A01B2"
    place(home, cord(button, "button", "ada", supervision=Supervision.PENDANT))
    home.wait(seconds=1)
    for word in ("true", "false", "true"):
        home.hear(f"{button}/online", word)
    home.wait(hours=DAY_H, minutes=1)
    home.expect("told", device="button")


# -- gateways that devices name ------------------------------------------------------------------------------------


def up(home: House, device: str, gateways: tuple[str, ...], count: int) -> None:
    """An uplink by ChirpStack, heard by these gateways."""
    rows = [{"gatewayId": gateway} for gateway in gateways]
    body = {"time": home.stamp, "devAddr": "26A1", "fCnt": count, "rxInfo": rows, "data": "AQ=="}
    home.hear(f"{CHIRP}/{device}/event/up", {**body, "object": {"battery": 90}})


def lorawan(home: House) -> None:
    """Ada, Joan and George have LoRaWAN cords; two of them are heard by the annexe's gateway alone."""
    place(home, *(cord(f"{CHIRP}/{name}-cord", f"{name}-cord", name) for name in ("ada", "joan", "george")))
    for count in range(3):
        up(home, "ada-cord", ("annexe01",), count)
        up(home, "joan-cord", ("annexe01",), count)
        up(home, "george-cord", ("annexe01", "main0001"), count)


@pytest.mark.parametrize("gone", [{"gatewayId": "annexe01", "state": "OFFLINE"}, "\x1a\x08annexe01"])
def test_a_lorawan_gateway_that_is_lost_names_those_whom_it_alone_hears(home: House, gone: object) -> None:
    """In JSON and in the bytes of its protocol; George's cord is heard by another one."""
    lorawan(home)
    home.hear("eu868/gateway/annexe01/state/conn", {"gatewayId": "annexe01", "state": "ONLINE"}, retain=True)
    home.expect_quiet()
    home.hear("eu868/gateway/annexe01/state/conn", gone, retain=True)
    home.expect("told", level="urgent", device="application/gateway/annexe01")
    assert home.alert.reason.endswith("with 2 devices; without a pendant now: Ada, Joan")
    home.hear("eu868/gateway/annexe01/state/conn", "\x10\x01\x1a\x08annexe01", retain=True)
    home.expect("closed", ending="back")


def test_a_lorawan_gateway_that_says_nothing_is_one_alert_of_all_that_hang_on_it(home: House) -> None:
    """Two devices of a gateway they named are all of it; George's is told as soon as it is overdue, by itself."""
    lorawan(home)
    for _ in range(26):
        home.wait(hours=1)
        up(home, "george-cord", ("main0001",), int(home.elapsed_ms / 1000))
    home.expect("told", level="urgent", device="application/gateway/annexe01")
    assert "Ada, Joan" in home.alert.reason


def test_children_of_a_homie_device_are_lost_with_it(home: House) -> None:
    """Homie 5 says of each child whose it is; the root's last will is the only one there is."""
    place(home, *(cord(f"homie/5/{name}-cord", f"{name}-cord", name) for name in ("ada", "joan")))
    for name in ("ada", "joan"):
        nodes = {"cord": {"properties": {"sos": {"datatype": "boolean", "retained": False}}}}
        about = {"homie": "5.0", "version": 1, "root": "bridge-1", "nodes": nodes}
        home.hear(f"homie/5/{name}-cord/$description", about, retain=True)
    home.hear("homie/5/bridge-1/$state", "ready", retain=True)
    home.hear("homie/5/bridge-1/$state", "lost", retain=True)
    home.expect("told", level="urgent", device="homie/5/bridge-1")
    assert "Ada, Joan" in home.alert.reason


def test_a_homie_device_that_says_how_often_it_speaks_is_held_to_it(home: House) -> None:
    """Its line may hang open: three intervals without a word are told."""
    place(home, cord("homie/cord-12", "cord", "ada"))
    home.hear("homie/cord-12/$stats/interval", "60", retain=True)
    home.hear("homie/cord-12/$state", "ready")
    for _ in range(60):
        home.wait(minutes=1)
        home.hear("homie/cord-12/$stats/uptime", str(home.elapsed_ms // 1000))
    home.expect_quiet()
    home.wait(minutes=6)
    home.expect("told", device="cord")


def test_devices_that_share_an_availability_hang_on_one_gateway(home: House) -> None:
    """They introduced themselves without naming it; its end is one alert, and each of them is back with it."""
    place(home, *(cord(f"homeassistant/{name}-cord", f"{name}-cord", name) for name in ("ada", "joan")))
    for name in ("ada", "joan"):
        config = {"name": "SOS", "stat_t": f"box/{name}", "avty_t": "box/alive", "dev": {"ids": f"{name}-cord"}}
        home.hear(f"homeassistant/binary_sensor/{name}/config", config, retain=True)
    home.hear("box/alive", "online", retain=True)
    home.hear("box/alive", "offline", retain=True)
    home.expect("told", level="urgent", device="homeassistant/box/alive")
    assert "Ada, Joan" in home.alert.reason
    home.hear("box/alive", "online", retain=True)
    home.expect("closed", ending="back")
    home.hear("box/joan", "ON")
    home.expect("told", resident="joan", level="emergency")

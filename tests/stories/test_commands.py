"""A device told something by a person: who may, what it may be told, what its ecosystem cannot, and what must wait."""

from collections.abc import Iterator
from dataclasses import replace

import orjson
import pytest

from devices.actuators import COMMANDS, TOLD
from devices.commands import Lock, SetCover, SetTemperature, Sound, TurnOff, TurnOn, Unlock
from devices.registry import Placed, Purpose, Supervision
from hub.command_forms import with_refusal
from hub.requests import read_request
from rules.effects import Answer, Carry, Did
from rules.home import Home, Place, PlaceKind
from tests.stories.house import House
from tests.stories.village import village

LAMP = "room-012-light"
ARGUMENTS: dict[str, dict[str, object]] = {
    "turn_on": {"brightness_pct": 30},
    "sound": {"duration_s": 3},
    "set_cover": {"move": "open"},
    "set_temperature": {"celsius": 21},
    "say": {"text": "Tea is ready."},
}


def placed(name: str, place: str, purpose: Purpose) -> Placed:
    """One more device of the village."""
    return Placed(device=f"homeassistant/{name}", name=name, place=place, purpose=purpose)


def fitted() -> Home:
    """The village with a blind, heating, a speaker and two locks, one of them outside."""
    home = village()
    front = Place(place="front", name="Front door", kind=PlaceKind.OUTSIDE_DOOR, zone="ground")
    more = (
        placed("room-012-blind", "012", Purpose.COVER),
        placed("room-012-heating", "012", Purpose.THERMOSTAT),
        placed("room-012-lock", "012", Purpose.LOCK),
        placed("front-lock", "front", Purpose.LOCK),
        placed("lounge-speaker", "lounge", Purpose.SPEAKER),
    )
    return replace(home, places=(*home.places, front), devices=(*home.devices, *more))


@pytest.fixture
def home() -> House:
    """That village, with everybody signed on."""
    return House(home=fitted())


NUMBERS: Iterator[int] = iter(range(1, 10_000))


def tell(
    home: House,
    device: str,
    do: str,
    client: str = "dashboards",
    by: str = "carer-1",
    ecosystem: bool = True,
    **more: object,
) -> Answer:
    """Somebody lets a device do something, as the request comes over MQTT, and its ecosystem is asked whether it can.

    What is refused makes no command, and what is not makes one.
    """
    said = {"do": do, **(more or ARGUMENTS.get(do, {}))}
    body = {"id": f"t{next(NUMBERS)}", "do": "command", "device": device, "by": by, "command": said}
    asked = read_request(client, orjson.dumps(body), home.wall_ms)
    home.take(with_refusal(asked, home.state.setting, home.catalogue, home.known) if ecosystem else asked)
    (answer,) = [effect for effect in home.happened if isinstance(effect, Answer)]
    assert bool([effect for effect in home.happened if isinstance(effect, Carry)]) is answer.ok
    assert ("commanded" in home.did()) is answer.ok
    return answer


def heard_of(home: House) -> None:
    """The devices of Home Assistant introduce themselves."""
    for component, name, settings in (
        ("cover", "room-012-blind", {"command_topic": "blind/set", "set_position_topic": "blind/position"}),
        ("climate", "room-012-heating", {"temperature_command_topic": "heating/set"}),
        ("lock", "room-012-lock", {"command_topic": "lock/set", "state_topic": "lock"}),
        ("lock", "front-lock", {"command_topic": "front/set", "state_topic": "front"}),
        ("notify", "lounge-speaker", {"command_topic": "speaker/say"}),
    ):
        about = {"identifiers": [name], "name": name}
        home.hear(
            f"homeassistant/{component}/{name}/config",
            {"name": "Speaker", "unique_id": name, "device": about, **settings},
            retain=True,
        )


def test_staff_on_shift_switch_a_light(home: House) -> None:
    """And the log says who asked for what."""
    answer = tell(home, LAMP, "turn_on", brightness_pct=30, color_temp_k=2700, transition_s=2)
    assert answer.reason == "asked for"
    assert home.commands() == [
        TurnOn(device="zigbee2mqtt/room-012-light", brightness_pct=30, color_temp_k=2700, transition_s=2)
    ]
    (line,) = home.logs(Did.COMMANDED)
    assert line.reason == f"Anna asked {LAMP} to be switched on, 30 %, 2700 K, within 2 s"
    assert (line.by, line.device, line.room) == ("carer-1", "zigbee2mqtt/room-012-light", "012")
    assert tell(home, LAMP, "turn_off").ok
    assert home.commands() == [TurnOff(device="zigbee2mqtt/room-012-light")]


def test_the_short_way_is_on_or_off(home: House) -> None:
    """As `reason`, also in the requests of an older ledger."""
    assert home.ask("command", device=LAMP, reason="on", by="carer-1").ok
    assert home.lights() == ["zigbee2mqtt/room-012-light"]
    assert home.ask("command", device=LAMP, reason="off", by="carer-1").ok
    assert home.refused("command", device=LAMP, reason="blue", by="carer-1").startswith("say which command: turn_on")
    assert "no device" in home.refused("command", device="room-099-light", reason="on", by="carer-1")


def test_only_who_is_on_shift_may(home: House) -> None:
    """A name, and one that has signed on."""
    assert tell(home, LAMP, "turn_on", by="").reason == "say who: by"
    assert tell(home, LAMP, "turn_on", by="manager-1").reason == "Mary is not on shift: sign on first"
    assert "stranger is not on shift" in tell(home, LAMP, "turn_on", by="stranger").reason
    home.ask("sign_on", by="Ingrid of the agency")
    assert tell(home, LAMP, "turn_on", by="Ingrid of the agency").ok
    for client in ("homeassistant", "call-point-3"):
        assert tell(home, LAMP, "turn_on", client=client).reason == f"{client} may only ask for: call"


def test_a_room_s_screen_may_what_is_in_that_room(home: House) -> None:
    """Its light, blind, heating and own door; nothing of another room, and nothing that sounds or speaks."""
    heard_of(home)
    for device, do in ((LAMP, "turn_on"), ("room-012-blind", "set_cover"), ("room-012-heating", "set_temperature")):
        assert tell(home, device, do, client="room-012").ok
    assert tell(home, "room-012-lock", "unlock", client="room-012").ok
    assert home.logs(Did.COMMANDED)[0].reason == "the screen of Room 012 asked room-012-lock to be unlocked"
    assert home.logs(Did.COMMANDED)[0].by is None, "a room that says it is Anna is not"
    assert tell(home, LAMP, "turn_on", client="room-013").reason == f"{LAMP} is not in Room 013"
    assert tell(home, "front-lock", "unlock", client="room-012").reason == "front-lock is not in Room 012"
    assert "makes no sound" in tell(home, "lounge-speaker", "say", client="room-lounge").reason


def test_no_screen_of_a_place_opens_an_outside_door(home: House) -> None:
    """Also not the one that hangs beside it; staff do."""
    heard_of(home)
    why = tell(home, "front-lock", "unlock", client="room-front").reason
    assert why == "an outside door is locked and unlocked by staff alone"
    assert tell(home, "front-lock", "unlock").ok
    assert home.commands() == [Unlock(device="homeassistant/front-lock")]
    assert tell(home, "front-lock", "lock").ok
    assert home.commands() == [Lock(device="homeassistant/front-lock")]


@pytest.mark.parametrize("purpose", list(Purpose))
def test_what_a_device_is_for_stands_above_what_it_can(purpose: Purpose) -> None:
    """A relay that hangs on a pull cord is not switched, a lamp is not locked; each refusal says so in words."""
    thing = Placed(device="zigbee2mqtt/thing", name="thing", place="lounge", purpose=purpose)
    home = House(home=replace(village(), devices=(thing,)))
    for word, kind in COMMANDS.items():
        answer = tell(home, "thing", word, ecosystem=False)
        assert answer.ok is (kind in TOLD.get(purpose, frozenset()))
        assert answer.ok or answer.reason.startswith(f"thing is for {purpose.replace('_', ' ')}: it cannot ")


def test_what_its_ecosystem_cannot_is_said_in_its_words(home: House) -> None:
    """A pendant's gateway that only listens, a lamp that has no colours, a device that never introduced itself."""
    home.hear(
        "zigbee2mqtt/bridge/devices",
        [{"friendly_name": LAMP, "definition": {"model": "L1", "vendor": "Lamps", "exposes": [
            {"type": "light", "features": [
                {"type": "binary", "name": "state", "property": "state", "access": 7, "value_on": "ON",
                 "value_off": "OFF"}]}]}}],
    )  # fmt: skip
    assert tell(home, LAMP, "turn_on", brightness_pct=30).reason == f"{LAMP} (Lamps L1) cannot be dimmed"
    assert tell(home, LAMP, "turn_on", color_temp_k=2700).reason.endswith("cannot change its colour temperature")
    assert tell(home, LAMP, "turn_off").ok
    assert "room-012-blind" in tell(home, "room-012-blind", "set_cover").reason
    heard_of(home)
    assert tell(home, "room-012-blind", "set_cover", position_pct=40).ok
    assert home.commands() == [SetCover(device="homeassistant/room-012-blind", position_pct=40)]
    assert tell(home, "room-012-heating", "set_temperature").ok
    assert home.commands() == [SetTemperature(device="homeassistant/room-012-heating", celsius=21)]
    assert tell(home, "lounge-speaker", "say").ok
    assert home.logs(Did.COMMANDED)[0].reason == "Anna asked lounge-speaker to say: Tea is ready."


def test_an_alert_that_sounds_is_not_silenced_from_a_page(home: House) -> None:
    """A siren goes quiet when somebody takes the alert; before, nothing may be said to it."""
    assert tell(home, "ground-siren", "sound").ok
    assert home.commands() == [Sound(device="zigbee2mqtt/ground-siren", duration_s=3, level="call")]
    home.press("012")
    for seconds in (0, 1):
        why = tell(home, "ground-siren", "sound", duration_s=seconds).reason
        assert why == "an alert sounds on ground-siren: it goes quiet when somebody takes the alert"
    home.claim("carer-1")
    assert tell(home, "ground-siren", "sound", duration_s=0).ok


def test_in_a_fire_no_door_is_locked_and_nothing_speaks(home: House) -> None:
    """Doors may be opened, and lights go on."""
    heard_of(home)
    home.ask("mode", reason="fire", by="carer-1")
    for device, do in (("front-lock", "lock"), ("lounge-speaker", "say"), ("ground-siren", "sound")):
        assert "fire alarm" in tell(home, device, do).reason
    assert tell(home, "front-lock", "unlock").ok
    assert tell(home, LAMP, "turn_on").ok


def test_what_waited_at_the_broker_opens_no_door(home: House) -> None:
    """Nobody knows how old a request is that comes with the connection: who still wants it asks again."""
    heard_of(home)
    home.loses_broker()
    assert "ask again" in tell(home, "front-lock", "unlock").reason
    home.wait(minutes=90)
    home.finds_broker()
    home.wait(seconds=1)
    assert "ask again" in tell(home, "front-lock", "unlock").reason
    home.wait(seconds=5)
    assert tell(home, "front-lock", "unlock").ok
    home.down(minutes=30)
    assert "ask again" in tell(home, "front-lock", "unlock").reason


def test_who_asks_is_told_that_the_device_is_gone(home: House) -> None:
    """It is asked for all the same: what was thought lost may still hear."""
    lamp = next(row for row in home.home.devices if row.name == LAMP)
    others = tuple(row for row in home.home.devices if row.name != LAMP)
    home.configure(replace(home.home, devices=(*others, replace(lamp, supervision=Supervision.ACTUATOR))))
    home.hear("zigbee2mqtt/room-012-light/availability", {"state": "offline"})
    assert tell(home, LAMP, "turn_on").reason == "asked for; it may not hear it: offline"
    home.hear("zigbee2mqtt/room-012-light/availability", {"state": "online"})
    assert tell(home, LAMP, "turn_on").reason == "asked for"


def test_the_same_request_again_is_done_once(home: House) -> None:
    """A tap that was not answered is sent again under its own id."""
    said = {"id": "tap", "device": LAMP, "by": "carer-1", "reason": "on"}
    first = home.ask("command", **said)
    assert home.commands()
    assert home.ask("command", **said) == first
    assert not home.commands()

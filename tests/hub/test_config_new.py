"""A home that `handrail new` writes: right as it is, readable, and with a broker that lets in whom it should."""

import base64
import hashlib
import io
import os
import re
import stat
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import aiomqtt
import pytest
from ruamel.yaml import YAML

from devices.registry import Purpose
from devices.topics import matches
from hub.config.accounts import Account, password_line
from hub.config.check import check_home
from hub.config.gateway_accounts import GATEWAYS
from hub.config.new import write_new
from hub.config.problems import HomeNotWritten
from hub.config.read import read_home
from hub.config.shipped import broker_settings
from hub.simulate.ecosystems import peers
from hub.simulate.peer import Peer
from rules.home import Light, Role, Wait
from tests.parts import end, free_port, listens, part, until_now

PLACE_001 = '  - {place: "001", name: Room 1,  kind: bedroom, zone: ground}'


def test_a_new_home_is_accepted_unchanged(tmp_path: Path) -> None:
    """Sixty rooms with five devices each, and nothing to say but what it cannot know: how people call without it."""
    write_new(tmp_path / "home", rooms=60, slug="sunny-court")
    reading = read_home(tmp_path / "home")
    home = reading.home
    (warning,) = reading.warnings
    first = (tmp_path / "home/home.yaml").read_text().splitlines().index(PLACE_001) + 1
    assert (warning.file, warning.line, reading.refused_plans) == ("home.yaml", first, ())
    said = f"62 places have no call point that works without Handrail: 001 to lounge (lines {first} to {first + 61})"
    assert warning.what == said
    assert [place.place for place in home.places][:60] == [f"{number:03d}" for number in range(1, 61)]
    assert [(resident.resident, resident.room) for resident in home.residents][59] == ("resident-060", "060")
    assert [(carer.id, carer.role, carer.always) for carer in home.staff] == [
        ("carer-1", Role.CARER, True),
        ("carer-2", Role.CARER, True),
        ("manager-1", Role.MANAGER, True),
    ]
    assert all(zone.screens == ("board",) for zone in home.zones)
    assert [(device.name, device.device, device.purpose, device.person) for device in home.devices[:5]] == [
        ("room-001-pendant", "zigbee2mqtt/room-001-pendant", Purpose.EMERGENCY, "resident-001"),
        ("room-001-door", "zigbee2mqtt/room-001-door", Purpose.DOOR, None),
        ("room-001-bed", "zigbee2mqtt/room-001-bed", Purpose.BED, None),
        ("room-001-motion", "zigbee2mqtt/room-001-motion", Purpose.MOTION, None),
        ("room-001-light", "zigbee2mqtt/room-001-light", Purpose.LIGHT, None),
    ]
    assert len(home.devices) == 300


def test_every_resident_begins_with_the_door_left_open(tmp_path: Path) -> None:
    """The light at once, staff after the time that was asked for, at all hours."""
    write_new(tmp_path / "home", rooms=2, held_for="20 s")
    for number, resident in enumerate(read_home(tmp_path / "home").home.residents, start=1):
        (rule,) = resident.rules
        assert (rule.rule, rule.device, rule.during) == ("left-open", f"room-{number:03d}-door", None)
        assert rule.help == (Light(device=f"room-{number:03d}-light"), Wait(seconds=20, hold=True))


def test_the_example_in_a_plan_works_when_it_is_taken_up(tmp_path: Path) -> None:
    """Taking the # away gives rules with their agreements: written out in the first plan, ready ones in the others."""
    write_new(tmp_path / "home", rooms=2)
    plan = tmp_path / "home/residents/resident-001.yaml"
    text = re.sub(r"^# ( .*)$", r" \1", plan.read_text(), flags=re.MULTILINE)
    plan.write_text(re.sub(r"^# (?=(?:goals|likes|agreement|senses|abilities): )", "", text, flags=re.MULTILINE))
    ready = tmp_path / "home/residents/resident-002.yaml"
    ready.write_text(re.sub(r"^# ( .*)$", r" \1", ready.read_text(), flags=re.MULTILINE))
    reading = read_home(tmp_path / "home")
    assert ([warning.file for warning in reading.warnings], reading.refused_plans) == (["home.yaml"], ())
    first, second = reading.home.residents
    names = ["left-open", "up-at-night", "door-at-night", "call-daughter"]
    assert [rule.rule for rule in first.rules] == names
    assert (first.goals, first.agreement is not None) == (("To keep walking to the lounge by myself",), True)
    assert [rule.rule for rule in second.rules] == ["left-open", "out-of-bed"]


def test_the_examples_in_the_other_files_work_too(tmp_path: Path) -> None:
    """A ladder, the times, more devices and a nurse: what stands in a comment is right."""
    home = tmp_path / "home"
    write_new(home, rooms=1)
    for name, marks in {"home.yaml": "# ", "devices.yaml": "#", "staff.yaml": "#"}.items():
        lines = (home / name).read_text().splitlines()
        start = next((number for number, line in enumerate(lines) if line in ("# ladders:",)), 0)
        if name != "home.yaml":
            start = max(number for number, line in enumerate(lines) if line == "#")
        taken = [re.sub(rf"^{marks}(?=[a-z_]+:|  |   -)", "", line) for line in lines[start:]]
        (home / name).write_text("\n".join([*lines[:start], *taken]) + "\n")
    for secret in ("influxdb.token", "home-assistant.token", "nurse-1-phone.url"):
        (home / "secrets").mkdir(exist_ok=True)
        (home / "secrets" / secret).write_text("secret\n")
        (home / "secrets" / secret).chmod(0o600)
    reading = read_home(home)
    assert [warning.what.partition(":")[0] for warning in reading.warnings] == [
        "3 places have no call point that works without Handrail"
    ]
    assert (len(reading.home.devices), len(reading.home.staff)) == (8, 4)
    assert reading.home.staff[3].phone == "+44 7700 900123"
    assert reading.settings.series is not None
    assert reading.settings.home_assistant is not None
    assert [activity.activity for activity in reading.home.activities] == ["tai-chi"]
    assert len(reading.home.ladders) == 6


@pytest.mark.parametrize("rooms", [1, 9, 100, 500])
def test_homes_of_any_size_are_accepted(tmp_path: Path, rooms: int) -> None:
    """As many rooms as were asked for, with first names where these are wanted."""
    write_new(tmp_path / "home", rooms=rooms, residents_names=True)
    home = read_home(tmp_path / "home").home
    assert len({resident.known_as for resident in home.residents}) == rooms
    assert home.residents[0].known_as == "Margaret"


def test_no_line_of_a_new_home_is_wider_than_a_page(tmp_path: Path) -> None:
    """A manager reads it in any editor."""
    write_new(tmp_path / "home", rooms=3, broker="mqtts://hub@broker.home")
    for file in [*(tmp_path / "home").glob("*.yaml"), *(tmp_path / "home/residents").glob("*.yaml")]:
        assert [line for line in file.read_text().splitlines() if len(line) > 120 or line != line.rstrip()] == []


def test_other_readers_of_yaml_read_the_same_names(tmp_path: Path) -> None:
    """What `new` writes means the same to an ordinary YAML reader: room numbers stay words."""
    write_new(tmp_path / "home", rooms=9)
    plain = YAML(typ="safe", pure=True)
    places = plain.load((tmp_path / "home/home.yaml").read_text())["places"]
    assert [place["place"] for place in places][:2] == ["001", "002"]
    assert plain.load((tmp_path / "home/residents/resident-009.yaml").read_text())["room"] == "009"


def test_without_a_log_in_nothing_secret_is_written(tmp_path: Path) -> None:
    """No TLS and no password in the address: the broker asks for none."""
    made = write_new(tmp_path / "home", rooms=1, broker="mqtt://127.0.0.1:27183")
    assert made.accounts == ()
    assert not any((tmp_path / "home" / name).exists() for name in ("users", "acl", "secrets"))
    conf = (tmp_path / "home/mosquitto.conf").read_text().splitlines()
    assert "listener 27183 127.0.0.1" in conf
    assert "allow_anonymous true" in conf
    assert read_home(tmp_path / "home").settings.broker.port == 27183


def test_a_password_in_the_address_goes_into_a_file_alone(tmp_path: Path) -> None:
    """`home.yaml` and the broker's configuration hold no secret; files that do are the owner's."""
    made = write_new(tmp_path / "home", rooms=1, broker="mqtt://house:pa%20ss@broker.home")
    assert [account.username for account in made.accounts] == [
        "house",
        "dashboards",
        "watcher",
        *("zigbee2mqtt", "rtl_433", "esphome", "shelly", "tasmota", "theengs", "lorawan", "homie", "frigate"),
        "handrail-device",
    ]
    assert made.accounts[0].password == "pa ss"
    secrets = [account.password for account in made.accounts]
    for file in made.files:
        text = file.read_text()
        if file.parent.name == "secrets":
            assert text.rstrip("\n") in secrets
        else:
            assert not any(secret in text for secret in secrets)
        private = file.parent.name == "secrets" or file.name in ("users", "acl")
        assert bool(stat.S_IMODE(file.stat().st_mode) & 0o077) is not private
    settings = read_home(tmp_path / "home").settings
    assert settings.broker.username == "house"
    assert settings.broker.password_file is not None
    assert settings.broker.password_file.read_text() == "pa ss\n"
    assert settings.dashboards_broker.username == "dashboards"


def test_with_tls_the_broker_is_given_its_place_for_a_certificate(tmp_path: Path) -> None:
    """A home with TLS has log-ins too, and is accepted before the certificate is there."""
    write_new(tmp_path / "home", rooms=1, broker="mqtts://broker.home")
    conf = (tmp_path / "home/mosquitto.conf").read_text()
    assert "\nlistener 8883\n" in conf
    assert f"certfile {tmp_path / 'home/certificates/broker.crt'}" in conf
    assert check_home(tmp_path / "home", out=io.StringIO()) == 0


def test_the_home_s_broker_has_every_setting_that_is_shipped(tmp_path: Path) -> None:
    """The listener comes below, nothing above is changed."""
    write_new(tmp_path / "home", rooms=1)
    conf = (tmp_path / "home/mosquitto.conf").read_text()
    assert conf.startswith(broker_settings())
    assert "max_queued_messages " in conf


def test_a_password_is_hashed_as_mosquitto_does_it() -> None:
    """Format, salt, rounds and length."""
    line = password_line(Account(username="hub", password="secret"), salt=b"0123456789ab")
    name, empty, kind, rounds, salt, hashed = re.split(r"[:$]", line)
    assert (name, empty, kind) == ("hub", "", "7")
    assert base64.b64decode(salt) == b"0123456789ab"
    assert base64.b64decode(hashed) == hashlib.pbkdf2_hmac("sha512", b"secret", b"0123456789ab", int(rounds))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"rooms": 0}, "--rooms 0: expected from 1 to 500"),
        ({"rooms": 501}, "--rooms 501: expected from 1 to 500"),
        ({"slug": "Sunny Court"}, '--home "Sunny Court": expected small letters'),
        ({"broker": "127.0.0.1:1883"}, "--broker 127.0.0.1:1883: expected mqtt://host:port"),
        ({"broker": "mqtt://127.0.0.1:port"}, "--broker mqtt://127.0.0.1:port: expected mqtt://host:port"),
        ({"broker": "mqtt://hub:secret@"}, "--broker mqtt://: expected mqtt://host:port"),
        ({"broker": "mqtt://zigbee2mqtt@broker"}, "the hub's account cannot be called zigbee2mqtt"),
        ({"broker": "mqtt://a:b:c@broker/x"}, "--broker mqtt://broker/x: expected mqtt://host:port"),
        ({"broker": "mqtt://a%0auser%20b@broker"}, "expected letters, digits"),
        ({"held_for": "10"}, 'held_for "10": expected a number with its unit'),
    ],
)
def test_what_cannot_be_written_is_said_in_one_line(tmp_path: Path, asked: dict[str, object], said: str) -> None:
    """A wrong wish leaves nothing behind, and no password in the message."""
    with pytest.raises(HomeNotWritten) as refused:
        write_new(tmp_path / "home", **asked)  # type: ignore[arg-type]
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)
    assert not (tmp_path / "home").exists()


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    """Nothing of somebody's is written over."""
    (tmp_path / "letter.txt").write_text("Dear Margaret")
    with pytest.raises(HomeNotWritten, match="exists and is not empty"):
        write_new(tmp_path, rooms=1)
    assert os.listdir(tmp_path) == ["letter.txt"]


def test_a_disk_of_its_own_for_the_record_may_be_there_already(tmp_path: Path) -> None:
    """Mounted on `data`; one that holds a record is another home's."""
    (tmp_path / "one" / "data").mkdir(parents=True)
    write_new(tmp_path / "one", rooms=1)
    (tmp_path / "other" / "data").mkdir(parents=True)
    (tmp_path / "other" / "data" / "ledger.db").touch()
    with pytest.raises(HomeNotWritten, match="the record of another home"):
        write_new(tmp_path / "other", rooms=1)


def test_a_folder_that_is_there_and_empty_is_used(tmp_path: Path) -> None:
    """A mounted volume is such a folder."""
    assert (tmp_path / "home.yaml") in write_new(tmp_path, rooms=1, slug="h").files


@pytest.fixture
def home_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int, dict[str, str]]]:
    """A new home with log-ins, and the real broker on the very configuration that was written."""
    folder, port = tmp_path_factory.mktemp("new") / "home", free_port()
    made = write_new(folder, rooms=1, slug="sunny-court", broker=f"mqtt://hub@127.0.0.1:{port}")
    with (folder / "broker.log").open("wb") as log:
        process = subprocess.Popen([part("mosquitto"), "-c", folder / "mosquitto.conf"], stdout=log, stderr=log)
    try:
        until_now(lambda: process.poll() is not None or listens(port), 10.0)
        assert process.poll() is None, (folder / "broker.log").read_text()
        yield folder, port, {account.username: account.password for account in made.accounts}
    finally:
        end(process)


async def test_the_broker_of_a_new_home_lets_in_whom_it_should(
    home_broker: tuple[Path, int, dict[str, str]],
) -> None:
    """Each account with its password, nobody with a wrong one or none."""
    _, port, passwords = home_broker
    for username, password in passwords.items():
        async with aiomqtt.Client("127.0.0.1", port, username=username, password=password):
            pass
    strangers: list[tuple[str | None, str | None]] = [("hub", "wrong"), ("nobody", "x"), (None, None)]
    for stranger, guess in strangers:
        with pytest.raises(aiomqtt.MqttError):
            async with aiomqtt.Client("127.0.0.1", port, username=stranger, password=guess):
                pass


def test_no_gateway_has_a_right_to_a_topic_of_handrail_s_own() -> None:
    """Also those whose devices have topics that begin with anything: none may tell staff, or answer for the hub."""
    ours = (
        "alert/state",
        "room/state",
        "done/state",
        "log",
        "status",
        "watch/alert/state",
        "do/state",
        "do/dashboards",
    )
    for gateway in GATEWAYS:
        rights = [line.split(" ", 1) for line in gateway.topics]
        for topic in (f"handrail/sunny-court/{what}" for what in ours):
            given = {right for right, name in rights if matches(name, topic)}
            assert not given or "deny" in given, (gateway.username, topic)


@pytest.mark.parametrize("peer", peers(), ids=lambda peer: peer.name)
def test_each_gateway_may_say_all_it_says_and_hear_all_it_is_told(peer: Peer) -> None:
    """The simulated gateways of every ecosystem, by the lines of their account; the watcher may tell their devices."""
    gateway = next(one for one in GATEWAYS if one.username == peer.account)

    def may(right: str, topic: str) -> bool:
        found = [line.split(" ", 1) for line in gateway.topics]
        return any(given in (right, "readwrite") and matches(name, topic) for given, name in found)

    said_by_it = [*peer.hello(1), *peer.press(2), *([peer.will] if peer.will else [])]
    assert [sent.topic for sent in said_by_it if not may("write", sent.topic)] == []
    told = [topic.replace("+", "x").replace("#", "POWER") for topic in peer.hears]
    assert [topic for topic in told if not may("read", topic)] == []
    assert [topic for topic in told if not any(matches(name, topic) for name in gateway.told)] == []


def said(message: aiomqtt.Message) -> str:
    """The words of a message."""
    assert isinstance(message.payload, bytes)
    return message.payload.decode()


async def test_each_account_says_and_hears_only_its_own(home_broker: tuple[Path, int, dict[str, str]]) -> None:
    """A gateway speaks for its devices and asks under its own name; it can neither tell staff nor ask as a screen."""
    _, port, passwords = home_broker

    def client(username: str) -> aiomqtt.Client:
        return aiomqtt.Client("127.0.0.1", port, username=username, password=passwords[username])

    tried = {
        "zigbee2mqtt": ["zigbee2mqtt/pendant", "rtl_433/events", "handrail/sunny-court/do/zigbee2mqtt"],
        "dashboards": ["zigbee2mqtt/light/set", "handrail/sunny-court/do/dashboards"],
        "rtl_433": ["handrail/sunny-court/alert/1", "handrail/sunny-court/do/dashboards", "rtl_433/events"],
        "watcher": [
            *("zigbee2mqtt/pendant", "handrail/sunny-court/status", "handrail/sunny-court/do/dashboards"),
            *("handrail/sunny-court/watch/alert/w1", "handrail/sunny-court/done/r1", "zigbee2mqtt/siren/set"),
        ],
        "esphome": [
            *("handrail/sunny-court/alert/state", "handrail/sunny-court/do/state", "handrail/sunny-court/done/state"),
            *("room-012/binary_sensor/sos/state", "handrail/sunny-court/do/esphome", "zigbee2mqtt/pendant"),
        ],
        "hub": ["handrail/sunny-court/alert/2", "zigbee2mqtt/light/set"],
    }
    heard: list[tuple[str, str]] = []
    screens_heard: list[str] = []
    async with client("hub") as hub, client("dashboards") as screens:
        await hub.subscribe("#", qos=1)
        await screens.subscribe("handrail/sunny-court/#", qos=1)
        await screens.subscribe("zigbee2mqtt/#", qos=1)
        for username, topic in [(username, topic) for username, topics in tried.items() for topic in topics]:
            # Some versions of the broker end the connection of whoever says what it may not.
            with suppress(aiomqtt.MqttError):
                async with client(username) as speaker:
                    await speaker.publish(topic, username, qos=1, timeout=1)
        await hub.publish("handrail/sunny-court/log", "end", qos=1)
        async for message in hub.messages:
            if said(message) == "end":
                break
            heard.append((said(message), str(message.topic)))
        async for message in screens.messages:
            if said(message) == "end":
                break
            screens_heard.append(str(message.topic))
    assert heard == [
        ("zigbee2mqtt", "zigbee2mqtt/pendant"),
        ("zigbee2mqtt", "handrail/sunny-court/do/zigbee2mqtt"),
        ("dashboards", "handrail/sunny-court/do/dashboards"),
        ("rtl_433", "rtl_433/events"),
        ("watcher", "handrail/sunny-court/watch/alert/w1"),
        ("watcher", "handrail/sunny-court/done/r1"),
        ("watcher", "zigbee2mqtt/siren/set"),
        ("esphome", "room-012/binary_sensor/sos/state"),
        ("esphome", "handrail/sunny-court/do/esphome"),
        ("hub", "handrail/sunny-court/alert/2"),
        ("hub", "zigbee2mqtt/light/set"),
    ]
    assert screens_heard == [topic for _, topic in heard if topic.startswith("handrail/")]

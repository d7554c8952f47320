"""What a home's folder means: to the machine, to the hub, and where only a part of it is right."""

from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.registry import Placed, Purpose, Supervision
from hub.config.problems import ConfigurationRefused
from hub.config.read import continued, read_home
from hub.config.settings import SeriesSettings, data_folder
from hub.config.stored import home_from_json, home_json, settings_from_json, settings_json
from hub.mqtt.types import BrokerAddress
from rules.alerting.levels import LADDERS, Ladder, Level, Rung, Who
from rules.home import (
    Carer,
    Channel,
    DelayAgreed,
    Home,
    Light,
    Otherwise,
    Place,
    Resident,
    Rule,
    Say,
    Settles,
    Shift,
    Times,
    Wait,
    Zone,
)
from tests.hub.config_home import DEVICES, HOME, MARGARET, replaced, write_home


def resident(home: Home, name: str) -> Resident:
    """The resident of that name."""
    return next(resident for resident in home.residents if resident.resident == name)


def test_a_home_that_is_right_has_nothing_to_say(tmp_path: Path) -> None:
    """Nobody is warned of anything, and everybody is there."""
    reading = read_home(write_home(tmp_path))
    assert (reading.warnings, reading.refused_plans) == ((), ())
    assert [zone.zone for zone in reading.home.zones] == ["ground", "first"]
    assert [resident.resident for resident in reading.home.residents] == ["arthur", "margaret"]
    assert [carer.id for carer in reading.home.staff] == ["carer-1", "nurse-1", "manager-1"]
    assert reading.home.staff[1].shifts == (Shift(days=("mon", "tue"), start="21:00", end="07:00"),)


def test_devices_get_the_supervision_that_their_purpose_implies(tmp_path: Path) -> None:
    """A pendant is watched as a pendant, a siren as an actuator, unless somebody says otherwise."""
    changed = replaced("devices.yaml", 'for: bed, place: "001"', 'for: bed, place: "001", supervision: mains_sensor')
    home = read_home(write_home(tmp_path, changed)).home
    assert {device.name: device.supervision for device in home.devices} == {
        "room-001-pendant": Supervision.PENDANT,
        "room-001-door": Supervision.BATTERY_SENSOR,
        "room-001-bed": Supervision.MAINS_SENSOR,
        "room-001-light": Supervision.ACTUATOR,
        "room-002-door": Supervision.BATTERY_SENSOR,
        "stairs-siren": Supervision.ACTUATOR,
    }
    pendant = home.devices[0]
    assert pendant == Placed(
        device="zigbee2mqtt/room-001-pendant",
        name="room-001-pendant",
        person="margaret",
        purpose=Purpose.EMERGENCY,
        supervision=Supervision.PENDANT,
    )


def test_a_camera_at_an_outside_door_is_accepted(tmp_path: Path) -> None:
    """It says that somebody is there, and belongs to a place where nobody lives or sits."""
    door = "  - {place: side-door, name: Side door, kind: outside_door, zone: ground, call_point: bell}\n"
    camera = "  - {device: side-camera, address: frigate/side_door, for: motion, place: side-door}\n"
    changed = {"home.yaml": HOME + door, "devices.yaml": DEVICES + camera}
    reading = read_home(write_home(tmp_path, changed))
    assert reading.warnings == ()
    assert [device.name for device in reading.home.devices if device.purpose is Purpose.MOTION] == ["side-camera"]


def test_left_open_holds_after_its_help(tmp_path: Path) -> None:
    """The light comes at once, the ten minutes are a hold and no delay, the closed door settles it."""
    margaret = resident(read_home(write_home(tmp_path)).home, "margaret")
    assert margaret.rules[0] == Rule(
        rule="left-open",
        why="She likes her door closed.",
        resident="margaret",
        place="001",
        device="room-001-door",
        kind="contact",
        value="open",
        help=(Light(device="room-001-light", brightness_pct=30), Wait(seconds=600, hold=True)),
        settled_by=(Settles(device="room-001-door", kind="contact", value="closed"), Settles(ok=True)),
        otherwise=Otherwise(level=Level.CHECK, say="The door of Room 1 has been open for {for}."),
    )


def test_out_of_bed_helps_first_and_waits_as_agreed(tmp_path: Path) -> None:
    """Light, words, a quarter of an hour, and then staff."""
    margaret = resident(read_home(write_home(tmp_path)).home, "margaret")
    rule = margaret.rules[1]
    assert (rule.kind, rule.value, rule.during) == ("bed", "empty", ("22:00", "07:00"))
    assert rule.help == (
        Light(device="room-001-light", brightness_pct=30),
        Say(text="Take your time, Margaret."),
        Wait(seconds=900),
    )
    assert rule.settled_by == (Settles(device="room-001-bed", kind="bed", value="occupied"), Settles(ok=True))
    assert rule.delay_agreed == DelayAgreed(risk="walks steadily", by="J. Shah", on="2026-10-02")


def test_a_wait_that_nobody_agreed_to_is_nothing(tmp_path: Path) -> None:
    """Without its agreement a delay is 0, and somebody is told so."""
    agreed = "    delay_agreed: {risk: walks steadily, by: J. Shah, on: 2026-10-02}\n"
    reading = read_home(write_home(tmp_path, replaced("residents/margaret.yaml", agreed, "")))
    assert resident(reading.home, "margaret").rules[1].help[-1] == Wait(seconds=0)
    assert [str(warning) for warning in reading.warnings] == [
        "residents/margaret.yaml:18: waits 900 s that nobody has agreed to:"
        " they are 0 until delay_agreed names risk, by and on"
    ]


def test_a_refused_plan_leaves_its_resident_known_and_the_others_alone(tmp_path: Path) -> None:
    """Margaret's pendant stays Margaret's, in her room, and Arthur's plan goes on."""
    changed = replaced("residents/margaret.yaml", "held_for: 10 min", "held_for: 10")
    reading = read_home(write_home(tmp_path, changed))
    assert resident(reading.home, "margaret") == Resident(resident="margaret", known_as="Margaret", room="001")
    assert [problem.line for problem in reading.refused_plans] == [8]
    assert resident(reading.home, "arthur").known_as == "Arthur"


def test_even_a_plan_that_is_no_yaml_leaves_its_resident_known(tmp_path: Path) -> None:
    """Name and room are read by eye where the rest cannot be read at all."""
    reading = read_home(write_home(tmp_path, {"residents/margaret.yaml": MARGARET + "  - [unfinished\n"}))
    assert resident(reading.home, "margaret") == Resident(resident="margaret", known_as="Margaret", room="001")


def test_a_plan_of_nothing_but_noise_keeps_the_name_of_its_file(tmp_path: Path) -> None:
    """The devices of a person whose file is destroyed are still that person's; all else is as it was, if it was."""
    last = read_home(write_home(tmp_path)).home
    (tmp_path / "residents/margaret.yaml").write_bytes(b"\xff\xfe\0\0")
    reading = read_home(tmp_path)
    assert resident(reading.home, "margaret") == Resident(resident="margaret", known_as="margaret", room="")
    assert read_home(tmp_path, last).home == last


def test_a_refused_plan_goes_on_as_it_was_accepted_last(tmp_path: Path) -> None:
    """A typing error takes no rule away."""
    last = read_home(write_home(tmp_path)).home
    changed = replaced("residents/margaret.yaml", "held_for: 10 min", "held_for: 10")
    reading = read_home(write_home(tmp_path, changed), last)
    assert reading.refused_plans
    assert reading.home == last
    assert continued(read_home(tmp_path), last) == reading


def test_a_rule_of_before_ends_where_its_device_is_gone(tmp_path: Path) -> None:
    """What was accepted last goes on only as far as the devices of now allow."""
    last = read_home(write_home(tmp_path)).home
    gone = '  - {device: room-001-bed, address: zigbee2mqtt/room-001-bed, for: bed, place: "001"}\n'
    reading = read_home(write_home(tmp_path, replaced("devices.yaml", gone, "")), last)
    assert [rule.rule for rule in resident(reading.home, "margaret").rules] == ["left-open"]
    assert [problem.line for problem in reading.refused_plans] == [16]


def test_in_a_shared_room_only_a_persons_own_device_starts_a_delay(tmp_path: Path) -> None:
    """The bed of two is nobody's; the bed with a name on it may."""
    both = {"residents/arthur.yaml": 'resident: arthur\nknown_as: Arthur\nroom: "001"\n'}
    refused = [str(problem) for problem in read_home(write_home(tmp_path, both)).refused_plans]
    assert refused == [
        'residents/margaret.yaml:16: "room-001-bed" is nobody\'s in a room that is shared: it may not start a delay;'
        " expected a device with person: margaret"
    ]
    hers = replaced("devices.yaml", 'for: bed, place: "001"', 'for: bed, place: "001", person: margaret')
    assert not read_home(write_home(tmp_path, both | hers)).refused_plans
    his = replaced("devices.yaml", 'for: bed, place: "001"', 'for: bed, place: "001", person: arthur')
    refused = [str(problem) for problem in read_home(write_home(tmp_path, both | his)).refused_plans]
    assert refused == ['residents/margaret.yaml:16: "room-001-bed" belongs to arthur; expected a device of margaret']


def test_ladders_and_times_of_the_home_stand_over_the_built_in_ones(tmp_path: Path) -> None:
    """What is not written stays as it is built in."""
    own = (
        "ladders:\n"
        "  call:\n"
        "    rungs: [{after: 0 s, tell: [zone]}, {after: 3 min, tell: [shift, lead]}]\n"
        "    repeat: 2 min\n"
        "    attend_within: 5 min\n"
        "times: {promise_longest: 30 min, night: 21:00-06:30, battery_low_pct: 20}\n"
    )
    home = read_home(write_home(tmp_path, {"home.yaml": HOME + own})).home
    assert home.ladders[Level.CALL] == Ladder(
        rungs=(Rung(after_s=0, who=(Who.ZONE,)), Rung(after_s=180, who=(Who.SHIFT, Who.LEAD))),
        repeat_s=120,
        attend_within_s=300,
    )
    assert home.ladders[Level.EMERGENCY] == LADDERS[Level.EMERGENCY]
    assert home.times == Times(promise_longest_s=1800, night_from="21:00", night_to="06:30", battery_low_pct=20)


def test_a_home_without_times_has_the_built_in_ones(tmp_path: Path) -> None:
    """The values said in the files and those of the machine are the same."""
    home = read_home(write_home(tmp_path)).home
    assert home.times == Times()
    assert home.ladders == LADDERS


def test_the_machines_settings_are_read(tmp_path: Path) -> None:
    """Broker with both accounts, screens, store: paths from the home's folder on."""
    for name in ("hub.password", "screens.password", "influx.token", "ca.crt"):
        (tmp_path / name).write_text("secret\n")
        (tmp_path / name).chmod(0o600)
    more = (
        "dashboards: {host: 0.0.0.0, port: 9000, username: dashboards, password_file: screens.password}\n"
        "series: {influxdb: {url: 'http://127.0.0.1:8086', org: home, bucket: b, token_file: influx.token}}\n"
        "data: store\n"
    )
    broker = "  url: mqtts://broker.home\n  username: hub\n  password_file: hub.password\n  ca_file: ca.crt\n"
    text = HOME.replace("  url: mqtt://127.0.0.1:1883\n", broker) + more
    reading = read_home(write_home(tmp_path, {"home.yaml": text}))
    settings = reading.settings
    assert settings.broker == BrokerAddress(
        host="broker.home",
        port=8883,
        tls=True,
        ca_file=tmp_path / "ca.crt",
        username="hub",
        password_file=tmp_path / "hub.password",
    )
    assert settings.dashboards_broker == replace(
        settings.broker, username="dashboards", password_file=tmp_path / "screens.password"
    )
    assert (settings.dashboards_host, settings.dashboards_port) == ("0.0.0.0", 9000)
    assert settings.data == tmp_path / "store"
    assert settings.series == SeriesSettings(
        url="http://127.0.0.1:8086", org="home", bucket="b", token_file=tmp_path / "influx.token"
    )
    assert reading.warnings == ()
    assert settings_from_json(settings_json(settings)) == settings


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (HOME, "data"),
        (HOME + "data: store  # on the other disk\n", "store"),
        (HOME + 'data: "a b"\nbroken: [\n', "a b"),
        ("[" * 30, "data"),
    ],
)
def test_the_ledger_is_found_even_where_home_yaml_is_not_understood(tmp_path: Path, text: str, data: str) -> None:
    """What was accepted last is kept there, and goes on."""
    write_home(tmp_path, {"home.yaml": text})
    assert data_folder(tmp_path) == tmp_path / data
    assert data_folder(tmp_path / "nowhere") == tmp_path / "nowhere/data"


def test_a_secret_that_everybody_can_read_is_a_warning(tmp_path: Path) -> None:
    """The home goes on, and is told what to type."""
    secret = tmp_path / "hub.password"
    secret.write_text("secret\n")
    secret.chmod(0o644)
    broker = "  url: mqtt://127.0.0.1\n  username: hub\n  password_file: hub.password\n"
    text = HOME.replace("  url: mqtt://127.0.0.1:1883\n", broker)
    reading = read_home(write_home(tmp_path, {"home.yaml": text}))
    assert [str(warning) for warning in reading.warnings] == [
        "home.yaml:7: hub.password can be read by everybody on this machine; expected chmod 600 hub.password"
    ]


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    """An empty file would be an empty password."""
    (tmp_path / "carer.url").write_text("")
    staff = replaced("staff.yaml", "    always: true\n", "    always: true\n    channels: [{url_file: carer.url}]\n")
    with pytest.raises(ConfigurationRefused, match=r"staff.yaml:5: url_file carer.url is empty"):
        read_home(write_home(tmp_path, staff))


@pytest.mark.parametrize(
    ("file", "right", "wrong", "warning"),
    [
        (
            "home.yaml",
            "    screens: [board]\n",
            "    accepted_without: Nobody sleeps here. C. Ray, 2026-10-02\n",
            'home.yaml:7: zone "ground" is silent, which the home has accepted',
        ),
        (
            "devices.yaml",
            "for: emergency, person: margaret",
            "for: emergency, person: margaret, supervision: none",
            'devices.yaml:2: "room-001-pendant" is for emergency and is not supervised:'
            " nobody learns when it is silent",
        ),
        (
            "staff.yaml",
            "    always: true\n",
            "",
            "staff.yaml:1: nobody is on the rota from wed 07:00 to mon 21:00 (the longest of 2 gaps a week):"
            " who is there must sign on",
        ),
        (
            "staff.yaml",
            "role: manager",
            "role: carer",
            "staff.yaml:1: nobody is manager: the last step of emergency and urgent reaches nobody outside the house",
        ),
    ],
)
def test_what_works_and_should_be_known_is_a_warning(
    tmp_path: Path, file: str, right: str, wrong: str, warning: str
) -> None:
    """The home is accepted, with the line that somebody should read."""
    reading = read_home(write_home(tmp_path, replaced(file, right, wrong)))
    assert [str(problem) for problem in reading.warnings] == [warning]


def test_a_rota_without_gaps_is_silent(tmp_path: Path) -> None:
    """Two shifts that meet, over midnight and over the end of the week, cover every minute."""
    days = "[mon, tue, wed, thu, fri, sat, sun]"
    rota = f"shifts: [{{days: {days}, hours: 07:00-21:00}}, {{days: {days}, hours: 21:00-07:00}}]"
    changed = replaced("staff.yaml", "    always: true\n", f"    {rota}\n")
    assert read_home(write_home(tmp_path, changed)).warnings == ()


def test_a_gap_over_the_end_of_the_week_is_one_gap(tmp_path: Path) -> None:
    """Sunday night to Monday morning is told once."""
    shifts = "[{days: [mon, tue, wed, thu, fri, sat], hours: 07:30-07:29}, {days: [sun], hours: 07:30-20:00}]"
    changed = replaced("staff.yaml", "    always: true\n", f"    shifts: {shifts}\n")
    warnings = [str(warning) for warning in read_home(write_home(tmp_path, changed)).warnings]
    assert warnings == [
        "staff.yaml:1: nobody is on the rota from sun 20:00 to mon 07:30 (the longest of 7 gaps a week):"
        " who is there must sign on"
    ]


def test_blind_spots_are_a_warning_with_every_line_and_accepted_ones_another(tmp_path: Path) -> None:
    """Places that follow each other are one; nothing is refused."""
    home = HOME.replace(", call_point: cord by the bed", "").replace(", call_point: bell", ", call_point: none")
    more = '  - {place: garden, name: Garden, kind: garden, zone: ground, call_point: "none, because of the wall"}\n'
    more += "  - {place: yard, name: Yard, kind: garden, zone: ground}\n"
    reading = read_home(write_home(tmp_path, {"home.yaml": home + more}))
    assert [str(warning) for warning in reading.warnings] == [
        "home.yaml:14: 3 places have no call point that works without Handrail: 001 and 002 (lines 14 to 15), yard"
        " (line 18); expected call_point: for each, or none, because …",
        "home.yaml:17: 1 place has none, which the home has accepted: garden (line 17)",
    ]
    assert [place.is_blind_spot for place in reading.home.places] == [True, True, False, True, True]


def test_a_home_kept_by_an_older_program_is_the_same_home(tmp_path: Path) -> None:
    """Without call points, numbers and the round's time: a start on its ledger is no news to anybody."""
    home = HOME.replace(", call_point: cord by the bed", "").replace(", call_point: bell", "")
    reading = read_home(write_home(tmp_path, {"home.yaml": home.replace(", call_point: telephone", "")}))
    older = orjson.loads(reading.text)
    for row in older["places"]:
        del row["call_point"]
    for row in older["staff"]:
        del row["phone"]
    del older["times"]["round_s"]
    assert home_from_json(orjson.dumps(older)) == reading.home


def test_what_is_kept_is_what_was_read(tmp_path: Path) -> None:
    """The bytes for the ledger give the same home again, and the same home gives the same bytes."""
    reading = read_home(write_home(tmp_path))
    assert home_from_json(reading.text) == reading.home
    assert home_json(home_from_json(reading.text)) == reading.text


_NUMBERS = st.integers(-(2**53), 2**53)
_STEPS = st.one_of(
    st.builds(Light, brightness_pct=_NUMBERS), st.builds(Say), st.builds(Wait, seconds=_NUMBERS, hold=st.booleans())
)
_RULES = st.builds(Rule, help=st.lists(_STEPS, max_size=4).map(tuple))
_RESIDENTS = st.builds(Resident, rules=st.lists(_RULES, max_size=2).map(tuple))
_CARERS = st.builds(Carer, channels=st.lists(st.builds(Channel, deadline_s=_NUMBERS), max_size=2).map(tuple))
_RUNGS = st.builds(Rung, after_s=_NUMBERS)
_LADDERS = st.builds(Ladder, rungs=st.lists(_RUNGS, max_size=3).map(tuple), repeat_s=_NUMBERS, attend_within_s=_NUMBERS)
_HOMES = st.builds(
    Home,
    zones=st.lists(st.builds(Zone), max_size=2).map(tuple),
    places=st.lists(st.builds(Place), max_size=2).map(tuple),
    residents=st.lists(_RESIDENTS, max_size=2).map(tuple),
    staff=st.lists(_CARERS, max_size=2).map(tuple),
    devices=st.lists(st.builds(Placed, person=st.none() | st.text(), place=st.none() | st.text())).map(tuple),
    ladders=st.dictionaries(st.sampled_from(Level), _LADDERS, max_size=3),
    times=st.builds(Times, promise_longest_s=_NUMBERS, night_from=st.text()),
)


@given(_HOMES)
def test_any_home_is_kept_word_for_word(home: Home) -> None:
    """Whatever is in a home, it comes back from the ledger the same; a step of help never becomes another."""
    assert home_from_json(stored := home_json(home)) == home
    assert home_json(home_from_json(stored)) == stored

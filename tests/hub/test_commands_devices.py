"""`handrail devices`: strangers with the line that places them, placing in a real folder, and who is blind."""

from __future__ import annotations

import asyncio
import io
import os
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.commands.app import app
from hub.config.document import parse
from hub.config.inserting import with_device
from hub.errors import HandrailError
from tests.hub.config_home import write_home
from tests.hub.core_parts import PENDANT, Rig, rig
from tests.hub.program import finished, refused
from tests.parts import until

SOS = "zigbee2mqtt/Room 2 SOS"
BULB = "zigbee2mqtt/Bulb"
ROW = {"device": "lounge-cord", "address": "zigbee2mqtt/Cord: 1", "for": "call", "place": "lounge"}


def expose(name: str, *values: str, access: int = 1) -> dict[str, object]:
    """One thing a Zigbee device has."""
    return {"type": "enum", "name": name, "property": name, "access": access, "values": list(values)}


def listed(name: str, description: str, *exposes: dict[str, object]) -> dict[str, object]:
    """A device as `bridge/devices` lists it."""
    definition = {"model": "X1", "vendor": "Maker", "description": description, "exposes": list(exposes)}
    return {"friendly_name": name, "ieee_address": f"0x{name}", "type": "EndDevice", "definition": definition}


INVENTORY = [
    listed("Room 2 SOS", "SOS button", expose("action", "single", "double", "hold")),
    listed(
        "Bulb",
        "A bulb",
        {
            "type": "light",
            "features": [
                {
                    "type": "binary",
                    "name": "state",
                    "property": "state",
                    "access": 7,
                    "value_on": "ON",
                    "value_off": "OFF",
                }
            ],
        },
    ),
]


async def introduced(home: Rig) -> None:
    """Two devices introduce themselves, one is heard."""
    home.broker.say("zigbee2mqtt/bridge/devices", orjson.dumps(INVENTORY), retain=True)
    home.broker.say(SOS, b'{"battery":64,"linkquality":90}')
    await home.quiet()


async def said(*words: str | Path, code: int = 0) -> str:
    """What a command says, while the hub runs; in this process, which is quicker than forty others."""
    out = io.StringIO()
    with redirect_stdout(out):
        ended = await asyncio.to_thread(app, [str(word) for word in words], standalone_mode=False)
    assert ended == code, out.getvalue()
    return out.getvalue()


async def as_json(*words: str | Path, code: int = 0) -> dict[str, Any]:
    """The same for programs."""
    found: dict[str, Any] = orjson.loads(await said(*words, "--json", code=code))
    return found


def no_to(*words: str | Path) -> str:
    """Why a command refuses, as `main` prints it on its one line."""
    with pytest.raises(HandrailError) as raised:
        app([str(word) for word in words], standalone_mode=False)
    assert "\n" not in str(raised.value)
    return str(raised.value)


async def test_a_device_that_introduced_itself_is_placed_while_the_hub_runs(tmp_path: Path) -> None:
    """It is listed with what it is and the line to add; placed, the running hub takes it and its press is the
    resident's own."""
    async with rig(tmp_path) as home:
        await introduced(home)
        out = await said("devices", home.folder)
        assert "10 placed, 2 not placed, as of" in out
        row = next(line for line in out.splitlines() if line.startswith(SOS))
        for word in ("button", "Maker X1", "SOS button", "zigbee2mqtt", "64 %", "an emergency until it is placed"):
            assert word in row, row
        line = f"- {{device: room-2-sos, address: {SOS}, for: emergency, person: resident-002}}"
        assert line in out
        assert f"- {{device: bulb, address: {BULB}, for: light, place: … or person: …}}" in out

        before = (home.folder / "devices.yaml").read_text()
        out = await said(
            "devices", home.folder, "place", SOS, "--room", "002", "--as", "call-button", "--name", "call-2"
        )
        assert 'for: call, place: "002"' in out
        assert "set device_options: {qos: 1}" in out
        assert "a hub that runs reads it by itself" in out
        walk = f"then test it there by day: handrail walk {home.folder} --device call-2 --by WHO"
        assert walk in out
        after = (home.folder / "devices.yaml").read_text()
        added = [one for one in after.splitlines() if one not in before.splitlines()]
        assert added == [f'  - {{device: call-2, address: {SOS}, for: call, place: "002"}}']
        assert after.replace(f"{added[0]}\n", "") == before
        home.hub.reload()
        await until(lambda: home.rows("SELECT 1 FROM configurations WHERE body LIKE '%call-2%'"))
        home.broker.say(SOS, b'{"action":"double"}')
        await home.quiet()
        told = home.rows("SELECT body ->> 'level', body ->> 'device', body ->> 'resident' FROM alerts")
        assert told == [("call", "call-2", "resident-002")]
        found = await as_json("devices", home.folder)
        assert [one["address"] for one in found["not_placed"]] == [BULB]
        placed = next(one for one in found["placed"] if one["device"] == "call-2")
        assert (placed["for"], placed["place"], placed["battery"]) == ("call", "002", "64 %")
        out = await said("devices", home.folder, "--all")
        assert "Call 2" not in out
        assert next(line for line in out.splitlines() if line.startswith("call-2")).split()[1] == "call"


@pytest.mark.parametrize(
    ("address", "said_as", "gateway", "then"),
    [
        (
            "tasmota/cord-1",
            "cord",
            "a Tasmota publishes at QoS 0 alone, and nothing in it changes that",
            "handrail walk",
        ),
        ("shellies/shellybutton1-1", "cord", "in the Shelly's MQTT settings set Max QoS 1", "handrail walk"),
        ("v3/house@care/devices/cord-1", "cord", "The Things Stack speaks QoS 0 alone", "handrail walk"),
        ("application/7c1d/device/70b3d5", "cord", "ChirpStack's [integration.mqtt] set qos=1", "handrail walk"),
        ("handrail-device/lamp-1", "light", "let its gateway publish at QoS 1", "from the page Lights and doors"),
        ("zigbee2mqtt/door-9", "door", "device_options: {qos: 1}", "set it off once by day"),
    ],
)
async def test_placing_says_what_can_be_set_at_its_gateway_and_how_to_try_it(
    tmp_path: Path, address: str, said_as: str, gateway: str, then: str
) -> None:
    """And where nothing can be set, that: nobody looks for a setting that is not there."""
    folder = tmp_path / "home"
    await said("new", folder, "--rooms", "1")
    out = await said("devices", folder, "place", address, "--room", "001", "--as", said_as, "--name", "it", "--unheard")
    assert gateway in next(line for line in out.splitlines() if line.startswith("  gateway: "))
    assert then in next(line for line in out.splitlines() if line.startswith("  next: "))


@pytest.mark.parametrize(
    ("said_as", "row"),
    [
        ("pendant", "for: emergency, person: resident-001}"),
        ("tag", "for: presence_tag, person: resident-001}"),
        ("cord", 'for: emergency, place: "001"}'),
        ("call-button", 'for: call, place: "001"}'),
        ("mat", 'for: bed, place: "001"}'),
        ("lock", 'for: lock, place: "001"}'),
        ("thermostat", 'for: thermostat, place: "001"}'),
    ],
)
async def test_what_is_worn_is_its_wearer_s_and_what_hangs_is_the_place_s(
    tmp_path: Path, said_as: str, row: str
) -> None:
    """A pendant goes where its wearer goes; a cord stays."""
    folder = tmp_path / "home"
    await said("new", folder, "--rooms", "1")
    words = ("--room", "001", "--as", said_as, "--name", "it", "--unheard")
    assert row in await said("devices", folder, "place", "zigbee2mqtt/it", *words)


async def test_two_cords_on_one_module_are_placed_by_their_inputs(tmp_path: Path) -> None:
    """Each is its own room's from then on; the module is listed as their gateway and no longer as nobody's. An
    input is no lamp."""
    async with rig(tmp_path) as home:
        module, topic = "shelly/shellyplusi4-a1", "shellyplusi4-a1/events/rpc"

        def pulled(number: int) -> bytes:
            row = {"component": f"input:{number}", "event": "single_push", "ts": 1795312800.25 + number}
            return orjson.dumps({"src": "shellyplusi4-a1", "method": "NotifyEvent", "params": {"events": [row]}})

        home.broker.say(topic, pulled(0))
        home.broker.say(topic, pulled(1))
        await home.quiet()
        assert home.rows("SELECT count(*) FROM alerts") == [(0,)]
        assert module in [one["address"] for one in (await as_json("devices", home.folder))["not_placed"]]
        for number, room in enumerate(("001", "002")):
            out = await said(
                "devices", home.folder, "place", f"{module}#input:{number}", "--room", room, "--as", "cord"
            )
            assert f'address: "{module}#input:{number}", for: emergency, place: "{room}"' in out
        home.hub.reload()
        await until(lambda: home.rows("SELECT 1 FROM configurations WHERE body LIKE '%#input:1%'"))
        home.broker.say(topic, pulled(1).replace(b"795", b"796"))
        await home.quiet()
        assert home.rows("SELECT body ->> 'device', body ->> 'place' FROM alerts") == [("room-002-cord", "002")]
        found = await as_json("devices", home.folder)
        assert module in [one["address"] for one in found["gateways"]]
        assert module not in [one["address"] for one in found["not_placed"]]
        no = await asyncio.to_thread(
            no_to,
            "devices",
            home.folder,
            "place",
            "shelly/hall#input:0",
            "--room",
            "lounge",
            "--as",
            "light",
            "--unheard",
        )
        assert "input:0 of shelly/hall is heard and not told" in no


async def test_what_a_device_cannot_be_is_refused_and_check_says_the_same(tmp_path: Path) -> None:
    """A bulb is no pendant, and an SOS button no light; written by hand it is a warning with its line."""
    async with rig(tmp_path) as home:
        await introduced(home)
        no = await asyncio.to_thread(no_to, "devices", home.folder, "place", "Bulb", "--room", "001", "--as", "cord")
        assert f"{BULB} cannot be for emergency: all it reports is light" in no
        no = await asyncio.to_thread(no_to, "devices", home.folder, "place", SOS, "--room", "lounge", "--as", "light")
        assert "cannot be for light: it takes no switching on" in no
        out = await said("devices", home.folder, "place", SOS, "--room", "lounge", "--as", "other")
        assert "a plain press of it rings nobody (warning)" in out
        path = home.folder / "devices.yaml"
        text = path.read_text() + f"  - {{device: wrong, address: {BULB}, for: call, place: lounge}}\n"
        path.write_text(text)
        out = await said("check", home.folder)
        line = len(text.splitlines())
        assert f'devices.yaml:{line}: "wrong" cannot be for call: all it reports is light (warning)' in out


async def test_who_is_blind_is_known_from_the_ledger_with_and_without_a_hub(tmp_path: Path) -> None:
    """Never heard, offline, gateway gone: each resident with why, and how old the knowledge is; exit 1 while one is."""
    async with rig(tmp_path) as home:
        home.broker.say(PENDANT, b'{"battery":80}')
        await home.quiet()
        out = await said("devices", home.folder, "--blind", code=1)
        assert "1 without a working device to call with, as of" in out
        assert [line for line in out.splitlines() if line.startswith("Resident")] == [
            "Resident 002  Room 2  room-002-pendant: never heard"
        ]
        home.broker.say("zigbee2mqtt/room-002-pendant", b'{"battery":80}')
        await home.quiet()
        assert "everybody has a working device to call with" in await said("devices", home.folder, "--blind")
        home.broker.say(f"{PENDANT}/availability", b'{"state":"offline"}')
        await home.quiet()
        assert (await as_json("devices", home.folder, "--blind", code=1))["blind"] == [
            {
                "resident": "resident-001",
                "place": None,
                "name": "Resident 001",
                "devices": [{"device": "room-001-pendant", "why": "offline"}],
            }
        ]
        home.broker.say("zigbee2mqtt/bridge/state", b'{"state":"offline"}', retain=True)
        await home.quiet()
    found = await as_json("devices", home.folder, "--blind", code=1)
    assert [one["devices"][0]["why"] for one in found["blind"]] == ["its gateway is gone (zigbee2mqtt)"] * 2
    assert found["age_s"] >= 0
    assert [one["availability"] for one in (await as_json("devices", home.folder))["gateways"]] == ["offline"]


async def test_a_mark_of_not_ours_is_shown_and_cannot_be_set_here(tmp_path: Path) -> None:
    """One of the staff has said so, which is not enough; the command line has no word for it."""
    async with rig(tmp_path) as home:
        home.broker.say("rtl_433/attic/events", b'{"model":"X10-Security","id":7,"event":"PANIC"}')
        await home.quiet()
        (row,) = (await as_json("devices", home.folder))["not_placed"]
        assert (await home.ask(id="1", do="not_ours", device=row["address"], by="carer-1"))["ok"] is True
        assert "not ours, says Carer 1 alone: it still rings" in await said("devices", home.folder)
        assert (await home.ask(id="2", do="not_ours", device=row["address"], by="manager-1"))["ok"] is True
        out = await said("devices", home.folder)
        assert "not ours (Carer 1 and Manager 1)" in out
        no = await asyncio.to_thread(no_to, "devices", home.folder, "not-ours", row["address"])
        assert "expected place" in no


def placing(folder: Path, *words: str) -> str:
    """The refusal of a placement, which leaves the file as it was."""
    before = (folder / "devices.yaml").read_bytes()
    said = no_to("devices", folder, "place", *words)
    assert (folder / "devices.yaml").read_bytes() == before
    assert [path.name for path in folder.iterdir() if "placing" in path.name] == []
    return said


@pytest.mark.parametrize(
    ("words", "no"),
    [
        (("z/x", "--room", "009", "--as", "cord"), 'unknown place "009"; expected one of 001, 002, lounge'),
        (("z/x", "--room", "0001", "--as", "pendant"), 'did you mean "001"?'),
        (("z/x", "--person", "margret", "--as", "pendant"), 'unknown resident "margret"'),
        (("z/x", "--as", "pendant", "--name", "free"), "belongs to nobody and no place"),
        (("z/x", "--room", "lounge", "--as", "pendant"), "nobody lives in lounge: say whose pendant it is"),
        (("z/x", "--room", "001", "--as", "pendant"), 'device "room-001-pendant" is already on line 2'),
        (("z/x", "--room", "001", "--as", "pendent"), 'did you mean "pendant"?'),
        (("zigbee2mqtt/room-001-door", "--room", "001", "--as", "door"), "is placed already, as room-001-door"),
        (("z/+", "--room", "001", "--as", "cord"), "without + and #"),
        (("z/x", "--room", "001", "--as", "cord", "--name", "my cord"), "letters, digits, - _ and ."),
    ],
)
def test_what_check_would_refuse_is_not_written(words: tuple[str, ...], no: str, tmp_path: Path) -> None:
    """In the same words, in one line, and the file is not touched."""
    assert no in placing(write_home(tmp_path), *words, "--unheard")


def test_a_device_nobody_heard_is_refused_unless_it_is_meant(tmp_path: Path) -> None:
    """A typing error would be a pendant that is never heard."""
    home = write_home(tmp_path)
    said = placing(home, "zigbee2mqtt/room-001-dor", "--room", "001", "--as", "cord")
    assert 'did you mean "zigbee2mqtt/room-001-door"? --unheard' in said
    assert "say which device" in no_to("devices", home, "place", "zigbee2mqtt/x")
    assert "to place a device" in no_to("devices", home, "--room", "001")


def test_files_that_are_refused_already_are_not_written_to(tmp_path: Path) -> None:
    """What is wrong with them is said with its line."""
    home = write_home(tmp_path, {"staff.yaml": "staff:\n  - {id: a, nam: Anna}\n"})
    assert "staff.yaml:2" in placing(home, "z/x", "--room", "001", "--as", "cord", "--unheard")


def test_a_ledger_that_is_broken_is_one_line(tmp_path: Path) -> None:
    """And no traceback."""
    home = write_home(tmp_path)
    (home / "data").mkdir()
    (home / "data/ledger.db").write_bytes(b"this is no ledger" * 100)
    assert "the ledger cannot be read" in refused("devices", home)


def test_before_a_hub_has_run_everybody_is_blind(tmp_path: Path) -> None:
    """Nothing was heard, and who has nothing to call with is named with that; who owns the file keeps it."""
    home = write_home(tmp_path)
    out, err = finished("devices", home, "--blind", code=1)
    assert "Arthur    Room 2  nothing to call with was ever placed" in out
    assert "Margaret  Room 1  room-001-pendant: never heard" in out
    assert "no hub has run here yet" in err
    (home / "devices.yaml").chmod(0o640)
    finished("devices", home, "place", "z/cord", "--room", "002", "--as", "cord", "--unheard")
    assert (home / "devices.yaml").stat().st_mode & 0o777 == 0o640
    out, _ = finished("devices", home, "--blind", code=1)
    assert "Arthur    Room 2  room-002-cord: never heard" in out


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_line_too(tmp_path: Path) -> None:
    """Nothing was changed, and that is said."""
    home = write_home(tmp_path)
    home.chmod(0o500)
    assert "nothing was changed" in placing(home, "z/x", "--room", "001", "--as", "cord", "--unheard")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "# mine\ndevices:\n- device: lounge-bell   # loud\n  address: z/a\n  for: door\n  place: lounge\n\n# end",
            "# mine\ndevices:\n- device: lounge-bell   # loud\n  address: z/a\n  for: door\n  place: lounge\n"
            '- device: lounge-cord\n  address: "zigbee2mqtt/Cord: 1"\n  for: call\n  place: lounge\n\n# end',
        ),
        (
            "devices:\r\n  - {device: lounge-a,   address: z/a, for: door}\r\n  # next\r\n"
            "  - {device: b, address: z/b, for: door}\r\n",
            "devices:\r\n  - {device: lounge-a,   address: z/a, for: door}\r\n"
            '  - {device: lounge-cord, address: "zigbee2mqtt/Cord: 1", for: call, place: lounge}\r\n  # next\r\n'
            "  - {device: b, address: z/b, for: door}\r\n",
        ),
        (
            "devices: [{device: a, address: z/a, for: door}]  # short\n",
            "devices: [{device: a, address: z/a, for: door}, {device: lounge-cord, address: "
            '"zigbee2mqtt/Cord: 1", for: call, place: lounge}] # short\n',
        ),
    ],
)
def test_a_file_keeps_its_comments_and_its_manner(text: str, wanted: str) -> None:
    """Blocks, braces, columns, line ends, a list on one line: the new device is written as its neighbours are."""
    assert with_device(parse(text.encode(), "devices.yaml"), ROW) == wanted


def test_an_empty_list_takes_its_first_device() -> None:
    """`devices: []` is how a home without devices says so; its comments stay."""
    made = with_device(parse(b"# a\ndevices: []\n# b\n", "devices.yaml"), ROW)
    assert parse(made.encode(), "devices.yaml").data == {"devices": [ROW]}
    assert "# a\n" in made
    assert "# b\n" in made

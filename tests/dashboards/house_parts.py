"""A furnished home for the pages of rooms and devices: what introduced itself, what was heard, what nobody placed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from devices.adapter import Message
from devices.catalogue import Catalogue
from devices.events import Value
from devices.registry import Placed, Purpose
from hub.config.stored import home_json
from rules.home import Home
from rules.state import Status, Stranger

if TYPE_CHECKING:
    from tests.dashboards.conftest import FakeHub

MINUTE_MS = 60_000
LAMP = "zigbee2mqtt/room-012-light"
BLIND = "handrail-device/blind-012"
LOCK = "handrail-device/lock-012"
VALVE = "handrail-device/heating-012"
SOS = "zigbee2mqtt/SOS button 13"
MUSHROOM = "rtl_433/Generic-Remote/1234"
EXPOSES = [
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
            },
            {"type": "numeric", "name": "brightness", "property": "brightness", "access": 7},
        ],
    }
]
BUTTON = [{"type": "enum", "name": "action", "property": "action", "access": 1, "values": ["single", "hold"]}]
INTRODUCED: tuple[tuple[str, object], ...] = (
    (
        "zigbee2mqtt/bridge/devices",
        [
            {"friendly_name": "room-012-light", "definition": {"exposes": EXPOSES, "model": "L1", "vendor": "Lamps"}},
            {
                "friendly_name": "SOS button 13",
                "definition": {"exposes": BUTTON, "model": "TS0215A", "vendor": "TuYa", "description": "SOS button"},
            },
        ],
    ),
    (f"{BLIND}/about", {"name": "Blind", "kinds": ["cover"], "commands": ["open_close", "position"]}),
    (f"{LOCK}/about", {"name": "Lock", "kinds": ["lock"], "commands": ["lock", "unlock"]}),
    (f"{VALVE}/about", {"name": "Valve", "kinds": ["temperature"], "commands": ["set_temperature"]}),
)


def furnished(home: Home) -> Home:
    """Room 012 with a lamp, a blind, heating and its own lock; a plug in the lounge; a contact on a door."""
    rows = (
        (LAMP, "room-012-light", Purpose.LIGHT, "012"),
        (BLIND, "room-012-blind", Purpose.COVER, "012"),
        (VALVE, "room-012-heating", Purpose.THERMOSTAT, "012"),
        (LOCK, "room-012-door-lock", Purpose.LOCK, "012"),
        ("zigbee2mqtt/room-012-door", "room-012-door", Purpose.DOOR, "012"),
        ("zigbee2mqtt/lounge-plug", "lounge-reading-lamp", Purpose.SWITCH, "lounge"),
    )
    placed = tuple(Placed(device=a, name=name, purpose=purpose, place=place) for a, name, purpose, place in rows)
    return replace(home, devices=(*home.devices, *placed))


def furnish(hub: FakeHub, home: Home) -> None:
    """Keep that home, and what its devices told about themselves."""
    with hub.write() as db:
        db.execute(
            "INSERT INTO configurations (seq, wall_ms, body, settings) VALUES (2, ?, ?, '{}')",
            (hub.clock.wall_ms(), home_json(furnished(home)).decode()),
        )
        db.execute("INSERT OR REPLACE INTO cursors (name, value) VALUES ('wall_ms', ?)", (hub.clock.wall_ms(),))
    catalogue = Catalogue()
    for topic, said in INTRODUCED:
        adapter = catalogue.adapter_for(topic)
        assert adapter is not None
        decoded = adapter.decode(Message(topic, orjson.dumps(said)), {})
        assert decoded.error is None
        for one in decoded.learned:
            hub.put("known", one.device, one)
    says(hub, LAMP, light="on")
    says(hub, BLIND, cover=40)
    says(hub, LOCK, lock="locked")
    says(hub, VALVE, temperature=20.5)
    says(hub, SOS, minutes_ago=3, button="single", battery=81)
    says(hub, MUSHROOM, minutes_ago=50, button="4")
    for stranger in (SOS, MUSHROOM):
        hub.put("strangers", stranger, Stranger(device=stranger, first_wall_ms=hub.clock.wall_ms()))


def says(hub: FakeHub, device: str, *, minutes_ago: int = 0, faults: str = "", **values: Value) -> None:
    """A device was heard, and said this last."""
    heard = hub.clock.wall_ms() - minutes_ago * MINUTE_MS
    wrong = dict.fromkeys(faults.split(), "a1")
    row = Status(device=device, heard_ms=0, heard_wall_ms=heard, values=values, faults=wrong)
    hub.put("devices", device, row)


def command(hub: FakeHub, wish: dict[str, str]) -> None:
    """The device does what it was told, and says so."""
    said = hub.asked[-1]["command"]
    assert isinstance(said, dict)
    if wish["device"] == "room-012-light":
        says(hub, LAMP, light="off" if said["do"] == "turn_off" else "on")
    elif wish["device"] == "room-012-door-lock":
        says(hub, LOCK, lock=f"{said['do']}ed")


def not_ours(hub: FakeHub, wish: dict[str, str]) -> None:
    """One of the staff says so."""
    hub.put(
        "strangers",
        wish["device"],
        Stranger(
            device=wish["device"],
            first_wall_ms=0,
            marked_by=(wish["by"],) if wish["do"] == "not_ours" else (),
            not_ours=wish["do"] == "not_ours",
        ),
    )

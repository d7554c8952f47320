"""A small home that is right, line by line, for tests that make one thing of it wrong."""

from pathlib import Path

from hub.config.shipped import broker_settings

HOME = """\
home: sunny-court
name: Sunny Court
timezone: Europe/London
broker:
  url: mqtt://127.0.0.1:1883
zones:
  - zone: ground
    name: Ground floor
    screens: [board]
  - zone: first
    name: First floor
    sounders: [stairs-siren]
places:
  - {place: "001", name: Room 1, kind: bedroom, zone: ground, call_point: cord by the bed}
  - {place: "002", name: Room 2, kind: bedroom, zone: first, call_point: bell}
  - {place: lounge, name: Lounge, kind: lounge, zone: ground, call_point: telephone}
"""

DEVICES = """\
devices:
  - {device: room-001-pendant, address: zigbee2mqtt/room-001-pendant, for: emergency, person: margaret}
  - {device: room-001-door, address: zigbee2mqtt/room-001-door, for: door, place: "001"}
  - {device: room-001-bed, address: zigbee2mqtt/room-001-bed, for: bed, place: "001"}
  - {device: room-001-light, address: zigbee2mqtt/room-001-light, for: light, place: "001"}
  - {device: room-002-door, address: zigbee2mqtt/room-002-door, for: door, place: "002"}
  - {device: stairs-siren, address: zigbee2mqtt/stairs siren, for: siren, place: lounge}
"""

STAFF = """\
staff:
  - id: carer-1
    name: Anna
    always: true
  - id: nurse-1
    name: Ben
    role: nurse
    zones: [first]
    shifts:
      - {days: [mon, tue], hours: 21:00-07:00}
  - id: manager-1
    name: Carol
    role: manager
"""

MARGARET = """\
resident: margaret
known_as: Margaret
room: "001"
rules:
  - rule: left-open
    why: She likes her door closed.
    door: room-001-door
    held_for: 10 min
    help:
      - light: {device: room-001-light}
    otherwise:
      level: check
      say: The door of {room} has been open for {for}.
  - rule: out-of-bed
    why: Margaret walks to the bathroom by herself.
    bed: room-001-bed
    during: 22:00-07:00
    help:
      - light: {device: room-001-light, brightness_pct: 30}
      - say: Take your time, {known_as}.
      - wait: 15 min
    otherwise:
      level: check
      say: Margaret has been up for {for}.
    delay_agreed: {risk: walks steadily, by: J. Shah, on: 2026-10-02}
"""

ARTHUR = """\
resident: arthur
known_as: Arthur
room: "002"
"""

FILES = {
    "home.yaml": HOME,
    "devices.yaml": DEVICES,
    "staff.yaml": STAFF,
    "residents/margaret.yaml": MARGARET,
    "residents/arthur.yaml": ARTHUR,
}


def write_home(folder: Path, changed: dict[str, str] | None = None) -> Path:
    """The home in this folder, with some of its files as they are given."""
    for name, text in ({"mosquitto.conf": broker_settings()} | FILES | (changed or {})).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def replaced(file: str, old: str, new: str) -> dict[str, str]:
    """One file with one thing in it written differently."""
    assert FILES[file].count(old) == 1, f"{old!r} stands {FILES[file].count(old)} times in {file}"
    return {file: FILES[file].replace(old, new)}

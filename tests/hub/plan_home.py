"""A home with one of everything that a plan may use, for the plan language and its documentation."""

from pathlib import Path

from hub.config.problems import ConfigurationRefused
from hub.config.read import Reading, read_home
from rules.home import Resident

HOME = """\
home: sunny-court
name: Sunny Court
timezone: Europe/London
broker: {url: mqtt://127.0.0.1:1883}
zones:
  - {zone: ground, name: Ground floor, screens: [board], sounders: [corridor-siren]}
places:
  - {place: "012", name: Room 12, kind: bedroom, zone: ground, call_point: cord}
  - {place: "013", name: Room 13, kind: bedroom, zone: ground, call_point: cord}
  - {place: "014", name: Room 14, kind: bedroom, zone: ground, call_point: cord}
  - {place: lounge, name: Lounge, kind: lounge, zone: ground, call_point: telephone}
  - {place: side-door, name: Side door, kind: outside_door, zone: ground, call_point: bell}
activities:
  - {activity: tai-chi, name: Tai chi, place: lounge, days: [mon, thu], at: "10:30"}
  - {activity: library, name: Library trolley, place: lounge, days: [wed], at: "00:05", lasts: 30 min, about: [books]}
scenes:
  - scene: evening
    steps:
      - light: {brightness_pct: 20, color_temp_k: 2200}
      - cover: {device: room-012-blind, to: closed}
home_assistant: {url: "http://127.0.0.1:8123", token_file: token}
"""

DEVICES = """\
devices:
  - {device: room-012-pendant, address: zigbee2mqtt/room-012-pendant, for: emergency, person: margaret}
  - {device: room-012-door, address: zigbee2mqtt/room-012-door, for: door, place: "012"}
  - {device: room-012-bed, address: zigbee2mqtt/room-012-bed, for: bed, place: "012"}
  - {device: room-012-motion, address: zigbee2mqtt/room-012-motion, for: motion, place: "012"}
  - {device: room-012-light, address: zigbee2mqtt/room-012-light, for: light, place: "012"}
  - {device: room-012-charger, address: zigbee2mqtt/room-012-charger, for: switch, place: "012"}
  - {device: room-012-blind, address: zigbee2mqtt/room-012-blind, for: other, place: "012"}
  - {device: room-012-climate, address: zigbee2mqtt/room-012-climate, for: other, place: "012"}
  - {device: room-012-box, address: zigbee2mqtt/room-012-box, for: other, place: "012"}
  - {device: room-012-button, address: zigbee2mqtt/room-012-button, for: other, place: "012"}
  - {device: room-012-pillow, address: zigbee2mqtt/room-012-pillow, for: sounder, person: margaret}
  - {device: room-013-door, address: zigbee2mqtt/room-013-door, for: door, place: "013"}
  - {device: room-013-light, address: zigbee2mqtt/room-013-light, for: light, place: "013"}
  - {device: room-014-bed, address: zigbee2mqtt/room-014-bed, for: bed, place: "014"}
  - {device: room-014-motion-1, address: zigbee2mqtt/room-014-motion-1, for: motion, place: "014"}
  - {device: room-014-motion-2, address: zigbee2mqtt/room-014-motion-2, for: motion, place: "014"}
  - {device: lounge-motion, address: zigbee2mqtt/lounge-motion, for: motion, place: lounge}
  - {device: corridor-siren, address: zigbee2mqtt/corridor siren, for: sounder, place: lounge}
  - {device: room-012-first, address: zigbee2mqtt/room-012-pendant#1, for: emergency, person: margaret}
  - {device: room-012-second, address: zigbee2mqtt/room-012-pendant#2, for: emergency, person: margaret}
  - {device: room-013-pendant, address: zigbee2mqtt/room-013-pendant, for: emergency, person: arthur}
  - {device: room-013-second, address: zigbee2mqtt/room-013-pendant#2, for: emergency, person: arthur}
  - {device: side-camera, address: frigate/side_door, for: motion, place: side-door}
"""

STAFF = """\
staff:
  - {id: carer-1, name: Anna, always: true}
  - {id: nurse-1, name: Ben, role: nurse, always: true}
  - {id: manager-1, name: Carol, role: manager, always: true}
"""

HEAD = 'resident: margaret\nknown_as: Margaret\nroom: "012"\n'
AGREED = "agreement: {by: resident, on: 2026-10-02, review_by: 2027-01-02}\n"
FILES = {
    "home.yaml": HOME,
    "devices.yaml": DEVICES,
    "staff.yaml": STAFF,
    "residents/arthur.yaml": 'resident: arthur\nknown_as: Arthur\nroom: "013"\n',
    "residents/edith.yaml": 'resident: edith\nknown_as: Edith\nroom: "014"\n',
    "residents/harold.yaml": 'resident: harold\nknown_as: Harold\nroom: "014"\n',
    "token": "secret\n",
}


def plan_of(text: str) -> str:
    """Margaret's plan: a whole one as it is; what begins with rules or other settings behind her name and room."""
    if text.startswith("resident:"):
        return text
    if text.startswith("- "):
        text = "rules:\n" + "".join(f"  {line}\n" if line else "\n" for line in text.splitlines())
    return HEAD + text + ("" if "\nagreement:" in f"\n{text}" else AGREED)


def write_plan_home(folder: Path, plan: str, more: dict[str, str] | None = None) -> Path:
    """The home with this plan of Margaret's."""
    for name, text in (FILES | {"residents/margaret.yaml": plan} | (more or {})).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "token").chmod(0o600)
    return folder


def read_plan(folder: Path, plan: str, more: dict[str, str] | None = None) -> Reading:
    """The home as it is read with this plan."""
    return read_home(write_plan_home(folder, plan, more))


def margaret(reading: Reading) -> Resident:
    """The resident of the plan."""
    return next(resident for resident in reading.home.residents if resident.resident == "margaret")


def refused(folder: Path, plan: str, more: dict[str, str] | None = None) -> list[str]:
    """All that is refused of the plan, or of the home, as it is printed."""
    try:
        return [str(problem) for problem in read_plan(folder, plan, more).refused_plans]
    except ConfigurationRefused as error:
        return [str(problem) for problem in error.problems]

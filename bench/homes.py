"""Weeks of three real people, recorded by others, replayed under a plan written for each of them.

    python bench/homes.py [../shared/corpora/open/homes]

Makes a home folder for each, imports its recording with `handrail import`, replays it, and prints the table that stands
in rules/README.md. The recordings are no part of the project; who may use them for what is written beside them.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hub.commands.importing import take_in
from hub.commands.replaying import answered
from rules.replay.past import Answer
from rules.replay.words import plain_range

FOLDER = Path(__file__).resolve().parent.parent.parent / "shared" / "corpora" / "open" / "homes"
HOME = """\
home: {slug}
name: {name}'s flat
timezone: {timezone}
broker: {{url: mqtt://127.0.0.1:1883}}
zones:
  - {{zone: flat, name: The flat, screens: [board]}}
places:
  - {{place: flat, name: {name}'s flat, kind: bedroom, zone: flat, call_point: telephone}}
"""
STAFF = "staff:\n  - {id: neighbour, name: Neighbour, always: true}\n"
OPEN = """\
  - rule: left-open
    name: {door}-open
    why: {why}
    door: {door}
    held_for: {held_for}
    otherwise: {{level: check, say: "{door} has been open for {{for}}."}}
"""
UP = """\
  - rule: out-of-bed
    why: {name} gets up at night and mostly manages alone.
    bed: {bed}
    during: {during}
    help:
      - say: Take your time. Shall I send for somebody? Then press.
      - wait: {wait}
    otherwise: {{level: check, say: "{name} has been up for {{for}}."}}
    delay_agreed: {{risk: walks steadily, by: nobody; a try on a recording, on: 2026-11-23}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One recording, and the plan for it."""

    file: str
    name: str
    timezone: str
    doors: Mapping[str, tuple[str, str]]
    """Which doors are watched, how long open is worth telling, and why."""
    beds: tuple[str, ...] = ()
    during: str = ""
    wait: str = ""
    motions: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        """The recording's short name."""
        return self.file.partition(".")[0].replace("_", "-")


PEOPLE = (
    Person(
        file="ordonez_a.csv.gz",
        name="Otto",
        timezone="Europe/Madrid",
        beds=("bedroom_bed",),
        during="00:00-09:00",
        wait="15 min",
        doors={
            "entrance_maindoor": ("2 min", "It should not stand open behind him."),
            "kitchen_fridge": ("5 min", "Food spoils."),
        },
        motions=("bathroom_basin", "bathroom_shower"),
    ),
    Person(
        file="kasteren_b.csv.gz",
        name="Bert",
        timezone="Europe/Amsterdam",
        beds=("press_bed_links",),
        during="23:00-09:00",
        wait="20 min",
        doors={
            "frontdoor": ("2 min", "It should not stand open behind him."),
            "fridge": ("5 min", "Food spoils."),
            "kwik_stove_lid": ("1 h", "Open it means that the stove may be in use."),
        },
        motions=("pir_slaapkamer", "pir_badkamer"),
    ),
    Person(
        file="mit_subject1.csv.gz",
        name="Carol",
        timezone="America/New_York",
        doors={
            "foyer_door_140": ("2 min", "It should not stand open behind her."),
            "kitchen_refrigerator_91": ("5 min", "Food spoils."),
            "kitchen_freezer_137": ("5 min", "Food spoils."),
            "kitchen_oven_129": ("30 min", "An open oven may be a hot one."),
        },
    ),
)


def write(person: Person, folder: Path) -> Path:
    """The home folder of one person; returns it."""
    rules = [OPEN.format(door=_id(door), held_for=held, why=why) for door, (held, why) in person.doors.items()]
    rules += [UP.format(name=person.name, bed=_id(bed), during=person.during, wait=person.wait) for bed in person.beds]
    devices = [
        f"  - {{device: {_id(sensor)}, address: zigbee2mqtt/{sensor}, for: {purpose}, place: flat}}"
        for purpose, sensors in (("bed", person.beds), ("door", person.doors), ("motion", person.motions))
        for sensor in sensors
    ]
    who = person.name.lower()
    devices.append(f"  - {{device: pendant, address: zigbee2mqtt/pendant, for: emergency, person: {who}}}")
    files = {
        "home.yaml": HOME.format(slug=person.slug, name=person.name, timezone=person.timezone),
        "staff.yaml": STAFF,
        "devices.yaml": "devices:\n" + "\n".join(devices) + "\n",
        f"residents/{who}.yaml": f"resident: {who}\nknown_as: {person.name}\nroom: flat\nrules:\n" + "".join(rules),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def _id(sensor: str) -> str:
    return sensor.replace("_", "-")


def rows(person: Person, recording: Path) -> Iterator[tuple[str, str, str, str]]:
    """The recording of what is placed, as `handrail import` takes it: in UTC, a bed occupied or empty."""
    here = ZoneInfo(person.timezone)
    placed = {*person.beds, *person.doors, *person.motions}
    with gzip.open(recording, "rt", encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            if row["sensor"] not in placed:
                continue
            moment = datetime.fromisoformat(row["ts"]).replace(tzinfo=here).astimezone(UTC)
            kind, value = row["kind"], row["value"]
            if row["sensor"] in person.beds:
                value = "occupied" if value == "on" else "empty"
            elif row["sensor"] in person.motions:
                kind = "motion"
            yield moment.isoformat(), _id(row["sensor"]), kind, value


def tried(
    person: Person,
    recordings: Path,
    folder: Path,
    *,
    planted: bool = True,
    period: tuple[str | None, str | None] = (None, None),
) -> Answer:
    """Import one recording into a home of its own and replay it, beside telling at once."""
    home = write(person, folder / person.slug)
    file = folder / f"{person.slug}.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        table = csv.writer(opened)
        table.writerow(("ts", "device", "kind", "value"))
        table.writerows(rows(person, recordings / person.file))
    with redirect_stdout(io.StringIO()):
        if take_in(home, file):
            raise SystemExit(f"{file} was not imported")
    return answered(home, options=(True, planted), period=period)[1]


HEAD = (
    "| recording | nights | events | runs of rules | told at once | told under the plan | calls planted, delayed |",
    "|---|---|---|---|---|---|---|",
)


def row_of(person: Person, answer: Answer) -> str:
    """One line of the table."""
    found, planted = answer.whole, answer.planted
    shown = f"{planted.planted:,}, {planted.planted - planted.told_at_once}" if planted is not None else "not planted"
    return (
        f"| {person.file.partition('.')[0]} | {answer.coverage.nights} | {answer.coverage.imported:,}"
        f" | {found.episodes_new:,} | {found.told_old[1]:,} | {plain_range(found.told_new)}"
        f" | {shown} |"
    )


def main() -> int:
    """Print the table."""
    recordings = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    with tempfile.TemporaryDirectory(prefix="handrail-homes-") as folder:
        lines = [*HEAD, *(row_of(person, tried(person, recordings, Path(folder))) for person in PEOPLE)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

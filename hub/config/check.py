"""`handrail check`: everything that is wrong with a home's folder, what was proved, and what it rests on."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import orjson

from devices.registry import CALLS
from hub.clock import Clock, SystemClock
from hub.config.broker_conf import look_at
from hub.config.document import read_document
from hub.config.files import DevicesFile
from hub.config.problems import ConfigurationRefused, Problem
from hub.config.proof_table import proof_as_json, write_proof
from hub.config.proving import reviews, unheard_zones
from hub.config.purposes import unfit
from hub.config.read import Reading, read_home
from hub.homes import LEDGER
from hub.ledger.read import NotThereYet, Reader, Unreadable
from hub.replay.since import trials_of
from hub.replay.trial import shadow_problems
from rules.home import Home
from rules.proof.bounds import prove
from rules.setting import Setting

ASSUMPTIONS = (
    "a broker started with the mosquitto.conf of the home's folder, which cannot be seen from here; a crash of it may "
    "lose the last two seconds",
    "somebody within hearing of a screen or sounder of the zone, or with a handset",
    "the first emergency of a device that nobody has placed may come late by one backlog: place every device",
    "who is on the rota has signed on; where nobody has, everybody in staff.yaml is told, and every sounder rings",
    "a step of a ladder that means nobody means everybody on shift; a ladder that could end is not climbed",
    "a pendant that a carer tests by day is shown as TEST at once, and told in 30 s unless they say it was theirs",
    "a pendant's second button that a plan lets answer calls nobody when it is pressed once or twice while its question"
    " is open; the next press, a hold, and every press of the first button call",
    "a plan rests while its resident is away, and its checks while a carer visits; a pendant never rests",
    "what fell due while the hub was down is told when it starts, marked late, and the manager learns of it",
)
"""What the promises of an accepted home rest on."""
OVERDUE = "{} of the agreements are overdue, see the warnings: where a delay has ended by that, staff are told at once."
"""What the table does not show: whose delays have ended is known to the hub alone."""
NO_WATCHER = (
    "the hub alone: this home has no watcher, so nobody takes over while the hub is gone; see hub/watch/README.md"
)


def check_home(folder: Path, *, as_json: bool = False, out: TextIO | None = None, clock: Clock | None = None) -> int:
    """Print what was found in the folder; the exit code is 1 where anything of it is refused, else 0."""
    out = sys.stdout if out is None else out
    try:
        reading = read_home(folder)
    except ConfigurationRefused as refused:
        return _report(None, refused.problems, (), {}, as_json, out, 0)
    today = datetime.fromtimestamp((clock or SystemClock()).wall_ms() // 1000, UTC)
    today = today.astimezone(Setting(reading.home).timezone)
    overdue = tuple(reviews(reading.home, folder.absolute(), today.date()))
    _, late = unheard_zones(reading.home, read_document(folder.absolute(), "home.yaml"))
    broker = _of_broker(folder)
    warnings = (*reading.warnings, *late, *overdue, *_unfit(folder, reading), *broker, *shadow_problems(folder))
    late_reviews = sum("review" in problem.what for problem in overdue)
    trials = trials_of(folder, reading.settings.data / LEDGER, reading.home.timezone)
    return _report(reading, reading.refused_plans, warnings, trials, as_json, out, today.year, late_reviews)


def _of_broker(folder: Path) -> list[Problem]:
    looked = look_at(folder)
    return [*(found.problem for found in looked.problems), *([looked.unchecked] if looked.unchecked else [])]


def _unfit(folder: Path, reading: Reading) -> list[Problem]:
    """Devices that cannot be what they were placed as, by what they told a hub about themselves. A warning: what a
    device says may change overnight, and must not take the home's files away from under a hub."""
    with closing(Reader(reading.settings.data / LEDGER)) as reader:
        try:
            known = {one.device: one for one in reader.known()}
        except NotThereYet:
            return []
        except Unreadable as error:
            return [Problem(file=LEDGER, what=f"cannot be read ({error}): what devices say of themselves is not known")]
    document = read_document(folder.absolute(), "devices.yaml")
    return unfit(document, DevicesFile.model_validate(document.data).devices, known)


def _report(
    reading: Reading | None,
    problems: Sequence[Problem],
    warnings: Sequence[Problem],
    trials: Mapping[str, str],
    as_json: bool,
    out: TextIO,
    year: int,
    late_reviews: int = 0,
) -> int:
    proof = prove(reading.home, year) if reading is not None else None
    if as_json:
        answer = {
            "ok": not problems,
            "home": reading.home.slug if reading else None,
            "counts": counts(reading.home) if reading else None,
            "problems": [problem.as_json() for problem in problems],
            "warnings": [problem.as_json() for problem in warnings],
            "on_trial": dict(trials),
            "watcher": reading is not None and reading.settings.watcher is not None,
            "proof": proof_as_json(proof) if proof is not None else None,
            "assumptions": list(ASSUMPTIONS),
        }
        out.write(orjson.dumps(answer).decode() + "\n")
        return 1 if problems else 0
    out.writelines(f"{problem}\n" for problem in problems)
    out.writelines(f"{warning} (warning)\n" for warning in warnings)
    out.write(summary(reading, problems, warnings) + "\n")
    out.writelines(f"residents/{resident}.shadow.yaml: {said}\n" for resident, said in trials.items())
    if reading is not None:
        out.writelines(
            f"{file} is not used: the plan accepted before it stays in force, and pendants are told as ever\n"
            for file in dict.fromkeys(problem.file for problem in problems)
        )
    if reading is not None and proof is not None:
        write_proof(proof, out)
        if late_reviews:
            out.write(f"{OVERDUE.format(late_reviews)}\n\n")
        out.writelines(f"  rests on: {assumption}\n" for assumption in ASSUMPTIONS)
        if reading.settings.watcher is None:
            out.write(f"  rests on: {NO_WATCHER} (warning)\n")
    return 1 if problems else 0


def summary(reading: Reading | None, problems: Sequence[Problem], warnings: Sequence[Problem]) -> str:
    """One line: what is in the home, and whether it was accepted."""
    found = [_many(len(problems), "problem")] if problems else []
    found += [_many(len(warnings), "warning")] if warnings else []
    if reading is None:
        return f"refused: {', '.join(found)}"
    home = reading.home
    inside = ", ".join(
        f"{number} {word if number != 1 else word.removesuffix('s')}" for word, number in counts(home).items()
    )
    plans = len({problem.file for problem in problems})
    verdict = f"accepted, but for {_many(plans, 'plan')}" if plans else "accepted"
    return f"{home.slug}: {inside}: {verdict}" + (f" ({', '.join(found)})" if found else "")


def counts(home: Home) -> dict[str, int]:
    """How many of each thing the home has; alarms are the devices whose events are told at once."""
    return {
        "places": len(home.places),
        "residents": len(home.residents),
        "staff": len(home.staff),
        "devices": len(home.devices),
        "alarms": sum(device.purpose in CALLS for device in home.devices),
        "rules": sum(len(resident.rules) for resident in home.residents),
    }


def _many(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")

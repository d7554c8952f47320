"""What a trial came to at a morning, kept in a file beside the ledger until the next one.

It is a short cut and no truth of its own: what it says can be replayed out of the ledger from the moment at which the
plan was put on trial, and is, where a file is missing, torn, or written by another machine. Up to which morning a plan
was reported says the ledger alone, so a hub that is killed between file and report tells nothing twice and leaves
nothing out.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from hub.config.stored import home_from_json, home_json
from hub.ledger.load import restored
from hub.ledger.rows import adapter, body_of
from hub.ledger.snapshots import timezones
from hub.replay.replaying import Time
from rules.home import Home, Resident
from rules.inputs import Now
from rules.machine import MACHINE
from rules.replay.beside import Carried, Kept, laid_over
from rules.replay.replay import Ran, quiet

FOLDER = "trials"
SUFFIX = ".kept"
_RANS = adapter(tuple[Ran, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTrial:
    """A plan on trial: whose, which file by its digest, and since when."""

    tried: Resident
    """Compiled from the file."""
    plan: str
    since_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """Where a trial was at a moment: all of the ledger up to a place in its sequence."""

    to_ms: int
    seq: int
    time: Time
    carried: Carried


def keep(folder: Path, trial: OnTrial, halt: Halt) -> None:
    """Write it, whole or not at all."""
    folder.mkdir(exist_ok=True, mode=0o700)
    body = zlib.compress(_body(trial, halt))
    path = folder / _name(trial.tried.resident, halt.to_ms)
    made = path.with_suffix(".new")
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(hashlib.sha256(body).digest() + body)
    made.replace(path)


def kept(folder: Path, trial: OnTrial, to_ms: int) -> Halt | None:
    """What was kept of this plan at this moment; None where nothing is that can be used."""
    try:
        whole = (folder / _name(trial.tried.resident, to_ms)).read_bytes()
    except OSError:
        return None
    body = whole[32:]
    if hashlib.sha256(body).digest() != whole[:32]:
        return None
    said = orjson.loads(zlib.decompress(body))
    if said["made_by"] != _made_by(trial):
        return None
    return _halt(said, trial)


def tidy(folder: Path, to_ms: Mapping[str, Collection[int]]) -> None:
    """Remove what is of no trial, and of each trial what is of none of these moments."""
    wanted = {_name(resident, at_ms) for resident, moments in to_ms.items() for at_ms in moments}
    for path in folder.glob("*"):
        if path.name not in wanted:
            with suppress(OSError):  # it is of no use and does no harm: the next look tries again
                path.unlink(missing_ok=True)


def _name(resident: str, to_ms: int) -> str:
    return f"{resident}.{to_ms}{SUFFIX}"


def _made_by(trial: OnTrial) -> list[object]:
    """Whatever is another now makes what was kept useless."""
    tried = hashlib.sha256(body_of(trial.tried).encode()).hexdigest()
    return [trial.plan, trial.since_ms, tried, MACHINE, timezones()]


def _body(trial: OnTrial, halt: Halt) -> bytes:
    carried = halt.carried
    said = {
        "made_by": _made_by(trial),
        "to_ms": halt.to_ms,
        "seq": halt.seq,
        "time": halt.time,
        "now": carried.now,
        "accepted": home_json(carried.accepted).decode(),
        "sides": [_side(each) for each in (carried.old, carried.new)],
        "held": carried.held,
    }
    return orjson.dumps(said)


def _side(each: Kept) -> dict[str, object]:
    tables = {
        name: [(table.name_of(row) if table.name_of else key, body_of(row)) for key, row in table.rows.items()]
        for name, table in each.state.tables().items()
    }
    return {"tables": tables, "running": each.running, "came": each.came, "live": each.live}


def _halt(said: Any, trial: OnTrial) -> Halt:
    accepted = home_from_json(said["accepted"].encode())
    whose = frozenset({trial.tried.resident})
    homes = (quiet(accepted, whose), quiet(laid_over(accepted, trial.tried), whose))
    old, new = (_kept(side, home) for side, home in zip(said["sides"], homes, strict=True))
    held_old, held_new = (_RANS.validate_python(each) for each in said["held"])
    return Halt(
        to_ms=said["to_ms"],
        seq=said["seq"],
        time=adapter(Time).validate_python(said["time"]),  # type: ignore[arg-type]
        carried=Carried(
            now=adapter(Now).validate_python(said["now"]),  # type: ignore[arg-type]
            accepted=accepted,
            old=old,
            new=new,
            held=(held_old, held_new),  # type: ignore[arg-type]
        ),
    )


def _kept(side: Any, home: Home) -> Kept:
    return Kept(
        state=restored(side["tables"], home),
        running=_RANS.validate_python(side["running"]),  # type: ignore[arg-type]
        came=tuple((at_ms, alert) for at_ms, alert in side["came"]),
        live=side["live"],
    )

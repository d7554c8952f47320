"""The home's own `mosquitto.conf`, compared with the one we ship: what in it would let a press be lost.

Only settings that matter to a press are compared, and only where they are worse than ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hub.config.problems import Problem
from hub.config.shipped import broker_settings
from hub.ordinary import read_ordinary

NAME = "mosquitto.conf"
LARGEST_BYTES = 1_048_576
_UNITS_D = {"h": 1 / 24, "d": 1.0, "w": 7.0, "m": 30.0, "y": 365.0}


@dataclass(frozen=True, slots=True)
class BrokerProblem:
    """A setting that is worse than ours, and the fault of the hub's that it is (`rules/faults.py`)."""

    fault: str
    problem: Problem


def _same(value: str, ours: str) -> bool:
    return value == ours


def _at_least(value: str, ours: str) -> bool:
    """0 would be "no limit", and with some versions of Mosquitto it is "nothing"."""
    return value.isdigit() and int(value) >= int(ours)


def _at_least_or_none(value: str, ours: str) -> bool:
    return _at_least(value, ours) or value == "0"


def _as_often(value: str, ours: str) -> bool:
    return value.isdigit() and 0 < int(value) <= int(ours)


def _as_long(value: str, ours: str) -> bool:
    return _days(value) >= _days(ours)


def _days(value: str) -> float:
    """A duration of Mosquitto's: `30d`; without one a session never ends."""
    found = re.fullmatch(r"(\d+)([hdwmy])", value)
    return int(found[1]) * _UNITS_D[found[2]] if found else float("inf") if not value else 0.0


@dataclass(frozen=True, slots=True)
class _Wanted:
    default: str
    """What Mosquitto does where the file says nothing."""
    is_right: Callable[[str, str], bool]
    fault: str
    otherwise: str


_WANTED = {
    "persistence": _Wanted("false", _same, "persistence", "what waits at the broker is lost when it restarts"),
    "autosave_interval": _Wanted(
        "1800", _as_often, "persistence", "a broker that crashes loses what it took since it saved"
    ),
    "autosave_on_changes": _Wanted("false", _same, "settings", "the broker saves at each change, and a flood stops it"),
    "persistent_client_expiration": _Wanted(
        "", _as_long, "persistence", "the broker forgets a hub that is away for longer"
    ),
    "max_queued_messages": _Wanted("1000", _at_least, "settings", "past it the broker throws presses away"),
    "max_queued_bytes": _Wanted("0", _at_least_or_none, "settings", "past it the broker throws presses away"),
    "max_inflight_messages": _Wanted("20", _same, "settings", "one slow commit holds up the line of presses"),
    "upgrade_outgoing_qos": _Wanted(
        "false", _same, "settings", "what a gateway sends at QoS 0 is lost while the hub is away"
    ),
    "queue_qos0_messages": _Wanted(
        "false", _same, "settings", "what a gateway sends at QoS 0 is lost while the hub is away"
    ),
    "set_tcp_nodelay": _Wanted("false", _same, "settings", "each alert waits 40 ms for the network"),
}


@dataclass(frozen=True, slots=True)
class Looked:
    """What the file says, and what it cannot say."""

    problems: tuple[BrokerProblem, ...] = ()
    unchecked: Problem | None = None
    """Why something that matters cannot be checked here."""
    changed_wall_ms: int = 0
    """When the file came to be as it is; 0 where there is none."""


def look_at(folder: Path) -> Looked:
    """Read the home's own file."""
    try:
        changed_wall_ms = (folder / NAME).stat().st_ctime_ns // 1_000_000
        text = read_ordinary(folder / NAME, LARGEST_BYTES).decode("utf-8", "replace")
    except FileNotFoundError:
        return Looked(unchecked=_unchecked("is not there"))
    except OSError as error:
        return Looked(unchecked=_unchecked(f"cannot be read ({error.strerror or error})"))
    said = {name: (line, value) for line, name, value in _lines(text)}
    line, elsewhere = said.get("include_dir", (0, ""))
    problems = tuple(_problems(said, whole=not elsewhere))
    reason = f"include_dir {elsewhere}: what it sets is not read"
    return Looked(problems, _unchecked(reason, line) if elsewhere else None, changed_wall_ms)


def _unchecked(reason: str, line: int = 0) -> Problem:
    what = f"{reason}: whether the broker keeps presses over a restart cannot be checked here"
    return Problem(
        file=NAME, line=line, what=what, expected="the file that `handrail new` writes, and the broker with it"
    )


def broker_problems(folder: Path) -> list[BrokerProblem]:
    """What is worse than ours in the home's own file."""
    return list(look_at(folder).problems)


def _problems(said: Mapping[str, tuple[int, str]], *, whole: bool) -> list[BrokerProblem]:
    """`whole`: what is not said has its default, and is not said elsewhere."""
    ours = {name: value for _, name, value in _lines(broker_settings())}
    found: list[BrokerProblem] = []
    for name, wanted in _WANTED.items():
        line, value = said.get(name, (0, wanted.default))
        if wanted.is_right(value, ours[name]) or not (line or whole):
            continue
        what = f"{name} {value}" if line else f"{name} is not set, which means {value}"
        problem = Problem(file=NAME, line=line, what=f"{what}: {wanted.otherwise}", expected=f"{name} {ours[name]}")
        found.append(BrokerProblem(wanted.fault, problem))
    return found


def _lines(text: str) -> Iterator[tuple[int, str, str]]:
    """Number, name and value of each setting; where one is written twice, the last counts."""
    for number, line in enumerate(text.splitlines(), 1):
        name, _, value = line.strip().partition(" ")
        if name and not name.startswith("#"):
            yield number, name, value.strip()

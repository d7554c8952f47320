"""Simulated carers: what nobody touched for a while is claimed, attended and closed, as it would be in a house.

They never take anything from a person: an alert that somebody else has claimed is left to that somebody.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

PATIENCE_MS = 90_000
ENDINGS = ("helped",) * 7 + ("no_help_needed",) * 2 + ("mistake",)
Step = Literal["claim", "attend", "close"]
AFTER: dict[Step, Step] = {"claim": "attend", "attend": "close"}
TAKES_MS: dict[Step, tuple[int, int]] = {"attend": (8_000, 25_000), "close": (12_000, 40_000)}


class Shown(BaseModel):
    """The part of an alert's message that a carer looks at."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    state: str
    room: str | None = None
    quiet: bool = False
    claimed_by: str | None = None


@dataclass(slots=True)
class _Case:
    """An open alert, and what a simulated carer will do about it next."""

    shown: Shown
    who: str
    step: Step
    due_ms: int


class Carers:
    """Who looks at the board and goes."""

    def __init__(self, people: tuple[str, ...], rng: random.Random, patience_ms: int = PATIENCE_MS) -> None:
        self._people = people
        self._rng = rng
        self._patience_ms = patience_ms
        self._cases: dict[str, _Case] = {}

    @property
    def open_alerts(self) -> int:
        """How many alerts are on the board now."""
        return len(self._cases)

    def see(self, alert: str, payload: bytes, now_ms: int) -> None:
        """A message on an alert's topic; an empty one or a closed one takes it off the board."""
        try:
            shown = Shown.model_validate_json(payload) if payload else None
        except ValidationError:
            return
        if shown is None or shown.state == "closed":
            self._cases.pop(alert, None)
            return
        case = self._cases.get(alert)
        if case is None:
            self._cases[alert] = self._new(shown, now_ms)
            return
        if case.shown.state != "told" and shown.state == "told":
            self._cases[alert] = self._new(shown, now_ms)
            return
        case.shown = shown

    def _new(self, shown: Shown, now_ms: int) -> _Case:
        due_ms = now_ms + self._patience_ms + self._rng.randint(0, self._patience_ms // 4)
        return _Case(shown=shown, who=self._rng.choice(self._people), step="claim", due_ms=due_ms)

    def wishes(self, now_ms: int) -> list[bytes]:
        """What they ask of the hub now."""
        asked: list[bytes] = []
        for case in self._cases.values():
            if case.due_ms > now_ms or not self._is_ours(case):
                continue
            asked.append(self._wish(case))
            step = AFTER.get(case.step)
            if step is None:
                case.due_ms = now_ms + self._patience_ms
                continue
            case.step, case.due_ms = step, now_ms + self._rng.randint(*TAKES_MS[step])
        return asked

    def _is_ours(self, case: _Case) -> bool:
        if case.step == "claim":
            return case.shown.state == "told" and not case.shown.quiet
        return case.shown.claimed_by in (None, case.who)

    def _wish(self, case: _Case) -> bytes:
        wish = {
            "id": f"carers-{self._rng.getrandbits(48):012x}",
            "do": case.step,
            "alert": case.shown.id,
            "by": case.who,
        }
        if case.step != "claim":
            wish |= {"proof": f"screen:{case.shown.room}"} if case.shown.room else {"reason": "was beside it"}
        if case.step == "close":
            wish["ending"] = self._rng.choice(ENDINGS)
        return orjson.dumps(wish)

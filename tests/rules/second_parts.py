"""Margaret wears a pendant with two buttons; the second may answer her plan's questions. Nights with it, as lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from devices.registry import Placed, Purpose, Supervision
from rules.effects import Did, Log
from rules.home import Home
from rules.plans.help import AnswerTo, Ask, Wait
from rules.plans.plan import Rule, Settles
from tests.rules.plan_parts import AGREED, Night, at, home_with, rule

PENDANT = "zigbee2mqtt/room-012-pendant"
SECOND = Placed(
    device=f"{PENDANT}#2",
    name="room-012-second",
    person="margaret",
    purpose=Purpose.EMERGENCY,
    supervision=Supervision.PENDANT,
)
ANSWERS = (AnswerTo(answer="yes", means="settles"), AnswerTo(answer="no", means="tells"), AnswerTo(answer="later"))
ASKS = Ask(question="Is all well?", answers=ANSWERS, within_s=300, button="room-012-second")
ASKED = rule(
    help=(ASKS, Wait(seconds=60)),
    delay_agreed=AGREED,
    settled_by=(Settles(device="room-012-door", kind="contact", value="closed"),),
)
OPEN = ("wait 3", "door open", "wait 0.1")
"""The hub has heard its devices for a while, her question is asked, and she has heard it."""


def with_second(home: Home, *more: Placed) -> Home:
    """The home in which the second button of Margaret's pendant is placed by itself."""
    return replace(home, devices=(*home.devices, SECOND, *more))


@dataclass
class Pressed(Night):
    """A night in which a line may be `second single`, `first hold`, `plain 2_single`, `twice single`."""

    def _second(self, gesture: str) -> None:
        self.press("room-012-pendant", action=f"2_{gesture}")

    def _first(self, gesture: str) -> None:
        self.press("room-012-pendant", action=f"1_{gesture}")

    def _action(self, said: str) -> None:
        self.press("room-012-pendant", action=said)

    def _plain(self, said: str) -> None:
        """The same press, as its gateway tells it once more in plain text."""
        self.hear(f"{PENDANT}/action", said)

    def _line(self, log: Log) -> str:
        if log.did in (Did.RAISED, Did.REOPENED):
            alert = self.state.alerts.get(log.alert or "")
            return "called" if alert is not None and alert.kind in ("emergency", "call") else ""
        if log.did is Did.PRESSED:
            return "pressed"
        return "again" if log.did is Did.NOT_A_PRESS else super()._line(log)


def pressed(*rules: Rule, happenings: Iterable[str] = OPEN, more: Iterable[Placed] = (), **others: object) -> Pressed:
    """A night with these rules, in which this has happened."""
    home = with_second(home_with(*rules, **others), *more)  # type: ignore[arg-type]
    night = Pressed(home=home, wall_ms=at("2026-03-10 22:30"))
    night.run(happenings)
    night.lines.clear()
    night.forget()
    return night

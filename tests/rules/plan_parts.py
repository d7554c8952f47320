"""Margaret's room with one device of each sort, rules of any form for her, and nights written as lines of a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from devices.events import TWO_WORDS, Event, Kind, Value
from devices.registry import Placed, Purpose
from rules.alerting.levels import Level
from rules.effects import Did, Log
from rules.home import Home, Resident
from rules.inputs import Heard
from rules.plans.plan import Abilities, DelayAgreed, Otherwise, Rule
from tests.stories.house import House
from tests.stories.village import village

LONDON = ZoneInfo("Europe/London")
AGREED = DelayAgreed(risk="walks steadily", by="J. Shah, RN", on="2026-10-02")
SORTS = {
    "door": Kind.CONTACT,
    "bed": Kind.BED,
    "motion": Kind.MOTION,
    "climate": Kind.TEMPERATURE,
    "socket": Kind.POWER,
    "button": Kind.BUTTON,
    "tag": Kind.BUTTON,
    "lamp": Kind.LIGHT,
}
"""What each device of the room says, by the last word of its name."""
MORE = {
    "motion": Purpose.MOTION,
    "climate": Purpose.OTHER,
    "socket": Purpose.SWITCH,
    "button": Purpose.OTHER,
    "tag": Purpose.PRESENCE_TAG,
    "blind": Purpose.OTHER,
    "speaker": Purpose.SPEAKER,
    "pad": Purpose.VIBRATOR,
    "lamp": Purpose.LIGHT,
}
FIRST_PART = frozenset({Did.SETTLED, Did.OFFERED, Did.RESTED, Did.NOISY, Did.ANSWERED_BY_RESIDENT, Did.DROPPED})


def rule(**fields: object) -> Rule:
    """A rule of Margaret's that watches her door and tells staff at once, where it says no more."""
    said: dict[str, object] = {
        "rule": "rule",
        "why": "a test",
        "resident": "margaret",
        "place": "012",
        "device": "room-012-door",
        "kind": "contact",
        "value": "open",
        "otherwise": Otherwise(level=Level.CHECK, say="{who}: {for}"),
    }
    return Rule(**(said | fields))  # type: ignore[arg-type]


def home_with(*rules: Rule, abilities: Abilities | None = None, shared_with: str = "") -> Home:
    """The village, where Margaret has these rules and no others, and her room one device of each sort."""
    home = village()
    placed = tuple(
        Placed(device=f"zigbee2mqtt/room-012-{name}", name=f"room-012-{name}", place="012", purpose=purpose)
        for name, purpose in MORE.items()
    )
    people = [_with(one, rules, abilities) for one in home.residents]
    if shared_with:
        people = [replace(one, room="012") if one.resident == shared_with else one for one in people]
    return replace(home, residents=tuple(people), devices=(*home.devices, *placed))


def _with(one: Resident, rules: tuple[Rule, ...], abilities: Abilities | None) -> Resident:
    if one.resident != "margaret":
        return replace(one, rules=())
    return replace(one, rules=rules, abilities=abilities or Abilities())


def at(moment: str) -> int:
    """A local moment in London, `2026-03-10 22:30`, as Unix milliseconds."""
    return int(datetime.fromisoformat(moment).replace(tzinfo=LONDON).timestamp() * 1000)


@dataclass
class Night(House):
    """A house whose happenings are lines: `door open`, `bed empty`, `climate 28.5`, `button double`, `wait 10` (in
    minutes), `down 30`, `link lost`, `link found`, `ok`, `answer yes`, `clock +60`, `fire`."""

    lines: list[str] = field(default_factory=list)
    presses: int = 0

    def run(self, happenings: Iterable[str]) -> list[str]:
        """What comes of them: `22:40 start`, `22:55 told check`, `22:56 settled`."""
        for happening in happenings:
            what, _, how = happening.partition(" ")
            if what in SORTS:
                self.says(what, how)
            else:
                getattr(self, f"_{what}")(how)
        return self.lines

    def says(self, name: str, word: str) -> None:
        """A device of the room says a value."""
        kind = SORTS[name]
        press = kind is Kind.BUTTON
        self.presses += press
        event = Event(
            device=f"zigbee2mqtt/room-012-{name}",
            kind=kind,
            value=_value(kind, word),
            press=press,
            press_id=str(self.presses) if press else None,
        )
        self.take(Heard(event=event))

    def take(self, given: object, *, more: bool = False) -> None:
        """As ever, and what rules did is written down."""
        known = len(self.past)
        super().take(given, more=more)  # type: ignore[arg-type]
        clock = f"{datetime.fromtimestamp(self.wall_ms / 1000, LONDON):%H:%M}"
        for log in self.past[known:]:
            if isinstance(log, Log) and (line := self._line(log)):
                self.lines.append(f"{clock} {line}")

    def _line(self, log: Log) -> str:
        if log.did is Did.HELPING and ": " in log.reason and log.reason.split(":")[0] in self._names():
            return "start late" if ", late" in log.reason else "start"
        if log.did is Did.UNSETTLED:
            alert = next(alert for alert in self.state.alerts if alert.id in log.reason)
            return f"told {alert.level}{' late' if alert.late else ''}"
        if log.did not in FIRST_PART:
            return ""
        if log.did is Did.ANSWERED_BY_RESIDENT:
            return f"answered {log.reason.split(',')[0]}"
        return log.did.value

    def _names(self) -> set[str]:
        return {rule.rule for one in self.home.residents for rule in one.rules}

    def _wait(self, minutes: str) -> None:
        self.wait(minutes=float(minutes))

    def _down(self, minutes: str) -> None:
        self.down(minutes=float(minutes))

    def _link(self, word: str) -> None:
        self.loses_broker() if word == "lost" else self.finds_broker()

    def _ok(self, _: str) -> None:
        self.says_ok("012")

    def _away(self, _: str) -> None:
        self.ask("away", by="carer-1", resident="margaret", reason="hospital", until_s=86_400)

    def _answer(self, answer: str) -> None:
        asked = self.screen("012")["ask"]
        episode = asked["episode"] if isinstance(asked, dict) else ""
        self.ask("answer", client="room-012", episode=episode, answer=answer)

    def _clock(self, minutes: str) -> None:
        self.clock_is_moved(hours=float(minutes) / 60)

    def _fire(self, until: str | int) -> None:
        if isinstance(until, int):
            super()._fire(until)
        else:
            self.ask("mode", by="carer-1", reason="fire")


def _value(kind: Kind, word: str) -> Value:
    if kind in TWO_WORDS or kind is Kind.BUTTON:
        return word
    if kind is Kind.MOTION:
        return word == "detected"
    return float(word)


def night(*rules: Rule, since: str = "2026-03-10 22:30", **more: object) -> Night:
    """A night with these rules that begins at a local moment."""
    return Night(home=home_with(*rules, **more), wall_ms=at(since))  # type: ignore[arg-type]

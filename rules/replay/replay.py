"""A plan over the past: the same `step`, fed with what was heard, with timers of its own and people as an assumption.

What is assumed, and written into every answer:

- Every device event and every request that names no alert is taken as it was recorded, and at its own time. Timers are
  each side's own. What people did with alerts (claims, closings) is not: other alerts would have been there.
- When the hub or its link was down, and when its clock was set, are facts as well, and taken. While the hub is down no
  timer falls due; at its start all of them do, late, as they did then.
- Whoever is told comes, and closes the alert after `CAME_MS` (a call's after `CALLED_MS`). So an alert is open long
  enough to take in what belongs to it, and never for the rest of the month.
- A device for whose silence a rule waits is watched over as it was then: while it is lost, or its gateway is, the rule
  does not start. Faults of all other devices and of the hub are left out: no rule can depend on them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from heapq import heappop, heappush
from typing import Any

from devices.commands import Command
from devices.events import Kind
from devices.registry import Supervision
from rules.alerting import alerts
from rules.alerting.levels import RANK, Level
from rules.effects import Carry, Did, Effect, Log
from rules.home import Home
from rules.inputs import Asked, Configured, FellDue, Input, Linked, Now, Started
from rules.machine import step
from rules.replay.relevant import waits_of
from rules.setting import without_agreement
from rules.state import Alert, AlertState, Ending, Episode, EpisodeState, State
from rules.turn import Turn

CAME_MS = 600_000
"""A person who was told is there and done after ten minutes."""
CALLED_MS = 30_000
"""An emergency or call is closed after this: whether it was told is asked; its ladder is the same under any plan."""
NEVER_MS = 2**62
RAISED = frozenset({Did.RAISED, Did.REOPENED})
TOLD = frozenset({Did.TOLD, Did.TOLD_NOBODY})
CALLED = frozenset({Did.RAISED, Did.REOPENED, Did.PRESSED})
FAULTS = frozenset({Kind.AVAILABILITY, Kind.BATTERY, Kind.TAMPER})
"""What is wrong with a device may be urgent, and is nobody's call."""


@dataclass(slots=True, kw_only=True)
class Ran:
    """One run of one rule in a replay. Times are wall times in milliseconds."""

    episode: str
    resident: str
    rule: str
    place: str
    started_ms: int
    live: bool
    """What began it was heard by the running hub, so that the help of the plan in force was given then."""
    help: list[tuple[int, str]] = field(default_factory=list)
    """What was done for the resident, and when."""
    ended_ms: int = 0
    state: str = EpisodeState.HELPING.value
    level: str = ""
    said: str = ""
    rang: bool = False
    """Staff were told by an alert of its own; otherwise it was added to one that was open."""

    @property
    def told(self) -> bool:
        """It ended with staff."""
        return self.state == EpisodeState.UNSETTLED.value


@dataclass(frozen=True, slots=True)
class CallTold:
    """An emergency or call of the record, and whether the step that heard it told somebody."""

    resident: str
    device: str
    level: str
    said: str
    told: bool


def quiet(home: Home, residents: frozenset[str]) -> Home:
    """The home with the plans of these residents alone, and of its devices' health what those plans depend on."""
    waited = waits_of(rule for one in home.residents if one.resident in residents for rule in one.rules)
    return replace(
        home,
        residents=tuple(one if one.resident in residents else replace(one, rules=()) for one in home.residents),
        devices=tuple(
            placed if placed.name in waited else replace(placed, supervision=Supervision.NONE)
            for placed in home.devices
        ),
    )


def tell_at_once(home: Home) -> Home:
    """The same plans with every delay 0. How long a state must last to be worth telling (`held_for`) is no delay."""
    residents = tuple(
        replace(one, rules=tuple(without_agreement(replace(rule, delay_agreed=None)) for rule in one.rules))
        for one in home.residents
    )
    return replace(home, residents=residents)


class Side:
    """One configuration's machine over the past."""

    __slots__ = ("_came", "_due", "_said", "calls", "ended", "live", "next_ms", "running", "state")

    def __init__(self, home: Home, now: Now) -> None:
        self.state = State()
        self.running: dict[str, Ran] = {}
        self.ended: list[Ran] = []
        """Runs that ended since somebody took them away."""
        self.calls: list[CallTold] = []
        """Emergencies and calls of the newest input."""
        self.live = False
        self.next_ms = NEVER_MS
        self._due: list[tuple[int, str]] = []
        self._came: list[tuple[int, str]] = []
        self._said: dict[Command, str] = {}
        for given in (Started(down_from_ms=0), Configured(home=home), Linked(up=True)):
            self._step(given, now)

    def take(self, given: Input, now: Now) -> None:
        """Whatever fell due before, then one input of the record."""
        if self.next_ms <= now.elapsed_ms:
            self.until(now)
        if type(given) is Asked and getattr(given, "episode", None):
            given = self._to_the_run_that_asks(given)
        self._step(given, now)

    def _to_the_run_that_asks(self, given: Asked) -> Asked:
        """An answer names the run that asked, and here another run did: the one that asks in that room now."""
        room = given.client.removeprefix("room-") if given.client.startswith("room-") else given.room
        asking = [row for row in self.state.episodes if getattr(row, "asked_step", None) is not None]
        found = [row.id for row in asking if row.rule.place == room]
        changed: dict[str, Any] = {"episode": min(found)} if found else {}
        return replace(given, **changed)

    def start(self, given: Started, now: Now) -> None:
        """The hub runs again: what fell due while it was down does now."""
        self._step(given, now)
        self.until(now, late=True)

    def until(self, now: Now, *, late: bool = False) -> None:
        """Let time pass: each timer at its own moment; where nobody was there at that moment (`late`), now."""
        while self.next_ms <= now.elapsed_ms:
            at_ms = self.next_ms
            then = now if late else Now(at_ms, now.wall_ms - (now.elapsed_ms - at_ms))
            if self._came and self._came[0][0] <= at_ms:
                self._come(heappop(self._came)[1], then)
            else:
                due_ms, key = heappop(self._due)
                timer = self.state.timers.rows.get(key)
                if timer is not None and timer.due_ms == due_ms:
                    self._step(FellDue(timer=key), then)
            self._look()

    def go_on(self, state: State, running: Iterable[Ran], came: Iterable[tuple[int, str]]) -> None:
        """Go on from what such a side came to before: its state, its runs under way, who is on the way to alerts."""
        self.state = state
        self.running = {ran.episode: ran for ran in running}
        self.ended, self.calls = [], []
        self._due = sorted((timer.due_ms, key) for key, timer in state.timers.rows.items())
        self._came = sorted(came)
        self._look()

    @property
    def came(self) -> list[tuple[int, str]]:
        """When somebody comes to which alert."""
        return self._came

    @property
    def is_linked(self) -> bool:
        """Whether the hub hears its devices now."""
        meta = self.state.meta.get("meta")
        return meta is not None and meta.linked

    def tidy(self) -> None:
        """Forget which rows changed: nobody writes them down."""
        self.state.adopt()

    # -- one step -----------------------------------------------------------------------------------------------------
    def _step(self, given: Input, now: Now) -> None:
        state = self.state
        _, effects = step(state, given, now)
        if state.timers.changed:
            self._rearm()
        if effects:
            self._follow(effects, now)

    def _rearm(self) -> None:
        timers = self.state.timers
        for key, timer in timers.changed.items():
            if timer is not None:
                heappush(self._due, (timer.due_ms, key))
        timers.changed = {}
        self._look()

    def _look(self) -> None:
        due = self._due[0][0] if self._due else NEVER_MS
        self.next_ms = min(due, self._came[0][0]) if self._came else due

    def _come(self, alert_id: str, now: Now) -> None:
        alert = self.state.alerts.get(alert_id)
        if alert is None or alert.state is AlertState.CLOSED:
            return
        if alert.test is not None:
            heappush(self._came, (now.elapsed_ms + CAME_MS, alert_id))
            return
        turn = Turn(self.state, now)
        alerts.end(turn, alert, Ending.HELPED, "in a replay somebody came", by=None)
        self._rearm()

    def _follow(self, effects: list[Effect], now: Now) -> None:
        """What a step did: which runs began, helped and ended, and which calls were told in it."""
        raised: dict[str, Did] = {}
        told: set[str] = set()
        helped: list[tuple[str, str]] = []
        for effect in effects:
            if type(effect) is Log:
                did, alert_id = effect.did, effect.alert
                if alert_id is not None:
                    if did in CALLED:
                        raised.setdefault(alert_id, did)
                    elif did in TOLD:
                        told.add(alert_id)
                elif did is Did.HELPING and effect.episode is not None:
                    helped.append((effect.episode, effect.reason))
            elif type(effect) is Carry and effect.episode is not None:
                helped.append((effect.episode, self._words(effect.command)))
        if raised:
            self._raised(raised, told, now)
        if helped or self.state.episodes.changed:
            self._episodes(helped, raised, now)

    def _words(self, command: Command) -> str:
        """A command as a person reads it: `turn on room-012-light (brightness_pct 30)`."""
        said = self._said.get(command)
        if said is not None:
            return said
        setting = self.state.setting
        placed = setting.placed(command.device) if setting is not None else None
        what = re.sub(r"(?<!^)(?=[A-Z])", " ", type(command).__name__).lower()
        more = [
            f"{each.name} {getattr(command, each.name)}"
            for each in fields(command)
            if each.name != "device" and getattr(command, each.name) is not None
        ]
        said = f"{what} {placed.name if placed else command.device}" + (f" ({', '.join(more)})" if more else "")
        self._said[command] = said
        return said

    def _raised(self, raised: dict[str, Did], told: set[str], now: Now) -> None:
        for alert_id, did in raised.items():
            alert = self.state.alerts.get(alert_id)
            if alert is None:
                continue
            if did in RAISED:
                within_ms = CAME_MS if alert.episode is not None else CALLED_MS
                heappush(self._came, (now.elapsed_ms + within_ms, alert_id))
                self._look()
            if alert.episode is None and RANK[alert.level] >= RANK[Level.CALL] and alert.kind not in FAULTS:
                self.calls.append(_call(alert, told=alert_id in told or (did is Did.PRESSED and bool(alert.told))))

    def _episodes(self, helped: list[tuple[str, str]], raised: dict[str, Did], now: Now) -> None:
        changed = self.state.episodes.changed
        begun = set[str]()
        for key, episode in changed.items():
            if episode is not None and key not in self.running:
                self.running[key] = self._begun(episode)
                begun.add(key)
        for key, words in helped:
            ran = self.running.get(key)
            if ran is None:
                continue
            if key in begun:
                begun.discard(key)  # the line that says that it began
            else:
                ran.help.append((now.wall_ms, words))
        for key, episode in changed.items():
            if episode is None or episode.state is EpisodeState.HELPING:
                continue
            ran = self.running.pop(key)
            ran.ended_ms, ran.state, ran.said = now.wall_ms, episode.state.value, episode.reason
            alert = self.state.alerts.get(episode.alert or "")
            if alert is not None:
                ran.level, ran.said = alert.level.value, alert.also[-1] if alert.also else alert.reason
                ran.rang = raised.get(alert.id) in RAISED
            self.ended.append(ran)
        self.state.episodes.changed = {}

    def _begun(self, episode: Episode) -> Ran:
        rule = episode.rule
        return Ran(
            episode=episode.id,
            resident=rule.resident,
            rule=rule.rule,
            place=rule.place,
            started_ms=episode.started_wall_ms,
            live=self.live,
        )


def _call(alert: Alert, *, told: bool) -> CallTold:
    return CallTold(
        resident=alert.resident or "", device=alert.device or "", level=alert.level.value, said=alert.reason, told=told
    )

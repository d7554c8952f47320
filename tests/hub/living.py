"""A hub's machine as it really runs, for days, and the ledger of a hub that heard the same under another plan."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from hub.config.stored import home_json
from hub.ledger.rows import event_row, input_row
from hub.ledger.write import open_store
from rules.alerting import alerts
from rules.effects import Did, Log
from rules.home import Home, Resident
from rules.inputs import Asked, Configured, FellDue, Heard, Input, Linked, Now, Report, Started, Tried
from rules.machine import step
from rules.replay.beside import laid_over
from rules.state import AlertState, Ending, State
from rules.turn import Turn
from tests.hub.test_replay_properties import read_back

COMES_MS = 600_000
ENDS = {Did.SETTLED: "settled", Did.UNSETTLED: "unsettled", Did.OFFERED: "offered"}
Run = tuple[str, int, int, str]
"""A rule, when it began, when it ended, and how."""


@dataclass
class Living:
    """Every input and every timer of a whole home at its own moment, by `step` alone; somebody comes to whatever
    staff were told of, ten minutes later. `given` is what its ledger would hold."""

    home: Home
    tried: Resident
    now: Now
    state: State = field(default_factory=State)
    given: list[tuple[Now, Input]] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    on_trial: bool = False
    under_way: dict[str, tuple[str, int]] = field(default_factory=dict)
    _comes: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._step(Started(down_from_ms=0))
        self.accept(self.home)
        self._step(Linked(up=True))
        self.take(Asked(id="on", client="dashboards", do="sign_on", by="carer-1"))

    def accept(self, home: Home) -> None:
        """A configuration is accepted: this machine runs the plan on trial in it, once it is on trial."""
        self.home = home
        self.given.append((self.now, Configured(home=home)))
        mine = self.tried if self.on_trial else replace(self.tried, rules=())
        self._step(Configured(home=laid_over(home, mine)))

    def put_on_trial(self) -> Report:
        """It runs the plan on trial from here; what a hub says that sees it."""
        self.on_trial = True
        self._step(Configured(home=laid_over(self.home, self.tried)))
        wall_ms = self.now.wall_ms
        return Report(
            resident=self.tried.resident, words="on trial", matters=False, plan="a", since_ms=wall_ms, to_ms=wall_ms
        )

    def take(self, given: Input) -> None:
        """An input that the ledger keeps."""
        if isinstance(given, Asked) and given.do == "answer":
            given = self._to_what_is_asked(given)
        self.given.append((self.now, given))
        self._step(given)

    def _to_what_is_asked(self, given: Asked) -> Asked:
        """Whoever answers answers what the screen of their room asks now."""
        room = given.client.removeprefix("room-")
        asking = [row.id for row in self.state.episodes if row.asked_step is not None and row.rule.place == room]
        return replace(given, episode=min(asking, default=given.episode))

    def until(self, now: Now) -> None:
        """Time passes."""
        while True:
            due = [(timer.due_ms, 1, timer.key) for timer in self.state.timers]
            due += [(at_ms, 0, alert) for alert, at_ms in self._comes.items()]
            at_ms, is_timer, key = min(due, default=(now.elapsed_ms + 1, 0, ""))
            if at_ms > now.elapsed_ms:
                break
            at_ms = max(at_ms, self.now.elapsed_ms)
            self.now = Now(at_ms, now.wall_ms - (now.elapsed_ms - at_ms))
            if is_timer:
                self._step(FellDue(timer=key))
            else:
                del self._comes[key]
                self._close(key)
        self.now = now

    def down(self, now: Now) -> None:
        """The hub is killed here and starts again then, from its rows; what fell due meanwhile does then."""
        gone_ms = self.now.wall_ms
        self.now = now
        self.state = read_back(self.state)
        self.take(Started(down_from_ms=gone_ms))
        self.until(now)

    def _close(self, alert_id: str) -> None:
        """As a replay assumes: whoever came is done. A device that is lost stays lost."""
        alert = self.state.alerts.get(alert_id)
        if alert is not None and alert.state is not AlertState.CLOSED:
            alerts.end(Turn(self.state, self.now), alert, Ending.HELPED, "somebody came", by=None)
            self.state.adopt()

    def _step(self, given: Input) -> None:
        _, effects = step(self.state, given, self.now)
        for effect in effects:
            if isinstance(effect, Log):
                self._logged(effect)
        self.state.adopt()

    def _logged(self, log: Log) -> None:
        if log.alert is not None and log.did in (Did.RAISED, Did.REOPENED):
            self._comes[log.alert] = self.now.elapsed_ms + COMES_MS
        if log.episode is None:
            return
        if log.did is Did.HELPING and log.episode not in self.under_way and log.resident == self.tried.resident:
            self.under_way[log.episode] = (log.reason.partition(":")[0], self.now.wall_ms)
        if log.did in ENDS and log.episode in self.under_way:
            rule, began_ms = self.under_way.pop(log.episode)
            self.runs.append((rule, began_ms, self.now.wall_ms, ENDS[log.did]))


def kept_in(ledger: Path, given: Iterable[tuple[Now, Input]], seq: int = 0) -> int:
    """Write what a hub heard and was asked into its ledger; the last place in the sequence."""
    with closing(open_store(ledger)) as store:
        store.execute("BEGIN")
        for now, each in given:
            seq += 1
            if isinstance(each, Heard):
                store.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", event_row(seq, now, each))
                continue
            store.execute("INSERT INTO inputs VALUES (?, ?, ?, ?, ?)", input_row(seq, now, each))
            if isinstance(each, Configured):
                row = (seq, now.wall_ms, home_json(each.home).decode())
                store.execute("INSERT INTO configurations VALUES (?, ?, ?, '')", row)
        store.execute("COMMIT")
    return seq


def said(now: Now, report: Report) -> tuple[Now, Input]:
    """A report as an input."""
    return now, Tried(reports=(report,))

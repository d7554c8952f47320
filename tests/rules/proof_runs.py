"""A history under plans at random, with the machine held against the proof at every step."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from devices.events import Event, Kind, Value
from rules.alerting.levels import Level
from rules.effects import Did, Effect, Log
from rules.home import Home
from rules.inputs import Asked, Configured, FellDue, Heard, Input, Linked, Now, Started
from rules.machine import step
from rules.plans.plan import Held
from rules.proof.bounds import RuleTold, prove
from rules.setting import key_of
from rules.state import Alert, AlertState, Episode, State
from rules.turn import LATE_MS
from tests.rules.chosen_runs import Chosen, remembered
from tests.rules.plans_at_random import ROOMS, Chance, a_home
from tests.stories.village import resident_of

STARTS = tuple(
    int(datetime(2026, *when, tzinfo=UTC).timestamp() * 1000)
    for when in ((3, 28, 23, 30), (3, 29, 0, 45), (10, 25, 0, 15), (10, 24, 21, 0), (6, 1, 12, 0))
)
"""Around both changes of the clocks, and in summer."""
WAITS_MS = (0, 500, 1_000, 4_000, 29_000, 60_000, 299_000, 300_000, 900_000, 3_600_000)
NEAR_MS = (-1_800_000, -600_000, -60_000, -1_000, 0, 60_000, 900_000)
LONG_MS = 300_000
REMINDER_S = 900
"""A question in a reminder is there so long where the plan says nothing, and so are its last words."""
ENDS = frozenset({"settled", "unsettled", "offered"})
SAID: dict[str, tuple[tuple[Kind, Value], ...]] = {
    "bed": ((Kind.BED, "empty"), (Kind.BED, "empty"), (Kind.BED, "occupied")),
    "door": ((Kind.CONTACT, "open"), (Kind.CONTACT, "closed")),
    "motion": ((Kind.MOTION, True), (Kind.MOTION, False)),
    "thermo": ((Kind.TEMPERATURE, 30.0), (Kind.TEMPERATURE, 20.0), (Kind.TEMPERATURE, 12.0)),
    "pendant": ((Kind.EMERGENCY, True), (Kind.FALL, True)),
    "call": ((Kind.CALL, True),),
    "smoke": ((Kind.SMOKE, True), (Kind.SMOKE, False)),
}
SAID["pendant#2"] = tuple((Kind.BUTTON, said) for said in ("2_single", "2_single", "2_double", "2_hold", "1_single"))
CALLS = ("pendant", "call", "pendant#2")


@dataclass
class ProvedRun:
    """A home that is run, and what its proof said."""

    home: Home
    now: Now
    state: State = field(default_factory=State)
    told: int = 0
    """So many runs ended with staff."""
    settled: int = 0
    pressed: int = 0
    answered: int = 0
    """Of the presses, those of a second button that answered in place of calling."""
    late: int = 0
    _down_until_ms: int = -1
    _requests: int = 0

    def __post_init__(self) -> None:
        self.chosen = Chosen(self.home)
        proof = prove(self.home, 2026)
        self.proved: dict[str, RuleTold] = {
            key_of(told.rule): told for resident in proof.residents for told in resident.rules
        }
        assert {kind.told.first_s for resident in proof.residents for kind in resident.kinds} == {0}
        for given in (Started(down_from_ms=0), Configured(home=self.home), Linked(up=True)):
            self.take(given)
        for person in ("carer-1", "nurse-1"):
            self._asks("sign_on", by=person)

    # -- what happens ---------------------------------------------------------------------------------------------

    def happens(self, chance: Chance) -> None:
        """One thing at random."""
        room = chance.pick(ROOMS)
        match chance.pick(
            ("says",) * 8 + ("waits",) * 8 + ("ok",) * 3 + ("chooses",) * 3 + ("answer", "close", "down", "stands")
        ):
            case "says":
                what = chance.pick((*("bed", "door") * 6, *SAID))
                kind, value = chance.pick(SAID[what])
                self._says(room, what, kind, value)
            case "waits":
                self.passes(chance.pick(WAITS_MS))
            case "ok":
                self._asks("ok", client=f"room-{room}")
            case "answer":
                self._answers(chance)
            case "close":
                self._close(tuple(Level))
            case "chooses":
                self._chooses(room, chance)
            case "stands":
                self._stands(resident_of(room), chance)
            case "down":
                self._is_down_for(chance.pick(WAITS_MS[2:]))
        self._presses_her_second_button(chance)

    def _says(self, room: str, what: str, kind: Kind, value: Value) -> None:
        press = what in CALLS
        device = f"zigbee2mqtt/room-{room}-{what.partition('#')[0]}"
        at_ms = self.now.wall_ms if what == "pendant#2" else None
        asking = [
            one for one in self.state.episodes if one.rule.place == room and one.said and one.asked_step == one.step
        ]
        effects = self.take(Heard(event=Event(device=device, kind=kind, value=value, press=press, at_ms=at_ms)))
        if press:
            self.pressed += 1
            steps = {effect.did for effect in effects if isinstance(effect, Log)}
            if Did.ANSWERED_BY_RESIDENT in steps:
                self.answered += 1
                assert value in ("2_single", "2_double")
                assert len(asking) == 1, "a press answered although nobody knows what"
                return
            assert steps & {Did.TOLD, Did.PRESSED}, f"{value} of {device} was told to nobody in its own step"

    def _asks(self, do: str, *, client: str = "dashboards", **fields: Any) -> None:
        self._requests += 1
        self.take(Asked(id=f"q{self._requests}", client=client, do=do, **fields))

    def _answers(self, chance: Chance) -> None:
        """Whoever was asked something answers, in one of the words or another."""
        for episode in sorted(self.state.episodes, key=lambda episode: episode.id):
            if episode.asked_step is not None:
                self._asks("answer", episode=episode.id, answer=chance.pick(("yes", "no", "perhaps")), by="carer-1")

    def _stands(self, resident: str, chance: Chance) -> None:
        """Staff say where the resident is, or that somebody is there; the resident wants no reminders now."""
        do = chance.pick(("visit", "visit", "visit", "not_now", "looked", "change_of_condition", "away", "back"))
        more: dict[str, Any] = {"reason": "hospital", "until_s": 86_400} if do == "away" else {}
        self._asks(do, resident=resident, by="nurse-1", **more)

    def _chooses(self, room: str, chance: Chance) -> None:
        """The resident decides on the screen of the room, now and then what the plan does not allow; often about the
        time that was chosen before."""
        left_ms = self.chosen.left_ms(resident_of(room), self.state, self.now)
        if left_ms is not None and chance.pick((True, False)):
            self.passes(max(0, left_ms + chance.pick(NEAR_MS)))
        if fields := self.chosen.at_random(resident_of(room), chance):
            self._asks("choose", client=f"room-{room}", **fields)

    def _presses_her_second_button(self, chance: Chance) -> None:
        """Whoever may answer so and has heard the question does, where staff have seen to everything else."""
        asking = [row for row in self.state.episodes if row.said and row.asked_step == row.step]
        for room in sorted({row.rule.place for row in asking}):
            if chance.pick((True, False, False)):
                continue
            self._close(tuple(Level))
            self.passes(3_000)
            self._says(room, "pendant#2", *chance.pick(SAID["pendant#2"]))

    def _close(self, levels: tuple[Level, ...]) -> None:
        for alert in sorted(self.state.alerts, key=lambda alert: alert.id):
            if alert.state is not AlertState.CLOSED and alert.level in levels:
                self._asks("close", alert=alert.id, by="carer-1", ending="helped", reason="was there")

    def passes(self, ms: int) -> None:
        """Time passes: every timer fires at its own moment."""
        if ms > LONG_MS:
            self._close((Level.EMERGENCY, Level.URGENT, Level.CALL))
        until = self.now.elapsed_ms + ms
        while due := [(timer.due_ms, timer.key) for timer in self.state.timers if timer.due_ms <= until]:
            when, key = min(due)
            self._on(max(0, when - self.now.elapsed_ms))
            self.take(FellDue(timer=key))
        self._on(until - self.now.elapsed_ms)

    def _is_down_for(self, ms: int) -> None:
        wall_ms = self.now.wall_ms
        self._on(ms)
        self._down_until_ms = self.now.elapsed_ms
        self.take(Started(down_from_ms=wall_ms))
        self.passes(0)
        self.take(Linked(up=True))

    def _on(self, ms: int) -> None:
        self.now = Now(self.now.elapsed_ms + ms, self.now.wall_ms + ms)

    # -- what must hold -------------------------------------------------------------------------------------------

    def take(self, given: Input) -> list[Effect]:
        """One input, and what must hold of what comes of it."""
        before = remembered(self.state, given, self.now)
        ran = before.running
        _, effects = step(self.state, given, self.now)
        logs = [effect for effect in effects if isinstance(effect, Log)]
        running = {episode.id: episode for episode in self.state.episodes}
        ends = {log.episode for log in logs if log.did.value in ENDS}
        silent = [episode for key, episode in ran.items() if key not in running and key not in ends]
        assert not silent, f"ended with nothing: {silent}"
        for log in logs:
            if log.did is Did.UNSETTLED:
                self._in_time(ran.get(log.episode or ""), logs)
            elif log.did is Did.SETTLED:
                self.settled += 1
            elif log.did is Did.CLIMBED:
                self._climbs_in_time(self.state.alerts.rows[log.alert or ""])
        for key, episode in running.items():
            if key not in ran:
                self._began_in_time(episode)
        self.chosen.look(before, self.state, given, self.now, effects, self.proved)
        self.state.adopt()
        return effects

    def _in_time(self, episode: Episode | None, logs: list[Log]) -> None:
        """Staff are told in the step that ends a run, within its bound; where the hub was down, it says so."""
        self.told += 1
        steps = {log.did for log in logs}
        assert Did.TOLD in steps, "a run ended with staff and none were told"
        if episode is None:
            return
        bound_ms = self.proved[key_of(episode.rule)].bound_s * 1000
        over_ms = self.now.elapsed_ms - episode.started_ms - bound_ms
        if over_ms <= 0:
            return
        self.late += 1
        assert self._down_until_ms >= episode.started_ms, f"{over_ms} ms later than was proved: {episode}"
        assert over_ms <= LATE_MS or Did.FAULT in steps, "told later than was proved, and nobody knows"

    def _began_in_time(self, episode: Episode) -> None:
        """What lasts begins its run as soon as it has lasted, where no hours and no conditions hold it up. A reminder
        may wait for the last words of the one before: nobody waits for it."""
        rule = episode.rule
        if not isinstance(rule.when, Held) or rule.during or rule.only_if or rule.is_reminder:
            return
        watch = self.state.watches.get(key_of(rule))
        if watch is None or not watch.since_ms or self._down_until_ms >= watch.since_ms:
            return
        assert episode.started_ms - watch.since_ms <= rule.when.held_s * 1000, f"began late: {episode}"

    def _climbs_in_time(self, alert: Alert) -> None:
        if self.state.setting is None or self._down_until_ms >= alert.ladder_from_ms:
            return
        rung = self.state.setting.ladder(alert.level, everybody=alert.everybody).rungs[alert.rung]
        assert self.now.elapsed_ms - alert.ladder_from_ms <= rung.after_s * 1000, f"{alert.id} climbed late"

    def _longest_s(self, episode: Episode) -> int:
        """What a reminder says may stand a while longer: nobody waits for its end."""
        bound_s = self.proved[key_of(episode.rule)].bound_s
        return bound_s + (REMINDER_S * (1 + len(episode.rule.help)) if episode.rule.is_reminder else 0)

    def comes_to_its_end(self) -> None:
        """Nothing happens any more: every run that was on ends by itself, within its bound."""
        self._close(tuple(Level))
        ran = {episode.id for episode in self.state.episodes}
        if not ran:
            return
        self.passes(1000 * max(self._longest_s(episode) for episode in self.state.episodes))
        left = [episode for episode in self.state.episodes if episode.id in ran]
        assert not left, f"without an end: {left}"


def run_at_random(chance: Chance, forms: frozenset[str], *, most: int = 25) -> ProvedRun:
    """A plan, a history, and its end."""
    home = a_home(chance, forms)
    run = ProvedRun(home=home, now=Now(1_000_000, chance.pick(STARTS)))
    for _ in range(chance.number(5, most)):
        run.happens(chance)
    run.comes_to_its_end()
    return run

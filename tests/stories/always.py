"""What holds after every step, whatever happened: looked at by the stories and by the properties alike."""

from dataclasses import dataclass
from typing import cast

import orjson

from rules.alerting.levels import LONGEST_DELAY_S, Level
from rules.alerting.life import CLOCK
from rules.effects import Answer, Did, Effect, Log, ShowAlert
from rules.inputs import Asked, Input, Now
from rules.messages import alert_message, log_message, room_message
from rules.plans.help import Ask, Wait
from rules.plans.plan import AtTime, Beyond, Expected, Held, Nothing
from rules.state import Alert, AlertState, Ending, State


@dataclass(frozen=True)
class Before:
    """What was, before a step."""

    alerts: dict[str, Alert]
    episodes: dict[str, str]


def remember(state: State) -> Before:
    """What has to be known of the state before a step."""
    return Before(dict(state.alerts.rows), {key: episode.id for key, episode in state.episodes.rows.items()})


def hold(before: Before, state: State, given: Input, now: Now, effects: list[Effect]) -> None:
    """All of it."""
    logs = [effect for effect in effects if isinstance(effect, Log)]
    shown = {effect.alert for effect in effects if isinstance(effect, ShowAlert)}
    for alert in state.alerts:
        was = before.alerts.get(alert.id)
        assert_is_waited_for(state, alert)
        assert_no_rung_is_skipped(was, alert, logs)
        if was is not alert:
            assert_was_shown(was, alert, shown)
        assert_presence_or_reason(alert)
    assert_who_was_told_is_known(before, state, logs)
    assert_no_run_ends_in_silence(before, state, logs)
    assert_no_wait_is_longer_than_its_rule(state)
    assert_no_rule_sleeps_for_ever(state)
    assert_it_can_be_sent(state, logs, now)
    if isinstance(given, Asked):
        assert [effect.id for effect in effects if isinstance(effect, Answer)] == [given.id]


def assert_is_waited_for(state: State, alert: Alert) -> None:
    """Every open alert has its running timer, and names who took it where it is quiet; a closed one has none."""
    timers = {timer.what for timer in state.timers if timer.ref.split("/")[0] == alert.id}
    if alert.state is AlertState.CLOSED:
        assert not timers, f"{alert.id} is closed and {timers} still run"
        return
    if alert.test is not None:
        assert_is_a_test_for_a_moment(state, alert, timers)
        return
    assert CLOCK[alert.state] in timers, f"{alert.id} is {alert.state} and nothing runs: {timers}"
    assert timers - {CLOCK[alert.state], "receipt"} <= {"ladder"}, timers
    took = alert.attended_by or alert.claimed_by or (alert.promise.by if alert.promise else None)
    assert (took is not None) == (alert.state is not AlertState.TOLD)
    if alert.quiet:
        assert took is not None
    assert (alert.promise is not None) == (alert.state is AlertState.PROMISED)


def assert_is_a_test_for_a_moment(state: State, alert: Alert, timers: set[str]) -> None:
    """What is taken for a walk test came from what a resident calls with, is the only one, has told nobody yet, and is
    a call 30 s after it was pressed at the latest."""
    assert timers == {"test"}, timers
    assert state.timers.rows[f"test/{alert.id}"].due_ms - alert.raised_ms <= 30_000
    assert alert.waiting_since_ms == alert.raised_ms
    assert alert.state is AlertState.TOLD
    assert alert.quiet
    assert alert.told == ()
    assert alert.kind in ("emergency", "call")
    assert [row.device for row in state.walks if row.alert] == [alert.device]


def assert_presence_or_reason(alert: Alert) -> None:
    """What staff closed was proved, or says why it was not, unless nobody has to be beside a person for it."""
    if alert.ending is Ending.TESTED:
        assert alert.test is not None
        assert alert.closed_by == alert.test.by
    elif alert.closed_by is not None and alert.level not in (Level.REQUEST, Level.TECHNICAL):
        of_a_device = alert.kind in ("availability", "battery", "tamper") and not alert.also
        assert alert.proved or alert.unproved_reason or of_a_device
    assert not (alert.proved and alert.unproved_reason), "shown, and a reason why not"
    if alert.state in (AlertState.TOLD, AlertState.CLAIMED, AlertState.PROMISED):
        assert not alert.proved or alert.missed
        assert alert.unproved_reason is None or alert.missed


def assert_no_rung_is_skipped(was: Alert | None, alert: Alert, logs: list[Log]) -> None:
    """One rung at a time; only a lapsed claim goes to *everybody* at once."""
    if was is None:
        assert alert.rung == 0
        return
    lapsed = any(log.did is Did.CLAIM_LAPSED and log.alert == alert.id for log in logs)
    assert alert.rung <= was.rung + 1 or lapsed
    assert set(was.told) <= set(alert.told), "who was told stays told"


def assert_was_shown(was: Alert | None, alert: Alert, shown: set[str]) -> None:
    """A changed alert has a higher version and is published."""
    assert was is None or alert.version > was.version
    assert alert.id in shown


def assert_who_was_told_is_known(before: Before, state: State, logs: list[Log]) -> None:
    """Whenever an alert is raised, climbs or comes back, the record says in the same step who was told, or nobody."""
    rings = {Did.RAISED, Did.CLIMBED, Did.CLAIM_LAPSED, Did.PROMISE_BROKEN, Did.REOPENED}
    rang = {log.alert for log in logs if log.did in rings}
    told = {log.alert for log in logs if log.did in (Did.TOLD, Did.TOLD_NOBODY)}
    assert rang <= told
    nobody = {log.alert for log in logs if log.did is Did.TOLD_NOBODY}
    for alert in state.alerts:
        if alert.id not in before.alerts and alert.test is None:
            assert bool(alert.told) == (alert.id not in nobody)


def assert_no_run_ends_in_silence(before: Before, state: State, logs: list[Log]) -> None:
    """A run of a rule that is over was settled, or a person was told; a reminder was offered."""
    running = {episode.id for episode in state.episodes}
    ends = {log.episode for log in logs if log.did in (Did.SETTLED, Did.UNSETTLED, Did.OFFERED)}
    assert {run for run in before.episodes.values() if run not in running} <= ends
    for episode in state.episodes:
        timers = {timer.key for timer in state.timers}
        assert f"episode/{episode.rule.resident}/{episode.rule.rule}/{episode.rule.device}" in timers


def _stands_s(state: State, resident: str) -> int:
    known = state.setting.residents.get(resident) if state.setting is not None else None
    return 7_200 if known is not None and known.abilities.memory != "full" else 300


def assert_no_wait_is_longer_than_its_rule(state: State) -> None:
    """From a run's beginning to its end: its waits together, and what its level may wait. A reminder's last words stand
    for five minutes more (for whoever forgets, until it begins), its questions for a quarter of an hour."""
    for episode in state.episodes:
        rule = episode.rule
        default_s = 900 if rule.otherwise is None else 0
        waits = [step.seconds for step in rule.help if isinstance(step, Wait) and not step.hold]
        waits += [step.within_s or default_s for step in rule.help if isinstance(step, Ask)]
        holds = sum(step.seconds for step in rule.help if isinstance(step, Wait) and step.hold)
        if rule.otherwise is not None:
            assert sum(waits) <= LONGEST_DELAY_S.get(rule.otherwise.level, 0)
        longest_s = sum(waits) + holds + (_stands_s(state, rule.resident) if rule.otherwise is None else 0)
        due_ms = state.timers.rows[f"episode/{rule.resident}/{rule.rule}/{rule.device}"].due_ms
        assert due_ms <= episode.started_ms + longest_s * 1000, f"{episode.id} waits longer than {longest_s} s"


def assert_no_rule_sleeps_for_ever(state: State) -> None:
    """Whatever waits for a time, for silence, or for a state to have lasted has its timer."""
    for key, rule in state.setting.rules.items() if state.setting is not None else ():
        watch, waits = state.watches.get(key), f"watch/{key}" in state.timers
        if isinstance(rule.when, AtTime | Expected | Nothing):
            assert waits, f"{key} waits for nothing"
        elif isinstance(rule.when, Held | Beyond) and watch is not None and watch.since_ms and not watch.started:
            assert waits, f"{key} lasts, and nobody looks"


def assert_it_can_be_sent(state: State, logs: list[Log], now: Now) -> None:
    """Every message of it can be written as JSON, with steps of the closed list."""
    for log in logs:
        assert log.reason, f"{log.did} has no reason"
        assert Did(cast(dict[str, str], log_message(1, now.wall_ms, log))["step"]) is log.did
    orjson.dumps([alert_message(alert) for alert in state.alerts])
    if state.setting is not None:
        orjson.dumps([room_message(state, room) for room in state.setting.places])

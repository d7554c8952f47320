"""The broker shows alerts of ours that this ledger did not write: it was put back from a copy (DESIGN §7, at connect).

Two things must not happen then. A new alert must not get a number that others have seen: they keep the highest version
of each, and would take the new one for an old word. And an alert that was open must not vanish without a word: nobody
can close it any more, so staff are told what it was.
"""

from __future__ import annotations

import re
from dataclasses import replace

from rules import faults
from rules.alerting.alerts import end
from rules.alerting.levels import Level
from rules.alerting.raising import MOST_ALSO, Found, numbered, raise_alert
from rules.effects import Did
from rules.inputs import Remembered, Standing
from rules.state import Alert, AlertState, Ending
from rules.turn import Turn

CAUSE = "hub:restored"
DETAIL = "the broker showed calls that this ledger does not know"
LEAP = 1_000
"""Numbers left out: of the alerts raised since the copy only those that are still open can be seen."""
SINCE = "closed since the copy was made: by whom is not in this record"
PERHAPS = " (Of a record put back from a copy: perhaps over.)"
UNRECORDED = "unrecorded"
"""Words of an alert that was told from memory and never kept: its call was not acknowledged, and comes again."""
NUMBER = re.compile(r"a(\d{5,12})(?:-[0-9a-f]+)?")
STOOD = re.compile(r"Open when the record broke, as (\S+?): go and look")


def stood_as(alert: str, reason: str = "") -> str:
    """The words of an alert that is told anew; the last of them say which one it was."""
    return f"{reason} (Open when the record broke, as {alert}: go and look.)".lstrip()


def stood_before(reason: str) -> tuple[str, ...]:
    """The alerts that one with this reason tells anew."""
    return tuple(STOOD.findall(reason))


def number_of(alert: str) -> int:
    """The number in an alert's id; 0 where it is none of ours."""
    match = NUMBER.fullmatch(alert)
    return int(match[1]) if match else 0


def remembered(turn: Turn, given: Remembered) -> None:
    """Go on behind every number and every version that others may have seen."""
    known, last = turn.state.alerts, numbered(turn)
    ours = last if last >= 0 else turn.meta.alerts
    shown = {alert: words for alert, (_, words) in given.shown.items() if alert not in known}
    unknown = {alert: words for alert, words in shown.items() if number_of(alert) > ours}
    if unknown:
        highest = max(turn.meta.alerts, *(number_of(alert) for alert in unknown))
        turn.set_meta(replace(turn.meta, alerts=highest + LEAP))
        gone = {alert: words for alert, words in unknown.items() if words != UNRECORDED}
        if gone:
            lines = tuple(f"{alert}: {words}" if words else alert for alert, words in sorted(gone.items()))
            for line in lines:
                turn.log(Did.FAULT, f"the broker showed an alert that the ledger does not know, {line}", device=CAUSE)
            _tell(turn, lines)
    if given.restored:
        _restored(turn, given)
    if given.behind > turn.meta.alerts:
        turn.set_meta(replace(turn.meta, alerts=given.behind))
    for name, stood in sorted(given.standing.items()):
        _stands(turn, name, stood)
    for alert_id, (version, _) in sorted(given.shown.items()):
        alert = turn.state.alerts.get(alert_id)
        if alert is not None and alert.state is not AlertState.CLOSED and version >= alert.version:
            turn.show(replace(alert, version=version + 1))


def _stands(turn: Turn, alert: str, stood: Standing) -> None:
    """It was open when the record broke, and for how long nobody knows: it begins anew, with everybody."""
    turn.log(Did.FAULT, f"the broker shows an alert of which there is no record, {alert}: {stood.reason}", device=CAUSE)
    setting, level = turn.setting, Level(stood.level) if stood.level in set(Level) else Level.EMERGENCY
    raise_alert(
        turn,
        Found(
            level=level,
            kind=stood.kind or "other",
            cause=stood.device or CAUSE,
            reason=stood_as(alert, stood.reason),
            resident=stood.resident if stood.resident in setting.residents else None,
            place=stood.place if stood.place in setting.places else None,
            device=stood.device or None,
            everybody=level is not Level.TECHNICAL,
            late=True,
        ),
    )


def _restored(turn: Turn, given: Remembered) -> None:
    """What was closed since ends; of what is uncertain, staff read that it is. Others may have seen higher versions of
    both, and take lower ones for old words."""
    turn.log(Did.FAULT, "the ledger was put back from a copy", device=CAUSE)
    lines: list[str] = []
    for name in sorted({*given.over, *given.perhaps}):
        alert = turn.state.alerts.get(name)
        if alert is None or alert.state is AlertState.CLOSED or _is_of_now(turn, alert):
            continue
        alert = replace(alert, version=max(alert.version + 1, turn.now.wall_ms // 1000))
        if name in given.over:
            lines.append(f"{name}: {alert.reason} ({SINCE})")
            end(turn, alert, Ending.CLOSED_SINCE, SINCE, by=None)
        elif not alert.reason.endswith(PERHAPS):
            lines.append(f"{name}: {alert.reason}{PERHAPS}")
            turn.show(replace(alert, reason=alert.reason + PERHAPS))
    _tell(turn, tuple(lines))


def _is_of_now(turn: Turn, alert: Alert) -> bool:
    """Somebody pressed since the start, or took it: it is theirs, whatever the copy says."""
    meta = turn.meta
    since = max(alert.raised_ms, alert.pressed_ms) >= meta.started_ms
    return since or max(alert.claimed_wall_ms or 0, alert.attended_wall_ms or 0) >= meta.started_wall_ms


def _tell(turn: Turn, lines: tuple[str, ...]) -> None:
    open_one = next((alert for alert in turn.open_alerts() if alert.cause == CAUSE), None)
    if open_one is None:
        raise_alert(
            turn,
            Found(
                level=Level.TECHNICAL,
                kind="other",
                cause=CAUSE,
                reason=faults.for_staff("restored", {}, DETAIL),
                device=CAUSE,
                also=(faults.to_mend("restored", {}, DETAIL), *lines)[:MOST_ALSO],
                everybody=True,
            ),
        )
    elif lines:
        turn.show(_with(open_one, lines))


def _with(alert: Alert, lines: tuple[str, ...]) -> Alert:
    also = tuple(dict.fromkeys((*alert.also, *lines)))
    return replace(alert, version=alert.version + 1, also=also[:MOST_ALSO])

"""What the hub tells from memory: alerts at the broker that are newer than the ledger's.

While the hub's disk is full, the ledger stands still and the retained alerts at the broker go on. They are laid over
what the ledger says, so that a board shows every call. Ordinarily there is nothing here: the hub publishes after its
commit, and the ledger is never behind.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from hub.ledger.read import Night
from rules.alerting.levels import Level
from rules.state import Alert, AlertState, Ending, Missed, Promise, WalkTest

log = logging.getLogger("handrail.dashboards")


class _MissedSaid(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    resident: str | None
    device: str
    place: str | None
    kind: str
    at: AwareDatetime
    presses: int
    answered_by: str | None


class _TestSaid(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    by: str
    until: AwareDatetime
    heard_after_s: float
    battery: str


class _Said(BaseModel):
    """An alert's message (DESIGN §7), as `rules/messages.py` draws it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    version: int
    level: Level
    state: AlertState
    kind: str
    cause: str
    reason: str
    resident: str | None
    place: str | None
    room: str | None
    zone: str | None
    device: str | None
    stamp: str | None
    also: tuple[str, ...]
    near: str | None
    near_at: AwareDatetime | None
    raised_at: AwareDatetime
    waiting_since: AwareDatetime
    rung: int
    told: tuple[str, ...]
    rings: int
    quiet: bool
    everybody: bool
    claimed_by: str | None
    claimed_at: AwareDatetime | None
    attended_by: str | None
    attended_at: AwareDatetime | None
    promised_by: str | None
    promised_until: AwareDatetime | None
    ok_said: bool
    presses: int
    late: bool
    found: bool
    unrecorded: bool
    test: _TestSaid | None = None
    missed: tuple[_MissedSaid, ...]
    ending: Ending | None
    closed_by: str | None
    closed_at: AwareDatetime | None


class Memory:
    """The newest word of each alert at the broker that the ledger did not have yet."""

    def __init__(self) -> None:
        self._alerts: dict[str, Alert] = {}

    def heard(self, alert: str, payload: bytes) -> None:
        """The hub published an alert, or cleared one (empty). Raises `ValueError` where it cannot be read."""
        if not payload:
            known = self._alerts.get(alert)
            if known is not None and known.state is not AlertState.CLOSED:
                del self._alerts[alert]
            return
        try:
            said = _Said.model_validate_json(payload)
        except ValidationError as error:
            raise ValueError(f"alert {alert}: {error.errors()[0]['msg']}") from error
        known = self._alerts.get(said.id)
        if known is None or known.version <= said.version:
            self._alerts[said.id] = _alert(said)

    def over(self, night: Night) -> Night:
        """The night as the broker has it where that is newer; what the ledger knows by now is forgotten here."""
        if not self._alerts:
            return night
        kept = {alert.id: alert for alert in night.alerts}
        ended = {alert.id for alert in night.closed}
        for alert in list(self._alerts.values()):
            row = kept.get(alert.id)
            behind = alert.id not in ended and (row is None or row.version < alert.version)
            closed = alert.state is AlertState.CLOSED
            if not behind or (closed and row is None):
                del self._alerts[alert.id]
            elif closed:
                del kept[alert.id]
            else:
                kept[alert.id] = alert
        return replace(night, alerts=tuple(kept.values()))


def _alert(said: _Said) -> Alert:
    promised = said.promised_by is not None and said.promised_until is not None
    return Alert(
        id=said.id,
        version=said.version,
        level=said.level,
        state=said.state,
        kind=said.kind,
        cause=said.cause,
        reason=said.reason,
        resident=said.resident,
        place=said.place,
        room=said.room,
        zone=said.zone,
        device=said.device,
        stamp=said.stamp,
        also=said.also,
        near=said.near,
        near_wall_ms=_ms(said.near_at),
        raised_ms=0,
        raised_wall_ms=_ms(said.raised_at) or 0,
        waiting_since_ms=0,
        waiting_since_wall_ms=_ms(said.waiting_since) or 0,
        rung=said.rung,
        told=said.told,
        rings=said.rings,
        quiet=said.quiet,
        everybody=said.everybody,
        claimed_by=said.claimed_by,
        claimed_wall_ms=_ms(said.claimed_at),
        attended_by=said.attended_by,
        attended_wall_ms=_ms(said.attended_at),
        promise=Promise(by=said.promised_by or "", until_ms=0, until_wall_ms=_ms(said.promised_until) or 0)
        if promised
        else None,
        ok_said=said.ok_said,
        presses=said.presses,
        late=said.late,
        found=said.found,
        unrecorded=said.unrecorded,
        test=_test(said.test) if said.test else None,
        missed=tuple(
            Missed(
                resident=row.resident,
                device=row.device,
                place=row.place,
                kind=row.kind,
                at_ms=_ms(row.at) or 0,
                presses=row.presses,
                answered_by=row.answered_by,
            )
            for row in said.missed
        ),
        ending=said.ending,
        closed_by=said.closed_by,
        closed_wall_ms=_ms(said.closed_at),
    )


def _test(said: _TestSaid) -> WalkTest:
    return WalkTest(
        by=said.by,
        until_ms=0,
        until_wall_ms=_ms(said.until) or 0,
        heard_after_ms=round(said.heard_after_s * 1000),
        battery=said.battery,
    )


def _ms(at: datetime | None) -> int | None:
    return None if at is None else round(at.timestamp() * 1000)

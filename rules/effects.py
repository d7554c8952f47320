"""What the machine wants done: wishes, in the imperative. Each is kept with its cause, then carried out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from devices.commands import Command
from devices.records import quick


class Did(StrEnum):
    """The steps of an alert's or episode's life, as the log topic names them. The list is closed."""

    RAISED = "raised"
    PRESSED = "pressed"
    TOLD = "told"
    TOLD_NOBODY = "told_nobody"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    CLIMBED = "climbed"
    CLAIMED = "claimed"
    CLAIM_LAPSED = "claim_lapsed"
    ATTENDED = "attended"
    PROMISED = "promised"
    PROMISE_BROKEN = "promise_broken"
    CLOSED = "closed"
    REOPENED = "reopened"
    JOINED = "joined"
    OK_SAID = "ok_said"
    REMINDED = "reminded"
    ANSWERED = "answered"
    REVIEW_ASKED = "review_asked"
    LISTED = "listed"
    HELPING = "helping"
    SETTLED = "settled"
    UNSETTLED = "unsettled"
    DROPPED = "dropped"
    QUARANTINED = "quarantined"
    NOT_A_PRESS = "not_a_press"
    NOT_OURS = "not_ours"
    LOST = "lost"
    BACK = "back"
    SIGNED_ON = "signed_on"
    SIGNED_OFF = "signed_off"
    PLAN_CHANGED = "plan_changed"
    PLAN_REFUSED = "plan_refused"
    STARTED = "started"
    CLOCK_STEPPED = "clock_stepped"
    FAULT = "fault"
    MENDED = "mended"
    MODE_CHANGED = "mode_changed"
    RESTED = "rested"
    NOISY = "noisy"
    OFFERED = "offered"
    ANSWERED_BY_RESIDENT = "answered_by_resident"
    AWAY = "away"
    RETURNED = "returned"
    VISIT_BEGAN = "visit_began"
    VISIT_ENDED = "visit_ended"
    NOT_NOW = "not_now"
    DELAYS_OFF = "delays_off"
    LOOKED = "looked"
    RECONNECTED = "reconnected"
    GONE = "gone"
    FORGOTTEN = "forgotten"
    WALK_OPENED = "walk_opened"
    WALK_HEARD = "walk_heard"
    WALK_ENDED = "walk_ended"
    TESTED = "tested"
    CHOSEN = "chosen"
    COMMANDED = "commanded"

    __hash__ = str.__hash__


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """Write one line of the log: what was done, and the named reason for it."""

    did: Did
    reason: str
    alert: str | None = None
    episode: str | None = None
    resident: str | None = None
    room: str | None = None
    device: str | None = None
    stamp: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowAlert:
    """Publish the newest version of an alert on its topic; where it is closed, clear it afterwards."""

    alert: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """Tell one person about an alert on one of their own channels (0 is the first)."""

    alert: str
    version: int
    person: str
    channel: int


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Carry:
    """Carry out a device command. What is not carried out within `drop_after_ms` of elapsed time is dropped."""

    command: Command
    why: str
    drop_after_ms: int
    alert: str | None = None
    episode: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallService:
    """Call a service of Home Assistant, with its data as JSON; too late after `drop_after_ms` of elapsed time."""

    service: str
    data: str
    why: str
    drop_after_ms: int
    episode: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowRoom:
    """Publish what a room's screen shows."""

    room: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Answer a request, after the commit."""

    id: str
    ok: bool
    reason: str


Effect = Log | ShowAlert | Tell | Carry | CallService | ShowRoom | Answer

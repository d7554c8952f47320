"""One step in the making: the state it changes, the time it happens at, and the effects it gathers."""

from __future__ import annotations

from datetime import UTC, datetime

from devices.commands import Command
from rules.effects import Answer, Carry, Did, Effect, Log, ShowAlert, ShowRoom, Tell
from rules.home import Home
from rules.inputs import Now
from rules.setting import Setting
from rules.state import Alert, AlertState, Episode, Meta, State, Timer

LATE_MS = 2_000
"""What fell due longer ago than this happened while nobody was there to do it: it is marked late."""
LAST_MS = 253_370_764_800_000
"""The last moment that has a calendar date in every time zone (a year before the end of year 9999)."""
NO_META = Meta()
EMPTY = Setting(Home(slug="", name="", timezone="UTC"))
"""The setting before any configuration was accepted: nobody lives here, and every alert tells everybody."""


class Turn:
    """The working set of one `step`."""

    __slots__ = ("effects", "now", "setting", "state")

    def __init__(self, state: State, now: Now) -> None:
        self.state = state
        self.now = now
        self.setting = state.setting or EMPTY
        self.effects: list[Effect] = []

    @property
    def meta(self) -> Meta:
        """The few single values."""
        return self.state.meta.get("meta") or NO_META

    def set_meta(self, meta: Meta) -> None:
        """Keep changed single values."""
        self.state.meta.put("meta", meta)

    def open_alerts(self) -> list[Alert]:
        """The alerts that have not ended, oldest first, whatever order the table has them in."""
        found = [alert for alert in self.state.alerts if alert.state is not AlertState.CLOSED]
        found.sort(key=_in_order)
        return found

    def log(
        self,
        did: Did,
        reason: str,
        *,
        alert: Alert | None = None,
        episode: Episode | None = None,
        resident: str | None = None,
        room: str | None = None,
        device: str | None = None,
        stamp: str | None = None,
        by: str | None = None,
    ) -> None:
        """Gather a log line; what an alert or episode knows about itself is filled in."""
        if alert is not None:
            resident, room, device = resident or alert.resident, room or alert.room, device or alert.device
        elif episode is not None:
            resident, room = resident or episode.rule.resident, room or episode.rule.place
            device = device or episode.rule.device or None
        self.effects.append(
            Log(
                did=did,
                reason=reason,
                alert=alert.id if alert else None,
                episode=episode.id if episode else (alert.episode if alert else None),
                resident=resident,
                room=room,
                device=device,
                stamp=stamp,
                by=by,
            )
        )

    def show(self, alert: Alert) -> None:
        """Keep a new version of an alert and publish it."""
        self.state.alerts.put(alert.id, alert)
        self.effects.append(ShowAlert(alert=alert.id))

    def show_room(self, room: str | None) -> None:
        """Publish what a room's screen shows, where there is such a room."""
        if room is not None and room in self.setting.places:
            self.effects.append(ShowRoom(room=room))

    def tell(self, alert: Alert, person: str, channel: int) -> None:
        """Tell a person of an alert on one of their channels."""
        self.effects.append(Tell(alert=alert.id, version=alert.version, person=person, channel=channel))

    def carry(
        self, command: Command, why: str, drop_after_ms: int, *, alert: str | None = None, episode: str | None = None
    ) -> None:
        """Let a device do something, soon or not at all."""
        self.effects.append(Carry(command=command, why=why, drop_after_ms=drop_after_ms, alert=alert, episode=episode))

    def answer(self, request: str, ok: bool, reason: str) -> None:
        """Answer a request."""
        self.effects.append(Answer(id=request, ok=ok, reason=reason))

    def arm(self, what: str, ref: str, due_ms: int) -> None:
        """Set the one timer of this sort for this thing, in place of an earlier one."""
        key = f"{what}/{ref}"
        self.state.timers.put(key, Timer(key=key, due_ms=due_ms, what=what, ref=ref))

    def disarm(self, what: str, ref: str) -> None:
        """Take the timer of this sort for this thing away."""
        self.state.timers.drop(f"{what}/{ref}")

    def local(self, wall_ms: int | None = None) -> datetime:
        """The home's local time, now or at a moment."""
        moment = min(max(0, self.now.wall_ms if wall_ms is None else wall_ms), LAST_MS)
        return datetime.fromtimestamp(moment // 1000, UTC).astimezone(self.setting.timezone)

    def is_within(self, start: str, end: str, wall_ms: int | None = None) -> bool:
        """Whether it is between two local times of day; the span may cross midnight.

        What counts is what the clock on the wall shows: an hour that comes twice is within both times, and one that
        never comes is passed over.
        """
        here = clock_of(self.local(wall_ms))
        return start <= here < end if start <= end else here >= start or here < end


def clock_of(moment: datetime) -> str:
    """The time of day of a moment, `HH:MM`."""
    return f"{moment.hour:02d}:{moment.minute:02d}"


def _in_order(alert: Alert) -> tuple[int, str]:
    return len(alert.id), alert.id


def plainly(milliseconds: int) -> str:
    """A length of time as a person says it: `40 s`, `12 min`, `2 h 5 min`."""
    seconds = max(0, milliseconds) // 1000
    if seconds < 90:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 90:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"

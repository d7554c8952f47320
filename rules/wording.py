"""What a person reads on a phone about an alert: short, most important first, for somebody tired and in a hurry.

Pure: the hub makes a page of it. A phone shows the title on its locked screen, so a home may ask for discreet words:
initials instead of names, and no sentence that could name somebody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from rules.alerting.levels import Level
from rules.inputs import Now
from rules.setting import Setting
from rules.state import Alert, AlertState
from rules.turn import plainly

LISTED = 8
"""How many of those missed while down are named; the board has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A title and a few lines."""

    title: str
    text: str


def words_for(alert: Alert, setting: Setting, now: Now, *, discreet: bool = False) -> Words:
    """What a page says: level, who, where, why, how long already, who is going, the alert's id."""
    lines = [
        "" if discreet else _sentence(alert.reason),
        *("" if discreet else _sentence(f"also {more}") for more in alert.also),
        _device(alert),
        _waiting(alert, now),
        _going(alert, setting),
        _marks(alert),
        *_missed(alert, setting, discreet=discreet),
        f"Alert {alert.id}",
    ]
    return Words(title=_title(alert, setting, now, discreet=discreet), text="\n".join(line for line in lines if line))


def initials(name: str) -> str:
    """A name as its first letters: `Margaret Smith` is `M. S.`."""
    return " ".join(f"{word[0].upper()}." for word in name.split())


def _title(alert: Alert, setting: Setting, now: Now, *, discreet: bool) -> str:
    level = alert.level.value.upper()
    kind = str(alert.kind).replace("_", " ")
    if alert.level in (Level.EMERGENCY, Level.URGENT) and kind != alert.level.value:
        level += f" ({kind})"
    if alert.state is AlertState.CLOSED:
        level = f"CLOSED, was {level}"
    who = _who(alert.resident, setting, discreet=discreet)
    where = _where(alert, setting, now)
    if alert.level is Level.TECHNICAL or not (who or where):
        return f"{level}: {alert.device or alert.cause}"
    return f"{level}: {', '.join(part for part in (who, where) if part)}"


def _who(resident: str | None, setting: Setting, *, discreet: bool) -> str:
    name = setting.name_of(resident)
    return initials(name) if discreet else name


def _where(alert: Alert, setting: Setting, now: Now) -> str:
    """Where to go: the place of the device. A pendant's is not known: where its wearer was last seen, or lives."""
    if alert.place:
        return setting.place_name(alert.place)
    if alert.near:
        near = f"last seen near {setting.place_name(alert.near)}"
        if alert.near_wall_ms is None:
            return near
        return f"{near} {plainly(now.wall_ms - alert.near_wall_ms)} ago"
    return f"where is not known, lives in {setting.place_name(alert.room)}" if alert.room else ""


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _device(alert: Alert) -> str:
    return f"Device {alert.device}" if alert.level is Level.TECHNICAL and alert.device else ""


def _waiting(alert: Alert, now: Now) -> str:
    waiting = f"Waiting {plainly(now.elapsed_ms - alert.waiting_since_ms)}"
    return f"{waiting}, pressed {alert.presses} times" if alert.presses > 1 else waiting


def _going(alert: Alert, setting: Setting) -> str:
    def named(person: str | None) -> str:
        known = setting.staff.get(person or "")
        return known.name if known else (person or "")

    if alert.attended_by:
        return f"{named(alert.attended_by)} is there"
    if alert.promise:
        until = datetime.fromtimestamp(alert.promise.until_wall_ms / 1000, UTC).astimezone(setting.timezone)
        return f"{named(alert.promise.by)} promised to be back by {until:%H:%M}"
    if alert.claimed_by:
        return f"{named(alert.claimed_by)} is going"
    return ""


def _marks(alert: Alert) -> str:
    """What makes this alert unlike others: it is old, was found so, or could not be written down."""
    marks = [
        "told late" if alert.late else "",
        "found so at start" if alert.found else "",
        "not recorded: the store is at fault" if alert.unrecorded else "",
    ]
    return _sentence(", ".join(mark for mark in marks if mark))


def _missed(alert: Alert, setting: Setting, *, discreet: bool) -> list[str]:
    """Everybody who still waits for an answer to a press made while the hub was down."""
    waiting = [row for row in alert.missed if row.answered_by is None]
    lines = []
    for row in waiting[:LISTED]:
        who = _who(row.resident, setting, discreet=discreet) or row.device
        place = setting.place_name(row.place or setting.room_of(row.resident))
        at = datetime.fromtimestamp(row.at_ms / 1000, UTC).astimezone(setting.timezone)
        lines.append(f"{at:%H:%M} {', '.join(part for part in (who, place) if part)}")
    if len(waiting) > LISTED:
        lines.append(f"and {len(waiting) - LISTED} more on the board")
    return lines

"""Since when each plan on trial is, and up to where the manager has read of it: for `check` and `explain`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.errors import LedgerUnreadable
from hub.replay.beside import said_last
from hub.replay.trial import digest_of, resident_of, shadows_in
from rules.inputs import Report


def trials_of(folder: Path, ledger: Path, timezone: str) -> dict[str, str]:
    """A sentence for each resident with a plan on trial."""
    return {resident_of(path): _sentence(path, ledger, timezone) for path in shadows_in(folder)}


def _sentence(path: Path, ledger: Path, timezone: str) -> str:
    try:
        last, plan = said_last(ledger, resident_of(path)), digest_of(path)
    except (LedgerUnreadable, OSError) as error:
        return f"on trial; since when is not known ({error})"
    if last is None:
        return "not on trial yet: it is from the moment at which a running hub sees it"
    if last.plan != plan:
        return (
            f"changed since it went on trial on {_moment(last.since_ms, timezone)}: it begins anew when the hub sees it"
        )
    return f"on trial since {_moment(last.since_ms, timezone)}; {_reported(last, timezone)}"


def _reported(last: Report, timezone: str) -> str:
    said = "not reported yet" if last.to_ms == last.since_ms else f"reported up to {_moment(last.to_ms, timezone)}"
    if last.tried_ms > last.to_ms:
        said += f", and could not be tried on {_moment(last.tried_ms, timezone)}: see the manager's list"
    return said


def _moment(wall_ms: int, timezone: str) -> str:
    here = datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone(ZoneInfo(timezone))
    return f"{here.day} {here:%b %H:%M}"

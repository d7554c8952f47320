"""What stood when a replayed period begins, and what the whole record knows that decides which of its events count.

A bridge that said once, weeks ago, that it is offline; a resident who has been away since; a choice made long before:
the days that lead in do not say it again. Each is read by itself, so that a year before the period costs no more than a
look through the inputs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace

from hub.ledger.rows import event_of, input_of
from rules.inputs import Asked, Described, Heard, Input, Linked
from rules.replay.relevant import Known, Relevant

HOUR_MS = 3_600_000
STANDING = "'away', 'back', 'looked', 'change_of_condition', 'choose'"
"""Requests that hold until another one of them."""
ASKED = f"""SELECT wall_ms, body FROM inputs WHERE what = 'Asked' AND body ->> 'do' IN ({STANDING}) AND seq < ?
    ORDER BY seq"""
AWAY = "SELECT DISTINCT body ->> 'resident' FROM inputs WHERE what = 'Asked' AND body ->> 'do' = 'away'"
DESCRIBED = "SELECT seq, body FROM inputs WHERE what = 'Described' ORDER BY seq"
LINKED = "SELECT what, body FROM inputs WHERE what IN ('Linked', 'Started') AND seq < ? ORDER BY seq DESC LIMIT 1"
SAID_LAST = "SELECT max(hour) FROM rollups WHERE device = ? AND kind = 'availability' AND hour <= ?"
SAID = """SELECT device, kind, value, extra FROM events WHERE seq >= ? AND seq < ? AND wall_ms < ? AND device = ?
    AND kind = 'availability' ORDER BY seq DESC LIMIT 1"""


def known(store: sqlite3.Connection) -> Known:
    """Who was ever away, and what each device ever said that it hangs on."""
    gateways: dict[str, set[str]] = {}
    for given in _described(store, 2**62):
        if given.gateway:
            gateways.setdefault(given.device, set()).add(given.gateway)
    return Known(
        away=frozenset(str(row[0]) for row in store.execute(AWAY)),
        gateways={device: frozenset(each) for device, each in gateways.items()},
    )


def stood(
    store: sqlite3.Connection,
    from_ms: int,
    seq_at: Callable[[int], int],
    relevant: Relevant,
) -> list[Input]:
    """The inputs that bring it about at a moment, in order: of the devices for whose silence a rule waits and of what
    they hang on, of residents, of the link."""
    before, waited = seq_at(from_ms), relevant.waited
    newest = {given.device: given for given in _described(store, before) if given.device in waited}
    made: list[Input] = list(newest.values())
    if waited:
        devices = [str(row[0]) for row in store.execute("SELECT key FROM devices ORDER BY key")]
        said = (_said(store, one, from_ms, seq_at) for one in devices if one in waited or relevant.is_gateway(one))
        made += [heard for heard in said if heard is not None]
    made += _asked(store, before, from_ms)
    last = store.execute(LINKED, (before,)).fetchone()
    if last is not None and (last[0] == "Started" or not getattr(input_of(*last), "up", True)):
        made.append(Linked(up=False, why="it was lost before"))
    return made


def _described(store: sqlite3.Connection, before: int) -> Iterator[Described]:
    for seq, body in store.execute(DESCRIBED).fetchall():
        given = input_of("Described", body)
        if seq < before and isinstance(given, Described):
            yield given


def _said(store: sqlite3.Connection, device: str, before_ms: int, seq_at: Callable[[int], int]) -> Heard | None:
    """What a device said last of being there, by the hour in which it did."""
    hour = store.execute(SAID_LAST, (device, before_ms // HOUR_MS)).fetchone()[0]
    if hour is None:
        return None
    ends = seq_at(hour * HOUR_MS), seq_at((hour + 1) * HOUR_MS)
    row = store.execute(SAID, (*ends, before_ms, device)).fetchone()
    return event_of(*row) if row is not None else None


def _asked(store: sqlite3.Connection, before: int, from_ms: int) -> list[Asked]:
    """Requests that still hold. How long somebody is away is counted from the moment it was said; where that is over
    the plan runs again a second later, as it did then."""
    made: dict[tuple[str, ...], Asked] = {}
    for number, (wall_ms, body) in enumerate(store.execute(ASKED, (before,)).fetchall()):
        given = input_of("Asked", body)
        if not isinstance(given, Asked):
            continue
        if given.do == "choose":
            key: tuple[str, ...] = (given.client, given.room, given.resident, given.choice)
        else:
            key = (str(number),)
        made.pop(key, None)
        left_s = max(1, given.until_s - (from_ms - wall_ms) // 1000)
        made[key] = replace(given, until_s=left_s) if given.do == "away" and given.until_s > 0 else given
    return list(made.values())

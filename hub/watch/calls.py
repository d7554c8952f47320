"""The calls that the watcher tells while the hub does not: presses, and the hub's own alerts that nobody is seeing to.

Pure. Each is one row: told once by itself, listed with the others again and again until somebody heard it, and handed
back only to a hub that has it: an alert that the hub shows, a press that the hub named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from devices.events import Event
from hub.watch import words
from hub.watch.house import House
from hub.watch.records import Cry, Do, Hide, Now, Open, Ring, Show, Tell, Told

AGAIN_MS = 10_000
"""Presses of one device so soon after it was told are counted and shown, not told anew."""
REMIND_MS = {"emergency": 60_000, "urgent": 60_000, "call": 240_000, "check": 1_800_000}
"""Nobody said that they heard it: told again this often, by level, the most serious first."""
SOUNDS = frozenset({"emergency", "urgent", "call"})
"""What sirens sound for: nobody else is woken by them for a check."""
OWED_MOST = 64
NOT_TAKEN = "not taken by the hub"
UNSURE = "perhaps not taken by the hub, the watcher was restarted"
LOOK_MS = 8_000
"""So long after its own start the watcher reminds nobody: the broker shows first what the hub has."""


class Calls:
    """What was told and is not yet handed back, by the watcher's own ids."""

    def __init__(self) -> None:
        self.rows: dict[str, Told] = {}
        self._count = 0

    # -- what a watcher before this one told ----------------------------------------------------------------------
    def take_up(self, rows: Iterable[Told], now: Now) -> None:
        """It goes on as if nothing had been; what had perhaps not reached anybody is due soon."""
        soon_ms = now.elapsed_ms + LOOK_MS
        for row in rows:
            latest_ms = now.elapsed_ms + REMIND_MS[row.level] if row.reached else soon_ms
            due_ms = max(soon_ms, min(row.due_ms, latest_ms))
            # A ring later than now is one of another calendar: a further press is told, and not counted to it.
            rang_ms = row.rang_ms if row.rang_ms <= now.elapsed_ms else now.elapsed_ms - AGAIN_MS
            self.rows[row.id] = replace(row, rang_ms=rang_ms, due_ms=due_ms, restored=True)

    def doubt(self, house: House, cries: Iterable[Cry], now: Now) -> None:
        """Presses that a watcher before this one had not told, so long ago that nobody knows whether the hub did."""
        for cry in cries:
            self.press(house, cry, now, deaf=True)
            row = next(row for row in self.rows.values() if (row.device, row.kind) == (cry.name, cry.kind))
            due_ms = now.elapsed_ms + LOOK_MS
            self.rows[row.id] = replace(row, rings=0, due_ms=due_ms, note=UNSURE, restored=True)

    def reached(self, idents: Iterable[str]) -> None:
        """Somebody has read of these."""
        for ident in idents:
            if (row := self.rows.get(ident)) is not None:
                self.rows[ident] = replace(row, reached=True)

    @property
    def are_unsure(self) -> bool:
        """Whether the hub may have said that it took one that is still told, and it was not heard."""
        return any(row.restored and row.owed for row in self.rows.values())

    # -- what is told ---------------------------------------------------------------------------------------------
    def press(self, house: House, cry: Cry, now: Now, *, deaf: bool) -> list[Do]:
        """A press that the hub does not tell; `deaf`: it is there, and said nothing of it."""
        told = next((row for row in self.rows.values() if row.device == cry.name and row.kind == cry.kind), None)
        if told is None:
            return self._first_press(house, cry, now, deaf=deaf)
        again = replace(
            _named_by(house, told),
            presses=told.presses + 1,
            stamp=cry.stamps[0],
            pressed_wall_ms=cry.heard_wall_ms,
            heard_by=None,
            heard_wall_ms=None,
            deaf=told.deaf or deaf,
            ours=told.ours + len(_owed(cry)),
            owed=(*told.owed, *_owed(cry))[-OWED_MOST:],
            note="",
        )
        if now.elapsed_ms - told.rang_ms < AGAIN_MS and told.heard_by is None:
            return [self._put(again)]
        again = _rung(again, now)
        return [self._put(again), *_alarm(again, *words.press(house, again, deaf=deaf))]

    def _first_press(self, house: House, cry: Cry, now: Now, *, deaf: bool) -> list[Do]:
        who, where = house.who_where(cry.device)
        told = Told(
            id=self._id(cry.heard_wall_ms),
            device=cry.name,
            kind=cry.kind.value,
            level=cry.level,
            who=who,
            where=where,
            reason=words.reason(cry.kind, who),
            stamp=cry.stamps[0],
            pressed_wall_ms=cry.heard_wall_ms,
            rang_ms=now.elapsed_ms,
            due_ms=now.elapsed_ms + REMIND_MS[cry.level],
            deaf=deaf,
            ours=len(_owed(cry)),
            owed=_owed(cry),
        )
        return [self._put(told), *_alarm(told, *words.press(house, told, deaf=deaf))]

    def left_open(self, house: House, waiting: Iterable[tuple[Open, str]], why: str, now: Now) -> list[Do]:
        """Alerts of the hub that nobody is seeing to: those that are not among ours, in one message."""
        known = {row.alert for row in self.rows.values()}
        new: list[Told] = []
        for alert, note in waiting:
            if alert.id in known:
                continue
            same = [row for row in self.rows.values() if (row.device, row.kind) == (alert.device, alert.kind)]
            if same and same[0].alert is None:
                self.rows[same[0].id] = replace(same[0], alert=alert.id)
                continue
            new.append(self._told_by_hub(house, alert, note, now))
        if not new:
            return []
        level = _level(new)
        title, text = words.list_of(house, new, why, now.wall_ms, named=True)
        shown = [self._put(told) for told in new]
        idents = tuple(told.id for told in new)
        return [*shown, *_ring(level), Tell(about="open", level=level, title=title, text=text, rows=idents)]

    def _told_by_hub(self, house: House, alert: Open, note: str, now: Now) -> Told:
        who, where = house.who_where_of(alert)
        return Told(
            id=self._id(now.wall_ms),
            device=alert.device,
            kind=alert.kind,
            level=alert.level,
            who=who,
            where=where,
            reason=alert.reason,
            stamp=None,
            pressed_wall_ms=alert.since_wall_ms if alert.since_wall_ms is not None else now.wall_ms,
            presses=alert.presses,
            rang_ms=now.elapsed_ms,
            due_ms=now.elapsed_ms + REMIND_MS[alert.level],
            alert=alert.id,
            note=note,
        )

    def remind(self, house: House, why: str, now: Now, *, hub_is_well: bool) -> list[Do]:
        """Nobody said that they heard it: again, all that wait in one message, so that it stays one a minute. What
        a hub that is well has, it tells itself."""
        waiting = [row for row in self.rows.values() if row.heard_by is None and (row.owed or not hub_is_well)]
        if not any(row.due_ms <= now.elapsed_ms for row in waiting):
            return []
        rung = [_rung(_named_by(house, row), now) for row in waiting]
        level = _level(rung)
        title, text = words.list_of(house, rung, why, now.wall_ms)
        shown = [self._put(row) for row in rung]
        idents = tuple(row.id for row in rung)
        return [*shown, *_ring(level), Tell(about="reminder", level=level, title=title, text=text, rows=idents)]

    def seen_to(self, ident: str, by: str, now: Now) -> list[Do] | None:
        """Somebody tapped that they heard it: it rings no more, and all see who. None where there is no such call."""
        told = self.rows.get(ident)
        if told is None:
            return None
        if told.heard_by is None:
            told = replace(told, heard_by=by, heard_wall_ms=now.wall_ms)
        return [self._put(told)]

    # -- what the hub has -----------------------------------------------------------------------------------------
    def add_form(self, event: Event) -> None:
        """The newest press of a device in another form: the hub may name either."""
        for row in self.rows.values():
            if row.owed and row.owed[-1].device == event.device and row.owed[-1].kind is event.kind:
                last = row.owed[-1]
                if event.stamp not in last.stamps:
                    owed = (*row.owed[:-1], replace(last, stamps=(*last.stamps, event.stamp)))
                    self.rows[row.id] = replace(row, owed=owed)
                return

    def named(self, device: str, stamp: str | None, *, exact: bool, deaf: bool, foreign: bool) -> bool:
        """The hub names a press of this device (our name or address): whether it is one that we told. `exact`: by its
        stamp, otherwise where there is none to compare. `deaf`: among those of which it said nothing in its time.
        `foreign`: a name that this house does not know, of newer files or of a list of several."""
        for row in self.rows.values():
            if row.deaf is not deaf:
                continue
            for cry in row.owed:
                is_its = device in (cry.name, cry.device, cry.topic)
                if exact:
                    is_meant = stamp in cry.stamps and (is_its or (foreign and stamp is not None))
                else:
                    is_meant = is_its and (stamp is None or None in cry.stamps)
                if is_meant:
                    self.rows[row.id] = replace(row, owed=tuple(other for other in row.owed if other is not cry))
                    return True
        return False

    def shown(self, devices: tuple[str, ...]) -> None:
        """An alert of the hub shows a press more of these devices: who goes there finds whoever pressed before too."""
        for row in list(self.rows.values()):
            if row.device in devices:
                self.rows[row.id] = replace(row, owed=())

    def named_late(self) -> list[Do]:
        """Of which the hub had said nothing in its time, and has now: they are the hub's to tell from here."""
        return self._hide(lambda row: row.deaf and not row.owed)

    def taken_up(self, alert: str) -> list[Do]:
        """Somebody sees to this alert of the hub, or it is over."""
        return self._hide(lambda row: row.alert == alert and not row.owed)

    # -- the hub is back ------------------------------------------------------------------------------------------
    @property
    def not_taken(self) -> list[Told]:
        """Of which the hub said nothing in its time, and nobody has heard it from us."""
        return [row for row in self.rows.values() if row.deaf and row.heard_by is None]

    def same_alarms(self, has: Callable[[str, str], bool]) -> None:
        """An alarm that is on is the same one as the hub's own alert of it (device and kind), whoever heard it."""
        for row in list(self.rows.values()):
            if has(row.device, row.kind):
                self.rows[row.id] = replace(row, owed=tuple(cry for cry in row.owed if cry.is_press))

    def hand_back(self, now: Now) -> tuple[int, list[Do]]:
        """The hub has had its time: what it has it tells from here, the rest is due at once. How many of ours it
        tells once more, and what goes from the screens."""
        again = sum(row.ours > 0 for row in self.rows.values() if not row.owed)
        hidden = self._hide(lambda row: not row.owed or row.heard_by is not None)
        for row in list(self.rows.values()):
            note = UNSURE if row.restored else NOT_TAKEN
            self.rows[row.id] = replace(row, deaf=True, note=note, due_ms=now.elapsed_ms)
        return again, hidden

    def clear(self) -> list[Do]:
        """All of it is over."""
        return self._hide(lambda row: True)

    # -- rows -----------------------------------------------------------------------------------------------------
    def _hide(self, over: Callable[[Told], bool]) -> list[Do]:
        gone = [row.id for row in self.rows.values() if over(row)]
        for ident in gone:
            del self.rows[ident]
        return [Hide(id=ident) for ident in gone]

    def _put(self, told: Told) -> Show:
        self.rows[told.id] = told
        return Show(told=told)

    def _id(self, wall_ms: int) -> str:
        self._count += 1
        return f"w{wall_ms}-{self._count}"


def _owed(cry: Cry) -> tuple[Cry, ...]:
    """A press of which the hub had shown that it heard it is in its ledger: it will not name it once more."""
    return () if cry.answered else (cry,)


def _named_by(house: House, told: Told) -> Told:
    """What was never told yet is named as the house is known now: when it was taken up, nobody had said who is gone."""
    if told.rings or not told.owed:
        return told
    who, where = house.who_where(told.owed[-1].device)
    return replace(told, who=who, where=where, reason=words.reason(told.owed[-1].kind, who))


def _rung(told: Told, now: Now) -> Told:
    due_ms = now.elapsed_ms + REMIND_MS[told.level]
    return replace(told, rings=told.rings + 1, rang_ms=now.elapsed_ms, due_ms=due_ms, reached=False)


def _level(rows: Sequence[Told]) -> str:
    return min((row.level for row in rows), key=list(REMIND_MS).index)


def _ring(level: str) -> Iterable[Do]:
    return (Ring(level=level),) if level in SOUNDS else ()


def _alarm(told: Told, title: str, text: str) -> Iterable[Do]:
    return (*_ring(told.level), Tell(about=told.id, level=told.level, title=title, text=text, rows=(told.id,)))

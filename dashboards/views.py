"""From rows of the ledger to what the page shows. Pure: no clock, no I/O, and the same rows give the same picture.

Times leave here as Unix milliseconds; the page turns them into "3 min ago" with the hub's clock, so that a phone whose
own clock is wrong still ticks right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dashboards import strings
from dashboards.picture import (
    Board,
    Card,
    ClosedRow,
    Lives,
    MissedRow,
    Name,
    Notes,
    Seen,
    StrangerRow,
    TestNow,
    WalkNow,
)
from dashboards.stays import stands_of
from dashboards.walks import overdue_of
from devices.events import Kind
from hub.ledger.read import House, HouseCarer, Night
from rules.alerting.levels import RANK, Level
from rules.asking import presence
from rules.hearing.walks import heard_words
from rules.home import Role
from rules.plans import able
from rules.state import Alert, AlertState, OnShift

TONIGHT_MS = 12 * 3_600_000
"""How far back the closed alerts of "earlier tonight" go."""
CLOSED_SHOWN = 8
CARDS_SHOWN = 120
"""More cards than anybody can read, and as many as a cheap phone draws at once; the most serious come first."""
OVERDUE_SHOWN = 12
NAMED = 3
"""More people than this are counted, not named."""
PROMISE_MIN = (5, 10, 15)
NOBODY = House(slug="", name="")


class _Names:
    """Looks up what people, places and devices are called."""

    def __init__(self, house: House, shift: Iterable[OnShift]) -> None:
        self.staff = {carer.id: carer for carer in house.staff}
        self.shift = {row.person: row for row in shift}
        self.residents = {row.resident: row for row in house.residents}
        self.places = {row.place: row.name for row in house.places}
        self.devices = {row.device: row.name or row.device for row in house.devices}

    def person(self, person: str | None) -> str | None:
        if person is None:
            return None
        if person in self.staff:
            return self.staff[person].name
        return self.shift[person].name if person in self.shift else person

    def place(self, place: str | None) -> str:
        return self.places.get(place or "", place or "")

    def resident(self, resident: str | None) -> str:
        known = self.residents.get(resident or "")
        return known.known_as if known else (resident or "")

    def on_shift(self) -> tuple[str, ...]:
        """Who is on shift now: always, or signed on. The manager only after signing on."""
        always = [row.id for row in self.staff.values() if row.always and row.role is not Role.MANAGER]
        return (*always, *(person for person in self.shift if person not in always))


def board(night: Night, home_name: str = "") -> Board:
    """The picture of a night."""
    house = night.house or NOBODY
    names = _Names(house, night.shift)
    return Board(
        home=home_name or house.name or house.slug,
        timezone=house.timezone,
        mode=night.meta.mode,
        cards=tuple(card(alert, names, house) for alert in in_order(night.alerts)[:CARDS_SHOWN]),
        more=strings.MORE.format(count=len(night.alerts) - CARDS_SHOWN) if len(night.alerts) > CARDS_SHOWN else "",
        closed=tuple(_closed(alert, names) for alert in night.closed[:CLOSED_SHOWN]),
        shift=tuple(_on_shift(person, names) for person in names.on_shift()),
        staff=tuple(Name(id=row.id, name=row.name, note=strings.ROLES[row.role]) for row in house.staff),
        residents=tuple(
            Lives(id=row.resident, name=row.known_as, note=names.place(row.room), room=row.room)
            for row in house.residents
        ),
        promise_min=tuple(m for m in PROMISE_MIN if m * 60 <= house.times.promise_longest_s),
        seen=_seen(night, names) if night.meta.mode == "fire" else (),
        notes=_notes(night, names),
        walk=_walk(night, names),
        stands=stands_of(night.people, names.residents, names.person, timezone_of(house)),
    )


def _walk(night: Night, names: _Names) -> WalkNow | None:
    row = night.walks.get(night.meta.walking)
    if row is None or not row.by or row.alert:
        return None
    return WalkNow(device=row.device, by=names.person(row.by) or row.by, by_id=row.by, until_wall_ms=row.until_wall_ms)


def in_order(alerts: Iterable[Alert]) -> list[Alert]:
    """Most serious first; within a level, who has waited longest first."""
    return sorted(alerts, key=lambda alert: (-RANK[alert.level], alert.waiting_since_wall_ms, alert.id))


def card(alert: Alert, names: _Names, house: House) -> Card:
    """One alert as a card."""
    assist = alert.kind == Kind.STAFF_ASSIST
    title, where = _title(alert, names)
    unknown = alert.device if title == strings.UNKNOWN_DEVICE else None
    promise = alert.promise
    return Card(
        id=alert.id,
        version=alert.version,
        level=alert.level,
        level_word=strings.TEST.format(level=strings.LEVELS[alert.level])
        if alert.test
        else strings.LEVELS[alert.level],
        state=alert.state,
        title=title,
        known=alert.resident is not None,
        where=where,
        places=tuple(dict.fromkeys(place for place in (alert.place, alert.room) if place)),
        near=names.place(alert.near) if alert.near else None,
        near_wall_ms=alert.near_wall_ms,
        reason=alert.reason,
        also=alert.also,
        waiting_since_wall_ms=alert.waiting_since_wall_ms,
        presses=alert.presses,
        presses_line=strings.PRESSED.format(count=alert.presses) if alert.presses > 1 else "",
        told_line=_told(alert, names),
        told_ids=alert.told,
        rings=alert.rings,
        quiet=alert.quiet,
        everybody=alert.everybody,
        assist=assist,
        caller_id=(alert.device or "").removeprefix("assist:") if assist else None,
        claimed_by=names.person(alert.claimed_by),
        claimed_id=alert.claimed_by,
        claimed_wall_ms=alert.claimed_wall_ms,
        attended_by=names.person(alert.attended_by),
        attended_id=alert.attended_by,
        attended_wall_ms=alert.attended_wall_ms,
        promised_by=names.person(promise.by) if promise else None,
        promised_id=promise.by if promise else None,
        promised_until_wall_ms=promise.until_wall_ms if promise else None,
        may_promise=_may_promise(alert),
        longer=promise is not None or alert.promised_before,
        ask_who=alert.resident is None and alert.place is not None and not assist and bool(house.residents),
        ask_why=presence.lacks_reason(alert),
        unknown_device=unknown,
        marks=_marks(alert),
        missed=tuple(
            MissedRow(
                key=row.resident or row.device,
                title=names.resident(row.resident) or row.device,
                where=names.place(row.place),
                at_wall_ms=row.at_ms,
                presses=row.presses,
                answered_by=names.person(row.answered_by),
            )
            for row in alert.missed
        ),
        test=_test(alert, names),
    )


def _test(alert: Alert, names: _Names) -> TestNow | None:
    test = alert.test
    if test is None:
        return None
    return TestNow(
        device=alert.device or "",
        by=names.person(test.by) or test.by,
        by_id=test.by,
        heard=f"H{heard_words(test.heard_after_ms, test.battery)[1:]}".replace(" %", "\u00a0%"),
        until_wall_ms=test.until_wall_ms,
    )


def _title(alert: Alert, names: _Names) -> tuple[str, str]:
    """What stands large on the card, and where it is. A person's room is told as theirs, never as where they are."""
    place = names.place(alert.place)
    if alert.missed:
        return strings.MISSED, ""
    if alert.kind == Kind.STAFF_ASSIST:
        return strings.STAFF_ASSIST, place
    if alert.resident is not None and (alert.resident in names.residents or alert.room not in names.places):
        room = names.place(alert.room)
        return names.resident(alert.resident), room if place in ("", room) else f"{place} · {room}"
    if place or alert.resident is not None:
        # Somebody who does not live here any more is not named: the room is.
        return place or names.place(alert.room), ""
    if alert.everybody and not alert.cause.startswith("hub:"):
        return strings.UNKNOWN_DEVICE, alert.device or ""
    return names.devices.get(alert.device or "", strings.SYSTEM), ""


def _told(alert: Alert, names: _Names) -> str:
    """Who has been told, as a colleague would say it, and how high the ladder was climbed."""
    if alert.test is not None:
        return strings.TOLD_TEST
    if not alert.told:
        return strings.TOLD_NOBODY
    shift, told = set(names.on_shift()), list(alert.told)
    if not shift and set(told) >= set(names.staff):
        who = strings.TOLD_ALL_STAFF
    else:
        words: list[str] = []
        if len(shift) > 1 and shift <= set(told):
            words.append(strings.TOLD_EVERYBODY)
            told = [person for person in told if person not in shift]
        words += [names.person(person) or person for person in told[:NAMED]]
        if len(told) > NAMED:
            words.append(strings.OTHERS.format(count=len(told) - NAMED))
        who = strings.AND.join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
    line = strings.TOLD.format(who=who)
    return f"{line} · {strings.RUNG.format(rung=alert.rung + 1)}" if alert.rung else line


def _may_promise(alert: Alert) -> bool:
    if alert.level is Level.EMERGENCY or alert.state is AlertState.ATTENDED or alert.test is not None:
        return False
    if alert.promise is not None:
        return not alert.promise.extended
    return not alert.promised_before


def _marks(alert: Alert) -> tuple[str, ...]:
    marks: Mapping[str, bool] = {
        strings.MARK_UNRECORDED: alert.unrecorded,
        strings.MARK_LATE: alert.late,
        strings.MARK_FOUND: alert.found,
        strings.MARK_BROKEN: alert.promised_before,
        strings.MARK_OK: alert.ok_said,
    }
    return tuple(word for word, holds in marks.items() if holds)


def _closed(alert: Alert, names: _Names) -> ClosedRow:
    title, where = _title(alert, names)
    if title == strings.SYSTEM:
        where = alert.device or ""  # no reason stands here: it says which gateway it was
    ending = strings.ENDINGS[alert.ending] if alert.ending else ""
    closed = alert.closed_wall_ms or alert.raised_wall_ms
    return ClosedRow(
        id=alert.id,
        level=alert.level,
        level_word=strings.LEVELS[alert.level],
        title=title,
        where=where,
        ending=f"{ending}: {alert.word}" if alert.word and alert.ending == "other" else ending,
        by=names.person(alert.closed_by) or "",
        closed_wall_ms=closed,
        waited_ms=max(0, (alert.attended_wall_ms or closed) - alert.waiting_since_wall_ms),
    )


def _on_shift(person: str, names: _Names) -> Name:
    carer: HouseCarer | None = names.staff.get(person)
    return Name(
        id=person,
        name=names.person(person) or person,
        note=strings.ROLES[carer.role] if carer else strings.AGENCY,
    )


def _seen(night: Night, names: _Names) -> tuple[Seen, ...]:
    near = {person.resident: person for person in night.people}
    return tuple(
        Seen(
            name=row.known_as,
            room=names.place(row.room),
            near=names.place(near[row.resident].near) if row.resident in near else "",
            near_wall_ms=near[row.resident].near_wall_ms if row.resident in near else None,
            moves_with=able.moves_with(row.abilities),
        )
        for row in names.residents.values()
    )


def _notes(night: Night, names: _Names) -> Notes:
    strangers = tuple(
        StrangerRow(
            device=row.device,
            first_wall_ms=row.first_wall_ms,
            not_ours=row.not_ours,
            note=strings.NOT_OURS_BY.format(who=strings.AND.join(names.person(by) or by for by in row.marked_by))
            if row.marked_by
            else "",
        )
        for row in night.strangers
    )
    faulty = tuple(
        f"{names.devices.get(row.device, row.device)}: "
        + ", ".join(strings.FAULTS.get(fault, fault) for fault in sorted(row.faults))
        for row in night.faulty
    )
    late = overdue_of(night.house, night.walks, night.wall_ms) if night.house else {}
    counted = (
        (night.unread, strings.UNREAD_ONE, strings.UNREAD),
        (len(strangers), strings.STRANGERS_ONE, strings.STRANGERS),
        (len(faulty), strings.FAULTY_ONE, strings.FAULTY),
        (len(late), strings.OVERDUE_ONE, strings.OVERDUE),
    )
    lines = tuple((one if count == 1 else many).format(count=count) for count, one, many in counted if count)
    return Notes(
        lines=lines,
        unread=tuple(f"{row.topic}: {row.reason}" for row in night.unread_newest) if night.unread else (),
        strangers=strangers,
        faulty=faulty,
        overdue=(_overdue([row.words for row in late.values()]),) if late else (),
    )


def _overdue(words: list[str]) -> str:
    more = [strings.OTHERS.format(count=len(words) - OVERDUE_SHOWN)] if len(words) > OVERDUE_SHOWN else []
    return strings.OVERDUE_LIST.format(devices=", ".join([*words[:OVERDUE_SHOWN], *more]))


def timezone_of(house: House | None) -> tzinfo:
    """The home's own time; UTC where this machine does not know its name."""
    try:
        return ZoneInfo(house.timezone) if house else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def midnight_ms(wall_ms: int, house: House | None) -> int:
    """When today began in the home."""
    here = datetime.fromtimestamp(wall_ms / 1000, timezone_of(house))
    return int(here.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)

"""Checks of the staff: who could be told, by which ladder, through what, and when nobody is on the rota."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hub.config.crosscheck import Files, Found, check_channel
from hub.config.files import CarerForm, LadderForm, ShiftForm
from hub.config.problems import one_of
from rules.alerting.levels import LADDERS, Ladder, Level, Rung, Who, faults
from rules.home import Role

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MIN = 24 * 60
_WEEK_MIN = 7 * _DAY_MIN
_ANSWERS: dict[Who, frozenset[Role]] = {
    Who.ZONE: frozenset({Role.CARER, Role.NURSE, Role.LEAD}),
    Who.SHIFT: frozenset({Role.CARER, Role.NURSE, Role.LEAD}),
    Who.LEAD: frozenset({Role.NURSE, Role.LEAD}),
    Who.MANAGER: frozenset({Role.MANAGER}),
}


def check_staff_file(files: Files, found: Found) -> None:
    """`staff.yaml`: names once, zones known, channels usable, the rota without gaps."""
    document, staff = files.staff_document, files.staff.staff
    zones = [zone.zone for zone in files.home.zones]
    found.once(document, [carer.id for carer in staff], "staff", "id")
    for number, carer in enumerate(staff):
        for index, zone in enumerate(carer.zones):
            if zone not in zones:
                found.unknown(document, ("staff", number, "zones", index), "zone", zone, zones)
        for index, channel in enumerate(carer.channels):
            check_channel(files.folder, document, ("staff", number, "channels", index), channel, found)
    gaps = list(_gaps(staff))
    if gaps:
        start, end = max(gaps, key=lambda gap: (gap[1] - gap[0]) % _WEEK_MIN or _WEEK_MIN)
        more = f" (the longest of {len(gaps)} gaps a week)" if len(gaps) > 1 else ""
        said = f"nobody is on the rota from {_clock(start)} to {_clock(end)}{more}: who is there must sign on"
        found.warn(document, ("staff",), said)


def check_ladders(files: Files, found: Found) -> dict[Level, Ladder]:
    """The home's ladders over the built-in ones; none may end in silence or reach nobody."""
    document = files.home_document
    ladders = dict(LADDERS)
    roles = {carer.role for carer in files.staff.staff}
    for level, form in files.home.ladders.items():
        ladders[level] = ladder_of(form)
        for fault in faults(ladders[level]):
            found.no(document, ("ladders", str(level)), f"the ladder of {level}: {fault}", "rungs that rise from 0 s")
        for index, rung in enumerate(form.rungs):
            if not any(_ANSWERS[who] & roles for who in rung.tell):
                said = f"nobody in staff.yaml is {' or '.join(rung.tell)}: this step reaches nobody"
                found.warn(document, ("ladders", str(level), "rungs", index), said)
    _check_reach(files, found, ladders, roles)
    return ladders


def _check_reach(files: Files, found: Found, ladders: Mapping[Level, Ladder], roles: set[Role]) -> None:
    silent = [
        level
        for level, ladder in ladders.items()
        if not any(_ANSWERS[who] & roles for rung in ladder.rungs for who in rung.who)
    ]
    if silent:
        asked = {who for level in silent for rung in ladders[level].rungs for who in rung.who}
        needed = {str(role) for who in asked for role in _ANSWERS[who]}
        said = f"the ladder of {', '.join(silent)} reaches nobody"
        found.no(files.staff_document, ("staff",), said, f"somebody whose role is {one_of(sorted(needed))}")
    elif Role.MANAGER not in roles:
        said = "nobody is manager: the last step of emergency and urgent reaches nobody outside the house"
        found.warn(files.staff_document, ("staff",), said)


def ladder_of(form: LadderForm) -> Ladder:
    """A ladder as the machine has it."""
    return Ladder(
        rungs=tuple(Rung(after_s=rung.after, who=tuple(rung.tell)) for rung in form.rungs),
        repeat_s=form.repeat,
        attend_within_s=form.attend_within,
    )


def _gaps(staff: list[CarerForm]) -> Iterator[tuple[int, int]]:
    """The stretches of the week (in minutes from Monday 00:00) in which nobody is on the rota. A manager who is
    always on call is outside the house and fills none."""
    if any(carer.always and carer.role is not Role.MANAGER for carer in staff):
        return
    covered = bytearray(_WEEK_MIN)
    for carer in staff:
        for shift in carer.shifts:
            for start, end in _stretches(shift):
                covered[start:end] = b"\1" * (end - start)
    if not any(covered):
        yield 0, _WEEK_MIN
        return
    minute = covered.find(0)
    found: list[tuple[int, int]] = []
    while minute >= 0:
        end = covered.find(1, minute)
        end = _WEEK_MIN if end < 0 else end
        found.append((minute, end))
        minute = covered.find(0, end)
    if len(found) > 1 and found[0][0] == 0 and found[-1][1] == _WEEK_MIN:
        # One gap over the end of the week, not two.
        found = [*found[1:-1], (found[-1][0], found[0][1])]
    yield from found


def _stretches(shift: ShiftForm) -> Iterator[tuple[int, int]]:
    start, end = (int(time[:2]) * 60 + int(time[3:]) for time in shift.hours)
    length = end - start if end > start else end - start + _DAY_MIN
    for day in shift.days:
        begins = _DAYS.index(day) * _DAY_MIN + start
        yield begins, min(begins + length, _WEEK_MIN)
        if begins + length > _WEEK_MIN:
            yield 0, begins + length - _WEEK_MIN


def _clock(minute: int) -> str:
    day, rest = divmod(minute % _WEEK_MIN, _DAY_MIN)
    return f"{_DAYS[day]} {rest // 60:02d}:{rest % 60:02d}"

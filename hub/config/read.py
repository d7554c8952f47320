"""Reads a home's folder: all of it is right, or what is not is said with file and line.

`home.yaml`, `devices.yaml` and `staff.yaml` are accepted or refused together. A resident's plan is refused alone: the
resident stays known, and keeps the rules that were accepted last where these still fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from devices.registry import Placed
from hub.config.call_points import check_call_points
from hub.config.complain import complaints
from hub.config.crosscheck import Files, Found, check_devices_file, check_home_file, supervision_of
from hub.config.document import Document, parse, read_document
from hub.config.files import CarerForm, DevicesFile, Form, HomeFile, StaffFile, TimesForm
from hub.config.people import check_ladders, check_staff_file
from hub.config.plan.context import House
from hub.config.plans import Written, compile_plan, written_plans
from hub.config.problems import ConfigurationRefused, Problem
from hub.config.proving import prove_plans, unheard_zones
from hub.config.settings import HubSettings, settings_of_home
from hub.config.stored import home_json
from rules.alerting.levels import Ladder, Level
from rules.home import Carer, Channel, Home, Place, PlaceKind, Resident, Shift, Times, Zone
from rules.plans.fitting import with_last_rules
from rules.plans.plan import Invited

F = TypeVar("F", bound=Form)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A home that was accepted, and what was not."""

    home: Home
    settings: HubSettings
    warnings: tuple[Problem, ...] = ()
    refused_plans: tuple[Problem, ...] = ()
    text: bytes
    """The accepted home as the ledger keeps it; `stored.home_from_json` reads it back."""
    house: House
    """What a plan of this home may refer to: for a plan that is tried and not lived by (`plans.compile_shadow`)."""


def read_home(folder: Path, last: Home | None = None, *, instead: Mapping[str, bytes] | None = None) -> Reading:
    """Read and check everything; raises `ConfigurationRefused` with all that is wrong.

    `last` is the home that was accepted before: where a plan is refused now, its rules of then go on (`continued` does
    the same for one who learns of it later). `instead` holds files as somebody is about to write them.
    """
    folder = folder.absolute()
    try:
        return _read(folder, last, instead or {})
    except (OSError, RuntimeError) as error:
        # A disk that fails, a share that is gone, a name that no system takes (of which pathlib says RuntimeError):
        # what cannot be looked at is refused like what is wrong, because a file must not end a hub.
        name = Path(str(getattr(error, "filename", None) or folder))
        file = str(name.relative_to(folder)) if name.is_relative_to(folder) else str(name)
        what = f"cannot be read ({getattr(error, 'strerror', None) or error})"
        raise ConfigurationRefused([Problem(file=file, what=what, expected="a file this user may read")]) from error


def _read(folder: Path, last: Home | None, instead: Mapping[str, bytes]) -> Reading:
    problems: list[Problem] = []
    home = _form(folder, "home.yaml", HomeFile, problems, instead)
    devices = _form(folder, "devices.yaml", DevicesFile, problems, instead)
    staff = _form(folder, "staff.yaml", StaffFile, problems, instead)
    plans = written_plans(folder)
    if home is None or devices is None or staff is None:
        raise ConfigurationRefused(problems)
    files = Files(
        folder=folder,
        home_document=home[0],
        home=home[1],
        devices_document=devices[0],
        devices=devices[1],
        staff_document=staff[0],
        staff=staff[1],
        residents=[plan.resident for plan in plans],
    )
    found = Found()
    check_home_file(files, found)
    ladders = check_ladders(files, found)
    check_devices_file(files, found)
    check_staff_file(files, found)
    if found.problems:
        raise ConfigurationRefused(sorted(found.problems, key=_order))
    reading = _accepted(files, ladders, plans, found)
    return continued(reading, last) if last is not None else reading


def continued(reading: Reading, last: Home) -> Reading:
    """The reading with the rules that were accepted last, for residents whose plan is refused now."""
    refused = {Path(problem.file).stem for problem in reading.refused_plans}
    before = {resident.resident: resident for resident in last.residents}
    devices = {device.name: device for device in reading.home.devices}
    places = [place.place for place in reading.home.places]
    residents = tuple(
        with_last_rules(resident, before.get(resident.resident), devices, places)
        if resident.resident in refused
        else resident
        for resident in reading.home.residents
    )
    home = replace(reading.home, residents=residents)
    return replace(reading, home=home, text=home_json(home))


def _form(
    folder: Path, file: str, form: type[F], problems: list[Problem], instead: Mapping[str, bytes]
) -> tuple[Document, F] | None:
    try:
        document = parse(instead[file], file) if file in instead else read_document(folder, file)
    except ConfigurationRefused as refused:
        problems += refused.problems
        return None
    try:
        return document, form.model_validate(document.data)
    except ValidationError as error:
        problems += complaints(error, document, form)
        return None


def _accepted(files: Files, ladders: dict[Level, Ladder], plans: list[Written], found: Found) -> Reading:
    placed = {device.name: device for device in _placed(files.devices)}
    places = {place.place: place.name for place in files.home.places}
    activities = _activities(files)
    house = House(
        places=places,
        devices=placed,
        rooms={plan.resident: plan.room for plan in plans},
        activities={activity.activity: activity for activity in activities},
        scenes={scene.scene: scene for scene in files.home.scenes},
        bedrooms=frozenset(place.place for place in files.home.places if place.kind == PlaceKind.BEDROOM),
        sounders=frozenset(name for zone in files.home.zones for name in zone.sounders),
        has_home_assistant=files.home.home_assistant is not None,
        timezone=files.home.timezone,
    )
    residents: list[Resident] = []
    refused: list[Problem] = []
    warnings = list(found.warnings)
    for plan in plans:
        resident, problems, warned = compile_plan(plan, house)
        residents.append(resident)
        refused += problems
        warnings += warned
    home = replace(_home(files, ladders, tuple(placed.values()), tuple(residents)), activities=activities)
    home, unproved, doubtful = prove_plans(home, plans)
    refused += unproved
    warnings += doubtful
    unheard, _ = unheard_zones(home, files.home_document)
    if unheard:
        raise ConfigurationRefused(unheard)
    blind = Found()
    check_call_points(files, blind, home.places)
    warnings += blind.warnings
    return Reading(
        home=home,
        settings=settings_of_home(files.folder, files.home),
        warnings=tuple(warnings),
        refused_plans=tuple(refused),
        text=home_json(home),
        house=house,
    )


def _activities(files: Files) -> tuple[Invited, ...]:
    return tuple(
        Invited(
            activity=form.activity,
            name=form.name,
            place=form.place,
            days=tuple(form.days),
            at=form.at,
            lasts_s=form.lasts,
            about=tuple(form.about),
        )
        for form in files.home.activities
    )


def _home(
    files: Files, ladders: dict[Level, Ladder], devices: tuple[Placed, ...], residents: tuple[Resident, ...]
) -> Home:
    written = files.home
    return Home(
        slug=written.home,
        name=written.name,
        timezone=written.timezone,
        zones=tuple(
            Zone(
                zone=zone.zone,
                name=zone.name,
                screens=tuple(zone.screens),
                sounders=tuple(zone.sounders),
                accepted_without=zone.accepted_without or "",
            )
            for zone in written.zones
        ),
        places=tuple(
            Place(place=p.place, name=p.name, kind=p.kind, zone=p.zone, call_point=p.call_point or "")
            for p in written.places
        ),
        residents=residents,
        staff=tuple(_carer(form) for form in files.staff.staff),
        devices=devices,
        ladders=ladders,
        times=_times(written.times),
    )


def _placed(written: DevicesFile) -> list[Placed]:
    return [
        Placed(
            device=form.address,
            name=form.device,
            person=form.person,
            place=form.place,
            purpose=form.purpose,
            supervision=supervision_of(form),
        )
        for form in written.devices
    ]


def _carer(form: CarerForm) -> Carer:
    return Carer(
        id=form.id,
        name=form.name,
        role=form.role,
        zones=tuple(form.zones),
        channels=tuple(
            Channel(url_file=channel.url_file or "", url=channel.url or "", deadline_s=channel.deadline)
            for channel in form.channels
        ),
        shifts=tuple(Shift(days=tuple(shift.days), start=shift.hours[0], end=shift.hours[1]) for shift in form.shifts),
        always=form.always,
        phone=form.phone or "",
    )


def _times(form: TimesForm) -> Times:
    return Times(
        promise_longest_s=form.promise_longest,
        reopen_within_s=form.reopen_within,
        press_again_s=form.press_again,
        climb_by_press_s=form.climb_by_press,
        night_from=form.night[0],
        night_to=form.night[1],
        doors_from=form.doors_watched[0] if form.doors_watched else "",
        doors_to=form.doors_watched[1] if form.doors_watched else "",
        frequent_from=form.frequent_from,
        unclosed_s=form.unclosed,
        battery_low_pct=form.battery_low_pct,
        walk_pendant_days=form.walk_pendant_days,
        walk_pull_cord_days=form.walk_pull_cord_days,
        round_s=form.round,
        visit_s=form.visit,
        review_grace_days=form.review_grace // 86_400,
    )


def _order(problem: Problem) -> tuple[int, int]:
    files = ("home.yaml", "devices.yaml", "staff.yaml")
    return files.index(problem.file) if problem.file in files else len(files), problem.line

"""Lights, blinds, heating and doors by room: what each says of itself, and a button for all it can be told.

A button is there only where the device's purpose and its ecosystem take the command: the adapter is asked, as the hub
asks it. Sirens, sounders and speakers have none: they are told by alerts and plans.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dashboards import strings
from dashboards.strings import HOUSE as WORDS
from devices.actuators import Argument, cannot_be_told, command_of
from devices.adapter import Description, Known, Refused
from devices.catalogue import Catalogue
from devices.commands import Lock, Unlock
from devices.events import Kind, Value
from devices.part_commands import alone, encoded
from devices.registry import Placed, Purpose
from hub.ledger.read import House, HouseDevice, Reader, Unreadable
from rules.hearing.protection import values_of
from rules.home import Role
from rules.state import Alert, OnShift, Status

LEVELS_PCT = (10, 30, 60, 100)
WARM_C = (18, 20, 21, 22)
SHOWN = (Purpose.LIGHT, Purpose.SWITCH, Purpose.COVER, Purpose.THERMOSTAT, Purpose.LOCK, Purpose.DOOR, Purpose.OTHER)
"""Whose devices have buttons here, in the order they are shown in."""
CATALOGUE = Catalogue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something to be asked for; `row` puts buttons of a sort beside each other."""

    label: str
    command: Mapping[str, Argument]
    row: int = 0
    hold: bool = False
    """Not by one tap: a door."""
    on: bool = False
    """That is how it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actuator:
    """A device that can be told something."""

    device: str
    title: str
    state: str
    wrong: str
    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A place with its actuators."""

    place: str
    name: str
    who: str
    note: str
    """How things stand there, in a few words."""
    devices: tuple[Actuator, ...]


def add_house(app: FastAPI, is_in: Callable[[Request], bool], reader: Reader, pages: Environment) -> None:
    """`/house`, behind the house code, and what it is drawn from."""

    async def page(request: Request) -> Response:
        if not is_in(request):
            return RedirectResponse("/code", 303)
        words = orjson.dumps({**strings.PAGE, **WORDS}).decode()
        body = pages.get_template("house.html").render(t=strings.PAGE, w=WORDS, words=words)
        return Response(body, media_type="text/html; charset=utf-8")

    async def rooms(request: Request) -> Response:
        if not is_in(request):
            return Response(b'{"ok":false,"reason":"house code"}', 401, media_type="application/json")
        try:
            drawn = await asyncio.to_thread(_read, reader)
        except Unreadable as error:
            said = orjson.dumps({"ok": False, "reason": strings.LEDGER.format(why=error)})
            return Response(said, 503, media_type="application/json")
        return Response(orjson.dumps(drawn), media_type="application/json")

    app.add_api_route("/house", page, methods=["GET"])
    app.add_api_route("/rooms", rooms, methods=["GET"])


def _read(reader: Reader) -> dict[str, object]:
    house = reader.home()
    if house is None:
        return {"ok": False, "reason": strings.NO_HOME}
    known = {row.device: row for row in reader.known()}
    return {
        "ok": True,
        "home": house.name or house.slug,
        "rooms": rooms_of(house, reader.devices(), known),
        "people": people_of(house, reader.on_shift()),
        "waiting": waiting(reader.open_alerts()),
    }


def waiting(alerts: Iterable[Alert]) -> str:
    """What waits on the board meanwhile: this page rings for nothing."""
    count = sum(1 for alert in alerts if not alert.quiet)
    return WORDS["waiting_one" if count == 1 else "waiting"].format(count=count) if count else ""


def people_of(house: House, shift: Iterable[OnShift]) -> list[dict[str, str]]:
    """Who may ask for something: who is on shift."""
    always = {row.id: row.name for row in house.staff if row.always and row.role is not Role.MANAGER}
    return [{"id": person, "name": name} for person, name in {**always, **{r.person: r.name for r in shift}}.items()]


def rooms_of(house: House, statuses: Iterable[Status], known: Known) -> list[Room]:
    """The places that have actuators, in the home's order."""
    said = {row.device: row for row in statuses}
    rooms = {row.resident: row.room for row in house.residents}
    found: dict[str, list[tuple[int, Actuator]]] = {}
    for device in house.devices:
        place = device.place or rooms.get(device.person or "", "")
        if device.purpose not in SHOWN or not place:
            continue
        actuator = _actuator(device, place, said.get(device.device), known)
        if actuator.buttons:
            found.setdefault(place, []).append((SHOWN.index(device.purpose), actuator))
    made = []
    for row in house.places:
        if row.place not in found:
            continue
        here = tuple(one for _, one in sorted(found[row.place], key=lambda pair: (pair[0], pair[1].title)))
        live = ", ".join(one.known_as for one in house.residents if one.room == row.place)
        note = " · ".join(f"{one.title}: {one.state}" for one in here if one.state)
        made.append(Room(place=row.place, name=row.name, who=live, note=note, devices=here))
    return made


def _actuator(device: HouseDevice, place: str, status: Status | None, known: Known) -> Actuator:
    about = alone(known.get(device.device.partition("#")[0]), device.device)
    faults = sorted(status.faults) if status is not None else []
    return Actuator(
        device=device.name,
        title=_title(device.name, place),
        state=state_of(device.purpose, status),
        wrong=", ".join(strings.FAULTS.get(fault, fault) for fault in faults),
        buttons=tuple(button for button in _offered(device, status, about) if _is_taken(device, button, known)),
    )


def _title(name: str, place: str) -> str:
    """`room-012-bedside-lamp` in room 012 is the *Bedside lamp*."""
    for start in (f"room-{place}-", f"{place}-"):
        name = name.removeprefix(start)
    words = name.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _is_taken(device: HouseDevice, button: Button, known: Known) -> bool:
    """Whether the hub would carry it out: by what the device is for, and by its ecosystem."""
    wish = command_of(device.device, button.command)
    placed = Placed(device=device.device, name=device.name, place=device.place, purpose=device.purpose)
    if isinstance(wish, str) or cannot_be_told(placed, wish):
        return False
    if isinstance(wish, (Lock, Unlock)) and device.device.partition("#")[0] not in known:
        return False  # a contact on a door that never said that it locks
    adapter = CATALOGUE.adapter_for(device.device)
    return adapter is not None and not isinstance(encoded(adapter, wish, known), Refused)


def _offered(device: HouseDevice, status: Status | None, about: Description | None) -> Iterable[Button]:
    """Every button there could be; those that nothing takes are left out after."""
    on = _now(status, Kind.LIGHT, Kind.SWITCH)
    if device.purpose in (Purpose.LIGHT, Purpose.SWITCH, Purpose.OTHER):
        yield Button(label=WORDS["off"], command={"do": "turn_off"}, on=on == "off")
        yield Button(label=WORDS["on"], command={"do": "turn_on"}, on=on == "on")
        if about is not None:  # of a lamp that never introduced itself nobody knows whether it can be dimmed
            for level in LEVELS_PCT:
                yield Button(label=f"{level}\u00a0%", command={"do": "turn_on", "brightness_pct": level}, row=1)
    cover = _now(status, Kind.COVER)
    for move in ("open", "stop", "close"):
        is_so = cover in ({"open": ("open", 100), "close": ("closed", 0)}.get(move, ()))
        yield Button(label=WORDS[move], command={"do": "set_cover", "move": move}, row=2, on=is_so)
    yield Button(label=WORDS["half"], command={"do": "set_cover", "position_pct": 50}, row=2, on=cover == 50)
    for celsius in WARM_C:
        yield Button(label=f"{celsius}\u00a0°C", command={"do": "set_temperature", "celsius": celsius}, row=3)
    lock = _now(status, Kind.LOCK)
    yield Button(label=WORDS["unlock"], command={"do": "unlock"}, row=4, hold=True, on=lock == "unlocked")
    yield Button(label=WORDS["lock"], command={"do": "lock"}, row=4, hold=True, on=lock == "locked")


def _now(status: Status | None, *kinds: Kind) -> Value:
    """What the device said last of the first of these kinds."""
    if status is None:
        return None
    return next((value for kind in kinds for value in values_of(status, kind) if value is not None), None)


def state_of(purpose: Purpose, status: Status | None) -> str:
    """How it stands, in a word; empty where it never said."""
    kinds = {
        Purpose.COVER: (Kind.COVER,),
        Purpose.THERMOSTAT: (Kind.TEMPERATURE,),
        Purpose.LOCK: (Kind.LOCK,),
        Purpose.DOOR: (Kind.LOCK,),
        Purpose.OTHER: (Kind.LIGHT, Kind.SWITCH, Kind.COVER, Kind.LOCK, Kind.TEMPERATURE),
    }.get(purpose, (Kind.LIGHT, Kind.SWITCH))
    value = _now(status, *kinds)
    if isinstance(value, str):
        return WORDS.get(f"is_{value}", value)
    if isinstance(value, bool) or value is None:
        return ""
    return WORDS["open_by"].format(pct=round(value)) if purpose is Purpose.COVER else f"{value:.1f}\u00a0°C"

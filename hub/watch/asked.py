"""Calls from a screen and not from a device: a resident's *Call for help*, a colleague's *Staff assist*. Pure.

To the watcher they are presses like any other, by the name that the hub gives them in its log and its alerts.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from devices.events import Event, Kind
from hub.config.accounts import DASHBOARDS

ROOM = "room-"
CALL, ASSIST = "call:", "assist:"
_AT = " at "


class _Request(BaseModel):
    """What of a request on `do/{client}` matters here; every other is the hub's alone."""

    id: str = Field(pattern=r"^[^/+#\x00-\x1f\x7f-\x9f]{1,200}$", coerce_numbers_to_str=True)
    do: Literal["call", "assist"]
    room: str = Field(default="", max_length=120)
    by: str = Field(default="", max_length=120)


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """Somebody asked for help on a screen."""

    id: str
    event: Event
    or_name: str = ""
    """What else the hub may call it: it may know the room, or not, where our files say otherwise."""


def read(client: str, payload: bytes, places: Container[str]) -> Called | None:
    """A request for help by whoever may ask for it; None for every other, and for one that the hub refuses."""
    try:
        asked = _Request.model_validate_json(payload)
    except ValidationError:
        return None
    room = client.removeprefix(ROOM) if client.startswith(ROOM) else asked.room
    if asked.do == "call":
        known = room in places
        address = f"{CALL}{room}" if known else f"{CALL}{client}{_AT}{room}" if room else f"{CALL}{client}"
        event = Event(device=address, kind=Kind.CALL, value=True, press=True)
        return Called(id=asked.id, event=event, or_name="" if known or not room else f"{CALL}{room}")
    if client != DASHBOARDS and not client.startswith(ROOM):
        return None
    who = (asked.by if client == DASHBOARDS else "") or client
    address = f"{ASSIST}{who}{_AT}{room}" if room else f"{ASSIST}{who}"
    return Called(id=asked.id, event=Event(device=address, kind=Kind.STAFF_ASSIST, value=True, press=True))


def is_asked(name: str) -> bool:
    """Whether a device's name is none of a device."""
    return name.startswith((CALL, ASSIST))


def name_of(address: str) -> str:
    """What the hub calls it: of a colleague who needs help it is who, wherever they are."""
    return (address.rpartition(_AT)[0] or address) if is_asked(address) else address


def parts_of(address: str) -> tuple[str, str]:
    """Who asked, where that is a member of staff, and the room's id, each empty where it is not known."""
    if address.startswith(CALL):
        return "", address.removeprefix(CALL).rpartition(_AT)[2]
    who, _, room = address.removeprefix(ASSIST).rpartition(_AT)
    return (who, room) if who else (room, "")

"""The plain values of the watcher: moments, presses, and what it wants done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from devices.events import Kind


class State(StrEnum):
    """What the watcher does just now."""

    WATCHING = "watching"
    IN_CHARGE = "in_charge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """A moment: `elapsed_ms` never goes back, `wall_ms` is for display."""

    elapsed_ms: int
    wall_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cry:
    """A press or alarm that the hub has not shown to have taken."""

    device: str
    name: str
    """Our name of the device, or its address where nobody placed it: as the hub's log has it."""
    kind: Kind
    level: str
    stamps: tuple[str | None, ...]
    """The device's own stamps, one of each form in which this press was heard."""
    heard_ms: int
    heard_wall_ms: int
    topic: str = ""
    """Where it was heard."""
    is_press: bool = True
    """A press, and not an alarm that is on until it is off."""
    answered: bool = False
    """The hub showed that it heard it; not that it told it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An alert of the hub that began with a press."""

    id: str
    devices: tuple[str, ...]
    stamp: str | None
    presses: int
    is_test: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """An alert that the hub shows and has not closed, whatever began it."""

    id: str
    version: int
    level: str
    kind: str
    device: str
    reason: str
    since_wall_ms: int | None
    presses: int = 1
    resident: str | None = None
    place: str | None = None
    room: str | None = None
    missed: tuple[tuple[str | None, str | None, str], ...] = ()
    """Resident, place and device of each press in a list of those missed that nobody has answered."""
    is_test: bool = False
    is_quiet: bool = False
    """Taken by somebody."""
    by: str | None = None
    """Who took it."""
    is_attended: bool = False
    promised_until_wall_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A call that the watcher told: one for each device and kind, or for each alert of the hub."""

    id: str
    device: str
    kind: str
    level: str
    who: str
    where: str
    reason: str
    stamp: str | None
    pressed_wall_ms: int
    presses: int = 1
    rings: int = 1
    rang_ms: int = 0
    due_ms: int = 0
    heard_by: str | None = None
    heard_wall_ms: int | None = None
    deaf: bool = False
    """Of some press in it the hub, whose heart beats, said nothing though it had its time."""
    ours: int = 0
    """How many presses in it the hub had not shown to have heard when the watcher told them."""
    owed: tuple[Cry, ...] = ()
    """The presses in it that the hub has not named yet."""
    alert: str | None = None
    """The hub's alert, where it shows one of this call."""
    note: str = ""
    """What staff should know of how it came here, in a few words."""
    reached: bool = False
    """Since it rang last, it has reached somebody by a channel, as far as there are channels."""
    restored: bool = False
    """A watcher before this one told it; what the hub said in between may not have been heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """Tell everybody, over every channel there is."""

    about: str
    level: str
    title: str
    text: str
    rows: tuple[str, ...] = ()
    """The told calls that it names, by their ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """Show a told press on the screens."""

    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Hide:
    """Take it from the screens."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """Let the sounders sound."""

    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """The watcher took over or gave back: its status says so at once."""


Do = Tell | Show | Hide | Ring | Turned

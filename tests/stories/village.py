"""The small home that the stories play in: two zones, a shared room, a lounge, and staff with a phone each."""

from devices.registry import Placed, Purpose, Supervision
from rules.alerting.levels import Level
from rules.home import (
    Carer,
    Channel,
    DelayAgreed,
    Home,
    Light,
    Otherwise,
    Place,
    PlaceKind,
    Resident,
    Role,
    Rule,
    Say,
    Settles,
    Shift,
    Step,
    Wait,
    Zone,
)
from rules.plans.plan import Agreement

ROOMS = ("011", "012", "013", "021", "022")
SHARED = "022"
NAMES = {"011": "Ada", "012": "Margaret", "013": "Joan", "021": "George"}
AGREED = DelayAgreed(risk="walks steadily", by="J. Shah, RN", on="2026-10-02")
SIGNED = Agreement(by="resident", on="2025-10-02")
"""Everybody here has agreed to their plan, without a date on which it is looked at again."""
NIGHT = ("22:00", "07:00")
MANAGERS = ("morning", "bound")
"""Causes of alerts that are the manager's to read: the list of a morning, and what was told later than was proved."""


def resident_of(room: str) -> str:
    """Who lives in a room of one's own."""
    return NAMES[room].lower()


def zone_of(room: str) -> str:
    """Rooms 01x are on the ground floor, 02x on the first."""
    return "ground" if room.startswith("01") else "first"


def left_open(room: str, *, seconds: int = 600, level: Level = Level.CHECK) -> Rule:
    """The door was left open: a light, ten minutes, and then somebody looks."""
    door = f"room-{room}-door"
    return Rule(
        rule="left-open",
        why="a cold room",
        resident=resident_of(room),
        place=room,
        device=door,
        kind="contact",
        value="open",
        help=(Light(device=f"room-{room}-light"), Wait(seconds=seconds, hold=True)),
        settled_by=(Settles(device=door, kind="contact", value="closed"), Settles(ok=True)),
        otherwise=Otherwise(level=level, say="The door of {room} has been open for {for}."),
    )


def out_of_bed(
    room: str,
    resident: str,
    *,
    agreed: DelayAgreed | None = AGREED,
    device: str = "",
    help: tuple[Step, ...] = (),
) -> Rule:
    """Up at night: a light and a word, a quarter of an hour, and then somebody looks."""
    bed = device or f"room-{room}-bed"
    steps = help or (
        Light(device=f"room-{room}-light"),
        Say(text="Take your time."),
        Wait(seconds=900),
        Say(text="Is all well?"),
        Wait(seconds=60),
    )
    return Rule(
        rule="up-at-night",
        why="walks alone and likes to",
        resident=resident,
        place=room,
        device=bed,
        kind="bed",
        value="empty",
        during=NIGHT,
        help=steps,
        settled_by=(Settles(device=bed, kind="bed", value="occupied"), Settles(ok=True)),
        otherwise=Otherwise(level=Level.CHECK, say="{who} has been up for {for}."),
        delay_agreed=agreed,
    )


def residents() -> tuple[Resident, ...]:
    """Four with a room of their own, and two sisters who share one."""
    alone = [
        Resident(resident=resident_of(room), known_as=name, room=room, rules=(left_open(room),), agreement=SIGNED)
        for room, name in NAMES.items()
    ]
    margaret = Resident(
        resident="margaret",
        known_as="Margaret",
        room="012",
        rules=(left_open("012"), out_of_bed("012", "margaret")),
        agreement=SIGNED,
    )
    alone[1] = margaret
    ruth = out_of_bed(SHARED, "ruth", device="ruth-bed")
    edith = out_of_bed(SHARED, "edith", device="shared-mat")
    return (
        *alone,
        Resident(resident="ruth", known_as="Ruth", room=SHARED, rules=(ruth,), agreement=SIGNED),
        Resident(resident="edith", known_as="Edith", room=SHARED, rules=(edith,), agreement=SIGNED),
    )


def _of_a_room(room: str) -> tuple[Placed, ...]:
    base = f"zigbee2mqtt/room-{room}"
    person = resident_of(room)
    return (
        Placed(
            device=f"{base}-pendant",
            name=f"room-{room}-pendant",
            person=person,
            purpose=Purpose.EMERGENCY,
            supervision=Supervision.PENDANT,
        ),
        Placed(device=f"{base}-call", name=f"room-{room}-call", person=person, place=room, purpose=Purpose.CALL),
        Placed(device=f"{base}-door", name=f"room-{room}-door", place=room, purpose=Purpose.DOOR),
        Placed(device=f"{base}-bed", name=f"room-{room}-bed", person=person, place=room, purpose=Purpose.BED),
        Placed(device=f"{base}-light", name=f"room-{room}-light", place=room, purpose=Purpose.LIGHT),
        Placed(device=f"{base}-smoke", name=f"room-{room}-smoke", place=room, purpose=Purpose.SMOKE),
    )


def devices() -> tuple[Placed, ...]:
    """What is on the walls and round the necks."""
    own = [placed for room in NAMES for placed in _of_a_room(room)]
    cord = Supervision.PULL_CORD
    return (
        *own,
        Placed(device="zigbee2mqtt/ruth-pendant", name="ruth-pendant", person="ruth", purpose=Purpose.EMERGENCY),
        Placed(device="zigbee2mqtt/edith-pendant", name="edith-pendant", person="edith", purpose=Purpose.EMERGENCY),
        Placed(device="zigbee2mqtt/ruth-bed", name="ruth-bed", person="ruth", place=SHARED, purpose=Purpose.BED),
        Placed(device="zigbee2mqtt/shared-mat", name="shared-mat", place=SHARED, purpose=Purpose.BED),
        Placed(device="zigbee2mqtt/room-022-light", name="room-022-light", place=SHARED, purpose=Purpose.LIGHT),
        Placed(
            device="zigbee2mqtt/lounge-cord",
            name="lounge-cord",
            place="lounge",
            purpose=Purpose.EMERGENCY,
            supervision=cord,
        ),
        Placed(device="zigbee2mqtt/lounge-motion", name="lounge-motion", place="lounge", purpose=Purpose.MOTION),
        Placed(
            device="zigbee2mqtt/ada-lounge-tag",
            name="ada-lounge-tag",
            person="ada",
            place="lounge",
            purpose=Purpose.MOTION,
        ),
        Placed(device="zigbee2mqtt/office-button", name="office-button", place="lounge", purpose=Purpose.STAFF_ASSIST),
        Placed(
            device="rtl_433/Honeywell-Security/8/75948",
            name="garden-pendant",
            person="joan",
            purpose=Purpose.EMERGENCY,
        ),
        Placed(device="zigbee2mqtt/ground-siren", name="ground-siren", place="corridor", purpose=Purpose.SIREN),
        Placed(device="zigbee2mqtt/first-siren", name="first-siren", place="landing", purpose=Purpose.SIREN),
    )


def phone(*deadlines_s: int) -> tuple[Channel, ...]:
    """A person's own channels."""
    return tuple(Channel(url=f"json://localhost/{number}", deadline_s=s) for number, s in enumerate(deadlines_s))


def staff() -> tuple[Carer, ...]:
    """Two carers, a nurse in charge, a manager; nobody is on shift without signing on."""
    nights = (Shift(days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"), start="20:00", end="08:00"),)
    return (
        Carer(id="carer-1", name="Anna", zones=("ground",), channels=phone(20, 30), shifts=nights),
        Carer(id="carer-2", name="Ben", zones=("first",), channels=phone(20), shifts=nights),
        Carer(id="nurse-1", name="Nora", role=Role.NURSE, zones=("first",), channels=phone(20), shifts=nights),
        Carer(id="manager-1", name="Mary", role=Role.MANAGER, channels=phone(20)),
    )


def places() -> tuple[Place, ...]:
    """Rooms, and what belongs to nobody."""
    rooms = [Place(place=room, name=f"Room {room}", kind=PlaceKind.BEDROOM, zone=zone_of(room)) for room in ROOMS]
    return (
        *rooms,
        Place(place="lounge", name="Lounge", kind=PlaceKind.LOUNGE, zone="ground"),
        Place(place="corridor", name="Corridor", kind=PlaceKind.CORRIDOR, zone="ground"),
        Place(place="landing", name="Landing", kind=PlaceKind.CORRIDOR, zone="first"),
    )


def village() -> Home:
    """The home as its folder describes it."""
    return Home(
        slug="village",
        name="The Village",
        timezone="Europe/London",
        zones=(
            Zone(zone="ground", name="Ground floor", screens=("board",), sounders=("ground-siren",)),
            Zone(zone="first", name="First floor", screens=("board-2",), sounders=("first-siren",)),
        ),
        places=places(),
        residents=residents(),
        staff=staff(),
        devices=devices(),
    )

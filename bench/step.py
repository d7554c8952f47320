"""What one event costs the machine, in microseconds, with the plans of sixty residents loaded.

    python bench/step.py [ROUNDS]

Prints one object of JSON. Times are of one core, without broker, disk or threads:

    decode_us          a plain loop that only decodes: the state of a Zigbee2MQTT device that has introduced itself
    decode_and_step_us the same loop, each event stepped: doors, motion, temperatures as the load generator mixes them
    times_decode       the one as a multiple of the other
    events_per_s       the same events already decoded, stepped alone: what a replay has of the machine
    no_rule_us         one `step` of an event no rule cares about (a sensor that is placed; a new value each time)
    stranger_us        the same of a device nobody placed
    unchanged_us       the same value once more
    opens_us           one `step` that opens an episode: light on, a timer, a line of the log
    settles_us         one that settles it

`*_us` of a step are medians of single steps, the least of ROUNDS (default 5); those of a loop are CPU, the best of
ROUNDS. The machine may be shared, so only figures of the same minutes compare.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter_ns, process_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import orjson

from devices.adapter import Description, Message
from devices.catalogue import Catalogue
from devices.events import Event, Kind
from hub.config.new import write_new
from hub.config.read import read_home
from rules.home import Home
from rules.inputs import Configured, Heard, Linked, Now, Started
from rules.machine import step
from rules.state import State

ROOMS = 60
EVENTS = 12_000
A_SECOND = 500
WALL_MS = 1_795_305_600_000
Timed = list[int]


def home_of(rooms: int) -> Home:
    """What `handrail new` writes for so many rooms: a plan a resident, that tells staff of a door left open."""
    with tempfile.TemporaryDirectory() as folder:
        write_new(Path(folder) / "home", rooms=rooms, slug="bench", broker="mqtt://127.0.0.1", held_for="20 s")
        return read_home(Path(folder) / "home").home


def at(event: int) -> Now:
    """The moment of the so-manieth event."""
    passed_ms = event * 1000 // A_SECOND
    return Now(passed_ms, WALL_MS + passed_ms)


def begun(home: Home) -> State:
    """A machine that has begun to work for this home."""
    state = State()
    for given in (Started(down_from_ms=0), Configured(home=home), Linked(up=True, why="both lanes are subscribed")):
        step(state, given, at(0))
    state.adopt()
    return state


def introduced() -> dict[str, Description]:
    """What a Zigbee2MQTT says of doors, motion sensors and thermometers of each room."""
    values: dict[str, dict[str, object]] = {
        "door": {"type": "binary", "property": "contact", "value_on": False, "value_off": True},
        "motion": {"type": "binary", "property": "occupancy", "value_on": True, "value_off": False},
        "temp": {"type": "numeric", "property": "temperature", "unit": "°C"},
    }
    inventory = [
        {
            "friendly_name": f"room-{room:03}-{what}",
            "ieee_address": f"0x{room:012}{place:04}",
            "type": "EndDevice",
            "definition": {
                "model": "M",
                "vendor": "Example",
                "description": f"{what} sensor",
                "exposes": [{**value, "name": value["property"], "access": 1}],
            },
        }
        for room in range(1, ROOMS + 1)
        for place, (what, value) in enumerate(values.items())
    ]
    message = Message("zigbee2mqtt/bridge/devices", orjson.dumps(inventory))
    adapter = Catalogue().adapter_for(message.topic)
    assert adapter is not None
    return {item.device: item for item in adapter.decode(message, {}).learned}


def messages() -> list[Message]:
    """In ten: one of a door, five of motion, four of temperatures; each says something new."""
    found: list[Message] = []
    for n in range(EVENTS):
        room, turn = n // 10 % ROOMS + 1, n // 10 // ROOMS
        if n % 10 == 0:
            found.append(_state(room, "door", f'"contact":{"false" if turn % 2 == 0 else "true"}'))
        elif n % 2:
            found.append(_state(room, "motion", f'"occupancy":{"true" if n % 4 == 1 else "false"}'))
        else:
            found.append(_state(room, "temp", f'"temperature":{20 + n % 7 / 10}'))
    return found


def _state(room: int, what: str, says: str) -> Message:
    return Message(f"zigbee2mqtt/room-{room:03}-{what}", b'{%b,"linkquality":120}' % says.encode())


def loops(home: Home) -> dict[str, float]:
    """One round of the three loops, in microseconds an event, and events a second."""
    known, given, catalogue = introduced(), messages(), Catalogue()
    started = process_time()
    for message in given:
        adapter = catalogue.adapter_for(message.topic, known)
        if adapter is not None:
            adapter.decode(message, known)
    decoding = process_time() - started

    state = begun(home)
    started = process_time()
    for n, message in enumerate(given):
        adapter = catalogue.adapter_for(message.topic, known)
        if adapter is not None:
            for event in adapter.decode(message, known).events:
                step(state, Heard(event=event), at(n))
    both = process_time() - started

    state = begun(home)
    heard = [(Heard(event=event), at(n)) for n, event in events(catalogue, known, given)]
    started = process_time()
    for one, now in heard:
        step(state, one, now)
    stepping = process_time() - started
    return {
        "decode_us": decoding / EVENTS * 1e6,
        "decode_and_step_us": both / EVENTS * 1e6,
        "step_us": stepping / len(heard) * 1e6,
    }


def events(catalogue: Catalogue, known: dict[str, Description], given: list[Message]) -> Iterator[tuple[int, Event]]:
    """Every event of these messages, with the place of its message."""
    for n, message in enumerate(given):
        adapter = catalogue.adapter_for(message.topic, known)
        for event in adapter.decode(message, known).events if adapter is not None else ():
            yield n, event


def steps(home: Home) -> dict[str, float]:
    """One round of the single steps: their medians, in microseconds."""
    state = begun(home)
    took: dict[str, Timed] = {
        name: [] for name in ("no_rule_us", "stranger_us", "unchanged_us", "opens_us", "settles_us")
    }
    for n in range(EVENTS):
        room, turn = n % ROOMS + 1, n // ROOMS
        said = f"zigbee2mqtt/room-{room:03}"
        moved = Event(device=f"{said}-motion", kind=Kind.OCCUPANCY, value=turn % 2 == 0)
        warm = Event(device=f"{said}-temp", kind=Kind.TEMPERATURE, value=20 + turn % 2, unit="°C")
        door = Event(device=f"{said}-door", kind=Kind.CONTACT, value="open" if turn % 2 == 0 else "closed")
        for name, event in (
            ("no_rule_us", moved),
            ("stranger_us", warm),
            ("unchanged_us", warm),
            ("opens_us" if turn % 2 == 0 else "settles_us", door),
        ):
            given, now = Heard(event=event), at(n)
            started = perf_counter_ns()
            step(state, given, now)
            took[name].append(perf_counter_ns() - started)
        if room == ROOMS:
            state.adopt()
    return {name: median(times) / 1000 for name, times in took.items()}


def main() -> int:
    """Print the figures as JSON."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    home = home_of(ROOMS)
    best: dict[str, float] = {}
    for _ in range(rounds):
        for name, value in {**loops(home), **steps(home)}.items():
            best[name] = min(value, best.get(name, value))
    shown = {name: round(value, 2) for name, value in best.items() if name != "step_us"}
    shown["times_decode"] = round(best["decode_and_step_us"] / best["decode_us"], 2)
    shown["events_per_s"] = round(1e6 / best["step_us"])
    print(orjson.dumps({"plans": ROOMS, **shown}).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())

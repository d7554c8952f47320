"""What LoRaWAN makers say in their own way: in several fields together, in lists, or in one word for many things.

Read before the names of single values (`devices.lorawan_payload`), and instead of them where both say the same kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from devices.events import Kind, Value, canonical
from devices.names import happened, opening, truth, words_of

MOST_OTHERS = 40
LONGEST_WORD = 200


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing an uplink says."""

    kind: Kind
    value: Value
    field: str | None = None
    press: bool = False
    edge: bool = False
    """Told once, when it begins: it is news even if its end was never heard."""


Said = Mapping[str, object]

NETVOX_CALLS = frozenset({"RB02I", "R312A", "R718T", "R312B"})
NO_FIRE = frozenset(
    {"battery", "fault", "tamper", "dismantle", "test", "testing", "humidity", "life", "silence", "mute", "removed"}
)
"""What a smoke detector's alarm may be besides a fire."""
SET_OFF = frozenset({"1", "alarm_triggered"})
CALM = frozenset({"2", "3", "alarm_deactivated", "alarm_ignored"})
COUNTERS = frozenset({"battery", "people_total_counts", "illuminance_status", "region_1_enable"})
"""A people counter's `detection_status` says whether it works, and nothing of anybody in bed."""
MOVES: Mapping[str, bool] = {"MOTION_START": True, "MOTION_END": False}
SOS_BEGINS = frozenset({"SOS_ON", "SOS_MODE_START"})
SOS_ENDS = frozenset({"SOS_OFF", "SOS_MODE_END"})


def of_makers(said: Said) -> Iterator[Fact]:
    """Everything that makers say in their own way."""
    yield from _of_a_tracker(said)
    yield from _room(said)
    yield from _alarms(said)
    yield from _burning(said)
    yield from _by_neighbours(said)
    yield from _radio_bridge(said)
    yield from _moko(said)


def _of_a_tracker(said: Said) -> Iterator[Fact]:
    """Abeeway: a flag in the header of every uplink, and notifications of what began or ended."""
    header = said.get("header")
    flag = header.get("sos") if isinstance(header, dict) else said.get("sosFlag")
    note = said.get("notification")
    told = note.get("notificationType") if isinstance(note, dict) else said.get("eventType")
    what = told if isinstance(told, str) else ""
    if flag is None and not isinstance(note, dict):
        return
    if what in MOVES:
        yield Fact(Kind.MOTION, MOVES[what])
    if what in SOS_BEGINS:
        yield Fact(Kind.EMERGENCY, True, edge=True)
    elif what in SOS_ENDS:
        yield Fact(Kind.EMERGENCY, False)
    elif truth(flag) is not None and (truth(flag) or what not in MOVES):
        yield Fact(Kind.EMERGENCY, truth(flag))
    system = note.get("system") if isinstance(note, dict) else None
    if isinstance(system, dict):
        if "lowBattery" in system:
            yield Fact(Kind.BATTERY, "low", field="low_battery")
        tamper = system.get("tamperDetection")
        if isinstance(tamper, dict) and isinstance(tamper.get("state"), str):
            yield Fact(Kind.TAMPER, str(tamper["state"]).upper().endswith("OPEN"))


def _room(said: Said) -> Iterator[Fact]:
    """Milesight VS373: who is in the room, in bed, or has fallen, in one field."""
    status = said.get("detection_status")
    if not isinstance(status, str) or not status or ("target_status" not in said and not COUNTERS.isdisjoint(said)):
        return
    if status in ("normal", "vacant", "in_bed", "out_of_bed", "fall"):
        yield Fact(Kind.FALL, status == "fall")
    if status in ("in_bed", "out_of_bed", "vacant"):
        yield Fact(Kind.BED, canonical(Kind.BED, status == "in_bed"))
    if status in ("normal", "vacant"):
        yield Fact(Kind.OCCUPANCY, status == "normal")


def _alarms(said: Said) -> Iterator[Fact]:
    """Milesight VS373: alarms with a number of their own, as a list of events or one object for each sort."""
    events = said.get("events")
    if isinstance(said.get("alarm_type"), str) and "alarm_status" in said:
        events = [said]
    rows = [row for row in events[:MOST_OTHERS] if isinstance(row, dict)] if isinstance(events, list) else []
    pairs = [(str(row.get("alarm_type")), str(row.get("alarm_status"))) for row in rows]
    for name in ("fall_alarm", "out_of_bed_alarm"):
        row = said.get(name)
        if isinstance(row, dict):
            told = str(row.get("alarm_status"))[:LONGEST_WORD].split(",")
            pairs += [(name.removesuffix("_alarm"), status.strip()) for status in told]
    for sort, status in pairs:
        if sort == "fall" and status in SET_OFF | CALM:
            yield Fact(Kind.FALL, status in SET_OFF, press=status in SET_OFF)
        elif sort == "out_of_bed" and status in SET_OFF:
            yield Fact(Kind.BED, canonical(Kind.BED, False))


def _burning(said: Said) -> Iterator[Fact]:
    """Milesight GS601: what sort of temperature alarm began or ended is the name of an empty object."""
    row = said.get("temperature_alarm")
    if not isinstance(row, dict):
        return
    for words in (*list(row)[:MOST_OTHERS], row.get("type")):
        told = happened("alarm", words)
        if told is not None and told[0] is Kind.SMOKE:
            yield Fact(Kind.SMOKE, told[1], press=told[1])
            return


def _by_neighbours(said: Said) -> Iterator[Fact]:
    """What a name means only beside others: Netvox says its model in `Device`, MClimate's door says `status`, and
    Milesight's older codecs say `state` of a door and of a gas alarm, and the events of a smoke detector in words."""
    model = said.get("Device")
    if isinstance(model, str) and model in NETVOX_CALLS:
        bit = truth(said.get("Alarm"))
        if bit is not None:
            yield Fact(Kind.EMERGENCY, bit, press=bit)
    if "thermistorProperlyConnected" in said and "counter" in said and "status" in said:
        yield Fact(Kind.CONTACT, None)
    state = said.get("state")
    if "install" in said and state in ("open", "close", "closed"):
        yield Fact(Kind.CONTACT, opening(state, None))
        yield Fact(Kind.TAMPER, said["install"] == "no")
    if "life_remain" in said and state in ("normal", "alarm"):
        yield Fact(Kind.GAS, state == "alarm")
    kind, event = said.get("type"), said.get("event")
    if isinstance(kind, str) and isinstance(event, str) and "smoke" in words_of(kind):
        what = event[:LONGEST_WORD].split(" with ")[0]
        about = set(words_of(what))
        bit = None if about & NO_FIRE else truth(what)
        if bit is not None:
            yield Fact(Kind.SMOKE, bit)


def _radio_bridge(said: Said) -> Iterator[Fact]:
    """A button that says which it was, and beside it whether it was pressed, held or let go."""
    row = said.get("Button")
    if isinstance(row, dict) and isinstance(row.get("Event"), str) and row.get("State") in ("Pressed", "Held"):
        yield Fact(Kind.BUTTON, f"{row['Event']} {row['State']}".lower()[:40], press=True)


def _moko(said: Said) -> Iterator[Fact]:
    """A pendant that says with everything what it is in, and of an alarm that is no SOS only that there is one."""
    if "pack_type" not in said:
        return
    if said.get("event_type") in ("alert_start", "alert_stop"):
        yield Fact(Kind.OTHER, said["event_type"] == "alert_start", field="alarm")
    status = said.get("dev_status")
    if status in ("none", "downlink_fix", "mandown", "alert", "sos"):
        yield Fact(Kind.EMERGENCY, status == "sos")
        yield Fact(Kind.FALL, status == "mandown")


def named_events(events: list[object]) -> Iterator[Fact]:
    """SenseCAP: events by their names."""
    for event in events[:MOST_OTHERS]:
        name = str(event.get("eventName"))[:40] if isinstance(event, dict) else ""
        said = set(words_of(name))
        if "sos" in said and not said & {"end", "exit", "mode"}:
            yield Fact(Kind.EMERGENCY, True, press=True)
        elif said & {"press", "pressed", "click"}:
            yield Fact(Kind.BUTTON, name.strip(" .").lower(), press=True)

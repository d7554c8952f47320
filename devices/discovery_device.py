"""A discovered device as a whole: its parts come one by one, and go one by one."""

from __future__ import annotations

from dataclasses import replace

from devices.adapter import Description
from devices.discovery_commands import words_of
from devices.discovery_config import LONGEST_NAME, Config, device_of, gateway_of, text
from devices.discovery_kinds import says_it_calls
from devices.entity import Entity, How, Read
from devices.events import EMERGENCY_KINDS, Kind
from devices.zigbee2mqtt_inventory import LONGEST_TEXT, serious_first

MOST_ENTITIES = 200
MOST_CALLING = 220
"""Of a device that introduces more parts than this, those that call for help still count."""
MOST_REASONS = 3
NOW_SAYS = " and now says that it is "
WAS = " was"
"""Hung onto the source of a part that says it is something else now, and called for help before."""

Table = dict[str, tuple[Read, ...]]


def readings(description: Description) -> Table:
    """What is read on each topic of the device."""
    table: dict[str, list[Read]] = {}
    for entity in description.entities:
        for read in entity.reads:
            rows = table.setdefault(read.topic, [])
            if read not in rows:
                rows.append(read)
    return {topic: _once(rows) for topic, rows in table.items()}


def _once(rows: list[Read]) -> tuple[Read, ...]:
    """What is read of one message: an alarm that it tells by true and false is not read once more in words."""
    plainly = {row.kind for row in rows if row.how is How.WORDS}
    return tuple(row for row in rows if row.how is not How.SPOKEN or row.kind not in plainly)


class Draft:
    """A device in the making: its parts by what introduced them."""

    def __init__(self, before: Description | None, config: Config) -> None:
        self.before, self.config = before, config
        self.parts = {part.source: part for part in before.entities} if before is not None else {}

    def put(self, entity: Entity) -> None:
        """Put a part in its place. One that changed its kind is unclear, and if it called for help it goes on so."""
        old = self.parts.get(entity.source)
        calls = entity.kind in EMERGENCY_KINDS
        if old is None and len(self.parts) >= (MOST_CALLING if calls else MOST_ENTITIES):
            return
        if old is not None and old.kind is not entity.kind and not _understood_now(old, entity):
            reason = f"{entity.name}: it was {old.kind.value}{NOW_SAYS}{entity.kind.value}"
            entity = replace(entity, unclear=entity.unclear or reason)
            if _calls(old) and not _calls(entity):
                self.parts[f"{old.source}{WAS}"] = replace(old, source=f"{old.source}{WAS}")
        elif old is not None and NOW_SAYS in old.unclear and not entity.unclear:
            entity = replace(entity, unclear=old.unclear)
        self.parts[entity.source] = entity

    def described(self, device: str, ecosystem: str = "homeassistant_discovery") -> Description:
        """The device with all its parts."""
        return describe(device, ecosystem, self.config, tuple(self.parts.values()), self.before)


def without(before: Description, source: str) -> Description | None:
    """The device without what this source introduced; none where nothing is left, or nobody is missing anything.

    A part that calls for help stays while others of its device do: its next press must still be one.
    """
    kept: list[Entity] = []
    gone = False
    for part in before.entities:
        is_its = source in (part.source, part.source.removesuffix(WAS)) or (
            " " not in source and part.source.startswith(f"{source} ")
        )
        gone |= is_its
        if not is_its:
            kept.append(part)
        elif _calls(part):
            kept.append(replace(part, unclear=f"{part.name}: its introduction was withdrawn; its presses still count"))
    if not gone:
        return before
    if all(part.unclear.endswith("still count") for part in kept):
        return None
    return with_parts(before, tuple(kept))


def moved(before: Description, source: str, to: str) -> Description:
    """The device without what this source introduced, which now belongs to another address and calls from there."""
    kept = tuple(part for part in before.entities if source not in (part.source, part.source.removesuffix(WAS)))
    row = with_parts(before, kept)
    return row if kept else replace(row, unclear=f"it introduced itself anew, as {to}")


def describe(
    device: str, ecosystem: str, config: Config, parts: tuple[Entity, ...], before: Description | None
) -> Description:
    """The device with these parts, and what its introduction says of it."""
    block = device_of(config)
    name = text(block, "name") or (before.name if before else "") or config.node or parts[0].name
    row = Description(
        device=device,
        name=name[:LONGEST_NAME],
        ecosystem=ecosystem,
        kinds=(),
        kind=Kind.OTHER,
        model=(text(block, "model") or (before.model if before else ""))[:LONGEST_NAME],
        vendor=(text(block, "manufacturer") or (before.vendor if before else ""))[:LONGEST_NAME],
        gateway=gateway_of(device.partition("/")[0], config) or (before.gateway if before else ""),
    )
    return with_parts(row, parts)


def _understood_now(old: Entity, entity: Entity) -> bool:
    """The same part as before, of which only we did not know what it is: it says the same on the same topics."""
    said, says = ([(read.topic, read.template) for read in part.reads] for part in (old, entity))
    return old.kind is Kind.OTHER and (old.component, old.name, said) == (entity.component, entity.name, says)


def _calls(entity: Entity) -> bool:
    return bool(entity.reads) and (entity.kind in EMERGENCY_KINDS or entity.kind is Kind.BUTTON)


def with_parts(row: Description, parts: tuple[Entity, ...]) -> Description:
    """The device with these parts alone, and what follows from them."""
    kinds = frozenset(part.kind for part in parts if part.reads or part.settings)
    kinds |= {read.kind for part in parts for read in part.reads if read.kind is not Kind.AVAILABILITY}
    ordered = serious_first(kinds)
    topics = dict.fromkeys(read.topic for part in parts for read in part.reads if read.kind is not Kind.AVAILABILITY)
    text_of = ", ".join(dict.fromkeys(part.name for part in parts))[:LONGEST_TEXT]
    buttons = " ".join(part.name for part in parts if part.kind is Kind.BUTTON)
    calls = bool(kinds & EMERGENCY_KINDS)
    says = says_it_calls(row.name, row.model, row.device, buttons)
    text_calls = not calls and Kind.BUTTON in kinds and says is not None
    reasons = [part.unclear for part in parts if part.unclear][:MOST_REASONS]
    if text_calls and says is not None:
        reasons.append(f"only its name says that it calls: {says[0]}")
    return replace(
        row,
        kinds=ordered,
        kind=ordered[0] if ordered else Kind.OTHER,
        topics=tuple(topics),
        text=text_of,
        commands=tuple(dict.fromkeys(word for part in parts for word in words_of(part))),
        can_call=calls or text_calls,
        unclear="; ".join(reasons),
        checks_in_s=min((part.checks_in_s for part in parts if part.checks_in_s is not None), default=None),
        entities=parts,
    )

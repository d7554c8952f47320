"""What devices have told about themselves, found by address, by the topics they speak on, and by what introduced them.

Adapters of an ecosystem with topics of its own ask by address alone. Discovered devices may speak on any topic: for
these there is one look into `on_topic` per message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from devices.adapter import Description, Known

NOW_SAYS = " now says that it is "


class KnownDevices(dict[str, Description]):
    """Descriptions by device address. Change it by `known[device] = …`, `del known[device]` and `update` alone."""

    def __init__(self, rows: Mapping[str, Description] | Iterable[tuple[str, Description]] = ()) -> None:
        super().__init__()
        self.on_topic: dict[str, tuple[str, ...]] = {}
        """The devices that have a value on a topic, in the order of their addresses."""
        self.by_source: dict[str, tuple[str, ...]] = {}
        """The devices that a message on this topic introduced."""
        self.update(rows)

    def __setitem__(self, device: str, description: Description) -> None:
        before = self.get(device)
        super().__setitem__(device, description)
        if before is not None and before.entities and before.entities != description.entities:
            self._forget(device, before)
        for entity in description.entities:
            _add(self.by_source, entity.source.partition(" ")[0], device)
            for read in entity.reads:
                _add(self.on_topic, read.topic, device)

    def __delitem__(self, device: str) -> None:
        before = self[device]
        super().__delitem__(device)
        self._forget(device, before)

    def update(self, rows: Mapping[str, Description] | Iterable[tuple[str, Description]] = ()) -> None:  # type: ignore[override]
        """Take these in."""
        for device, description in rows.items() if isinstance(rows, Mapping) else rows:
            self[device] = description

    def _forget(self, device: str, before: Description) -> None:
        for entity in before.entities:
            _remove(self.by_source, entity.source.partition(" ")[0], device)
            for read in entity.reads:
                _remove(self.on_topic, read.topic, device)


def still_calling(before: Description | None, now: Description) -> Description:
    """What is known of a device that introduced itself anew. One that could call and now says that it is something else
    is unclear, and its calls still count: somebody may hold it who was told that it calls.
    """
    if before is None or not before.can_call or now.can_call:
        return now
    if before.kinds == now.kinds and NOW_SAYS in before.unclear:
        return replace(now, can_call=True, unclear=before.unclear)
    was, told = (kind.value.replace("_", " ") for kind in (before.kind, now.kind))
    reason = f"it was {was}, and{NOW_SAYS}{told}; its calls still count"
    return replace(now, can_call=True, unclear="; ".join(filter(None, (now.unclear, reason))))


def on_topic(known: Known, topic: str) -> tuple[str, ...]:
    """The discovered devices that have a value on this topic."""
    if isinstance(known, KnownDevices):
        return known.on_topic.get(topic, ())
    return tuple(
        device
        for device, row in sorted(known.items())
        if any(read.topic == topic for entity in row.entities for read in entity.reads)
    )


def by_source(known: Known, topic: str) -> tuple[str, ...]:
    """The devices that a message on this topic introduced."""
    if isinstance(known, KnownDevices):
        return known.by_source.get(topic, ())
    return tuple(
        device
        for device, row in sorted(known.items())
        if any(entity.source.partition(" ")[0] == topic for entity in row.entities)
    )


def _add(index: dict[str, tuple[str, ...]], key: str, device: str) -> None:
    held = index.get(key, ())
    if device not in held:
        index[key] = tuple(sorted((*held, device)))


def _remove(index: dict[str, tuple[str, ...]], key: str, device: str) -> None:
    rest = tuple(name for name in index.get(key, ()) if name != device)
    if rest:
        index[key] = rest
    else:
        index.pop(key, None)
